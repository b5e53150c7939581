/* SPDX-License-Identifier: GPL-3.0-or-later
 * Users who may be adversarial: P(A) = 1/2 + eta (p - 1/2), eta in [-1, 1].  At
 * eta = 1 a user follows the preference probability, at 0 tosses a coin, at -1
 * chooses the worse response as surely as others choose the better one.  On [0,
 * 1] this is the paper's user (arXiv 2510.13830, eq. 2).  A tie carries no
 * information. */
#include "heed/user_model.h"

static void domain(const void *self, heed_domain *domain) {
  (void)self;
  *domain = (heed_domain){
      .dimension = 1, .low = -1, .high = 1, .mixture = true, .class_count = 3};
}

static double tossed(int8_t choice) {
  return choice == HEED_CHOSE_TIE ? 1 : 0.5;
}

static double attended(int8_t choice, double p) {
  return choice == HEED_CHOSE_TIE ? 1 : choice == HEED_CHOSE_A ? p : 1 - p;
}

static void probability(const void *self, const double *fitted,
                        const heed_answers *answers, size_t node_count,
                        const double *nodes, double *of_choice) {
  (void)self;
  (void)fitted;
  for (size_t i = 0; i < answers->count; i++) {
    const double c = tossed(answers->choice[i]);
    const double d = attended(answers->choice[i], answers->p[i]) - c;
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
    .probability = probability,
    .casual = casual,
    .class_of = class_of,
    .of_class = of_class,
};

static const heed_plugin adversarial = {
    .size = sizeof adversarial,
    .abi = HEED_ABI,
    .kind = HEED_USER_MODEL,
    .name = "adversarial",
    .version = "1.0",
    .summary = "follows p, tosses a coin or works against p at eta = 1, 0, -1",
    .functions = &functions,
    .functions_size = sizeof functions,
};

static const heed_plugin *const plugins[] = {&adversarial};
HEED_PLUGINS(plugins)
