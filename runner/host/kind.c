/* SPDX-License-Identifier: GPL-3.0-or-later
 * Kinds by name. */
#include <string.h>

#include "host/host.h"

static const char *const names[HEED_KIND_COUNT] = {
    "source", "distribution", "user_model", "estimator", "filter", "trainer"};

const char *kind_name(heed_kind kind) {
  return (unsigned)kind < HEED_KIND_COUNT ? names[kind] : NULL;
}

bool kind_of(const char *name, heed_kind *kind) {
  for (unsigned i = 0; i < HEED_KIND_COUNT; i++)
    if (strcmp(names[i], name) == 0) {
      *kind = (heed_kind)i;
      return true;
    }
  return false;
}
