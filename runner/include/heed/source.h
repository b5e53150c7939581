/* SPDX-License-Identifier: MIT
 * Sources: they make worlds. */
#ifndef HEED_SOURCE_H
#define HEED_SOURCE_H

#include "plugin.h"
#include "world.h"

#ifdef __cplusplus
extern "C" {
#endif

typedef struct heed_source_functions {
  size_t size; /* sizeof(heed_source_functions) */

  /* Fills *world, which comes zeroed but for size, mu and mu_requested (NaN).
   * Tables and all else it points to come from host->allocate(). */
  heed_status (*make)(void *self, const heed_host *host, heed_world *world,
                      heed_error *error);

  /* For HEED_COSTLY sources: after the tables and numbers of *world were
   * loaded from a file, remakes world->state.  NULL: there is none. */
  heed_status (*restore)(void *self, const heed_host *host, heed_world *world,
                         heed_error *error);

  /* True rewards of `count` responses, to any prompts, into rewards[count]: p
   * of a pair is sigmoid(reward of A's - reward of B's).  Used by evaluation
   * alone, never by what learns.  NULL, or HEED_UNSUPPORTED: this world has no
   * judge (a log). */
  heed_status (*judge)(void *self, const heed_host *host,
                       const heed_world *world, size_t count,
                       const heed_response *responses, double *rewards,
                       heed_error *error);

  /* The same of a second judge, who has no part in what users choose, so that
   * a policy cannot win by what the first one overlooks: win rates of texts
   * are by this one where there is one. */
  heed_status (*second_judge)(void *self, const heed_host *host,
                              const heed_world *world, size_t count,
                              const heed_response *responses, double *rewards,
                              heed_error *error);

  /* log pi_ref(response | prompt) into log_probability[count]; finite, and
   * normalised over the candidates of a prompt where they are.  Of a text that
   * was cut off, the probability that a response begins so.  NULL: the world
   * has no reference policy. */
  heed_status (*reference)(void *self, const heed_host *host,
                           const heed_world *world, size_t count,
                           const heed_response *responses,
                           double *log_probability, heed_error *error);
} heed_source_functions;

#ifdef __cplusplus
}
#endif

#endif
