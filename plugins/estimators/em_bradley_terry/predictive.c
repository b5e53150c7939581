/* SPDX-License-Identifier: GPL-3.0-or-later
 * Posterior-predictive checks: one pass over users, with all draws of a user
 * before the next. */
#include "estimators/em_bradley_terry/predictive.h"

#include <assert.h>
#include <float.h>
#include <gsl/gsl_randist.h>
#include <gsl/gsl_sort_double.h>
#include <gsl/gsl_statistics_double.h>
#include <math.h>
#include <string.h>

#include "heed/gsl.h"
#include "heed/memory.h"

const char *const predictive_names[] = {
    "left_share", "left_dispersion", "agreement_dispersion",
    "tie_rate",   "tie_dispersion",  NULL};

enum { LEFT, AGREEMENT, TIE, HIT_COUNT };

/* Hits among labels of one user; and of all users. */
typedef struct predictive_count {
  double hits, labels;
} predictive_count;
typedef struct predictive_tally {
  double hits, labels;
  double squares; /* sum_j hits_j^2 / labels_j */
  double users;
} predictive_tally;

typedef struct predictive_simulation {
  const attention_histories *histories;
  const heed_posterior *posterior;
  double *chose_a, *chose_b; /* annotations x 2: P at eta = 0 and 1 */
  size_t draws;
  predictive_tally *seen;      /* HIT_COUNT */
  predictive_tally *simulated; /* draws x HIT_COUNT */
} predictive_simulation;

/* Of `times` labels. */
static void count_label(const predictive_simulation *self, size_t row,
                        int8_t choice, double times, predictive_count *hit) {
  const int8_t left = self->histories->left[row];
  const double p = self->histories->p[row];
  const bool tie = choice == HEED_CHOSE_TIE;
  if (self->histories->domain.ties) {
    hit[TIE].labels += times;
    hit[TIE].hits += tie ? times : 0;
  }
  if (tie) return;
  if (left != HEED_LEFT_UNKNOWN) {
    hit[LEFT].labels += times;
    hit[LEFT].hits += choice == left ? times : 0;
  }
  if (p != 0.5) {
    hit[AGREEMENT].labels += times;
    hit[AGREEMENT].hits += (choice == HEED_CHOSE_A) == (p > 0.5) ? times : 0;
  }
}

static void add_user(predictive_tally *tally, const predictive_count *hit) {
  for (size_t h = 0; h < HIT_COUNT; h++) {
    if (hit[h].labels == 0) continue;
    tally[h].hits += hit[h].hits;
    tally[h].labels += hit[h].labels;
    tally[h].squares += hit[h].hits * hit[h].hits / hit[h].labels;
    tally[h].users++;
  }
}

static double share(const predictive_tally *tally) {
  return tally->hits / tally->labels;
}

static double dispersion(const predictive_tally *tally) {
  const double q = share(tally);
  return (tally->squares - tally->hits * q) / (q * (1 - q)) /
         (tally->users - 1);
}

static double value_of(predictive_check check, const predictive_tally *tally) {
  switch (check) {
    case PREDICTIVE_LEFT_SHARE:
      return share(&tally[LEFT]);
    case PREDICTIVE_LEFT_DISPERSION:
      return dispersion(&tally[LEFT]);
    case PREDICTIVE_AGREEMENT_DISPERSION:
      return dispersion(&tally[AGREEMENT]);
    case PREDICTIVE_TIE_RATE:
      return share(&tally[TIE]);
    case PREDICTIVE_TIE_DISPERSION:
      return dispersion(&tally[TIE]);
    case PREDICTIVE_COUNT:
      break;
  }
  return NAN;
}

static double draw_eta(const heed_posterior *posterior, size_t user,
                       heed_stream *stream) {
  const double *mass =
      posterior->mass + posterior->row[user] * posterior->node_count;
  const double u = heed_uniform(stream);
  double sum = mass[0];
  size_t k = 0;
  while (sum < u && k + 1 < posterior->node_count) sum += mass[++k];
  return posterior->nodes[k];
}

/* If ties have no likelihood, the user did not choose a tie: it stays one. */
static int8_t draw_choice(const predictive_simulation *self, size_t row,
                          double eta, heed_stream *stream) {
  const double *a = self->chose_a + 2 * row, *b = self->chose_b + 2 * row;
  const double for_a = a[0] + eta * (a[1] - a[0]);
  const double for_b = b[0] + eta * (b[1] - b[0]);
  const double u = heed_uniform(stream);
  if (!self->histories->domain.ties &&
      self->histories->choice[row] == HEED_CHOSE_TIE)
    return HEED_CHOSE_TIE;
  if (u < for_a) return HEED_CHOSE_A;
  return u < for_a + for_b || !self->histories->domain.ties ? HEED_CHOSE_B
                                                            : HEED_CHOSE_TIE;
}

/* Of a row that stands for `times` annotations. */
static void draw_choices(const predictive_simulation *self, size_t row,
                         unsigned times, double eta, gsl_rng *generator,
                         predictive_count *hit) {
  const bool ties = self->histories->domain.ties;
  const double *a = self->chose_a + 2 * row, *b = self->chose_b + 2 * row;
  const double for_a = a[0] + eta * (a[1] - a[0]);
  const double for_b = b[0] + eta * (b[1] - b[0]);
  if (!ties && self->histories->choice[row] == HEED_CHOSE_TIE) return;
  const double rest = fmin(fmax(for_b / fmax(1 - for_a, DBL_MIN), 0), 1);
  const unsigned n_a =
      gsl_ran_binomial(generator, fmin(fmax(for_a, 0), 1), times);
  const unsigned n_b =
      ties ? gsl_ran_binomial(generator, rest, times - n_a) : times - n_a;
  count_label(self, row, HEED_CHOSE_A, n_a, hit);
  count_label(self, row, HEED_CHOSE_B, n_b, hit);
  count_label(self, row, HEED_CHOSE_TIE, times - n_a - n_b, hit);
}

static void simulate_row(const predictive_simulation *self, size_t row,
                         double eta, heed_stream *stream, gsl_rng *generator,
                         predictive_count *hit) {
  const int64_t times = heed_count_at(self->histories->times, row);
  if (times == 1)
    count_label(self, row, draw_choice(self, row, eta, stream), 1, hit);
  else
    draw_choices(self, row, (unsigned)times, eta, generator, hit);
}

static void simulate_user(const predictive_simulation *self,
                          const heed_host *host, size_t user,
                          heed_stream *stream, gsl_rng *generator) {
  const size_t start = self->histories->crowd->first[user];
  const size_t end = self->histories->crowd->first[user + 1];
  predictive_count seen[HIT_COUNT] = {0};
  *stream = host->stream(host, "check", user);
  for (size_t i = start; i < end; i++)
    count_label(self, i, self->histories->choice[i],
                (double)heed_count_at(self->histories->times, i), seen);
  add_user(self->seen, seen);
  for (size_t d = 0; d < self->draws; d++) {
    const double eta = draw_eta(self->posterior, user, stream);
    predictive_count hit[HIT_COUNT] = {0};
    for (size_t i = start; i < end; i++)
      simulate_row(self, i, eta, stream, generator, hit);
    add_user(self->simulated + d * HIT_COUNT, hit);
  }
}

static void summarise(const predictive_simulation *self, predictive_check check,
                      double *values, attention_predictive *predictive) {
  double above = 0, sum = 0;
  *predictive =
      (attention_predictive){value_of(check, self->seen), NAN, NAN, NAN, NAN};
  for (size_t d = 0; d < self->draws; d++) {
    values[d] = value_of(check, self->simulated + d * HIT_COUNT);
    sum += values[d];
    above += values[d] > predictive->observed    ? 1
             : values[d] == predictive->observed ? 0.5
                                                 : 0;
  }
  if (!isfinite(sum) || !isfinite(predictive->observed)) return;
  gsl_sort(values, 1, self->draws);
  predictive->mean = sum / (double)self->draws;
  predictive->low =
      gsl_stats_quantile_from_sorted_data(values, 1, self->draws, 0.025);
  predictive->high =
      gsl_stats_quantile_from_sorted_data(values, 1, self->draws, 0.975);
  predictive->tail = above / (double)self->draws;
}

/* P(choice) of every annotation for an inattentive and an attentive user. */
static void find_chances(const attention_histories *histories,
                         const double *phi, int8_t *choice, int8_t what,
                         double *target) {
  static const double both[2] = {0, 1};
  const size_t rows = histories->crowd->annotations->rows;
  attention_histories asked = *histories;
  memset(choice, what, rows);
  asked.choice = choice;
  histories_probability(&asked, phi, 0, rows, 2, both, target);
}

heed_status predictive_simulate(
    const heed_host *host, const attention_histories *histories,
    const double *phi, const heed_posterior *posterior, size_t draws,
    attention_predictive predictive[PREDICTIVE_COUNT], heed_error *error) {
  const size_t rows = histories->crowd->annotations->rows;
  assert(!histories->reduced && histories->domain.mixture);
  heed_memory memory = {host, false};
  int8_t *choice = heed_scratch(&memory, rows, sizeof *choice);
  double *values = heed_scratch_doubles(&memory, draws);
  predictive_simulation self = {
      .histories = histories,
      .posterior = posterior,
      .chose_a = heed_scratch_doubles(&memory, 2 * rows),
      .chose_b = heed_scratch_doubles(&memory, 2 * rows),
      .draws = draws,
      .seen = heed_scratch(&memory, HIT_COUNT, sizeof(predictive_tally)),
      .simulated =
          heed_scratch(&memory, draws * HIT_COUNT, sizeof(predictive_tally))};
  heed_stream stream;
  gsl_rng *generator = heed_gsl_rng(&stream);
  if (memory.refused || generator == NULL) {
    gsl_rng_free(generator);
    return heed_no_memory(error);
  }
  find_chances(histories, phi, choice, HEED_CHOSE_A, self.chose_a);
  find_chances(histories, phi, choice, HEED_CHOSE_B, self.chose_b);
  for (size_t j = 0; j < histories->crowd->users->rows; j++)
    simulate_user(&self, host, j, &stream, generator);
  gsl_rng_free(generator);
  for (size_t i = 0; i < PREDICTIVE_COUNT; i++)
    summarise(&self, (predictive_check)i, values, &predictive[i]);
  return HEED_OK;
}
