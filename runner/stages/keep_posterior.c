/* SPDX-License-Identifier: GPL-3.0-or-later
 * The posteriors of users as kept tables.
 *
 * eta_nodes has a row for each node: the node, the cell of eta that it stands
 * for, and its mass as a mean over users.  A mean is small enough to keep it of
 * every resample of a log.  eta_posterior has a row for each distinct history
 * with the mass of every node; users.posterior names a user's row. */
#include "keep.h"

static const heed_posterior *posterior_of(const stages_keeping *self) {
  return &self->levels[PLAN_POSTERIOR].posterior;
}

bool keep_has_nodes(const stages_keeping *self) {
  const heed_posterior *posterior = posterior_of(self);
  return posterior->unit == HEED_BY_USER && posterior->node_count > 0;
}

bool keep_has_rows(const stages_keeping *self) {
  return keep_has_nodes(self) &&
         !self->levels[PLAN_ANNOTATIONS].crowd.resampled;
}

/* The cell of node k: [low, high], or the node alone if it is an atom. */
static void find_cell(const heed_posterior *posterior, size_t k, double *low,
                      double *high) {
  const double *nodes = posterior->nodes;
  const size_t count = posterior->node_count;
  *low = *high = nodes[k];
  if (count == 1 || evaluation_has_atoms(posterior)) return;
  if (k > 0) *low = (nodes[k - 1] + nodes[k]) / 2;
  if (k + 1 < count) *high = (nodes[k] + nodes[k + 1]) / 2;
}

heed_status keep_eta_nodes(const stages_keeping *self, heed_record *record,
                           heed_error *error) {
  const heed_posterior *posterior = posterior_of(self);
  const size_t count = posterior->node_count, users = posterior->units;
  heed_memory memory = {self->host, false};
  if (!keep_has_nodes(self)) return HEED_OK;
  double *low = heed_scratch_doubles(&memory, count);
  double *high = heed_scratch_doubles(&memory, count);
  double *mass = heed_scratch_doubles(&memory, count);
  if (memory.refused) return heed_no_memory(error);
  for (size_t k = 0; k < count; k++) find_cell(posterior, k, &low[k], &high[k]);
  for (size_t j = 0; j < users; j++)
    for (size_t k = 0; k < count; k++)
      mass[k] += posterior->mass[posterior->row[j] * count + k] / (double)users;
  heed_column columns[] = {{"node", HEED_FLOAT64, 1, posterior->nodes},
                           {"low", HEED_FLOAT64, 1, low},
                           {"high", HEED_FLOAT64, 1, high},
                           {"mass", HEED_FLOAT64, 1, mass}};
  const heed_table table = {sizeof table, plan_kept_names[PLAN_KEPT_ETA_NODES],
                            count, sizeof columns / sizeof *columns, columns};
  return record_keep(record, &table, table.name, error);
}

heed_status keep_eta_posterior(const stages_keeping *self, heed_record *record,
                               heed_error *error) {
  const heed_posterior *posterior = posterior_of(self);
  const size_t values = posterior->row_count * posterior->node_count;
  heed_memory memory = {self->host, false};
  if (!keep_has_rows(self)) return HEED_OK;
  float *mass = heed_scratch(&memory, values, sizeof *mass);
  if (memory.refused) return heed_no_memory(error);
  for (size_t i = 0; i < values; i++) mass[i] = (float)posterior->mass[i];
  /* Cells may have different numbers of nodes: each has a column of its own,
   * whatever the order in which cells finish. */
  char name[32];
  (void)snprintf(name, sizeof name, "mass_%zu", posterior->node_count);
  heed_column column = {name, HEED_FLOAT32, posterior->node_count, mass};
  const heed_table table = {sizeof table,
                            plan_kept_names[PLAN_KEPT_ETA_POSTERIOR],
                            posterior->row_count, 1, &column};
  return record_keep(record, &table, table.name, error);
}
