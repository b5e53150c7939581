/* SPDX-License-Identifier: GPL-3.0-or-later
 * Log-linear policies: margins, Newton steps, fits.
 *
 * The Hessian X' D X of many features is accumulated by blocks of rows, at the
 * cost of matrix products. */
#include "support/preference/log_linear.h"

#include <cblas.h>
#include <math.h>
#include <string.h>

#include "support/preference/loss.h"

#define BLOCK_ROWS 512u
/* Up to this many features, sums in registers beat a matrix product. */
#define FEW_FEATURES 32u
#define STEPS_MOST 200u
#define HALVINGS_MOST 40u

log_linear_scratch *log_linear_room(heed_memory *memory, size_t count,
                                    size_t features) {
  const size_t n = count, d = features;
  log_linear_scratch *room = heed_scratch(memory, 1, sizeof *room);
  if (room == NULL) return NULL;
  *room = (log_linear_scratch){
      .vector = heed_vector_of(memory->host),
      .margin = heed_scratch_doubles(memory, n),
      .trial = heed_scratch_doubles(memory, n),
      .slope = heed_scratch_doubles(memory, n),
      .information = heed_scratch_doubles(memory, n),
      .curvature = heed_scratch_doubles(memory, n),
      .value = heed_scratch_doubles(memory, BLOCK_ROWS),
      .gradient = heed_scratch_doubles(memory, d),
      .step = heed_scratch_doubles(memory, d),
      .point = heed_scratch_doubles(memory, d),
      .hessian = heed_scratch_doubles(memory, d * d),
      .block = heed_scratch_doubles(memory, BLOCK_ROWS * d)};
  return room;
}

void log_linear_margins(const log_linear *data, const double *w, double *z) {
  const int n = (int)data->count, d = (int)data->features;
  cblas_dgemv(CblasRowMajor, CblasNoTrans, n, d, 1.0, data->x, d, w, 1, 0.0, z,
              1);
}

/* Adds sign X' diag(|information|) X to the Hessian (lower), over rows whose
 * information has that sign, by blocks. */
static void add_outer(const log_linear *data, const double *information,
                      double sign, log_linear_scratch *scratch) {
  const size_t d = data->features;
  size_t rows = 0;
  for (size_t i = 0; i <= data->count; i++) {
    if (rows > 0 && (rows == BLOCK_ROWS || i == data->count)) {
      cblas_dsyrk(CblasRowMajor, CblasLower, CblasTrans, (int)d, (int)rows,
                  sign, scratch->block, (int)d, 1.0, scratch->hessian, (int)d);
      rows = 0;
    }
    if (i == data->count || !(sign * information[i] > 0.0)) continue;
    const double root = sqrt(sign * information[i]);
    for (size_t k = 0; k < d; k++)
      scratch->block[rows * d + k] = root * data->x[i * d + k];
    rows++;
  }
}

static void fill_hessian(const log_linear *data, const double *information,
                         double ridge, log_linear_scratch *scratch) {
  const size_t d = data->features;
  memset(scratch->hessian, 0, d * d * sizeof *scratch->hessian);
  for (size_t k = 0; k < d; k++) scratch->hessian[k * d + k] = ridge;
  if (d <= FEW_FEATURES) {
    scratch->vector->gram(data->count, d, data->x, information,
                          scratch->hessian);
    return;
  }
  add_outer(data, information, 1.0, scratch);
  add_outer(data, information, -1.0, scratch);
}

/* a = L L' in the lower triangle; false if a is not positive definite. */
static bool factorise(size_t d, double *a) {
  for (size_t j = 0; j < d; j++) {
    double *row = a + j * d;
    const double pivot = row[j] - cblas_ddot((int)j, row, 1, row, 1);
    if (!(pivot > 0.0)) return false;
    row[j] = sqrt(pivot);
    for (size_t i = j + 1; i < d; i++) {
      double *below = a + i * d;
      below[j] = (below[j] - cblas_ddot((int)j, below, 1, row, 1)) / row[j];
    }
  }
  return true;
}

static bool solve(size_t d, double *hessian, double *step) {
  double trace = 0.0;
  for (size_t k = 0; k < d; k++) trace += hessian[k * d + k];
  /* Directions without information are kept fixed. */
  for (size_t k = 0; k < d; k++)
    hessian[k * d + k] += 1e-12 * trace / (double)d + 1e-300;
  if (!factorise(d, hessian)) return false;
  cblas_dtrsv(CblasRowMajor, CblasLower, CblasNoTrans, CblasNonUnit, (int)d,
              hessian, (int)d, step, 1);
  cblas_dtrsv(CblasRowMajor, CblasLower, CblasTrans, CblasNonUnit, (int)d,
              hessian, (int)d, step, 1);
  return true;
}

bool log_linear_step(const log_linear *data, const double *slope,
                     const double *information, double ridge, const double *w,
                     log_linear_scratch *scratch, double *step,
                     double *decrement) {
  const int n = (int)data->count, d = (int)data->features;
  double *downhill = scratch->gradient;
  memcpy(downhill, w, data->features * sizeof *w);
  cblas_dgemv(CblasRowMajor, CblasTrans, n, d, -1.0, data->x, d, slope, 1,
              -ridge, downhill, 1);
  fill_hessian(data, information, ridge, scratch);
  memcpy(step, downhill, data->features * sizeof *step);
  if (!solve(data->features, scratch->hessian, step)) return false;
  *decrement = 0.5 * cblas_ddot(d, downhill, 1, step, 1);
  return isfinite(*decrement);
}

/* Rows begin … begin + count - 1, at most BLOCK_ROWS, of total(). */
static double total_block(const log_linear *data, const preference_loss *loss,
                          const double *z, size_t begin, size_t count,
                          log_linear_scratch *scratch) {
  const double *weight = data->weight + begin;
  const preference_terms terms = {.value = scratch->value,
                                  .slope = scratch->slope + begin,
                                  .curvature = scratch->curvature + begin,
                                  .information = scratch->information + begin};
  preference_fill(loss, scratch->vector, count, z + begin,
                  data->label != NULL ? data->label + begin : NULL, &terms);
  for (size_t i = 0; i < count; i++) {
    terms.slope[i] *= weight[i];
    terms.curvature[i] *= weight[i];
    terms.information[i] *= weight[i];
  }
  return scratch->vector->dot(count, weight, terms.value);
}

/* The weighted loss at margins z, and its derivatives into scratch. */
static double total(const log_linear *data, const preference_loss *loss,
                    const double *z, log_linear_scratch *scratch) {
  double sum = 0.0;
  for (size_t i = 0; i < data->count; i += BLOCK_ROWS) {
    const size_t left = data->count - i;
    sum += total_block(data, loss, z, i, left < BLOCK_ROWS ? left : BLOCK_ROWS,
                       scratch);
  }
  return sum;
}

static double penalty(size_t d, double ridge, const double *w) {
  return 0.5 * ridge * cblas_ddot((int)d, w, 1, w, 1);
}

/* Moves w along the step until the objective falls; false: it never did. */
static bool descend(const log_linear *data, const preference_loss *loss,
                    double ridge, log_linear_scratch *scratch, double *w,
                    log_linear_fit *fit) {
  const size_t d = data->features;
  double *point = scratch->point;
  double length = 1.0;
  for (size_t halving = 0; halving < HALVINGS_MOST; halving++) {
    memcpy(point, w, d * sizeof *point);
    cblas_daxpy((int)d, length, scratch->step, 1, point, 1);
    log_linear_margins(data, point, scratch->trial);
    const double sum = total(data, loss, scratch->trial, scratch);
    const double objective = sum + penalty(d, ridge, point);
    if (objective <= fit->objective) {
      memcpy(w, point, d * sizeof *w);
      fit->objective = objective;
      fit->loss = sum;
      return true;
    }
    length *= 0.5;
  }
  return false;
}

/* Newton's step if it is sure to descend, else Fisher's. */
static bool find_step(const log_linear *data, const preference_loss *loss,
                      double ridge, const double *w,
                      log_linear_scratch *scratch, double *promised) {
  if (!loss->convex &&
      log_linear_step(data, scratch->slope, scratch->curvature, ridge, w,
                      scratch, scratch->step, promised))
    return true;
  return log_linear_step(data, scratch->slope, scratch->information, ridge, w,
                         scratch, scratch->step, promised);
}

log_linear_fit log_linear_minimise(const log_linear *data,
                                   const preference_loss *loss, double ridge,
                                   double tolerance,
                                   log_linear_scratch *scratch, double *w) {
  log_linear_fit fit = {0};
  log_linear_margins(data, w, scratch->margin);
  fit.loss = total(data, loss, scratch->margin, scratch);
  fit.objective = fit.loss + penalty(data->features, ridge, w);
  while (fit.iterations < STEPS_MOST) {
    double promised = 0.0;
    if (!find_step(data, loss, ridge, w, scratch, &promised)) break;
    fit.converged = promised <= tolerance * (1.0 + fabs(fit.objective));
    if (fit.converged) break;
    fit.iterations++;
    if (!descend(data, loss, ridge, scratch, w, &fit)) {
      /* Only rounding is left to gain. */
      fit.converged = promised <= 1e-9 * (1.0 + fabs(fit.objective));
      break;
    }
  }
  return fit;
}
