/* SPDX-License-Identifier: GPL-3.0-or-later
 * Annotations sorted by user and by pair, each with a code: which response was
 * shown first, and what was chosen.  For estimators whose likelihood depends on
 * the user, the pair and the code alone.  Called by people.
 *
 * Unlike overlap.h it can keep ties, and it knows sides. */
#ifndef HEED_SUPPORT_CROWD_ANNOTATIONS_H
#define HEED_SUPPORT_CROWD_ANNOTATIONS_H

#include "heed/estimator.h"

/* Choices in codes. */
enum { ANNOTATED_A, ANNOTATED_B, ANNOTATED_TIE };

/* Sides in codes. */
enum { ANNOTATED_A_FIRST, ANNOTATED_B_FIRST, ANNOTATED_UNKNOWN };

/* What is shown first. */
typedef enum annotations_sides {
  ANNOTATIONS_LEFT, /* the response on the left; in some rows unknown */
  ANNOTATIONS_A,    /* always A: labels of classes, of which A is the first */
} annotations_sides;

/* N annotations of I pairs of the world by J users. */
typedef struct crowd_annotations {
  size_t count, pairs, users; /* N, I, J */
  size_t choices;             /* 2: no ties; 3 */
  size_t sides;               /* 1: ANNOTATED_A_FIRST alone; 3 */
  size_t codes; /* sides x choices: code = side choices + choice */

  /* By user, and of a user by code: user j has annotations of code c in
   * first[j codes + c] … first[j codes + c + 1] - 1. */
  size_t *first;  /* (J codes + 1) */
  size_t *row;    /* (N): in the crowd's annotations */
  uint32_t *pair; /* (N) */
  uint32_t *key;  /* (N): user codes + code */

  /* By pair: pair i has annotations place[n] of the order above, n from
   * first_of_pair[i] to first_of_pair[i + 1] - 1, by user. */
  size_t *first_of_pair; /* (I + 1) */
  uint32_t *place;       /* (N) */
} crowd_annotations;

/* keeps_ties: whether ties count as choices; else their rows are left out.
 * Memory from host->allocate().  HEED_UNSUPPORTED: too many annotations. */
heed_status annotations_open(const heed_host *host, const heed_crowd *crowd,
                             bool keeps_ties, annotations_sides sides,
                             crowd_annotations *self, heed_error *error);

/* Whether some row says which response was on the left. */
bool annotations_know_left(const heed_crowd *crowd);

/* The code of a row, or -1 if it is a tie and ties are left out.  left: the
 * column, or NULL. */
int annotations_code(const crowd_annotations *self, int8_t choice,
                     const int8_t *left, size_t row);

#endif
