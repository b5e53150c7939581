/* SPDX-License-Identifier: GPL-3.0-or-later
 * Losses of preference learning, one annotation at a time.
 *
 * Whatever the policy, an annotation meets it in one number, its margin
 *   z = beta (log pi/pi_ref(preferred) - log pi/pi_ref(other)),
 * and g = sigmoid(z) is the probability that the policy's implied reward gives
 * to the annotation's choice.  A loss gives its value and its derivatives
 * with respect to z; a trainer of any policy does the rest.
 *
 *   sigmoid          -log g                                 (DPO, eq. 7)
 *   noise_aware      -log(eta g + (1 - eta) c)
 *   joint            is not a sum over annotations: see joint.h, which gives
 *                    the same derivatives
 *   hinge            max(0, 1 - z), its corner rounded over PREFERENCE_CORNER
 *                    (SLiC-HF, arXiv 2305.10425, eq. 1)
 *   ipo              (z - 1/2)^2, beta^2 times that of arXiv 2310.12036, eq. 17
 *   label_smoothing  -(1 - e) log g - e log(1 - g)          (cDPO)
 *   robust           (-(1 - e) log g + e log(1 - g)) / (1 - 2 e), unbiased
 *                    where labels are flipped with probability e (rDPO, arXiv
 *                    2403.00409, eq. 5)
 *   robust_per_user  the same with e = (1 - eta) / 2 of each annotation, eta no
 *                    less than a floor: 1 / (1 - 2 e) = 1 / eta has no bound
 *
 * robust is -log g - e / (1 - 2 e) z: convex, but falling without end where a
 * margin may grow, so that it needs a ridge.
 *
 * A new loss is a function and a row in the table in loss.c. */
#ifndef HEED_SUPPORT_PREFERENCE_LOSS_H
#define HEED_SUPPORT_PREFERENCE_LOSS_H

#include <stdbool.h>
#include <stddef.h>

typedef enum preference_kind {
  PREFERENCE_SIGMOID = 0,
  PREFERENCE_NOISE_AWARE,
  PREFERENCE_JOINT,
  PREFERENCE_HINGE,
  PREFERENCE_IPO,
  PREFERENCE_LABEL_SMOOTHING,
  PREFERENCE_ROBUST,
  PREFERENCE_ROBUST_PER_USER,
  PREFERENCE_COUNT
} preference_kind;

/* The names above, in this order, ended by NULL: choices of a parameter. */
extern const char *const preference_words[];

/* Width of hinge's rounded corner: the value is within half of it. */
#define PREFERENCE_CORNER 0.01

/* What is known of an annotation beside its margin. */
typedef struct preference_label {
  double eta;    /* attentiveness of its user, here */
  double casual; /* c: P(this choice) of a casual user */
  double flip;   /* e: P(the choice is not that of an attentive user) */
} preference_label;

/* What losses are told, for preference_flip(). */
typedef struct preference_rates {
  double smoothing; /* label_smoothing: e */
  double flip_rate; /* robust: e */
  double floor;     /* robust_per_user: the least eta */
} preference_rates;

typedef struct preference_term {
  double value;
  double slope;       /* d value / d z */
  double curvature;   /* d^2 value / d z^2 */
  double information; /* >= 0: a stand-in for the curvature that keeps Newton's
                         step a descent; the curvature itself where the loss is
                         convex, else the expected one */
} preference_term;

typedef struct preference_loss {
  bool convex;
  bool reads_eta;    /* noise_aware, robust_per_user */
  bool models_noise; /* goes with labels as users gave them alone */
  bool has_chance;   /* believes in a P(choice): see preference_belief() */
  preference_term (*term)(double margin, preference_label label);
} preference_loss;

/* NULL for PREFERENCE_JOINT, and out of range. */
const preference_loss *preference_loss_of(preference_kind kind);

/* e of an annotation whose user is believed to have this eta; 0 for losses
 * that know of no flips. */
double preference_flip(preference_kind kind, const preference_rates *rates,
                       double eta);

/* As what label noise_aware's term gives -log P(choice) that the loss believes
 * in, at a margin: P = eta g + (1 - eta) casual of the label returned.  Of
 * losses without has_chance, whose margins are no log-odds, that of sigmoid. */
preference_label preference_belief(preference_kind kind,
                                   preference_label label);

/* sigmoid(z), without overflow */
double preference_chance(double margin);

#endif
