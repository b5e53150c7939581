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

/* The gap given by the parameter in this world; NaN for "pair".  An error if
 * the source does not know it. */
heed_status gap_of(const heed_value *mu, const heed_world *world,
                   double *result, heed_error *error);

/* For accepts(): an error if no world of the source can have the gap.  p: the
 * column of "pair", where it is not `p`; or NULL. */
heed_status gap_accepts(const heed_value *mu, const char *p,
                        const heed_outline *outline, heed_error *error);

#endif
