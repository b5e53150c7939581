/* SPDX-License-Identifier: GPL-3.0-or-later
 * The kernels for MIXTURE_WIDTH doubles per register.  Only mixture_kernels.c
 * includes this file, once per width, so it has no guard.
 *
 * A block of nodes fills up to BLOCK registers and stays there while a kernel
 * runs over the choices.  The number of registers is a constant in each
 * branch of a switch, and loops over them are unrolled. */

#define WIDTH ((size_t)MIXTURE_WIDTH)
#define FAST MIXTURE_TARGET static inline __attribute__((always_inline))
#define SLOT MIXTURE_TARGET static
#define BLOCK ((size_t)6)
#define UNROLLED _Pragma("GCC unroll 8")

/* ---- what depends on the instruction set ---- */

#define wide MIXTURE(wide)
#define whole MIXTURE(whole)
#define fused MIXTURE(fused)

#if MIXTURE_WIDTH == 1
typedef double wide;
typedef int64_t whole;
#else
typedef double wide __attribute__((vector_size(8 * WIDTH)));
typedef int64_t whole __attribute__((vector_size(8 * WIDTH)));
#endif

/* fused: a b + c, rounded once.
 * keep_normal: x where test is at least DBL_MIN, else 0. */
#define keep_normal MIXTURE(keep_normal)
#if MIXTURE_WIDTH == 1
FAST wide fused(wide a, wide b, wide c) {
  return fma(a, b, c);
}
FAST wide keep_normal(wide test, wide x) {
  return test >= DBL_MIN ? x : 0;
}
#elif MIXTURE_WIDTH == 4
FAST wide fused(wide a, wide b, wide c) {
  return (wide)_mm256_fmadd_pd((__m256d)a, (__m256d)b, (__m256d)c);
}
FAST wide keep_normal(wide test, wide x) {
  const __m256d least = _mm256_set1_pd(DBL_MIN);
  return (wide)_mm256_and_pd(_mm256_cmp_pd((__m256d)test, least, _CMP_GE_OQ),
                             (__m256d)x);
}
#else
FAST wide fused(wide a, wide b, wide c) {
  return (wide)_mm512_fmadd_pd((__m512d)a, (__m512d)b, (__m512d)c);
}
FAST wide keep_normal(wide test, wide x) {
  const __m512d least = _mm512_set1_pd(DBL_MIN);
  return (wide)_mm512_maskz_mov_pd(
      _mm512_cmp_pd_mask((__m512d)test, least, _CMP_GE_OQ), (__m512d)x);
}
#endif

#define load MIXTURE(load)
FAST wide load(const double *source) {
  wide x;
  memcpy(&x, source, sizeof x);
  return x;
}

#define store MIXTURE(store)
FAST void store(double *target, wide x) {
  memcpy(target, &x, sizeof x);
}

#define every MIXTURE(every)
FAST wide every(double x) {
  return (wide){0} + x;
}

#define bits_of MIXTURE(bits_of)
FAST whole bits_of(wide x) {
  whole bits;
  memcpy(&bits, &x, sizeof bits);
  return bits;
}

#define with_bits MIXTURE(with_bits)
FAST wide with_bits(whole bits) {
  wide x;
  memcpy(&x, &bits, sizeof x);
  return x;
}

/* ---- products ---- */

#define EXPONENT_BITS 52
#define EXPONENT_BIAS 1023

/* 2^(e - EXPONENT_BIAS); 0 below 2^-1022. */
#define power_of_two MIXTURE(power_of_two)
FAST wide power_of_two(whole e) {
#if MIXTURE_WIDTH == 1
  const uint64_t bits = e > 0 ? (uint64_t)e << EXPONENT_BITS : 0;
  return with_bits((int64_t)bits);
#else
  return with_bits((e & (e > 0)) << EXPONENT_BITS);
#endif
}

/* x = mantissa 2^e: leaves the mantissa in *x and adds e to *exponent. */
#define normalise MIXTURE(normalise)
FAST void normalise(wide *x, whole *exponent) {
  const whole bits = bits_of(*x);
  const whole one = (whole){0} + ((int64_t)EXPONENT_BIAS << EXPONENT_BITS);
  const whole fraction = (whole){0} + (((int64_t)1 << EXPONENT_BITS) - 1);
  *exponent += (bits >> EXPONENT_BITS) - EXPONENT_BIAS;
  *x = keep_normal(*x, with_bits((bits & fraction) | one));
}

/* *x 2^*exponent times (base)^times: by repeated squares. */
#define raise MIXTURE(raise)
FAST void raise(wide base, double times, wide *x, whole *exponent) {
  whole of_base = (whole){0};
  normalise(&base, &of_base);
  for (uint64_t left = (uint64_t)times; left > 0; left >>= 1) {
    if (left & 1) {
      *x *= base;
      *exponent += of_base;
      normalise(x, exponent);
    }
    base *= base;
    of_base += of_base;
    normalise(&base, &of_base);
  }
}

#define multiply_block MIXTURE(multiply_block)
FAST void multiply_block(const mixture_list *list, size_t interval,
                         size_t registers, const double *node, double *mantissa,
                         int64_t *exponent) {
  wide x[BLOCK], eta[BLOCK];
  whole e[BLOCK];
  UNROLLED
  for (size_t v = 0; v < registers; v++) {
    eta[v] = load(node + v * WIDTH);
    x[v] = every(1);
    e[v] = (whole){0};
  }
  for (size_t start = 0; start < list->count; start += interval) {
    const size_t rest = list->count - start;
    const size_t end = start + (rest < interval ? rest : interval);
    for (size_t i = start; i < end; i++) {
      const mixture_ends *p =
          &list->ends[list->kind == NULL ? i : list->kind[i]];
      const wide c = every(p->c), d = every(p->d);
      UNROLLED
      for (size_t v = 0; v < registers; v++) x[v] *= fused(eta[v], d, c);
    }
    UNROLLED
    for (size_t v = 0; v < registers; v++) normalise(&x[v], &e[v]);
  }
  for (size_t i = 0; i < list->power_count; i++) {
    const mixture_ends *p = &list->ends[list->power_kind[i]];
    UNROLLED
    for (size_t v = 0; v < registers; v++)
      raise(fused(eta[v], every(p->d), every(p->c)), list->power_times[i],
            &x[v], &e[v]);
  }
  UNROLLED
  for (size_t v = 0; v < registers; v++) {
    store(mantissa + v * WIDTH, x[v]);
    memcpy(exponent + v * WIDTH, &e[v], sizeof e[v]);
  }
}

/* Calls of_block(registers, first node) for each block, with constants. */
#define BLOCKS(nodes, of_block)                                     \
  for (size_t first = 0; first < (nodes); first += BLOCK * WIDTH) { \
    const size_t some = ((nodes)-first) / WIDTH;                    \
    switch (some < BLOCK ? some : BLOCK) {                          \
      case 1:                                                       \
        of_block(1);                                                \
        break;                                                      \
      case 2:                                                       \
        of_block(2);                                                \
        break;                                                      \
      case 3:                                                       \
        of_block(3);                                                \
        break;                                                      \
      case 4:                                                       \
        of_block(4);                                                \
        break;                                                      \
      case 5:                                                       \
        of_block(5);                                                \
        break;                                                      \
      default:                                                      \
        of_block(6);                                                \
        break;                                                      \
    }                                                               \
  }

#define multiply MIXTURE(multiply)
SLOT void multiply(const mixture_list *list, size_t interval, size_t nodes,
                   const double *node, double *mantissa, int64_t *exponent){
#define OF_BLOCK(registers)                                                 \
  multiply_block(list, interval, registers, node + first, mantissa + first, \
                 exponent + first)
    BLOCKS(nodes, OF_BLOCK)
#undef OF_BLOCK
}

#define divide_out MIXTURE(divide_out)
SLOT int64_t divide_out(size_t nodes, const double *mantissa,
                        const int64_t *exponent, double *likelihood) {
  int64_t most = INT64_MIN;
  for (size_t k = 0; k < nodes; k++)
    if (mantissa[k] > 0 && exponent[k] > most) most = exponent[k];
  for (size_t k = 0; k < nodes; k += WIDTH) {
    const wide x = load(mantissa + k);
    whole e = (whole){0};
    if (most > INT64_MIN) {
      memcpy(&e, exponent + k, sizeof e);
      e = e - most + EXPONENT_BIAS;
    }
    store(likelihood + k, keep_normal(x, x * power_of_two(e)));
  }
  return most;
}

/* ---- sums over users ---- */

#define sum_mass_block MIXTURE(sum_mass_block)
FAST void sum_mass_block(const mixture_list *list, size_t registers,
                         size_t nodes, const double *r, double *mass) {
  wide x[BLOCK];
  UNROLLED
  for (size_t v = 0; v < registers; v++) x[v] = load(r + v * WIDTH);
  for (size_t i = 0; i < list->count; i++) {
    double *row = mass + (list->kind == NULL ? i : list->kind[i]) * nodes;
    UNROLLED
    for (size_t v = 0; v < registers; v++)
      store(row + v * WIDTH, load(row + v * WIDTH) + x[v]);
  }
  for (size_t i = 0; i < list->power_count; i++) {
    double *row = mass + list->power_kind[i] * nodes;
    const wide times = every(list->power_times[i]);
    UNROLLED
    for (size_t v = 0; v < registers; v++)
      store(row + v * WIDTH, fused(times, x[v], load(row + v * WIDTH)));
  }
}

#define sum_mass MIXTURE(sum_mass)
SLOT void sum_mass(const mixture_list *list, size_t nodes, const double *r,
                   double *mass){
#define OF_BLOCK(registers) \
  sum_mass_block(list, registers, nodes, r + first, mass + first)
    BLOCKS(nodes, OF_BLOCK)
#undef OF_BLOCK
}

#define sum_rows_block MIXTURE(sum_rows_block)
FAST void sum_rows_block(size_t count, const uint16_t *row, size_t registers,
                         size_t nodes, const double *rows, double *mass) {
  wide sum[BLOCK];
  UNROLLED
  for (size_t v = 0; v < registers; v++) sum[v] = load(mass + v * WIDTH);
  for (size_t i = 0; i < count; i++) {
    const double *x = rows + row[i] * nodes;
    UNROLLED
    for (size_t v = 0; v < registers; v++) sum[v] += load(x + v * WIDTH);
  }
  UNROLLED
  for (size_t v = 0; v < registers; v++) store(mass + v * WIDTH, sum[v]);
}

#define sum_rows MIXTURE(sum_rows)
SLOT void sum_rows(size_t count, const uint16_t *row, size_t nodes,
                   const double *rows, double *mass){
#define OF_BLOCK(registers) \
  sum_rows_block(count, row, registers, nodes, rows + first, mass + first)
    BLOCKS(nodes, OF_BLOCK)
#undef OF_BLOCK
}

/* Adds eight lanes: halves their number until one is left. */
#define sum_of MIXTURE(sum_of)
FAST double sum_of(const wide x[MIXTURE_LANES / WIDTH]) {
#if MIXTURE_WIDTH == 1
  const double low = (x[0] + x[4]) + (x[2] + x[6]);
  const double high = (x[1] + x[5]) + (x[3] + x[7]);
  return low + high;
#else
#if MIXTURE_WIDTH == 4
  const __m256d four = (__m256d)(x[0] + x[1]);
#else
  const __m256d four = _mm256_add_pd(_mm512_castpd512_pd256((__m512d)x[0]),
                                     _mm512_extractf64x4_pd((__m512d)x[0], 1));
#endif
  const __m128d two =
      _mm_add_pd(_mm256_castpd256_pd128(four), _mm256_extractf128_pd(four, 1));
  return _mm_cvtsd_f64(_mm_add_sd(two, _mm_unpackhi_pd(two, two)));
#endif
}

/* sum_k a_k / P_k; the order of the sum depends only on the nodes. */
#define PARTS (MIXTURE_LANES / WIDTH)
#define sum_attended MIXTURE(sum_attended)
SLOT void sum_attended(const mixture_list *list, size_t nodes,
                       const double *node, const double *r, double *weight) {
  const size_t all = list->count + list->power_count;
  for (size_t i = 0; i < all; i++) {
    const bool one = i < list->count;
    const size_t kind = !one                 ? list->power_kind[i - list->count]
                        : list->kind == NULL ? i
                                             : list->kind[i];
    const wide c = every(list->ends[kind].c), d = every(list->ends[kind].d);
    wide sum[PARTS];
    for (size_t part = 0; part < PARTS; part++) sum[part] = every(0);
    for (size_t k = 0; k < nodes; k += MIXTURE_LANES)
      for (size_t part = 0; part < PARTS; part++) {
        const wide eta = load(node + k + part * WIDTH);
        const wide p = fused(eta, d, c);
        const wide some = load(r + k + part * WIDTH) * eta / p;
        sum[part] += keep_normal(p, some);
      }
    const double times = one ? 1 : list->power_times[i - list->count];
    const double g = list->ends[kind].c + list->ends[kind].d;
    weight[kind] += times * g * sum_of(sum);
  }
}

#define leave_each MIXTURE(leave_each)
SLOT void leave_each(const mixture_list *list, size_t nodes, const double *node,
                     const double *r, const double *inverse, double weight,
                     double *mean) {
  for (size_t i = 0; i < list->count; i++) {
    const size_t kind = list->kind == NULL ? i : list->kind[i];
    const wide c = every(list->ends[kind].c), d = every(list->ends[kind].d);
    const double *over = inverse == NULL ? NULL : inverse + kind * nodes;
    wide sum[PARTS], of_eta[PARTS];
    for (size_t part = 0; part < PARTS; part++)
      sum[part] = of_eta[part] = every(0);
    for (size_t k = 0; k < nodes; k += MIXTURE_LANES)
      for (size_t part = 0; part < PARTS; part++) {
        const size_t place = k + part * WIDTH;
        const wide eta = load(node + place), own = load(r + place);
        const wide rest =
            over == NULL ? own / fused(eta, d, c) : own * load(over + place);
        sum[part] += rest;
        of_eta[part] = fused(rest, eta, of_eta[part]);
      }
    mean[i] += weight * (sum_of(of_eta) / sum_of(sum));
  }
}

#define table MIXTURE(table)
static const mixture_kernels table = {.name = MIXTURE_WORD,
                                      .product = multiply,
                                      .scale = divide_out,
                                      .add_mass = sum_mass,
                                      .add_rows = sum_rows,
                                      .add_attended = sum_attended,
                                      .leave_out = leave_each};

#undef WIDTH
#undef FAST
#undef SLOT
#undef BLOCK
#undef UNROLLED
#undef BLOCKS
#undef PARTS
#undef EXPONENT_BITS
#undef EXPONENT_BIAS
#undef wide
#undef whole
#undef fused
#undef keep_normal
#undef load
#undef store
#undef every
#undef bits_of
#undef with_bits
#undef power_of_two
#undef normalise
#undef raise
#undef multiply_block
#undef multiply
#undef divide_out
#undef sum_mass_block
#undef sum_mass
#undef sum_rows_block
#undef sum_rows
#undef sum_of
#undef sum_attended
#undef leave_each
#undef table
