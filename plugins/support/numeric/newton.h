/* SPDX-License-Identifier: GPL-3.0-or-later
 * Newton's method with finite differences for a smooth function of few values.
 * Along a flat direction EM takes thousands of steps; about ten of these reach
 * the end.  Called by the EM driver (support/attention/em_driver.h). */
#ifndef HEED_SUPPORT_NUMERIC_NEWTON_H
#define HEED_SUPPORT_NUMERIC_NEWTON_H

#include "heed/memory.h"

typedef struct newton_problem {
  size_t count;
  void *context;
  /* f(x); -HUGE_VAL outside its domain.  Where a value of x is at its bound, f
   * is either flat or -HUGE_VAL beyond. */
  double (*value)(void *context, const double *x);
  double tolerance; /* ends once a step promises a gain of at most tolerance (1
                     * + |f|) */
  size_t most_values; /* no step starts after this many calls of value() */
} newton_problem;

typedef struct newton_result {
  double value;  /* at the returned x */
  size_t values; /* calls of value() */
} newton_result;

/* Memory for `count` values, from heed_scratch(). */
double *newton_room(heed_memory *memory, size_t count);

/* Moves x, where f is `value`, to a nearby maximum; f never falls.  A value of
 * x at its bound stays if f falls towards the inside. */
newton_result newton_maximise(const newton_problem *problem, double value,
                              double *room, double *x);

#endif
