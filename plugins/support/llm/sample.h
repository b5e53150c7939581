/* SPDX-License-Identifier: GPL-3.0-or-later
 * Samples a token from logits. */
#ifndef HEED_SUPPORT_LLM_SAMPLE_H
#define HEED_SUPPORT_LLM_SAMPLE_H

#include <stddef.h>
#include <stdint.h>

#include "heed/random.h"
#include "heed/status.h"

/* Logits are divided by the temperature; then only the top_k likeliest tokens
 * stay; of these only the likeliest, up to and including the one at which their
 * share reaches top_p (Holtzman et al. 2020).  Ties: the smaller id comes
 * first. */
typedef struct llm_sampling {
  double temperature; /* 0: the likeliest token, and no draw */
  size_t top_k;       /* 0: all */
  double top_p;       /* 1: all */
} llm_sampling;

heed_status llm_sampling_check(const llm_sampling *self, heed_error *error);

typedef struct llm_candidate {
  float weight;
  int32_t token;
} llm_candidate;

/* Samples one token of `vocabulary`; takes one uniform of the stream, none at
 * temperature 0.  -1 if the logits are NaN or infinite.  Modifies logits; room:
 * (vocabulary). */
int32_t llm_sample(const llm_sampling *self, size_t vocabulary, float *logits,
                   heed_stream *stream, llm_candidate *room);

#endif
