/* SPDX-License-Identifier: GPL-3.0-or-later
 * Names of datasets in a result file.
 *
 * An axis, a dimension and a metric keep their own names, unless a dataset or
 * group that every result has, or an earlier one, has the name.  Then they are
 * called NAME_axis, NAME_dimension and NAME_metric. */
#ifndef HEED_RESULT_NAMES_H
#define HEED_RESULT_NAMES_H

#include "plan/plan.h"

#define NAME_SIZE 256

/* coordinate: an axis, or tied to one. */
void name_axis(const plan_coordinate *coordinate, char name[NAME_SIZE]);
void name_dimension(const heed_plan *plan, const plan_coordinate *coordinate,
                    char name[NAME_SIZE]);
void name_metric(const heed_plan *plan, const plan_metric *metric,
                 char name[NAME_SIZE]);

#endif
