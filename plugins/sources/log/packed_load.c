/* SPDX-License-Identifier: GPL-3.0-or-later
 * From a packed log to a reading.  Annotations return to the order of the rows
 * of the log: what comes next is the same as without packing. */
#include <stdlib.h>
#include <string.h>

#include "sources/log/packed_save.h"

typedef struct packed_loading {
  log_reading *log;
  packed_file in;
  heed_memory memory;
  bool to_append;       /* all names must be found */
  uint32_t *row;        /* by annotation of the file; NULL: it has none */
  const char **columns; /* COLUMN_COUNT names; "": none */
  const char **differences, **covariates, **files;
  size_t difference_count, covariate_count, file_count;
} packed_loading;

#define STEP(call) \
  if (status == HEED_OK) status = (call)

static size_t fact(const packed_loading *self, int which) {
  return (size_t)self->in.facts[which];
}

static heed_status no_memory(const packed_loading *self) {
  return heed_no_memory(self->log->error);
}

/* ---- names ---- */

static uint64_t count_of(const packed_loading *self, packed_id id) {
  const packed_section *section = packed_find(&self->in, id, 0);
  return section == NULL ? 0 : section->count;
}

/* texts[count] of a section that must be there; they live as long as the world.
 */
static heed_status load_names(packed_loading *self, packed_id id, size_t count,
                              const char **texts) {
  const packed_section *section = packed_find(&self->in, id, 0);
  packed_cursor cursor;
  heed_status status =
      packed_cursor_open(&cursor, &self->in, id, 0, count, 0, 0);
  char *bytes = status == HEED_OK
                    ? heed_allocate(&self->memory, section->length + 1, 1)
                    : NULL;
  if (status == HEED_OK && bytes == NULL) status = no_memory(self);
  STEP(packed_read_names(&cursor, bytes));
  STEP(packed_cursor_end(&cursor));
  for (size_t i = 0; status == HEED_OK && i < count; i++) {
    texts[i] = bytes;
    bytes += strlen(bytes) + 1;
  }
  packed_cursor_close(&cursor);
  return status;
}

/* A list of names whose count only the file knows. */
static heed_status load_list(packed_loading *self, packed_id id,
                             const char ***list, size_t *count) {
  *count = count_of(self, id);
  *list = heed_allocate(&self->memory, *count + 1, sizeof **list);
  if (*list == NULL) return no_memory(self);
  return load_names(self, id, *count, *list);
}

/* Without the hash table, unless names must be found later. */
static heed_status load_ids(packed_loading *self, packed_id id, size_t count,
                            log_names *names, bool find) {
  heed_status status;
  free(names->text);
  names->text = calloc(count + 1, sizeof *names->text);
  names->room = count + 1;
  if (names->text == NULL) return no_memory(self);
  status = load_names(self, id, count, names->text);
  if (status != HEED_OK || !find) {
    names->count = count;
    return status;
  }
  for (size_t i = 0; status == HEED_OK && i < count; i++)
    if (!log_adopt_name(names, names->text[i]))
      status = names->refused
                   ? no_memory(self)
                   : packed_damaged(&self->in,
                                    "the section \"%s\" has \"%.60s\" twice",
                                    packed_what(id), names->text[i]);
  return status;
}

/* ---- values ---- */

/* Puts a value of a section in its place. */
typedef void packed_put(packed_loading *self, void *target, size_t at,
                        int64_t value);

static heed_status load_integers(packed_loading *self, packed_id id,
                                 size_t index, size_t count, int64_t low,
                                 int64_t high, packed_put *put, void *target) {
  int64_t block[PACKED_BLOCK];
  packed_cursor cursor;
  heed_status status =
      packed_cursor_open(&cursor, &self->in, id, index, count, low, high);
  for (size_t i = 0; status == HEED_OK && i < count; i += PACKED_BLOCK) {
    const size_t step = count - i < PACKED_BLOCK ? count - i : PACKED_BLOCK;
    status = packed_next_integers(&cursor, block, step);
    for (size_t k = 0; status == HEED_OK && k < step; k++)
      put(self, target, i + k, block[k]);
  }
  STEP(packed_cursor_end(&cursor));
  packed_cursor_close(&cursor);
  return status;
}

/* of_rows: the values are those of annotations, which return to their rows.
 * target: every `stride`-th element. */
static heed_status load_floats(packed_loading *self, packed_id id, size_t index,
                               size_t count, bool of_rows, double *target,
                               size_t stride) {
  double block[PACKED_BLOCK];
  packed_cursor cursor;
  heed_status status =
      packed_cursor_open(&cursor, &self->in, id, index, count, 0, 0);
  for (size_t i = 0; status == HEED_OK && i < count; i += PACKED_BLOCK) {
    const size_t step = count - i < PACKED_BLOCK ? count - i : PACKED_BLOCK;
    status = packed_next_floats(&cursor, block, step);
    for (size_t k = 0; status == HEED_OK && k < step; k++) {
      const size_t at = of_rows && self->row != NULL ? self->row[i + k] : i + k;
      target[at * stride] = block[k];
    }
  }
  STEP(packed_cursor_end(&cursor));
  packed_cursor_close(&cursor);
  return status;
}

static void put_8(packed_loading *self, void *target, size_t at,
                  int64_t value) {
  (void)self;
  ((int8_t *)target)[at] = (int8_t)value;
}

static void put_32(packed_loading *self, void *target, size_t at,
                   int64_t value) {
  (void)self;
  ((int32_t *)target)[at] = (int32_t)value;
}

static void put_unsigned(packed_loading *self, void *target, size_t at,
                         int64_t value) {
  (void)self;
  ((uint32_t *)target)[at] = (uint32_t)value;
}

static void put_64(packed_loading *self, void *target, size_t at,
                   int64_t value) {
  (void)self;
  ((int64_t *)target)[at] = value;
}

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

static void put_size(packed_loading *self, void *target, size_t at,
                     int64_t value) {
  (void)self;
  ((size_t *)target)[at] = (size_t)value;
}

/* ---- columns ---- */

static bool is_given(const char *name) {
  return name != NULL && *name != '\0';
}

static heed_status lacks(const packed_loading *self, const char *what,
                         int drop) {
  if (packed_dropped(&self->in, drop))
    return log_fail(self->log->error, HEED_INVALID,
                    "%s: has no %s (packed with --drop %s)", self->in.path,
                    what, packed_drops[drop]);
  return log_fail(self->log->error, HEED_INVALID,
                  "%s: has no %s; the log that was packed had none, or its "
                  "sweep did not name the column",
                  self->in.path, what);
}

/* A column that the sweep names must be in the file under this name; one that
 * it does not name is taken from the file. */
static heed_status adopt_column(packed_loading *self, log_settings *settings,
                                int column, const char *what, int drop) {
  const char *given = settings->column[column];
  const char *known = self->columns[column];
  if (is_given(given) && !is_given(known)) return lacks(self, what, drop);
  if (is_given(given) && strcmp(given, known) != 0)
    return log_fail(self->log->error, HEED_INVALID,
                    "%s: found the column \"%s\" for %s, expected \"%s\", with "
                    "which it was packed",
                    self->in.path, given, what, known);
  settings->column[column] = is_given(known) ? known : NULL;
  return HEED_OK;
}

static heed_status adopt_columns(packed_loading *self, log_settings *settings) {
  static const struct {
    int column;
    const char *what;
    int drop;
  } all[] = {{LEFT_MODEL, "models", DROP_COUNT},
             {RIGHT_MODEL, "models", DROP_COUNT},
             {P, "p", DROP_P},
             {TIME, "times", DROP_TIME},
             {TOPIC, "topics", DROP_TOPIC},
             {GOLD, "gold answers", DROP_GOLD}};
  heed_status status = HEED_OK;
  for (size_t i = 0; i < sizeof all / sizeof *all; i++)
    STEP(adopt_column(self, settings, all[i].column, all[i].what, all[i].drop));
  return status;
}

/* The place of a covariate in the file. */
static size_t covariate_at(const packed_loading *self, const char *column) {
  size_t i = 0;
  while (i < self->covariate_count && strcmp(self->covariates[i], column) != 0)
    i++;
  return i;
}

static heed_status adopt_covariates(packed_loading *self,
                                    log_settings *settings) {
  heed_status status = HEED_OK;
  if (settings->covariate_count == 0 && self->covariate_count > 0)
    status = log_settle_covariates(&self->memory, settings, self->covariates,
                                   self->covariate_count, self->log->error);
  for (size_t i = 0; status == HEED_OK && i < settings->covariate_count; i++) {
    const char *column = settings->covariates[i].column;
    char what[128];
    (void)snprintf(what, sizeof what, "covariate \"%.60s\"", column);
    if (covariate_at(self, column) == self->covariate_count)
      status = lacks(self, what, DROP_COVARIATES);
  }
  self->log->has_words =
      heed_scratch(&self->memory, settings->covariate_count, 1);
  return self->memory.refused ? no_memory(self) : status;
}

static size_t difference_at(const packed_loading *self, const char *column) {
  size_t i = 0;
  while (i < self->difference_count &&
         strcmp(self->differences[i], column) != 0)
    i++;
  return i;
}

/* Only the sweep knows the order of features: it must name them. */
static heed_status check_differences(const packed_loading *self) {
  const heed_value *wanted = &self->log->settings->values[DIFFERENCE];
  for (size_t i = 0; i < wanted->count; i++) {
    char what[128];
    (void)snprintf(what, sizeof what, "difference \"%.60s\"",
                   wanted->items[i].text);
    if (difference_at(self, wanted->items[i].text) == self->difference_count)
      return lacks(self, what, DROP_DIFFERENCE);
  }
  if (self->log->world != NULL || wanted->count == self->difference_count)
    return HEED_OK;
  return log_fail(self->log->error, HEED_INVALID,
                  "%s: has %zu differences, which the sweep must name to pack "
                  "them again (source.difference); found %zu",
                  self->in.path, self->difference_count, wanted->count);
}

static heed_status load_columns(packed_loading *self) {
  size_t count = 0;
  heed_status status = load_list(self, PACKED_COLUMNS, &self->columns, &count);
  if (status == HEED_OK && count != COLUMN_COUNT)
    status = packed_damaged(&self->in, "it names %zu columns, expected %d",
                            count, COLUMN_COUNT);
  STEP(load_list(self, PACKED_DIFFERENCES, &self->differences,
                 &self->difference_count));
  STEP(load_list(self, PACKED_COVARIATES, &self->covariates,
                 &self->covariate_count));
  STEP(load_list(self, PACKED_FILES, &self->files, &self->file_count));
  if (status == HEED_OK && self->file_count == 0)
    status = packed_damaged(&self->in, "it names no files");
  return status;
}

/* ---- annotations ---- */

static void *array_of(packed_loading *self, size_t count, size_t size) {
  void *made = calloc(count + 1, size);
  if (made == NULL) self->memory.refused = true;
  return made;
}

/* Rows are 0, 1, …, each once. */
static heed_status check_rows(const packed_loading *self, size_t count) {
  unsigned char *seen = calloc(count / 8 + 1, 1);
  heed_status status = seen == NULL ? no_memory(self) : HEED_OK;
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
  const size_t count = fact(self, FACT_ANNOTATIONS);
  heed_status status =
      load_integers(self, PACKED_PAIR, 0, count, -(int64_t)UINT32_MAX,
                    UINT32_MAX, put_pair, self->log->all.pair);
  for (size_t i = 0; status == HEED_OK && i < count; i++)
    if (pair[i] == UINT32_MAX)
      status = packed_damaged(&self->in, "an annotation has no pair");
  return status;
}

static heed_status load_rows(packed_loading *self) {
  const size_t count = fact(self, FACT_ANNOTATIONS);
  heed_status status;
  if (!packed_has(&self->in, PACKED_ROW)) return HEED_OK;
  self->row = array_of(self, count, sizeof *self->row);
  if (self->row == NULL) return no_memory(self);
  status = load_integers(self, PACKED_ROW, 0, count, 0, (int64_t)count - 1,
                         put_unsigned, self->row);
  STEP(check_rows(self, count));
  return status;
}

static heed_status load_users(packed_loading *self) {
  const size_t users = fact(self, FACT_USERS);
  const size_t count = fact(self, FACT_ANNOTATIONS);
  log_reading *log = self->log;
  size_t *first = array_of(self, users + 1, sizeof *first);
  heed_status status = first == NULL ? no_memory(self) : HEED_OK;
  STEP(load_ids(self, PACKED_USERS, users, &log->everyone, self->to_append));
  STEP(load_integers(self, PACKED_FIRST, 0, users + 1, 0, (int64_t)count,
                     put_size, first));
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

typedef struct class_table {
  size_t count;
  int8_t *choice, *left;
  int32_t *model_a, *model_b;
} class_table;

static heed_status load_class_table(packed_loading *self,
                                    class_table *classes) {
  const int64_t models = self->in.facts[FACT_MODELS];
  const size_t count = fact(self, FACT_CLASSES);
  heed_status status;
  classes->count = count;
  classes->choice = array_of(self, count, 1);
  classes->left = array_of(self, count, 1);
  classes->model_a = array_of(self, count, sizeof *classes->model_a);
  classes->model_b = array_of(self, count, sizeof *classes->model_b);
  if (self->memory.refused) return no_memory(self);
  status = load_integers(self, PACKED_CLASS_CHOICE, 0, count, HEED_CHOSE_B,
                         HEED_CHOSE_TIE, put_8, classes->choice);
  STEP(load_integers(self, PACKED_CLASS_LEFT, 0, count, HEED_LEFT_UNKNOWN,
                     HEED_CHOSE_A, put_8, classes->left));
  STEP(load_integers(self, PACKED_CLASS_MODEL_A, 0, count, -1, models - 1,
                     put_32, classes->model_a));
  STEP(load_integers(self, PACKED_CLASS_MODEL_B, 0, count, -1, models - 1,
                     put_32, classes->model_b));
  return status;
}

/* The class of an annotation has the models of its pair. */
static heed_status check_class(const packed_loading *self,
                               const class_table *classes, size_t at,
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
                                 const class_table *classes) {
  log_annotations *all = &self->log->all;
  const size_t count = fact(self, FACT_ANNOTATIONS);
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
  class_table classes = {.count = 0};
  heed_status status = load_class_table(self, &classes);
  STEP(apply_classes(self, &classes));
  free(classes.choice);
  free(classes.left);
  free(classes.model_a);
  free(classes.model_b);
  return status;
}

static heed_status load_covariate(packed_loading *self, size_t covariate) {
  const log_settings *settings = self->log->settings;
  log_annotations *all = &self->log->all;
  const size_t count = fact(self, FACT_ANNOTATIONS);
  const size_t stride = settings->covariate_count;
  const size_t words = self->log->words.count;
  const size_t at = covariate_at(self, settings->covariates[covariate].column);
  uint32_t *word = array_of(self, count, sizeof *word);
  heed_status status = word == NULL ? no_memory(self) : HEED_OK;
  STEP(load_floats(self, PACKED_NUMBER, at, count, true,
                   all->covariate + covariate, stride));
  STEP(load_integers(self, PACKED_WORD, at, count, 0, (int64_t)words,
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
  const size_t count = fact(self, FACT_ANNOTATIONS);
  log_annotations *all = &self->log->all;
  heed_status status = HEED_OK;
  if (width == 0) return HEED_OK;
  all->covariate = array_of(self, count * width, sizeof *all->covariate);
  all->word = array_of(self, count * width, sizeof *all->word);
  if (self->memory.refused) return no_memory(self);
  STEP(load_ids(self, PACKED_WORDS, (size_t)count_of(self, PACKED_WORDS),
                &self->log->words, true));
  for (size_t i = 0; i < width; i++) STEP(load_covariate(self, i));
  return status;
}

static heed_status load_optional(packed_loading *self, packed_id id, int column,
                                 double **target) {
  const size_t count = fact(self, FACT_ANNOTATIONS);
  if (self->log->settings->column[column] == NULL) return HEED_OK;
  *target = array_of(self, count, sizeof **target);
  if (*target == NULL) return no_memory(self);
  return load_floats(self, id, 0, count, true, *target, 1);
}

static heed_status load_annotations(packed_loading *self) {
  log_annotations *all = &self->log->all;
  const size_t count = fact(self, FACT_ANNOTATIONS);
  heed_status status;
  all->room = count;
  all->user = array_of(self, count, sizeof *all->user);
  all->pair = array_of(self, count, sizeof *all->pair);
  all->line = array_of(self, count, sizeof *all->line);
  all->choice = array_of(self, count, 1);
  all->left = array_of(self, count, 1);
  if (self->memory.refused) return no_memory(self);
  status = load_rows(self);
  STEP(load_users(self));
  STEP(load_pair_of(self));
  STEP(load_classes(self));
  if (self->row != NULL)
    STEP(load_integers(self, PACKED_LINE, 0, count, -(int64_t)UINT32_MAX,
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
  const size_t count = fact(self, FACT_PAIRS);
  const int64_t models = self->in.facts[FACT_MODELS];
  heed_status status =
      load_ids(self, PACKED_MODELS, (size_t)models, &self->log->models, true);
  if (!packed_has(&self->in, PACKED_PAIR_MODEL_A)) return status;
  pairs->model_a = array_of(self, count, sizeof *pairs->model_a);
  pairs->model_b = array_of(self, count, sizeof *pairs->model_b);
  if (self->memory.refused) return no_memory(self);
  STEP(load_integers(self, PACKED_PAIR_MODEL_A, 0, count, 0, models - 1, put_32,
                     pairs->model_a));
  STEP(load_integers(self, PACKED_PAIR_MODEL_B, 0, count, 0, models - 1, put_32,
                     pairs->model_b));
  return status;
}

static heed_status load_places(packed_loading *self) {
  log_pairs *pairs = &self->log->pairs;
  const size_t count = fact(self, FACT_PAIRS);
  heed_status status;
  if (!packed_has(&self->in, PACKED_PAIR_LINE)) return HEED_OK;
  pairs->line = array_of(self, count, sizeof *pairs->line);
  if (self->file_count > 1 || self->to_append)
    pairs->file = array_of(self, count, sizeof *pairs->file);
  if (self->memory.refused) return no_memory(self);
  status = load_integers(self, PACKED_PAIR_LINE, 0, count, -(int64_t)UINT32_MAX,
                         UINT32_MAX, put_pair_line, pairs->line);
  if (pairs->file != NULL)
    STEP(load_integers(self, PACKED_PAIR_FILE, 0, count, 0,
                       (int64_t)self->file_count - 1, put_unsigned,
                       pairs->file));
  return status;
}

static heed_status load_topics(packed_loading *self) {
  log_pairs *pairs = &self->log->pairs;
  const size_t count = fact(self, FACT_PAIRS);
  const uint64_t topics = count_of(self, PACKED_TOPICS);
  heed_status status;
  if (self->log->settings->column[TOPIC] == NULL) return HEED_OK;
  pairs->topic = array_of(self, count, sizeof *pairs->topic);
  if (pairs->topic == NULL) return no_memory(self);
  status = load_ids(self, PACKED_TOPICS, (size_t)topics, &self->log->topics,
                    self->to_append);
  STEP(load_integers(self, PACKED_PAIR_TOPIC, 0, count, 0, (int64_t)topics - 1,
                     put_32, pairs->topic));
  return status;
}

static heed_status load_gold(packed_loading *self) {
  log_pairs *pairs = &self->log->pairs;
  const size_t count = fact(self, FACT_PAIRS);
  heed_status status;
  if (self->log->settings->column[GOLD] == NULL) return HEED_OK;
  pairs->gold = array_of(self, count, sizeof *pairs->gold);
  if (pairs->gold == NULL) return no_memory(self);
  status = load_floats(self, PACKED_GOLD, 0, count, false, pairs->gold, 1);
  for (size_t i = 0; status == HEED_OK && i < count; i++)
    if (pairs->gold[i] < 0 || pairs->gold[i] > 1)
      status = packed_damaged(&self->in, "a gold answer is %g", pairs->gold[i]);
  return status;
}

static heed_status load_differences(packed_loading *self) {
  const heed_value *wanted = &self->log->settings->values[DIFFERENCE];
  log_pairs *pairs = &self->log->pairs;
  const size_t count = fact(self, FACT_PAIRS), width = wanted->count;
  heed_status status = HEED_OK;
  if (width == 0) return HEED_OK;
  pairs->difference = array_of(self, count * width, sizeof *pairs->difference);
  if (pairs->difference == NULL) return no_memory(self);
  for (size_t i = 0; i < width; i++)
    STEP(load_floats(self, PACKED_DIFFERENCE,
                     difference_at(self, wanted->items[i].text), count, false,
                     pairs->difference + i, width));
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
  const size_t count = fact(self, FACT_PAIRS);
  unsigned char *key = self->log->hash.key;
  int8_t bytes[sizeof self->log->hash.key];
  int64_t *hash = array_of(self, count, sizeof *hash);
  heed_status status = hash == NULL ? no_memory(self) : HEED_OK;
  STEP(load_integers(self, PACKED_HASH_KEY, 0, sizeof bytes, 0, UINT8_MAX,
                     put_8, bytes));
  if (status == HEED_OK) memcpy(key, bytes, sizeof bytes);
  for (size_t part = 0; part < TEXT_COUNT; part++) {
    STEP(load_integers(self, PACKED_TEXT_HASH, part, count, INT64_MIN,
                       INT64_MAX, put_64, hash));
    for (size_t i = 0; status == HEED_OK && i < count; i++)
      pairs->hash[i * TEXT_COUNT + part] = (uint64_t)hash[i];
  }
  free(hash);
  return status;
}

static heed_status load_texts(packed_loading *self) {
  log_pairs *pairs = &self->log->pairs;
  const size_t count = fact(self, FACT_PAIRS);
  heed_status status;
  if (!packed_has(&self->in, PACKED_TEXT_ROW)) return HEED_OK;
  pairs->text_row = array_of(self, count, sizeof *pairs->text_row);
  pairs->text_turned = array_of(self, count, 1);
  pairs->messages = array_of(self, count, 1);
  pairs->hash = array_of(self, count * TEXT_COUNT, sizeof *pairs->hash);
  if (self->memory.refused) return no_memory(self);
  status =
      load_integers(self, PACKED_TEXT_ROW, 0, count, -1,
                    self->in.facts[FACT_ROWS] - 1, put_64, pairs->text_row);
  STEP(load_integers(self, PACKED_TEXT_TURNED, 0, count, 0, 1, put_8,
                     pairs->text_turned));
  STEP(load_integers(self, PACKED_MESSAGES, 0, count, 0, 1, put_8,
                     pairs->messages));
  if (self->log->world == NULL) STEP(load_hashes(self)); /* to pack */
  return status;
}

static heed_status load_pairs(packed_loading *self) {
  log_reading *log = self->log;
  const bool find =
      self->to_append || log->settings->values[REFERENCES].count > 0;
  heed_status status = load_ids(self, PACKED_PAIRS, fact(self, FACT_PAIRS),
                                &log->pairs.names, find);
  log->pairs.room = fact(self, FACT_PAIRS);
  STEP(load_models(self));
  STEP(load_places(self));
  STEP(load_topics(self));
  STEP(load_gold(self));
  STEP(load_differences(self));
  STEP(load_texts(self));
  return status;
}

/* ---- the log ---- */

static heed_status check_texts(const packed_loading *self,
                               const log_settings *settings) {
  const bool *wanted = self->log->host->extension(self->log->host, HEED_TEXTS);
  if (wanted == NULL || !*wanted || !log_has_texts(settings)) return HEED_OK;
  return log_fail(self->log->error, HEED_UNSUPPORTED,
                  "%s: a stage needs texts, which a packed log has not; let "
                  "source.path name the log that was packed",
                  self->in.path);
}

static heed_status load_files(packed_loading *self) {
  log_reading *log = self->log;
  const size_t files = self->file_count;
  heed_status status;
  log->packed_files = self->files;
  log->packed_file_count = files;
  log->is_packed = !self->to_append;
  log->begin = heed_scratch_sizes(&self->memory, log_file_count(log) + 1);
  if (log->begin == NULL) return no_memory(self);
  status =
      load_integers(self, PACKED_FILE_FIRST, 0, files + 1, 0,
                    self->in.facts[FACT_ANNOTATIONS], put_size, log->begin);
  for (size_t i = 0; status == HEED_OK && i < files; i++)
    if (log->begin[i + 1] < log->begin[i])
      status = packed_damaged(&self->in, "first rows of files descend");
  /* Without rows, nothing tells the file of an annotation. */
  if (!packed_has(&self->in, PACKED_ROW)) {
    self->files[0] = self->in.path;
    log->packed_file_count = 1;
    log->begin[1] = fact(self, FACT_ANNOTATIONS);
  }
  return status;
}

static void load_facts(packed_loading *self) {
  log_reading *log = self->log;
  log->faults.count = fact(self, FACT_MALFORMED);
  log->omitted_count = fact(self, FACT_OMITTED);
  log->row = self->in.facts[FACT_ROWS] - 1;
  log->time_form = (log_time_form)self->in.facts[FACT_TIME_FORM];
  log->job.unit = self->in.facts[FACT_IS_ROW] != 0 ? "row" : "line";
  log->job.path = self->in.path;
}

static heed_status load(packed_loading *self, log_settings *settings) {
  heed_status status = load_columns(self);
  if (status == HEED_OK && packed_dropped(&self->in, DROP_PAIR))
    return lacks(self, "pairs", DROP_PAIR);
  if (status == HEED_OK &&
      self->in.facts[FACT_ANNOTATIONS] >= (int64_t)UINT32_MAX - 1)
    return heed_fail(self->log->error, HEED_UNSUPPORTED,
                     "%s: more than %u annotations do not fit in memory",
                     self->in.path, UINT32_MAX - 2);
  STEP(check_texts(self, settings));
  STEP(adopt_columns(self, settings));
  STEP(adopt_covariates(self, settings));
  STEP(check_differences(self));
  load_facts(self);
  STEP(load_files(self));
  STEP(load_pairs(self));
  STEP(load_annotations(self));
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

/* ---- to append ---- */

/* New rows have the columns that the file has, no more and no fewer: a column
 * that was dropped is not read. */
static heed_status match_column(packed_loading *self, log_settings *settings,
                                int column, const char *what, int drop) {
  const bool given = is_given(settings->column[column]);
  const bool known = is_given(self->columns[column]);
  if (given && packed_dropped(&self->in, drop)) {
    settings->column[column] = NULL;
    self->log->wanted[column].name = NULL;
    return HEED_OK;
  }
  if (given == known) return HEED_OK;
  return log_fail(self->log->error, HEED_INVALID,
                  "%s: %s %s, but the rows to append %s; the sweep must name "
                  "the same columns",
                  self->in.path, known ? "has" : "has no", what,
                  given ? "have them" : "have none");
}

static heed_status match_columns(packed_loading *self, log_settings *settings) {
  static const struct {
    int column;
    const char *what;
    int drop;
  } all[] = {{LEFT_MODEL, "models", DROP_COUNT},
             {P, "p", DROP_P},
             {TIME, "times", DROP_TIME},
             {TOPIC, "topics", DROP_TOPIC},
             {GOLD, "gold answers", DROP_GOLD}};
  heed_status status = HEED_OK;
  for (size_t i = 0; i < sizeof all / sizeof *all; i++)
    STEP(match_column(self, settings, all[i].column, all[i].what, all[i].drop));
  return status;
}

/* Lists of columns are the same, in the same order. */
static heed_status match_lists(const packed_loading *self,
                               const log_settings *settings) {
  const heed_value *difference = &settings->values[DIFFERENCE];
  bool same = settings->covariate_count == self->covariate_count &&
              difference->count == self->difference_count;
  for (size_t i = 0; same && i < self->covariate_count; i++)
    same = strcmp(settings->covariates[i].column, self->covariates[i]) == 0;
  for (size_t i = 0; same && i < self->difference_count; i++)
    same = strcmp(difference->items[i].text, self->differences[i]) == 0;
  if (same) return HEED_OK;
  return log_fail(self->log->error, HEED_INVALID,
                  "%s: has other covariates or differences than the rows to "
                  "append; the sweep must name the same columns in the same "
                  "order",
                  self->in.path);
}

static heed_status match_texts(const packed_loading *self,
                               const log_settings *settings) {
  if (log_has_texts(settings) == packed_has(&self->in, PACKED_TEXT_ROW))
    return HEED_OK;
  return log_fail(self->log->error, HEED_INVALID,
                  "%s: %s texts, but the rows to append %s; the sweep must "
                  "name the same columns",
                  self->in.path, log_has_texts(settings) ? "has no" : "has",
                  log_has_texts(settings) ? "have them" : "have none");
}

static heed_status load_to_append(packed_loading *self,
                                  log_settings *settings) {
  heed_status status = load_columns(self);
  if (status == HEED_OK && (packed_dropped(&self->in, DROP_PAIR) ||
                            packed_dropped(&self->in, DROP_ROW)))
    return lacks(self, "pairs or rows, which new rows need",
                 packed_dropped(&self->in, DROP_PAIR) ? DROP_PAIR : DROP_ROW);
  STEP(match_columns(self, settings));
  STEP(match_lists(self, settings));
  STEP(match_texts(self, settings));
  if (status == HEED_OK) load_facts(self);
  STEP(load_files(self));
  STEP(load_pairs(self));
  STEP(load_annotations(self));
  STEP(packed_check_rest(&self->in));
  return status;
}

heed_status packed_load_to_append(log_reading *log, log_settings *settings,
                                  const char *path, unsigned *drop) {
  packed_loading self = {
      .log = log, .memory = {log->host, false}, .to_append = true};
  heed_status status = packed_open(&self.in, path, log->error);
  STEP(load_to_append(&self, settings));
  if (status == HEED_OK) *drop |= (unsigned)self.in.facts[FACT_DROPPED];
  packed_close(&self.in);
  free(self.row);
  return status;
}

/* ---- without tables ---- */

heed_status packed_is_source(const log_settings *settings, bool *is,
                             heed_error *error) {
  const heed_value *paths = &settings->values[PATH];
  *is = false;
  for (size_t i = 0; i < paths->count; i++)
    *is = *is || settings->read.form == LOG_PACKED ||
          (settings->read.form == LOG_AUTO &&
           log_form_of(paths->items[i].text) == LOG_PACKED);
  if (!*is || paths->count == 1) return HEED_OK;
  return heed_fail(error, HEED_INVALID,
                   "path: found %zu files with a packed log among them, "
                   "expected one packed log; heed pack --append joins logs",
                   paths->count);
}

/* The current user: annotations, and the pairs of these. */
typedef struct user_pairs {
  packed_cursor pairs, rows;
  bool known; /* the file has pairs */
  int64_t *pair, *row;
  size_t room;
} user_pairs;

static heed_status open_pairs(user_pairs *self, packed_file *in) {
  const uint64_t count = (uint64_t)in->facts[FACT_ANNOTATIONS];
  heed_status status;
  *self = (user_pairs){.known = packed_has(in, PACKED_PAIR)};
  if (!self->known) return HEED_OK;
  status = packed_cursor_open(&self->pairs, in, PACKED_PAIR, 0, count,
                              -(int64_t)UINT32_MAX, UINT32_MAX);
  if (packed_has(in, PACKED_ROW))
    STEP(packed_cursor_open(&self->rows, in, PACKED_ROW, 0, count, 0,
                            (int64_t)count - 1));
  return status;
}

static void close_pairs(user_pairs *self) {
  packed_cursor_close(&self->pairs);
  packed_cursor_close(&self->rows);
  free(self->pair);
  free(self->row);
}

static int compare_pairs(const void *one, const void *other) {
  const int64_t a = *(const int64_t *)one, b = *(const int64_t *)other;
  return a < b ? -1 : a > b;
}

static bool has_room_for(user_pairs *self, size_t count) {
  const size_t room = 2 * count;
  int64_t *pair, *row;
  if (count <= self->room) return true;
  pair = reallocarray(self->pair, room, sizeof *pair);
  if (pair != NULL) self->pair = pair;
  row = reallocarray(self->row, room, sizeof *row);
  if (row != NULL) self->row = row;
  if (pair == NULL || row == NULL) return false;
  self->room = room;
  return true;
}

/* Whether the next user, of `count` annotations, annotates a pair twice. */
static heed_status find_twice(user_pairs *self, size_t count, bool *twice) {
  heed_status status = HEED_OK;
  if (!self->known) return HEED_OK;
  if (!has_room_for(self, count))
    return heed_no_memory(self->pairs.file->error);
  STEP(packed_next_integers(&self->pairs, self->pair, count));
  if (self->rows.window != NULL)
    STEP(packed_next_integers(&self->rows, self->row, count));
  if (status != HEED_OK) return status;
  if (self->rows.window != NULL)
    for (size_t i = 0; i < count; i++) self->pair[i] += self->row[i];
  qsort(self->pair, count, sizeof *self->pair, compare_pairs);
  for (size_t i = 1; i < count; i++)
    *twice = *twice || self->pair[i] == self->pair[i - 1];
  return HEED_OK;
}

static heed_status find_repeated(packed_file *in, bool *twice) {
  packed_stream stream;
  user_pairs pairs;
  bool any = true;
  heed_status status = packed_stream_open(&stream, in);
  const heed_status opened = open_pairs(&pairs, in);
  STEP(opened);
  while (status == HEED_OK && any) {
    status = packed_next_user(&stream, &any);
    if (any) STEP(find_twice(&pairs, stream.count, twice));
  }
  packed_stream_close(&stream);
  close_pairs(&pairs);
  return status;
}

static heed_status inspect_columns(packed_loading *self,
                                   log_settings *settings) {
  heed_status status = load_columns(self);
  STEP(check_texts(self, settings));
  STEP(adopt_columns(self, settings));
  STEP(adopt_covariates(self, settings));
  STEP(check_differences(self));
  return status;
}

#define SMALL 1000000 /* annotations */

static bool is_small(const packed_loading *self) {
  return self->in.facts[FACT_ANNOTATIONS] <= SMALL;
}

heed_status packed_inspect(log_settings *settings, const heed_host *host,
                           size_t rows, bool *load, heed_error *error) {
  heed_world world = {.size = sizeof world};
  log_reading log = {
      .host = host, .settings = settings, .world = &world, .error = error};
  packed_loading self = {.log = &log, .memory = {host, false}};
  bool twice = false;
  heed_status status =
      packed_open(&self.in, settings->values[PATH].items[0].text, error);
  *load = status == HEED_OK && is_small(&self);
  if (!*load) STEP(inspect_columns(&self, settings));
  if (!*load && rows == SIZE_MAX) {
    STEP(find_repeated(&self.in, &twice));
    STEP(packed_check_rest(&self.in));
    *load =
        status == HEED_OK &&
        (settings->values[REFERENCES].count > 0 ||
         (twice && settings->values[DUPLICATES].integer == DUPLICATES_ERROR));
  }
  packed_close(&self.in);
  return status;
}
