/* SPDX-License-Identifier: GPL-3.0-or-later
 * A mean and a 95 % interval over replicates. */
#ifndef HEED_VIEW_SUMMARY_H
#define HEED_VIEW_SUMMARY_H

#include <stdbool.h>
#include <stddef.h>

typedef struct view_estimate {
  size_t count; /* replicates with a value */
  double value;
  double low, high; /* NaN: too few replicates */
} view_estimate;

/* values: one per replicate, NaN if missing; this function sorts them.
 *
 * Independent replicates: their mean, with Student's interval.
 * Bootstrap: replicate 0, which is the unchanged log, with an interval from the
 * 2.5 % and 97.5 % quantiles of the others.  It contains the value. */
view_estimate summarise_replicates(double *values, size_t count,
                                   bool bootstrap);

#endif
