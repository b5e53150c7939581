/* SPDX-License-Identifier: GPL-3.0-or-later
 * The parameters that trainers share, about labels and losses.  They are in one
 * place, so that every loss means the same to dpo and to dpo_llm. */
#ifndef HEED_SUPPORT_PREFERENCE_SETTINGS_H
#define HEED_SUPPORT_PREFERENCE_SETTINGS_H

#include "support/preference/comparisons.h"
#include "support/preference/loss.h"

/* The first parameters of a trainer's schema; its own come after. */
enum {
  PREFERENCE_LOSS,
  PREFERENCE_LABELS,
  PREFERENCE_OWN_LABEL,
  PREFERENCE_PRIOR,
  PREFERENCE_FIT_PRIOR,
  PREFERENCE_NODES,
  PREFERENCE_SMOOTHING,
  PREFERENCE_FLIP_RATE,
  PREFERENCE_FLOOR,
  PREFERENCE_PARAMETER_COUNT
};

#define PREFERENCE_PARAMETERS                                              \
  [PREFERENCE_LOSS] = {.name = "loss",                                     \
                       .type = HEED_ENUM,                                  \
                       .standard = "sigmoid",                              \
                       .choices = preference_words,                        \
                       .doc =                                              \
                           "sigmoid: the paper's; noise_aware: a mixture " \
                           "with the casual user's choice; joint: the "    \
                           "policy and the distribution of "               \
                           "attentiveness at once; hinge, ipo; "           \
                           "label_smoothing, robust: one rate of "         \
                           "flipped labels; robust_per_user: "             \
                           "(1 - eta-hat) / 2 of each"},                   \
  [PREFERENCE_LABELS] = {.name = "labels",                                 \
                         .type = HEED_ENUM,                                \
                         .standard = "observed",                           \
                         .choices = comparisons_label_words,               \
                         .doc =                                            \
                             "observed; or, as controls for losses that "  \
                             "model no noise, always prefer A, or the "    \
                             "response with p above 1/2"},                 \
  [PREFERENCE_OWN_LABEL] = {.name = "own_label",                           \
                            .type = HEED_ENUM,                             \
                            .standard = "left_out",                        \
                            .choices = comparisons_own_label_words,        \
                            .doc =                                         \
                                "whether an annotation counts in the "     \
                                "eta-hat that loss = noise_aware or "      \
                                "robust_per_user reads"},                  \
  [PREFERENCE_PRIOR] = {.name = "prior",                                   \
                        .type = HEED_PLUGIN,                               \
                        .flags = HEED_OPTIONAL,                            \
                        .kind = HEED_DISTRIBUTION,                         \
                        .doc =                                             \
                            "for loss = joint: the distribution of "       \
                            "attentiveness; left out: the estimator's"},   \
  [PREFERENCE_FIT_PRIOR] = {.name = "fit_prior",                           \
                            .type = HEED_BOOLEAN,                          \
                            .standard = "true",                            \
                            .doc =                                         \
                                "for loss = joint: whether the prior's "   \
                                "parameters are fitted or as given"},      \
  [PREFERENCE_NODES] = {.name = "nodes",                                   \
                        .type = HEED_INTEGER,                              \
                        .standard = "41",                                  \
                        .low = 2.0,                                        \
                        .high = 10001.0,                                   \
                        .doc =                                             \
                            "for loss = joint: nodes over attentiveness, " \
                            "where the prior has none of its own"},        \
  [PREFERENCE_SMOOTHING] = {.name = "smoothing",                           \
                            .type = HEED_NUMBER,                           \
                            .flags = HEED_OPEN_HIGH,                       \
                            .standard = "0.1",                             \
                            .low = 0.0,                                    \
                            .high = 0.5,                                   \
                            .doc =                                         \
                                "for loss = label_smoothing: P(a label "   \
                                "is flipped)"},                            \
  [PREFERENCE_FLIP_RATE] = {.name = "flip_rate",                           \
                            .type = HEED_NUMBER,                           \
                            .flags = HEED_OPEN_HIGH,                       \
                            .standard = "0.1",                             \
                            .low = 0.0,                                    \
                            .high = 0.5,                                   \
                            .doc =                                         \
                                "for loss = robust: P(a label is "         \
                                "flipped)"},                               \
  [PREFERENCE_FLOOR] = {.name = "floor",                                   \
                        .type = HEED_NUMBER,                               \
                        .flags = HEED_OPEN_LOW,                            \
                        .standard = "0.1",                                 \
                        .low = 0.0,                                        \
                        .high = 1.0,                                       \
                        .doc =                                             \
                            "for loss = robust_per_user, which divides "   \
                            "by eta-hat: the least that is divided by"}

typedef struct preference_settings {
  preference_kind kind;
  comparisons_labels labels;
  bool own_label;
  const heed_instance *prior; /* NULL: the estimator's */
  bool fit_prior;
  size_t nodes;
  preference_rates rates;
} preference_settings;

/* values: a trainer's, which begin as above. */
preference_settings preference_settings_of(const heed_value *values);

/* For create(): settings that do not go together are HEED_INVALID. */
heed_status preference_settings_check(const heed_value *values,
                                      heed_error *error);

#endif
