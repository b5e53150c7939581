/* SPDX-License-Identifier: GPL-3.0-or-later
 * LoRA (Hu et al. 2022): chosen matrices W (outputs, inputs) of every layer
 * become W + alpha / rank B A, with A (rank, inputs) and B (outputs, rank).
 *
 * One array holds all A and B, so a gradient and an optimiser's moments are
 * arrays of the same layout.  Projections with the same input (q, k, v; o;
 * gate, up; down) form a group; a group's A are stacked, so one product with
 * the input serves them all. */
#ifndef HEED_SUPPORT_LLM_ADAPTER_H
#define HEED_SUPPORT_LLM_ADAPTER_H

#include <stdbool.h>
#include <stddef.h>

#include "heed/random.h"
#include "heed/status.h"

typedef struct llm_model llm_model; /* model.h */
typedef struct llm_shape llm_shape;

typedef enum llm_projection {
  LLM_QUERY,
  LLM_KEY,
  LLM_VALUE,
  LLM_OUTPUT,
  LLM_GATE,
  LLM_UP,
  LLM_DOWN,
  LLM_PROJECTIONS
} llm_projection;

#define LLM_EVERY_PROJECTION ((1u << LLM_PROJECTIONS) - 1)

typedef enum llm_group {
  LLM_GROUP_QKV,
  LLM_GROUP_OUTPUT,
  LLM_GROUP_GATE_UP,
  LLM_GROUP_DOWN,
  LLM_GROUPS
} llm_group;

typedef struct llm_adapter_shape {
  unsigned projections; /* bits 1u << LLM_QUERY ...; 0: no adapter */
  size_t rank;
  float alpha;
} llm_adapter_shape;

/* One adapted projection in its group. */
typedef struct llm_part {
  size_t column; /* of its first output among the group's outputs */
  size_t outputs;
  size_t b; /* offset of B from the layer's start */
} llm_part;

typedef struct llm_group_layout {
  size_t inputs, outputs; /* outputs: of the whole group, adapted or not */
  size_t parts;           /* number adapted, 0 to 3 */
  llm_part part[3];
  size_t low; /* parts x rank: width of the input seen through every A */
  size_t a;   /* offset of the A (low, inputs) from the layer's start */
} llm_group_layout;

typedef struct llm_adapter_layout {
  llm_group_layout group[LLM_GROUPS];
  size_t layer, count; /* floats of a layer, of all */
} llm_adapter_layout;

typedef struct llm_adapter {
  llm_adapter_shape shape;
  llm_adapter_layout layout;
  size_t layers;
  float scale;   /* alpha / rank */
  float *values; /* (layout.count) */
} llm_adapter;

llm_adapter_layout llm_adapter_layout_of(const llm_shape *model,
                                         const llm_adapter_shape *shape);

/* A is uniform on (-1, 1) / sqrt(inputs), B is 0: no effect yet.  Owned by the
 * caller. */
heed_status llm_adapter_new(const llm_shape *model,
                            const llm_adapter_shape *shape, heed_stream *stream,
                            llm_adapter **made, heed_error *error);
void llm_adapter_close(llm_adapter *self);

/* Adds alpha / rank B A to the weights of a model of its own, which then
 * computes what model and adapter did, at the cost of the model alone. */
void llm_adapter_merge(const llm_adapter *self, llm_model *model);

/* The format of llama.cpp's adapters: general.type "adapter", adapter.type
 * "lora", adapter.lora.alpha, general.architecture "llama", and for each matrix
 * NAME two tensors NAME.lora_a (rank, inputs) and NAME.lora_b (outputs, rank),
 * in float32. Written under a temporary name, then renamed. */
heed_status llm_adapter_save(const llm_adapter *self, const llm_model *model,
                             const char *path, heed_error *error);
/* Every layer must adapt the same projections, all with one rank. */
heed_status llm_adapter_load(const char *path, const llm_model *model,
                             llm_adapter **loaded, heed_error *error);

#endif
