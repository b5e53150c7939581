/* SPDX-License-Identifier: GPL-3.0-or-later
 * Read-only view of a result file: its cells, values and labels.
 *
 * Callers: diagnosis, verdict, report, command.  Nothing that runs cells reads
 * results.
 */
#ifndef HEED_VIEW_VIEW_H
#define HEED_VIEW_VIEW_H

#include "plan/plan.h"
#include "work/batch.h"

typedef struct view_result {
  const char *path; /* borrowed */
  heed_plan *plan;  /* the file's own */
  work_batch cells; /* one per place on the grid */
  bool edited;      /* another program has written to the file */
} view_result;

heed_status view_result_open(const char *path, view_result *self,
                             heed_error *error);
void view_result_close(view_result *self);

/* The place of a cell on the grid: axes in order, the replicate last. */
size_t view_place(const view_result *self, size_t cell);

/* Value number `value` of the record of a point and a replicate; NaN: none. */
double view_value(const view_result *self, size_t point, size_t replicate,
                  size_t value);

/* Whether the point's replicates are a bootstrap of a log. */
bool view_is_bootstrap(const view_result *self, size_t point);

/* The axis or metric of a name that an option gave.  HEED_INVALID: unknown; the
 * message has the option and the nearest name. */
heed_status view_find_axis(const heed_plan *plan, const char *option,
                           const char *name, size_t *index, heed_error *error);
heed_status view_find_metric(const heed_plan *plan, const char *option,
                             const char *name, const plan_metric **metric,
                             heed_error *error);

/* A label of an axis or dimension as text. */
#define LABEL_SIZE 512
void view_label(const plan_coordinate *coordinate, size_t index,
                char label[LABEL_SIZE]);

/* The shortest decimal that reads back as the same number; "" for NaN. */
#define NUMBER_SIZE 32
void view_number(double number, char text[NUMBER_SIZE]);

/* Writes one field of a CSV file (RFC 4180), quoted if necessary. */
void view_csv_field(FILE *file, const char *text);

/* The same for a text from a log or a sweep.  A spreadsheet would run one that
 * begins with =, +, - or @ and is no number: it begins with ' then, which
 * spreadsheets do not show. */
void view_csv_name(FILE *file, const char *text);

#endif
