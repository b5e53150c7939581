/* SPDX-License-Identifier: GPL-3.0-or-later
 * heed.d.lua: the functions of require "heed" with their types, in LuaCATS.
 *
 * Names: heed.KIND.NAME is the table of parameters of a plugin,
 * heed.KIND.Plugin the value of its constructor, heed.KIND.Name the plugins
 * that a text can name; heed.KIND.NAME.PARAMETER is an enum or a record,
 * followed by .item inside a list or map.  Names of plugins have no capital
 * letters, so none equals heed.KIND.Plugin. */
#include "sweep/annotations.h"

#include <ctype.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "check.h"
#include "label.h"
#include "language.h"
#include "state.h"

typedef struct annotations_writer {
  const host_registry *plugins;
  const heed_sweep *owner; /* owns texts; has the schema of h.sweep */
  FILE *file;
  bool swept; /* values may be axes */
} annotations_writer;

/* ---- texts ---- */

/* Writes one line of a comment; a plugin's text may have several lines. */
static void put_line(const annotations_writer *self, const char *text) {
  for (; *text != '\0'; text++)
    (void)fputc((unsigned char)*text < 0x20 ? ' ' : *text, self->file);
}

static const char *quoted(const annotations_writer *self, const char *text) {
  const char *result = "\"";
  for (; *text != '\0'; text++)
    result = label_format(self->owner, "%s%s%c", result,
                          *text == '"' || *text == '\\' ? "\\" : "", *text);
  return label_format(self->owner, "%s\"", result);
}

static bool is_required(const heed_parameter *parameter) {
  return parameter->default_value == NULL &&
         (parameter->flags & HEED_OPTIONAL) == 0;
}

static bool needs_any(const heed_parameter *parameters, size_t count) {
  for (size_t i = 0; i < count; i++)
    if (is_required(&parameters[i])) return true;
  return false;
}

/* ---- types ---- */

static const char *type_of(const annotations_writer *self,
                           const heed_parameter *parameter, const char *path);

/* A name alone gives a plugin if none of its parameters is required. */
static bool has_names(const annotations_writer *self, heed_kind kind) {
  for (size_t i = 0; i < registry_count(self->plugins); i++) {
    const heed_plugin *plugin = registry_at(self->plugins, i, NULL);
    if (plugin->kind == kind &&
        !needs_any(plugin->parameters, plugin->parameter_count))
      return true;
  }
  return false;
}

static const char *plugin_type(const annotations_writer *self, heed_kind kind) {
  const char *name = kind_name(kind);
  return has_names(self, kind)
             ? label_format(self->owner, "heed.%s.Plugin|heed.%s.Name", name,
                            name)
             : label_format(self->owner, "heed.%s.Plugin", name);
}

static const char *item_path(const annotations_writer *self, const char *path) {
  return label_format(self->owner, "%s.item", path);
}

static const char *or_axis(const annotations_writer *self, const char *type) {
  return self->swept ? label_format(self->owner, "%s|heed.Axis", type) : type;
}

static const char *list_type(const annotations_writer *self, const char *item) {
  return label_format(self->owner,
                      strchr(item, '|') == NULL ? "%s[]" : "(%s)[]", item);
}

/* path: the name of the type that define() writes for it. */
static const char *type_of(const annotations_writer *self,
                           const heed_parameter *parameter, const char *path) {
  const char *item;
  switch (parameter->type) {
    case HEED_NUMBER:
      return "number";
    case HEED_INTEGER:
      return "integer";
    case HEED_BOOLEAN:
      return "boolean";
    case HEED_TEXT:
      return "string";
    case HEED_PATH:
      return "heed.Path";
    case HEED_ENUM:
    case HEED_ENUM_OR_NUMBER:
    case HEED_RECORD:
      return path;
    case HEED_LIST:
      item = type_of(self, parameter->item, item_path(self, path));
      /* One path is a list of one. */
      return parameter->item->type == HEED_PATH
                 ? label_format(self->owner, "%s|%s",
                                list_type(self, or_axis(self, item)), item)
                 : list_type(self, or_axis(self, item));
    case HEED_MAP:
      item = type_of(self, parameter->item, item_path(self, path));
      return label_format(self->owner, "table<string, %s>",
                          or_axis(self, item));
    case HEED_PLUGIN:
      return plugin_type(self, parameter->kind);
  }
  return "any";
}

/* ---- comments ---- */

static void put_bounds(const annotations_writer *self,
                       const heed_parameter *parameter, const char *each) {
  const bool any = parameter->low == 0 && parameter->high == 0;
  const bool open_low = (parameter->flags & HEED_OPEN_LOW) != 0;
  const bool open_high = (parameter->flags & HEED_OPEN_HIGH) != 0;
  const bool low = !any && isfinite(parameter->low);
  const bool high = !any && isfinite(parameter->high);
  if (!low && !high) return;
  (void)fprintf(self->file, "; %s", each);
  if (low)
    (void)fprintf(self->file, "%s%.10g", open_low ? "above " : "at least ",
                  parameter->low);
  if (high)
    (void)fprintf(self->file, "%s%s%.10g", low ? ", " : "",
                  open_high ? "below " : "at most ", parameter->high);
  if (parameter->type == HEED_LIST) (void)fputs(" values", self->file);
}

static bool is_text(const heed_parameter *parameter) {
  char *end;
  switch (parameter->type) {
    case HEED_TEXT:
    case HEED_ENUM:
    case HEED_PATH:
    case HEED_PLUGIN:
      return true;
    case HEED_ENUM_OR_NUMBER:
      (void)strtod(parameter->default_value, &end);
      return end == parameter->default_value || *end != '\0';
    default:
      return false;
  }
}

/* "the gap; in nat; at least 0, below 1; default 0.74".  A
 * parser can take anything except a word for a part of the type. */
static void put_comment(const annotations_writer *self,
                        const heed_parameter *parameter) {
  const char *standard = parameter->default_value;
  const char *doc = parameter->doc == NULL ? parameter->name : parameter->doc;
  (void)fputs(isalnum((unsigned char)*doc) ? "" : "# ", self->file);
  put_line(self, doc);
  if (parameter->unit != NULL) {
    (void)fputs("; in ", self->file);
    put_line(self, parameter->unit);
  }
  put_bounds(self, parameter, "");
  if (parameter->item != NULL) put_bounds(self, parameter->item, "each ");
  if (standard == NULL || strcmp(standard, "{}") == 0) return;
  (void)fputs("; default ", self->file);
  put_line(self, is_text(parameter) ? quoted(self, standard) : standard);
}

/* ---- definitions ---- */

static void put_fields(const annotations_writer *self, const char *class,
                       const heed_parameter *parameters, size_t count);

static void put_enum(const annotations_writer *self, const char *path,
                     const heed_parameter *parameter) {
  (void)fprintf(self->file, "\n---@alias %s ", path);
  for (size_t i = 0; parameter->choices[i] != NULL; i++) {
    (void)fputs(i == 0 ? "" : "|", self->file);
    put_line(self, quoted(self, parameter->choices[i]));
  }
  (void)fputs(parameter->type == HEED_ENUM_OR_NUMBER ? "|number\n" : "\n",
              self->file);
}

/* Defines the types that type_of() names: enums and records, at any depth. */
static void define(const annotations_writer *self, const char *path,
                   const heed_parameter *parameter) {
  if (parameter->type == HEED_ENUM || parameter->type == HEED_ENUM_OR_NUMBER)
    put_enum(self, path, parameter);
  if (parameter->type == HEED_LIST || parameter->type == HEED_MAP)
    define(self, item_path(self, path), parameter->item);
  if (parameter->type == HEED_RECORD)
    put_fields(self, path, parameter->fields, parameter->field_count);
}

static void put_field(const annotations_writer *self, const char *class,
                      const heed_parameter *parameter) {
  const char *path = label_format(self->owner, "%s.%s", class, parameter->name);
  (void)fprintf(self->file, "---@field %s%s %s ", parameter->name,
                is_required(parameter) ? "" : "?",
                or_axis(self, type_of(self, parameter, path)));
  put_comment(self, parameter);
  (void)fputc('\n', self->file);
}

/* The class of a table with these fields, after the types of the fields. */
static void put_fields(const annotations_writer *self, const char *class,
                       const heed_parameter *parameters, size_t count) {
  for (size_t i = 0; i < count; i++)
    define(self, label_format(self->owner, "%s.%s", class, parameters[i].name),
           &parameters[i]);
  (void)fprintf(self->file, "\n---@class (exact) %s\n", class);
  for (size_t i = 0; i < count; i++) put_field(self, class, &parameters[i]);
}

/* ---- plugins ---- */

bool annotations_is_keyword(const char *name) {
  static const char *const keywords[] = {
      "and",      "break",  "do",   "else", "elseif", "end",  "false", "for",
      "function", "goto",   "if",   "in",   "local",  "nil",  "not",   "or",
      "repeat",   "return", "then", "true", "until",  "while"};
  for (size_t i = 0; i < sizeof keywords / sizeof *keywords; i++)
    if (strcmp(keywords[i], name) == 0) return true;
  return false;
}

static void put_constructor(const annotations_writer *self,
                            const heed_plugin *plugin, const char *class) {
  const char *kind = kind_name(plugin->kind);
  (void)fputs("\n---", self->file);
  put_line(self, plugin->summary == NULL ? plugin->name : plugin->summary);
  if (plugin->reference != NULL) {
    (void)fputs("\n---\n---", self->file);
    put_line(self, plugin->reference);
  }
  (void)fprintf(
      self->file, "\n---@param parameters%s %s\n---@return heed.%s.Plugin\n",
      needs_any(plugin->parameters, plugin->parameter_count) ? "" : "?", class,
      kind);
  if (annotations_is_keyword(plugin->name))
    (void)fprintf(self->file, "heed.%s[\"%s\"] = function(parameters) end\n",
                  kind, plugin->name);
  else
    (void)fprintf(self->file, "function heed.%s.%s(parameters) end\n", kind,
                  plugin->name);
}

static void put_plugin(const annotations_writer *self,
                       const heed_plugin *plugin) {
  const char *class = label_format(self->owner, "heed.%s.%s",
                                   kind_name(plugin->kind), plugin->name);
  put_fields(self, class, plugin->parameters, plugin->parameter_count);
  if (language_takes_label(plugin))
    (void)fputs("---@field label? string its name on an axis\n", self->file);
  put_constructor(self, plugin, class);
}

static int by_name(const void *a, const void *b) {
  const heed_plugin *const *left = a, *const *right = b;
  return strcmp((*left)->name, (*right)->name);
}

/* Stores the plugins of a kind in plugins[], in alphabetical order. */
static size_t plugins_of(const annotations_writer *self, heed_kind kind,
                         const heed_plugin **plugins) {
  size_t count = 0;
  for (size_t i = 0; i < registry_count(self->plugins); i++) {
    const heed_plugin *plugin = registry_at(self->plugins, i, NULL);
    if (plugin->kind == kind) plugins[count++] = plugin;
  }
  qsort(plugins, count, sizeof(void *), by_name);
  return count;
}

static void put_names(const annotations_writer *self, heed_kind kind,
                      const heed_plugin *const *plugins, size_t count) {
  const char *joint = "";
  if (!has_names(self, kind)) return;
  (void)fprintf(self->file,
                "\n---A plugin by its name, with default "
                "parameters\n---@alias heed.%s.Name ",
                kind_name(kind));
  for (size_t i = 0; i < count; i++) {
    if (needs_any(plugins[i]->parameters, plugins[i]->parameter_count))
      continue;
    (void)fprintf(self->file, "%s%s", joint, quoted(self, plugins[i]->name));
    joint = "|";
  }
  (void)fputc('\n', self->file);
}

static void put_kind(const annotations_writer *self, heed_kind kind,
                     const heed_plugin **plugins) {
  const char *name = kind_name(kind);
  const size_t count = plugins_of(self, kind, plugins);
  (void)fprintf(self->file,
                "\n---The value of h.%s.NAME {}\n"
                "---@class heed.%s.Plugin: userdata\n",
                name, name);
  put_names(self, kind, (const heed_plugin *const *)plugins, count);
  (void)fprintf(self->file, "\nheed.%s = {}\n", name);
  for (size_t i = 0; i < count; i++) put_plugin(self, plugins[i]);
}

/* ---- the sweep ---- */

static void put_sweep(annotations_writer *self) {
  const heed_parameter *schema = self->owner->schema;
  for (size_t i = 0; i < SWEEP_KEY_COUNT; i++) {
    self->swept = i < PLAN_STAGE_COUNT;
    define(self, label_format(self->owner, "heed.sweep.%s", schema[i].name),
           &schema[i]);
  }
  (void)fputs("\n---@class (exact) heed.sweep\n", self->file);
  for (size_t i = 0; i < SWEEP_KEY_COUNT; i++) {
    self->swept = i < PLAN_STAGE_COUNT;
    put_field(self, "heed.sweep", &schema[i]);
  }
  (void)fputs(
      "---@field exclude? fun(point: table<string, any>): boolean? true for "
      "points to leave out; point has the value of each axis by name\n",
      self->file);
}

/* ---- the other functions ---- */

typedef struct annotations_word {
  const char *name, *text;
} annotations_word;

static const annotations_word words[] = {
    {"axis",
     "\n---@class heed.axis.options\n"
     "---@field unit? string of the values; for the result file\n"
     "---@field doc? string one line; for the result file\n"
     "---@field tie? string|heed.Axis the axis that this one varies with\n"
     "---@field labels? string[] a name for each value\n"
     "\n---@class heed.axis: heed.axis.options\n"
     "---@field [1] string the name of the axis\n"
     "---@field [integer] any its values, or one table of them\n"
     "\n---An axis: a value that is varied\n"
     "---\n"
     "---h.axis { \"gap\", 0.6, 0.74 }, or h.axis(\"levels\", { { 0.5 }, "
     "{ 0.1, 0.9 } }) if values can be lists\n"
     "---@param axis heed.axis\n"
     "---@return heed.Axis\n"
     "---@overload fun(name: string, values: any[], options?: "
     "heed.axis.options): heed.Axis\n"
     "function heed.axis(axis) end\n"},
    {"rows",
     "\n---@class heed.row\n"
     "---@field [1] string the name of the row\n"
     "---@field [string] any the values that the row sets, by column\n"
     "\n---@class heed.rows\n"
     "---@field [1] string the name of the axis\n"
     "---@field [integer] heed.row\n"
     "\n---One axis that sets several values at once; each column is an axis\n"
     "---@param rows heed.rows|(string|heed.row)[]\n"
     "---@return table<string, heed.Axis>\n"
     "function heed.rows(rows) end\n"},
    {"linspace",
     "\n---`count` numbers from low to high, equally spaced\n"
     "---@param low number\n"
     "---@param high number\n"
     "---@param count integer\n"
     "---@return number[]\n"
     "function heed.linspace(low, high, count) end\n"},
    {"logspace",
     "\n---`count` numbers from low to high, with equal ratios\n"
     "---@param low number\n"
     "---@param high number\n"
     "---@param count integer\n"
     "---@return number[]\n"
     "function heed.logspace(low, high, count) end\n"},
    {"sweep",
     "\n---The value that a sweep file returns\n"
     "---@class heed.Sweep: userdata\n"
     "\n---@param sweep heed.sweep\n"
     "---@return heed.Sweep\n"
     "function heed.sweep(sweep) end\n"},
};

/* NULL if a function has no annotation. */
static const char *annotation_of(const char *name) {
  for (size_t i = 0; i < sizeof words / sizeof *words; i++)
    if (strcmp(words[i].name, name) == 0) return words[i].text;
  return NULL;
}

static heed_status put_words(const annotations_writer *self,
                             heed_error *error) {
  for (const luaL_Reg *each = language_words; each->name != NULL; each++) {
    const char *text = annotation_of(each->name);
    if (text == NULL)
      return heed_fail(error, HEED_INTERNAL, "h.%s has no annotation",
                       each->name);
    (void)fputs(text, self->file);
  }
  return HEED_OK;
}

/* ---- the file ---- */

static heed_status put_file(annotations_writer *self, heed_error *error) {
  const heed_plugin **plugins =
      calloc(registry_count(self->plugins) + 1, sizeof *plugins);
  heed_status status;
  if (plugins == NULL) return heed_no_memory(error);
  (void)fputs(
      "---@meta heed\n"
      "-- Types of `require \"heed\"` for editors, written by `heed describe "
      "--lua`\n"
      "-- (heed " HEED_VERSION
      ").  Regenerate it when heed or its plugins change.\n"
      "\n---The value of h.axis; any parameter can be an axis\n"
      "---@class heed.Axis: userdata\n"
      "\n---A file, relative to the folder of the sweep\n"
      "---@alias heed.Path string\n"
      "\n---@class heed\nlocal heed = {}\n",
      self->file);
  for (int kind = 0; kind < HEED_KIND_COUNT; kind++)
    put_kind(self, (heed_kind)kind, plugins);
  put_sweep(self);
  status = put_words(self, error);
  (void)fputs("\nreturn heed\n", self->file);
  free(plugins);
  return status;
}

heed_status annotations_write(const host_registry *plugins, char **text,
                              heed_error *error) {
  heed_sweep owner = {.plugins = plugins, .memory = arena_create()};
  annotations_writer self = {
      .plugins = plugins, .owner = &owner, .swept = true};
  heed_status status = HEED_MEMORY;
  size_t length;
  bool whole = false;
  *text = NULL;
  self.file = owner.memory == NULL ? NULL : open_memstream(text, &length);
  if (self.file != NULL) {
    check_schema(&owner);
    status = put_file(&self, error);
    whole = ferror(self.file) == 0;
    whole = fclose(self.file) == 0 && whole;
  }
  arena_free(owner.memory);
  if (status == HEED_OK && whole) return HEED_OK;
  free(*text);
  *text = NULL;
  return status == HEED_INTERNAL ? status : heed_no_memory(error);
}
