/* SPDX-License-Identifier: GPL-3.0-or-later
 * Finds where a command writes, and refuses to write onto what it reads. */
#ifndef HEED_COMMAND_SPARE_H
#define HEED_COMMAND_SPARE_H

#include "files/output.h"
#include "plan/plan.h"

/* A text made from a result: not onto the result, another HDF5 file, or a file
 * that the result was made from, or the key of the pseudonyms (NULL: none).
 * output_free() frees *target, even after an error. */
heed_status spare_find_text(const char *named, const char *result,
                            const char *key, const heed_plan *plan,
                            output_target *target, heed_error *error);
/* A result: a regular file that the sweep does not read. */
heed_status spare_find_result(const char *named, const heed_plan *plan,
                              output_target *target, heed_error *error);
/* A packed log, which is none of these logs. */
heed_status spare_find_packed(const char *named, char *const *logs,
                              size_t count, output_target *target,
                              heed_error *error);

#endif
