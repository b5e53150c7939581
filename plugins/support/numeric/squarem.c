/* SPDX-License-Identifier: GPL-3.0-or-later
 * SQUAREM: the cycle in its two forms, and the loop around it.
 *
 * Invariant of the loop: if value() gives the objective, result.objective is
 * that at x; if step() does, it is that at cycle.second, and x is one step
 * ahead. */
#include "support/numeric/squarem.h"

#include <assert.h>
#include <math.h>
#include <string.h>

/* The points of a cycle, (count) each. */
typedef struct squarem_cycle {
  double *start, *first, *second, *leap;
} squarem_cycle;

double *squarem_room(heed_memory *memory, size_t count) {
  return heed_scratch_doubles(memory, 4 * count);
}

/* Into cycle->leap; false if the leap is shorter than the second step or not
 * finite. */
static bool extrapolate(const squarem_problem *problem,
                        const squarem_cycle *cycle) {
  const double *x0 = cycle->start, *x1 = cycle->first, *x2 = cycle->second;
  double rr = 0, vv = 0, a;
  for (size_t i = 0; i < problem->leaping; i++) {
    const double r = x1[i] - x0[i], v = x2[i] - x1[i] - r;
    rr += r * r;
    vv += v * v;
  }
  if (!(vv > 0)) return false;
  a = -fmin(sqrt(rr / vv), problem->longest);
  if (!(a < -1) || !isfinite(a)) return false;
  memcpy(cycle->leap, x2, problem->count * sizeof *x2);
  for (size_t i = 0; i < problem->leaping; i++) {
    const double r = x1[i] - x0[i], v = x2[i] - x1[i] - r;
    cycle->leap[i] = x0[i] - 2 * a * r + a * a * v;
  }
  return true;
}

static void trace(const squarem_problem *problem, uint64_t steps,
                  double objective) {
  if (problem->host != NULL && problem->series != NULL)
    problem->host->trace(problem->host, problem->series, steps, objective);
}

/* For objectives from step(), which refer to the previous point.  Returns the
 * objective at the start. */
static double cycle_told_late(const squarem_problem *problem,
                              const squarem_cycle *cycle,
                              squarem_result *result, double *x) {
  const size_t bytes = problem->count * sizeof *x;
  memcpy(cycle->start, x, bytes);
  const double before = problem->step(problem->context, x);
  memcpy(cycle->first, x, bytes);
  (void)problem->step(problem->context, x);
  memcpy(cycle->second, x, bytes);
  result->steps += 2;
  trace(problem, result->steps, before);
  result->objective = problem->step(problem->context, x);
  result->steps++;
  if (!extrapolate(problem, cycle)) return before;
  memcpy(cycle->first, cycle->leap, bytes);
  const double there = problem->step(problem->context, cycle->first);
  result->steps++;
  if (there >= result->objective) {
    result->objective = there;
    memcpy(x, cycle->first, bytes);
    memcpy(cycle->second, cycle->leap, bytes);
  }
  return before;
}

static bool take_step(const squarem_problem *problem, squarem_result *result,
                      double *target, double *x) {
  const double there = problem->step(problem->context, x);
  result->steps++;
  if (!(there > -HUGE_VAL)) return false;
  assert(there >= result->objective);
  memcpy(target, x, problem->count * sizeof *x);
  result->objective = there;
  trace(problem, result->steps, there);
  return true;
}

/* For objectives from value().  Returns the objective at the start. */
static double cycle_told_at_once(const squarem_problem *problem,
                                 const squarem_cycle *cycle,
                                 squarem_result *result, double *x) {
  const size_t bytes = problem->count * sizeof *x;
  const double before = result->objective;
  memcpy(cycle->start, x, bytes);
  if (!take_step(problem, result, cycle->first, x) ||
      !take_step(problem, result, cycle->second, x) ||
      !extrapolate(problem, cycle))
    return before;
  const double there = problem->value(problem->context, cycle->leap);
  if (there >= result->objective) {
    result->objective = there;
    memcpy(x, cycle->leap, bytes);
    trace(problem, result->steps, there);
  }
  return before;
}

static bool may_go_on(const squarem_problem *problem,
                      const squarem_result *result) {
  return result->steps < problem->most_steps &&
         (problem->host == NULL || !problem->host->cancelled(problem->host)) &&
         (problem->status == NULL || *problem->status == HEED_OK);
}

squarem_result squarem_maximise(const squarem_problem *problem, double *room,
                                double *x) {
  const size_t count = problem->count;
  const bool late = problem->value == NULL;
  const squarem_cycle cycle = {room, room + count, room + 2 * count,
                               room + 3 * count};
  squarem_result result = {late ? -HUGE_VAL : problem->objective,
                           problem->taken, false};
  double last = result.objective;
  int still = 0;
  assert(problem->leaping <= count);
  while (may_go_on(problem, &result)) {
    const double before = late
                              ? cycle_told_late(problem, &cycle, &result, x)
                              : cycle_told_at_once(problem, &cycle, &result, x);
    const double gained = result.objective - fmax(before, last);
    last = result.objective;
    still = gained <= problem->tolerance * (1 + fabs(last)) ? still + 1 : 0;
    result.converged = still >= problem->still_cycles;
    if (result.converged ||
        (problem->enough != NULL && result.objective >= *problem->enough))
      break;
  }
  if (late && result.steps > problem->taken) {
    memcpy(x, cycle.second, count * sizeof *x);
    trace(problem, result.steps, result.objective);
  }
  return result;
}
