/* SPDX-License-Identifier: GPL-3.0-or-later
 * Runs cells.  The levels of the last cell's path stay: the next cell starts
 * after the prefix that both paths share. */
#include <gsl/gsl_errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "costly.h"
#include "guard.h"
#include "heed/memory.h"
#include "host/promise.h"
#include "keep.h"
#include "level.h"
#include "reports.h"
#include "stages/check.h"

struct heed_stages {
  const heed_plan *plan;
  const host_registry *plugins;
  stages_options options;
  stages_reports *reports;
  host_arena *memory;  /* freed with the stages */
  host_arena *scratch; /* cleared after each stage */
  host_sink sinks[PLAN_STAGE_COUNT];
  stages_level levels[PLAN_STAGE_COUNT];
  process_state *home; /* the process as it was before the first stage */
  /* Of the posterior in its level, for the settings of `shared_spec`. */
  const evaluation_shared *shared; /* or NULL */
  const json_t *shared_spec;
  host_arena *shared_memory;
  bool reads_texts;     /* a stage needs the texts of the world */
  host_draws *draws;    /* of the world in its level */
  host_threads threads; /* for the current stage */
  size_t
      damaged; /* levels from here on are made again; PLAN_STAGE_COUNT: none */
};

/* ---- levels ---- */

/* Plugins free their memory, which can also crash: announces it. */
static void level_clear(heed_stages *stages, stages_level *self) {
  if (self->node == SIZE_MAX) return;
  guard_unseal(self);
  if (self->instance != NULL && stages->options.closing != NULL) {
    const plan_node *node = &stages->plan->nodes[self->node];
    stages->options.closing(
        stages->options.context,
        node->first_point * stages->plan->replicates + self->replicate,
        node->stage);
  }
  if (self->instance != NULL && self->policy.size != 0) {
    const heed_trainer_functions *functions = self->instance->plugin->functions;
    if (functions->release != NULL)
      functions->release(self->instance->self, &self->policy);
  }
  if (self->instance != NULL) instance_close(self->instance);
  (void)process_settle(stages->home);
  if (self->values != NULL) schema_close(self->values, stages_user_count);
  if (stages->options.called != NULL)
    stages->options.called(stages->options.context);
  self->instance = NULL;
  self->values = NULL;
  self->prompts = NULL;
  self->responses = NULL;
  self->policy.size = 0;
  self->selection.weight = NULL;
  self->warnings = NULL;
  self->points = NULL;
  self->warning_count = self->point_count = 0;
  self->node = SIZE_MAX;
  arena_clear(self->memory);
  arena_clear(self->instances);
  if (self == &stages->levels[PLAN_POSTERIOR]) stages->shared = NULL;
}

static host_threads offered_threads(const stages_options *options) {
  const size_t count =
      options->threads == NULL ? 1 : options->threads(options->context);
  return (host_threads){.count = count, .asked = false};
}

static void level_open(heed_stages *self, plan_stage stage, size_t node,
                       size_t replicate) {
  stages_level *level = &self->levels[stage];
  level_clear(self, level);
  self->threads = offered_threads(&self->options);
  level->node = node;
  level->replicate = replicate;
  level->failed = false;
  level->bad_report.status = HEED_OK;
  if (level->any_reported)
    for (size_t i = 0; i < self->plan->value_count; i++)
      level->reported[i] = NAN;
  level->any_reported = false;
  level->host.plugin = level->host.blamed = NULL;
  level->host.stage = plan_stage_name(stage);
  level->host.seed = self->plan->seed;
  level->host.replicate = replicate;
  level->host.cancel = self->options.cancel;
  reports_sink(self->reports, level, &self->sinks[stage], &self->options);
  level->host.sink = &self->sinks[stage];
}

/* Plugins of ABI 4.0 do not say. */
static bool plugins_read_texts(const host_registry *plugins) {
  for (size_t i = 0; i < registry_count(plugins); i++) {
    const heed_plugin *plugin = registry_at(plugins, i, NULL);
    if (plugin->kind != HEED_SOURCE &&
        ((plugin->flags & HEED_READS_TEXTS) != 0 || plugin->abi.minor == 0))
      return true;
  }
  return false;
}

heed_status stages_create(const heed_plan *plan, const host_registry *plugins,
                          const stages_options *options, heed_stages **result,
                          heed_error *error) {
  heed_stages *self = calloc(1, sizeof *self);
  heed_status status;
  if (self == NULL) return heed_no_memory(error);
  /* GSL's own handler aborts the process. */
  (void)gsl_set_error_handler_off();
  self->plan = plan;
  self->plugins = plugins;
  self->options = *options;
  self->threads.count = 1;
  self->memory = arena_create();
  self->scratch = arena_create();
  self->shared_memory = arena_create();
  self->draws = draws_create();
  self->levels[PLAN_WORLD].host.draws = self->draws;
  self->reads_texts =
      plugins_read_texts(plugins) || (plan->keep & PLAN_KEEP_SELECTION) != 0;
  status = reports_create(plan, plugins, &self->reports, error);
  for (size_t i = 0; i < PLAN_STAGE_COUNT; i++) {
    stages_level *level = &self->levels[i];
    level->node = SIZE_MAX;
    level->memory = arena_create();
    level->instances = arena_create();
    level->reported =
        arena_allocate(self->memory, plan->value_count, sizeof(double));
    level->any_reported = true;
    service_open(&level->host);
    level->host.output = level->memory;
    level->host.scratch = self->scratch;
    level->host.texts = &self->reads_texts;
    level->host.threads = &self->threads;
    if ((level->memory == NULL || level->instances == NULL) &&
        status == HEED_OK)
      status = heed_no_memory(error);
  }
  self->damaged = PLAN_STAGE_COUNT;
  if (status == HEED_OK &&
      ((self->home = guard_open(self->levels)) == NULL ||
       self->scratch == NULL || self->shared_memory == NULL ||
       self->draws == NULL || arena_refused(self->memory)))
    status = heed_no_memory(error);
  if (status == HEED_OK)
    *result = self;
  else
    stages_free(self);
  return status;
}

void stages_free(heed_stages *self) {
  if (self == NULL) return;
  for (size_t i = PLAN_STAGE_COUNT; i-- > 0;) {
    level_clear(self, &self->levels[i]);
    arena_free(self->levels[i].memory);
    arena_free(self->levels[i].instances);
  }
  arena_free(self->memory);
  arena_free(self->scratch);
  arena_free(self->shared_memory);
  draws_free(self->draws);
  reports_free(self->reports);
  guard_close(self->home);
  free(self);
}

/* ---- one stage ---- */

/* An instance may write to its own memory in a later stage, as judge() does. */
static heed_status open_instance(heed_stages *self, stages_level *level,
                                 heed_error *error) {
  level->host.output = level->instances;
  const heed_status status =
      instance_open(self->plugins, self->plan->nodes[level->node].spec,
                    &level->host, &level->instance, error);
  level->host.output = level->memory;
  if (status != HEED_OK) return status;
  level->host.plugin = level->instance->plugin;
  return promise_distributions(level->instance, &level->host, error);
}

/* A plugin that takes a row of counts for one annotation is wrong without a
 * word. */
static heed_status refuse_counts(const heed_stages *self,
                                 const stages_level *level, heed_error *error) {
  const heed_plugin *plugin = level->instance->plugin;
  if ((plugin->flags & HEED_READS_COUNTS) != 0 ||
      !crowd_is_counted(&self->levels[PLAN_WORLD].world))
    return HEED_OK;
  return heed_fail(error, HEED_UNSUPPORTED,
                   "%s/%s needs single annotations; this source gives "
                   "counts of them",
                   kind_name(plugin->kind), plugin->name);
}

/* The table of kept annotations has one row each. */
static heed_status can_keep(const heed_stages *self, const heed_world *world,
                            heed_error *error) {
  if ((self->plan->keep & PLAN_KEEP_SELECTION) == 0 || !crowd_is_counted(world))
    return HEED_OK;
  return heed_fail(error, HEED_UNSUPPORTED,
                   "keep: \"selection\" needs single annotations; this source "
                   "gives counts of them");
}

static heed_status run_world(heed_stages *self, stages_level *level,
                             heed_error *error) {
  const heed_work *folder = self->options.work;
  const bool costly = self->plan->nodes[level->node].costly && folder != NULL;
  bool found = false;
  heed_status status = open_instance(self, level, error);
  if (status != HEED_OK) return status;
  const heed_source_functions *functions = level->instance->plugin->functions;
  level->world =
      (heed_world){.size = sizeof level->world, .mu = NAN, .mu_requested = NAN};
  if (costly)
    status = costly_load_world(folder, self->plan, level, &found, error);
  if (status == HEED_OK && costly)
    status = costly_open_checkpoint(folder, self->plan, level, error);
  draws_release(self->draws);
  if (status == HEED_OK && !found)
    status = functions->make(level->instance->self, &level->host.host,
                             &level->world, error);
  draws_tidy(self->draws);
  service_settle(&level->host);
  if (status == HEED_OK) status = check_world(&level->world, error);
  if (status == HEED_OK && costly && !found)
    status = costly_save_world(folder, self->plan, level, error);
  if (costly) costly_close_checkpoint(self->plan, level, status == HEED_OK);
  if (status == HEED_OK)
    status = prompts_know(level->instance, &level->world, &level->host,
                          &level->prompts, error);
  return status;
}

static heed_status run_annotations(heed_stages *self, stages_level *level,
                                   heed_error *error) {
  const stages_level *world = &self->levels[PLAN_WORLD];
  const json_t *spec = self->plan->nodes[level->node].spec;
  heed_status status = can_keep(self, &world->world, error);
  if (status == HEED_OK)
    status = schema_values(self->plugins, stages_users, stages_user_count, spec,
                           &level->host, &level->values, error);
  if (status == HEED_OK)
    status = crowd_make(&world->world, level->values, &level->host,
                        &level->crowd, error);
  return status;
}

static const heed_crowd *crowd_for(const heed_stages *self,
                                   const stages_level *level) {
  const stages_crowd *all = &self->levels[PLAN_ANNOTATIONS].crowd;
  return (level->instance->plugin->flags & HEED_SEES_TRUTH) != 0
             ? &all->with_eta
             : &all->seen;
}

/* Checks the user models that an estimator holds on the first user's
 * annotations. */
static heed_status check_models(const heed_crowd *crowd, stages_level *level,
                                heed_error *error) {
  const heed_table *table = crowd->annotations;
  const int64_t *pair = heed_table_data(table, "pair", HEED_INT64);
  const int8_t *left = heed_table_data(table, "left", HEED_INT8);
  size_t rows[PROMISE_SAMPLE], pairs[PROMISE_SAMPLE], first = 0, count;
  size_t user = 0;
  while (crowd->first[user + 1] == crowd->first[user]) user++;
  first = crowd->first[user];
  count = crowd->first[user + 1] - first;
  if (count > PROMISE_SAMPLE) count = PROMISE_SAMPLE;
  for (size_t i = 0; i < count; i++) {
    rows[i] = first + i;
    pairs[i] = (size_t)pair[first + i];
  }
  const heed_answers sample = {.size = sizeof sample,
                               .count = count,
                               .left = left + first,
                               .annotations = table,
                               .pairs = crowd->world->pairs,
                               .row = rows,
                               .pair = pairs};
  return promise_user_models(level->instance, crowd->world, &sample,
                             &level->host, error);
}

static bool has_warned(const stages_level *level, const char *code) {
  for (size_t i = 0; i < level->warning_count; i++)
    if (strcmp(level->warnings[i].code, code) == 0) return true;
  return false;
}

/* Some plugins set the flags of a doubtful fit, but do not warn. */
static void warn_of_doubt(stages_level *level) {
  const heed_host *host = &level->host.host;
  if (!level->posterior.converged && !has_warned(level, "not_converged"))
    host->warn(host, "not_converged", "the fit stopped before it converged");
  if (!level->posterior.identified && !has_warned(level, "not_identified"))
    host->warn(
        host, "not_identified",
        "the data do not identify the fit: eta-hat may reflect the prior "
        "more than the users");
}

static heed_status run_posterior(heed_stages *self, stages_level *level,
                                 heed_error *error) {
  heed_posterior *posterior = &level->posterior;
  heed_status status = open_instance(self, level, error);
  if (status == HEED_OK) status = refuse_counts(self, level, error);
  if (status != HEED_OK) return status;
  status =
      check_models(&self->levels[PLAN_ANNOTATIONS].crowd.seen, level, error);
  if (status != HEED_OK) return status;
  const heed_estimator_functions *functions =
      level->instance->plugin->functions;
  *posterior = (heed_posterior){.size = sizeof *posterior,
                                .mu = NAN,
                                .mu_low = NAN,
                                .mu_high = NAN,
                                .log_likelihood = NAN,
                                .objective = NAN};
  status = functions->estimate(level->instance->self, &level->host.host,
                               crowd_for(self, level), posterior, error);
  service_settle(&level->host);
  if (status == HEED_OK)
    status = check_posterior(&self->levels[PLAN_ANNOTATIONS].crowd.seen,
                             posterior, error);
  if (status != HEED_OK) return status;
  reports_fit(self->reports, posterior, level);
  warn_of_doubt(level);
  return HEED_OK;
}

/* Columns that determine the unit of an annotation. */
typedef struct stages_units {
  const heed_posterior *posterior;
  const int64_t *user, *pair;
  const int32_t *topic; /* by_pair: of pairs, else of annotations; or NULL */
  bool by_pair;
} stages_units;

static stages_units units_in(const heed_crowd *crowd,
                             const heed_posterior *posterior) {
  const heed_table *table = crowd->annotations;
  stages_units made = {.posterior = posterior,
                       .user = heed_table_data(table, "user", HEED_INT64),
                       .pair = heed_table_data(table, "pair", HEED_INT64),
                       .topic = heed_table_data(table, "topic", HEED_INT32)};
  made.by_pair = made.topic == NULL;
  if (made.by_pair)
    made.topic = heed_table_data(crowd->world->pairs, "topic", HEED_INT32);
  return made;
}

/* The row of the posterior that an annotation belongs to. */
static size_t unit_of(const stages_units *self, size_t annotation) {
  const size_t user = (size_t)self->user[annotation];
  if (self->posterior->unit == HEED_BY_ANNOTATION) return annotation;
  if (self->posterior->unit == HEED_BY_USER) return user;
  if (self->topic == NULL) return user * self->posterior->topics;
  const size_t row =
      self->by_pair ? (size_t)self->pair[annotation] : annotation;
  return user * self->posterior->topics + (size_t)self->topic[row];
}

/* The selection before the filter: all weights are 1.  to_change: a filter may
 * write to it; else it shares columns of the posterior. */
static heed_status fill_selection(const heed_stages *self, stages_level *level,
                                  bool to_change, heed_error *error) {
  const heed_crowd *crowd = &self->levels[PLAN_ANNOTATIONS].crowd.seen;
  const heed_posterior *posterior = &self->levels[PLAN_POSTERIOR].posterior;
  const size_t count = crowd->annotations->rows;
  const stages_units units = units_in(crowd, posterior);
  heed_selection *made = &level->selection;
  made->size = sizeof *made;
  made->count = count;
  heed_memory memory = {&level->host.host, false};
  made->weight = heed_allocate_doubles(&memory, count);
  made->eta = heed_allocate_doubles(&memory, count);
  made->left_out =
      to_change ? heed_allocate_doubles(&memory, count) : posterior->left_out;
  made->casual =
      to_change ? heed_allocate_doubles(&memory, count) : posterior->casual;
  if (memory.refused) return heed_no_memory(error);
  for (size_t i = 0; i < count; i++) {
    made->weight[i] = 1;
    made->eta[i] = posterior->mean[unit_of(&units, i)];
  }
  if (!to_change) return HEED_OK;
  memcpy(made->left_out, posterior->left_out, count * sizeof(double));
  memcpy(made->casual, posterior->casual, count * sizeof(double));
  return HEED_OK;
}

static bool keeps_nothing(const heed_selection *selection) {
  for (size_t i = 0; i < selection->count; i++)
    if (selection->weight[i] > 0) return false;
  return true;
}

/* To keep no annotation is a result, not a failure: there is no policy then,
 * and metrics that need one stay NaN. */
static heed_status run_selection(heed_stages *self, stages_level *level,
                                 heed_error *error) {
  const heed_crowd *crowd = &self->levels[PLAN_ANNOTATIONS].crowd.seen;
  heed_status status = open_instance(self, level, error);
  if (status == HEED_OK) status = refuse_counts(self, level, error);
  if (status != HEED_OK) return status;
  const heed_filter_functions *functions = level->instance->plugin->functions;
  status = fill_selection(self, level, true, error);
  if (status == HEED_OK)
    status = functions->select(level->instance->self, &level->host.host, crowd,
                               &self->levels[PLAN_POSTERIOR].posterior,
                               &level->selection, error);
  service_settle(&level->host);
  if (status == HEED_OK)
    status = check_selection(crowd, &level->selection, error);
  if (status == HEED_OK && keeps_nothing(&level->selection))
    level->host.host.warn(
        &level->host.host, "nothing_kept",
        "kept no annotation of %zu: metrics of kept labels and of the policy "
        "are missing",
        crowd->annotations->rows);
  return status;
}

/* Without a filter every annotation counts: the selection is then in the level
 * of the caller. */
static const heed_selection *selection_for(heed_stages *self,
                                           stages_level *asker,
                                           heed_error *error) {
  const stages_level *filter = &self->levels[PLAN_SELECTION];
  if (filter->node != SIZE_MAX) return &filter->selection;
  if (asker->selection.size == 0 || asker->selection.weight == NULL)
    if (fill_selection(self, asker, false, error) != HEED_OK) return NULL;
  return &asker->selection;
}

/* A trainer of another minor version of the ABI returns a posterior of another
 * size. */
static heed_status adopt_refined(stages_level *level, heed_error *error) {
  const heed_posterior *given = level->policy.refined;
  heed_posterior *made;
  if (given == NULL) return HEED_OK;
  if (!HEED_HAS(given, state))
    return heed_fail(error, HEED_NUMERIC,
                     "invalid output: the refined posterior's size is %zu "
                     "bytes, expected sizeof(heed_posterior), %zu bytes",
                     given->size, sizeof *given);
  made = arena_allocate(level->memory, 1, sizeof *made);
  if (made == NULL) return heed_no_memory(error);
  heed_copy(made, sizeof *made, given);
  level->policy.refined = made;
  return HEED_OK;
}

static heed_status run_policy(heed_stages *self, stages_level *level,
                              heed_error *error) {
  const heed_work *folder = self->options.work;
  const bool costly = self->plan->nodes[level->node].costly && folder != NULL;
  const stages_level *world = &self->levels[PLAN_WORLD];
  const heed_crowd *crowd = &self->levels[PLAN_ANNOTATIONS].crowd.seen;
  const heed_selection *selection;
  bool found = false;
  heed_status status;
  level->policy = (heed_policy){0};
  level->selection.weight = NULL;
  selection = selection_for(self, level, error);
  if (selection == NULL) return error->status;
  if (keeps_nothing(selection)) return HEED_OK;
  status = open_instance(self, level, error);
  if (status == HEED_OK) status = refuse_counts(self, level, error);
  if (status != HEED_OK) return status;
  const heed_trainer_functions *functions = level->instance->plugin->functions;
  level->policy = (heed_policy){.size = sizeof level->policy, .scale = 1};
  if (costly)
    status = costly_load_policy(folder, self->plan, &world->world, level,
                                &found, error);
  if (status == HEED_OK && costly)
    status = costly_open_checkpoint(folder, self->plan, level, error);
  if (status == HEED_OK && !found)
    status = functions->train(level->instance->self, &level->host.host, crowd,
                              &self->levels[PLAN_POSTERIOR].posterior,
                              selection, &level->policy, error);
  service_settle(&level->host);
  if (status == HEED_OK) status = adopt_refined(level, error);
  if (status == HEED_OK) status = check_policy(crowd, &level->policy, error);
  if (status == HEED_OK && costly && !found)
    status = costly_save_policy(folder, self->plan, crowd, level, error);
  if (costly) costly_close_checkpoint(self->plan, level, status == HEED_OK);
  return status;
}

/* The settings of evaluation may differ between the cells of a posterior. */
static heed_status share(heed_stages *self, stages_level *level,
                         heed_evaluation *what, heed_error *error) {
  const json_t *spec = self->plan->nodes[level->node].spec;
  heed_status status = HEED_OK;
  if (self->shared == NULL || !json_equal(self->shared_spec, spec)) {
    arena_clear(self->shared_memory);
    self->shared = NULL;
    level->host.output = self->shared_memory;
    status = evaluation_share(what, &self->shared, error);
    level->host.output = level->memory;
    self->shared_spec = spec;
  }
  what->shared = self->shared;
  return status;
}

static heed_status run_evaluation(heed_stages *self, stages_level *level,
                                  heed_error *error) {
  const stages_level *levels = self->levels;
  const stages_level *trainer = &levels[PLAN_POLICY];
  const bool trained = trainer->policy.size != 0;
  heed_evaluation what = {.source = levels[PLAN_WORLD].instance,
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
                          .host = &level->host,
                          .responses = &level->responses};
  heed_status status;
  level->selection.weight = NULL;
  what.selection = selection_for(self, level, error);
  if (what.selection == NULL) return error->status;
  status = evaluation_read(self->plugins, self->plan->nodes[level->node].spec,
                           &level->host, &what.settings, error);
  if (status != HEED_OK) return status;
  for (size_t i = 0; i < METRIC_COUNT; i++) {
    const plan_metric *own = reports_own(self->reports, (evaluation_metric)i);
    what.target[i] = own == NULL ? NULL : level->reported + own->offset;
  }
  level->any_reported = true;
  status = share(self, level, &what, error);
  if (status != HEED_OK) return status;
  evaluate_shared(&what);
  status = evaluate_refined(&what, error);
  if (status == HEED_OK) status = evaluate_labels(&what, error);
  if (status == HEED_OK) status = evaluate_policy(&what, error);
  return status;
}

static double seconds_now(void) {
  struct timespec now;
  (void)clock_gettime(CLOCK_MONOTONIC, &now);
  return (double)now.tv_sec + 1e-9 * (double)now.tv_nsec;
}

static heed_status call_stage(heed_stages *self, plan_stage stage,
                              stages_level *level, heed_error *error) {
  switch (stage) {
    case PLAN_WORLD:
      return run_world(self, level, error);
    case PLAN_ANNOTATIONS:
      return run_annotations(self, level, error);
    case PLAN_POSTERIOR:
      return run_posterior(self, level, error);
    case PLAN_SELECTION:
      return run_selection(self, level, error);
    case PLAN_POLICY:
      return run_policy(self, level, error);
    case PLAN_EVALUATION:
      return run_evaluation(self, level, error);
    case PLAN_STAGE_COUNT:
      break;
  }
  return heed_fail(error, HEED_INTERNAL, "no such stage");
}

/* ---- what a stage leaves behind ---- */

/* The source and the estimator may write to their own state when evaluation
 * calls them. */
static void open_states(heed_stages *self) {
  stages_level *world = &self->levels[PLAN_WORLD];
  stages_level *posterior = &self->levels[PLAN_POSTERIOR];
  if (world->world.state != NULL) guard_unseal(world);
  if (posterior->posterior.state != NULL) guard_unseal(posterior);
}

static bool is_sealed_stage(plan_stage stage) {
  return stage == PLAN_WORLD || stage == PLAN_ANNOTATIONS ||
         stage == PLAN_POSTERIOR || stage == PLAN_SELECTION;
}

static void seal_until(heed_stages *self, plan_stage last) {
  for (size_t i = 0; i <= (size_t)last; i++) {
    stages_level *level = &self->levels[i];
    if (is_sealed_stage((plan_stage)i) && level->node != SIZE_MAX &&
        !level->failed && !level->sealed)
      guard_seal(level);
  }
}

/* Other cells share the damaged output: it will be made again. */
static heed_status find_damage(heed_stages *self, plan_stage stage,
                               heed_error *error) {
  for (size_t i = 0; i < (size_t)stage; i++) {
    if (guard_is_intact(&self->levels[i])) continue;
    self->damaged = i;
    return heed_fail(error, HEED_INVALID,
                     "wrote to the output of the stage %s, which is read-only",
                     plan_stage_name((plan_stage)i));
  }
  return HEED_OK;
}

/* Runs a stage into its level; a failure stays there. */
static heed_status run_stage(heed_stages *self, plan_stage stage, size_t node,
                             size_t cell) {
  stages_level *level = &self->levels[stage];
  const double start = seconds_now();
  heed_error damage;
  heed_status status;
  if (self->options.announce != NULL)
    self->options.announce(self->options.context, cell, stage);
  level_open(self, stage, node, cell % self->plan->replicates);
  level->error = (heed_error){HEED_OK, ""};
  if (stage == PLAN_EVALUATION) open_states(self);
  status = call_stage(self, stage, level, &level->error);
  level->seconds = seconds_now() - start;
  guard_settle(self->home, &self->threads, level);
  if (self->options.called != NULL) self->options.called(self->options.context);
  if (find_damage(self, stage, &damage) != HEED_OK) {
    status = damage.status;
    level->error = damage;
  }
  if (status == HEED_OK && level->bad_report.status != HEED_OK) {
    status = level->bad_report.status;
    level->error = level->bad_report;
  }
  if (status != HEED_OK && level->error.message[0] == '\0')
    (void)heed_fail(&level->error, status, "failed without a message");
  arena_clear(self->scratch);
  level->failed = status != HEED_OK;
  seal_until(self, stage);
  return status;
}

/* ---- the record ---- */

static void take_values(const heed_plan *plan, const stages_level *level,
                        heed_record *record) {
  if (level->any_reported)
    for (size_t i = 0; i < plan->value_count; i++)
      if (!isnan(level->reported[i])) record->values[i] = level->reported[i];
}

/* Includes the warnings of a failed stage: they may name the cause. */
static heed_status take_warnings(const stages_level *level, heed_record *record,
                                 heed_error *error) {
  heed_status status = HEED_OK;
  for (size_t i = 0; status == HEED_OK && i < level->warning_count; i++)
    status =
        record_warn(record, level->warnings[i].code, level->warnings[i].plugin,
                    level->warnings[i].message, error);
  return status;
}

/* The message names the file of the plugin at fault: the user may have written
 * it.  It is the plugin being called, which another may hold; else the stage's
 * own. */
static heed_status take_failure(const heed_stages *self, plan_stage stage,
                                heed_record *record, heed_error *error) {
  const stages_level *level = &self->levels[stage];
  const char *name = plan_node_plugin(self->plan, level->node);
  const heed_plugin *called = level->host.plugin;
  const host_plugin_file *file = NULL;
  char text[128], message[2 * HEED_MESSAGE_SIZE];
  if (called != NULL) {
    (void)snprintf(text, sizeof text, "%s/%s", kind_name(called->kind),
                   called->name);
    name = text;
  }
  (void)registry_named(self->plugins, name, &file);
  (void)snprintf(message, sizeof message, "%s%s%s",
                 file == NULL ? "" : file->path, file == NULL ? "" : ": ",
                 level->error.message);
  return record_fail(record, RECORD_FAILED, stage, name, 0, message, error);
}

/* Takes the kept tables after all stages. */
static heed_status keep(heed_stages *self, heed_record *record,
                        heed_error *error) {
  stages_keeping what = {self->plan, self->levels, NULL,
                         &self->levels[PLAN_EVALUATION].host.host};
  heed_status status;
  if ((self->plan->keep & PLAN_KEEP_SELECTION) != 0) {
    what.selection = selection_for(self, &self->levels[PLAN_EVALUATION], error);
    if (what.selection == NULL) return error->status;
  }
  status = keep_tables(&what, record, error);
  arena_clear(self->scratch);
  return status;
}

/* Levels of stages that this cell lacks are empty. */
static void forget_from(heed_stages *self, plan_stage stage) {
  for (size_t i = PLAN_STAGE_COUNT; i-- > (size_t)stage;)
    level_clear(self, &self->levels[i]);
}

static bool is_cancelled(const heed_stages *self) {
  return self->options.cancel != NULL && atomic_load(self->options.cancel);
}

static bool is_for_all_replicates(const stages_level *level, plan_stage stage) {
  return stage == PLAN_WORLD && !level->failed && level->instance != NULL &&
         (level->instance->plugin->flags & HEED_SAME_WORLD) != 0;
}

heed_status stages_run(heed_stages *self, size_t cell, heed_record *record,
                       heed_error *error) {
  const size_t replicate = cell % self->plan->replicates;
  size_t path[PLAN_STAGE_COUNT];
  bool shared = true;
  heed_status status = HEED_OK;
  if (self->damaged < PLAN_STAGE_COUNT)
    forget_from(self, (plan_stage)self->damaged);
  self->damaged = PLAN_STAGE_COUNT;
  for (size_t i = 0; i < PLAN_STAGE_COUNT; i++)
    path[i] =
        plan_node_at(self->plan, cell / self->plan->replicates, (plan_stage)i);
  for (size_t i = 0; i < PLAN_STAGE_COUNT; i++) {
    stages_level *level = &self->levels[i];
    shared = shared && level->node == path[i] &&
             (path[i] == SIZE_MAX || level->replicate == replicate ||
              is_for_all_replicates(level, (plan_stage)i));
    if (path[i] == SIZE_MAX) {
      if (level->node != SIZE_MAX) forget_from(self, (plan_stage)i);
      continue;
    }
    record->seconds[i] = 0;
    if (!shared) {
      forget_from(self, (plan_stage)i);
      (void)run_stage(self, (plan_stage)i, path[i], cell);
      record->seconds[i] = level->seconds;
    }
    if (level->failed) {
      if (level->error.status == HEED_CANCELLED && is_cancelled(self)) {
        *error = level->error;
        forget_from(self, (plan_stage)i);
        return HEED_CANCELLED;
      }
      status = take_warnings(level, record, error);
      return status == HEED_OK
                 ? take_failure(self, (plan_stage)i, record, error)
                 : status;
    }
    take_values(self->plan, level, record);
    status = take_warnings(level, record, error);
    if (status != HEED_OK) return status;
  }
  return keep(self, record, error);
}
