/* SPDX-License-Identifier: GPL-3.0-or-later
 * Compares policies with their reference by enumerating candidates.
 *
 * The weights of every sum over candidates are pi_ref, known from the world, or
 * pi, from one pass over the policy's log-probabilities. */
#include "evaluation/evaluation.h"
#include "frontier.h"
#include "host/vector.h"

/* A policy over the candidates of the held-out prompts, H x K each. */
typedef struct policy_view {
  const heed_evaluation *measured;
  const evaluation_prompts *known;
  const heed_vector *vector;
  double *tilt;           /* log(pi / pi_ref), or FRONTIER_NEVER */
  bool never;             /* some candidate has probability 0 */
  double kl, reward, win; /* means over prompts, under pi */
} policy_view;

/* Prompts that the trainer is asked about in one call. */
static size_t asked_at_once(size_t wide) {
  const size_t candidates = 2048;
  return wide < candidates ? candidates / wide : 1;
}

/* ---- reading the policy ---- */

static heed_status check_sum(const policy_view *self, size_t prompt,
                             const double *pi, heed_error *error) {
  const double sum = self->vector->sum(self->known->candidates, pi);
  if (fabs(sum - 1) < 1e-6) return HEED_OK;
  return heed_fail(error, HEED_NUMERIC,
                   "invalid output: the policy's probabilities over "
                   "the candidates of prompt %zu sum to %g, expected 1",
                   self->known->first + prompt, sum);
}

/* Turns log pi into tilt, and adds to the means, for prompts begin … end - 1;
 * pi: room for their probabilities. */
static heed_status take(policy_view *self, size_t begin, size_t end, double *pi,
                        heed_error *error) {
  const evaluation_prompts *known = self->known;
  const heed_vector *vector = self->vector;
  const size_t wide = known->candidates, first = begin * wide;
  const size_t count = (end - begin) * wide;
  const double *reference = known->reference + first;
  double *tilt = self->tilt + first;
  vector->exp(count, tilt, pi);
  for (size_t i = 0; i < count; i++) {
    self->never |= tilt[i] == -INFINITY;
    const double difference = tilt[i] - reference[i];
    tilt[i] = difference > FRONTIER_NEVER ? difference : FRONTIER_NEVER;
  }
  for (size_t i = begin; i < end; i++) {
    const heed_status status =
        check_sum(self, i, pi + (i - begin) * wide, error);
    if (status != HEED_OK) return status;
  }
  const double prompts = (double)known->count;
  self->kl += vector->dot(count, pi, tilt) / prompts;
  self->reward += vector->dot(count, pi, known->reward + first) / prompts;
  self->win += vector->dot(count, pi, known->win + first) / prompts;
  return HEED_OK;
}

/* Asks for the candidates' log-probabilities, several prompts in one call. */
static heed_status read_policy(policy_view *self, heed_memory *memory,
                               heed_error *error) {
  const heed_evaluation *measured = self->measured;
  const heed_instance *trainer = measured->trainer;
  const heed_trainer_functions *functions = trainer->plugin->functions;
  const evaluation_prompts *known = self->known;
  const size_t wide = known->candidates;
  const size_t most = asked_at_once(wide);
  heed_response *all = heed_scratch(memory, most * wide, sizeof *all);
  double *pi = heed_scratch_doubles(memory, most * wide);
  if (memory->refused) return heed_no_memory(error);
  evaluation_calls(measured, trainer);
  for (size_t i = 0; i < known->count; i += most) {
    const size_t end = known->count - i < most ? known->count : i + most;
    evaluation_candidates(known->first + i, end - i, wide, all);
    heed_status status = functions->log_probability(
        trainer->self, &measured->host->host, measured->world, measured->policy,
        (end - i) * wide, all, self->tilt + i * wide, error);
    service_settle(measured->host);
    if (status == HEED_OK) status = take(self, i, end, pi, error);
    if (status != HEED_OK) return status;
  }
  evaluation_calls(measured, NULL);
  return HEED_OK;
}

/* ---- the metrics ---- */

/* KL(pi || pi*), pi* = pi_ref exp(r / scale) / Z: the policy that DPO with this
 * beta finds from infinitely many clean labels. */
static double regret(const policy_view *self, double *room) {
  const evaluation_prompts *known = self->known;
  const size_t wide = known->candidates;
  const double scale = self->measured->policy->scale;
  double partition = 0;
  for (size_t i = 0; i < known->count; i++) {
    const double *reference = known->reference + i * wide;
    for (size_t y = 0; y < wide; y++)
      room[y] = reference[y] + known->reward[i * wide + y] / scale;
    partition += self->vector->log_sum_exp(wide, room);
  }
  return self->kl - self->reward / scale + partition / (double)known->count;
}

/* Compares the implied reward, scale x tilt, with the true one, both centred
 * within prompts under the reference; room[K]. */
static void put_alignment(const policy_view *self, double *room) {
  const evaluation_prompts *known = self->known;
  const heed_vector *vector = self->vector;
  const size_t wide = known->candidates;
  const double scale = self->measured->policy->scale;
  const double truth = known->reward_spread;
  double cross = 0, implied = 0;
  for (size_t i = 0; i < known->count; i++) {
    const size_t position = i * wide;
    const double *weight = known->weight + position;
    const double mean = vector->dot(wide, weight, self->tilt + position);
    for (size_t y = 0; y < wide; y++)
      room[y] = scale * (self->tilt[position + y] - mean);
    cross +=
        vector->weighted_dot(wide, weight, room, known->centred + position);
    implied += vector->weighted_dot(wide, weight, room, room);
  }
  evaluation_put(self->measured, METRIC_COSINE,
                 !self->never && implied > 0 && truth > 0
                     ? cross / sqrt(implied * truth)
                     : NAN);
  evaluation_put(self->measured, METRIC_CALIBRATION_SLOPE,
                 !self->never && truth > 0 ? cross / truth : NAN);
}

static heed_status put_frontier(const policy_view *self, heed_memory *memory,
                                heed_error *error) {
  const heed_evaluation *measured = self->measured;
  double *target = measured->target[METRIC_WIN_RATE_AT_KL];
  policy_frontier frontier = {.vector = self->vector,
                              .known = self->known,
                              .tilt = self->tilt,
                              .never = self->never};
  if (target == NULL) return HEED_OK;
  const heed_status status = frontier_open(&frontier, memory, error);
  if (status != HEED_OK) return status;
  frontier_win_rates(&frontier, measured->settings.kl_count,
                     measured->settings.kl, target);
  return HEED_OK;
}

static heed_status evaluate_candidates(const heed_evaluation *self,
                                       heed_error *error) {
  const evaluation_prompts *known = self->prompts;
  const size_t cells = known->count * known->candidates;
  heed_memory memory = {&self->host->host, false};
  policy_view view = {.measured = self,
                      .known = known,
                      .vector = vector_best(),
                      .tilt = heed_scratch_doubles(&memory, cells)};
  double *room = heed_scratch_doubles(&memory, known->candidates);
  if (memory.refused) return heed_no_memory(error);
  const heed_status status = read_policy(&view, &memory, error);
  if (status != HEED_OK) return status;
  evaluation_put(self, METRIC_WIN_RATE, view.win);
  evaluation_put(self, METRIC_KL, view.kl);
  evaluation_put(self, METRIC_REWARD_SCORE, view.reward - known->reward_mean);
  if (self->target[METRIC_REGRET] != NULL)
    evaluation_put(self, METRIC_REGRET, regret(&view, room));
  if (self->target[METRIC_COSINE] != NULL ||
      self->target[METRIC_CALIBRATION_SLOPE] != NULL)
    put_alignment(&view, room);
  return put_frontier(&view, &memory, error);
}

heed_status evaluate_policy(const heed_evaluation *self, heed_error *error) {
  const heed_trainer_functions *trainer;
  heed_status status = HEED_OK;
  if (self->policy == NULL || self->prompts == NULL) return HEED_OK;
  trainer = self->trainer->plugin->functions;
  if (trainer->log_probability == NULL) return HEED_OK;
  if (self->prompts->candidates == 0)
    status = evaluate_texts(self, error);
  else if (evaluation_wants(self, METRIC_WIN_RATE, METRIC_CALIBRATION_SLOPE))
    status = evaluate_candidates(self, error);
  if (status == HEED_OK && self->held_out != NULL &&
      self->held_out->annotations->rows > 0 &&
      evaluation_wants(self, METRIC_POLICY_LOG_LOSS, METRIC_POLICY_ACCURACY))
    status = evaluate_held_out(self, error);
  return status;
}
