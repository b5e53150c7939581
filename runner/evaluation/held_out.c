/* SPDX-License-Identifier: GPL-3.0-or-later
 * Scores held-out annotations under the reward that a policy implies. */
#include <assert.h>
#include <string.h>

#include "evaluation/evaluation.h"

/* Where a pair's responses are: candidates, or texts. */
typedef struct pair_responses {
  const int64_t *prompt;
  const int64_t *candidate[2];
  const char *const *text[2];
  const int8_t *cut[2];
} pair_responses;

static pair_responses responses_in(const heed_table *pairs) {
  static const char *const columns[2][3] = {{"response_a", "text_a", "cut_a"},
                                            {"response_b", "text_b", "cut_b"}};
  pair_responses found = {.prompt =
                              heed_table_data(pairs, "prompt", HEED_INT64)};
  for (size_t i = 0; i < 2; i++) {
    found.candidate[i] = heed_table_data(pairs, columns[i][0], HEED_INT64);
    found.text[i] = heed_table_data(pairs, columns[i][1], HEED_STRING);
    found.cut[i] = heed_table_data(pairs, columns[i][2], HEED_INT8);
  }
  return found;
}

/* The two responses of a pair. */
static void put_responses(const pair_responses *self, const heed_world *world,
                          size_t pair, heed_response both[2]) {
  assert(self->prompt != NULL);
  for (size_t i = 0; i < 2; i++) {
    both[i] =
        (heed_response){.prompt = (size_t)self->prompt[pair], .candidate = -1};
    if (world->candidates > 0) {
      both[i].candidate = self->candidate[i][pair];
    } else {
      both[i].text = self->text[i][pair];
      both[i].length = strlen(both[i].text);
      both[i].cut = self->cut[i] != NULL && self->cut[i][pair] != 0;
    }
  }
}

/* Untied annotations whose responses are asked about in one call.  A language
 * model reads one pair at a time. */
enum { ASKED_CANDIDATES = 512, ASKED_TEXTS = 1 };

typedef struct held_out_room {
  heed_response *both;        /* 2 x ASKED_CANDIDATES */
  double *policy, *reference; /* the same */
  size_t *order;              /* untied rows by prompt */
  size_t count;
  double *difference; /* of each annotation */
} held_out_room;

static heed_status ask(const heed_evaluation *self, const held_out_room *room,
                       size_t responses, heed_error *error) {
  const heed_trainer_functions *trainer = self->trainer->plugin->functions;
  const heed_source_functions *source = self->source->plugin->functions;
  evaluation_calls(self, self->source);
  const heed_status status =
      source->reference(self->source->self, &self->host->host, self->world,
                        responses, room->both, room->reference, error);
  if (status != HEED_OK) return status;
  evaluation_calls(self, self->trainer);
  return trainer->log_probability(self->trainer->self, &self->host->host,
                                  self->world, self->policy, responses,
                                  room->both, room->policy, error);
}

/* scale x (log pi/pi_ref(A's) - log pi/pi_ref(B's)) of an annotation's pair,
 * whose responses are at `position`. */
static heed_status put_difference(const heed_evaluation *self,
                                  const held_out_room *room, size_t position,
                                  size_t row, size_t pair, heed_error *error) {
  const double *policy = room->policy + position;
  const double *reference = room->reference + position;
  const double difference = self->policy->scale * ((policy[0] - reference[0]) -
                                                   (policy[1] - reference[1]));
  room->difference[row] = difference;
  if (!isnan(difference)) return HEED_OK;
  return heed_fail(error, HEED_NUMERIC,
                   "invalid output: the responses of pair %zu have "
                   "log-probabilities %g and %g, and %g and %g under the "
                   "reference",
                   pair, policy[0], policy[1], reference[0], reference[1]);
}

/* Annotations begin … end - 1 of the order. */
static heed_status find_some(const heed_evaluation *self,
                             const held_out_room *room,
                             const pair_responses *responses, size_t begin,
                             size_t end, heed_error *error) {
  const int64_t *pair =
      heed_table_data(self->held_out->annotations, "pair", HEED_INT64);
  for (size_t i = begin; i < end; i++)
    put_responses(responses, self->world, (size_t)pair[room->order[i]],
                  room->both + 2 * (i - begin));
  heed_status status = ask(self, room, 2 * (end - begin), error);
  for (size_t i = begin; status == HEED_OK && i < end; i++)
    status = put_difference(self, room, 2 * (i - begin), room->order[i],
                            (size_t)pair[room->order[i]], error);
  if (status == HEED_OK) evaluation_calls(self, NULL);
  return status;
}

/* Puts untied annotations in the order of their prompts, because responses to
 * one prompt are asked about together. */
static heed_status sort_by_prompt(const heed_evaluation *self,
                                  const int64_t *prompt, held_out_room *room,
                                  heed_error *error) {
  const heed_table *table = self->held_out->annotations;
  const int64_t *pair = heed_table_data(table, "pair", HEED_INT64);
  const int8_t *choice = heed_table_data(table, "choice", HEED_INT8);
  heed_memory memory = {&self->host->host, false};
  size_t *next = heed_scratch_sizes(&memory, self->world->prompts->rows + 1);
  if (memory.refused) return heed_no_memory(error);
  for (size_t i = 0; i < table->rows; i++)
    if (choice[i] != HEED_CHOSE_TIE) next[prompt[pair[i]] + 1]++;
  for (size_t k = 0; k < self->world->prompts->rows; k++)
    next[k + 1] += next[k];
  room->count = next[self->world->prompts->rows];
  for (size_t i = 0; i < table->rows; i++)
    if (choice[i] != HEED_CHOSE_TIE) room->order[next[prompt[pair[i]]]++] = i;
  return HEED_OK;
}

/* The implied difference of each untied annotation. */
static heed_status find_differences(const heed_evaluation *self,
                                    double *difference, heed_error *error) {
  const pair_responses responses = responses_in(self->world->pairs);
  const size_t rows = self->held_out->annotations->rows;
  const size_t most =
      self->world->candidates > 0 ? ASKED_CANDIDATES : ASKED_TEXTS;
  heed_memory memory = {&self->host->host, false};
  held_out_room room = {
      .both = heed_scratch(&memory, 2 * most, sizeof *room.both),
      .policy = heed_scratch_doubles(&memory, 2 * most),
      .reference = heed_scratch_doubles(&memory, 2 * most),
      .order = heed_scratch_sizes(&memory, rows),
      .difference = difference};
  if (memory.refused) return heed_no_memory(error);
  heed_status status = sort_by_prompt(self, responses.prompt, &room, error);
  for (size_t i = 0; status == HEED_OK && i < room.count; i += most)
    status = find_some(self, &room, &responses, i,
                       room.count - i < most ? room.count : i + most, error);
  return status;
}

/* P(this choice) of a casual user for each held-out annotation. */
static heed_status casual_choices(const heed_evaluation *self, double *casual,
                                  heed_error *error) {
  const heed_table *table = self->held_out->annotations;
  const heed_user_model_functions *model;
  heed_memory memory = {&self->host->host, false};
  double *p = heed_scratch_doubles(&memory, table->rows);
  size_t *row = heed_scratch_sizes(&memory, table->rows);
  size_t *pair = heed_scratch_sizes(&memory, table->rows);
  const int64_t *pairs = heed_table_data(table, "pair", HEED_INT64);
  if (memory.refused) return heed_no_memory(error);
  for (size_t i = 0; i < table->rows; i++) {
    p[i] = casual[i] = 0.5;
    row[i] = i;
    pair[i] = (size_t)pairs[i];
  }
  if (self->model == NULL) return HEED_OK;
  model = self->model->plugin->functions;
  const heed_answers answers = {
      .size = sizeof answers,
      .count = table->rows,
      .choice = heed_table_data(table, "choice", HEED_INT8),
      .left = heed_table_data(table, "left", HEED_INT8),
      .p = p,
      .annotations = table,
      .pairs = self->world->pairs,
      .row = row,
      .pair = pair};
  model->casual(self->model->self, self->posterior->phi, &answers, casual);
  service_settle(self->host);
  return HEED_OK;
}

heed_status evaluate_held_out(const heed_evaluation *self, heed_error *error) {
  const heed_table *table = self->held_out->annotations;
  const int64_t *user = heed_table_data(table, "user", HEED_INT64);
  const int8_t *choice = heed_table_data(table, "choice", HEED_INT8);
  heed_memory memory = {&self->host->host, false};
  const double *eta =
      evaluation_user_means(self->crowd, self->posterior, &memory);
  double *casual = heed_scratch_doubles(&memory, table->rows);
  double *difference = heed_scratch_doubles(&memory, table->rows);
  double loss = 0, right = 0;
  size_t count = 0;
  if (memory.refused) return heed_no_memory(error);
  heed_status status = casual_choices(self, casual, error);
  if (status == HEED_OK) status = find_differences(self, difference, error);
  for (size_t i = 0; status == HEED_OK && i < table->rows; i++) {
    if (choice[i] == HEED_CHOSE_TIE) continue;
    const double z = choice[i] == HEED_CHOSE_B ? -difference[i] : difference[i];
    const double weight = fmin(fmax(eta[user[i]], 0), 1);
    loss -= log(fmax(weight * evaluation_sigmoid(z) + (1 - weight) * casual[i],
                     1e-300));
    right += z > 0 ? 1 : z == 0 ? 0.5 : 0;
    count++;
  }
  if (status != HEED_OK || count == 0) return status;
  evaluation_put(self, METRIC_POLICY_LOG_LOSS, loss / (double)count);
  evaluation_put(self, METRIC_POLICY_ACCURACY, right / (double)count);
  return HEED_OK;
}
