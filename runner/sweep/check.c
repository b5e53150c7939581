/* SPDX-License-Identifier: GPL-3.0-or-later
 * Checks templates: the schema of a sweep, and schemas over axes. */
#include "check.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "evaluation/evaluation.h"
#include "stages/stages.h"
#include "template.h"

static const heed_parameter keep_item = {
    .name = "keep", .type = HEED_ENUM, .choices = plan_kept_names};

static const char *const threads_words[] = {"auto", NULL};

static const heed_parameter keys[SWEEP_KEY_COUNT] = {
    [PLAN_WORLD] = {.name = "source",
                    .type = HEED_PLUGIN,
                    .kind = HEED_SOURCE,
                    .doc = "where pairs come from, h.source.NAME {}"},
    [PLAN_ANNOTATIONS] = {.name = "users",
                          .type = HEED_RECORD,
                          .default_value = "{}",
                          .doc = "who annotates what"},
    [PLAN_POSTERIOR] = {.name = "estimator",
                        .type = HEED_PLUGIN,
                        .kind = HEED_ESTIMATOR,
                        .doc = "what infers attentiveness, "
                               "h.estimator.NAME {}"},
    [PLAN_SELECTION] = {.name = "filter",
                        .type = HEED_PLUGIN,
                        .flags = HEED_OPTIONAL,
                        .kind = HEED_FILTER,
                        .doc = "which annotations are used"},
    [PLAN_POLICY] = {.name = "trainer",
                     .type = HEED_PLUGIN,
                     .flags = HEED_OPTIONAL,
                     .kind = HEED_TRAINER,
                     .doc = "what learns from them"},
    [PLAN_EVALUATION] = {.name = "evaluation",
                         .type = HEED_RECORD,
                         .default_value = "{}",
                         .doc = "what is measured"},
    [SWEEP_TITLE] = {.name = "title",
                     .type = HEED_TEXT,
                     .flags = HEED_OPTIONAL,
                     .doc = "one line; default: the file's name"},
    [SWEEP_SEED] = {.name = "seed",
                    .type = HEED_INTEGER,
                    .default_value = "1",
                    .low = 0,
                    .high = 0x1p53,
                    .doc = "seed of all random numbers"},
    [SWEEP_REPLICATES] = {.name = "replicates",
                          .type = HEED_INTEGER,
                          .default_value = "1",
                          .low = 1,
                          .high = MOST_CELLS,
                          .doc = "repetitions of each point"},
    [SWEEP_KEEP] = {.name = "keep",
                    .type = HEED_LIST,
                    .default_value = "[]",
                    .item = &keep_item,
                    .doc = "tables to keep beside the metrics"},
    [SWEEP_BLAS_THREADS] = {.name = "blas_threads",
                            .type = HEED_INTEGER,
                            .default_value = "1",
                            .low = 1,
                            .high = 1024,
                            .doc =
                                "threads for matrix products in each worker"},
    [SWEEP_THREADS] = {.name = "threads",
                       .type = HEED_ENUM_OR_NUMBER,
                       .default_value = "auto",
                       .low = 1,
                       .high = PLAN_MOST_THREADS,
                       .choices = threads_words,
                       .doc = "threads of a stage; auto: workers that run "
                              "cells share the cores"},
};

void check_schema(heed_sweep *self) {
  memcpy(self->schema, keys, sizeof keys);
  self->schema[PLAN_ANNOTATIONS].fields = stages_users;
  self->schema[PLAN_ANNOTATIONS].field_count = stages_user_count;
  self->schema[PLAN_EVALUATION].fields = evaluation_schema;
  self->schema[PLAN_EVALUATION].field_count = evaluation_schema_count;
}

static heed_status check_at(const heed_sweep *self, const heed_plugin *plugin,
                            const json_t *template, const size_t *position,
                            heed_error *error) {
  json_t *filled = template_fill(self, template, position), *resolved = NULL;
  const heed_status status =
      schema_resolve(self->plugins, plugin->parameters, plugin->parameter_count,
                     json_object_get(filled, "parameters"), self->folder, "",
                     &resolved, error);
  json_decref(filled);
  json_decref(resolved);
  return status;
}

/* A schema checks each value separately, so each axis may vary alone. */
static heed_status check_values(const heed_sweep *self,
                                const heed_plugin *plugin,
                                const json_t *template, size_t *position,
                                uint8_t *used, heed_error *error) {
  heed_status status = check_at(self, plugin, template, position, error);
  template_axes(template, used);
  for (size_t i = 0; status == HEED_OK && i < self->axis_count; i++) {
    const size_t count = json_array_size(self->axes[i].values);
    if (!used[i]) continue;
    for (position[i] = 1; status == HEED_OK && position[i] < count;
         position[i]++)
      status = check_at(self, plugin, template, position, error);
    position[i] = 0;
  }
  return status;
}

heed_status check_plugin(const heed_sweep *self, const heed_plugin *plugin,
                         const json_t *template, heed_error *error) {
  size_t *position = calloc(self->axis_count + 1, sizeof *position);
  uint8_t *used = calloc(self->axis_count + 1, sizeof *used);
  const heed_status status =
      position == NULL || used == NULL
          ? heed_no_memory(error)
          : check_values(self, plugin, template, position, used, error);
  free(position);
  free(used);
  return status;
}

heed_status check_key(const heed_sweep *self, size_t key, const json_t *filled,
                      json_t **resolved, heed_error *error) {
  json_t *given = json_object(), *whole = NULL;
  heed_status status;
  if (filled != NULL)
    (void)json_object_set(given, self->schema[key].name, (json_t *)filled);
  status = schema_resolve(self->plugins, &self->schema[key], 1, given,
                          self->folder, "", &whole, error);
  if (status == HEED_OK)
    *resolved = json_incref(json_object_get(whole, self->schema[key].name));
  json_decref(whole);
  json_decref(given);
  return status;
}
