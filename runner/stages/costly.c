/* SPDX-License-Identifier: GPL-3.0-or-later
 * Outputs of costly stages.  The reports are written last: they mark the stage
 * as saved. */
#include "costly.h"

#include <limits.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "files/file.h"
#include "heed/memory.h"

heed_status costly_open_checkpoint(const heed_work *folder,
                                   const heed_plan *plan, stages_level *self,
                                   heed_error *error) {
  char key[PLAN_KEY_SIZE], path[PATH_MAX];
  heed_status status;
  plan_checkpoint_key(plan, self->node, self->replicate, key);
  status = work_checkpoint_path(folder, key, path, sizeof path, error);
  if (status != HEED_OK) return status;
  self->host.checkpoint = arena_copy(self->memory, path);
  return self->host.checkpoint == NULL ? heed_no_memory(error) : HEED_OK;
}

/* A checkpoint that cannot be removed is useless but harmless. */
void costly_close_checkpoint(const heed_plan *plan, stages_level *self,
                             bool done) {
  const bool own = plan->nodes[self->node].shared[0] == '\0';
  if (done && own && self->host.checkpoint != NULL)
    (void)file_remove(self->host.checkpoint, NULL);
  self->host.checkpoint = NULL;
}

/* ---- numbers, tables and reports as JSON ---- */

/* Adds an item to a list.  After a failure the list stays NULL, and json_pack()
 * then returns NULL. */
static void append(json_t **list, json_t *item) {
  if (json_array_append_new(*list, item) == 0) return;
  json_decref(*list);
  *list = NULL;
}

/* JSON has no NaN and no infinities. */
static json_t *number(double value) {
  if (isnan(value)) return json_null();
  if (isinf(value)) return json_string(value > 0 ? "inf" : "-inf");
  return json_real(value);
}

static double number_of(const json_t *json) {
  if (json_is_number(json)) return json_number_value(json);
  if (!json_is_string(json)) return NAN;
  return *json_string_value(json) == '-' ? -HUGE_VAL : HUGE_VAL;
}

static json_t *cell_to_json(const heed_column *column, size_t position) {
  json_t *text;
  switch ((enum heed_column_types)column->type) {
    case HEED_FLOAT64:
      return number(((const double *)column->data)[position]);
    case HEED_FLOAT32:
      return number((double)((const float *)column->data)[position]);
    case HEED_INT64:
      return json_integer(((const int64_t *)column->data)[position]);
    case HEED_INT32:
      return json_integer(((const int32_t *)column->data)[position]);
    case HEED_INT8:
      return json_integer(((const int8_t *)column->data)[position]);
    case HEED_STRING:
      break;
  }
  text = json_string(((const char *const *)column->data)[position]);
  return text == NULL ? json_null() : text; /* not UTF-8 */
}

static void cell_of_json(heed_memory *memory, const json_t *json,
                         heed_column_type type, void *data, size_t position) {
  switch ((enum heed_column_types)type) {
    case HEED_FLOAT64:
      ((double *)data)[position] = number_of(json);
      return;
    case HEED_FLOAT32:
      ((float *)data)[position] = (float)number_of(json);
      return;
    case HEED_INT64:
      ((int64_t *)data)[position] = json_integer_value(json);
      return;
    case HEED_INT32:
      ((int32_t *)data)[position] = (int32_t)json_integer_value(json);
      return;
    case HEED_INT8:
      ((int8_t *)data)[position] = (int8_t)json_integer_value(json);
      return;
    case HEED_STRING:
      break;
  }
  if (json_is_string(json))
    ((const char **)data)[position] =
        heed_copy_text(memory, json_string_value(json));
}

static json_t *table_to_json(const heed_table *table) {
  json_t *columns;
  if (table == NULL) return json_null();
  columns = json_array();
  for (size_t i = 0; i < table->column_count; i++) {
    const heed_column *column = &table->columns[i];
    json_t *values = json_array();
    for (size_t j = 0; j < table->rows * column->width; j++)
      append(&values, cell_to_json(column, j));
    append(&columns, json_pack("[s, i, I, o]", column->name, (int)column->type,
                               (json_int_t)column->width, values));
  }
  return json_pack("{s:s, s:I, s:o}", "name", table->name, "rows",
                   (json_int_t)table->rows, "columns", columns);
}

/* NULL: no table, or out of memory. */
static heed_table *table_of_json(heed_memory *memory, const json_t *whole) {
  const json_t *columns = json_object_get(whole, "columns"), *column;
  const char *name = json_string_value(json_object_get(whole, "name"));
  heed_table *table;
  size_t i;
  if (name == NULL) return NULL;
  table = heed_new_table(
      memory, name, (size_t)json_integer_value(json_object_get(whole, "rows")));
  json_array_foreach(columns, i, column) {
    const heed_column_type type =
        (heed_column_type)json_integer_value(json_array_get(column, 1));
    const json_t *values = json_array_get(column, 3);
    void *data = heed_new_column(
        memory, table, json_string_value(json_array_get(column, 0)), type,
        (size_t)json_integer_value(json_array_get(column, 2)));
    for (size_t j = 0; data != NULL && j < json_array_size(values); j++)
      cell_of_json(memory, json_array_get(values, j), type, data, j);
  }
  return table;
}

/* ---- refined posteriors: the members that evaluation reads ---- */

static json_t *doubles_to_json(const double *values, size_t count) {
  json_t *array = json_array();
  for (size_t i = 0; i < count; i++) append(&array, number(values[i]));
  return array;
}

/* *count: how many. */
static double *doubles_of_json(heed_memory *memory, const json_t *array,
                               size_t *count) {
  double *values = heed_allocate_doubles(memory, json_array_size(array));
  *count = json_array_size(array);
  for (size_t i = 0; values != NULL && i < *count; i++)
    values[i] = number_of(json_array_get(array, i));
  return values;
}

static json_t *posterior_to_json(const heed_posterior *posterior,
                                 size_t annotations) {
  if (posterior == NULL) return json_null();
  return json_pack(
      "{s:i, s:I, s:o, s:o, s:o, s:o, s:o, s:o, s:o, s:I, s:b, s:b}", "unit",
      (int)posterior->unit, "topics", (json_int_t)posterior->topics, "mean",
      doubles_to_json(posterior->mean, posterior->units), "sd",
      doubles_to_json(posterior->sd, posterior->units), "left_out",
      doubles_to_json(posterior->left_out, annotations), "casual",
      doubles_to_json(posterior->casual, annotations), "p",
      doubles_to_json(posterior->p, annotations), "log_likelihood",
      number(posterior->log_likelihood), "objective",
      number(posterior->objective), "iterations",
      (json_int_t)posterior->iterations, "converged", posterior->converged,
      "identified", posterior->identified);
}

/* NULL: out of memory. */
static heed_posterior *posterior_of_json(heed_memory *memory,
                                         const json_t *json) {
  heed_posterior *made = heed_allocate(memory, 1, sizeof *made);
  size_t annotations;
  if (made == NULL) return NULL;
  *made = (heed_posterior){
      .size = sizeof *made,
      .unit = (heed_unit)json_integer_value(json_object_get(json, "unit")),
      .topics = (size_t)json_integer_value(json_object_get(json, "topics")),
      .mu = NAN,
      .mu_low = NAN,
      .mu_high = NAN,
      .log_likelihood = number_of(json_object_get(json, "log_likelihood")),
      .objective = number_of(json_object_get(json, "objective")),
      .iterations =
          (uint64_t)json_integer_value(json_object_get(json, "iterations")),
      .converged = json_is_true(json_object_get(json, "converged")),
      .identified = json_is_true(json_object_get(json, "identified"))};
  made->mean =
      doubles_of_json(memory, json_object_get(json, "mean"), &made->units);
  made->sd = doubles_of_json(memory, json_object_get(json, "sd"), &made->units);
  made->left_out =
      doubles_of_json(memory, json_object_get(json, "left_out"), &annotations);
  made->casual =
      doubles_of_json(memory, json_object_get(json, "casual"), &annotations);
  made->p = doubles_of_json(memory, json_object_get(json, "p"), &annotations);
  return made;
}

/* By name of metric: the plan of a resumed run may have more metrics. */
static json_t *values_to_json(const heed_plan *plan, const stages_level *self) {
  json_t *whole = json_object();
  for (size_t i = 0; i < plan->metric_count; i++) {
    const plan_metric *metric = &plan->metrics[i];
    json_t *values = json_array();
    bool any = false;
    for (size_t j = 0; j < metric->count; j++) {
      any = any || !isnan(self->reported[metric->offset + j]);
      append(&values, number(self->reported[metric->offset + j]));
    }
    if (!any) {
      json_decref(values);
    } else if (json_object_set_new(whole, metric->name, values) != 0) {
      json_decref(whole);
      return NULL;
    }
  }
  return whole;
}

/* item: NULL if a text is not UTF-8: then it is left out. */
static void append_known(json_t **list, json_t *item) {
  if (item != NULL) append(list, item);
}

static json_t *warnings_to_json(const stages_level *self) {
  json_t *all = json_array();
  for (size_t i = 0; i < self->warning_count; i++)
    append_known(
        &all, json_pack("[s, s, s]", self->warnings[i].code,
                        self->warnings[i].plugin, self->warnings[i].message));
  return all;
}

static json_t *points_to_json(const stages_level *self) {
  json_t *all = json_array();
  for (size_t i = 0; i < self->point_count; i++)
    append_known(&all, json_pack("[s, I, o]", self->points[i].series,
                                 (json_int_t)self->points[i].step,
                                 number(self->points[i].value)));
  return all;
}

/* output: the hash of the output that they belong to. */
static heed_status save_reports(const heed_work *folder, const heed_plan *plan,
                                const char *key, const char *output,
                                const stages_level *self, size_t annotations,
                                heed_error *error) {
  char *text;
  json_t *whole = json_pack(
      "{s:s, s:o, s:o, s:b, s:o, s:f, s:o, s:o}", "output", output, "values",
      values_to_json(plan, self), "warnings", warnings_to_json(self), "traced",
      (plan->keep & PLAN_KEEP_TRACE) != 0, "trace", points_to_json(self),
      "scale", self->policy.scale, "table", table_to_json(self->policy.table),
      "refined", posterior_to_json(self->policy.refined, annotations));
  heed_status status;
  text = json_dumps(whole, JSON_COMPACT | JSON_REAL_PRECISION(17));
  json_decref(whole);
  if (text == NULL) return heed_no_memory(error);
  status = work_save_reports(folder, key, text, error);
  free(text);
  return status;
}

/* True if the values of this metric were saved in this shape, or not at all. */
static bool fits(const plan_metric *wanted, const json_t *values) {
  const json_t *saved = json_object_get(values, wanted->name);
  return saved == NULL || json_array_size(saved) == wanted->count;
}

/* *result is NULL if nothing was saved, if it is damaged, or if it was saved by
 * a plan with another shape of a metric or without the trace that this plan
 * keeps. */
static heed_status read_reports(const heed_work *folder, const heed_plan *plan,
                                const char *key, json_t **result,
                                heed_error *error) {
  char *text;
  json_t *whole;
  bool good;
  const heed_status status = work_load_reports(folder, key, &text, error);
  *result = NULL;
  if (status != HEED_OK || text == NULL) return status;
  whole = json_loads(text, 0, NULL);
  free(text);
  good = json_is_object(json_object_get(whole, "values")) &&
         json_is_string(json_object_get(whole, "output")) &&
         ((plan->keep & PLAN_KEEP_TRACE) == 0 ||
          json_is_true(json_object_get(whole, "traced")));
  for (size_t i = 0; good && i < plan->metric_count; i++)
    good = fits(&plan->metrics[i], json_object_get(whole, "values"));
  if (good)
    *result = whole;
  else
    json_decref(whole);
  return HEED_OK;
}

static const char *output_of(const json_t *whole) {
  return json_string_value(json_object_get(whole, "output"));
}

static void take_values(const heed_plan *plan, const json_t *values,
                        stages_level *self) {
  for (size_t i = 0; i < plan->metric_count; i++) {
    const plan_metric *metric = &plan->metrics[i];
    const json_t *saved = json_object_get(values, metric->name);
    for (size_t j = 0; saved != NULL && j < metric->count; j++)
      self->reported[metric->offset + j] = number_of(json_array_get(saved, j));
  }
  self->any_reported = true;
}

static void take_reports(const heed_plan *plan, const json_t *whole,
                         stages_level *self) {
  const json_t *warnings = json_object_get(whole, "warnings");
  const json_t *points = json_object_get(whole, "trace"), *object;
  const host_sink *sink = self->host.sink;
  size_t i;
  take_values(plan, json_object_get(whole, "values"), self);
  json_array_foreach(warnings, i, object) {
    sink->warn(sink->context, json_string_value(json_array_get(object, 1)),
               json_string_value(json_array_get(object, 0)),
               json_string_value(json_array_get(object, 2)));
  }
  json_array_foreach(points, i, object) {
    sink->trace(sink->context, json_string_value(json_array_get(object, 0)),
                (uint64_t)json_integer_value(json_array_get(object, 1)),
                number_of(json_array_get(object, 2)));
  }
}

/* ---- worlds ---- */

heed_status costly_load_world(const heed_work *folder, const heed_plan *plan,
                              stages_level *self, bool *found,
                              heed_error *error) {
  const heed_source_functions *functions = self->instance->plugin->functions;
  char key[PLAN_KEY_SIZE];
  json_t *whole;
  heed_status status;
  *found = false;
  plan_stage_key(plan, self->node, self->replicate, key);
  status = read_reports(folder, plan, key, &whole, error);
  if (status != HEED_OK || whole == NULL) return status;
  status = work_load_world(folder, key, output_of(whole), &self->host.host,
                           &self->world, found, error);
  if (status == HEED_OK && *found) take_reports(plan, whole, self);
  json_decref(whole);
  if (status == HEED_OK && *found && functions->restore != NULL)
    status = functions->restore(self->instance->self, &self->host.host,
                                &self->world, error);
  return status;
}

heed_status costly_save_world(const heed_work *folder, const heed_plan *plan,
                              const stages_level *self, heed_error *error) {
  char key[PLAN_KEY_SIZE], output[PLAN_KEY_SIZE];
  heed_status status;
  plan_stage_key(plan, self->node, self->replicate, key);
  status = work_save_world(folder, key, &self->world, output, error);
  return status == HEED_OK
             ? save_reports(folder, plan, key, output, self, 0, error)
             : status;
}

/* ---- policies ---- */

heed_status costly_load_policy(const heed_work *folder, const heed_plan *plan,
                               const heed_world *world, stages_level *self,
                               bool *found, heed_error *error) {
  const heed_trainer_functions *functions = self->instance->plugin->functions;
  char key[PLAN_KEY_SIZE], path[PATH_MAX];
  json_t *whole;
  heed_status status;
  bool saved = false;
  *found = false;
  if (functions->load == NULL) return HEED_OK;
  plan_stage_key(plan, self->node, self->replicate, key);
  status = read_reports(folder, plan, key, &whole, error);
  if (status != HEED_OK || whole == NULL) return status;
  status = work_find_policy(folder, key, output_of(whole), path, sizeof path,
                            &saved, error);
  if (status == HEED_OK && saved) {
    status = functions->load(self->instance->self, &self->host.host, world,
                             path, &self->policy, error);
    *found = status == HEED_OK;
  }
  if (*found) {
    heed_memory memory = {&self->host.host, false};
    const json_t *refined = json_object_get(whole, "refined");
    self->policy.scale = number_of(json_object_get(whole, "scale"));
    self->policy.table =
        table_of_json(&memory, json_object_get(whole, "table"));
    if (json_is_object(refined))
      self->policy.refined = posterior_of_json(&memory, refined);
    if (memory.refused) status = heed_no_memory(error);
    take_reports(plan, whole, self);
  }
  json_decref(whole);
  return status;
}

heed_status costly_save_policy(const heed_work *folder, const heed_plan *plan,
                               const heed_crowd *seen, const stages_level *self,
                               heed_error *error) {
  const heed_trainer_functions *functions = self->instance->plugin->functions;
  char key[PLAN_KEY_SIZE], output[PLAN_KEY_SIZE], path[PATH_MAX];
  heed_status status;
  if (functions->save == NULL) return HEED_OK;
  plan_stage_key(plan, self->node, self->replicate, key);
  status = work_policy_path(folder, key, path, sizeof path, error);
  if (status == HEED_OK)
    status = functions->save(self->instance->self, &self->host.host,
                             seen->world, &self->policy, path, error);
  if (status == HEED_OK)
    status = work_commit_policy(folder, key, output, error);
  return status == HEED_OK ? save_reports(folder, plan, key, output, self,
                                          seen->annotations->rows, error)
                           : status;
}
