/* SPDX-License-Identifier: GPL-3.0-or-later
 * Parameters and outputs shared by estimators: each macro is an entry of a
 * plugin's table.
 *
 *   static const heed_parameter parameters[] = {
 *       [PRIOR] = ESTIMATOR_PRIOR("beta", "P_eta as ..."),
 *       [LEVELS] = ESTIMATOR_LEVELS};
 *
 * A macro's arguments are the differences between estimators. */
#ifndef HEED_SUPPORT_ATTENTION_PARAMETERS_H
#define HEED_SUPPORT_ATTENTION_PARAMETERS_H

#include "heed/schema.h"

/* ---- assumptions ---- */

#define ESTIMATOR_PRIOR(default_prior, text)                                \
  {                                                                         \
    .name = "prior", .type = HEED_PLUGIN, .default_value = (default_prior), \
    .doc = (text), .kind = HEED_DISTRIBUTION                                \
  }
#define ESTIMATOR_MODEL(text)                                           \
  {                                                                     \
    .name = "model", .type = HEED_PLUGIN, .default_value = "attentive", \
    .doc = (text), .kind = HEED_USER_MODEL                              \
  }
/* words: gap_words (gap.h), or more. */
#define ESTIMATOR_MU(words, text)                                      \
  {                                                                    \
    .name = "mu", .type = HEED_ENUM_OR_NUMBER,                         \
    .flags = HEED_OPEN_LOW | HEED_OPEN_HIGH, .default_value = "known", \
    .low = 0, .high = 1, .choices = (words), .doc = (text)             \
  }
/* p of gold pairs (histories.h). */
#define ESTIMATOR_GOLD_ERROR                                            \
  {                                                                     \
    .name = "gold_error", .type = HEED_NUMBER, .flags = HEED_OPEN_HIGH, \
    .default_value = "0.02", .low = 0, .high = 0.5,                     \
    .doc =                                                              \
        "pairs with a column gold: probability that an attentive user " \
        "does not choose the known answer; p of gold pairs stays "      \
        "within gold_error and 1 - gold_error"                          \
  }
/* Of node_prior.h. */
#define ESTIMATOR_PSEUDO_USERS                                              \
  {                                                                         \
    .name = "pseudo_users", .type = HEED_NUMBER, .default_value = "1",      \
    .low = 0, .high = 1e6,                                                  \
    .doc =                                                                  \
        "weak prior on P_eta: the number of additional users, whose eta "   \
        "is spread evenly; free weights become smooth, and posteriors "     \
        "include the uncertainty of the fit. 0: maximum likelihood, taken " \
        "as the truth. Has no effect on a prior with moving atoms"          \
  }
/* A shape of a Beta prior. */
#define ESTIMATOR_SHAPE_FROM(word, usual, text)                              \
  {                                                                          \
    .name = (word), .type = HEED_NUMBER, .default_value = (usual), .low = 1, \
    .high = 1e6, .doc = (text)                                               \
  }
#define ESTIMATOR_SHAPE(word, text) ESTIMATOR_SHAPE_FROM(word, "1", text)
#define ESTIMATOR_RIDGE                                           \
  {                                                               \
    .name = "ridge", .type = HEED_NUMBER, .flags = HEED_OPEN_LOW, \
    .default_value = "0.05", .low = 0, .high = 1e6,               \
    .doc = "penalty on the sum of squared strengths"              \
  }

/* ---- nodes and quantiles ---- */

#define ESTIMATOR_NODES(count, text)                                           \
  {                                                                            \
    .name = "nodes", .type = HEED_INTEGER, .default_value = (count), .low = 2, \
    .high = 10000, .doc = (text)                                               \
  }
#define ESTIMATOR_PRIOR_NODES(count) \
  ESTIMATOR_NODES(count, "number of nodes, for priors without fixed nodes")

/* Read by node_posterior (node_posterior.h); checked by
 * node_posterior_levels(). */
#define ESTIMATOR_LEVELS                                                     \
  {                                                                          \
    .name = "levels", .type = HEED_LIST,                                     \
    .default_value = "[0.05, 0.25, 0.5, 0.75, 0.95]", .low = 0, .high = 100, \
    .item = &estimator_level_item,                                           \
    .doc = "reported quantiles of each posterior, ascending"                 \
  }
extern const heed_parameter estimator_level_item;

/* ---- negative attentiveness, by the signs of users ---- */

enum { ESTIMATOR_CLIP, ESTIMATOR_KEEP };
#define ESTIMATOR_NEGATIVE(text)                                    \
  {                                                                 \
    .name = "negative", .type = HEED_ENUM, .default_value = "clip", \
    .choices = estimator_negative_words, .doc = (text)              \
  }
extern const char *const estimator_negative_words[];

/* ---- iteration (em_driver.h) ---- */

#define ESTIMATOR_STARTS(count, text)                                 \
  {                                                                   \
    .name = "starts", .type = HEED_INTEGER, .default_value = (count), \
    .low = 1, .high = 1000, .doc = (text)                             \
  }
#define ESTIMATOR_TOLERANCE(gain)                                     \
  {                                                                   \
    .name = "tolerance", .type = HEED_NUMBER, .flags = HEED_OPEN_LOW, \
    .default_value = (gain), .low = 0, .high = 1,                     \
    .doc =                                                            \
        "relative gain of the objective that counts as "              \
        "converged"                                                   \
  }
#define ESTIMATOR_MOST_STEPS(count, text)                                     \
  {                                                                           \
    .name = "max_iterations", .type = HEED_INTEGER, .default_value = (count), \
    .low = 1, .high = 1e9, .doc = (text)                                      \
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
#define ESTIMATOR_IDENTIFIED                                          \
  {                                                                   \
    .name = "identified",                                             \
    .doc =                                                            \
        "0: the annotations do not distinguish attentive users from " \
        "casual users, or do not identify the parameters"             \
  }
#define ESTIMATOR_GROUPS                                       \
  {                                                            \
    .name = "groups",                                          \
    .doc = "number of distinct sufficient statistics of users" \
  }
#define ESTIMATOR_SHARED_PAIRS \
  { .name = "shared_pairs", .doc = "pairs with choices of two or more users" }

#endif
