/* SPDX-License-Identifier: GPL-3.0-or-later
 * Anderson's acceleration of EM (1965, J. ACM 12, 547-560; for EM: Henderson
 * and Varadhan 2019, J. Comput. Graph. Stat. 28, 834-846).
 *
 * With r = M(x) - x for the EM step M, the next point is
 *   M(x) - sum_i c_i (dx_i + dr_i),   c the minimum of |r - sum_i c_i dr_i|,
 * dx_i and dr_i the last differences of points and of r: a secant method, which
 * needs a few steps where SQUAREM crawls along a curved ridge.  The objective
 * never falls: a point where it is lower only adds its differences, and after
 * two in a row the next point is the EM step.
 *
 * Called by the EM driver (support/attention/em_driver.h). */
#ifndef HEED_SUPPORT_NUMERIC_ANDERSON_H
#define HEED_SUPPORT_NUMERIC_ANDERSON_H

#include "support/numeric/squarem.h"

typedef struct anderson_room anderson_room;

/* From x to a nearby maximum, for a problem whose value is NULL; `longest` is
 * not used.  A step, not a cycle, that gains at most the tolerance is a stall.
 */
squarem_result anderson_maximise(const squarem_problem *problem,
                                 anderson_room *room, double *x);

/* For `count` values of which `leaping` are extrapolated.  By heed_scratch();
 * NULL if memory is refused. */
anderson_room *anderson_open(heed_memory *memory, size_t count, size_t leaping);

#endif
