/* SPDX-License-Identifier: GPL-3.0-or-later
 * Makes a self-contained HTML page of a result, with a figure for each metric,
 * drawn by gnuplot.  The page of a log begins with a verdict.
 *
 * Callers: command.  Nothing that runs cells does. */
#ifndef HEED_REPORT_REPORT_H
#define HEED_REPORT_REPORT_H

#include "view/view.h"

typedef struct report_options {
  const char **metrics; /* names; none: the metrics of evaluation that vary */
  size_t metric_count;
  const char *x, *lines; /* axes; NULL: heed chooses */
  /* Of a log: */
  double threshold, alpha; /* of the verdict on users */
  const char *pseudonyms;  /* a file with a key; NULL: names as in the log */
  size_t cell;             /* whose fit; SIZE_MAX: the first */
} report_options;

/* The caller frees the page.  HEED_INVALID: unknown metric or axis;
 * HEED_UNSUPPORTED: gnuplot is not installed. */
heed_status report_make(view_result *result, const report_options *options,
                        char **page, size_t *length, heed_error *error);

#endif
