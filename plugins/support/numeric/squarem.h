/* SPDX-License-Identifier: GPL-3.0-or-later
 * SQUAREM: EM whose steps are extrapolated (Varadhan and Roland 2008, Scand.
 * J. Stat. 35, 335-353, scheme S3), guarded: an extrapolation that would lower
 * the objective gives way to the EM step, so the objective never falls. */
#ifndef HEED_SUPPORT_NUMERIC_SQUAREM_H
#define HEED_SUPPORT_NUMERIC_SQUAREM_H

#include "heed/host.h"

typedef struct squarem_problem {
  size_t count; /* of parameters */
  void *context;
  /* Replaces x by the EM step from it; returns the objective at the x given,
   * -HUGE_VAL where x is not a valid parameter (x is then left alone). */
  double (*step)(void *context, double *x);
  /* Who asks only whether an objective is reached stops there; NULL: never. */
  const double *enough;
} squarem_problem;

typedef struct squarem_result {
  double objective; /* at the x returned */
  uint64_t steps;   /* EM steps taken */
  bool converged;
} squarem_result;

/* From x to a maximum near it.  Converged: twice in a row a cycle gained less
 * than tolerance (1 + |objective|).  series: the name under which the host
 * keeps the objective; NULL: not kept.  room: from squarem_room(). */
squarem_result squarem_maximise(const squarem_problem *problem,
                                const heed_host *host, const char *series,
                                double tolerance, uint64_t most_steps,
                                double *room, double *x);

/* From host->scratch(); NULL when memory is out. */
double *squarem_room(const heed_host *host, size_t count);

#endif
