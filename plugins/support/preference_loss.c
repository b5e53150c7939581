/* SPDX-License-Identifier: GPL-3.0-or-later
 * Losses of preference learning: values and derivatives. */
#include "support/preference_loss.h"

#include <math.h>

/* Where a probability is divided by or its logarithm taken. */
#define LEAST_PROBABILITY 1e-300

const char *const preference_words[] = {"sigmoid", "noise_aware", "joint",
                                        NULL};

double preference_chance(double margin) {
  const double e = exp(-fabs(margin));
  return margin >= 0.0 ? 1.0 / (1.0 + e) : e / (1.0 + e);
}

/* value = -log g, slope = -(1 - g), second derivative g (1 - g) */
static preference_term sigmoid_term(double margin, preference_label label) {
  const double e = exp(-fabs(margin));
  const double against = margin >= 0.0 ? e / (1.0 + e) : 1.0 / (1.0 + e);
  (void)label;
  return (preference_term){
      .value = fmax(-margin, 0.0) + log1p(e),
      .slope = -against,
      .information = e / ((1.0 + e) * (1.0 + e)),
  };
}

static double sigmoid_probability(double margin, preference_label label) {
  (void)label;
  return preference_chance(margin);
}

/* P = eta g + (1 - eta) c,  P' = eta g (1 - g)
 * value = -log P, slope = -P'/P, Fisher information P'^2 / (P (1 - P)) */
static preference_term noise_aware_term(double margin, preference_label label) {
  const double e = exp(-fabs(margin));
  const double likely = 1.0 / (1.0 + e), unlikely = e / (1.0 + e);
  const double g = margin >= 0.0 ? likely : unlikely;
  const double against = margin >= 0.0 ? unlikely : likely;
  const double rest = 1.0 - label.eta;
  const double p = fmax(label.eta * g + rest * label.casual, LEAST_PROBABILITY);
  const double q = fmax(label.eta * against + rest * (1.0 - label.casual),
                        LEAST_PROBABILITY);
  const double rise = label.eta * g * against;
  return (preference_term){
      .value = -log(p),
      .slope = -rise / p,
      .information = (rise / p) * (rise / q),
  };
}

static double noise_aware_probability(double margin, preference_label label) {
  return label.eta * preference_chance(margin) +
         (1.0 - label.eta) * label.casual;
}

static const preference_loss losses[PREFERENCE_COUNT] = {
    [PREFERENCE_SIGMOID] = {.convex = true,
                            .reads_eta = false,
                            .term = sigmoid_term,
                            .probability = sigmoid_probability},
    [PREFERENCE_NOISE_AWARE] = {.convex = false,
                                .reads_eta = true,
                                .term = noise_aware_term,
                                .probability = noise_aware_probability},
};

const preference_loss *preference_loss_of(preference_kind kind) {
  if ((unsigned)kind >= PREFERENCE_COUNT) return NULL;
  return losses[kind].term == NULL ? NULL : &losses[kind];
}
