/* SPDX-License-Identifier: GPL-3.0-or-later
 * Users who do not follow the majority follow another taste instead of tossing
 * a coin: P(A) = eta p + (1 - eta) p', p' a column of the pairs.  At p' = 1/2
 * this is the paper's user (arXiv 2510.13830, eq. 2).  A tie carries no
 * information. */
#include "heed/user_model.h"
#include "support/crowd/pair_column.h"

enum { COLUMN, PARAMETER_COUNT };

static const heed_parameter parameters[] = {
    [COLUMN] =
        {.name = "column",
         .type = HEED_TEXT,
         .default_value = "p_minority",
         .doc =
             "column of the pairs: P(A's response is better) for the minority"},
};

static void domain(const void *self, heed_domain *domain) {
  (void)self;
  *domain = (heed_domain){.dimension = 1, .low = 0, .high = 1, .mixture = true};
}

static heed_status check(const void *self, const heed_world *world,
                         const heed_table *annotations, heed_error *error) {
  const char *name = ((const heed_value *)self)[COLUMN].text;
  const heed_status status = pair_column_check(world, name, error);
  const double *p = heed_table_data(world->pairs, name, HEED_FLOAT64);
  (void)annotations;
  for (size_t i = 0; status == HEED_OK && i < world->pairs->rows; i++)
    if (!(p[i] >= 0 && p[i] <= 1))
      return pair_column_refuse(world, name, i, "a probability", error);
  return status;
}

static double chosen(int8_t choice, double p) {
  return choice == HEED_CHOSE_TIE ? 1 : choice == HEED_CHOSE_A ? p : 1 - p;
}

static void casual(const void *self, const double *fitted,
                   const heed_answers *answers, double *of_choice) {
  const double *p =
      pair_column(answers, ((const heed_value *)self)[COLUMN].text);
  (void)fitted;
  for (size_t i = 0; i < answers->count; i++)
    of_choice[i] = chosen(answers->choice[i], p[answers->pair[i]]);
}

static void probability(const void *self, const double *fitted,
                        const heed_answers *answers, size_t node_count,
                        const double *nodes, double *of_choice) {
  const double *p =
      pair_column(answers, ((const heed_value *)self)[COLUMN].text);
  (void)fitted;
  for (size_t i = 0; i < answers->count; i++) {
    const double c = chosen(answers->choice[i], p[answers->pair[i]]);
    const double d = chosen(answers->choice[i], answers->p[i]) - c;
    for (size_t k = 0; k < node_count; k++)
      of_choice[i * node_count + k] = c + nodes[k] * d;
  }
}

static void key(const void *self, const heed_answers *answers,
                uint64_t *result) {
  pair_column_key(answers, ((const heed_value *)self)[COLUMN].text, result);
}

static const heed_user_model_functions functions = {
    .size = sizeof functions,
    .domain = domain,
    .check = check,
    .probability = probability,
    .casual = casual,
    .key = key,
};

static const heed_plugin minority = {
    .size = sizeof minority,
    .abi = HEED_ABI,
    .kind = HEED_USER_MODEL,
    .name = "minority",
    .version = "1.0",
    .summary =
        "follows the majority's taste with probability eta, otherwise the "
        "minority's",
    .parameters = parameters,
    .parameter_count = PARAMETER_COUNT,
    .functions = &functions,
    .functions_size = sizeof functions,
};

static const heed_plugin *const plugins[] = {&minority};
HEED_PLUGINS(plugins)
