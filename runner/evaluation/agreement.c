/* SPDX-License-Identifier: GPL-3.0-or-later
 * What all annotations show: how far users agree on shared pairs, which side
 * they choose, how often they tie, whether they agree less with the fit as they
 * go on, and at which time of the day they attend. */
#include <math.h>

#include "evaluation/evaluation.h"

enum { CHOICES = 3 };

/* How often each choice was made. */
typedef struct agreement_counts {
  uint32_t of[CHOICES];
} agreement_counts;

/* Krippendorff's alpha for nominal data; a pair is a unit, an annotation a
 * value.  NaN: no unit has two values, or all values are equal. */
static double find_alpha(size_t units, const agreement_counts *counts) {
  double total[CHOICES] = {0}, all = 0, observed = 0, expected = 0;
  for (size_t u = 0; u < units; u++) {
    double values = 0, same = 0;
    for (size_t c = 0; c < CHOICES; c++) values += counts[u].of[c];
    if (values < 2) continue;
    for (size_t c = 0; c < CHOICES; c++) {
      const double n = counts[u].of[c];
      total[c] += n;
      same += n * n;
    }
    all += values;
    observed += (values * values - same) / (values - 1);
  }
  for (size_t c = 0; c < CHOICES; c++) expected += total[c] * (all - total[c]);
  return expected > 0 ? 1 - (all - 1) * observed / expected : NAN;
}

static void put_shares(const heed_evaluation *self, const int8_t *choice) {
  const heed_table *table = self->crowd->annotations;
  const int8_t *left = heed_table_data(table, "left", HEED_INT8);
  const int64_t *count = heed_table_data(table, "count", HEED_INT64);
  size_t all = 0, ties = 0, sided = 0, chose_left = 0;
  for (size_t i = 0; i < table->rows; i++) {
    const size_t n = (size_t)heed_count_at(count, i);
    all += n;
    ties += choice[i] == HEED_CHOSE_TIE ? n : 0;
    if (choice[i] == HEED_CHOSE_TIE || left == NULL ||
        left[i] == HEED_LEFT_UNKNOWN)
      continue;
    sided += n;
    chose_left += choice[i] == left[i] ? n : 0;
  }
  evaluation_put(self, METRIC_TIE_SHARE, (double)ties / (double)all);
  evaluation_put(self, METRIC_LEFT_SHARE,
                 sided > 0 ? (double)chose_left / (double)sided : NAN);
}

/* ---- order ---- */

/* Labels that can agree with the fit, and those that do. */
typedef struct agreement_half {
  double labels, agree;
} agreement_half;

static void add_label(const heed_evaluation *self, const int8_t *choice,
                      size_t row, agreement_half *half) {
  const double p = self->posterior->p[row];
  if (!(p > 0.5 || p < 0.5)) return;
  half->labels++;
  half->agree += (choice[row] == HEED_CHOSE_A) == (p > 0.5);
}

/* Of one user, whose untied rows are in rows[]. */
static void add_user(const heed_evaluation *self, const int8_t *choice,
                     size_t count, const size_t *rows, agreement_half *early,
                     agreement_half *late) {
  for (size_t i = 0; i < count / 2; i++) {
    add_label(self, choice, rows[i], early);
    add_label(self, choice, rows[count - 1 - i], late);
  }
}

static heed_status put_drift(const heed_evaluation *self, const int8_t *choice,
                             heed_memory *memory, heed_error *error) {
  const heed_crowd *crowd = self->crowd;
  agreement_half early = {0, 0}, late = {0, 0};
  if (self->world->order_unknown || self->posterior == NULL ||
      self->posterior->p == NULL)
    return HEED_OK;
  size_t *rows = heed_scratch_sizes(memory, crowd->annotations->rows);
  if (memory->refused) return heed_no_memory(error);
  for (size_t j = 0; j < crowd->users->rows; j++) {
    size_t count = 0;
    for (size_t i = crowd->first[j]; i < crowd->first[j + 1]; i++)
      if (choice[i] != HEED_CHOSE_TIE) rows[count++] = i;
    add_user(self, choice, count, rows, &early, &late);
  }
  evaluation_put(self, METRIC_ORDER_DRIFT,
                 late.agree / late.labels - early.agree / early.labels);
  return HEED_OK;
}

/* ---- time of day ---- */

enum { PARTS = 4 };

/* Seconds since 1970, not a log's own numbers. */
static bool are_dates(size_t count, const double *time) {
  const double year_2000 = 946684800, year_2100 = 4102444800;
  for (size_t i = 0; i < count; i++)
    if (!(time[i] >= year_2000 && time[i] < year_2100)) return false;
  return true;
}

static size_t part_of_day(double time) {
  const double day = 86400;
  return (size_t)(fmod(time, day) / (day / PARTS));
}

/* The least-squares slope of choices on what p predicts: a user chooses A with
 * probability 1/2 + eta (p - 1/2). */
static void put_parts(const heed_evaluation *self, const int8_t *choice) {
  const heed_table *table = self->crowd->annotations;
  const double *time = heed_table_data(table, "time", HEED_FLOAT64);
  double product[PARTS] = {0}, square[PARTS] = {0};
  size_t known = 0;
  if (time == NULL || self->posterior == NULL || self->posterior->p == NULL ||
      !are_dates(table->rows, time))
    return;
  for (size_t i = 0; i < table->rows; i++) {
    const double predicted = 2 * self->posterior->p[i] - 1;
    if (choice[i] == HEED_CHOSE_TIE || isnan(predicted)) continue;
    product[part_of_day(time[i])] +=
        choice[i] == HEED_CHOSE_A ? predicted : -predicted;
    square[part_of_day(time[i])] += predicted * predicted;
  }
  for (size_t part = 0; part < PARTS; part++) known += square[part] > 0;
  for (size_t part = 0; known > 1 && part < PARTS; part++)
    evaluation_put(self, (evaluation_metric)(METRIC_ATTENTION_0 + part),
                   square[part] > 0 ? product[part] / square[part] : NAN);
}

heed_status evaluate_agreement(const heed_evaluation *self, heed_error *error) {
  const heed_table *table = self->crowd->annotations;
  const size_t pairs = self->world->pairs->rows;
  const int64_t *pair = heed_table_data(table, "pair", HEED_INT64);
  const int8_t *choice = heed_table_data(table, "choice", HEED_INT8);
  heed_memory memory = {&self->host->host, false};
  agreement_counts *counts = heed_scratch(&memory, pairs, sizeof *counts);
  if (memory.refused) return heed_no_memory(error);
  if (!evaluation_wants(self, METRIC_LABEL_ALPHA, METRIC_ATTENTION_3))
    return HEED_OK;
  put_shares(self, choice);
  /* Counts do not say of which pair. */
  if (heed_table_column(table, "count") != NULL) return HEED_OK;
  for (size_t i = 0; i < table->rows; i++) counts[pair[i]].of[choice[i]]++;
  evaluation_put(self, METRIC_LABEL_ALPHA, find_alpha(pairs, counts));
  put_parts(self, choice);
  return put_drift(self, choice, &memory, error);
}
