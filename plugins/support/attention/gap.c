/* SPDX-License-Identifier: GPL-3.0-or-later
 * The gap given by the parameter `mu`: known, requested, per pair, or a
 * number. */
#include "support/attention/gap.h"

#include <math.h>
#include <string.h>

const char *const gap_words[] = {"known", "requested", "pair", NULL};

static heed_status no_gap(heed_error *error) {
  return heed_fail(error, HEED_UNSUPPORTED,
                   "mu: the source does not know the gap; give mu as a number");
}

heed_status gap_accepts(const heed_value *mu, const char *p,
                        const heed_outline *outline, heed_error *error) {
  if (mu->text == NULL) return HEED_OK;
  if (mu->integer == GAP_PAIR && outline->p == HEED_NO &&
      (p == NULL || strcmp(p, "p") == 0))
    return heed_fail(error, HEED_UNSUPPORTED,
                     "mu = \"pair\": the source has no column p");
  if ((mu->integer == GAP_KNOWN || mu->integer == GAP_REQUESTED) &&
      outline->gap == HEED_NO)
    return no_gap(error);
  return HEED_OK;
}

heed_status gap_of(const heed_value *mu, const heed_world *world,
                   double *result, heed_error *error) {
  *result = NAN;
  if (mu->text == NULL) {
    *result = mu->number;
    return HEED_OK;
  }
  if (mu->integer == GAP_PAIR) return HEED_OK;
  *result = mu->integer == GAP_KNOWN ? world->mu : world->mu_requested;
  return isnan(*result) ? no_gap(error) : HEED_OK;
}
