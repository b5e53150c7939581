/* SPDX-License-Identifier: GPL-3.0-or-later
 * Beliefs about a user without one annotation, and whether that annotation was
 * attended.  Called only by node_posterior.c. */
#ifndef HEED_SUPPORT_ATTENTION_LEAVE_OUT_H
#define HEED_SUPPORT_ATTENTION_LEAVE_OUT_H

#include "support/attention/node_posterior.h"

/* Sums over fits, for every annotation: `weight` times the values of this fit
 * are added.  With a its attention given eta and the user's other
 * annotations (heed/user_model.h), and g and c the probabilities of the choice
 * if attended and not:
 *
 *   eta       = E[eta | the others]
 *   attention = E[a | the others]
 *   attended  = E[a g / (a g + (1 - a) c) | all], P(it was attended) */
typedef struct attention_left_out {
  double weight;
  double *eta;
  double *attention, *attended; /* NULL both: not wanted */
  double *room;    /* two values of each annotation; NULL if kinds are known */
  double *inverse; /* (kinds,padded nodes): room for 1 / P of kinds; NULL: too
                    * many kinds */
} attention_left_out;

/* mass[group_count x node_count]: given all annotations. */
heed_status leave_out_fill(const node_posterior *self, const double *mass,
                           const heed_host *host,
                           const attention_left_out *left_out,
                           heed_error *error);

#endif
