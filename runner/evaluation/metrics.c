/* SPDX-License-Identifier: GPL-3.0-or-later
 * The metrics of evaluation as outputs of a schema, and their definitions. */
#include <string.h>

#include "evaluation/evaluation.h"

static const char *const names_kl[] = {"kl", NULL};
static const char *const names_judge[] = {"judge", NULL};

#define NONE NULL
#define PER_KL names_kl
#define PER_JUDGE names_judge
#define METRIC_OUTPUT(id, title, dimension, said_unit, said_doc, formula, \
                      range, needs)                                       \
  {.name = (title),                                                       \
   .dimensions = (dimension),                                             \
   .flags = HEED_MAY_BE_NAN,                                              \
   .unit = (said_unit),                                                   \
   .doc = (said_doc)},
const heed_output evaluation_metrics[METRIC_COUNT] = {
    EVALUATION_METRICS(METRIC_OUTPUT)};

#define METRIC_DEFINITION(id, title, dimension, unit, doc, formula, range, \
                          needs)                                           \
  {formula, range, needs},
const evaluation_definition evaluation_definitions[METRIC_COUNT] = {
    EVALUATION_METRICS(METRIC_DEFINITION)};

const evaluation_symbol evaluation_symbols[] = {
    {"x", "a held-out prompt"},
    {"y, y'", "responses to x: of the policy, of the reference"},
    {"pi(y|x), ref(y|x)",
     "probability of y under the trained policy, under the reference policy"},
    {"r(x,y)", "true reward: the judge's score"},
    {"sigma(z)", "1 / (1 + exp(-z))"},
    {"beta", "scale of the trainer's implied reward"},
    {"j", "a user"},
    {"eta_j", "true attentiveness of j"},
    {"eta-hat_j",
     "posterior mean of eta_j; for a posterior by topic or annotation, the "
     "mean "
     "over those of j"},
    {"i", "an annotation that the estimator saw, of user j"},
    {"c_i", "the choice of i"},
    {"w_i", "the weight of i from the filter; 1 without a filter"},
    {"casual_i", "P(c_i) of a casual user"},
    {"p",
     "probability that A is better than B; the better response is A if p "
     "> 1/2, B if p < 1/2"},
    {"[...]", "1 if the statement is true, else 0"},
    {0}};

evaluation_metric evaluation_named(const char *name) {
  size_t index = 0;
  while (index < METRIC_COUNT &&
         strcmp(evaluation_metrics[index].name, name) != 0)
    index++;
  return (evaluation_metric)index;
}

/* "judge" is a dimension of the sources that have reference verdicts. */
const heed_dimension evaluation_dimensions[] = {
    {"kl", "kl", "nat", "KL divergence from the reference policy"}};
const size_t evaluation_dimension_count =
    sizeof evaluation_dimensions / sizeof *evaluation_dimensions;
