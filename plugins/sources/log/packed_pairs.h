/* SPDX-License-Identifier: GPL-3.0-or-later
 * The pairs of a packed log, user by user. */
#ifndef HEED_SOURCES_LOG_PACKED_PAIRS_H
#define HEED_SOURCES_LOG_PACKED_PAIRS_H

#include "sources/log/packed_read.h"

typedef struct packed_pairs {
  packed_file *file;
  packed_cursor pairs, rows;
  bool has_rows;
  bool has_pairs; /* and some pair has several annotations */
  /* Of the current user. */
  int64_t *pair, *row;
  size_t room;
} packed_pairs;

/* packed_pairs_close() always follows. */
heed_status packed_pairs_open(packed_pairs *self, packed_file *file);
void packed_pairs_close(packed_pairs *self);

/* Of the next user, who has `count` annotations: fills in row, in the order of
 * the log, and pair, in any order.  *repeated: adds the annotations of pairs
 * that the user has already annotated. */
heed_status packed_next_pairs(packed_pairs *self, size_t count,
                              size_t *repeated);

#endif
