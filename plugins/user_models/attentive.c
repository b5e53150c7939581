/* SPDX-License-Identifier: GPL-3.0-or-later
 * The paper's user: follows the preference probability with probability eta,
 * else tosses a coin.  P(A) = eta p + (1 - eta) / 2  (arXiv 2510.13830, eq. 2).
 *
 * If ties have a likelihood, an attentive user ties as in Davidson's model
 * (1970), P(tie) = nu sqrt(p (1 - p)) / D, P(A) = p / D with D = 1 + nu sqrt(p
 * (1 - p)); a casual user ties with probability t.  Both are fitted.  Otherwise
 * a tie carries no information about eta. */
#include <math.h>

#include "heed/user_model.h"

enum { TIES, PARAMETER_COUNT };
enum { TIES_NONE, TIES_DAVIDSON };
enum { STRENGTH, CASUAL_TIES, PHI_COUNT };

static const char *const ties[] = {"none", "davidson", NULL};

static const heed_parameter parameters[] = {
    [TIES] = {.name = "ties",
              .type = HEED_ENUM,
              .default_value = "none",
              .choices = ties,
              .doc = "likelihood of a tie; none: ties carry no information"},
};

static const heed_output outputs[] = {
    {.name = "tie_strength",
     .flags = HEED_MAY_BE_NAN,
     .doc = "Davidson's nu of attentive users, fitted"},
    {.name = "casual_ties",
     .flags = HEED_MAY_BE_NAN,
     .doc = "P(tie) of a casual user, fitted"},
};

static bool has_ties(const void *self) {
  return ((const heed_value *)self)[TIES].integer == TIES_DAVIDSON;
}

static void domain(const void *self, heed_domain *domain) {
  *domain = (heed_domain){.dimension = 1,
                          .low = 0,
                          .high = 1,
                          .ties = has_ties(self),
                          .mixture = true,
                          .phi_count = has_ties(self) ? PHI_COUNT : 0,
                          .class_count = 3};
}

static void phi(const void *self, double *start, double *low, double *high) {
  if (!has_ties(self)) return;
  start[STRENGTH] = 0.5;
  low[STRENGTH] = 1e-4;
  high[STRENGTH] = 100;
  start[CASUAL_TIES] = 0.2;
  low[CASUAL_TIES] = 1e-4;
  high[CASUAL_TIES] = 0.9999;
}

/* For an attentive user. */
static double attended(const double *fitted, int8_t choice, double p) {
  const double share = choice == HEED_CHOSE_A ? p : 1 - p;
  if (fitted == NULL) return choice == HEED_CHOSE_TIE ? 1 : share;
  const double tie = fitted[STRENGTH] * sqrt(p * (1 - p));
  return (choice == HEED_CHOSE_TIE ? tie : share) / (1 + tie);
}

static double tossed(const double *fitted, int8_t choice) {
  if (fitted == NULL) return choice == HEED_CHOSE_TIE ? 1 : 0.5;
  return choice == HEED_CHOSE_TIE ? fitted[CASUAL_TIES]
                                  : (1 - fitted[CASUAL_TIES]) / 2;
}

static void probability(const void *self, const double *fitted,
                        const heed_answers *answers, size_t node_count,
                        const double *nodes, double *of_choice) {
  const double *given = has_ties(self) ? fitted : NULL;
  for (size_t i = 0; i < answers->count; i++) {
    const double g = attended(given, answers->choice[i], answers->p[i]);
    const double c = tossed(given, answers->choice[i]);
    for (size_t k = 0; k < node_count; k++)
      of_choice[i * node_count + k] = c + nodes[k] * (g - c);
  }
}

static void casual(const void *self, const double *fitted,
                   const heed_answers *answers, double *of_choice) {
  const double *given = has_ties(self) ? fitted : NULL;
  for (size_t i = 0; i < answers->count; i++)
    of_choice[i] = tossed(given, answers->choice[i]);
}

/* If all pairs share p, only the counts of A, B and ties matter. */
static size_t class_of(const void *self, int8_t choice, int8_t left) {
  (void)self;
  (void)left;
  return (size_t)choice;
}

static void of_class(const void *self, size_t index, int8_t *choice,
                     int8_t *left) {
  (void)self;
  *choice = (int8_t)index;
  *left = HEED_LEFT_UNKNOWN;
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

static const heed_plugin attentive = {
    .size = sizeof attentive,
    .abi = HEED_ABI,
    .kind = HEED_USER_MODEL,
    .name = "attentive",
    .version = "1.0",
    .summary = "attends with probability eta, otherwise tosses a coin",
    .reference =
        "arXiv 2510.13830, eq. 2; Davidson 1970, J. Am. Stat. Assoc. "
        "65, 317-328",
    .parameters = parameters,
    .parameter_count = PARAMETER_COUNT,
    .outputs = outputs,
    .output_count = PHI_COUNT,
    .functions = &functions,
    .functions_size = sizeof functions,
};

static const heed_plugin *const plugins[] = {&attentive};
HEED_PLUGINS(plugins)
