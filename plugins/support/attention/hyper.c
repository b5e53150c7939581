/* SPDX-License-Identifier: GPL-3.0-or-later
 * Hyperpriors: reading `center` and `spread`, and the density.
 *
 * Invariant: count and theta_count are at most HYPER_MOST. */
#include "support/attention/hyper.h"

#include <assert.h>
#include <math.h>

const heed_parameter hyper_center_item = {
    .name = "center", .type = HEED_NUMBER, .low = -HUGE_VAL, .high = HUGE_VAL};
const heed_parameter hyper_spread_item = {.name = "spread",
                                          .type = HEED_NUMBER,
                                          .flags = HEED_OPEN_LOW,
                                          .low = 0,
                                          .high = HUGE_VAL};

static heed_status read_list(const attention_hyper *self, const char *name,
                             const heed_value *list, double *values,
                             heed_error *error) {
  if (!list->given) return HEED_OK;
  if (list->count != self->count)
    return heed_fail(error, HEED_INVALID,
                     "%s: found %zu, expected one for each of the %zu "
                     "parameters of %s",
                     name, list->count, self->count,
                     self->instance->plugin->name);
  for (size_t i = 0; i < self->count; i++) values[i] = list->items[i].number;
  return HEED_OK;
}

heed_status hyper_open(const heed_instance *instance, const heed_value *center,
                       const heed_value *spread, attention_hyper *result,
                       heed_error *error) {
  attention_hyper self = {.instance = instance,
                          .functions = instance->plugin->functions};
  double theta[HYPER_MOST];
  heed_status status;
  if (self.functions->free_count == NULL || self.functions->weights_free)
    return heed_fail(error, HEED_INVALID,
                     "the distribution %s has no parameters on a free scale to "
                     "put a hyperprior on; beta, gaussian and two_point have",
                     instance->plugin->name);
  self.count = self.functions->free_count(instance->self);
  self.theta_count = self.functions->theta_count(instance->self);
  if (self.count > HYPER_MOST || self.theta_count > HYPER_MOST)
    return heed_fail(error, HEED_INVALID,
                     "the distribution %s has %zu parameters, expected %d at "
                     "most",
                     instance->plugin->name, self.theta_count, HYPER_MOST);
  self.functions->theta(instance->self, theta);
  self.functions->to_free(instance->self, theta, self.center);
  for (size_t i = 0; i < self.count; i++) self.spread[i] = 1;
  status = read_list(&self, "center", center, self.center, error);
  if (status == HEED_OK)
    status = read_list(&self, "spread", spread, self.spread, error);
  for (size_t i = 0; status == HEED_OK && i < self.count; i++)
    if (!isfinite(self.center[i]))
      status = heed_fail(error, HEED_INVALID,
                         "center: %s has parameters on the edge of their "
                         "domain, which have no free scale: say center",
                         instance->plugin->name);
  *result = self;
  return status;
}

double hyper_log_density(const attention_hyper *self, const double *free) {
  double sum = 0;
  assert(self->count <= HYPER_MOST);
  for (size_t i = 0; i < self->count; i++) {
    const double z = (free[i] - self->center[i]) / self->spread[i];
    sum -= z * z / 2 + log(self->spread[i]) + 0.9189385332046727;
  }
  return sum;
}
