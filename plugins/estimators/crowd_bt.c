/* SPDX-License-Identifier: GPL-3.0-or-later
 * The noisy Bradley and Terry model: response A of pair i is better with p_i =
 * sigmoid(d_i), and user j reports this with reliability a_j, else the opposite
 * (Chen et al. 2013, WSDM, 193-202, eq. 3).  Exact EM maximises
 *
 *   sum_ij log(a_j g_ij + (1 - a_j)(1 - g_ij)) - ridge sum s^2
 *     + sum_j (alpha - 1) log a_j + (beta - 1) log(1 - a_j),
 *
 * where g is the probability of the choice under p.  If the pairs name their
 * models, d_i = s_a - s_b with a strength s per model, as in em_bradley_terry;
 * otherwise each pair has its own d_i = s_i, and users must share pairs.
 * Whether a choice is truthful is latent: with rho = a g / P, a_j is the mean
 * of rho, and s solves a Bradley-Terry regression in which a choice counts rho
 * for itself and 1 - rho for its opposite.
 *
 * Attentiveness is eta = 2 a - 1, since P(y = A) = eta p + (1 - eta) / 2, the
 * paper's user; this estimator maximises where em_bradley_terry integrates.
 * left_out keeps s as fitted. */
#include <math.h>
#include <string.h>

#include "heed/estimator.h"
#include "heed/memory.h"
#include "support/attention/em_driver.h"
#include "support/attention/linear_posterior.h"
#include "support/attention/parameters.h"
#include "support/crowd/chance.h"
#include "support/crowd/overlap.h"
#include "support/crowd/strengths.h"

enum { RIDGE, ALPHA, BETA, NEGATIVE, TOLERANCE, MOST_STEPS, PARAMETER_COUNT };
enum { OUT_STRENGTHS = EM_OUTPUT_COUNT, OUT_IDENTIFIED };

static const heed_parameter parameters[] = {
    [RIDGE] = ESTIMATOR_RIDGE,
    [ALPHA] = ESTIMATOR_SHAPE("alpha",
                              "first shape of the Beta(alpha, beta) prior of "
                              "reliability; 1 and 1: maximum likelihood"),
    [BETA] = ESTIMATOR_SHAPE("beta", "second shape of that prior"),
    [NEGATIVE] = ESTIMATOR_NEGATIVE("eta of users who mostly report the "
                                    "opposite: clip (to 0) or keep (negative)"),
    [TOLERANCE] = ESTIMATOR_TOLERANCE("1e-10"),
    [MOST_STEPS] = ESTIMATOR_MOST_STEPS("20000", "maximum number of EM steps"),
};

static const heed_output outputs[] = {
    ESTIMATOR_EM_OUTPUTS(
        "maximised objective: includes log-priors and - ridge sum s^2",
        "number of EM steps", "1: EM converged"),
    [OUT_STRENGTHS] =
        {.name = "strengths",
         .doc = "number of fitted strengths: one per model, or one per pair"},
    [OUT_IDENTIFIED] = ESTIMATOR_IDENTIFIED,
};

/* Reliabilities keep this distance from 0 and 1, so that no choice is
 * impossible. */
static const double least = 1e-10;

/* x: reliability of each user, then strengths. */
typedef struct crowd_bt_fit {
  const heed_value *values;
  const heed_host *host;
  crowd_overlap overlap;
  const int32_t *model_a, *model_b; /* of pairs; NULL: one strength per pair */
  size_t strengths;                 /* S */
  double *chosen;                   /* (J): choices */
  double *truthful;                 /* (J): expected */
  double *for_a;                    /* (P): choices of A, weighted by rho */
  crowd_strengths regression;       /* models only */
} crowd_bt_fit;

/* State for predict(). */
typedef struct crowd_bt_fitted {
  double *reliability; /* (J) */
  double *difference;  /* (P) */
} crowd_bt_fitted;

static const double *strengths_of(const crowd_bt_fit *self, const double *x) {
  return x + self->overlap.users;
}

static double difference(const crowd_bt_fit *self, const double *s,
                         size_t pair) {
  return self->model_a == NULL
             ? s[pair]
             : s[self->model_a[pair]] - s[self->model_b[pair]];
}

/* log sigmoid(x) */
static double log_sigmoid(double x) {
  return fmin(x, 0) - log1p(exp(-fabs(x)));
}

static double penalty(const crowd_bt_fit *self, const double *s) {
  return strengths_penalty(self->values[RIDGE].number, self->strengths, s);
}

static double log_prior(const crowd_bt_fit *self, const double *x) {
  double sum = 0;
  for (size_t j = 0; j < self->overlap.users; j++)
    sum += (self->values[ALPHA].number - 1) * log(x[j]) +
           (self->values[BETA].number - 1) * log1p(-x[j]);
  return sum - penalty(self, strengths_of(self, x));
}

static void put_within(const crowd_bt_fit *self, double *x) {
  for (size_t j = 0; j < self->overlap.users; j++)
    x[j] = fmin(fmax(x[j], least), 1 - least);
}

/* Expected truthful choices, by user and by pair; returns the log-likelihood:
 * the logarithm of a product where it does not underflow. */
static double expect(const crowd_bt_fit *self, const double *x) {
  const crowd_overlap *overlap = &self->overlap;
  double sum = 0;
  memset(self->truthful, 0, overlap->users * sizeof(double));
  for (size_t i = 0; i < overlap->pairs; i++) {
    self->for_a[i] = 0;
    if (overlap->first[i] == overlap->first[i + 1]) continue;
    const double p =
        overlap_sigmoid(difference(self, strengths_of(self, x), i));
    double product = 1;
    for (size_t n = overlap->first[i]; n < overlap->first[i + 1]; n++) {
      const double a = x[overlap->user[n]], g = overlap->chose_a[n] ? p : 1 - p;
      const double chance = a * g + (1 - a) * (1 - g);
      const double rho = a * g / chance;
      self->truthful[overlap->user[n]] += rho;
      self->for_a[i] += overlap->chose_a[n] ? rho : 1 - rho;
      product *= chance;
      if (product < 1e-200) {
        sum += log(product);
        product = 1;
      }
    }
    sum += log(product);
  }
  return sum;
}

/* ---- the M-step of strengths ---- */

static double choices_on(const crowd_bt_fit *self, size_t pair) {
  return (double)(self->overlap.first[pair + 1] - self->overlap.first[pair]);
}

/* Expected log-likelihood of pair i at difference d. */
static double expected(const crowd_bt_fit *self, size_t pair, double d) {
  const double all = choices_on(self, pair), a = self->for_a[pair];
  return a * log_sigmoid(d) + (all - a) * log_sigmoid(-d);
}

static double expected_of_all(void *context, const double *s) {
  const crowd_bt_fit *self = context;
  double sum = -penalty(self, s);
  for (size_t i = 0; i < self->overlap.pairs; i++)
    if (choices_on(self, i) > 0)
      sum += expected(self, i, difference(self, s, i));
  return sum;
}

/* A pair's own d: Newton's method on a concave function of one value; steps are
 * halved until they gain. */
static double regress_pair(const crowd_bt_fit *self, size_t pair, double d) {
  enum { MOST_NEWTON = 50, MOST_HALVINGS = 30 };
  const double ridge = self->values[RIDGE].number;
  const double all = choices_on(self, pair);
  double here = expected(self, pair, d) - ridge * d * d;
  for (int steps = 0; steps < MOST_NEWTON; steps++) {
    const double p = overlap_sigmoid(d);
    const double slope = self->for_a[pair] - all * p - 2 * ridge * d;
    double step = slope / (all * p * (1 - p) + 2 * ridge);
    bool better = false;
    if (!(fabs(step) > 1e-12 * (1 + fabs(d)))) break;
    for (int i = 0; i < MOST_HALVINGS && !better; i++) {
      const double next = d + step;
      const double there = expected(self, pair, next) - ridge * next * next;
      better = there > here;
      if (better) {
        d = next;
        here = there;
      }
      step /= 2;
    }
    if (!better) break;
  }
  return d;
}

static void differentiate(void *context, const double *s,
                          crowd_strengths *sums) {
  const crowd_bt_fit *self = context;
  for (size_t i = 0; i < self->overlap.pairs; i++) {
    const size_t a = (size_t)self->model_a[i], b = (size_t)self->model_b[i];
    const double all = choices_on(self, i);
    if (!(all > 0) || a == b) continue;
    const double p = overlap_sigmoid(s[a] - s[b]);
    strengths_add(sums, a, b, self->for_a[i] - all * p, all * p * (1 - p));
  }
}

static double e_step(void *state, double *x) {
  const crowd_bt_fit *self = state;
  put_within(self, x);
  return expect(self, x) + log_prior(self, x);
}

static void m_step(void *state, double *x) {
  crowd_bt_fit *self = state;
  const size_t users = self->overlap.users;
  const double alpha = self->values[ALPHA].number - 1;
  const double beta = self->values[BETA].number - 1;
  for (size_t j = 0; j < users; j++)
    if (self->chosen[j] + alpha + beta > 0)
      x[j] = (self->truthful[j] + alpha) / (self->chosen[j] + alpha + beta);
  put_within(self, x);
  const strengths_problem problem = {.context = self,
                                     .value = expected_of_all,
                                     .differentiate = differentiate};
  if (self->model_a != NULL)
    strengths_maximise(&self->regression, &problem, x + users);
  else
    for (size_t i = 0; i < self->overlap.pairs; i++)
      x[users + i] = regress_pair(self, i, x[users + i]);
}

/* Everyone starts reliable, which fixes the sign, and strengths start at 0. */
static heed_status start_at(void *state, size_t start, double *x,
                            heed_error *error) {
  const crowd_bt_fit *self = state;
  (void)start, (void)error;
  for (size_t j = 0; j < self->overlap.users; j++) x[j] = 0.75;
  memset(x + self->overlap.users, 0, self->strengths * sizeof *x);
  return HEED_OK;
}

static const attention_em_steps steps = {
    .start = start_at, .e_step = e_step, .m_step = m_step};

/* ---- the fit ---- */

/* One strength per model if every pair names its models. */
static void find_models(crowd_bt_fit *self) {
  const heed_world *world = self->overlap.crowd->world;
  self->model_a = heed_table_data(world->pairs, "model_a", HEED_INT32);
  self->model_b = heed_table_data(world->pairs, "model_b", HEED_INT32);
  self->strengths = world->pairs->rows;
  if (self->model_b == NULL || world->models == NULL) self->model_a = NULL;
  if (self->model_a != NULL) self->strengths = world->models->rows;
}

static heed_status open_fit(crowd_bt_fit *self, const heed_value *values,
                            const heed_host *host, const heed_crowd *crowd,
                            heed_error *error) {
  const heed_status status = overlap_open(host, crowd, &self->overlap, error);
  if (status != HEED_OK) return status;
  self->values = values;
  self->host = host;
  find_models(self);
  heed_memory memory = {host, false};
  self->chosen = heed_scratch_doubles(&memory, self->overlap.users);
  self->truthful = heed_scratch_doubles(&memory, self->overlap.users);
  self->for_a = heed_scratch_doubles(&memory, self->overlap.pairs);
  if (memory.refused) return heed_no_memory(error);
  for (size_t n = 0; n < self->overlap.count; n++)
    self->chosen[self->overlap.user[n]]++;
  return self->model_a == NULL
             ? HEED_OK
             : strengths_open(host, self->strengths, self->overlap.pairs,
                              values[RIDGE].number, &self->regression, error);
}

/* P(choice) = 1/2 + eta (p(choice) - 1/2) */
static heed_status fill(const crowd_bt_fit *self, const double *x,
                        heed_posterior *posterior, heed_error *error) {
  const crowd_overlap *overlap = &self->overlap;
  const heed_host *host = self->host;
  const heed_table *said = overlap->crowd->annotations;
  const int64_t *pair = heed_table_data(said, "pair", HEED_INT64);
  const size_t rows = said->rows;
  heed_memory memory = {host, false};
  double *d = heed_scratch_doubles(&memory, rows);
  double *eta = heed_scratch_doubles(&memory, overlap->users);
  posterior->casual = heed_allocate_doubles(&memory, rows);
  posterior->p = heed_allocate_doubles(&memory, rows);
  if (memory.refused) return heed_no_memory(error);
  for (size_t j = 0; j < overlap->users; j++) eta[j] = 2 * x[j] - 1;
  for (size_t r = 0; r < rows; r++) {
    posterior->casual[r] = 1; /* ties */
    posterior->p[r] = overlap_sigmoid(
        difference(self, strengths_of(self, x), (size_t)pair[r]));
  }
  for (size_t n = 0; n < overlap->count; n++) {
    const double p = posterior->p[overlap->row[n]];
    posterior->casual[overlap->row[n]] = 0.5;
    d[overlap->row[n]] = (overlap->chose_a[n] ? p : 1 - p) - 0.5;
  }
  const linear_posterior users = {
      .crowd = overlap->crowd,
      .low = -1,
      .high = 1,
      .alpha = self->values[ALPHA].number,
      .beta = self->values[BETA].number,
      .c = posterior->casual,
      .d = d,
      .eta = eta,
      .clip = self->values[NEGATIVE].integer == ESTIMATOR_CLIP};
  return linear_posterior_fill(&users, host, posterior, error);
}

static heed_status keep_fit(const crowd_bt_fit *self, const double *x,
                            heed_posterior *posterior, heed_error *error) {
  const size_t users = self->overlap.users;
  heed_memory memory = {self->host, false};
  crowd_bt_fitted *state = heed_allocate(&memory, 1, sizeof *state);
  double *strength = heed_allocate_doubles(&memory, self->strengths);
  double *reliability = heed_allocate_doubles(&memory, users);
  double *differences = heed_allocate_doubles(&memory, self->overlap.pairs);
  if (memory.refused) return heed_no_memory(error);
  *state =
      (crowd_bt_fitted){.reliability = reliability, .difference = differences};
  memcpy(reliability, x, users * sizeof *x);
  memcpy(strength, x + users, self->strengths * sizeof *x);
  for (size_t i = 0; i < self->overlap.pairs; i++)
    differences[i] = difference(self, strength, i);
  posterior->strength = self->model_a != NULL ? strength : NULL;
  posterior->state = state;
  return HEED_OK;
}

static void report(const crowd_bt_fit *self, const heed_posterior *posterior) {
  const double strengths = (double)self->strengths;
  const double identified = posterior->identified;
  em_driver_report(self->host, posterior);
  self->host->output(self->host, OUT_STRENGTHS, &strengths, 1);
  self->host->output(self->host, OUT_IDENTIFIED, &identified, 1);
}

/* ---- coin tosses ---- */

static void differentiate_tosses(void *context, const double *s,
                                 crowd_strengths *sums) {
  const crowd_bt_fit *self = context;
  const crowd_overlap *overlap = &self->overlap;
  (void)s;
  for (size_t i = 0; i < overlap->pairs; i++) {
    const size_t a = (size_t)self->model_a[i], b = (size_t)self->model_b[i];
    const double all = choices_on(self, i);
    double for_a = 0;
    if (!(all > 0) || a == b) continue;
    for (size_t n = overlap->first[i]; n < overlap->first[i + 1]; n++)
      for_a += overlap->chose_a[n];
    strengths_add(sums, a, b, for_a - all / 2, all / 4);
  }
}

/* Users are distinguished by models that differ, or by agreement with others on
 * shared pairs. */
static heed_status judge(crowd_bt_fit *self, bool *identified,
                         heed_error *error) {
  if (self->model_a == NULL)
    return chance_judge(&self->overlap, self->host, identified, error);
  const strengths_problem tosses = {.context = self,
                                    .differentiate = differentiate_tosses};
  const double chance = strengths_chance(&self->regression, &tosses);
  crowd_chance agreement;
  *identified = chance < CHANCE_LEVEL;
  if (*identified) return HEED_OK;
  const heed_status status =
      chance_compute(&self->overlap, self->host, &agreement, error);
  if (status != HEED_OK) return status;
  *identified = chance_beaten(&agreement);
  if (!*identified)
    self->host->warn(
        self->host, "not_identified",
        "the annotations do not distinguish users: the models differ no more "
        "than under coin tosses (the probability of this under coin tosses is "
        "%.3f, expected less than %g)",
        chance, CHANCE_LEVEL);
  return HEED_OK;
}

static heed_status run(crowd_bt_fit *self, heed_posterior *posterior,
                       heed_error *error) {
  attention_em em = {.steps = &steps,
                     .state = self,
                     .host = self->host,
                     .count = self->overlap.users + self->strengths,
                     .starts = 1,
                     .tolerance = self->values[TOLERANCE].number,
                     .most_steps = (uint64_t)self->values[MOST_STEPS].integer};
  heed_status status = judge(self, &posterior->identified, error);
  if (status == HEED_OK) status = em_driver_open(&em, error);
  if (status == HEED_OK) status = em_driver_fit(&em, posterior, error);
  if (status != HEED_OK) return status;
  put_within(self, em.x);
  posterior->log_likelihood = expect(self, em.x);
  posterior->objective = posterior->log_likelihood + log_prior(self, em.x);
  status = fill(self, em.x, posterior, error);
  if (status == HEED_OK) status = keep_fit(self, em.x, posterior, error);
  if (status == HEED_OK) report(self, posterior);
  return status;
}

static heed_status estimate(void *values, const heed_host *host,
                            const heed_crowd *crowd, heed_posterior *posterior,
                            heed_error *error) {
  crowd_bt_fit self = {0};
  heed_status status = open_fit(&self, values, host, crowd, error);
  if (status == HEED_OK) status = run(&self, posterior, error);
  strengths_close(&self.regression);
  return status;
}

/* A tie carries no information; an unseen pair has none either, unless its
 * models have strengths. */
static heed_status predict(void *self, const heed_host *host,
                           const heed_posterior *posterior,
                           const heed_crowd *held_out, double *probability,
                           heed_error *error) {
  const crowd_bt_fitted *state = posterior->state;
  const heed_table *said = held_out->annotations;
  const int64_t *user = heed_table_data(said, "user", HEED_INT64);
  const int64_t *pair = heed_table_data(said, "pair", HEED_INT64);
  const int8_t *choice = heed_table_data(said, "choice", HEED_INT8);
  (void)self, (void)host, (void)error;
  for (size_t r = 0; r < said->rows; r++) {
    const double d = state->difference[pair[r]];
    const double g = overlap_sigmoid(choice[r] == HEED_CHOSE_A ? d : -d);
    const double a = state->reliability[user[r]];
    probability[r] =
        choice[r] == HEED_CHOSE_TIE ? 1 : a * g + (1 - a) * (1 - g);
  }
  return HEED_OK;
}

static const heed_estimator_functions functions = {
    .size = sizeof functions,
    .estimate = estimate,
    .predict = predict,
};

static const heed_plugin crowd_bt = {
    .size = sizeof crowd_bt,
    .abi = HEED_ABI,
    .kind = HEED_ESTIMATOR,
    .name = "crowd_bt",
    .version = "1.0",
    .summary = "the noisy Bradley-Terry model: reliability and strengths",
    .reference = "Chen, Bennett, Collins-Thompson, Horvitz 2013, WSDM, 193-202",
    .parameters = parameters,
    .parameter_count = PARAMETER_COUNT,
    .outputs = outputs,
    .output_count = sizeof outputs / sizeof *outputs,
    .functions = &functions,
    .functions_size = sizeof functions,
};

static const heed_plugin *const plugins[] = {&crowd_bt};
HEED_PLUGINS(plugins)
