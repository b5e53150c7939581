/* SPDX-License-Identifier: GPL-3.0-or-later
 * Causal attention, computed in blocks of rows. */
#include "support/llm/attention.h"

#include <math.h>
#include <string.h>

#include "support/llm/product.h"

/* Rows of scores in a block, over all heads of a group. */
#define BLOCK_ROWS 192

/* A block: rows [start, start + rows) of the sequence, for the `heads` query
 * heads of a group; its arrays are (heads, rows, ...).  They see `keys` keys:
 * all of the stem's, then `own` of the sequence's. */
typedef struct attention_block {
  size_t start, rows, heads, own, keys;
  float *query, *out, *dquery; /* (heads, rows, head_width) */
  float *score, *dscore;       /* (heads, rows, keys) */
} attention_block;

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

static attention_block block_at(const llm_shape *shape, llm_attention_span span,
                                size_t start, float *room) {
  attention_block self = {.start = start, .heads = group_heads(shape)};
  const size_t most = block_rows(shape);
  size_t wide;
  self.rows = span.length - start < most ? span.length - start : most;
  self.own = start + self.rows;
  self.keys = span.earlier + self.own;
  wide = self.heads * self.rows;
  self.query = room;
  self.out = self.query + wide * shape->head_width;
  self.score = self.out + wide * shape->head_width;
  self.dscore = self.score + wide * self.keys;
  self.dquery = self.dscore + wide * self.keys;
  return self;
}

/* Copies the block's rows of the group's heads out of (tokens, stride). */
static void gather(const attention_block *self, size_t head_width,
                   const float *source, size_t stride, float *target) {
  for (size_t head = 0; head < self->heads; head++)
    for (size_t row = 0; row < self->rows; row++, target += head_width)
      memcpy(target, source + row * stride + head * head_width,
             head_width * sizeof *target);
}

static void scatter(const attention_block *self, size_t head_width,
                    const float *source, float *target, size_t stride) {
  for (size_t head = 0; head < self->heads; head++)
    for (size_t row = 0; row < self->rows; row++, source += head_width)
      memcpy(target + row * stride + head * head_width, source,
             head_width * sizeof *target);
}

/* Offsets of one group's queries, keys and values. */
typedef struct attention_places {
  size_t stride, query, key, value;
  size_t stem_key, stem_value;
  size_t attended_stride, attended; /* query head 0 of the group */
  float scale;
} attention_places;

static attention_places places_of(const llm_shape *shape,
                                  llm_attention_span span, size_t kv_head) {
  const size_t width = shape->head_width, stride = llm_qkv_width(shape);
  const size_t head = kv_head * group_heads(shape);
  const size_t key = (shape->heads + kv_head) * width;
  const size_t value = key + shape->kv_heads * width;
  const size_t attended = llm_attended_width(shape);
  const attention_places places = {
      .stride = stride,
      .query = span.first * stride + head * width,
      .key = span.first * stride + key,
      .value = span.first * stride + value,
      .stem_key = span.stem * stride + key,
      .stem_value = span.stem * stride + value,
      .attended_stride = attended,
      .attended = span.first * attended + head * width,
      .scale = 1 / sqrtf((float)width)};
  return places;
}

/* to (heads, rows, keys) = factor from keys', over the stem's and own keys; or
 * of values: `stem` and `own` are their offsets. */
static void against_keys(const llm_attention *attention,
                         const attention_block *self, float factor,
                         const float *source, size_t stem, size_t own,
                         float *target) {
  const size_t width = attention->shape->head_width,
               wide = self->heads * self->rows;
  const size_t stride = llm_qkv_width(attention->shape);
  const size_t earlier = self->keys - self->own;
  product_forward(wide, earlier, width, factor, (llm_matrix){source, width},
                  (llm_matrix){attention->qkv + stem, stride}, 0,
                  (llm_matrix_out){target, self->keys});
  product_forward(wide, self->own, width, factor, (llm_matrix){source, width},
                  (llm_matrix){attention->qkv + own, stride}, 0,
                  (llm_matrix_out){target + earlier, self->keys});
}

/* to (heads, rows, head_width) = from (heads, rows, keys) times the same. */
static void times_keys(const llm_attention *attention,
                       const attention_block *self, const float *source,
                       size_t stem, size_t own, float *target) {
  const size_t width = attention->shape->head_width,
               wide = self->heads * self->rows;
  const size_t stride = llm_qkv_width(attention->shape);
  const size_t earlier = self->keys - self->own;
  product_backward(wide, earlier, width, 1, (llm_matrix){source, self->keys},
                   (llm_matrix){attention->qkv + stem, stride}, 0,
                   (llm_matrix_out){target, width});
  product_backward(wide, self->own, width, 1,
                   (llm_matrix){source + earlier, self->keys},
                   (llm_matrix){attention->qkv + own, stride},
                   earlier > 0 ? 1 : 0, (llm_matrix_out){target, width});
}

/* Gradients of keys, or of values: dqkv += from' by.  keep: 0 until a block has
 * written the sequence's own. */
static void slopes_of_keys(const llm_attention *attention,
                           const attention_block *self, const float *source,
                           const float *factor, size_t stem, size_t own,
                           float keep) {
  const size_t width = attention->shape->head_width,
               wide = self->heads * self->rows;
  const size_t stride = llm_qkv_width(attention->shape);
  const size_t earlier = self->keys - self->own;
  product_gradient(wide, earlier, width, 1, (llm_matrix){source, self->keys},
                   (llm_matrix){factor, width}, 1,
                   (llm_matrix_out){attention->dqkv + stem, stride});
  product_gradient(wide, self->own, width, 1,
                   (llm_matrix){source + earlier, self->keys},
                   (llm_matrix){factor, width}, keep,
                   (llm_matrix_out){attention->dqkv + own, stride});
}

/* query = the block's; score = scale query keys'. */
static void score_block(const llm_attention *attention,
                        const attention_places *places, attention_block *self) {
  gather(self, attention->shape->head_width,
         attention->qkv + places->query + self->start * places->stride,
         places->stride, self->query);
  against_keys(attention, self, places->scale, self->query, places->stem_key,
               places->key, self->score);
}

void attention_forward(const llm_attention *attention, llm_attention_span span,
                       size_t kv_head, float *room) {
  const llm_shape *shape = attention->shape;
  const attention_places places = places_of(shape, span, kv_head);
  for (size_t start = 0; start < span.length; start += block_rows(shape)) {
    attention_block self = block_at(shape, span, start, room);
    score_block(attention, &places, &self);
    for (size_t head = 0; head < self.heads; head++)
      for (size_t row = 0; row < self.rows; row++)
        attention->log_sum[(span.first + start + row) * shape->heads +
                           kv_head * self.heads + head] =
            attention->kernel->softmax(
                span.earlier + start + row + 1, self.keys,
                self.score + (head * self.rows + row) * self.keys);
    times_keys(attention, &self, self.score, places.stem_value, places.value,
               self.out);
    scatter(
        &self, shape->head_width, self.out,
        attention->attended + places.attended + start * places.attended_stride,
        places.attended_stride);
  }
}

/* Scores become P, and dscore = d loss / dP becomes the gradient of the scaled
 * products q k'; delta = sum_j P_j dP_j = out . dout. */
static void slopes_of_scores(const llm_attention *attention,
                             const attention_places *places,
                             const attention_block *self,
                             llm_attention_span span, size_t kv_head) {
  const size_t heads = attention->shape->heads,
               width = attention->shape->head_width;
  for (size_t head = 0; head < self->heads; head++)
    for (size_t row = 0; row < self->rows; row++) {
      const size_t i = head * self->rows + row, token = self->start + row;
      const float *out = attention->attended + places->attended +
                         token * places->attended_stride + head * width;
      const float delta =
          (float)attention->kernel->dot(width, out, self->out + i * width);
      attention->kernel->softmax_backward(
          span.earlier + token + 1, self->keys,
          attention->log_sum[(span.first + token) * heads +
                             kv_head * self->heads + head],
          delta, places->scale, self->score + i * self->keys,
          self->dscore + i * self->keys);
    }
}

/* The last block comes first: it sees every key, so it writes all gradients of
 * keys and values; the others add to them. */
void attention_backward(const llm_attention *attention, llm_attention_span span,
                        size_t kv_head, float *room) {
  const llm_shape *shape = attention->shape;
  const size_t width = shape->head_width, most = block_rows(shape);
  const attention_places places = places_of(shape, span, kv_head);
  for (size_t left = (span.length + most - 1) / most; left-- > 0;) {
    const size_t start = left * most;
    attention_block self = block_at(shape, span, start, room);
    const float keep = self.own == span.length ? 0 : 1;
    score_block(attention, &places, &self);
    gather(
        &self, width,
        attention->dattended + places.attended + start * places.attended_stride,
        places.attended_stride, self.out);
    against_keys(attention, &self, 1, self.out, places.stem_value, places.value,
                 self.dscore);
    slopes_of_scores(attention, &places, &self, span, kv_head);
    slopes_of_keys(attention, &self, self.score, self.out, places.stem_value,
                   places.value, keep);
    slopes_of_keys(attention, &self, self.dscore, self.query, places.stem_key,
                   places.key, keep);
    times_keys(attention, &self, self.dscore, places.stem_key, places.key,
               self.dquery);
    scatter(&self, width, self.dquery,
            attention->dqkv + places.query + start * places.stride,
            places.stride);
  }
}
