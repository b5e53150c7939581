/* SPDX-License-Identifier: GPL-3.0-or-later
 * SQUAREM: EM whose steps are extrapolated (Varadhan and Roland 2008, Scand.
 * J. Stat. 35, 335-353, scheme S3).
 *
 * A cycle takes two EM steps, x0 to x1 to x2, and leaps to
 *   y = x0 - 2 a r + a^2 v,  r = x1 - x0,  v = x2 - x1 - r,  a = -|r| / |v|.
 * It keeps y only where the objective is no lower than at x2: the objective
 * never falls from cycle to cycle.
 *
 * Called by the EM driver (support/attention/em_driver.h) and by the joint fit
 * of preferences (support/preference/joint_fit.h).  The two differ in when the
 * objective is known, and `value` says which holds. */
#ifndef HEED_SUPPORT_NUMERIC_SQUAREM_H
#define HEED_SUPPORT_NUMERIC_SQUAREM_H

#include "heed/memory.h"

typedef struct squarem_problem {
  size_t count;   /* of values in x */
  size_t leaping; /* the first so many are extrapolated; the others, functions
                     of them, stay at x2 until value() updates them */
  void *context;

  /* Replaces x by the EM step from it.
   * value NULL: returns the objective at the x given; -HUGE_VAL where that is
   * no valid parameter, and x is then left alone.  A cycle takes a third step
   * for the objective at x2, and goes on from there, or from the step after y.
   * value given: returns the objective at the new x; -HUGE_VAL where the step
   * finds no way up, and x is then left alone, and the cycle ends. */
  double (*step)(void *context, double *x);

  /* The objective at y; may change y to an equivalent point.  NULL: only
   * step() knows. */
  double (*value)(void *context, double *y);
  double objective; /* with value: at the x that the fit starts from */

  double longest;            /* bound of |a|; HUGE_VAL: none */
  double tolerance;          /* a cycle is still if it gains at most tolerance
                                (1 + |objective|) */
  int still_cycles;          /* so many in a row: the fit has converged */
  uint64_t most_steps;       /* no cycle starts after so many */
  const double *enough;      /* the fit ends once the objective is as high; or
                                NULL */
  const heed_status *status; /* the fit ends once this is not HEED_OK; or
                                NULL */

  const heed_host *host; /* may cancel the fit, and keeps the objective as the
                            series; NULL: neither */
  const char *series;    /* NULL: not kept */
} squarem_problem;

typedef struct squarem_result {
  double objective; /* at the x returned */
  uint64_t steps;   /* EM steps taken */
  bool converged;
} squarem_result;

/* From x to a maximum near it.  room: from squarem_room(). */
squarem_result squarem_maximise(const squarem_problem *problem, double *room,
                                double *x);

/* By heed_scratch(). */
double *squarem_room(heed_memory *memory, size_t count);

#endif
