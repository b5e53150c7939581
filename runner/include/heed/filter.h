/* SPDX-License-Identifier: MIT
 * Filters: posterior to selection. */
#ifndef HEED_FILTER_H
#define HEED_FILTER_H

#include "estimator.h"

#ifdef __cplusplus
extern "C" {
#endif

/* How much each annotation counts for a trainer. */
typedef struct heed_selection {
  size_t size;      /* sizeof(heed_selection), set by the host */
  size_t count;     /* annotations */
  double *weight;   /* >= 0; 0: omitted */
  double *eta;      /* eta-hat of its unit */
  double *left_out; /* the same without the annotation itself */
  double *casual;   /* P(this choice) of a casual user, in [0, 1] */
} heed_selection;

typedef struct heed_filter_functions {
  size_t size; /* sizeof(heed_filter_functions) */

  /* Changes *selection.  The host has filled it in from the posterior, with
   * all weights 1.  A filter that keeps nothing does not report an error: the
   * host warns, and no policy is trained. */
  heed_status (*select)(void *self, const heed_host *host,
                        const heed_crowd *crowd,
                        const heed_posterior *posterior,
                        heed_selection *selection, heed_error *error);
} heed_filter_functions;

#ifdef __cplusplus
}
#endif

#endif
