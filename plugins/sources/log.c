/* SPDX-License-Identifier: GPL-3.0-or-later
 * The source of real users: an annotation log in CSV, JSON Lines or HDF5.
 *
 * A row is one annotation: a user, a pair and a choice.  Choices name a
 * response ("A") or a side ("left"); the position column maps a side to a
 * response. Without it, A is the left response. docs/annotation-logs.md is the
 * guide. */
#include <math.h>
#include <search.h>
#include <stdlib.h>
#include <string.h>

#include "heed/source.h"
#include "sources/log/read.h"

enum {
  PATH,
  FORMAT,
  COLUMNS,
  CHOICES,
  TIES,
  MALFORMED,
  DUPLICATES,
  DIFFERENCE,
  REFERENCES,
  PARAMETER_COUNT
};
enum {
  USER,
  PAIR,
  CHOICE,
  LEFT_MODEL,
  RIGHT_MODEL,
  LEFT,
  P,
  TOPIC,
  LEFT_TEXT,
  RIGHT_TEXT,
  PROMPT,
  COLUMN_COUNT
};
enum { WORDS_A, WORDS_B, WORDS_LEFT, WORDS_RIGHT, WORDS_TIE, WORD_COUNT };
enum { TIES_DROP, TIES_KEEP };
enum { MALFORMED_STOP, MALFORMED_SKIP };
enum { DUPLICATES_ERROR, DUPLICATES_KEEP, DUPLICATES_FIRST };
enum { REFERENCE_PATH, REFERENCE_PAIR, REFERENCE_CHOICE, REFERENCE_COUNT };
enum {
  OUT_ROWS,
  OUT_SKIPPED,
  OUT_TIES,
  OUT_DUPLICATES,
  OUT_USERS,
  OUT_PAIRS,
  OUT_MODELS
};

static const char *const ties_words[] = {"drop", "keep", NULL};
static const char *const malformed_words[] = {"stop", "skip", NULL};
static const char *const duplicates_words[] = {"error", "keep", "first", NULL};

static const heed_parameter columns[] = {
    [USER] = {.name = "user",
              .type = HEED_TEXT,
              .default_value = "user",
              .doc = "column with the user"},
    [PAIR] = {.name = "pair",
              .type = HEED_TEXT,
              .default_value = "pair",
              .doc = "column with the pair"},
    [CHOICE] = {.name = "choice",
                .type = HEED_TEXT,
                .default_value = "choice",
                .doc = "column with the choice"},
    [LEFT_MODEL] = {.name = "model_a",
                    .type = HEED_TEXT,
                    .flags = HEED_OPTIONAL,
                    .doc = "column with the name of the model that gave A (the "
                           "left response if no column records positions)"},
    [RIGHT_MODEL] = {.name = "model_b",
                     .type = HEED_TEXT,
                     .flags = HEED_OPTIONAL,
                     .doc = "column with the name of the other model"},
    [LEFT] = {.name = "left",
              .type = HEED_TEXT,
              .flags = HEED_OPTIONAL,
              .doc = "column with the left response: a word for A or B, or the "
                     "model's name"},
    [P] = {.name = "p",
           .type = HEED_TEXT,
           .flags = HEED_OPTIONAL,
           .doc = "column with the probability that A is better"},
    [TOPIC] = {.name = "topic",
               .type = HEED_TEXT,
               .flags = HEED_OPTIONAL,
               .doc = "column with the topic"},
    [LEFT_TEXT] = {.name = "text_a",
                   .type = HEED_TEXT,
                   .flags = HEED_OPTIONAL,
                   .doc = "column with A's text"},
    [RIGHT_TEXT] = {.name = "text_b",
                    .type = HEED_TEXT,
                    .flags = HEED_OPTIONAL,
                    .doc = "column with B's text"},
    [PROMPT] = {.name = "prompt",
                .type = HEED_TEXT,
                .flags = HEED_OPTIONAL,
                .doc = "column with the prompt"},
};

static const heed_parameter word = {.name = "word", .type = HEED_TEXT};
static const heed_parameter choices[] = {
    [WORDS_A] = {.name = "a",
                 .type = HEED_LIST,
                 .default_value = "[\"A\", \"a\", \"model_a\"]",
                 .item = &word,
                 .doc = "words for A"},
    [WORDS_B] = {.name = "b",
                 .type = HEED_LIST,
                 .default_value = "[\"B\", \"b\", \"model_b\"]",
                 .item = &word,
                 .doc = "words for B"},
    [WORDS_LEFT] = {.name = "left",
                    .type = HEED_LIST,
                    .default_value = "[\"left\"]",
                    .item = &word,
                    .doc = "words for the left response"},
    [WORDS_RIGHT] = {.name = "right",
                     .type = HEED_LIST,
                     .default_value = "[\"right\"]",
                     .item = &word,
                     .doc = "words for the right response"},
    [WORDS_TIE] = {.name = "tie",
                   .type = HEED_LIST,
                   .default_value = "[\"tie\", \"both\", \"neither\"]",
                   .item = &word,
                   .doc = "words for a tie"},
};

static const heed_parameter reference_fields[] = {
    [REFERENCE_PATH] = {.name = "path",
                        .type = HEED_PATH,
                        .doc = "file with the judge's verdicts"},
    [REFERENCE_PAIR] = {.name = "pair",
                        .type = HEED_TEXT,
                        .default_value = "pair",
                        .doc = "column with the pair"},
    [REFERENCE_CHOICE] =
        {.name = "choice",
         .type = HEED_TEXT,
         .default_value = "choice",
         .doc = "column with the verdict, in the words that `choices` defines"},
};
static const heed_parameter reference = {.name = "reference",
                                         .type = HEED_RECORD,
                                         .fields = reference_fields,
                                         .field_count = REFERENCE_COUNT};

static const heed_parameter parameters[] = {
    [PATH] = {.name = "path",
              .type = HEED_PATH,
              .doc = "the log: .csv, .jsonl or .h5"},
    [FORMAT] = {.name = "format",
                .type = HEED_ENUM,
                .default_value = "auto",
                .choices = log_format_words,
                .doc = "auto: by file extension"},
    [COLUMNS] = {.name = "columns",
                 .type = HEED_RECORD,
                 .default_value = "{}",
                 .fields = columns,
                 .field_count = COLUMN_COUNT,
                 .doc = "column names in the file"},
    [CHOICES] = {.name = "choices",
                 .type = HEED_RECORD,
                 .default_value = "{}",
                 .fields = choices,
                 .field_count = WORD_COUNT,
                 .doc = "words for the choices"},
    [TIES] = {.name = "ties",
              .type = HEED_ENUM,
              .default_value = "drop",
              .choices = ties_words,
              .doc = "keep: for user models with a likelihood for ties"},
    [MALFORMED] =
        {.name = "malformed",
         .type = HEED_ENUM,
         .default_value = "stop",
         .choices = malformed_words,
         .doc = "what to do at a malformed row: stop, or skip and count it"},
    [DUPLICATES] =
        {.name = "duplicates",
         .type = HEED_ENUM,
         .default_value = "error",
         .choices = duplicates_words,
         .doc = "what to do if a user annotates a pair twice: treat the row as "
                "malformed, keep both, or keep only the first"},
    [DIFFERENCE] = {.name = "difference",
                    .type = HEED_LIST,
                    .default_value = "[]",
                    .item = &word,
                    .doc = "columns with differences of features, A minus B"},
    [REFERENCES] = {.name = "references",
                    .type = HEED_MAP,
                    .default_value = "{}",
                    .item = &reference,
                    .doc = "reference judges by name; never used in a fit"},
};

static const heed_dimension dimensions[] = {
    {"judge", "references", NULL, "reference judge"}};

static const heed_output outputs[] = {
    [OUT_ROWS] = {.name = "rows", .doc = "well-formed rows of the log"},
    [OUT_SKIPPED] = {.name = "rows_skipped", .doc = "malformed rows, skipped"},
    [OUT_TIES] = {.name = "ties", .doc = "ties among the rows"},
    [OUT_DUPLICATES] = {.name = "duplicates",
                        .doc = "repeated annotations, dropped"},
    [OUT_USERS] = {.name = "users", .doc = "users in the log"},
    [OUT_PAIRS] = {.name = "pairs", .doc = "pairs in the log"},
    [OUT_MODELS] = {.name = "models", .doc = "models in the log"},
};

/* ---- names and their ids ---- */

typedef struct log_names {
  struct hsearch_data table;
  const char **text;
  size_t count;
  bool open;
} log_names;

static void names_open(heed_memory *memory, log_names *self, size_t most) {
  memset(self, 0, sizeof *self);
  self->text = heed_allocate(memory, most + 1, sizeof *self->text);
  if (memory->refused) return;
  self->open = hcreate_r(2 * most + 16, &self->table) != 0;
  memory->refused = !self->open;
}

static void names_close(log_names *self) {
  if (self->open) hdestroy_r(&self->table);
}

/* The id of a name, a new id if the name is new. */
static size_t number_of(log_names *self, const char *text) {
  ENTRY *found;
  const ENTRY wanted = {(char *)(uintptr_t)text, (void *)self->count};
  if (hsearch_r(wanted, ENTER, &found, &self->table) == 0) return SIZE_MAX;
  if ((size_t)found->data == self->count) self->text[self->count++] = text;
  return (size_t)found->data;
}

static size_t known_number(log_names *self, const char *text) {
  ENTRY *found;
  const ENTRY wanted = {(char *)(uintptr_t)text, NULL};
  return hsearch_r(wanted, FIND, &found, &self->table) == 0
             ? SIZE_MAX
             : (size_t)found->data;
}

/* ---- reading ---- */

typedef struct log_annotation {
  size_t user, pair, row; /* row in the log */
  int8_t choice, left;
} log_annotation;

typedef struct log_reading {
  const heed_value *values;
  const heed_host *host;
  heed_world *world;
  heed_error *error;
  log_faults faults;
  log_rows rows;
  log_names users, pairs, models, topics;
  log_annotation *all; /* of well-formed rows, in the order of the log */
  size_t count, row_count, tie_count, duplicate_count;
  /* Per pair, from its first row. */
  int32_t *model_a, *model_b, *topic;
  const char **text_a, **text_b, **prompt;
  double *difference;
  size_t features;
} log_reading;

static const char *cell(const log_reading *self, size_t row, size_t column) {
  return self->rows.cells[row * self->rows.width + column];
}

static bool is_among(const heed_value *words, const char *text) {
  for (size_t i = 0; i < words->count; i++)
    if (strcmp(words->items[i].text, text) == 0) return true;
  return false;
}

typedef enum log_said {
  SAID_A,
  SAID_B,
  SAID_LEFT,
  SAID_RIGHT,
  SAID_TIE
} log_said;

static bool what_is_said(const log_reading *self, const char *text,
                         log_said *which) {
  const heed_value *words = self->values[CHOICES].items;
  for (int i = 0; i < WORD_COUNT; i++)
    if (is_among(&words[i], text)) {
      *which = (log_said)i;
      return true;
    }
  return false;
}

HEED_PRINTF(3, 4)
static heed_status fault(log_reading *self, size_t row, const char *format,
                         ...) {
  char what[512];
  va_list arguments;
  va_start(arguments, format);
  (void)vsnprintf(what, sizeof what, format, arguments);
  va_end(arguments);
  return log_fault(&self->faults, self->rows.path, self->rows.line[row],
                   self->error, "%s", what);
}

static bool number_in(const char *text, double *number) {
  char *end;
  *number = strtod(text, &end);
  return end != text && *end == '\0' && isfinite(*number);
}

/* Which response is left; *ok: the cell is valid. */
static int8_t left_of(const log_reading *self, size_t row, bool *ok) {
  const char *text = cell(self, row, LEFT);
  const char *model_a = cell(self, row, LEFT_MODEL);
  const char *model_b = cell(self, row, RIGHT_MODEL);
  log_said which;
  *ok = true;
  if (!self->values[COLUMNS].items[LEFT].given) return HEED_CHOSE_A;
  if (text == NULL || *text == '\0') return HEED_LEFT_UNKNOWN;
  if (model_a != NULL && strcmp(text, model_a) == 0) return HEED_CHOSE_A;
  if (model_b != NULL && strcmp(text, model_b) == 0) return HEED_CHOSE_B;
  *ok = what_is_said(self, text, &which) && which <= SAID_B;
  return (int8_t)(*ok && which == SAID_A ? HEED_CHOSE_A : HEED_CHOSE_B);
}

/* Choices in a log without recorded positions name responses only. */
static bool choice_of(log_said which, int8_t left, int8_t *choice) {
  switch (which) {
    case SAID_A:
      *choice = HEED_CHOSE_A;
      return true;
    case SAID_B:
      *choice = HEED_CHOSE_B;
      return true;
    case SAID_TIE:
      *choice = HEED_CHOSE_TIE;
      return true;
    case SAID_LEFT:
      *choice = left;
      return left != HEED_LEFT_UNKNOWN;
    case SAID_RIGHT:
      *choice = (int8_t)(left == HEED_CHOSE_A ? HEED_CHOSE_B : HEED_CHOSE_A);
      return left != HEED_LEFT_UNKNOWN;
  }
  return false;
}

static heed_status check_cells(log_reading *self, size_t row, bool *fine) {
  double p;
  *fine = false;
  for (int column = USER; column <= CHOICE; column++) {
    const char *text = cell(self, row, (size_t)column);
    if (text == NULL || *text == '\0')
      return fault(self, row, "column \"%s\" is empty",
                   self->values[COLUMNS].items[column].text);
  }
  const char *text = cell(self, row, P);
  if (text != NULL && *text != '\0' && (!number_in(text, &p) || p < 0 || p > 1))
    return fault(self, row,
                 "column \"%s\": found \"%.40s\", expected a probability",
                 self->values[COLUMNS].items[P].text, text);
  for (size_t i = 0; i < self->features; i++) {
    text = cell(self, row, COLUMN_COUNT + i);
    if (text == NULL || !number_in(text, &p))
      return fault(self, row,
                   "column \"%s\": found \"%.40s\", expected a "
                   "number",
                   self->values[DIFFERENCE].items[i].text,
                   text == NULL ? "" : text);
  }
  *fine = true;
  return HEED_OK;
}

static int32_t model_in(log_reading *self, size_t row, size_t column) {
  const char *name = cell(self, row, column);
  return name == NULL ? -1 : (int32_t)number_of(&self->models, name);
}

/* Whether a row agrees with earlier rows on a text; a row without the text
 * agrees. */
static bool agree_on(const char **known, const char *text) {
  if (text == NULL || *text == '\0') return true;
  if (*known == NULL || **known == '\0') *known = text;
  return strcmp(*known, text) == 0;
}

static bool is_same(const char *one, const char *another) {
  return one != NULL && another != NULL && strcmp(one, another) == 0;
}

/* Whether this row swaps A and B.  Decided by models; if they are missing or
 * equal, by texts. */
static bool is_swapped(const log_reading *self, size_t row, size_t pair,
                       int32_t a, int32_t b) {
  if (a != b) return a == self->model_b[pair] && b == self->model_a[pair];
  return is_same(cell(self, row, LEFT_TEXT), self->text_b[pair]) &&
         is_same(cell(self, row, RIGHT_TEXT), self->text_a[pair]) &&
         !is_same(self->text_a[pair], self->text_b[pair]);
}

/* Checks a row against earlier rows of its pair. */
static heed_status recall_pair(log_reading *self, size_t row, size_t pair,
                               int32_t a, int32_t b, bool swapped, bool *fine) {
  static const char *const what[] = {"prompt", "text of A", "text of B"};
  const char **known[] = {&self->prompt[pair], &self->text_a[pair],
                          &self->text_b[pair]};
  const size_t column[] = {PROMPT, swapped ? RIGHT_TEXT : LEFT_TEXT,
                           swapped ? LEFT_TEXT : RIGHT_TEXT};
  *fine = a == (swapped ? self->model_b : self->model_a)[pair] &&
          b == (swapped ? self->model_a : self->model_b)[pair];
  if (!*fine)
    return fault(self, row,
                 "pair \"%.60s\" has models \"%.60s\" and \"%.60s\" here, but "
                 "others in an earlier row",
                 self->pairs.text[pair], a < 0 ? "" : self->models.text[a],
                 b < 0 ? "" : self->models.text[b]);
  for (size_t i = 0; i < sizeof column / sizeof *column; i++) {
    *fine = agree_on(known[i], cell(self, row, column[i]));
    if (!*fine)
      return fault(
          self, row,
          "pair \"%.60s\": the %s differs from an earlier row, found \"%.40s\"",
          self->pairs.text[pair], what[i], cell(self, row, column[i]));
  }
  return HEED_OK;
}

/* A pair is defined by its first row; *swapped: this row swaps A and B. */
static heed_status learn_pair(log_reading *self, size_t row, size_t pair,
                              bool is_new, bool *swapped, bool *fine) {
  const int32_t a = model_in(self, row, LEFT_MODEL);
  const int32_t b = model_in(self, row, RIGHT_MODEL);
  const char *topic = cell(self, row, TOPIC);
  double number;
  *fine = true;
  *swapped = !is_new && is_swapped(self, row, pair, a, b);
  if (!is_new) return recall_pair(self, row, pair, a, b, *swapped, fine);
  self->model_a[pair] = a;
  self->model_b[pair] = b;
  self->topic[pair] =
      topic == NULL ? 0 : (int32_t)number_of(&self->topics, topic);
  self->text_a[pair] = cell(self, row, LEFT_TEXT);
  self->text_b[pair] = cell(self, row, RIGHT_TEXT);
  self->prompt[pair] = cell(self, row, PROMPT);
  for (size_t i = 0; i < self->features; i++) {
    (void)number_in(cell(self, row, COLUMN_COUNT + i), &number);
    self->difference[pair * self->features + i] = number;
  }
  return HEED_OK;
}

static int8_t other(int8_t response) {
  if (response == HEED_CHOSE_A) return (int8_t)HEED_CHOSE_B;
  if (response == HEED_CHOSE_B) return (int8_t)HEED_CHOSE_A;
  return response;
}

static heed_status take_row(log_reading *self, size_t row) {
  log_annotation *made = &self->all[self->count];
  const char *text = cell(self, row, CHOICE);
  size_t pairs_before = self->pairs.count;
  bool fine, swapped;
  log_said which;
  heed_status status = check_cells(self, row, &fine);
  if (status != HEED_OK || !fine) return status;
  made->left = left_of(self, row, &fine);
  if (!fine)
    return fault(self, row,
                 "column \"%s\": found \"%.40s\", expected a word for A or B, "
                 "or the name of one of the two models",
                 self->values[COLUMNS].items[LEFT].text, cell(self, row, LEFT));
  if (!what_is_said(self, text, &which))
    return fault(self, row,
                 "column \"%s\": found the choice \"%.40s\", expected a word "
                 "for A, B, left, right or a tie (source.choices)",
                 self->values[COLUMNS].items[CHOICE].text, text);
  if (!choice_of(which, made->left, &made->choice))
    return fault(
        self, row,
        "the choice \"%.40s\" names a side, but positions are not recorded",
        text);
  made->row = row;
  made->pair = number_of(&self->pairs, cell(self, row, PAIR));
  status = learn_pair(self, row, made->pair, self->pairs.count > pairs_before,
                      &swapped, &fine);
  if (status != HEED_OK || !fine) return status;
  if (swapped) {
    made->choice = other(made->choice);
    made->left = other(made->left);
  }
  self->row_count++;
  self->tie_count += made->choice == HEED_CHOSE_TIE;
  if (made->choice == HEED_CHOSE_TIE && self->values[TIES].integer == TIES_DROP)
    return HEED_OK;
  made->user = number_of(&self->users, cell(self, row, USER));
  self->count++;
  return HEED_OK;
}

static heed_status open_reading(log_reading *self) {
  const size_t most = self->rows.count;
  heed_memory memory = {self->host, false};
  names_open(&memory, &self->users, most);
  names_open(&memory, &self->pairs, most);
  names_open(&memory, &self->models, 2 * most);
  names_open(&memory, &self->topics, most);
  self->all = heed_scratch(&memory, most + 1, sizeof *self->all);
  self->model_a = heed_scratch(&memory, most, sizeof *self->model_a);
  self->model_b = heed_scratch(&memory, most, sizeof *self->model_b);
  self->topic = heed_scratch(&memory, most, sizeof *self->topic);
  self->text_a = heed_scratch(&memory, most, sizeof *self->text_a);
  self->text_b = heed_scratch(&memory, most, sizeof *self->text_b);
  self->prompt = heed_scratch(&memory, most, sizeof *self->prompt);
  self->difference =
      heed_scratch(&memory, most, self->features * sizeof(double));
  return memory.refused ? heed_no_memory(self->error) : HEED_OK;
}

static heed_status read_rows(log_reading *self) {
  const heed_value *values = self->values;
  const heed_value *named = values[COLUMNS].items;
  const size_t width = COLUMN_COUNT + values[DIFFERENCE].count;
  const char **wanted = self->host->scratch(self->host, width, sizeof *wanted);
  heed_status status;
  if (wanted == NULL) return heed_no_memory(self->error);
  for (size_t i = 0; i < COLUMN_COUNT; i++)
    wanted[i] = named[i].given ? named[i].text : NULL;
  self->features = values[DIFFERENCE].count;
  for (size_t i = 0; i < self->features; i++)
    wanted[COLUMN_COUNT + i] = values[DIFFERENCE].items[i].text;
  status = log_read(self->host, values[PATH].text,
                    (log_format)values[FORMAT].integer, wanted, width,
                    &self->faults, &self->rows, self->error);
  if (status == HEED_OK) status = open_reading(self);
  for (size_t row = 0; status == HEED_OK && row < self->rows.count; row++)
    status = take_row(self, row);
  if (status == HEED_OK && self->count == 0)
    return heed_fail(self->error, HEED_INVALID, "%s: no annotations",
                     values[PATH].text);
  return status;
}

/* ---- ordering by user, and duplicates ---- */

/* Stable: each user's annotations keep the order of the log. */
static heed_status order_by_user(log_reading *self) {
  const size_t users = self->users.count;
  heed_memory memory = {self->host, false};
  size_t *next = heed_scratch_sizes(&memory, users + 1);
  log_annotation *ordered = heed_scratch(&memory, self->count, sizeof *ordered);
  if (memory.refused) return heed_no_memory(self->error);
  for (size_t i = 0; i < self->count; i++) next[self->all[i].user + 1]++;
  for (size_t j = 0; j < users; j++) next[j + 1] += next[j];
  for (size_t i = 0; i < self->count; i++)
    ordered[next[self->all[i].user]++] = self->all[i];
  self->all = ordered;
  return HEED_OK;
}

static heed_status drop_duplicates(log_reading *self) {
  size_t *seen_by =
      self->host->scratch(self->host, self->pairs.count, sizeof *seen_by);
  size_t kept = 0;
  heed_status status = HEED_OK;
  if (self->values[DUPLICATES].integer == DUPLICATES_KEEP) return HEED_OK;
  if (seen_by == NULL) return heed_no_memory(self->error);
  for (size_t i = 0; status == HEED_OK && i < self->count; i++) {
    const log_annotation *one = &self->all[i];
    if (seen_by[one->pair] != one->user + 1) {
      seen_by[one->pair] = one->user + 1;
      self->all[kept++] = *one;
      continue;
    }
    self->duplicate_count++;
    if (self->values[DUPLICATES].integer != DUPLICATES_ERROR) continue;
    self->row_count--;
    status = fault(self, one->row,
                   "user \"%.60s\" has already annotated pair \"%.60s\"",
                   self->users.text[one->user], self->pairs.text[one->pair]);
  }
  self->count = kept;
  return status;
}

/* ---- the world ---- */

static heed_table *name_table(heed_memory *memory, const char *name,
                              const char *column_name, const log_names *names) {
  heed_table *table = heed_new_table(memory, name, names->count);
  const char **column =
      heed_new_column(memory, table, column_name, HEED_STRING, 1);
  if (column != NULL && names->count > 0)
    memcpy(column, names->text, names->count * sizeof *column);
  return table;
}

static heed_status make_annotations(const log_reading *self) {
  heed_memory memory = {self->host, false};
  heed_table *table = heed_new_table(&memory, "annotations", self->count);
  int64_t *user = heed_new_column(&memory, table, "user", HEED_INT64, 1);
  int64_t *pair = heed_new_column(&memory, table, "pair", HEED_INT64, 1);
  int8_t *choice = heed_new_column(&memory, table, "choice", HEED_INT8, 1);
  int8_t *left = heed_new_column(&memory, table, "left", HEED_INT8, 1);
  const bool has_p = self->values[COLUMNS].items[P].given;
  double *p =
      has_p ? heed_new_column(&memory, table, "p", HEED_FLOAT64, 1) : NULL;
  if (memory.refused) return heed_no_memory(self->error);
  for (size_t i = 0; i < self->count; i++) {
    const log_annotation *one = &self->all[i];
    user[i] = (int64_t)one->user;
    pair[i] = (int64_t)one->pair;
    choice[i] = one->choice;
    left[i] = one->left;
    if (!has_p) continue;
    const char *text = cell(self, one->row, P);
    if (text == NULL || !number_in(text, &p[i])) p[i] = NAN;
  }
  self->world->annotations = table;
  return HEED_OK;
}

static void copy_column(heed_memory *memory, heed_table *table,
                        const char *name, heed_column_type type, size_t width,
                        const void *source) {
  void *column = heed_new_column(memory, table, name, type, width);
  if (column != NULL)
    memcpy(column, source, table->rows * width * heed_type_size(type));
}

static void copy_texts(heed_memory *memory, heed_table *table, const char *name,
                       const char *const *source) {
  const char **column = heed_new_column(memory, table, name, HEED_STRING, 1);
  for (size_t i = 0; column != NULL && i < table->rows; i++)
    if (source[i] != NULL) column[i] = source[i];
}

/* Each prompt once, and the prompt of each pair. */
static heed_status make_prompts(log_reading *self) {
  heed_table *pairs = self->world->pairs;
  const size_t count = pairs->rows;
  heed_memory memory = {self->host, false};
  log_names prompts;
  int64_t *prompt;
  if (!self->values[COLUMNS].items[PROMPT].given) return HEED_OK;
  names_open(&memory, &prompts, count);
  prompt = heed_new_column(&memory, pairs, "prompt", HEED_INT64, 1);
  for (size_t i = 0; prompt != NULL && i < count; i++)
    prompt[i] = (int64_t)number_of(
        &prompts, self->prompt[i] == NULL ? "" : self->prompt[i]);
  self->world->prompts = name_table(&memory, "prompts", "text", &prompts);
  names_close(&prompts);
  return memory.refused ? heed_no_memory(self->error) : HEED_OK;
}

static heed_status make_names(const log_reading *self) {
  heed_memory memory = {self->host, false};
  self->world->users = name_table(&memory, "users", "name", &self->users);
  self->world->models = name_table(&memory, "models", "name", &self->models);
  return memory.refused ? heed_no_memory(self->error) : HEED_OK;
}

static heed_status make_pairs(const log_reading *self) {
  const heed_value *named = self->values[COLUMNS].items;
  const bool models = named[LEFT_MODEL].given && named[RIGHT_MODEL].given;
  heed_memory memory = {self->host, false};
  heed_table *table = heed_new_table(&memory, "pairs", self->pairs.count);
  copy_texts(&memory, table, "name", self->pairs.text);
  if (models) {
    copy_column(&memory, table, "model_a", HEED_INT32, 1, self->model_a);
    copy_column(&memory, table, "model_b", HEED_INT32, 1, self->model_b);
  }
  if (named[TOPIC].given)
    copy_column(&memory, table, "topic", HEED_INT32, 1, self->topic);
  if (named[LEFT_TEXT].given)
    copy_texts(&memory, table, "text_a", self->text_a);
  if (named[RIGHT_TEXT].given)
    copy_texts(&memory, table, "text_b", self->text_b);
  if (self->features > 0)
    copy_column(&memory, table, "difference", HEED_FLOAT64, self->features,
                self->difference);
  self->world->pairs = table;
  self->world->features = self->features;
  return memory.refused ? heed_no_memory(self->error) : HEED_OK;
}

/* ---- reference judges ---- */

/* A verdict names A or B, or a side: then A is the left response, as in the
 * log. */
static heed_status read_verdicts(log_reading *self, const heed_value *judge,
                                 size_t index, int8_t *verdict) {
  const size_t judges = self->world->judge_count;
  const char *const wanted[2] = {judge->items[REFERENCE_PAIR].text,
                                 judge->items[REFERENCE_CHOICE].text};
  log_rows rows;
  heed_status status =
      log_read(self->host, judge->items[REFERENCE_PATH].text, LOG_AUTO, wanted,
               2, &self->faults, &rows, self->error);
  for (size_t row = 0; status == HEED_OK && row < rows.count; row++) {
    const char *name = rows.cells[2 * row], *text = rows.cells[2 * row + 1];
    const size_t pair =
        name == NULL ? SIZE_MAX : known_number(&self->pairs, name);
    int8_t choice;
    log_said which;
    if (pair == SIZE_MAX || text == NULL) continue;
    if (!what_is_said(self, text, &which) ||
        !choice_of(which, HEED_CHOSE_A, &choice))
      status = log_fault(&self->faults, rows.path, rows.line[row], self->error,
                         "column \"%s\": found the verdict \"%.40s\", expected "
                         "a word for A, B, left, right or a tie",
                         wanted[1], text);
    else
      verdict[pair * judges + index] = choice;
  }
  return status;
}

static heed_status make_verdicts(log_reading *self) {
  const heed_value *judges = &self->values[REFERENCES];
  heed_world *world = self->world;
  int8_t *verdict;
  heed_status status = HEED_OK;
  world->judge_count = judges->count;
  world->judges = judges->keys;
  if (judges->count == 0) return HEED_OK;
  verdict = self->host->column(self->host, world->pairs, "verdict", HEED_INT8,
                               judges->count);
  if (verdict == NULL) return heed_no_memory(self->error);
  memset(verdict, -1, world->pairs->rows * judges->count);
  for (size_t i = 0; status == HEED_OK && i < judges->count; i++)
    status = read_verdicts(self, &judges->items[i], i, verdict);
  return status;
}

static void report(const log_reading *self) {
  const double values[] = {
      [OUT_ROWS] = (double)self->row_count,
      [OUT_SKIPPED] = (double)self->faults.count,
      [OUT_TIES] = (double)self->tie_count,
      [OUT_DUPLICATES] = (double)self->duplicate_count,
      [OUT_USERS] = (double)self->users.count,
      [OUT_PAIRS] = (double)self->pairs.count,
      [OUT_MODELS] = (double)self->models.count,
  };
  for (size_t i = 0; i < sizeof values / sizeof *values; i++)
    self->host->output(self->host, i, &values[i], 1);
  if (self->faults.count > 0)
    self->host->warn(self->host, "rows_skipped",
                     "%zu malformed rows were skipped", self->faults.count);
}

static heed_status make(void *self, const heed_host *host, heed_world *world,
                        heed_error *error) {
  const heed_value *values = self;
  log_reading reading = {
      .values = values,
      .host = host,
      .world = world,
      .error = error,
      .faults = {.host = host,
                 .skip = values[MALFORMED].integer == MALFORMED_SKIP}};
  heed_status status = read_rows(&reading);
  if (status == HEED_OK) status = order_by_user(&reading);
  if (status == HEED_OK) status = drop_duplicates(&reading);
  if (status == HEED_OK) status = make_annotations(&reading);
  if (status == HEED_OK) status = make_pairs(&reading);
  if (status == HEED_OK) status = make_prompts(&reading);
  if (status == HEED_OK) status = make_names(&reading);
  if (status == HEED_OK) status = make_verdicts(&reading);
  if (status == HEED_OK) report(&reading);
  names_close(&reading.users);
  names_close(&reading.pairs);
  names_close(&reading.models);
  names_close(&reading.topics);
  return status;
}

static heed_status create(const heed_host *host, const heed_value *values,
                          void **self, heed_error *error) {
  const heed_value *named = values[COLUMNS].items;
  (void)host;
  if (named[LEFT_MODEL].given != named[RIGHT_MODEL].given)
    return heed_fail(error, HEED_INVALID,
                     "columns: model_a and model_b go together; found only %s",
                     named[LEFT_MODEL].given ? "model_a" : "model_b");
  *self = (void *)(uintptr_t)values;
  return HEED_OK;
}

static const heed_source_functions functions = {
    .size = sizeof functions,
    .make = make,
};

static const heed_plugin log_source = {
    .size = sizeof log_source,
    .abi = HEED_ABI,
    .kind = HEED_SOURCE,
    .name = "log",
    .version = "1.0",
    .summary = "annotations of real users, from CSV, JSON Lines or HDF5",
    .parameters = parameters,
    .parameter_count = PARAMETER_COUNT,
    .dimensions = dimensions,
    .dimension_count = sizeof dimensions / sizeof *dimensions,
    .outputs = outputs,
    .output_count = sizeof outputs / sizeof *outputs,
    .create = create,
    .functions = &functions,
    .functions_size = sizeof functions,
};

static const heed_plugin *const plugins[] = {&log_source};
HEED_PLUGINS(plugins)
