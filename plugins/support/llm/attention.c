/* SPDX-License-Identifier: GPL-3.0-or-later
 * Causal attention by blocks of rows. */
#include "support/llm/attention.h"

#include <math.h>
#include <string.h>

#include "support/llm/product.h"

/* Rows of scores in a block, over all heads of a group. */
#define BLOCK_ROWS 192

/* A block: rows [start, start + rows) of the sequence, for the `heads` query
 * heads of a group; its arrays are (heads, rows, ...).  They see `keys` keys:
 * all of the stem's, then `own` of the sequence's. */
typedef struct block {
  size_t start, rows, heads, own, keys;
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

static block block_at(const llm_shape *shape, attention_span span, size_t start,
                      float *room) {
  block self = {.start = start, .heads = group_heads(shape)};
  const size_t most = block_rows(shape);
  size_t wide;
  self.rows = span.length - start < most ? span.length - start : most;
  self.own = start + self.rows;
  self.keys = span.before + self.own;
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

/* Where one group's queries, keys and values stand. */
typedef struct places {
  size_t stride, query, key, value;
  size_t stem_key, stem_value;
  size_t attended_stride, attended; /* query head 0 of the group */
  float scale;
} places;

static places places_of(const llm_shape *shape, attention_span span,
                        size_t kv_head) {
  const size_t width = shape->head_width, stride = llm_qkv_width(shape);
  const size_t head = kv_head * group_heads(shape);
  const size_t key = (shape->heads + kv_head) * width;
  const size_t value = key + shape->kv_heads * width;
  const size_t attended = llm_attended_width(shape);
  const places at = {.stride = stride,
                     .query = span.first * stride + head * width,
                     .key = span.first * stride + key,
                     .value = span.first * stride + value,
                     .stem_key = span.stem * stride + key,
                     .stem_value = span.stem * stride + value,
                     .attended_stride = attended,
                     .attended = span.first * attended + head * width,
                     .scale = 1 / sqrtf((float)width)};
  return at;
}

/* to (heads, rows, keys) = factor from keys', the stem's keys and the own ones;
 * or of values: `stem` and `own` are where those stand. */
static void against_keys(const attention *of, const block *self, float factor,
                         const float *from, size_t stem, size_t own,
                         float *to) {
  const size_t width = of->shape->head_width, wide = self->heads * self->rows;
  const size_t stride = llm_qkv_width(of->shape);
  const size_t before = self->keys - self->own;
  product_forward(wide, before, width, factor, (matrix){from, width},
                  (matrix){of->qkv + stem, stride}, 0,
                  (matrix_out){to, self->keys});
  product_forward(wide, self->own, width, factor, (matrix){from, width},
                  (matrix){of->qkv + own, stride}, 0,
                  (matrix_out){to + before, self->keys});
}

/* to (heads, rows, head_width) = from (heads, rows, keys) times the same. */
static void times_keys(const attention *of, const block *self,
                       const float *from, size_t stem, size_t own, float *to) {
  const size_t width = of->shape->head_width, wide = self->heads * self->rows;
  const size_t stride = llm_qkv_width(of->shape);
  const size_t before = self->keys - self->own;
  product_backward(wide, before, width, 1, (matrix){from, self->keys},
                   (matrix){of->qkv + stem, stride}, 0,
                   (matrix_out){to, width});
  product_backward(wide, self->own, width, 1,
                   (matrix){from + before, self->keys},
                   (matrix){of->qkv + own, stride}, before > 0 ? 1 : 0,
                   (matrix_out){to, width});
}

/* The slopes of keys, or of values: dqkv += from' by.  keep: 0 where no block
 * has written the sequence's own. */
static void slopes_of_keys(const attention *of, const block *self,
                           const float *from, const float *by, size_t stem,
                           size_t own, float keep) {
  const size_t width = of->shape->head_width, wide = self->heads * self->rows;
  const size_t stride = llm_qkv_width(of->shape);
  const size_t before = self->keys - self->own;
  product_gradient(wide, before, width, 1, (matrix){from, self->keys},
                   (matrix){by, width}, 1,
                   (matrix_out){of->dqkv + stem, stride});
  product_gradient(wide, self->own, width, 1,
                   (matrix){from + before, self->keys}, (matrix){by, width},
                   keep, (matrix_out){of->dqkv + own, stride});
}

/* query = the block's; score = scale query keys'. */
static void score_block(const attention *of, const places *at, block *self) {
  gather(self, of->shape->head_width,
         of->qkv + at->query + self->start * at->stride, at->stride,
         self->query);
  against_keys(of, self, at->scale, self->query, at->stem_key, at->key,
               self->score);
}

void attention_forward(const attention *of, attention_span span, size_t kv_head,
                       float *room) {
  const llm_shape *shape = of->shape;
  const places at = places_of(shape, span, kv_head);
  for (size_t start = 0; start < span.length; start += block_rows(shape)) {
    block self = block_at(shape, span, start, room);
    score_block(of, &at, &self);
    for (size_t head = 0; head < self.heads; head++)
      for (size_t row = 0; row < self.rows; row++)
        of->log_sum[(span.first + start + row) * shape->heads +
                    kv_head * self.heads + head] =
            of->kernel->softmax(
                span.before + start + row + 1, self.keys,
                self.score + (head * self.rows + row) * self.keys);
    times_keys(of, &self, self.score, at.stem_value, at.value, self.out);
    scatter(&self, shape->head_width, self.out,
            of->attended + at.attended + start * at.attended_stride,
            at.attended_stride);
  }
}

/* Scores become P and dscore = d loss / dP becomes the slope of the scaled
 * products q k'; delta = sum_j P_j dP_j = out . dout. */
static void slopes_of_scores(const attention *of, const places *at,
                             const block *self, attention_span span,
                             size_t kv_head) {
  const size_t heads = of->shape->heads, width = of->shape->head_width;
  for (size_t head = 0; head < self->heads; head++)
    for (size_t row = 0; row < self->rows; row++) {
      const size_t i = head * self->rows + row, token = self->start + row;
      const float *out = of->attended + at->attended +
                         token * at->attended_stride + head * width;
      const float delta =
          (float)of->kernel->dot(width, out, self->out + i * width);
      of->kernel->softmax_backward(span.before + token + 1, self->keys,
                                   of->log_sum[(span.first + token) * heads +
                                               kv_head * self->heads + head],
                                   delta, at->scale,
                                   self->score + i * self->keys,
                                   self->dscore + i * self->keys);
    }
}

/* Blocks from the last: it sees every key, and so writes every slope of keys
 * and values; the others add. */
void attention_backward(const attention *of, attention_span span,
                        size_t kv_head, float *room) {
  const llm_shape *shape = of->shape;
  const size_t width = shape->head_width, most = block_rows(shape);
  const places at = places_of(shape, span, kv_head);
  for (size_t left = (span.length + most - 1) / most; left-- > 0;) {
    const size_t start = left * most;
    block self = block_at(shape, span, start, room);
    const float keep = self.own == span.length ? 0 : 1;
    score_block(of, &at, &self);
    gather(&self, width,
           of->dattended + at.attended + start * at.attended_stride,
           at.attended_stride, self.out);
    against_keys(of, &self, 1, self.out, at.stem_value, at.value, self.dscore);
    slopes_of_scores(of, &at, &self, span, kv_head);
    slopes_of_keys(of, &self, self.score, self.out, at.stem_value, at.value,
                   keep);
    slopes_of_keys(of, &self, self.dscore, self.query, at.stem_key, at.key,
                   keep);
    times_keys(of, &self, self.dscore, at.stem_key, at.key, self.dquery);
    scatter(&self, width, self.dquery, of->dqkv + at.query + start * at.stride,
            at.stride);
  }
}
