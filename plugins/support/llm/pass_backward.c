/* SPDX-License-Identifier: GPL-3.0-or-later
 * A pass's backward. */
#include <stdatomic.h>
#include <string.h>

#include "support/llm/pass_parts.h"
#include "support/llm/product.h"

/* A layer's backward job for the crew. */
typedef struct back_work {
  llm_pass *pass;
  size_t layer;
  llm_layer_values values;
  float *gradient;    /* of this layer: the adapter's, or the weights' */
  bool last;          /* no trained layer below */
  atomic_size_t task; /* attention's: family x kv head, the next free task */
} back_work;

static bool trains_weights(const llm_pass *self) {
  return self->options.training == LLM_TRAIN_WEIGHTS;
}

/* A member's share of the gradient of a norm's weights, 0 or 1; or NULL. */
static float *norm_gradient(const llm_pass *self, size_t index, size_t norm) {
  const size_t width = self->model->shape.width;
  return trains_weights(self)
             ? self->arrays.norm_gradients + (2 * index + norm) * width
             : NULL;
}

static llm_crew_part rows_of(const llm_pass *self, size_t index, size_t count) {
  return crew_share(self->tokens, 8, index, count);
}

static void end_work(void *context, size_t index, size_t count) {
  back_work *work = context;
  const llm_crew_part rows = rows_of(work->pass, index, count);
  const llm_layer_means means = pass_means(work->pass);
  layer_end_backward(&means, work->layer, &work->values,
                     &work->pass->arrays.slopes,
                     norm_gradient(work->pass, index, 1), rows.first, rows.end);
}

static void begin_work(void *context, size_t index, size_t count) {
  back_work *work = context;
  const llm_crew_part rows = rows_of(work->pass, index, count);
  const llm_layer_means means = pass_means(work->pass);
  layer_begin_backward(
      &means, work->layer, &work->values, &work->pass->arrays.slopes,
      norm_gradient(work->pass, index, 0), work->last, rows.first, rows.end);
}

/* The gradient of a group's matrices: dW += dy' x, or of its A and B: dB +=
 * scale dy' low, dA += dlow' x.  Members split it by outputs, and A by inputs,
 * over all tokens, so no two write to one place. */
typedef struct group_gradient {
  llm_group group;
  const float *dy, *x;
  size_t weights; /* offset of the matrices in a layer */
} group_gradient;

static void weights_gradient(const back_work *work,
                             const group_gradient *gradient, size_t index,
                             size_t count) {
  const llm_group_layout *group = &work->pass->low.group[gradient->group];
  const llm_crew_part outputs = crew_share(group->outputs, 16, index, count);
  product_gradient(work->pass->tokens, outputs.end - outputs.first,
                   group->inputs, 1,
                   (llm_matrix){gradient->dy + outputs.first, group->outputs},
                   (llm_matrix){gradient->x, group->inputs}, 1,
                   (llm_matrix_out){work->gradient + gradient->weights +
                                        outputs.first * group->inputs,
                                    group->inputs});
}

static void adapter_gradient(const back_work *work,
                             const group_gradient *gradient, size_t index,
                             size_t count) {
  const llm_pass *self = work->pass;
  const llm_group_layout *group = &self->low.group[gradient->group];
  const size_t rank = self->options.adapter.rank;
  const float *low = work->values.low[gradient->group];
  const float *dlow = self->arrays.slopes.dlow[gradient->group];
  const llm_crew_part inputs = crew_share(group->inputs, 16, index, count);
  if (group->parts == 0) return;
  product_gradient(self->tokens, group->low, inputs.end - inputs.first, 1,
                   (llm_matrix){dlow, group->low},
                   (llm_matrix){gradient->x + inputs.first, group->inputs}, 1,
                   (llm_matrix_out){work->gradient + group->a + inputs.first,
                                    group->inputs});
  for (size_t i = 0; i < group->parts; i++) {
    const llm_part *part = &group->part[i];
    const llm_crew_part outputs = crew_share(part->outputs, 16, index, count);
    product_gradient(
        self->tokens, outputs.end - outputs.first, rank, self->adapter->scale,
        (llm_matrix){gradient->dy + part->column + outputs.first,
                     group->outputs},
        (llm_matrix){low + i * rank, group->low}, 1,
        (llm_matrix_out){work->gradient + part->b + outputs.first * rank,
                         rank});
  }
}

static void take_gradient(const back_work *work, const group_gradient *gradient,
                          size_t index, size_t count) {
  if (trains_weights(work->pass))
    weights_gradient(work, gradient, index, count);
  else
    adapter_gradient(work, gradient, index, count);
}

/* Attention's tasks, then the gradients of everything after it. */
static void attention_work(void *context, size_t index, size_t count) {
  back_work *work = context;
  const llm_pass *self = work->pass;
  const llm_layout *layout = &self->model->layout;
  const llm_layer_slopes *slopes = &self->arrays.slopes;
  const size_t kv_heads = self->model->shape.kv_heads;
  const size_t tasks = self->families * kv_heads;
  const llm_attention attention = {.shape = &self->model->shape,
                                   .kernel = self->kernel,
                                   .qkv = work->values.qkv,
                                   .attended = work->values.attended,
                                   .log_sum = work->values.log_sum,
                                   .dattended = slopes->dattended,
                                   .dqkv = slopes->dqkv};
  const group_gradient groups[] = {
      {LLM_GROUP_DOWN, slopes->dout, slopes->act, layout->down},
      {LLM_GROUP_GATE_UP, work->values.gate_up, slopes->feed_normed,
       layout->gate_up},
      {LLM_GROUP_OUTPUT, slopes->dx, work->values.attended, layout->output}};
  size_t task;
  while ((task = atomic_fetch_add(&work->task, 1)) < tasks) {
    const size_t *family = self->arrays.family + task / kv_heads;
    for (size_t s = family[0]; s < family[1]; s++)
      attention_backward(&attention, self->arrays.span[s], task % kv_heads,
                         self->arrays.room + index * self->room_floats);
  }
  for (size_t i = 0; i < sizeof groups / sizeof *groups; i++)
    take_gradient(work, &groups[i], index, count);
}

static void qkv_work(void *context, size_t index, size_t count) {
  back_work *work = context;
  const group_gradient gradient = {
      LLM_GROUP_QKV, work->pass->arrays.slopes.dqkv,
      work->pass->arrays.slopes.normed, work->pass->model->layout.qkv};
  take_gradient(work, &gradient, index, count);
}

/* Adds the members' shares of the norms' gradients, in order. */
static void add_norm_gradients(const back_work *work) {
  const llm_pass *self = work->pass;
  const llm_layout *layout = &self->model->layout;
  const size_t width = self->model->shape.width;
  for (size_t i = 0; i < crew_members(self->workers); i++) {
    self->kernel->add(width, 1, norm_gradient(self, i, 0),
                      work->gradient + layout->attention_norm);
    self->kernel->add(width, 1, norm_gradient(self, i, 1),
                      work->gradient + layout->feed_norm);
  }
}

static void layer_backward(llm_pass *self, size_t layer, float *gradient) {
  const bool weights = trains_weights(self);
  back_work work = {.pass = self,
                    .layer = layer,
                    .gradient = gradient,
                    .last = layer == 0 && !weights};
  if (self->options.checkpoints) pass_layer_forward(self, layer, true);
  work.values = pass_layer(self, layer);
  atomic_init(&work.task, 0);
  if (weights)
    memset(self->arrays.norm_gradients, 0,
           crew_members(self->workers) * 2 * self->model->shape.width *
               sizeof(float));
  crew_run(self->workers, end_work, &work);
  crew_run(self->workers, attention_work, &work);
  crew_run(self->workers, begin_work, &work);
  crew_run(self->workers, qkv_work, &work);
  if (weights) add_norm_gradients(&work);
}

static void embedding_gradient(llm_pass *self, float *gradient) {
  const size_t width = self->model->shape.width;
  float *embedding = gradient + self->model->layout.embedding;
  for (size_t i = 0; i < self->tokens; i++)
    self->kernel->add(width, 1, self->arrays.slopes.dx + i * width,
                      embedding + (size_t)self->batch.token[i] * width);
}

heed_status llm_pass_backward(llm_pass *self, const double *slope,
                              float *gradient, heed_error *error) {
  const llm_layout *layout = &self->model->layout;
  const bool weights = trains_weights(self);
  if (!self->ready || self->options.training == LLM_TRAIN_NOTHING ||
      (!weights && self->adapter == NULL))
    return heed_fail(error, HEED_INTERNAL,
                     "backward without a preceding forward that trains");
  self->ready = false;
  pass_head_backward(self, slope, weights ? gradient : NULL);
  for (size_t layer = self->model->shape.layers; layer-- > 0;)
    layer_backward(
        self, layer,
        gradient + (weights ? layout->first_layer + layer * layout->layer
                            : layer * self->low.layer));
  if (weights) embedding_gradient(self, gradient);
  return HEED_OK;
}
