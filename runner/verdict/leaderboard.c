/* SPDX-License-Identifier: GPL-3.0-or-later
 * Strengths of models with simultaneous intervals and ranks. */
#include "verdict/leaderboard.h"

#include <gsl/gsl_sort.h>
#include <gsl/gsl_statistics_double.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

enum { FEWEST = 10 }; /* replicates for an interval */

/* Columns of a bootstrap: of models, or of differences between two. */
typedef struct board_sample {
  size_t models;       /* M */
  size_t replicates;   /* R, all without a NaN */
  const double *value; /* (M): in the log */
  const double *drawn; /* (R,M) */
  double *most;        /* (R): the largest deviation so far */
} board_sample;

/* A column: model a, or a less b if b < M. */
typedef struct board_column {
  double value, mean, sd;
} board_column;

static double draw_of(const board_sample *self, size_t r, size_t a, size_t b) {
  const double *row = self->drawn + r * self->models;
  return b < self->models ? row[a] - row[b] : row[a];
}

static board_column describe(const board_sample *self, size_t a, size_t b) {
  const double n = (double)self->replicates;
  board_column column = {
      b < self->models ? self->value[a] - self->value[b] : self->value[a], 0,
      0};
  double squares = 0;
  for (size_t r = 0; r < self->replicates; r++)
    column.mean += draw_of(self, r, a, b) / n;
  for (size_t r = 0; r < self->replicates; r++) {
    const double d = draw_of(self, r, a, b) - column.mean;
    squares += d * d;
  }
  column.sd = sqrt(squares / (n - 1));
  return column;
}

static void widen(const board_sample *self, size_t a, size_t b) {
  const board_column column = describe(self, a, b);
  if (!(column.sd > 0)) return;
  for (size_t r = 0; r < self->replicates; r++)
    self->most[r] = fmax(
        self->most[r], fabs(draw_of(self, r, a, b) - column.mean) / column.sd);
}

/* The quantile of the largest deviation; sorts it. */
static double critical(const board_sample *self, double level) {
  gsl_sort(self->most, 1, self->replicates);
  return gsl_stats_quantile_from_sorted_data(self->most, 1, self->replicates,
                                             level);
}

static void interval(const board_column *column, double c, double *low,
                     double *high) {
  const double bias = column->mean - column->value;
  *low = *high = NAN;
  if (!(column->sd > 0)) return;
  *low = column->value - c * column->sd - fmax(bias, 0);
  *high = column->value + c * column->sd - fmin(bias, 0);
}

static void find_intervals(const board_sample *self, double level,
                           verdict_standing *standings) {
  memset(self->most, 0, self->replicates * sizeof *self->most);
  for (size_t m = 0; m < self->models; m++) widen(self, m, self->models);
  const double c = critical(self, level);
  for (size_t m = 0; m < self->models; m++) {
    const board_column column = describe(self, m, self->models);
    interval(&column, c, &standings[m].low, &standings[m].high);
  }
}

static void find_rank_intervals(const board_sample *self, double level,
                                verdict_standing *standings) {
  memset(self->most, 0, self->replicates * sizeof *self->most);
  for (size_t a = 0; a < self->models; a++)
    for (size_t b = 0; b < a; b++) widen(self, a, b);
  const double c = critical(self, level);
  for (size_t a = 0; a < self->models; a++)
    for (size_t b = 0; b < a; b++) {
      const board_column column = describe(self, a, b);
      double low, high;
      interval(&column, c, &low, &high);
      if (low > 0) {
        standings[b].best++;
        standings[a].worst--;
      } else if (high < 0) {
        standings[a].best++;
        standings[b].worst--;
      }
    }
}

/* Centred copies of the rows without a NaN; returns their number. */
static size_t centre(size_t models, size_t rows, const double *values,
                     double *target) {
  size_t kept = 0;
  for (size_t r = 0; r < rows; r++) {
    const double mean = gsl_stats_mean(values + r * models, 1, models);
    if (isnan(mean)) continue;
    for (size_t m = 0; m < models; m++)
      target[kept * models + m] = values[r * models + m] - mean;
    kept++;
  }
  return kept;
}

static void rank(size_t models, const double *value,
                 verdict_standing *standings) {
  for (size_t m = 0; m < models; m++) {
    standings[m] = (verdict_standing){value[m], NAN, NAN, 1, 1, models};
    for (size_t n = 0; n < models; n++)
      standings[m].rank += value[n] > value[m];
  }
}

heed_status leaderboard_make(size_t models, size_t replicates,
                             const double *values, double level,
                             verdict_standing *standings, heed_error *error) {
  double *room = malloc(((replicates + 1) * (models + 1) + 1) * sizeof *room);
  double *value = malloc((models + 1) * sizeof *value);
  if (room == NULL || value == NULL) {
    free(room);
    free(value);
    return heed_no_memory(error);
  }
  const bool known = models > 0 && centre(models, 1, values, value) == 1;
  for (size_t m = 0; !known && m < models; m++) value[m] = NAN;
  rank(models, value, standings);
  const size_t kept =
      known ? centre(models, replicates, values + models, room) : 0;
  const board_sample sample = {models, kept, value, room, room + kept * models};
  if (kept >= FEWEST && models > 1) {
    find_intervals(&sample, level, standings);
    find_rank_intervals(&sample, level, standings);
  }
  free(room);
  free(value);
  return HEED_OK;
}

double leaderboard_elo(double strength) {
  return 1000 + 400 / log(10) * strength;
}
