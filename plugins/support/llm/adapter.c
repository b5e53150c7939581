/* SPDX-License-Identifier: GPL-3.0-or-later
 * LoRA: layout and memory. */
#include "support/llm/adapter.h"

#include <math.h>
#include <stdlib.h>

#include "support/llm/model.h"
#include "support/llm/product.h"

/* The group of a projection and its columns in it. */
static void place_part(const llm_shape *model, llm_projection projection,
                       llm_group *group, llm_part *part) {
  const size_t attended = llm_attended_width(model);
  const size_t kv = model->kv_heads * model->head_width;
  switch (projection) {
    case LLM_QUERY:
      *group = LLM_GROUP_QKV;
      *part = (llm_part){0, attended, 0};
      return;
    case LLM_KEY:
      *group = LLM_GROUP_QKV;
      *part = (llm_part){attended, kv, 0};
      return;
    case LLM_VALUE:
      *group = LLM_GROUP_QKV;
      *part = (llm_part){attended + kv, kv, 0};
      return;
    case LLM_OUTPUT:
      *group = LLM_GROUP_OUTPUT;
      *part = (llm_part){0, model->width, 0};
      return;
    case LLM_GATE:
      *group = LLM_GROUP_GATE_UP;
      *part = (llm_part){0, model->feed, 0};
      return;
    case LLM_UP:
      *group = LLM_GROUP_GATE_UP;
      *part = (llm_part){model->feed, model->feed, 0};
      return;
    case LLM_DOWN:
    case LLM_PROJECTIONS:
      break;
  }
  *group = LLM_GROUP_DOWN;
  *part = (llm_part){0, model->width, 0};
}

static size_t place(size_t *end, size_t floats) {
  const size_t position = *end;
  *end = position + (floats + 15) / 16 * 16;
  return position;
}

llm_adapter_layout llm_adapter_layout_of(const llm_shape *model,
                                         const llm_adapter_shape *shape) {
  const size_t attended = llm_attended_width(model);
  llm_adapter_layout layout = {
      .group = {
          [LLM_GROUP_QKV] = {.inputs = model->width,
                             .outputs = llm_qkv_width(model)},
          [LLM_GROUP_OUTPUT] = {.inputs = attended, .outputs = model->width},
          [LLM_GROUP_GATE_UP] = {.inputs = model->width,
                                 .outputs = 2 * model->feed},
          [LLM_GROUP_DOWN] = {.inputs = model->feed, .outputs = model->width}}};
  for (int i = 0; i < LLM_PROJECTIONS; i++) {
    llm_group group;
    llm_part part;
    if ((shape->projections & 1u << i) == 0) continue;
    place_part(model, (llm_projection)i, &group, &part);
    layout.group[group].part[layout.group[group].parts++] = part;
  }
  for (int g = 0; g < LLM_GROUPS; g++) {
    llm_group_layout *group = &layout.group[g];
    group->low = group->parts * shape->rank;
    group->a = place(&layout.layer, group->low * group->inputs);
    for (size_t i = 0; i < group->parts; i++)
      group->part[i].b =
          place(&layout.layer, group->part[i].outputs * shape->rank);
  }
  layout.count = layout.layer * model->layers;
  return layout;
}

static void draw(llm_adapter *self, heed_stream *stream) {
  for (size_t layer = 0; layer < self->layers; layer++)
    for (int g = 0; g < LLM_GROUPS; g++) {
      const llm_group_layout *group = &self->layout.group[g];
      float *a = self->values + layer * self->layout.layer + group->a;
      const double most = 1 / sqrt((double)group->inputs);
      for (size_t i = 0; i < group->low * group->inputs; i++)
        a[i] = (float)(most * (2 * heed_uniform(stream) - 1));
    }
}

heed_status llm_adapter_new(const llm_shape *model,
                            const llm_adapter_shape *shape, heed_stream *stream,
                            llm_adapter **made, heed_error *error) {
  llm_adapter *self;
  *made = NULL;
  if (shape->projections == 0 || shape->projections > LLM_EVERY_PROJECTION)
    return heed_fail(error, HEED_INVALID,
                     "the adapter adapts none of the model's projections");
  if (shape->rank < 1 || shape->rank > model->width)
    return heed_fail(
        error, HEED_INVALID,
        "the adapter has rank %zu, expected 1 to the model's width, %zu",
        shape->rank, model->width);
  if (!(shape->alpha > 0) || !isfinite(shape->alpha))
    return heed_fail(error, HEED_INVALID,
                     "the adapter has alpha %g, expected a positive number",
                     (double)shape->alpha);
  self = calloc(1, sizeof *self);
  if (self == NULL) return heed_no_memory(error);
  self->layout = llm_adapter_layout_of(model, shape);
  self->values = calloc(self->layout.count, sizeof(float));
  if (self->values == NULL) {
    llm_adapter_close(self);
    return heed_no_memory(error);
  }
  self->shape = *shape;
  self->layers = model->layers;
  self->scale = shape->alpha / (float)shape->rank;
  if (stream != NULL) draw(self, stream);
  *made = self;
  return HEED_OK;
}

void llm_adapter_close(llm_adapter *self) {
  if (self == NULL) return;
  free(self->values);
  free(self);
}

static void merge_group(const llm_adapter *self, size_t layer, llm_group which,
                        float *weights) {
  const llm_group_layout *group = &self->layout.group[which];
  const float *base = self->values + layer * self->layout.layer;
  const size_t rank = self->shape.rank, inputs = group->inputs;
  for (size_t i = 0; i < group->parts; i++) {
    const llm_part *part = &group->part[i];
    product_backward(part->outputs, rank, inputs, self->scale,
                     (llm_matrix){base + part->b, rank},
                     (llm_matrix){base + group->a + i * rank * inputs, inputs},
                     1,
                     (llm_matrix_out){weights + part->column * inputs, inputs});
  }
}

void llm_adapter_merge(const llm_adapter *self, llm_model *model) {
  const llm_layout *layout = &model->layout;
  for (size_t layer = 0; layer < self->layers; layer++) {
    float *base = model->weights + layout->first_layer + layer * layout->layer;
    merge_group(self, layer, LLM_GROUP_QKV, base + layout->qkv);
    merge_group(self, layer, LLM_GROUP_OUTPUT, base + layout->output);
    merge_group(self, layer, LLM_GROUP_GATE_UP, base + layout->gate_up);
    merge_group(self, layer, LLM_GROUP_DOWN, base + layout->down);
  }
}
