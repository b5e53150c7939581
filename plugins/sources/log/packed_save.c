/* SPDX-License-Identifier: GPL-3.0-or-later
 * From a reading to a packed log. */
#include "sources/log/packed_save.h"

#include <stdlib.h>
#include <string.h>

#include "sources/log/packed_classes.h"
#include "sources/log/packed_write.h"

typedef struct packed_saving {
  const log_reading *log;
  packed_writer out;
  unsigned drop;
  size_t files;
  size_t *first;   /* users + 1 */
  uint32_t *order; /* of annotations, by user */
  packed_classes classes;
  size_t part; /* the covariate, feature or text that a getter reads */
} packed_saving;

static bool keeps(const packed_saving *self, int drop) {
  return (self->drop >> drop & 1) == 0;
}

/* ---- the order ---- */

static heed_status order_by_user(packed_saving *self) {
  const log_annotations *all = &self->log->all;
  const size_t users = self->log->everyone.count;
  size_t *next = calloc(users + 2, sizeof *next);
  self->first = calloc(users + 1, sizeof *self->first);
  self->order = calloc(all->count + 1, sizeof *self->order);
  if (next == NULL || self->first == NULL || self->order == NULL) {
    free(next);
    return heed_no_memory(self->log->error);
  }
  for (size_t i = 0; i < all->count; i++) next[all->user[i] + 1]++;
  for (size_t j = 0; j < users; j++) next[j + 1] += next[j];
  memcpy(self->first, next, (users + 1) * sizeof *next);
  for (size_t i = 0; i < all->count; i++)
    self->order[next[all->user[i]]++] = (uint32_t)i;
  free(next);
  return HEED_OK;
}

/* ---- classes ---- */

static packed_class class_at(const packed_saving *self, size_t at) {
  const log_annotations *all = &self->log->all;
  const log_pairs *pairs = &self->log->pairs;
  packed_class made = {.model_a = -1,
                       .model_b = -1,
                       .choice = all->choice[at],
                       .left = all->left[at]};
  if (pairs->model_a != NULL) {
    made.model_a = pairs->model_a[all->pair[at]];
    made.model_b = pairs->model_b[all->pair[at]];
  }
  return made;
}

static heed_status find_classes(packed_saving *self) {
  bool fine = true;
  if (self->log->models.count >= PACKED_MODELS_MOST)
    return heed_fail(self->log->error, HEED_UNSUPPORTED,
                     "%s: more models than a packed log can have",
                     log_path(self->log, 0));
  for (size_t i = 0; fine && i < self->log->all.count; i++)
    fine = packed_know_class(&self->classes, class_at(self, i));
  return fine && packed_sort_classes(&self->classes)
             ? HEED_OK
             : heed_no_memory(self->log->error);
}

/* ---- getters ---- */

#define GETTER(name, type, self, at, value)                \
  static type name(const void *context, size_t position) { \
    const packed_saving *self = context;                   \
    const size_t at = position;                            \
    return (type)(value);                                  \
  }

GETTER(get_first, int64_t, self, at, self->first[at])
GETTER(get_class_a, int64_t, self, at, self->classes.all[at].model_a)
GETTER(get_class_b, int64_t, self, at, self->classes.all[at].model_b)
GETTER(get_class_choice, int64_t, self, at, self->classes.all[at].choice)
GETTER(get_class_left, int64_t, self, at, self->classes.all[at].left)
GETTER(get_pair, int64_t, self, at, self->log->all.pair[self->order[at]])
GETTER(get_row, int64_t, self, at, self->order[at])
GETTER(get_p, double, self, at, self->log->all.p[self->order[at]])
GETTER(get_time, double, self, at, self->log->all.time[self->order[at]])
GETTER(get_number, double, self, at,
       self->log->all
           .covariate[self->order[at] * self->log->settings->covariate_count +
                      self->part])
GETTER(
    get_word, int64_t, self, at,
    self->log->all.word[self->order[at] * self->log->settings->covariate_count +
                        self->part])
GETTER(get_pair_a, int64_t, self, at, self->log->pairs.model_a[at])
GETTER(get_pair_b, int64_t, self, at, self->log->pairs.model_b[at])
GETTER(get_pair_line, int64_t, self, at, self->log->pairs.line[at])
GETTER(get_pair_file, int64_t, self, at,
       self->log->pairs.file == NULL ? 0 : self->log->pairs.file[at])
GETTER(get_topic, int64_t, self, at, self->log->pairs.topic[at])
GETTER(get_gold, double, self, at, self->log->pairs.gold[at])
GETTER(get_difference, double, self, at,
       self->log->pairs.difference[at * self->log->features + self->part])
GETTER(get_text_row, int64_t, self, at, self->log->pairs.text_row[at])
GETTER(get_text_turned, int64_t, self, at, self->log->pairs.text_turned[at])
GETTER(get_messages, int64_t, self, at, self->log->pairs.messages[at])
GETTER(get_text_hash, int64_t, self, at,
       self->log->pairs.hash[at * TEXT_COUNT + self->part])
GETTER(get_hash_key, int64_t, self, at, self->log->hash.key[at])
GETTER(get_file_first, int64_t, self, at, self->log->begin[at])

/* Lines of a clean file ascend with the rows: the difference needs no bytes. */
GETTER(get_line, int64_t, self, at,
       (int64_t)self->log->all.line[self->order[at]] - (int64_t)self->order[at])

/* ---- sections ---- */

/* Each step needs the one before. */
#define STEP(call) \
  if (status == HEED_OK) status = (call)

static heed_status integers(packed_saving *self, packed_id id, size_t count,
                            packed_get_integer *get) {
  return packed_write_integers(&self->out, id, self->part, count, get, self);
}

static heed_status floats(packed_saving *self, packed_id id, size_t count,
                          packed_get_float *get) {
  return packed_write_floats(&self->out, id, self->part, count, get, self);
}

static heed_status names(packed_saving *self, packed_id id,
                         const log_names *all) {
  return packed_write_names(&self->out, id, all->count, all->text);
}

static heed_status write_facts(packed_saving *self) {
  const log_reading *log = self->log;
  const int64_t facts[FACT_COUNT] = {
      [FACT_ANNOTATIONS] = (int64_t)log->all.count,
      [FACT_USERS] = (int64_t)log->everyone.count,
      [FACT_PAIRS] = (int64_t)log->pairs.names.count,
      [FACT_MODELS] = (int64_t)log->models.count,
      [FACT_CLASSES] = (int64_t)self->classes.count,
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
static const char *column_name(const packed_saving *self, int column) {
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

static heed_status write_columns(packed_saving *self) {
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

static heed_status write_files(packed_saving *self) {
  heed_status status = packed_begin(&self->out, PACKED_FILES, 0, PACKED_NAMES);
  for (size_t i = 0; i < self->files; i++)
    STEP(packed_put_name(&self->out, log_path(self->log, i)));
  STEP(packed_end(&self->out));
  STEP(integers(self, PACKED_FILE_FIRST, self->files + 1, get_file_first));
  return status;
}

static heed_status write_classes(packed_saving *self) {
  heed_status status = names(self, PACKED_MODELS, &self->log->models);
  const size_t count = self->classes.count;
  STEP(integers(self, PACKED_CLASS_MODEL_A, count, get_class_a));
  STEP(integers(self, PACKED_CLASS_MODEL_B, count, get_class_b));
  STEP(integers(self, PACKED_CLASS_CHOICE, count, get_class_choice));
  STEP(integers(self, PACKED_CLASS_LEFT, count, get_class_left));
  return status;
}

static heed_status write_users(packed_saving *self) {
  heed_status status = names(self, PACKED_USERS, &self->log->everyone);
  STEP(integers(self, PACKED_FIRST, self->log->everyone.count + 1, get_first));
  return status;
}

static heed_status write_class_of(packed_saving *self) {
  heed_status status = packed_begin_integers(
      &self->out, PACKED_CLASS, 0, 0,
      self->classes.count < 2 ? 1 : (int64_t)self->classes.count - 1);
  for (size_t i = 0; i < self->log->all.count; i++)
    STEP(packed_put_integer(
        &self->out,
        packed_number_of(&self->classes, class_at(self, self->order[i]))));
  STEP(packed_end(&self->out));
  return status;
}

static heed_status write_covariates(packed_saving *self) {
  const size_t count = self->log->all.count;
  heed_status status = HEED_OK;
  if (!keeps(self, DROP_COVARIATES)) return HEED_OK;
  for (self->part = 0; self->part < self->log->settings->covariate_count;
       self->part++) {
    STEP(floats(self, PACKED_NUMBER, count, get_number));
    STEP(integers(self, PACKED_WORD, count, get_word));
  }
  self->part = 0;
  STEP(names(self, PACKED_WORDS, &self->log->words));
  return status;
}

static heed_status write_annotations(packed_saving *self) {
  const log_annotations *all = &self->log->all;
  heed_status status = write_class_of(self);
  if (keeps(self, DROP_PAIR))
    STEP(integers(self, PACKED_PAIR, all->count, get_pair));
  if (keeps(self, DROP_ROW)) {
    STEP(integers(self, PACKED_ROW, all->count, get_row));
    STEP(integers(self, PACKED_LINE, all->count, get_line));
  }
  if (all->p != NULL && keeps(self, DROP_P))
    STEP(floats(self, PACKED_P, all->count, get_p));
  if (all->time != NULL && keeps(self, DROP_TIME))
    STEP(floats(self, PACKED_TIME, all->count, get_time));
  STEP(write_covariates(self));
  return status;
}

static heed_status write_texts(packed_saving *self) {
  const size_t count = self->log->pairs.names.count;
  heed_status status = HEED_OK;
  if (self->log->pairs.hash == NULL || !keeps(self, DROP_TEXTS)) return HEED_OK;
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

static heed_status write_pairs(packed_saving *self) {
  const log_pairs *pairs = &self->log->pairs;
  const size_t count = pairs->names.count;
  heed_status status = HEED_OK;
  if (!keeps(self, DROP_PAIR)) return HEED_OK;
  STEP(names(self, PACKED_PAIRS, &pairs->names));
  if (pairs->model_a != NULL) {
    STEP(integers(self, PACKED_PAIR_MODEL_A, count, get_pair_a));
    STEP(integers(self, PACKED_PAIR_MODEL_B, count, get_pair_b));
  }
  if (keeps(self, DROP_ROW)) {
    STEP(integers(self, PACKED_PAIR_LINE, count, get_pair_line));
    STEP(integers(self, PACKED_PAIR_FILE, count, get_pair_file));
  }
  if (pairs->topic != NULL && keeps(self, DROP_TOPIC)) {
    STEP(names(self, PACKED_TOPICS, &self->log->topics));
    STEP(integers(self, PACKED_PAIR_TOPIC, count, get_topic));
  }
  if (pairs->gold != NULL && keeps(self, DROP_GOLD))
    STEP(floats(self, PACKED_GOLD, count, get_gold));
  if (keeps(self, DROP_DIFFERENCE))
    for (self->part = 0; self->part < self->log->features; self->part++)
      STEP(floats(self, PACKED_DIFFERENCE, count, get_difference));
  self->part = 0;
  STEP(write_texts(self));
  return status;
}

static heed_status write_all(packed_saving *self) {
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

heed_status packed_save(log_reading *log, unsigned drop, int file) {
  packed_saving self = {.log = log, .drop = drop, .files = log_file_count(log)};
  heed_status status = packed_writer_open(&self.out, file, log->error);
  STEP(order_by_user(&self));
  STEP(find_classes(&self));
  STEP(write_all(&self));
  packed_writer_close(&self.out);
  free(self.first);
  free(self.order);
  packed_classes_close(&self.classes);
  return status;
}
