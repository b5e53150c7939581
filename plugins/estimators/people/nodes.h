/* SPDX-License-Identifier: GPL-3.0-or-later
 * The fixed nodes of users and of pairs.
 *
 * A user has three traits: quality (ability alpha, or logit eta in the attend
 * form), habit b and tie habit log nu.  User nodes are the product of one axis
 * a trait; a trait that is not in the model has an axis of one node.  A pair
 * has a log-odds x; its nodes are symmetric: node K - 1 - k is at - x_k. */
#ifndef HEED_PEOPLE_NODES_H
#define HEED_PEOPLE_NODES_H

#include <stdbool.h>
#include <stddef.h>

#include "heed/memory.h"

/* How attentiveness enters: alpha x, or a mixture with x = 0 (response.h). */
typedef enum people_form { PEOPLE_ABILITY, PEOPLE_ATTEND } people_form;

/* What x of a pair is. */
typedef enum people_kind {
  PEOPLE_STRENGTHS, /* normal, around the difference of two strengths */
  PEOPLE_FREE,      /* a sign and an easiness of free weights */
  PEOPLE_HARD       /* a sign: one easiness */
} people_kind;

enum { PEOPLE_QUALITY, PEOPLE_HABIT, PEOPLE_TIE, PEOPLE_TRAITS };

typedef struct people_axis {
  size_t count;
  const double *value;
} people_axis;

typedef struct people_nodes {
  people_form form;
  size_t users; /* M */
  size_t pairs; /* K */
  people_axis axis[PEOPLE_TRAITS];
  double *trait[PEOPLE_TRAITS]; /* (M) each */
  size_t stride[PEOPLE_TRAITS]; /* node m is at m / stride % count of an axis */
  const double *x;              /* (K) ascending */
} people_nodes;

/* Memory from host->scratch(). */
void people_nodes_open(heed_memory *memory, people_form form, people_kind kind,
                       bool habit, bool ties, people_nodes *self);

/* The edges of the cell of node k of an axis: halfway to its neighbours;
 * infinite at the ends. */
double people_edge_below(const people_axis *axis, size_t k);
double people_edge_above(const people_axis *axis, size_t k);

#endif
