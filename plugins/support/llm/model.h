/* SPDX-License-Identifier: GPL-3.0-or-later
 * A decoder of the Llama architecture: its shape and its weights.
 *
 * For hidden states x (tokens, width), each layer does
 *   x += attention(norm(x)) Wo',   x += swiglu(norm(x) [gate, up]') Wdown',
 * with RMSNorm and grouped-query attention under RoPE; finally logits = norm(x)
 * head'.  All in float32.
 *
 * One array holds all weights, row-major, (outputs, inputs) as in GGUF, so
 * gradients and an optimiser's moments are arrays of the same layout.
 *
 * Memory: 4 x layout.count bytes, 538 MB for SmolLM2-135M.  With a cache folder
 * they are pages of a file that all processes share and that the system may
 * drop and reread; otherwise they are private to the process (and its
 * forks). */
#ifndef HEED_SUPPORT_LLM_MODEL_H
#define HEED_SUPPORT_LLM_MODEL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "heed/random.h"
#include "heed/status.h"

typedef struct gguf_file gguf_file; /* gguf.h */

typedef struct llm_shape {
  size_t layers, width;
  size_t heads, kv_heads; /* kv_heads divides heads */
  size_t head_width;      /* even */
  size_t feed;            /* the feed-forward's width */
  size_t vocabulary;
  size_t context; /* the longest supported sequence */
  bool tied;      /* the head is the embedding */
  float epsilon;  /* of RMSNorm */
  double rope_base;
} llm_shape;

/* Widths of one token's query, key and value side by side, and of the
 * output of attention. */
static inline size_t llm_qkv_width(const llm_shape *shape) {
  return (shape->heads + 2 * shape->kv_heads) * shape->head_width;
}
static inline size_t llm_attended_width(const llm_shape *shape) {
  return shape->heads * shape->head_width;
}

/* Offsets of weights, in floats; every part starts at a multiple of 16. */
typedef struct llm_layout {
  size_t embedding; /* (vocabulary, width) */
  size_t head;      /* the same; == embedding where tied */
  size_t final_norm;
  size_t first_layer, layer; /* layer l: first_layer + l x layer */
  /* From the start of a layer. */
  size_t attention_norm; /* (width) */
  size_t qkv;            /* queries, keys, values: (qkv width, width) */
  size_t output;         /* (width, attended width) */
  size_t feed_norm;      /* (width) */
  size_t gate_up;        /* gate, then up: (2 feed, width) */
  size_t down;           /* (width, feed) */
  size_t count;          /* of all */
} llm_layout;

typedef struct llm_model {
  llm_shape shape;
  llm_layout layout;
  float *weights;    /* writable only if the model is `own` */
  bool own;          /* not shared with others */
  double *frequency; /* (head_width / 2): angle of a pair by position */
  void *mapping;
  size_t mapped; /* bytes */
} llm_model;

/* Refuses impossible shapes before sizes are computed from them. */
heed_status llm_shape_check(const llm_shape *shape, heed_error *error);
llm_layout llm_layout_of(const llm_shape *shape);

/* A tensor of the file and its part of the weights. */
typedef struct llm_tensor {
  char name[64];      /* as in GGUF: "blk.3.attn_q.weight" */
  size_t offset;      /* in the weights */
  size_t rows, width; /* rows 0: a vector */
} llm_tensor;

size_t llm_tensor_count(const llm_shape *shape);
llm_tensor llm_tensor_at(const llm_shape *shape, const llm_layout *layout,
                         size_t index);

/* A private model with weights 0; llm_model_draw initialises them for training:
 * norms 1, matrices N(0, 1 / inputs), embeddings N(0, 1 / width). */
heed_status llm_model_new(const llm_shape *shape, llm_model **made,
                          heed_error *error);
void llm_model_draw(llm_model *self, heed_stream *stream);

/* The model of a file whose general.architecture is "llama", dequantised.  A
 * missing, misshapen or unknown tensor is an error that names it.
 *   folder, key: the weights are cached in FOLDER/KEY.weights, created on
 * demand (under a temporary name, then renamed) and mapped read-only and
 * shared; key is the file's SHA-256, so files cannot be confused.  folder NULL:
 * private memory. */
heed_status llm_model_open(const gguf_file *file, const char *folder,
                           const char *key, llm_model **opened,
                           heed_error *error);

/* Writes the model in float32 with the metadata of its original file: shape and
 * tokenizer.  Uses a temporary name, then renames. */
heed_status llm_model_save(const llm_model *self, const gguf_file *file,
                           const char *path, heed_error *error);

/* A private copy to train. */
heed_status llm_model_copy(const llm_model *model, llm_model **made,
                           heed_error *error);

void llm_model_close(llm_model *self);

#endif
