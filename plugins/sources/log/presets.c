/* SPDX-License-Identifier: GPL-3.0-or-later
 * Finds the shape of a file and adds it to the settings. */
#include "sources/log/presets.h"

#include <string.h>

#include "sources/log/formats.h"
#include "sources/log/names.h"
#include "sources/log/packed.h"
#include "sources/log/path.h"

#define SAMPLE 64 /* records that say what a file is */

static const log_shape *const presets[] = {
    [PRESET_ARENA] = log_arena_shapes,
    [PRESET_OPEN_WEBUI] = log_open_webui_shapes,
    [PRESET_LABEL_STUDIO] = log_label_studio_shapes,
    [PRESET_ARGILLA] = log_argilla_shapes,
    [PRESET_POTATO] = log_potato_shapes,
    [PRESET_CROWD_KIT] = log_crowd_kit_shapes,
    [PRESET_TRL] = log_trl_shapes};
#define PRESET_COUNT (sizeof presets / sizeof *presets)

/* ---- the first records ---- */

/* By the first bytes: names of exports say little, and FastChat's logs are
 * JSON Lines in .json. */
static heed_status find_form(const char *path, log_form *form,
                             heed_error *error) {
  log_input input;
  heed_status status = log_input_open(&input, path, error);
  size_t start = 0, commas = 0, tabs = 0;
  *form = LOG_CSV;
  while (status == HEED_OK && start < input.length &&
         log_is_blank((log_text){input.bytes + start, 1, false}))
    start++;
  if (status == HEED_OK && start < input.length) {
    const char *first = input.bytes + start;
    const size_t left = input.length - start;
    if (left >= 15 && memcmp(first, "SQLite format 3", 15) == 0)
      *form = LOG_SQLITE;
    else if (left >= 4 && memcmp(first, "\x89HDF", 4) == 0)
      *form = LOG_HDF5;
    else if (left >= sizeof PACKED_MAGIC - 1 &&
             memcmp(first, PACKED_MAGIC, sizeof PACKED_MAGIC - 1) == 0)
      *form = LOG_PACKED;
    else if (*first == '{' || *first == '[')
      *form = LOG_JSON;
    for (size_t i = 0; i < left && first[i] != '\n' && first[i] != '\r'; i++) {
      commas += first[i] == ',';
      tabs += first[i] == '\t';
    }
    if (*form == LOG_CSV && tabs > commas) *form = LOG_TSV;
  }
  log_input_close(&input);
  return status;
}

static heed_status ignore(void *context, const log_row *row) {
  (void)context;
  (void)row;
  return HEED_OK;
}

static heed_status read_sample(const heed_host *host, const char *path,
                               log_form form, const char *query,
                               json_t *records, heed_error *error) {
  log_faults faults = {.host = host, .silent = true};
  const log_read_options options = {
      .form = form, .query = query, .takes_records = true};
  log_job job = {.host = host,
                 .path = path,
                 .most = SAMPLE,
                 .faults = &faults,
                 .sink = {ignore, NULL, NULL},
                 .sample = records,
                 .error = error};
  return log_read(&job, &options);
}

static const log_shape *shape_in(const log_shape *shapes,
                                 const json_t *record) {
  for (; shapes->preset != PRESET_NONE; shapes++)
    if (shapes->fits(record)) return shapes;
  return NULL;
}

/* The first record that a shape fits decides: others may be of another kind. */
static const log_shape *shape_among(int preset, const json_t *records) {
  const log_shape *shape = NULL;
  for (size_t i = 0; shape == NULL && i < json_array_size(records); i++) {
    const json_t *record = json_array_get(records, i);
    for (size_t j = 1; shape == NULL && j < PRESET_COUNT; j++)
      if (preset == PRESET_NONE || preset == (int)j)
        shape = shape_in(presets[j], record);
  }
  return shape;
}

heed_status log_shape_of(const heed_host *host, const char *path, int preset,
                         log_form *form, const log_shape **shape,
                         json_t **records, heed_error *error) {
  heed_status status = find_form(path, form, error);
  *shape = NULL;
  *records = json_array();
  if (status != HEED_OK || *form == LOG_HDF5 ||
      (*form == LOG_PACKED && preset == PRESET_NONE))
    return status;
  if (*records == NULL) return heed_no_memory(error);
  status =
      read_sample(host, path, *form, LOG_OPEN_WEBUI_QUERY, *records, error);
  if (status == HEED_OK) *shape = shape_among(preset, *records);
  return status;
}

/* ---- settings ---- */

static void add_keys(const json_t *record, char *text, size_t size) {
  const char *key;
  json_t *value;
  bool first = true;
  json_object_foreach((json_t *)(uintptr_t)record, key, value) {
    log_add(text, size, "%s\"%.40s\"", first ? "" : ", ", key);
    first = false;
  }
}

static heed_status refuse_file(const log_settings *self, const char *path,
                               const json_t *records, heed_error *error) {
  char keys[HEED_MESSAGE_SIZE / 4] = "";
  const char *name = self->values[FORMAT].text;
  if (json_array_size(records) == 0)
    return log_fail(error, HEED_INVALID,
                    "%s: found no record, expected what format = \"%s\" reads",
                    path, name);
  add_keys(json_array_get(records, 0), keys, sizeof keys);
  return log_fail(error, HEED_INVALID,
                  "%s: the records are not of the kind that format = \"%s\" "
                  "reads; the first has %s; heed look says what a file seems "
                  "to be",
                  path, name, *keys == '\0' ? "nothing" : keys);
}

static bool lacks(const json_t *records, const char *name) {
  for (size_t i = 0; i < json_array_size(records); i++)
    if (log_at(json_array_get(records, i), name) != NULL) return false;
  return true;
}

/* What the sweep names comes first.  A column that only some files have is not
 * wanted where it is missing. */
static void settle_columns(log_settings *self, const json_t *records) {
  static const unsigned optional =
      LOG_MAKES(TIME) | LOG_MAKES(PROMPT) | LOG_MAKES(LEFT_TEXT) |
      LOG_MAKES(RIGHT_TEXT) | LOG_MAKES(LEFT_MODEL) | LOG_MAKES(RIGHT_MODEL) |
      LOG_MAKES(TOPIC);
  const heed_value *named = self->values[COLUMNS].items;
  const log_shape *shape = self->shape;
  const bool flags = named[CHOSE_A].given;
  self->makes = shape->makes;
  for (size_t i = 0; i < COLUMN_COUNT; i++) {
    const char *name = shape->column[i];
    const bool made = (shape->makes & LOG_MAKES(i)) != 0;
    if (named[i].given) {
      self->column[i] = named[i].text;
      if (i != CHOICE || !made) self->makes &= ~LOG_MAKES(i);
    } else if (made) {
      self->column[i] = name != NULL ? name : log_column_name(i);
    } else {
      if (name != NULL && (optional & LOG_MAKES(i)) != 0 &&
          lacks(records, name))
        name = NULL;
      self->column[i] = name;
    }
  }
  /* One choice is a column, the other are several. */
  if (flags) self->column[CHOICE] = NULL;
  if (named[CHOICE].given)
    self->column[CHOSE_A] = self->column[CHOSE_B] = self->column[CHOSE_TIE] =
        NULL;
}

static void settle_words(log_settings *self, heed_memory *memory) {
  for (size_t i = 0; i < WORD_COUNT; i++) {
    const char *const *list = self->shape->words[i];
    size_t count = 0;
    log_text *words;
    if (list == NULL || log_words_are_given(self->values, i)) continue;
    while (list[count] != NULL) count++;
    words = heed_allocate(memory, count, sizeof *words);
    for (size_t j = 0; words != NULL && j < count; j++)
      words[j] = log_text_of(list[j]);
    self->words[i] = (log_words){words, count};
  }
}

static void settle_pairs(log_settings *self) {
  if (self->pairs == PAIRS_COLUMN && !self->values[COLUMNS].items[PAIR].given)
    self->pairs = self->shape->pairs;
  if (self->pairs != PAIRS_COLUMN) {
    self->column[PAIR] = NULL;
    self->makes &= ~LOG_MAKES(PAIR);
  }
}

static heed_status settle_users(log_settings *self, const char *path,
                                heed_error *error) {
  const log_shape *shape = self->shape;
  if (self->users == USERS_ROWS) {
    self->column[USER] = NULL;
    self->makes &= ~LOG_MAKES(USER);
  }
  if (self->column[USER] != NULL) return HEED_OK;
  if (self->users == USERS_COLUMN && !shape->users_unknown)
    return log_fail(error, HEED_INVALID, "%s: %s", path, shape->nobody);
  self->users = USERS_ROWS;
  return HEED_OK;
}

static heed_status settle_shape(log_settings *self, const char *path,
                                const json_t *records, heed_memory *memory,
                                heed_error *error) {
  const log_shape *shape = self->shape;
  heed_status status = HEED_OK;
  self->read.takes_records = shape->translate != NULL;
  self->preset = shape->translate == NULL ? NULL : self;
  self->translate = log_translate;
  self->positions_unknown = self->positions_unknown || shape->positions_unknown;
  self->texts_are_json = self->texts_are_json || shape->texts_are_json;
  if (!self->values[DUPLICATES].given)
    self->duplicates = log_preset_duplicates(self->values);
  settle_columns(self, records);
  settle_words(self, memory);
  settle_pairs(self);
  if (shape->settle != NULL)
    status = shape->settle(self, path, records, memory, error);
  if (status == HEED_OK && memory->refused) return heed_no_memory(error);
  return status == HEED_OK ? settle_users(self, path, error) : status;
}

int log_preset_duplicates(const heed_value *values) {
  switch (log_preset_of(values)) {
    case PRESET_CROWD_KIT:
      return DUPLICATES_KEEP;
    case PRESET_ARENA:
    case PRESET_OPEN_WEBUI:
      return DUPLICATES_FIRST;
    default:
      return DUPLICATES_ERROR;
  }
}

heed_status log_settle_preset(const heed_host *host, log_settings *self,
                              heed_error *error) {
  const heed_value *files = &self->values[PATH];
  heed_memory memory = {host, false};
  heed_status status = HEED_OK;
  for (size_t i = 0; status == HEED_OK && i < files->count; i++) {
    const char *path = files->items[i].text;
    const log_shape *shape;
    json_t *records;
    log_form form;
    status = log_shape_of(host, path, log_preset_of(self->values), &form,
                          &shape, &records, error);
    if (status == HEED_OK && shape == NULL)
      status = refuse_file(self, path, records, error);
    else if (status == HEED_OK && i > 0 &&
             (shape != self->shape || form != self->read.form))
      status =
          log_fail(error, HEED_INVALID,
                   "%s: the file is of another kind (%s) than %s (%s)", path,
                   shape->form, files->items[0].text, self->shape->form);
    if (status == HEED_OK && i == 0) {
      self->shape = shape;
      self->read.form = form;
      if (form == LOG_SQLITE && self->read.query == NULL)
        self->read.query = LOG_OPEN_WEBUI_QUERY;
      status = settle_shape(self, path, records, &memory, error);
    }
    json_decref(records);
  }
  return status;
}
