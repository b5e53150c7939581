/* SPDX-License-Identifier: GPL-3.0-or-later
 * The annotations stage: simulates users or takes a half of a log's, and holds
 * out the annotations that only evaluation sees. */
#ifndef HEED_STAGES_CROWD_H
#define HEED_STAGES_CROWD_H

#include "heed/memory.h"
#include "host/host.h"

typedef struct stages_crowd {
  heed_crowd seen;     /* without the true attentiveness */
  heed_crowd with_eta; /* the same with the users' eta; a log: seen */
  heed_crowd held_out; /* no rows: nothing is held out */
  const double *eta;   /* users x dimension; NULL: a log */
  size_t dimension;    /* of eta */
  bool resampled;      /* a half of a log's users */
} stages_crowd;

/* values: of stages_users (users.h).  The memory is the service's. */
heed_status crowd_make(const heed_world *world, const heed_value *values,
                       host_service *host, stages_crowd *result,
                       heed_error *error);

/* Whether a log's annotations are counts of equal ones. */
bool crowd_is_counted(const heed_world *world);

/* A table of the given rows of another table; it shares the texts. */
heed_table *crowd_gather(heed_memory *memory, const heed_table *table,
                         const char *name, size_t count, const size_t *rows);

#endif
