/* SPDX-License-Identifier: GPL-3.0-or-later
 * The learner of a language model: its data, and the trained parameters. */
#include "trainers/dpo_llm/learner.h"

#include <assert.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "support/llm/carving.h"
#include "support/llm/language_model.h"
#include "support/llm/model.h"
#include "trainers/dpo_llm/lengths.h"

/* ---- pairs ---- */

/* There are at most as many pairs as rows. */
static void place_rows(void *object, carving_block *block) {
  dpo_llm_learner *self = object;
  const size_t n = self->rows->count;
  self->place = carve_sizes(block, n);
  self->pair_of = carve_sizes(block, n);
  self->first_row = carve_sizes(block, n + 1);
  self->row = carve_sizes(block, n);
  self->order = carve_sizes(block, n);
  self->response = carve(block, n, 2 * sizeof *self->response);
  self->reference = carve_doubles(block, n, 2);
  self->margin = carve_doubles(block, n, 1);
}

/* The rows' pairs, numbered in order of first appearance. */
static heed_status number_pairs(dpo_llm_learner *self, heed_error *error) {
  const crowd_comparisons *rows = self->rows;
  const size_t all = self->world->pairs->rows;
  size_t *number = malloc((all + 1) * sizeof *number);
  if (number == NULL) return heed_no_memory(error);
  for (size_t i = 0; i < all; i++) number[i] = SIZE_MAX;
  for (size_t i = 0; i < rows->count; i++) {
    size_t *position = &number[rows->pair[i]];
    if (*position == SIZE_MAX) {
      self->place[self->pairs] = rows->pair[i];
      *position = self->pairs++;
    }
    self->pair_of[i] = *position;
  }
  free(number);
  assert(self->pairs <= rows->count);
  comparisons_group(rows->count, self->pairs, self->pair_of, self->first_row,
                    self->row);
  return HEED_OK;
}

static heed_status find_responses(dpo_llm_learner *self,
                                  const char *const *prompt,
                                  heed_error *error) {
  for (size_t u = 0; u < self->pairs; u++) {
    heed_response *response = &self->response[2 * u];
    heed_status status =
        lengths_responses(self->world, self->place[u], response, error);
    for (int side = 0; side < 2; side++)
      if (status == HEED_OK && self->options->truncate)
        status = language_model_truncate(
            self->model, prompt[response[side].prompt], &response[side], error);
    if (status != HEED_OK) return status;
  }
  return HEED_OK;
}

static heed_status read_pairs(dpo_llm_learner *self, heed_error *error) {
  const char *const *prompt = lengths_prompts(self->world, error);
  heed_status status = HEED_OK;
  if (prompt == NULL) return HEED_UNSUPPORTED;
  self->row_memory = carving_open(place_rows, self);
  if (self->row_memory == NULL) return heed_no_memory(error);
  status = number_pairs(self, error);
  if (status == HEED_OK) status = find_responses(self, prompt, error);
  if (status != HEED_OK) return status;
  status = language_model_read(self->model, prompt, 2 * self->pairs,
                               self->response, &self->texts, error);
  if (status != HEED_OK) return status;
  return language_model_score(
      self->model, NULL, self->host, "the reference reads the pairs", prompt,
      2 * self->pairs, self->response, self->reference, NULL, error);
}

/* ---- the trained parameters ---- */

static heed_status open_parameters(dpo_llm_learner *self, heed_error *error) {
  const llm_model *earlier = self->model->weights;
  heed_stream stream = self->host->stream(self->host, "adapter", 0);
  size_t stretches = 0;
  heed_status status;
  if (self->options->training == LLM_TRAIN_ADAPTER) {
    status = llm_adapter_new(&earlier->shape, &self->options->adapter, &stream,
                             &self->adapter, error);
    if (status != HEED_OK) return status;
    self->parameters = self->adapter->values;
    self->count = self->adapter->layout.count;
  } else {
    status = llm_model_copy(earlier, &self->weights, error);
    if (status != HEED_OK) return status;
    self->parameters = self->weights->weights;
    self->count = self->weights->layout.count;
    self->stretch = adamw_stretches_of(self->weights, &stretches);
    if (self->stretch == NULL) return heed_no_memory(error);
  }
  self->gradient = calloc(self->count, sizeof *self->gradient);
  if (self->gradient == NULL) return heed_no_memory(error);
  return adamw_open(self->count, &self->options->optimiser, self->stretch,
                    stretches, self->workers, &self->optimiser, error);
}

/* Tokens of a pair: its prompt and both responses. */
static size_t pair_tokens(const dpo_llm_learner *self, size_t pair) {
  const language_model_answer *texts = &self->texts;
  return texts->first[2 * pair + 1] - texts->first[2 * pair] +
         spoken_answer(texts, 2 * pair + 1);
}

static int by_size(const void *a, const void *b) {
  const size_t one = *(const size_t *)a, other = *(const size_t *)b;
  return one < other ? 1 : one > other ? -1 : 0;
}

/* The most that a pass may hold: the longest pairs together. */
static heed_status find_limits(dpo_llm_learner *self, heed_error *error) {
  const size_t n = self->pairs;
  llm_limits *limits = &self->limits;
  size_t *sizes = malloc((n + 1) * sizeof *sizes);
  if (sizes == NULL) return heed_no_memory(error);
  *limits = (llm_limits){0, 1, 0};
  for (size_t i = 0; i < n; i++) sizes[i] = pair_tokens(self, i);
  qsort(sizes, n, sizeof *sizes, by_size);
  for (size_t i = 0; i < n && i < self->options->together; i++)
    limits->tokens += sizes[i];
  limits->asked = limits->tokens;
  for (size_t i = 0; i < 2 * self->pairs; i++) {
    const size_t length = self->texts.first[i + 1] - self->texts.first[i];
    if (length > limits->longest) limits->longest = length;
  }
  free(sizes);
  return HEED_OK;
}

static void count_steps(dpo_llm_learner *self) {
  const size_t batch = self->options->batch;
  const size_t per_epoch = (self->pairs + batch - 1) / batch;
  self->steps = self->options->epochs * per_epoch;
  for (size_t i = 0; i < self->rows->count; i++)
    self->step_weight += self->rows->weight[i] / (double)per_epoch;
}

static void place_steps(void *object, carving_block *block) {
  dpo_llm_learner *self = object;
  self->found = carve_doubles(block, self->limits.tokens, 1);
  self->slope = carve_doubles(block, self->limits.tokens, 1);
  self->history = carve(block, self->steps, sizeof *self->history);
}

static heed_status open_pass(dpo_llm_learner *self, heed_error *error) {
  const llm_pass_options options = {self->options->training,
                                    self->options->checkpoints,
                                    self->options->adapter};
  const llm_model *model =
      self->weights != NULL ? self->weights : self->model->weights;
  heed_status status = find_limits(self, error);
  if (status != HEED_OK) return status;
  status = packed_open(&self->texts, self->limits.tokens, &self->some, error);
  if (status != HEED_OK) return status;
  count_steps(self);
  self->step_memory = carving_open(place_steps, self);
  if (self->step_memory == NULL) return heed_no_memory(error);
  self->host->log(
      self->host,
      "%zu comparisons of %zu pairs; %zu parameters; %.0f MB "
      "beside the model",
      self->rows->count, self->pairs, self->count,
      1e-6 * (16.0 * (double)self->count +
              (double)llm_pass_bytes(&model->shape, &options, &self->limits,
                                     crew_members(self->workers))));
  return llm_pass_open(model, &options, &self->limits, self->workers,
                       &self->pass, error);
}

heed_status learner_open(dpo_llm_learner *self, heed_error *error) {
  heed_status status = read_pairs(self, error);
  if (status == HEED_OK) status = crew_open(0, &self->workers, error);
  if (status == HEED_OK) status = open_parameters(self, error);
  return status == HEED_OK ? open_pass(self, error) : status;
}

void learner_close(dpo_llm_learner *self) {
  llm_pass_close(self->pass);
  adamw_close(self->optimiser);
  crew_close(self->workers);
  llm_adapter_close(self->adapter);
  llm_model_close(self->weights);
  spoken_free(&self->texts);
  free(self->stretch);
  free(self->gradient);
  free(self->row_memory);
  packed_close(&self->some);
  free(self->step_memory);
}
