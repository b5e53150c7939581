/* SPDX-License-Identifier: MIT
 * Sources make worlds. */
#ifndef HEED_SOURCE_H
#define HEED_SOURCE_H

#include "plugin.h"
#include "world.h"

#ifdef __cplusplus
extern "C" {
#endif

typedef struct heed_source_functions {
  size_t size; /* sizeof(heed_source_functions) */

  /* Fills in *world.  The host has zeroed it, except size, mu and
   * mu_requested (NaN).  Tables and all other memory come from
   * host->allocate(). */
  heed_status (*make)(void *self, const heed_host *host, heed_world *world,
                      heed_error *error);

  /* For HEED_COSTLY sources: makes world->state again after the host has
   * loaded the tables and numbers of *world from a file.  NULL: there is no
   * state. */
  heed_status (*restore)(void *self, const heed_host *host, heed_world *world,
                         heed_error *error);

  /* The true rewards of `count` responses to any prompts, into
   * rewards[count].  The p of a pair is sigmoid(reward of A's - reward of
   * B's).  Only evaluation calls this; nothing that learns does.  NULL, or
   * HEED_UNSUPPORTED: this world has no judge (a log). */
  heed_status (*judge)(void *self, const heed_host *host,
                       const heed_world *world, size_t count,
                       const heed_response *responses, double *rewards,
                       heed_error *error);

  /* The rewards of a second judge, which has no influence on what users choose.
   * A policy cannot win by exploiting flaws of the first judge.  Win rates of
   * texts use this judge if it exists.  NULL: none. */
  heed_status (*second_judge)(void *self, const heed_host *host,
                              const heed_world *world, size_t count,
                              const heed_response *responses, double *rewards,
                              heed_error *error);

  /* log pi_ref(response | prompt) into log_probability[count].  Values are
   * finite.  If candidates are finite, their probabilities sum to 1 for each
   * prompt.  Of a truncated text: the log-probability that a response begins
   * with it.  NULL: the world has no reference policy. */
  heed_status (*reference)(void *self, const heed_host *host,
                           const heed_world *world, size_t count,
                           const heed_response *responses,
                           double *log_probability, heed_error *error);

  /* Since 4.1.  Fills in what is known of every world of this source; the host
   * has zeroed *outline, except size.  Called while a sweep is planned: reads
   * no file.  NULL: nothing is known. */
  void (*outline)(const void *self, heed_outline *outline);
  /* Since 4.1: looks into the source's files as make() would, and returns the
   * error that make() would return.  rows: how many rows of each file it reads
   * at least; SIZE_MAX: all.  `heed check` calls it before any cell runs.  The
   * host frees all memory afterwards.  NULL: there is nothing to look into. */
  heed_status (*check)(void *self, const heed_host *host, size_t rows,
                       heed_error *error);
} heed_source_functions;

#ifdef __cplusplus
}
#endif

#endif
