/* SPDX-License-Identifier: GPL-3.0-or-later
 * Joint estimation of users' attentiveness and models' strengths, from a log
 * with many models: p = sigmoid(s_a - s_b) (Bradley and Terry 1952), eta_j from
 * a prior with fitted parameters.  Exact EM maximises
 *
 *   sum_j log sum_k w_k prod_i P(y_ij | eta_k, p_i(s)) - ridge sum_m s_m^2.
 *
 * The user's node and, for each annotation, whether the user attended are
 * latent: with responsibilities r_jk and rho_ijk = eta_k g / P, the M-step of s
 * is a Bradley-Terry regression with weights sum_k r_jk rho_ijk.  A gold pair
 * has its known p instead: it says who attends, not which model is better.
 *
 * The pseudo-users of node_prior.h are part of the objective.  Posteriors of
 * users are a sum over fits that explain the annotations about as well
 * (em_bradley_terry/spread.h); predictions are those of the best fit.
 *
 * A user model with fitted parameters may have several optima: casual users who
 * never tie and casual users who always do both explain who ties.  EM then runs
 * from several starts and keeps the best penalised likelihood. */
#include <math.h>
#include <string.h>

#include "estimators/em_bradley_terry/fit.h"
#include "estimators/em_bradley_terry/predictive.h"
#include "estimators/em_bradley_terry/spread.h"
#include "heed/memory.h"
#include "support/attention/coin_tosses.h"
#include "support/attention/guesses.h"
#include "support/attention/node_posterior.h"
#include "support/attention/parameters.h"
#include "support/crowd/pair_name.h"

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
  PSEUDO_USERS,
  GOLD_ERROR,
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
  OUT_TAIL,
  OUT_IDENTIFIED,
  OUT_COIN_RATIO,
  OUT_LEVEL_ERROR
};

static const heed_parameter check_item = {
    .name = "check", .type = HEED_ENUM, .choices = predictive_names};

static const heed_parameter parameters[] = {
    [PRIOR] = ESTIMATOR_PRIOR("grid",
                              "P_eta, fitted; a distribution with fixed nodes"),
    [MODEL] =
        ESTIMATOR_MODEL("user model: a mixture of attending and not attending"),
    [RIDGE] = ESTIMATOR_RIDGE,
    [NODES] = ESTIMATOR_PRIOR_NODES("41"),
    [LEVELS] = ESTIMATOR_LEVELS,
    [TOLERANCE] = ESTIMATOR_TOLERANCE("1e-10"),
    [MOST_STEPS] =
        ESTIMATOR_MOST_STEPS("20000", "maximum number of EM steps per start"),
    [STARTS] = ESTIMATOR_STARTS("5",
                                "number of starts if the user model has fitted "
                                "parameters; the best fit is kept"),
    [CHECKS] = {.name = "checks",
                .type = HEED_LIST,
                .default_value = "[]",
                .low = 0,
                .high = PREDICTIVE_COUNT,
                .item = &check_item,
                .doc = "posterior-predictive checks of the fit"},
    [CHECK_DRAWS] = {.name = "check_draws",
                     .type = HEED_INTEGER,
                     .default_value = "200",
                     .low = 2,
                     .high = 1e6,
                     .doc = "number of simulated logs for the checks"},
    [PSEUDO_USERS] = ESTIMATOR_PSEUDO_USERS,
    [GOLD_ERROR] = ESTIMATOR_GOLD_ERROR,
};

static const heed_dimension dimensions[] = {
    {.name = "check",
     .parameter = "checks",
     .doc = "statistic that is compared with the fit's predictions"},
};
static const char *const by_check[] = {"check", NULL};

static const heed_output outputs[] = {
    ESTIMATOR_EM_OUTPUTS("maximised objective: includes - ridge sum s^2 "
                         "and the pseudo-users",
                         "number of EM steps, all starts",
                         "1: the best start converged"),
    [OUT_MODELS] = {.name = "models",
                    .doc = "number of models with a strength"},
    [OUT_BEST_STARTS] = {.name = "best_starts",
                         .doc = "share of starts that ended within 0.01 nat "
                                "of the best objective"},
    [OUT_SPREAD] = {.name = "spread",
                    .unit = "nat",
                    .doc =
                        "objective of the best start minus that of the worst"},
    [OUT_OBSERVED] = {.name = "check_observed",
                      .dimensions = by_check,
                      .flags = HEED_MAY_BE_NAN,
                      .doc = "the statistic in the annotations"},
    [OUT_PREDICTED] = {.name = "check_predicted",
                       .dimensions = by_check,
                       .flags = HEED_MAY_BE_NAN,
                       .doc = "its mean over logs simulated from the fit"},
    [OUT_LOW] = {.name = "check_low",
                 .dimensions = by_check,
                 .flags = HEED_MAY_BE_NAN,
                 .doc = "its 2.5 % quantile over those logs"},
    [OUT_HIGH] = {.name = "check_high",
                  .dimensions = by_check,
                  .flags = HEED_MAY_BE_NAN,
                  .doc = "its 97.5 % quantile over those logs"},
    [OUT_TAIL] = {.name = "check_tail",
                  .dimensions = by_check,
                  .flags = HEED_MAY_BE_NAN,
                  .doc = "P(simulated > observed) + P(equal) / 2: near 0 or 1, "
                         "the fit does not predict the log"},
    [OUT_IDENTIFIED] = ESTIMATOR_IDENTIFIED,
    [OUT_COIN_RATIO] = {.name = "coin_ratio",
                        .unit = "nat",
                        .doc = "log-likelihood of the fit minus that of "
                               "coin tosses"},
    [OUT_LEVEL_ERROR] = {.name = "level_error",
                         .doc = "standard error of the users' mean eta, "
                                "because the scale of the strengths is "
                                "uncertain; 0 with pseudo_users = 0"},
};

/* State for predict(). */
typedef struct bradley_terry_fitted {
  double *strengths;     /* (M) */
  heed_posterior at_fit; /* of users, at these strengths */
} bradley_terry_fitted;

/* ---- opening a fit ---- */

static heed_status check_domain(const heed_instance *model,
                                const heed_domain *domain, heed_error *error) {
  if (domain->mixture && domain->dimension == 1 && domain->low >= 0)
    return HEED_OK;
  return heed_fail(error, HEED_UNSUPPORTED,
                   "this estimator needs a user model that is a mixture of an "
                   "attentive and a casual user; %s is not",
                   model->plugin->name);
}

static heed_status check_prior(const heed_instance *prior, heed_error *error) {
  const heed_distribution_functions *distribution = prior->plugin->functions;
  if (!distribution->atoms_move) return HEED_OK;
  return heed_fail(
      error, HEED_UNSUPPORTED,
      "the prior %s has moving atoms; this estimator needs a prior "
      "on fixed nodes",
      prior->plugin->name);
}

static heed_status no_models(heed_error *error) {
  return heed_fail(error, HEED_UNSUPPORTED,
                   "the source's pairs do not record which models gave their "
                   "responses (columns model_a and model_b)");
}

static heed_status no_models_of(const heed_world *world, size_t pair,
                                heed_error *error) {
  char place[PAIR_NAME_SIZE];
  pair_name(world, pair, place);
  return heed_fail(error, HEED_UNSUPPORTED,
                   "%s does not record which models gave its responses", place);
}

static heed_status find_models(bradley_terry_fit *self, const heed_crowd *crowd,
                               heed_error *error) {
  const heed_table *pairs = crowd->world->pairs;
  const int64_t *pair = heed_table_data(crowd->annotations, "pair", HEED_INT64);
  self->model_a = heed_table_data(pairs, "model_a", HEED_INT32);
  self->model_b = heed_table_data(pairs, "model_b", HEED_INT32);
  if (self->model_a == NULL || self->model_b == NULL ||
      crowd->world->models == NULL)
    return no_models(error);
  self->models = crowd->world->models->rows;
  for (size_t i = 0; i < crowd->annotations->rows; i++)
    if (self->model_a[pair[i]] < 0 || self->model_b[pair[i]] < 0)
      return no_models_of(crowd->world, (size_t)pair[i], error);
  return HEED_OK;
}

/* A NaN as the shared p would mean p of pairs, which logs with many models
 * lack: start at 1/2, then set p per pair. */
static histories_terms terms_of(const heed_value *values) {
  return (histories_terms){.shared_p = 0.5,
                           .gold_error = values[GOLD_ERROR].number,
                           .sets_p = true,
                           .counts = true};
}

static heed_status read_histories(bradley_terry_fit *self,
                                  const heed_value *values,
                                  const heed_crowd *crowd, heed_error *error) {
  const heed_instance *model = values[MODEL].instance;
  const histories_terms terms = terms_of(values);
  const heed_status status =
      histories_open(self->host, crowd, model, &terms, &self->histories, error);
  return status == HEED_OK ? check_domain(model, &self->histories.domain, error)
                           : status;
}

static heed_status open_rooms(bradley_terry_fit *self, heed_error *error) {
  const size_t kinds = self->kinds.count, nodes = self->prior.count;
  heed_memory memory = {self->host, false};
  if (phi_fits(&self->phi) && self->kinds.mass == NULL)
    self->trial =
        heed_scratch_doubles(&memory, self->histories.group_count * nodes);
  self->weight_parts =
      self->kinds.mass == NULL ? 1 : self->kinds.mixture.mass_parts;
  self->weights =
      heed_scratch_doubles(&memory, self->weight_parts * (kinds + 1));
  self->attended = heed_scratch_doubles(&memory, kinds);
  self->log_g = heed_scratch_doubles(&memory, kinds);
  self->up = heed_scratch_doubles(&memory, kinds);
  self->down = heed_scratch_doubles(&memory, kinds);
  return memory.refused ? heed_no_memory(error) : HEED_OK;
}

/* Free weights follow from the strengths.  Maximum likelihood alone ends at
 * bounds, where secants say nothing. */
static size_t leading_of(const bradley_terry_fit *self) {
  if (phi_fits(&self->phi) || !(self->prior.pseudo_users > 0)) return 0;
  return self->models + (self->prior.fit == NULL ? 0 : self->prior.theta_count);
}

static heed_status open_driver(bradley_terry_fit *self,
                               const heed_value *values, heed_error *error) {
  self->em = (attention_em){
      .steps = &bradley_terry_steps,
      .state = self,
      .status = &self->status,
      .host = self->host,
      .count = self->models + self->prior.theta_count + self->phi.count,
      .starts = phi_fits(&self->phi) ? (size_t)values[STARTS].integer : 1,
      .leading = leading_of(self),
      .tolerance = values[TOLERANCE].number,
      .most_steps = (uint64_t)values[MOST_STEPS].integer};
  return em_driver_open(&self->em, error);
}

static heed_status open_fit(bradley_terry_fit *self, const heed_value *values,
                            const heed_crowd *crowd, heed_error *error) {
  const heed_instance *prior = values[PRIOR].instance;
  heed_status status = check_prior(prior, error);
  if (status == HEED_OK) status = find_models(self, crowd, error);
  if (status == HEED_OK) status = read_histories(self, values, crowd, error);
  if (status == HEED_OK)
    status = phi_open(self->host, values[MODEL].instance, &self->phi, error);
  if (status == HEED_OK)
    status =
        node_prior_open(self->host, prior, true, values[PSEUDO_USERS].number,
                        (size_t)values[NODES].integer,
                        self->histories.group_count, &self->prior, error);
  if (status == HEED_OK)
    status = kinds_open(self->host, &self->histories, self->model_a,
                        self->model_b, self->prior.count, &self->kinds, error);
  if (status == HEED_OK) status = open_rooms(self, error);
  if (status == HEED_OK)
    status = strengths_open(self->host, self->models, self->kinds.count,
                            values[RIDGE].number, &self->strengths, error);
  return status == HEED_OK ? open_driver(self, values, error) : status;
}

/* ---- after the fit ---- */

static double *copied(heed_memory *memory, const double *values, size_t count) {
  double *copy = heed_allocate_doubles(memory, count);
  if (copy != NULL && count > 0) memcpy(copy, values, count * sizeof *copy);
  return copy;
}

static heed_status keep_fit(const bradley_terry_fit *self,
                            heed_posterior *posterior, heed_error *error) {
  const double *x = self->em.x, *theta = x + self->models;
  heed_memory memory = {self->host, false};
  bradley_terry_fitted *state = heed_allocate(&memory, 1, sizeof *state);
  double *strengths = copied(&memory, x, self->models);
  posterior->prior = self->prior.prior;
  posterior->theta = copied(&memory, theta, self->prior.theta_count);
  posterior->phi =
      copied(&memory, theta + self->prior.theta_count, self->phi.count);
  if (memory.refused) return heed_no_memory(error);
  *state = (bradley_terry_fitted){.strengths = strengths};
  posterior->strength = strengths;
  posterior->state = state;
  return HEED_OK;
}

static heed_status check(const bradley_terry_fit *self,
                         const heed_value *values,
                         const heed_posterior *posterior, heed_error *error) {
  const heed_host *host = self->host;
  const size_t count = values[CHECKS].count;
  attention_predictive all[PREDICTIVE_COUNT];
  double found[5][PREDICTIVE_COUNT];
  if (count == 0) return HEED_OK;
  const heed_status status = predictive_simulate(
      host, &self->histories, bradley_terry_phi_of(self, self->em.x), posterior,
      (size_t)values[CHECK_DRAWS].integer, all, error);
  if (status != HEED_OK) return status;
  for (size_t i = 0; i < count; i++) {
    const attention_predictive *predictive =
        &all[values[CHECKS].items[i].integer];
    found[0][i] = predictive->observed;
    found[1][i] = predictive->mean;
    found[2][i] = predictive->low;
    found[3][i] = predictive->high;
    found[4][i] = predictive->tail;
  }
  for (size_t i = 0; i < 5; i++)
    host->output(host, OUT_OBSERVED + i, found[i], count);
  return HEED_OK;
}

/* After the E-step at x. */
static node_posterior posterior_at(const bradley_terry_fit *self, double *x,
                                   const heed_value *values) {
  return (node_posterior){.histories = &self->histories,
                          .phi = bradley_terry_phi_of(self, x),
                          .node_count = self->prior.count,
                          .nodes = self->prior.nodes,
                          .log_weight = self->prior.log_weight,
                          .log_likelihood = self->prior.log_likelihood,
                          .kind = self->kinds.of,
                          .ends = self->kinds.mixture.ends,
                          .kinds = self->kinds.count,
                          .levels = &values[LEVELS]};
}

/* The sum over draws of the fit. */
static heed_status mix(bradley_terry_fit *self, const heed_value *values,
                       const bradley_terry_spread *spread,
                       heed_posterior *posterior, heed_error *error) {
  const attention_node_prior *prior = &self->prior;
  heed_memory memory = {self->host, false};
  double *y = heed_scratch_doubles(&memory, self->em.count), unused = 0;
  double *weight =
      heed_scratch_doubles(&memory, self->histories.group_count * prior->count);
  node_mixture mixture;
  if (memory.refused) return heed_no_memory(error);
  node_posterior draw = posterior_at(self, y, values);
  draw.log_weight = weight;
  draw.own_weights = true;
  heed_status status =
      node_mixture_open(&draw, self->host, posterior, &mixture, error);
  for (size_t i = 0; status == HEED_OK && i < spread->count; i++) {
    spread_draw(self, self->em.x, spread, i, y);
    kinds_spread_p(&self->kinds);
    status = self->status;
    if (status == HEED_OK)
      status = node_prior_predictive(&self->prior, &self->histories, self->host,
                                     bradley_terry_theta_of(self, y), weight,
                                     &unused, error);
    if (status == HEED_OK)
      status = node_mixture_add(&mixture, spread->weight[i], &draw, self->host,
                                error);
  }
  if (status != HEED_OK) return status;
  (void)bradley_terry_steps.e_step(self, self->em.x);
  kinds_spread_p(&self->kinds);
  const node_posterior shown = posterior_at(self, self->em.x, values);
  return node_mixture_close(&mixture, &shown, self->host, error);
}

/* At the fit, for predictions; then with its uncertainty. */
static heed_status fill(bradley_terry_fit *self, const heed_value *values,
                        bradley_terry_spread *spread, heed_posterior *posterior,
                        heed_error *error) {
  const node_posterior at_fit = posterior_at(self, self->em.x, values);
  bradley_terry_fitted *state = posterior->state;
  heed_status status;
  state->at_fit = *posterior;
  if (!(self->prior.pseudo_users > 0)) {
    status = node_posterior_fill(&at_fit, self->host, posterior, error);
    state->at_fit = *posterior;
    return status;
  }
  status = node_posterior_fill_mass(&at_fit, self->host, &state->at_fit, error);
  if (status == HEED_OK) status = spread_find(self, self->em.x, spread, error);
  return status == HEED_OK ? mix(self, values, spread, posterior, error)
                           : status;
}

/* Whether the annotations distinguish users: the fit must beat coin tosses, and
 * its standard errors must be below those of a guess. */
static void identify(bradley_terry_fit *self, const heed_value *values,
                     const bradley_terry_spread *spread,
                     heed_posterior *posterior) {
  const heed_host *host = self->host;
  const size_t extra = self->models - 1 + self->phi.count;
  const double level = spread_of_level(spread);
  const coin_tosses coins = coin_tosses_compare(
      posterior->log_likelihood,
      bradley_terry_coin_tosses(self, self->em.x, self->em.trial),
      fmax((double)extra, 1));
  const attention_guesses guesses =
      guesses_compare(posterior, &self->histories.domain);
  const double found[] = {0, coins.ratio, level};
  posterior->identified =
      coins.beaten && (!(values[PSEUDO_USERS].number > 0) ||
                       (guesses.beaten && level < GUESSES_LEVEL));
  for (size_t i = 0; i < sizeof found / sizeof *found; i++) {
    const double value = i == 0 ? posterior->identified : found[i];
    host->output(host, OUT_IDENTIFIED + i, &value, 1);
  }
  if (posterior->identified) return;
  if (!coins.beaten)
    coin_tosses_warn(host, &coins);
  else if (level < GUESSES_LEVEL)
    guesses_warn(host, &guesses);
  else
    host->warn(host, "not_identified",
               "the annotations do not separate attentiveness from the "
               "strengths of the models: the mean eta-hat of %.2f has a "
               "standard error of %.2f",
               guesses.mean, level);
}

static void report(const bradley_terry_fit *self,
                   const heed_posterior *posterior) {
  const double values[] = {(double)self->models, self->em.best_starts,
                           self->em.spread};
  em_driver_report(self->host, posterior);
  for (size_t i = 0; i < sizeof values / sizeof *values; i++)
    self->host->output(self->host, OUT_MODELS + i, &values[i], 1);
}

static heed_status finish(bradley_terry_fit *self, const heed_value *values,
                          heed_posterior *posterior, heed_error *error) {
  double *x = self->em.x;
  bradley_terry_spread spread = {0};
  posterior->objective = bradley_terry_steps.e_step(self, x);
  kinds_spread_p(&self->kinds);
  if (self->status != HEED_OK) return self->status;
  posterior->log_likelihood =
      posterior->objective - node_prior_log_prior(&self->prior) +
      strengths_penalty(self->strengths.ridge, self->models, x);
  heed_status status = keep_fit(self, posterior, error);
  if (status == HEED_OK) status = fill(self, values, &spread, posterior, error);
  if (status != HEED_OK) return status;
  identify(self, values, &spread, posterior);
  const bradley_terry_fitted *state = posterior->state;
  status = check(self, values, &state->at_fit, error);
  if (status == HEED_OK) report(self, posterior);
  return status;
}

static heed_status estimate(void *values, const heed_host *host,
                            const heed_crowd *crowd, heed_posterior *posterior,
                            heed_error *error) {
  bradley_terry_fit self = {.host = host, .error = error};
  heed_status status = open_fit(&self, values, crowd, error);
  if (status == HEED_OK) status = em_driver_fit(&self.em, posterior, error);
  if (status == HEED_OK) status = finish(&self, values, posterior, error);
  strengths_close(&self.strengths);
  return status;
}

static heed_status predict(void *self, const heed_host *host,
                           const heed_posterior *posterior,
                           const heed_crowd *held_out, double *probability,
                           heed_error *error) {
  const heed_value *values = self;
  const heed_instance *model = values[MODEL].instance;
  const bradley_terry_fitted *state = posterior->state;
  const heed_table *pairs = held_out->world->pairs;
  const int32_t *a = heed_table_data(pairs, "model_a", HEED_INT32);
  const int32_t *b = heed_table_data(pairs, "model_b", HEED_INT32);
  const int64_t *pair =
      heed_table_data(held_out->annotations, "pair", HEED_INT64);
  const size_t rows = held_out->annotations->rows;
  const histories_terms terms = terms_of(values);
  attention_histories histories;
  const heed_status status =
      histories_open(host, held_out, model, &terms, &histories, error);
  if (status != HEED_OK) return status;
  for (size_t i = 0; i < rows; i++)
    if (isnan(histories_gold(&histories, i)))
      histories.p[i] = bradley_terry_chance(state->strengths[a[pair[i]]] -
                                            state->strengths[b[pair[i]]]);
  return node_posterior_predict(host, &state->at_fit, model, held_out,
                                histories.p, probability, error);
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
  heed_status status = check_prior(values[PRIOR].instance, error);
  functions->domain(model->self, &domain);
  if (status == HEED_OK) status = check_domain(model, &domain, error);
  return status == HEED_OK && outline->models == HEED_NO ? no_models(error)
                                                         : status;
}

static const heed_estimator_functions functions = {
    .size = sizeof functions,
    .estimate = estimate,
    .predict = predict,
    .accepts = accepts,
};

static const heed_plugin em_bradley_terry = {
    .size = sizeof em_bradley_terry,
    .abi = HEED_ABI,
    .kind = HEED_ESTIMATOR,
    .name = "em_bradley_terry",
    .version = "1.0",
    .summary = "EM for attentiveness and the strengths of many models",
    .reference = "Bradley and Terry 1952, Biometrika 39, 324-345",
    .flags = HEED_READS_COUNTS,
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
