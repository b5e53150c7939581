/* SPDX-License-Identifier: GPL-3.0-or-later
 * Schemas: checks the JSON of a sweep and fills in defaults. */
#include <errno.h>
#include <glob.h>
#include <limits.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "host/host.h"

#define PATH_TEXT 256

typedef struct schema_context {
  const host_registry *plugins;
  const char *base;
  heed_error *error;
} schema_context;

/* ---- the nearest name ---- */

static size_t least(size_t a, size_t b) {
  return a < b ? a : b;
}

/* Edit distance with swaps of neighbours (optimal string alignment). */
static size_t distance(const char *a, const char *b) {
  enum { LONGEST = 63 };
  size_t rows[3][LONGEST + 1];
  const size_t m = strlen(a), n = strlen(b);
  if (m > LONGEST || n > LONGEST) return SIZE_MAX;
  for (size_t j = 0; j <= n; j++) rows[0][j] = j;
  for (size_t i = 1; i <= m; i++) {
    size_t *now = rows[i % 3], *last = rows[(i - 1) % 3];
    const size_t *earlier = rows[(i + 1) % 3];
    now[0] = i;
    for (size_t j = 1; j <= n; j++) {
      now[j] = least(least(last[j], now[j - 1]) + 1,
                     last[j - 1] + (a[i - 1] != b[j - 1]));
      if (i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1])
        now[j] = least(now[j], earlier[j - 2] + 1);
    }
  }
  return rows[m % 3][n];
}

const char *schema_nearest(const char *name, const char *const *names,
                           size_t count) {
  const char *nearest = NULL;
  size_t best = strlen(name) / 3 + 2;
  for (size_t i = 0; i < count; i++) {
    const size_t here = distance(name, names[i]);
    if (here < best) {
      best = here;
      nearest = names[i];
    }
  }
  return nearest;
}

/* A list that a reader can use: of many names, the first ones. */
static void list_names(const char *const *names, size_t count, char *text,
                       size_t size) {
  enum { LISTED = 20 };
  const size_t listed = count > LISTED ? LISTED : count;
  size_t used = 0;
  *text = '\0';
  for (size_t i = 0; i < listed && used < size; i++)
    used += (size_t)snprintf(text + used, size - used, "%s\"%s\"",
                             i == 0 ? "" : ", ", names[i]);
  if (listed < count && used < size)
    (void)snprintf(text + used, size - used, " or one of %zu others",
                   count - listed);
}

/* "did you mean NAME?", or the list of names. */
static void suggestion(const char *name, const char *const *names, size_t count,
                       char *text, size_t size) {
  const char *nearest = schema_nearest(name, names, count), *says = "expected ";
  if (nearest != NULL)
    (void)snprintf(text, size, "did you mean \"%s\"?", nearest);
  else if (count == 0)
    (void)snprintf(text, size, "there are none");
  else
    list_names(names, count, text + snprintf(text, size, "%s", says),
               size - strlen(says));
}

static void names_of(const heed_parameter *parameters, size_t count,
                     const char **names) {
  for (size_t i = 0; i < count; i++) names[i] = parameters[i].name;
}

/* ---- messages ---- */

static void describe(const json_t *value, char *text, size_t size) {
  char *dumped;
  if (value == NULL || json_is_null(value)) {
    (void)snprintf(text, size, "nothing");
    return;
  }
  if (json_is_object(value) || json_is_array(value)) {
    const json_t *plugin = json_object_get(value, "plugin");
    if (json_is_string(plugin))
      (void)snprintf(text, size, "the plugin %s", json_string_value(plugin));
    else
      (void)snprintf(text, size, "a table");
    return;
  }
  dumped = json_dumps(value, JSON_ENCODE_ANY | JSON_REAL_PRECISION(12));
  if (dumped == NULL || strlen(dumped) > 60)
    (void)snprintf(text, size, "%.57s…", dumped == NULL ? "" : dumped);
  else
    (void)snprintf(text, size, "%s", dumped);
  free(dumped);
}

static heed_status unfit(const schema_context *context, const char *path,
                         const json_t *value, const char *expected) {
  char found[80];
  describe(value, found, sizeof found);
  return heed_fail(context->error, HEED_INVALID, "%s: found %s, expected %s",
                   path, found, expected);
}

static bool has_range(const heed_parameter *parameter) {
  return parameter->low != 0 || parameter->high != 0;
}

static void describe_range(const heed_parameter *parameter, const char *noun,
                           char *text, size_t size) {
  const bool low = isfinite(parameter->low), high = isfinite(parameter->high);
  const char *above =
      (parameter->flags & HEED_OPEN_LOW) != 0 ? "above" : "of at least";
  const char *below =
      (parameter->flags & HEED_OPEN_HIGH) != 0 ? "below" : "at most";
  if (!has_range(parameter) || (!low && !high))
    (void)snprintf(text, size, "%s", noun);
  else if (!high)
    (void)snprintf(text, size, "%s %s %.12g", noun, above, parameter->low);
  else if (!low)
    (void)snprintf(text, size, "%s %s %.12g", noun, below, parameter->high);
  else
    (void)snprintf(text, size, "%s %s %.12g and %s %.12g", noun, above,
                   parameter->low, below, parameter->high);
}

static bool in_range(const heed_parameter *parameter, double number) {
  if (!has_range(parameter)) return true;
  if (number < parameter->low || number > parameter->high) return false;
  if ((parameter->flags & HEED_OPEN_LOW) != 0 && number == parameter->low)
    return false;
  return (parameter->flags & HEED_OPEN_HIGH) == 0 || number != parameter->high;
}

/* ---- one value ---- */

static heed_status resolve_record(const schema_context *context,
                                  const heed_parameter *parameters,
                                  size_t count, const json_t *given,
                                  const char *path, json_t **resolved);
static heed_status resolve_value(const schema_context *context,
                                 const heed_parameter *parameter,
                                 const json_t *given, const char *path,
                                 json_t **resolved);

static heed_status made(const schema_context *context, json_t *value,
                        json_t **resolved) {
  *resolved = value;
  return value == NULL ? heed_no_memory(context->error) : HEED_OK;
}

static heed_status resolve_number(const schema_context *context,
                                  const heed_parameter *parameter,
                                  const json_t *given, const char *path,
                                  json_t **resolved) {
  char expected[160];
  const double number = json_number_value(given);
  describe_range(parameter, "a number", expected, sizeof expected);
  if (!json_is_number(given) || !isfinite(number) ||
      !in_range(parameter, number))
    return unfit(context, path, given, expected);
  return made(context, json_real(number), resolved);
}

static heed_status resolve_integer(const schema_context *context,
                                   const heed_parameter *parameter,
                                   const json_t *given, const char *path,
                                   json_t **resolved) {
  char expected[160];
  const double number = json_number_value(given);
  describe_range(parameter, "a whole number", expected, sizeof expected);
  if (!json_is_number(given) || !in_range(parameter, number) ||
      (json_is_real(given) &&
       (number != floor(number) || fabs(number) > 0x1p53)))
    return unfit(context, path, given, expected);
  return made(context,
              json_integer(json_is_integer(given) ? json_integer_value(given)
                                                  : (json_int_t)number),
              resolved);
}

static heed_status resolve_enum(const schema_context *context,
                                const heed_parameter *parameter,
                                const json_t *given, const char *path,
                                json_t **resolved) {
  const bool or_number = parameter->type == HEED_ENUM_OR_NUMBER;
  const char *name = json_string_value(given);
  char expected[512], number[160], range[176] = "";
  size_t count = 0, used;
  if (or_number && json_is_number(given))
    return resolve_number(context, parameter, given, path, resolved);
  while (parameter->choices[count] != NULL) count++;
  for (size_t i = 0; name != NULL && i < count; i++)
    if (strcmp(parameter->choices[i], name) == 0)
      return made(context, json_string(name), resolved);
  if (or_number) {
    describe_range(parameter, "a number", number, sizeof number);
    (void)snprintf(range, sizeof range, ", or %s", number);
  }
  if (name == NULL) {
    list_names(parameter->choices, count, expected, sizeof expected);
    used = strlen(expected);
    (void)snprintf(expected + used, sizeof expected - used, "%s", range);
    return unfit(context, path, given, expected);
  }
  suggestion(name, parameter->choices, count, expected, sizeof expected);
  return heed_fail(
      context->error, HEED_INVALID, "%s: there is no choice \"%s\"; %s%s", path,
      name, expected,
      schema_nearest(name, parameter->choices, count) == NULL ? range : "");
}

static heed_status resolve_path(const schema_context *context,
                                const json_t *given, const char *path,
                                json_t **resolved) {
  const char *name = json_string_value(given);
  char joined[PATH_MAX], *absolute;
  struct stat file_status;
  heed_status status;
  if (name == NULL || *name == '\0')
    return unfit(context, path, given, "the path of a file");
  if (snprintf(joined, sizeof joined, "%s%s%s",
               *name == '/' || context->base == NULL ? "" : context->base,
               *name == '/' || context->base == NULL ? "" : "/",
               name) >= (int)sizeof joined)
    return unfit(context, path, given, "a shorter path");
  absolute = realpath(joined, NULL);
  if (absolute == NULL || access(absolute, R_OK) != 0) {
    free(absolute);
    return heed_fail(context->error, HEED_INVALID, "%s: %s: cannot read: %s",
                     path, joined, strerror(errno));
  }
  if (stat(absolute, &file_status) != 0 || !S_ISREG(file_status.st_mode)) {
    free(absolute);
    return heed_fail(context->error, HEED_INVALID,
                     "%s: %s: is not a file, expected the path of a file", path,
                     joined);
  }
  status = made(context, json_string(absolute), resolved);
  free(absolute);
  return status;
}

/* ---- patterns of paths ---- */

static int compare_paths(const void *one, const void *other) {
  return strcmp(*(const char *const *)one, *(const char *const *)other);
}

static bool is_pattern(const char *name) {
  return strpbrk(name, "*?[") != NULL;
}

/* The files that a pattern matches, in the order of their bytes. */
static heed_status resolve_pattern(const schema_context *context,
                                   const char *pattern, const char *path,
                                   json_t *list) {
  const char *base = *pattern == '/' ? NULL : context->base;
  char joined[PATH_MAX];
  glob_t found;
  heed_status status = HEED_OK;
  int code;
  (void)snprintf(joined, sizeof joined, "%s%s%s", base == NULL ? "" : base,
                 base == NULL ? "" : "/", pattern);
  code = glob(joined, GLOB_NOSORT, NULL, &found);
  if (code == GLOB_NOSPACE) return heed_no_memory(context->error);
  if (code != 0)
    return heed_fail(context->error, HEED_INVALID,
                     "%s: %s: no file has a name of this pattern", path,
                     joined);
  qsort(found.gl_pathv, found.gl_pathc, sizeof *found.gl_pathv, compare_paths);
  for (size_t i = 0; status == HEED_OK && i < found.gl_pathc; i++) {
    json_t *name = json_string(found.gl_pathv[i]), *item = NULL;
    status = resolve_path(context, name, path, &item);
    if (status == HEED_OK && json_array_append_new(list, item) != 0)
      status = heed_no_memory(context->error);
    json_decref(name);
  }
  globfree(&found);
  return status;
}

/* A file whose name happens to be a pattern is that file. */
static bool is_file(const schema_context *context, const char *name) {
  char joined[PATH_MAX];
  struct stat found;
  (void)snprintf(joined, sizeof joined, "%s%s%s",
                 *name == '/' || context->base == NULL ? "" : context->base,
                 *name == '/' || context->base == NULL ? "" : "/", name);
  return stat(joined, &found) == 0;
}

/* ---- lists ---- */

/* Appends a value; a pattern appends each file that it matches. */
static heed_status append_value(const schema_context *context,
                                const heed_parameter *parameter,
                                const json_t *given, const char *path,
                                json_t *list) {
  const char *name = json_string_value(given);
  json_t *item = NULL;
  heed_status status;
  if (parameter->type == HEED_PATH && name != NULL && is_pattern(name) &&
      !is_file(context, name))
    return resolve_pattern(context, name, path, list);
  status = resolve_value(context, parameter, given, path, &item);
  if (status == HEED_OK && json_array_append_new(list, item) != 0)
    status = heed_no_memory(context->error);
  return status;
}

static heed_status append_values(const schema_context *context,
                                 const heed_parameter *parameter,
                                 const json_t *given, const char *path,
                                 json_t *list) {
  heed_status status = HEED_OK;
  for (size_t i = 0; status == HEED_OK && i < json_array_size(given); i++) {
    char below[PATH_TEXT];
    (void)snprintf(below, sizeof below, "%s[%zu]", path, i + 1);
    status = append_value(context, parameter->item, json_array_get(given, i),
                          below, list);
  }
  return status;
}

/* One path is a list of one. */
static heed_status resolve_list(const schema_context *context,
                                const heed_parameter *parameter,
                                const json_t *given, const char *path,
                                json_t **resolved) {
  /* An empty Lua table is a list or a map. */
  const bool empty = json_is_object(given) && json_object_size(given) == 0;
  const bool one = json_is_string(given) && parameter->item->type == HEED_PATH;
  json_t *list;
  heed_status status;
  if (!json_is_array(given) && !empty && !one)
    return unfit(context, path, given, "a list");
  list = json_array();
  status = one ? append_value(context, parameter->item, given, path, list)
               : append_values(context, parameter, given, path, list);
  if (status == HEED_OK &&
      !in_range(parameter, (double)json_array_size(list))) {
    char expected[160];
    describe_range(parameter, "a length", expected, sizeof expected);
    status = heed_fail(context->error, HEED_INVALID,
                       "%s: found a list of %zu, expected %s", path,
                       json_array_size(list), expected);
  }
  if (status == HEED_OK) return made(context, list, resolved);
  json_decref(list);
  return status;
}

static heed_status resolve_map(const schema_context *context,
                               const heed_parameter *parameter,
                               const json_t *given, const char *path,
                               json_t **resolved) {
  const bool empty = json_is_array(given) && json_array_size(given) == 0;
  heed_status status = HEED_OK;
  const char *key;
  json_t *value;
  if (!json_is_object(given) && !empty)
    return unfit(context, path, given, "a table of named values");
  json_t *map = json_object();
  json_object_foreach((json_t *)given, key, value) {
    char below[PATH_TEXT];
    json_t *item = NULL;
    (void)snprintf(below, sizeof below, "%s.%s", path, key);
    status = resolve_value(context, parameter->item, value, below, &item);
    if (status == HEED_OK && json_object_set_new(map, key, item) != 0)
      status = heed_no_memory(context->error);
    if (status != HEED_OK) break;
  }
  if (status == HEED_OK) return made(context, map, resolved);
  json_decref(map);
  return status;
}

static size_t names_of_kind(const host_registry *plugins, heed_kind kind,
                            const char **names, size_t most) {
  size_t count = 0;
  for (size_t i = 0; i < registry_count(plugins) && count < most; i++)
    if (registry_at(plugins, i, NULL)->kind == kind)
      names[count++] = registry_at(plugins, i, NULL)->name;
  return count;
}

/* NULL, with a message: no plugin has that name and kind. */
static const heed_plugin *find_plugin(const schema_context *context,
                                      heed_kind kind, const char *given,
                                      const char *path) {
  const char *slash = strchr(given, '/'), *names[128];
  const char *name = slash == NULL ? given : slash + 1;
  char text[256];
  const heed_plugin *found;
  if (slash != NULL &&
      (strncmp(given, kind_name(kind), (size_t)(slash - given)) != 0 ||
       strlen(kind_name(kind)) != (size_t)(slash - given))) {
    (void)heed_fail(context->error, HEED_INVALID,
                    "%s: found the plugin %s, expected a plugin of kind %s",
                    path, given, kind_name(kind));
    return NULL;
  }
  found = registry_find(context->plugins, kind, name, NULL);
  if (found != NULL) return found;
  suggestion(name, names, names_of_kind(context->plugins, kind, names, 128),
             text, sizeof text);
  (void)heed_fail(context->error, HEED_INVALID,
                  "%s: there is no %s plugin \"%s\"; %s", path, kind_name(kind),
                  name, text);
  return NULL;
}

static heed_status resolve_plugin(const schema_context *context,
                                  const heed_parameter *parameter,
                                  const json_t *given, const char *path,
                                  json_t **resolved) {
  const json_t *named =
      json_is_string(given) ? given : json_object_get(given, "plugin");
  const heed_plugin *plugin = NULL;
  json_t *parameters = NULL;
  char full[128], expected[64];
  heed_status status;
  if (!json_is_string(named)) {
    (void)snprintf(expected, sizeof expected, "a plugin of kind %s",
                   kind_name(parameter->kind));
    return unfit(context, path, given, expected);
  }
  plugin =
      find_plugin(context, parameter->kind, json_string_value(named), path);
  if (plugin == NULL) return HEED_INVALID;
  status = resolve_record(
      context, plugin->parameters, plugin->parameter_count,
      json_is_string(given) ? NULL : json_object_get(given, "parameters"), path,
      &parameters);
  if (status != HEED_OK) return status;
  (void)snprintf(full, sizeof full, "%s/%s", kind_name(plugin->kind),
                 plugin->name);
  return made(context,
              json_pack("{s:s, s:o}", "plugin", full, "parameters", parameters),
              resolved);
}

static heed_status resolve_value(const schema_context *context,
                                 const heed_parameter *parameter,
                                 const json_t *given, const char *path,
                                 json_t **resolved) {
  switch ((enum heed_types)parameter->type) {
    case HEED_NUMBER:
      return resolve_number(context, parameter, given, path, resolved);
    case HEED_INTEGER:
      return resolve_integer(context, parameter, given, path, resolved);
    case HEED_BOOLEAN:
      if (!json_is_boolean(given))
        return unfit(context, path, given, "true or false");
      return made(context, json_boolean(json_is_true(given)), resolved);
    case HEED_TEXT:
      if (!json_is_string(given)) return unfit(context, path, given, "a text");
      return made(context, json_string(json_string_value(given)), resolved);
    case HEED_ENUM:
    case HEED_ENUM_OR_NUMBER:
      return resolve_enum(context, parameter, given, path, resolved);
    case HEED_PATH:
      return resolve_path(context, given, path, resolved);
    case HEED_LIST:
      return resolve_list(context, parameter, given, path, resolved);
    case HEED_MAP:
      return resolve_map(context, parameter, given, path, resolved);
    case HEED_RECORD:
      return resolve_record(context, parameter->fields, parameter->field_count,
                            given, path, resolved);
    case HEED_PLUGIN:
      return resolve_plugin(context, parameter, given, path, resolved);
  }
  return heed_fail(context->error, HEED_INTERNAL,
                   "%s: the parameter has an unknown type", path);
}

/* ---- records ---- */

static heed_status check_keys(const schema_context *context,
                              const heed_parameter *parameters, size_t count,
                              const json_t *given, const char *path) {
  const char *key, *names[128] = {NULL}, *dot = *path == '\0' ? "" : ".";
  json_t *value;
  json_object_foreach((json_t *)given, key, value) {
    bool known = false;
    for (size_t i = 0; i < count && !known; i++)
      known = strcmp(parameters[i].name, key) == 0;
    if (!known) {
      char text[512];
      const size_t shown = least(count, sizeof names / sizeof *names);
      names_of(parameters, shown, names);
      suggestion(key, names, shown, text, sizeof text);
      return heed_fail(context->error, HEED_INVALID,
                       "%s%s%s: there is no such parameter; %s", path, dot, key,
                       text);
    }
  }
  return HEED_OK;
}

/* The default as the JSON that a sweep would give. */
static json_t *standard_value(const heed_parameter *parameter) {
  const char *text = parameter->default_value;
  json_t *value = NULL;
  switch ((enum heed_types)parameter->type) {
    case HEED_TEXT:
    case HEED_PATH:
    case HEED_ENUM:
    case HEED_PLUGIN:
      return json_string(text);
    case HEED_ENUM_OR_NUMBER:
      value = json_loads(text, JSON_DECODE_ANY, NULL);
      return value != NULL ? value : json_string(text);
    case HEED_NUMBER:
    case HEED_INTEGER:
    case HEED_BOOLEAN:
    case HEED_LIST:
    case HEED_MAP:
    case HEED_RECORD:
      break;
  }
  return json_loads(text, JSON_DECODE_ANY, NULL);
}

static heed_status resolve_absent(const schema_context *context,
                                  const heed_parameter *parameter,
                                  const char *path, json_t **resolved) {
  json_t *standard;
  heed_status status;
  if (parameter->default_value == NULL) {
    if ((parameter->flags & HEED_OPTIONAL) != 0)
      return made(context, json_null(), resolved);
    return heed_fail(
        context->error, HEED_INVALID, "%s: is missing: %s", path,
        parameter->doc == NULL ? "it has no default" : parameter->doc);
  }
  standard = standard_value(parameter);
  if (standard == NULL)
    return heed_fail(context->error, HEED_INVALID,
                     "%s: the plugin's default \"%s\" is not JSON", path,
                     parameter->default_value);
  status = resolve_value(context, parameter, standard, path, resolved);
  json_decref(standard);
  return status;
}

static heed_status resolve_record(const schema_context *context,
                                  const heed_parameter *parameters,
                                  size_t count, const json_t *given,
                                  const char *path, json_t **resolved) {
  heed_status status;
  json_t *record;
  if (json_is_array(given) && json_array_size(given) == 0) given = NULL;
  if (given != NULL && !json_is_object(given))
    return unfit(context, path, given, "a table of named values");
  status = check_keys(context, parameters, count, given, path);
  if (status != HEED_OK) return status;
  record = json_object();
  for (size_t i = 0; status == HEED_OK && i < count; i++) {
    const json_t *value = json_object_get(given, parameters[i].name);
    json_t *item = NULL;
    char below[PATH_TEXT];
    (void)snprintf(below, sizeof below, "%s%s%s", path,
                   *path == '\0' ? "" : ".", parameters[i].name);
    status = value == NULL || json_is_null(value)
                 ? resolve_absent(context, &parameters[i], below, &item)
                 : resolve_value(context, &parameters[i], value, below, &item);
    if (status == HEED_OK &&
        json_object_set_new(record, parameters[i].name, item) != 0)
      status = heed_no_memory(context->error);
  }
  if (status == HEED_OK) return made(context, record, resolved);
  json_decref(record);
  return status;
}

heed_status schema_resolve(const host_registry *plugins,
                           const heed_parameter *parameters, size_t count,
                           const json_t *given, const char *base,
                           const char *path, json_t **resolved,
                           heed_error *error) {
  const schema_context context = {plugins, base, error};
  return resolve_record(&context, parameters, count, given, path, resolved);
}
