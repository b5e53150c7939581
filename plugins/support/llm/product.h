/* SPDX-License-Identifier: GPL-3.0-or-later
 * The three matrix products of a linear map y = x W', x (rows, inputs),
 * W (outputs, inputs), y (rows, outputs): itself, its slope by x, by W.
 * Strides are of rows, in floats; `keep` multiplies what the result held, and
 * at keep 0 it is not read. */
#ifndef HEED_SUPPORT_LLM_PRODUCT_H
#define HEED_SUPPORT_LLM_PRODUCT_H

#include <cblas.h>
#include <stddef.h>

typedef struct matrix {
  const float *at;
  size_t stride;
} matrix;

typedef struct matrix_out {
  float *at;
  size_t stride;
} matrix_out;

/* y = keep y + factor x W' */
static inline void product_forward(size_t rows, size_t outputs, size_t inputs,
                                   float factor, matrix x, matrix w, float keep,
                                   matrix_out y) {
  if (rows == 0 || outputs == 0 || inputs == 0) return;
  cblas_sgemm(CblasRowMajor, CblasNoTrans, CblasTrans, (int)rows, (int)outputs,
              (int)inputs, factor, x.at, (int)x.stride, w.at, (int)w.stride,
              keep, y.at, (int)y.stride);
}

/* dx = keep dx + factor dy W */
static inline void product_backward(size_t rows, size_t outputs, size_t inputs,
                                    float factor, matrix dy, matrix w,
                                    float keep, matrix_out dx) {
  if (rows == 0 || outputs == 0 || inputs == 0) return;
  cblas_sgemm(CblasRowMajor, CblasNoTrans, CblasNoTrans, (int)rows, (int)inputs,
              (int)outputs, factor, dy.at, (int)dy.stride, w.at, (int)w.stride,
              keep, dx.at, (int)dx.stride);
}

/* dW = keep dW + factor dy' x */
static inline void product_gradient(size_t rows, size_t outputs, size_t inputs,
                                    float factor, matrix dy, matrix x,
                                    float keep, matrix_out dw) {
  if (rows == 0 || outputs == 0 || inputs == 0) return;
  cblas_sgemm(CblasRowMajor, CblasTrans, CblasNoTrans, (int)outputs,
              (int)inputs, (int)rows, factor, dy.at, (int)dy.stride, x.at,
              (int)x.stride, keep, dw.at, (int)dw.stride);
}

#endif
