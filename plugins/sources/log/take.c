/* SPDX-License-Identifier: GPL-3.0-or-later
 * From rows of texts to annotations and pairs: checks every cell, and compares
 * a row with earlier rows of its pair. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "sources/log/read.h"
#include "sources/log/words.h"

heed_status log_row_fault(log_reading *self, size_t row, const char *format,
                          ...) {
  char what[512];
  va_list arguments;
  va_start(arguments, format);
  (void)vsnprintf(what, sizeof what, format, arguments);
  va_end(arguments);
  return log_fault(&self->faults, self->rows.path, self->rows.line[row],
                   self->error, "%s", what);
}

bool log_number_in(const char *text, double *number) {
  char *end;
  *number = strtod(text, &end);
  return end != text && *end == '\0' && isfinite(*number);
}

/* Which response is left; *ok: the cell is valid. */
static int8_t left_of(const log_reading *self, size_t row, bool *ok) {
  const char *text = log_cell(self, row, LEFT);
  const char *model_a = log_cell(self, row, LEFT_MODEL);
  const char *model_b = log_cell(self, row, RIGHT_MODEL);
  log_said which;
  *ok = true;
  if (!self->values[COLUMNS].items[LEFT].given) return HEED_CHOSE_A;
  if (text == NULL || *text == '\0') return HEED_LEFT_UNKNOWN;
  if (model_a != NULL && strcmp(text, model_a) == 0) return HEED_CHOSE_A;
  if (model_b != NULL && strcmp(text, model_b) == 0) return HEED_CHOSE_B;
  *ok = log_what_is_said(self, text, &which) && which <= SAID_B;
  return (int8_t)(*ok && which == SAID_A ? HEED_CHOSE_A : HEED_CHOSE_B);
}

static heed_status check_cells(log_reading *self, size_t row, bool *fine) {
  double p;
  *fine = false;
  for (int column = USER; column <= CHOICE; column++) {
    const char *text = log_cell(self, row, (size_t)column);
    if (text == NULL || *text == '\0')
      return log_row_fault(self, row, "column \"%s\" is empty",
                           self->values[COLUMNS].items[column].text);
  }
  const char *text = log_cell(self, row, P);
  if (text != NULL && *text != '\0' &&
      (!log_number_in(text, &p) || p < 0 || p > 1))
    return log_row_fault(
        self, row, "column \"%s\": found \"%.40s\", expected a probability",
        self->values[COLUMNS].items[P].text, text);
  for (size_t i = 0; i < self->features; i++) {
    text = log_cell(self, row, COLUMN_COUNT + i);
    if (text == NULL || !log_number_in(text, &p))
      return log_row_fault(self, row,
                           "column \"%s\": found \"%.40s\", expected a "
                           "number",
                           self->values[DIFFERENCE].items[i].text,
                           text == NULL ? "" : text);
  }
  *fine = true;
  return HEED_OK;
}

static int32_t model_in(log_reading *self, size_t row, size_t column) {
  const char *name = log_cell(self, row, column);
  return name == NULL ? -1 : (int32_t)log_number(&self->models, name);
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
  return is_same(log_cell(self, row, LEFT_TEXT), self->text_b[pair]) &&
         is_same(log_cell(self, row, RIGHT_TEXT), self->text_a[pair]) &&
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
    return log_row_fault(
        self, row,
        "pair \"%.60s\" has models \"%.60s\" and \"%.60s\" here, but "
        "others in an earlier row",
        self->pairs.text[pair], a < 0 ? "" : self->models.text[a],
        b < 0 ? "" : self->models.text[b]);
  for (size_t i = 0; i < sizeof column / sizeof *column; i++) {
    *fine = agree_on(known[i], log_cell(self, row, column[i]));
    if (!*fine)
      return log_row_fault(
          self, row,
          "pair \"%.60s\": the %s differs from an earlier row, found \"%.40s\"",
          self->pairs.text[pair], what[i], log_cell(self, row, column[i]));
  }
  return HEED_OK;
}

/* A pair is defined by its first row; *swapped: this row swaps A and B. */
static heed_status learn_pair(log_reading *self, size_t row, size_t pair,
                              bool is_new, bool *swapped, bool *fine) {
  const int32_t a = model_in(self, row, LEFT_MODEL);
  const int32_t b = model_in(self, row, RIGHT_MODEL);
  const char *topic = log_cell(self, row, TOPIC);
  double number;
  *fine = true;
  *swapped = !is_new && is_swapped(self, row, pair, a, b);
  if (!is_new) return recall_pair(self, row, pair, a, b, *swapped, fine);
  self->model_a[pair] = a;
  self->model_b[pair] = b;
  self->topic[pair] =
      topic == NULL ? 0 : (int32_t)log_number(&self->topics, topic);
  self->text_a[pair] = log_cell(self, row, LEFT_TEXT);
  self->text_b[pair] = log_cell(self, row, RIGHT_TEXT);
  self->prompt[pair] = log_cell(self, row, PROMPT);
  for (size_t i = 0; i < self->features; i++) {
    (void)log_number_in(log_cell(self, row, COLUMN_COUNT + i), &number);
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
  const char *text = log_cell(self, row, CHOICE);
  size_t pairs_before = self->pairs.count;
  bool fine, swapped;
  log_said which;
  heed_status status = check_cells(self, row, &fine);
  if (status != HEED_OK || !fine) return status;
  made->left = left_of(self, row, &fine);
  if (!fine)
    return log_row_fault(
        self, row,
        "column \"%s\": found \"%.40s\", expected a word for A or B, "
        "or the name of one of the two models",
        self->values[COLUMNS].items[LEFT].text, log_cell(self, row, LEFT));
  if (!log_what_is_said(self, text, &which))
    return log_row_fault(
        self, row,
        "column \"%s\": found the choice \"%.40s\", expected a word "
        "for A, B, left, right or a tie (source.choices)",
        self->values[COLUMNS].items[CHOICE].text, text);
  if (!log_choice_of(which, made->left, &made->choice))
    return log_row_fault(
        self, row,
        "the choice \"%.40s\" names a side, but positions are not recorded",
        text);
  made->row = row;
  made->pair = log_number(&self->pairs, log_cell(self, row, PAIR));
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
  made->user = log_number(&self->users, log_cell(self, row, USER));
  self->count++;
  return HEED_OK;
}

static heed_status open_reading(log_reading *self) {
  const size_t most = self->rows.count;
  heed_memory memory = {self->host, false};
  log_names_open(&memory, &self->users, most);
  log_names_open(&memory, &self->pairs, most);
  log_names_open(&memory, &self->models, 2 * most);
  log_names_open(&memory, &self->topics, most);
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
  numbers[P] = true;
  self->features = values[DIFFERENCE].count;
  for (size_t i = 0; i < self->features; i++) {
    wanted[COLUMN_COUNT + i] = values[DIFFERENCE].items[i].text;
    numbers[COLUMN_COUNT + i] = true;
  }
  status = log_read(self->host, values[PATH].text,
                    (log_format)values[FORMAT].integer, wanted, numbers, width,
                    &self->faults, &self->rows, self->error);
  if (status == HEED_OK) status = open_reading(self);
  for (size_t row = 0; status == HEED_OK && row < self->rows.count; row++)
    status = take_row(self, row);
  if (status == HEED_OK && self->count == 0)
    return heed_fail(self->error, HEED_INVALID, "%s: no annotations",
                     values[PATH].text);
  return status;
}
