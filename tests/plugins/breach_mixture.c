/* SPDX-License-Identifier: GPL-3.0-or-later
 * A user model that says it is a mixture and is none, puts A and B into one
 * class, attends with probability 2, and gives pairs of different taste one
 * key. */
#include "heed/user_model.h"

static void domain(const void *self, heed_domain *result) {
  (void)self;
  *result = (heed_domain){
      .dimension = 1, .low = 0, .high = 1, .mixture = true, .class_count = 1};
}

static double chance(int8_t choice, double of_a) {
  if (choice == HEED_CHOSE_TIE) return 1;
  return choice == HEED_CHOSE_A ? of_a : 1 - of_a;
}

/* The row of the pair sways an attentive user. */
static void probability(const void *self, const double *phi,
                        const heed_answers *answers, size_t node_count,
                        const double *nodes, double *result) {
  (void)self, (void)phi;
  for (size_t i = 0; i < answers->count; i++)
    for (size_t k = 0; k < node_count; k++) {
      const bool odd = answers->pair != NULL && answers->pair[i] % 2 > 0;
      const double eta = nodes[k] * nodes[k] * (odd ? 0.9 : 1);
      result[i * node_count + k] =
          chance(answers->choice[i], eta * answers->p[i] + (1 - eta) / 2);
    }
}

static void casual(const void *self, const double *phi,
                   const heed_answers *answers, double *result) {
  (void)self, (void)phi;
  for (size_t i = 0; i < answers->count; i++)
    result[i] = chance(answers->choice[i], 0.5);
}

static void attention(const void *self, const double *phi,
                      const heed_answers *answers, size_t node_count,
                      const double *nodes, double *result) {
  (void)self, (void)phi, (void)nodes;
  for (size_t i = 0; i < answers->count * node_count; i++) result[i] = 2;
}

static size_t class_of(const void *self, int8_t choice, int8_t left) {
  (void)self, (void)choice, (void)left;
  return 0;
}

static void of_class(const void *self, size_t index, int8_t *choice,
                     int8_t *left) {
  (void)self, (void)index;
  *choice = HEED_CHOSE_A;
  *left = HEED_LEFT_UNKNOWN;
}

static void key(const void *self, const heed_answers *answers, uint64_t *key) {
  (void)self;
  for (size_t i = 0; i < answers->count; i++) key[i] = 0;
}

static const heed_user_model_functions functions = {
    .size = sizeof functions,
    .domain = domain,
    .probability = probability,
    .casual = casual,
    .attention = attention,
    .class_of = class_of,
    .of_class = of_class,
    .key = key,
};
static const heed_plugin plugin = {
    .size = sizeof plugin,
    .abi = HEED_ABI,
    .kind = HEED_USER_MODEL,
    .name = "bent",
    .version = "1.0",
    .summary = "breaks its contract",
    .functions = &functions,
    .functions_size = sizeof functions,
};
static const heed_plugin *const plugins[] = {&plugin};
HEED_PLUGINS(plugins)
