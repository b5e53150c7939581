/* SPDX-License-Identifier: GPL-3.0-or-later
 * Attentiveness of users and strengths of models, jointly, from a log in which
 * many models meet: p = sigmoid(s_a - s_b) (Bradley and Terry 1952), eta_j from
 * a prior with fitted parameters, by exact EM on
 *
 *   sum_j log sum_k w_k prod_i P(y_ij | eta_k, p_i(s)) - ridge sum_m s_m^2.
 *
 * Latent are the user's node and, for each annotation, whether the user
 * attended: with responsibilities r_jk and rho_ijk = eta_k g / P, the M-step of
 * s is a Bradley-Terry regression with weights sum_k r_jk rho_ijk.
 *
 * A user model with fitted parameters may have several optima: a casual user
 * who never ties and one who always does both explain who ties.  Then EM starts
 * from several places, and the best penalised likelihood is kept. */
#include <gsl/gsl_blas.h>
#include <gsl/gsl_linalg.h>
#include <math.h>
#include <string.h>

#include "estimators/em_bradley_terry/predictive.h"
#include "heed/distribution.h"
#include "heed/estimator.h"
#include "support/attention/em_driver.h"
#include "support/attention/histories.h"
#include "support/attention/node_posterior.h"
#include "support/attention/prior_fit.h"
#include "support/numeric/ascend.h"
#include "support/numeric/free_weights.h"

enum {
  PRIOR,
  MODEL,
  RIDGE,
  NODES,
  LEVELS,
  TOLERANCE,
  MOST_STEPS,
  STARTS,
  CHECKS,
  CHECK_DRAWS,
  PARAMETER_COUNT
};
enum {
  OUT_MODELS = EM_OUTPUT_COUNT,
  OUT_BEST_STARTS,
  OUT_SPREAD,
  OUT_OBSERVED,
  OUT_PREDICTED,
  OUT_LOW,
  OUT_HIGH,
  OUT_TAIL
};

static const heed_parameter level_item = {
    .name = "level",
    .type = HEED_NUMBER,
    .flags = HEED_OPEN_LOW | HEED_OPEN_HIGH,
    .low = 0,
    .high = 1};

static const heed_parameter check_item = {
    .name = "check", .type = HEED_ENUM, .choices = predictive_names};

static const heed_parameter parameters[] = {
    [PRIOR] = {.name = "prior",
               .type = HEED_PLUGIN,
               .standard = "grid",
               .kind = HEED_DISTRIBUTION,
               .doc = "P_eta, fitted; one with fixed nodes"},
    [MODEL] = {.name = "model",
               .type = HEED_PLUGIN,
               .standard = "attentive",
               .kind = HEED_USER_MODEL,
               .doc = "how users choose: a mixture of attending and not"},
    [RIDGE] = {.name = "ridge",
               .type = HEED_NUMBER,
               .flags = HEED_OPEN_LOW,
               .standard = "0.05",
               .low = 0,
               .high = 1e6,
               .doc = "penalty on the sum of squared strengths"},
    [NODES] = {.name = "nodes",
               .type = HEED_INTEGER,
               .standard = "41",
               .low = 2,
               .high = 10000,
               .doc = "nodes of a prior that has none of its own"},
    [LEVELS] = {.name = "levels",
                .type = HEED_LIST,
                .standard = "[0.05, 0.25, 0.5, 0.75, 0.95]",
                .low = 0,
                .high = 100,
                .item = &level_item,
                .doc = "quantiles of each posterior, ascending"},
    [TOLERANCE] = {.name = "tolerance",
                   .type = HEED_NUMBER,
                   .flags = HEED_OPEN_LOW,
                   .standard = "1e-10",
                   .low = 0,
                   .high = 1,
                   .doc = "relative gain of the objective below which it has "
                          "converged"},
    [MOST_STEPS] = {.name = "max_iterations",
                    .type = HEED_INTEGER,
                    .standard = "20000",
                    .low = 1,
                    .high = 1e9,
                    .doc = "EM steps of each start"},
    [STARTS] = {.name = "starts",
                .type = HEED_INTEGER,
                .standard = "5",
                .low = 1,
                .high = 1000,
                .doc = "where the user model has parameters to fit: places to "
                       "start from, of which the best fit is kept"},
    [CHECKS] = {.name = "checks",
                .type = HEED_LIST,
                .standard = "[]",
                .low = 0,
                .high = PREDICTIVE_COUNT,
                .item = &check_item,
                .doc = "posterior-predictive checks of the fit"},
    [CHECK_DRAWS] = {.name = "check_draws",
                     .type = HEED_INTEGER,
                     .standard = "200",
                     .low = 2,
                     .high = 1e6,
                     .doc = "simulations of the log for the checks"},
};

static const heed_dimension dimensions[] = {
    {.name = "check",
     .parameter = "checks",
     .doc = "what was held against the fit's predictions"},
};
static const char *const by_check[] = {"check", NULL};

static const heed_output outputs[] = {
    [EM_LOG_LIKELIHOOD] = {.name = "log_likelihood",
                           .unit = "nat",
                           .doc = "log-likelihood of the annotations"},
    [EM_OBJECTIVE] = {.name = "objective",
                      .unit = "nat",
                      .doc = "what was maximised: less ridge sum s^2"},
    [EM_ITERATIONS] = {.name = "iterations", .doc = "EM steps, all starts"},
    [EM_CONVERGED] = {.name = "converged", .doc = "1: the best start did"},
    [OUT_MODELS] = {.name = "models", .doc = "models with a strength"},
    [OUT_BEST_STARTS] = {.name = "best_starts",
                         .doc = "share of starts that ended within 0.01 nat "
                                "of the best objective"},
    [OUT_SPREAD] = {.name = "spread",
                    .unit = "nat",
                    .doc = "objective of the best start less that of the "
                           "worst"},
    [OUT_OBSERVED] = {.name = "check_observed",
                      .dimensions = by_check,
                      .flags = HEED_MAY_BE_NAN,
                      .doc = "the statistic of the annotations"},
    [OUT_PREDICTED] = {.name = "check_predicted",
                       .dimensions = by_check,
                       .flags = HEED_MAY_BE_NAN,
                       .doc = "its mean over annotations simulated from the "
                              "fit"},
    [OUT_LOW] = {.name = "check_low",
                 .dimensions = by_check,
                 .flags = HEED_MAY_BE_NAN,
                 .doc = "its 2.5 % quantile over them"},
    [OUT_HIGH] = {.name = "check_high",
                  .dimensions = by_check,
                  .flags = HEED_MAY_BE_NAN,
                  .doc = "its 97.5 % quantile over them"},
    [OUT_TAIL] = {.name = "check_tail",
                  .dimensions = by_check,
                  .flags = HEED_MAY_BE_NAN,
                  .doc = "P(simulated > observed), half of P(equal) with it: "
                         "near 0 or 1, the fit does not foretell it"},
};

typedef struct bradley_terry_fit {
  attention_em em;
  const heed_value *values;
  const heed_host *host;
  const heed_instance *prior, *model;
  const heed_distribution_functions *distribution;
  prior_fit *prior_fit;       /* or else */
  free_weights *free_weights; /* of a prior whose weights are free */
  attention_histories histories;
  heed_error *error;
  heed_status status;

  /* x: strengths, theta, phi. */
  size_t models, theta_count, phi_count;
  double *phi_low, *phi_high;
  const int32_t *model_a, *model_b; /* of pairs */
  size_t annotations;

  size_t node_count;
  double *nodes, *log_weight, *mass;
  double *log_likelihood, *responsibility, *trial; /* users x nodes */
  double *ends;      /* annotations x 2: P at eta = 0 and 1 */
  double *attended;  /* annotations: weight in the M-step of s */
  double *up, *down; /* annotations: log g a little up and down */
  double *strengths; /* models: a candidate */
  gsl_matrix *information;
  gsl_vector *gradient, *step;
} bradley_terry_fit;

/* What predict() needs. */
typedef struct bradley_terry_fitted {
  size_t models;
  double *strengths;
} bradley_terry_fitted;

static double *theta_of(const bradley_terry_fit *self, double *x) {
  return x + self->models;
}

static double *phi_of(const bradley_terry_fit *self, double *x) {
  return self->phi_count == 0 ? NULL : x + self->models + self->theta_count;
}

static double sigmoid(double d) {
  return d >= 0 ? 1 / (1 + exp(-d)) : exp(d) / (1 + exp(d));
}

static double penalty(const bradley_terry_fit *self, const double *s) {
  double sum = 0;
  for (size_t m = 0; m < self->models; m++) sum += s[m] * s[m];
  return self->values[RIDGE].number * sum;
}

/* p of every annotation, at strengths s and a shift of the difference. */
static void set_p(bradley_terry_fit *self, const double *s, double shift) {
  for (size_t i = 0; i < self->annotations; i++) {
    const size_t pair = self->histories.pair[i];
    self->histories.p[i] =
        sigmoid(s[self->model_a[pair]] - s[self->model_b[pair]] + shift);
  }
}

static void likelihood(bradley_terry_fit *self, double *x, double *target) {
  if (self->status == HEED_OK)
    self->status = histories_likelihood(&self->histories, self->host,
                                        phi_of(self, x), self->node_count,
                                        self->nodes, target, self->error);
}

static void weigh_nodes(bradley_terry_fit *self, const double *theta) {
  self->distribution->log_weights(self->prior->self, theta, self->node_count,
                                  self->nodes, self->log_weight);
}

/* Free weights are first moved to where they are best for the other
 * parameters, as in em. */
static double e_step(void *state, double *x) {
  bradley_terry_fit *self = state;
  const size_t nodes = self->node_count;
  double objective = -penalty(self, x), sum = 0;
  if (self->free_weights != NULL)
    self->distribution->theta(self->prior->self, theta_of(self, x));
  for (size_t i = 0; i < self->phi_count; i++)
    if (phi_of(self, x)[i] < self->phi_low[i] ||
        phi_of(self, x)[i] > self->phi_high[i])
      return -HUGE_VAL;
  weigh_nodes(self, theta_of(self, x));
  for (size_t k = 0; k < nodes; k++) sum += exp(self->log_weight[k]);
  if (!(fabs(sum - 1) < 1e-9)) return -HUGE_VAL;
  set_p(self, x, 0);
  likelihood(self, x, self->log_likelihood);
  if (self->free_weights != NULL) {
    (void)free_weights_solve(self->free_weights, NULL, self->log_likelihood,
                             FREE_WEIGHTS_TOLERANCE, theta_of(self, x));
    weigh_nodes(self, theta_of(self, x));
  }
  memset(self->mass, 0, nodes * sizeof *self->mass);
  for (size_t j = 0; j < self->histories.group_count; j++) {
    double *row = self->responsibility + j * nodes;
    objective += node_posterior_mass(nodes, self->log_weight,
                                     self->log_likelihood + j * nodes, row);
    for (size_t k = 0; k < nodes; k++) self->mass[k] += row[k];
  }
  return isnan(objective) ? -HUGE_VAL : objective;
}

/* ---- the M-step of the strengths ---- */

/* W_i = sum_k r_jk eta_k g_i / P_ik, and P at the ends. */
static void attend(bradley_terry_fit *self, double *x) {
  static const double both[2] = {0, 1};
  const heed_crowd *crowd = self->histories.crowd;
  const size_t nodes = self->node_count;
  histories_probability(&self->histories, phi_of(self, x), 0, self->annotations,
                        2, both, self->ends);
  for (size_t j = 0; j < crowd->users->rows; j++) {
    const double *r = self->responsibility + j * nodes;
    for (size_t i = crowd->first[j]; i < crowd->first[j + 1]; i++) {
      const double c = self->ends[2 * i], g = self->ends[2 * i + 1];
      double weight = 0;
      for (size_t k = 0; k < nodes; k++) {
        const double p = c + self->nodes[k] * (g - c);
        if (p > 0) weight += r[k] * self->nodes[k] * g / p;
      }
      self->attended[i] = weight;
    }
  }
}

/* log g of every annotation at strengths s, the difference shifted. */
static void log_attended(bradley_terry_fit *self, double *x, const double *s,
                         double shift, double *target) {
  static const double one = 1;
  set_p(self, s, shift);
  histories_probability(&self->histories, phi_of(self, x), 0, self->annotations,
                        1, &one, target);
  for (size_t i = 0; i < self->annotations; i++) target[i] = log(target[i]);
}

static double weighted(const bradley_terry_fit *self, const double *s,
                       const double *log_g) {
  double sum = -penalty(self, s);
  for (size_t i = 0; i < self->annotations; i++)
    if (self->attended[i] > 0) sum += self->attended[i] * log_g[i];
  return sum;
}

/* Gradient and information of the weighted regression; derivatives of log g
 * by the difference are taken numerically, for any model of ties. */
static void differentiate(bradley_terry_fit *self, double *x, const double *s,
                          const double *log_g) {
  const double h = 1e-4, ridge = 2 * self->values[RIDGE].number;
  log_attended(self, x, s, h, self->up);
  log_attended(self, x, s, -h, self->down);
  gsl_matrix_set_zero(self->information);
  for (size_t m = 0; m < self->models; m++) {
    gsl_vector_set(self->gradient, m, -ridge * s[m]);
    gsl_matrix_set(self->information, m, m, ridge);
  }
  for (size_t i = 0; i < self->annotations; i++) {
    const size_t pair = self->histories.pair[i];
    const size_t a = (size_t)self->model_a[pair];
    const size_t b = (size_t)self->model_b[pair];
    const double w = self->attended[i];
    const double first = w * (self->up[i] - self->down[i]) / (2 * h);
    const double second =
        fmax(-w * (self->up[i] - 2 * log_g[i] + self->down[i]) / (h * h), 0);
    if (!(w > 0) || a == b) continue;
    *gsl_vector_ptr(self->gradient, a) += first;
    *gsl_vector_ptr(self->gradient, b) -= first;
    *gsl_matrix_ptr(self->information, a, a) += second;
    *gsl_matrix_ptr(self->information, b, b) += second;
    *gsl_matrix_ptr(self->information, a, b) -= second;
    *gsl_matrix_ptr(self->information, b, a) -= second;
  }
}

/* Newton's method; the regression is concave for the models of this project,
 * and a step is halved until it gains for any other. */
static void regress(bradley_terry_fit *self, double *x) {
  enum { MOST_NEWTON = 25, MOST_HALVINGS = 30 };
  double *log_g = self->trial;
  log_attended(self, x, x, 0, log_g);
  double here = weighted(self, x, log_g);
  for (int steps = 0; steps < MOST_NEWTON; steps++) {
    double size = 1, promised = 0;
    bool better = false;
    differentiate(self, x, x, log_g);
    if (gsl_linalg_cholesky_decomp1(self->information) != 0) return;
    gsl_linalg_cholesky_solve(self->information, self->gradient, self->step);
    gsl_blas_ddot(self->gradient, self->step, &promised);
    if (!(promised > 1e-13 * (1 + fabs(here)))) return;
    for (int i = 0; i < MOST_HALVINGS && !better; i++) {
      for (size_t m = 0; m < self->models; m++)
        self->strengths[m] = x[m] + size * gsl_vector_get(self->step, m);
      log_attended(self, x, self->strengths, 0, log_g);
      const double there = weighted(self, self->strengths, log_g);
      better = there > here;
      if (better) here = there;
      size /= 2;
    }
    if (!better) return;
    memcpy(x, self->strengths, self->models * sizeof *x);
  }
}

/* ---- the M-step of phi ---- */

static double expected(void *context, double *x) {
  bradley_terry_fit *self = context;
  const size_t nodes = self->node_count;
  double sum = 0;
  set_p(self, x, 0);
  likelihood(self, x, self->log_likelihood);
  for (size_t j = 0; j < self->histories.group_count; j++)
    for (size_t k = 0; k < nodes; k++) {
      const double r = self->responsibility[j * nodes + k];
      if (r > 0) sum += r * self->log_likelihood[j * nodes + k];
    }
  return sum;
}

static void m_step(void *state, double *x) {
  bradley_terry_fit *self = state;
  if (self->prior_fit != NULL)
    self->status = prior_fit_improve(self->prior_fit, self->nodes, self->mass,
                                     theta_of(self, x), self->error);
  attend(self, x);
  regress(self, x);
  for (size_t i = 0; i < self->phi_count; i++)
    if (self->phi_low[i] < self->phi_high[i])
      ascend_coordinate(expected, self, x, self->models + self->theta_count + i,
                        self->phi_low[i], self->phi_high[i]);
}

/* ---- the fit ---- */

static heed_status no_memory(heed_error *error) {
  return heed_fail(error, HEED_MEMORY, "memory is out");
}

static heed_status find_models(bradley_terry_fit *self, const heed_crowd *crowd,
                               heed_error *error) {
  const heed_table *pairs = crowd->world->pairs;
  const int64_t *pair = heed_table_data(crowd->annotations, "pair", HEED_INT64);
  self->model_a = heed_table_data(pairs, "model_a", HEED_INT32);
  self->model_b = heed_table_data(pairs, "model_b", HEED_INT32);
  if (self->model_a == NULL || self->model_b == NULL ||
      crowd->world->models == NULL)
    return heed_fail(error, HEED_UNSUPPORTED,
                     "the source's pairs do not say which models gave their "
                     "responses (columns model_a and model_b)");
  self->models = crowd->world->models->rows;
  for (size_t i = 0; i < crowd->annotations->rows; i++)
    if (self->model_a[pair[i]] < 0 || self->model_b[pair[i]] < 0)
      return heed_fail(error, HEED_UNSUPPORTED,
                       "pair %lld does not say which models gave its "
                       "responses",
                       (long long)pair[i]);
  return HEED_OK;
}

static heed_status open_rooms(bradley_terry_fit *self, heed_error *error) {
  const heed_host *host = self->host;
  const size_t nodes = self->node_count, rows = self->annotations;
  const size_t cells = self->histories.group_count * nodes;
  const size_t phi = self->phi_count;
  size_t trial = cells > rows ? cells : rows;
  double **rooms[] = {
      &self->nodes,          &self->log_weight,     &self->mass,
      &self->log_likelihood, &self->responsibility, &self->trial,
      &self->ends,           &self->attended,       &self->up,
      &self->down,           &self->strengths,      &self->phi_low,
      &self->phi_high};
  const size_t counts[] = {nodes,        nodes,    nodes,  cells, cells,
                           trial,        2 * rows, rows,   rows,  rows,
                           self->models, phi + 1,  phi + 1};
  for (size_t i = 0; i < sizeof counts / sizeof *counts; i++) {
    *rooms[i] = host->scratch(host, counts[i], sizeof(double));
    if (*rooms[i] == NULL) return no_memory(error);
  }
  self->information = gsl_matrix_alloc(self->models, self->models);
  self->gradient = gsl_vector_alloc(self->models);
  self->step = gsl_vector_alloc(self->models);
  if (self->information == NULL || self->gradient == NULL || self->step == NULL)
    return no_memory(error);
  if (!self->distribution->weights_free)
    return prior_fit_open(host, self->prior, nodes, &self->prior_fit, error);
  self->free_weights =
      free_weights_open(host, self->histories.group_count, nodes);
  return self->free_weights != NULL ? HEED_OK : no_memory(error);
}

static heed_status open_fit(bradley_terry_fit *self, const heed_value *values,
                            const heed_host *host, const heed_crowd *crowd,
                            heed_error *error) {
  heed_status status;
  self->values = values;
  self->host = host;
  self->error = error;
  self->prior = values[PRIOR].instance;
  self->model = values[MODEL].instance;
  self->distribution = self->prior->plugin->functions;
  self->annotations = crowd->annotations->rows;
  if (self->distribution->atoms_move)
    return heed_fail(error, HEED_UNSUPPORTED,
                     "the prior %s moves its atoms; this estimator needs a "
                     "prior on fixed nodes",
                     self->prior->plugin->name);
  status = find_models(self, crowd, error);
  /* A shared p that is no number would mean p of pairs, which logs with many
   * models lack: start at 1/2, then own p a pair. */
  if (status == HEED_OK)
    status = histories_open(host, crowd, self->model, 0.5, false,
                            &self->histories, error);
  if (status != HEED_OK) return status;
  if (!self->histories.domain.mixture ||
      self->histories.domain.dimension != 1 || self->histories.domain.low < 0)
    return heed_fail(error, HEED_UNSUPPORTED,
                     "the user model %s is no mixture of attending and not, "
                     "which this estimator needs",
                     self->model->plugin->name);
  self->theta_count = self->distribution->theta_count(self->prior->self);
  self->phi_count = self->histories.domain.phi_count;
  self->node_count = self->distribution->node_count(
      self->prior->self, (size_t)values[NODES].integer);
  return open_rooms(self, error);
}

static void start_phi(const bradley_terry_fit *self, double *phi) {
  const heed_user_model_functions *functions = self->model->plugin->functions;
  if (self->phi_count > 0)
    functions->phi(self->model->self, phi, self->phi_low, self->phi_high);
}

/* Within its bounds; of what is positive, up to tenfold more or less than where
 * the model would start. */
static double random_phi(const bradley_terry_fit *self, size_t i,
                         double standard, heed_stream *stream) {
  double low = self->phi_low[i], high = self->phi_high[i];
  const double u = heed_uniform(stream);
  if (low < 0 || standard <= 0) return low + u * (high - low);
  low = fmax(low, standard / 10);
  high = fmin(high, standard * 10);
  return low * pow(high / low, u);
}

/* The first start knows no strengths, and has the user model's own parameters.
 * Others have random ones, and the strengths as if everyone attended. */
static heed_status start_at(void *state, size_t start, double *x,
                            heed_error *error) {
  bradley_terry_fit *self = state;
  double *phi = phi_of(self, x), mean = 0.5, variance = 0.08;
  (void)error;
  memset(x, 0, self->models * sizeof *x);
  start_phi(self, phi);
  if (start > 0) {
    heed_stream stream = self->host->stream(self->host, "start", start);
    mean = 0.2 + 0.6 * heed_uniform(&stream);
    variance = 0.01 + 0.1 * heed_uniform(&stream);
    for (size_t i = 0; i < self->phi_count; i++)
      phi[i] = random_phi(self, i, phi[i], &stream);
    for (size_t i = 0; i < self->annotations; i++) self->attended[i] = 1;
    regress(self, x);
  }
  self->distribution->start(self->prior->self, mean, variance,
                            theta_of(self, x));
  self->distribution->nodes(self->prior->self, theta_of(self, x),
                            self->node_count, self->nodes);
  return HEED_OK;
}

static const attention_em_steps steps = {
    .start = start_at, .e_step = e_step, .m_step = m_step};

/* x is where the user model's parameters may be put to see their bounds. */
static size_t count_starts(const bradley_terry_fit *self, double *x) {
  start_phi(self, phi_of(self, x));
  for (size_t i = 0; i < self->phi_count; i++)
    if (self->phi_low[i] < self->phi_high[i])
      return (size_t)self->values[STARTS].integer;
  return 1;
}

static heed_status keep_fit(const bradley_terry_fit *self, double *x,
                            heed_posterior *posterior, heed_error *error) {
  const heed_host *host = self->host;
  bradley_terry_fitted *state = host->allocate(host, 1, sizeof *state);
  posterior->prior = self->prior;
  posterior->theta = host->allocate(host, self->theta_count, sizeof(double));
  posterior->phi = host->allocate(host, self->phi_count, sizeof(double));
  if (state == NULL || posterior->theta == NULL || posterior->phi == NULL)
    return no_memory(error);
  state->models = self->models;
  state->strengths = host->allocate(host, self->models, sizeof(double));
  if (state->strengths == NULL) return no_memory(error);
  memcpy(state->strengths, x, self->models * sizeof *x);
  memcpy(posterior->theta, theta_of(self, x), self->theta_count * sizeof *x);
  if (self->phi_count > 0)
    memcpy(posterior->phi, phi_of(self, x), self->phi_count * sizeof *x);
  posterior->strength = state->strengths;
  posterior->state = state;
  return HEED_OK;
}

static heed_status check(const bradley_terry_fit *self, double *x,
                         const heed_posterior *posterior, heed_error *error) {
  const heed_host *host = self->host;
  const size_t count = self->values[CHECKS].count;
  attention_predictive all[PREDICTIVE_COUNT];
  double values[5][PREDICTIVE_COUNT];
  if (count == 0) return HEED_OK;
  const heed_status status = predictive_simulate(
      host, &self->histories, phi_of(self, x), posterior,
      (size_t)self->values[CHECK_DRAWS].integer, all, error);
  if (status != HEED_OK) return status;
  for (size_t i = 0; i < count; i++) {
    const attention_predictive *predictive =
        &all[self->values[CHECKS].items[i].integer];
    values[0][i] = predictive->observed;
    values[1][i] = predictive->mean;
    values[2][i] = predictive->low;
    values[3][i] = predictive->high;
    values[4][i] = predictive->tail;
  }
  for (size_t i = 0; i < 5; i++)
    host->output(host, OUT_OBSERVED + i, values[i], count);
  return HEED_OK;
}

static void report(const bradley_terry_fit *self,
                   const heed_posterior *posterior) {
  const double values[] = {(double)self->models, self->em.best_starts,
                           self->em.spread};
  em_driver_report(self->host, posterior);
  for (size_t i = 0; i < sizeof values / sizeof *values; i++)
    self->host->output(self->host, OUT_MODELS + i, &values[i], 1);
}

static heed_status finish(bradley_terry_fit *self, double *x,
                          heed_posterior *posterior, heed_error *error) {
  const heed_value *levels = &self->values[LEVELS];
  double *level_values =
      self->host->scratch(self->host, levels->count, sizeof *level_values);
  heed_status status;
  if (level_values == NULL) return no_memory(error);
  for (size_t i = 0; i < levels->count; i++)
    level_values[i] = levels->items[i].number;
  posterior->objective = e_step(self, x);
  if (self->status != HEED_OK) return self->status;
  posterior->log_likelihood = posterior->objective + penalty(self, x);
  posterior->identified = true;
  const node_posterior nodes = {.histories = &self->histories,
                                .phi = phi_of(self, x),
                                .node_count = self->node_count,
                                .nodes = self->nodes,
                                .log_weight = self->log_weight,
                                .log_likelihood = self->log_likelihood,
                                .level_count = levels->count,
                                .levels = level_values};
  status = keep_fit(self, x, posterior, error);
  if (status == HEED_OK)
    status = node_posterior_fill(&nodes, self->host, posterior, error);
  if (status == HEED_OK) status = check(self, x, posterior, error);
  if (status == HEED_OK) report(self, posterior);
  return status;
}

static heed_status run(bradley_terry_fit *self, heed_posterior *posterior,
                       heed_error *error) {
  self->em = (attention_em){
      .steps = &steps,
      .state = self,
      .status = &self->status,
      .host = self->host,
      .count = self->models + self->theta_count + self->phi_count,
      .tolerance = self->values[TOLERANCE].number,
      .most_steps = (uint64_t)self->values[MOST_STEPS].integer};
  heed_status status = em_driver_open(&self->em, error);
  if (status != HEED_OK) return status;
  self->em.starts = count_starts(self, self->em.x);
  status = em_driver_fit(&self->em, posterior, error);
  return status == HEED_OK ? finish(self, self->em.x, posterior, error)
                           : status;
}

static heed_status estimate(void *values, const heed_host *host,
                            const heed_crowd *crowd, heed_posterior *posterior,
                            heed_error *error) {
  bradley_terry_fit self = {0};
  heed_status status = open_fit(&self, values, host, crowd, error);
  if (status == HEED_OK) status = run(&self, posterior, error);
  if (self.information != NULL) gsl_matrix_free(self.information);
  if (self.gradient != NULL) gsl_vector_free(self.gradient);
  if (self.step != NULL) gsl_vector_free(self.step);
  return status;
}

static heed_status predict(void *self, const heed_host *host,
                           const heed_posterior *posterior,
                           const heed_crowd *held_out, double *probability,
                           heed_error *error) {
  const heed_value *values = self;
  const bradley_terry_fitted *state = posterior->state;
  const heed_table *pairs = held_out->world->pairs;
  const int32_t *a = heed_table_data(pairs, "model_a", HEED_INT32);
  const int32_t *b = heed_table_data(pairs, "model_b", HEED_INT32);
  const int64_t *pair =
      heed_table_data(held_out->annotations, "pair", HEED_INT64);
  const size_t rows = held_out->annotations->rows;
  double *p = host->scratch(host, rows, sizeof *p);
  if (p == NULL) return no_memory(error);
  for (size_t i = 0; i < rows; i++)
    p[i] = sigmoid(state->strengths[a[pair[i]]] - state->strengths[b[pair[i]]]);
  return node_posterior_predict(host, posterior, values[MODEL].instance,
                                held_out, p, probability, error);
}

static heed_status create(const heed_host *host, const heed_value *values,
                          void **self, heed_error *error) {
  (void)host;
  *self = (void *)(uintptr_t)values;
  return node_posterior_levels(&values[LEVELS], error);
}

static const heed_estimator_functions functions = {
    .size = sizeof functions,
    .estimate = estimate,
    .predict = predict,
};

static const heed_plugin em_bradley_terry = {
    .size = sizeof em_bradley_terry,
    .abi = HEED_ABI,
    .kind = HEED_ESTIMATOR,
    .name = "em_bradley_terry",
    .version = "1.0",
    .summary = "EM for attentiveness and the strengths of many models",
    .reference = "Bradley and Terry 1952, Biometrika 39, 324-345",
    .parameters = parameters,
    .parameter_count = PARAMETER_COUNT,
    .dimensions = dimensions,
    .dimension_count = sizeof dimensions / sizeof *dimensions,
    .outputs = outputs,
    .output_count = sizeof outputs / sizeof *outputs,
    .create = create,
    .functions = &functions,
    .functions_size = sizeof functions,
};

static const heed_plugin *const plugins[] = {&em_bradley_terry};
HEED_PLUGINS(plugins)
