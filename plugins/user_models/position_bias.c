/* SPDX-License-Identifier: GPL-3.0-or-later
 * Casual users favour the left response: they click it with probability b,
 * regardless of its content.  P(A) = eta p + (1 - eta) c, where c = b if A is
 * left, 1 - b if B is left, 1/2 if unknown.  A tie carries no information. */
#include "heed/user_model.h"

enum { LEFT, PARAMETER_COUNT };
enum { BIAS, PHI_COUNT };

static const char *const words[] = {"fitted", NULL};

static const heed_parameter parameters[] = {
    [LEFT] = {.name = "left",
              .type = HEED_ENUM_OR_NUMBER,
              .default_value = "fitted",
              .low = 0,
              .high = 1,
              .choices = words,
              .doc = "P(a casual user picks the left response); \"fitted\" "
                     "simulates users with 0.7"},
};

static const heed_output outputs[] = {
    {.name = "left_bias",
     .doc = "P(a casual user picks the left response), fitted or given"},
};

static void domain(const void *self, heed_domain *domain) {
  (void)self;
  *domain = (heed_domain){.dimension = 1,
                          .low = 0,
                          .high = 1,
                          .mixture = true,
                          .phi_count = PHI_COUNT,
                          .class_count = 9};
}

static void phi(const void *self, double *start, double *low, double *high) {
  const heed_value *values = self;
  if (values[LEFT].text == NULL) {
    start[BIAS] = low[BIAS] = high[BIAS] = values[LEFT].number;
    return;
  }
  start[BIAS] = 0.7;
  low[BIAS] = 1e-4;
  high[BIAS] = 1 - 1e-4;
}

static double tossed(double bias, int8_t choice, int8_t left) {
  if (choice == HEED_CHOSE_TIE) return 1;
  if (left == HEED_LEFT_UNKNOWN) return 0.5;
  return choice == left ? bias : 1 - bias;
}

static void probability(const void *self, const double *fitted,
                        const heed_answers *answers, size_t node_count,
                        const double *nodes, double *of_choice) {
  (void)self;
  for (size_t i = 0; i < answers->count; i++) {
    const int8_t choice = answers->choice[i];
    const double p = answers->p[i];
    const double g = choice == HEED_CHOSE_TIE ? 1
                     : choice == HEED_CHOSE_A ? p
                                              : 1 - p;
    const double c = tossed(fitted[BIAS], choice, answers->left[i]);
    for (size_t k = 0; k < node_count; k++)
      of_choice[i * node_count + k] = c + nodes[k] * (g - c);
  }
}

static void casual(const void *self, const double *fitted,
                   const heed_answers *answers, double *of_choice) {
  (void)self;
  for (size_t i = 0; i < answers->count; i++)
    of_choice[i] = tossed(fitted[BIAS], answers->choice[i], answers->left[i]);
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
    .probability = probability,
    .casual = casual,
    .class_of = class_of,
    .of_class = of_class,
};

static const heed_plugin position_bias = {
    .size = sizeof position_bias,
    .abi = HEED_ABI,
    .kind = HEED_USER_MODEL,
    .name = "position_bias",
    .version = "1.0",
    .summary =
        "attends with probability eta, otherwise picks the left response with "
        "probability b",
    .parameters = parameters,
    .parameter_count = PARAMETER_COUNT,
    .outputs = outputs,
    .output_count = PHI_COUNT,
    .functions = &functions,
    .functions_size = sizeof functions,
};

static const heed_plugin *const plugins[] = {&position_bias};
HEED_PLUGINS(plugins)
