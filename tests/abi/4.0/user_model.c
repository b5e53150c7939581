/* SPDX-License-Identifier: GPL-3.0-or-later
 * A user model of ABI 4.0: with probability eta a user follows p, else tosses a
 * coin that falls on A with probability `lean`. */
#include <heed/user_model.h>
#include <math.h>

static const heed_parameter parameters[] = {{.name = "lean",
                                             .type = HEED_NUMBER,
                                             .default_value = "0.5",
                                             .low = 0,
                                             .high = 1,
                                             .doc = "P(A) of a casual user"}};
static const heed_output outputs[] = {
    {.name = "lean", .doc = "P(A) of a casual user"}};

static void domain(const void *self, heed_domain *result) {
  (void)self;
  *result = (heed_domain){.dimension = 1,
                          .low = 0,
                          .high = 1,
                          .mixture = true,
                          .phi_count = 1,
                          .class_count = 2};
}

static void phi(const void *self, double *start, double *low, double *high) {
  *start = *low = *high = ((const heed_value *)self)->number;
}

static heed_status check(const void *self, const heed_world *world,
                         const heed_table *annotations, heed_error *error) {
  (void)self, (void)annotations;
  return heed_table_column(world->pairs, "p") != NULL
             ? HEED_OK
             : heed_fail(error, HEED_UNSUPPORTED, "the pairs have no column p");
}

static double of_choice(int8_t choice, double of_a) {
  return choice == HEED_CHOSE_A ? of_a : 1 - of_a;
}

static void probability(const void *self, const double *lean,
                        const heed_answers *answers, size_t count,
                        const double *eta, double *result) {
  (void)self;
  for (size_t i = 0; i < answers->count; i++)
    for (size_t k = 0; k < count; k++)
      result[i * count + k] = of_choice(
          answers->choice[i], eta[k] * answers->p[i] + (1 - eta[k]) * *lean);
}

static void log_likelihood(const void *self, const double *lean,
                           const heed_answers *answers, size_t count,
                           const double *eta, double *result) {
  (void)self;
  for (size_t k = 0; k < count; k++) {
    result[k] = 0;
    for (size_t i = 0; i < answers->count; i++)
      result[k] += (answers->weight == NULL ? 1 : answers->weight[i]) *
                   log(of_choice(answers->choice[i], eta[k] * answers->p[i] +
                                                         (1 - eta[k]) * *lean));
  }
}

static void casual(const void *self, const double *lean,
                   const heed_answers *answers, double *result) {
  (void)self;
  for (size_t i = 0; i < answers->count; i++)
    result[i] = of_choice(answers->choice[i], *lean);
}

static void attention(const void *self, const double *lean,
                      const heed_answers *answers, size_t count,
                      const double *eta, double *result) {
  (void)self, (void)lean;
  for (size_t i = 0; i < answers->count; i++)
    for (size_t k = 0; k < count; k++) result[i * count + k] = eta[k];
}

static heed_status simulate(const void *self, const double *lean,
                            heed_stream *stream, const heed_answers *answers,
                            const double *eta, int8_t *choice,
                            heed_error *error) {
  const double coin = ((const heed_value *)self)->number;
  (void)lean, (void)error;
  for (size_t i = 0; i < answers->count; i++) {
    const double of_a = *eta * answers->p[i] + (1 - *eta) * coin;
    choice[i] = heed_uniform(stream) < of_a ? HEED_CHOSE_A : HEED_CHOSE_B;
  }
  return HEED_OK;
}

static size_t class_of(const void *self, int8_t choice, int8_t left) {
  (void)self, (void)left;
  return choice == HEED_CHOSE_A;
}

static void of_class(const void *self, size_t index, int8_t *choice,
                     int8_t *left) {
  (void)self;
  *choice = index == 1 ? HEED_CHOSE_A : HEED_CHOSE_B;
  *left = HEED_LEFT_UNKNOWN;
}

static const heed_user_model_functions functions = {
    .size = sizeof functions,
    .domain = domain,
    .phi = phi,
    .check = check,
    .probability = probability,
    .log_likelihood = log_likelihood,
    .casual = casual,
    .attention = attention,
    .simulate = simulate,
    .class_of = class_of,
    .of_class = of_class,
};

static const heed_plugin frozen = {
    .size = sizeof frozen,
    .abi = HEED_ABI,
    .kind = HEED_USER_MODEL,
    .name = "frozen",
    .version = "1.0",
    .summary = "Follows p or tosses a coin, of ABI 4.0",
    .parameters = parameters,
    .parameter_count = 1,
    .outputs = outputs,
    .output_count = 1,
    .functions = &functions,
    .functions_size = sizeof functions,
};

static const heed_plugin *const plugins[] = {&frozen};
HEED_PLUGINS(plugins)
