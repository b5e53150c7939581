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

static heed_status put_accuracy(const heed_evaluation *self,
                                heed_error *error) {
  const heed_table *pairs = self->world->pairs;
  const double *p = heed_table_data(pairs, "p", HEED_FLOAT64);
  heed_memory memory = {&self->host->host, false};
  int8_t *better;
  if (p == NULL) return HEED_OK;
  better = heed_scratch(&memory, pairs->rows, sizeof *better);
  if (memory.refused) return heed_no_memory(error);
  for (size_t i = 0; i < pairs->rows; i++)
    better[i] = (int8_t)(p[i] > 0.5   ? HEED_CHOSE_A
                         : p[i] < 0.5 ? HEED_CHOSE_B
                                      : -1);
  evaluation_put(self, METRIC_LABEL_ACCURACY, agreement(self, better, 1));
  return HEED_OK;
}

/* Untied labels of a pair, for A less for B and in all. */
typedef struct evaluation_votes {
  int64_t lead, count;
} evaluation_votes;

/* Adds a user's labels, or with sign -1 takes them away. */
static void add_labels(const heed_crowd *crowd, size_t user, int64_t sign,
                       evaluation_votes *votes) {
  const int64_t *pair = heed_table_data(crowd->annotations, "pair", HEED_INT64);
  const int8_t *choice =
      heed_table_data(crowd->annotations, "choice", HEED_INT8);
  for (size_t i = crowd->first[user]; i < crowd->first[user + 1]; i++) {
    if (choice[i] == HEED_CHOSE_TIE) continue;
    votes[pair[i]].lead += choice[i] == HEED_CHOSE_A ? sign : -sign;
    votes[pair[i]].count += sign;
  }
}

/* Sums over labels, compared with the other users' labels of the pair. */
typedef struct evaluation_consensus {
  double majority, same;   /* weights of labels with a majority; that agree */
  double compared, agreed; /* labels of one user; shares of others who agree */
} evaluation_consensus;

/* votes: without the user's. */
static void compare_user(const heed_evaluation *self, size_t user,
                         const evaluation_votes *votes,
                         evaluation_consensus *sums) {
  const heed_crowd *crowd = self->crowd;
  const int64_t *pair = heed_table_data(crowd->annotations, "pair", HEED_INT64);
  const int8_t *choice =
      heed_table_data(crowd->annotations, "choice", HEED_INT8);
  sums->compared = sums->agreed = 0;
  for (size_t i = crowd->first[user]; i < crowd->first[user + 1]; i++) {
    const evaluation_votes *others = &votes[pair[i]];
    if (choice[i] == HEED_CHOSE_TIE || others->count == 0) continue;
    const int64_t lead =
        choice[i] == HEED_CHOSE_A ? others->lead : -others->lead;
    const double count = (double)others->count;
    sums->compared++;
    sums->agreed += (count + (double)lead) / (2 * count);
    if (lead == 0) continue;
    sums->majority += self->selection->weight[i];
    sums->same += lead > 0 ? self->selection->weight[i] : 0;
  }
}

/* Like agreement(), but with the majority of the other users' labels of the
 * pair, kept or not; a label without a majority does not count.  And over
 * users, the correlation of eta-hat with the share of other users' labels that
 * agree. */
static heed_status put_consensus(const heed_evaluation *self,
                                 heed_error *error) {
  const heed_crowd *crowd = self->crowd;
  const size_t users = crowd->users->rows;
  heed_memory memory = {&self->host->host, false};
  const double *mean = evaluation_user_means(crowd, self->posterior, &memory);
  evaluation_votes *votes =
      heed_scratch(&memory, self->world->pairs->rows, sizeof *votes);
  double *eta = heed_scratch_doubles(&memory, users);
  double *share = heed_scratch_doubles(&memory, users);
  evaluation_consensus sums = {0, 0, 0, 0};
  size_t count = 0;
  if (memory.refused) return heed_no_memory(error);
  for (size_t j = 0; j < users; j++) add_labels(crowd, j, 1, votes);
  for (size_t j = 0; j < users; j++) {
    add_labels(crowd, j, -1, votes);
    compare_user(self, j, votes, &sums);
    add_labels(crowd, j, 1, votes);
    if (!(sums.compared > 0)) continue;
    eta[count] = mean[j];
    share[count++] = sums.agreed / sums.compared;
  }
  evaluation_put(self, METRIC_LABEL_CONSENSUS,
                 sums.majority > 0 ? sums.same / sums.majority : NAN);
  evaluation_put(self, METRIC_USERS_COMPARED, (double)count);
  evaluation_put(self, METRIC_CONSENSUS_CORRELATION,
                 evaluation_correlation(count, eta, share));
  return HEED_OK;
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
  heed_status status;
  put_kept(self);
  /* Counts do not say of which pair. */
  if (heed_table_column(self->crowd->annotations, "count") != NULL)
    return HEED_OK;
  status = put_accuracy(self, error);
  if (status == HEED_OK) status = put_consensus(self, error);
  if (status == HEED_OK &&
      evaluation_wants(self, METRIC_LABEL_AGREEMENT, METRIC_USERS_JUDGED))
    status = put_judges(self, error);
  if (status == HEED_OK && self->held_out != NULL &&
      functions->predict != NULL && self->held_out->annotations->rows > 0 &&
      self->target[METRIC_HELD_OUT_LOG_LOSS] != NULL)
    status = put_held_out(self, error);
  return status;
}
