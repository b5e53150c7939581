/* SPDX-License-Identifier: GPL-3.0-or-later
 * Scores held-out annotations under the reward that a policy implies. */
#include <string.h>

#include "evaluation/evaluation.h"

/* The two responses of a pair: candidates, or texts. */
static void responses_of(const heed_world *world, size_t pair,
                         heed_response both[2]) {
  static const char *const columns[2][3] = {{"response_a", "text_a", "cut_a"},
                                            {"response_b", "text_b", "cut_b"}};
  const int64_t *prompt = heed_table_data(world->pairs, "prompt", HEED_INT64);
  for (size_t i = 0; i < 2; i++) {
    const int64_t *candidate =
        heed_table_data(world->pairs, columns[i][0], HEED_INT64);
    const char *const *text =
        heed_table_data(world->pairs, columns[i][1], HEED_STRING);
    const int8_t *cut = heed_table_data(world->pairs, columns[i][2], HEED_INT8);
    both[i] = (heed_response){.prompt = (size_t)prompt[pair], .candidate = -1};
    if (world->candidates > 0) {
      both[i].candidate = candidate[pair];
    } else {
      both[i].text = text[pair];
      both[i].length = strlen(text[pair]);
      both[i].cut = cut != NULL && cut[pair] != 0;
    }
  }
}

/* scale x (log pi/pi_ref(A's) - log pi/pi_ref(B's)) of a pair. */
static heed_status implied_difference(const heed_evaluation *self, size_t pair,
                                      double *difference, heed_error *error) {
  const heed_trainer_functions *trainer = self->trainer->plugin->functions;
  const heed_source_functions *source = self->source->plugin->functions;
  double policy[2], reference[2];
  heed_status status;
  heed_response both[2];
  responses_of(self->world, pair, both);
  evaluation_calls(self, self->source);
  status = source->reference(self->source->self, &self->host->host, self->world,
                             2, both, reference, error);
  if (status != HEED_OK) return status;
  evaluation_calls(self, self->trainer);
  status = trainer->log_probability(self->trainer->self, &self->host->host,
                                    self->world, self->policy, 2, both, policy,
                                    error);
  if (status != HEED_OK) return status;
  *difference = self->policy->scale *
                ((policy[0] - reference[0]) - (policy[1] - reference[1]));
  if (isnan(*difference))
    return heed_fail(error, HEED_NUMERIC,
                     "invalid output: the responses of pair %zu have "
                     "log-probabilities %g and %g, and %g and %g under the "
                     "reference",
                     pair, policy[0], policy[1], reference[0], reference[1]);
  evaluation_calls(self, NULL);
  return HEED_OK;
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
  const int64_t *pair = heed_table_data(table, "pair", HEED_INT64);
  const int8_t *choice = heed_table_data(table, "choice", HEED_INT8);
  heed_memory memory = {&self->host->host, false};
  const double *eta =
      evaluation_user_means(self->crowd, self->posterior, &memory);
  double *casual = heed_scratch_doubles(&memory, table->rows);
  double loss = 0, right = 0;
  size_t count = 0;
  heed_status status;
  if (memory.refused) return heed_no_memory(error);
  status = casual_choices(self, casual, error);
  for (size_t i = 0; status == HEED_OK && i < table->rows; i++) {
    double z = 0;
    if (choice[i] == HEED_CHOSE_TIE) continue;
    status = implied_difference(self, (size_t)pair[i], &z, error);
    if (choice[i] == HEED_CHOSE_B) z = -z;
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
