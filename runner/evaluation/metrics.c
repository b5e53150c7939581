/* SPDX-License-Identifier: GPL-3.0-or-later
 * The metrics of evaluation as outputs of a schema. */
#include "evaluation/evaluation.h"

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
const heed_output evaluation_metrics[METRIC_COUNT] = {
    EVALUATION_METRICS(METRIC_ROW)};

/* "judge" is a dimension of the sources that have reference verdicts. */
const heed_dimension evaluation_dimensions[] = {
    {"kl", "kl", "nat", "KL divergence from the reference policy"}};
const size_t evaluation_dimension_count =
    sizeof evaluation_dimensions / sizeof *evaluation_dimensions;
