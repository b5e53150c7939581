/* SPDX-License-Identifier: GPL-3.0-or-later
 * Users who attend to some pairs more than to others: with x a column of the
 * annotations (such as the seconds taken) or of the pairs (such as the length
 * of the responses or the difficulty of the choice),
 *
 *   logit a = logit eta + s (x - center) / unit,   P(A) = a p + (1 - a) / 2,
 *
 * where eta is the attentiveness at x = center.  At s = 0 this is the paper's
 * user (arXiv 2510.13830, eq. 2).  A tie carries no information. */
#include <math.h>

#include "heed/user_model.h"
#include "support/crowd/pair_column.h"

enum { SLOPE, COLUMN, CENTER, UNIT, PARAMETER_COUNT };
enum { STEEPNESS, PHI_COUNT };

static const char *const words[] = {"fitted", NULL};

static const heed_parameter parameters[] = {
    [SLOPE] = {.name = "slope",
               .type = HEED_ENUM_OR_NUMBER,
               .default_value = "fitted",
               .low = -20,
               .high = 20,
               .choices = words,
               .doc = "change of the log-odds of attending per unit of x; "
                      "\"fitted\" simulates users with 0"},
    [COLUMN] = {.name = "column",
                .type = HEED_TEXT,
                .default_value = "difficulty",
                .doc = "column with x, of the annotations or of the pairs"},
    [CENTER] = {.name = "center",
                .type = HEED_NUMBER,
                .default_value = "0",
                .doc = "x at which attentiveness is eta"},
    [UNIT] = {.name = "unit",
              .type = HEED_NUMBER,
              .flags = HEED_OPEN_LOW,
              .default_value = "1",
              .low = 0,
              .high = HUGE_VAL,
              .doc = "unit of x, such as its standard deviation"},
};

static const heed_output outputs[] = {
    {.name = "attention_slope",
     .doc =
         "change of the log-odds of attending per unit of x, fitted or given"},
};

static void domain(const void *self, heed_domain *domain) {
  (void)self;
  *domain = (heed_domain){
      .dimension = 1, .low = 0, .high = 1, .phi_count = PHI_COUNT};
}

static void phi(const void *self, double *start, double *low, double *high) {
  const heed_value *slope = &((const heed_value *)self)[SLOPE];
  const bool given = slope->text == NULL;
  start[STEEPNESS] = given ? slope->number : 0;
  low[STEEPNESS] = given ? slope->number : -20;
  high[STEEPNESS] = given ? slope->number : 20;
}

static heed_status check(const void *self, const heed_world *world,
                         const heed_table *annotations, heed_error *error) {
  return answer_column_check(world, annotations,
                             ((const heed_value *)self)[COLUMN].text, error);
}

/* eta with log-odds added, valid at eta of 0 and 1. */
static double attending(double eta, double odds) {
  return eta * odds / (eta * odds + (1 - eta));
}

static void attention(const void *self, const double *fitted,
                      const heed_answers *answers, size_t node_count,
                      const double *nodes, double *result) {
  const heed_value *values = self;
  const answer_column x = answer_column_of(answers, values[COLUMN].text);
  const double each = fitted[STEEPNESS] / values[UNIT].number;
  for (size_t i = 0; i < answers->count; i++) {
    const double added = each * (x.values[x.at[i]] - values[CENTER].number);
    const double odds = exp(fmin(fmax(added, -700), 700));
    for (size_t k = 0; k < node_count; k++)
      result[i * node_count + k] = attending(nodes[k], odds);
  }
}

static double tossed(int8_t choice) {
  return choice == HEED_CHOSE_TIE ? 1 : 0.5;
}

static void probability(const void *self, const double *fitted,
                        const heed_answers *answers, size_t node_count,
                        const double *nodes, double *of_choice) {
  attention(self, fitted, answers, node_count, nodes, of_choice);
  for (size_t i = 0; i < answers->count; i++) {
    const int8_t choice = answers->choice[i];
    const double p = answers->p[i], c = tossed(choice);
    const double g = choice == HEED_CHOSE_TIE ? 1
                     : choice == HEED_CHOSE_A ? p
                                              : 1 - p;
    for (size_t k = 0; k < node_count; k++)
      of_choice[i * node_count + k] =
          c + of_choice[i * node_count + k] * (g - c);
  }
}

static void casual(const void *self, const double *fitted,
                   const heed_answers *answers, double *of_choice) {
  (void)self;
  (void)fitted;
  for (size_t i = 0; i < answers->count; i++)
    of_choice[i] = tossed(answers->choice[i]);
}

static const heed_user_model_functions functions = {
    .size = sizeof functions,
    .domain = domain,
    .phi = phi,
    .check = check,
    .probability = probability,
    .casual = casual,
    .attention = attention,
};

static const heed_plugin attention_by_covariate = {
    .size = sizeof attention_by_covariate,
    .abi = HEED_ABI,
    .kind = HEED_USER_MODEL,
    .name = "attention_by_covariate",
    .version = "1.0",
    .summary =
        "attention that rises or falls with a column of the annotations or "
        "pairs",
    .parameters = parameters,
    .parameter_count = PARAMETER_COUNT,
    .outputs = outputs,
    .output_count = PHI_COUNT,
    .functions = &functions,
    .functions_size = sizeof functions,
};

static const heed_plugin *const plugins[] = {&attention_by_covariate};
HEED_PLUGINS(plugins)
