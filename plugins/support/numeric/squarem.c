/* SPDX-License-Identifier: GPL-3.0-or-later
 * SQUAREM, guarded. */
#include "support/numeric/squarem.h"

#include <math.h>
#include <string.h>

double *squarem_room(const heed_host *host, size_t count) {
  return host->scratch(host, 4 * count + 1, sizeof(double));
}

/* y = x0 - 2 alpha r + alpha^2 v, r = x1 - x0, v = x2 - x1 - r; false where
 * that is the EM step itself, or no number. */
static bool extrapolate(size_t count, const double *x0, const double *x1,
                        const double *x2, double *y) {
  double rr = 0, vv = 0, alpha;
  for (size_t i = 0; i < count; i++) {
    const double r = x1[i] - x0[i], v = x2[i] - x1[i] - r;
    rr += r * r;
    vv += v * v;
  }
  if (!(vv > 0)) return false;
  alpha = -sqrt(rr / vv);
  if (!(alpha < -1) || !isfinite(alpha)) return false;
  for (size_t i = 0; i < count; i++) {
    const double r = x1[i] - x0[i], v = x2[i] - x1[i] - r;
    y[i] = x0[i] - 2 * alpha * r + alpha * alpha * v;
  }
  return true;
}

squarem_result squarem_maximise(const squarem_problem *problem,
                                const heed_host *host, const char *series,
                                double tolerance, uint64_t most_steps,
                                double *room, double *x) {
  const size_t count = problem->count, bytes = count * sizeof(double);
  double *x0 = room, *x1 = x0 + count, *y = x1 + count, *earlier = y + count;
  squarem_result result = {-HUGE_VAL, 0, false};
  double last = -HUGE_VAL;
  int still = 0;
  while (result.steps < most_steps && !host->cancelled(host)) {
    double here, gained;
    memcpy(x0, x, bytes);
    here = problem->step(problem->context, x);
    memcpy(x1, x, bytes);
    (void)problem->step(problem->context, x); /* x is x2 now */
    memcpy(earlier, x, bytes);
    result.steps += 2;
    if (series != NULL) host->trace(host, series, result.steps, here);
    result.objective = problem->step(problem->context, x);
    result.steps++;
    if (extrapolate(count, x0, x1, earlier, y)) {
      double there;
      result.steps++;
      memcpy(x1, y, bytes);
      there = problem->step(problem->context, x1);
      if (there >= result.objective) {
        result.objective = there;
        memcpy(x, x1, bytes);
        memcpy(earlier, y, bytes);
      }
    }
    gained = result.objective - fmax(here, last);
    last = result.objective;
    still = gained <= tolerance * (1 + fabs(last)) ? still + 1 : 0;
    result.converged = still >= 2;
    if (result.converged ||
        (problem->enough != NULL && result.objective >= *problem->enough))
      break;
  }
  /* x is a step ahead of the objective's: give both of one point. */
  memcpy(x, earlier, bytes);
  if (series != NULL && result.steps > 0)
    host->trace(host, series, result.steps, result.objective);
  return result;
}
