/* SPDX-License-Identifier: GPL-3.0-or-later
 * Compares labels with the better response and with reference verdicts, and
 * held-out labels with the estimator's predictions. */
#include <math.h>

#include "evaluation/evaluation.h"

static void put_kept(const heed_evaluation *self) {
  const heed_crowd *crowd = self->crowd;
  const double *weight = self->selection->weight;
  size_t labels = 0, users = 0;
  for (size_t j = 0; j < crowd->users->rows; j++) {
    size_t of_user = 0;
    for (size_t i = crowd->first[j]; i < crowd->first[j + 1]; i++)
      of_user += weight[i] > 0;
    labels += of_user;
    users += of_user > 0;
  }
  evaluation_put(self, METRIC_LABELS_KEPT,
                 (double)labels / (double)crowd->annotations->rows);
  evaluation_put(self, METRIC_USERS_KEPT,
                 (double)users / (double)crowd->users->rows);
}

/* Weighted share of untied labels equal to right[pair x stride]; values other
 * than A and B do not count. */
static double agreement(const heed_evaluation *self, const int8_t *right,
                        size_t stride) {
  const heed_table *table = self->crowd->annotations;
  const int64_t *pair = heed_table_data(table, "pair", HEED_INT64);
  const int8_t *choice = heed_table_data(table, "choice", HEED_INT8);
  double all = 0, same = 0;
  for (size_t i = 0; i < table->rows; i++) {
    const int8_t verdict = right[(size_t)pair[i] * stride];
    if (choice[i] == HEED_CHOSE_TIE) continue;
    if (verdict != HEED_CHOSE_A && verdict != HEED_CHOSE_B) continue;
    all += self->selection->weight[i];
    same += verdict == choice[i] ? self->selection->weight[i] : 0;
  }
  return all > 0 ? same / all : NAN;
}

/* Weighted share of the labels that are right of those that count. */
static double share_right(const heed_evaluation *self, const int8_t *right) {
  const double *weight = self->selection->weight;
  double all = 0, same = 0;
  for (size_t i = 0; i < self->selection->count; i++) {
    all += right[i] != 0 ? weight[i] : 0;
    same += right[i] > 0 ? weight[i] : 0;
  }
  return all > 0 ? same / all : NAN;
}

/* Over users with enough judged labels: rank correlation of eta-hat with the
 * share of the user's own labels that agree. */
static heed_status put_spearman(const heed_evaluation *self,
                                const int8_t *verdicts, size_t judge,
                                size_t *left_out, heed_error *error) {
  const heed_crowd *crowd = self->crowd;
  const size_t users = crowd->users->rows, judges = self->world->judge_count;
  const int64_t *pair = heed_table_data(crowd->annotations, "pair", HEED_INT64);
  const int8_t *choice =
      heed_table_data(crowd->annotations, "choice", HEED_INT8);
  heed_memory memory = {&self->host->host, false};
  const double *mean = evaluation_user_means(crowd, self->posterior, &memory);
  double *eta = heed_scratch_doubles(&memory, users);
  double *share = heed_scratch_doubles(&memory, users);
  double *room = heed_scratch_doubles(&memory, 4 * users);
  size_t count = 0;
  if (memory.refused) return heed_no_memory(error);
  for (size_t j = 0; j < users; j++) {
    int64_t judged = 0, same = 0;
    for (size_t i = crowd->first[j]; i < crowd->first[j + 1]; i++) {
      const int8_t verdict = verdicts[(size_t)pair[i] * judges + judge];
      if (choice[i] == HEED_CHOSE_TIE) continue;
      if (verdict != HEED_CHOSE_A && verdict != HEED_CHOSE_B) continue;
      judged++;
      same += verdict == choice[i];
    }
    if (judged < self->settings.min_annotations) continue;
    eta[count] = mean[j];
    share[count++] = (double)same / (double)judged;
  }
  if (self->target[METRIC_USERS_JUDGED] != NULL)
    self->target[METRIC_USERS_JUDGED][judge] = (double)count;
  *left_out = users - count;
  if (self->target[METRIC_SPEARMAN_JUDGE] != NULL && count >= 3)
    self->target[METRIC_SPEARMAN_JUDGE][judge] =
        evaluation_spearman(count, eta, share, room);
  return HEED_OK;
}

/* "judge wise 1 of 4, judge strict 2 of 4" */
static void add_left_out(const heed_evaluation *self, size_t judge,
                         size_t left_out, char text[HEED_MESSAGE_SIZE]) {
  const size_t used = strlen(text);
  if (left_out == 0) return;
  (void)snprintf(text + used, HEED_MESSAGE_SIZE - used, "%sjudge %s %zu of %zu",
                 used == 0 ? "" : ", ",
                 self->world->judges == NULL ? "?" : self->world->judges[judge],
                 left_out, self->crowd->users->rows);
}

static void warn_of_few(const heed_evaluation *self, const char *left_out) {
  const int64_t least = self->settings.min_annotations;
  if (*left_out == '\0') return;
  self->host->host.warn(
      &self->host->host, "few_judged",
      "spearman_judge leaves out users with fewer than %lld judged label%s "
      "(evaluation.min_annotations): %s",
      (long long)least, heed_plural((uint64_t)least), left_out);
}

static heed_status put_judges(const heed_evaluation *self, heed_error *error) {
  const size_t judges = self->world->judge_count;
  const int8_t *verdicts =
      heed_table_data(self->world->pairs, "verdict", HEED_INT8);
  char few[HEED_MESSAGE_SIZE] = "";
  size_t left_out = 0;
  heed_status status = HEED_OK;
  for (size_t i = 0; verdicts != NULL && status == HEED_OK && i < judges; i++) {
    if (self->target[METRIC_LABEL_AGREEMENT] != NULL)
      self->target[METRIC_LABEL_AGREEMENT][i] =
          agreement(self, verdicts + i, judges);
    status = put_spearman(self, verdicts, i, &left_out, error);
    if (status == HEED_OK) add_left_out(self, i, left_out, few);
  }
  warn_of_few(self, few);
  return status;
}

static heed_status put_held_out(const heed_evaluation *self,
                                heed_error *error) {
  const heed_estimator_functions *functions =
      self->estimator->plugin->functions;
  const size_t count = self->held_out->annotations->rows;
  heed_memory memory = {&self->host->host, false};
  double *probability = heed_scratch_doubles(&memory, count);
  double loss = 0;
  heed_status status;
  if (memory.refused) return heed_no_memory(error);
  evaluation_calls(self, self->estimator);
  status =
      functions->predict(self->estimator->self, &self->host->host,
                         self->posterior, self->held_out, probability, error);
  service_settle(self->host);
  if (status != HEED_OK) return status;
  for (size_t i = 0; i < count; i++) {
    if (!(probability[i] >= 0 && probability[i] <= 1 + 1e-9))
      return heed_fail(error, HEED_NUMERIC,
                       "predict() gave %g for held-out annotation %zu, "
                       "expected a probability",
                       probability[i], i);
    loss -= log(fmax(probability[i], 1e-300));
  }
  evaluation_calls(self, NULL);
  evaluation_put(self, METRIC_HELD_OUT_LOG_LOSS, loss / (double)count);
  return HEED_OK;
}

heed_status evaluate_labels(const heed_evaluation *self, heed_error *error) {
  const heed_estimator_functions *functions =
      self->estimator->plugin->functions;
  heed_status status = HEED_OK;
  put_kept(self);
  /* Counts do not say of which pair. */
  if (heed_table_column(self->crowd->annotations, "count") != NULL)
    return HEED_OK;
  if (self->shared->better != NULL)
    evaluation_put(self, METRIC_LABEL_ACCURACY,
                   share_right(self, self->shared->better));
  evaluation_put(self, METRIC_LABEL_CONSENSUS,
                 share_right(self, self->shared->majority));
  if (evaluation_wants(self, METRIC_LABEL_AGREEMENT, METRIC_USERS_JUDGED))
    status = put_judges(self, error);
  if (status == HEED_OK && self->held_out != NULL &&
      functions->predict != NULL && self->held_out->annotations->rows > 0 &&
      self->target[METRIC_HELD_OUT_LOG_LOSS] != NULL)
    status = put_held_out(self, error);
  return status;
}
