/* SPDX-License-Identifier: GPL-3.0-or-later
 * The parameters that the checks use. */
#include "settings.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#define MOST_STEP 50 /* from the low end of an integer range to the guess */

bool settings_has_default(const heed_parameter *parameter) {
  return parameter->default_value != NULL;
}

static bool has_range(const heed_parameter *parameter) {
  return parameter->low != 0 || parameter->high != 0;
}

/* ---- guesses ---- */

static json_t *guess(const host_registry *plugins,
                     const heed_parameter *parameter);

/* The middle of a short range, or near the low end of a long one. */
static json_t *guess_number(const heed_parameter *parameter) {
  const bool whole = parameter->type == HEED_INTEGER;
  const double low = parameter->low, high = parameter->high;
  const double most = whole ? MOST_STEP : 1;
  double number = whole ? 1 : 0.5;
  if (has_range(parameter)) {
    if (isfinite(low))
      number = low + fmin((high - low) / 2, most);
    else
      number = isfinite(high) ? high - most : number;
  }
  return whole ? json_integer((json_int_t)number) : json_real(number);
}

static json_t *guess_list(const host_registry *plugins,
                          const heed_parameter *parameter) {
  const size_t least = parameter->low > 0 ? (size_t)ceil(parameter->low) : 0;
  json_t *list = json_array();
  for (size_t i = 0; i < least; i++)
    if (json_array_append_new(list, guess(plugins, parameter->item)) != 0) {
      json_decref(list);
      return NULL;
    }
  return list;
}

static json_t *guess_plugin(const host_registry *plugins,
                            const heed_parameter *parameter) {
  for (size_t i = 0; i < registry_count(plugins); i++) {
    const heed_plugin *plugin = registry_at(plugins, i, NULL);
    if (plugin->kind == parameter->kind) return json_string(plugin->name);
  }
  return NULL;
}

/* Returns NULL if there is no guess. */
static json_t *guess(const host_registry *plugins,
                     const heed_parameter *parameter) {
  switch (parameter->type) {
    case HEED_NUMBER:
    case HEED_INTEGER:
      return guess_number(parameter);
    case HEED_BOOLEAN:
      return json_true();
    case HEED_ENUM:
    case HEED_ENUM_OR_NUMBER:
      return json_string(parameter->choices[0]);
    case HEED_LIST:
      return guess_list(plugins, parameter);
    case HEED_MAP:
    case HEED_RECORD:
      return json_object();
    case HEED_PLUGIN:
      return guess_plugin(plugins, parameter);
    case HEED_TEXT:
    case HEED_PATH:
      break;
  }
  return NULL;
}

static void add_remark(char *remark, const char *name, const json_t *value) {
  const size_t used = strlen(remark);
  char *text = json_dumps(value, JSON_ENCODE_ANY | JSON_REAL_PRECISION(6));
  if (used + 1 < BOARD_TEXT)
    (void)snprintf(remark + used, BOARD_TEXT - used, "%s%s = %s",
                   used == 0 ? "" : ", ", name, text == NULL ? "?" : text);
  free(text);
}

/* Returns false if the default names a plugin that is not loaded. */
static bool is_loaded(const host_registry *plugins,
                      const heed_parameter *parameter) {
  if (parameter->type != HEED_PLUGIN || !settings_has_default(parameter))
    return true;
  return registry_find(plugins, parameter->kind, parameter->default_value,
                       NULL) != NULL;
}

static void complete(const host_registry *plugins,
                     const heed_parameter *parameter, json_t *given,
                     char *remark, char *missing) {
  json_t *value;
  if (json_object_get(given, parameter->name) != NULL) return;
  if (!is_loaded(plugins, parameter)) {
    (void)snprintf(missing, BOARD_TEXT,
                   "%s: its default, %s/%s, is not on the plugin path",
                   parameter->name, kind_name(parameter->kind),
                   parameter->default_value);
    return;
  }
  if (settings_has_default(parameter) ||
      (parameter->flags & HEED_OPTIONAL) != 0)
    return;
  value = guess(plugins, parameter);
  if (value == NULL) {
    (void)snprintf(missing, BOARD_TEXT,
                   "parameter %s has no default; give it with --set %s=VALUE",
                   parameter->name, parameter->name);
    return;
  }
  add_remark(remark, parameter->name, value);
  (void)json_object_set_new(given, parameter->name, value);
}

/* ---- values from the user ---- */

static const heed_parameter *parameter_named(const heed_plugin *plugin,
                                             const char *set) {
  const size_t length = strcspn(set, "=");
  for (size_t i = 0; i < plugin->parameter_count; i++) {
    const char *name = plugin->parameters[i].name;
    if (strlen(name) == length && strncmp(name, set, length) == 0)
      return &plugin->parameters[i];
  }
  return NULL;
}

/* Text that is not JSON is a string. */
static json_t *value_of(const char *text) {
  json_error_t why;
  json_t *value = json_loads(text, JSON_DECODE_ANY, &why);
  if (value == NULL && json_error_code(&why) == json_error_out_of_memory)
    return NULL;
  return value != NULL ? value : json_string(text);
}

json_t *settings_given(const host_registry *plugins, const heed_plugin *plugin,
                       const contract_options *options, char *remark,
                       char *missing) {
  json_t *given = json_object();
  *remark = *missing = '\0';
  for (size_t i = 0; i < options->set_count; i++) {
    const heed_parameter *named = parameter_named(plugin, options->sets[i]);
    if (named != NULL)
      (void)json_object_set_new(given, named->name,
                                value_of(strchr(options->sets[i], '=') + 1));
  }
  for (size_t i = 0; i < plugin->parameter_count; i++)
    complete(plugins, &plugin->parameters[i], given, remark, missing);
  return given;
}

static heed_status unknown(const host_registry *plugins, size_t count,
                           const char *set, heed_error *error) {
  const heed_plugin *first = registry_at(plugins, 0, NULL);
  const char *names[128], *nearest;
  char name[BOARD_NAME];
  size_t known = 0;
  (void)snprintf(name, sizeof name, "%.*s", (int)strcspn(set, "="), set);
  for (size_t i = 0; i < count; i++) {
    const heed_plugin *plugin = registry_at(plugins, i, NULL);
    for (size_t j = 0; j < plugin->parameter_count && known < 128; j++)
      names[known++] = plugin->parameters[j].name;
  }
  nearest = schema_nearest(name, names, known);
  return heed_fail(
      error, HEED_INVALID, "--set %s: %s/%s%s has no parameter \"%s\"%s%s%s",
      set, kind_name(first->kind), first->name,
      count > 1 ? " and the other plugins of its file" : "", name,
      nearest == NULL ? "" : "; did you mean \"",
      nearest == NULL ? "" : nearest, nearest == NULL ? "" : "\"?");
}

heed_status settings_check(const host_registry *plugins, size_t count,
                           const contract_options *options, heed_error *error) {
  for (size_t i = 0; i < options->set_count; i++) {
    const char *set = options->sets[i];
    bool known = false;
    if (strchr(set, '=') == NULL)
      return heed_fail(error, HEED_INVALID,
                       "--set %s: expected PARAMETER=VALUE", set);
    for (size_t j = 0; j < count; j++)
      known =
          known || parameter_named(registry_at(plugins, j, NULL), set) != NULL;
    if (!known) return unknown(plugins, count, set, error);
  }
  return HEED_OK;
}

/* ---- variants ---- */

typedef struct settings_collection {
  contract_variant *all;
  size_t count, room;
} settings_collection;

static void add(settings_collection *self, const char *name, json_t *value,
                bool end) {
  char *text = json_dumps(value, JSON_ENCODE_ANY | JSON_REAL_PRECISION(9));
  contract_variant *made;
  if (self->count == self->room) {
    const size_t room = 2 * self->room + 16;
    contract_variant *all = realloc(self->all, room * sizeof *all);
    if (all == NULL) {
      json_decref(value);
      free(text);
      return;
    }
    self->all = all;
    self->room = room;
  }
  made = &self->all[self->count++];
  made->changes = json_pack("{s:o}", name, value);
  made->end = end;
  (void)snprintf(made->text, sizeof made->text, "%s = %s", name,
                 text == NULL ? "?" : text);
  free(text);
}

/* An open end is replaced by a value just inside it. */
static void add_end(settings_collection *self, const heed_parameter *parameter,
                    bool upper) {
  const bool whole = parameter->type == HEED_INTEGER;
  const double low = parameter->low, high = parameter->high;
  const bool open =
      (parameter->flags & (upper ? HEED_OPEN_HIGH : HEED_OPEN_LOW)) != 0;
  const double width = isfinite(high - low) ? high - low : 1;
  const double step = !open ? 0 : whole ? 1 : 1e-6 * width;
  const double number = upper ? high - step : low + step;
  if (!isfinite(number)) return;
  add(self, parameter->name,
      whole ? json_integer((json_int_t)number) : json_real(number), true);
}

static void add_all(settings_collection *self,
                    const heed_parameter *parameter) {
  const bool numeric = parameter->type == HEED_NUMBER ||
                       parameter->type == HEED_INTEGER ||
                       parameter->type == HEED_ENUM_OR_NUMBER;
  if (numeric && has_range(parameter)) {
    add_end(self, parameter, false);
    add_end(self, parameter, true);
  }
  if (parameter->type == HEED_BOOLEAN) {
    add(self, parameter->name, json_true(), false);
    add(self, parameter->name, json_false(), false);
  }
  if (parameter->type == HEED_ENUM || parameter->type == HEED_ENUM_OR_NUMBER)
    for (size_t i = 0; parameter->choices[i] != NULL; i++)
      add(self, parameter->name, json_string(parameter->choices[i]), false);
}

contract_variant *settings_variants(const heed_plugin *plugin, size_t *count) {
  settings_collection made = {NULL, 0, 0};
  for (size_t i = 0; i < plugin->parameter_count; i++)
    add_all(&made, &plugin->parameters[i]);
  *count = made.count;
  return made.all;
}

void settings_free(contract_variant *all, size_t count) {
  for (size_t i = 0; i < count; i++) json_decref(all[i].changes);
  free(all);
}
