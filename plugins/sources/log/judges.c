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
  log_reading *log;
  log_job job;
  int8_t *verdicts;
  bool *contradicted;
  log_names strangers;   /* pairs that the log lacks */
  size_t first_stranger; /* its line */
  size_t contradictions, judged;
} judge_reading;

/* The column of a cell that a verdict must have; REFERENCE_COUNT: none is
 * empty. */
static size_t find_empty(const judge_reading *judge, const log_row *row) {
  size_t column = REFERENCE_PAIR;
  while (column < REFERENCE_COUNT &&
         (!judge->values[column].given || !log_is_blank(row->cells[column])))
    column++;
  return column;
}

static bool is_model(const log_reading *self, int32_t model, log_text name) {
  return log_is_same(name, log_text_of(self->models.text[model]));
}

/* Whether the judge names the two models of a pair in the log's order; *turned:
 * the other way round. */
static bool has_models_of(const judge_reading *judge, const log_row *row,
                          size_t pair, bool *turned) {
  const log_reading *self = judge->log;
  const log_text a = row->cells[REFERENCE_MODEL_A];
  const log_text b = row->cells[REFERENCE_MODEL_B];
  *turned = false;
  if (!judge->values[REFERENCE_MODEL_A].given) return true;
  if (self->pairs.model_a == NULL) return false;
  const int32_t model_a = self->pairs.model_a[pair];
  const int32_t model_b = self->pairs.model_b[pair];
  if (is_model(self, model_a, a) && is_model(self, model_b, b)) return true;
  *turned = is_model(self, model_a, b) && is_model(self, model_b, a);
  return *turned;
}

/* Verdicts that contradict each other are a tie. */
static void put_verdict(judge_reading *judge, size_t pair, int8_t choice) {
  int8_t *verdict =
      &judge->verdicts[pair * judge->log->world->judge_count + judge->index];
  if (*verdict == NO_VERDICT) {
    judge->judged++;
    *verdict = choice;
  } else if (*verdict != choice || judge->contradicted[pair]) {
    judge->contradictions += !judge->contradicted[pair];
    judge->contradicted[pair] = true;
    *verdict = HEED_CHOSE_TIE;
  }
}

static heed_status take_stranger(judge_reading *judge, const log_row *row) {
  if (judge->strangers.count == 0) judge->first_stranger = row->line;
  (void)log_number(&judge->strangers, row->cells[REFERENCE_PAIR]);
  return judge->strangers.refused ? heed_no_memory(judge->job.error) : HEED_OK;
}

/* A verdict names A or B, or a side: then A is the left response. */
static heed_status take_verdict(void *context, const log_row *row) {
  judge_reading *judge = context;
  const log_reading *self = judge->log;
  const log_text text = row->cells[REFERENCE_CHOICE];
  const log_text name = row->cells[REFERENCE_PAIR];
  const size_t empty = find_empty(judge, row);
  const char *path = judge->job.path;
  size_t pair;
  int8_t choice;
  log_said which;
  bool turned;
  if (empty < REFERENCE_COUNT)
    return log_fault(judge->job.faults, path, row->line, judge->job.error,
                     "column \"%s\" is empty", judge->values[empty].text);
  if (!log_what_is_said(self->settings, text, &which) ||
      !log_choice_of(which, HEED_CHOSE_A, &choice))
    return log_fault(judge->job.faults, path, row->line, judge->job.error,
                     "column \"%s\": found the verdict \"%.*s\", expected a "
                     "word for A, B, left, right or a tie",
                     judge->values[REFERENCE_CHOICE].text, LOG_SHOWN(text, 40));
  pair = log_known_number(&self->pairs.names, name);
  if (pair == SIZE_MAX) return take_stranger(judge, row);
  if (!has_models_of(judge, row, pair, &turned))
    return log_fault(judge->job.faults, path, row->line, judge->job.error,
                     "pair \"%.*s\" has other models in the log, found "
                     "\"%.*s\" and \"%.*s\"",
                     LOG_SHOWN(name, 60),
                     LOG_SHOWN(row->cells[REFERENCE_MODEL_A], 60),
                     LOG_SHOWN(row->cells[REFERENCE_MODEL_B], 60));
  put_verdict(judge, pair, turned ? log_other(choice) : choice);
  return HEED_OK;
}

enum { STRANGERS, UNJUDGED, CONTRADICTIONS, JUDGE_WARNINGS };

typedef char judge_text[HEED_MESSAGE_SIZE];

/* Adds what there is to warn of to the text of each warning. */
static void add_warnings(const log_reading *self, const judge_reading *judge,
                         judge_text texts[JUDGE_WARNINGS]) {
  const size_t strangers = judge->strangers.count,
               pairs = self->pairs.names.count;
  const char *start[JUDGE_WARNINGS];
  for (size_t i = 0; i < JUDGE_WARNINGS; i++)
    start[i] = *texts[i] == '\0' ? "judge" : "; judge";
  if (self->is_part || log_is_part(&judge->job)) return;
  if (strangers > 0)
    log_add(texts[STRANGERS], sizeof(judge_text),
            "%s %s: the log lacks %zu of its %zu pairs; the first is \"%.60s\" "
            "(%s:%zu)",
            start[STRANGERS], judge->name, strangers, strangers + judge->judged,
            judge->strangers.text[0], judge->job.path, judge->first_stranger);
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

static heed_status read_verdicts(log_reading *self, judge_reading *judge) {
  static const log_read_options options = {.form = LOG_AUTO};
  heed_memory memory = {self->host, false};
  log_pool pool = {.memory = memory};
  log_wanted wanted[REFERENCE_COUNT] = {{.name = NULL}};
  for (size_t i = REFERENCE_PAIR; i < REFERENCE_COUNT; i++)
    if (judge->values[i].given) wanted[i].name = judge->values[i].text;
  judge->contradicted = heed_scratch(&memory, self->pairs.names.count,
                                     sizeof *judge->contradicted);
  if (memory.refused) return heed_no_memory(self->error);
  log_names_open(&judge->strangers, &pool);
  judge->job = (log_job){.host = self->host,
                         .path = judge->values[REFERENCE_PATH].text,
                         .wanted = wanted,
                         .width = REFERENCE_COUNT,
                         .most = self->most,
                         .faults = &self->faults,
                         .sink = {take_verdict, NULL, judge},
                         .error = self->error};
  return log_read(&judge->job, &options);
}

heed_status log_make_verdicts(log_reading *self) {
  const heed_value *judges = &self->settings->values[REFERENCES];
  const size_t count = judges->count;
  heed_world *world = self->world;
  heed_memory memory = {self->host, false};
  double *reported[4];
  int8_t *verdicts;
  judge_text warnings[JUDGE_WARNINGS] = {"", "", ""};
  world->judge_count = count;
  world->judges = judges->keys;
  if (count == 0) return HEED_OK;
  verdicts =
      heed_new_column(&memory, world->pairs, "verdict", HEED_INT8, count);
  for (size_t i = 0; i < 4; i++)
    reported[i] = heed_scratch_doubles(&memory, count);
  if (memory.refused) return heed_no_memory(self->error);
  memset(verdicts, NO_VERDICT, world->pairs->rows * count);
  for (size_t i = 0; i < count; i++) {
    judge_reading judge = {.name = judges->keys[i],
                           .values = judges->items[i].items,
                           .index = i,
                           .log = self,
                           .verdicts = verdicts};
    const heed_status status = read_verdicts(self, &judge);
    if (status == HEED_OK) add_warnings(self, &judge, warnings);
    log_names_close(&judge.strangers);
    if (status != HEED_OK) return status;
    reported[0][i] = (double)judge.judged;
    reported[1][i] = (double)judge.strangers.count;
    reported[2][i] = (double)(self->pairs.names.count - judge.judged);
    reported[3][i] = (double)judge.contradictions;
  }
  warn(self, warnings);
  for (size_t i = 0; i < 4; i++)
    self->host->output(self->host, OUT_VERDICTS + i, reported[i], count);
  return HEED_OK;
}
