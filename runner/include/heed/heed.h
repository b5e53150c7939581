/* SPDX-License-Identifier: MIT
 * The plugin ABI of heed, whole.  A plugin of one kind needs only the header
 * of that kind; each says all there is to know of it.
 *
 *   status.h  random.h  table.h  schema.h  host.h  plugin.h    what all share
 *   world.h         pairs, users, annotations
 *   source.h        → world
 *   distribution.h  P_eta
 *   user_model.h    P(choice | eta, pair)
 *   estimator.h     annotations → posterior
 *   filter.h        posterior → selection
 *   trainer.h       selection → policy
 *   memory.h        optional: many allocations, one check
 *   gsl.h           optional: a stream as a gsl_rng */
#ifndef HEED_H
#define HEED_H

#include "distribution.h"
#include "estimator.h"
#include "filter.h"
#include "source.h"
#include "trainer.h"
#include "user_model.h"

#endif
