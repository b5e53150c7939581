/* SPDX-License-Identifier: GPL-3.0-or-later
 * Two models that differ by how far they lean, in opposite senses, along one
 * direction of feature space.
 *
 * Of candidate k of a prompt, along[k] = u.phi and across[k] = z.phi, where u
 * is the direction that tells A from B, and z the rest of the reward's
 * direction.  With sharpness t and likeness l,
 *   pi_A ∝ exp(t (+along - l across^2 / 2))
 *   pi_B ∝ exp(t (-along - l across^2 / 2))
 * l = 0: both are log-linear, and pairs differ at random in all but u.  With l
 * above 0 both prefer candidates that are middling in z, so that pairs are
 * alike in the part of the reward that does not tell A from B. */
#ifndef HEED_SOURCES_SYNTHETIC_TILT_H
#define HEED_SOURCES_SYNTHETIC_TILT_H

#include <stddef.h>

#include "heed/status.h"

typedef struct preference_tilt {
  double sharpness, likeness;
} preference_tilt;

/* What the calibration looks at: N prompts with K candidates. */
typedef struct tilt_pool {
  size_t prompts, candidates;
  const double *along;  /* (N,K) */
  const double *across; /* (N,K) */
  const double *win;    /* (N,K,K): P(row's response beats column's) */
  double *scratch;      /* (3,K) */
} tilt_pool;

/* log pi_A (sign +1) or log pi_B (sign -1) of one prompt's candidates into
 * log_probability[count]. */
void tilt_log_policy(preference_tilt lean, double sign, size_t count,
                     const double *along, const double *across,
                     double *log_probability);

/* The mean over the pool of E[P(A's response is better)]. */
double tilt_gap(const tilt_pool *pool, preference_tilt lean);

/* The lean whose gap is mu, in [0.5, 1).  likeness NAN: 0 if it can be 0, and
 * else as little as it takes.  Where mu is out of reach, HEED_INVALID without
 * a message, and *most is the largest gap there is. */
heed_status tilt_calibrate(const tilt_pool *pool, double mu, double likeness,
                           preference_tilt *lean, double *most);

#endif
