/* SPDX-License-Identifier: GPL-3.0-or-later
 * Strengths of models if everyone attended, by Newton's method. */
#include <gsl/gsl_linalg.h>
#include <math.h>
#include <string.h>

#include "evaluation/evaluation.h"

/* Without a ridge, strengths are determined up to a constant, and without a
 * limit if a model always wins. */
static const double LEAST_RIDGE = 1e-6;

typedef struct strengths_fit {
  size_t models; /* M */
  double ridge;
  double *wins;   /* (M,M): how often the row's model beat the column's */
  double *matrix; /* (M,M) */
  double *slope, *step, *trial; /* (M) */
} strengths_fit;

static void count_wins(const heed_crowd *crowd, const int32_t *a,
                       const int32_t *b, strengths_fit *self) {
  const heed_table *table = crowd->annotations;
  const int64_t *pair = heed_table_data(table, "pair", HEED_INT64);
  const int8_t *choice = heed_table_data(table, "choice", HEED_INT8);
  const int64_t *count = heed_table_data(table, "count", HEED_INT64);
  for (size_t i = 0; i < table->rows; i++) {
    const int32_t one = a[pair[i]], other = b[pair[i]];
    if (choice[i] == HEED_CHOSE_TIE || one < 0 || other < 0 || one == other)
      continue;
    const size_t winner = (size_t)(choice[i] == HEED_CHOSE_A ? one : other);
    const size_t loser = (size_t)(choice[i] == HEED_CHOSE_A ? other : one);
    self->wins[winner * self->models + loser] +=
        (double)heed_count_at(count, i);
  }
}

/* log sigma(x) */
static double log_sigmoid(double x) {
  return x >= 0 ? -log1p(exp(-x)) : x - log1p(exp(x));
}

static double objective(const strengths_fit *self, const double *s) {
  double sum = 0;
  for (size_t m = 0; m < self->models; m++) {
    sum -= self->ridge * s[m] * s[m];
    for (size_t n = 0; n < self->models; n++) {
      const double wins = self->wins[m * self->models + n];
      if (wins > 0) sum += wins * log_sigmoid(s[m] - s[n]);
    }
  }
  return sum;
}

/* The slope, and the negative of the second derivatives. */
static void differentiate(const strengths_fit *self, const double *s) {
  const size_t models = self->models;
  memset(self->matrix, 0, models * models * sizeof *self->matrix);
  for (size_t m = 0; m < models; m++) {
    self->slope[m] = -2 * self->ridge * s[m];
    self->matrix[m * models + m] = 2 * self->ridge;
  }
  for (size_t m = 0; m < models; m++)
    for (size_t n = 0; n < models; n++) {
      const double wins = self->wins[m * models + n];
      if (!(wins > 0)) continue;
      const double p = evaluation_sigmoid(s[m] - s[n]);
      const double curve = wins * p * (1 - p);
      self->slope[m] += wins * (1 - p);
      self->slope[n] -= wins * (1 - p);
      self->matrix[m * models + m] += curve;
      self->matrix[n * models + n] += curve;
      self->matrix[m * models + n] -= curve;
      self->matrix[n * models + m] -= curve;
    }
}

/* Moves s by a part of the step such that the objective does not fall; returns
 * the largest change of a strength. */
static double move(const strengths_fit *self, double *s) {
  const double before = objective(self, s);
  double most = 0, part = 1;
  for (int halved = 0; halved < 30; halved++, part /= 2) {
    most = 0;
    for (size_t m = 0; m < self->models; m++) {
      self->trial[m] = s[m] + part * self->step[m];
      most = fmax(most, fabs(self->trial[m] - s[m]));
    }
    if (objective(self, self->trial) < before) continue;
    memcpy(s, self->trial, self->models * sizeof *s);
    return most;
  }
  return 0;
}

static heed_status maximise(const strengths_fit *self, double *s,
                            heed_error *error) {
  enum { MOST_STEPS = 200 };
  gsl_matrix_view matrix =
      gsl_matrix_view_array(self->matrix, self->models, self->models);
  gsl_vector_view slope = gsl_vector_view_array(self->slope, self->models);
  gsl_vector_view step = gsl_vector_view_array(self->step, self->models);
  for (int i = 0; i < MOST_STEPS; i++) {
    differentiate(self, s);
    if (gsl_linalg_cholesky_decomp1(&matrix.matrix) != 0 ||
        gsl_linalg_cholesky_solve(&matrix.matrix, &slope.vector,
                                  &step.vector) != 0)
      break;
    if (move(self, s) < 1e-10) return HEED_OK;
  }
  return heed_fail(error, HEED_NUMERIC,
                   "strengths of models if everyone attended: found no "
                   "maximum");
}

heed_status evaluation_raw_strengths(const heed_crowd *crowd, double ridge,
                                     heed_memory *memory, double *strength,
                                     heed_error *error) {
  const heed_table *models = crowd->world->models, *pairs = crowd->world->pairs;
  const int32_t *a = heed_table_data(pairs, "model_a", HEED_INT32);
  const int32_t *b = heed_table_data(pairs, "model_b", HEED_INT32);
  const size_t count = models == NULL ? 0 : models->rows;
  strengths_fit self = {count,
                        fmax(ridge, LEAST_RIDGE),
                        heed_scratch_doubles(memory, count * count),
                        heed_scratch_doubles(memory, count * count),
                        heed_scratch_doubles(memory, count),
                        heed_scratch_doubles(memory, count),
                        heed_scratch_doubles(memory, count)};
  if (memory->refused) return heed_no_memory(error);
  for (size_t m = 0; m < count; m++) strength[m] = a == NULL ? NAN : 0;
  if (a == NULL || b == NULL || count == 0) return HEED_OK;
  count_wins(crowd, a, b, &self);
  return maximise(&self, strength, error);
}
