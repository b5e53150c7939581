/* SPDX-License-Identifier: GPL-3.0-or-later
 * Parts of a pass, and the sum over them. */
#include <string.h>

#include "estimators/people/fit.h"

size_t people_parts(size_t total) {
  const size_t least = 32; /* users or pairs of a part */
  const size_t parts = total / least;
  return parts < 1 ? 1 : parts > PEOPLE_PARTS ? PEOPLE_PARTS : parts;
}

void people_add_parts(people_fit *self, size_t parts, size_t count,
                      people_sums *total) {
  double *mass = total->mass;
  *total = (people_sums){.mass = mass};
  memset(mass, 0, count * sizeof *mass);
  for (size_t p = 0; p < parts; p++) {
    const people_sums *part = &self->part[p];
    total->log_z += part->log_z;
    total->expected += part->expected;
    total->squares += part->squares;
    total->count += part->count;
    total->loss += part->loss;
    total->loss_squares += part->loss_squares;
    total->log_messages += part->log_messages;
    for (size_t k = 0; k < count; k++) mass[k] += part->mass[k];
  }
}
