/* SPDX-License-Identifier: GPL-3.0-or-later
 * The three matrix products of a linear map y = x W', x (rows, inputs), W
 * (outputs, inputs), y (rows, outputs): the map, its gradient by x, its
 * gradient by W. Strides are of rows, in floats; `keep` scales the previous
 * result, which is not read at keep 0. */
#ifndef HEED_SUPPORT_LLM_PRODUCT_H
#define HEED_SUPPORT_LLM_PRODUCT_H

#include <cblas.h>
#include <stddef.h>

typedef struct llm_matrix {
  const float *point;
  size_t stride;
} llm_matrix;

typedef struct llm_matrix_out {
  float *point;
  size_t stride;
} llm_matrix_out;

/* y = keep y + factor x W' */
static inline void product_forward(size_t rows, size_t outputs, size_t inputs,
                                   float factor, llm_matrix x, llm_matrix w,
                                   float keep, llm_matrix_out y) {
  if (rows == 0 || outputs == 0 || inputs == 0) return;
  cblas_sgemm(CblasRowMajor, CblasNoTrans, CblasTrans, (int)rows, (int)outputs,
              (int)inputs, factor, x.point, (int)x.stride, w.point,
              (int)w.stride, keep, y.point, (int)y.stride);
}

/* dx = keep dx + factor dy W */
static inline void product_backward(size_t rows, size_t outputs, size_t inputs,
                                    float factor, llm_matrix dy, llm_matrix w,
                                    float keep, llm_matrix_out dx) {
  if (rows == 0 || outputs == 0 || inputs == 0) return;
  cblas_sgemm(CblasRowMajor, CblasNoTrans, CblasNoTrans, (int)rows, (int)inputs,
              (int)outputs, factor, dy.point, (int)dy.stride, w.point,
              (int)w.stride, keep, dx.point, (int)dx.stride);
}

/* dW = keep dW + factor dy' x */
static inline void product_gradient(size_t rows, size_t outputs, size_t inputs,
                                    float factor, llm_matrix dy, llm_matrix x,
                                    float keep, llm_matrix_out dw) {
  if (rows == 0 || outputs == 0 || inputs == 0) return;
  cblas_sgemm(CblasRowMajor, CblasTrans, CblasNoTrans, (int)outputs,
              (int)inputs, (int)rows, factor, dy.point, (int)dy.stride, x.point,
              (int)x.stride, keep, dw.point, (int)dw.stride);
}

#endif
