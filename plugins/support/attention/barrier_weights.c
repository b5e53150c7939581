/* SPDX-License-Identifier: GPL-3.0-or-later
 * Weights with a logarithmic barrier: groups in parts and blocks; sums add the
 * parts in order. */
#include "support/attention/barrier_weights.h"

#include <assert.h>
#include <gsl/gsl_cblas.h>
#include <gsl/gsl_linalg.h>
#include <math.h>
#include <string.h>

#include "heed/vector.h"
#include "support/numeric/threads.h"

/* A block of groups is small enough for OpenBLAS to multiply without a lock. */
enum { STEPS_MOST = 100, BLOCK = 192, PARTS_MOST = 16 };
/* The least number of groups for each thread. */
enum { GROUPS_A_THREAD = 1024 };
/* The largest fraction of the way to the boundary. */
static const double NEARLY = 0.99;
/* The factor of the barrier from step to step. */
static const double SHRINK = 0.1;
/* Bounds on the distance to the maximum.  FAR, in units of N: from here the
 * last solution is no good start.  NEAR, in nats: the next step is probably the
 * last. */
static const double FAR = 0.05, NEAR = 1e-3;
/* The accepted bound in nats; the part of it due to rounding, in units of N. */
static const double TOLERANCE = 1e-10, ROUNDING = 4e-15;

/* Sums over the groups of a part, and room for a block. */
typedef struct barrier_part {
  double value;
  double *d;                /* M */
  double *hessian;          /* (M,M) */
  double *f, *log_f, *size; /* BLOCK */
} barrier_part;

struct barrier_weights {
  size_t groups, count, parts, threads;
  const heed_vector *vector;
  double barrier;      /* a */
  double *v, *z;       /* M: the last solution */
  double *d, *dv, *dz; /* M */
  double *hessian;     /* (M,M) */
  barrier_part *part;
  /* Of the current pass. */
  const double *users, *likelihood;
  bool curved; /* also the Hessian */
};

static void open_part(heed_memory *memory, size_t count, barrier_part *part) {
  *part = (barrier_part){.d = heed_scratch_doubles(memory, count),
                         .hessian = heed_scratch_doubles(memory, count * count),
                         .f = heed_scratch_doubles(memory, BLOCK),
                         .log_f = heed_scratch_doubles(memory, BLOCK),
                         .size = heed_scratch_doubles(memory, BLOCK)};
}

/* Even weights. */
static void start(barrier_weights *self) {
  for (size_t m = 0; m < self->count; m++) {
    self->v[m] = 1 / (double)self->count;
    self->z[m] = self->barrier * (double)self->count;
  }
}

barrier_weights *barrier_weights_open(heed_memory *memory, size_t groups,
                                      size_t count, double barrier) {
  barrier_weights *self = heed_scratch(memory, 1, sizeof *self);
  const size_t blocks = groups / BLOCK + 1, some = groups / GROUPS_A_THREAD + 1;
  const size_t threads = heed_threads(memory->host);
  assert(barrier > 0);
  if (self == NULL) return NULL;
  *self =
      (barrier_weights){.groups = groups,
                        .count = count,
                        .parts = blocks < PARTS_MOST ? blocks : PARTS_MOST,
                        .threads = some < threads ? some : threads,
                        .vector = heed_vector_of(memory->host),
                        .barrier = barrier,
                        .v = heed_scratch_doubles(memory, count),
                        .z = heed_scratch_doubles(memory, count),
                        .d = heed_scratch_doubles(memory, count),
                        .dv = heed_scratch_doubles(memory, count),
                        .dz = heed_scratch_doubles(memory, count),
                        .hessian = heed_scratch_doubles(memory, count * count)};
  self->part = heed_scratch(memory, self->parts, sizeof *self->part);
  if (memory->refused) return NULL;
  for (size_t i = 0; i < self->parts; i++)
    open_part(memory, count, &self->part[i]);
  if (memory->refused) return NULL;
  start(self);
  return self;
}

/* ---- a pass over the groups ---- */

static void add_block(const barrier_weights *self, size_t first, size_t size,
                      barrier_part *part) {
  const int rows = (int)size, m = (int)self->count;
  const double *l = self->likelihood + first * self->count;
  const double *users = self->users + first;
  cblas_dgemv(CblasRowMajor, CblasNoTrans, rows, m, 1, l, m, self->v, 1, 0,
              part->f, 1);
  self->vector->log(size, part->f, part->log_f);
  part->value += self->vector->dot(size, users, part->log_f);
  for (size_t g = 0; g < size; g++) part->size[g] = users[g] / part->f[g];
  cblas_dgemv(CblasRowMajor, CblasTrans, rows, m, 1, l, m, part->size, 1, 1,
              part->d, 1);
  if (!self->curved) return;
  for (size_t g = 0; g < size; g++) part->size[g] /= part->f[g];
  self->vector->gram(size, self->count, l, part->size, part->hessian);
}

static void add_part(void *context, size_t index) {
  const barrier_weights *self = context;
  barrier_part *part = &self->part[index];
  const threads_range range = threads_share(self->groups, index, self->parts);
  part->value = 0;
  memset(part->d, 0, self->count * sizeof *part->d);
  memset(part->hessian, 0, self->count * self->count * sizeof *part->hessian);
  for (size_t g = range.first; g < range.end; g += BLOCK)
    add_block(self, g, range.end - g < BLOCK ? range.end - g : BLOCK, part);
}

/* f at v; d + a / v, and H. */
static double look(barrier_weights *self, double total, bool curved) {
  const size_t m = self->count;
  double value = 0;
  self->curved = curved;
  threads_run(self->threads, self->parts, add_part, self);
  memset(self->hessian, 0, m * m * sizeof *self->hessian);
  for (size_t k = 0; k < m; k++)
    self->d[k] = self->barrier / self->v[k] - total;
  for (size_t i = 0; i < self->parts; i++) {
    const barrier_part *part = &self->part[i];
    value += part->value;
    for (size_t k = 0; k < m; k++) self->d[k] += part->d[k];
    for (size_t k = 0; curved && k < m * m; k++)
      self->hessian[k] += part->hessian[k];
  }
  for (size_t k = 0; k < m; k++) value += self->barrier * log(self->v[k]);
  return value;
}

static double bound_of(const barrier_weights *self, double total) {
  double most = 0;
  for (size_t k = 0; k < self->count; k++) most = fmax(most, self->d[k]);
  return total * log1p(most / total);
}

static void normalise(size_t count, double *v) {
  double sum = 0;
  for (size_t k = 0; k < count; k++) sum += v[k];
  for (size_t k = 0; k < count; k++) v[k] /= sum;
}

static double take(barrier_weights *self, const double *users,
                   const double *likelihood) {
  double total = self->barrier * (double)self->count;
  for (size_t g = 0; g < self->groups; g++) total += users[g];
  self->users = users;
  self->likelihood = likelihood;
  return total;
}

/* ---- steps ---- */

/* False: the matrix is not positive definite. */
static bool find_step(barrier_weights *self, double barrier) {
  const size_t m = self->count;
  gsl_matrix_view matrix = gsl_matrix_view_array(self->hessian, m, m);
  gsl_vector_view dv = gsl_vector_view_array(self->dv, m);
  for (size_t k = 0; k < m; k++) {
    self->hessian[k * m + k] += self->z[k] / self->v[k];
    self->dv[k] = self->d[k] + (barrier - self->barrier) / self->v[k];
  }
  if (gsl_linalg_cholesky_decomp1(&matrix.matrix) != 0) return false;
  gsl_linalg_cholesky_svx(&matrix.matrix, &dv.vector);
  for (size_t k = 0; k < m; k++)
    self->dz[k] =
        (barrier - self->z[k] * self->dv[k]) / self->v[k] - self->z[k];
  return true;
}

/* Moves x along a step as far as it stays positive. */
static void move(size_t count, const double *step, double *x) {
  double length = 1;
  for (size_t k = 0; k < count; k++)
    if (step[k] < 0) length = fmin(length, -NEARLY * x[k] / step[k]);
  for (size_t k = 0; k < count; k++) x[k] += length * step[k];
}

/* If the last solution is far from the maximum: moves it away from the boundary
 * and enlarges the barrier. */
static void restart(barrier_weights *self, double total, double bound) {
  const double count = (double)self->count;
  const double part = fmin(bound / total, 1);
  const double barrier = fmax(self->barrier, bound / count);
  for (size_t m = 0; m < self->count; m++) {
    self->v[m] += part * (1 / count - self->v[m]);
    self->z[m] = barrier / self->v[m];
  }
}

static double next_barrier(const barrier_weights *self) {
  double gap = 0;
  for (size_t m = 0; m < self->count; m++) gap += self->v[m] * self->z[m];
  return fmax(self->barrier, SHRINK * gap / (double)self->count);
}

/* What a pass finds about v. */
typedef struct barrier_look {
  double value, bound;
} barrier_look;

static barrier_look look_at(barrier_weights *self, double total, bool curved) {
  barrier_look found;
  normalise(self->count, self->v);
  found.value = look(self, total, curved);
  found.bound = bound_of(self, total);
  return found;
}

/* Takes a step from v after a pass with the Hessian; false: there is none. */
static bool climb(barrier_weights *self) {
  if (!find_step(self, next_barrier(self))) return false;
  move(self->count, self->dv, self->v);
  move(self->count, self->dz, self->z);
  return true;
}

double barrier_weights_solve(barrier_weights *self, const double *users,
                             const double *likelihood, double least,
                             double *weight) {
  const double total = take(self, users, likelihood);
  const double enough = fmax(TOLERANCE, ROUNDING * total);
  barrier_look best = {-HUGE_VAL, HUGE_VAL};
  bool curved = true;
  for (size_t k = 0; k < self->count; k++) weight[k] = 1 / (double)self->count;
  for (int steps = 0; steps < STEPS_MOST; steps++) {
    barrier_look here = look_at(self, total, curved);
    if (!isfinite(here.value) || !isfinite(here.bound)) break;
    if (here.bound < best.bound) {
      best = here;
      memcpy(weight, self->v, self->count * sizeof *weight);
    }
    if (here.bound <= enough || here.value + here.bound < least)
      return best.value;
    if (steps == 0 && here.bound > FAR * total) {
      restart(self, total, here.bound);
      continue;
    }
    if (!curved) (void)look_at(self, total, true);
    if (!climb(self)) break;
    curved = here.bound > NEAR;
  }
  start(self);
  return best.value;
}
