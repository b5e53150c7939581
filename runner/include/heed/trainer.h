/* SPDX-License-Identifier: MIT
 * Trainers: selection to policy. */
#ifndef HEED_TRAINER_H
#define HEED_TRAINER_H

#include "filter.h"

#ifdef __cplusplus
extern "C" {
#endif

typedef struct heed_policy {
  size_t size; /* sizeof(heed_policy), set by the host */

  /* The implied reward is scale x log(pi / pi_ref): DPO's beta. */
  double scale;

  /* A posterior that training refined (joint estimation), or NULL.  Evaluation
   * then scores it beside the estimator's. */
  heed_posterior *refined;

  /* Numbers worth keeping (weights, loss by step): written to the result file
   * when the sweep says keep = {"policy"}.  NULL: none. */
  heed_table *table;

  void *state; /* the trainer's own; NULL with functions that allow it: no
                  policy was trained */
} heed_policy;

typedef struct heed_trainer_functions {
  size_t size; /* sizeof(heed_trainer_functions) */

  /* Fills *policy, which comes zeroed but for size and scale (1).  The world
   * must not be asked for rewards. */
  heed_status (*train)(void *self, const heed_host *host,
                       const heed_crowd *crowd, const heed_posterior *posterior,
                       const heed_selection *selection, heed_policy *policy,
                       heed_error *error);

  /* log pi(response | prompt) into log_probability[count], of responses to any
   * prompts (those to one prompt stand together); as heed_source_functions has
   * it for the reference.  NULL: this trainer makes no policy (a log without
   * features). */
  heed_status (*log_probability)(void *self, const heed_host *host,
                                 const heed_world *world,
                                 const heed_policy *policy, size_t count,
                                 const heed_response *responses,
                                 double *log_probability, heed_error *error);

  /* Draws `count` responses, for worlds of texts: responses come with their
   * prompts, and leave with text, length and cut; memory from
   * host->scratch().  stream: (count), one for each.  NULL where candidates
   * are finite. */
  heed_status (*sample)(void *self, const heed_host *host,
                        const heed_world *world, const heed_policy *policy,
                        size_t count, heed_stream *stream,
                        heed_response *responses, heed_error *error);

  /* For HEED_COSTLY trainers: the policy's state to a new file and back.  The
   * host fsyncs and renames the file; scale, table and the refined posterior
   * it keeps itself.  A sweep with keep = {"policy"} leaves the file to the
   * user: let it be of a format that others read. */
  heed_status (*save)(void *self, const heed_host *host,
                      const heed_world *world, const heed_policy *policy,
                      const char *path, heed_error *error);
  heed_status (*load)(void *self, const heed_host *host,
                      const heed_world *world, const char *path,
                      heed_policy *policy, heed_error *error);

  /* Frees what *policy holds outside the host's memory; called as well after
   * a train() or load() that failed, with *policy as that left it.  NULL:
   * nothing. */
  void (*release)(void *self, heed_policy *policy);
} heed_trainer_functions;

#ifdef __cplusplus
}
#endif

#endif
