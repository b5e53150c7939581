/* SPDX-License-Identifier: GPL-3.0-or-later
 * Shared by the files of a pass. */
#ifndef HEED_SUPPORT_LLM_PASS_PARTS_H
#define HEED_SUPPORT_LLM_PASS_PARTS_H

#include "support/llm/attention.h"
#include "support/llm/layer.h"
#include "support/llm/pass.h"

/* Rows and logits per thread for the head. */
#define HEAD_ROWS 256
#define HEAD_STRETCH 1024

/* Everything carved out of the one block of memory.  (tokens, ...) unless
 * noted; NULL if not needed. */
typedef struct llm_pass_arrays {
  uint32_t *position;
  llm_attention_span *span; /* of each sequence */
  size_t *family;           /* each stem, or sequence by itself; and the end */
  size_t *source;        /* (asked): the preceding token, which predicts it */
  float *rotation;       /* (longest, 2, head_width) */
  float *states;         /* (states, tokens, width): input of each layer, and
                          * the last output */
  llm_layer_values kept; /* of layer 0; others follow at kept_stride */
  llm_layer_slopes slopes;
  float *room;           /* (members, room_floats): attention */
  float *norm_gradients; /* (members, 2, width) */
  /* The head; (asked, ...). */
  float *hidden;  /* (width): normed, where logits are wanted */
  float *inverse; /* of the final norm */
  float *pull;    /* (width): d log-probability / d hidden */
  float *log_sum; /* of the exponentials of all logits */
  float *dhidden; /* (width) */
  float *logits;  /* (members, HEAD_ROWS, HEAD_STRETCH) */
} llm_pass_arrays;

struct llm_pass {
  const llm_model *model;
  const llm_kernels *kernel;
  llm_crew *workers;
  llm_pass_options options;
  llm_limits limits;
  llm_adapter_layout low; /* widths of the low arrays */
  void *memory;
  size_t bytes;
  llm_pass_arrays arrays;
  size_t states;      /* of `states` */
  size_t layers_kept; /* whole */
  size_t kept_stride; /* floats from a kept layer to the next */
  size_t room_floats;
  /* The last forward. */
  const llm_adapter *adapter;
  llm_batch batch;
  size_t tokens, families;
  bool ready; /* for a backward */
};

llm_layer_means pass_means(const llm_pass *self);

/* The activations of a layer; with checkpoints, layers share all but x and
 * next. */
llm_layer_values pass_layer(const llm_pass *self, size_t layer);

/* The input of a layer; of `layers`: the last output. */
float *pass_state(const llm_pass *self, size_t layer);

/* Runs the crew over a layer.  again: with checkpoints, for the backward; the
 * output is not recomputed. */
void pass_layer_forward(llm_pass *self, size_t layer, bool again);

/* The head: pass_head.c. */
void pass_head_forward(llm_pass *self, double *log_probability);
/* -> dx of the last state; gradient: NULL or the model's. */
void pass_head_backward(llm_pass *self, const double *slope, float *gradient);

#endif
