/* SPDX-License-Identifier: GPL-3.0-or-later
 * Runs cells: the levels of the last cell's path stay, and a cell that shares a
 * prefix with it starts where they part. */
#include <gsl/gsl_errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "check.h"
#include "costly.h"
#include "keep.h"
#include "level.h"
#include "reports.h"

struct stages {
  const plan *plan;
  const registry *plugins;
  stages_options options;
  reports *reports;
  arena *scratch;
  service_sink sinks[PLAN_STAGE_COUNT];
  level levels[PLAN_STAGE_COUNT];
};

static heed_status no_memory(heed_error *error) {
  return heed_fail(error, HEED_MEMORY, "memory is out");
}

/* ---- levels ---- */

/* Plugins free what they hold, which may go wrong as well: it is announced. */
static void level_clear(stages *of, level *self) {
  if (self->node == SIZE_MAX) return;
  if (self->instance != NULL && of->options.closing != NULL) {
    const plan_node *node = &of->plan->nodes[self->node];
    of->options.closing(
        of->options.context,
        node->first_point * of->plan->replicates + self->replicate,
        node->stage);
  }
  if (self->instance != NULL && self->policy.size != 0) {
    const heed_trainer_functions *is = self->instance->plugin->functions;
    if (is->release != NULL) is->release(self->instance->self, &self->policy);
  }
  if (self->instance != NULL) instance_close(self->instance);
  if (self->values != NULL) schema_close(self->values, stages_user_count);
  self->instance = NULL;
  self->values = NULL;
  self->prompts = NULL;
  self->responses = NULL;
  self->policy.size = 0;
  self->selection.weight = NULL;
  self->warnings = NULL;
  self->points = NULL;
  self->warning_count = self->warning_room = 0;
  self->point_count = self->point_room = 0;
  self->node = SIZE_MAX;
  arena_clear(self->memory);
}

static void level_open(stages *self, plan_stage stage, size_t node,
                       size_t replicate) {
  level *into = &self->levels[stage];
  level_clear(self, into);
  into->node = node;
  into->replicate = replicate;
  into->failed = false;
  into->bad_report.status = HEED_OK;
  if (into->any_reported)
    for (size_t i = 0; i < self->plan->value_count; i++)
      into->reported[i] = NAN;
  into->any_reported = false;
  into->host.output = into->memory;
  into->host.scratch = self->scratch;
  into->host.plugin = NULL;
  into->host.stage = plan_stage_name(stage);
  into->host.seed = self->plan->seed;
  into->host.replicate = replicate;
  into->host.cancel = self->options.cancel;
  reports_sink(self->reports, into, &self->sinks[stage], &self->options);
  into->host.sink = &self->sinks[stage];
}

heed_status stages_create(const plan *of, const registry *plugins,
                          const stages_options *options, stages **result,
                          heed_error *error) {
  stages *self = calloc(1, sizeof *self);
  heed_status status;
  if (self == NULL) return no_memory(error);
  /* GSL's own handler aborts the process; here errors are values. */
  (void)gsl_set_error_handler_off();
  self->plan = of;
  self->plugins = plugins;
  self->options = *options;
  self->scratch = arena_create();
  status = reports_create(of, plugins, &self->reports, error);
  for (size_t i = 0; i < PLAN_STAGE_COUNT; i++) {
    level *into = &self->levels[i];
    into->node = SIZE_MAX;
    into->memory = arena_create();
    into->reported = malloc((of->value_count + 1) * sizeof(double));
    into->any_reported = true;
    service_open(&into->host);
    if ((into->memory == NULL || into->reported == NULL ||
         self->scratch == NULL) &&
        status == HEED_OK)
      status = no_memory(error);
  }
  if (status == HEED_OK)
    *result = self;
  else
    stages_free(self);
  return status;
}

void stages_free(stages *self) {
  if (self == NULL) return;
  for (size_t i = PLAN_STAGE_COUNT; i-- > 0;) {
    level_clear(self, &self->levels[i]);
    arena_free(self->levels[i].memory);
    free(self->levels[i].reported);
  }
  arena_free(self->scratch);
  reports_free(self->reports);
  free(self);
}

/* ---- one stage ---- */

static heed_status open_instance(stages *self, level *into, heed_error *error) {
  const heed_status status =
      instance_open(self->plugins, self->plan->nodes[into->node].spec,
                    &into->host, &into->instance, error);
  if (status == HEED_OK) into->host.plugin = into->instance->plugin;
  return status;
}

static heed_status run_world(stages *self, level *into, heed_error *error) {
  const work *folder = self->options.work;
  const bool costly = self->plan->nodes[into->node].costly && folder != NULL;
  bool found = false;
  heed_status status = open_instance(self, into, error);
  if (status != HEED_OK) return status;
  const heed_source_functions *is = into->instance->plugin->functions;
  into->world =
      (heed_world){.size = sizeof into->world, .mu = NAN, .mu_requested = NAN};
  if (costly)
    status = costly_load_world(folder, self->plan, into, &found, error);
  if (status == HEED_OK && costly)
    status = costly_open_checkpoint(folder, self->plan, into, error);
  if (status == HEED_OK && !found)
    status =
        is->make(into->instance->self, &into->host.host, &into->world, error);
  if (status == HEED_OK) status = check_world(&into->world, error);
  if (status == HEED_OK && costly && !found)
    status = costly_save_world(folder, self->plan, into, error);
  if (costly) costly_close_checkpoint(self->plan, into, status == HEED_OK);
  if (status == HEED_OK)
    status = prompts_know(into->instance, &into->world, &into->host,
                          into->memory, &into->prompts, error);
  return status;
}

static heed_status run_annotations(stages *self, level *into,
                                   heed_error *error) {
  const level *world = &self->levels[PLAN_WORLD];
  const json_t *spec = self->plan->nodes[into->node].spec;
  heed_status status =
      schema_values(self->plugins, stages_users, stages_user_count, spec,
                    &into->host, &into->values, error);
  if (status == HEED_OK)
    status = crowd_make(&world->world, into->values, &into->host, &into->crowd,
                        error);
  return status;
}

static const heed_crowd *crowd_for(const stages *self, const level *of) {
  const crowd *all = &self->levels[PLAN_ANNOTATIONS].crowd;
  return (of->instance->plugin->flags & HEED_SEES_TRUTH) != 0 ? &all->with_eta
                                                              : &all->seen;
}

static heed_status run_posterior(stages *self, level *into, heed_error *error) {
  heed_posterior *posterior = &into->posterior;
  heed_status status = open_instance(self, into, error);
  if (status != HEED_OK) return status;
  const heed_estimator_functions *is = into->instance->plugin->functions;
  *posterior = (heed_posterior){.size = sizeof *posterior,
                                .mu = NAN,
                                .mu_low = NAN,
                                .mu_high = NAN,
                                .log_likelihood = NAN,
                                .objective = NAN};
  status = is->estimate(into->instance->self, &into->host.host,
                        crowd_for(self, into), posterior, error);
  if (status == HEED_OK)
    status = check_posterior(&self->levels[PLAN_ANNOTATIONS].crowd.seen,
                             posterior, error);
  if (status == HEED_OK) reports_fit(self->reports, posterior, into);
  return status;
}

/* The row of the posterior that an annotation belongs to. */
static size_t unit_of(const heed_crowd *of, const heed_posterior *posterior,
                      size_t annotation) {
  const int64_t *user = heed_table_data(of->annotations, "user", HEED_INT64);
  const int32_t *topic = heed_table_data(of->annotations, "topic", HEED_INT32);
  if (posterior->unit == HEED_BY_ANNOTATION) return annotation;
  if (posterior->unit == HEED_BY_USER) return (size_t)user[annotation];
  if (topic == NULL) {
    const int64_t *pair = heed_table_data(of->annotations, "pair", HEED_INT64);
    topic = heed_table_data(of->world->pairs, "topic", HEED_INT32);
    return (size_t)user[annotation] * posterior->topics +
           (topic == NULL ? 0 : (size_t)topic[pair[annotation]]);
  }
  return (size_t)user[annotation] * posterior->topics +
         (size_t)topic[annotation];
}

/* The selection as a filter finds it: all weights 1. */
static heed_status fill_selection(const stages *self, level *into,
                                  heed_error *error) {
  const heed_crowd *of = &self->levels[PLAN_ANNOTATIONS].crowd.seen;
  const heed_posterior *posterior = &self->levels[PLAN_POSTERIOR].posterior;
  const size_t count = of->annotations->rows;
  heed_selection *made = &into->selection;
  made->size = sizeof *made;
  made->count = count;
  made->weight = arena_allocate(into->memory, count, sizeof(double));
  made->eta = arena_allocate(into->memory, count, sizeof(double));
  made->left_out = arena_allocate(into->memory, count, sizeof(double));
  made->casual = arena_allocate(into->memory, count, sizeof(double));
  if (made->weight == NULL || made->eta == NULL || made->left_out == NULL ||
      made->casual == NULL)
    return no_memory(error);
  for (size_t i = 0; i < count; i++) {
    made->weight[i] = 1;
    made->eta[i] = posterior->mean[unit_of(of, posterior, i)];
  }
  memcpy(made->left_out, posterior->left_out, count * sizeof(double));
  memcpy(made->casual, posterior->casual, count * sizeof(double));
  return HEED_OK;
}

static heed_status run_selection(stages *self, level *into, heed_error *error) {
  const heed_crowd *of = &self->levels[PLAN_ANNOTATIONS].crowd.seen;
  heed_status status = open_instance(self, into, error);
  if (status != HEED_OK) return status;
  const heed_filter_functions *is = into->instance->plugin->functions;
  status = fill_selection(self, into, error);
  if (status == HEED_OK)
    status = is->select(into->instance->self, &into->host.host, of,
                        &self->levels[PLAN_POSTERIOR].posterior,
                        &into->selection, error);
  return status == HEED_OK ? check_selection(of, &into->selection, error)
                           : status;
}

/* Without a filter every annotation counts: the selection then lives in the
 * level that asks. */
static const heed_selection *selection_for(stages *self, level *asker,
                                           heed_error *error) {
  const level *filter = &self->levels[PLAN_SELECTION];
  if (filter->node != SIZE_MAX) return &filter->selection;
  if (asker->selection.size == 0 || asker->selection.weight == NULL)
    if (fill_selection(self, asker, error) != HEED_OK) return NULL;
  return &asker->selection;
}

static heed_status run_policy(stages *self, level *into, heed_error *error) {
  const work *folder = self->options.work;
  const bool costly = self->plan->nodes[into->node].costly && folder != NULL;
  const level *world = &self->levels[PLAN_WORLD];
  const heed_crowd *of = &self->levels[PLAN_ANNOTATIONS].crowd.seen;
  const heed_selection *selection;
  bool found = false;
  heed_status status = open_instance(self, into, error);
  if (status != HEED_OK) return status;
  const heed_trainer_functions *is = into->instance->plugin->functions;
  into->selection.weight = NULL;
  selection = selection_for(self, into, error);
  if (selection == NULL) return error->status;
  into->policy = (heed_policy){.size = sizeof into->policy, .scale = 1};
  if (costly)
    status = costly_load_policy(folder, self->plan, &world->world, into, &found,
                                error);
  if (status == HEED_OK && costly)
    status = costly_open_checkpoint(folder, self->plan, into, error);
  if (status == HEED_OK && !found)
    status = is->train(into->instance->self, &into->host.host, of,
                       &self->levels[PLAN_POSTERIOR].posterior, selection,
                       &into->policy, error);
  if (status == HEED_OK) status = check_policy(of, &into->policy, error);
  if (status == HEED_OK && costly && !found)
    status = costly_save_policy(folder, self->plan, of, into, error);
  if (costly) costly_close_checkpoint(self->plan, into, status == HEED_OK);
  return status;
}

static void read_settings(const json_t *spec, evaluation *into, arena *memory) {
  const json_t *kl =
      json_object_get(spec, stages_evaluation[EVALUATION_KL].name);
  double *levels = arena_allocate(memory, json_array_size(kl), sizeof *levels);
  into->kl_count = levels == NULL ? 0 : json_array_size(kl);
  for (size_t i = 0; i < into->kl_count; i++)
    levels[i] = json_number_value(json_array_get(kl, i));
  into->kl = levels;
  into->split = json_number_value(
      json_object_get(spec, stages_evaluation[EVALUATION_SPLIT].name));
  into->level = json_number_value(
      json_object_get(spec, stages_evaluation[EVALUATION_LEVEL].name));
  into->min_annotations = json_integer_value(json_object_get(
      spec, stages_evaluation[EVALUATION_MIN_ANNOTATIONS].name));
}

static heed_status run_evaluation(stages *self, level *into,
                                  heed_error *error) {
  const level *levels = self->levels;
  const level *trainer = &levels[PLAN_POLICY];
  const bool trained = trainer->node != SIZE_MAX;
  evaluation what = {.source = levels[PLAN_WORLD].instance,
                     .estimator = levels[PLAN_POSTERIOR].instance,
                     .model = levels[PLAN_POSTERIOR].posterior.model,
                     .trainer = trained ? trainer->instance : NULL,
                     .world = &levels[PLAN_WORLD].world,
                     .prompts = levels[PLAN_WORLD].prompts,
                     .crowd = &levels[PLAN_ANNOTATIONS].crowd.seen,
                     .held_out = &levels[PLAN_ANNOTATIONS].crowd.held_out,
                     .eta = levels[PLAN_ANNOTATIONS].crowd.dimension == 1
                                ? levels[PLAN_ANNOTATIONS].crowd.eta
                                : NULL,
                     .posterior = &levels[PLAN_POSTERIOR].posterior,
                     .policy = trained ? &trainer->policy : NULL,
                     .host = &into->host,
                     .scratch = self->scratch,
                     .responses = &into->responses};
  heed_status status;
  into->selection.weight = NULL;
  what.selection = selection_for(self, into, error);
  if (what.selection == NULL) return error->status;
  read_settings(self->plan->nodes[into->node].spec, &what, into->memory);
  for (size_t i = 0; i < METRIC_COUNT; i++) {
    const plan_metric *own = reports_own(self->reports, (metric)i);
    what.into[i] = own == NULL ? NULL : into->reported + own->offset;
  }
  into->any_reported = true;
  status = evaluate_attentiveness(&what, error);
  if (status == HEED_OK) status = evaluate_labels(&what, error);
  if (status == HEED_OK) status = evaluate_policy(&what, error);
  return status;
}

static double seconds_now(void) {
  struct timespec now;
  (void)clock_gettime(CLOCK_MONOTONIC, &now);
  return (double)now.tv_sec + 1e-9 * (double)now.tv_nsec;
}

static heed_status call_stage(stages *self, plan_stage stage, level *into,
                              heed_error *error) {
  switch (stage) {
    case PLAN_WORLD:
      return run_world(self, into, error);
    case PLAN_ANNOTATIONS:
      return run_annotations(self, into, error);
    case PLAN_POSTERIOR:
      return run_posterior(self, into, error);
    case PLAN_SELECTION:
      return run_selection(self, into, error);
    case PLAN_POLICY:
      return run_policy(self, into, error);
    case PLAN_EVALUATION:
      return run_evaluation(self, into, error);
    case PLAN_STAGE_COUNT:
      break;
  }
  return heed_fail(error, HEED_INTERNAL, "no such stage");
}

/* Runs a stage into its level; a failure stays there. */
static heed_status run_stage(stages *self, plan_stage stage, size_t node,
                             size_t cell) {
  level *into = &self->levels[stage];
  const double start = seconds_now();
  heed_status status;
  if (self->options.announce != NULL)
    self->options.announce(self->options.context, cell, stage);
  level_open(self, stage, node, cell % self->plan->replicates);
  into->error = (heed_error){HEED_OK, ""};
  status = call_stage(self, stage, into, &into->error);
  if (status == HEED_OK && into->bad_report.status != HEED_OK) {
    status = into->bad_report.status;
    into->error = into->bad_report;
  }
  if (status != HEED_OK && into->error.message[0] == '\0')
    (void)heed_fail(&into->error, status, "it failed without a message");
  arena_clear(self->scratch);
  into->failed = status != HEED_OK;
  into->seconds = seconds_now() - start;
  return status;
}

/* ---- the record ---- */

static void take_values(const plan *of, const level *from, record *into) {
  if (from->any_reported)
    for (size_t i = 0; i < of->value_count; i++)
      if (!isnan(from->reported[i])) into->values[i] = from->reported[i];
}

/* Those of a stage that failed as well: they may say why. */
static heed_status take_warnings(const level *from, record *into,
                                 heed_error *error) {
  heed_status status = HEED_OK;
  for (size_t i = 0; status == HEED_OK && i < from->warning_count; i++)
    status = record_warn(into, from->warnings[i].code, from->warnings[i].plugin,
                         from->warnings[i].message, error);
  return status;
}

/* The file of the plugin at fault stands in the message: it may be a user's.
 * In the host's own stages that is the plugin that was being called. */
static heed_status take_failure(const stages *self, plan_stage stage,
                                record *into, heed_error *error) {
  const level *from = &self->levels[stage];
  const char *name = plan_node_plugin(self->plan, from->node);
  const heed_plugin *called = from->host.plugin;
  const plugin_file *file = NULL;
  const char *slash;
  heed_kind kind;
  char text[128], message[2 * HEED_MESSAGE_SIZE];
  if (*name == '\0' && called != NULL) {
    (void)snprintf(text, sizeof text, "%s/%s", kind_name(called->kind),
                   called->name);
    name = text;
  }
  slash = strchr(name, '/');
  if (slash != NULL) {
    char kind_text[32];
    (void)snprintf(kind_text, sizeof kind_text, "%.*s", (int)(slash - name),
                   name);
    if (kind_of(kind_text, &kind))
      (void)registry_find(self->plugins, kind, slash + 1, &file);
  }
  (void)snprintf(message, sizeof message, "%s%s%s",
                 file == NULL ? "" : file->path, file == NULL ? "" : ": ",
                 from->error.message);
  return record_fail(into, RECORD_FAILED, stage, name, 0, message, error);
}

/* What `keep` asked for, once all stages have run. */
static heed_status keep(stages *self, record *into, heed_error *error) {
  keeping what = {self->plan, self->levels, NULL, self->scratch};
  heed_status status;
  if (self->plan->keep_selection) {
    what.selection = selection_for(self, &self->levels[PLAN_EVALUATION], error);
    if (what.selection == NULL) return error->status;
  }
  status = keep_tables(&what, into, error);
  arena_clear(self->scratch);
  return status;
}

/* Levels of stages that this cell does not have hold nothing. */
static void forget_from(stages *self, plan_stage stage) {
  for (size_t i = PLAN_STAGE_COUNT; i-- > (size_t)stage;)
    level_clear(self, &self->levels[i]);
}

static bool is_cancelled(const stages *self) {
  return self->options.cancel != NULL && atomic_load(self->options.cancel);
}

heed_status stages_run(stages *self, size_t cell, record *into,
                       heed_error *error) {
  const size_t replicate = cell % self->plan->replicates;
  size_t path[PLAN_STAGE_COUNT];
  bool shared = true;
  heed_status status = HEED_OK;
  for (size_t i = 0; i < PLAN_STAGE_COUNT; i++)
    path[i] =
        plan_node_at(self->plan, cell / self->plan->replicates, (plan_stage)i);
  for (size_t i = 0; i < PLAN_STAGE_COUNT; i++) {
    level *at = &self->levels[i];
    shared = shared && at->node == path[i] &&
             (path[i] == SIZE_MAX || at->replicate == replicate);
    if (path[i] == SIZE_MAX) {
      if (at->node != SIZE_MAX) forget_from(self, (plan_stage)i);
      continue;
    }
    into->seconds[i] = 0;
    if (!shared) {
      forget_from(self, (plan_stage)i);
      (void)run_stage(self, (plan_stage)i, path[i], cell);
      into->seconds[i] = at->seconds;
    }
    if (at->failed) {
      if (at->error.status == HEED_CANCELLED && is_cancelled(self)) {
        *error = at->error;
        forget_from(self, (plan_stage)i);
        return HEED_CANCELLED;
      }
      status = take_warnings(at, into, error);
      return status == HEED_OK ? take_failure(self, (plan_stage)i, into, error)
                               : status;
    }
    take_values(self->plan, at, into);
    status = take_warnings(at, into, error);
    if (status != HEED_OK) return status;
  }
  return keep(self, into, error);
}
