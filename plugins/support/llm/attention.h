/* SPDX-License-Identifier: GPL-3.0-or-later
 * Causal grouped-query attention within one packed sequence, and its backward.
 *
 * The heads that share a key-value head are computed together, a few rows at a
 * time, against only the keys that those rows see: scores are held for one
 * block only.
 *
 * A sequence may continue another, its stem, whose keys all of its rows see:
 * the prompt of several responses is computed once. */
#ifndef HEED_SUPPORT_LLM_ATTENTION_H
#define HEED_SUPPORT_LLM_ATTENTION_H

#include "support/llm/kernels.h"
#include "support/llm/model.h"

/* All (tokens, ...) over the packed sequences. */
typedef struct llm_attention {
  const llm_shape *shape;
  const llm_kernels *kernel;
  const float *qkv;       /* (tokens, qkv width), turned by RoPE */
  float *attended;        /* (tokens, attended width) */
  float *log_sum;         /* (tokens, heads): of the scores' exponentials */
  const float *dattended; /* for the backward, else NULL */
  float *dqkv;            /* written, every column of every row */
} llm_attention;

/* The tokens [first, first + length) are one sequence, which continues the
 * tokens [stem, stem + before); before 0: no stem. */
typedef struct llm_attention_span {
  size_t first, length, stem, earlier;
} llm_attention_span;

/* Floats of workspace per thread if before + length is at most `longest`. */
size_t attention_room(const llm_shape *shape, size_t longest, bool backward);

void attention_forward(const llm_attention *attention, llm_attention_span span,
                       size_t kv_head, float *room);
/* Adds to the gradients of a stem's keys and values: run the stem's own
 * backward before those of its branches. */
void attention_backward(const llm_attention *attention, llm_attention_span span,
                        size_t kv_head, float *room);

#endif
