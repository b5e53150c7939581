/* SPDX-License-Identifier: GPL-3.0-or-later
 * Anderson's acceleration, guarded.
 *
 * Invariant of the loop: result.objective is that at room->best, the best point
 * so far, and room->image is the EM step from there. */
#include "support/numeric/anderson.h"

#include <assert.h>
#include <gsl/gsl_linalg.h>
#include <math.h>
#include <string.h>

/* Differences kept; of singular values, below which one counts as 0. */
enum { DEPTH = 10 };
static const double LEAST = 1e-8;

struct anderson_room {
  size_t leaping, most; /* most: differences, at most `leaping` */
  size_t count, next;   /* of the differences; a ring */
  double *at, *after;   /* (count): the last point, its EM step */
  double *best, *image; /* (count) */
  double *r;            /* (leaping): image - best */
  double *dx, *dr;      /* (most,leaping) */
  double *u;            /* (leaping,most) */
  double v[DEPTH * DEPTH], s[DEPTH], c[DEPTH];
};

anderson_room *anderson_open(heed_memory *memory, size_t count,
                             size_t leaping) {
  anderson_room *self = heed_scratch(memory, 1, sizeof *self);
  const size_t most = leaping < DEPTH ? leaping : DEPTH;
  assert(leaping <= count);
  if (self == NULL) return NULL;
  *self = (anderson_room){.leaping = leaping,
                          .most = most,
                          .at = heed_scratch_doubles(memory, count),
                          .after = heed_scratch_doubles(memory, count),
                          .best = heed_scratch_doubles(memory, count),
                          .image = heed_scratch_doubles(memory, count),
                          .r = heed_scratch_doubles(memory, leaping),
                          .dx = heed_scratch_doubles(memory, most * leaping),
                          .dr = heed_scratch_doubles(memory, most * leaping),
                          .u = heed_scratch_doubles(memory, most * leaping)};
  return memory->refused ? NULL : self;
}

/* The difference from the best point to the last one. */
static void remember(anderson_room *self) {
  double *dx = self->dx + self->next * self->leaping;
  double *dr = self->dr + self->next * self->leaping;
  for (size_t i = 0; i < self->leaping; i++) {
    dx[i] = self->at[i] - self->best[i];
    dr[i] = self->after[i] - self->at[i] - self->r[i];
  }
  self->next = (self->next + 1) % self->most;
  if (self->count < self->most) self->count++;
}

/* The last point is the best one. */
static void take(anderson_room *self, size_t bytes) {
  memcpy(self->best, self->at, bytes);
  memcpy(self->image, self->after, bytes);
  for (size_t i = 0; i < self->leaping; i++)
    self->r[i] = self->image[i] - self->best[i];
}

/* c, by singular values. */
static void fit_residual(anderson_room *self) {
  const size_t rows = self->leaping, columns = self->count;
  for (size_t i = 0; i < rows; i++)
    for (size_t j = 0; j < columns; j++)
      self->u[i * columns + j] = self->dr[j * rows + i];
  gsl_matrix_view u = gsl_matrix_view_array(self->u, rows, columns);
  gsl_matrix_view v = gsl_matrix_view_array(self->v, columns, columns);
  gsl_vector_view s = gsl_vector_view_array(self->s, columns);
  gsl_vector_view r = gsl_vector_view_array(self->r, rows);
  gsl_vector_view c = gsl_vector_view_array(self->c, columns);
  gsl_linalg_SV_decomp_jacobi(&u.matrix, &v.matrix, &s.vector);
  for (size_t j = 0; j < columns; j++)
    if (!(self->s[j] > LEAST * self->s[0])) self->s[j] = 0;
  gsl_linalg_SV_solve(&u.matrix, &v.matrix, &s.vector, &r.vector, &c.vector);
}

/* Moves x, which is the image of the best point. */
static void leap(anderson_room *self, double *x) {
  if (self->count == 0) return;
  fit_residual(self);
  for (size_t j = 0; j < self->count; j++)
    for (size_t i = 0; i < self->leaping; i++)
      x[i] -= self->c[j] * (self->dx[j * self->leaping + i] +
                            self->dr[j * self->leaping + i]);
}

static bool may_go_on(const squarem_problem *problem,
                      const squarem_result *result) {
  return !result->converged && result->steps < problem->most_steps &&
         (problem->host == NULL || !problem->host->cancelled(problem->host)) &&
         (problem->status == NULL || *problem->status == HEED_OK) &&
         !(problem->enough != NULL && result->objective >= *problem->enough);
}

static void trace(const squarem_problem *problem,
                  const squarem_result *result) {
  if (problem->host != NULL && problem->series != NULL)
    problem->host->trace(problem->host, problem->series, result->steps,
                         result->objective);
}

/* A leap to a point that is not better: its difference counts, once; then the
 * next point is an EM step. */
static void refuse(anderson_room *self, bool possible, bool again) {
  if (possible && !again) remember(self);
  if (!possible || again) self->count = 0;
}

/* Whether the point is one more that neither gains nor loses. */
static int count_still(const squarem_problem *problem, double there,
                       double gained, int still) {
  return fabs(gained) <= problem->tolerance * (1 + fabs(there)) ? still + 1 : 0;
}

squarem_result anderson_maximise(const squarem_problem *problem,
                                 anderson_room *room, double *x) {
  const size_t bytes = problem->count * sizeof *x;
  squarem_result result = {-HUGE_VAL, problem->taken, false};
  int still = 0;
  bool again = false;
  assert(problem->value == NULL && problem->leaping == room->leaping);
  room->count = 0;
  memcpy(room->best, x, bytes);
  while (may_go_on(problem, &result)) {
    memcpy(room->at, x, bytes);
    const bool leapt = room->count > 0;
    const double there = problem->step(problem->context, x);
    const double gained = there - result.objective;
    memcpy(room->after, x, bytes);
    result.steps++;
    still = count_still(problem, there, gained, still);
    result.converged = still >= problem->still_cycles;
    if (gained >= 0) {
      if (result.objective > -HUGE_VAL) remember(room);
      take(room, bytes);
      result.objective = there;
      trace(problem, &result);
      again = false;
    } else if (leapt) {
      refuse(room, there > -HUGE_VAL, again);
      again = !again;
    } else {
      result.converged = still > 0;
      break;
    }
    memcpy(x, room->image, bytes);
    leap(room, x);
  }
  memcpy(x, room->best, bytes);
  return result;
}
