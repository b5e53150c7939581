/* SPDX-License-Identifier: GPL-3.0-or-later
 * The verdicts of reference judges.  A judge's pairs are compared with the
 * log's: pairs that only one of the two has are counted and reported. */
#include <string.h>

#include "sources/log/read.h"
#include "sources/log/words.h"

enum { NO_VERDICT = -1 };

typedef struct judge_reading {
  const char *name;
  const heed_value *values; /* REFERENCE_… */
  size_t index;
  log_rows rows;
  log_names strangers;   /* pairs that the log lacks */
  size_t first_stranger; /* its row */
  size_t contradictions, judged;
} judge_reading;

static const char *cell(const judge_reading *judge, size_t row, size_t column) {
  return judge->rows.cells[row * judge->rows.width + column];
}

/* The column of a cell that a verdict must have; REFERENCE_COUNT: none is
 * empty. */
static size_t find_empty(const judge_reading *judge, size_t row) {
  size_t column = REFERENCE_PAIR;
  while (column < REFERENCE_COUNT && (!judge->values[column].given ||
                                      !log_is_blank(cell(judge, row, column))))
    column++;
  return column;
}

static bool is_model(const log_reading *self, int32_t model, const char *name) {
  return model >= 0 && strcmp(self->models.text[model], name) == 0;
}

/* Whether the judge names the two models of a pair in the log's order; *turned:
 * the other way round. */
static bool has_models_of(const log_reading *self, const judge_reading *judge,
                          size_t row, size_t pair, bool *turned) {
  const char *a = cell(judge, row, REFERENCE_MODEL_A);
  const char *b = cell(judge, row, REFERENCE_MODEL_B);
  const int32_t model_a = self->model_a[pair], model_b = self->model_b[pair];
  *turned = false;
  if (!judge->values[REFERENCE_MODEL_A].given) return true;
  if (is_model(self, model_a, a) && is_model(self, model_b, b)) return true;
  *turned = is_model(self, model_a, b) && is_model(self, model_b, a);
  return *turned;
}

/* Verdicts that contradict each other are a tie. */
static void put_verdict(const log_reading *self, judge_reading *judge,
                        size_t pair, int8_t choice, int8_t *verdicts,
                        bool *contradicted) {
  int8_t *verdict = &verdicts[pair * self->world->judge_count + judge->index];
  if (*verdict == NO_VERDICT) {
    judge->judged++;
    *verdict = choice;
  } else if (*verdict != choice || contradicted[pair]) {
    judge->contradictions += !contradicted[pair];
    contradicted[pair] = true;
    *verdict = HEED_CHOSE_TIE;
  }
}

/* A verdict names A or B, or a side: then A is the left response. */
static heed_status take_verdict(log_reading *self, judge_reading *judge,
                                size_t row, int8_t *verdicts,
                                bool *contradicted) {
  const char *text = cell(judge, row, REFERENCE_CHOICE);
  const char *name = cell(judge, row, REFERENCE_PAIR);
  const size_t line = judge->rows.line[row], empty = find_empty(judge, row);
  const char *path = judge->rows.path;
  size_t pair;
  int8_t choice;
  log_said which;
  bool turned;
  if (empty < REFERENCE_COUNT)
    return log_fault(&self->faults, path, line, self->error,
                     "column \"%s\" is empty", judge->values[empty].text);
  if (!log_what_is_said(self, text, &which) ||
      !log_choice_of(which, HEED_CHOSE_A, &choice))
    return log_fault(&self->faults, path, line, self->error,
                     "column \"%s\": found the verdict \"%.40s\", expected a "
                     "word for A, B, left, right or a tie",
                     judge->values[REFERENCE_CHOICE].text, text);
  pair = log_known_number(&self->pairs, name);
  if (pair == SIZE_MAX) {
    if (judge->strangers.count == 0) judge->first_stranger = row;
    (void)log_number(&judge->strangers, name);
    return HEED_OK;
  }
  if (!has_models_of(self, judge, row, pair, &turned))
    return log_fault(&self->faults, path, line, self->error,
                     "pair \"%.60s\" has other models in the log, found "
                     "\"%.60s\" and \"%.60s\"",
                     name, cell(judge, row, REFERENCE_MODEL_A),
                     cell(judge, row, REFERENCE_MODEL_B));
  put_verdict(self, judge, pair, turned ? log_other(choice) : choice, verdicts,
              contradicted);
  return HEED_OK;
}

enum { STRANGERS, UNJUDGED, CONTRADICTIONS, JUDGE_WARNINGS };

typedef char judge_text[HEED_MESSAGE_SIZE];

/* Adds what there is to warn of to the text of each warning. */
static void add_warnings(const log_reading *self, const judge_reading *judge,
                         judge_text texts[JUDGE_WARNINGS]) {
  const size_t strangers = judge->strangers.count, pairs = self->pairs.count;
  const char *start[JUDGE_WARNINGS];
  for (size_t i = 0; i < JUDGE_WARNINGS; i++)
    start[i] = *texts[i] == '\0' ? "judge" : "; judge";
  if (log_is_part(&self->rows) || log_is_part(&judge->rows)) return;
  if (strangers > 0)
    log_add(texts[STRANGERS], sizeof(judge_text),
            "%s %s: the log lacks %zu of its %zu pairs; the first is \"%.60s\" "
            "(%s:%zu)",
            start[STRANGERS], judge->name, strangers, strangers + judge->judged,
            judge->strangers.text[0], judge->rows.path,
            judge->rows.line[judge->first_stranger]);
  if (judge->judged < pairs)
    log_add(texts[UNJUDGED], sizeof(judge_text),
            "%s %s: lacks a verdict on %zu of the %zu pairs of the log",
            start[UNJUDGED], judge->name, pairs - judge->judged, pairs);
  if (judge->contradictions > 0)
    log_add(texts[CONTRADICTIONS], sizeof(judge_text),
            "%s %s: contradicts itself on %zu of %zu pairs; these verdicts "
            "count as ties",
            start[CONTRADICTIONS], judge->name, judge->contradictions,
            judge->judged);
}

/* One warning of a code for all judges: summaries show the first of a code. */
static void warn(const log_reading *self, judge_text texts[JUDGE_WARNINGS]) {
  static const char *const codes[] = {
      [STRANGERS] = "verdicts_without_pair",
      [UNJUDGED] = "pairs_without_verdict",
      [CONTRADICTIONS] = "verdict_contradictions"};
  for (size_t i = 0; i < JUDGE_WARNINGS; i++)
    if (*texts[i] != '\0') log_warn(self->host, codes[i], "%s", texts[i]);
}

static heed_status read_verdicts(log_reading *self, judge_reading *judge,
                                 int8_t *verdicts) {
  const char *wanted[REFERENCE_COUNT] = {NULL};
  heed_memory memory = {self->host, false};
  bool *contradicted;
  heed_status status;
  for (size_t i = REFERENCE_PAIR; i < REFERENCE_COUNT; i++)
    if (judge->values[i].given) wanted[i] = judge->values[i].text;
  status = log_read(self->host, judge->values[REFERENCE_PATH].text, LOG_AUTO,
                    wanted, NULL, REFERENCE_COUNT, self->most, &self->faults,
                    &judge->rows, self->error);
  if (status != HEED_OK) return status;
  contradicted = heed_scratch(&memory, self->pairs.count, sizeof *contradicted);
  log_names_open(&memory, &judge->strangers, judge->rows.count);
  if (memory.refused) return heed_no_memory(self->error);
  for (size_t row = 0; status == HEED_OK && row < judge->rows.count; row++)
    status = take_verdict(self, judge, row, verdicts, contradicted);
  return status;
}

heed_status log_make_verdicts(log_reading *self) {
  const heed_value *judges = &self->values[REFERENCES];
  const size_t count = judges->count;
  heed_world *world = self->world;
  heed_memory memory = {self->host, false};
  double *reported[4];
  int8_t *verdicts;
  judge_text warnings[JUDGE_WARNINGS] = {"", "", ""};
  heed_status status = HEED_OK;
  world->judge_count = count;
  world->judges = judges->keys;
  if (count == 0) return HEED_OK;
  verdicts =
      heed_new_column(&memory, world->pairs, "verdict", HEED_INT8, count);
  for (size_t i = 0; i < 4; i++)
    reported[i] = heed_scratch_doubles(&memory, count);
  if (memory.refused) return heed_no_memory(self->error);
  memset(verdicts, NO_VERDICT, world->pairs->rows * count);
  for (size_t i = 0; status == HEED_OK && i < count; i++) {
    judge_reading judge = {
        .name = judges->keys[i], .values = judges->items[i].items, .index = i};
    status = read_verdicts(self, &judge, verdicts);
    if (status != HEED_OK) return status;
    add_warnings(self, &judge, warnings);
    reported[0][i] = (double)judge.judged;
    reported[1][i] = (double)judge.strangers.count;
    reported[2][i] = (double)(self->pairs.count - judge.judged);
    reported[3][i] = (double)judge.contradictions;
  }
  warn(self, warnings);
  for (size_t i = 0; i < 4; i++)
    self->host->output(self->host, OUT_VERDICTS + i, reported[i], count);
  return status;
}
