/* SPDX-License-Identifier: GPL-3.0-or-later
 * heed look: the sweep that reads a file.  Which plugins it names is in
 * plugins/templates/look.txt: this program names none. */
#include <math.h>
#include <stdlib.h>

#include "look.h"
#include "templates.h"
#include "view/safe.h"

/* ---- Lua ---- */

/* In quotes; what could end the text, or be shown in another way, as \ddd. */
static void put_text(const char *text) {
  putchar('"');
  while (*text != '\0') {
    const char *next = safe_next(text);
    const size_t length = (size_t)(next - text);
    char safe[SAFE_GROWTH * 8 + 1];
    const bool plain = length <= 8 && *text != '"' && *text != '\\' &&
                       safe_copy(text, length, false, safe) == length &&
                       strncmp(safe, text, length) == 0;
    if (plain)
      printf("%.*s", (int)length, text);
    else
      for (size_t i = 0; i < length; i++)
        printf("\\%03u", (unsigned)(unsigned char)text[i]);
    text = next;
  }
  putchar('"');
}

static bool is_name(const char *key) {
  static const char *const taken[] = {
      "and",      "break",  "do",   "else", "elseif", "end",  "false", "for",
      "function", "goto",   "if",   "in",   "local",  "nil",  "not",   "or",
      "repeat",   "return", "then", "true", "until",  "while"};
  const char letters[] =
      "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_";
  if (*key == '\0' || (*key >= '0' && *key <= '9') ||
      key[strspn(key, letters)] != '\0')
    return false;
  for (size_t i = 0; i < sizeof taken / sizeof *taken; i++)
    if (strcmp(taken[i], key) == 0) return false;
  return true;
}

static void put_value(const json_t *value);

static void put_object(const json_t *object) {
  const char *key;
  json_t *value;
  bool first = true;
  printf("{ ");
  json_object_foreach((json_t *)(uintptr_t)object, key, value) {
    if (!first) printf(", ");
    first = false;
    if (is_name(key)) {
      printf("%s = ", key);
    } else {
      printf("[");
      put_text(key);
      printf("] = ");
    }
    put_value(value);
  }
  printf(" }");
}

static void put_value(const json_t *value) {
  switch (json_typeof(value)) {
    case JSON_OBJECT:
      put_object(value);
      return;
    case JSON_ARRAY:
      printf("{ ");
      for (size_t i = 0; i < json_array_size(value); i++) {
        if (i > 0) printf(", ");
        put_value(json_array_get(value, i));
      }
      printf(" }");
      return;
    case JSON_STRING:
      put_text(json_string_value(value));
      return;
    case JSON_INTEGER:
      printf("%" JSON_INTEGER_FORMAT, json_integer_value(value));
      return;
    case JSON_REAL:
      printf("%.17g", json_real_value(value));
      return;
    case JSON_TRUE:
      printf("true");
      return;
    case JSON_FALSE:
      printf("false");
      return;
    case JSON_NULL:
      printf("nil");
      return;
  }
}

/* ---- the sweep ---- */

enum { SMALL = 100000 }; /* annotations */

static bool holds(const char *condition, size_t length,
                  const look_facts *facts) {
  const struct {
    const char *name;
    bool holds;
  } known[] = {{"single", facts->most == 1},
               {"p", facts->has_p},
               {"two_models", facts->models == 2 && facts->one_first_model},
               {"models", facts->models >= 2},
               {"other", true},
               {"always", true},
               {"always_small", facts->annotations <= SMALL}};
  for (size_t i = 0; i < sizeof known / sizeof *known; i++)
    if (strlen(known[i].name) == length &&
        strncmp(known[i].name, condition, length) == 0)
      return known[i].holds;
  return false;
}

static const command_template *rules(void) {
  for (size_t i = 0; i < command_template_count; i++)
    if (strcmp(command_templates[i].name, "look.txt") == 0)
      return &command_templates[i];
  return NULL;
}

/* The first rule that holds, and the ones for always. */
static void put_rules(const look_facts *facts) {
  const command_template *file = rules();
  const char *at = file == NULL ? "" : (const char *)file->text;
  const char *end = file == NULL ? at : at + file->length;
  bool chosen = false;
  while (at < end) {
    const char *line_end = memchr(at, '\n', (size_t)(end - at));
    const char *blank = memchr(at, ' ', (size_t)(end - at));
    if (line_end == NULL) line_end = end;
    if (*at != '#' && blank != NULL && blank < line_end) {
      const size_t length = (size_t)(blank - at);
      const bool always = strncmp(at, "always", strlen("always")) == 0;
      if (holds(at, length, facts) && (always || !chosen))
        printf("  %.*s,\n", (int)(line_end - blank - 1), blank + 1);
      chosen = chosen || (!always && holds(at, length, facts));
    }
    at = line_end + 1;
  }
}

void look_print_sweep(const look_reading *self, const look_facts *facts) {
  const char *key, *slash = strrchr(self->file, '/');
  json_t *value;
  printf("\nlocal h = require \"heed\"\n\nreturn h.sweep {\n  title = ");
  put_text(slash == NULL ? self->file : slash + 1);
  printf(",\n  source = h.%s.%s {\n    %s = ", kind_name(self->plugin->kind),
         self->plugin->name, self->file_parameter);
  put_text(self->file);
  printf(*self->file == '/' ? ",\n" : ", -- as seen from this sweep\n");
  json_object_foreach(self->parameters, key, value) {
    printf("    %s = ", key);
    put_value(value);
    printf(",\n");
  }
  printf("  },\n");
  put_rules(facts);
  printf("  keep = { \"users\"%s%s },\n}\n",
         facts->models > 0 ? ", \"models\"" : "",
         facts->has_texts ? ", \"selection\"" : "");
}
