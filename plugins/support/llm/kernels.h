/* SPDX-License-Identifier: GPL-3.0-or-later
 * Elementwise kernels between the matrix products of a transformer.
 *
 * The same source is compiled for every processor and, on x86-64, again for
 * AVX2 with FMA; kernels() returns what this processor can run.  All arrays are
 * float, row-major, contiguous unless a stride is given. */
#ifndef HEED_SUPPORT_LLM_KERNELS_H
#define HEED_SUPPORT_LLM_KERNELS_H

#include <stddef.h>
#include <stdint.h>

/* One AdamW step, arguments of kernels.adamw. */
typedef struct llm_adamw_factors {
  float scale;          /* of the gradient: clipping and accumulation */
  float first, second;  /* the decay rates beta1 and beta2 */
  float rate;           /* the learning rate over 1 - beta1^t */
  float second_inverse; /* 1 / (1 - beta2^t) */
  float epsilon;
  float keep; /* 1 - learning rate x weight decay */
} llm_adamw_factors;

typedef struct llm_kernels {
  /* y = e^x, within 2 units in the last place; x is clamped to where e^x is a
   * normal number, [-87.33, 88.37].  y may be x. */
  void (*exponential)(size_t count, const float *x, float *y);

  double (*dot)(size_t count, const float *a, const float *b);

  /* RMSNorm, rows x width: inverse[row] = 1 / sqrt(mean x^2 + epsilon);
   * y = x inverse weight.  renorm takes the inverse as given. */
  void (*norm)(size_t rows, size_t width, const float *x, const float *weight,
               float epsilon, float *inverse, float *y);
  void (*renorm)(size_t rows, size_t width, const float *x, const float *weight,
                 const float *inverse, float *y);
  /* dx += inverse (weight dy - x inverse^2 mean(weight dy x)); and, unless
   * dweight is NULL, dweight += sum over rows of dy x inverse. */
  void (*norm_backward)(size_t rows, size_t width, const float *x,
                        const float *weight, const float *inverse,
                        const float *dy, float *dx, float *dweight);

  /* RoPE on `heads` heads at the start of each row of `stride` floats, in
   * place: rotates pairs (2i, 2i + 1) by the angle of their position.  table is
   * (position, 2, head_width): each pair's cosine twice, then -sine, sine.
   * sense: 1 forward, -1 backward. */
  void (*rotate)(size_t rows, size_t heads, size_t head_width, size_t stride,
                 const uint32_t *position, const float *table, float sense,
                 float *x);

  /* act = silu(gate) up; gate_up is (rows, 2, feed), act (rows, feed).
   * backward: gate_up becomes its own gradient, given dact; act, unless NULL,
   * is recomputed as in forward. */
  void (*swiglu)(size_t rows, size_t feed, const float *gate_up, float *act);
  void (*swiglu_backward)(size_t rows, size_t feed, float *gate_up,
                          const float *dact, float *act);

  /* Replaces the first `seen` of `keys` scores by their softmax, the others by
   * 0; returns the log of the sum of exponentials. */
  float (*softmax)(size_t seen, size_t keys, float *scores);
  /* Replaces scores by the softmax p and dp by scale p (dp - delta), given the
   * result of softmax and delta = sum p dp; unseen keys: 0. */
  void (*softmax_backward)(size_t seen, size_t keys, float log_sum, float delta,
                           float scale, float *scores, float *dp);

  /* An online softmax over ranges of scores: scores become exp(score - *most),
   * where *most is the largest score so far and *sum the sum of exponentials so
   * far, relative to it.  Returns the factor to rescale earlier exponentials
   * by.  Start: *most = -FLT_MAX, *sum = 0. */
  float (*extend)(size_t count, float *scores, float *most, double *sum);
  /* scores = factor exp(score - log_sum). */
  void (*exponentials)(size_t count, float log_sum, float factor,
                       float *scores);

  /* One query of one head over `count` positions of a cache, keys and values
   * (count, head_width): out = softmax(scale q K') V.  room: count. */
  void (*attend)(size_t count, size_t head_width, const float *keys,
                 const float *values, const float *query, float scale,
                 float *room, float *out);

  /* y += factor x; x *= factor. */
  void (*add)(size_t count, float factor, const float *x, float *y);
  void (*scale)(size_t count, float factor, float *x);

  /* Decoupled weight decay (Loshchilov and Hutter 2019, algorithm 2):
   * m = beta1 m + (1 - beta1) g, v = beta2 v + (1 - beta2) g^2,
   * x = keep x - rate m / (sqrt(v second_inverse) + epsilon). */
  void (*adamw)(size_t count, const llm_adamw_factors *factors,
                const float *gradient, float *m, float *v, float *x);
} llm_kernels;

/* The fastest kernels that this processor runs; and the portable ones. */
const llm_kernels *kernels_best(void);
const llm_kernels *kernels_plain(void);

#endif
