/* SPDX-License-Identifier: GPL-3.0-or-later
 * The parameter `mu` of estimators that do not estimate it: constant,
 * frequency, oracle, moments and bayes, and em where mu is not "estimated". */
#ifndef HEED_SUPPORT_ATTENTION_GAP_H
#define HEED_SUPPORT_ATTENTION_GAP_H

#include "heed/plugin.h"
#include "heed/world.h"

/* "known", "requested", "pair", NULL: choices of a HEED_ENUM_OR_NUMBER. */
extern const char *const gap_words[];
enum { GAP_KNOWN, GAP_REQUESTED, GAP_PAIR };

/* The gap that the parameter means in this world; NaN for "pair".  Refuses
 * where the source does not know it. */
heed_status gap_of(const heed_value *mu, const heed_world *world,
                   double *result, heed_error *error);

#endif
