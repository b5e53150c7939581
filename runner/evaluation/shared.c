/* SPDX-License-Identifier: GPL-3.0-or-later
 * The part of the evaluation that a posterior shares with all selections and
 * policies made from it.  Made once per posterior. */
#include "evaluation/evaluation.h"

/* 1: the label is this response; -1: it is the other one; 0: the label or the
 * response is neither A nor B. */
static int8_t verdict(int8_t choice, int8_t response) {
  if (choice == HEED_CHOSE_TIE) return 0;
  if (response != HEED_CHOSE_A && response != HEED_CHOSE_B) return 0;
  return choice == response ? 1 : -1;
}

static int8_t better_response(double p) {
  return (int8_t)(p > 0.5 ? HEED_CHOSE_A : p < 0.5 ? HEED_CHOSE_B : -1);
}

static void fill_better(const heed_evaluation *self, int8_t *better) {
  const heed_table *table = self->crowd->annotations;
  const int64_t *pair = heed_table_data(table, "pair", HEED_INT64);
  const int8_t *choice = heed_table_data(table, "choice", HEED_INT8);
  const double *p = heed_table_data(self->world->pairs, "p", HEED_FLOAT64);
  for (size_t i = 0; i < table->rows; i++)
    better[i] = verdict(choice[i], better_response(p[pair[i]]));
}

/* ---- the other users ---- */

/* Labels of a pair that are no ties: those for A minus those for B, and their
 * number. */
typedef struct evaluation_votes {
  int64_t lead, count;
} evaluation_votes;

/* Adds a user's labels; with sign -1, subtracts them. */
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

/* Fills in the user's rows of `majority`; returns the mean share of the other
 * users' labels that agree with this user's, NaN: no pair is shared.  votes:
 * without the user's. */
static double compare_user(const heed_evaluation *self, size_t user,
                           const evaluation_votes *votes, int8_t *majority) {
  const heed_crowd *crowd = self->crowd;
  const int64_t *pair = heed_table_data(crowd->annotations, "pair", HEED_INT64);
  const int8_t *choice =
      heed_table_data(crowd->annotations, "choice", HEED_INT8);
  double compared = 0, agreed = 0;
  for (size_t i = crowd->first[user]; i < crowd->first[user + 1]; i++) {
    const evaluation_votes *others = &votes[pair[i]];
    if (choice[i] == HEED_CHOSE_TIE || others->count == 0) continue;
    const int64_t lead =
        choice[i] == HEED_CHOSE_A ? others->lead : -others->lead;
    const double count = (double)others->count;
    compared++;
    agreed += (count + (double)lead) / (2 * count);
    majority[i] = (int8_t)((lead > 0) - (lead < 0));
  }
  return agreed / compared;
}

/* Compares labels with the other users' labels of the same pair, kept or not.
 * Over users, compares eta-hat with the share of those labels that agree. */
static heed_status compare_users(const heed_evaluation *self, int8_t *majority,
                                 heed_error *error) {
  const heed_crowd *crowd = self->crowd;
  const size_t users = crowd->users->rows;
  heed_memory memory = {&self->host->host, false};
  const double *mean = evaluation_user_means(crowd, self->posterior, &memory);
  evaluation_votes *votes =
      heed_scratch(&memory, self->world->pairs->rows, sizeof *votes);
  double *eta = heed_scratch_doubles(&memory, users);
  double *share = heed_scratch_doubles(&memory, users);
  size_t count = 0;
  if (memory.refused) return heed_no_memory(error);
  for (size_t j = 0; j < users; j++) add_labels(crowd, j, 1, votes);
  for (size_t j = 0; j < users; j++) {
    add_labels(crowd, j, -1, votes);
    share[count] = compare_user(self, j, votes, majority);
    add_labels(crowd, j, 1, votes);
    if (isnan(share[count])) continue;
    eta[count++] = mean[j];
  }
  evaluation_put(self, METRIC_USERS_COMPARED, (double)count);
  evaluation_put(self, METRIC_CONSENSUS_CORRELATION,
                 evaluation_correlation(count, eta, share));
  return HEED_OK;
}

/* ---- all of it ---- */

/* Annotations that are counts do not say to which pair a label belongs. */
static heed_status compare_labels(const heed_evaluation *self,
                                  evaluation_shared *made, heed_error *error) {
  const heed_table *table = self->crowd->annotations;
  heed_memory memory = {&self->host->host, false};
  if (heed_table_column(table, "count") != NULL) return HEED_OK;
  made->majority = heed_allocate(&memory, table->rows, 1);
  if (heed_table_data(self->world->pairs, "p", HEED_FLOAT64) != NULL)
    made->better = heed_allocate(&memory, table->rows, 1);
  if (memory.refused) return heed_no_memory(error);
  if (made->better != NULL) fill_better(self, made->better);
  return compare_users(self, made->majority, error);
}

heed_status evaluation_share(const heed_evaluation *what,
                             const evaluation_shared **result,
                             heed_error *error) {
  heed_memory memory = {&what->host->host, false};
  evaluation_shared *made = heed_allocate(&memory, 1, sizeof *made);
  heed_evaluation self = *what;
  if (memory.refused) return heed_no_memory(error);
  for (size_t i = 0; i < METRIC_COUNT; i++) {
    made->value[i] = NAN;
    self.target[i] = what->target[i] == NULL ? NULL : &made->value[i];
  }
  heed_status status = evaluate_attentiveness(&self, error);
  if (status == HEED_OK) status = evaluate_agreement(&self, error);
  if (status == HEED_OK) status = compare_labels(&self, made, error);
  if (status == HEED_OK) *result = made;
  return status;
}

void evaluate_shared(const heed_evaluation *self) {
  for (size_t i = 0; i < METRIC_COUNT; i++)
    if (!isnan(self->shared->value[i]))
      evaluation_put(self, (evaluation_metric)i, self->shared->value[i]);
}
