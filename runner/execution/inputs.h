/* SPDX-License-Identifier: GPL-3.0-or-later
 * The files that sources read, held to the hashes in the plan.  A cell counts
 * only if they still have those bytes when it ends: a log that somebody appends
 * to would otherwise be recorded under the key of the old one. */
#ifndef HEED_EXECUTION_INPUTS_H
#define HEED_EXECUTION_INPUTS_H

#include <sys/stat.h>

#include "plan/plan.h"

typedef struct execution_inputs {
  const heed_plan *plan;
  struct stat *seen; /* each input when its hash was last right */
} execution_inputs;

/* HEED_INVALID: a file has changed since the sweep was planned. */
heed_status inputs_open(const heed_plan *plan, execution_inputs *result,
                        heed_error *error);
/* The same, after a cell.  Reads only files whose size, times or place differ
 * from before. */
heed_status inputs_check(execution_inputs *self, heed_error *error);
void inputs_close(execution_inputs *self);

#endif
