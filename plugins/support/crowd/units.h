/* SPDX-License-Identifier: GPL-3.0-or-later
 * The unit of a posterior that an annotation belongs to.  Called by the
 * filters, by ranking.h and by the comparisons that a policy is trained on. */
#ifndef HEED_SUPPORT_CROWD_UNITS_H
#define HEED_SUPPORT_CROWD_UNITS_H

#include "heed/estimator.h"

/* Sets unit[i] to the row of posterior->mean for annotation i.  A row is a
 * user, a (user, topic) pair or an annotation.  The topic comes from the
 * annotation or, if it has none, from its pair.  Fails if the posterior does
 * not match the crowd. */
heed_status units_of(const heed_crowd *crowd, const heed_posterior *posterior,
                     size_t *unit, heed_error *error);

#endif
