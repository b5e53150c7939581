/* SPDX-License-Identifier: GPL-3.0-or-later
 * The likelihood of the annotations if nobody attends. */
#include <math.h>
#include <string.h>

#include "estimators/em_bradley_terry/fit.h"

/* sum_i log P(choice of a casual user) at the phi in x; writes to log_g. */
static double tossed(void *context, double *x) {
  bradley_terry_fit *self = context;
  double sum = 0;
  kinds_casual(&self->kinds, bradley_terry_phi_of(self, x), self->log_g);
  for (size_t c = 0; c < self->kinds.count; c++)
    sum += self->kinds.total[c] * log(self->log_g[c]);
  return sum;
}

double bradley_terry_coin_tosses(bradley_terry_fit *self, const double *x,
                                 double *y) {
  enum { ROUNDS = 50 };
  const size_t first = self->models + self->prior.theta_count;
  memcpy(y, x, self->em.count * sizeof *y);
  double sum = tossed(self, y), earlier;
  for (int round = 0; round < ROUNDS && phi_fits(&self->phi); round++) {
    earlier = sum;
    phi_ascend(&self->phi, tossed, self, y, first);
    sum = tossed(self, y);
    if (!(sum > earlier + 1e-6)) break;
  }
  return sum;
}
