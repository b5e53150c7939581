/* SPDX-License-Identifier: GPL-3.0-or-later
 * Where cells lie on the grid, in words. */
#ifndef HEED_VIEW_WHERE_H
#define HEED_VIEW_WHERE_H

#include "view/view.h"

#define WHERE_SIZE 512

/* "gap = 0.55, 0.65; threshold = 0.9": the axes along which the cells have only
 * some of the values.  "": they have all values of each axis.
 *
 * cells: one per cell of the plan; true: the cell is in the set. */
void view_where(const heed_plan *plan, const bool *cells,
                char text[WHERE_SIZE]);

#endif
