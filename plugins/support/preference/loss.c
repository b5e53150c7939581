/* SPDX-License-Identifier: GPL-3.0-or-later
 * Losses of preference learning: one function per loss, and their table. */
#include "support/preference/loss.h"

#include <math.h>

/* Lower bound of a probability that is a divisor or the argument of a
 * logarithm. */
#define LEAST_PROBABILITY 1e-300

const char *const preference_words[] = {
    "sigmoid",         "noise_aware", "joint",           "hinge", "ipo",
    "label_smoothing", "robust",      "robust_per_user", NULL};

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
      .curvature = e / ((1.0 + e) * (1.0 + e)),
      .information = e / ((1.0 + e) * (1.0 + e)),
  };
}

/* P = eta g + (1 - eta) c,  P' = eta g (1 - g)
 * value = -log P, slope = -P'/P, curvature slope^2 + slope (1 - 2 g), Fisher
 * information P'^2 / (P (1 - P)) */
static preference_term noise_aware_term(double margin, preference_label label) {
  const double e = exp(-fabs(margin));
  const double likely = 1.0 / (1.0 + e), unlikely = e / (1.0 + e);
  const double g = margin >= 0.0 ? likely : unlikely;
  const double against = margin >= 0.0 ? unlikely : likely;
  const double rest = 1.0 - label.eta;
  const double p = fmax(label.eta * g + rest * label.casual, LEAST_PROBABILITY);
  const double q = fmax(label.eta * against + rest * (1.0 - label.casual),
                        LEAST_PROBABILITY);
  const double rise = label.eta * g * against, slope = -rise / p;
  return (preference_term){
      .value = -log(p),
      .slope = slope,
      .curvature = slope * (slope + against - g),
      .information = (rise / p) * (rise / q),
  };
}

/* A parabola rounds the corner and joins both straight parts. */
static preference_term hinge_term(double margin, preference_label label) {
  const double short_of = 1.0 - margin, corner = PREFERENCE_CORNER;
  (void)label;
  if (short_of <= 0.0) return (preference_term){0};
  if (short_of >= corner)
    return (preference_term){.value = short_of - corner / 2.0, .slope = -1.0};
  return (preference_term){.value = short_of * short_of / (2.0 * corner),
                           .slope = -short_of / corner,
                           .curvature = 1.0 / corner,
                           .information = 1.0 / corner};
}

static preference_term ipo_term(double margin, preference_label label) {
  const double away = margin - 0.5;
  (void)label;
  return (preference_term){.value = away * away,
                           .slope = 2.0 * away,
                           .curvature = 2.0,
                           .information = 2.0};
}

/* -log g and a share of -log(1 - g) = z - log g: -log g + share z. */
static preference_term leaning_term(double margin, double share) {
  preference_term term = sigmoid_term(margin, (preference_label){0});
  term.value += share * margin;
  term.slope += share;
  return term;
}

static preference_term smoothed_term(double margin, preference_label label) {
  return leaning_term(margin, label.flip);
}

static preference_term robust_term(double margin, preference_label label) {
  return leaning_term(margin, -label.flip / (1.0 - 2.0 * label.flip));
}

/* ---- many annotations ---- */

/* With g = sigmoid(z): -log g, -(1 - g), g (1 - g). */
static void fill_sigmoid(const heed_vector *vector, size_t count,
                         const double *margin, const preference_label *label,
                         const preference_terms *terms) {
  (void)label;
  for (size_t i = 0; i < count; i++) terms->curvature[i] = -margin[i];
  vector->softplus_sigmoid(count, terms->curvature, terms->value, terms->slope);
  for (size_t i = 0; i < count; i++) {
    const double against = terms->slope[i];
    terms->curvature[i] = terms->information[i] = against * (1.0 - against);
    terms->slope[i] = -against;
  }
}

static void add_share(size_t i, double share, double margin,
                      const preference_terms *terms) {
  terms->value[i] += share * margin;
  terms->slope[i] += share;
}

static void fill_smoothed(const heed_vector *vector, size_t count,
                          const double *margin, const preference_label *label,
                          const preference_terms *terms) {
  fill_sigmoid(vector, count, margin, label, terms);
  for (size_t i = 0; i < count; i++)
    add_share(i, label[i].flip, margin[i], terms);
}

static void fill_robust(const heed_vector *vector, size_t count,
                        const double *margin, const preference_label *label,
                        const preference_terms *terms) {
  fill_sigmoid(vector, count, margin, label, terms);
  for (size_t i = 0; i < count; i++)
    add_share(i, -label[i].flip / (1.0 - 2.0 * label[i].flip), margin[i],
              terms);
}

/* As noise_aware_term(). */
static void fill_noise_aware(const heed_vector *vector, size_t count,
                             const double *margin,
                             const preference_label *label,
                             const preference_terms *terms) {
  double *g = terms->curvature, *against = terms->information;
  for (size_t i = 0; i < count; i++) against[i] = -margin[i];
  vector->sigmoid(count, margin, g);
  vector->sigmoid(count, against, against);
  for (size_t i = 0; i < count; i++) {
    const double eta = label[i].eta, rest = 1.0 - eta, c = label[i].casual;
    const double chance = eta * g[i] + rest * c;
    const double other = eta * against[i] + rest * (1.0 - c);
    const double p = chance > LEAST_PROBABILITY ? chance : LEAST_PROBABILITY;
    const double q = other > LEAST_PROBABILITY ? other : LEAST_PROBABILITY;
    const double rise = eta * g[i] * against[i], slope = -rise / p;
    terms->value[i] = p;
    terms->slope[i] = slope;
    terms->curvature[i] = slope * (slope + against[i] - g[i]);
    terms->information[i] = (rise / p) * (rise / q);
  }
  vector->log(count, terms->value, terms->value);
  for (size_t i = 0; i < count; i++) terms->value[i] = -terms->value[i];
}

void preference_fill(const preference_loss *loss, const heed_vector *vector,
                     size_t count, const double *margin,
                     const preference_label *label,
                     const preference_terms *terms) {
  if (loss->fill != NULL) {
    loss->fill(vector, count, margin, label, terms);
    return;
  }
  for (size_t i = 0; i < count; i++) {
    const preference_term term =
        loss->term(margin[i], label != NULL ? label[i] : (preference_label){0});
    terms->value[i] = term.value;
    terms->slope[i] = term.slope;
    terms->curvature[i] = term.curvature;
    terms->information[i] = term.information;
  }
}

/* ---- the table ---- */

static const preference_loss losses[PREFERENCE_COUNT] = {
    [PREFERENCE_SIGMOID] = {.convex = true,
                            .has_chance = true,
                            .term = sigmoid_term,
                            .fill = fill_sigmoid},
    [PREFERENCE_NOISE_AWARE] = {.reads_eta = true,
                                .models_noise = true,
                                .has_chance = true,
                                .term = noise_aware_term,
                                .fill = fill_noise_aware},
    [PREFERENCE_HINGE] = {.convex = true, .term = hinge_term},
    [PREFERENCE_IPO] = {.convex = true, .term = ipo_term},
    [PREFERENCE_LABEL_SMOOTHING] = {.convex = true,
                                    .models_noise = true,
                                    .term = smoothed_term,
                                    .fill = fill_smoothed},
    [PREFERENCE_ROBUST] = {.convex = true,
                           .models_noise = true,
                           .has_chance = true,
                           .term = robust_term,
                           .fill = fill_robust},
    [PREFERENCE_ROBUST_PER_USER] = {.convex = true,
                                    .reads_eta = true,
                                    .models_noise = true,
                                    .has_chance = true,
                                    .term = robust_term,
                                    .fill = fill_robust},
};

const preference_loss *preference_loss_of(preference_kind kind) {
  if ((unsigned)kind >= PREFERENCE_COUNT) return NULL;
  return losses[kind].term == NULL ? NULL : &losses[kind];
}

double preference_flip(preference_kind kind, const preference_rates *rates,
                       double eta) {
  switch (kind) {
    case PREFERENCE_LABEL_SMOOTHING:
      return rates->smoothing;
    case PREFERENCE_ROBUST:
      return rates->flip_rate;
    case PREFERENCE_ROBUST_PER_USER:
      return (1.0 - fmin(fmax(eta, rates->floor), 1.0)) / 2.0;
    default:
      return 0.0;
  }
}

preference_label preference_belief(preference_kind kind,
                                   preference_label label) {
  switch (kind) {
    case PREFERENCE_NOISE_AWARE:
    case PREFERENCE_JOINT:
      return label;
    case PREFERENCE_ROBUST:
    case PREFERENCE_ROBUST_PER_USER:
      return (preference_label){.eta = 1.0 - 2.0 * label.flip, .casual = 0.5};
    default:
      return (preference_label){.eta = 1.0, .casual = 0.5};
  }
}
