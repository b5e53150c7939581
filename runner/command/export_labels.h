/* SPDX-License-Identifier: GPL-3.0-or-later
 * Gathers the labels of all pairs of a selection. */
#ifndef HEED_COMMAND_EXPORT_LABELS_H
#define HEED_COMMAND_EXPORT_LABELS_H

#include "export_pairs.h"
#include "export_rows.h"

/* Reads all rows once.  HEED_INVALID: the file lacks what a label needs.  Free
 * *pairs with pairs_free(), even after an error. */
heed_status labels_gather(export_rows *rows, export_pairs *pairs,
                          heed_error *error);

/* The label of row i's pair, in a walk over the rows that labels_gather() read.
 */
const export_pair *labels_find(const export_pairs *pairs,
                               const export_rows *rows, size_t i);
/* The same if the row is the pair's first; NULL: a later row. */
const export_pair *labels_first(const export_pairs *pairs,
                                const export_rows *rows, size_t i);

#endif
