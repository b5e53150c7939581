/* SPDX-License-Identifier: GPL-3.0-or-later
 * Draws rows with replacement, in proportion to their weights, in one pass: the
 * draws come in the order of the rows. */
#ifndef HEED_COMMAND_EXPORT_DRAW_H
#define HEED_COMMAND_EXPORT_DRAW_H

#include "host/host.h"

typedef struct export_draw {
  heed_stream stream;
  double total, passed; /* weight of all rows, of the rows so far */
  double log_above;     /* log(1 - next draw) */
  double next;          /* the next draw, a position in (0, 1) */
  size_t left;          /* draws */
} export_draw;

/* count draws from rows whose weights add up to `total`, in this order. */
void draw_start(export_draw *self, uint64_t seed, uint64_t replicate,
                size_t count, double total);
/* How many draws fall on the next row, of this weight.  Call it for each row,
 * in order; the calls add up to `count`. */
size_t draw_row(export_draw *self, double weight);

#endif
