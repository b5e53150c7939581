/* SPDX-License-Identifier: GPL-3.0-or-later
 * heed look, heed pack: which source reads a file, and with which parameters.
 * Every source may know a file; the first one that does reads it. */
#include <glob.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "look.h"

/* ---- the source ---- */

typedef struct look_asking {
  char *given; /* the parameters of --set, as JSON */
  const host_registry *plugins;
  host_service *service;
  host_arena *memory;
  const command_arguments *arguments;
  look_reading *reading;
} look_asking;

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
  if (access(pattern, F_OK) == 0 && strlen(pattern) < PATH_MAX) {
    (void)snprintf(path, PATH_MAX, "%s", pattern);
    return HEED_OK;
  }
  const int code = glob(pattern, GLOB_NOMAGIC, NULL, &found);
  const bool fits = code == 0 && found.gl_pathc > 0 &&
                    strlen(found.gl_pathv[0]) < PATH_MAX &&
                    access(found.gl_pathv[0], F_OK) == 0;
  if (fits) (void)snprintf(path, PATH_MAX, "%s", found.gl_pathv[0]);
  if (code == 0) globfree(&found);
  return fits ? HEED_OK
              : heed_fail(error, HEED_INVALID,
                          strpbrk(pattern, "*?[") == NULL
                              ? "%s: no such file"
                              : "%s: no file matches this pattern",
                          pattern);
}

static heed_status take_guess(look_asking *self, const heed_plugin *plugin,
                              const heed_guess *guess, heed_error *error) {
  look_reading *reading = self->reading;
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
static heed_status ask_sources(look_asking *self, const char *path,
                               heed_error *error) {
  heed_status status = heed_fail(
      error, HEED_INVALID, "%s: no source recognises this file; give --format",
      self->arguments->file);
  for (size_t i = 0; i < registry_count(self->plugins); i++) {
    const heed_plugin *plugin = registry_at(self->plugins, i, NULL);
    heed_guess guess = {.size = sizeof guess, .given = self->given};
    heed_error own = {HEED_OK, ""};
    if (functions_of(plugin) == NULL) continue;
    service_calls(self->service, plugin);
    const heed_status answer =
        functions_of(plugin)->guess(&self->service->host, path, &guess, &own);
    service_settle(self->service);
    if (answer == HEED_OK) return take_guess(self, plugin, &guess, error);
    if (answer != HEED_UNSUPPORTED)
      status = heed_fail(error, answer, "%s", own.message);
  }
  return status;
}

static const heed_parameter *format_of(const heed_plugin *plugin) {
  if (functions_of(plugin) == NULL) return NULL;
  for (size_t i = 0; i < plugin->parameter_count; i++)
    if (strcmp(plugin->parameters[i].name, "format") == 0 &&
        plugin->parameters[i].choices != NULL)
      return &plugin->parameters[i];
  return NULL;
}

static bool has_format(const heed_parameter *parameter, const char *format) {
  for (size_t i = 0; parameter->choices[i] != NULL; i++)
    if (strcmp(parameter->choices[i], format) == 0) return true;
  return false;
}

static void list_formats(const heed_parameter *parameter, char *list,
                         size_t size) {
  size_t used = strlen(list);
  for (size_t i = 0; parameter->choices[i] != NULL && used < size; i++)
    used += (size_t)snprintf(list + used, size - used, "%s%s",
                             used == 0 ? "" : ", ", parameter->choices[i]);
}

/* With --format no file is asked: the first source that has such a format. */
static heed_status name_format(look_asking *self, heed_error *error) {
  const char *format = self->arguments->format;
  char parameters[160], known[HEED_MESSAGE_SIZE / 2] = "";
  for (size_t i = 0; i < registry_count(self->plugins); i++) {
    const heed_plugin *plugin = registry_at(self->plugins, i, NULL);
    const heed_parameter *parameter = format_of(plugin);
    if (parameter == NULL) continue;
    if (!has_format(parameter, format)) {
      list_formats(parameter, known, sizeof known);
      continue;
    }
    (void)snprintf(parameters, sizeof parameters, "{\"format\":\"%s\"}",
                   format);
    const heed_guess guess = {.size = sizeof guess,
                              .form = format,
                              .parameters = parameters,
                              .file = "path"};
    return take_guess(self, plugin, &guess, error);
  }
  return heed_fail(error, HEED_INVALID,
                   "--format %.60s: unknown format, expected one of %s", format,
                   *known == '\0' ? "none" : known);
}

/* ---- --set ---- */

/* "columns.user=worker", or "source.columns.user=worker" as for a sweep; the
 * value is JSON, or a text. */
static heed_status set_one(json_t *object, const char *set, heed_error *error) {
  const size_t source = strlen("source.");
  const char *equals = strchr(set, '='), *at = set;
  json_t *value;
  if (equals == NULL || equals == set)
    return heed_fail(error, HEED_INVALID, "--set %s: expected PARAMETER=VALUE",
                     set);
  if (strncmp(set, "source.", source) == 0 && set[source] != '=') at += source;
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

static heed_status set_all(const look_asking *self, json_t *parameters,
                           heed_error *error) {
  const command_values *sets = &self->arguments->sets;
  heed_status status = HEED_OK;
  for (size_t i = 0; status == HEED_OK && i < sets->count; i++)
    status = set_one(parameters, sets->texts[i], error);
  return status;
}

static heed_status read_sets(look_asking *self, heed_error *error) {
  json_t *object = json_object();
  const heed_status status = set_all(self, object, error);
  self->given = status == HEED_OK ? json_dumps(object, JSON_COMPACT) : NULL;
  json_decref(object);
  return status == HEED_OK && self->given == NULL ? heed_no_memory(error)
                                                  : status;
}

/* ---- the guess ---- */

heed_status look_guess(const host_registry *plugins, host_service *service,
                       const command_arguments *given, look_reading *reading,
                       heed_error *error) {
  look_asking self = {.plugins = plugins,
                      .service = service,
                      .memory = service->output,
                      .arguments = given,
                      .reading = reading};
  char path[PATH_MAX];
  heed_status status = first_file(given->file, path, error);
  reading->file = given->file;
  if (arena_refused(self.memory)) return heed_no_memory(error);
  if (status == HEED_OK) status = read_sets(&self, error);
  if (status == HEED_OK)
    status = given->format != NULL ? name_format(&self, error)
                                   : ask_sources(&self, path, error);
  free(self.given);
  return status == HEED_OK ? set_all(&self, reading->parameters, error)
                           : status;
}

heed_status look_spec(const host_registry *plugins, const look_reading *reading,
                      json_t **spec, heed_error *error) {
  json_t *given = json_deep_copy(reading->parameters), *resolved = NULL;
  char folder[PATH_MAX], name[128];
  heed_status status;
  if (getcwd(folder, sizeof folder) == NULL) folder[0] = '\0';
  (void)json_object_set_new(given, reading->file_parameter,
                            json_string(reading->file));
  status = schema_resolve(plugins, reading->plugin->parameters,
                          reading->plugin->parameter_count, given, folder, "",
                          &resolved, error);
  json_decref(given);
  if (status != HEED_OK) return status;
  (void)snprintf(name, sizeof name, "source/%s", reading->plugin->name);
  *spec = json_pack("{s:s, s:o}", "plugin", name, "parameters", resolved);
  return *spec == NULL ? heed_no_memory(error) : HEED_OK;
}
