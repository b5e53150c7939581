/* SPDX-License-Identifier: GPL-3.0-or-later
 * Keeping the best units: a share of them, or of their annotations.  Called by
 * the filters top and random. */
#ifndef HEED_SUPPORT_CROWD_RANKING_H
#define HEED_SUPPORT_CROWD_RANKING_H

#include "heed/filter.h"

/* The choices of the parameter `by`, in the order of ranking_by. */
typedef enum ranking_by { RANKING_USERS = 0, RANKING_LABELS } ranking_by;
extern const char *const ranking_by_words[];

typedef struct ranking_kept {
  size_t units;     /* with at least one annotation kept */
  size_t labels;    /* annotations kept */
  double threshold; /* score of the last unit kept; NaN: none */
} ranking_kept;

/* Sets the weight of all annotations to 0 except those of the units with the
 * highest scores (score[units]; ties, also up to rounding: the lower unit
 * first).
 *   RANKING_USERS   the nearest count to share x units that annotated; a
 *                   unit is a user, or another key of the posterior
 *   RANKING_LABELS  units one by one until exactly the nearest count to share
 *                   x annotations is kept; of the last unit its first rows
 * So two rankings by labels with the same share keep equally many. */
heed_status ranking_select(const heed_host *host, const heed_crowd *crowd,
                           const heed_posterior *posterior, double share,
                           ranking_by counted, const double *score,
                           heed_selection *selection, ranking_kept *kept,
                           heed_error *error);

#endif
