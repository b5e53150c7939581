/* SPDX-License-Identifier: GPL-3.0-or-later
 * Posterior-predictive checks: one pass over users, all draws of one user
 * before the next. */
#include "support/predictive.h"

#include <gsl/gsl_sort_double.h>
#include <gsl/gsl_statistics_double.h>
#include <math.h>
#include <string.h>

const char *const predictive_names[] = {
    "left_share", "left_dispersion", "agreement_dispersion",
    "tie_rate",   "tie_dispersion",  NULL};

enum { LEFT, AGREEMENT, TIE, HIT_COUNT };

/* Hits among labels of one user; and of all users. */
typedef struct count {
  double hits, labels;
} count;
typedef struct tally {
  double hits, labels;
  double squares; /* sum_j hits_j^2 / labels_j */
  double users;
} tally;

typedef struct simulation {
  const histories *of;
  const heed_posterior *posterior;
  double *chose_a, *chose_b; /* annotations x 2: P at eta = 0 and 1 */
  size_t draws;
  tally *seen;      /* HIT_COUNT */
  tally *simulated; /* draws x HIT_COUNT */
} simulation;

static void count_label(const simulation *self, size_t row, int8_t choice,
                        count *hit) {
  const int8_t left = self->of->left[row];
  const double p = self->of->p[row];
  const bool tie = choice == HEED_CHOSE_TIE;
  if (self->of->domain.ties) {
    hit[TIE].labels++;
    hit[TIE].hits += tie;
  }
  if (tie) return;
  if (left != HEED_LEFT_UNKNOWN) {
    hit[LEFT].labels++;
    hit[LEFT].hits += choice == left;
  }
  if (p != 0.5) {
    hit[AGREEMENT].labels++;
    hit[AGREEMENT].hits += (choice == HEED_CHOSE_A) == (p > 0.5);
  }
}

static void add_user(tally *into, const count *hit) {
  for (size_t h = 0; h < HIT_COUNT; h++) {
    if (hit[h].labels == 0) continue;
    into[h].hits += hit[h].hits;
    into[h].labels += hit[h].labels;
    into[h].squares += hit[h].hits * hit[h].hits / hit[h].labels;
    into[h].users++;
  }
}

static double share(const tally *of) {
  return of->hits / of->labels;
}

static double dispersion(const tally *of) {
  const double q = share(of);
  return (of->squares - of->hits * q) / (q * (1 - q)) / (of->users - 1);
}

static double value_of(predictive_check check, const tally *of) {
  switch (check) {
    case PREDICTIVE_LEFT_SHARE:
      return share(&of[LEFT]);
    case PREDICTIVE_LEFT_DISPERSION:
      return dispersion(&of[LEFT]);
    case PREDICTIVE_AGREEMENT_DISPERSION:
      return dispersion(&of[AGREEMENT]);
    case PREDICTIVE_TIE_RATE:
      return share(&of[TIE]);
    case PREDICTIVE_TIE_DISPERSION:
      return dispersion(&of[TIE]);
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

/* Without a likelihood of ties, a tie was none of the user's choices: it
 * stays one. */
static int8_t draw_choice(const simulation *self, size_t row, double eta,
                          heed_stream *stream) {
  const double *a = self->chose_a + 2 * row, *b = self->chose_b + 2 * row;
  const double for_a = a[0] + eta * (a[1] - a[0]);
  const double for_b = b[0] + eta * (b[1] - b[0]);
  const double u = heed_uniform(stream);
  if (!self->of->domain.ties && self->of->choice[row] == HEED_CHOSE_TIE)
    return HEED_CHOSE_TIE;
  if (u < for_a) return HEED_CHOSE_A;
  return u < for_a + for_b || !self->of->domain.ties ? HEED_CHOSE_B
                                                     : HEED_CHOSE_TIE;
}

static void simulate_user(const simulation *self, const heed_host *host,
                          size_t user) {
  const size_t from = self->of->crowd->first[user];
  const size_t end = self->of->crowd->first[user + 1];
  heed_stream stream = host->stream(host, "check", user);
  count seen[HIT_COUNT] = {0};
  for (size_t i = from; i < end; i++)
    count_label(self, i, self->of->choice[i], seen);
  add_user(self->seen, seen);
  for (size_t d = 0; d < self->draws; d++) {
    const double eta = draw_eta(self->posterior, user, &stream);
    count hit[HIT_COUNT] = {0};
    for (size_t i = from; i < end; i++)
      count_label(self, i, draw_choice(self, i, eta, &stream), hit);
    add_user(self->simulated + d * HIT_COUNT, hit);
  }
}

static void summarise(const simulation *self, predictive_check check,
                      double *values, predictive *into) {
  double above = 0, sum = 0;
  *into = (predictive){value_of(check, self->seen), NAN, NAN, NAN, NAN};
  for (size_t d = 0; d < self->draws; d++) {
    values[d] = value_of(check, self->simulated + d * HIT_COUNT);
    sum += values[d];
    above += values[d] > into->observed    ? 1
             : values[d] == into->observed ? 0.5
                                           : 0;
  }
  if (!isfinite(sum) || !isfinite(into->observed)) return;
  gsl_sort(values, 1, self->draws);
  into->mean = sum / (double)self->draws;
  into->low =
      gsl_stats_quantile_from_sorted_data(values, 1, self->draws, 0.025);
  into->high =
      gsl_stats_quantile_from_sorted_data(values, 1, self->draws, 0.975);
  into->tail = above / (double)self->draws;
}

/* P(choice) of every annotation for an inattentive and an attentive user. */
static void foretell(const histories *of, const double *phi, int8_t *choice,
                     int8_t what, double *into) {
  static const double both[2] = {0, 1};
  const size_t rows = of->crowd->annotations->rows;
  histories asked = *of;
  memset(choice, what, rows);
  asked.choice = choice;
  histories_probability(&asked, phi, 0, rows, 2, both, into);
}

heed_status predictive_simulate(const heed_host *host, const histories *of,
                                const double *phi,
                                const heed_posterior *posterior, size_t draws,
                                predictive into[PREDICTIVE_COUNT],
                                heed_error *error) {
  const size_t rows = of->crowd->annotations->rows;
  int8_t *choice = host->scratch(host, rows, sizeof *choice);
  double *values = host->scratch(host, draws, sizeof *values);
  simulation self = {
      .of = of,
      .posterior = posterior,
      .chose_a = host->scratch(host, 2 * rows, sizeof(double)),
      .chose_b = host->scratch(host, 2 * rows, sizeof(double)),
      .draws = draws,
      .seen = host->scratch(host, HIT_COUNT, sizeof(tally)),
      .simulated = host->scratch(host, draws * HIT_COUNT, sizeof(tally))};
  if (choice == NULL || values == NULL || self.chose_a == NULL ||
      self.chose_b == NULL || self.seen == NULL || self.simulated == NULL)
    return heed_fail(error, HEED_MEMORY, "memory is out");
  foretell(of, phi, choice, HEED_CHOSE_A, self.chose_a);
  foretell(of, phi, choice, HEED_CHOSE_B, self.chose_b);
  for (size_t j = 0; j < of->crowd->users->rows; j++)
    simulate_user(&self, host, j);
  for (size_t i = 0; i < PREDICTIVE_COUNT; i++)
    summarise(&self, (predictive_check)i, values, &into[i]);
  return HEED_OK;
}
