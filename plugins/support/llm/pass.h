/* SPDX-License-Identifier: GPL-3.0-or-later
 * A pass of a model over packed sequences: log-probabilities of chosen tokens,
 * and the gradient of any function of them.
 *
 * Sequences of different lengths stand one after the other, without padding.
 * What several of them begin with, as the responses to one prompt do, may be
 * given and computed once (so do Wang and Hegde, arXiv 2410.20305).
 * Logits are computed only where a token's log-probability is asked for, for a
 * stretch of the vocabulary at a time: the (asked, vocabulary) array never
 * exists.
 *
 * Memory.  A pass takes one block of memory when it is opened, of the size that
 * llm_pass_bytes() says, and nothing afterwards (OpenBLAS has buffers of its
 * own, some 32 MB a thread).  Floats by token, with D width, Q qkv width,
 * O attended width, F feed, H heads, L layers, and r the adapter's low widths
 * in all:
 *   kept by a layer  D + Q + O + D + 2F + H + 2 + r
 *   once             D + F; to train 3D + F + Q + O + r more
 * where training keeps L layers and the D that comes out of the last, with
 * checkpoints the D of each and one layer whole, and without training two D and
 * one layer.  By token that is asked for, D + 2, to train 3D + 2; by thread 1
 * MB of logits and a block of attention's scores.  For SmolLM2-135M, LoRA of
 * rank 16 on everything, 8 x 128 tokens of which 512 are asked for, two
 * threads: 0.76 GB, with checkpoints 0.13 GB. */
#ifndef HEED_SUPPORT_LLM_PASS_H
#define HEED_SUPPORT_LLM_PASS_H

#include "support/llm/adapter.h"
#include "support/llm/crew.h"

typedef struct llm_batch {
  size_t sequences;
  const size_t *length; /* (sequences), each at least 1 */
  const int32_t *token; /* packed */
  /* Whose log-probabilities, given what stands before them in their sequence
   * and its stem: places in `token`, ascending, none of them the first of a
   * sequence without a stem. */
  size_t asked;
  const size_t *ask;
  /* (sequences): how many of the sequences right after each are its branches.
   * A branch goes on from the last token of that one, its stem, and sees none
   * of the other branches; it has 0 itself.  NULL: all have 0. */
  const size_t *branches;
} llm_batch;

/* What a batch may have at most; longest: tokens of a sequence and its stem. */
typedef struct llm_limits {
  size_t tokens, longest, asked;
} llm_limits;

typedef enum llm_training {
  LLM_TRAIN_NOTHING,
  LLM_TRAIN_ADAPTER, /* gradients of the adapter's values */
  LLM_TRAIN_WEIGHTS  /* gradients of all of the model's weights */
} llm_training;

typedef struct llm_pass_options {
  llm_training training;
  /* Keep only what comes into each layer, and compute the layer once more when
   * its slopes are needed: a third more work, a fraction of the memory. */
  bool checkpoints;
  llm_adapter_shape adapter; /* projections 0: none will be given */
} llm_pass_options;

typedef struct llm_pass llm_pass;

/* Bytes of a pass for such batches, exactly; members: of the crew. */
size_t llm_pass_bytes(const llm_shape *shape, const llm_pass_options *options,
                      const llm_limits *limits, size_t members);

/* model and crew outlive the pass, which the caller owns. */
heed_status llm_pass_open(const llm_model *model,
                          const llm_pass_options *options,
                          const llm_limits *limits, llm_crew *workers,
                          llm_pass **opened, heed_error *error);
void llm_pass_close(llm_pass *self);

/* log_probability: (asked), natural logarithms.  adapter: NULL for the model
 * as it is; else of the shape that the pass was opened with. */
heed_status llm_pass_forward(llm_pass *self, const llm_adapter *adapter,
                             const llm_batch *batch, double *log_probability,
                             heed_error *error);

/* After a forward whose weights and adapter have not changed since, and whose
 * batch still stands: slope (asked) is d loss / d log_probability; the gradient
 * is added to `gradient`, of the layout of the adapter's values or of the
 * model's weights.  Once for each forward. */
heed_status llm_pass_backward(llm_pass *self, const double *slope,
                              float *gradient, heed_error *error);

/* Logits (vocabulary) after the token at place `at` of the last forward's
 * batch; for tests, and for whoever needs all of them. */
void llm_pass_logits(const llm_pass *self, size_t position, float *logits);

#endif
