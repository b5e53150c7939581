/* SPDX-License-Identifier: GPL-3.0-or-later
 * Compares policies with their reference in worlds of texts: both answer each
 * held-out prompt once, and judges compare the answers. */
#include <string.h>

#include "evaluation/evaluation.h"

/* Judges score all responses at once.  *rewards stays NULL if the world has no
 * such judge. */
typedef heed_status texts_judging(void *self, const heed_host *host,
                                  const heed_world *world, size_t count,
                                  const heed_response *responses,
                                  double *rewards, heed_error *error);

static heed_status ask(const heed_instance *source, texts_judging *judge,
                       const heed_world *world, host_service *host,
                       size_t count, const heed_response *responses,
                       double **rewards, heed_error *error) {
  double *made;
  heed_status status;
  *rewards = NULL;
  if (judge == NULL) return HEED_OK;
  made = host->host.allocate(&host->host, count, sizeof *made);
  if (made == NULL) return heed_no_memory(error);
  status =
      judge(source->self, &host->host, world, count, responses, made, error);
  if (status == HEED_UNSUPPORTED) return HEED_OK;
  for (size_t i = 0; status == HEED_OK && i < count; i++)
    if (!isfinite(made[i]))
      status = heed_fail(error, HEED_NUMERIC,
                         "invalid output: the response to prompt %zu has "
                         "reward %g, expected a finite number",
                         responses[i].prompt, made[i]);
  if (status == HEED_OK) *rewards = made;
  return status;
}

/* The reference's responses to the held-out prompts. */
static heed_response *reference_responses(const heed_world *world,
                                          const char *const *text,
                                          heed_memory *memory) {
  const size_t count = world->held_out;
  const size_t first = world->prompts->rows - count;
  const int8_t *cut = heed_table_data(world->prompts, "cut", HEED_INT8);
  heed_response *all = heed_allocate(memory, count, sizeof *all);
  for (size_t i = 0; all != NULL && i < count; i++)
    all[i] = (heed_response){.prompt = first + i,
                             .candidate = -1,
                             .text = text[first + i],
                             .length = strlen(text[first + i]),
                             .cut = cut != NULL && cut[first + i] != 0};
  return all;
}

heed_status texts_know(const heed_instance *source, const heed_world *world,
                       host_service *host, const evaluation_prompts **result,
                       heed_error *error) {
  const heed_source_functions *functions = source->plugin->functions;
  const char *const *text =
      heed_table_data(world->prompts, "response", HEED_STRING);
  heed_memory memory = {&host->host, false};
  evaluation_prompts *self;
  heed_response *all;
  heed_status status;
  if (text == NULL) return HEED_OK;
  self = heed_allocate(&memory, 1, sizeof *self);
  all = reference_responses(world, text, &memory);
  if (memory.refused) return heed_no_memory(error);
  self->count = world->held_out;
  self->first = world->prompts->rows - world->held_out;
  status = ask(source, functions->judge, world, host, self->count, all,
               &self->reward, error);
  if (status == HEED_OK && self->reward != NULL)
    status = ask(source, functions->second_judge, world, host, self->count, all,
                 &self->second, error);
  if (status == HEED_OK && self->reward != NULL) *result = self;
  return status;
}

/* ---- a policy ---- */

/* The policy's responses and their scores; all (H). */
typedef struct texts_answers {
  heed_response *response;
  double *reward, *second;    /* second: may be NULL */
  double *policy, *reference; /* log-probabilities */
} texts_answers;

static heed_status draw(const heed_evaluation *self, texts_answers *made,
                        heed_error *error) {
  const evaluation_prompts *known = self->prompts;
  const heed_trainer_functions *trainer = self->trainer->plugin->functions;
  const heed_host *host = &self->host->host;
  heed_memory memory = {host, false};
  heed_stream *stream = heed_scratch(&memory, known->count, sizeof *stream);
  made->response = heed_scratch(&memory, known->count, sizeof *made->response);
  if (memory.refused) return heed_no_memory(error);
  for (size_t i = 0; i < known->count; i++) {
    stream[i] = host->stream(host, "response", known->first + i);
    made->response[i] =
        (heed_response){.prompt = known->first + i, .candidate = -1};
  }
  evaluation_calls(self, self->trainer);
  const heed_status status =
      trainer->sample(self->trainer->self, host, self->world, self->policy,
                      known->count, stream, made->response, error);
  for (size_t i = 0; status == HEED_OK && i < known->count; i++)
    if (made->response[i].text == NULL)
      return heed_fail(error, HEED_NUMERIC,
                       "invalid output: no response to prompt %zu",
                       made->response[i].prompt);
  return status;
}

static heed_status weigh(const heed_evaluation *self, texts_answers *made,
                         heed_error *error) {
  const evaluation_prompts *known = self->prompts;
  const heed_source_functions *source = self->source->plugin->functions;
  const heed_trainer_functions *trainer = self->trainer->plugin->functions;
  const heed_host *host = &self->host->host;
  heed_memory memory = {host, false};
  heed_status status;
  made->policy = heed_scratch_doubles(&memory, known->count);
  made->reference = heed_scratch_doubles(&memory, known->count);
  if (memory.refused) return heed_no_memory(error);
  status = trainer->log_probability(self->trainer->self, host, self->world,
                                    self->policy, known->count, made->response,
                                    made->policy, error);
  if (status != HEED_OK) return status;
  evaluation_calls(self, self->source);
  status =
      source->reference(self->source->self, host, self->world, known->count,
                        made->response, made->reference, error);
  for (size_t i = 0; status == HEED_OK && i < known->count; i++)
    if (!isfinite(made->policy[i]) || !isfinite(made->reference[i]))
      return heed_fail(error, HEED_NUMERIC,
                       "invalid output: the policy's response to prompt "
                       "%zu has log-probability %g, under the reference %g",
                       known->first + i, made->policy[i], made->reference[i]);
  return status;
}

static heed_status judge(const heed_evaluation *self, texts_answers *made,
                         heed_error *error) {
  const evaluation_prompts *known = self->prompts;
  const heed_source_functions *source = self->source->plugin->functions;
  heed_status status = ask(self->source, source->judge, self->world, self->host,
                           known->count, made->response, &made->reward, error);
  if (status == HEED_OK && known->second != NULL)
    status = ask(self->source, source->second_judge, self->world, self->host,
                 known->count, made->response, &made->second, error);
  if (status == HEED_OK && made->reward == NULL)
    return heed_fail(
        error, HEED_UNSUPPORTED,
        "the judge scores the reference's responses but not the policy's");
  return status;
}

/* ---- the metrics ---- */

/* Mean of `count` values and its standard error, into two metrics. */
static void put_mean(const heed_evaluation *self, evaluation_metric mean_into,
                     evaluation_metric error_into, size_t count,
                     const double *values) {
  double mean = 0, square = 0;
  for (size_t i = 0; i < count; i++) mean += values[i] / (double)count;
  for (size_t i = 0; i < count; i++)
    square += (values[i] - mean) * (values[i] - mean);
  if (self->target[mean_into] != NULL) *self->target[mean_into] = mean;
  if (self->target[error_into] != NULL && count > 1)
    *self->target[error_into] =
        sqrt(square / ((double)count - 1) / (double)count);
}

static void put_columns(const heed_evaluation *self, const texts_answers *made,
                        double *win, double *gain, double *ratio) {
  const evaluation_prompts *known = self->prompts;
  const double *mine = made->second != NULL ? made->second : made->reward;
  const double *theirs = made->second != NULL ? known->second : known->reward;
  for (size_t i = 0; i < known->count; i++) {
    win[i] = evaluation_sigmoid(mine[i] - theirs[i]);
    gain[i] = made->reward[i] - known->reward[i];
    ratio[i] = made->policy[i] - made->reference[i];
  }
  put_mean(self, METRIC_WIN_RATE, METRIC_WIN_RATE_ERROR, known->count, win);
  put_mean(self, METRIC_REWARD_SCORE, METRIC_REWARD_ERROR, known->count, gain);
  put_mean(self, METRIC_KL, METRIC_KL_ERROR, known->count, ratio);
}

/* The table of drawn responses: one row per prompt. */
static heed_status put_responses(const heed_evaluation *self,
                                 const texts_answers *made, heed_error *error) {
  const heed_table *prompts = self->world->prompts;
  const size_t count = self->prompts->count, first = self->prompts->first;
  const char *const *asked = heed_table_data(prompts, "text", HEED_STRING);
  const char *const *earlier =
      heed_table_data(prompts, "response", HEED_STRING);
  heed_memory memory = {&self->host->host, false};
  heed_table *table = heed_new_table(&memory, "responses", count);
  int64_t *prompt = heed_new_column(&memory, table, "prompt", HEED_INT64, 1);
  const char **text = heed_new_column(&memory, table, "text", HEED_STRING, 1);
  const char **reference =
      heed_new_column(&memory, table, "reference", HEED_STRING, 1);
  const char **policy =
      heed_new_column(&memory, table, "policy", HEED_STRING, 1);
  double *win = heed_new_column(&memory, table, "win", HEED_FLOAT64, 1);
  double *gain =
      heed_new_column(&memory, table, "reward_gain", HEED_FLOAT64, 1);
  double *ratio = heed_new_column(&memory, table, "log_ratio", HEED_FLOAT64, 1);
  for (size_t i = 0; i < count && !memory.refused; i++) {
    prompt[i] = (int64_t)(first + i);
    text[i] = asked == NULL ? "" : asked[first + i];
    reference[i] = earlier[first + i];
    policy[i] = heed_copy_text(&memory, made->response[i].text);
  }
  if (memory.refused) return heed_no_memory(error);
  put_columns(self, made, win, gain, ratio);
  *self->responses = table;
  return HEED_OK;
}

heed_status evaluate_texts(const heed_evaluation *self, heed_error *error) {
  const heed_trainer_functions *trainer = self->trainer->plugin->functions;
  texts_answers made = {0};
  heed_status status;
  if (trainer->sample == NULL) return HEED_OK;
  status = draw(self, &made, error);
  if (status == HEED_OK) status = weigh(self, &made, error);
  if (status == HEED_OK) status = judge(self, &made, error);
  if (status != HEED_OK) return status;
  evaluation_calls(self, NULL);
  return put_responses(self, &made, error);
}
