/* SPDX-License-Identifier: GPL-3.0-or-later
 * From a packed log to a reading.  Annotations return to the order of the rows
 * of the log: what comes next is the same as without packing. */
#include <stdlib.h>
#include <string.h>

#include "sources/log/packed_loading.h"
#include "sources/log/packed_save.h"

/* ---- annotations ---- */

/* In the order of rows. */
static void put_by_row(packed_loading *self, void *target, size_t at,
                       int64_t value) {
  if (self->row != NULL) at = self->row[at];
  ((uint32_t *)target)[at] = (uint32_t)value;
}

static void put_line(packed_loading *self, void *target, size_t at,
                     int64_t value) {
  const int64_t line = value + self->row[at];
  ((uint32_t *)target)[self->row[at]] = line < 0            ? 0
                                        : line > UINT32_MAX ? UINT32_MAX
                                                            : (uint32_t)line;
}

/* A pair that is not there becomes UINT32_MAX. */
static void put_pair(packed_loading *self, void *target, size_t at,
                     int64_t value) {
  const size_t row = self->row == NULL ? at : self->row[at];
  if (self->row != NULL) value += (int64_t)row;
  ((uint32_t *)target)[row] = value < 0 || value >= self->in.facts[FACT_PAIRS]
                                  ? UINT32_MAX
                                  : (uint32_t)value;
}

static void put_pair_line(packed_loading *self, void *target, size_t at,
                          int64_t value) {
  const int64_t line = value + (int64_t)at;
  (void)self;
  ((uint32_t *)target)[at] = line < 0            ? 0
                             : line > UINT32_MAX ? UINT32_MAX
                                                 : (uint32_t)line;
}

static void *array_of(packed_loading *self, size_t count, size_t size) {
  void *made = calloc(count + 1, size);
  if (made == NULL) self->memory.refused = true;
  return made;
}

/* Rows are 0, 1, …, each once. */
static heed_status check_rows(const packed_loading *self, size_t count) {
  unsigned char *seen = calloc(count / 8 + 1, 1);
  heed_status status = seen == NULL ? packed_no_memory(self) : HEED_OK;
  for (size_t i = 0; status == HEED_OK && i < count; i++) {
    const uint32_t row = self->row[i];
    if ((seen[row / 8] >> row % 8 & 1) != 0)
      status =
          packed_damaged(&self->in, "row %u is there twice", (unsigned)row);
    seen[row / 8] |= (unsigned char)(1u << row % 8);
  }
  free(seen);
  return status;
}

static heed_status load_pair_of(packed_loading *self) {
  const uint32_t *pair = self->log->all.pair;
  const size_t count = packed_fact(self, FACT_ANNOTATIONS);
  heed_status status =
      packed_load_integers(self, PACKED_PAIR, 0, count, -(int64_t)UINT32_MAX,
                           UINT32_MAX, put_pair, self->log->all.pair);
  for (size_t i = 0; status == HEED_OK && i < count; i++)
    if (pair[i] == UINT32_MAX)
      status = packed_damaged(&self->in, "an annotation has no pair");
  return status;
}

static heed_status load_rows(packed_loading *self) {
  const size_t count = packed_fact(self, FACT_ANNOTATIONS);
  heed_status status;
  if (!packed_has(&self->in, PACKED_ROW)) return HEED_OK;
  self->row = array_of(self, count, sizeof *self->row);
  if (self->row == NULL) return packed_no_memory(self);
  status =
      packed_load_integers(self, PACKED_ROW, 0, count, 0, (int64_t)count - 1,
                           packed_put_unsigned, self->row);
  STEP(check_rows(self, count));
  return status;
}

static heed_status load_users(packed_loading *self) {
  const size_t users = packed_fact(self, FACT_USERS);
  const size_t count = packed_fact(self, FACT_ANNOTATIONS);
  log_reading *log = self->log;
  size_t *first = array_of(self, users + 1, sizeof *first);
  heed_status status = first == NULL ? packed_no_memory(self) : HEED_OK;
  STEP(packed_load_ids(self, PACKED_USERS, users, &log->everyone,
                       self->to_append));
  STEP(packed_load_integers(self, PACKED_FIRST, 0, users + 1, 0, (int64_t)count,
                            packed_put_size, first));
  if (status == HEED_OK && (first[0] != 0 || first[users] != count))
    status = packed_damaged(&self->in, "users do not have all annotations");
  for (size_t j = 0; status == HEED_OK && j < users; j++) {
    if (first[j + 1] < first[j])
      status = packed_damaged(&self->in, "first annotations of users descend");
    for (size_t i = first[j]; status == HEED_OK && i < first[j + 1]; i++)
      log->all.user[self->row == NULL ? i : self->row[i]] = (uint32_t)j;
  }
  free(first);
  return status;
}

heed_status packed_load_classes(packed_loading *self,
                                packed_class_table *classes) {
  const int64_t models = self->in.facts[FACT_MODELS];
  const size_t count = packed_fact(self, FACT_CLASSES);
  heed_status status;
  classes->count = count;
  classes->choice = array_of(self, count, 1);
  classes->left = array_of(self, count, 1);
  classes->model_a = array_of(self, count, sizeof *classes->model_a);
  classes->model_b = array_of(self, count, sizeof *classes->model_b);
  if (self->memory.refused) return packed_no_memory(self);
  status =
      packed_load_integers(self, PACKED_CLASS_CHOICE, 0, count, HEED_CHOSE_B,
                           HEED_CHOSE_TIE, packed_put_8, classes->choice);
  STEP(packed_load_integers(self, PACKED_CLASS_LEFT, 0, count,
                            HEED_LEFT_UNKNOWN, HEED_CHOSE_A, packed_put_8,
                            classes->left));
  STEP(packed_load_integers(self, PACKED_CLASS_MODEL_A, 0, count, -1,
                            models - 1, packed_put_32, classes->model_a));
  STEP(packed_load_integers(self, PACKED_CLASS_MODEL_B, 0, count, -1,
                            models - 1, packed_put_32, classes->model_b));
  return status;
}

void packed_free_classes(packed_class_table *classes) {
  free(classes->choice);
  free(classes->left);
  free(classes->model_a);
  free(classes->model_b);
}

/* The class of an annotation has the models of its pair. */
static heed_status check_class(const packed_loading *self,
                               const packed_class_table *classes, size_t at,
                               size_t class_of) {
  const log_pairs *pairs = &self->log->pairs;
  const uint32_t pair = self->log->all.pair[at];
  if (pairs->model_a == NULL ||
      (classes->model_a[class_of] == pairs->model_a[pair] &&
       classes->model_b[class_of] == pairs->model_b[pair]))
    return HEED_OK;
  return packed_damaged(&self->in,
                        "an annotation and its pair have other models");
}

static heed_status apply_classes(packed_loading *self,
                                 const packed_class_table *classes) {
  log_annotations *all = &self->log->all;
  const size_t count = packed_fact(self, FACT_ANNOTATIONS);
  int64_t block[PACKED_BLOCK];
  packed_cursor cursor;
  heed_status status =
      packed_cursor_open(&cursor, &self->in, PACKED_CLASS, 0, count, 0,
                         (int64_t)classes->count - 1);
  for (size_t i = 0; status == HEED_OK && i < count; i += PACKED_BLOCK) {
    const size_t step = count - i < PACKED_BLOCK ? count - i : PACKED_BLOCK;
    status = packed_next_integers(&cursor, block, step);
    for (size_t k = 0; status == HEED_OK && k < step; k++) {
      const size_t at = self->row == NULL ? i + k : self->row[i + k];
      all->choice[at] = classes->choice[block[k]];
      all->left[at] = classes->left[block[k]];
      self->log->tie_count += all->choice[at] == HEED_CHOSE_TIE;
      status = check_class(self, classes, at, (size_t)block[k]);
    }
  }
  STEP(packed_cursor_end(&cursor));
  packed_cursor_close(&cursor);
  return status;
}

static heed_status load_classes(packed_loading *self) {
  packed_class_table classes = {.count = 0};
  heed_status status = packed_load_classes(self, &classes);
  STEP(apply_classes(self, &classes));
  packed_free_classes(&classes);
  return status;
}

static heed_status load_covariate(packed_loading *self, size_t covariate) {
  const log_settings *settings = self->log->settings;
  log_annotations *all = &self->log->all;
  const size_t count = packed_fact(self, FACT_ANNOTATIONS);
  const size_t stride = settings->covariate_count;
  const size_t words = self->log->words.count;
  const size_t at =
      packed_covariate_at(self, settings->covariates[covariate].column);
  uint32_t *word = array_of(self, count, sizeof *word);
  heed_status status = word == NULL ? packed_no_memory(self) : HEED_OK;
  STEP(packed_load_floats(self, PACKED_NUMBER, at, count, true,
                          all->covariate + covariate, stride));
  STEP(packed_load_integers(self, PACKED_WORD, at, count, 0, (int64_t)words,
                            put_by_row, word));
  for (size_t i = 0; status == HEED_OK && i < count; i++) {
    all->word[i * stride + covariate] = word[i];
    if (word[i] != 0) self->log->has_words[covariate] = true;
  }
  free(word);
  return status;
}

static heed_status load_covariates(packed_loading *self) {
  const size_t width = self->log->settings->covariate_count;
  const size_t count = packed_fact(self, FACT_ANNOTATIONS);
  log_annotations *all = &self->log->all;
  heed_status status = HEED_OK;
  if (width == 0) return HEED_OK;
  all->covariate = array_of(self, count * width, sizeof *all->covariate);
  all->word = array_of(self, count * width, sizeof *all->word);
  if (self->memory.refused) return packed_no_memory(self);
  STEP(packed_load_ids(self, PACKED_WORDS,
                       (size_t)packed_count_of(self, PACKED_WORDS),
                       &self->log->words, true));
  for (size_t i = 0; i < width; i++) STEP(load_covariate(self, i));
  return status;
}

static heed_status load_optional(packed_loading *self, packed_id id, int column,
                                 double **target) {
  const size_t count = packed_fact(self, FACT_ANNOTATIONS);
  if (self->log->settings->column[column] == NULL) return HEED_OK;
  *target = array_of(self, count, sizeof **target);
  if (*target == NULL) return packed_no_memory(self);
  return packed_load_floats(self, id, 0, count, true, *target, 1);
}

heed_status packed_load_annotations(packed_loading *self) {
  log_annotations *all = &self->log->all;
  const size_t count = packed_fact(self, FACT_ANNOTATIONS);
  heed_status status;
  all->room = count;
  all->user = array_of(self, count, sizeof *all->user);
  all->pair = array_of(self, count, sizeof *all->pair);
  all->line = array_of(self, count, sizeof *all->line);
  all->choice = array_of(self, count, 1);
  all->left = array_of(self, count, 1);
  if (self->memory.refused) return packed_no_memory(self);
  status = load_rows(self);
  STEP(load_users(self));
  STEP(load_pair_of(self));
  STEP(load_classes(self));
  if (self->row != NULL)
    STEP(packed_load_integers(self, PACKED_LINE, 0, count, -(int64_t)UINT32_MAX,
                              UINT32_MAX, put_line, all->line));
  STEP(load_optional(self, PACKED_P, P, &all->p));
  STEP(load_optional(self, PACKED_TIME, TIME, &all->time));
  STEP(load_covariates(self));
  all->count = count;
  self->log->row_count = count;
  return status;
}

static heed_status check_p(const packed_loading *self) {
  const double *p = self->log->all.p;
  for (size_t i = 0; p != NULL && i < self->log->all.count; i++)
    if (p[i] < 0 || p[i] > 1)
      return packed_damaged(&self->in, "p is %g, expected a probability", p[i]);
  return HEED_OK;
}

static heed_status check_times(const packed_loading *self) {
  const double *time = self->log->all.time;
  for (size_t i = 0; time != NULL && i < self->log->all.count; i++)
    if (!(time[i] - time[i] == 0))
      return packed_damaged(&self->in, "a time is %g, expected a finite number",
                            time[i]);
  return HEED_OK;
}

/* ---- pairs ---- */

static heed_status load_models(packed_loading *self) {
  log_pairs *pairs = &self->log->pairs;
  const size_t count = packed_fact(self, FACT_PAIRS);
  const int64_t models = self->in.facts[FACT_MODELS];
  heed_status status = packed_load_ids(self, PACKED_MODELS, (size_t)models,
                                       &self->log->models, true);
  if (!packed_has(&self->in, PACKED_PAIR_MODEL_A)) return status;
  pairs->model_a = array_of(self, count, sizeof *pairs->model_a);
  pairs->model_b = array_of(self, count, sizeof *pairs->model_b);
  if (self->memory.refused) return packed_no_memory(self);
  STEP(packed_load_integers(self, PACKED_PAIR_MODEL_A, 0, count, 0, models - 1,
                            packed_put_32, pairs->model_a));
  STEP(packed_load_integers(self, PACKED_PAIR_MODEL_B, 0, count, 0, models - 1,
                            packed_put_32, pairs->model_b));
  return status;
}

static heed_status load_places(packed_loading *self) {
  log_pairs *pairs = &self->log->pairs;
  const size_t count = packed_fact(self, FACT_PAIRS);
  heed_status status;
  if (!packed_has(&self->in, PACKED_PAIR_LINE)) return HEED_OK;
  pairs->line = array_of(self, count, sizeof *pairs->line);
  if (self->file_count > 1 || self->to_append)
    pairs->file = array_of(self, count, sizeof *pairs->file);
  if (self->memory.refused) return packed_no_memory(self);
  status = packed_load_integers(self, PACKED_PAIR_LINE, 0, count,
                                -(int64_t)UINT32_MAX, UINT32_MAX, put_pair_line,
                                pairs->line);
  if (pairs->file != NULL)
    STEP(packed_load_integers(self, PACKED_PAIR_FILE, 0, count, 0,
                              (int64_t)self->file_count - 1,
                              packed_put_unsigned, pairs->file));
  return status;
}

static heed_status load_topics(packed_loading *self) {
  log_pairs *pairs = &self->log->pairs;
  const size_t count = packed_fact(self, FACT_PAIRS);
  const uint64_t topics = packed_count_of(self, PACKED_TOPICS);
  heed_status status;
  if (self->log->settings->column[TOPIC] == NULL) return HEED_OK;
  pairs->topic = array_of(self, count, sizeof *pairs->topic);
  if (pairs->topic == NULL) return packed_no_memory(self);
  status = packed_load_ids(self, PACKED_TOPICS, (size_t)topics,
                           &self->log->topics, self->to_append);
  STEP(packed_load_integers(self, PACKED_PAIR_TOPIC, 0, count, 0,
                            (int64_t)topics - 1, packed_put_32, pairs->topic));
  return status;
}

static heed_status load_gold(packed_loading *self) {
  log_pairs *pairs = &self->log->pairs;
  const size_t count = packed_fact(self, FACT_PAIRS);
  heed_status status;
  if (self->log->settings->column[GOLD] == NULL) return HEED_OK;
  pairs->gold = array_of(self, count, sizeof *pairs->gold);
  if (pairs->gold == NULL) return packed_no_memory(self);
  status =
      packed_load_floats(self, PACKED_GOLD, 0, count, false, pairs->gold, 1);
  for (size_t i = 0; status == HEED_OK && i < count; i++)
    if (pairs->gold[i] < 0 || pairs->gold[i] > 1)
      status = packed_damaged(&self->in, "a gold answer is %g, expected 0 to 1",
                              pairs->gold[i]);
  return status;
}

static heed_status load_differences(packed_loading *self) {
  const heed_value *wanted = &self->log->settings->values[DIFFERENCE];
  log_pairs *pairs = &self->log->pairs;
  const size_t count = packed_fact(self, FACT_PAIRS), width = wanted->count;
  heed_status status = HEED_OK;
  if (width == 0) return HEED_OK;
  pairs->difference = array_of(self, count * width, sizeof *pairs->difference);
  if (pairs->difference == NULL) return packed_no_memory(self);
  for (size_t i = 0; i < width; i++)
    STEP(packed_load_floats(self, PACKED_DIFFERENCE,
                            packed_difference_at(self, wanted->items[i].text),
                            count, false, pairs->difference + i, width));
  for (size_t i = 0; status == HEED_OK && i < count * width; i++)
    if (!(pairs->difference[i] - pairs->difference[i] == 0))
      status = packed_damaged(&self->in,
                              "a difference is %g, expected a "
                              "finite number",
                              pairs->difference[i]);
  return status;
}

static heed_status load_hashes(packed_loading *self) {
  log_pairs *pairs = &self->log->pairs;
  const size_t count = packed_fact(self, FACT_PAIRS);
  unsigned char *key = self->log->hash.key;
  int8_t bytes[sizeof self->log->hash.key];
  int64_t *hash = array_of(self, count, sizeof *hash);
  heed_status status = hash == NULL ? packed_no_memory(self) : HEED_OK;
  STEP(packed_load_integers(self, PACKED_HASH_KEY, 0, sizeof bytes, 0,
                            UINT8_MAX, packed_put_8, bytes));
  if (status == HEED_OK) memcpy(key, bytes, sizeof bytes);
  for (size_t part = 0; part < TEXT_COUNT; part++) {
    STEP(packed_load_integers(self, PACKED_TEXT_HASH, part, count, INT64_MIN,
                              INT64_MAX, packed_put_64, hash));
    for (size_t i = 0; status == HEED_OK && i < count; i++)
      pairs->hash[i * TEXT_COUNT + part] = (uint64_t)hash[i];
  }
  free(hash);
  return status;
}

static heed_status load_texts(packed_loading *self) {
  log_pairs *pairs = &self->log->pairs;
  const size_t count = packed_fact(self, FACT_PAIRS);
  heed_status status;
  if (!packed_has(&self->in, PACKED_TEXT_ROW)) return HEED_OK;
  pairs->text_row = array_of(self, count, sizeof *pairs->text_row);
  pairs->text_turned = array_of(self, count, 1);
  pairs->messages = array_of(self, count, 1);
  pairs->hash = array_of(self, count * TEXT_COUNT, sizeof *pairs->hash);
  if (self->memory.refused) return packed_no_memory(self);
  status = packed_load_integers(self, PACKED_TEXT_ROW, 0, count, -1,
                                self->in.facts[FACT_ROWS] - 1, packed_put_64,
                                pairs->text_row);
  STEP(packed_load_integers(self, PACKED_TEXT_TURNED, 0, count, 0, 1,
                            packed_put_8, pairs->text_turned));
  STEP(packed_load_integers(self, PACKED_MESSAGES, 0, count, 0, 1, packed_put_8,
                            pairs->messages));
  if (self->log->world == NULL) STEP(load_hashes(self)); /* to pack */
  return status;
}

heed_status packed_load_pairs(packed_loading *self) {
  log_reading *log = self->log;
  const bool find =
      self->to_append || log->settings->values[REFERENCES].count > 0;
  heed_status status =
      packed_load_ids(self, PACKED_PAIRS, packed_fact(self, FACT_PAIRS),
                      &log->pairs.names, find);
  log->pairs.room = packed_fact(self, FACT_PAIRS);
  STEP(load_models(self));
  STEP(load_places(self));
  STEP(load_topics(self));
  STEP(load_gold(self));
  STEP(load_differences(self));
  STEP(load_texts(self));
  return status;
}

/* ---- the log ---- */

heed_status packed_load_files(packed_loading *self) {
  log_reading *log = self->log;
  const size_t files = self->file_count;
  heed_status status;
  log->packed_files = self->files;
  log->packed_file_count = files;
  log->is_packed = !self->to_append;
  log->begin = heed_scratch_sizes(&self->memory, log_file_count(log) + 1);
  if (log->begin == NULL) return packed_no_memory(self);
  status = packed_load_integers(self, PACKED_FILE_FIRST, 0, files + 1, 0,
                                self->in.facts[FACT_ANNOTATIONS],
                                packed_put_size, log->begin);
  for (size_t i = 0; status == HEED_OK && i < files; i++)
    if (log->begin[i + 1] < log->begin[i])
      status = packed_damaged(&self->in, "first rows of files descend");
  /* Without rows, nothing tells the file of an annotation. */
  if (!packed_has(&self->in, PACKED_ROW)) {
    self->files[0] = self->in.path;
    log->packed_file_count = 1;
    log->begin[1] = packed_fact(self, FACT_ANNOTATIONS);
  }
  return status;
}

void packed_load_facts(packed_loading *self) {
  log_reading *log = self->log;
  log->faults.count = packed_fact(self, FACT_MALFORMED);
  log->omitted_count = packed_fact(self, FACT_OMITTED);
  log->row = self->in.facts[FACT_ROWS] - 1;
  log->time_form = (log_time_form)self->in.facts[FACT_TIME_FORM];
  log->job.unit = self->in.facts[FACT_IS_ROW] != 0 ? "row" : "line";
  log->job.path = self->in.path;
}

static heed_status load(packed_loading *self, log_settings *settings) {
  heed_status status = packed_load_columns(self);
  if (status == HEED_OK && packed_dropped(&self->in, DROP_PAIR))
    return packed_lacks(self, "pairs", DROP_PAIR);
  if (status == HEED_OK &&
      self->in.facts[FACT_ANNOTATIONS] >= (int64_t)UINT32_MAX - 1)
    return heed_fail(self->log->error, HEED_UNSUPPORTED,
                     "%s: more than %u annotations do not fit in memory",
                     self->in.path, UINT32_MAX - 2);
  STEP(packed_check_texts(self, settings));
  STEP(packed_adopt_columns(self, settings));
  STEP(packed_adopt_covariates(self, settings));
  STEP(packed_check_differences(self));
  packed_load_facts(self);
  STEP(packed_load_files(self));
  STEP(packed_load_pairs(self));
  STEP(packed_load_annotations(self));
  STEP(check_p(self));
  STEP(check_times(self));
  STEP(packed_check_rest(&self->in));
  return status;
}

static heed_status load_from(packed_loading *self, const char *path,
                             log_settings *settings) {
  heed_status status = packed_open(&self->in, path, self->log->error);
  STEP(load(self, settings));
  packed_close(&self->in);
  free(self->row);
  return status;
}

heed_status packed_load(log_reading *log, log_settings *settings) {
  packed_loading self = {.log = log, .memory = {log->host, false}};
  return load_from(&self, settings->values[PATH].items[0].text, settings);
}
