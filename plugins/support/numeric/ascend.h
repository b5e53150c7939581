/* SPDX-License-Identifier: GPL-3.0-or-later
 * One coordinate uphill: a Newton step by differences, halved until the value
 * rises.  Called by em for mu, and by attention/phi.h. */
#ifndef HEED_SUPPORT_NUMERIC_ASCEND_H
#define HEED_SUPPORT_NUMERIC_ASCEND_H

#include <stddef.h>

typedef double ascend_value(void *context, double *x);

/* Moves x[i] within [low, high], or leaves it: the value never falls. */
void ascend_coordinate(ascend_value *value, void *context, double *x, size_t i,
                       double low, double high);

#endif
