/* SPDX-License-Identifier: GPL-3.0-or-later
 * Causal grouped-query attention within one packed sequence, and its backward.
 *
 * The heads that share a key-value head are handled together, a few rows of
 * the sequence at a time, against only the keys those rows may see: scores are
 * never held for more than a block. */
#ifndef HEED_SUPPORT_LLM_ATTENTION_H
#define HEED_SUPPORT_LLM_ATTENTION_H

#include "support/llm/kernels.h"
#include "support/llm/model.h"

/* All (tokens, ...) over the packed sequences. */
typedef struct attention {
  const llm_shape *shape;
  const kernels *kernel;
  const float *qkv;       /* (tokens, qkv width), turned by RoPE */
  float *attended;        /* (tokens, attended width) */
  float *log_sum;         /* (tokens, heads): of the scores' exponentials */
  const float *dattended; /* for the backward, else NULL */
  float *dqkv;            /* written, every column of every row */
} attention;

/* Floats of room that one thread needs for sequences up to `longest`. */
size_t attention_room(const llm_shape *shape, size_t longest, bool backward);

/* The tokens [first, first + length) are one sequence; kv_head: which. */
void attention_forward(const attention *of, size_t first, size_t length,
                       size_t kv_head, float *room);
void attention_backward(const attention *of, size_t first, size_t length,
                        size_t kv_head, float *room);

#endif
