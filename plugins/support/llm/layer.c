/* SPDX-License-Identifier: GPL-3.0-or-later
 * One layer, token by token. */
#include "support/llm/layer.h"

#include <math.h>
#include <string.h>

#include "support/llm/model.h"
#include "support/llm/product.h"

llm_layer_weights layer_weights_of(const llm_model *model, size_t layer) {
  const llm_layout *layout = &model->layout;
  const float *base =
      model->weights + layout->first_layer + layer * layout->layer;
  const llm_layer_weights weights = {
      base + layout->attention_norm, base + layout->qkv,
      base + layout->output,         base + layout->feed_norm,
      base + layout->gate_up,        base + layout->down};
  return weights;
}

void layer_rotation(const llm_model *model, size_t positions, float *rotation) {
  const size_t width = model->shape.head_width;
  for (size_t position = 0; position < positions; position++) {
    float *cosine = rotation + position * 2 * width, *sine = cosine + width;
    for (size_t i = 0; i < width / 2; i++) {
      const double angle = (double)position * model->frequency[i];
      cosine[2 * i] = cosine[2 * i + 1] = (float)cos(angle);
      sine[2 * i + 1] = (float)sin(angle);
      sine[2 * i] = -sine[2 * i + 1];
    }
  }
}

/* low = A x, for the backward; y (rows, group's outputs) += scale B low, unless
 * y is NULL. */
static void adapt(const llm_layer_means *means, size_t layer, llm_group which,
                  size_t rows, const float *x, float *low, float *y) {
  const llm_adapter *adapter = means->adapter;
  const llm_group_layout *group;
  const float *base;
  if (adapter == NULL || adapter->layout.group[which].parts == 0) return;
  group = &adapter->layout.group[which];
  base = adapter->values + layer * adapter->layout.layer;
  product_forward(rows, group->low, group->inputs, 1,
                  (llm_matrix){x, group->inputs},
                  (llm_matrix){base + group->a, group->inputs}, 0,
                  (llm_matrix_out){low, group->low});
  if (y == NULL) return;
  for (size_t i = 0; i < group->parts; i++) {
    const llm_part *part = &group->part[i];
    product_forward(rows, part->outputs, adapter->shape.rank, adapter->scale,
                    (llm_matrix){low + i * adapter->shape.rank, group->low},
                    (llm_matrix){base + part->b, adapter->shape.rank}, 1,
                    (llm_matrix_out){y + part->column, group->outputs});
  }
}

/* dlow = scale dy B; dx += dlow A, unless dx is NULL. */
static void adapt_backward(const llm_layer_means *means, size_t layer,
                           llm_group which, size_t rows, const float *dy,
                           float *dlow, float *dx) {
  const llm_adapter *adapter = means->adapter;
  const llm_group_layout *group;
  const float *base;
  if (adapter == NULL || adapter->layout.group[which].parts == 0) return;
  group = &adapter->layout.group[which];
  base = adapter->values + layer * adapter->layout.layer;
  for (size_t i = 0; i < group->parts; i++) {
    const llm_part *part = &group->part[i];
    product_backward(
        rows, part->outputs, adapter->shape.rank, adapter->scale,
        (llm_matrix){dy + part->column, group->outputs},
        (llm_matrix){base + part->b, adapter->shape.rank}, 0,
        (llm_matrix_out){dlow + i * adapter->shape.rank, group->low});
  }
  if (dx == NULL) return;
  product_backward(rows, group->low, group->inputs, 1,
                   (llm_matrix){dlow, group->low},
                   (llm_matrix){base + group->a, group->inputs}, 1,
                   (llm_matrix_out){dx, group->inputs});
}

/* Width of an adapter's low array; 0 without an adapter. */
static size_t low_width(const llm_layer_means *means, llm_group group) {
  return means->adapter != NULL ? means->adapter->layout.group[group].low : 0;
}

static float *low_at(const llm_layer_means *means, float *const *low,
                     llm_group group, size_t row) {
  const size_t width = low_width(means, group);
  return width > 0 ? low[group] + row * width : NULL;
}

void layer_begin(const llm_layer_means *means, size_t layer,
                 const llm_layer_values *values, size_t first, size_t end) {
  const llm_shape *shape = &means->model->shape;
  const llm_layer_weights weights = layer_weights_of(means->model, layer);
  const size_t rows = end - first, width = shape->width;
  const size_t qkv_width = llm_qkv_width(shape);
  const float *x = values->x + first * width;
  float *normed = values->normed + first * width;
  float *qkv = values->qkv + first * qkv_width;
  means->kernel->norm(rows, width, x, weights.attention_norm, shape->epsilon,
                      values->inverse + first, normed);
  product_forward(rows, qkv_width, width, 1, (llm_matrix){normed, width},
                  (llm_matrix){weights.qkv, width}, 0,
                  (llm_matrix_out){qkv, qkv_width});
  adapt(means, layer, LLM_GROUP_QKV, rows, normed,
        low_at(means, values->low, LLM_GROUP_QKV, first), qkv);
  means->kernel->rotate(rows, shape->heads + shape->kv_heads, shape->head_width,
                        qkv_width, means->position + first, means->rotation, 1,
                        qkv);
}

/* mid = x + attended Wo' */
static void close_attention(const llm_layer_means *means, size_t layer,
                            const llm_layer_values *values, size_t first,
                            size_t rows) {
  const llm_shape *shape = &means->model->shape;
  const size_t width = shape->width, inputs = llm_attended_width(shape);
  const float *attended = values->attended + first * inputs;
  float *mid = values->mid + first * width;
  memcpy(mid, values->x + first * width, rows * width * sizeof *mid);
  product_forward(
      rows, width, inputs, 1, (llm_matrix){attended, inputs},
      (llm_matrix){layer_weights_of(means->model, layer).output, inputs}, 1,
      (llm_matrix_out){mid, width});
  adapt(means, layer, LLM_GROUP_OUTPUT, rows, attended,
        low_at(means, values->low, LLM_GROUP_OUTPUT, first), mid);
}

void layer_end(const llm_layer_means *means, size_t layer,
               const llm_layer_values *values, size_t first, size_t end) {
  const llm_shape *shape = &means->model->shape;
  const llm_layer_weights weights = layer_weights_of(means->model, layer);
  const size_t rows = end - first, width = shape->width, feed = shape->feed;
  const float *mid = values->mid + first * width;
  float *normed = values->normed + first * width;
  float *gate_up = values->gate_up + first * 2 * feed;
  float *act = values->act + first * feed;
  float *next = values->next != NULL ? values->next + first * width : NULL;
  close_attention(means, layer, values, first, rows);
  means->kernel->norm(rows, width, mid, weights.feed_norm, shape->epsilon,
                      values->feed_inverse + first, normed);
  product_forward(rows, 2 * feed, width, 1, (llm_matrix){normed, width},
                  (llm_matrix){weights.gate_up, width}, 0,
                  (llm_matrix_out){gate_up, 2 * feed});
  adapt(means, layer, LLM_GROUP_GATE_UP, rows, normed,
        low_at(means, values->low, LLM_GROUP_GATE_UP, first), gate_up);
  means->kernel->swiglu(rows, feed, gate_up, act);
  if (next != NULL) {
    memcpy(next, mid, rows * width * sizeof *next);
    product_forward(rows, width, feed, 1, (llm_matrix){act, feed},
                    (llm_matrix){weights.down, feed}, 1,
                    (llm_matrix_out){next, width});
  }
  adapt(means, layer, LLM_GROUP_DOWN, rows, act,
        low_at(means, values->low, LLM_GROUP_DOWN, first), next);
}

/* dx of `next` -> gradients of gate_up and of the feed-forward's normed
 * input. */
static void feed_backward(const llm_layer_means *means, size_t layer,
                          const llm_layer_values *values,
                          const llm_layer_slopes *slopes, size_t first,
                          size_t rows) {
  const llm_shape *shape = &means->model->shape;
  const llm_layer_weights weights = layer_weights_of(means->model, layer);
  const size_t width = shape->width, feed = shape->feed;
  const float *dx = slopes->dx + first * width;
  float *dact = slopes->dact + first * feed;
  float *dnormed = slopes->dnormed + first * width;
  float *gate_up = values->gate_up + first * 2 * feed;
  product_backward(rows, width, feed, 1, (llm_matrix){dx, width},
                   (llm_matrix){weights.down, feed}, 0,
                   (llm_matrix_out){dact, feed});
  adapt_backward(means, layer, LLM_GROUP_DOWN, rows, dx,
                 low_at(means, slopes->dlow, LLM_GROUP_DOWN, first), dact);
  means->kernel->swiglu_backward(
      rows, feed, gate_up, dact,
      slopes->act != NULL ? slopes->act + first * feed : NULL);
  product_backward(rows, 2 * feed, width, 1, (llm_matrix){gate_up, 2 * feed},
                   (llm_matrix){weights.gate_up, width}, 0,
                   (llm_matrix_out){dnormed, width});
  adapt_backward(means, layer, LLM_GROUP_GATE_UP, rows, gate_up,
                 low_at(means, slopes->dlow, LLM_GROUP_GATE_UP, first),
                 dnormed);
}

void layer_end_backward(const llm_layer_means *means, size_t layer,
                        const llm_layer_values *values,
                        const llm_layer_slopes *slopes, float *dfeed_norm,
                        size_t first, size_t end) {
  const llm_shape *shape = &means->model->shape;
  const llm_layer_weights weights = layer_weights_of(means->model, layer);
  const size_t rows = end - first, width = shape->width;
  const size_t attended = llm_attended_width(shape);
  const float *mid = values->mid + first * width;
  const float *inverse = values->feed_inverse + first;
  float *dx = slopes->dx + first * width;
  float *dattended = slopes->dattended + first * attended;
  if (slopes->dout != NULL)
    memcpy(slopes->dout + first * width, dx, rows * width * sizeof *dx);
  feed_backward(means, layer, values, slopes, first, rows);
  if (slopes->feed_normed != NULL)
    means->kernel->renorm(rows, width, mid, weights.feed_norm, inverse,
                          slopes->feed_normed + first * width);
  means->kernel->norm_backward(rows, width, mid, weights.feed_norm, inverse,
                               slopes->dnormed + first * width, dx, dfeed_norm);
  product_backward(rows, width, attended, 1, (llm_matrix){dx, width},
                   (llm_matrix){weights.output, attended}, 0,
                   (llm_matrix_out){dattended, attended});
  adapt_backward(means, layer, LLM_GROUP_OUTPUT, rows, dx,
                 low_at(means, slopes->dlow, LLM_GROUP_OUTPUT, first),
                 dattended);
}

void layer_begin_backward(const llm_layer_means *means, size_t layer,
                          const llm_layer_values *values,
                          const llm_layer_slopes *slopes,
                          float *dattention_norm, bool last, size_t first,
                          size_t end) {
  const llm_shape *shape = &means->model->shape;
  const llm_layer_weights weights = layer_weights_of(means->model, layer);
  const size_t rows = end - first, width = shape->width;
  const size_t qkv_width = llm_qkv_width(shape);
  const float *x = values->x + first * width;
  const float *inverse = values->inverse + first;
  float *dqkv = slopes->dqkv + first * qkv_width;
  float *dnormed = last ? NULL : slopes->dnormed + first * width;
  means->kernel->rotate(rows, shape->heads + shape->kv_heads, shape->head_width,
                        qkv_width, means->position + first, means->rotation, -1,
                        dqkv);
  if (slopes->normed != NULL)
    means->kernel->renorm(rows, width, x, weights.attention_norm, inverse,
                          slopes->normed + first * width);
  if (!last)
    product_backward(rows, qkv_width, width, 1, (llm_matrix){dqkv, qkv_width},
                     (llm_matrix){weights.qkv, width}, 0,
                     (llm_matrix_out){dnormed, width});
  adapt_backward(means, layer, LLM_GROUP_QKV, rows, dqkv,
                 low_at(means, slopes->dlow, LLM_GROUP_QKV, first), dnormed);
  if (last) return;
  means->kernel->norm_backward(rows, width, x, weights.attention_norm, inverse,
                               dnormed, slopes->dx + first * width,
                               dattention_norm);
}
