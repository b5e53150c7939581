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

  /* True rewards of `count` responses to prompt `prompt` (row in
   * world->prompts) into rewards[count].  Used by evaluation alone, never by
   * what learns.  NULL: the world has no judge (a log). */
  heed_status (*judge)(void *self, const heed_world *world, size_t prompt,
                       size_t count, const heed_response *responses,
                       double *rewards, heed_error *error);

  /* log pi_ref(response | prompt) into log_probability[count]; finite, and
   * normalised over the candidates of the prompt where they are.  NULL: the
   * world has no reference policy. */
  heed_status (*reference)(void *self, const heed_world *world, size_t prompt,
                           size_t count, const heed_response *responses,
                           double *log_probability, heed_error *error);

  /* One response of the reference policy, for worlds of texts; memory from
   * host->scratch().  NULL where candidates are finite. */
  heed_status (*sample)(void *self, const heed_host *host,
                        const heed_world *world, size_t prompt,
                        heed_stream *stream, heed_response *response,
                        heed_error *error);
} heed_source_functions;

#ifdef __cplusplus
}
#endif

#endif
