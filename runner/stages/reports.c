/* SPDX-License-Identifier: GPL-3.0-or-later
 * Reports: looks names up once, not for every cell. */
#include "reports.h"

#include <math.h>
#include <string.h>

typedef struct plugin_places {
  const heed_plugin *plugin;
  const plan_metric **metrics; /* one per output; NULL: not in the plan */
} plugin_places;

struct stages_reports {
  host_arena *memory; /* owns the reports and all that they point to */
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

/* Fitted parameters of distributions and user models are reported under the
 * names of their roles in an estimator. */
static const char *prefix_of(heed_kind kind) {
  if (kind == HEED_DISTRIBUTION) return "prior";
  if (kind == HEED_USER_MODEL) return "model";
  return kind_name(kind);
}

static plugin_places places_of(host_arena *memory, const heed_plan *plan,
                               const heed_plugin *plugin) {
  const size_t count = plugin->output_count;
  const plan_metric **metrics =
      arena_allocate(memory, count, sizeof(const plan_metric *));
  for (size_t i = 0; metrics != NULL && i < count; i++)
    metrics[i] = named(plan, prefix_of(plugin->kind), plugin->outputs[i].name);
  return (plugin_places){plugin, metrics};
}

static heed_status find_places(stages_reports *self,
                               const host_registry *plugins,
                               heed_error *error) {
  const heed_plan *plan = self->plan;
  for (size_t i = 0; i < plan->plugin_count; i++) {
    const plan_plugin *wanted = &plan->plugins[i];
    const heed_plugin *plugin =
        registry_find(plugins, wanted->kind, wanted->name, NULL);
    if (plugin == NULL)
      return heed_fail(error, HEED_INVALID, "the plugin %s/%s is not loaded",
                       kind_name(wanted->kind), wanted->name);
    self->places[self->count++] = places_of(self->memory, plan, plugin);
  }
  return arena_refused(self->memory) ? heed_no_memory(error) : HEED_OK;
}

heed_status reports_create(const heed_plan *plan, const host_registry *plugins,
                           stages_reports **result, heed_error *error) {
  host_arena *memory = arena_create();
  stages_reports *self = arena_allocate(memory, 1, sizeof *self);
  plugin_places *places =
      arena_allocate(memory, plan->plugin_count, sizeof *places);
  heed_status status;
  if (arena_refused(memory)) {
    arena_free(memory);
    return heed_no_memory(error);
  }
  self->memory = memory;
  self->plan = plan;
  self->places = places;
  for (size_t i = 0; i < METRIC_COUNT; i++)
    self->own[i] = named(plan, "", evaluation_metrics[i].name);
  status = find_places(self, plugins, error);
  if (status == HEED_OK)
    *result = self;
  else
    reports_free(self);
  return status;
}

void reports_free(stages_reports *self) {
  if (self != NULL) arena_free(self->memory);
}

/* The metric of a plugin's output; NULL: the plan has none. */
static const plan_metric *metric_of(const stages_reports *self,
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

static void take_output(void *context, const heed_plugin *plugin, size_t index,
                        const double *values, size_t count) {
  stages_level *level = context;
  const plan_metric *place;
  if (index >= plugin->output_count) {
    (void)heed_fail(&level->bad_report, HEED_NUMERIC,
                    "reported output %zu, but has only %zu output%s", index,
                    plugin->output_count, heed_plural(plugin->output_count));
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
  place = metric_of(level->reports, plugin, index);
  if (place == NULL) return;
  if (place->count != count) {
    (void)heed_fail(&level->bad_report, HEED_NUMERIC,
                    "its output \"%s\" has %zu value%s, expected %zu",
                    plugin->outputs[index].name, count, heed_plural(count),
                    place->count);
    return;
  }
  memcpy(level->reported + place->offset, values, count * sizeof *values);
  level->any_reported = true;
}

static void take_warning(void *context, const char *plugin, const char *code,
                         const char *message) {
  stages_level *level = context;
  const stages_warning made = {.code = arena_copy(level->memory, code),
                               .plugin = arena_copy(level->memory, plugin),
                               .message = arena_copy(level->memory, message)};
  stages_warning *all = arena_grow(level->memory, level->warnings,
                                   level->warning_count, sizeof *all);
  if (made.code == NULL || made.plugin == NULL || made.message == NULL ||
      all == NULL) {
    (void)heed_no_memory(&level->bad_report);
    return;
  }
  level->warnings = all;
  all[level->warning_count++] = made;
}

static void take_trace(void *context, const char *series, uint64_t step,
                       double value) {
  stages_level *level = context;
  stages_trace_point made = {.step = step, .value = value}, *all;
  if ((level->reports->plan->keep & PLAN_KEEP_TRACE) == 0) return;
  made.series = arena_copy(level->memory, series);
  all =
      arena_grow(level->memory, level->points, level->point_count, sizeof *all);
  if (made.series == NULL || all == NULL) {
    (void)heed_no_memory(&level->bad_report);
    return;
  }
  level->points = all;
  all[level->point_count++] = made;
}

static void take_log(void *context, const char *plugin, const char *line) {
  const stages_level *self = context;
  if (self->options->log != NULL)
    self->options->log(self->options->context, plugin, line);
}

static void take_progress(void *context, double done, const char *what) {
  const stages_level *self = context;
  if (self->options->progress != NULL)
    self->options->progress(self->options->context, done, what);
}

void reports_sink(const stages_reports *self, stages_level *level,
                  host_sink *sink, const stages_options *options) {
  level->reports = self;
  level->options = options;
  *sink = (host_sink){.context = level,
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
    const plan_metric *place = metric_of(self, instance->plugin, i);
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
