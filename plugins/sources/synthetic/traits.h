/* SPDX-License-Identifier: GPL-3.0-or-later
 * Traits of pairs that the paper's users ignore: a minority's taste, the length
 * of the responses, the difficulty of the choice. */
#ifndef HEED_SOURCES_SYNTHETIC_TRAITS_H
#define HEED_SOURCES_SYNTHETIC_TRAITS_H

#include "heed/memory.h"

/* Settings are NaN for traits that are not wanted. */
typedef struct synthetic_traits {
  const heed_host *host;
  size_t features, candidates;
  const double *phi;              /* (prompts, K, d) */
  const double *reward;           /* (prompts, K) */
  const double *reward_direction; /* w, (d) */
  const double *aside;            /* v, (d): unit, across w; u is in its plane
                                     with w */
  double minority_scale, minority_cosine;
  double length_cosine;
  double difficulty_correlation;
} synthetic_traits;

/* Adds the wanted columns to a table with prompt, response_a and response_b.
 *   p_minority         sigmoid of the difference of the minority's rewards,
 *                      scale m.phi, with m.w the cosine and m.v = 0
 *   length             of both responses, l.phi, l like m: standard normal for
 *   length_difference  responses drawn at random; A's minus B's
 *   difficulty         standard normal, with that correlation to the normal
 *                      scores of how close the two rewards are */
heed_status traits_fill(const synthetic_traits *self, heed_table *pairs,
                        heed_error *error);

#endif
