/* SPDX-License-Identifier: GPL-3.0-or-later
 * Agreement between users, compared with coin tosses.
 *
 * Choices of one user on one pair (a log may keep duplicates) are summed first:
 * a user's agreement with the same user says nothing. */
#include "support/crowd/chance.h"

#include <gsl/gsl_cdf.h>
#include <math.h>

#include "heed/memory.h"
#include "support/crowd/overlap.h"

/* Comparisons of couples beyond which the second test is left out: it would
 * take longer than a fit. */
static const double most_work = 2e8;

/* A sum of squares, each of a sum of coins. */
typedef struct chance_squares {
  double sum, mean, variance;
} chance_squares;

static double probability(const chance_squares *self) {
  if (!(self->variance > 0)) return 1;
  const double scale = self->variance / (2 * self->mean);
  return gsl_cdf_chisq_Q(fmax(self->sum, 0) / scale, self->mean / scale);
}

static double sign_of(const crowd_overlap *overlap, size_t n) {
  return overlap->chose_a[n] ? 1 : -1;
}

/* ---- pairs ---- */

/* Couples of different users on a pair; the squares of single users are
 * constant, n in all for n users of one choice each. */
static void add_pair(const crowd_overlap *overlap, size_t pair,
                     chance_squares *squares, crowd_chance *result) {
  double lead = 0, own_squares = 0, own_counts = 0;
  const double count =
      (double)(overlap->first[pair + 1] - overlap->first[pair]);
  for (overlap_own own = overlap_first(overlap, pair); own.first < own.end;
       own = overlap_next(overlap, pair, &own)) {
    const double choices = (double)(own.end - own.first);
    const double own_lead = 2 * (double)own.for_a - choices;
    lead += own_lead;
    own_squares += own_lead * own_lead;
    own_counts += choices * choices;
  }
  const double others = lead * lead - own_squares;
  const double comparisons = (count * count - own_counts) / 2;
  squares->sum += others + count;
  squares->mean += count;
  squares->variance += 4 * comparisons;
  result->comparisons += comparisons;
  result->agreed += (comparisons + others / 2) / 2;
}

/* ---- couples of users ---- */

/* For one user: sums over the common pairs with each user of a higher row. */
typedef struct chance_couples {
  double *agreed, *met; /* (J) */
  size_t *touched;      /* (J): users met */
} chance_couples;

static void add_couples(const crowd_overlap *overlap, size_t user,
                        const size_t *position, const chance_couples *room,
                        chance_squares *squares) {
  const heed_crowd *crowd = overlap->crowd;
  size_t count = 0;
  for (size_t r = crowd->first[user]; r < crowd->first[user + 1]; r++) {
    if (position[r] == SIZE_MAX) continue; /* a tie */
    const int64_t *pair =
        heed_table_data(crowd->annotations, "pair", HEED_INT64);
    const double own = sign_of(overlap, position[r]);
    for (size_t n = position[r] + 1; n < overlap->first[pair[r] + 1]; n++) {
      const size_t other = overlap->user[n];
      if (other == user) continue;
      if (room->met[other]++ == 0) room->touched[count++] = other;
      room->agreed[other] += own * sign_of(overlap, n);
    }
  }
  for (size_t i = 0; i < count; i++) {
    const size_t other = room->touched[i];
    const double met = room->met[other];
    squares->sum += room->agreed[other] * room->agreed[other];
    squares->mean += met;
    squares->variance += 2 * met * (met - 1);
    room->met[other] = room->agreed[other] = 0;
  }
}

static heed_status compare_couples(const crowd_overlap *overlap,
                                   const heed_host *host, double *result,
                                   heed_error *error) {
  const size_t rows = overlap->crowd->annotations->rows;
  heed_memory memory = {host, false};
  size_t *position = heed_scratch_sizes(&memory, rows);
  const chance_couples room = {
      .agreed = heed_scratch_doubles(&memory, overlap->users),
      .met = heed_scratch_doubles(&memory, overlap->users),
      .touched = heed_scratch_sizes(&memory, overlap->users)};
  chance_squares squares = {0, 0, 0};
  if (memory.refused) return heed_no_memory(error);
  for (size_t r = 0; r < rows; r++) position[r] = SIZE_MAX;
  for (size_t n = 0; n < overlap->count; n++) position[overlap->row[n]] = n;
  for (size_t j = 0; j < overlap->users; j++)
    add_couples(overlap, j, position, &room, &squares);
  *result = probability(&squares);
  return HEED_OK;
}

/* ---- both ---- */

heed_status chance_compute(const crowd_overlap *overlap, const heed_host *host,
                           crowd_chance *result, heed_error *error) {
  chance_squares squares = {0, 0, 0};
  *result = (crowd_chance){.by_couples = NAN};
  for (size_t i = 0; i < overlap->pairs; i++)
    add_pair(overlap, i, &squares, result);
  result->by_pairs = probability(&squares);
  if (result->by_pairs < CHANCE_LEVEL) return HEED_OK;
  result->by_couples = 1;
  return result->comparisons > most_work
             ? HEED_OK
             : compare_couples(overlap, host, &result->by_couples, error);
}

bool chance_beaten(const crowd_chance *self) {
  return self->by_pairs < CHANCE_LEVEL || self->by_couples < CHANCE_LEVEL;
}

/* Warns of `not_identified`, with the figures. */
static void warn(const crowd_chance *self, const heed_host *host) {
  host->warn(host, "not_identified",
             "the annotations do not distinguish users, who agree with each "
             "other no more often than coin tosses: in %.1f %% of %.0f "
             "comparisons of two users on a pair (the probability of this "
             "under coin tosses is %.3f, expected less than %g)",
             100 * self->agreed / self->comparisons, self->comparisons,
             fmin(self->by_pairs, self->by_couples), CHANCE_LEVEL);
}

heed_status chance_judge(const crowd_overlap *overlap, const heed_host *host,
                         bool *identified, heed_error *error) {
  crowd_chance chance;
  *identified = overlap_exists(overlap, host);
  if (!*identified) return HEED_OK;
  const heed_status status = chance_compute(overlap, host, &chance, error);
  if (status != HEED_OK) return status;
  *identified = chance_beaten(&chance);
  if (!*identified) warn(&chance, host);
  return HEED_OK;
}
