/* SPDX-License-Identifier: GPL-3.0-or-later
 * Comparisons: the annotations of a selection as rows that a policy is trained
 * on.  Called by the trainers dpo and dpo_llm, and by the fits of this folder.
 *
 * Invariant: unit[member[i]] does not fall with i. */
#ifndef HEED_SUPPORT_PREFERENCE_COMPARISONS_H
#define HEED_SUPPORT_PREFERENCE_COMPARISONS_H

#include "heed/trainer.h"

/* support/preference/loss.h and joint.h */
typedef struct preference_label preference_label;
typedef struct joint_crowd joint_crowd;

/* The response that a row prefers. */
typedef enum comparisons_labels {
  COMPARISONS_OBSERVED = 0, /* the one the user chose */
  COMPARISONS_ALWAYS_A,     /* A's: the result without users */
  COMPARISONS_BETTER        /* the one with p > 1/2: labels without noise */
} comparisons_labels;

/* Choices of the parameters, in the order of comparisons_labels; and whether an
 * annotation is excluded from, or included in, its own eta-hat. */
extern const char *const comparisons_label_words[];
extern const char *const comparisons_own_label_words[];

/* n annotations with a positive weight that are not ties, in the order of the
 * crowd; U units (users; users and topics), each a range of `member`. */
typedef struct crowd_comparisons {
  size_t count, features;  /* n, d; d 0: texts */
  double *x;               /* (n,d): phi(preferred) - phi(other) */
  bool *prefers_a;         /* (n) */
  size_t *pair;            /* (n): row in the world's pairs */
  double *weight;          /* (n) */
  preference_label *label; /* (n): eta and casual of the choice */
  double *left_out;        /* (n): eta without the annotation itself */
  size_t *row;             /* (n): row in the crowd's annotations */
  size_t *unit;            /* (n) */
  size_t units;            /* U */
  size_t *first;           /* (U + 1) */
  size_t *member;          /* (n): rows, by unit */
} crowd_comparisons;

/* What a fit reads. */
typedef enum comparisons_use {
  COMPARISONS_SUM,   /* count, features, x, weight, label and units: the rest is
                        NULL */
  COMPARISONS_UNITS, /* everything */
  COMPARISONS_TEXTS  /* everything but features */
} comparisons_use;

/* own_label: label.eta is the mean that includes the annotation, else the one
 * that leaves it out.  Memory from host->scratch().  HEED_UNSUPPORTED if the
 * pairs lack a required column. */
heed_status comparisons_collect(const heed_host *host, const heed_crowd *crowd,
                                const heed_posterior *posterior,
                                const heed_selection *selection,
                                comparisons_labels labels, bool own_label,
                                comparisons_use use, crowd_comparisons *result,
                                heed_error *error);

/* member (count): 0 ... count - 1 by group, in order within a group; group g
 * has member[first[g]] ... member[first[g + 1] - 1].  first (groups + 1) must
 * be zeroed. */
void comparisons_group(size_t count, size_t groups, const size_t *group,
                       size_t *first, size_t *member);

/* unit[annotations]: the unit of comparisons that each annotation belongs to.
 * A posterior by annotation does not say what annotations share: the units are
 * then users. */
heed_status comparisons_units(const heed_crowd *crowd,
                              const heed_posterior *posterior, size_t *unit,
                              heed_error *error);

/* The same rows for the joint loss, with these weights (n). */
joint_crowd comparisons_crowd(const crowd_comparisons *self,
                              const double *weight);

#endif
