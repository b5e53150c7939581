/* SPDX-License-Identifier: GPL-3.0-or-later
 * The best that this machine can do: bytes read from memory, exponentials and
 * matrix products, by one thread and by all.  Prints JSON.
 *
 * Each figure is the best of several turns, because every disturbance makes a
 * turn slower. */
#include <cblas.h>
#include <math.h>
#include <omp.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "heed/vector.h"
#include "host/host.h"

#define TURNS 12
#define READ_BYTES ((size_t)512 << 20) /* far more than any cache holds */
#define EXP_COUNT ((size_t)1 << 13)    /* input and output fit in L2 */
#define EXP_PASSES 400
#define PRODUCT 1536

static double seconds_now(void) {
  struct timespec now;
  (void)clock_gettime(CLOCK_MONOTONIC, &now);
  return (double)now.tv_sec + 1e-9 * (double)now.tv_nsec;
}

/* Work for `threads` threads, in some unit per call. */
typedef struct floor_work {
  const char *name;
  void (*run)(void *context, int threads);
  void *context;
  double amount; /* per thread, or in all if shared */
  bool is_shared;
} floor_work;

static double best_rate(const floor_work *work, int threads) {
  double best = HUGE_VAL;
  for (int turn = 0; turn < TURNS; turn++) {
    const double start = seconds_now();
    work->run(work->context, threads);
    best = fmin(best, seconds_now() - start);
  }
  return work->amount * (work->is_shared ? 1 : threads) / best;
}

/* ---- memory ---- */

static volatile uint64_t sink;

static void read_all(void *context, int threads) {
  const uint64_t *words = context;
  const size_t count = READ_BYTES / sizeof *words;
  uint64_t sum = 0;
  /* One word of each line of 64 bytes: memory delivers whole lines. */
#pragma omp parallel for num_threads(threads) reduction(+ : sum)
  for (size_t i = 0; i < count; i += 8) sum += words[i];
  sink = sum;
}

/* ---- exponentials ---- */

typedef void (*floor_exp)(size_t count, const double *x, double *y);

static void exp_libm(size_t count, const double *x, double *y) {
  for (size_t i = 0; i < count; i++) y[i] = exp(x[i]);
}

#if defined(__x86_64__) && defined(__GLIBC__)
#include <immintrin.h>

/* glibc's libmvec, within 4 ulp. */
__attribute__((target("avx2"))) __m256d _ZGVdN4v_exp(__m256d);
__attribute__((target("avx512f"))) __m512d _ZGVeN8v_exp(__m512d);

__attribute__((target("avx2"))) static void exp_avx2(size_t count,
                                                     const double *x,
                                                     double *y) {
  for (size_t i = 0; i + 4 <= count; i += 4)
    _mm256_storeu_pd(y + i, _ZGVdN4v_exp(_mm256_loadu_pd(x + i)));
}

__attribute__((target("avx512f"))) static void exp_avx512(size_t count,
                                                          const double *x,
                                                          double *y) {
  for (size_t i = 0; i + 8 <= count; i += 8)
    _mm512_storeu_pd(y + i, _ZGVeN8v_exp(_mm512_loadu_pd(x + i)));
}

static floor_exp libmvec_avx2(void) {
  return __builtin_cpu_supports("avx2") ? exp_avx2 : NULL;
}
static floor_exp libmvec_avx512(void) {
  return __builtin_cpu_supports("avx512f") ? exp_avx512 : NULL;
}
#else
static floor_exp libmvec_avx2(void) {
  return NULL;
}
static floor_exp libmvec_avx512(void) {
  return NULL;
}
#endif

static void exp_all(void *context, int threads) {
  const floor_exp *function = context;
#pragma omp parallel num_threads(threads)
  {
    double x[EXP_COUNT], y[EXP_COUNT];
    for (size_t i = 0; i < EXP_COUNT; i++)
      x[i] = -40.0 * (double)i / (double)EXP_COUNT;
    for (int pass = 0; pass < EXP_PASSES; pass++) {
      (*function)(EXP_COUNT, x, y);
      x[0] = -y[0]; /* so that the compiler keeps every pass */
    }
  }
}

/* ---- matrix products ---- */

typedef struct floor_matrices {
  void *a, *b, *c;
} floor_matrices;

static void multiply_doubles(void *context, int threads) {
  const floor_matrices *self = context;
  openblas_set_num_threads(threads);
  cblas_dgemm(CblasRowMajor, CblasNoTrans, CblasNoTrans, PRODUCT, PRODUCT,
              PRODUCT, 1, self->a, PRODUCT, self->b, PRODUCT, 0, self->c,
              PRODUCT);
}

static void multiply_floats(void *context, int threads) {
  const floor_matrices *self = context;
  openblas_set_num_threads(threads);
  cblas_sgemm(CblasRowMajor, CblasNoTrans, CblasNoTrans, PRODUCT, PRODUCT,
              PRODUCT, 1, self->a, PRODUCT, self->b, PRODUCT, 0, self->c,
              PRODUCT);
}

/* ---- all of them ---- */

static void print_rates(const floor_work *work, double unit) {
  const int all = omp_get_num_procs();
  const double one = best_rate(work, 1) / unit;
  printf(",\n \"%s\": [%.4g, %.4g]", work->name, one,
         all > 1 ? best_rate(work, all) / unit : one);
}

static void print_exps(void) {
  host_service service = {0};
  service_open(&service);
  const heed_vector *vector = heed_vector_of(&service.host);
  const struct {
    const char *name;
    floor_exp function;
  } exps[] = {{"exp_libm", exp_libm},
              {"exp_libmvec_avx2", libmvec_avx2()},
              {"exp_libmvec_avx512", libmvec_avx512()},
              {"exp_heed", vector->exp}};
  for (size_t i = 0; i < sizeof exps / sizeof *exps; i++) {
    floor_exp function = exps[i].function;
    const floor_work work = {.name = exps[i].name,
                             .run = exp_all,
                             .context = &function,
                             .amount = (double)EXP_COUNT * EXP_PASSES};
    if (function != NULL) print_rates(&work, 1e6);
  }
  printf(",\n \"vector\": \"%s\"", vector->name);
}

static void print_products(void *room) {
  const size_t bytes = sizeof(double) * PRODUCT * PRODUCT;
  floor_matrices matrices = {room, (char *)room + bytes,
                             (char *)room + 2 * bytes};
  const floor_work doubles = {.name = "dgemm_gflops",
                              .run = multiply_doubles,
                              .context = &matrices,
                              .amount = 2.0 * PRODUCT * PRODUCT * PRODUCT,
                              .is_shared = true};
  floor_work floats = doubles;
  floats.name = "sgemm_gflops";
  floats.run = multiply_floats;
  memset(room, 0, 3 * bytes); /* zeros take as long as other numbers */
  print_rates(&doubles, 1e9);
  print_rates(&floats, 1e9);
}

int main(void) {
  void *room = aligned_alloc(64, READ_BYTES);
  if (room == NULL) {
    (void)fputs("out of memory\n", stderr);
    return 1;
  }
  const floor_work reading = {.name = "read_gb_per_s",
                              .run = read_all,
                              .context = room,
                              .amount = (double)READ_BYTES,
                              .is_shared = true};
  memset(room, 1, READ_BYTES);
  printf("{\"cores\": %d, \"columns\": \"one thread, all\"",
         omp_get_num_procs());
  print_rates(&reading, 1e9);
  print_exps();
  print_products(room);
  printf("}\n");
  free(room);
  return 0;
}
