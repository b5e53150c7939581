/* SPDX-License-Identifier: GPL-3.0-or-later
 * Outputs of costly stages.  The reports go last: a stage is saved once its
 * reports are. */
#include "costly.h"

#include <limits.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "storage/file.h"

static void reports_path(const work *folder, const char *key, char *path,
                         size_t size) {
  (void)snprintf(path, size, "%s/stage-%s.json", work_folder(folder), key);
}

static json_t *number(double value) {
  return isnan(value) ? json_null() : json_real(value);
}

static double number_of(const json_t *json) {
  return json_is_number(json) ? json_number_value(json) : NAN;
}

static json_t *table_to_json(const heed_table *table) {
  json_t *object = json_object();
  for (size_t i = 0; table != NULL && i < table->column_count; i++) {
    const heed_column *column = &table->columns[i];
    json_t *values = json_array();
    for (size_t j = 0;
         column->type == HEED_FLOAT64 && j < table->rows * column->width; j++)
      (void)json_array_append_new(values, number(((double *)column->data)[j]));
    (void)json_object_set_new(object, column->name, values);
  }
  return object;
}

static heed_table *table_of_json(const heed_host *host, const json_t *object) {
  const char *name;
  json_t *values;
  heed_table *table = NULL;
  json_object_foreach((json_t *)object, name, values) {
    if (table == NULL)
      table = host->table(host, "policy", json_array_size(values));
    double *data = table == NULL || table->rows != json_array_size(values)
                       ? NULL
                       : host->column(host, table, name, HEED_FLOAT64, 1);
    for (size_t i = 0; data != NULL && i < table->rows; i++)
      data[i] = number_of(json_array_get(values, i));
  }
  return table;
}

static heed_status save_reports(const work *folder, const plan *of,
                                const char *key, const level *self,
                                heed_error *error) {
  char path[PATH_MAX], *text;
  json_t *values = json_array(), *warnings = json_array();
  json_t *whole;
  heed_status status;
  for (size_t i = 0; i < of->value_count; i++)
    (void)json_array_append_new(values, number(self->reported[i]));
  for (size_t i = 0; i < self->warning_count; i++)
    (void)json_array_append_new(
        warnings,
        json_pack("[s, s, s]", self->warnings[i].code, self->warnings[i].plugin,
                  self->warnings[i].message));
  whole = json_pack("{s:o, s:o, s:f, s:o}", "values", values, "warnings",
                    warnings, "scale", self->policy.scale, "table",
                    table_to_json(self->policy.table));
  text = json_dumps(whole, JSON_COMPACT | JSON_REAL_PRECISION(17));
  json_decref(whole);
  if (text == NULL) return heed_fail(error, HEED_MEMORY, "memory is out");
  reports_path(folder, key, path, sizeof path);
  status = file_write(path, text, strlen(text), error);
  free(text);
  return status;
}

/* NULL: not saved, or by a plan with other metrics. */
static json_t *read_reports(const work *folder, const plan *of,
                            const char *key) {
  char path[PATH_MAX];
  json_t *whole;
  reports_path(folder, key, path, sizeof path);
  whole = json_load_file(path, 0, NULL);
  if (json_array_size(json_object_get(whole, "values")) == of->value_count)
    return whole;
  json_decref(whole);
  return NULL;
}

static void take_reports(const plan *of, const json_t *whole, level *self) {
  const json_t *values = json_object_get(whole, "values");
  const json_t *warnings = json_object_get(whole, "warnings"), *warning;
  size_t i;
  for (i = 0; i < of->value_count; i++)
    self->reported[i] = number_of(json_array_get(values, i));
  self->any_reported = true;
  json_array_foreach(warnings, i, warning) self->host.sink->warn(
      self->host.sink->context, json_string_value(json_array_get(warning, 1)),
      json_string_value(json_array_get(warning, 0)),
      json_string_value(json_array_get(warning, 2)));
}

heed_status costly_load_world(const work *folder, const plan *of, level *self,
                              bool *found, heed_error *error) {
  const heed_source_functions *is = self->instance->plugin->functions;
  char key[PLAN_KEY_SIZE];
  json_t *whole;
  heed_status status;
  *found = false;
  plan_stage_key(of, self->node, self->replicate, key);
  whole = read_reports(folder, of, key);
  if (whole == NULL) return HEED_OK;
  status = work_load_world(folder, key, &self->host.host, &self->world, found,
                           error);
  if (status == HEED_OK && *found) take_reports(of, whole, self);
  json_decref(whole);
  if (status == HEED_OK && *found && is->restore != NULL)
    status = is->restore(self->instance->self, &self->host.host, &self->world,
                         error);
  return status;
}

heed_status costly_save_world(const work *folder, const plan *of,
                              const level *self, heed_error *error) {
  char key[PLAN_KEY_SIZE];
  heed_status status;
  plan_stage_key(of, self->node, self->replicate, key);
  status = work_save_world(folder, key, &self->world, error);
  return status == HEED_OK ? save_reports(folder, of, key, self, error)
                           : status;
}

heed_status costly_load_policy(const work *folder, const plan *of,
                               const heed_world *world, level *self,
                               bool *found, heed_error *error) {
  const heed_trainer_functions *is = self->instance->plugin->functions;
  char key[PLAN_KEY_SIZE], path[PATH_MAX];
  json_t *whole;
  heed_status status;
  *found = false;
  if (is->load == NULL) return HEED_OK;
  plan_stage_key(of, self->node, self->replicate, key);
  whole = read_reports(folder, of, key);
  if (whole == NULL) return HEED_OK;
  status = work_policy_path(folder, key, false, path, sizeof path, error);
  if (status == HEED_OK && access(path, R_OK) == 0) {
    status = is->load(self->instance->self, &self->host.host, world, path,
                      &self->policy, error);
    *found = status == HEED_OK;
  }
  if (*found) {
    const json_t *table = json_object_get(whole, "table");
    self->policy.scale = number_of(json_object_get(whole, "scale"));
    self->policy.table = table_of_json(&self->host.host, table);
    take_reports(of, whole, self);
  }
  json_decref(whole);
  return status;
}

heed_status costly_save_policy(const work *folder, const plan *of,
                               const heed_world *world, const level *self,
                               heed_error *error) {
  const heed_trainer_functions *is = self->instance->plugin->functions;
  char key[PLAN_KEY_SIZE], path[PATH_MAX];
  heed_status status;
  if (is->save == NULL) return HEED_OK;
  plan_stage_key(of, self->node, self->replicate, key);
  status = work_policy_path(folder, key, true, path, sizeof path, error);
  if (status == HEED_OK)
    status = is->save(self->instance->self, &self->host.host, world,
                      &self->policy, path, error);
  if (status == HEED_OK) status = work_commit_policy(folder, key, error);
  return status == HEED_OK ? save_reports(folder, of, key, self, error)
                           : status;
}
