/* SPDX-License-Identifier: MIT
 * The whole plugin ABI of heed.  A plugin of one kind needs only the header of
 * that kind.  The headers are the specification.
 *
 *   abi.h           the version; structs that grow
 *   status.h  random.h  table.h  schema.h  host.h  plugin.h    common to all
 *   world.h         pairs, users, annotations
 *   source.h        → world
 *   distribution.h  P_eta
 *   user_model.h    P(choice | eta, pair)
 *   estimator.h     annotations → posterior
 *   filter.h        posterior → selection
 *   trainer.h       selection → policy
 *   memory.h        optional: many allocations, one check
 *   vector.h        optional: fast exp, log, sums of arrays
 *   limit.h         optional: limits of a child process
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
