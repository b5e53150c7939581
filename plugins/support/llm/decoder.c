/* SPDX-License-Identifier: GPL-3.0-or-later
 * Decoding with a key-value cache. */
#include "support/llm/decoder.h"

#include <assert.h>
#include <math.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

#include "support/llm/attention.h"
#include "support/llm/carving.h"
#include "support/llm/layer.h"
#include "support/llm/product.h"

/* With this many rows per member, members split a product by rows; with fewer,
 * each would read all weights for little work, so they split it by outputs. */
#define ROWS_APIECE 64

struct llm_decoder {
  const llm_model *model;
  const llm_kernels *kernel;
  llm_crew *workers;
  llm_decoder_limits limits;
  void *memory;
  size_t bytes;
  size_t *length;  /* (slots): tokens read */
  float *rotation; /* (capacity, 2, head_width) */
  /* The cache: (layers, slots, kv_heads, capacity, head_width) each for keys
   * and values. */
  float *keys, *values;
  /* Workspace of one call; (tokens, ...). */
  uint32_t *position;
  size_t *owner; /* the reading of each token */
  size_t *first; /* (readings): their first tokens */
  llm_layer_values layer;
  float *room; /* (members, room_floats) */
  size_t room_floats;
  float *hidden, *logits; /* (slots, width), (slots, vocabulary) */
  const llm_reading *reading;
  size_t readings, tokens;
};

static void place_values(llm_decoder *self, carving_block *block) {
  const llm_shape *shape = &self->model->shape;
  const size_t tokens = self->limits.tokens;
  llm_layer_values *values = &self->layer;
  values->x = carve_floats(block, tokens, shape->width);
  values->inverse = carve_floats(block, tokens, 1);
  values->qkv = carve_floats(block, tokens, llm_qkv_width(shape));
  values->attended = carve_floats(block, tokens, llm_attended_width(shape));
  values->log_sum = carve_floats(block, tokens, shape->heads);
  values->mid = carve_floats(block, tokens, shape->width);
  values->feed_inverse = carve_floats(block, tokens, 1);
  values->gate_up = carve_floats(block, tokens, 2 * shape->feed);
  values->next = carve_floats(block, tokens, shape->width);
  values->normed = carve_floats(block, tokens, shape->width);
  values->act = carve_floats(block, tokens, shape->feed);
}

static size_t place_all(llm_decoder *self, char *base, size_t members) {
  const llm_shape *shape = &self->model->shape;
  const llm_decoder_limits *limits = &self->limits;
  const size_t cached =
      shape->layers * limits->slots * shape->kv_heads * limits->capacity;
  const size_t longest =
      limits->tokens < limits->capacity ? limits->tokens : limits->capacity;
  const size_t room = attention_room(shape, longest, false);
  carving_block block = {base, 0};
  self->room_floats =
      ((room > limits->capacity ? room : limits->capacity) + 15) / 16 * 16;
  self->length = carve(&block, limits->slots, sizeof(size_t));
  self->rotation =
      carve_floats(&block, limits->capacity, 2 * shape->head_width);
  self->position = carve(&block, limits->tokens, sizeof(uint32_t));
  self->owner = carve(&block, limits->tokens, sizeof(size_t));
  self->first = carve(&block, limits->slots, sizeof(size_t));
  place_values(self, &block);
  self->room = carve_floats(&block, members, self->room_floats);
  self->hidden = carve_floats(&block, limits->slots, shape->width);
  self->logits = carve_floats(&block, limits->slots, shape->vocabulary);
  self->keys = carve_floats(&block, cached, shape->head_width);
  self->values = carve_floats(&block, cached, shape->head_width);
  return block.end;
}

size_t llm_decoder_bytes(const llm_shape *shape,
                         const llm_decoder_limits *limits, size_t members) {
  const llm_model model = {.shape = *shape};
  llm_decoder counted = {.model = &model, .limits = *limits};
  return place_all(&counted, NULL, members);
}

heed_status llm_decoder_open(const llm_model *model,
                             const llm_decoder_limits *limits,
                             llm_crew *workers, llm_decoder **opened,
                             heed_error *error) {
  llm_decoder *self;
  *opened = NULL;
  if (limits->capacity < 1 || limits->capacity > model->shape.context)
    return heed_fail(
        error, HEED_UNSUPPORTED,
        "sequences of %zu tokens, expected 1 to the model's context of %zu",
        limits->capacity, model->shape.context);
  if (limits->slots < 1 || limits->slots > 1 << 16 ||
      limits->tokens < limits->slots || limits->tokens > 1 << 22)
    return heed_fail(error, HEED_INVALID,
                     "%zu sequences at once and %zu tokens per call, expected "
                     "1 to %d sequences, and from that number to %d tokens",
                     limits->slots, limits->tokens, 1 << 16, 1 << 22);
  self = calloc(1, sizeof *self);
  if (self == NULL) return heed_no_memory(error);
  self->model = model;
  self->kernel = kernels_best();
  self->workers = workers;
  self->limits = *limits;
  self->bytes = place_all(self, NULL, crew_members(workers));
  self->memory = mmap(NULL, self->bytes, PROT_READ | PROT_WRITE,
                      MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
  if (self->memory == MAP_FAILED) {
    const size_t megabytes = self->bytes >> 20;
    free(self);
    return heed_fail(error, HEED_MEMORY,
                     HEED_OUT_OF_MEMORY
                     ": %zu sequences of %zu tokens take %zu MiB",
                     limits->slots, limits->capacity, megabytes);
  }
  const size_t placed = place_all(self, self->memory, crew_members(workers));
  assert(placed == self->bytes);
  (void)placed;
  layer_rotation(model, limits->capacity, self->rotation);
  *opened = self;
  return HEED_OK;
}

void llm_decoder_close(llm_decoder *self) {
  if (self == NULL) return;
  (void)munmap(self->memory, self->bytes);
  free(self);
}

void llm_decoder_clear(llm_decoder *self, size_t slot) {
  self->length[slot] = 0;
}

/* --- one call ---------------------------------------------------------------
 */

static heed_status take_readings(llm_decoder *self, const llm_reading *reading,
                                 size_t readings, heed_error *error) {
  const size_t vocabulary = self->model->shape.vocabulary;
  self->tokens = 0;
  self->reading = reading;
  self->readings = readings;
  if (readings < 1 || readings > self->limits.slots)
    return heed_fail(error, HEED_INTERNAL, "%zu readings for %zu slots",
                     readings, self->limits.slots);
  for (size_t r = 0; r < readings; r++) {
    const llm_reading *one = &reading[r];
    if (one->slot >= self->limits.slots || one->count < 1 ||
        one->count > self->limits.tokens - self->tokens ||
        one->count > self->limits.capacity - self->length[one->slot])
      return heed_fail(
          error, HEED_INTERNAL,
          "the decoder has no room for %zu more tokens of sequence %zu",
          one->count, one->slot);
    self->first[r] = self->tokens;
    for (size_t i = 0; i < one->count; i++, self->tokens++) {
      if (one->token[i] < 0 || (size_t)one->token[i] >= vocabulary)
        return heed_fail(error, HEED_INVALID,
                         "token %d is out of range, expected 0 to %zu",
                         (int)one->token[i], vocabulary - 1);
      self->owner[self->tokens] = r;
      self->position[self->tokens] = (uint32_t)(self->length[one->slot] + i);
    }
  }
  return HEED_OK;
}

static void embed(llm_decoder *self) {
  const size_t width = self->model->shape.width;
  const float *embedding = self->model->weights + self->model->layout.embedding;
  for (size_t i = 0; i < self->tokens; i++) {
    const size_t r = self->owner[i];
    const int32_t token = self->reading[r].token[i - self->first[r]];
    memcpy(self->layer.x + i * width, embedding + (size_t)token * width,
           width * sizeof(float));
  }
}

typedef struct decoder_work {
  llm_decoder *self;
  size_t layer;
  atomic_size_t task;
  /* A product, split by outputs: y (rows, outputs) = keep y + x W'. */
  size_t rows, outputs, inputs;
  const float *x, *w;
  float keep, *y;
} decoder_work;

static llm_layer_means means_of(const llm_decoder *self) {
  const llm_layer_means means = {self->model, NULL, self->kernel,
                                 self->rotation, self->position};
  return means;
}

static size_t cache_at(const llm_decoder *self, size_t layer, size_t slot,
                       size_t kv_head) {
  const llm_shape *shape = &self->model->shape;
  return ((layer * self->limits.slots + slot) * shape->kv_heads + kv_head) *
         self->limits.capacity * shape->head_width;
}

/* Writes keys and values of one reading's new tokens to the cache. */
static void remember(const llm_decoder *self, size_t layer, size_t r,
                     size_t kv_head) {
  const llm_shape *shape = &self->model->shape;
  const llm_reading *reading = &self->reading[r];
  const size_t width = shape->head_width, stride = llm_qkv_width(shape);
  const size_t position = cache_at(self, layer, reading->slot, kv_head) +
                          self->length[reading->slot] * width;
  const float *key = self->layer.qkv + self->first[r] * stride +
                     (shape->heads + kv_head) * width;
  for (size_t i = 0; i < reading->count; i++, key += stride) {
    memcpy(self->keys + position + i * width, key, width * sizeof *key);
    memcpy(self->values + position + i * width, key + shape->kv_heads * width,
           width * sizeof *key);
  }
}

/* Attention of its new tokens, one by one, over the cache. */
static void attend_cache(const llm_decoder *self, size_t layer, size_t r,
                         size_t kv_head, float *room) {
  const llm_shape *shape = &self->model->shape;
  const llm_reading *reading = &self->reading[r];
  const size_t width = shape->head_width,
               group = shape->heads / shape->kv_heads;
  const size_t cache = cache_at(self, layer, reading->slot, kv_head);
  for (size_t i = 0; i < reading->count; i++) {
    const size_t row = self->first[r] + i;
    for (size_t h = kv_head * group; h < (kv_head + 1) * group; h++)
      self->kernel->attend(
          self->length[reading->slot] + i + 1, width, self->keys + cache,
          self->values + cache,
          self->layer.qkv + row * llm_qkv_width(shape) + h * width,
          1 / sqrtf((float)width), room,
          self->layer.attended + row * llm_attended_width(shape) + h * width);
  }
}

static void attention_work(void *context, size_t index, size_t count) {
  decoder_work *work = context;
  const llm_decoder *self = work->self;
  const size_t kv_heads = self->model->shape.kv_heads;
  const size_t tasks = self->readings * kv_heads;
  float *room = self->room + index * self->room_floats;
  const llm_attention fresh = {.shape = &self->model->shape,
                               .kernel = self->kernel,
                               .qkv = self->layer.qkv,
                               .attended = self->layer.attended,
                               .log_sum = self->layer.log_sum};
  size_t task;
  (void)count;
  while ((task = atomic_fetch_add(&work->task, 1)) < tasks) {
    const size_t r = task / kv_heads, kv_head = task % kv_heads;
    const llm_reading *reading = &self->reading[r];
    remember(self, work->layer, r, kv_head);
    if (self->length[reading->slot] == 0 && reading->count > 1)
      attention_forward(&fresh,
                        (llm_attention_span){.first = self->first[r],
                                             .length = reading->count},
                        kv_head, room);
    else
      attend_cache(self, work->layer, r, kv_head, room);
  }
}

static void product_work(void *context, size_t index, size_t count) {
  const decoder_work *work = context;
  const llm_crew_part part = crew_share(work->outputs, 16, index, count);
  product_forward(
      work->rows, part.end - part.first, work->inputs, 1,
      (llm_matrix){work->x, work->inputs},
      (llm_matrix){work->w + part.first * work->inputs, work->inputs},
      work->keep, (llm_matrix_out){work->y + part.first, work->outputs});
}

/* y = keep y + x W', by all members. */
static void multiply(llm_decoder *self, size_t rows, size_t outputs,
                     size_t inputs, const float *x, const float *w, float keep,
                     float *y) {
  decoder_work work = {.self = self,
                       .rows = rows,
                       .outputs = outputs,
                       .inputs = inputs,
                       .x = x,
                       .w = w,
                       .keep = keep,
                       .y = y};
  crew_run(self->workers, product_work, &work);
}

static void attend(llm_decoder *self, size_t layer) {
  decoder_work work = {.self = self, .layer = layer};
  atomic_init(&work.task, 0);
  crew_run(self->workers, attention_work, &work);
}

/* x -> x, when members split products by outputs. */
static void few_rows(llm_decoder *self, size_t layer) {
  const llm_shape *shape = &self->model->shape;
  const llm_layer_weights weights = layer_weights_of(self->model, layer);
  const size_t rows = self->tokens, width = shape->width, feed = shape->feed;
  const size_t qkv = llm_qkv_width(shape), attended = llm_attended_width(shape);
  llm_layer_values *values = &self->layer;
  self->kernel->norm(rows, width, values->x, weights.attention_norm,
                     shape->epsilon, values->inverse, values->normed);
  multiply(self, rows, qkv, width, values->normed, weights.qkv, 0, values->qkv);
  self->kernel->rotate(rows, shape->heads + shape->kv_heads, shape->head_width,
                       qkv, self->position, self->rotation, 1, values->qkv);
  attend(self, layer);
  multiply(self, rows, width, attended, values->attended, weights.output, 1,
           values->x);
  self->kernel->norm(rows, width, values->x, weights.feed_norm, shape->epsilon,
                     values->feed_inverse, values->normed);
  multiply(self, rows, 2 * feed, width, values->normed, weights.gate_up, 0,
           values->gate_up);
  self->kernel->swiglu(rows, feed, values->gate_up, values->act);
  multiply(self, rows, width, feed, values->act, weights.down, 1, values->x);
}

static void begin_work(void *context, size_t index, size_t count) {
  const decoder_work *work = context;
  const llm_crew_part rows = crew_share(work->self->tokens, 8, index, count);
  const llm_layer_means means = means_of(work->self);
  layer_begin(&means, work->layer, &work->self->layer, rows.first, rows.end);
}

static void end_work(void *context, size_t index, size_t count) {
  const decoder_work *work = context;
  const llm_crew_part rows = crew_share(work->self->tokens, 8, index, count);
  const llm_layer_means means = means_of(work->self);
  layer_end(&means, work->layer, &work->self->layer, rows.first, rows.end);
}

static void many_rows(llm_decoder *self, size_t layer) {
  decoder_work work = {.self = self, .layer = layer};
  float *x = self->layer.x;
  crew_run(self->workers, begin_work, &work);
  attend(self, layer);
  crew_run(self->workers, end_work, &work);
  self->layer.x = self->layer.next;
  self->layer.next = x;
}

heed_status llm_decoder_read(llm_decoder *self, const llm_reading *reading,
                             size_t readings, float **logits,
                             heed_error *error) {
  const llm_shape *shape = &self->model->shape;
  const llm_layout *layout = &self->model->layout;
  const size_t width = shape->width;
  const heed_status status = take_readings(self, reading, readings, error);
  float ignored;
  *logits = self->logits;
  if (status != HEED_OK) return status;
  embed(self);
  for (size_t layer = 0; layer < shape->layers; layer++)
    if (self->tokens < ROWS_APIECE * crew_members(self->workers))
      few_rows(self, layer);
    else
      many_rows(self, layer);
  for (size_t r = 0; r < readings; r++) {
    const size_t last = self->first[r] + reading[r].count - 1;
    self->kernel->norm(1, width, self->layer.x + last * width,
                       self->model->weights + layout->final_norm,
                       shape->epsilon, &ignored, self->hidden + r * width);
    self->length[reading[r].slot] += reading[r].count;
  }
  multiply(self, readings, shape->vocabulary, width, self->hidden,
           self->model->weights + layout->head, 0, self->logits);
  return HEED_OK;
}
