/* SPDX-License-Identifier: GPL-3.0-or-later
 * Charts: the role of each axis of a result, and the numbers of each panel. */
#ifndef HEED_REPORT_CHART_H
#define HEED_REPORT_CHART_H

#include "report/report.h"
#include "view/groups.h"

#define CHART_LINES 8   /* readers cannot distinguish more */
#define CHART_PANELS 24 /* with more, axes are averaged */
#define CHART_AXES 16

/* The roles of a result's axes, the same for all of its metrics. */
typedef struct report_layout {
  view_groups view; /* by panel axes, then lines, then x */
  size_t panel_axes[CHART_AXES], panel_axis_count;
  size_t averaged[CHART_AXES], averaged_count;
  size_t x, lines; /* axes; SIZE_MAX: none */
  size_t x_count, line_count, panel_count;
} report_layout;

/* A chart of one of the values that a metric has at each point. */
typedef struct report_chart {
  const plan_metric *metric;
  size_t value;               /* of the record */
  char which[2 * LABEL_SIZE]; /* "kl = 1 nat"; "": only one value */
} report_chart;

heed_status layout_choose(const view_result *result,
                          const report_options *options, report_layout *self,
                          heed_error *error);
void layout_close(report_layout *self);

/* The charts to draw; the caller frees them.  For a metric over KL, the value
 * nearest to 1; for a metric over judges, one chart per judge. */
heed_status charts_choose(const view_result *result,
                          const report_options *options, report_chart **charts,
                          size_t *count, heed_error *error);

/* The summary at a position of a panel. */
view_estimate layout_summary(report_layout *self, const report_chart *chart,
                             size_t panel, size_t line, size_t x);

/* "gap = 0.6, eta = beta"; "" if there is only one panel. */
void layout_panel_title(const report_layout *self, size_t panel, char *title,
                        size_t size);

/* An axis, or NULL for SIZE_MAX. */
const plan_coordinate *layout_axis(const report_layout *self, size_t axis);

/* "win rate at kl (kl = 1 nat) [1]": the name of a number, with its unit. */
void chart_label(const report_chart *self, char *label, size_t size);
void axis_label(const plan_coordinate *axis, char *label, size_t size);

#endif
