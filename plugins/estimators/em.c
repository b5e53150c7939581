/* SPDX-License-Identifier: GPL-3.0-or-later
 * EM for attentiveness: the posterior of each user's eta, with
 * maximum-likelihood parameters of the prior (arXiv 2510.13830, section 4).
 *
 * E-step: posteriors on nodes.  M-step: the parameters theta of P_eta, those of
 * the user model phi, and, if it is estimated, mu under a Beta prior.  Works
 * with any distribution and any user model whose eta is one value: their
 * descriptors state the differences.
 *
 * This file opens a fit, runs it by the driver (support/attention/em_driver.h)
 * and fills the posterior; em/fit.h lists the other files. */
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "estimators/em/fit.h"
#include "heed/memory.h"
#include "support/attention/gap.h"
#include "support/attention/node_posterior.h"
#include "support/attention/parameters.h"

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
  PSEUDO_USERS,
  GOLD_ERROR,
  GOLD_WIDTH,
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
  OUT_MU_HIGH,
  OUT_GOLD_ANNOTATIONS,
  OUT_GOLD_NEEDED
};

static const char *const mu_words[] = {"known", "requested", "pair",
                                       "estimated", NULL};
static const char *const fit_words[] = {"fitted", "fixed", NULL};
static const char *const unit_words[] = {"user", "annotation", NULL};
static const char *const own_label_words[] = {"left_out", "included", NULL};

static const heed_parameter parameters[] = {
    [PRIOR] = ESTIMATOR_PRIOR("beta", "P_eta that the estimator assumes"),
    [MODEL] = ESTIMATOR_MODEL("user model that the estimator assumes"),
    [MU] = ESTIMATOR_MU(
        mu_words,
        "the gap: known (the pool's mean of p), requested (the source's "
        "setting), pair (p of each pair), estimated, or a number"),
    [MU_ALPHA] = ESTIMATOR_SHAPE(
        "mu_alpha",
        "first shape of the Beta(mu_alpha, mu_beta) prior of an estimated mu"),
    [MU_BETA] = ESTIMATOR_SHAPE("mu_beta", "second shape of that prior"),
    [P] = {.name = "p",
           .type = HEED_TEXT,
           .default_value = "p",
           .doc = "mu = pair: column of the pairs with P(A is better) as the "
                  "estimator assumes it; mu_topic of synthetic pairs is the "
                  "gap of their topic"},
    [FIT] = {.name = "fit",
             .type = HEED_ENUM,
             .default_value = "fitted",
             .choices = fit_words,
             .doc = "fitted: maximum-likelihood theta; fixed: the prior's "
                    "parameters from the sweep"},
    [UNIT] = {.name = "unit",
              .type = HEED_ENUM,
              .default_value = "user",
              .choices = unit_words,
              .doc = "unit of attentiveness: a user, or each annotation (the "
                     "probability that it was attended)"},
    [OWN_LABEL] = {.name = "own_label",
                   .type = HEED_ENUM,
                   .default_value = "left_out",
                   .choices = own_label_words,
                   .doc = "unit = annotation: whether the estimate uses only "
                          "the user's other annotations, or its own choice as "
                          "well, which favours labels that p expects"},
    [NODES] = ESTIMATOR_PRIOR_NODES("100"),
    [LEVELS] = ESTIMATOR_LEVELS,
    [STARTS] =
        ESTIMATOR_STARTS("5",
                         "number of starts, for a prior with moving atoms or "
                         "if eta may be below 0; the best fit is kept"),
    [TOLERANCE] = ESTIMATOR_TOLERANCE("1e-11"),
    [MOST_STEPS] =
        ESTIMATOR_MOST_STEPS("50000", "maximum number of EM steps per start"),
    [PSEUDO_USERS] = ESTIMATOR_PSEUDO_USERS,
    [GOLD_ERROR] = ESTIMATOR_GOLD_ERROR,
    [GOLD_WIDTH] = {.name = "gold_width",
                    .type = HEED_NUMBER,
                    .flags = HEED_OPEN_LOW | HEED_OPEN_HIGH,
                    .default_value = "0.1",
                    .low = 0,
                    .high = 1,
                    .doc = "width of mu's 95 % interval that gold_needed plans "
                           "for"},
};

static const heed_output outputs[] = {
    ESTIMATOR_EM_OUTPUTS("maximised objective: includes mu's log-prior and "
                         "the pseudo-users",
                         "number of EM steps, all starts",
                         "1: the best start converged"),
    [OUT_IDENTIFIED] = ESTIMATOR_IDENTIFIED,
    [OUT_BOUNDARY] = {.name = "boundary",
                      .doc = "1: the fit lies on the boundary of its domain"},
    [OUT_GROUPS] = ESTIMATOR_GROUPS,
    [OUT_MU] = {.name = "mu",
                .flags = HEED_MAY_BE_NAN,
                .doc = "the gap, used or estimated; NaN: one per pair"},
    [OUT_MU_LOW] =
        {.name = "mu_low",
         .flags = HEED_MAY_BE_NAN,
         .doc = "lower end of mu's 95 % profile interval, including its prior"},
    [OUT_MU_HIGH] = {.name = "mu_high",
                     .flags = HEED_MAY_BE_NAN,
                     .doc = "upper end of mu's 95 % profile interval"},
    [OUT_GOLD_ANNOTATIONS] = {.name = "gold_annotations",
                              .doc = "annotations of gold pairs"},
    [OUT_GOLD_NEEDED] =
        {.name = "gold_needed",
         .flags = HEED_MAY_BE_NAN,
         .doc = "further annotations of gold pairs that would narrow mu's 95 % "
                "interval to gold_width, by the expected information at the "
                "fit; NaN: no number would, the others are too few"},
};

/* ---- opening a fit ---- */

static heed_status choose_mu(em_fit *self, const heed_value *values,
                             const heed_world *world, heed_error *error) {
  const heed_value *mu = &values[MU];
  self->estimates_mu = mu->text != NULL && mu->integer == MU_ESTIMATED;
  self->mu_alpha = values[MU_ALPHA].number;
  self->mu_beta = values[MU_BETA].number;
  self->fixed_mu = 0.75; /* initial value of an estimated mu */
  return self->estimates_mu ? HEED_OK
                            : gap_of(mu, world, &self->fixed_mu, error);
}

/* p of the pairs from the chosen column, or one gap for all. */
static heed_status read_histories(const heed_value *values,
                                  const heed_host *host,
                                  const heed_crowd *crowd, double mu,
                                  attention_histories *result,
                                  heed_error *error) {
  const heed_instance *model = values[MODEL].instance;
  const bool other_p = isnan(mu) && strcmp(values[P].text, "p") != 0;
  const histories_terms terms = {.shared_p = other_p ? 0.5 : mu,
                                 .gold_error = values[GOLD_ERROR].number,
                                 .sets_p = other_p};
  const heed_status status =
      histories_open(host, crowd, model, &terms, result, error);
  if (!other_p) return status;
  return status == HEED_OK ? histories_read_p(result, values[P].text, error)
                           : status;
}

static heed_status check_dimension(const heed_domain *domain,
                                   const heed_value *values,
                                   heed_error *error) {
  const heed_instance *prior = values[PRIOR].instance;
  const heed_distribution_functions *distribution = prior->plugin->functions;
  if (domain->dimension == 1 && (distribution->dimension == NULL ||
                                 distribution->dimension(prior->self) == 1))
    return HEED_OK;
  return heed_fail(
      error, HEED_UNSUPPORTED,
      "this estimator needs an attentiveness of one value; %s or %s has more",
      values[MODEL].instance->plugin->name, prior->plugin->name);
}

static heed_status open_rooms(em_fit *self, heed_error *error) {
  const size_t nodes = self->prior.count;
  const size_t groups = self->histories.group_count;
  const size_t answers = self->histories.reduced
                             ? self->histories.classes.count
                             : self->histories.crowd->annotations->rows;
  heed_memory memory = {self->host, false};
  self->theta = heed_scratch_doubles(&memory, self->prior.theta_count);
  self->point = heed_scratch_doubles(&memory, nodes + self->phi.count + 1);
  self->trial = heed_scratch_doubles(&memory, groups * nodes);
  self->ends = heed_scratch_doubles(&memory, 2 * answers);
  self->atom_weight = heed_scratch_doubles(&memory, answers);
  return memory.refused ? heed_no_memory(error) : HEED_OK;
}

/* When the likelihood may have several peaks. */
static bool has_many_peaks(const em_fit *self) {
  const heed_distribution_functions *prior = self->prior.distribution;
  return self->fits_prior &&
         (prior->atoms_move ||
          (self->histories.domain.low < 0 && !prior->weights_free));
}

static heed_status open_driver(em_fit *self, const heed_value *values,
                               heed_error *error) {
  const heed_distribution_functions *prior = self->prior.distribution;
  self->free_scale = self->fits_prior && !prior->weights_free &&
                     !prior->atoms_move && prior->free_count != NULL;
  self->prior_count = self->free_scale
                          ? prior->free_count(self->prior.prior->self)
                          : self->prior.theta_count;
  self->em = (attention_em){
      .steps = &em_steps,
      .state = self,
      .status = &self->status,
      .host = self->host,
      .count = self->prior_count + self->phi.count + self->estimates_mu,
      .starts = has_many_peaks(self) ? (size_t)values[STARTS].integer : 1,
      .tolerance = values[TOLERANCE].number,
      .most_steps = (uint64_t)values[MOST_STEPS].integer};
  return em_driver_open(&self->em, error);
}

/* Annotations that are counted are not told apart. */
static heed_status check_unit(const heed_value *values, const heed_crowd *crowd,
                              heed_error *error) {
  if (values[UNIT].integer != UNIT_ANNOTATION ||
      heed_table_column(crowd->annotations, "count") == NULL)
    return HEED_OK;
  return heed_fail(
      error, HEED_UNSUPPORTED,
      "unit = \"annotation\" needs single annotations; this source "
      "gives counts of them");
}

static heed_status open_fit(em_fit *self, const heed_value *values,
                            const heed_host *host, const heed_crowd *crowd,
                            heed_error *error) {
  *self = (em_fit){.host = host,
                   .fits_prior = values[FIT].integer == FIT_FITTED,
                   .error = error};
  heed_status status = check_unit(values, crowd, error);
  if (status == HEED_OK) status = choose_mu(self, values, crowd->world, error);
  if (status == HEED_OK)
    status = read_histories(values, host, crowd, self->fixed_mu,
                            &self->histories, error);
  if (status == HEED_OK)
    status = check_dimension(&self->histories.domain, values, error);
  if (status == HEED_OK)
    status = phi_open(host, values[MODEL].instance, &self->phi, error);
  if (status == HEED_OK)
    status = node_prior_open(host, values[PRIOR].instance, self->fits_prior,
                             values[PSEUDO_USERS].number,
                             (size_t)values[NODES].integer,
                             self->histories.group_count, &self->prior, error);
  if (status == HEED_OK) status = open_rooms(self, error);
  return status == HEED_OK ? open_driver(self, values, error) : status;
}

/* ---- after the fit ---- */

static bool tells_mu(const em_mu_profile *mu) {
  return mu->low_of_data > EM_MU_LEAST && mu->high_of_data < EM_MU_MOST &&
         mu->high_of_data - mu->low_of_data < 0.2;
}

/* The maximum of the likelihood says that all users are alike. */
static bool is_point(const em_fit *self) {
  const heed_domain *domain = &self->histories.domain;
  const double *nodes = self->prior.nodes, *mass = self->prior.mass;
  double users = 0, mean = 0, variance = 0;
  for (size_t k = 0; k < self->prior.count; k++) {
    users += mass[k];
    mean += mass[k] * nodes[k];
  }
  mean /= users;
  for (size_t k = 0; k < self->prior.count; k++)
    variance += mass[k] * (nodes[k] - mean) * (nodes[k] - mean);
  return sqrt(variance / users) < 0.01 * (domain->high - domain->low);
}

/* Whether the fit has reached an end of theta's domain: one more step on the
 * free scale would leave the domain. */
static bool is_at_end(const em_fit *self) {
  enum { MOST = 8 };
  const heed_distribution_functions *prior = self->prior.distribution;
  const void *instance = self->prior.prior->self;
  double free[MOST], theta[MOST];
  if (!self->free_scale || self->prior_count > MOST ||
      self->prior.theta_count > MOST)
    return false;
  for (size_t i = 0; i < 2 * self->prior_count; i++) {
    bool moves = false;
    memcpy(free, self->em.x, self->prior_count * sizeof *free);
    free[i / 2] += i % 2 == 0 ? 1 : -1;
    prior->from_free(instance, free, theta);
    for (size_t t = 0; t < self->prior.theta_count; t++)
      moves = moves ||
              fabs(theta[t] - self->theta[t]) > 1e-6 * fabs(self->theta[t]);
    if (!moves) return true;
  }
  return false;
}

static bool on_boundary(const em_fit *self) {
  const heed_domain *domain = &self->histories.domain;
  const double *nodes = self->prior.nodes, *mass = self->prior.mass;
  double users = 0;
  if (!self->fits_prior) return false;
  if (self->prior.pseudo_users == 0 && (is_point(self) || is_at_end(self)))
    return true;
  if (!self->prior.distribution->atoms_move) return false;
  for (size_t k = 0; k < self->prior.count; k++) users += mass[k];
  for (size_t k = 0; k < self->prior.count; k++) {
    if (nodes[k] - domain->low < 1e-6 || domain->high - nodes[k] < 1e-6 ||
        mass[k] < 1e-6 * users)
      return true;
    if (k > 0 && nodes[k] - nodes[k - 1] < 1e-6) return true;
  }
  return false;
}

static heed_status keep_fit(em_fit *self, heed_posterior *posterior,
                            heed_error *error) {
  const size_t theta_count = self->prior.theta_count;
  double *x = self->em.x;
  heed_memory memory = {self->host, false};
  posterior->prior = self->prior.prior;
  posterior->theta = heed_allocate_doubles(&memory, theta_count);
  posterior->phi = heed_allocate_doubles(&memory, self->phi.count);
  if (memory.refused) return heed_no_memory(error);
  memcpy(posterior->theta, em_theta_of(self, x), theta_count * sizeof *x);
  memcpy(posterior->phi, x + self->prior_count, self->phi.count * sizeof *x);
  return HEED_OK;
}

static void report(const em_fit *self, const heed_posterior *posterior,
                   bool boundary, double gold_needed) {
  const heed_host *host = self->host;
  const double values[] = {posterior->identified,
                           boundary,
                           (double)self->histories.group_count,
                           posterior->mu,
                           posterior->mu_low,
                           posterior->mu_high,
                           (double)self->histories.gold_count,
                           gold_needed};
  em_driver_report(host, posterior);
  for (size_t i = 0; i < sizeof values / sizeof *values; i++)
    host->output(host, OUT_IDENTIFIED + i, &values[i], 1);
}

static void warn_of_mu(const em_fit *self, const em_mu_profile *mu,
                       double gold_width, double gold_needed) {
  char advice[128] = "";
  if (gold_needed > 0)
    (void)snprintf(advice, sizeof advice,
                   "; some %.0f more annotations of gold pairs would narrow "
                   "that to a width of %g",
                   gold_needed, gold_width);
  self->host->warn(self->host, "not_identified",
                   "any mu from %.2f to %.2f explains the data equally well%s",
                   mu->low_of_data, mu->high_of_data, advice);
}

/* Sets identified, and warns of the first reason why not. */
static heed_status identify(em_fit *self, const heed_value *values,
                            const em_mu_profile *mu, bool boundary,
                            double gold_needed, heed_posterior *posterior) {
  const heed_host *host = self->host;
  posterior->identified = false;
  if (boundary) {
    host->warn(host, "boundary",
               "the fitted prior lies on the boundary of its domain");
  } else if (self->estimates_mu && !tells_mu(mu)) {
    warn_of_mu(self, mu, values[GOLD_WIDTH].number, gold_needed);
  } else {
    attention_guesses guesses;
    const heed_status status =
        em_find_guesses(self, posterior, &guesses, self->error);
    if (status != HEED_OK) return status;
    posterior->identified = guesses.beaten;
    if (!guesses.beaten) guesses_warn(host, &guesses);
  }
  return HEED_OK;
}

/* The reason why no parameters were valid. */
static heed_status impossible(const em_fit *self, heed_error *error) {
  const heed_instance *prior = self->prior.prior;
  const heed_status status = histories_check_nodes(
      &self->histories, prior, self->prior.count, self->prior.nodes, error);
  return status != HEED_OK
             ? status
             : heed_fail(error, HEED_NUMERIC,
                         "the annotations are impossible under the prior %s "
                         "and the model %s",
                         prior->plugin->name, self->phi.model->plugin->name);
}

/* The E-step at the fit, and its diagnostics. */
static heed_status stand_at_fit(em_fit *self, heed_posterior *posterior,
                                heed_error *error) {
  posterior->objective = em_e_step(self, self->em.x);
  histories_spread_p(&self->histories);
  if (self->status != HEED_OK) return self->status;
  if (!(posterior->objective > -HUGE_VAL)) return impossible(self, error);
  posterior->log_likelihood = posterior->objective -
                              node_prior_log_prior(&self->prior) -
                              em_log_mu_prior(self, posterior->mu);
  return HEED_OK;
}

static heed_status fill(em_fit *self, const heed_value *values,
                        const em_mu_profile *mu, heed_posterior *posterior,
                        heed_error *error) {
  const node_posterior nodes = {
      .histories = &self->histories,
      .phi = em_phi_of(self, self->em.x),
      .node_count = self->prior.count,
      .nodes = self->prior.nodes,
      .log_weight = self->prior.log_weight,
      .log_likelihood = self->prior.log_likelihood,
      .discrete = self->prior.distribution->atoms_move,
      .levels = &values[LEVELS],
      .by_annotation = values[UNIT].integer == UNIT_ANNOTATION,
      .own_label = values[OWN_LABEL].integer == OWN_LABEL_INCLUDED};
  const heed_status status = keep_fit(self, posterior, error);
  return status == HEED_OK ? em_fill(self, &nodes, mu, posterior, error)
                           : status;
}

static heed_status finish(em_fit *self, const heed_value *values,
                          heed_posterior *posterior, heed_error *error) {
  em_mu_profile mu = {0};
  heed_status status = HEED_OK;
  posterior->mu = em_mu_of(self, self->em.x);
  if (self->estimates_mu) {
    status = em_profile_mu(self, posterior->objective, &mu);
    posterior->mu_low = mu.low;
    posterior->mu_high = mu.high;
  }
  if (status == HEED_OK) status = stand_at_fit(self, posterior, error);
  if (status != HEED_OK) return status;
  const bool boundary = on_boundary(self);
  double gold_needed = NAN;
  status = fill(self, values, &mu, posterior, error);
  if (status == HEED_OK)
    status = em_count_gold(self, posterior, values[GOLD_WIDTH].number,
                           &gold_needed, error);
  if (status == HEED_OK)
    status = identify(self, values, &mu, boundary, gold_needed, posterior);
  if (status == HEED_OK) report(self, posterior, boundary, gold_needed);
  return status;
}

static heed_status estimate(void *values, const heed_host *host,
                            const heed_crowd *crowd, heed_posterior *posterior,
                            heed_error *error) {
  em_fit self;
  heed_status status = open_fit(&self, values, host, crowd, error);
  if (status == HEED_OK) status = em_driver_fit(&self.em, posterior, error);
  return status == HEED_OK ? finish(&self, values, posterior, error) : status;
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

static heed_status accepts(const void *self, const heed_outline *outline,
                           heed_error *error) {
  const heed_value *values = self;
  const heed_instance *model = values[MODEL].instance;
  const heed_user_model_functions *functions = model->plugin->functions;
  heed_domain domain = {0};
  functions->domain(model->self, &domain);
  const heed_status status = check_dimension(&domain, values, error);
  return status == HEED_OK
             ? gap_accepts(&values[MU], values[P].text, outline, error)
             : status;
}

static const heed_estimator_functions functions = {
    .size = sizeof functions,
    .estimate = estimate,
    .predict = predict,
    .accepts = accepts,
};

static const heed_plugin em = {
    .size = sizeof em,
    .abi = HEED_ABI,
    .kind = HEED_ESTIMATOR,
    .name = "em",
    .version = "1.0",
    .summary = "EM for attentiveness under a known or estimated gap",
    .reference = "arXiv 2510.13830, section 4",
    .flags = HEED_READS_COUNTS,
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
