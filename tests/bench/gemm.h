/* SPDX-License-Identifier: GPL-3.0-or-later
 * The matrix product that gemm.sh times, inside a worker and without heed. */
#ifndef HEED_TESTS_BENCH_GEMM_H
#define HEED_TESTS_BENCH_GEMM_H

#include <cblas.h>
#include <time.h>

#define GEMM_SIZE 1024

/* GFLOP/s of the best of a few products c = a b, each GEMM_SIZE x GEMM_SIZE. */
static double gemm_rate(double *a, double *b, double *c) {
  double best = 0;
  for (int i = 0; i < GEMM_SIZE * GEMM_SIZE; i++) a[i] = b[i] = 1.0 / (1 + i);
  for (int turn = 0; turn < 20; turn++) {
    struct timespec start, end;
    double seconds, rate;
    (void)clock_gettime(CLOCK_MONOTONIC, &start);
    cblas_dgemm(CblasRowMajor, CblasNoTrans, CblasNoTrans, GEMM_SIZE, GEMM_SIZE,
                GEMM_SIZE, 1.0, a, GEMM_SIZE, b, GEMM_SIZE, 0.0, c, GEMM_SIZE);
    (void)clock_gettime(CLOCK_MONOTONIC, &end);
    seconds = (double)(end.tv_sec - start.tv_sec) +
              1e-9 * (double)(end.tv_nsec - start.tv_nsec);
    rate = 2e-9 * GEMM_SIZE * GEMM_SIZE * (double)GEMM_SIZE / seconds;
    if (rate > best) best = rate;
  }
  return best;
}

#endif
