/* SPDX-License-Identifier: GPL-3.0-or-later
 * The settings of the annotations stage: `users` in a sweep. */
#include "users.h"

#include "stages/stages.h"

static const char *const laws[] = {"fixed", "lognormal", "pareto", NULL};
static const char *const assignments[] = {"once", "overlapping", NULL};
static const char *const bootstraps[] = {"none", "users", "users_and_pairs",
                                         NULL};

const heed_parameter stages_users[] = {
    [USERS_COUNT] = {.name = "count",
                     .type = HEED_INTEGER,
                     .flags = HEED_OPTIONAL,
                     .low = 1,
                     .high = 1e9,
                     .doc = "number of simulated users; not for a log"},
    [USERS_ANNOTATIONS] =
        {.name = "annotations",
         .type = HEED_INTEGER,
         .flags = HEED_OPTIONAL,
         .low = 1,
         .high = 1e9,
         .doc = "annotations per user; their mean if law is not fixed"},
    [USERS_LAW] = {.name = "law",
                   .type = HEED_ENUM,
                   .default_value = "fixed",
                   .choices = laws,
                   .doc = "how the number of annotations varies over users"},
    [USERS_SPREAD] = {.name = "spread",
                      .type = HEED_NUMBER,
                      .flags = HEED_OPEN_LOW,
                      .default_value = "1",
                      .low = 0,
                      .high = 100,
                      .doc = "lognormal: sd of the logarithm; pareto: its "
                             "exponent, above 1"},
    [USERS_ASSIGNMENT] = {.name = "assignment",
                          .type = HEED_ENUM,
                          .default_value = "once",
                          .choices = assignments,
                          .doc = "once: each pair goes to at most one user; "
                                 "overlapping: each user draws from all pairs"},
    [USERS_ATTENTIVENESS] = {.name = "attentiveness",
                             .type = HEED_PLUGIN,
                             .flags = HEED_OPTIONAL,
                             .kind = HEED_DISTRIBUTION,
                             .doc = "P_eta, the distribution of users"},
    [USERS_MODEL] = {.name = "model",
                     .type = HEED_PLUGIN,
                     .flags = HEED_OPTIONAL,
                     .kind = HEED_USER_MODEL,
                     .doc = "user model: how users choose"},
    [USERS_HOLDOUT] = {.name = "holdout",
                       .type = HEED_NUMBER,
                       .flags = HEED_OPEN_HIGH,
                       .default_value = "0",
                       .low = 0,
                       .high = 1,
                       .doc = "share of each user's annotations that only "
                              "evaluation sees"},
    [USERS_BOOTSTRAP] = {.name = "bootstrap",
                         .type = HEED_ENUM,
                         .default_value = "none",
                         .choices = bootstraps,
                         .doc = "for a log: of what replicates 1, 2, ... take "
                                "a random half"},
};
const size_t stages_user_count = sizeof stages_users / sizeof *stages_users;
