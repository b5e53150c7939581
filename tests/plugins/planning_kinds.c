/* SPDX-License-Identifier: GPL-3.0-or-later
 * A plugin of each kind for the tests of planning: schemas of every type, and
 * functions that no planner calls. */
#include <math.h>
#include <stddef.h>

#include "heed/heed.h"

#define COUNT(array) (sizeof(array) / sizeof *(array))

/* ---- a source ---- */

static const heed_parameter verdict = {.name = "verdict", .type = HEED_TEXT};
static const heed_parameter columns[] = {
    {.name = "user",
     .type = HEED_TEXT,
     .default_value = "user",
     .doc = "column"},
    {.name = "pair",
     .type = HEED_TEXT,
     .default_value = "pair",
     .doc = "column"},
};
static const heed_parameter made_parameters[] = {
    {.name = "pairs",
     .type = HEED_INTEGER,
     .low = 1,
     .high = 1e9,
     .doc = "how many pairs"},
    {.name = "mu",
     .type = HEED_NUMBER,
     .flags = HEED_OPEN_LOW,
     .low = 0.5,
     .high = 1,
     .default_value = "0.74",
     .doc = "the gap"},
    {.name = "file", .type = HEED_PATH, .flags = HEED_OPTIONAL, .doc = "a log"},
    {.name = "judges",
     .type = HEED_MAP,
     .default_value = "{}",
     .item = &verdict,
     .doc = "columns of verdicts"},
    {.name = "columns",
     .type = HEED_RECORD,
     .default_value = "{}",
     .fields = columns,
     .field_count = COUNT(columns),
     .doc = "mapping"},
    {.name = "strict",
     .type = HEED_BOOLEAN,
     .default_value = "true",
     .doc = "stop at a bad row"},
};
static const heed_dimension made_dimensions[] = {
    {"judge", "judges", NULL, "reference judges"}};
static const char *const per_judge[] = {"judge", NULL};
static const heed_output made_outputs[] = {
    {"rows", NULL, 0, NULL, "rows read"},
    {"agreement", per_judge, 0, NULL, "of judges"}};

static heed_status make(void *self, const heed_host *host, heed_world *world,
                        heed_error *error) {
  (void)self, (void)host, (void)world;
  return heed_fail(error, HEED_UNSUPPORTED, "makes nothing");
}
static const heed_source_functions make_functions = {
    .size = sizeof make_functions, .make = make};
static const heed_plugin made = {
    .size = sizeof(heed_plugin),
    .abi = HEED_ABI,
    .kind = HEED_SOURCE,
    .name = "made",
    .version = "1.0",
    .summary = "a source that is planned with and never asked",
    .flags = HEED_COSTLY,
    .parameters = made_parameters,
    .parameter_count = COUNT(made_parameters),
    .dimensions = made_dimensions,
    .dimension_count = COUNT(made_dimensions),
    .outputs = made_outputs,
    .output_count = COUNT(made_outputs),
    .functions = &make_functions,
    .functions_size = sizeof make_functions,
};

/* ---- a distribution that wants low below high ---- */

enum { LOW, HIGH };
static const heed_parameter span_parameters[] = {
    [LOW] = {.name = "low",
             .type = HEED_NUMBER,
             .default_value = "0.1",
             .high = 1,
             .doc = "lower end"},
    [HIGH] = {.name = "high",
              .type = HEED_NUMBER,
              .default_value = "0.9",
              .high = 1,
              .doc = "upper end"},
};
static const heed_output span_outputs[] = {
    {"low", NULL, 0, NULL, "fitted lower end"},
    {"high", NULL, 0, NULL, "fitted upper end"}};

static heed_status span_create(const heed_host *host, const heed_value *values,
                               void **self, heed_error *error) {
  (void)host;
  *self = NULL;
  if (values[LOW].number < values[HIGH].number) return HEED_OK;
  return heed_fail(error, HEED_INVALID, "low = %g must be below high = %g",
                   values[LOW].number, values[HIGH].number);
}
static heed_status quantile(const void *self, size_t count, const double *u,
                            double *eta, heed_error *error) {
  (void)self, (void)error;
  for (size_t i = 0; i < count; i++) eta[i] = u[i];
  return HEED_OK;
}
static size_t none(const void *self) {
  (void)self;
  return 0;
}
static void theta(const void *self, double *values) {
  (void)self, (void)values;
}
static void start(const void *self, double mean, double variance,
                  double *values) {
  (void)self, (void)mean, (void)variance, (void)values;
}
static size_t node_count(const void *self, size_t wanted) {
  (void)self;
  return wanted;
}
static void nodes(const void *self, const double *values, size_t count,
                  double *point) {
  (void)self, (void)values;
  for (size_t i = 0; i < count; i++) point[i] = 0;
}
static void log_weights(const void *self, const double *values, size_t count,
                        const double *point, double *log_weight) {
  (void)self, (void)values, (void)point;
  for (size_t i = 0; i < count; i++) log_weight[i] = -log((double)count);
}
static heed_status refit(const void *self, size_t count, const double *point,
                         const double *mass, double *values,
                         heed_error *error) {
  (void)self, (void)count, (void)point, (void)mass, (void)values, (void)error;
  return HEED_OK;
}
static const heed_distribution_functions span_functions = {
    .size = sizeof span_functions,
    .quantile = quantile,
    .theta_count = none,
    .theta = theta,
    .start = start,
    .node_count = node_count,
    .nodes = nodes,
    .log_weights = log_weights,
    .refit = refit,
};
static const heed_plugin span = {
    .size = sizeof(heed_plugin),
    .abi = HEED_ABI,
    .kind = HEED_DISTRIBUTION,
    .name = "span",
    .version = "1.0",
    .summary = "between two ends",
    .parameters = span_parameters,
    .parameter_count = COUNT(span_parameters),
    .outputs = span_outputs,
    .output_count = COUNT(span_outputs),
    .create = span_create,
    .functions = &span_functions,
    .functions_size = sizeof span_functions,
};
static const heed_plugin flat = {
    .size = sizeof(heed_plugin),
    .abi = HEED_ABI,
    .kind = HEED_DISTRIBUTION,
    .name = "flat",
    .version = "1.0",
    .summary = "everywhere alike",
    .functions = &span_functions,
    .functions_size = sizeof span_functions,
};

/* ---- a user model ---- */

static const heed_output plain_outputs[] = {
    {"bias", NULL, 0, NULL, "fitted bias"}};
static void domain(const void *self, heed_domain *result) {
  (void)self, (void)result;
}
static void probability(const void *self, const double *phi,
                        const heed_answers *answers, size_t count,
                        const double *point, double *result) {
  (void)self, (void)phi, (void)answers, (void)count, (void)point, (void)result;
}
static void casual(const void *self, const double *phi,
                   const heed_answers *answers, double *result) {
  (void)self, (void)phi, (void)answers, (void)result;
}
static const heed_user_model_functions plain_functions = {
    .size = sizeof plain_functions,
    .domain = domain,
    .probability = probability,
    .casual = casual};
static const heed_plugin plain = {
    .size = sizeof(heed_plugin),
    .abi = HEED_ABI,
    .kind = HEED_USER_MODEL,
    .name = "plain",
    .version = "1.0",
    .summary = "chooses",
    .outputs = plain_outputs,
    .output_count = COUNT(plain_outputs),
    .functions = &plain_functions,
    .functions_size = sizeof plain_functions,
};

/* ---- an estimator ---- */

static const char *const known[] = {"known", "estimated", NULL};
static const heed_parameter level = {
    .name = "level", .type = HEED_NUMBER, .low = 0, .high = 1};
static const heed_parameter fit_parameters[] = {
    {.name = "mu",
     .type = HEED_ENUM_OR_NUMBER,
     .default_value = "known",
     .choices = known,
     .low = 0,
     .high = 1,
     .doc = "the gap"},
    {.name = "prior",
     .type = HEED_PLUGIN,
     .kind = HEED_DISTRIBUTION,
     .default_value = "span",
     .doc = "P_eta"},
    {.name = "model",
     .type = HEED_PLUGIN,
     .kind = HEED_USER_MODEL,
     .doc = "of users"},
    {.name = "levels",
     .type = HEED_LIST,
     .default_value = "[]",
     .item = &level,
     .doc = "quantiles to report"},
    {.name = "limit",
     .type = HEED_INTEGER,
     .flags = HEED_OPTIONAL,
     .doc = "iterations"},
};
static const heed_dimension fit_dimensions[] = {
    {"level", "levels", NULL, "of quantiles"}};
static const char *const per_level[] = {"level", NULL};
static const heed_output fit_outputs[] = {
    {"objective", NULL, 0, NULL, "what was maximised"},
    {"spread", per_level, 0, NULL, "by level"}};
static heed_status estimate(void *self, const heed_host *host,
                            const heed_crowd *crowd, heed_posterior *posterior,
                            heed_error *error) {
  (void)self, (void)host, (void)crowd, (void)posterior;
  return heed_fail(error, HEED_UNSUPPORTED, "estimates nothing");
}
static const heed_estimator_functions fit_functions = {
    .size = sizeof fit_functions, .estimate = estimate};
static const heed_plugin fit = {
    .size = sizeof(heed_plugin),
    .abi = HEED_ABI,
    .kind = HEED_ESTIMATOR,
    .name = "fit",
    .version = "1.0",
    .summary = "fits",
    .parameters = fit_parameters,
    .parameter_count = COUNT(fit_parameters),
    .dimensions = fit_dimensions,
    .dimension_count = COUNT(fit_dimensions),
    .outputs = fit_outputs,
    .output_count = COUNT(fit_outputs),
    .functions = &fit_functions,
    .functions_size = sizeof fit_functions,
};

/* ---- filters ---- */

static const heed_parameter part_parameters[] = {{.name = "share",
                                                  .type = HEED_NUMBER,
                                                  .flags = HEED_OPEN_LOW,
                                                  .high = 1,
                                                  .doc = "kept"}};
static heed_status choose(void *self, const heed_host *host,
                          const heed_crowd *crowd,
                          const heed_posterior *posterior,
                          heed_selection *selection, heed_error *error) {
  (void)self, (void)host, (void)crowd, (void)posterior, (void)selection;
  (void)error;
  return HEED_OK;
}
static const heed_filter_functions part_functions = {
    .size = sizeof part_functions, .select = choose};
static const heed_plugin part = {
    .size = sizeof(heed_plugin),
    .abi = HEED_ABI,
    .kind = HEED_FILTER,
    .name = "part",
    .version = "1.0",
    .summary = "keeps a part",
    .parameters = part_parameters,
    .parameter_count = COUNT(part_parameters),
    .functions = &part_functions,
    .functions_size = sizeof part_functions,
};
static const heed_plugin all = {
    .size = sizeof(heed_plugin),
    .abi = HEED_ABI,
    .kind = HEED_FILTER,
    .name = "all",
    .version = "1.0",
    .summary = "keeps all",
    .functions = &part_functions,
    .functions_size = sizeof part_functions,
};

static const heed_plugin *const plugins[] = {&made, &span, &flat, &plain,
                                             &fit,  &part, &all};
HEED_PLUGINS(plugins)
