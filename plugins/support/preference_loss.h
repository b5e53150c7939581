/* SPDX-License-Identifier: GPL-3.0-or-later
 * Losses of preference learning, one annotation at a time.
 *
 * Whatever the policy, an annotation meets it in one number, its margin
 *   z = beta (log pi/pi_ref(preferred) - log pi/pi_ref(other)),
 * and g = sigmoid(z) is the probability that the policy's implied reward gives
 * to the annotation's choice.  A loss gives its value and its derivative
 * with respect to z; a trainer of any policy does the rest.
 *
 *   sigmoid      -log g
 *   noise_aware  -log(eta g + (1 - eta) c)
 *   joint        is not a sum over annotations: see joint.h, which gives the
 *                same derivatives
 *
 * A new loss is a function and a row in the table in preference_loss.c. */
#ifndef HEED_SUPPORT_PREFERENCE_LOSS_H
#define HEED_SUPPORT_PREFERENCE_LOSS_H

#include <stdbool.h>
#include <stddef.h>

typedef enum preference_kind {
  PREFERENCE_SIGMOID = 0,
  PREFERENCE_NOISE_AWARE,
  PREFERENCE_JOINT,
  PREFERENCE_COUNT
} preference_kind;

/* The names above, in this order, ended by NULL: choices of a parameter. */
extern const char *const preference_words[];

/* What is known of an annotation beside its margin. */
typedef struct preference_label {
  double eta;    /* attentiveness of its user, here */
  double casual; /* c: P(this choice) of a casual user */
} preference_label;

typedef struct preference_term {
  double value;
  double slope;       /* d value / d z */
  double information; /* >= 0: a stand-in for the second derivative that keeps
                         Newton's step a descent; the second derivative itself
                         where the loss is convex, else the expected one */
} preference_term;

typedef struct preference_loss {
  bool convex;
  bool reads_eta;
  preference_term (*term)(double margin, preference_label label);
  /* P(the annotation's choice) that the loss believes in. */
  double (*probability)(double margin, preference_label label);
} preference_loss;

/* NULL for PREFERENCE_JOINT, and out of range. */
const preference_loss *preference_loss_of(preference_kind kind);

/* sigmoid(z), without overflow */
double preference_chance(double margin);

#endif
