/* SPDX-License-Identifier: GPL-3.0-or-later
 * EM for attentiveness: the posterior of each user's eta, with the prior's
 * parameters by maximum likelihood (arXiv 2510.13830, section 4).
 *
 * E-step: posteriors on nodes.  M-step: the parameters theta of P_eta, those of
 * the user model phi, and mu under a Beta prior when it is estimated.  Any
 * distribution and any user model with an eta of one value: what differs
 * between them stands in their descriptors. */
#include <math.h>
#include <string.h>

#include "estimators/em/fit.h"
#include "support/attention/gap.h"
#include "support/attention/node_posterior.h"
#include "support/numeric/ascend.h"

enum {
  PRIOR,
  MODEL,
  MU,
  MU_ALPHA,
  MU_BETA,
  P,
  FIT,
  UNIT,
  OWN_LABEL,
  NODES,
  LEVELS,
  STARTS,
  TOLERANCE,
  MOST_STEPS,
  PARAMETER_COUNT
};
enum { MU_ESTIMATED = GAP_PAIR + 1 }; /* after the words of gap_words */
enum { FIT_FITTED, FIT_FIXED };
enum { UNIT_USER, UNIT_ANNOTATION };
enum { OWN_LABEL_LEFT_OUT, OWN_LABEL_INCLUDED };
enum {
  OUT_IDENTIFIED = EM_OUTPUT_COUNT,
  OUT_BOUNDARY,
  OUT_GROUPS,
  OUT_MU,
  OUT_MU_LOW,
  OUT_MU_HIGH
};

static const char *const mu_words[] = {"known", "requested", "pair",
                                       "estimated", NULL};
static const char *const fit_words[] = {"fitted", "fixed", NULL};
static const char *const unit_words[] = {"user", "annotation", NULL};
static const char *const own_label_words[] = {"left_out", "included", NULL};
static const heed_parameter level_item = {
    .name = "level",
    .type = HEED_NUMBER,
    .flags = HEED_OPEN_LOW | HEED_OPEN_HIGH,
    .low = 0,
    .high = 1};

static const heed_parameter parameters[] = {
    [PRIOR] = {.name = "prior",
               .type = HEED_PLUGIN,
               .standard = "beta",
               .kind = HEED_DISTRIBUTION,
               .doc = "P_eta as the estimator believes it"},
    [MODEL] = {.name = "model",
               .type = HEED_PLUGIN,
               .standard = "attentive",
               .kind = HEED_USER_MODEL,
               .doc = "how the estimator believes that users choose"},
    [MU] = {.name = "mu",
            .type = HEED_ENUM_OR_NUMBER,
            .flags = HEED_OPEN_LOW | HEED_OPEN_HIGH,
            .standard = "known",
            .low = 0,
            .high = 1,
            .choices = mu_words,
            .doc = "the gap: known (the pool's mean of p), requested (what "
                   "the source was asked for), pair (p of each pair), "
                   "estimated, or a number"},
    [MU_ALPHA] = {.name = "mu_alpha",
                  .type = HEED_NUMBER,
                  .standard = "1",
                  .low = 1,
                  .high = 1e6,
                  .doc = "estimated mu: its prior is Beta(mu_alpha, mu_beta)"},
    [MU_BETA] = {.name = "mu_beta",
                 .type = HEED_NUMBER,
                 .standard = "1",
                 .low = 1,
                 .high = 1e6,
                 .doc = "second shape of that prior"},
    [P] = {.name = "p",
           .type = HEED_TEXT,
           .standard = "p",
           .doc = "mu = pair: the column of the pairs that is believed to be "
                  "P(A is better); mu_topic of synthetic pairs is the gap of "
                  "their topic"},
    [FIT] = {.name = "fit",
             .type = HEED_ENUM,
             .standard = "fitted",
             .choices = fit_words,
             .doc = "fitted: theta by maximum likelihood; fixed: the prior's "
                    "parameters as the sweep gives them"},
    [UNIT] = {.name = "unit",
              .type = HEED_ENUM,
              .standard = "user",
              .choices = unit_words,
              .doc = "whose attentiveness: a user's, or of each annotation how "
                     "probably it was attended"},
    [OWN_LABEL] = {.name = "own_label",
                   .type = HEED_ENUM,
                   .standard = "left_out",
                   .choices = own_label_words,
                   .doc = "unit = annotation: told by the user's other "
                          "annotations alone, or by its own choice as well, "
                          "which prefers labels that p expects"},
    [NODES] = {.name = "nodes",
               .type = HEED_INTEGER,
               .standard = "100",
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
    [STARTS] = {.name = "starts",
                .type = HEED_INTEGER,
                .standard = "5",
                .low = 1,
                .high = 1000,
                .doc = "starts of a prior whose atoms move, or of any where "
                       "eta may be below 0; the best fit counts"},
    [TOLERANCE] = {.name = "tolerance",
                   .type = HEED_NUMBER,
                   .flags = HEED_OPEN_LOW,
                   .standard = "1e-11",
                   .low = 0,
                   .high = 1,
                   .doc = "relative gain of the objective below which it has "
                          "converged"},
    [MOST_STEPS] = {.name = "max_iterations",
                    .type = HEED_INTEGER,
                    .standard = "50000",
                    .low = 1,
                    .high = 1e9,
                    .doc = "EM steps of one start"},
};

static const heed_output outputs[] = {
    [EM_LOG_LIKELIHOOD] = {.name = "log_likelihood",
                           .unit = "nat",
                           .doc = "log-likelihood of the annotations"},
    [EM_OBJECTIVE] = {.name = "objective",
                      .unit = "nat",
                      .doc = "what was maximised: with mu's log-prior"},
    [EM_ITERATIONS] = {.name = "iterations", .doc = "EM steps, all starts"},
    [EM_CONVERGED] = {.name = "converged", .doc = "1: the best start did"},
    [OUT_IDENTIFIED] =
        {.name = "identified",
         .doc = "0: the data alone do not tell the parameters apart"},
    [OUT_BOUNDARY] = {.name = "boundary",
                      .doc = "1: the fit lies on the edge of its domain"},
    [OUT_GROUPS] = {.name = "groups",
                    .doc = "users with distinct sufficient statistics"},
    [OUT_MU] = {.name = "mu",
                .flags = HEED_MAY_BE_NAN,
                .doc = "the gap used or estimated; NaN: one a pair"},
    [OUT_MU_LOW] = {.name = "mu_low",
                    .flags = HEED_MAY_BE_NAN,
                    .doc = "lower end of mu's 95 % profile interval, its prior "
                           "with it"},
    [OUT_MU_HIGH] = {.name = "mu_high",
                     .flags = HEED_MAY_BE_NAN,
                     .doc = "upper end of mu's 95 % profile interval"},
};

/* Where mu is looked for; at 1/2 choices say nothing. */
static const double mu_least = 0.01, mu_most = 0.99;

/* theta of x, on its own scale. */
static const double *theta_of(const em_fit *self, const double *x) {
  if (!self->free_scale) return x;
  self->distribution->from_free(self->prior->self, x, self->theta);
  return self->theta;
}

/* log Beta(mu; a, b) but for a constant. */
static double log_prior(const em_fit *self, double mu) {
  if (!self->estimates_mu || self->ignores_prior) return 0;
  return (self->values[MU_ALPHA].number - 1) * log(mu) +
         (self->values[MU_BETA].number - 1) * log1p(-mu);
}

/* ---- E-step ---- */

static bool in_domain(const em_fit *self, const double *x) {
  const heed_domain *domain = &self->histories.domain;
  double sum = 0;
  for (size_t i = 0; i < self->phi_count; i++)
    if (x[self->prior_count + i] < self->phi_low[i] ||
        x[self->prior_count + i] > self->phi_high[i])
      return false;
  if (self->estimates_mu &&
      !(mu_of(self, x) >= mu_least && mu_of(self, x) <= mu_most))
    return false;
  for (size_t k = 0; k < self->node_count; k++) {
    if (!(self->nodes[k] >= domain->low && self->nodes[k] <= domain->high))
      return false;
    /* An extrapolation may carry atoms past each other. */
    if (k > 0 && self->nodes[k] < self->nodes[k - 1]) return false;
    if (isnan(self->log_weight[k])) return false;
    sum += exp(self->log_weight[k]);
  }
  return fabs(sum - 1) < 1e-9;
}

/* The likelihood depends on nodes, phi and mu; most steps change none. */
static void update_likelihood(em_fit *self, double *x) {
  const size_t nodes = self->node_count, bytes = nodes * sizeof(double);
  double *phi_at = self->point + nodes;
  const double mu = mu_of(self, x);
  const bool same =
      self->have_likelihood && memcmp(self->point, self->nodes, bytes) == 0 &&
      (self->phi_count == 0 || memcmp(phi_at, phi_of(self, x),
                                      self->phi_count * sizeof(double)) == 0) &&
      (!self->estimates_mu || phi_at[self->phi_count] == mu);
  if (same) return;
  memcpy(self->point, self->nodes, bytes);
  if (self->phi_count > 0)
    memcpy(phi_at, phi_of(self, x), self->phi_count * sizeof(double));
  phi_at[self->phi_count] = mu;
  if (self->estimates_mu) histories_set_p(&self->histories, mu);
  self->have_likelihood = true;
  if (self->status == HEED_OK)
    self->status = histories_likelihood(&self->histories, self->host,
                                        phi_of(self, x), nodes, self->nodes,
                                        self->log_likelihood, self->error);
}

static void weigh_nodes(em_fit *self, const double *theta) {
  self->distribution->log_weights(self->prior->self, theta, self->node_count,
                                  self->nodes, self->log_weight);
}

/* Responsibilities and expected users at nodes; returns the objective.  Weights
 * that are free are first moved to where they are best for the other
 * parameters (ECME: Liu and Rubin 1994, Biometrika 81, 633-648). */
static double e_step(void *state, double *x) {
  em_fit *self = state;
  const size_t nodes = self->node_count;
  double objective = log_prior(self, mu_of(self, x));
  const double *theta;
  if (self->free_weights != NULL)
    self->distribution->theta(self->prior->self, x);
  theta = theta_of(self, x);
  self->distribution->nodes(self->prior->self, theta, nodes, self->nodes);
  weigh_nodes(self, theta);
  if (!in_domain(self, x)) return -HUGE_VAL;
  update_likelihood(self, x);
  if (self->free_weights != NULL) {
    (void)free_weights_solve(self->free_weights, self->histories.users,
                             self->log_likelihood, FREE_WEIGHTS_TOLERANCE, x);
    weigh_nodes(self, x);
  }
  memset(self->mass, 0, nodes * sizeof *self->mass);
  for (size_t g = 0; g < self->histories.group_count; g++) {
    double *row = self->responsibility + g * nodes;
    const double users = self->histories.users[g];
    objective +=
        users * node_posterior_mass(nodes, self->log_weight,
                                    self->log_likelihood + g * nodes, row);
    for (size_t k = 0; k < nodes; k++) self->mass[k] += users * row[k];
  }
  return isnan(objective) ? -HUGE_VAL : objective;
}

/* ---- M-step: phi and mu ---- */

/* Expected log-likelihood, and mu's log-prior, at other phi or mu. */
static double expected(void *context, double *x) {
  em_fit *self = context;
  const size_t nodes = self->node_count;
  double sum = log_prior(self, mu_of(self, x));
  if (self->estimates_mu) histories_set_p(&self->histories, mu_of(self, x));
  if (self->status == HEED_OK)
    self->status =
        histories_likelihood(&self->histories, self->host, phi_of(self, x),
                             nodes, self->nodes, self->trial, self->error);
  self->have_likelihood = false;
  for (size_t g = 0; g < self->histories.group_count; g++)
    for (size_t k = 0; k < nodes; k++) {
      const double r = self->responsibility[g * nodes + k];
      if (r > 0)
        sum += self->histories.users[g] * r * self->trial[g * nodes + k];
    }
  return sum;
}

static void improve_prior(em_fit *self, double *x) {
  double *theta = self->free_scale ? self->theta : x;
  self->status = prior_fit_improve(self->prior_fit, self->nodes, self->mass,
                                   theta, self->error);
  if (self->free_scale)
    self->distribution->to_free(self->prior->self, theta, x);
}

static void m_step(void *state, double *x) {
  em_fit *self = state;
  if (self->prior_fit != NULL) {
    if (self->distribution->atoms_move) em_move_atoms(self, x);
    improve_prior(self, x);
  }
  for (size_t i = 0; i < self->phi_count; i++)
    if (self->phi_low[i] < self->phi_high[i])
      ascend_coordinate(expected, self, x, self->prior_count + i,
                        self->phi_low[i], self->phi_high[i]);
  if (self->estimates_mu)
    ascend_coordinate(expected, self, x, self->em.count - 1, mu_least, mu_most);
}

static const attention_em_steps steps = {
    .start = em_start_at, .e_step = e_step, .m_step = m_step};

/* ---- the fit ---- */

static heed_status no_memory(heed_error *error) {
  return heed_fail(error, HEED_MEMORY, "memory is out");
}

static heed_status choose_mu(em_fit *self, const heed_world *world,
                             heed_error *error) {
  const heed_value *mu = &self->values[MU];
  self->estimates_mu = mu->text != NULL && mu->integer == MU_ESTIMATED;
  self->fixed_mu = 0.75; /* where an estimated one starts */
  return self->estimates_mu ? HEED_OK
                            : gap_of(mu, world, &self->fixed_mu, error);
}

static heed_status open_rooms(em_fit *self, heed_error *error) {
  const heed_host *host = self->host;
  const size_t nodes = self->node_count;
  const size_t groups = self->histories.group_count;
  const size_t answers = self->histories.reduced
                             ? self->histories.domain.class_count
                             : self->histories.crowd->annotations->rows;
  self->nodes = host->scratch(host, nodes, sizeof(double));
  self->theta = host->scratch(host, self->theta_count, sizeof(double));
  self->log_weight = host->scratch(host, nodes, sizeof(double));
  self->mass = host->scratch(host, nodes, sizeof(double));
  self->point =
      host->scratch(host, nodes + self->phi_count + 1, sizeof(double));
  self->log_likelihood = host->scratch(host, groups * nodes, sizeof(double));
  self->responsibility = host->scratch(host, groups * nodes, sizeof(double));
  self->trial = host->scratch(host, groups * nodes, sizeof(double));
  self->ends = host->scratch(host, 2 * answers, sizeof(double));
  self->atom_weight = host->scratch(host, answers, sizeof(double));
  self->phi_low = host->scratch(host, self->phi_count + 1, sizeof(double));
  self->phi_high = host->scratch(host, self->phi_count + 1, sizeof(double));
  if (self->nodes == NULL || self->theta == NULL || self->log_weight == NULL ||
      self->mass == NULL || self->point == NULL ||
      self->log_likelihood == NULL || self->responsibility == NULL ||
      self->trial == NULL || self->ends == NULL || self->atom_weight == NULL ||
      self->phi_low == NULL || self->phi_high == NULL)
    return no_memory(error);
  if (!self->fits_prior) return HEED_OK;
  if (!self->distribution->weights_free)
    return prior_fit_open(host, self->prior, nodes, &self->prior_fit, error);
  self->free_weights = free_weights_open(host, groups, nodes);
  return self->free_weights != NULL ? HEED_OK : no_memory(error);
}

/* p of the pairs from the column that is believed, or one gap for all. */
static heed_status read_histories(const heed_value *values,
                                  const heed_host *host,
                                  const heed_crowd *crowd, double mu,
                                  attention_histories *result,
                                  heed_error *error) {
  const heed_instance *model = values[MODEL].instance;
  heed_status status;
  if (!isnan(mu) || strcmp(values[P].text, "p") == 0)
    return histories_make(host, crowd, model, mu, result, error);
  status = histories_open(host, crowd, model, 0.5, false, result, error);
  return status == HEED_OK ? histories_read_p(result, values[P].text, error)
                           : status;
}

/* Where the likelihood may have several peaks. */
static size_t count_starts(const em_fit *self) {
  const heed_distribution_functions *prior = self->distribution;
  const bool many_peaks =
      prior->atoms_move ||
      (self->histories.domain.low < 0 && !prior->weights_free);
  return self->fits_prior && many_peaks ? (size_t)self->values[STARTS].integer
                                        : 1;
}

static heed_status open_fit(em_fit *self, const heed_value *values,
                            const heed_host *host, const heed_crowd *crowd,
                            heed_error *error) {
  heed_status status;
  memset(self, 0, sizeof *self);
  self->values = values;
  self->host = host;
  self->prior = values[PRIOR].instance;
  self->model = values[MODEL].instance;
  self->distribution = self->prior->plugin->functions;
  self->fits_prior = values[FIT].integer == FIT_FITTED;
  self->error = error;
  status = choose_mu(self, crowd->world, error);
  if (status == HEED_OK)
    status = read_histories(values, host, crowd, self->fixed_mu,
                            &self->histories, error);
  if (status != HEED_OK) return status;
  if (self->histories.domain.dimension != 1 ||
      (self->distribution->dimension != NULL &&
       self->distribution->dimension(self->prior->self) != 1))
    return heed_fail(error, HEED_UNSUPPORTED,
                     "this estimator reads an attentiveness of one value; "
                     "%s or %s has more",
                     self->model->plugin->name, self->prior->plugin->name);
  self->theta_count = self->distribution->theta_count(self->prior->self);
  self->free_scale = self->fits_prior && !self->distribution->weights_free &&
                     !self->distribution->atoms_move &&
                     self->distribution->free_count != NULL;
  self->prior_count = self->free_scale
                          ? self->distribution->free_count(self->prior->self)
                          : self->theta_count;
  self->phi_count = self->histories.domain.phi_count;
  self->node_count = self->distribution->node_count(
      self->prior->self, (size_t)values[NODES].integer);
  status = open_rooms(self, error);
  if (status != HEED_OK) return status;
  self->em = (attention_em){
      .steps = &steps,
      .state = self,
      .status = &self->status,
      .host = host,
      .count = self->prior_count + self->phi_count + self->estimates_mu,
      .starts = count_starts(self),
      .tolerance = values[TOLERANCE].number,
      .most_steps = (uint64_t)values[MOST_STEPS].integer};
  return em_driver_open(&self->em, error);
}

/* ---- the profile of mu ---- */

/* Whether the profile at mu is at least `enough`; from x, which it moves. */
static bool profile_reaches(em_fit *self, double mu, double enough, double *x) {
  const double without_prior = enough - log_prior(self, mu);
  squarem_result result;
  self->estimates_mu = false;
  self->em.count--;
  self->fixed_mu = mu;
  histories_set_p(&self->histories, mu);
  self->have_likelihood = false;
  result = em_driver_climb(&self->em, NULL, &without_prior, x);
  self->estimates_mu = true;
  self->em.count++;
  return result.objective >= without_prior;
}

/* The end of the interval between the estimate and a limit; the limit where
 * the profile does not fall by 1.92 (half the 95 % quantile of chi^2 with one
 * degree of freedom) on the way. */
static double profile_end(em_fit *self, const double *x, double limit,
                          double top) {
  const size_t bytes = self->em.count * sizeof *x;
  const double enough = top - 1.920729410347062;
  double inside = mu_of(self, x), outside = limit;
  memcpy(self->em.trial, x, bytes);
  if (profile_reaches(self, limit, enough, self->em.trial)) return limit;
  for (int i = 0; i < 12; i++) {
    const double middle = (inside + outside) / 2;
    memcpy(self->em.trial, x, bytes);
    if (profile_reaches(self, middle, enough, self->em.trial))
      inside = middle;
    else
      outside = middle;
  }
  return (inside + outside) / 2;
}

/* The range of mu that explains the data as well as the best, from what the
 * profile is with the prior: a prior that is not flat has its say taken away,
 * so that its answer does not pass for one of the data. */
static void range_of_data(em_fit *self, const double *x, double *low,
                          double *high) {
  const bool flat =
      self->values[MU_ALPHA].number == 1 && self->values[MU_BETA].number == 1;
  double *best, top;
  if (flat) return;
  best = self->host->scratch(self->host, self->em.count, sizeof *best);
  if (best == NULL) {
    self->status = no_memory(self->error);
    return;
  }
  self->ignores_prior = true;
  memcpy(best, x, self->em.count * sizeof *best);
  top = em_driver_climb(&self->em, NULL, NULL, best).objective;
  *low = profile_end(self, best, mu_least, top);
  *high = profile_end(self, best, mu_most, top);
  self->ignores_prior = false;
}

static bool tells_mu(double low, double high) {
  return low > mu_least && high < mu_most && high - low < 0.2;
}

static bool on_boundary(const em_fit *self) {
  const heed_domain *domain = &self->histories.domain;
  double users = 0;
  if (!self->fits_prior || !self->distribution->atoms_move) return false;
  for (size_t k = 0; k < self->node_count; k++) users += self->mass[k];
  for (size_t k = 0; k < self->node_count; k++) {
    if (self->nodes[k] - domain->low < 1e-6 ||
        domain->high - self->nodes[k] < 1e-6 || self->mass[k] < 1e-6 * users)
      return true;
    if (k > 0 && self->nodes[k] - self->nodes[k - 1] < 1e-6) return true;
  }
  return false;
}

static heed_status keep_fit(em_fit *self, const double *x,
                            heed_posterior *posterior, heed_error *error) {
  const heed_host *host = self->host;
  posterior->prior = self->prior;
  posterior->theta =
      host->allocate(host, self->theta_count, sizeof *posterior->theta);
  posterior->phi =
      host->allocate(host, self->phi_count, sizeof *posterior->phi);
  if (posterior->theta == NULL || posterior->phi == NULL)
    return no_memory(error);
  memcpy(posterior->theta, theta_of(self, x), self->theta_count * sizeof *x);
  memcpy(posterior->phi, x + self->prior_count, self->phi_count * sizeof *x);
  return HEED_OK;
}

static void report(const em_fit *self, const heed_posterior *posterior,
                   bool boundary, double low, double high) {
  const double values[] = {
      posterior->identified,
      boundary,
      (double)self->histories.group_count,
      posterior->mu,
      posterior->mu_low,
      posterior->mu_high,
  };
  em_driver_report(self->host, posterior);
  for (size_t i = 0; i < sizeof values / sizeof *values; i++)
    self->host->output(self->host, OUT_IDENTIFIED + i, &values[i], 1);
  if (boundary)
    self->host->warn(self->host, "boundary",
                     "the fitted prior lies on the edge of its domain");
  else if (!posterior->identified)
    self->host->warn(self->host, "not_identified",
                     "any mu from %.2f to %.2f explains the data as well", low,
                     high);
}

/* Why no parameters were valid. */
static heed_status impossible(const em_fit *self, heed_error *error) {
  const heed_domain *domain = &self->histories.domain;
  const char *prior = self->prior->plugin->name;
  const char *model = self->model->plugin->name;
  for (size_t k = 0; k < self->node_count; k++)
    if (!(self->nodes[k] >= domain->low && self->nodes[k] <= domain->high))
      return heed_fail(error, HEED_UNSUPPORTED,
                       "the prior %s allows an attentiveness of %.4g, outside "
                       "the %g to %g of the model %s",
                       prior, self->nodes[k], domain->low, domain->high, model);
  return heed_fail(error, HEED_NUMERIC,
                   "the annotations are impossible under the prior %s and the "
                   "model %s",
                   prior, model);
}

static heed_status finish(em_fit *self, heed_posterior *posterior,
                          heed_error *error) {
  double *x = self->em.x;
  const heed_value *levels = &self->values[LEVELS];
  double *level_values =
      self->host->scratch(self->host, levels->count, sizeof *level_values);
  double low = mu_least, high = mu_most;
  bool boundary;
  heed_status status;
  if (level_values == NULL) return no_memory(error);
  posterior->mu = mu_of(self, x);
  posterior->identified = true;
  if (self->estimates_mu) {
    posterior->mu_low = profile_end(self, x, mu_least, posterior->objective);
    posterior->mu_high = profile_end(self, x, mu_most, posterior->objective);
    low = posterior->mu_low;
    high = posterior->mu_high;
    range_of_data(self, x, &low, &high);
    posterior->identified = tells_mu(low, high);
  }
  posterior->objective = e_step(self, x);
  histories_spread_p(&self->histories);
  if (self->status != HEED_OK) return self->status;
  if (!(posterior->objective > -HUGE_VAL)) return impossible(self, error);
  posterior->log_likelihood =
      posterior->objective - log_prior(self, mu_of(self, x));
  boundary = on_boundary(self);
  posterior->identified = posterior->identified && !boundary;
  for (size_t i = 0; i < levels->count; i++)
    level_values[i] = levels->items[i].number;
  const node_posterior nodes = {
      .histories = &self->histories,
      .phi = phi_of(self, x),
      .node_count = self->node_count,
      .nodes = self->nodes,
      .log_weight = self->log_weight,
      .log_likelihood = self->log_likelihood,
      .discrete = self->distribution->atoms_move,
      .level_count = levels->count,
      .levels = level_values,
      .by_annotation = self->values[UNIT].integer == UNIT_ANNOTATION,
      .own_label = self->values[OWN_LABEL].integer == OWN_LABEL_INCLUDED};
  status = keep_fit(self, x, posterior, error);
  if (status == HEED_OK)
    status = node_posterior_fill(&nodes, self->host, posterior, error);
  if (status == HEED_OK) report(self, posterior, boundary, low, high);
  return status;
}

static heed_status estimate(void *values, const heed_host *host,
                            const heed_crowd *crowd, heed_posterior *posterior,
                            heed_error *error) {
  em_fit self;
  heed_status status = open_fit(&self, values, host, crowd, error);
  if (status == HEED_OK) status = em_driver_fit(&self.em, posterior, error);
  return status == HEED_OK ? finish(&self, posterior, error) : status;
}

static heed_status predict(void *self, const heed_host *host,
                           const heed_posterior *posterior,
                           const heed_crowd *held_out, double *probability,
                           heed_error *error) {
  const heed_value *values = self;
  attention_histories histories;
  heed_status status =
      read_histories(values, host, held_out, posterior->mu, &histories, error);
  if (status != HEED_OK) return status;
  return node_posterior_predict(host, posterior, values[MODEL].instance,
                                held_out, histories.p, probability, error);
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

static const heed_plugin em = {
    .size = sizeof em,
    .abi = HEED_ABI,
    .kind = HEED_ESTIMATOR,
    .name = "em",
    .version = "1.0",
    .summary = "EM for attentiveness under a known or estimated gap",
    .reference = "arXiv 2510.13830, section 4",
    .parameters = parameters,
    .parameter_count = PARAMETER_COUNT,
    .outputs = outputs,
    .output_count = sizeof outputs / sizeof *outputs,
    .create = create,
    .functions = &functions,
    .functions_size = sizeof functions,
};

static const heed_plugin *const plugins[] = {&em};
HEED_PLUGINS(plugins)
