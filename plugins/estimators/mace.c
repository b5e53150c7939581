/* SPDX-License-Identifier: GPL-3.0-or-later
 * MACE (Hovy et al. 2013, NAACL, 1120-1130): each pair i has a better response
 * z_i, A's with probability `share`; user j names it with competence theta_j,
 * and otherwise spams: chooses A with the user's own probability xi_j.
 *
 *   P(y | z) = theta [y = z] + (1 - theta) xi(y)
 *
 * form = "em": exact EM maximises
 *
 *   sum_i log(share prod_j P(y_ij | A) + (1 - share) prod_j P(y_ij | B))
 *     + smoothing sum_j log theta_j (1 - theta_j) xi_j (1 - xi_j).
 *
 * form = "variational": theta_j has the prior Beta(alpha, beta), xi_j has
 * Beta(strategy, strategy), and the maximised bound on the log-evidence is
 *
 *   sum_i log(share prod_j P~(y_ij | A) + (1 - share) prod_j P~(y_ij | B))
 *     - sum_j (KL(q(theta_j) || prior) + KL(q(xi_j) || prior)),
 *
 * P~ as P with the exponentials of the mean logarithms of theta, 1 - theta and
 * xi under the Beta distributions q (mace/variational.c).
 *
 * E-step: q_i = P(z_i = A | all choices on the pair), and the probability
 * q_i(y) theta / (theta + (1 - theta) xi(y)) that a choice is not spam.
 * M-step: theta_j and xi_j are shares of expected counts, with the priors'
 * counts added to each; share is the mean of q_i.
 *
 * Attentiveness is the competence: given the others' choices, P(y) = theta p(y)
 * + (1 - theta) xi(y) with p = P(z_i | the others), and xi is the user's casual
 * behaviour. */
#include <math.h>
#include <string.h>

#include "heed/estimator.h"
#include "heed/memory.h"
#include "mace/fit.h"
#include "support/attention/em_driver.h"
#include "support/attention/linear_posterior.h"
#include "support/attention/parameters.h"
#include "support/crowd/chance.h"
#include "support/crowd/overlap.h"

enum {
  SHARE,
  FORM,
  SMOOTHING,
  ALPHA,
  BETA,
  STRATEGY,
  STARTS,
  TOLERANCE,
  MOST_STEPS,
  PARAMETER_COUNT
};
enum { OUT_SHARED_PAIRS = EM_OUTPUT_COUNT, OUT_SHARE, OUT_IDENTIFIED };

enum { FORM_EM, FORM_VARIATIONAL };
static const char *const form_words[] = {"em", "variational", NULL};

/* exp(digamma(x)) is about exp(-1 / x): it underflows at x = .001, far below
 * the least shape. */
#define SHAPE(word, usual, text)                                   \
  {                                                                \
    .name = (word), .type = HEED_NUMBER, .default_value = (usual), \
    .low = 0.05, .high = 1e6, .doc = (text)                        \
  }

static const heed_parameter parameters[] = {
    [SHARE] = OVERLAP_SHARE("fitted"),
    [FORM] = {.name = "form",
              .type = HEED_ENUM,
              .default_value = "variational",
              .choices = form_words,
              .doc = "em: the maximum of the likelihood, with smoothing; "
                     "variational: distributions of competence and of spam "
                     "under their priors"},
    [SMOOTHING] = {.name = "smoothing",
                   .type = HEED_NUMBER,
                   .default_value = "0.005",
                   .low = 0,
                   .high = 1e6,
                   .doc = "form em: added to each expected count; the paper "
                          "uses 0.01 over the number of labels"},
    [ALPHA] = SHAPE("alpha", "0.5",
                    "form variational: first shape of the Beta(alpha, beta) "
                    "prior of competence; the paper uses 0.5 for both"),
    [BETA] =
        SHAPE("beta", "0.5", "form variational: second shape of that prior"),
    [STRATEGY] = SHAPE("strategy", "10",
                       "form variational: both shapes of the prior of P(A) "
                       "when spamming; the paper uses 10"),
    [STARTS] =
        ESTIMATOR_STARTS("10",
                         "number of starts: the first from agreement with "
                         "others, the rest random; the best fit is kept"),
    [TOLERANCE] = ESTIMATOR_TOLERANCE("1e-10"),
    [MOST_STEPS] =
        ESTIMATOR_MOST_STEPS("20000", "maximum number of EM steps per start"),
};

static const heed_output outputs[] = {
    ESTIMATOR_EM_OUTPUTS("maximised objective: includes the smoothing; form "
                         "variational: a bound on the log-evidence",
                         "number of EM steps, all starts",
                         "1: the best start converged"),
    [OUT_SHARED_PAIRS] = ESTIMATOR_SHARED_PAIRS,
    [OUT_SHARE] = OVERLAP_SHARE_OUTPUT,
    [OUT_IDENTIFIED] = ESTIMATOR_IDENTIFIED,
};

/* Parameters keep this distance from 0 and 1, so that no choice is
 * impossible. */
static const double least = 1e-10;

/* State for predict(). */
typedef struct mace_fitted {
  size_t users;
  double *x;        /* (2 J) */
  double *log_odds; /* (P) */
} mace_fitted;

/* P of this choice when spamming. */
static double strategy(double xi, bool chose_a) {
  return chose_a ? xi : 1 - xi;
}

/* x[0] and x[users] are those of the user. */
static void put_user_within(const mace_fit *self, size_t j, double *x) {
  double *xi = x + self->overlap.users;
  *x = fmin(fmax(*x, least), 1 - least);
  *xi = fmin(fmax(*xi, least), 1 - least);
  if (self->variational) variational_put_within(self, j, x, xi);
}

static void put_within(const mace_fit *self, double *x) {
  const size_t users = self->overlap.users;
  double *share = x + 2 * users;
  for (size_t j = 0; j < users; j++) put_user_within(self, j, x + j);
  *share =
      self->fits_share ? fmin(fmax(*share, least), 1 - least) : self->share;
}

static mace_weights weights_of(double theta, double xi) {
  return (mace_weights){.knows = theta,
                        .spams_a = (1 - theta) * xi,
                        .spams_b = (1 - theta) * (1 - xi)};
}

/* Log-odds of every pair, and expected counts; returns the log-likelihood, of
 * the weights. */
static double expect(const mace_fit *self, const double *x, bool variational) {
  const crowd_overlap *overlap = &self->overlap;
  for (size_t j = 0; j < overlap->users; j++) {
    const double theta = x[j], xi = x[overlap->users + j];
    const mace_weights w = variational ? variational_weights(self, j, theta, xi)
                                       : weights_of(theta, xi);
    const double spams_b = log(w.spams_b), spams_a = log(w.spams_a);
    const double chooses_b = log(w.knows + w.spams_b);
    const double chooses_a = log(w.knows + w.spams_a);
    self->weights[j] = w;
    self->ratio[2 * j] = spams_b - chooses_b;
    self->ratio[2 * j + 1] = chooses_a - spams_a;
    self->middle[2 * j] = (spams_b + chooses_b) / 2;
    self->middle[2 * j + 1] = (spams_a + chooses_a) / 2;
  }
  return overlap_expect(overlap, self->ratio, self->middle, self->times,
                        x[2 * overlap->users], self->log_odds, self->for_a);
}

/* What the objective adds to the log-likelihood, after expect(). */
static double penalty(const mace_fit *self, const double *x) {
  const size_t users = self->overlap.users;
  double sum = 0;
  if (self->variational) {
    for (size_t j = 0; j < users; j++) sum -= self->weights[j].divergence;
    return sum;
  }
  for (size_t i = 0; i < 2 * users; i++) sum += log(x[i]) + log1p(-x[i]);
  return self->values[SMOOTHING].number * sum;
}

static double objective(const mace_fit *self, const double *x) {
  const double likelihood = expect(self, x, self->variational);
  return likelihood + penalty(self, x);
}

/* The expected number of a user's choices of A (or B) that are not spam. */
static double count_knowing(const mace_fit *self, size_t j, bool a) {
  const double times = self->times[2 * j + a], for_a = self->for_a[2 * j + a];
  const mace_weights *w = &self->weights[j];
  return (a ? for_a : times - for_a) * w->knows /
         (w->knows + (a ? w->spams_a : w->spams_b));
}

static double e_step(void *state, double *x) {
  const mace_fit *self = state;
  put_within(self, x);
  return objective(self, x);
}

static void m_step(void *state, double *x) {
  const mace_fit *self = state;
  const size_t users = self->overlap.users;
  const mace_priors *more = &self->priors;
  for (size_t j = 0; j < users; j++) {
    const double knowing_a = count_knowing(self, j, true);
    const double knowing_b = count_knowing(self, j, false);
    const double spam_a = self->times[2 * j + 1] - knowing_a;
    const double spam_b = self->times[2 * j] - knowing_b;
    const double knowing = knowing_a + knowing_b + more->knows;
    const double all = knowing + spam_a + spam_b + more->spams;
    const double spam = spam_a + spam_b + 2 * more->each;
    if (all > 0) x[j] = knowing / all;
    if (spam > 0) x[users + j] = (spam_a + more->each) / spam;
  }
  x[2 * users] = overlap_mean(&self->overlap, self->log_odds, x[2 * users]);
  put_within(self, x);
}

/* ---- the fit ---- */

static heed_status open_fit(mace_fit *self, const heed_value *values,
                            const heed_host *host, const heed_crowd *crowd,
                            heed_error *error) {
  const heed_status status = overlap_open(host, crowd, &self->overlap, error);
  if (status != HEED_OK) return status;
  const size_t users = self->overlap.users;
  const double smoothing = values[SMOOTHING].number;
  self->values = values;
  self->host = host;
  self->variational = values[FORM].integer == FORM_VARIATIONAL;
  self->priors = self->variational
                     ? (mace_priors){values[ALPHA].number, values[BETA].number,
                                     values[STRATEGY].number}
                     : (mace_priors){smoothing, smoothing, smoothing};
  if (self->variational) self->log_betas = variational_log_betas(&self->priors);
  self->fits_share =
      overlap_share(&self->overlap, &values[SHARE], &self->share);
  heed_memory memory = {host, false};
  self->weights = heed_scratch(&memory, users, sizeof *self->weights);
  self->log_odds = heed_allocate_doubles(&memory, self->overlap.pairs);
  self->ratio = heed_scratch_doubles(&memory, 2 * users);
  self->middle = heed_scratch_doubles(&memory, 2 * users);
  self->times = heed_scratch_doubles(&memory, 2 * users);
  self->for_a = heed_scratch_doubles(&memory, 2 * users);
  if (memory.refused) return heed_no_memory(error);
  overlap_count(&self->overlap, self->times);
  return HEED_OK;
}

/* The first from agreement with others, the rest random. */
static heed_status start_at(void *state, size_t start, double *x,
                            heed_error *error) {
  const mace_fit *self = state;
  const size_t users = self->overlap.users;
  (void)error;
  x[2 * users] = self->share;
  if (start == 0) {
    overlap_agreement(&self->overlap, 0.55, self->for_a, x);
    for (size_t j = 0; j < users; j++) {
      x[j] = fmin(fmax(2 * x[j] - 1, 0.05), 0.95);
      x[users + j] = 0.5;
    }
    return HEED_OK;
  }
  for (size_t j = 0; j < users; j++) {
    heed_stream stream =
        self->host->stream(self->host, "start", (uint64_t)(start * users + j));
    x[j] = 0.1 + 0.8 * heed_uniform(&stream);
    x[users + j] = 0.1 + 0.8 * heed_uniform(&stream);
  }
  return HEED_OK;
}

static const attention_em_steps steps = {
    .start = start_at, .e_step = e_step, .m_step = m_step};

/* P(choice) = xi + theta (p(choice) - xi), p from the others. */
static heed_status fill(const mace_fit *self, const double *x,
                        heed_posterior *posterior, heed_error *error) {
  const crowd_overlap *overlap = &self->overlap;
  const heed_host *host = self->host;
  const heed_table *said = overlap->crowd->annotations;
  const int64_t *pair = heed_table_data(said, "pair", HEED_INT64);
  const size_t rows = said->rows;
  heed_memory memory = {host, false};
  double *d = heed_scratch_doubles(&memory, rows);
  double *others = heed_scratch_doubles(&memory, rows);
  posterior->casual = heed_allocate_doubles(&memory, rows);
  posterior->p = heed_allocate_doubles(&memory, rows);
  if (memory.refused) return heed_no_memory(error);
  for (size_t r = 0; r < rows; r++) {
    posterior->casual[r] = 1; /* ties */
    posterior->p[r] = overlap_sigmoid(self->log_odds[pair[r]]);
  }
  for (size_t i = 0; i < overlap->pairs; i++)
    for (size_t n = overlap->first[i]; n < overlap->first[i + 1]; n++) {
      const double odds = self->log_odds[i] - self->ratio[overlap->code[n]];
      const bool a = overlap->chose_a[n];
      const size_t r = overlap->row[n];
      posterior->casual[r] = strategy(x[overlap->users + overlap->user[n]], a);
      others[r] = overlap_sigmoid(a ? odds : -odds);
      d[r] = others[r] - posterior->casual[r];
    }
  if (self->variational)
    return variational_fill(self, x, others, posterior, error);
  const linear_posterior users = {.crowd = overlap->crowd,
                                  .low = 0,
                                  .high = 1,
                                  .alpha = 1 + self->values[SMOOTHING].number,
                                  .beta = 1 + self->values[SMOOTHING].number,
                                  .c = posterior->casual,
                                  .d = d,
                                  .eta = x};
  return linear_posterior_fill(&users, host, posterior, error);
}

static heed_status keep_fit(const mace_fit *self, const double *x,
                            heed_posterior *posterior, heed_error *error) {
  const size_t users = self->overlap.users;
  heed_memory memory = {self->host, false};
  mace_fitted *state = heed_allocate(&memory, 1, sizeof *state);
  double *fitted = heed_allocate_doubles(&memory, 2 * users);
  if (memory.refused) return heed_no_memory(error);
  *state =
      (mace_fitted){.users = users, .x = fitted, .log_odds = self->log_odds};
  memcpy(fitted, x, 2 * users * sizeof *x);
  posterior->state = state;
  return HEED_OK;
}

static void report(const mace_fit *self, const heed_posterior *posterior,
                   double share) {
  const double shared = (double)self->overlap.shared;
  const double identified = posterior->identified;
  em_driver_report(self->host, posterior);
  self->host->output(self->host, OUT_SHARED_PAIRS, &shared, 1);
  self->host->output(self->host, OUT_SHARE, &share, 1);
  self->host->output(self->host, OUT_IDENTIFIED, &identified, 1);
}

static heed_status estimate(void *values, const heed_host *host,
                            const heed_crowd *crowd, heed_posterior *posterior,
                            heed_error *error) {
  mace_fit self;
  heed_status status = open_fit(&self, values, host, crowd, error);
  if (status != HEED_OK) return status;
  attention_em em = {.steps = &steps,
                     .state = &self,
                     .host = host,
                     .count = 2 * self.overlap.users + 1,
                     .starts = (size_t)self.values[STARTS].integer,
                     .tolerance = self.values[TOLERANCE].number,
                     .most_steps = (uint64_t)self.values[MOST_STEPS].integer};
  status = chance_judge(&self.overlap, host, &posterior->identified, error);
  if (status == HEED_OK) status = em_driver_open(&em, error);
  if (status == HEED_OK) status = em_driver_fit(&em, posterior, error);
  if (status != HEED_OK) return status;
  put_within(&self, em.x);
  posterior->log_likelihood = expect(&self, em.x, false);
  posterior->objective = objective(&self, em.x);
  status = fill(&self, em.x, posterior, error);
  if (status == HEED_OK) status = keep_fit(&self, em.x, posterior, error);
  if (status == HEED_OK) report(&self, posterior, em.x[2 * self.overlap.users]);
  return status;
}

/* A tie carries no information. */
static heed_status predict(void *self, const heed_host *host,
                           const heed_posterior *posterior,
                           const heed_crowd *held_out, double *probability,
                           heed_error *error) {
  const mace_fitted *state = posterior->state;
  const heed_table *said = held_out->annotations;
  const int64_t *user = heed_table_data(said, "user", HEED_INT64);
  const int64_t *pair = heed_table_data(said, "pair", HEED_INT64);
  const int8_t *choice = heed_table_data(said, "choice", HEED_INT8);
  (void)self, (void)host, (void)error;
  for (size_t r = 0; r < said->rows; r++) {
    const bool a = choice[r] == HEED_CHOSE_A;
    const double odds = state->log_odds[pair[r]], theta = state->x[user[r]];
    const double spam = strategy(state->x[state->users + (size_t)user[r]], a);
    const double q = overlap_sigmoid(a ? odds : -odds);
    probability[r] =
        choice[r] == HEED_CHOSE_TIE ? 1 : theta * q + (1 - theta) * spam;
  }
  return HEED_OK;
}

static const heed_estimator_functions functions = {
    .size = sizeof functions,
    .estimate = estimate,
    .predict = predict,
};

static const heed_plugin mace = {
    .size = sizeof mace,
    .abi = HEED_ABI,
    .kind = HEED_ESTIMATOR,
    .name = "mace",
    .version = "1.1",
    .summary = "MACE: competence of users who otherwise spam",
    .reference = "Hovy, Berg-Kirkpatrick, Vaswani, Hovy 2013, NAACL, 1120-1130",
    .parameters = parameters,
    .parameter_count = PARAMETER_COUNT,
    .outputs = outputs,
    .output_count = sizeof outputs / sizeof *outputs,
    .functions = &functions,
    .functions_size = sizeof functions,
};

static const heed_plugin *const plugins[] = {&mace};
HEED_PLUGINS(plugins)
