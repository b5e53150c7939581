/* SPDX-License-Identifier: GPL-3.0-or-later
 * Writes the sections of a packed log. */
#include "sources/log/packed_content.h"

#include <string.h>

#include "sources/log/packed.h"

typedef struct content_writing {
  packed_content *content;
  const log_reading *log;
  packed_writer out;
  unsigned drop;
  size_t part; /* the covariate, feature or text that a getter reads */
} content_writing;

static bool keeps(const content_writing *self, int drop) {
  return (self->drop >> drop & 1) == 0;
}

/* ---- getters ---- */

static const packed_annotation *annotation_at(const content_writing *self,
                                              size_t at, packed_id column) {
  return self->content->annotation(self->content->context, at, column);
}

static const packed_pair *pair_at(const content_writing *self, size_t at) {
  return self->content->pair(self->content->context, at);
}

#define GETTER(name, type, value)                    \
  static type name(const void *context, size_t at) { \
    const content_writing *self = context;           \
    return (type)(value);                            \
  }

GETTER(get_first, int64_t, self->content->first[at])
GETTER(get_class_a, int64_t, self->content->classes.all[at].model_a)
GETTER(get_class_b, int64_t, self->content->classes.all[at].model_b)
GETTER(get_class_choice, int64_t, self->content->classes.all[at].choice)
GETTER(get_class_left, int64_t, self->content->classes.all[at].left)
GETTER(get_row, int64_t, annotation_at(self, at, PACKED_ROW)->row)
GETTER(get_p, double, annotation_at(self, at, PACKED_P)->p)
GETTER(get_time, double, annotation_at(self, at, PACKED_TIME)->time)
GETTER(get_number, double,
       annotation_at(self, at, PACKED_NUMBER)->number[self->part])
GETTER(get_word, int64_t,
       annotation_at(self, at, PACKED_WORD)->word[self->part])
GETTER(get_pair_a, int64_t, pair_at(self, at)->model_a)
GETTER(get_pair_b, int64_t, pair_at(self, at)->model_b)
GETTER(get_pair_file, int64_t, pair_at(self, at)->file)
GETTER(get_topic, int64_t, pair_at(self, at)->topic)
GETTER(get_gold, double, pair_at(self, at)->gold)
GETTER(get_difference, double, pair_at(self, at)->difference[self->part])
GETTER(get_text_row, int64_t, pair_at(self, at)->text_row)
GETTER(get_text_turned, int64_t, pair_at(self, at)->text_turned)
GETTER(get_messages, int64_t, pair_at(self, at)->messages)
GETTER(get_text_hash, int64_t, pair_at(self, at)->hash[self->part])
GETTER(get_hash_key, int64_t, self->log->hash.key[at])
GETTER(get_file_first, int64_t, self->log->begin[at])

/* Lines of a clean file ascend with the rows, and so do pairs that have one
 * annotation: the differences need no bytes. */
static int64_t get_pair(const void *context, size_t at) {
  const packed_annotation *annotation = annotation_at(context, at, PACKED_PAIR);
  return annotation->pair - (keeps(context, DROP_ROW) ? annotation->row : 0);
}

static int64_t get_pair_line(const void *context, size_t at) {
  return pair_at(context, at)->line - (int64_t)at;
}

static int64_t get_line(const void *context, size_t at) {
  const packed_annotation *annotation = annotation_at(context, at, PACKED_LINE);
  return annotation->line - annotation->row;
}

/* ---- sections ---- */

/* Each step needs the one before. */
#define STEP(call) \
  if (status == HEED_OK) status = (call)

static heed_status integers(content_writing *self, packed_id id, size_t count,
                            packed_get_integer *get) {
  const heed_status status =
      packed_write_integers(&self->out, id, self->part, count, get, self);
  return status == HEED_OK ? self->content->failed : status;
}

static heed_status floats(content_writing *self, packed_id id, size_t count,
                          packed_get_float *get) {
  const heed_status status =
      packed_write_floats(&self->out, id, self->part, count, get, self);
  return status == HEED_OK ? self->content->failed : status;
}

static heed_status names(content_writing *self, packed_id id,
                         const packed_names *all) {
  return packed_write_names(&self->out, id, all->count, all->text);
}

static heed_status write_facts(content_writing *self) {
  const log_reading *log = self->log;
  const int64_t facts[FACT_COUNT] = {
      [FACT_ANNOTATIONS] = (int64_t)self->content->annotations,
      [FACT_USERS] = (int64_t)self->content->users.count,
      [FACT_PAIRS] = (int64_t)self->content->pairs,
      [FACT_MODELS] = (int64_t)self->content->models.count,
      [FACT_CLASSES] = (int64_t)self->content->classes.count,
      [FACT_MALFORMED] = (int64_t)log->faults.count,
      [FACT_OMITTED] = (int64_t)log->omitted_count,
      [FACT_ROWS] = log->row + 1,
      [FACT_TIME_FORM] = log->time_form,
      [FACT_IS_ROW] = strcmp(log_unit(log), "row") == 0,
      [FACT_DROPPED] = self->drop};
  heed_status status =
      packed_begin_integers(&self->out, PACKED_FACTS, 0, INT64_MIN, INT64_MAX);
  for (size_t i = 0; i < FACT_COUNT; i++)
    STEP(packed_put_integer(&self->out, facts[i]));
  STEP(packed_end(&self->out));
  return status;
}

/* The name of a column in the log; "": it is not packed. */
static const char *column_name(const content_writing *self, int column) {
  static const struct {
    int column, drop;
  } optional[] = {
      {P, DROP_P}, {TIME, DROP_TIME}, {TOPIC, DROP_TOPIC}, {GOLD, DROP_GOLD}};
  const char *name = self->log->settings->column[column];
  for (size_t i = 0; i < sizeof optional / sizeof *optional; i++)
    if (optional[i].column == column && !keeps(self, optional[i].drop))
      return "";
  return name == NULL ? "" : name;
}

static heed_status write_columns(content_writing *self) {
  const log_settings *settings = self->log->settings;
  const heed_value *difference = &settings->values[DIFFERENCE];
  heed_status status =
      packed_begin(&self->out, PACKED_COLUMNS, 0, PACKED_NAMES);
  for (int i = 0; i < COLUMN_COUNT; i++)
    STEP(packed_put_name(&self->out, column_name(self, i)));
  STEP(packed_end(&self->out));
  STEP(packed_begin(&self->out, PACKED_DIFFERENCES, 0, PACKED_NAMES));
  for (size_t i = 0; keeps(self, DROP_DIFFERENCE) && i < difference->count; i++)
    STEP(packed_put_name(&self->out, difference->items[i].text));
  STEP(packed_end(&self->out));
  STEP(packed_begin(&self->out, PACKED_COVARIATES, 0, PACKED_NAMES));
  for (size_t i = 0;
       keeps(self, DROP_COVARIATES) && i < settings->covariate_count; i++)
    STEP(packed_put_name(&self->out, settings->covariates[i].column));
  STEP(packed_end(&self->out));
  return status;
}

static heed_status write_files(content_writing *self) {
  heed_status status = packed_begin(&self->out, PACKED_FILES, 0, PACKED_NAMES);
  for (size_t i = 0; i < log_file_count(self->log); i++)
    STEP(packed_put_name(&self->out, log_path(self->log, i)));
  STEP(packed_end(&self->out));
  STEP(integers(self, PACKED_FILE_FIRST, log_file_count(self->log) + 1,
                get_file_first));
  return status;
}

static heed_status write_classes(content_writing *self) {
  heed_status status = names(self, PACKED_MODELS, &self->content->models);
  const size_t count = self->content->classes.count;
  STEP(integers(self, PACKED_CLASS_MODEL_A, count, get_class_a));
  STEP(integers(self, PACKED_CLASS_MODEL_B, count, get_class_b));
  STEP(integers(self, PACKED_CLASS_CHOICE, count, get_class_choice));
  STEP(integers(self, PACKED_CLASS_LEFT, count, get_class_left));
  return status;
}

static heed_status write_users(content_writing *self) {
  heed_status status = names(self, PACKED_USERS, &self->content->users);
  STEP(integers(self, PACKED_FIRST, self->content->users.count + 1, get_first));
  return status;
}

static heed_status write_class_of(content_writing *self) {
  heed_status status =
      packed_begin_integers(&self->out, PACKED_CLASS, 0, 0,
                            self->content->classes.count < 2
                                ? 1
                                : (int64_t)self->content->classes.count - 1);
  for (size_t i = 0; i < self->content->annotations; i++)
    STEP(packed_put_integer(&self->out,
                            annotation_at(self, i, PACKED_CLASS)->class_of));
  STEP(packed_end(&self->out));
  return status;
}

static heed_status write_covariates(content_writing *self) {
  const size_t count = self->content->annotations;
  heed_status status = HEED_OK;
  if (!keeps(self, DROP_COVARIATES)) return HEED_OK;
  for (self->part = 0; self->part < self->log->settings->covariate_count;
       self->part++) {
    STEP(floats(self, PACKED_NUMBER, count, get_number));
    STEP(integers(self, PACKED_WORD, count, get_word));
  }
  self->part = 0;
  STEP(names(self, PACKED_WORDS, &self->content->words));
  return status;
}

static heed_status write_annotations(content_writing *self) {
  const packed_has_columns *has = &self->content->has;
  const size_t count = self->content->annotations;
  heed_status status = write_class_of(self);
  if (keeps(self, DROP_PAIR))
    STEP(integers(self, PACKED_PAIR, count, get_pair));
  if (keeps(self, DROP_ROW)) {
    STEP(integers(self, PACKED_ROW, count, get_row));
    STEP(integers(self, PACKED_LINE, count, get_line));
  }
  if (has->p && keeps(self, DROP_P)) STEP(floats(self, PACKED_P, count, get_p));
  if (has->time && keeps(self, DROP_TIME))
    STEP(floats(self, PACKED_TIME, count, get_time));
  STEP(write_covariates(self));
  return status;
}

static heed_status write_texts(content_writing *self) {
  const size_t count = self->content->pairs;
  heed_status status = HEED_OK;
  if (!self->content->has.texts || !keeps(self, DROP_TEXTS)) return HEED_OK;
  STEP(integers(self, PACKED_TEXT_ROW, count, get_text_row));
  STEP(integers(self, PACKED_TEXT_TURNED, count, get_text_turned));
  STEP(integers(self, PACKED_MESSAGES, count, get_messages));
  STEP(integers(self, PACKED_HASH_KEY, sizeof self->log->hash.key,
                get_hash_key));
  for (self->part = 0; self->part < TEXT_COUNT; self->part++)
    STEP(integers(self, PACKED_TEXT_HASH, count, get_text_hash));
  self->part = 0;
  return status;
}

static heed_status write_pair_names(content_writing *self) {
  heed_status status = packed_begin(&self->out, PACKED_PAIRS, 0, PACKED_NAMES);
  for (size_t i = 0; i < self->content->pairs; i++)
    STEP(packed_put_name(&self->out, pair_at(self, i)->name));
  STEP(packed_end(&self->out));
  return status == HEED_OK ? self->content->failed : status;
}

static heed_status write_pairs(content_writing *self) {
  const packed_has_columns *has = &self->content->has;
  const size_t count = self->content->pairs;
  heed_status status = HEED_OK;
  if (!keeps(self, DROP_PAIR)) return HEED_OK;
  STEP(write_pair_names(self));
  if (has->models) {
    STEP(integers(self, PACKED_PAIR_MODEL_A, count, get_pair_a));
    STEP(integers(self, PACKED_PAIR_MODEL_B, count, get_pair_b));
  }
  if (keeps(self, DROP_ROW)) {
    STEP(integers(self, PACKED_PAIR_LINE, count, get_pair_line));
    STEP(integers(self, PACKED_PAIR_FILE, count, get_pair_file));
  }
  if (has->topic && keeps(self, DROP_TOPIC)) {
    STEP(names(self, PACKED_TOPICS, &self->content->topics));
    STEP(integers(self, PACKED_PAIR_TOPIC, count, get_topic));
  }
  if (has->gold && keeps(self, DROP_GOLD))
    STEP(floats(self, PACKED_GOLD, count, get_gold));
  if (keeps(self, DROP_DIFFERENCE))
    for (self->part = 0; self->part < self->log->features; self->part++)
      STEP(floats(self, PACKED_DIFFERENCE, count, get_difference));
  self->part = 0;
  STEP(write_texts(self));
  return status;
}

static heed_status write_all(content_writing *self) {
  heed_status status = write_facts(self);
  STEP(write_columns(self));
  STEP(write_files(self));
  STEP(write_classes(self));
  STEP(write_users(self));
  STEP(write_annotations(self));
  STEP(write_pairs(self));
  STEP(packed_finish(&self->out));
  return status;
}

heed_status packed_write_content(packed_content *content, unsigned drop,
                                 int file) {
  content_writing self = {
      .content = content, .log = content->log, .drop = drop};
  heed_status status = packed_writer_open(&self.out, file, content->log->error);
  STEP(write_all(&self));
  packed_writer_close(&self.out);
  return status;
}
