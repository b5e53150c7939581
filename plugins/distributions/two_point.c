/* SPDX-License-Identifier: GPL-3.0-or-later
 * Two kinds of users: a share is attentive, the rest are casual. */
#include <math.h>

#include "heed/distribution.h"

enum { LOW, HIGH, SHARE, PARAMETER_COUNT };

static const heed_parameter parameters[] = {
    [LOW] = {.name = "low",
             .type = HEED_NUMBER,
             .default_value = "0.1",
             .low = -1,
             .high = 1,
             .doc = "attentiveness of casual users; for a fitted prior only "
                    "the sign is used: if negative, fits may start below 0"},
    [HIGH] =
        {.name = "high",
         .type = HEED_NUMBER,
         .default_value = "0.9",
         .low = -1,
         .high = 1,
         .doc = "attentiveness of attentive users; ignored for a fitted prior"},
    [SHARE] = {.name = "share",
               .type = HEED_NUMBER,
               .default_value = "0.5",
               .low = 0,
               .high = 1,
               .doc = "share of attentive users; ignored for a fitted prior"},
};

static const heed_output outputs[] = {
    {.name = "low", .doc = "attentiveness of casual users, fitted"},
    {.name = "high", .doc = "attentiveness of attentive users, fitted"},
    {.name = "share", .doc = "share of attentive users, fitted"},
};

static heed_status create(const heed_host *host, const heed_value *values,
                          void **self, heed_error *error) {
  (void)host;
  if (!(values[LOW].number < values[HIGH].number))
    return heed_fail(error, HEED_INVALID,
                     "low: found %g, expected less than high, %g",
                     values[LOW].number, values[HIGH].number);
  *self = (void *)(uintptr_t)values;
  return HEED_OK;
}

/* The CDF jumps by 1 - share at low. */
static heed_status quantile(const void *self, size_t count, const double *u,
                            double *eta, heed_error *error) {
  const heed_value *values = self;
  (void)error;
  for (size_t i = 0; i < count; i++)
    eta[i] = u[i] < 1 - values[SHARE].number ? values[LOW].number
                                             : values[HIGH].number;
  return HEED_OK;
}

static size_t theta_count(const void *self) {
  (void)self;
  return PARAMETER_COUNT;
}

static void theta(const void *self, double *values_of) {
  const heed_value *values = self;
  for (int i = 0; i < PARAMETER_COUNT; i++) values_of[i] = values[i].number;
}

static double least_of(const void *self) {
  return ((const heed_value *)self)[LOW].number < 0 ? -1 : 0;
}

static void start(const void *self, double mean, double variance,
                  double *values_of) {
  const double least = least_of(self);
  const double most = 0.45 * (1 - least);
  const double sd = fmin(fmax(sqrt(fmax(variance, 0)), 0.1), most);
  mean = fmin(fmax(mean, least + 0.05), 0.95);
  values_of[LOW] = fmax(mean - sd, least + 0.02);
  values_of[HIGH] = fmin(mean + sd, 0.98);
  values_of[SHARE] = 0.5;
}

static size_t node_count(const void *self, size_t wanted) {
  (void)self;
  (void)wanted;
  return 2;
}

static void nodes(const void *self, const double *values_of, size_t count,
                  double *point) {
  (void)self;
  (void)count;
  point[0] = values_of[LOW];
  point[1] = values_of[HIGH];
}

static void log_weights(const void *self, const double *values_of, size_t count,
                        const double *point, double *log_weight) {
  (void)self;
  (void)count;
  (void)point;
  log_weight[0] = values_of[SHARE] < 1 ? log1p(-values_of[SHARE]) : -HUGE_VAL;
  log_weight[1] = values_of[SHARE] > 0 ? log(values_of[SHARE]) : -HUGE_VAL;
}

static size_t free_count(const void *self) {
  (void)self;
  return PARAMETER_COUNT;
}

static double log_odds(double share) {
  return log(share) - log1p(-share);
}

static double share_at(double log_odds_of) {
  return 1 / (1 + exp(-log_odds_of));
}

/* Log-odds of the position of low between the minimum and 1, of the position of
 * high between low and 1, and of share. */
static void to_free(const void *self, const double *values_of, double *free) {
  const double least = least_of(self), low = values_of[LOW];
  free[LOW] = log_odds((low - least) / (1 - least));
  free[HIGH] = log_odds((values_of[HIGH] - low) / (1 - low));
  free[SHARE] = log_odds(values_of[SHARE]);
}

static void from_free(const void *self, const double *free, double *values_of) {
  const double least = least_of(self);
  values_of[LOW] = least + (1 - least) * share_at(free[LOW]);
  values_of[HIGH] =
      values_of[LOW] + (1 - values_of[LOW]) * share_at(free[HIGH]);
  values_of[SHARE] = share_at(free[SHARE]);
}

static heed_status refit(const void *self, size_t count, const double *point,
                         const double *mass, double *values_of,
                         heed_error *error) {
  const int low = point[0] <= point[1] ? 0 : 1;
  const double sum = mass[0] + mass[1];
  (void)self;
  (void)count;
  if (!(sum > 0))
    return heed_fail(error, HEED_NUMERIC, "both points have weight 0");
  values_of[LOW] = point[low];
  values_of[HIGH] = point[1 - low];
  values_of[SHARE] = mass[1 - low] / sum;
  return HEED_OK;
}

static const heed_distribution_functions functions = {
    .size = sizeof functions,
    .atoms_move = true,
    .quantile = quantile,
    .theta_count = theta_count,
    .theta = theta,
    .start = start,
    .node_count = node_count,
    .nodes = nodes,
    .log_weights = log_weights,
    .free_count = free_count,
    .to_free = to_free,
    .from_free = from_free,
    .refit = refit,
};

static const heed_plugin two_point = {
    .size = sizeof two_point,
    .abi = HEED_ABI,
    .kind = HEED_DISTRIBUTION,
    .name = "two_point",
    .version = "1.0",
    .summary = "casual users at one attentiveness, attentive users at another",
    .reference = "arXiv 2510.13830, section 4",
    .parameters = parameters,
    .parameter_count = PARAMETER_COUNT,
    .outputs = outputs,
    .output_count = sizeof outputs / sizeof *outputs,
    .create = create,
    .functions = &functions,
    .functions_size = sizeof functions,
};

static const heed_plugin *const plugins[] = {&two_point};
HEED_PLUGINS(plugins)
