/* SPDX-License-Identifier: GPL-3.0-or-later
 * heed look: says what a file seems to be, and prints the sweep that reads it.
 *
 * Every source may know a file; the first one that does reads it.  The command
 * runs in a child process (guarded.h). */
#include "look.h"

#include <glob.h>
#include <limits.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "plugins.h"
#include "stages/check.h"

typedef struct look_run {
  const command_arguments *given;
  host_registry *plugins;
  host_arena *memory;
  host_service service;
  host_sink sink;
  const heed_instance *instance;
  look_reading reading;
} look_run;

/* ---- what the source reports ---- */

static void take_output(void *context, const heed_plugin *plugin, size_t index,
                        const double *values, size_t count) {
  look_run *self = context;
  if (plugin == self->reading.plugin && self->reading.outputs != NULL &&
      index < plugin->output_count && count > 0)
    self->reading.outputs[index] = values[0];
}

static void take_warning(void *context, const char *plugin, const char *code,
                         const char *message) {
  look_run *self = context;
  look_reading *reading = &self->reading;
  (void)plugin;
  if (reading->warning_count == LOOK_WARNINGS) return;
  reading->warnings[reading->warning_count++] = (look_warning){
      arena_copy(self->memory, code), arena_copy(self->memory, message)};
}

static void open_service(look_run *self) {
  self->sink =
      (host_sink){.context = self, .output = take_output, .warn = take_warning};
  self->service = (host_service){.output = self->memory,
                                 .scratch = self->memory,
                                 .stage = "world",
                                 .sink = &self->sink};
  service_open(&self->service);
}

/* ---- the source ---- */

static const heed_source_functions *functions_of(const heed_plugin *plugin) {
  const heed_source_functions *functions = plugin->functions;
  return plugin->kind == HEED_SOURCE && HEED_HAS(functions, guess) &&
                 functions->guess != NULL
             ? functions
             : NULL;
}

/* The first file that a pattern matches. */
static heed_status first_file(const char *pattern, char path[PATH_MAX],
                              heed_error *error) {
  glob_t found;
  const int code = glob(pattern, GLOB_NOMAGIC, NULL, &found);
  const bool fits = code == 0 && found.gl_pathc > 0 &&
                    strlen(found.gl_pathv[0]) < PATH_MAX &&
                    access(found.gl_pathv[0], F_OK) == 0;
  if (fits) (void)snprintf(path, PATH_MAX, "%s", found.gl_pathv[0]);
  if (code == 0) globfree(&found);
  return fits ? HEED_OK
              : heed_fail(error, HEED_INVALID, "%s: no such file", pattern);
}

static heed_status take_guess(look_run *self, const heed_plugin *plugin,
                              const heed_guess *guess, heed_error *error) {
  look_reading *reading = &self->reading;
  json_error_t where;
  reading->plugin = plugin;
  reading->form = arena_copy(self->memory, guess->form);
  reading->file_parameter = arena_copy(self->memory, guess->file);
  reading->parameters = json_loads(guess->parameters, 0, &where);
  reading->note_count = guess->note_count;
  reading->notes =
      arena_allocate(self->memory, guess->note_count + 1, sizeof(char *));
  for (size_t i = 0; i < guess->note_count && reading->notes != NULL; i++)
    reading->notes[i] = arena_copy(self->memory, guess->notes[i]);
  if (json_is_object(reading->parameters)) return HEED_OK;
  return heed_fail(error, HEED_INTERNAL,
                   "source/%s: guess(): the parameters are no JSON object",
                   plugin->name);
}

/* The sources in turn.  The error is that of the last source that knows more
 * than that it does not know the file. */
static heed_status ask_sources(look_run *self, const char *path,
                               heed_error *error) {
  heed_status status = heed_fail(
      error, HEED_INVALID, "%s: no source knows such files", self->given->file);
  for (size_t i = 0; i < registry_count(self->plugins); i++) {
    const heed_plugin *plugin = registry_at(self->plugins, i, NULL);
    heed_guess guess = {.size = sizeof guess};
    heed_error own = {HEED_OK, ""};
    if (functions_of(plugin) == NULL) continue;
    service_calls(&self->service, plugin);
    const heed_status answer =
        functions_of(plugin)->guess(&self->service.host, path, &guess, &own);
    service_settle(&self->service);
    if (answer == HEED_OK) return take_guess(self, plugin, &guess, error);
    if (answer != HEED_UNSUPPORTED)
      status = heed_fail(error, answer, "%s", own.message);
  }
  return status;
}

/* With --format no file is asked: the first source that has such a format. */
static heed_status name_format(look_run *self, heed_error *error) {
  const char *format = self->given->format;
  for (size_t i = 0; i < registry_count(self->plugins); i++) {
    const heed_plugin *plugin = registry_at(self->plugins, i, NULL);
    if (functions_of(plugin) == NULL) continue;
    for (size_t j = 0; j < plugin->parameter_count; j++) {
      const heed_parameter *parameter = &plugin->parameters[j];
      if (strcmp(parameter->name, "format") != 0 || parameter->choices == NULL)
        continue;
      for (size_t k = 0; parameter->choices[k] != NULL; k++)
        if (strcmp(parameter->choices[k], format) == 0) {
          char parameters[160];
          (void)snprintf(parameters, sizeof parameters, "{\"format\":\"%s\"}",
                         format);
          const heed_guess guess = {.size = sizeof guess,
                                    .form = format,
                                    .parameters = parameters,
                                    .file = "path"};
          return take_guess(self, plugin, &guess, error);
        }
    }
  }
  return heed_fail(error, HEED_INVALID, "--format %s: no source reads it",
                   format);
}

/* ---- --set ---- */

/* "columns.user=worker"; the value is JSON, or a text. */
static heed_status set_one(json_t *object, const char *set, heed_error *error) {
  const char *equals = strchr(set, '='), *at = set;
  json_t *value;
  if (equals == NULL || equals == set)
    return heed_fail(error, HEED_INVALID, "--set %s: expected PARAMETER=VALUE",
                     set);
  for (;;) {
    const size_t length = strcspn(at, ".=");
    char name[128];
    json_t *inner;
    (void)snprintf(name, sizeof name, "%.*s", (int)length, at);
    at += length + 1;
    if (at[-1] == '=') {
      value = json_loads(at, JSON_DECODE_ANY, NULL);
      if (value == NULL) value = json_string(at);
      return json_object_set_new(object, name, value) == 0
                 ? HEED_OK
                 : heed_no_memory(error);
    }
    inner = json_object_get(object, name);
    if (!json_is_object(inner)) {
      inner = json_object();
      if (json_object_set_new(object, name, inner) != 0)
        return heed_no_memory(error);
    }
    object = inner;
  }
}

static heed_status set_all(look_run *self, heed_error *error) {
  const command_values *sets = &self->given->sets;
  heed_status status = HEED_OK;
  for (size_t i = 0; status == HEED_OK && i < sets->count; i++)
    status = set_one(self->reading.parameters, sets->texts[i], error);
  return status;
}

/* ---- the reading ---- */

static heed_status make_instance(look_run *self, heed_error *error) {
  const look_reading *reading = &self->reading;
  json_t *given = json_deep_copy(reading->parameters), *resolved = NULL;
  json_t *spec = NULL;
  char folder[PATH_MAX], name[128];
  heed_status status;
  if (getcwd(folder, sizeof folder) == NULL) folder[0] = '\0';
  (void)json_object_set_new(given, reading->file_parameter,
                            json_string(reading->file));
  status = schema_resolve(self->plugins, reading->plugin->parameters,
                          reading->plugin->parameter_count, given, folder, "",
                          &resolved, error);
  json_decref(given);
  if (status != HEED_OK) return status;
  (void)snprintf(name, sizeof name, "source/%s", reading->plugin->name);
  spec = json_pack("{s:s, s:o}", "plugin", name, "parameters", resolved);
  if (spec == NULL) return heed_no_memory(error);
  if (self->instance != NULL) instance_close(self->instance);
  self->instance = NULL;
  status = instance_open(self->plugins, spec, &self->service, &self->instance,
                         error);
  json_decref(spec);
  return status;
}

static heed_status read_file(look_run *self, heed_error *error) {
  look_reading *reading = &self->reading;
  const heed_plugin *plugin = reading->plugin;
  heed_status status = make_instance(self, error);
  reading->outputs =
      arena_allocate(self->memory, plugin->output_count + 1, sizeof(double));
  if (reading->outputs == NULL) return heed_no_memory(error);
  for (size_t i = 0; i < plugin->output_count; i++) reading->outputs[i] = NAN;
  reading->world =
      (heed_world){.size = sizeof(heed_world), .mu = NAN, .mu_requested = NAN};
  if (status != HEED_OK) return status;
  service_calls(&self->service, plugin);
  status = functions_of(plugin)->make(self->instance->self, &self->service.host,
                                      &reading->world, error);
  service_settle(&self->service);
  return status == HEED_OK ? check_world(&reading->world, error) : status;
}

/* ---- files with faults ---- */

/* Parameters by which a source passes over faults of a file, if it has them. */
static const char *const remedies[][2] = {{"duplicates", "first"},
                                          {"malformed", "skip"}};
#define REMEDIES (sizeof remedies / sizeof *remedies)

static bool has_choice(const heed_plugin *plugin, const char *name,
                       const char *choice) {
  for (size_t i = 0; i < plugin->parameter_count; i++) {
    const heed_parameter *parameter = &plugin->parameters[i];
    if (strcmp(parameter->name, name) != 0 || parameter->choices == NULL)
      continue;
    for (size_t j = 0; parameter->choices[j] != NULL; j++)
      if (strcmp(parameter->choices[j], choice) == 0) return true;
  }
  return false;
}

static double output_named(const look_reading *reading, const char *name) {
  for (size_t i = 0; i < reading->plugin->output_count; i++)
    if (strcmp(reading->plugin->outputs[i].name, name) == 0)
      return reading->outputs[i];
  return NAN;
}

/* Tries the remedies of this set of bits.  False: they do not help, or most of
 * the file is lost by them. */
static bool try_remedies(look_run *self, size_t set) {
  look_reading *reading = &self->reading;
  heed_error error = {HEED_OK, ""};
  for (size_t i = 0; i < REMEDIES; i++) {
    if ((set >> i & 1) == 0) continue;
    if (json_object_get(reading->parameters, remedies[i][0]) != NULL ||
        !has_choice(reading->plugin, remedies[i][0], remedies[i][1]))
      return false;
  }
  for (size_t i = 0; i < REMEDIES; i++)
    if ((set >> i & 1) != 0)
      (void)json_object_set_new(reading->parameters, remedies[i][0],
                                json_string(remedies[i][1]));
  reading->warning_count = 0;
  if (read_file(self, &error) == HEED_OK &&
      !(output_named(reading, "rows_skipped") > output_named(reading, "rows")))
    return true;
  for (size_t i = 0; i < REMEDIES; i++)
    if ((set >> i & 1) != 0)
      (void)json_object_del(reading->parameters, remedies[i][0]);
  return false;
}

static void note_remedies(look_run *self, size_t set, const heed_error *error) {
  look_reading *reading = &self->reading;
  for (size_t i = 0; i < REMEDIES; i++) {
    char text[2 * HEED_MESSAGE_SIZE];
    if ((set >> i & 1) == 0) continue;
    (void)snprintf(text, sizeof text, "Without %s = \"%s\": %s", remedies[i][0],
                   remedies[i][1], error->message);
    reading->remedies[reading->remedy_count++] = arena_copy(self->memory, text);
  }
}

/* Reads the file; if it has faults, as the sweep that is proposed will. */
static heed_status read_or_remedy(look_run *self, heed_error *error) {
  const heed_status status = read_file(self, error);
  if (status != HEED_INVALID || self->instance == NULL) return status;
  for (size_t set = 1; set < (size_t)1 << REMEDIES; set++)
    if (try_remedies(self, set)) {
      note_remedies(self, set, error);
      return HEED_OK;
    }
  return status;
}

static heed_status look(look_run *self, heed_error *error) {
  char path[PATH_MAX];
  heed_status status = first_file(self->given->file, path, error);
  if (arena_refused(self->memory)) return heed_no_memory(error);
  if (status == HEED_OK)
    status = self->given->format != NULL ? name_format(self, error)
                                         : ask_sources(self, path, error);
  if (status == HEED_OK) status = set_all(self, error);
  if (status == HEED_OK) status = read_or_remedy(self, error);
  return status;
}

int command_look(const command_arguments *given) {
  look_run self = {.given = given, .memory = arena_create()};
  look_facts facts;
  heed_error error;
  heed_status status;
  int done = plugins_load(&given->common, &self.plugins);
  if (done != EXIT_DONE) return done;
  self.reading.file = given->file;
  open_service(&self);
  status = look(&self, &error);
  if (status == HEED_OK && !look_count(&self.reading, &facts))
    status = heed_no_memory(&error);
  if (status == HEED_OK && given->all_rows) {
    look_print_rows(&self.reading);
  } else if (status == HEED_OK) {
    look_print(&self.reading, &facts);
    look_print_sweep(&self.reading, &facts);
  }
  if (status != HEED_OK && self.reading.form != NULL)
    fprintf(stderr, "%s seems to be: %s\n", given->file, self.reading.form);
  if (status != HEED_OK) done = command_error(&error);
  if (self.instance != NULL) instance_close(self.instance);
  json_decref(self.reading.parameters);
  registry_free(self.plugins);
  arena_free(self.memory);
  return done;
}
