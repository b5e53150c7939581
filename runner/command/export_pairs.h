/* SPDX-License-Identifier: GPL-3.0-or-later
 * The label of each pair that the annotations of a selection agree on, with the
 * posterior probability that it is right:
 *
 *   logit P(A is better) = logit prior
 *                        + sum over annotations of w log(P_A / P_B)
 *   P_A = P(choice | A is better) = eta [choice = A] + (1 - eta) casual
 *   P_B = P(choice | B is better) = eta [choice = B] + (1 - eta) casual
 *
 * An attentive user chooses the better response; a casual one makes this choice
 * with probability `casual`.  eta is the eta-hat without the annotation itself,
 * w its weight.  Each P is at least 1e-6: no annotation is certain. */
#ifndef HEED_COMMAND_EXPORT_PAIRS_H
#define HEED_COMMAND_EXPORT_PAIRS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "heed/status.h"

typedef struct export_pair {
  int64_t pair;
  size_t first;    /* row of its first annotation */
  size_t count;    /* annotations; 0: an empty slot */
  double log_odds; /* that A is better */
} export_pair;

/* A hash table with open addressing. */
typedef struct export_pairs {
  export_pair *slots;
  size_t size, count; /* size: 0 or a power of two */
} export_pairs;

typedef struct export_annotation {
  int64_t pair;
  size_t row;
  bool chose_a;
  double weight, eta, casual, prior;
} export_annotation;

heed_status pairs_add(export_pairs *self, const export_annotation *annotation,
                      heed_error *error);
/* Fetches the slot of a pair into the cache, for a later call: pairs come in
 * any order, and the table is larger than caches. */
void pairs_expect(const export_pairs *self, int64_t pair);
/* NULL: no annotation of this pair was added. */
const export_pair *pairs_find(const export_pairs *self, int64_t pair);
void pairs_free(export_pairs *self);

/* P(the better of the two labels is right), at least one half. */
double pairs_probability(const export_pair *pair);

#endif
