/* SPDX-License-Identifier: GPL-3.0-or-later
 * Finds the values of a plan in records of another plan. */
#ifndef HEED_WORK_MATCH_H
#define HEED_WORK_MATCH_H

#include "plan/plan.h"

/* The layout that a part stores of its plan: an object of its `dimensions` and
 * `metrics`, as text.  The caller frees it.  NULL: out of memory. */
char *match_layout(const heed_plan *plan);

typedef struct work_match {
  size_t width;   /* values in a stored record */
  size_t *source; /* for each value of the plan, its position in a stored
                     record; SIZE_MAX: none */
} work_match;

/* Matches metrics by name and their values by the labels of their dimensions:
 * values keep their meaning when a sweep is extended.  stored: a plan, or the
 * result of match_layout(). */
heed_status match_make(const json_t *stored, const heed_plan *plan,
                       work_match *result, heed_error *error);
void match_free(work_match *self);

#endif
