/* SPDX-License-Identifier: GPL-3.0-or-later
 * From rows of texts to annotations and pairs: checks every cell, and compares
 * a row with earlier rows of its pair.  A malformed row leaves no trace: its
 * names get no ids. */
#include <math.h>
#include <string.h>

#include "sources/log/read.h"
#include "sources/log/words.h"

enum { OF_A, OF_B, SIDE_COUNT };

/* What a row says.  The members from `model` on depend on which response the
 * row calls A: turn() must know them all. */
typedef struct taken_row {
  size_t row, pair; /* pair: SIZE_MAX if it is new */
  const char *user, *name, *prompt, *topic;
  double time;
  log_time_form time_form;
  const char *model[SIDE_COUNT], *text[SIDE_COUNT];
  int8_t choice, left;
  double p;           /* NaN: none */
  double *difference; /* features */
} taken_row;

/* ---- the cells of a row ---- */

/* Which response is left; *ok: the cell is valid. */
static int8_t left_of(const log_reading *self, size_t row, bool *ok) {
  const char *text = log_cell(self, row, LEFT);
  const char *model_a = log_cell(self, row, LEFT_MODEL);
  const char *model_b = log_cell(self, row, RIGHT_MODEL);
  log_said which;
  *ok = true;
  if (!self->values[COLUMNS].items[LEFT].given) return HEED_CHOSE_A;
  if (log_is_blank(text)) return HEED_LEFT_UNKNOWN;
  if (model_a != NULL && strcmp(text, model_a) == 0) return HEED_CHOSE_A;
  if (model_b != NULL && strcmp(text, model_b) == 0) return HEED_CHOSE_B;
  *ok = log_what_is_said(self, text, &which) && which <= SAID_B;
  return (int8_t)(*ok && which == SAID_A ? HEED_CHOSE_A : HEED_CHOSE_B);
}

/* A cell that is not as it must be. */
static heed_status refuse_cell(log_reading *self, size_t row,
                               const heed_value *column, const char *text,
                               const char *expected) {
  if (log_is_blank(text))
    return log_row_fault(self, row, "column \"%s\" is empty, expected %s",
                         column->text, expected);
  return log_row_fault(self, row, "column \"%s\": found \"%.40s\", expected %s",
                       column->text, text, expected);
}

/* Ids that a row must have. */
static heed_status check_ids(log_reading *self, size_t row, bool *fine) {
  static const int required[] = {USER, PAIR, CHOICE, LEFT_MODEL, RIGHT_MODEL};
  *fine = false;
  for (size_t i = 0; i < sizeof required / sizeof *required; i++) {
    const heed_value *column = &self->values[COLUMNS].items[required[i]];
    if (column->given && log_is_blank(log_cell(self, row, (size_t)required[i])))
      return log_row_fault(self, row, "column \"%s\" is empty", column->text);
  }
  *fine = true;
  return HEED_OK;
}

static heed_status take_numbers(log_reading *self, taken_row *taken,
                                bool *fine) {
  const char *text = log_cell(self, taken->row, P);
  *fine = false;
  taken->p = NAN;
  if (!log_is_blank(text) &&
      (!log_number_in(text, &taken->p) || taken->p < 0 || taken->p > 1))
    return refuse_cell(self, taken->row, &self->values[COLUMNS].items[P], text,
                       "a probability");
  for (size_t i = 0; i < self->features; i++) {
    text = log_cell(self, taken->row, COLUMN_COUNT + i);
    if (!log_number_in(text, &taken->difference[i]))
      return refuse_cell(self, taken->row, &self->values[DIFFERENCE].items[i],
                         text, "a number");
  }
  *fine = true;
  return HEED_OK;
}

static heed_status take_time(log_reading *self, taken_row *taken, bool *fine) {
  static const char *const expected[] = {
      [LOG_NO_TIME] = "a number or a date such as 2024-05-31T12:30:00Z",
      [LOG_TIME_NUMBER] = "a number as in earlier rows",
      [LOG_TIME_DATE] = "a date as in earlier rows"};
  const char *text = log_cell(self, taken->row, TIME);
  log_time_form form = LOG_NO_TIME;
  taken->time_form = LOG_NO_TIME;
  *fine = true;
  if (!self->values[COLUMNS].items[TIME].given) return HEED_OK;
  if (text != NULL) form = log_time_in(text, &taken->time);
  *fine = form != LOG_NO_TIME &&
          (self->time_form == LOG_NO_TIME || self->time_form == form);
  taken->time_form = form;
  if (*fine) return HEED_OK;
  return refuse_cell(self, taken->row, &self->values[COLUMNS].items[TIME], text,
                     expected[self->time_form]);
}

static heed_status take_choice(log_reading *self, taken_row *taken,
                               bool *fine) {
  const char *text = log_cell(self, taken->row, CHOICE);
  log_said which;
  taken->left = left_of(self, taken->row, fine);
  if (!*fine)
    return refuse_cell(
        self, taken->row, &self->values[COLUMNS].items[LEFT],
        log_cell(self, taken->row, LEFT),
        "a word for A or B, or the name of one of the two models");
  *fine = log_what_is_said(self, text, &which);
  if (!*fine) return log_refuse_word(self, taken->row);
  *fine = log_choice_of(which, taken->left, &taken->choice);
  if (*fine) return HEED_OK;
  return log_row_fault(
      self, taken->row,
      "the choice \"%.40s\" names a side, but positions are not recorded",
      text);
}

static heed_status take_cells(log_reading *self, taken_row *taken, bool *fine) {
  const size_t row = taken->row;
  heed_status status;
  taken->user = log_cell(self, row, USER);
  taken->name = log_cell(self, row, PAIR);
  taken->prompt = log_cell(self, row, PROMPT);
  taken->topic = log_cell(self, row, TOPIC);
  taken->model[OF_A] = log_cell(self, row, LEFT_MODEL);
  taken->model[OF_B] = log_cell(self, row, RIGHT_MODEL);
  taken->text[OF_A] = log_cell(self, row, LEFT_TEXT);
  taken->text[OF_B] = log_cell(self, row, RIGHT_TEXT);
  status = check_ids(self, row, fine);
  if (status == HEED_OK && *fine) status = take_numbers(self, taken, fine);
  if (status == HEED_OK && *fine) status = take_choice(self, taken, fine);
  if (status == HEED_OK && *fine) status = take_time(self, taken, fine);
  return status;
}

/* ---- the two sides ---- */

static void swap_texts(const char *texts[SIDE_COUNT]) {
  const char *first = texts[OF_A];
  texts[OF_A] = texts[OF_B];
  texts[OF_B] = first;
}

/* The same row, with A called B and B called A. */
static void turn(const log_reading *self, taken_row *taken) {
  swap_texts(taken->model);
  swap_texts(taken->text);
  taken->choice = log_other(taken->choice);
  taken->left = log_other(taken->left);
  taken->p = 1 - taken->p;
  for (size_t i = 0; i < self->features; i++)
    taken->difference[i] = -taken->difference[i];
}

static bool is_same(const char *one, const char *another) {
  return one != NULL && another != NULL && strcmp(one, another) == 0;
}

static const char *model_name(const log_reading *self, int32_t model) {
  return model < 0 ? NULL : self->models.text[model];
}

/* Whether a row calls A what the first row of the pair calls B.  Decided by
 * models; if they are missing or equal, by texts. */
static bool is_turned(const log_reading *self, const taken_row *taken) {
  const size_t pair = taken->pair;
  const char *a = taken->model[OF_A], *b = taken->model[OF_B];
  if (a != NULL && b != NULL && strcmp(a, b) != 0)
    return is_same(a, model_name(self, self->model_b[pair])) &&
           is_same(b, model_name(self, self->model_a[pair]));
  return is_same(taken->text[OF_A], self->text_b[pair]) &&
         is_same(taken->text[OF_B], self->text_a[pair]) &&
         !is_same(self->text_a[pair], self->text_b[pair]);
}

/* ---- the pair of a row ---- */

/* A row without the text agrees. */
static bool agree_on(const char *known, const char *text) {
  return text == NULL || *text == '\0' || known == NULL || *known == '\0' ||
         strcmp(known, text) == 0;
}

/* The same feature may be written with fewer digits. */
static bool are_close(double one, double another) {
  return fabs(one - another) <= 1e-9 + 1e-6 * fabs(one);
}

static heed_status check_pair(log_reading *self, const taken_row *taken,
                              bool *fine) {
  const size_t pair = taken->pair;
  const struct {
    const char *what, *known, *here;
  } texts[] = {
      {"prompt", self->prompt[pair], taken->prompt},
      {"text of A", self->text_a[pair], taken->text[OF_A]},
      {"text of B", self->text_b[pair], taken->text[OF_B]},
      {"topic", self->topics.text[self->topic[pair]], taken->topic},
  };
  const char *a = taken->model[OF_A], *b = taken->model[OF_B];
  *fine = a == NULL || (is_same(a, model_name(self, self->model_a[pair])) &&
                        is_same(b, model_name(self, self->model_b[pair])));
  if (!*fine)
    return log_row_fault(
        self, taken->row,
        "pair \"%.60s\" has models \"%.60s\" and \"%.60s\" here, but "
        "others in an earlier row",
        self->pairs.text[pair], a, b);
  for (size_t i = 0; i < sizeof texts / sizeof *texts; i++) {
    *fine = agree_on(texts[i].known, texts[i].here);
    if (!*fine)
      return log_row_fault(
          self, taken->row,
          "pair \"%.60s\": the %s differs from an earlier row, found \"%.40s\"",
          self->pairs.text[pair], texts[i].what, texts[i].here);
  }
  for (size_t i = 0; i < self->features; i++) {
    const double known = self->difference[pair * self->features + i];
    *fine = are_close(known, taken->difference[i]);
    if (!*fine)
      return log_row_fault(
          self, taken->row,
          "pair \"%.60s\": column \"%s\" differs from an earlier row, found %g "
          "for A minus B, expected %g",
          self->pairs.text[pair], self->values[DIFFERENCE].items[i].text,
          taken->difference[i], known);
  }
  return HEED_OK;
}

static void fill_in(const char **known, const char *text) {
  if (*known == NULL || **known == '\0') *known = text;
}

static int32_t model_number(log_reading *self, const char *name) {
  return name == NULL ? -1 : (int32_t)log_number(&self->models, name);
}

/* A pair is defined by its first row; later rows may add texts. */
static void learn_pair(log_reading *self, taken_row *taken) {
  const bool is_new = taken->pair == SIZE_MAX;
  const char *topic = taken->topic == NULL ? "" : taken->topic;
  const size_t pair = log_number(&self->pairs, taken->name);
  taken->pair = pair;
  fill_in(&self->prompt[pair], taken->prompt);
  fill_in(&self->text_a[pair], taken->text[OF_A]);
  fill_in(&self->text_b[pair], taken->text[OF_B]);
  if (is_new || *self->topics.text[self->topic[pair]] == '\0')
    self->topic[pair] = (int32_t)log_number(&self->topics, topic);
  if (!is_new) return;
  self->line[pair] = (int64_t)self->rows.line[taken->row];
  self->model_a[pair] = model_number(self, taken->model[OF_A]);
  self->model_b[pair] = model_number(self, taken->model[OF_B]);
  if (self->features > 0)
    memcpy(&self->difference[pair * self->features], taken->difference,
           self->features * sizeof *taken->difference);
}

/* ---- all rows ---- */

static void add_annotation(log_reading *self, const taken_row *taken) {
  self->all[self->count++] =
      (log_annotation){.user = log_number(&self->everyone, taken->user),
                       .pair = taken->pair,
                       .row = taken->row,
                       .choice = taken->choice,
                       .left = taken->left,
                       .p = taken->p,
                       .time = taken->time};
  self->time_form = taken->time_form;
  self->row_count++;
  self->tie_count += taken->choice == HEED_CHOSE_TIE;
}

static heed_status take_row(log_reading *self, taken_row *taken) {
  bool fine;
  heed_status status = take_cells(self, taken, &fine);
  if (status != HEED_OK || !fine) return status;
  taken->pair = log_known_number(&self->pairs, taken->name);
  if (taken->pair != SIZE_MAX) {
    if (is_turned(self, taken)) turn(self, taken);
    status = check_pair(self, taken, &fine);
  }
  if (status != HEED_OK || !fine) return status;
  learn_pair(self, taken);
  add_annotation(self, taken);
  return HEED_OK;
}

static heed_status open_reading(log_reading *self) {
  const heed_value *named = self->values[COLUMNS].items;
  const size_t most = self->rows.count;
  heed_memory memory = {self->host, false};
  log_names_open(&memory, &self->everyone, most);
  log_names_open(&memory, &self->pairs, most);
  log_names_open(&memory, &self->models,
                 named[LEFT_MODEL].given ? 2 * most : 0);
  log_names_open(&memory, &self->topics, named[TOPIC].given ? most : 1);
  self->all = heed_scratch(&memory, most + 1, sizeof *self->all);
  self->model_a = heed_scratch(&memory, most, sizeof *self->model_a);
  self->model_b = heed_scratch(&memory, most, sizeof *self->model_b);
  self->topic = heed_scratch(&memory, most, sizeof *self->topic);
  self->line = heed_scratch(&memory, most, sizeof *self->line);
  self->text_a = heed_scratch(&memory, most, sizeof *self->text_a);
  self->text_b = heed_scratch(&memory, most, sizeof *self->text_b);
  self->prompt = heed_scratch(&memory, most, sizeof *self->prompt);
  self->difference =
      heed_scratch(&memory, most, self->features * sizeof(double));
  return memory.refused ? heed_no_memory(self->error) : HEED_OK;
}

static heed_status take_rows(log_reading *self) {
  heed_memory memory = {self->host, false};
  taken_row taken = {.difference =
                         heed_scratch_doubles(&memory, self->features)};
  heed_status status = HEED_OK;
  if (memory.refused) return heed_no_memory(self->error);
  for (size_t row = 0; status == HEED_OK && row < self->rows.count; row++) {
    taken.row = row;
    status = take_row(self, &taken);
  }
  return status;
}

heed_status log_read_rows(log_reading *self) {
  const heed_value *values = self->values;
  const heed_value *named = values[COLUMNS].items;
  const size_t width = COLUMN_COUNT + values[DIFFERENCE].count;
  heed_memory memory = {self->host, false};
  const char **wanted = heed_scratch(&memory, width, sizeof *wanted);
  bool *numbers = heed_scratch(&memory, width, sizeof *numbers);
  heed_status status;
  if (memory.refused) return heed_no_memory(self->error);
  for (size_t i = 0; i < COLUMN_COUNT; i++)
    wanted[i] = named[i].given ? named[i].text : NULL;
  numbers[P] = numbers[TIME] = true;
  self->features = values[DIFFERENCE].count;
  for (size_t i = 0; i < self->features; i++) {
    wanted[COLUMN_COUNT + i] = values[DIFFERENCE].items[i].text;
    numbers[COLUMN_COUNT + i] = true;
  }
  status = log_read(self->host, values[PATH].text,
                    (log_format)values[FORMAT].integer, wanted, numbers, width,
                    self->most, &self->faults, &self->rows, self->error);
  if (status == HEED_OK) status = open_reading(self);
  if (status == HEED_OK) status = take_rows(self);
  return status;
}
