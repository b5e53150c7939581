/* SPDX-License-Identifier: GPL-3.0-or-later
 * Drawing: gnuplot draws charts as SVG. */
#ifndef HEED_REPORT_DRAW_H
#define HEED_REPORT_DRAW_H

#include "chart.h"

typedef struct report_drawing {
  size_t count; /* charts x panels */
  char **svg;   /* texts */
} report_drawing;

/* Colours of lines in the notation of CSS and gnuplot: Okabe and Ito (2008),
 * distinguishable with colour blindness. */
extern const char *const drawing_colors[CHART_LINES];

/* HEED_UNSUPPORTED if gnuplot cannot start. */
heed_status drawing_make(report_layout *layout, const report_chart *charts,
                         size_t chart_count, report_drawing *made,
                         heed_error *error);
void drawing_free(report_drawing *self);

#endif
