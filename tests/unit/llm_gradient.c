/* SPDX-License-Identifier: GPL-3.0-or-later
 * Passes: log-probabilities and gradients against a decoder written plainly in
 * double; memory against its prediction. */
#include <malloc.h>
#include <sys/mman.h>
#include <unistd.h>

#include "../support/plain_decoder.h"
#include "support/llm/pass_parts.h"

/* Sequences of 1, 7, 70 and 12 tokens: one shorter than anything, one of more
 * than a block of attention's rows. */
static const size_t lengths[] = {1, 7, 70, 12};
#define TOKENS 90
#define ASKED 40

typedef struct fixture {
  llm_model *model;
  llm_adapter *adapter;
  llm_crew *workers;
  int32_t token[TOKENS];
  size_t ask[ASKED];
  double weight[ASKED], found[ASKED];
  llm_batch batch;
  heed_error error;
} fixture;

static const llm_adapter_shape every = {LLM_EVERY_PROJECTION, 3, 6.0f};
static const llm_adapter_shape some = {
    1u << LLM_QUERY | 1u << LLM_VALUE | 1u << LLM_UP, 2, 5.0f};
static const llm_limits limits = {TOKENS, 70, ASKED};

static void fill(fixture *self, const llm_shape *shape,
                 const llm_adapter_shape *adapter, size_t members) {
  heed_stream stream = tiny_stream(2);
  size_t place = 0;
  memset(self, 0, sizeof *self);
  assert_int_equal(llm_model_new(shape, &self->model, &self->error), HEED_OK);
  llm_model_draw(self->model, &stream);
  for (size_t i = 0; i < shape->width; i++) /* a norm that is not all ones */
    self->model->weights[self->model->layout.final_norm + i] =
        (float)(1 + 0.3 * heed_normal(&stream));
  assert_int_equal(
      llm_adapter_new(shape, adapter, &stream, &self->adapter, &self->error),
      HEED_OK);
  for (size_t i = 0; i < self->adapter->layout.count; i++)
    self->adapter->values[i] = (float)(0.2 * heed_normal(&stream));
  assert_int_equal(crew_open(members, &self->workers, &self->error), HEED_OK);
  for (size_t i = 0; i < TOKENS; i++)
    self->token[i] = (int32_t)heed_uniform_integer(&stream, shape->vocabulary);
  /* Every other token of what follows the first two of the third sequence, and
   * the last ones of the fourth. */
  for (size_t i = 0; i < ASKED - 5; i++) self->ask[place++] = 9 + 2 * i;
  for (size_t i = 0; i < 5; i++) self->ask[place++] = TOKENS - 5 + i;
  for (size_t i = 0; i < ASKED; i++) self->weight[i] = heed_normal(&stream);
  self->batch = (llm_batch){.sequences = 4,
                            .length = lengths,
                            .token = self->token,
                            .asked = ASKED,
                            .ask = self->ask};
}

static void empty(fixture *self) {
  crew_close(self->workers);
  llm_adapter_close(self->adapter);
  llm_model_close(self->model);
}

static llm_pass *open_pass(fixture *self, llm_training training,
                           bool checkpoints) {
  const llm_pass_options options = {training, checkpoints,
                                    self->adapter->shape};
  llm_pass *pass = NULL;
  if (llm_pass_open(self->model, &options, &limits, self->workers, &pass,
                    &self->error) != HEED_OK)
    fail_msg("%s", self->error.message);
  return pass;
}

static void forward(fixture *self, llm_pass *pass, const llm_adapter *adapter) {
  if (llm_pass_forward(pass, adapter, &self->batch, self->found,
                       &self->error) != HEED_OK)
    fail_msg("%s", self->error.message);
}

static void compare_forward(const llm_shape *shape, size_t members) {
  fixture self;
  llm_pass *pass;
  fill(&self, shape, &every, members);
  pass = open_pass(&self, LLM_TRAIN_NOTHING, false);
  for (int adapted = 0; adapted < 2; adapted++) {
    const llm_adapter *adapter = adapted ? self.adapter : NULL;
    plain_decoder plain = plain_open(self.model, adapter);
    forward(&self, pass, adapter);
    for (size_t i = 0; i < ASKED; i++) {
      double only[ASKED] = {0};
      only[i] = 1;
      if (i % 7 == 0)
        assert_close(self.found[i], plain_objective(&plain, &self.batch, only),
                     2e-5);
    }
    plain_close(&plain);
  }
  llm_pass_close(pass);
  empty(&self);
}

static void log_probabilities_are_those_of_the_plain_decoder(void **state) {
  llm_shape untied = tiny_shape;
  (void)state;
  untied.tied = false;
  compare_forward(&tiny_shape, 1);
  compare_forward(&tiny_shape, 3);
  compare_forward(&untied, 2);
}

static double norm_of(const float *x, size_t count) {
  double sum = 0;
  for (size_t i = 0; i < count; i++) sum += (double)x[i] * (double)x[i];
  return sqrt(sum);
}

/* Along a direction that is random within [first, first + count): the slope
 * that the gradient says and the plain decoder's central difference. */
static void compare_slope(const char *what, const fixture *self,
                          plain_decoder *plain, double *point, size_t first,
                          size_t count, const float *gradient) {
  const double h = 1e-5, size = norm_of(gradient + first, count);
  heed_stream stream = tiny_stream(3);
  double *way = calloc(count, sizeof *way), said = 0, above, below;
  for (size_t i = 0; i < count; i++) way[i] = heed_normal(&stream);
  for (size_t i = 0; i < count; i++) {
    said += way[i] * (double)gradient[first + i];
    point[first + i] += h * way[i];
  }
  above = plain_objective(plain, &self->batch, self->weight);
  for (size_t i = 0; i < count; i++) point[first + i] -= 2 * h * way[i];
  below = plain_objective(plain, &self->batch, self->weight);
  for (size_t i = 0; i < count; i++) point[first + i] += h * way[i];
  free(way);
  if (!(fabs(said - (above - below) / (2 * h)) <= 2e-5 * (1 + size)))
    fail_msg("%s: slope %.9g, expected %.9g (gradient's norm %g)", what, said,
             (above - below) / (2 * h), size);
}

static void compare_adapter(const llm_adapter_shape *shape, bool checkpoints,
                            size_t members) {
  fixture self;
  llm_pass *pass;
  plain_decoder plain;
  float *gradient;
  fill(&self, &tiny_shape, shape, members);
  gradient = calloc(self.adapter->layout.count, sizeof *gradient);
  pass = open_pass(&self, LLM_TRAIN_ADAPTER, checkpoints);
  forward(&self, pass, self.adapter);
  assert_int_equal(llm_pass_backward(pass, self.weight, gradient, &self.error),
                   HEED_OK);
  plain = plain_open(self.model, self.adapter);
  for (size_t layer = 0; layer < tiny_shape.layers; layer++)
    for (int g = 0; g < LLM_GROUPS; g++) {
      const llm_adapter_layout *layout = &self.adapter->layout;
      const llm_group_layout *group = &layout->group[g];
      if (group->parts == 0) continue;
      compare_slope("A", &self, &plain, plain.adapter,
                    layer * layout->layer + group->a,
                    group->low * group->inputs, gradient);
      for (size_t i = 0; i < group->parts; i++)
        compare_slope("B", &self, &plain, plain.adapter,
                      layer * layout->layer + group->part[i].b,
                      group->part[i].outputs * shape->rank, gradient);
    }
  plain_close(&plain);
  llm_pass_close(pass);
  free(gradient);
  empty(&self);
}

static void every_slope_of_an_adapter_is_that_of_differences(void **state) {
  (void)state;
  compare_adapter(&every, false, 1);
  compare_adapter(&every, true, 2);
  compare_adapter(&some, false, 3);
}

static void compare_weights(const llm_shape *shape, bool checkpoints,
                            size_t members) {
  fixture self;
  llm_pass *pass;
  plain_decoder plain;
  float *gradient;
  fill(&self, shape, &every, members);
  gradient = calloc(self.model->layout.count, sizeof *gradient);
  pass = open_pass(&self, LLM_TRAIN_WEIGHTS, checkpoints);
  forward(&self, pass, NULL);
  assert_int_equal(llm_pass_backward(pass, self.weight, gradient, &self.error),
                   HEED_OK);
  plain = plain_open(self.model, NULL);
  for (size_t i = 0; i < llm_tensor_count(shape); i++) {
    const llm_tensor tensor = llm_tensor_at(shape, &self.model->layout, i);
    compare_slope(tensor.name, &self, &plain, plain.weights, tensor.offset,
                  tensor.width * (tensor.rows > 0 ? tensor.rows : 1), gradient);
  }
  plain_close(&plain);
  llm_pass_close(pass);
  free(gradient);
  empty(&self);
}

static void every_slope_of_the_weights_is_that_of_differences(void **state) {
  llm_shape untied = tiny_shape;
  (void)state;
  untied.tied = false;
  compare_weights(&tiny_shape, false, 2);
  compare_weights(&untied, true, 1);
}

/* Adapters train next to an unadapted reference in the same pass. */
static void gradients_add_up_and_references_leave_no_trace(void **state) {
  fixture self;
  llm_pass *pass;
  float *once, *twice;
  size_t count;
  (void)state;
  fill(&self, &tiny_shape, &every, 2);
  count = self.adapter->layout.count;
  once = calloc(count, sizeof *once);
  twice = calloc(count, sizeof *twice);
  pass = open_pass(&self, LLM_TRAIN_ADAPTER, false);
  forward(&self, pass, self.adapter);
  assert_int_equal(llm_pass_backward(pass, self.weight, once, &self.error),
                   HEED_OK);
  for (int i = 0; i < 2; i++) {
    forward(&self, pass, NULL);
    forward(&self, pass, self.adapter);
    assert_int_equal(llm_pass_backward(pass, self.weight, twice, &self.error),
                     HEED_OK);
  }
  for (size_t i = 0; i < count; i++)
    assert_close((double)twice[i], 2 * (double)once[i],
                 1e-5 * (1 + fabs((double)once[i])));
  assert_int_equal(llm_pass_backward(pass, self.weight, once, &self.error),
                   HEED_INTERNAL);
  llm_pass_close(pass);
  free(once);
  free(twice);
  empty(&self);
}

/* Stems and branches over the fixture's tokens: a branch of more than a block
 * of attention's rows; a stem of more, two that stand alone. */
typedef struct llm_gradient_arrangement {
  size_t sequences, length[5], branches[5];
} llm_gradient_arrangement;

static const llm_gradient_arrangement arranged[] = {
    {5, {3, 67, 2, 6, 12}, {2, 0, 0, 1, 0}}, {5, {66, 4, 3, 5, 12}, {2}}};

#define APART 400 /* tokens, where each branch repeats its stem */

/* All that may be asked for, as it is and with each branch after a copy of its
 * stem; the stem's own is asked for in the first copy. */
typedef struct both_ways {
  llm_batch shared, apart;
  size_t shared_ask[TOKENS], apart_ask[APART], length[5];
  int32_t token[APART];
} both_ways;

static void copy_apart(both_ways *self, const int32_t *token, size_t first,
                       size_t count, bool ask) {
  const size_t input = self->apart.sequences - 1;
  size_t end = 0;
  for (size_t s = 0; s <= input; s++) end += self->length[s];
  for (size_t i = 0; i < count; i++, end++) {
    if (ask && self->length[input] > 0) {
      self->shared_ask[self->shared.asked++] = first + i;
      self->apart_ask[self->apart.asked++] = end;
    }
    self->token[end] = token[first + i];
    self->length[input]++;
  }
}

static void lay_out(const llm_gradient_arrangement *arrangement,
                    const int32_t *token, both_ways *self) {
  size_t first = 0;
  *self =
      (both_ways){.shared = {arrangement->sequences, arrangement->length, token,
                             0, self->shared_ask, arrangement->branches},
                  .apart = {.length = self->length,
                            .token = self->token,
                            .ask = self->apart_ask}};
  for (size_t s = 0; s < arrangement->sequences;) {
    const size_t stem = first, stem_length = arrangement->length[s];
    const size_t end = s + 1 + arrangement->branches[s];
    first += stem_length;
    for (size_t b = s; b < end; b++) {
      if (b == s && end > s + 1) continue;
      self->apart.sequences++;
      copy_apart(self, token, stem, stem_length, b <= s + 1);
      if (b > s) copy_apart(self, token, first, arrangement->length[b], true);
      if (b > s) first += arrangement->length[b];
    }
    s = end;
  }
}

/* Log-probabilities and gradient of one of the two. */
static void take(fixture *self, const llm_pass_options *options,
                 const llm_batch *batch, double *found, float *gradient) {
  const llm_limits most = {APART, 71, APART};
  const llm_adapter *adapter =
      options->training == LLM_TRAIN_ADAPTER ? self->adapter : NULL;
  llm_pass *pass = NULL;
  double slope[APART];
  for (size_t i = 0; i < batch->asked; i++) slope[i] = cos((double)i);
  assert_int_equal(llm_pass_open(self->model, options, &most, self->workers,
                                 &pass, &self->error),
                   HEED_OK);
  if (llm_pass_forward(pass, adapter, batch, found, &self->error) != HEED_OK)
    fail_msg("%s", self->error.message);
  assert_int_equal(llm_pass_backward(pass, slope, gradient, &self->error),
                   HEED_OK);
  llm_pass_close(pass);
}

static void compare_branches(const llm_gradient_arrangement *arrangement,
                             llm_training training, bool checkpoints,
                             size_t members) {
  fixture self;
  both_ways ways;
  double shared[APART], apart[APART];
  fill(&self, &tiny_shape, &every, members);
  lay_out(arrangement, self.token, &ways);
  const llm_pass_options options = {training, checkpoints, self.adapter->shape};
  const size_t count = training == LLM_TRAIN_ADAPTER
                           ? self.adapter->layout.count
                           : self.model->layout.count;
  float *one = calloc(count, sizeof *one), *other = calloc(count, sizeof *one);
  take(&self, &options, &ways.shared, shared, one);
  take(&self, &options, &ways.apart, apart, other);
  assert_int_equal(ways.shared.asked, ways.apart.asked);
  for (size_t i = 0; i < ways.shared.asked; i++)
    assert_close(shared[i], apart[i], 2e-5);
  for (size_t i = 0; i < count; i++) other[i] -= one[i];
  assert_true(norm_of(one, count) > 1);
  assert_true(norm_of(other, count) < 2e-6 * norm_of(one, count));
  free(one);
  free(other);
  empty(&self);
}

static void branches_are_as_if_each_stood_alone(void **state) {
  (void)state;
  for (size_t i = 0; i < sizeof arranged / sizeof *arranged; i++) {
    compare_branches(&arranged[i], LLM_TRAIN_ADAPTER, false, 1);
    compare_branches(&arranged[i], LLM_TRAIN_ADAPTER, true, 3);
    compare_branches(&arranged[i], LLM_TRAIN_WEIGHTS, false, 2);
  }
}

static size_t pages_touched(const llm_pass *pass) {
  const size_t page = (size_t)sysconf(_SC_PAGESIZE);
  const size_t pages = (pass->bytes + page - 1) / page;
  unsigned char *input = calloc(pages, 1);
  size_t count = 0;
  assert_int_equal(mincore(pass->memory, pass->bytes, input), 0);
  for (size_t i = 0; i < pages; i++) count += input[i] & 1;
  free(input);
  return count * page;
}

static size_t heap(void) {
  const struct mallinfo2 now = mallinfo2();
  return now.uordblks + now.hblkhd;
}

/* A step of the largest batch touches all of the block but what a short head
 * leaves of its room for logits, and takes nothing from the heap. */
static void a_step_takes_what_was_predicted(void **state) {
  (void)state;
  for (int which = 0; which < 6; which++) {
    const llm_training training[] = {LLM_TRAIN_NOTHING, LLM_TRAIN_ADAPTER,
                                     LLM_TRAIN_WEIGHTS};
    const size_t idle = (HEAD_ROWS - ASKED) * HEAD_STRETCH * sizeof(float);
    fixture self;
    llm_pass *pass;
    float *gradient;
    size_t earlier;
    fill(&self, &tiny_shape, &every, 1);
    gradient = calloc(self.model->layout.count + self.adapter->layout.count,
                      sizeof *gradient);
    pass = open_pass(&self, training[which / 2], which % 2 > 0);
    assert_int_equal(pass->bytes,
                     llm_pass_bytes(&tiny_shape, &pass->options, &limits, 1));
    earlier = heap();
    forward(&self, pass, self.adapter);
    if (which >= 2)
      assert_int_equal(
          llm_pass_backward(pass, self.weight, gradient, &self.error), HEED_OK);
    assert_int_equal(heap(), earlier);
    assert_true(pages_touched(pass) <= pass->bytes + 4095);
    assert_true(pages_touched(pass) + idle + 4 * 4096 >= pass->bytes);
    llm_pass_close(pass);
    free(gradient);
    empty(&self);
  }
}

static void bad_batches_are_refused(void **state) {
  fixture self;
  llm_pass *pass;
  const size_t first_of_second[] = {1}, falling[] = {5, 4}, beyond[] = {TOKENS};
  const size_t *const asks[] = {first_of_second, falling, beyond};
  const size_t counts[] = {1, 2, 1};
  (void)state;
  fill(&self, &tiny_shape, &every, 1);
  pass = open_pass(&self, LLM_TRAIN_NOTHING, false);
  for (size_t i = 0; i < 3; i++) {
    llm_batch batch = self.batch;
    batch.ask = asks[i];
    batch.asked = counts[i];
    assert_int_equal(
        llm_pass_forward(pass, NULL, &batch, self.found, &self.error),
        HEED_INTERNAL);
  }
  /* A branch with a branch of its own; more than there are; too long. */
  const size_t nested[] = {1, 1, 0, 0}, many[] = {0, 0, 0, 1},
               longer[] = {0, 1, 0, 0};
  const size_t *const families[] = {nested, many, longer};
  for (size_t i = 0; i < 3; i++) {
    llm_batch batch = self.batch;
    batch.branches = families[i];
    assert_int_equal(
        llm_pass_forward(pass, NULL, &batch, self.found, &self.error),
        HEED_INTERNAL);
  }
  self.token[3] = (int32_t)tiny_shape.vocabulary;
  assert_int_equal(
      llm_pass_forward(pass, NULL, &self.batch, self.found, &self.error),
      HEED_INVALID);
  assert_non_null(strstr(self.error.message, "token 1100"));
  llm_pass_close(pass);
  empty(&self);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(log_probabilities_are_those_of_the_plain_decoder),
      cmocka_unit_test(every_slope_of_an_adapter_is_that_of_differences),
      cmocka_unit_test(every_slope_of_the_weights_is_that_of_differences),
      cmocka_unit_test(gradients_add_up_and_references_leave_no_trace),
      cmocka_unit_test(branches_are_as_if_each_stood_alone),
      cmocka_unit_test(a_step_takes_what_was_predicted),
      cmocka_unit_test(bad_batches_are_refused),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
