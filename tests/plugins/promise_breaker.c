/* SPDX-License-Identifier: GPL-3.0-or-later
 * A distribution on [0, 1] with density 1 + slope (2 eta - 1) and a user model
 * whose attention wanes.  Each breaks one promise of its header, as told. */
#include <math.h>
#include <string.h>

#include "heed/heed.h"

#define COUNT(array) (sizeof(array) / sizeof *(array))

static const char *const breaks[] = {"nothing",      "descending", "duplicate",
                                     "unnormalised", "positive",   "one_way",
                                     "falling",      "nan_nodes",  NULL};
static const char *const model_breaks[] = {
    "nothing", "sides", "casual", "simulated", "ties", "upside_down", NULL};

enum { BREAKS };
static const heed_parameter parameters[] = {
    [BREAKS] = {.name = "breaks",
                .type = HEED_ENUM,
                .default_value = "nothing",
                .choices = breaks,
                .doc = "the promise that it breaks"}};
static const heed_parameter model_parameters[] = {
    [BREAKS] = {.name = "breaks",
                .type = HEED_ENUM,
                .default_value = "nothing",
                .choices = model_breaks,
                .doc = "the promise that it breaks"}};
static const heed_output outputs[] = {
    {.name = "slope", .doc = "slope of the density, fitted"}};

static bool is(const void *self, const char *what) {
  return strcmp(((const heed_value *)self)[BREAKS].text, what) == 0;
}

/* ---- the distribution ---- */

static heed_status quantile(const void *self, size_t count, const double *u,
                            double *eta, heed_error *error) {
  (void)error;
  for (size_t i = 0; i < count; i++)
    eta[i] = is(self, "falling") ? 1 - u[i] : u[i];
  return HEED_OK;
}

static size_t one(const void *self) {
  (void)self;
  return 1;
}

static void theta(const void *self, double *slope) {
  (void)self;
  slope[0] = 0;
}

static void start(const void *self, double mean, double variance,
                  double *slope) {
  (void)self, (void)variance;
  slope[0] = fmax(-0.9, fmin(0.9, 6 * mean - 3));
}

static size_t node_count(const void *self, size_t wanted) {
  (void)self;
  return wanted;
}

static void place(const void *self, const double *slope, size_t count,
                  double *nodes) {
  (void)slope;
  for (size_t k = 0; k < count; k++) {
    nodes[k] = ((double)k + 0.5) / (double)count;
    if (is(self, "descending")) nodes[k] = 1 - nodes[k];
  }
  if (is(self, "duplicate") && count > 1) nodes[1] = nodes[0];
  if (is(self, "nan_nodes")) nodes[count - 1] = NAN;
}

static void weigh(const void *self, const double *slope, size_t count,
                  const double *nodes, double *weight) {
  double sum = 0;
  for (size_t k = 0; k < count; k++)
    sum += weight[k] = 1 + slope[0] * (2 * nodes[k] - 1);
  if (is(self, "unnormalised")) sum = 1;
  for (size_t k = 0; k < count; k++)
    weight[k] = log(weight[k] / sum) / (is(self, "unnormalised") ? 8 : 1);
  if (is(self, "positive")) weight[0] = 0.5;
}

static void to_free(const void *self, const double *slope, double *unbound) {
  unbound[0] = is(self, "one_way") ? slope[0] : atanh(slope[0]);
}

static void from_free(const void *self, const double *unbound, double *slope) {
  (void)self;
  slope[0] = tanh(unbound[0]);
}

static const heed_distribution_functions distribution_functions = {
    .size = sizeof distribution_functions,
    .quantile = quantile,
    .theta_count = one,
    .theta = theta,
    .start = start,
    .node_count = node_count,
    .nodes = place,
    .log_weights = weigh,
    .free_count = one,
    .to_free = to_free,
    .from_free = from_free,
};

/* ---- the user model: the i-th answer is attended with eta / (1 + i) ---- */

static void domain(const void *self, heed_domain *made) {
  const bool upside_down = is(self, "upside_down");
  made->dimension = 1;
  made->low = upside_down ? 1 : 0;
  made->high = upside_down ? 0 : 1;
  made->ties = is(self, "ties");
}

static double chance(const void *self, double eta, double p, size_t turn,
                     int8_t choice) {
  const double attention = eta / (1 + (double)turn);
  const double of_a = attention * p + (1 - attention) * 0.5;
  if (is(self, "ties")) return choice == HEED_CHOSE_TIE ? 0.1 : 0.5;
  if (is(self, "sides")) return 1 - of_a;
  return choice == HEED_CHOSE_A ? of_a : 1 - of_a;
}

static void log_likelihood(const void *self, const double *phi,
                           const heed_answers *answers, size_t count,
                           const double *nodes, double *sum) {
  (void)phi;
  for (size_t k = 0; k < count; k++) {
    sum[k] = 0;
    for (size_t i = 0; i < answers->count; i++)
      sum[k] +=
          log(chance(self, nodes[k], answers->p[i], i, answers->choice[i]));
  }
}

static heed_status simulate(const void *self, const double *phi,
                            heed_stream *stream, const heed_answers *answers,
                            const double *eta, int8_t *choice,
                            heed_error *error) {
  (void)phi, (void)error;
  for (size_t i = 0; i < answers->count; i++) {
    const double of_a = chance(self, eta[0], answers->p[i], i, HEED_CHOSE_A);
    const bool chosen = heed_uniform(stream) < of_a;
    choice[i] = chosen != is(self, "simulated") ? HEED_CHOSE_A : HEED_CHOSE_B;
  }
  return HEED_OK;
}

static void casual(const void *self, const double *phi,
                   const heed_answers *answers, double *probability) {
  (void)phi;
  for (size_t i = 0; i < answers->count; i++)
    probability[i] = is(self, "casual")                     ? 0.6
                     : !is(self, "ties")                    ? 0.5
                     : answers->choice[i] == HEED_CHOSE_TIE ? 0
                                                            : 0.5;
}

static const heed_user_model_functions model_functions = {
    .size = sizeof model_functions,
    .domain = domain,
    .log_likelihood = log_likelihood,
    .casual = casual,
    .simulate = simulate,
};

static const heed_plugin distribution = {
    .size = sizeof distribution,
    .abi = HEED_ABI,
    .kind = HEED_DISTRIBUTION,
    .name = "breaker",
    .version = "1.0",
    .summary = "Breaks a promise",
    .parameters = parameters,
    .parameter_count = COUNT(parameters),
    .outputs = outputs,
    .output_count = COUNT(outputs),
    .functions = &distribution_functions,
    .functions_size = sizeof distribution_functions,
};
static const heed_plugin model = {
    .size = sizeof model,
    .abi = HEED_ABI,
    .kind = HEED_USER_MODEL,
    .name = "breaker",
    .version = "1.0",
    .summary = "Breaks a promise",
    .parameters = model_parameters,
    .parameter_count = COUNT(model_parameters),
    .functions = &model_functions,
    .functions_size = sizeof model_functions,
};
static const heed_plugin *const plugins[] = {&distribution, &model};
HEED_PLUGINS(plugins)
