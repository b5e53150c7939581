/* SPDX-License-Identifier: GPL-3.0-or-later
 * Reports: names are looked up once, not for every cell. */
#include "reports.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

typedef struct plugin_places {
  const heed_plugin *plugin;
  const plan_metric **metrics; /* one an output, or NULL */
} plugin_places;

struct stages_reports {
  const heed_plan *plan;
  size_t count;
  plugin_places *places;
  const plan_metric *own[METRIC_COUNT];
};

static const plan_metric *named(const heed_plan *plan, const char *prefix,
                                const char *name) {
  char full[128];
  (void)snprintf(full, sizeof full, "%s%s%s", prefix,
                 *prefix == '\0' ? "" : "_", name);
  for (size_t i = 0; i < plan->metric_count; i++)
    if (strcmp(plan->metrics[i].name, full) == 0) return &plan->metrics[i];
  return NULL;
}

/* The fitted parameters of distributions and user models are reported under
 * the words for what they are to an estimator. */
static const char *prefix_of(heed_kind kind) {
  if (kind == HEED_DISTRIBUTION) return "prior";
  if (kind == HEED_USER_MODEL) return "model";
  return kind_name(kind);
}

static bool fill_place(const heed_plan *plan, const heed_plugin *plugin,
                       plugin_places *places) {
  places->plugin = plugin;
  places->metrics = calloc(plugin->output_count + 1, sizeof *places->metrics);
  for (size_t i = 0; places->metrics != NULL && i < plugin->output_count; i++)
    places->metrics[i] =
        named(plan, prefix_of(plugin->kind), plugin->outputs[i].name);
  return places->metrics != NULL;
}

heed_status reports_create(const heed_plan *plan, const host_registry *plugins,
                           stages_reports **result, heed_error *error) {
  stages_reports *self = calloc(1, sizeof *self);
  if (self == NULL) return heed_fail(error, HEED_MEMORY, "memory is out");
  self->plan = plan;
  self->places = calloc(plan->plugin_count + 1, sizeof *self->places);
  for (size_t i = 0; i < METRIC_COUNT; i++)
    self->own[i] = named(plan, "", evaluation_metrics[i].name);
  for (size_t i = 0; self->places != NULL && i < plan->plugin_count; i++) {
    const plan_plugin *wanted = &plan->plugins[i];
    const heed_plugin *plugin =
        registry_find(plugins, wanted->kind, wanted->name, NULL);
    if (plugin == NULL) {
      reports_free(self);
      return heed_fail(error, HEED_INVALID, "the plugin %s/%s is not loaded",
                       kind_name(wanted->kind), wanted->name);
    }
    if (!fill_place(plan, plugin, &self->places[self->count++])) break;
  }
  if (self->places == NULL || self->count != plan->plugin_count ||
      (self->count > 0 && self->places[self->count - 1].metrics == NULL)) {
    reports_free(self);
    return heed_fail(error, HEED_MEMORY, "memory is out");
  }
  *result = self;
  return HEED_OK;
}

void reports_free(stages_reports *self) {
  if (self == NULL) return;
  for (size_t i = 0; self->places != NULL && i < self->count; i++)
    free(self->places[i].metrics);
  free(self->places);
  free(self);
}

const plan_metric *reports_metric(const stages_reports *self,
                                  const heed_plugin *plugin, size_t output) {
  for (size_t i = 0; i < self->count; i++)
    if (self->places[i].plugin == plugin && output < plugin->output_count)
      return self->places[i].metrics[output];
  return NULL;
}

const plan_metric *reports_own(const stages_reports *self,
                               evaluation_metric which) {
  return self->own[which];
}

/* ---- the sink ---- */

/* In the level's memory: lives as long as the level does. */
typedef struct sink_context {
  const stages_reports *reports;
  stages_level *level;
  const stages_options *options;
} sink_context;

static void take_output(void *context, const heed_plugin *plugin, size_t index,
                        const double *values, size_t count) {
  const sink_context *self = context;
  stages_level *level = self->level;
  const plan_metric *place;
  if (index >= plugin->output_count) {
    (void)heed_fail(&level->bad_report, HEED_NUMERIC,
                    "it reported output %zu, but has only %zu", index,
                    plugin->output_count);
    return;
  }
  for (size_t i = 0; i < count; i++)
    if (!isfinite(values[i]) &&
        !(isnan(values[i]) &&
          (plugin->outputs[index].flags & HEED_MAY_BE_NAN) != 0)) {
      (void)heed_fail(&level->bad_report, HEED_NUMERIC,
                      "its output \"%s\" is %g", plugin->outputs[index].name,
                      values[i]);
      return;
    }
  place = reports_metric(self->reports, plugin, index);
  if (place == NULL) return;
  if (place->count != count) {
    (void)heed_fail(&level->bad_report, HEED_NUMERIC,
                    "its output \"%s\" has %zu values, expected %zu",
                    plugin->outputs[index].name, count, place->count);
    return;
  }
  memcpy(level->reported + place->offset, values, count * sizeof *values);
  level->any_reported = true;
}

/* Room for one more element of an array in the level's memory. */
static void *grown(stages_level *level, void *array, size_t count, size_t *room,
                   size_t size) {
  void *larger;
  if (count < *room) return array;
  larger = arena_allocate(level->memory, *room == 0 ? 8 : 2 * *room, size);
  if (larger == NULL) return NULL;
  if (count > 0) memcpy(larger, array, count * size);
  *room = *room == 0 ? 8 : 2 * *room;
  return larger;
}

static void take_warning(void *context, const char *plugin, const char *code,
                         const char *message) {
  const sink_context *self = context;
  stages_level *level = self->level;
  stages_warning *all = grown(level, level->warnings, level->warning_count,
                              &level->warning_room, sizeof *all);
  if (all == NULL) return;
  level->warnings = all;
  all[level->warning_count].code = arena_copy(level->memory, code);
  all[level->warning_count].plugin = arena_copy(level->memory, plugin);
  all[level->warning_count].message = arena_copy(level->memory, message);
  if (all[level->warning_count].message != NULL) level->warning_count++;
}

static void take_trace(void *context, const char *series, uint64_t step,
                       double value) {
  const sink_context *self = context;
  stages_level *level = self->level;
  stages_trace_point *all;
  if ((self->reports->plan->keep & PLAN_KEEP_TRACE) == 0) return;
  all = grown(level, level->points, level->point_count, &level->point_room,
              sizeof *all);
  if (all == NULL) return;
  level->points = all;
  all[level->point_count].series = arena_copy(level->memory, series);
  all[level->point_count].step = step;
  all[level->point_count].value = value;
  if (all[level->point_count].series != NULL) level->point_count++;
}

static void take_log(void *context, const char *plugin, const char *line) {
  const sink_context *self = context;
  if (self->options->log != NULL)
    self->options->log(self->options->context, plugin, line);
}

static void take_progress(void *context, double done, const char *what) {
  const sink_context *self = context;
  if (self->options->progress != NULL)
    self->options->progress(self->options->context, done, what);
}

void reports_sink(const stages_reports *self, stages_level *level,
                  host_sink *sink, const stages_options *options) {
  sink_context *context = arena_allocate(level->memory, 1, sizeof *context);
  memset(sink, 0, sizeof *sink);
  if (context == NULL) return;
  *context = (sink_context){self, level, options};
  *sink = (host_sink){.context = context,
                      .output = take_output,
                      .trace = take_trace,
                      .log = take_log,
                      .warn = take_warning,
                      .progress = take_progress};
}

static void report_parameters(const stages_reports *self,
                              const heed_instance *instance,
                              const double *values, size_t count,
                              stages_level *level) {
  for (size_t i = 0; i < instance->plugin->output_count && i < count; i++) {
    const plan_metric *place = reports_metric(self, instance->plugin, i);
    if (place == NULL || place->count != 1) continue;
    level->reported[place->offset] = values[i];
    level->any_reported = true;
  }
}

void reports_fit(const stages_reports *self, const heed_posterior *posterior,
                 stages_level *level) {
  if (posterior->prior != NULL && posterior->theta != NULL) {
    const heed_distribution_functions *functions =
        posterior->prior->plugin->functions;
    report_parameters(self, posterior->prior, posterior->theta,
                      functions->theta_count(posterior->prior->self), level);
  }
  if (posterior->model != NULL && posterior->phi != NULL) {
    const heed_user_model_functions *functions =
        posterior->model->plugin->functions;
    heed_domain domain = {0};
    functions->domain(posterior->model->self, &domain);
    report_parameters(self, posterior->model, posterior->phi, domain.phi_count,
                      level);
  }
}
