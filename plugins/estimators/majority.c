/* SPDX-License-Identifier: GPL-3.0-or-later
 * Agreement with the majority of the other users on the same pair.
 *
 * On each pair that user j judged, the k others have a majority m_i, unless
 * they are split; it is right with reliability r_k.  Attentive users are right,
 * others toss a coin, so
 *
 *   P(y_ij = m_i) - 1/2 = eta (r_k - 1/2),
 *
 * and least squares estimates eta: sum (agrees - 1/2)(r_k - 1/2) over sum (r_k
 * - 1/2)^2.  With r = 1 that is 2 agreement - 1.
 *
 * The reliability follows from how often two users agree on a pair, which has
 * probability 1/2 + E[eta]^2 / 2: a vote is right with probability a = (1 +
 * E[eta]) / 2, and r_k is that of a majority of k such votes. */
#include <gsl/gsl_cdf.h>
#include <math.h>

#include "heed/estimator.h"
#include "heed/memory.h"
#include "support/attention/parameters.h"
#include "support/crowd/chance.h"
#include "support/crowd/overlap.h"

enum { RELIABILITY, NEGATIVE, PARAMETER_COUNT };
enum { OUT_AGREEMENT, OUT_RELIABILITY, OUT_SHARED_PAIRS, OUT_IDENTIFIED };

static const char *const reliability_words[] = {"estimated", NULL};

static const heed_parameter parameters[] = {
    [RELIABILITY] = {.name = "reliability",
                     .type = HEED_ENUM_OR_NUMBER,
                     .flags = HEED_OPEN_LOW,
                     .default_value = "estimated",
                     .low = 0.5,
                     .high = 1,
                     .choices = reliability_words,
                     .doc = "P(a majority is right): estimated from how often "
                            "users agree, or a number for all; 1: eta = 2 "
                            "agreement - 1"},
    [NEGATIVE] =
        ESTIMATOR_NEGATIVE("eta of users who mostly disagree: clip (to 0) or "
                           "keep (negative)"),
};

static const heed_output outputs[] = {
    [OUT_AGREEMENT] =
        {.name = "agreement",
         .flags = HEED_MAY_BE_NAN,
         .doc = "share of choices that agree with the majority of the others"},
    [OUT_RELIABILITY] = {.name = "reliability",
                         .flags = HEED_MAY_BE_NAN,
                         .doc = "mean reliability of those majorities"},
    [OUT_SHARED_PAIRS] = ESTIMATOR_SHARED_PAIRS,
    [OUT_IDENTIFIED] = ESTIMATOR_IDENTIFIED,
};

typedef struct majority_fit {
  const heed_value *values;
  crowd_overlap overlap;
  double everyone;     /* E[eta], estimated */
  double *reliability; /* of majorities of 0, 1, … votes */
  double *agrees;      /* annotations: +-1/2; 0: no majority, or a tie */
  double *gap;         /* annotations: r - 1/2; 0: no majority, or a tie */
} majority_fit;

/* What predict() needs. */
typedef struct majority_fitted {
  double *eta; /* users */
  double *p;   /* pairs: P(A's response is better), by the majority */
} majority_fitted;

static size_t votes_on(const crowd_overlap *overlap, size_t pair) {
  return overlap->first[pair + 1] - overlap->first[pair];
}

static size_t votes_for_a(const crowd_overlap *overlap, size_t pair) {
  size_t count = 0;
  for (size_t n = overlap->first[pair]; n < overlap->first[pair + 1]; n++)
    count += overlap->chose_a[n];
  return count;
}

/* E[eta] from how often choices of two users on a pair agree. */
static double mean_attentiveness(const crowd_overlap *overlap) {
  double same = 0, couples = 0;
  for (size_t i = 0; i < overlap->pairs; i++) {
    const double all = (double)votes_on(overlap, i),
                 a = (double)votes_for_a(overlap, i);
    for (overlap_own own = overlap_first(overlap, i); own.first < own.end;
         own = overlap_next(overlap, i, &own)) {
      const double mine = (double)(own.end - own.first);
      const double mine_for_a = (double)own.for_a, others = all - mine;
      same += mine_for_a * (a - mine_for_a) +
              (mine - mine_for_a) * (others - (a - mine_for_a));
      couples += mine * others;
    }
  }
  return couples > 0 ? sqrt(fmax(2 * same / couples - 1, 0)) : 0;
}

/* P(a majority of `votes` is right), given that they are not split. */
static double of_majority(unsigned votes, double accuracy) {
  const unsigned half = votes / 2;
  const double right = gsl_cdf_binomial_Q(half, accuracy, votes);
  const double wrong =
      votes == 0 ? 0 : gsl_cdf_binomial_P((votes - 1) / 2, accuracy, votes);
  return right + wrong > 0 ? right / (right + wrong) : 0.5;
}

static heed_status fill_reliability(majority_fit *self, const heed_host *host,
                                    heed_error *error) {
  const heed_value *given = &self->values[RELIABILITY];
  size_t most = 0;
  for (size_t i = 0; i < self->overlap.pairs; i++)
    if (votes_on(&self->overlap, i) > most) most = votes_on(&self->overlap, i);
  self->everyone = mean_attentiveness(&self->overlap);
  self->reliability = host->scratch(host, most + 1, sizeof(double));
  if (self->reliability == NULL) return heed_no_memory(error);
  for (size_t k = 0; k <= most; k++)
    self->reliability[k] =
        given->text == NULL
            ? given->number
            : of_majority((unsigned)k, (1 + self->everyone) / 2);
  return HEED_OK;
}

/* P(A's response is better) when `for_a` of `votes` chose it. */
static double belief(const majority_fit *self, size_t votes, size_t for_a) {
  if (2 * for_a == votes) return 0.5;
  return 2 * for_a > votes ? self->reliability[votes]
                           : 1 - self->reliability[votes];
}

/* One user's choices on a pair with the others' `votes`. */
static void compare_own(majority_fit *self, const overlap_own *own,
                        size_t votes, size_t for_a, heed_posterior *posterior) {
  const crowd_overlap *overlap = &self->overlap;
  for (size_t n = own->first; n < own->end; n++) {
    const size_t r = overlap->row[n];
    posterior->p[r] = belief(self, votes, for_a);
    posterior->casual[r] = 0.5;
    self->gap[r] = fabs(posterior->p[r] - 0.5);
    self->agrees[r] = 0;
    if (2 * for_a != votes)
      self->agrees[r] = (2 * for_a > votes) == overlap->chose_a[n] ? 0.5 : -0.5;
  }
}

static void compare(majority_fit *self, heed_posterior *posterior) {
  const crowd_overlap *overlap = &self->overlap;
  for (size_t i = 0; i < overlap->pairs; i++) {
    const size_t all = votes_on(overlap, i), for_a = votes_for_a(overlap, i);
    for (overlap_own own = overlap_first(overlap, i); own.first < own.end;
         own = overlap_next(overlap, i, &own))
      compare_own(self, &own, all - (own.end - own.first), for_a - own.for_a,
                  posterior);
  }
}

/* ---- users ---- */

/* Sums over a user's annotations: of agrees gap, and of gap^2. */
typedef struct majority_sums {
  double agreed, expected;
} majority_sums;

static void add(const majority_fit *self, size_t row, double sign,
                majority_sums *sums) {
  sums->agreed += sign * self->agrees[row] * self->gap[row];
  sums->expected += sign * self->gap[row] * self->gap[row];
}

static double eta_of(const majority_fit *self, const majority_sums *sums) {
  const double eta =
      sums->expected > 1e-12 ? sums->agreed / sums->expected : self->everyone;
  return fmin(fmax(eta, -1), 1);
}

static double clipped(const majority_fit *self, double eta) {
  return self->values[NEGATIVE].integer == ESTIMATOR_CLIP ? fmax(eta, 0) : eta;
}

static void fill_users(const majority_fit *self, double *eta,
                       heed_posterior *posterior) {
  const heed_crowd *crowd = self->overlap.crowd;
  for (size_t j = 0; j < crowd->users->rows; j++) {
    majority_sums own = {0, 0};
    for (size_t r = crowd->first[j]; r < crowd->first[j + 1]; r++)
      add(self, r, 1, &own);
    eta[j] = eta_of(self, &own);
    posterior->mean[j] = clipped(self, eta[j]);
    /* The variance of agrees is 1/4 to leading order. */
    posterior->sd[j] =
        own.expected > 1e-12 ? fmin(0.5 / sqrt(own.expected), 1) : 1;
    for (size_t r = crowd->first[j]; r < crowd->first[j + 1]; r++) {
      majority_sums rest = own;
      add(self, r, -1, &rest);
      posterior->left_out[r] = clipped(self, eta_of(self, &rest));
    }
  }
}

static heed_status open_posterior(majority_fit *self, const heed_host *host,
                                  heed_posterior *posterior,
                                  heed_error *error) {
  const heed_crowd *crowd = self->overlap.crowd;
  const size_t users = crowd->users->rows, rows = crowd->annotations->rows;
  const size_t pairs = self->overlap.pairs;
  heed_memory memory = {host, false};
  majority_fitted *state = heed_allocate(&memory, 1, sizeof *state);
  double *eta = heed_allocate_doubles(&memory, users);
  double *p = heed_allocate_doubles(&memory, pairs);
  self->agrees = heed_scratch_doubles(&memory, rows);
  self->gap = heed_scratch_doubles(&memory, rows);
  posterior->unit = HEED_BY_USER;
  posterior->units = users;
  posterior->mean = heed_allocate_doubles(&memory, users);
  posterior->sd = heed_allocate_doubles(&memory, users);
  posterior->left_out = heed_allocate_doubles(&memory, rows);
  posterior->casual = heed_allocate_doubles(&memory, rows);
  posterior->p = heed_allocate_doubles(&memory, rows);
  if (memory.refused) return heed_no_memory(error);
  for (size_t r = 0; r < rows; r++) {
    posterior->casual[r] = 1; /* ties */
    posterior->p[r] = 0.5;
  }
  for (size_t i = 0; i < pairs; i++)
    p[i] = belief(self, votes_on(&self->overlap, i),
                  votes_for_a(&self->overlap, i));
  *state = (majority_fitted){.eta = eta, .p = p};
  posterior->state = state;
  return HEED_OK;
}

static void report(const majority_fit *self, const heed_host *host,
                   bool identified) {
  double agreed = 0, met = 0, reliability = 0;
  for (size_t r = 0; r < self->overlap.crowd->annotations->rows; r++) {
    agreed += self->agrees[r] > 0;
    met += self->agrees[r] != 0;
    reliability += self->agrees[r] != 0 ? 0.5 + self->gap[r] : 0;
  }
  const double values[] = {
      [OUT_AGREEMENT] = met > 0 ? agreed / met : NAN,
      [OUT_RELIABILITY] = met > 0 ? reliability / met : NAN,
      [OUT_SHARED_PAIRS] = (double)self->overlap.shared,
      [OUT_IDENTIFIED] = identified,
  };
  for (size_t i = 0; i < sizeof values / sizeof *values; i++)
    host->output(host, i, &values[i], 1);
}

static heed_status estimate(void *values, const heed_host *host,
                            const heed_crowd *crowd, heed_posterior *posterior,
                            heed_error *error) {
  majority_fit self = {.values = values};
  heed_status status = overlap_open(host, crowd, &self.overlap, error);
  if (status == HEED_OK) status = fill_reliability(&self, host, error);
  if (status == HEED_OK) status = open_posterior(&self, host, posterior, error);
  if (status == HEED_OK)
    status = chance_judge(&self.overlap, host, &posterior->identified, error);
  if (status != HEED_OK) return status;
  posterior->converged = true;
  compare(&self, posterior);
  fill_users(&self, ((majority_fitted *)posterior->state)->eta, posterior);
  report(&self, host, posterior->identified);
  return HEED_OK;
}

/* Against the majority of all observed choices.  A tie carries no
 * information. */
static heed_status predict(void *self, const heed_host *host,
                           const heed_posterior *posterior,
                           const heed_crowd *held_out, double *probability,
                           heed_error *error) {
  const majority_fitted *state = posterior->state;
  const heed_table *said = held_out->annotations;
  const int64_t *user = heed_table_data(said, "user", HEED_INT64);
  const int64_t *pair = heed_table_data(said, "pair", HEED_INT64);
  const int8_t *choice = heed_table_data(said, "choice", HEED_INT8);
  (void)self, (void)host, (void)error;
  for (size_t r = 0; r < said->rows; r++) {
    const double gap = state->p[pair[r]] - 0.5, eta = state->eta[user[r]];
    probability[r] = choice[r] == HEED_CHOSE_TIE ? 1
                     : choice[r] == HEED_CHOSE_A ? 0.5 + eta * gap
                                                 : 0.5 - eta * gap;
  }
  return HEED_OK;
}

static const heed_estimator_functions functions = {
    .size = sizeof functions,
    .estimate = estimate,
    .predict = predict,
};

static const heed_plugin majority = {
    .size = sizeof majority,
    .abi = HEED_ABI,
    .kind = HEED_ESTIMATOR,
    .name = "majority",
    .version = "1.0",
    .summary = "agreement with the majority of others on the same pairs",
    .parameters = parameters,
    .parameter_count = PARAMETER_COUNT,
    .outputs = outputs,
    .output_count = sizeof outputs / sizeof *outputs,
    .functions = &functions,
    .functions_size = sizeof functions,
};

static const heed_plugin *const plugins[] = {&majority};
HEED_PLUGINS(plugins)
