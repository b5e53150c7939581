/* SPDX-License-Identifier: GPL-3.0-or-later
 * Causal attention by blocks of rows. */
#include "support/llm/attention.h"

#include <math.h>
#include <string.h>

#include "support/llm/product.h"

/* Rows of scores in a block, over all heads of a group. */
#define BLOCK_ROWS 192

/* A block: rows [start, start + rows) of the sequence, for the `heads` query
 * heads of a group; its arrays are (heads, rows, ...). */
typedef struct block {
  size_t start, rows, heads, keys;
  float *query, *out, *dquery; /* (heads, rows, head_width) */
  float *score, *dscore;       /* (heads, rows, keys) */
} block;

static size_t group_heads(const llm_shape *shape) {
  return shape->heads / shape->kv_heads;
}

static size_t block_rows(const llm_shape *shape) {
  const size_t rows = BLOCK_ROWS / group_heads(shape);
  return rows > 8 ? rows : 8;
}

size_t attention_room(const llm_shape *shape, size_t longest, bool backward) {
  const size_t rows = block_rows(shape) < longest ? block_rows(shape) : longest;
  const size_t wide = group_heads(shape) * rows;
  return (backward ? 3 : 2) * wide * shape->head_width +
         (backward ? 2 : 1) * wide * longest;
}

static block block_at(const llm_shape *shape, size_t start, size_t length,
                      float *room) {
  block self = {.start = start, .heads = group_heads(shape)};
  const size_t most = block_rows(shape);
  size_t wide;
  self.rows = length - start < most ? length - start : most;
  self.keys = start + self.rows;
  wide = self.heads * self.rows;
  self.query = room;
  self.out = self.query + wide * shape->head_width;
  self.score = self.out + wide * shape->head_width;
  self.dscore = self.score + wide * self.keys;
  self.dquery = self.dscore + wide * self.keys;
  return self;
}

/* Copies the block's rows of the group's heads out of (tokens, stride). */
static void gather(const block *self, size_t head_width, const float *from,
                   size_t stride, float *to) {
  for (size_t head = 0; head < self->heads; head++)
    for (size_t row = 0; row < self->rows; row++, to += head_width)
      memcpy(to, from + row * stride + head * head_width,
             head_width * sizeof *to);
}

static void scatter(const block *self, size_t head_width, const float *from,
                    float *to, size_t stride) {
  for (size_t head = 0; head < self->heads; head++)
    for (size_t row = 0; row < self->rows; row++, from += head_width)
      memcpy(to + row * stride + head * head_width, from,
             head_width * sizeof *to);
}

/* Where one group's queries, keys and values stand in the sequence. */
typedef struct places {
  size_t stride, query, key, value;
  size_t attended_stride, attended; /* query head 0 of the group */
  float scale;
} places;

static places places_of(const llm_shape *shape, size_t first, size_t kv_head) {
  const size_t width = shape->head_width, stride = llm_qkv_width(shape);
  const size_t head = kv_head * group_heads(shape);
  const size_t attended = llm_attended_width(shape);
  const places at = {
      .stride = stride,
      .query = first * stride + head * width,
      .key = first * stride + (shape->heads + kv_head) * width,
      .value =
          first * stride + (shape->heads + shape->kv_heads + kv_head) * width,
      .attended_stride = attended,
      .attended = first * attended + head * width,
      .scale = 1 / sqrtf((float)width)};
  return at;
}

/* query = the block's; score = scale query keys'. */
static void score_block(const attention *of, const places *at, block *self) {
  const size_t width = of->shape->head_width;
  gather(self, width, of->qkv + at->query + self->start * at->stride,
         at->stride, self->query);
  product_forward(self->heads * self->rows, self->keys, width, at->scale,
                  (matrix){self->query, width},
                  (matrix){of->qkv + at->key, at->stride}, 0,
                  (matrix_out){self->score, self->keys});
}

void attention_forward(const attention *of, size_t first, size_t length,
                       size_t kv_head, float *room) {
  const llm_shape *shape = of->shape;
  const size_t width = shape->head_width;
  const places at = places_of(shape, first, kv_head);
  for (size_t start = 0; start < length; start += block_rows(shape)) {
    block self = block_at(shape, start, length, room);
    score_block(of, &at, &self);
    for (size_t head = 0; head < self.heads; head++)
      for (size_t row = 0; row < self.rows; row++)
        of->log_sum[(first + start + row) * shape->heads +
                    kv_head * self.heads + head] =
            of->kernel->softmax(
                start + row + 1, self.keys,
                self.score + (head * self.rows + row) * self.keys);
    product_backward(self.heads * self.rows, self.keys, width, 1,
                     (matrix){self.score, self.keys},
                     (matrix){of->qkv + at.value, at.stride}, 0,
                     (matrix_out){self.out, width});
    scatter(&self, width, self.out,
            of->attended + at.attended + start * at.attended_stride,
            at.attended_stride);
  }
}

/* Scores become P and dscore = d loss / dP becomes the slope of the scaled
 * products q k'; delta = sum_j P_j dP_j = out . dout. */
static void slopes_of_scores(const attention *of, const places *at,
                             const block *self, size_t first, size_t kv_head) {
  const size_t heads = of->shape->heads, width = of->shape->head_width;
  for (size_t head = 0; head < self->heads; head++)
    for (size_t row = 0; row < self->rows; row++) {
      const size_t i = head * self->rows + row, token = self->start + row;
      const float *out = of->attended + at->attended +
                         token * at->attended_stride + head * width;
      const float delta =
          (float)of->kernel->dot(width, out, self->out + i * width);
      of->kernel->softmax_backward(
          token + 1, self->keys,
          of->log_sum[(first + token) * heads + kv_head * self->heads + head],
          delta, at->scale, self->score + i * self->keys,
          self->dscore + i * self->keys);
    }
}

/* Blocks from the last: it sees every key, and so writes every slope of keys
 * and values; the others add. */
void attention_backward(const attention *of, size_t first, size_t length,
                        size_t kv_head, float *room) {
  const llm_shape *shape = of->shape;
  const size_t width = shape->head_width, most = block_rows(shape);
  const places at = places_of(shape, first, kv_head);
  const matrix key = {of->qkv + at.key, at.stride};
  const matrix value = {of->qkv + at.value, at.stride};
  for (size_t left = (length + most - 1) / most; left-- > 0;) {
    const size_t start = left * most;
    block self = block_at(shape, start, length, room);
    const size_t wide = self.heads * self.rows;
    const float keep = self.keys == length ? 0 : 1;
    score_block(of, &at, &self);
    gather(&self, width,
           of->dattended + at.attended + start * at.attended_stride,
           at.attended_stride, self.out);
    product_forward(wide, self.keys, width, 1, (matrix){self.out, width}, value,
                    0, (matrix_out){self.dscore, self.keys});
    slopes_of_scores(of, &at, &self, first, kv_head);
    product_gradient(wide, self.keys, width, 1, (matrix){self.score, self.keys},
                     (matrix){self.out, width}, keep,
                     (matrix_out){of->dqkv + at.value, at.stride});
    product_gradient(wide, self.keys, width, 1,
                     (matrix){self.dscore, self.keys},
                     (matrix){self.query, width}, keep,
                     (matrix_out){of->dqkv + at.key, at.stride});
    product_backward(wide, self.keys, width, 1,
                     (matrix){self.dscore, self.keys}, key, 0,
                     (matrix_out){self.dquery, width});
    scatter(&self, width, self.dquery, of->dqkv + at.query + start * at.stride,
            at.stride);
  }
}
