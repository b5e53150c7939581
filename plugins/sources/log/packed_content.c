/* SPDX-License-Identifier: GPL-3.0-or-later
 * Writes the sections of a packed log. */
#include "sources/log/packed_content.h"

#include <stdlib.h>
#include <string.h>

#include "sources/log/packed.h"

/* Each step needs the one before. */
#define STEP(call) \
  if (status == HEED_OK) status = (call)

static bool keeps(const packed_content *self, int drop) {
  return (self->drop >> drop & 1) == 0;
}

/* ---- what a reading knows ---- */

packed_class packed_class_at(const log_reading *log, size_t at) {
  packed_class made = {.model_a = -1,
                       .model_b = -1,
                       .choice = log->all.choice[at],
                       .left = log->all.left[at]};
  if (log->pairs.model_a != NULL) {
    made.model_a = log->pairs.model_a[log->all.pair[at]];
    made.model_b = log->pairs.model_b[log->all.pair[at]];
  }
  return made;
}

packed_annotation packed_annotation_at(const log_reading *log, size_t at) {
  const log_annotations *all = &log->all;
  const size_t covariates = log->settings->covariate_count;
  packed_annotation made = {.pair = all->pair[at], .line = all->line[at]};
  if (all->p != NULL) made.p = all->p[at];
  if (all->time != NULL) made.time = all->time[at];
  if (covariates > 0) {
    made.number = &all->covariate[at * covariates];
    made.word = &all->word[at * covariates];
  }
  return made;
}

static void add_texts(packed_pair *made, const log_pairs *pairs, size_t at) {
  made->text_row = pairs->text_row[at];
  made->text_turned = pairs->text_turned[at];
  made->messages = pairs->messages[at];
  made->hash = &pairs->hash[at * TEXT_COUNT];
}

packed_pair packed_pair_at(const log_reading *log, size_t at) {
  const log_pairs *pairs = &log->pairs;
  packed_pair made = {.name = pairs->names.text[at]};
  if (pairs->model_a != NULL) {
    made.model_a = pairs->model_a[at];
    made.model_b = pairs->model_b[at];
  }
  if (pairs->line != NULL) made.line = pairs->line[at];
  if (pairs->file != NULL) made.file = pairs->file[at];
  if (pairs->topic != NULL) made.topic = pairs->topic[at];
  if (pairs->gold != NULL) made.gold = pairs->gold[at];
  if (log->features > 0)
    made.difference = &pairs->difference[at * log->features];
  if (pairs->hash != NULL) add_texts(&made, pairs, at);
  return made;
}

/* ---- columns ---- */

static void add_part(packed_parts *self, packed_id id, size_t index,
                     packed_encoding encoding) {
  self->all[self->count++] =
      (packed_part){.id = id, .index = index, .encoding = encoding};
}

/* In the order in which the file has them. */
static void list_annotation_parts(packed_content *self) {
  packed_parts *parts = &self->annotation_parts;
  add_part(parts, PACKED_CLASS, 0, PACKED_INTEGERS);
  if (keeps(self, DROP_PAIR)) add_part(parts, PACKED_PAIR, 0, PACKED_INTEGERS);
  if (keeps(self, DROP_ROW)) {
    add_part(parts, PACKED_ROW, 0, PACKED_INTEGERS);
    add_part(parts, PACKED_LINE, 0, PACKED_INTEGERS);
  }
  if (self->has.p && keeps(self, DROP_P))
    add_part(parts, PACKED_P, 0, PACKED_FLOATS);
  if (self->has.time && keeps(self, DROP_TIME))
    add_part(parts, PACKED_TIME, 0, PACKED_FLOATS);
  if (!keeps(self, DROP_COVARIATES)) return;
  for (size_t i = 0; i < self->log->settings->covariate_count; i++) {
    add_part(parts, PACKED_NUMBER, i, PACKED_FLOATS);
    add_part(parts, PACKED_WORD, i, PACKED_INTEGERS);
  }
}

static void list_text_parts(packed_content *self) {
  packed_parts *parts = &self->pair_parts;
  add_part(parts, PACKED_TEXT_ROW, 0, PACKED_INTEGERS);
  add_part(parts, PACKED_TEXT_TURNED, 0, PACKED_INTEGERS);
  add_part(parts, PACKED_MESSAGES, 0, PACKED_INTEGERS);
  for (size_t i = 0; i < TEXT_COUNT; i++)
    add_part(parts, PACKED_TEXT_HASH, i, PACKED_INTEGERS);
}

static void list_pair_parts(packed_content *self) {
  packed_parts *parts = &self->pair_parts;
  if (self->has.models) {
    add_part(parts, PACKED_PAIR_MODEL_A, 0, PACKED_INTEGERS);
    add_part(parts, PACKED_PAIR_MODEL_B, 0, PACKED_INTEGERS);
  }
  if (keeps(self, DROP_ROW)) {
    add_part(parts, PACKED_PAIR_LINE, 0, PACKED_INTEGERS);
    add_part(parts, PACKED_PAIR_FILE, 0, PACKED_INTEGERS);
  }
  if (self->has.topic && keeps(self, DROP_TOPIC))
    add_part(parts, PACKED_PAIR_TOPIC, 0, PACKED_INTEGERS);
  if (self->has.gold && keeps(self, DROP_GOLD))
    add_part(parts, PACKED_GOLD, 0, PACKED_FLOATS);
  for (size_t i = 0; keeps(self, DROP_DIFFERENCE) && i < self->log->features;
       i++)
    add_part(parts, PACKED_DIFFERENCE, i, PACKED_FLOATS);
  if (self->has.texts && keeps(self, DROP_TEXTS)) list_text_parts(self);
}

#define PARTS_ALWAYS                                      \
  ((size_t)16) /* at most, without covariates or features \
                */

static packed_part *make_parts(size_t count) {
  return calloc(PARTS_ALWAYS + count, sizeof(packed_part));
}

heed_status packed_content_open(packed_content *self) {
  const log_reading *log = self->log;
  self->annotation_parts.all = make_parts(2 * log->settings->covariate_count);
  self->pair_parts.all = make_parts(log->features);
  if (self->annotation_parts.all == NULL || self->pair_parts.all == NULL)
    return heed_no_memory(log->error);
  list_annotation_parts(self);
  if (keeps(self, DROP_PAIR)) list_pair_parts(self);
  return HEED_OK;
}

static void close_parts(packed_parts *self) {
  for (size_t i = 0; i < self->count; i++)
    packed_column_close(&self->all[i].out);
  free(self->all);
}

void packed_content_close(packed_content *self) {
  close_parts(&self->annotation_parts);
  close_parts(&self->pair_parts);
  packed_column_close(&self->names);
  packed_classes_close(&self->classes);
}

/* ---- values ---- */

/* Lines of a clean file ascend with the rows, and so do pairs that have one
 * annotation: the differences need no bytes. */
static int64_t annotation_integer(const packed_content *self,
                                  const packed_part *part,
                                  const packed_annotation *one) {
  switch (part->id) {
    case PACKED_CLASS:
      return one->class_of;
    case PACKED_PAIR:
      return one->pair - (keeps(self, DROP_ROW) ? one->row : 0);
    case PACKED_ROW:
      return one->row;
    case PACKED_LINE:
      return one->line - one->row;
    default:
      return one->word[part->index];
  }
}

static double annotation_float(const packed_part *part,
                               const packed_annotation *one) {
  return part->id == PACKED_P      ? one->p
         : part->id == PACKED_TIME ? one->time
                                   : one->number[part->index];
}

static int64_t pair_integer(const packed_part *part, size_t at,
                            const packed_pair *one) {
  switch (part->id) {
    case PACKED_PAIR_MODEL_A:
      return one->model_a;
    case PACKED_PAIR_MODEL_B:
      return one->model_b;
    case PACKED_PAIR_LINE:
      return one->line - (int64_t)at;
    case PACKED_PAIR_FILE:
      return one->file;
    case PACKED_PAIR_TOPIC:
      return one->topic;
    case PACKED_TEXT_ROW:
      return one->text_row;
    case PACKED_TEXT_TURNED:
      return one->text_turned;
    case PACKED_MESSAGES:
      return one->messages;
    default:
      return (int64_t)one->hash[part->index];
  }
}

static double pair_float(const packed_part *part, const packed_pair *one) {
  return part->id == PACKED_GOLD ? one->gold : one->difference[part->index];
}

void packed_measure_annotation(packed_content *self,
                               const packed_annotation *one) {
  const packed_parts *parts = &self->annotation_parts;
  self->annotations++;
  for (size_t i = 0; i < parts->count; i++) {
    packed_part *part = &parts->all[i];
    if (part->encoding == PACKED_INTEGERS)
      packed_measure_integer(&part->range, annotation_integer(self, part, one));
    else
      packed_measure_float(&part->range, annotation_float(part, one));
  }
}

void packed_measure_pair(packed_content *self, size_t at,
                         const packed_pair *one) {
  const packed_parts *parts = &self->pair_parts;
  self->pairs++;
  self->name_bytes += strlen(one->name) + 1;
  for (size_t i = 0; i < parts->count; i++) {
    packed_part *part = &parts->all[i];
    if (part->encoding == PACKED_INTEGERS)
      packed_measure_integer(&part->range, pair_integer(part, at, one));
    else
      packed_measure_float(&part->range, pair_float(part, one));
  }
}

heed_status packed_put_annotation(packed_content *self,
                                  const packed_annotation *one) {
  const packed_parts *parts = &self->annotation_parts;
  heed_status status = HEED_OK;
  for (size_t i = 0; status == HEED_OK && i < parts->count; i++) {
    packed_part *part = &parts->all[i];
    status = part->encoding == PACKED_INTEGERS
                 ? packed_column_integer(&part->out,
                                         annotation_integer(self, part, one))
                 : packed_column_float(&part->out, annotation_float(part, one));
  }
  return status;
}

heed_status packed_put_pair(packed_content *self, size_t at,
                            const packed_pair *one) {
  const packed_parts *parts = &self->pair_parts;
  heed_status status = packed_column_name(&self->names, one->name);
  for (size_t i = 0; status == HEED_OK && i < parts->count; i++) {
    packed_part *part = &parts->all[i];
    status =
        part->encoding == PACKED_INTEGERS
            ? packed_column_integer(&part->out, pair_integer(part, at, one))
            : packed_column_float(&part->out, pair_float(part, one));
  }
  return status;
}

/* ---- sections ---- */

typedef struct content_writing {
  packed_content *content;
  const log_reading *log;
  packed_writer out;
} content_writing;

#define GETTER(name, value)                             \
  static int64_t name(const void *context, size_t at) { \
    const content_writing *self = context;              \
    return (int64_t)(value);                            \
  }

GETTER(get_first, self->content->first[at])
GETTER(get_class_a, self->content->classes.all[at].model_a)
GETTER(get_class_b, self->content->classes.all[at].model_b)
GETTER(get_class_choice, self->content->classes.all[at].choice)
GETTER(get_class_left, self->content->classes.all[at].left)
GETTER(get_hash_key, self->log->hash.key[at])
GETTER(get_file_first, self->log->begin[at])

static heed_status integers(content_writing *self, packed_id id, size_t count,
                            packed_get_integer *get) {
  return packed_write_integers(&self->out, id, 0, count, get, self);
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
      [FACT_DROPPED] = self->content->drop};
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
    if (optional[i].column == column && !keeps(self->content, optional[i].drop))
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
  for (size_t i = 0;
       keeps(self->content, DROP_DIFFERENCE) && i < difference->count; i++)
    STEP(packed_put_name(&self->out, difference->items[i].text));
  STEP(packed_end(&self->out));
  STEP(packed_begin(&self->out, PACKED_COVARIATES, 0, PACKED_NAMES));
  for (size_t i = 0;
       keeps(self->content, DROP_COVARIATES) && i < settings->covariate_count;
       i++)
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

/* ---- annotations and pairs ---- */

static heed_status reserve(content_writing *self, packed_part *part) {
  return packed_reserve(&self->out, &part->out, part->id, part->index,
                        part->encoding, &part->range);
}

/* Classes may all be of the same number: they still have a byte each. */
static void widen_classes(packed_content *self) {
  packed_range *range = &self->annotation_parts.all[0].range;
  range->low = 0;
  range->high = self->classes.count < 2 ? 1 : (int64_t)self->classes.count - 1;
}

static heed_status reserve_annotations(content_writing *self) {
  packed_content *content = self->content;
  packed_parts *parts = &content->annotation_parts;
  heed_status status = HEED_OK;
  widen_classes(content);
  for (size_t i = 0; i < parts->count; i++) STEP(reserve(self, &parts->all[i]));
  if (keeps(content, DROP_COVARIATES))
    STEP(names(self, PACKED_WORDS, &content->words));
  return status;
}

/* The sections that are not columns are among them: names of topics, the key of
 * hashes. */
static heed_status reserve_pairs(content_writing *self) {
  packed_content *content = self->content;
  packed_parts *parts = &content->pair_parts;
  heed_status status =
      packed_reserve_names(&self->out, &content->names, PACKED_PAIRS,
                           content->pairs, content->name_bytes);
  for (size_t i = 0; i < parts->count; i++) {
    packed_part *part = &parts->all[i];
    if (part->id == PACKED_PAIR_TOPIC)
      STEP(names(self, PACKED_TOPICS, &content->topics));
    if (part->id == PACKED_TEXT_HASH && part->index == 0)
      STEP(integers(self, PACKED_HASH_KEY, sizeof self->log->hash.key,
                    get_hash_key));
    STEP(reserve(self, part));
  }
  return status;
}

static heed_status end_parts(packed_parts *parts) {
  heed_status status = HEED_OK;
  for (size_t i = 0; i < parts->count; i++)
    STEP(packed_column_end(&parts->all[i].out));
  return status;
}

static heed_status send(packed_content *self) {
  heed_status status = self->send_annotations(self->context);
  STEP(end_parts(&self->annotation_parts));
  if (!keeps(self, DROP_PAIR)) return status;
  STEP(self->send_pairs(self->context));
  STEP(packed_column_end(&self->names));
  STEP(end_parts(&self->pair_parts));
  return status;
}

static heed_status write_all(content_writing *self) {
  heed_status status = write_facts(self);
  STEP(write_columns(self));
  STEP(write_files(self));
  STEP(write_classes(self));
  STEP(write_users(self));
  STEP(reserve_annotations(self));
  if (keeps(self->content, DROP_PAIR)) STEP(reserve_pairs(self));
  STEP(send(self->content));
  STEP(packed_finish(&self->out));
  return status;
}

heed_status packed_write_content(packed_content *content, int file) {
  content_writing self = {.content = content, .log = content->log};
  heed_status status = packed_writer_open(&self.out, file, content->log->error);
  STEP(write_all(&self));
  packed_writer_close(&self.out);
  return status;
}
