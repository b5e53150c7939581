/* SPDX-License-Identifier: MIT
 * Draws that the worlds of a replicate share.
 *
 * Worlds that differ in one parameter often start from the same numbers,
 * because streams depend only on the seed, the replicate, the stage, the
 * purpose and the entity (heed/random.h).  The host keeps such numbers from one
 * world to the next, so that a source does not draw them again. */
#ifndef HEED_DRAWS_H
#define HEED_DRAWS_H

#include "host.h"
#include "vector.h"

#ifdef __cplusplus
extern "C" {
#endif

/* Some rows of a matrix: row i is drawn from the stream of entity i. */
typedef struct heed_draws_part {
  const char *purpose;
  size_t rows;
} heed_draws_part;

typedef struct heed_draws {
  size_t size; /* sizeof(heed_draws), set by the host */

  /* A matrix of standard normals with `width` columns, row-major: the rows of
   * the first part, then those of the second, and so on.  A row has the values
   * that heed_normals() draws from host->stream(host, purpose, row).  It is
   * read-only and lives as long as memory from allocate() in the same call, so
   * a column of a table may point to it.  NULL: out of memory. */
  const double *(*normals)(const heed_host *host, size_t parts,
                           const heed_draws_part *part, size_t width);
} heed_draws;

/* Extension, since 4.1: a const heed_draws *, valid for this call.  Sources
 * share matrices in make(); elsewhere they are drawn in each call. */
#define HEED_DRAWS "heed.draws"

static inline const heed_draws *heed_draws_of(const heed_host *host) {
  return (const heed_draws *)host->extension(host, HEED_DRAWS);
}

#ifdef __cplusplus
}
#endif

#endif
