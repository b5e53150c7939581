/* SPDX-License-Identifier: GPL-3.0-or-later
 * SQUAREM: extrapolated EM steps (Varadhan and Roland 2008, Scand. J. Stat. 35,
 * 335-353, scheme S3).
 *
 * A cycle takes two EM steps, x0 to x1 to x2, and leaps to
 *   y = x0 - 2 a r + a^2 v,  r = x1 - x0,  v = x2 - x1 - r,  a = -|r| / |v|.
 * It keeps y only if the objective is at least that at x2, so the objective
 * never falls from cycle to cycle.
 *
 * Called by the EM driver (support/attention/em_driver.h) and by the joint fit
 * of preferences (support/preference/joint_fit.h).  The two know the objective
 * at different times; `value` says which case holds. */
#ifndef HEED_SUPPORT_NUMERIC_SQUAREM_H
#define HEED_SUPPORT_NUMERIC_SQUAREM_H

#include "heed/memory.h"

typedef struct squarem_problem {
  size_t count;   /* of values in x */
  size_t leaping; /* only this many are extrapolated; the others, functions of
                   * them, stay at x2 until value() updates them */
  void *context;

  /* Replaces x by the EM step from it.
   *   value NULL: returns the objective at the old x; -HUGE_VAL if that is
   * invalid, and x is unchanged.  A cycle takes a third step for the objective
   * at x2, and continues from there, or from the step after y. value given:
   * returns the objective at the new x; -HUGE_VAL if the step finds no ascent:
   * x is unchanged and the cycle ends. */
  double (*step)(void *context, double *x);

  /* The objective at y; may change y to an equivalent point.  NULL: only step()
   * returns it. */
  double (*value)(void *context, double *y);
  double objective; /* with value: at the initial x */

  double longest;            /* bound of |a|; HUGE_VAL: none */
  double tolerance;          /* stall: gain at most tolerance (1 +
                              * |objective|) */
  int still_cycles;          /* stalled cycles in a row until convergence */
  uint64_t taken;            /* number of steps before this call */
  uint64_t most_steps;       /* no cycle starts after this many steps */
  const double *enough;      /* the fit ends once it is reached; or NULL */
  const heed_status *status; /* the fit ends if this is not HEED_OK; or NULL */

  const heed_host *host; /* may cancel the fit, and records the objective as the
                          * series; NULL: neither */
  const char *series;    /* NULL: not recorded */
} squarem_problem;

typedef struct squarem_result {
  double objective; /* at the returned x */
  uint64_t steps;   /* number of EM steps, with those before */
  bool converged;
} squarem_result;

/* From x to a nearby maximum.  room: from squarem_room(). */
squarem_result squarem_maximise(const squarem_problem *problem, double *room,
                                double *x);

/* By heed_scratch(). */
double *squarem_room(heed_memory *memory, size_t count);

#endif
