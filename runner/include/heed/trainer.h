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
   * scores it beside the estimator's.  The trainer makes it, from
   * host->allocate(), and sets refined->size = sizeof(heed_posterior). */
  heed_posterior *refined;

  /* Numbers to keep (weights, loss by step).  The result file has them if the
   * sweep says keep = {"policy"}.  NULL: none. */
  heed_table *table;

  void *state; /* the trainer's own */
} heed_policy;

typedef struct heed_trainer_functions {
  size_t size; /* sizeof(heed_trainer_functions) */

  /* Fills in *policy.  The host has zeroed it, except size and scale (1).  Do
   * not ask the world for rewards. */
  heed_status (*train)(void *self, const heed_host *host,
                       const heed_crowd *crowd, const heed_posterior *posterior,
                       const heed_selection *selection, heed_policy *policy,
                       heed_error *error);

  /* log pi(response | prompt) into log_probability[count], of responses to any
   * prompts; responses to one prompt are adjacent.  The rules are those of
   * heed_source_functions.reference.  NULL: this trainer makes no policy (a
   * log without features). */
  heed_status (*log_probability)(void *self, const heed_host *host,
                                 const heed_world *world,
                                 const heed_policy *policy, size_t count,
                                 const heed_response *responses,
                                 double *log_probability, heed_error *error);

  /* Draws `count` responses, for worlds of texts.  The caller sets the prompt
   * of each response; sample() sets text, length and cut.  Memory comes from
   * host->scratch().  stream: count of them, one per response.  NULL if
   * candidates are finite. */
  heed_status (*sample)(void *self, const heed_host *host,
                        const heed_world *world, const heed_policy *policy,
                        size_t count, heed_stream *stream,
                        heed_response *responses, heed_error *error);

  /* For HEED_COSTLY trainers: save() writes the policy's state to a new file,
   * load() reads it back.  The host fsyncs and renames the file.  It keeps
   * scale, table and the refined posterior itself.  With keep = {"policy"} the
   * user gets the file: choose a format that other programs read. */
  heed_status (*save)(void *self, const heed_host *host,
                      const heed_world *world, const heed_policy *policy,
                      const char *path, heed_error *error);
  heed_status (*load)(void *self, const heed_host *host,
                      const heed_world *world, const char *path,
                      heed_policy *policy, heed_error *error);

  /* Frees what *policy has outside the host's memory.  The host also calls it
   * after a failed train() or load(), with *policy as that call left it.  NULL:
   * nothing to free. */
  void (*release)(void *self, heed_policy *policy);
} heed_trainer_functions;

#ifdef __cplusplus
}
#endif

#endif
