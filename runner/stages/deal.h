/* SPDX-License-Identifier: GPL-3.0-or-later
 * Deals the pairs of a world to simulated users. */
#ifndef HEED_STAGES_DEAL_H
#define HEED_STAGES_DEAL_H

#include "heed/host.h"
#include "heed/world.h"

typedef struct stages_deal {
  const heed_world *world;
  const heed_host *host;
  size_t users;
  const size_t *first; /* users + 1: annotations of user j are first[j] ...
                          first[j + 1] - 1 */
  int64_t *pair;       /* filled: the pair of each annotation */
} stages_deal;

/* Each pair goes to at most one user; the world has enough of them.  Of any
 * user's annotations, gold pairs (heed/world.h) are the same share as of all
 * pairs, to less than one pair; their places are random. */
heed_status deal_once(const stages_deal *self, heed_error *error);

/* The same with each user's pairs drawn from all, without repetition; a user
 * has at most as many annotations as there are pairs. */
heed_status deal_overlapping(const stages_deal *self, heed_error *error);

#endif
