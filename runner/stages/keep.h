/* SPDX-License-Identifier: GPL-3.0-or-later
 * The tables that a record keeps beside its metrics, chosen by `keep`. */
#ifndef HEED_STAGES_KEEP_H
#define HEED_STAGES_KEEP_H

#include "level.h"

typedef struct stages_keeping {
  const heed_plan *plan;
  const stages_level
      *levels; /* PLAN_STAGE_COUNT: the path of a cell that is done */
  const heed_selection *selection; /* NULL: no PLAN_KEEP_SELECTION */
  const heed_host *host;           /* its scratch() allocates the tables */
} stages_keeping;

heed_status keep_tables(const stages_keeping *keeping, heed_record *record,
                        heed_error *error);

#endif
