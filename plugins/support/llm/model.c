/* SPDX-License-Identifier: GPL-3.0-or-later
 * Shape, layout and memory of a model. */
#include "support/llm/model.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

#define LAYER_TENSORS 9

static heed_status check_size(const char *what, size_t value, size_t most,
                              heed_error *error) {
  if (value >= 1 && value <= most) return HEED_OK;
  return heed_fail(error, HEED_UNSUPPORTED,
                   "the model has %s %zu, expected 1 to %zu", what, value,
                   most);
}

/* With these limits no product of sizes below comes near 2^63. */
heed_status llm_shape_check(const llm_shape *shape, heed_error *error) {
  heed_status status = check_size("layers", shape->layers, 1024, error);
  if (status == HEED_OK)
    status = check_size("width", shape->width, 1 << 16, error);
  if (status == HEED_OK)
    status = check_size("heads", shape->heads, 1 << 10, error);
  if (status == HEED_OK)
    status = check_size("key-value heads", shape->kv_heads, 1 << 10, error);
  if (status == HEED_OK)
    status = check_size("head width", shape->head_width, 1 << 10, error);
  if (status == HEED_OK)
    status = check_size("feed-forward width", shape->feed, 1 << 18, error);
  if (status == HEED_OK)
    status = check_size("vocabulary", shape->vocabulary, 1 << 24, error);
  if (status == HEED_OK)
    status = check_size("context", shape->context, 1 << 24, error);
  if (status != HEED_OK) return status;
  if (shape->heads % shape->kv_heads != 0)
    return heed_fail(
        error, HEED_UNSUPPORTED,
        "the model has %zu heads for %zu key-value heads, expected "
        "a multiple",
        shape->heads, shape->kv_heads);
  if (shape->head_width % 2 != 0)
    return heed_fail(error, HEED_UNSUPPORTED,
                     "the model has head width %zu, expected an even number",
                     shape->head_width);
  if (!(shape->epsilon > 0) || !(shape->epsilon < 1))
    return heed_fail(
        error, HEED_UNSUPPORTED,
        "the model has RMSNorm epsilon %g, expected a number between 0 and 1",
        (double)shape->epsilon);
  if (!(shape->rope_base > 1) || !isfinite(shape->rope_base))
    return heed_fail(error, HEED_UNSUPPORTED,
                     "the model has RoPE base %g, expected more than 1",
                     shape->rope_base);
  return HEED_OK;
}

static size_t place(size_t *end, size_t floats) {
  const size_t position = *end;
  *end = position + (floats + 15) / 16 * 16;
  return position;
}

llm_layout llm_layout_of(const llm_shape *shape) {
  llm_layout layout = {0};
  const size_t width = shape->width;
  layout.attention_norm = place(&layout.layer, width);
  layout.qkv = place(&layout.layer, llm_qkv_width(shape) * width);
  layout.output = place(&layout.layer, width * llm_attended_width(shape));
  layout.feed_norm = place(&layout.layer, width);
  layout.gate_up = place(&layout.layer, 2 * shape->feed * width);
  layout.down = place(&layout.layer, width * shape->feed);
  layout.embedding = place(&layout.count, shape->vocabulary * width);
  layout.head = shape->tied ? layout.embedding
                            : place(&layout.count, shape->vocabulary * width);
  layout.final_norm = place(&layout.count, width);
  layout.first_layer = place(&layout.count, shape->layers * layout.layer);
  return layout;
}

size_t llm_tensor_count(const llm_shape *shape) {
  return (shape->tied ? 2 : 3) + LAYER_TENSORS * shape->layers;
}

static llm_tensor outside_layers(const llm_shape *shape,
                                 const llm_layout *layout, size_t index) {
  switch (index) {
    case 0:
      return (llm_tensor){"token_embd.weight", layout->embedding,
                          shape->vocabulary, shape->width};
    case 1:
      return (llm_tensor){"output_norm.weight", layout->final_norm, 0,
                          shape->width};
    default:
      return (llm_tensor){"output.weight", layout->head, shape->vocabulary,
                          shape->width};
  }
}

llm_tensor llm_tensor_at(const llm_shape *shape, const llm_layout *layout,
                         size_t index) {
  const size_t earlier = shape->tied ? 2 : 3, width = shape->width;
  const size_t attended = llm_attended_width(shape);
  const size_t kv = shape->kv_heads * shape->head_width;
  const struct {
    const char *name;
    size_t offset, rows, width;
  } part[LAYER_TENSORS] = {
      {"attn_norm", layout->attention_norm, 0, width},
      {"attn_q", layout->qkv, attended, width},
      {"attn_k", layout->qkv + attended * width, kv, width},
      {"attn_v", layout->qkv + (attended + kv) * width, kv, width},
      {"attn_output", layout->output, width, attended},
      {"ffn_norm", layout->feed_norm, 0, width},
      {"ffn_gate", layout->gate_up, shape->feed, width},
      {"ffn_up", layout->gate_up + shape->feed * width, shape->feed, width},
      {"ffn_down", layout->down, width, shape->feed}};
  llm_tensor tensor;
  size_t layer, i;
  if (index < earlier) return outside_layers(shape, layout, index);
  layer = (index - earlier) / LAYER_TENSORS;
  i = (index - earlier) % LAYER_TENSORS;
  (void)snprintf(tensor.name, sizeof tensor.name, "blk.%zu.%s.weight", layer,
                 part[i].name);
  tensor.offset = layout->first_layer + layer * layout->layer + part[i].offset;
  tensor.rows = part[i].rows;
  tensor.width = part[i].width;
  return tensor;
}

/* A model without weights. */
static heed_status open_shape(const llm_shape *shape, llm_model **made,
                              heed_error *error) {
  const size_t pairs = shape->head_width / 2;
  llm_model *self;
  heed_status status = llm_shape_check(shape, error);
  *made = NULL;
  if (status != HEED_OK) return status;
  self = calloc(1, sizeof *self);
  if (self == NULL) return heed_no_memory(error);
  self->frequency = calloc(pairs, sizeof(double));
  if (self->frequency == NULL) {
    llm_model_close(self);
    return heed_no_memory(error);
  }
  self->shape = *shape;
  self->layout = llm_layout_of(shape);
  for (size_t i = 0; i < pairs; i++)
    self->frequency[i] =
        pow(shape->rope_base, -(double)(2 * i) / (double)shape->head_width);
  *made = self;
  return HEED_OK;
}

heed_status llm_model_new(const llm_shape *shape, llm_model **made,
                          heed_error *error) {
  heed_status status = open_shape(shape, made, error);
  llm_model *self = *made;
  if (status != HEED_OK) return status;
  self->own = true;
  self->mapped = self->layout.count * sizeof(float);
  self->mapping = mmap(NULL, self->mapped, PROT_READ | PROT_WRITE,
                       MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  if (self->mapping == MAP_FAILED) {
    const size_t megabytes = self->mapped >> 20;
    self->mapping = NULL;
    llm_model_close(self);
    *made = NULL;
    return heed_fail(error, HEED_MEMORY,
                     HEED_OUT_OF_MEMORY ": the weights take %zu MiB",
                     megabytes);
  }
  self->weights = self->mapping;
  return HEED_OK;
}

void llm_model_draw(llm_model *self, heed_stream *stream) {
  const size_t count = llm_tensor_count(&self->shape);
  for (size_t i = 0; i < count; i++) {
    const llm_tensor tensor = llm_tensor_at(&self->shape, &self->layout, i);
    const size_t floats = tensor.width * (tensor.rows > 0 ? tensor.rows : 1);
    const double sd = 1 / sqrt((double)tensor.width);
    for (size_t j = 0; j < floats; j++)
      self->weights[tensor.offset + j] =
          tensor.rows > 0 ? (float)(sd * heed_normal(stream)) : 1.0f;
  }
}

heed_status llm_model_copy(const llm_model *model, llm_model **made,
                           heed_error *error) {
  const heed_status status = llm_model_new(&model->shape, made, error);
  if (status != HEED_OK) return status;
  memcpy((*made)->weights, model->weights, model->layout.count * sizeof(float));
  memcpy((*made)->frequency, model->frequency,
         model->shape.head_width / 2 * sizeof(double));
  return HEED_OK;
}

void llm_model_close(llm_model *self) {
  if (self == NULL) return;
  if (self->mapping != NULL) (void)munmap(self->mapping, self->mapped);
  free(self->frequency);
  free(self);
}
