/* SPDX-License-Identifier: GPL-3.0-or-later
 * The gap that the parameter `mu` means: known, requested, of each pair, or a
 * number. */
#include "support/attention/gap.h"

#include <math.h>

const char *const gap_words[] = {"known", "requested", "pair", NULL};

heed_status gap_of(const heed_value *mu, const heed_world *world,
                   double *result, heed_error *error) {
  *result = NAN;
  if (mu->text == NULL) {
    *result = mu->number;
    return HEED_OK;
  }
  if (mu->integer == GAP_PAIR) return HEED_OK;
  *result = mu->integer == GAP_KNOWN ? world->mu : world->mu_requested;
  if (isnan(*result))
    return heed_fail(error, HEED_UNSUPPORTED,
                     "mu: the source does not know the gap; give mu as a "
                     "number");
  return HEED_OK;
}
