/* SPDX-License-Identifier: GPL-3.0-or-later
 * The decoder once more, as the papers write it: in double, one token after
 * the other, no blocks, no BLAS.  The oracle for the fast one; finite
 * differences of it are good to ten digits. */
#ifndef HEED_TESTS_PLAIN_DECODER_H
#define HEED_TESTS_PLAIN_DECODER_H

#include "support/llm/model.h"
#include "tiny_model.h"

#define PLAIN_MOST 512 /* of any width below */

typedef struct plain_decoder {
  llm_shape shape;
  llm_layout layout;
  double *weights;            /* of layout */
  llm_adapter_layout adapted; /* of adapter */
  double *adapter;            /* NULL: none */
  size_t rank;
  double scale;
} plain_decoder;

static inline double *plain_doubles(const float *source, size_t count) {
  double *target = calloc(count, sizeof *target);
  assert_non_null(target);
  for (size_t i = 0; i < count; i++) target[i] = (double)source[i];
  return target;
}

static inline plain_decoder plain_open(const llm_model *model,
                                       const llm_adapter *adapter) {
  plain_decoder self = {.shape = model->shape, .layout = model->layout};
  self.weights = plain_doubles(model->weights, model->layout.count);
  if (adapter != NULL) {
    self.adapted = adapter->layout;
    self.adapter = plain_doubles(adapter->values, adapter->layout.count);
    self.rank = adapter->shape.rank;
    self.scale = (double)adapter->scale;
  }
  return self;
}

static inline void plain_close(plain_decoder *self) {
  free(self->weights);
  free(self->adapter);
}

static inline void plain_norm(const plain_decoder *self, const double *x,
                              const double *weight, double *y) {
  const size_t width = self->shape.width;
  double square = 0;
  for (size_t i = 0; i < width; i++) square += x[i] * x[i];
  square = 1 / sqrt(square / (double)width + (double)self->shape.epsilon);
  for (size_t i = 0; i < width; i++) y[i] = x[i] * square * weight[i];
}

/* y = W x + scale B A x, for a group of projections. */
static inline void plain_map(const plain_decoder *self, size_t layer,
                             llm_group which, const double *w, size_t outputs,
                             size_t inputs, const double *x, double *y) {
  const llm_group_layout *group = &self->adapted.group[which];
  for (size_t o = 0; o < outputs; o++) {
    y[o] = 0;
    for (size_t i = 0; i < inputs; i++) y[o] += w[o * inputs + i] * x[i];
  }
  if (self->adapter == NULL) return;
  for (size_t p = 0; p < group->parts; p++)
    for (size_t k = 0; k < self->rank; k++) {
      const double *base = self->adapter + layer * self->adapted.layer;
      const double *a = base + group->a + (p * self->rank + k) * inputs;
      double low = 0;
      for (size_t i = 0; i < inputs; i++) low += a[i] * x[i];
      for (size_t o = 0; o < group->part[p].outputs; o++)
        y[group->part[p].column + o] +=
            self->scale * base[group->part[p].b + o * self->rank + k] * low;
    }
}

static inline void plain_turn(const plain_decoder *self, size_t position,
                              double *head) {
  for (size_t i = 0; i < self->shape.head_width; i += 2) {
    const double angle =
        (double)position *
        pow(self->shape.rope_base, -(double)i / (double)self->shape.head_width);
    const double even = head[i], odd = head[i + 1];
    head[i] = even * cos(angle) - odd * sin(angle);
    head[i + 1] = even * sin(angle) + odd * cos(angle);
  }
}

static inline void plain_attend(const plain_decoder *self, size_t position,
                                double (*qkv)[PLAIN_MOST], double *out) {
  const llm_shape *shape = &self->shape;
  const size_t wide = shape->head_width;
  for (size_t head = 0; head < shape->heads; head++) {
    const size_t kv = head / (shape->heads / shape->kv_heads);
    double weight[PLAIN_MOST], most = -HUGE_VAL, sum = 0;
    for (size_t t = 0; t <= position; t++) {
      weight[t] = 0;
      for (size_t i = 0; i < wide; i++)
        weight[t] += qkv[position][head * wide + i] *
                     qkv[t][(shape->heads + kv) * wide + i];
      weight[t] /= sqrt((double)wide);
      most = fmax(most, weight[t]);
    }
    for (size_t t = 0; t <= position; t++)
      sum += weight[t] = exp(weight[t] - most);
    for (size_t i = 0; i < wide; i++) {
      out[head * wide + i] = 0;
      for (size_t t = 0; t <= position; t++)
        out[head * wide + i] +=
            weight[t] / sum *
            qkv[t][(shape->heads + shape->kv_heads + kv) * wide + i];
    }
  }
}

static inline void plain_layer(const plain_decoder *self, size_t layer,
                               size_t tokens, double (*x)[PLAIN_MOST],
                               double (*qkv)[PLAIN_MOST]) {
  const llm_shape *shape = &self->shape;
  const llm_layout *layout = &self->layout;
  const double *w = self->weights + layout->first_layer + layer * layout->layer;
  const size_t width = shape->width, feed = shape->feed;
  for (size_t t = 0; t < tokens; t++) {
    double normed[PLAIN_MOST];
    plain_norm(self, x[t], w + layout->attention_norm, normed);
    plain_map(self, layer, LLM_GROUP_QKV, w + layout->qkv, llm_qkv_width(shape),
              width, normed, qkv[t]);
    for (size_t head = 0; head < shape->heads + shape->kv_heads; head++)
      plain_turn(self, t, qkv[t] + head * shape->head_width);
  }
  for (size_t t = 0; t < tokens; t++) {
    double attended[PLAIN_MOST], out[PLAIN_MOST], normed[PLAIN_MOST];
    double gate_up[PLAIN_MOST], act[PLAIN_MOST];
    plain_attend(self, t, qkv, attended);
    plain_map(self, layer, LLM_GROUP_OUTPUT, w + layout->output, width,
              llm_attended_width(shape), attended, out);
    for (size_t i = 0; i < width; i++) x[t][i] += out[i];
    plain_norm(self, x[t], w + layout->feed_norm, normed);
    plain_map(self, layer, LLM_GROUP_GATE_UP, w + layout->gate_up, 2 * feed,
              width, normed, gate_up);
    for (size_t i = 0; i < feed; i++)
      act[i] = gate_up[i] / (1 + exp(-gate_up[i])) * gate_up[feed + i];
    plain_map(self, layer, LLM_GROUP_DOWN, w + layout->down, width, feed, act,
              out);
    for (size_t i = 0; i < width; i++) x[t][i] += out[i];
  }
}

/* log P(token t | those before it) for t = 1 ... tokens - 1 in out[t]. */
static inline void plain_score(const plain_decoder *self, const int32_t *token,
                               size_t tokens, double *out) {
  const llm_shape *shape = &self->shape;
  double(*x)[PLAIN_MOST] = calloc(tokens, sizeof *x);
  double(*qkv)[PLAIN_MOST] = calloc(tokens, sizeof *qkv);
  assert_true(x != NULL && qkv != NULL);
  for (size_t t = 0; t < tokens; t++)
    memcpy(x[t],
           self->weights + self->layout.embedding +
               (size_t)token[t] * shape->width,
           shape->width * sizeof(double));
  for (size_t layer = 0; layer < shape->layers; layer++)
    plain_layer(self, layer, tokens, x, qkv);
  for (size_t t = 0; t + 1 < tokens; t++) {
    double normed[PLAIN_MOST], sum = 0, target = 0;
    plain_norm(self, x[t], self->weights + self->layout.final_norm, normed);
    for (size_t v = 0; v < shape->vocabulary; v++) {
      const double *row = self->weights + self->layout.head + v * shape->width;
      double logit = 0;
      for (size_t i = 0; i < shape->width; i++) logit += row[i] * normed[i];
      sum += exp(logit);
      if (v == (size_t)token[t + 1]) target = logit;
    }
    out[t + 1] = target - log(sum);
  }
  free(x);
  free(qkv);
}

/* sum over what a batch asks for of weight x log-probability. */
static inline double plain_objective(const plain_decoder *self,
                                     const llm_batch *batch,
                                     const double *weight) {
  double sum = 0, score[PLAIN_MOST];
  size_t first = 0, asked = 0;
  for (size_t s = 0; s < batch->sequences; first += batch->length[s++]) {
    plain_score(self, batch->token + first, batch->length[s], score);
    for (; asked < batch->asked && batch->ask[asked] < first + batch->length[s];
         asked++)
      sum += weight[asked] * score[batch->ask[asked] - first];
  }
  return sum;
}

#endif
