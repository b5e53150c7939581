/* SPDX-License-Identifier: GPL-3.0-or-later
 * Makes one page of HTML of a result, which needs nothing else, with a figure
 * for each metric, drawn by gnuplot.
 *
 * Callers: command.  Nothing that runs cells does. */
#ifndef HEED_REPORT_REPORT_H
#define HEED_REPORT_REPORT_H

#include "view/view.h"

typedef struct report_options {
  const char **metrics; /* by name; none: those of evaluation that vary */
  size_t metric_count;
  const char *x, *lines; /* axes, or NULL: chosen by their values */
} report_options;

/* The page as a text of its own, to be freed.  HEED_INVALID where a metric or
 * an axis is not there; HEED_UNSUPPORTED where gnuplot is not installed. */
heed_status report_make(view_result *result, const report_options *options,
                        char **page, size_t *length, heed_error *error);

#endif
