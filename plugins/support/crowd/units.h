/* SPDX-License-Identifier: GPL-3.0-or-later
 * Which unit of a posterior an annotation belongs to.  Called by the filters,
 * by ranking.h and by the comparisons that a policy is trained on. */
#ifndef HEED_SUPPORT_CROWD_UNITS_H
#define HEED_SUPPORT_CROWD_UNITS_H

#include "heed/estimator.h"

/* unit[annotations]: the row in posterior->mean of each annotation: its user,
 * its user and topic, or itself.  A topic is the annotation's own, or else its
 * pair's.  Fails where the posterior does not fit the crowd. */
heed_status units_of(const heed_crowd *crowd, const heed_posterior *posterior,
                     size_t *unit, heed_error *error);

#endif
