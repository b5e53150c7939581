/* SPDX-License-Identifier: GPL-3.0-or-later
 * Parameters and outputs that estimators share, written once: each macro is an
 * entry of a plugin's table.
 *
 *   static const heed_parameter parameters[] = {
 *       [PRIOR] = ESTIMATOR_PRIOR("beta", "P_eta as ..."),
 *       [LEVELS] = ESTIMATOR_LEVELS};
 *
 * A macro's arguments are what differs between estimators. */
#ifndef HEED_SUPPORT_ATTENTION_PARAMETERS_H
#define HEED_SUPPORT_ATTENTION_PARAMETERS_H

#include "heed/schema.h"

/* ---- what is believed ---- */

#define ESTIMATOR_PRIOR(default_prior, text)                           \
  {                                                                    \
    .name = "prior", .type = HEED_PLUGIN, .standard = (default_prior), \
    .doc = (text), .kind = HEED_DISTRIBUTION                           \
  }
#define ESTIMATOR_MODEL(text)                                      \
  {                                                                \
    .name = "model", .type = HEED_PLUGIN, .standard = "attentive", \
    .doc = (text), .kind = HEED_USER_MODEL                         \
  }
/* words: gap_words (gap.h), or more. */
#define ESTIMATOR_MU(words, text)                                           \
  {                                                                         \
    .name = "mu", .type = HEED_ENUM_OR_NUMBER,                              \
    .flags = HEED_OPEN_LOW | HEED_OPEN_HIGH, .standard = "known", .low = 0, \
    .high = 1, .choices = (words), .doc = (text)                            \
  }
/* A shape of a Beta prior. */
#define ESTIMATOR_SHAPE(word, text)                                 \
  {                                                                 \
    .name = (word), .type = HEED_NUMBER, .standard = "1", .low = 1, \
    .high = 1e6, .doc = (text)                                      \
  }
#define ESTIMATOR_RIDGE                                           \
  {                                                               \
    .name = "ridge", .type = HEED_NUMBER, .flags = HEED_OPEN_LOW, \
    .standard = "0.05", .low = 0, .high = 1e6,                    \
    .doc = "penalty on the sum of squared strengths"              \
  }

/* ---- nodes and quantiles ---- */

#define ESTIMATOR_NODES(count, text)                                      \
  {                                                                       \
    .name = "nodes", .type = HEED_INTEGER, .standard = (count), .low = 2, \
    .high = 10000, .doc = (text)                                          \
  }
#define ESTIMATOR_PRIOR_NODES(count) \
  ESTIMATOR_NODES(count, "nodes of a prior that has none of its own")

/* Read it by node_posterior (node_posterior.h), and check it by
 * node_posterior_levels(). */
#define ESTIMATOR_LEVELS                                                \
  {                                                                     \
    .name = "levels", .type = HEED_LIST,                                \
    .standard = "[0.05, 0.25, 0.5, 0.75, 0.95]", .low = 0, .high = 100, \
    .item = &estimator_level_item,                                      \
    .doc = "quantiles of each posterior, ascending"                     \
  }
extern const heed_parameter estimator_level_item;

/* ---- negative attentiveness, by the signs of users ---- */

enum { ESTIMATOR_CLIP, ESTIMATOR_KEEP };
#define ESTIMATOR_NEGATIVE(text)                               \
  {                                                            \
    .name = "negative", .type = HEED_ENUM, .standard = "clip", \
    .choices = estimator_negative_words, .doc = (text)         \
  }
extern const char *const estimator_negative_words[];

/* ---- iteration (em_driver.h) ---- */

#define ESTIMATOR_STARTS(count, text)                                      \
  {                                                                        \
    .name = "starts", .type = HEED_INTEGER, .standard = (count), .low = 1, \
    .high = 1000, .doc = (text)                                            \
  }
#define ESTIMATOR_TOLERANCE(gain)                                     \
  {                                                                   \
    .name = "tolerance", .type = HEED_NUMBER, .flags = HEED_OPEN_LOW, \
    .standard = (gain), .low = 0, .high = 1,                          \
    .doc =                                                            \
        "relative gain of the objective below which it has "          \
        "converged"                                                   \
  }
#define ESTIMATOR_MOST_STEPS(count, text)                                \
  {                                                                      \
    .name = "max_iterations", .type = HEED_INTEGER, .standard = (count), \
    .low = 1, .high = 1e9, .doc = (text)                                 \
  }

/* ---- outputs ---- */

#define ESTIMATOR_LOG_LIKELIHOOD               \
  {                                            \
    .name = "log_likelihood", .unit = "nat",   \
    .doc = "log-likelihood of the annotations" \
  }
/* The first outputs of an estimator that the driver of EM fits, in the order
 * of EM_LOG_LIKELIHOOD, ... (em_driver.h). */
#define ESTIMATOR_EM_OUTPUTS(objective_text, iterations_text, converged_text) \
  [EM_LOG_LIKELIHOOD] = ESTIMATOR_LOG_LIKELIHOOD,                             \
  [EM_OBJECTIVE] = {.name = "objective",                                      \
                    .unit = "nat",                                            \
                    .doc = (objective_text)},                                 \
  [EM_ITERATIONS] = {.name = "iterations", .doc = (iterations_text)},         \
  [EM_CONVERGED] = {.name = "converged", .doc = (converged_text)}
#define ESTIMATOR_GROUPS \
  { .name = "groups", .doc = "users with distinct sufficient statistics" }
#define ESTIMATOR_SHARED_PAIRS \
  { .name = "shared_pairs", .doc = "pairs that two users or more chose on" }

#endif
