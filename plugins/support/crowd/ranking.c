/* SPDX-License-Identifier: GPL-3.0-or-later
 * Ranking: units in order of a score, and how many to keep.
 *
 * Invariant: quotas sum to kept->labels. */
#include "support/crowd/ranking.h"

#include <assert.h>
#include <math.h>
#include <stdlib.h>

#include "heed/memory.h"
#include "support/crowd/units.h"

const char *const ranking_by_words[] = {"users", "labels", NULL};

/* Users with equal exact scores have computed scores that differ by rounding.
 * Rounding must not rank users, so scores are compared in multiples of this. */
#define RANKING_STEP 0x1p-40

typedef struct ranking_place {
  double score;
  double steps; /* the score in multiples of RANKING_STEP */
  size_t unit;
  size_t labels; /* annotations of the unit */
} ranking_place;

static int higher_first(const void *left, const void *right) {
  const ranking_place *a = left, *b = right;
  if (a->steps != b->steps) return a->steps > b->steps ? -1 : 1;
  return a->unit < b->unit ? -1 : a->unit > b->unit;
}

/* Units that annotated, highest score first; returns their number. */
static size_t rank(ranking_place *places, size_t units, const double *score,
                   const size_t *unit, size_t annotations) {
  size_t count = 0;
  for (size_t u = 0; u < units; u++)
    places[u] = (ranking_place){.score = score[u],
                                .steps = nearbyint(score[u] / RANKING_STEP),
                                .unit = u};
  for (size_t i = 0; i < annotations; i++) places[unit[i]].labels++;
  for (size_t u = 0; u < units; u++)
    if (places[u].labels > 0) places[count++] = places[u];
  qsort(places, count, sizeof *places, higher_first);
  return count;
}

/* quota[units]: number of annotations to keep of each unit. */
static void fill_quota(const ranking_place *places, size_t count,
                       size_t annotations, double share, ranking_by counted,
                       size_t *quota, ranking_kept *kept) {
  const size_t users = (size_t)llround(share * (double)count);
  const size_t labels = (size_t)llround(share * (double)annotations);
  *kept = (ranking_kept){.threshold = NAN};
  for (size_t i = 0; i < count; i++) {
    size_t keep = places[i].labels;
    if (counted == RANKING_USERS && i >= users) break;
    if (counted == RANKING_LABELS && kept->labels + keep > labels)
      keep = labels - kept->labels;
    if (keep == 0) break;
    quota[places[i].unit] = keep;
    kept->units++;
    kept->labels += keep;
    kept->threshold = places[i].score;
  }
  assert(kept->labels <= annotations);
}

heed_status ranking_select(const heed_host *host, const heed_crowd *crowd,
                           const heed_posterior *posterior, double share,
                           ranking_by counted, const double *score,
                           heed_selection *selection, ranking_kept *kept,
                           heed_error *error) {
  const size_t units = posterior->units, annotations = selection->count;
  heed_memory memory = {host, false};
  size_t *unit = heed_scratch_sizes(&memory, annotations);
  size_t *quota = heed_scratch_sizes(&memory, units);
  ranking_place *places = heed_scratch(&memory, units, sizeof *places);
  heed_status status;
  if (memory.refused) return heed_no_memory(error);
  status = units_of(crowd, posterior, unit, error);
  if (status != HEED_OK) return status;
  const size_t count = rank(places, units, score, unit, annotations);
  fill_quota(places, count, annotations, share, counted, quota, kept);
  for (size_t i = 0; i < annotations; i++) {
    if (quota[unit[i]] > 0)
      quota[unit[i]]--;
    else
      selection->weight[i] = 0.0;
  }
  return HEED_OK;
}
