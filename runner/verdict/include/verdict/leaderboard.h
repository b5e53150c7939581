/* SPDX-License-Identifier: GPL-3.0-or-later
 * A leaderboard: strengths of models with simultaneous intervals and ranks,
 * from bootstrap replicates.  Plain functions of strengths.
 *
 * Callers: report, command. */
#ifndef HEED_VERDICT_LEADERBOARD_H
#define HEED_VERDICT_LEADERBOARD_H

#include <stdbool.h>
#include <stddef.h>

#include "heed/status.h"

/* Of one model. */
typedef struct verdict_standing {
  double strength;    /* log-odds; the mean over models is 0 */
  double low, high;   /* simultaneous interval; NaN: none */
  size_t rank;        /* 1: the best; equal strengths share the smaller rank */
  size_t best, worst; /* simultaneous interval of the rank */
} verdict_standing;

/* values[(1 + replicates) x models]: the strengths in the log, then in each
 * replicate; a replicate with a NaN does not count.
 *
 * Intervals hold for all models at once with probability `level`: the value
 * plus and minus c se, with se the standard deviation of the replicates, and c
 * the quantile of the largest deviation over models (max-t; Romano and Wolf
 * 2005, Econometrica 73, 1237-1282).  A replicate of half of the users varies
 * about the fit to all as that varies about the truth.  A fit to fewer users
 * is biased more, by shrinkage: so the interval extends on one side by the
 * difference of the replicates' mean from the value.
 *
 * Ranks come from intervals of the same kind of all differences (Mogstad et al.
 * 2024, Review of Economic Studies 91, 476-518): `best` is 1 plus the number of
 * models that are surely better.
 *
 * With fewer than ten replicates there are no intervals: best and worst are 1
 * and the number of models. */
heed_status leaderboard_make(size_t models, size_t replicates,
                             const double *values, double level,
                             verdict_standing *standings, heed_error *error);

/* Elo's scale: 400 / ln 10 points for 1 of log-odds, 1000 for strength 0. */
double leaderboard_elo(double strength);

#endif
