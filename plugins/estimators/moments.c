/* SPDX-License-Identifier: GPL-3.0-or-later
 * The method of moments: unbiased estimators of the mean and variance of eta, a
 * prior with those moments, and each user's posterior under it.
 *
 * For annotation i let c and g be P(choice) of an inattentive and of an
 * attentive user, d = g - c and t = (1 - c) d.  Over A and B, E[t | eta] = eta
 * d^2, and d^2 is the same for both.  Given eta a user's choices are
 * independent, so with S = sum t and G = sum d^2 over them
 *
 *   E[S | eta] = eta G                                   u1 = S / G
 *   E[S^2 - sum t^2 | eta] = eta^2 (G^2 - sum d^4)       u2 = their ratio
 *
 * are unbiased for eta and eta^2, for any n of the user and any p of the pairs.
 * (With one mu for all pairs and k choices of A they are the factorial moments:
 * S = (mu - 1/2)(k - n / 2), S^2 - sum t^2 = (mu - 1/2)^2 (k (k - 1) - (n - 1)
 * k + n (n - 1) / 4).)  Means over users, with weights that do not depend on
 * choices, are unbiased for E[eta] and E[eta^2]; and, because users are
 * independent, so is
 *
 *   ((sum w u1)^2 - sum w^2 u1^2) / ((sum w)^2 - sum w^2)
 *
 * for E[eta]^2: the variance is the difference of the last two.  The weights
 * are optimal for uniform eta: of u1 1 / (1/12 + 1/(4 G)), of u2 1 / (4/45 +
 * 1/(3 G) + 1/(8 G^2)).
 *
 * A prior of more than two parameters takes the shape that its own start()
 * gives for those moments. */
#include <math.h>
#include <string.h>

#include "heed/distribution.h"
#include "heed/estimator.h"
#include "heed/memory.h"
#include "support/attention/gap.h"
#include "support/attention/guesses.h"
#include "support/attention/histories.h"
#include "support/attention/node_posterior.h"
#include "support/attention/parameters.h"
#include "support/attention/phi.h"

enum { PRIOR, MODEL, MU, NODES, LEVELS, GOLD_ERROR, PARAMETER_COUNT };
enum {
  OUT_LOG_LIKELIHOOD,
  OUT_MEAN,
  OUT_VARIANCE,
  OUT_POSSIBLE,
  OUT_IDENTIFIED
};

static const heed_parameter parameters[] = {
    [PRIOR] = ESTIMATOR_PRIOR(
        "beta", "distribution family of P_eta; its moments are estimated"),
    [MODEL] = ESTIMATOR_MODEL("user model: a mixture without ties; its "
                              "parameters keep their initial values"),
    [MU] =
        ESTIMATOR_MU(gap_words,
                     "the gap: known, requested, pair (p of each pair), or a "
                     "number"),
    [NODES] = ESTIMATOR_PRIOR_NODES("100"),
    [LEVELS] = ESTIMATOR_LEVELS,
    [GOLD_ERROR] = ESTIMATOR_GOLD_ERROR,
};

static const heed_output outputs[] = {
    [OUT_LOG_LIKELIHOOD] = ESTIMATOR_LOG_LIKELIHOOD,
    [OUT_MEAN] = {.name = "mean",
                  .flags = HEED_MAY_BE_NAN,
                  .doc = "unbiased estimate of the mean of eta"},
    [OUT_VARIANCE] = {.name = "variance",
                      .flags = HEED_MAY_BE_NAN,
                      .doc = "unbiased estimate of the variance of eta"},
    [OUT_POSSIBLE] = {.name = "possible",
                      .doc =
                          "1: some distribution on [0, 1] has these moments"},
    [OUT_IDENTIFIED] = ESTIMATOR_IDENTIFIED,
};

typedef struct moments_pair {
  double mean, variance; /* NaN: too few users carry information */
} moments_pair;

/* A weighted mean over users, and the squares for its own square. */
typedef struct moments_average {
  double weights, sum, weights_squared, sum_squared;
} moments_average;

static void take(moments_average *average, double weight, double value) {
  average->weights += weight;
  average->sum += weight * value;
  average->weights_squared += weight * weight;
  average->sum_squared += weight * weight * value * value;
}

static moments_pair find_moments(const attention_histories *histories,
                                 const double *ends) {
  const heed_crowd *crowd = histories->crowd;
  moments_average first = {0}, second = {0};
  for (size_t j = 0; j < crowd->users->rows; j++) {
    double s = 0, squares = 0, g = 0, fourths = 0;
    for (size_t i = crowd->first[j]; i < crowd->first[j + 1]; i++) {
      const double c = ends[2 * i], d = ends[2 * i + 1] - c;
      const double t = (1 - c) * d;
      s += t;
      squares += t * t;
      g += d * d;
      fourths += d * d * d * d;
    }
    if (!(g > 1e-12)) continue;
    take(&first, 1 / (1.0 / 12 + 1 / (4 * g)), s / g);
    if (g * g - fourths > 1e-9 * g * g)
      take(&second, 1 / (4.0 / 45 + 1 / (3 * g) + 1 / (8 * g * g)),
           (s * s - squares) / (g * g - fourths));
  }
  const double couples = first.weights * first.weights - first.weights_squared;
  const double mean_squared =
      (first.sum * first.sum - first.sum_squared) / couples;
  return (moments_pair){
      first.weights > 0 ? first.sum / first.weights : NAN,
      couples > 0 && second.weights > 0
          ? second.sum / second.weights - mean_squared
          : NAN,
  };
}

static bool possible(moments_pair moments) {
  return moments.mean > 0 && moments.mean < 1 && moments.variance > 0 &&
         moments.variance < moments.mean * (1 - moments.mean);
}

/* The nearest moments that a distribution may start from; if unknown, those of
 * a uniform eta. */
static moments_pair within(moments_pair moments) {
  const double mean =
      isnan(moments.mean) ? 0.5 : fmin(fmax(moments.mean, 0.02), 0.98);
  const double variance = isnan(moments.variance) ? 1.0 / 12 : moments.variance;
  return (moments_pair){mean,
                        fmin(fmax(variance, 1e-3), 0.95 * mean * (1 - mean))};
}

/* ---- the fit ---- */

typedef struct moments_fit {
  const heed_value *values;
  const heed_host *host;
  const heed_instance *prior, *model;
  const heed_distribution_functions *distribution;
  attention_histories histories;
  size_t node_count;
  attention_phi phi; /* keeps its initial value */
  double *theta;     /* kept */
  double *nodes, *log_weight, *log_likelihood;
} moments_fit;

static heed_status check(const moments_fit *self, heed_error *error) {
  const heed_domain *domain = &self->histories.domain;
  if (!domain->mixture || domain->ties || domain->dimension != 1)
    return heed_fail(
        error, HEED_UNSUPPORTED,
        "the user model %s is not a mixture of attending and not attending, or "
        "has ties: this estimator has no moments for it",
        self->model->plugin->name);
  if (self->distribution->dimension != NULL &&
      self->distribution->dimension(self->prior->self) != 1)
    return heed_fail(
        error, HEED_UNSUPPORTED,
        "this estimator needs an attentiveness of one value; %s has more",
        self->prior->plugin->name);
  return HEED_OK;
}

static heed_status open_rooms(moments_fit *self, heed_error *error) {
  const size_t nodes = self->distribution->node_count(
      self->prior->self, (size_t)self->values[NODES].integer);
  heed_memory memory = {self->host, false};
  self->node_count = nodes;
  self->theta = heed_allocate_doubles(
      &memory, self->distribution->theta_count(self->prior->self));
  self->nodes = heed_scratch_doubles(&memory, nodes);
  self->log_weight = heed_scratch_doubles(&memory, nodes);
  self->log_likelihood =
      heed_scratch_doubles(&memory, self->histories.group_count * nodes);
  if (memory.refused) return heed_no_memory(error);
  return phi_open(self->host, self->model, &self->phi, error);
}

static heed_status open_fit(moments_fit *self, const heed_value *values,
                            const heed_host *host, const heed_crowd *crowd,
                            heed_posterior *posterior, heed_error *error) {
  heed_status status = gap_of(&values[MU], crowd->world, &posterior->mu, error);
  const histories_terms terms = {.shared_p = posterior->mu,
                                 .gold_error = values[GOLD_ERROR].number};
  *self =
      (moments_fit){.values = values,
                    .host = host,
                    .prior = values[PRIOR].instance,
                    .model = values[MODEL].instance,
                    .distribution = values[PRIOR].instance->plugin->functions};
  if (status == HEED_OK)
    status = histories_open(host, crowd, self->model, &terms, &self->histories,
                            error);
  if (status == HEED_OK) status = check(self, error);
  return status == HEED_OK ? open_rooms(self, error) : status;
}

static heed_status estimate_moments(const moments_fit *self,
                                    moments_pair *found, heed_error *error) {
  static const double both[2] = {0, 1};
  const size_t rows = self->histories.crowd->annotations->rows;
  double *ends = self->host->scratch(self->host, 2 * rows, sizeof *ends);
  if (ends == NULL) return heed_no_memory(error);
  histories_probability(&self->histories, self->phi.start, 0, rows, 2, both,
                        ends);
  *found = find_moments(&self->histories, ends);
  return HEED_OK;
}

/* The prior at those moments, and the likelihood at its nodes. */
static heed_status weigh_nodes(moments_fit *self, moments_pair moments,
                               heed_error *error) {
  const heed_distribution_functions *functions = self->distribution;
  const void *prior = self->prior->self;
  functions->theta(prior, self->theta);
  functions->start(prior, moments.mean, moments.variance, self->theta);
  functions->nodes(prior, self->theta, self->node_count, self->nodes);
  functions->log_weights(prior, self->theta, self->node_count, self->nodes,
                         self->log_weight);
  const heed_status status = histories_check_nodes(
      &self->histories, self->prior, self->node_count, self->nodes, error);
  return status == HEED_OK
             ? histories_likelihood(&self->histories, self->host,
                                    self->phi.start, self->node_count,
                                    self->nodes, self->log_likelihood, error)
             : status;
}

static heed_status fill(const moments_fit *self, heed_posterior *posterior,
                        heed_error *error) {
  const heed_host *host = self->host;
  double *mass = host->scratch(host, self->node_count, sizeof *mass);
  if (mass == NULL) return heed_no_memory(error);
  posterior->log_likelihood = 0;
  for (size_t g = 0; g < self->histories.group_count; g++)
    posterior->log_likelihood +=
        self->histories.users[g] *
        node_posterior_mass(self->node_count, self->log_weight,
                            self->log_likelihood + g * self->node_count, mass);
  posterior->prior = self->prior;
  posterior->theta = self->theta;
  posterior->phi = self->phi.start;
  const node_posterior nodes = {.histories = &self->histories,
                                .phi = self->phi.start,
                                .node_count = self->node_count,
                                .nodes = self->nodes,
                                .log_weight = self->log_weight,
                                .log_likelihood = self->log_likelihood,
                                .discrete = self->distribution->atoms_move,
                                .levels = &self->values[LEVELS]};
  return node_posterior_fill(&nodes, host, posterior, error);
}

static void report(const heed_host *host, const heed_posterior *posterior,
                   moments_pair found) {
  const double values[] = {
      [OUT_LOG_LIKELIHOOD] = posterior->log_likelihood,
      [OUT_MEAN] = found.mean,
      [OUT_VARIANCE] = found.variance,
      [OUT_POSSIBLE] = possible(found),
      [OUT_IDENTIFIED] = posterior->identified,
  };
  for (size_t i = 0; i < sizeof values / sizeof *values; i++)
    host->output(host, i, &values[i], 1);
  if (!possible(found))
    host->warn(host, "moments_impossible",
               "no eta within [0, 1] has mean %.3g and variance %.3g: the "
               "nearest moments are used",
               found.mean, found.variance);
}

static heed_status estimate(void *values, const heed_host *host,
                            const heed_crowd *crowd, heed_posterior *posterior,
                            heed_error *error) {
  moments_fit self;
  moments_pair found;
  heed_status status = open_fit(&self, values, host, crowd, posterior, error);
  if (status == HEED_OK) status = estimate_moments(&self, &found, error);
  if (status != HEED_OK) return status;
  posterior->converged = true;
  attention_guesses guesses;
  status =
      guesses_of_common(&self.histories, host, self.phi.start, &guesses, error);
  if (status == HEED_OK) status = weigh_nodes(&self, within(found), error);
  if (status == HEED_OK) status = fill(&self, posterior, error);
  if (status != HEED_OK) return status;
  posterior->identified = possible(found) && guesses.beaten;
  report(host, posterior, found);
  if (possible(found) && !guesses.beaten) guesses_warn(host, &guesses);
  return HEED_OK;
}

static heed_status predict(void *self, const heed_host *host,
                           const heed_posterior *posterior,
                           const heed_crowd *held_out, double *probability,
                           heed_error *error) {
  const heed_value *values = self;
  attention_histories histories;
  const histories_terms terms = {.shared_p = posterior->mu,
                                 .gold_error = values[GOLD_ERROR].number};
  const heed_status status = histories_open(
      host, held_out, values[MODEL].instance, &terms, &histories, error);
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
  return gap_accepts(&values[MU], NULL, outline, error);
}

static const heed_estimator_functions functions = {
    .size = sizeof functions,
    .estimate = estimate,
    .predict = predict,
    .accepts = accepts,
};

static const heed_plugin plugin = {
    .size = sizeof plugin,
    .abi = HEED_ABI,
    .kind = HEED_ESTIMATOR,
    .name = "moments",
    .version = "1.0",
    .summary = "method of moments for P_eta, then each user's posterior",
    .parameters = parameters,
    .parameter_count = PARAMETER_COUNT,
    .outputs = outputs,
    .output_count = sizeof outputs / sizeof *outputs,
    .create = create,
    .functions = &functions,
    .functions_size = sizeof functions,
};

static const heed_plugin *const plugins[] = {&plugin};
HEED_PLUGINS(plugins)
