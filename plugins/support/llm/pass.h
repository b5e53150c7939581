/* SPDX-License-Identifier: GPL-3.0-or-later
 * A pass of a model over packed sequences: log-probabilities of chosen tokens,
 * and the gradient of any function of them.
 *
 * Sequences of different lengths are concatenated without padding.  A common
 * prefix, such as the prompt of several responses, may be given and computed
 * once (as in Wang and Hegde, arXiv 2410.20305).  Logits are computed only for
 * requested tokens, one range of the vocabulary at a time: the (asked,
 * vocabulary) array never exists.
 *
 * Memory.  A pass allocates one block when it is opened, of llm_pass_bytes()
 * bytes, and nothing afterwards (OpenBLAS has its own buffers, some 32 MB per
 * thread).  Floats per token, with D width, Q qkv width, O attended width, F
 * feed, H heads, L layers, and r the sum of the adapter's low widths:
 *   kept by a layer  D + Q + O + D + 2F + H + 2 + r
 *   once             D + F; to train 3D + F + Q + O + r more
 * Training keeps L layers and the D that the last one returns; with
 * checkpoints, the D of each and one whole layer; without training, two D and
 * one layer.  Per requested token, D + 2, to train 3D + 2; per thread 1 MB of
 * logits and one block of attention's scores.  For SmolLM2-135M, LoRA of rank
 * 16 on everything, 8 x 128 tokens with 512 requested, two threads: 0.76 GB,
 * with checkpoints 0.13 GB. */
#ifndef HEED_SUPPORT_LLM_PASS_H
#define HEED_SUPPORT_LLM_PASS_H

#include "support/llm/adapter.h"
#include "support/llm/crew.h"

typedef struct llm_batch {
  size_t sequences;
  const size_t *length; /* (sequences), each at least 1 */
  const int32_t *token; /* packed */
  /* Requested tokens: places in `token`, ascending, none the first of a
   * sequence without a stem; each log-probability is given the tokens before it
   * in its sequence and stem. */
  size_t asked;
  const size_t *ask;
  /* (sequences): the number of branches of each sequence.  The branches
   * directly follow their stem in the batch.  A branch continues from the
   * stem's last token, does not attend to other branches and has no branches
   * itself.  NULL: no sequence has branches. */
  const size_t *branches;
} llm_batch;

/* Limits of a batch; longest: tokens of a sequence and its stem. */
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
  /* Keeps only each layer's input and recomputes the layer for the backward: a
   * third more work, a fraction of the memory. */
  bool checkpoints;
  llm_adapter_shape adapter; /* projections 0: no adapter */
} llm_pass_options;

typedef struct llm_pass llm_pass;

/* Exact bytes of a pass for such batches; members: of the crew. */
size_t llm_pass_bytes(const llm_shape *shape, const llm_pass_options *options,
                      const llm_limits *limits, size_t members);

/* model and crew outlive the pass.  Owned by the caller. */
heed_status llm_pass_open(const llm_model *model,
                          const llm_pass_options *options,
                          const llm_limits *limits, llm_crew *workers,
                          llm_pass **opened, heed_error *error);
void llm_pass_close(llm_pass *self);

/* log_probability: (asked), natural logarithms.  adapter: NULL for the bare
 * model; else of the shape that the pass was opened with. */
heed_status llm_pass_forward(llm_pass *self, const llm_adapter *adapter,
                             const llm_batch *batch, double *log_probability,
                             heed_error *error);

/* Follows a forward with unchanged weights, adapter and batch, once for each:
 * slope (asked) is d loss / d log_probability; adds the gradient to `gradient`,
 * in the layout of the adapter's values or the model's weights. */
heed_status llm_pass_backward(llm_pass *self, const double *slope,
                              float *gradient, heed_error *error);

/* Logits (vocabulary) after the token at place `at` of the last forward's
 * batch; for tests, and for callers that need them all. */
void llm_pass_logits(const llm_pass *self, size_t position, float *logits);

#endif
