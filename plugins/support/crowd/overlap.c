/* SPDX-License-Identifier: GPL-3.0-or-later
 * Groups annotations by pair: a counting sort, and computations on the result.
 *
 * Invariant: within a pair, annotations keep the crowd's order, which is by
 * user. */
#include "support/crowd/overlap.h"

#include <assert.h>
#include <math.h>
#include <string.h>

#include "heed/memory.h"

/* A counting sort: rows of a pair keep their order, which is by user. */
static void gather(crowd_overlap *self, size_t *next) {
  const heed_table *said = self->crowd->annotations;
  const int8_t *choice = heed_table_data(said, "choice", HEED_INT8);
  const int64_t *user = heed_table_data(said, "user", HEED_INT64);
  const int64_t *pair = heed_table_data(said, "pair", HEED_INT64);
  for (size_t r = 0; r < said->rows; r++)
    if (choice[r] != HEED_CHOSE_TIE) self->first[(size_t)pair[r] + 1]++;
  for (size_t i = 0; i < self->pairs; i++) {
    self->first[i + 1] += self->first[i];
    next[i] = self->first[i];
  }
  self->count = self->first[self->pairs];
  for (size_t r = 0; r < said->rows; r++) {
    if (choice[r] == HEED_CHOSE_TIE) continue;
    const size_t n = next[pair[r]]++;
    self->row[n] = r;
    self->user[n] = (size_t)user[r];
    self->chose_a[n] = choice[r] == HEED_CHOSE_A;
    self->code[n] = (uint32_t)(2 * (size_t)user[r] + self->chose_a[n]);
  }
}

heed_status overlap_open(const heed_host *host, const heed_crowd *crowd,
                         crowd_overlap *self, heed_error *error) {
  const size_t rows = crowd->annotations->rows;
  const size_t pairs = crowd->world->pairs->rows;
  heed_memory memory = {host, false};
  size_t *next = heed_scratch_sizes(&memory, pairs);
  *self = (crowd_overlap){
      .crowd = crowd,
      .pairs = pairs,
      .users = crowd->users->rows,
      .first = heed_scratch_sizes(&memory, pairs + 1),
      .row = heed_scratch_sizes(&memory, rows),
      .user = heed_scratch_sizes(&memory, rows),
      .chose_a = heed_scratch(&memory, rows, sizeof *self->chose_a),
      .code = heed_scratch(&memory, rows, sizeof *self->code)};
  assert(self->users <= UINT32_MAX / 2);
  if (memory.refused) return heed_no_memory(error);
  gather(self, next);
  for (size_t i = 0; i < pairs; i++) {
    const size_t start = self->first[i], end = self->first[i + 1];
    if (end == start) continue;
    assert(self->user[start] <= self->user[end - 1]);
    self->shared += self->user[start] != self->user[end - 1];
  }
  return HEED_OK;
}

bool overlap_exists(const crowd_overlap *self, const heed_host *host) {
  if (self->shared > 0) return true;
  host->warn(host, "no_overlap",
             "no pair has choices of two users, so users cannot be compared "
             "with others");
  return false;
}

double overlap_log_odds(const crowd_overlap *self, const double *given,
                        double share, double *log_odds) {
  const double prior_a = log(share), prior_b = log1p(-share);
  double sum = 0;
  for (size_t i = 0; i < self->pairs; i++) {
    double a = prior_a, b = prior_b;
    for (size_t n = self->first[i]; n < self->first[i + 1]; n++) {
      a += given[2 * n];
      b += given[2 * n + 1];
    }
    log_odds[i] = a - b;
    if (self->first[i + 1] > self->first[i])
      sum += fmax(a, b) + log1p(exp(-fabs(a - b)));
  }
  return sum;
}

void overlap_count(const crowd_overlap *self, double *times) {
  memset(times, 0, 2 * self->users * sizeof *times);
  for (size_t n = 0; n < self->count; n++) times[self->code[n]]++;
}

/* log(share e^(d/2) + (1 - share) e^(-d/2)) without the prior's mean logarithm,
 * d the log-odds. */
static double log_both(double d) {
  return fabs(d) / 2 + log1p(exp(-fabs(d)));
}

double overlap_expect(const crowd_overlap *self, const double *ratio,
                      const double *middle, const double *times, double share,
                      double *log_odds, double *for_a) {
  const double prior = log(share) - log1p(-share);
  double sum = 0, annotated = 0;
  memset(for_a, 0, 2 * self->users * sizeof *for_a);
  for (size_t i = 0; i < self->pairs; i++) {
    const size_t start = self->first[i], end = self->first[i + 1];
    double d = prior;
    for (size_t n = start; n < end; n++) d += ratio[self->code[n]];
    log_odds[i] = d;
    if (end == start) continue;
    const double q = overlap_sigmoid(d);
    for (size_t n = start; n < end; n++) for_a[self->code[n]] += q;
    sum += log_both(d);
    annotated++;
  }
  for (size_t c = 0; c < 2 * self->users; c++) sum += times[c] * middle[c];
  return sum + annotated * (log(share) + log1p(-share)) / 2;
}

static overlap_own own_from(const crowd_overlap *self, size_t pair,
                            size_t first) {
  overlap_own own = {first, first, 0};
  while (own.end < self->first[pair + 1] &&
         self->user[own.end] == self->user[first])
    own.for_a += self->chose_a[own.end++];
  return own;
}

overlap_own overlap_first(const crowd_overlap *self, size_t pair) {
  return own_from(self, pair, self->first[pair]);
}

overlap_own overlap_next(const crowd_overlap *self, size_t pair,
                         const overlap_own *own) {
  return own_from(self, pair, own->end);
}

void overlap_agreement(const crowd_overlap *self, double least, double *room,
                       double *agreement) {
  double *agreed = room, *met = room + self->users, all = 0, all_met = 0;
  memset(room, 0, 2 * self->users * sizeof *room);
  for (size_t i = 0; i < self->pairs; i++) {
    const size_t start = self->first[i], end = self->first[i + 1];
    double for_a = 0;
    if (end - start < 2) continue;
    for (size_t n = start; n < end; n++) for_a += self->chose_a[n];
    for (overlap_own own = overlap_first(self, i); own.first < own.end;
         own = overlap_next(self, i, &own)) {
      const double others = (double)(end - start - (own.end - own.first));
      const double others_for_a = for_a - (double)own.for_a;
      if (others == 0) break;
      for (size_t n = own.first; n < own.end; n++) {
        const double share =
            (self->chose_a[n] ? others_for_a : others - others_for_a) / others;
        agreed[self->user[n]] += share;
        met[self->user[n]]++;
        all += share;
        all_met++;
      }
    }
  }
  const double everyone = fmax(all_met > 0 ? all / all_met : 0.75, least);
  for (size_t j = 0; j < self->users; j++)
    agreement[j] = (agreed[j] + everyone) / (met[j] + 1);
}

/* ---- the share of pairs in which A's response is better ---- */

enum { SHARE_FITTED, SHARE_ANSWERS };
const char *const overlap_share_words[] = {
    [SHARE_FITTED] = "fitted", [SHARE_ANSWERS] = "answers", NULL};

/* One choice of each is added: no share is 0 or 1. */
bool overlap_share(const crowd_overlap *self, const heed_value *value,
                   double *share) {
  double for_a = 0;
  for (size_t n = 0; n < self->count; n++) for_a += self->chose_a[n];
  *share = value->text == NULL ? value->number
                               : (for_a + 1) / ((double)self->count + 2);
  return value->text != NULL && value->integer == SHARE_FITTED;
}

double overlap_mean(const crowd_overlap *self, const double *log_odds,
                    double otherwise) {
  double sum = 0, pairs = 0;
  for (size_t i = 0; i < self->pairs; i++) {
    if (self->first[i] == self->first[i + 1]) continue;
    sum += overlap_sigmoid(log_odds[i]);
    pairs++;
  }
  return pairs > 0 ? sum / pairs : otherwise;
}

double overlap_sigmoid(double x) {
  return x >= 0 ? 1 / (1 + exp(-x)) : exp(x) / (1 + exp(x));
}
