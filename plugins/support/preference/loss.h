/* SPDX-License-Identifier: GPL-3.0-or-later
 * Losses of preference learning, one annotation at a time.
 *
 * For any policy, a loss depends on an annotation only through its margin
 *   z = beta (log pi/pi_ref(preferred) - log pi/pi_ref(other)),
 * and g = sigmoid(z) is the probability of the annotation's choice under the
 * policy's implied reward.  A loss gives its value and its derivatives with
 * respect to z; a trainer of any policy does the rest.
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
 *                    if labels are flipped with probability e (rDPO, arXiv
 *                    2403.00409, eq. 5)
 *   robust_per_user  the same with e = (1 - eta) / 2 of each annotation, eta at
 *                    least a floor: 1 / (1 - 2 e) = 1 / eta is unbounded
 *
 * robust is -log g - e / (1 - 2 e) z: convex, but unbounded below if a margin
 * can grow, so it needs a ridge.
 *
 * A new loss is a function and a row of the table in loss.c.  Fits of
 * log-linear policies ask for the terms of many annotations at once
 * (preference_fill()).  If a loss has no function for many, preference_fill()
 * calls its function for one annotation at a time. */
#ifndef HEED_SUPPORT_PREFERENCE_LOSS_H
#define HEED_SUPPORT_PREFERENCE_LOSS_H

#include <stdbool.h>
#include <stddef.h>

#include "heed/vector.h"

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

/* The names above, in this order, then NULL: choices of a parameter. */
extern const char *const preference_words[];

/* Width of hinge's rounded corner: the value is within half of it. */
#define PREFERENCE_CORNER 0.01

/* An annotation's inputs besides its margin. */
typedef struct preference_label {
  double eta;    /* attentiveness of its user */
  double casual; /* c: P(this choice) of a casual user */
  double flip;   /* e: P(the choice is not that of an attentive user) */
} preference_label;

/* Settings of losses, for preference_flip(). */
typedef struct preference_rates {
  double smoothing; /* label_smoothing: e */
  double flip_rate; /* robust: e */
  double floor;     /* robust_per_user: minimum eta */
} preference_rates;

typedef struct preference_term {
  double value;
  double slope;       /* d value / d z */
  double curvature;   /* d^2 value / d z^2 */
  double information; /* >= 0: a substitute for the curvature that keeps
                       * Newton's step a descent: the curvature itself if the
                       * loss is convex, else the expected one */
} preference_term;

/* The terms of many annotations: (count) each. */
typedef struct preference_terms {
  double *value, *slope, *curvature, *information;
} preference_terms;

typedef struct preference_loss {
  bool convex;
  bool reads_eta;    /* noise_aware, robust_per_user */
  bool models_noise; /* allows only labels as observed */
  bool has_chance;   /* has a P(choice): see preference_belief() */
  preference_term (*term)(double margin, preference_label label);
  /* The same terms for many annotations, up to rounding; or NULL. */
  void (*fill)(const heed_vector *vector, size_t count, const double *margin,
               const preference_label *label, const preference_terms *terms);
} preference_loss;

/* The terms of margin[count]; label NULL: the loss ignores labels. */
void preference_fill(const preference_loss *loss, const heed_vector *vector,
                     size_t count, const double *margin,
                     const preference_label *label,
                     const preference_terms *terms);

/* NULL for PREFERENCE_JOINT, and out of range. */
const preference_loss *preference_loss_of(preference_kind kind);

/* e of an annotation whose user has this estimated eta; 0 for losses without
 * flips. */
double preference_flip(preference_kind kind, const preference_rates *rates,
                       double eta);

/* The label with which noise_aware's term gives the loss's own -log P(choice)
 * at a margin: P = eta g + (1 - eta) casual of the returned label.  For losses
 * without has_chance, whose margins are not log-odds, that of sigmoid. */
preference_label preference_belief(preference_kind kind,
                                   preference_label label);

/* sigmoid(z), without overflow */
double preference_chance(double margin);

#endif
