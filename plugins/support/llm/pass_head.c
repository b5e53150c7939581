/* SPDX-License-Identifier: GPL-3.0-or-later
 * The head: from the last hidden states to log-probabilities, and back.
 *
 * For a row h = norm(x) with target t: log p = l_t - log sum_v exp(l_v), l = E
 * h, and d log p / dh = E_t - sum_v p_v E_v.  Forward computes that gradient
 * while the exponentials of a range are available, as a running weighted sum,
 * rescaled whenever a larger logit appears (Milakov and Gimelshein 2018;
 * FlashAttention): the logits are computed twice only if E itself is
 * trained. */
#include <float.h>
#include <math.h>
#include <string.h>

#include "support/llm/pass_parts.h"
#include "support/llm/product.h"

typedef struct head_work {
  llm_pass *pass;
  double *log_probability;
  const double *slope;
  float *gradient; /* of all weights; or NULL */
} head_work;

static const float *head_weights(const llm_pass *self) {
  return self->model->weights + self->model->layout.head;
}

/* A row's softmax so far. */
typedef struct pass_head_running {
  float most, target; /* the largest logit, the target's */
  double sum;
} pass_head_running;

/* One stretch [v, v + count) of the vocabulary for the rows [first, end). */
static void extend_rows(const llm_pass *self, size_t first, size_t end,
                        size_t v, size_t count, float *logits,
                        pass_head_running *row_state) {
  const size_t width = self->model->shape.width;
  const float *stretch = head_weights(self) + v * width;
  float *pull = self->arrays.pull;
  product_forward(end - first, count, width, 1,
                  (llm_matrix){self->arrays.hidden + first * width, width},
                  (llm_matrix){stretch, width}, 0,
                  (llm_matrix_out){logits, count});
  for (size_t i = first; i < end; i++) {
    pass_head_running *row = &row_state[i - first];
    float *own = logits + (i - first) * count, factor;
    const size_t token = (size_t)self->batch.token[self->batch.ask[i]];
    if (token >= v && token < v + count) row->target = own[token - v];
    factor = self->kernel->extend(count, own, &row->most, &row->sum);
    if (pull != NULL && factor != 1.0f)
      self->kernel->scale(width, factor, pull + i * width);
  }
  if (pull != NULL)
    product_backward(end - first, count, width, 1, (llm_matrix){logits, count},
                     (llm_matrix){stretch, width}, 1,
                     (llm_matrix_out){pull + first * width, width});
}

static void finish_row(const head_work *work, size_t i,
                       const pass_head_running *row) {
  const llm_pass *self = work->pass;
  const size_t width = self->model->shape.width;
  const size_t token = (size_t)self->batch.token[self->batch.ask[i]];
  const double log_sum = (double)row->most + log(row->sum);
  self->arrays.log_sum[i] = (float)log_sum;
  work->log_probability[i] = (double)row->target - log_sum;
  if (self->arrays.pull == NULL) return;
  self->kernel->scale(width, (float)(-1 / row->sum),
                      self->arrays.pull + i * width);
  self->kernel->add(width, 1, head_weights(self) + token * width,
                    self->arrays.pull + i * width);
}

static void head_rows(const head_work *work, size_t first, size_t end,
                      float *logits) {
  const llm_pass *self = work->pass;
  const llm_shape *shape = &self->model->shape;
  const size_t width = shape->width;
  pass_head_running rows[HEAD_ROWS];
  for (size_t i = first; i < end; i++) {
    rows[i - first] = (pass_head_running){-FLT_MAX, 0, 0};
    self->kernel->norm(
        1, width,
        pass_state(self, shape->layers) + self->arrays.source[i] * width,
        self->model->weights + self->model->layout.final_norm, shape->epsilon,
        self->arrays.inverse + i, self->arrays.hidden + i * width);
  }
  if (self->arrays.pull != NULL)
    memset(self->arrays.pull + first * width, 0,
           (end - first) * width * sizeof(float));
  for (size_t v = 0; v < shape->vocabulary; v += HEAD_STRETCH) {
    const size_t left = shape->vocabulary - v;
    extend_rows(self, first, end, v, left < HEAD_STRETCH ? left : HEAD_STRETCH,
                logits, rows);
  }
  for (size_t i = first; i < end; i++) finish_row(work, i, &rows[i - first]);
}

static void forward_work(void *context, size_t index, size_t count) {
  const head_work *work = context;
  const llm_pass *self = work->pass;
  const llm_crew_part rows = crew_share(self->batch.asked, 4, index, count);
  float *logits = self->arrays.logits + index * HEAD_ROWS * HEAD_STRETCH;
  for (size_t i = rows.first; i < rows.end; i += HEAD_ROWS)
    head_rows(work, i, i + HEAD_ROWS < rows.end ? i + HEAD_ROWS : rows.end,
              logits);
}

void pass_head_forward(llm_pass *self, double *log_probability) {
  head_work work = {.pass = self, .log_probability = log_probability};
  crew_run(self->workers, forward_work, &work);
}

/* dE of the vocabulary's stretch [v, v + count) from the rows [first, end):
 * dlogit = slope (target ? 1 - p : -p), dE += dlogit' hidden. */
static void stretch_gradient(const head_work *work, size_t first, size_t end,
                             size_t v, size_t count, float *logits) {
  const llm_pass *self = work->pass;
  const size_t width = self->model->shape.width;
  const llm_matrix hidden = {self->arrays.hidden + first * width, width};
  product_forward(end - first, count, width, 1, hidden,
                  (llm_matrix){head_weights(self) + v * width, width}, 0,
                  (llm_matrix_out){logits, count});
  for (size_t i = first; i < end; i++) {
    float *own = logits + (i - first) * count;
    const size_t token = (size_t)self->batch.token[self->batch.ask[i]];
    const float slope = (float)work->slope[i];
    self->kernel->exponentials(count, self->arrays.log_sum[i], -slope, own);
    if (token >= v && token < v + count) own[token - v] += slope;
  }
  product_gradient(
      end - first, count, width, 1, (llm_matrix){logits, count}, hidden, 1,
      (llm_matrix_out){work->gradient + self->model->layout.head + v * width,
                       width});
}

/* Members split the vocabulary, so no two write to one place. */
static void gradient_work(void *context, size_t index, size_t count) {
  const head_work *work = context;
  const llm_pass *self = work->pass;
  const size_t asked = self->batch.asked;
  const llm_crew_part part =
      crew_share(self->model->shape.vocabulary, 16, index, count);
  float *logits = self->arrays.logits + index * HEAD_ROWS * HEAD_STRETCH;
  for (size_t v = part.first; v < part.end; v += HEAD_STRETCH) {
    const size_t left = part.end - v;
    for (size_t i = 0; i < asked; i += HEAD_ROWS)
      stretch_gradient(work, i, i + HEAD_ROWS < asked ? i + HEAD_ROWS : asked,
                       v, left < HEAD_STRETCH ? left : HEAD_STRETCH, logits);
  }
}

/* dx of the last state: zero except at requested tokens. */
static void scatter_slopes(llm_pass *self, const double *slope,
                           float *gradient) {
  const llm_shape *shape = &self->model->shape;
  const llm_layout *layout = &self->model->layout;
  const size_t width = shape->width;
  const float *x = pass_state(self, shape->layers);
  memset(self->arrays.slopes.dx, 0, self->tokens * width * sizeof(float));
  for (size_t i = 0; i < self->batch.asked; i++) {
    const size_t row = self->arrays.source[i];
    float *dhidden = self->arrays.dhidden + i * width;
    memcpy(dhidden, self->arrays.pull + i * width, width * sizeof *dhidden);
    self->kernel->scale(width, (float)slope[i], dhidden);
    self->kernel->norm_backward(
        1, width, x + row * width, self->model->weights + layout->final_norm,
        self->arrays.inverse + i, dhidden, self->arrays.slopes.dx + row * width,
        gradient != NULL ? gradient + layout->final_norm : NULL);
  }
}

void pass_head_backward(llm_pass *self, const double *slope, float *gradient) {
  head_work work = {.pass = self, .slope = slope, .gradient = gradient};
  scatter_slopes(self, slope, gradient);
  if (gradient != NULL) crew_run(self->workers, gradient_work, &work);
}

void llm_pass_logits(const llm_pass *self, size_t position, float *logits) {
  const llm_shape *shape = &self->model->shape;
  const size_t width = shape->width;
  float inverse;
  /* A row that no backward reads. */
  float *hidden = self->arrays.kept.normed;
  self->kernel->norm(1, width,
                     pass_state(self, shape->layers) + position * width,
                     self->model->weights + self->model->layout.final_norm,
                     shape->epsilon, &inverse, hidden);
  product_forward(1, shape->vocabulary, width, 1, (llm_matrix){hidden, width},
                  (llm_matrix){head_weights(self), width}, 0,
                  (llm_matrix_out){logits, shape->vocabulary});
}
