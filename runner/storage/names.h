/* SPDX-License-Identifier: GPL-3.0-or-later
 * What datasets of a result file are called.
 *
 * An axis, a dimension and a metric go by their own names, unless the name is
 * taken: by a dataset or group that every result has, or by one named earlier.
 * Then NAME_axis, NAME_dimension and NAME_metric. */
#ifndef HEED_STORAGE_NAMES_H
#define HEED_STORAGE_NAMES_H

#include "plan/plan.h"

#define NAME_SIZE 256

/* of: an axis or a coordinate tied to one. */
void name_axis(const plan_coordinate *coordinate, char name[NAME_SIZE]);
void name_dimension(const heed_plan *plan, const plan_coordinate *coordinate,
                    char name[NAME_SIZE]);
void name_metric(const heed_plan *plan, const plan_metric *metric,
                 char name[NAME_SIZE]);

#endif
