/* SPDX-License-Identifier: GPL-3.0-or-later
 * Phi: start, bounds and ascent of a user model's parameters. */
#include "support/attention/phi.h"

#include "heed/memory.h"

heed_status phi_open(const heed_host *host, const heed_instance *model,
                     attention_phi *self, heed_error *error) {
  const heed_user_model_functions *functions = model->plugin->functions;
  heed_domain domain = {0};
  functions->domain(model->self, &domain);
  *self = (attention_phi){.model = model, .count = domain.phi_count};
  if (self->count == 0) return HEED_OK;
  heed_memory memory = {host, false};
  self->start = heed_allocate_doubles(&memory, self->count);
  self->low = heed_scratch_doubles(&memory, self->count);
  self->high = heed_scratch_doubles(&memory, self->count);
  if (memory.refused) return heed_no_memory(error);
  functions->phi(model->self, self->start, self->low, self->high);
  return HEED_OK;
}

bool phi_fits(const attention_phi *self) {
  for (size_t i = 0; i < self->count; i++)
    if (self->low[i] < self->high[i]) return true;
  return false;
}

bool phi_within(const attention_phi *self, const double *phi) {
  for (size_t i = 0; i < self->count; i++)
    if (phi[i] < self->low[i] || phi[i] > self->high[i]) return false;
  return true;
}

void phi_ascend(const attention_phi *self, ascend_value *value, void *context,
                double *x, size_t first) {
  for (size_t i = 0; i < self->count; i++)
    if (self->low[i] < self->high[i])
      ascend_coordinate(value, context, x, first + i, self->low[i],
                        self->high[i]);
}
