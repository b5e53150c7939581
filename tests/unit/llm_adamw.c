/* SPDX-License-Identifier: GPL-3.0-or-later
 * AdamW: its schedule, clipping, stretches and resumption; and that it trains
 * what it is given. */
#include "../support/tiny_model.h"
#include "support/llm/adamw.h"
#include "support/llm/model.h"

#define COUNT 5000

static const llm_adamw_options usual = {.rate = 0.01,
                                        .first = 0.9,
                                        .second = 0.999,
                                        .epsilon = 1e-8,
                                        .decay = 0.1,
                                        .warm_up = 4,
                                        .most_norm = 1};

static void fill(float *gradient, float *parameters, uint64_t entity) {
  heed_stream stream = tiny_stream(entity);
  for (size_t i = 0; i < COUNT; i++) {
    gradient[i] = (float)heed_normal(&stream);
    parameters[i] = (float)heed_normal(&stream);
  }
}

static llm_crew *open_crew(size_t members) {
  heed_error error;
  llm_crew *workers = NULL;
  assert_int_equal(crew_open(members, &workers, &error), HEED_OK);
  return workers;
}

static llm_adamw *open_adamw(const llm_adamw_options *options,
                             const llm_adamw_stretch *stretch, size_t stretches,
                             llm_crew *workers) {
  heed_error error;
  llm_adamw *self = NULL;
  assert_int_equal(
      adamw_open(COUNT, options, stretch, stretches, workers, &self, &error),
      HEED_OK);
  return self;
}

static void the_rate_rises_in_a_line_and_stays(void **state) {
  static float gradient[COUNT], parameters[COUNT];
  llm_crew *workers = open_crew(1);
  llm_adamw *self = open_adamw(&usual, NULL, 0, workers);
  const double rates[] = {0.0025, 0.005, 0.0075, 0.01, 0.01, 0.01};
  heed_error error;
  (void)state;
  fill(gradient, parameters, 1);
  for (size_t i = 0; i < 6; i++) {
    assert_close(adamw_rate(self), rates[i], 1e-15);
    assert_int_equal(adamw_step(self, 1, gradient, parameters, NULL, &error),
                     HEED_OK);
  }
  adamw_close(self);
  crew_close(workers);
}

/* The first step of Adam is the rate times the sign, whatever the clipping;
 * so clipping shows in the moments. */
static void clipping_scales_to_the_norm(void **state) {
  static float gradient[COUNT], parameters[COUNT];
  llm_crew *workers = open_crew(3);
  llm_adamw *self = open_adamw(&usual, NULL, 0, workers);
  heed_error error;
  double square = 0, found = 0, norm = 0;
  (void)state;
  fill(gradient, parameters, 1);
  for (size_t i = 0; i < COUNT; i++)
    square += (double)gradient[i] * (double)gradient[i];
  assert_int_equal(adamw_step(self, 0.5, gradient, parameters, &norm, &error),
                   HEED_OK);
  assert_close(norm, 0.5 * sqrt(square), 1e-4);
  for (size_t i = 0; i < COUNT; i++)
    found += (double)self->m[i] * (double)self->m[i];
  assert_close(sqrt(found), 0.1 * usual.most_norm, 1e-6);
  adamw_close(self);
  crew_close(workers);
}

static void only_stretches_that_decay_do(void **state) {
  static float gradient[COUNT], parameters[COUNT];
  const llm_adamw_stretch stretch[] = {{0, 1500, true}, {1500, 3500, false}};
  llm_crew *workers = open_crew(2);
  llm_adamw *self = open_adamw(&usual, stretch, 2, workers);
  heed_error error;
  (void)state;
  memset(gradient, 0, sizeof gradient);
  for (size_t i = 0; i < COUNT; i++) parameters[i] = 1;
  assert_int_equal(adamw_step(self, 1, gradient, parameters, NULL, &error),
                   HEED_OK);
  assert_close((double)parameters[0], 1 - 0.0025 * 0.1, 1e-7);
  assert_close((double)parameters[1499], 1 - 0.0025 * 0.1, 1e-7);
  assert_close((double)parameters[1500], 1, 0);
  assert_close((double)parameters[COUNT - 1], 1, 0);
  adamw_close(self);
  crew_close(workers);
}

static void a_run_that_is_resumed_goes_on_bit_for_bit(void **state) {
  static float gradient[COUNT], parameters[COUNT], resumed[COUNT];
  llm_crew *workers = open_crew(2);
  llm_adamw *self = open_adamw(&usual, NULL, 0, workers), *other;
  heed_error error;
  (void)state;
  fill(gradient, parameters, 1);
  for (int i = 0; i < 3; i++)
    (void)adamw_step(self, 1, gradient, parameters, NULL, &error);
  other = open_adamw(&usual, NULL, 0, workers);
  other->steps = self->steps;
  memcpy(other->m, self->m, sizeof gradient);
  memcpy(other->v, self->v, sizeof gradient);
  memcpy(resumed, parameters, sizeof resumed);
  for (int i = 0; i < 3; i++) {
    (void)adamw_step(self, 1, gradient, parameters, NULL, &error);
    (void)adamw_step(other, 1, gradient, resumed, NULL, &error);
  }
  assert_memory_equal(parameters, resumed, sizeof resumed);
  adamw_close(self);
  adamw_close(other);
  crew_close(workers);
}

static void a_gradient_that_is_no_number_changes_nothing(void **state) {
  static float gradient[COUNT], parameters[COUNT], earlier[COUNT];
  llm_crew *workers = open_crew(1);
  llm_adamw *self = open_adamw(&usual, NULL, 0, workers);
  heed_error error;
  (void)state;
  fill(gradient, parameters, 1);
  memcpy(earlier, parameters, sizeof earlier);
  gradient[COUNT / 2] = NAN;
  assert_int_equal(adamw_step(self, 1, gradient, parameters, NULL, &error),
                   HEED_NUMERIC);
  assert_memory_equal(parameters, earlier, sizeof earlier);
  assert_int_equal(self->steps, 0);
  adamw_close(self);
  crew_close(workers);
}

/* The likelihood of a sequence rises to nearly 1 where all weights are trained.
 * With the head as it is, logits are at most its rows' norm, about 1, times
 * sqrt(20): no adapter can make a token of 1100 likelier than about exp(-2.6).
 */
static void training_learns_a_sequence(void **state) {
  static const llm_adapter_shape shape = {LLM_EVERY_PROJECTION, 4, 8};
  heed_error error = {0};
  llm_crew *workers = open_crew(2);
  (void)state;
  for (int all = 0; all < 2; all++) {
    const llm_pass_options options = {
        all ? LLM_TRAIN_WEIGHTS : LLM_TRAIN_ADAPTER, false, shape};
    const llm_limits limits = {12, 12, 11};
    const size_t length[] = {12}, ask[] = {1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11};
    const int32_t token[] = {5, 900, 17, 33, 2, 71, 600, 8, 44, 10, 1000, 3};
    const llm_batch batch = {.sequences = 1,
                             .length = length,
                             .token = token,
                             .asked = 11,
                             .ask = ask};
    const llm_adamw_options options_of = {
        .rate = 0.02, .first = 0.9, .second = 0.99, .epsilon = 1e-8};
    heed_stream stream = tiny_stream(9);
    llm_model *model = NULL;
    llm_adapter *adapter = NULL;
    llm_pass *pass = NULL;
    llm_adamw *optimiser = NULL;
    double found[11], slope[11], sum = 0;
    float *gradient, *parameters;
    size_t count;
    assert_int_equal(llm_model_new(&tiny_shape, &model, &error), HEED_OK);
    llm_model_draw(model, &stream);
    assert_int_equal(
        llm_adapter_new(&tiny_shape, &shape, &stream, &adapter, &error),
        HEED_OK);
    count = all ? model->layout.count : adapter->layout.count;
    parameters = all ? model->weights : adapter->values;
    gradient = calloc(count, sizeof *gradient);
    assert_int_equal(
        llm_pass_open(model, &options, &limits, workers, &pass, &error),
        HEED_OK);
    assert_int_equal(
        adamw_open(count, &options_of, NULL, 0, workers, &optimiser, &error),
        HEED_OK);
    for (int step = 0; step < 150; step++) {
      assert_int_equal(
          llm_pass_forward(pass, all ? NULL : adapter, &batch, found, &error),
          HEED_OK);
      for (size_t i = 0; i < 11; i++) slope[i] = -1.0 / 11;
      memset(gradient, 0, count * sizeof *gradient);
      assert_int_equal(llm_pass_backward(pass, slope, gradient, &error),
                       HEED_OK);
      assert_int_equal(
          adamw_step(optimiser, 1, gradient, parameters, NULL, &error),
          HEED_OK);
    }
    for (size_t i = 0; i < 11; i++) sum += found[i] / 11;
    if (!(sum > (all ? -0.1 : -3.3))) fail_msg("mean log-probability %g", sum);
    adamw_close(optimiser);
    llm_pass_close(pass);
    llm_adapter_close(adapter);
    llm_model_close(model);
    free(gradient);
  }
  crew_close(workers);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(the_rate_rises_in_a_line_and_stays),
      cmocka_unit_test(clipping_scales_to_the_norm),
      cmocka_unit_test(only_stretches_that_decay_do),
      cmocka_unit_test(a_run_that_is_resumed_goes_on_bit_for_bit),
      cmocka_unit_test(a_gradient_that_is_no_number_changes_nothing),
      cmocka_unit_test(training_learns_a_sequence),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
