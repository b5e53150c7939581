/* SPDX-License-Identifier: GPL-3.0-or-later
 * Attentive users who are swayed by more than quality: position and length add
 * to the log-odds of an attentive user,
 *
 *   logit P(A | attended) = logit p + l (+1 if A is left, -1 if B is)
 *                                   + v (length of A's minus that of B's),
 *
 * and a casual user tosses a coin: P(A) = eta P(A | attended) + (1 - eta) / 2.
 * At l = v = 0 this is the paper's user (arXiv 2510.13830, eq. 2).  A tie
 * carries no information. */
#include <math.h>
#include <string.h>

#include "heed/user_model.h"
#include "support/crowd/pair_column.h"

enum { LEFT, LENGTH, COLUMN, PARAMETER_COUNT };
enum { LEFT_GAIN, LENGTH_GAIN, PHI_COUNT };

static const double most = 10;

static const char *const words[] = {"fitted", NULL};

static const heed_parameter parameters[] = {
    [LEFT] = {.name = "left",
              .type = HEED_ENUM_OR_NUMBER,
              .default_value = "fitted",
              .low = -10,
              .high = 10,
              .choices = words,
              .doc = "log-odds added to the left response; \"fitted\" "
                     "simulates users with 0"},
    [LENGTH] = {.name = "length",
                .type = HEED_ENUM_OR_NUMBER,
                .default_value = "0",
                .low = -10,
                .high = 10,
                .choices = words,
                .doc = "log-odds added to A per unit of `column`; \"fitted\" "
                       "simulates users with 0"},
    [COLUMN] = {.name = "column",
                .type = HEED_TEXT,
                .default_value = "length_difference",
                .doc = "column of the pairs: length of A's response minus that "
                       "of B's; ignored if length is 0"},
};

static const heed_output outputs[] = {
    {.name = "left_gain",
     .doc = "log-odds added to the left response, fitted or given"},
    {.name = "length_gain",
     .doc = "log-odds added per unit of length, fitted or given"},
};

static bool reads_length(const void *self) {
  const heed_value *length = &((const heed_value *)self)[LENGTH];
  return length->text != NULL || length->number != 0;
}

static void domain(const void *self, heed_domain *domain) {
  *domain = (heed_domain){.dimension = 1,
                          .low = 0,
                          .high = 1,
                          .mixture = true,
                          .phi_count = PHI_COUNT,
                          .class_count = reads_length(self) ? 0 : 9};
}

static void phi(const void *self, double *start, double *low, double *high) {
  const heed_value *values = self;
  for (int i = 0; i < PHI_COUNT; i++) {
    const bool given = values[LEFT + i].text == NULL;
    start[i] = given ? values[LEFT + i].number : 0;
    low[i] = given ? start[i] : -most;
    high[i] = given ? start[i] : most;
  }
}

static heed_status check(const void *self, const heed_world *world,
                         const heed_table *annotations, heed_error *error) {
  const heed_value *values = self;
  (void)annotations;
  return reads_length(self)
             ? pair_column_check(world, values[COLUMN].text, error)
             : HEED_OK;
}

/* p with log-odds added, valid at p of 0 and 1. */
static double attended(int8_t choice, double p, double added) {
  const double odds = exp(fmin(fmax(added, -700), 700));
  if (choice == HEED_CHOSE_TIE) return 1;
  return (choice == HEED_CHOSE_A ? p * odds : 1 - p) / (p * odds + (1 - p));
}

static double side(int8_t left) {
  return left == HEED_LEFT_UNKNOWN ? 0 : left == HEED_CHOSE_A ? 1 : -1;
}

static double tossed(int8_t choice) {
  return choice == HEED_CHOSE_TIE ? 1 : 0.5;
}

static void probability(const void *self, const double *fitted,
                        const heed_answers *answers, size_t node_count,
                        const double *nodes, double *of_choice) {
  const heed_value *values = self;
  const double *longer =
      reads_length(self) ? pair_column(answers, values[COLUMN].text) : NULL;
  for (size_t i = 0; i < answers->count; i++) {
    double added = fitted[LEFT_GAIN] * side(answers->left[i]);
    if (longer != NULL) added += fitted[LENGTH_GAIN] * longer[answers->pair[i]];
    const double c = tossed(answers->choice[i]);
    const double d = attended(answers->choice[i], answers->p[i], added) - c;
    for (size_t k = 0; k < node_count; k++)
      of_choice[i * node_count + k] = c + nodes[k] * d;
  }
}

static void casual(const void *self, const double *fitted,
                   const heed_answers *answers, double *of_choice) {
  (void)self;
  (void)fitted;
  for (size_t i = 0; i < answers->count; i++)
    of_choice[i] = tossed(answers->choice[i]);
}

static void key(const void *self, const heed_answers *answers,
                uint64_t *result) {
  const heed_value *values = self;
  if (reads_length(self))
    pair_column_key(answers, values[COLUMN].text, result);
  else
    memset(result, 0, answers->count * sizeof *result);
}

static size_t class_of(const void *self, int8_t choice, int8_t left) {
  (void)self;
  return (size_t)(3 * choice + left - HEED_LEFT_UNKNOWN);
}

static void of_class(const void *self, size_t index, int8_t *choice,
                     int8_t *left) {
  (void)self;
  *choice = (int8_t)(index / 3);
  *left = (int8_t)((int)(index % 3) + HEED_LEFT_UNKNOWN);
}

static const heed_user_model_functions functions = {
    .size = sizeof functions,
    .domain = domain,
    .phi = phi,
    .check = check,
    .probability = probability,
    .casual = casual,
    .class_of = class_of,
    .of_class = of_class,
    .key = key,
};

static const heed_plugin biased = {
    .size = sizeof biased,
    .abi = HEED_ABI,
    .kind = HEED_USER_MODEL,
    .name = "biased",
    .version = "1.0",
    .summary = "attentive users who prefer the left or the longer response",
    .parameters = parameters,
    .parameter_count = PARAMETER_COUNT,
    .outputs = outputs,
    .output_count = PHI_COUNT,
    .functions = &functions,
    .functions_size = sizeof functions,
};

static const heed_plugin *const plugins[] = {&biased};
HEED_PLUGINS(plugins)
