/* SPDX-License-Identifier: GPL-3.0-or-later
 * Makes a world: reads prompts, draws responses, scores them. */
#include <math.h>

#include "heed/memory.h"
#include "sources/llm/drawing.h"
#include "sources/llm/prompts.h"
#include "sources/llm/source.h"

enum { A, B };

typedef struct making {
  llm_source *source;
  const heed_host *host;
  heed_world *world;
  llm_source_prompts rows;
  size_t training;            /* rows with pairs */
  const char **prompt;        /* (rows) */
  heed_response *response[2]; /* (pairs) */
  size_t given[2];            /* responses given in the file */
  llm_source_checkpoint kept;
  llm_source_drawing drawn;
} making;

static const char *const letters[] = {"A", "B"};

static const llm_source_prompt *row_of(const making *self, size_t pair) {
  return &self->rows.row[pair % self->training];
}

/* ---- given responses and scores ---- */

/* Checks that a log judge has scored every pair. */
static heed_status check_log(const making *self, heed_error *error) {
  static const char *const keys[] = {"response_a", "response_b", "score_a",
                                     "score_b"};
  const size_t used = self->training < self->world->pairs->rows
                          ? self->training
                          : self->world->pairs->rows;
  for (size_t i = 0; i < used; i++) {
    const llm_source_prompt *row = &self->rows.row[i];
    const bool there[] = {row->response[A] != NULL, row->response[B] != NULL,
                          !isnan(row->score[A]), !isnan(row->score[B])};
    for (int key = 0; key < 4; key++)
      if (!there[key])
        return heed_fail(error, HEED_INVALID,
                         "%s:%zu: missing \"%s\": a log judge needs scores of "
                         "given responses",
                         self->rows.path, row->line, keys[key]);
  }
  return HEED_OK;
}

static heed_status read_prompts(making *self, heed_error *error) {
  const heed_host *host = self->host;
  llm_source *source = self->source;
  const heed_status status =
      prompts_read(host, source->prompts, &self->rows, error);
  if (status != HEED_OK) return status;
  if (self->rows.count <= source->held_out)
    return heed_fail(
        error, HEED_INVALID,
        "%s: found %zu prompt%s, expected more than held_out = %zu",
        self->rows.path, self->rows.count, heed_plural(self->rows.count),
        source->held_out);
  self->training = self->rows.count - source->held_out;
  return HEED_OK;
}

/* ---- the tables, before anything is drawn ---- */

static heed_status make_prompts(making *self, heed_error *error) {
  heed_memory memory = {self->host, false};
  heed_table *table = heed_new_table(&memory, "prompts", self->rows.count);
  self->prompt = heed_new_column(&memory, table, "text", HEED_STRING, 1);
  int64_t *line = heed_new_column(&memory, table, "line", HEED_INT64, 1);
  if (memory.refused) return heed_no_memory(error);
  for (size_t i = 0; i < self->rows.count; i++) {
    self->prompt[i] = self->rows.row[i].prompt;
    line[i] = (int64_t)self->rows.row[i].line;
  }
  self->world->path = self->rows.path;
  self->world->prompts = table;
  self->world->held_out = self->source->held_out;
  return HEED_OK;
}

static heed_status make_models(making *self, heed_error *error) {
  heed_memory memory = {self->host, false};
  heed_table *table = heed_new_table(&memory, "models", 2);
  const char **name = heed_new_column(&memory, table, "name", HEED_STRING, 1);
  for (int i = 0; i < 2 && !memory.refused; i++)
    name[i] = heed_copy_text(&memory, letters[i]);
  if (memory.refused) return heed_no_memory(error);
  self->world->models = table;
  return HEED_OK;
}

static heed_status make_pairs(making *self, heed_error *error) {
  const size_t count =
      self->source->pairs > 0 ? self->source->pairs : self->training;
  heed_memory memory = {self->host, false};
  heed_table *table = heed_new_table(&memory, "pairs", count);
  int64_t *prompt = heed_new_column(&memory, table, "prompt", HEED_INT64, 1);
  int32_t *model_a = heed_new_column(&memory, table, "model_a", HEED_INT32, 1);
  int32_t *model_b = heed_new_column(&memory, table, "model_b", HEED_INT32, 1);
  for (int i = 0; i < 2; i++)
    self->response[i] = heed_scratch(&memory, count, sizeof *self->response[i]);
  if (memory.refused) return heed_no_memory(error);
  for (size_t i = 0; i < count; i++) {
    prompt[i] = (int64_t)(i % self->training);
    model_a[i] = A;
    model_b[i] = B;
  }
  self->world->pairs = table;
  return HEED_OK;
}

/* ---- responses ---- */

/* Those of one side that are missing from the file. */
static heed_status draw_side(making *self, int side, heed_error *error) {
  static const char *const purposes[] = {"response_a", "response_b"};
  heed_memory memory = {self->host, false};
  const llm_source_version *version = &self->source->version[side];
  const size_t pairs = self->world->pairs->rows;
  uint64_t *entity = heed_scratch(&memory, pairs, sizeof *entity);
  heed_response *wanted = heed_scratch(&memory, pairs, sizeof *wanted);
  size_t count = 0;
  if (memory.refused) return heed_no_memory(error);
  for (size_t i = 0; i < pairs; i++) {
    heed_response *made = &self->response[side][i];
    *made = (heed_response){.prompt = i % self->training,
                            .candidate = -1,
                            .text = row_of(self, i)->response[side]};
    if (made->text != NULL) {
      made->length = strlen(made->text);
      continue;
    }
    wanted[count] = *made;
    entity[count++] = i;
  }
  self->given[side] = pairs - count;
  const heed_status status = drawing_draw(
      &self->drawn, &self->source->open, &version->reads, version->sampling,
      purposes[side], letters[side], count, entity, wanted, error);
  for (size_t i = 0; status == HEED_OK && i < count; i++)
    self->response[side][entity[i]] = wanted[i];
  return status;
}

/* One response of the reference policy to each held-out prompt. */
static heed_status draw_reference(making *self, heed_error *error) {
  heed_memory memory = {self->host, false};
  heed_table *prompts = self->world->prompts;
  const size_t count = self->source->held_out;
  const llm_sampling whole = {.temperature = 1, .top_k = 0, .top_p = 1};
  uint64_t *entity = heed_scratch(&memory, count, sizeof *entity);
  heed_response *wanted = heed_scratch(&memory, count, sizeof *wanted);
  const char **text =
      heed_new_column(&memory, prompts, "response", HEED_STRING, 1);
  int8_t *cut = heed_new_column(&memory, prompts, "cut", HEED_INT8, 1);
  if (memory.refused) return heed_no_memory(error);
  for (size_t i = 0; i < count; i++) {
    entity[i] = self->training + i;
    wanted[i] = (heed_response){.prompt = self->training + i, .candidate = -1};
  }
  const heed_status status = drawing_draw(
      &self->drawn, &self->source->open, &self->source->version[A].reads, whole,
      "reference", "the reference policy", count, entity, wanted, error);
  for (size_t i = 0; status == HEED_OK && i < count; i++) {
    text[self->training + i] = wanted[i].text;
    cut[self->training + i] = wanted[i].cut ? 1 : 0;
  }
  return status;
}

/* Closes B's model unless it is A's (needed by the reference policy) or a
 * judge's. */
static void drop_b(const making *self) {
  llm_source *source = self->source;
  const language_model_options *a = &source->version[A].reads;
  const language_model_options *b = &source->version[B].reads;
  bool needed = models_are_one(a->path, a->adapter, b->path, b->adapter);
  for (int i = 0; i < 2; i++)
    needed = needed || (source->judge[i].kind == JUDGE_LIKELIHOOD &&
                        models_are_one(source->judge[i].model, NULL, b->path,
                                       b->adapter));
  if (!needed) models_drop(&source->open, b->path, b->adapter);
}

static heed_status draw(making *self, heed_error *error) {
  heed_status status = checkpoint_open(self->host, &self->kept, error);
  self->drawn = (llm_source_drawing){.host = self->host,
                                     .kept = &self->kept,
                                     .prompt = self->prompt,
                                     .most = self->source->max_tokens,
                                     .together = self->source->together};
  /* A and the reference share a model, so B comes last. */
  if (status == HEED_OK) status = draw_reference(self, error);
  if (status == HEED_OK) status = draw_side(self, A, error);
  if (status == HEED_OK) status = draw_side(self, B, error);
  drop_b(self);
  checkpoint_close(&self->kept);
  return status;
}

static heed_status put_responses(const making *self, heed_error *error) {
  static const char *const texts[] = {"text_a", "text_b"};
  static const char *const cuts[] = {"cut_a", "cut_b"};
  const heed_host *host = self->host;
  heed_table *pairs = self->world->pairs;
  heed_memory memory = {host, false};
  for (int side = 0; side < 2; side++) {
    const char **text =
        heed_new_column(&memory, pairs, texts[side], HEED_STRING, 1);
    int8_t *cut = heed_new_column(&memory, pairs, cuts[side], HEED_INT8, 1);
    double share = 0;
    if (memory.refused) return heed_no_memory(error);
    for (size_t i = 0; i < pairs->rows; i++) {
      text[i] = self->response[side][i].text;
      cut[i] = self->response[side][i].cut ? 1 : 0;
      share += cut[i];
    }
    share /= (double)pairs->rows;
    host->output(host, side == A ? OUT_CUT_A : OUT_CUT_B, &share, 1);
    host->log(host, "%s: %zu responses given, %.1f %% of all truncated",
              letters[side], self->given[side], 100 * share);
  }
  return HEED_OK;
}

static void report(const making *self) {
  const heed_host *host = self->host;
  const double tokens = (double)self->drawn.tokens;
  host->output(host, OUT_TOKENS, &tokens, 1);
  if (self->drawn.tokens_now > 0 && self->drawn.seconds > 0)
    host->log(host, "%.0f tokens a second",
              (double)self->drawn.tokens_now / self->drawn.seconds);
}

/* ---- scores ---- */

static void take_log(const making *self, int side, double *scores) {
  for (size_t i = 0; i < self->world->pairs->rows; i++)
    scores[i] = row_of(self, i)->score[side];
}

static heed_status score_side(const making *self, int which, int side,
                              heed_error *error) {
  static const char *const names[2][2] = {{"score_a", "score_b"},
                                          {"second_score_a", "second_score_b"}};
  static const char *const what[2] = {"scores of A's responses",
                                      "scores of B's responses"};
  const heed_host *host = self->host;
  llm_source *source = self->source;
  heed_table *pairs = self->world->pairs;
  double *scores =
      host->column(host, pairs, names[which][side], HEED_FLOAT64, 1);
  double mean = 0;
  heed_status status = HEED_OK;
  if (scores == NULL) return heed_no_memory(error);
  if (source->judge[which].kind == JUDGE_LOG)
    take_log(self, side, scores);
  else
    status = judge_score(&source->judge[which], &source->open, host, what[side],
                         self->prompt, pairs->rows, self->response[side],
                         scores, error);
  for (size_t i = 0; status == HEED_OK && i < pairs->rows; i++)
    mean += scores[i] / (double)pairs->rows;
  if (status == HEED_OK)
    host->log(host, "%s by %s: mean %g", what[side],
              judge_kind_words[source->judge[which].kind], mean);
  return status;
}

static heed_status score(const making *self, heed_error *error) {
  heed_status status = HEED_OK;
  for (int which = 0; which < 2; which++)
    for (int side = 0; side < 2 && status == HEED_OK; side++)
      if (self->source->judge[which].kind != JUDGE_NONE)
        status = score_side(self, which, side, error);
  return status;
}

heed_status making_make(llm_source *source, const heed_host *host,
                        heed_world *world, heed_error *error) {
  making self = {.source = source, .host = host, .world = world};
  heed_status status = read_prompts(&self, error);
  if (status == HEED_OK) status = make_prompts(&self, error);
  if (status == HEED_OK) status = make_models(&self, error);
  if (status == HEED_OK) status = make_pairs(&self, error);
  if (status == HEED_OK && (source->judge[0].kind == JUDGE_LOG ||
                            source->judge[1].kind == JUDGE_LOG))
    status = check_log(&self, error);
  if (status == HEED_OK) status = draw(&self, error);
  if (status == HEED_OK) status = put_responses(&self, error);
  if (status == HEED_OK) report(&self);
  return status == HEED_OK ? score(&self, error) : status;
}
