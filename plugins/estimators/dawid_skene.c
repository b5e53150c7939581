/* SPDX-License-Identifier: GPL-3.0-or-later
 * One-coin Dawid and Skene: each pair i has a better response z_i, A's with
 * probability `share`; user j names it with accuracy a_j, else its opposite
 * (Dawid and Skene 1979, Appl. Stat. 28, 20-28, with one parameter per user as
 * in Zhang et al. 2016, J. Mach. Learn. Res. 17, 1-44).  Exact EM maximises
 *
 *   sum_i log(share prod_j P(y_ij | A) + (1 - share) prod_j P(y_ij | B))
 *     + sum_j (alpha - 1) log a_j + (beta - 1) log(1 - a_j).
 *
 * E-step: q_i = P(z_i = A | all choices on the pair).  M-step: a_j is the mean
 * of q_i(y_ij), share that of q_i.
 *
 * Attentiveness is eta = 2 a - 1: given the others' choices, with p_i = P(z_i =
 * A | the others), P(y_ij = A) = a p_i + (1 - a)(1 - p_i) = eta p_i + (1 - eta)
 * / 2, the paper's user.  Users who are wrong more often than right have a
 * negative eta; `negative` decides how to report it.  Labels use a_j
 * unchanged. */
#include <math.h>
#include <string.h>

#include "heed/estimator.h"
#include "heed/memory.h"
#include "support/attention/em_driver.h"
#include "support/attention/linear_posterior.h"
#include "support/attention/parameters.h"
#include "support/crowd/chance.h"
#include "support/crowd/overlap.h"

enum { SHARE, ALPHA, BETA, NEGATIVE, TOLERANCE, MOST_STEPS, PARAMETER_COUNT };
enum { OUT_SHARED_PAIRS = EM_OUTPUT_COUNT, OUT_SHARE, OUT_IDENTIFIED };

static const char *const share_words[] = {"fitted", NULL};

static const heed_parameter parameters[] = {
    [SHARE] = {.name = "share",
               .type = HEED_ENUM_OR_NUMBER,
               .flags = HEED_OPEN_LOW | HEED_OPEN_HIGH,
               .default_value = "fitted",
               .low = 0,
               .high = 1,
               .choices = share_words,
               .doc = "share of pairs in which A's response is better"},
    [ALPHA] = ESTIMATOR_SHAPE("alpha",
                              "first shape of the Beta(alpha, beta) prior of "
                              "accuracy; 1 and 1: maximum likelihood"),
    [BETA] = ESTIMATOR_SHAPE("beta", "second shape of that prior"),
    [NEGATIVE] =
        ESTIMATOR_NEGATIVE("eta of users who are wrong more often than right: "
                           "clip (to 0) or keep (negative)"),
    [TOLERANCE] = ESTIMATOR_TOLERANCE("1e-10"),
    [MOST_STEPS] = ESTIMATOR_MOST_STEPS("20000", "maximum number of EM steps"),
};

static const heed_output outputs[] = {
    ESTIMATOR_EM_OUTPUTS("maximised objective: includes log-priors",
                         "number of EM steps", "1: it has"),
    [OUT_SHARED_PAIRS] = ESTIMATOR_SHARED_PAIRS,
    [OUT_SHARE] = {.name = "share",
                   .doc = "share of pairs in which A's response is better"},
    [OUT_IDENTIFIED] = ESTIMATOR_IDENTIFIED,
};

/* Accuracies and share keep this distance from 0 and 1, so that no choice is
 * impossible. */
static const double least = 1e-10;

/* x: accuracy of each user, then share. */
typedef struct dawid_skene_fit {
  const heed_value *values;
  crowd_overlap overlap;
  bool fits_share;
  double *log_odds; /* (P) */
  double *log_a;    /* (J, 2): log a, log(1 - a) */

  /* By code (overlap.h): (2 J) */
  double *ratio, *middle, *times, *for_a;
} dawid_skene_fit;

/* State for predict(). */
typedef struct dawid_skene_fitted {
  double *accuracy; /* (J) */
  double *log_odds; /* (P) */
} dawid_skene_fitted;

static void put_within(const dawid_skene_fit *self, double *x) {
  for (size_t j = 0; j <= self->overlap.users; j++)
    x[j] = fmin(fmax(x[j], least), 1 - least);
  if (!self->fits_share) x[self->overlap.users] = self->values[SHARE].number;
}

/* Log-odds of every pair, and expected counts; returns the log-likelihood. */
static double expect(const dawid_skene_fit *self, const double *x) {
  const crowd_overlap *overlap = &self->overlap;
  for (size_t j = 0; j < overlap->users; j++) {
    const double right = self->log_a[2 * j] = log(x[j]);
    const double wrong = self->log_a[2 * j + 1] = log1p(-x[j]);
    self->ratio[2 * j] = wrong - right;
    self->ratio[2 * j + 1] = right - wrong;
    self->middle[2 * j] = self->middle[2 * j + 1] = (right + wrong) / 2;
  }
  return overlap_expect(overlap, self->ratio, self->middle, self->times,
                        x[overlap->users], self->log_odds, self->for_a);
}

static double log_prior(const dawid_skene_fit *self) {
  const double alpha = self->values[ALPHA].number;
  const double beta = self->values[BETA].number;
  double sum = 0;
  for (size_t j = 0; j < self->overlap.users; j++)
    sum +=
        (alpha - 1) * self->log_a[2 * j] + (beta - 1) * self->log_a[2 * j + 1];
  return sum;
}

static double e_step(void *state, double *x) {
  const dawid_skene_fit *self = state;
  put_within(self, x);
  return expect(self, x) + log_prior(self);
}

static void m_step(void *state, double *x) {
  const dawid_skene_fit *self = state;
  const crowd_overlap *overlap = &self->overlap;
  const double alpha = self->values[ALPHA].number - 1;
  const double beta = self->values[BETA].number - 1;
  double better_a = 0, pairs = 0;
  for (size_t i = 0; i < overlap->pairs; i++) {
    if (overlap->first[i] == overlap->first[i + 1]) continue;
    better_a += overlap_sigmoid(self->log_odds[i]);
    pairs++;
  }
  for (size_t j = 0; j < overlap->users; j++) {
    const double *times = self->times + 2 * j, *for_a = self->for_a + 2 * j;
    const double right = for_a[1] + times[0] - for_a[0];
    const double chosen = times[0] + times[1];
    if (chosen + alpha + beta > 0)
      x[j] = (right + alpha) / (chosen + alpha + beta);
  }
  if (pairs > 0) x[overlap->users] = better_a / pairs;
  put_within(self, x);
}

/* ---- the fit ---- */

static heed_status open_fit(dawid_skene_fit *self, const heed_value *values,
                            const heed_host *host, const heed_crowd *crowd,
                            heed_error *error) {
  const heed_status status = overlap_open(host, crowd, &self->overlap, error);
  if (status != HEED_OK) return status;
  const size_t users = self->overlap.users;
  self->values = values;
  self->fits_share = values[SHARE].text != NULL;
  heed_memory memory = {host, false};
  self->log_odds = heed_allocate_doubles(&memory, self->overlap.pairs);
  self->log_a = heed_scratch_doubles(&memory, 2 * users);
  self->ratio = heed_scratch_doubles(&memory, 2 * users);
  self->middle = heed_scratch_doubles(&memory, 2 * users);
  self->times = heed_scratch_doubles(&memory, 2 * users);
  self->for_a = heed_scratch_doubles(&memory, 2 * users);
  if (memory.refused) return heed_no_memory(error);
  overlap_count(&self->overlap, self->times);
  return HEED_OK;
}

/* From agreement with others, and the share of choices of A. */
static heed_status start_at(void *state, size_t start, double *x,
                            heed_error *error) {
  const dawid_skene_fit *self = state;
  const crowd_overlap *overlap = &self->overlap;
  double for_a = 0;
  (void)start, (void)error;
  overlap_agreement(overlap, 0.55, self->log_a, x);
  for (size_t n = 0; n < overlap->count; n++) for_a += overlap->chose_a[n];
  x[overlap->users] = (for_a + 1) / ((double)overlap->count + 2);
  put_within(self, x);
  return HEED_OK;
}

static const attention_em_steps steps = {
    .start = start_at, .e_step = e_step, .m_step = m_step};

/* P(choice) = 1/2 + eta (p(choice) - 1/2), p from the others. */
static heed_status fill(const dawid_skene_fit *self, const heed_host *host,
                        const double *x, heed_posterior *posterior,
                        heed_error *error) {
  const crowd_overlap *overlap = &self->overlap;
  const heed_table *said = overlap->crowd->annotations;
  const int64_t *pair = heed_table_data(said, "pair", HEED_INT64);
  const size_t rows = said->rows;
  heed_memory memory = {host, false};
  double *c = heed_scratch_doubles(&memory, rows);
  double *d = heed_scratch_doubles(&memory, rows);
  double *eta = heed_scratch_doubles(&memory, overlap->users);
  posterior->casual = heed_allocate_doubles(&memory, rows);
  posterior->p = heed_allocate_doubles(&memory, rows);
  if (memory.refused) return heed_no_memory(error);
  for (size_t j = 0; j < overlap->users; j++) eta[j] = 2 * x[j] - 1;
  for (size_t r = 0; r < rows; r++) {
    posterior->casual[r] = c[r] = 1; /* ties */
    posterior->p[r] = overlap_sigmoid(self->log_odds[pair[r]]);
  }
  for (size_t i = 0; i < overlap->pairs; i++)
    for (size_t n = overlap->first[i]; n < overlap->first[i + 1]; n++) {
      const double others = self->log_odds[i] - self->ratio[overlap->code[n]];
      const size_t r = overlap->row[n];
      posterior->casual[r] = c[r] = 0.5;
      d[r] = overlap_sigmoid(overlap->chose_a[n] ? others : -others) - 0.5;
    }
  const linear_posterior users = {
      .crowd = overlap->crowd,
      .low = -1,
      .high = 1,
      .alpha = self->values[ALPHA].number,
      .beta = self->values[BETA].number,
      .c = c,
      .d = d,
      .eta = eta,
      .clip = self->values[NEGATIVE].integer == ESTIMATOR_CLIP};
  return linear_posterior_fill(&users, host, posterior, error);
}

static void report(const dawid_skene_fit *self, const heed_host *host,
                   const heed_posterior *posterior, double share) {
  const double shared = (double)self->overlap.shared;
  const double identified = posterior->identified;
  em_driver_report(host, posterior);
  host->output(host, OUT_SHARED_PAIRS, &shared, 1);
  host->output(host, OUT_SHARE, &share, 1);
  host->output(host, OUT_IDENTIFIED, &identified, 1);
}

static heed_status keep_fit(const dawid_skene_fit *self, const heed_host *host,
                            const double *x, heed_posterior *posterior,
                            heed_error *error) {
  heed_memory memory = {host, false};
  dawid_skene_fitted *state = heed_allocate(&memory, 1, sizeof *state);
  double *accuracy = heed_allocate_doubles(&memory, self->overlap.users);
  if (memory.refused) return heed_no_memory(error);
  *state =
      (dawid_skene_fitted){.accuracy = accuracy, .log_odds = self->log_odds};
  memcpy(accuracy, x, self->overlap.users * sizeof *x);
  posterior->state = state;
  return HEED_OK;
}

static heed_status estimate(void *values, const heed_host *host,
                            const heed_crowd *crowd, heed_posterior *posterior,
                            heed_error *error) {
  dawid_skene_fit self;
  heed_status status = open_fit(&self, values, host, crowd, error);
  if (status != HEED_OK) return status;
  attention_em em = {.steps = &steps,
                     .state = &self,
                     .host = host,
                     .count = self.overlap.users + 1,
                     .starts = 1,
                     .tolerance = self.values[TOLERANCE].number,
                     .most_steps = (uint64_t)self.values[MOST_STEPS].integer};
  status = chance_judge(&self.overlap, host, &posterior->identified, error);
  if (status == HEED_OK) status = em_driver_open(&em, error);
  if (status == HEED_OK) status = em_driver_fit(&em, posterior, error);
  if (status != HEED_OK) return status;
  put_within(&self, em.x);
  posterior->log_likelihood = expect(&self, em.x);
  posterior->objective = posterior->log_likelihood + log_prior(&self);
  status = fill(&self, host, em.x, posterior, error);
  if (status == HEED_OK) status = keep_fit(&self, host, em.x, posterior, error);
  if (status == HEED_OK)
    report(&self, host, posterior, em.x[self.overlap.users]);
  return status;
}

/* A tie carries no information. */
static heed_status predict(void *self, const heed_host *host,
                           const heed_posterior *posterior,
                           const heed_crowd *held_out, double *probability,
                           heed_error *error) {
  const dawid_skene_fitted *state = posterior->state;
  const heed_table *said = held_out->annotations;
  const int64_t *user = heed_table_data(said, "user", HEED_INT64);
  const int64_t *pair = heed_table_data(said, "pair", HEED_INT64);
  const int8_t *choice = heed_table_data(said, "choice", HEED_INT8);
  (void)self, (void)host, (void)error;
  for (size_t r = 0; r < said->rows; r++) {
    const double odds = state->log_odds[pair[r]];
    const double q = overlap_sigmoid(choice[r] == HEED_CHOSE_A ? odds : -odds);
    const double a = state->accuracy[user[r]];
    probability[r] =
        choice[r] == HEED_CHOSE_TIE ? 1 : a * q + (1 - a) * (1 - q);
  }
  return HEED_OK;
}

static const heed_estimator_functions functions = {
    .size = sizeof functions,
    .estimate = estimate,
    .predict = predict,
};

static const heed_plugin dawid_skene = {
    .size = sizeof dawid_skene,
    .abi = HEED_ABI,
    .kind = HEED_ESTIMATOR,
    .name = "dawid_skene",
    .version = "1.0",
    .summary = "one-coin Dawid and Skene: accuracy against fitted labels",
    .reference = "Dawid and Skene 1979, Appl. Stat. 28, 20-28",
    .parameters = parameters,
    .parameter_count = PARAMETER_COUNT,
    .outputs = outputs,
    .output_count = sizeof outputs / sizeof *outputs,
    .functions = &functions,
    .functions_size = sizeof functions,
};

static const heed_plugin *const plugins[] = {&dawid_skene};
HEED_PLUGINS(plugins)
