/* SPDX-License-Identifier: MIT-0
 * A user model: P(choice | eta, pair).  Its contract is heed/user_model.h.
 *
 * A user of this model follows the preference probability with probability
 * eta.  Otherwise the user picks A with probability `habit`:
 *
 *   P(A) = eta p + (1 - eta) habit
 *
 * Replace it with yours. */
#include <heed/user_model.h>

enum { HABIT, PARAMETER_COUNT };

static const heed_parameter parameters[] = {
    [HABIT] = {.name = "habit",
               .type = HEED_NUMBER,
               .default_value = "0.5",
               .low = 0,
               .high = 1,
               .doc = "probability that an inattentive user chooses A"},
};

/* A mixture: P is linear in eta.  No ties and no fitted parameters. */
static void domain(const void *self, heed_domain *result) {
  (void)self;
  *result = (heed_domain){.dimension = 1, .low = 0, .high = 1, .mixture = true};
}

/* This model has no ties: for a tie, 1 leaves the estimate of eta unchanged. */
static double chance(int8_t choice, double of_a) {
  if (choice == HEED_CHOSE_TIE) return 1;
  return choice == HEED_CHOSE_A ? of_a : 1 - of_a;
}

/* result is (answers, nodes), row-major. */
static void probability(const void *self, const double *phi,
                        const heed_answers *answers, size_t node_count,
                        const double *nodes, double *result) {
  const heed_value *values = self;
  (void)phi;
  for (size_t i = 0; i < answers->count; i++) {
    const int8_t choice = answers->choice[i];
    const double attended = chance(choice, answers->p[i]);
    const double habit = chance(choice, values[HABIT].number);
    for (size_t k = 0; k < node_count; k++)
      result[i * node_count + k] = nodes[k] * attended + (1 - nodes[k]) * habit;
  }
}

/* The probability at eta = 0. */
static void casual(const void *self, const double *phi,
                   const heed_answers *answers, double *result) {
  const heed_value *values = self;
  (void)phi;
  for (size_t i = 0; i < answers->count; i++)
    result[i] = chance(answers->choice[i], values[HABIT].number);
}

/* probability() and casual() read only choice, left and p.  With equal keys,
 * estimators compute equal answers only once. */
static void key(const void *self, const heed_answers *answers,
                uint64_t *result) {
  (void)self;
  for (size_t i = 0; i < answers->count; i++) result[i] = 0;
}

/* ---- the descriptor ---- */

static const heed_user_model_functions functions = {
    .size = sizeof functions,
    .domain = domain,
    .probability = probability,
    .casual = casual,
    .key = key,
};

static const heed_plugin plugin = {
    .size = sizeof plugin,
    .abi = HEED_ABI,
    .kind = HEED_USER_MODEL,
    .name = "template_name",
    .version = "0.1",
    .summary = "Attends with probability eta, else has a habit",
    .parameters = parameters,
    .parameter_count = PARAMETER_COUNT,
    .functions = &functions,
    .functions_size = sizeof functions,
};

static const heed_plugin *const plugins[] = {&plugin};
HEED_PLUGINS(plugins)
