/* SPDX-License-Identifier: GPL-3.0-or-later
 * Where the values of a plan stand in records that were made under another. */
#ifndef HEED_WORK_MATCH_H
#define HEED_WORK_MATCH_H

#include "plan/plan.h"

/* What a part keeps of its plan: an object of its `dimensions` and `metrics`,
 * as text to be freed.  NULL: out of memory. */
char *match_layout(const heed_plan *plan);

typedef struct work_match {
  size_t width;   /* values in a stored record */
  size_t *source; /* of each value of the plan, where it stands in a stored
                   record; SIZE_MAX: nowhere */
} work_match;

/* Metrics are matched by name, and their values by the labels of their
 * dimensions, so that each stays what it was when a sweep is extended.
 * stored: a plan, or what match_layout() gave. */
heed_status match_make(const json_t *stored, const heed_plan *plan,
                       work_match *result, heed_error *error);
void match_free(work_match *self);

#endif
