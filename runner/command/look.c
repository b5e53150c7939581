/* SPDX-License-Identifier: GPL-3.0-or-later
 * heed look: says what a file seems to be, and prints the sweep that reads it.
 *
 * Every source may know a file; the first one that does reads it.  The command
 * runs in a child process (guarded.h). */
#include "look.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

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

/* ---- the reading ---- */

static heed_status make_instance(look_run *self, heed_error *error) {
  json_t *spec = NULL;
  heed_status status = look_spec(self->plugins, &self->reading, &spec, error);
  if (status != HEED_OK) return status;
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
  const heed_source_functions *functions = plugin->functions;
  status = functions->make(self->instance->self, &self->service.host,
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
  const heed_status status = look_guess(self->plugins, &self->service,
                                        self->given, &self->reading, error);
  return status == HEED_OK ? read_or_remedy(self, error) : status;
}

int command_look(const command_arguments *given) {
  look_run self = {.given = given, .memory = arena_create()};
  look_facts facts;
  heed_error error;
  heed_status status;
  int done = plugins_load(&given->common, &self.plugins);
  if (done != EXIT_DONE) return done;
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
