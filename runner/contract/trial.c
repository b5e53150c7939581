/* SPDX-License-Identifier: GPL-3.0-or-later
 * A trial: findings, the instance, and calls. */
#include "trial.h"

#include <gsl/gsl_errno.h>
#include <stdlib.h>

#include "child.h"
#include "settings.h"
#include "watch.h"

#define MOST_COLUMNS 16

/* ---- findings ---- */

static void say(const contract_trial *self, contract_outcome outcome,
                const char *format, va_list arguments) {
  self->board->outcome = outcome;
  (void)vsnprintf(self->board->message, sizeof self->board->message, format,
                  arguments);
}

void trial_fail(const contract_trial *self, const char *format, ...) {
  va_list arguments;
  va_start(arguments, format);
  say(self, CONTRACT_FAILED, format, arguments);
  va_end(arguments);
  child_leave();
}

void trial_skip(const contract_trial *self, const char *format, ...) {
  va_list arguments;
  if (self->skipping != NULL) longjmp(*self->skipping, 1);
  va_start(arguments, format);
  say(self, CONTRACT_NOT_TRIED, format, arguments);
  va_end(arguments);
  child_leave();
}

void trial_about(const contract_trial *self, const char *function) {
  (void)snprintf(self->board->function, BOARD_NAME, "%s", function);
}

void trial_refuse(const contract_trial *self, const heed_error *error) {
  static const char prefix[] = "invalid output: ";
  const bool has_prefix =
      strncmp(error->message, prefix, sizeof prefix - 1) == 0;
  trial_fail(self, "%s", error->message + (has_prefix ? sizeof prefix - 1 : 0));
}

void trial_remark(const contract_trial *self, const char *format, ...) {
  va_list arguments;
  va_start(arguments, format);
  say(self, CONTRACT_PASSED, format, arguments);
  va_end(arguments);
}

/* ---- the plugin ---- */

/* Reports that checks cannot run. */
static _Noreturn void give_up(const contract_trial *self,
                              const heed_error *error) {
  self->board->error = error->status;
  (void)snprintf(self->board->message, sizeof self->board->message, "%s",
                 error->message);
  child_leave();
}

/* Removes the file's path from the message; the report already names it. */
static _Noreturn void refuse_file(const contract_trial *self,
                                  const heed_error *error) {
  char *path = realpath(self->options->file, NULL);
  const size_t length = path == NULL ? 0 : strlen(path);
  const bool named = length > 0 && strlen(error->message) > length + 2 &&
                     strncmp(error->message, path, length) == 0;
  free(path);
  trial_fail(self, "%s", error->message + (named ? length + 2 : 0));
}

void trial_open(contract_trial *self, const contract_options *options,
                contract_board *board) {
  heed_error error = {HEED_OK, ""};
  heed_status status;
  memset(self, 0, sizeof *self);
  self->options = options;
  self->board = board;
  self->thread = pthread_self();
  self->lasting = arena_create();
  self->memory = arena_create();
  self->scratch = arena_create();
  status = registry_create(options->allow_unsafe, &self->plugins, &error);
  if (self->lasting == NULL || self->memory == NULL || self->scratch == NULL)
    status = heed_no_memory(&error);
  if (status != HEED_OK) give_up(self, &error);
  /* GSL's default handler aborts the process; workers turn it off, too. */
  (void)gsl_set_error_handler_off();
  if (registry_load(self->plugins, options->file, NULL, &error) != HEED_OK)
    refuse_file(self, &error);
  board->plugin_count = registry_count(self->plugins);
  if (board->plugin_count > BOARD_PLUGINS) board->plugin_count = BOARD_PLUGINS;
  status = settings_check(self->plugins, board->plugin_count, options, &error);
  if (status == HEED_OK)
    status = registry_scan(self->plugins, options->plugin_path, options->skips,
                           NULL, NULL, &error);
  if (status != HEED_OK) give_up(self, &error);
}

/* A text parameter may name a column of the pairs, so the scene has a column
 * for each text. */
static size_t column_names(const contract_trial *self,
                           const char *names[MOST_COLUMNS + 1]) {
  size_t count = 0;
  for (size_t i = 0; i < self->plugin->parameter_count; i++) {
    const heed_parameter *parameter = &self->plugin->parameters[i];
    const char *set =
        json_string_value(json_object_get(self->given, parameter->name));
    if (parameter->type != HEED_TEXT || count == MOST_COLUMNS) continue;
    if (set == NULL) set = parameter->default_value;
    if (set != NULL && *set != '\0') names[count++] = set;
  }
  names[count] = NULL;
  return count;
}

void trial_choose(contract_trial *self, const contract_plugin *which,
                  const contract_kind *kind) {
  const char *columns[MOST_COLUMNS + 1];
  heed_error error = {HEED_OK, ""};
  self->plugin = registry_find(self->plugins, which->kind, which->name, NULL);
  self->kind = kind;
  self->given = settings_given(self->plugins, self->plugin, self->options,
                               self->guessed, self->missing);
  (void)column_names(self, columns);
  host_arena *memory = arena_create();
  if (memory == NULL ||
      scene_make(memory, columns, &self->scene, &error) != HEED_OK) {
    (void)heed_no_memory(&error);
    give_up(self, &error);
  }
  watch_serve(self);
  watch_scene(self);
}

/* ---- the instance ---- */

static json_t *spec_of(const contract_trial *self) {
  char full[2 * BOARD_NAME];
  (void)snprintf(full, sizeof full, "%s/%s", kind_name(self->plugin->kind),
                 self->plugin->name);
  return json_pack("{s:s, s:O}", "plugin", full, "parameters",
                   self->parameters);
}

static bool may_refuse(const contract_trial *self, heed_status status) {
  return self->may_refuse &&
         (status == HEED_INVALID || status == HEED_UNSUPPORTED ||
          status == HEED_NUMERIC);
}

static void resolve(contract_trial *self, const json_t *changes) {
  const heed_plugin *plugin = self->plugin;
  json_t *given = json_copy(self->given);
  heed_error error = {HEED_OK, ""};
  if (changes != NULL) (void)json_object_update(given, (json_t *)changes);
  json_decref(self->parameters);
  self->parameters = NULL;
  if (schema_resolve(self->plugins, plugin->parameters, plugin->parameter_count,
                     given, ".", "", &self->parameters, &error) != HEED_OK)
    trial_fail(self, "the schema refuses its own default: %s", error.message);
  json_decref(given);
}

void trial_need_parameters(const contract_trial *self) {
  if (*self->missing != '\0') trial_skip(self, "%s", self->missing);
}

bool trial_instance(contract_trial *self, const json_t *changes) {
  heed_error error = {HEED_OK, ""};
  heed_status status;
  trial_need_parameters(self);
  resolve(self, changes);
  json_t *spec = spec_of(self);
  self->host.output = self->lasting;
  self->opening = true;
  trial_call(self, "create");
  status =
      instance_open(self->plugins, spec, &self->host, &self->instance, &error);
  self->opening = false;
  self->host.output = self->memory;
  json_decref(spec);
  if (status != HEED_OK && !may_refuse(self, status))
    trial_fail(self, "failed: %s", error.message);
  if (strstr(error.message, "without a message") != NULL)
    trial_fail(self, "%s", error.message);
  return trial_return(self, status, &error);
}

void trial_close_instance(contract_trial *self) {
  trial_call(self, "destroy");
  instance_close(self->instance);
  (void)trial_return(self, HEED_OK, NULL);
  self->instance = NULL;
  watch_forget(self, true);
  arena_clear(self->lasting);
}

void trial_reset(contract_trial *self) {
  watch_forget(self, false);
  arena_clear(self->memory);
}

/* ---- calls ---- */

void trial_pulse(const contract_trial *self) {
  (void)atomic_fetch_add(&self->board->pulse, 1);
}

void trial_call(contract_trial *self, const char *function) {
  trial_about(self, function);
  self->function = function;
  self->board->returned = false;
  trial_pulse(self);
  if (board_is_dead(self->board, function))
    trial_skip(self, "%s() did not return in an earlier check", function);
  self->host.plugin = self->plugin;
  self->reported = 0;
  watch_begin(self);
  if (self->ledger != NULL) ledger_begin(self->ledger);
}

bool trial_return(contract_trial *self, heed_status status,
                  const heed_error *error) {
  self->board->returned = true;
  trial_pulse(self);
  if (self->ledger != NULL) ledger_end(self->ledger, self->function);
  watch_end(self);
  if (status == HEED_OK) return true;
  if ((unsigned)status > HEED_INTERNAL)
    trial_fail(self, "returned %d, expected a heed_status", (int)status);
  if (error->message[0] == '\0')
    trial_fail(self, "returned an error without a message");
  if (may_refuse(self, status)) {
    self->refusal = *error;
    return false;
  }
  if (status == HEED_UNSUPPORTED)
    trial_skip(self, "unsupported in this check's world: %s", error->message);
  trial_fail(self, "failed: %s", error->message);
}
