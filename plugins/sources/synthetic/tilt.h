/* SPDX-License-Identifier: GPL-3.0-or-later
 * Two models that lean in opposite senses along one direction of feature space.
 *
 * For candidate k of a prompt, along[k] = u.phi and across[k] = z.phi, where u
 * is the direction that separates A from B, and z the rest of the reward's
 * direction. With sharpness t and likeness l,
 *   pi_A ∝ exp(t (+along - l across^2 / 2))
 *   pi_B ∝ exp(t (-along - l across^2 / 2))
 * l = 0: both are log-linear, and pairs differ at random in all but u.  With l
 * above 0 both prefer candidates near the middle in z, so pairs are similar in
 * the part of the reward that does not separate A from B. */
#ifndef HEED_SOURCES_SYNTHETIC_TILT_H
#define HEED_SOURCES_SYNTHETIC_TILT_H

#include <stddef.h>

#include "heed/vector.h"

typedef struct preference_tilt {
  double sharpness, likeness;
} preference_tilt;

/* Input of the calibration: N prompts with K candidates. */
typedef struct tilt_pool {
  const heed_vector *vector;
  size_t prompts, candidates;
  const double *along;  /* (N,K) */
  const double *across; /* (N,K) */
  const double *reward; /* (N,K) */
  double *scratch;      /* (6,K) */
} tilt_pool;

/* pi_A (sign +1) or pi_B (sign -1) of one prompt's candidates and its log, into
 * probability[count] and log_probability[count]. */
void tilt_policy(const heed_vector *vector, preference_tilt lean, double sign,
                 size_t count, const double *along, const double *across,
                 double *probability, double *log_probability);

/* A gap, the mean over the pool of E[P(A's response is better)], and its
 * derivative as the lean moves at a speed. */
typedef struct tilt_rise {
  double gap, slope;
} tilt_rise;
tilt_rise tilt_gap(const tilt_pool *pool, preference_tilt lean,
                   preference_tilt speed);

/* Finds the lean whose gap is mu, in [0.5, 1), and *gap, the gap of the pool at
 * this lean.  likeness NAN: 0 if possible, else the smallest that reaches mu.
 * HEED_INVALID, without a message, if mu is out of reach; then *gap is the
 * largest gap. */
heed_status tilt_calibrate(const tilt_pool *pool, double mu, double likeness,
                           preference_tilt *lean, double *gap);

#endif
