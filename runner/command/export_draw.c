/* SPDX-License-Identifier: GPL-3.0-or-later
 * Draws rows with replacement, in proportion to their weights.
 *
 * The row of a draw is the one in whose part of (0, 1) a uniform number falls.
 * The numbers come in ascending order, as the order statistics of n uniform
 * numbers (Devroye 1986, "Non-Uniform Random Variate Generation", V.3.1): of k
 * numbers above u, 1 - the smallest is (1 - u) V^(1/k). */
#include "export_draw.h"

#include <math.h>

static void move_on(export_draw *self) {
  if (self->left == 0) return;
  self->log_above += log(heed_uniform(&self->stream)) / (double)self->left;
  self->next = -expm1(self->log_above);
}

void draw_start(export_draw *self, uint64_t seed, uint64_t replicate,
                size_t count, double total) {
  *self =
      (export_draw){.stream = stream_open(seed, replicate, "export", "draw", 0),
                    .total = total,
                    .left = count};
  move_on(self);
}

size_t draw_row(export_draw *self, double weight) {
  size_t count = 0;
  if (!(weight > 0)) return 0;
  self->passed += weight;
  /* The last row takes a draw that rounds to 1. */
  while (self->left > 0 && (self->next * self->total < self->passed ||
                            self->passed >= self->total)) {
    count++;
    self->left--;
    move_on(self);
  }
  return count;
}
