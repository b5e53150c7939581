/* SPDX-License-Identifier: GPL-3.0-or-later
 * One coordinate uphill: value, slope and curvature by central differences of a
 * point moved inside its bounds. */
#include "support/numeric/ascend.h"

#include <assert.h>
#include <math.h>

void ascend_coordinate(ascend_value *value, void *context, double *x, size_t i,
                       double low, double high) {
  enum { MOST_HALVINGS = 12 };
  const double start = x[i], h = 1e-4 * fmin(high - low, 1);
  const double middle = fmin(fmax(start, low + h), high - h);
  const double here = value(context, x);
  assert(low < high);
  double above, below, at_middle, first, second, step;
  x[i] = middle + h;
  above = value(context, x);
  x[i] = middle - h;
  below = value(context, x);
  x[i] = middle;
  at_middle = middle == start ? here : value(context, x);
  first = (above - below) / (2 * h);
  second = (above - 2 * at_middle + below) / (h * h);
  step = second < 0 ? -first / second : copysign(0.1 * (high - low), first);
  for (int halvings = 0; halvings < MOST_HALVINGS; halvings++) {
    x[i] = fmin(fmax(start + step, low), high);
    if (x[i] != start && value(context, x) > here) return;
    step /= 2;
  }
  x[i] = start;
}
