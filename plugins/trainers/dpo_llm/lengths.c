/* SPDX-License-Identifier: GPL-3.0-or-later
 * Pairs that are longer than the model's context. */
#include "trainers/dpo_llm/lengths.h"

#include <stdio.h>
#include <string.h>

#include "heed/memory.h"
#include "support/crowd/pair_name.h"
#include "support/llm/gguf.h"
#include "support/llm/model.h"

const char *const lengths_rule_words[] = {"error", "skip", "cut", NULL};

const char *const *lengths_prompts(const heed_world *world, heed_error *error) {
  const char *const *prompts =
      heed_table_data(world->prompts, "text", HEED_STRING);
  if (prompts == NULL)
    (void)heed_fail(error, HEED_UNSUPPORTED,
                    "the prompts have no column `text`, which a language model "
                    "needs");
  return prompts;
}

heed_status lengths_responses(const heed_world *world, size_t pair,
                              heed_response response[2], heed_error *error) {
  static const char *const columns[2][2] = {{"text_a", "cut_a"},
                                            {"text_b", "cut_b"}};
  const int64_t *prompt = heed_table_data(world->pairs, "prompt", HEED_INT64);
  for (size_t side = 0; side < 2; side++) {
    const char *const *text =
        heed_table_data(world->pairs, columns[side][0], HEED_STRING);
    const int8_t *cut =
        heed_table_data(world->pairs, columns[side][1], HEED_INT8);
    if (text == NULL || prompt == NULL)
      return heed_fail(error, HEED_UNSUPPORTED,
                       "the pairs have no columns `prompt` and `%s`, which a "
                       "language model needs",
                       columns[side][0]);
    response[side] = (heed_response){.prompt = (size_t)prompt[pair],
                                     .candidate = -1,
                                     .text = text[pair],
                                     .length = strlen(text[pair]),
                                     .cut = cut != NULL && cut[pair] != 0};
  }
  return HEED_OK;
}

/* A check under way. */
typedef struct lengths_checking {
  const heed_host *host;
  const language_model *model;
  const heed_world *world;
  const char *const *prompts;
  lengths_rule rule;
  size_t cut, skipped; /* pairs */
} lengths_checking;

static heed_status refuse(const lengths_checking *self, size_t pair,
                          size_t tokens, heed_error *error) {
  char place[PAIR_NAME_SIZE];
  pair_name(self->world, pair, place);
  return heed_fail(error, HEED_INVALID,
                   "%s: its prompt and a response have %zu tokens, %s reads at "
                   "most %zu; set trainer.too_long to \"skip\" or \"cut\"",
                   place, tokens, gguf_name(self->model->file),
                   self->model->weights->shape.context);
}

/* *fits: the pair can be trained on, after truncation if the rule says so. */
static heed_status check_pair(lengths_checking *self, size_t pair, bool *fits,
                              heed_error *error) {
  heed_response response[2];
  bool cut = false;
  heed_status status = lengths_responses(self->world, pair, response, error);
  *fits = true;
  for (size_t side = 0; side < 2 && status == HEED_OK && *fits; side++) {
    const char *prompt = self->prompts[response[side].prompt];
    size_t tokens = 0;
    status = language_model_length(self->model, prompt, &response[side],
                                   &tokens, error);
    if (status != HEED_OK || tokens <= self->model->weights->shape.context)
      continue;
    if (self->rule == LENGTHS_ERROR) return refuse(self, pair, tokens, error);
    cut = self->rule == LENGTHS_CUT;
    if (cut)
      status =
          language_model_truncate(self->model, prompt, &response[side], error);
    *fits = cut && response[side].length > 0;
  }
  self->cut += *fits && cut;
  self->skipped += !*fits;
  return status;
}

static void warn(const lengths_checking *self) {
  const size_t context = self->model->weights->shape.context;
  if (self->cut > 0)
    self->host->warn(self->host, "responses_cut",
                     "responses of %zu pairs were cut to the %zu tokens that "
                     "the model reads",
                     self->cut, context);
  if (self->skipped > 0)
    self->host->warn(self->host, "pairs_too_long",
                     "%zu pairs are longer than the %zu tokens that the model "
                     "reads, and were skipped",
                     self->skipped, context);
}

heed_status lengths_check(const heed_host *host, const language_model *model,
                          const heed_crowd *crowd, lengths_rule rule,
                          heed_selection *selection, heed_error *error) {
  enum { UNSEEN, FITS, LONG };
  const int64_t *pair = heed_table_data(crowd->annotations, "pair", HEED_INT64);
  heed_memory memory = {host, false};
  int8_t *seen = heed_scratch(&memory, crowd->world->pairs->rows, sizeof *seen);
  lengths_checking self = {.host = host,
                           .model = model,
                           .world = crowd->world,
                           .prompts = lengths_prompts(crowd->world, error),
                           .rule = rule};
  if (memory.refused) return heed_no_memory(error);
  if (self.prompts == NULL) return HEED_UNSUPPORTED;
  for (size_t i = 0; i < selection->count; i++) {
    bool fits;
    if (selection->weight[i] <= 0) continue;
    if (seen[pair[i]] == UNSEEN) {
      const heed_status status =
          check_pair(&self, (size_t)pair[i], &fits, error);
      if (status != HEED_OK) return status;
      seen[pair[i]] = fits ? FITS : LONG;
    }
    if (seen[pair[i]] == LONG) selection->weight[i] = 0;
  }
  warn(&self);
  return HEED_OK;
}
