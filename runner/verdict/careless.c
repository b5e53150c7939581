/* SPDX-License-Identifier: GPL-3.0-or-later
 * Who is careless, at a stated error rate. */
#include "verdict/careless.h"

#include <gsl/gsl_cdf.h>
#include <math.h>
#include <stdlib.h>

double careless_below(size_t count, const double *low, const double *high,
                      const float *mass, double threshold) {
  double below = 0, all = 0;
  for (size_t k = 0; k < count; k++) {
    const double here = (double)mass[k];
    all += here;
    if (high[k] > low[k])
      below +=
          here * fmin(fmax((threshold - low[k]) / (high[k] - low[k]), 0), 1);
    else if (low[k] < threshold)
      below += here;
  }
  return all > 0 ? fmin(below / all, 1) : NAN;
}

double careless_below_normal(double mean, double sd, double threshold) {
  if (isnan(mean) || isnan(sd)) return NAN;
  if (!(sd > 0)) return mean < threshold ? 1 : 0;
  return gsl_cdf_ugaussian_P((threshold - mean) / sd);
}

static int ascending(const void *a, const void *b) {
  const double one = ((const careless_entry *)a)->wrong;
  const double other = ((const careless_entry *)b)->wrong;
  return (one > other) - (one < other);
}

size_t careless_call(size_t count, const double *wrong, double alpha,
                     careless_entry *room, bool *called, double *expected) {
  size_t likely = 0, calls = 0;
  double sum = 0;
  *expected = 0;
  for (size_t j = 0; j < count; j++) {
    called[j] = false;
    if (wrong[j] < 0.5) room[likely++] = (careless_entry){wrong[j], j};
  }
  qsort(room, likely, sizeof *room, ascending);
  for (size_t i = 0; i < likely; i++) {
    sum += room[i].wrong;
    if (i + 1 < likely && room[i + 1].wrong == room[i].wrong) continue;
    if (!(sum <= alpha * (double)(i + 1))) break;
    calls = i + 1;
    *expected = sum / (double)calls;
  }
  for (size_t i = 0; i < calls; i++) called[room[i].user] = true;
  return calls;
}

/* Mean and sd of the known values; returns their number. */
static size_t describe(size_t count, const double *values, double *mean,
                       double *sd) {
  size_t known = 0;
  double sum = 0, squares = 0;
  for (size_t i = 0; i < count; i++)
    if (!isnan(values[i])) {
      sum += values[i];
      known++;
    }
  *mean = sum / (double)known;
  for (size_t i = 0; i < count; i++)
    if (!isnan(values[i])) squares += (values[i] - *mean) * (values[i] - *mean);
  *sd = sqrt(squares / (double)(known - 1));
  return known;
}

verdict_share careless_interval(double value, double variance,
                                size_t replicate_count,
                                const double *replicates) {
  enum { FEWEST = 10 };
  const double z = gsl_cdf_ugaussian_Pinv(0.975);
  verdict_share result = {value, NAN, NAN, false};
  double mean = 0, sd = 0, bias = 0;
  if (isnan(value)) return result;
  if (describe(replicate_count, replicates, &mean, &sd) >= FEWEST) {
    result.of_fit = true;
    variance += sd * sd;
    bias = mean - value;
  }
  result.low = fmax(value - z * sqrt(variance) - fmax(bias, 0), 0);
  result.high = fmin(value + z * sqrt(variance) - fmin(bias, 0), 1);
  return result;
}

verdict_share careless_share(size_t count, const double *attends,
                             size_t replicate_count, const double *replicates) {
  double sum = 0, variance = 0, known = 0;
  for (size_t j = 0; j < count; j++) {
    if (isnan(attends[j])) continue;
    sum += attends[j];
    variance += attends[j] * (1 - attends[j]);
    known++;
  }
  return careless_interval(sum / known, variance / (known * known),
                           replicate_count, replicates);
}
