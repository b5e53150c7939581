/* SPDX-License-Identifier: GPL-3.0-or-later
 * The schemas of the host's own stages, and the metrics of evaluation. */
#include <math.h>

#include "crowd.h"
#include "evaluation/evaluation.h"
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
                     .doc = "users to simulate; not for a log"},
    [USERS_ANNOTATIONS] = {.name = "annotations",
                           .type = HEED_INTEGER,
                           .flags = HEED_OPTIONAL,
                           .low = 1,
                           .high = 1e9,
                           .doc = "annotations of each user; of a law other "
                                  "than fixed, their mean"},
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
                          .doc = "once: each pair to at most one user; "
                                 "overlapping: each user draws pairs anew"},
    [USERS_ATTENTIVENESS] = {.name = "attentiveness",
                             .type = HEED_PLUGIN,
                             .flags = HEED_OPTIONAL,
                             .kind = HEED_DISTRIBUTION,
                             .doc = "P_eta, which users are drawn from"},
    [USERS_MODEL] = {.name = "model",
                     .type = HEED_PLUGIN,
                     .flags = HEED_OPTIONAL,
                     .kind = HEED_USER_MODEL,
                     .doc = "how users choose"},
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
                         .doc = "of a log: what replicates 1, 2, ... resample"},
};
const size_t stages_user_count = sizeof stages_users / sizeof *stages_users;

static const heed_parameter kl_item = {.name = "item",
                                       .type = HEED_NUMBER,
                                       .flags = HEED_OPEN_LOW,
                                       .low = 0,
                                       .high = HUGE_VAL,
                                       .unit = "nat"};

const heed_parameter stages_evaluation[] = {
    [EVALUATION_KL] = {.name = "kl",
                       .type = HEED_LIST,
                       .default_value = "[0.1, 0.5, 1, 2]",
                       .low = 1,
                       .high = 1000,
                       .item = &kl_item,
                       .unit = "nat",
                       .doc = "KLs at which policies are compared"},
    [EVALUATION_SPLIT] = {.name = "split",
                          .type = HEED_NUMBER,
                          .default_value = "0.5",
                          .doc = "attentiveness that split_accuracy is about"},
    [EVALUATION_LEVEL] = {.name = "level",
                          .type = HEED_NUMBER,
                          .flags = HEED_OPEN_LOW | HEED_OPEN_HIGH,
                          .default_value = "0.9",
                          .low = 0,
                          .high = 1,
                          .doc = "probability of the intervals of coverage"},
    [EVALUATION_MIN_ANNOTATIONS] =
        {.name = "min_annotations",
         .type = HEED_INTEGER,
         .default_value = "20",
         .low = 1,
         .high = 1e9,
         .doc = "judged labels a user needs to count in spearman_judge"},
};
const size_t stages_evaluation_count =
    sizeof stages_evaluation / sizeof *stages_evaluation;

static const char *const names_kl[] = {"kl", NULL};
static const char *const names_judge[] = {"judge", NULL};

#define NONE NULL
#define PER_KL names_kl
#define PER_JUDGE names_judge
#define METRIC_ROW(id, title, dimension, said_unit, said_doc) \
  {.name = (title),                                           \
   .dimensions = (dimension),                                 \
   .flags = HEED_MAY_BE_NAN,                                  \
   .unit = (said_unit),                                       \
   .doc = (said_doc)},
const heed_output stages_metrics[] = {EVALUATION_METRICS(METRIC_ROW)};
const size_t stages_metric_count =
    sizeof stages_metrics / sizeof *stages_metrics;

/* "judge" is a dimension of the sources that have reference verdicts. */
const heed_dimension stages_dimensions[] = {
    {"kl", "kl", "nat", "KL divergence from the reference policy"}};
const size_t stages_dimension_count =
    sizeof stages_dimensions / sizeof *stages_dimensions;
