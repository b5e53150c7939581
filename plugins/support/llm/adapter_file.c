/* SPDX-License-Identifier: GPL-3.0-or-later
 * LoRA adapters as GGUF files in llama.cpp's format. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "support/llm/adapter.h"
#include "support/llm/gguf_writer.h"
#include "support/llm/model.h"

static const char *const names[LLM_PROJECTIONS] = {
    [LLM_QUERY] = "attn_q",  [LLM_KEY] = "attn_k",
    [LLM_VALUE] = "attn_v",  [LLM_OUTPUT] = "attn_output",
    [LLM_GATE] = "ffn_gate", [LLM_UP] = "ffn_up",
    [LLM_DOWN] = "ffn_down"};

static const llm_group group_of[LLM_PROJECTIONS] = {
    [LLM_QUERY] = LLM_GROUP_QKV,    [LLM_KEY] = LLM_GROUP_QKV,
    [LLM_VALUE] = LLM_GROUP_QKV,    [LLM_OUTPUT] = LLM_GROUP_OUTPUT,
    [LLM_GATE] = LLM_GROUP_GATE_UP, [LLM_UP] = LLM_GROUP_GATE_UP,
    [LLM_DOWN] = LLM_GROUP_DOWN};

/* One matrix of the file and its offset in the adapter's values. */
typedef struct adapter_tensor {
  char name[64];
  uint64_t shape[2]; /* shape[0] is contiguous */
  size_t offset;
} adapter_tensor;

/* A, then B, of an adapted projection. */
static void tensors_of(const llm_adapter *self, size_t layer,
                       llm_projection projection, adapter_tensor tensor[2]) {
  const llm_group_layout *group = &self->layout.group[group_of[projection]];
  const size_t base = layer * self->layout.layer, rank = self->shape.rank;
  size_t part = 0;
  for (int i = 0; i < (int)projection; i++)
    part += group_of[i] == group_of[projection] &&
            (self->shape.projections & 1u << i) != 0;
  (void)snprintf(tensor[0].name, sizeof tensor[0].name,
                 "blk.%zu.%s.weight.lora_a", layer, names[projection]);
  tensor[0].shape[0] = group->inputs;
  tensor[0].shape[1] = rank;
  tensor[0].offset = base + group->a + part * rank * group->inputs;
  (void)snprintf(tensor[1].name, sizeof tensor[1].name,
                 "blk.%zu.%s.weight.lora_b", layer, names[projection]);
  tensor[1].shape[0] = rank;
  tensor[1].shape[1] = group->part[part].outputs;
  tensor[1].offset = base + group->part[part].b;
}

static void put_text(gguf_writer *writer, const char *key, const char *text) {
  gguf_writer_text(writer, key, text, strlen(text));
}

heed_status llm_adapter_save(const llm_adapter *self, const llm_model *model,
                             const char *path, heed_error *error) {
  gguf_writer *writer = gguf_writer_new(path);
  heed_status status;
  if (writer == NULL) return heed_no_memory(error);
  put_text(writer, "general.type", "adapter");
  put_text(writer, "general.architecture", "llama");
  put_text(writer, "adapter.type", "lora");
  gguf_writer_f32(writer, "adapter.lora.alpha", self->shape.alpha);
  for (size_t layer = 0; layer < model->shape.layers; layer++)
    for (int i = 0; i < LLM_PROJECTIONS; i++) {
      adapter_tensor tensor[2];
      if ((self->shape.projections & 1u << i) == 0) continue;
      tensors_of(self, layer, (llm_projection)i, tensor);
      for (int j = 0; j < 2; j++)
        gguf_writer_tensor(writer, tensor[j].name, 2, tensor[j].shape,
                           self->values + tensor[j].offset);
    }
  status = gguf_writer_finish(writer, error);
  gguf_writer_free(writer);
  return status;
}

static heed_status expect_text(const gguf_file *file, const char *key,
                               const char *expected, heed_error *error) {
  const char *text;
  size_t length;
  const heed_status status = gguf_text(file, key, &text, &length, error);
  if (status != HEED_OK) return status;
  if (length == strlen(expected) && memcmp(text, expected, length) == 0)
    return HEED_OK;
  return heed_fail(error, HEED_UNSUPPORTED,
                   "%s: %s is \"%.*s\", expected \"%s\"", gguf_name(file), key,
                   (int)(length < 64 ? length : 64), text, expected);
}

/* An unknown key may ask for another computation: an activated LoRA
 * (adapter.alora.invocation_tokens) applies only behind certain tokens. */
static heed_status refuse_other_keys(const gguf_file *file, heed_error *error) {
  static const char *const known[] = {"adapter.type", "adapter.lora.alpha",
                                      "adapter.lora.task_name"};
  for (size_t i = 0; i < gguf_key_count(file); i++) {
    const char *key = gguf_key_at(file, i);
    bool found = strncmp(key, "adapter.", 8) != 0;
    for (size_t j = 0; j < sizeof known / sizeof *known && !found; j++)
      found = strcmp(key, known[j]) == 0;
    if (!found)
      return heed_fail(error, HEED_UNSUPPORTED,
                       "%s: unknown key %s: heed supports plain LoRA adapters, "
                       "which apply to every token",
                       gguf_name(file), key);
  }
  return HEED_OK;
}

static heed_status read_shape(const gguf_file *file, llm_adapter_shape *shape,
                              heed_error *error) {
  double alpha = 0;
  heed_status status = expect_text(file, "general.type", "adapter", error);
  if (status == HEED_OK)
    status = expect_text(file, "general.architecture", "llama", error);
  if (status == HEED_OK)
    status = expect_text(file, "adapter.type", "lora", error);
  if (status == HEED_OK)
    status = gguf_number(file, "adapter.lora.alpha", &alpha, error);
  if (status == HEED_OK) status = refuse_other_keys(file, error);
  if (status != HEED_OK) return status;
  shape->alpha = (float)alpha;
  for (int i = 0; i < LLM_PROJECTIONS; i++) {
    char name[64];
    const gguf_tensor *a;
    (void)snprintf(name, sizeof name, "blk.0.%s.weight.lora_a", names[i]);
    a = gguf_find(file, name);
    if (a == NULL) continue;
    shape->projections |= 1u << i;
    shape->rank = a->shape[1] < SIZE_MAX ? (size_t)a->shape[1] : 0;
  }
  return HEED_OK;
}

static heed_status read_tensor(const gguf_file *file,
                               const adapter_tensor *expected, float *values,
                               heed_error *error) {
  const gguf_tensor *found = gguf_find(file, expected->name);
  if (found == NULL)
    return heed_fail(
        error, HEED_UNSUPPORTED,
        "%s: missing tensor %s, expected the same projections in every layer",
        gguf_name(file), expected->name);
  if (found->shape[0] != expected->shape[0] ||
      found->shape[1] != expected->shape[1] || found->shape[2] != 1 ||
      found->shape[3] != 1)
    return heed_fail(error, HEED_INVALID,
                     "%s: tensor %s is %llu x %llu, expected %llu x %llu",
                     gguf_name(file), expected->name,
                     (unsigned long long)found->shape[0],
                     (unsigned long long)found->shape[1],
                     (unsigned long long)expected->shape[0],
                     (unsigned long long)expected->shape[1]);
  return gguf_rows(found, 0, expected->shape[1], values + expected->offset,
                   error);
}

static heed_status read_values(const gguf_file *file, llm_adapter *self,
                               heed_error *error) {
  size_t tensors = 0;
  for (size_t layer = 0; layer < self->layers; layer++)
    for (int i = 0; i < LLM_PROJECTIONS; i++) {
      adapter_tensor tensor[2];
      if ((self->shape.projections & 1u << i) == 0) continue;
      tensors_of(self, layer, (llm_projection)i, tensor);
      for (int j = 0; j < 2; j++, tensors++) {
        const heed_status status =
            read_tensor(file, &tensor[j], self->values, error);
        if (status != HEED_OK) return status;
      }
    }
  if (tensors != gguf_tensor_count(file))
    return heed_fail(error, HEED_UNSUPPORTED,
                     "%s: found %zu tensors, expected %zu: some do not belong "
                     "to the projections of this model's layers",
                     gguf_name(file), gguf_tensor_count(file), tensors);
  return HEED_OK;
}

heed_status llm_adapter_load(const char *path, const llm_model *model,
                             llm_adapter **loaded, heed_error *error) {
  llm_adapter_shape shape = {0};
  gguf_file *file = NULL;
  heed_status status = gguf_open(path, &file, error);
  *loaded = NULL;
  if (status == HEED_OK) status = read_shape(file, &shape, error);
  if (status == HEED_OK && shape.projections == 0)
    status = heed_fail(error, HEED_UNSUPPORTED,
                       "%s: adapts no projection of layer 0", path);
  if (status == HEED_OK)
    status = llm_adapter_new(&model->shape, &shape, NULL, loaded, error);
  if (status == HEED_OK) status = read_values(file, *loaded, error);
  if (status != HEED_OK) {
    llm_adapter_close(*loaded);
    *loaded = NULL;
  }
  gguf_close(file);
  return status;
}
