/* SPDX-License-Identifier: GPL-3.0-or-later
 * One layer except its attention: the part that is computed token by token.
 *
 * Each function works on rows [first, end) of arrays over all tokens, so
 * threads can split a layer by rows; attention comes between the two halves. */
#ifndef HEED_SUPPORT_LLM_LAYER_H
#define HEED_SUPPORT_LLM_LAYER_H

#include "support/llm/adapter.h"
#include "support/llm/kernels.h"

/* Inputs of a layer. */
typedef struct llm_layer_means {
  const llm_model *model;
  const llm_adapter *adapter; /* NULL: none */
  const llm_kernels *kernel;
  const float *rotation;    /* as kernels.rotate wants it */
  const uint32_t *position; /* (tokens): in its sequence */
} llm_layer_means;

/* Activations of one layer; all (tokens, ...). */
typedef struct llm_layer_values {
  float *x;               /* (width): the layer's input */
  float *inverse;         /* of the norm before attention */
  float *qkv;             /* (qkv width): turned by RoPE */
  float *attended;        /* (attended width) */
  float *log_sum;         /* (heads); attention's own */
  float *mid;             /* (width): after attention */
  float *feed_inverse;    /* of the norm before the feed-forward */
  float *gate_up;         /* (2 feed) */
  float *low[LLM_GROUPS]; /* the input through the adapter's A */
  float *next;            /* (width): the layer's output; NULL: not needed */
  /* Not kept for the backward. */
  float *normed; /* (width) */
  float *act;    /* (feed) */
} llm_layer_values;

/* Offset of a layer's weights. */
typedef struct llm_layer_weights {
  const float *attention_norm, *qkv, *output, *feed_norm, *gate_up, *down;
} llm_layer_weights;

llm_layer_weights layer_weights_of(const llm_model *model, size_t layer);

/* The cosines and sines of every position, (positions, 2, head_width), for
 * kernels.rotate. */
void layer_rotation(const llm_model *model, size_t positions, float *rotation);

/* x -> qkv */
void layer_begin(const llm_layer_means *means, size_t layer,
                 const llm_layer_values *values, size_t first, size_t end);
/* x, attended -> next */
void layer_end(const llm_layer_means *means, size_t layer,
               const llm_layer_values *values, size_t first, size_t end);

/* Gradients of one layer; all (tokens, ...).  What a weight gradient needs is
 * kept until it is computed. */
typedef struct llm_layer_slopes {
  float *dx;        /* (width): of the output, then of mid, then of x */
  float *dout;      /* (width): a copy of the first; NULL: not needed */
  float *dact;      /* (feed) */
  float *dnormed;   /* (width) */
  float *dattended; /* (attended width) */
  float *dqkv;      /* (qkv width) */
  float *dlow[LLM_GROUPS];
  /* Copies of the inputs of products, for weight gradients; else NULL. */
  float *normed, *feed_normed; /* (width) */
  float *act;                  /* (feed) */
} llm_layer_slopes;

/* dx of `next` -> dx of `mid`, dattended.  gate_up becomes its own gradient.
 * dfeed_norm: the norm's gradient is added to it; NULL: not needed. */
void layer_end_backward(const llm_layer_means *means, size_t layer,
                        const llm_layer_values *values,
                        const llm_layer_slopes *slopes, float *dfeed_norm,
                        size_t first, size_t end);
/* dx of `mid`, dqkv -> dx of `x`; with `last`, dx is not needed. */
void layer_begin_backward(const llm_layer_means *means, size_t layer,
                          const llm_layer_values *values,
                          const llm_layer_slopes *slopes,
                          float *dattention_norm, bool last, size_t first,
                          size_t end);

#endif
