/* SPDX-License-Identifier: GPL-3.0-or-later
 * Free weights on fixed nodes, by an interior-point method.
 *
 * With N = sum n_g, a penalty N (1 - sum w) replaces the constraint sum w = 1:
 * at the optimum the sum is 1 automatically.  With gradient d_k = sum_g n_g
 * L_gk / f_g - N, multipliers z >= 0 and H = minus the Hessian, a step at
 * barrier m solves
 *
 *   (H + diag(z / w)) dw = d + m / w,   dz = m / w - z - z dw / w. */
#include "support/numeric/free_weights.h"

#include <gsl/gsl_cblas.h>
#include <gsl/gsl_linalg.h>
#include <math.h>
#include <string.h>

#define STEPS_MOST 100
/* The largest fraction of the way to the boundary, and the ratio of the next
 * barrier to the current complementarity. */
#define NEARLY 0.99
#define SHRINK 0.1

struct free_weights {
  size_t groups, nodes;
  const double *l;   /* groups x nodes: L */
  double *scaled;    /* groups x nodes: sqrt(n) L / f */
  double *f;         /* groups */
  double *w, *z, *d; /* nodes */
  double *dw, *dz;   /* nodes */
  double *hessian;   /* nodes x nodes */
};

free_weights *free_weights_open(heed_memory *memory, size_t groups,
                                size_t nodes) {
  free_weights *self = heed_scratch(memory, 1, sizeof *self);
  if (self == NULL) return NULL;
  *self =
      (free_weights){.groups = groups,
                     .nodes = nodes,
                     .scaled = heed_scratch_doubles(memory, groups * nodes),
                     .f = heed_scratch_doubles(memory, groups),
                     .w = heed_scratch_doubles(memory, nodes),
                     .z = heed_scratch_doubles(memory, nodes),
                     .d = heed_scratch_doubles(memory, nodes),
                     .dw = heed_scratch_doubles(memory, nodes),
                     .dz = heed_scratch_doubles(memory, nodes),
                     .hessian = heed_scratch_doubles(memory, nodes * nodes)};
  return self;
}

bool free_weights_scale(size_t groups, size_t nodes,
                        const double *log_likelihood, double *likelihood,
                        double *most) {
  bool possible = true;
  for (size_t g = 0; g < groups; g++) {
    const double *source = log_likelihood + g * nodes;
    double largest = -HUGE_VAL;
    for (size_t k = 0; k < nodes; k++) largest = fmax(largest, source[k]);
    if (most != NULL) most[g] = largest;
    possible = possible && largest > -HUGE_VAL;
    for (size_t k = 0; k < nodes; k++)
      likelihood[g * nodes + k] =
          largest > -HUGE_VAL ? exp(source[k] - largest) : 0;
  }
  return possible;
}

/* f_g, the gradient and the rows of H's root; returns the largest slope. */
static double look(free_weights *self, const double *users, double total) {
  const int groups = (int)self->groups, nodes = (int)self->nodes;
  double most = -HUGE_VAL;
  cblas_dgemv(CblasRowMajor, CblasNoTrans, groups, nodes, 1, self->l, nodes,
              self->w, 1, 0, self->f, 1);
  for (size_t k = 0; k < self->nodes; k++) self->d[k] = -total;
  for (size_t g = 0; g < self->groups; g++) {
    const double n = users == NULL ? 1 : users[g];
    const double root = sqrt(n) / self->f[g];
    const double *l = self->l + g * self->nodes;
    double *scaled = self->scaled + g * self->nodes;
    for (size_t k = 0; k < self->nodes; k++) {
      scaled[k] = root * l[k];
      self->d[k] += n / self->f[g] * l[k];
    }
  }
  for (size_t k = 0; k < self->nodes; k++) most = fmax(most, self->d[k]);
  return most;
}

/* The Newton step at a barrier; false: the matrix is not positive definite. */
static bool step(free_weights *self, double barrier) {
  const int groups = (int)self->groups, nodes = (int)self->nodes;
  gsl_matrix_view matrix =
      gsl_matrix_view_array(self->hessian, self->nodes, self->nodes);
  gsl_vector_view dw = gsl_vector_view_array(self->dw, self->nodes);
  cblas_dsyrk(CblasRowMajor, CblasLower, CblasTrans, nodes, groups, 1,
              self->scaled, nodes, 0, self->hessian, nodes);
  for (size_t k = 0; k < self->nodes; k++) {
    self->hessian[k * self->nodes + k] += self->z[k] / self->w[k];
    self->dw[k] = self->d[k] + barrier / self->w[k];
  }
  if (gsl_linalg_cholesky_decomp1(&matrix.matrix) != 0) return false;
  gsl_linalg_cholesky_svx(&matrix.matrix, &dw.vector);
  for (size_t k = 0; k < self->nodes; k++)
    self->dz[k] = barrier / self->w[k] - self->z[k] -
                  self->z[k] * self->dw[k] / self->w[k];
  return true;
}

/* How far x may move along a step and stay positive. */
static double length_of(size_t count, const double *x, const double *factor) {
  double length = 1;
  for (size_t k = 0; k < count; k++)
    if (factor[k] < 0) length = fmin(length, -NEARLY * x[k] / factor[k]);
  return length;
}

static void normalise(size_t count, double *w) {
  double sum = 0;
  for (size_t k = 0; k < count; k++) sum += w[k];
  for (size_t k = 0; k < count; k++) w[k] /= sum;
}

bool free_weights_solve(free_weights *self, const double *users,
                        const double *likelihood, double tolerance,
                        double *weight) {
  const size_t nodes = self->nodes;
  double total = 0, best = HUGE_VAL;
  for (size_t g = 0; g < self->groups; g++)
    total += users == NULL ? 1 : users[g];
  self->l = likelihood;
  for (size_t k = 0; k < nodes; k++) {
    self->w[k] = 1 / (double)nodes;
    self->z[k] = total;
  }
  for (int steps = 0; steps < STEPS_MOST; steps++) {
    double gap = 0;
    normalise(nodes, self->w);
    const double bound = total * log1p(look(self, users, total) / total);
    if (isnan(bound)) return false; /* a group is impossible */
    if (bound < best) {
      best = bound;
      memcpy(weight, self->w, nodes * sizeof *weight);
    }
    if (bound <= tolerance) return true;
    for (size_t k = 0; k < nodes; k++) gap += self->w[k] * self->z[k];
    if (!step(self, SHRINK * gap / (double)nodes)) return false;
    const double along_w = length_of(nodes, self->w, self->dw);
    const double along_z = length_of(nodes, self->z, self->dz);
    cblas_daxpy((int)nodes, along_w, self->dw, 1, self->w, 1);
    cblas_daxpy((int)nodes, along_z, self->dz, 1, self->z, 1);
  }
  return false;
}
