/* SPDX-License-Identifier: GPL-3.0-or-later
 * Presets: the logs of tools.  `format` names the tool; its shapes say what a
 * file of it looks like and what its records mean.
 *
 * A shape names columns, as a sweep could.  Where that is not enough, its
 * translate() turns a record, one object of JSON or one row of a table as an
 * object of texts, into rows: it makes some of their cells, and the others are
 * looked for in the record. */
#ifndef HEED_SOURCES_LOG_PRESETS_H
#define HEED_SOURCES_LOG_PRESETS_H

#include <jansson.h>

#include "sources/log/json_rows.h"
#include "sources/log/settings.h"

enum { /* of `format`, after the forms of files */
       PRESET_NONE,
       PRESET_ARENA,
       PRESET_OPEN_WEBUI,
       PRESET_LABEL_STUDIO,
       PRESET_ARGILLA,
       PRESET_POTATO,
       PRESET_CROWD_KIT,
       PRESET_TRL
};

#define LOG_MAKES(column) (1u << (column))

typedef struct log_translation log_translation;

struct log_shape {
  int preset;
  const char *form; /* in a few words: "Chatbot Arena, 140k" */
  bool (*fits)(const json_t *record);
  const char *column[COLUMN_COUNT]; /* USER is NULL: nobody says who voted */
  unsigned makes;                   /* columns that translate() makes */
  const char *const *words[WORD_COUNT]; /* ends with NULL; NULL: as without
                                           a preset */
  int pairs;
  bool positions_unknown, texts_are_json;
  bool users_unknown; /* if no column says who voted, each row is a user */
  bool are_classes;   /* A and B are classes: the sweep must name them */
  /* Looks at the first records; NULL: nothing depends on them. */
  heed_status (*settle)(log_settings *self, const char *path,
                        const json_t *records, heed_memory *memory,
                        heed_error *error);
  heed_status (*translate)(log_translation *self);
  const char *nobody; /* what to say of a log that does not say who voted */
  const char *code, *warning; /* of each reading; or NULL */
  const char *const *notes;   /* what a user must know; ends with NULL */
};

extern const struct log_shape log_arena_shapes[], log_open_webui_shapes[],
    log_label_studio_shapes[], log_argilla_shapes[], log_potato_shapes[],
    log_crowd_kit_shapes[], log_trl_shapes[]; /* each ends with preset 0 */

/* Open WebUI's database. */
#define LOG_OPEN_WEBUI_QUERY                                                  \
  "SELECT id, user_id, type, data, meta, snapshot, created_at FROM feedback " \
  "ORDER BY updated_at DESC, rowid DESC"

static inline int log_preset_of(const heed_value *values) {
  const int64_t format = values[FORMAT].integer;
  return format < LOG_FORM_COUNT ? PRESET_NONE
                                 : (int)format - LOG_FORM_COUNT + 1;
}

/* Adds what the preset says of the files to the settings. */
heed_status log_settle_preset(const heed_host *host, log_settings *self,
                              heed_error *error);

/* What a preset does with repeated annotations, unless the sweep says it. */
int log_preset_duplicates(const heed_value *values);

/* The shape of a file, of this preset or, with PRESET_NONE, of any; NULL: it is
 * none of them.  *records: its first; the caller releases them. */
heed_status log_shape_of(const heed_host *host, const char *path, int preset,
                         log_form *form, const log_shape **shape,
                         json_t **records, heed_error *error);

/* Lets the shape send the rows that a record means. */
heed_status log_translate(json_rows *rows, const json_t *record, size_t line);

/* ---- for shapes: translation.c ---- */

/* One record on its way to rows. */
struct log_translation {
  json_rows *rows;
  const log_settings *settings;
  const json_t *record;
  size_t line;
};

/* A cell of the next row; the value becomes the row's.  NULL: it is missing. */
void log_make(log_translation *self, int column, json_t *value);
/* Sends a row.  item: what keys are looked for in before the record; NULL: the
 * record alone. */
heed_status log_send_made(log_translation *self, const json_t *item);
/* The record, or a part of it, is no comparison. */
heed_status log_set_aside(const log_translation *self, const char *reason);
HEED_PRINTF(2, 3)
heed_status log_refuse_record(const log_translation *self, const char *format,
                              ...);

/* The text at a key; NULL: there is none. */
static inline const char *log_said_at(const json_t *value, const char *key) {
  return json_string_value(json_object_get(value, key));
}
/* Whether there is a value that is not null. */
static inline bool log_has(const json_t *value, const char *key) {
  const json_t *found = json_object_get(value, key);
  return found != NULL && !json_is_null(found);
}
/* A new reference: the value, or what a text of JSON holds; NULL: nothing. */
json_t *log_parsed(const json_t *value);
/* A new reference; the value as it is if it is none. */
json_t *log_shared(const json_t *value);
/* A new reference: an id, a number or a text, as a text; NULL: neither. */
json_t *log_id_of(const json_t *value);

#endif
