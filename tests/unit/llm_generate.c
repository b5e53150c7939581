/* SPDX-License-Identifier: GPL-3.0-or-later
 * Drawing tokens, decoding with a cache, generating in batches. */
#include "../support/tiny_model.h"
#include "support/llm/decoder.h"
#include "support/llm/generate.h"
#include "support/llm/model.h"

/* ---- one token ---- */

#define WORDS 300

static void draw_logits(float *logits, uint64_t entity) {
  heed_stream stream = tiny_stream(entity);
  for (size_t v = 0; v < WORDS; v++)
    logits[v] = (float)(2 * heed_normal(&stream));
}

/* P(token) by the definition, by sorting all. */
static void expected_chances(const llm_sampling *how, const float *logits,
                             double *chance) {
  size_t order[WORDS], kept = WORDS;
  double sum = 0, whole = 0;
  for (size_t v = 0; v < WORDS; v++) {
    size_t i = v;
    for (; i > 0 && logits[order[i - 1]] < logits[v]; i--)
      order[i] = order[i - 1];
    order[i] = v;
    chance[v] = exp((double)logits[v] / how->temperature);
  }
  if (how->top_k > 0 && how->top_k < WORDS) kept = how->top_k;
  for (size_t i = 0; i < kept; i++) whole += chance[order[i]];
  for (size_t i = 0; i < WORDS; i++) {
    const bool inside = i < kept && sum < how->top_p * whole * (1 - 1e-9);
    if (inside)
      sum += chance[order[i]];
    else
      chance[order[i]] = 0;
  }
  for (size_t v = 0; v < WORDS; v++) chance[v] /= sum;
}

/* 20,000 draws by chi-square: with at most 60 classes, a sum above 130 has a
 * chance under 1e-6. */
static void compare_draws(llm_sampling how) {
  enum { DRAWS = 20000 };
  float logits[WORDS], used[WORDS];
  double chance[WORDS], square = 0, rest = 0, rest_found = 0;
  size_t count[WORDS] = {0}, classes = 0;
  llm_candidate room[WORDS];
  heed_stream stream = tiny_stream(11);
  draw_logits(logits, 12);
  expected_chances(&how, logits, chance);
  for (size_t i = 0; i < DRAWS; i++) {
    memcpy(used, logits, sizeof used);
    count[llm_sample(&how, WORDS, used, &stream, room)]++;
  }
  for (size_t v = 0; v < WORDS; v++) {
    const double expected = chance[v] * DRAWS;
    if (chance[v] <= 0) assert_int_equal(count[v], 0);
    if (expected < 60) {
      rest += expected;
      rest_found += (double)count[v];
      continue;
    }
    classes++;
    square += ((double)count[v] - expected) * ((double)count[v] - expected) /
              expected;
  }
  if (rest > 0) square += (rest_found - rest) * (rest_found - rest) / rest;
  assert_true(classes <= 60 && square < 130);
}

static void tokens_are_drawn_by_temperature_top_k_and_top_p(void **state) {
  (void)state;
  compare_draws((llm_sampling){1, 0, 1});
  compare_draws((llm_sampling){0.7, 0, 1});
  compare_draws((llm_sampling){1.5, 17, 1});
  compare_draws((llm_sampling){1, 0, 0.8});
  compare_draws((llm_sampling){1.2, 40, 0.9});
  compare_draws((llm_sampling){1, 1, 0.5});
}

static void at_temperature_0_the_likeliest_is_taken_and_nothing_drawn(
    void **state) {
  const llm_sampling how = {0, 0, 1};
  float logits[WORDS];
  heed_stream stream = tiny_stream(1), untouched = stream;
  llm_candidate room[WORDS];
  (void)state;
  draw_logits(logits, 12);
  logits[70] = logits[71] = 99;
  assert_int_equal(llm_sample(&how, WORDS, logits, &stream, room), 70);
  assert_int_equal(heed_bits(&stream), heed_bits(&untouched));
}

/* Among equals the smaller number comes first, whatever the order they are
 * found in. */
static void top_k_of_equals_takes_the_first(void **state) {
  const llm_sampling how = {1, 3, 1};
  heed_stream stream = tiny_stream(1);
  llm_candidate room[WORDS];
  (void)state;
  for (int i = 0; i < 200; i++) {
    float logits[WORDS] = {0};
    assert_true(llm_sample(&how, WORDS, logits, &stream, room) < 3);
  }
}

static void logits_that_are_no_numbers_give_no_token(void **state) {
  const llm_sampling hows[] = {{0, 0, 1}, {1, 0, 1}, {1, 5, 0.9}};
  const float bad[] = {NAN, INFINITY};
  heed_stream stream = tiny_stream(1);
  llm_candidate room[WORDS];
  (void)state;
  for (size_t i = 0; i < 3; i++)
    for (size_t j = 0; j < 2; j++) {
      float logits[WORDS];
      draw_logits(logits, 12);
      logits[0] = bad[j];
      assert_int_equal(llm_sample(&hows[i], WORDS, logits, &stream, room), -1);
    }
}

/* ---- decoding ---- */

typedef struct fixture {
  llm_model *model;
  llm_crew *workers;
  int32_t token[400];
  heed_error error;
} fixture;

static void fill(fixture *self, size_t members) {
  heed_stream stream = tiny_stream(5);
  memset(self, 0, sizeof *self);
  assert_int_equal(llm_model_new(&tiny_shape, &self->model, &self->error),
                   HEED_OK);
  llm_model_draw(self->model, &stream);
  assert_int_equal(crew_open(members, &self->workers, &self->error), HEED_OK);
  for (size_t i = 0; i < 400; i++)
    self->token[i] =
        (int32_t)heed_uniform_integer(&stream, tiny_shape.vocabulary);
}

static void empty(fixture *self) {
  crew_close(self->workers);
  llm_model_close(self->model);
}

/* log P(next | token[0 ... length - 1]) by a pass. */
static double by_pass(fixture *self, size_t length) {
  const llm_pass_options options = {.training = LLM_TRAIN_NOTHING};
  const size_t lengths[] = {length + 1}, ask[] = {length};
  const llm_limits limits = {length + 1, length + 1, 1};
  const llm_batch batch = {.sequences = 1,
                           .length = lengths,
                           .token = self->token,
                           .asked = 1,
                           .ask = ask};
  llm_pass *pass = NULL;
  double found = 0;
  assert_int_equal(llm_pass_open(self->model, &options, &limits, self->workers,
                                 &pass, &self->error),
                   HEED_OK);
  assert_int_equal(llm_pass_forward(pass, NULL, &batch, &found, &self->error),
                   HEED_OK);
  llm_pass_close(pass);
  return found;
}

static double by_logits(const float *logits, int32_t next) {
  double sum = 0;
  for (size_t v = 0; v < tiny_shape.vocabulary; v++)
    sum += exp((double)logits[v]);
  return (double)logits[next] - log(sum);
}

/* In pieces of 1, of several, and of more than members share by outputs. */
static void a_cache_continues_where_a_pass_would_begin_again(void **state) {
  static const size_t pieces[][4] = {
      {5, 1, 1, 3}, {150, 1, 9, 1}, {1, 1, 1, 1}, {2, 200, 1, 7}};
  fixture self;
  (void)state;
  fill(&self, 2);
  for (size_t p = 0; p < 4; p++) {
    const llm_decoder_limits limits = {2, 400, 300};
    llm_decoder *decoder = NULL;
    size_t read = 0;
    assert_int_equal(llm_decoder_open(self.model, &limits, self.workers,
                                      &decoder, &self.error),
                     HEED_OK);
    for (size_t i = 0; i < 4; i++) {
      /* Another sequence is read beside it. */
      const llm_reading reading[] = {{0, self.token + 17 * i, 3},
                                     {1, self.token + read, pieces[p][i]}};
      float *logits = NULL;
      assert_int_equal(
          llm_decoder_read(decoder, reading, 2, &logits, &self.error), HEED_OK);
      read += pieces[p][i];
      assert_close(by_logits(logits + tiny_shape.vocabulary, self.token[read]),
                   by_pass(&self, read), 1e-5);
    }
    llm_decoder_close(decoder);
  }
  empty(&self);
}

static void more_than_a_slot_holds_is_refused(void **state) {
  const llm_decoder_limits limits = {1, 10, 20};
  fixture self;
  llm_decoder *decoder = NULL;
  const llm_reading reading[] = {{0, self.token, 6}};
  float *logits = NULL;
  (void)state;
  fill(&self, 1);
  assert_int_equal(llm_decoder_open(self.model, &limits, self.workers, &decoder,
                                    &self.error),
                   HEED_OK);
  assert_int_equal(llm_decoder_read(decoder, reading, 1, &logits, &self.error),
                   HEED_OK);
  assert_int_equal(llm_decoder_read(decoder, reading, 1, &logits, &self.error),
                   HEED_INTERNAL);
  llm_decoder_clear(decoder, 0);
  assert_int_equal(llm_decoder_read(decoder, reading, 1, &logits, &self.error),
                   HEED_OK);
  llm_decoder_close(decoder);
  empty(&self);
}

/* ---- generating ---- */

#define PROMPTS 23
#define MOST 30

typedef struct answers {
  int32_t token[PROMPTS][MOST];
  llm_response response[PROMPTS];
} answers;

static const int32_t stop[] = {3,  4,  5,  6,  7,  8,  9,  10, 11, 12, 13, 14,
                               15, 16, 17, 18, 19, 20, 21, 22, 23, 24, 25, 26};

static void generate(fixture *self, llm_sampling sampling, size_t slots,
                     answers *made) {
  llm_prompt prompt[PROMPTS];
  const llm_generation how = {.sampling = sampling,
                              .most = MOST,
                              .stop = stop,
                              .stops = sizeof stop / sizeof *stop,
                              .slots = slots};
  for (size_t i = 0; i < PROMPTS; i++) {
    prompt[i] = (llm_prompt){self->token + 7 * i, 1 + (5 * i) % 33,
                             tiny_stream(100 + i)};
    made->response[i].token = made->token[i];
  }
  if (llm_generate(self->model, &how, prompt, PROMPTS, made->response,
                   self->workers, &self->error) != HEED_OK)
    fail_msg("%s", self->error.message);
}

static void compare_batches(llm_sampling sampling) {
  static answers alone, some, all;
  fixture self;
  size_t ended = 0;
  fill(&self, 2);
  generate(&self, sampling, 1, &alone);
  generate(&self, sampling, 5, &some);
  generate(&self, sampling, PROMPTS, &all);
  for (size_t i = 0; i < PROMPTS; i++) {
    const size_t length = alone.response[i].length;
    assert_int_equal(some.response[i].length, length);
    assert_int_equal(all.response[i].length, length);
    assert_memory_equal(some.token[i], alone.token[i],
                        length * sizeof(int32_t));
    assert_memory_equal(all.token[i], alone.token[i], length * sizeof(int32_t));
    assert_int_equal(all.response[i].ended, alone.response[i].ended);
    assert_true(alone.response[i].ended || length == MOST);
    for (size_t t = 0; t < length; t++)
      assert_true(alone.token[i][t] < 3 || alone.token[i][t] > 26);
    ended += alone.response[i].ended;
  }
  /* About 40 % do at random: both ways to end have been seen. */
  if (sampling.temperature > 0) assert_true(ended > 0 && ended < PROMPTS);
  empty(&self);
}

static void a_response_does_not_depend_on_its_company(void **state) {
  (void)state;
  compare_batches((llm_sampling){1, 0, 1});
  compare_batches((llm_sampling){0.8, 50, 0.95});
  compare_batches((llm_sampling){0, 0, 1});
}

static bool stop_at_once(void *context, size_t ended, size_t prompts) {
  (void)context, (void)ended, (void)prompts;
  return false;
}

static void bad_requests_are_refused_and_a_stop_is_heard(void **state) {
  fixture self;
  int32_t token[600];
  llm_response response = {.token = token};
  llm_prompt prompt = {self.token, 3, tiny_stream(1)};
  llm_generation how = {.sampling = {1, 0, 1}, .most = 5, .slots = 1};
  (void)state;
  fill(&self, 1);
  how.going = stop_at_once;
  assert_int_equal(llm_generate(self.model, &how, &prompt, 1, &response,
                                self.workers, &self.error),
                   HEED_CANCELLED);
  how.most = 510;
  assert_int_equal(llm_generate(self.model, &how, &prompt, 1, &response,
                                self.workers, &self.error),
                   HEED_UNSUPPORTED);
  assert_non_null(strstr(self.error.message, "513 tokens"));
  how.sampling.top_p = 0;
  assert_int_equal(llm_generate(self.model, &how, &prompt, 1, &response,
                                self.workers, &self.error),
                   HEED_INVALID);
  how.sampling = (llm_sampling){-1, 0, 1};
  assert_int_equal(llm_generate(self.model, &how, &prompt, 1, &response,
                                self.workers, &self.error),
                   HEED_INVALID);
  empty(&self);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(tokens_are_drawn_by_temperature_top_k_and_top_p),
      cmocka_unit_test(
          at_temperature_0_the_likeliest_is_taken_and_nothing_drawn),
      cmocka_unit_test(top_k_of_equals_takes_the_first),
      cmocka_unit_test(logits_that_are_no_numbers_give_no_token),
      cmocka_unit_test(a_cache_continues_where_a_pass_would_begin_again),
      cmocka_unit_test(more_than_a_slot_holds_is_refused),
      cmocka_unit_test(a_response_does_not_depend_on_its_company),
      cmocka_unit_test(bad_requests_are_refused_and_a_stop_is_heard),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
