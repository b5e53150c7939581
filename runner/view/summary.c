/* SPDX-License-Identifier: GPL-3.0-or-later
 * Mean and interval over replicates. */
#include "view/summary.h"

#include <gsl/gsl_cdf.h>
#include <math.h>
#include <stdlib.h>

static int ascending(const void *a, const void *b) {
  const double left = *(const double *)a, right = *(const double *)b;
  return (left > right) - (left < right);
}

/* Moves the numbers to the front. */
static size_t drop_nan(double *values, size_t count) {
  size_t kept = 0;
  for (size_t i = 0; i < count; i++)
    if (!isnan(values[i])) values[kept++] = values[i];
  return kept;
}

/* Interpolates between order statistics (Hyndman and Fan 1996, type 7). */
static double quantile(const double *sorted, size_t count, double share) {
  const double position = share * (double)(count - 1);
  const size_t below = (size_t)position;
  if (below + 1 >= count) return sorted[count - 1];
  return sorted[below] +
         (position - (double)below) * (sorted[below + 1] - sorted[below]);
}

static view_estimate of_independent(double *values, size_t count) {
  view_estimate result = {count, NAN, NAN, NAN};
  double mean = 0, squares = 0;
  if (count == 0) return result;
  for (size_t i = 0; i < count; i++) mean += values[i];
  mean /= (double)count;
  result.value = mean;
  if (count < 2) return result;
  for (size_t i = 0; i < count; i++)
    squares += (values[i] - mean) * (values[i] - mean);
  const double freedom = (double)(count - 1);
  const double half = gsl_cdf_tdist_Pinv(0.975, freedom) *
                      sqrt(squares / freedom / (double)count);
  result.low = mean - half;
  result.high = mean + half;
  return result;
}

/* An extreme value that occurs twice is taken for a bound of the metric. */
static bool is_bound(double extreme, double value, double outer, double inner) {
  return (value == extreme) + (outer == extreme) + (inner == extreme) >= 2;
}

/* A resample has half the users of the log.  That biases metrics of agreement:
 * a majority of fewer users is weaker, and a fit with fewer labels of a pair
 * explains them more easily.  So the interval covers the percentiles of the
 * resamples twice: as they are, and moved so that their median is the value. */
static void cover(double value, const double *sorted, size_t count,
                  view_estimate *result) {
  const double moved = value - quantile(sorted, count, 0.5);
  result->low = quantile(sorted, count, 0.025) + fmin(moved, 0);
  result->high = quantile(sorted, count, 0.975) + fmax(moved, 0);
  const double least = fmin(value, sorted[0]);
  if (is_bound(least, value, sorted[0], sorted[1]))
    result->low = fmax(result->low, least);
  const double most = fmax(value, sorted[count - 1]);
  if (is_bound(most, value, sorted[count - 1], sorted[count - 2]))
    result->high = fmin(result->high, most);
}

static view_estimate of_bootstrap(double *values, size_t count) {
  view_estimate result = {0, NAN, NAN, NAN};
  if (count == 0) return result;
  result.value = values[0];
  result.count = drop_nan(values + 1, count - 1);
  if (result.count >= 2 && !isnan(result.value)) {
    qsort(values + 1, result.count, sizeof *values, ascending);
    cover(result.value, values + 1, result.count, &result);
  }
  if (!isnan(result.value)) result.count++;
  return result;
}

view_estimate summarise_replicates(double *values, size_t count,
                                   bool bootstrap) {
  return bootstrap ? of_bootstrap(values, count)
                   : of_independent(values, drop_nan(values, count));
}
