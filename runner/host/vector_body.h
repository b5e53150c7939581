/* SPDX-License-Identifier: GPL-3.0-or-later
 * heed/vector.h for VECTOR_LANES lanes and VECTOR_TARGET.  Only vector.c
 * includes this file, once per instruction set, so it has no guard.
 *
 * Coefficients of polynomials: minimax, computed with Remez' algorithm in 60
 * digits.  Each comment gives the error of the polynomial alone. */

#define LANES ((size_t)VECTOR_LANES)
#define SUM_LANES ((size_t)8)
#define SUM_PARTS (SUM_LANES / LANES)
#define FAST VECTOR_TARGET static inline
#define SLOT VECTOR_TARGET static

/* ---- what depends on the instruction set ---- */

#define wide VECTOR_NAME(wide)
#define whole VECTOR_NAME(whole)
#define fused VECTOR_NAME(fused)
#define less_pick VECTOR_NAME(less_pick)

#if VECTOR_LANES == 1
typedef double wide;
typedef uint64_t whole;
#else
typedef double wide __attribute__((vector_size(8 * LANES)));
typedef uint64_t whole __attribute__((vector_size(8 * LANES)));
#endif

/* fused: a b + c, rounded once.
 * less_pick: a < b ? x : y, so y where a or b is NaN. */
#if VECTOR_LANES == 1
FAST wide fused(wide a, wide b, wide c) {
  return fma(a, b, c);
}
FAST wide less_pick(wide a, wide b, wide x, wide y) {
  return a < b ? x : y;
}
#elif VECTOR_LANES == 4
FAST wide fused(wide a, wide b, wide c) {
  return (wide)_mm256_fmadd_pd((__m256d)a, (__m256d)b, (__m256d)c);
}
FAST wide less_pick(wide a, wide b, wide x, wide y) {
  const __m256d mask = _mm256_cmp_pd((__m256d)a, (__m256d)b, _CMP_LT_OQ);
  return (wide)_mm256_blendv_pd((__m256d)y, (__m256d)x, mask);
}
#else
FAST wide fused(wide a, wide b, wide c) {
  return (wide)_mm512_fmadd_pd((__m512d)a, (__m512d)b, (__m512d)c);
}
FAST wide less_pick(wide a, wide b, wide x, wide y) {
  const __mmask8 mask = _mm512_cmp_pd_mask((__m512d)a, (__m512d)b, _CMP_LT_OQ);
  return (wide)_mm512_mask_blend_pd(mask, (__m512d)y, (__m512d)x);
}
#endif

#define square_root VECTOR_NAME(square_root)
FAST wide square_root(wide x) {
#if VECTOR_LANES == 1
  return sqrt(x);
#elif VECTOR_LANES == 4
  return (wide)_mm256_sqrt_pd((__m256d)x);
#else
  return (wide)_mm512_sqrt_pd((__m512d)x);
#endif
}

#define bits_of VECTOR_NAME(bits_of)
FAST whole bits_of(wide x) {
  whole bits;
  memcpy(&bits, &x, sizeof bits);
  return bits;
}

#define from_bits VECTOR_NAME(from_bits)
FAST wide from_bits(whole bits) {
  wide x;
  memcpy(&x, &bits, sizeof x);
  return x;
}

#define every VECTOR_NAME(every)
FAST wide every(double x) {
  return (wide){0} + x;
}

#define load VECTOR_NAME(load)
FAST wide load(const double *source) {
  wide x;
  memcpy(&x, source, sizeof x);
  return x;
}

#define store VECTOR_NAME(store)
FAST void store(double *target, wide x) {
  memcpy(target, &x, sizeof x);
}

#define magnitude VECTOR_NAME(magnitude)
FAST wide magnitude(wide x) {
  return from_bits(bits_of(x) & (UINT64_MAX >> 1));
}

/* ---- exponential ---- */

/* 2^k for an integer k from -1022 to 1023. */
#define power_of_two VECTOR_NAME(power_of_two)
FAST wide power_of_two(wide k) {
  /* The low bits of k + 1.5 x 2^52 are k; + 1023 makes them an exponent. */
  return from_bits((bits_of(k + 0x1.8p52) + 1023) << 52);
}

#define nearest VECTOR_NAME(nearest)
FAST wide nearest(wide x) {
  return (x + 0x1.8p52) - 0x1.8p52;
}

/* e^x = 2^n e^r with n = round(x / ln 2), |r| <= ln(2) / 2, e^r = 1 + r + r^2
 * q(r); q: 3.7e-18 relative to e^r.  2^n in two factors: e^x may be subnormal.
 */
#define exponential VECTOR_NAME(exponential)
FAST wide exponential(wide x) {
  wide n, half, r, q;
  x = less_pick(x, every(-746), every(-746), x);
  x = less_pick(every(710), x, every(710), x);
  n = nearest(x * 0x1.71547652b82fep0);
  r = fused(n, every(-0x1.62e42fefa39efp-1), x);
  r = fused(n, every(-0x1.abc9e3b39803fp-56), r);
  q = every(0x1.ad7f6f0e24922p-26);
  q = fused(q, r, every(0x1.28ad72cd4ab37p-22));
  q = fused(q, r, every(0x1.71df255235e0bp-19));
  q = fused(q, r, every(0x1.a0199a0c66195p-16));
  q = fused(q, r, every(0x1.a01a012a57b5ep-13));
  q = fused(q, r, every(0x1.6c16c1842a126p-10));
  q = fused(q, r, every(0x1.1111111127be5p-7));
  q = fused(q, r, every(0x1.555555555087cp-5));
  q = fused(q, r, every(0x1.55555555554fap-3));
  q = fused(q, r, every(0x1.000000000000ap-1));
  q = 1.0 + fused(q, r * r, r);
  half = nearest(n * 0.5);
  return q * power_of_two(half) * power_of_two(n - half);
}

/* ---- logarithm ---- */

/* log(u) + low for a normal u above 0.
 * u = 2^k m with m from sqrt(1/2) to sqrt(2), f = m - 1, s = f / (2 + f),
 * log(1 + f) = f - f^2/2 + s (f^2/2 + s^2 q(s^2)); q: 2.5e-18 relative to
 * log(1 + f). */
#define log_of_normal VECTOR_NAME(log_of_normal)
FAST wide log_of_normal(wide u, wide low) {
  const uint64_t root_half = 0x3fe6a09e667f3bcdu;
  const whole bits = bits_of(u) + (0x3ff0000000000000u - root_half);
  /* The exponent as the low bits of 2^52. */
  const wide k =
      from_bits((bits >> 52) | 0x4330000000000000u) - (0x1p52 + 1023);
  const wide f = from_bits((bits & 0x000fffffffffffffu) + root_half) - 1.0;
  const wide s = f / (2.0 + f), z = s * s, square = 0.5 * f * f;
  const wide rest = fused(k, every(0x1.abc9e3b39803fp-56), low);
  wide q = every(0x1.2f0634b5ae1b1p-3);
  q = fused(q, z, every(0x1.39a1a6ef6231ep-3));
  q = fused(q, z, every(0x1.74663fa29ad56p-3));
  q = fused(q, z, every(0x1.c71c520604c50p-3));
  q = fused(q, z, every(0x1.24924941f5011p-2));
  q = fused(q, z, every(0x1.999999997fd76p-2));
  q = fused(q, z, every(0x1.5555555555592p-1));
  return fused(k, every(0x1.62e42fefa39efp-1),
               f - (square - fused(s, square + z * q, rest)));
}

/* The limits of log(u) where u is not a positive finite number. */
#define log_limits VECTOR_NAME(log_limits)
FAST wide log_limits(wide u, wide y) {
  y = less_pick(every(DBL_MAX), u, u, y);
  y = less_pick(every(0), u, y, u - u + -INFINITY);
  return less_pick(u, every(0), every(NAN), y);
}

#define logarithm VECTOR_NAME(logarithm)
FAST wide logarithm(wide x) {
  const wide small = every(DBL_MIN);
  const wide scaled = less_pick(x, small, x * 0x1p54, x);
  /* x - x: NaN stays NaN. */
  const wide y =
      log_of_normal(scaled, x - x) -
      less_pick(x, small, every(54), every(0)) * 0x1.62e42fefa39efp-1;
  return log_limits(x, y);
}

/* u + c = 1 + x exactly. */
#define logarithm_plus_one VECTOR_NAME(logarithm_plus_one)
FAST wide logarithm_plus_one(wide x) {
  const wide u = 1.0 + x, rest = u - 1.0;
  const wide c = (1.0 - (u - rest)) + (x - rest);
  const wide y = log_limits(u, log_of_normal(u, c / u));
  /* -0, and x too small to change 1. */
  return less_pick(magnitude(x), every(0x1p-54), x, y);
}

/* ---- sigmoid and softplus ---- */

/* With e = e^-|x|: 1 / (1 + e), or e / (1 + e) where x < 0; the quotient is
 * corrected by its residual, as e has an error already. */
#define logistic_of VECTOR_NAME(logistic_of)
FAST wide logistic_of(wide x, wide e) {
  const wide top = less_pick(x, every(0), e, every(1));
  const wide d = 1.0 + e, low = e - (d - 1.0), inverse = 1.0 / d;
  const wide y = top * inverse;
  const wide residual = fused(-y, d, top) - y * low;
  return fused(residual, inverse, y);
}

#define logistic VECTOR_NAME(logistic)
FAST wide logistic(wide x) {
  return logistic_of(x, exponential(-magnitude(x)));
}

#define log_one_plus_exp VECTOR_NAME(log_one_plus_exp)
FAST wide log_one_plus_exp(wide x) {
  const wide zero = every(0);
  return less_pick(zero, x, x, zero) +
         logarithm_plus_one(exponential(-magnitude(x)));
}

/* ---- normal ---- */

/* cos(2 pi v) for v from 0 to 1.  4 v = n + r with an integer n and |r| <= 1/2;
 * the cosine is that of r pi / 2 or its sine, with the sign of the quadrant.
 * Cosine: 4.7e-20, sine: 3.4e-18 relative. */
#define cosine_of_turn VECTOR_NAME(cosine_of_turn)
FAST wide cosine_of_turn(wide v) {
  const wide turns = v * 4, n = nearest(turns);
  const wide r = (turns - n) * 0x1.921fb54442d18p+0, z = r * r;
  const wide quadrant = n - 2, away = magnitude(quadrant);
  wide c = every(-0x1.8fae9c7b1e002p-37), s = every(0x1.5d9300ffafae1p-33);
  c = fused(c, z, every(0x1.1ee9ebe931b32p-29));
  c = fused(c, z, every(-0x1.27e4f809f09efp-22));
  c = fused(c, z, every(0x1.a01a019cb1bdap-16));
  c = fused(c, z, every(-0x1.6c16c16c1517ep-10));
  c = fused(c, z, every(0x1.555555555554cp-5));
  c = fused(z * z, c, fused(z, every(-0.5), every(1)));
  s = fused(s, z, every(-0x1.ae5e663a9d3b1p-26));
  s = fused(s, z, every(0x1.71de3577b6ac2p-19));
  s = fused(s, z, every(-0x1.a01a019c11996p-13));
  s = fused(s, z, every(0x1.111111110f87ap-7));
  s = fused(s, z, every(-0x1.5555555555549p-3));
  s = fused(r * z, s, r);
  c = less_pick(away, every(0.5), -c, c);
  return less_pick(magnitude(away - 1), every(0.5), quadrant * s, c);
}

/* ---- arrays ---- */

/* load_part: the first `count` of a vector, at most LANES; the others are
 * `rest`.  store_part: the reverse. */
#define load_part VECTOR_NAME(load_part)
#define store_part VECTOR_NAME(store_part)
#define lane_mask VECTOR_NAME(lane_mask)
#if VECTOR_LANES == 1
FAST wide load_part(const double *source, size_t count, double rest) {
  return count > 0 ? *source : rest;
}
FAST void store_part(double *target, size_t count, wide x) {
  if (count > 0) *target = x;
}
#elif VECTOR_LANES == 4
FAST __m256i lane_mask(size_t count) {
  static const int64_t lane[8] = {-1, -1, -1, -1, 0, 0, 0, 0};
  __m256i mask;
  memcpy(&mask, lane + 4 - count, sizeof mask);
  return mask;
}
FAST wide load_part(const double *source, size_t count, double rest) {
  const __m256i mask = lane_mask(count);
  return (wide)_mm256_blendv_pd((__m256d)every(rest),
                                _mm256_maskload_pd(source, mask),
                                _mm256_castsi256_pd(mask));
}
FAST void store_part(double *target, size_t count, wide x) {
  _mm256_maskstore_pd(target, lane_mask(count), (__m256d)x);
}
#else
FAST __mmask8 lane_mask(size_t count) {
  return (__mmask8)((1u << count) - 1u);
}
FAST wide load_part(const double *source, size_t count, double rest) {
  return (wide)_mm512_mask_loadu_pd((__m512d)every(rest), lane_mask(count),
                                    source);
}
FAST void store_part(double *target, size_t count, wide x) {
  _mm512_mask_storeu_pd(target, lane_mask(count), (__m512d)x);
}
#endif

#define EACH(name, function)                                                  \
  SLOT void name(size_t count, const double *x, double *y) {                  \
    size_t i = 0;                                                             \
    for (; i + LANES <= count; i += LANES)                                    \
      store(y + i, function(load(x + i)));                                    \
    if (i < count)                                                            \
      store_part(y + i, count - i, function(load_part(x + i, count - i, 0))); \
  }

EACH(VECTOR_NAME(each_exp), exponential)
EACH(VECTOR_NAME(each_log), logarithm)
EACH(VECTOR_NAME(each_log1p), logarithm_plus_one)
EACH(VECTOR_NAME(each_sigmoid), logistic)
EACH(VECTOR_NAME(each_softplus), log_one_plus_exp)
#undef EACH

/* As log_one_plus_exp() and logistic(), with one exponential. */
SLOT void VECTOR_NAME(softplus_sigmoid)(size_t count, const double *x,
                                        double *y, double *slope) {
  for (size_t i = 0; i < count; i += LANES) {
    const size_t left = count - i < LANES ? count - i : LANES;
    const wide a = load_part(x + i, left, 0), zero = every(0);
    const wide e = exponential(-magnitude(a));
    const wide value = less_pick(zero, a, a, zero) + logarithm_plus_one(e);
    store_part(slope + i, left, logistic_of(a, e));
    store_part(y + i, left, value);
  }
}

SLOT void VECTOR_NAME(normal)(size_t count, const double *u, const double *v,
                              double *x) {
  for (size_t i = 0; i < count; i += LANES) {
    const size_t left = count - i;
    const bool whole_vector = left >= LANES;
    const wide a = whole_vector ? load(u + i) : load_part(u + i, left, 0.5);
    const wide b = whole_vector ? load(v + i) : load_part(v + i, left, 0.5);
    const wide y = square_root(-2 * logarithm(a)) * cosine_of_turn(b);
    if (whole_vector)
      store(x + i, y);
    else
      store_part(x + i, left, y);
  }
}

/* ---- sums: lane j has the elements j, j + 8, … ---- */

#define lanes VECTOR_NAME(lanes)
typedef struct lanes {
  wide part[SUM_PARTS];
} lanes;

#define load_lanes VECTOR_NAME(load_lanes)
FAST lanes load_lanes(const double *source, size_t count, double rest) {
  lanes x;
  for (size_t k = 0; k < SUM_PARTS; k++) {
    const size_t first = k * LANES;
    if (first + LANES <= count)
      x.part[k] = load(source + first);
    else
      x.part[k] =
          load_part(source + first, first < count ? count - first : 0, rest);
  }
  return x;
}

/* Lane j + 4 is added to lane j, then j + 2, then j + 1. */
#define across VECTOR_NAME(across)
#if VECTOR_LANES == 1
FAST double across(lanes sum) {
  for (size_t half = SUM_LANES / 2; half > 0; half /= 2)
    for (size_t j = 0; j < half; j++) sum.part[j] += sum.part[j + half];
  return sum.part[0];
}
#else
FAST double across(lanes sum) {
#if VECTOR_LANES == 4
  const __m256d half =
      _mm256_add_pd((__m256d)sum.part[0], (__m256d)sum.part[1]);
#else
  const __m512d all = (__m512d)sum.part[0];
  const __m256d half = _mm256_add_pd(_mm512_castpd512_pd256(all),
                                     _mm512_extractf64x4_pd(all, 1));
#endif
  const __m128d quarter =
      _mm_add_pd(_mm256_castpd256_pd128(half), _mm256_extractf128_pd(half, 1));
  return _mm_cvtsd_f64(_mm_add_sd(quarter, _mm_unpackhi_pd(quarter, quarter)));
}
#endif

/* Long sums are added in ranges, which keeps their accuracy. */
#define RANGE ((size_t)1024)

/* The sum of weight x y; NULL: 1 each. */
#define sum_range VECTOR_NAME(sum_range)
FAST double sum_range(size_t count, const double *weight, const double *x,
                      const double *y) {
  lanes sum = {0};
  for (size_t i = 0; i < count; i += SUM_LANES) {
    const size_t left = count - i;
    lanes a = load_lanes(x + i, left, 0);
    if (weight != NULL) {
      const lanes w = load_lanes(weight + i, left, 0);
      for (size_t k = 0; k < SUM_PARTS; k++) a.part[k] *= w.part[k];
    }
    if (y == NULL) {
      for (size_t k = 0; k < SUM_PARTS; k++) sum.part[k] += a.part[k];
    } else {
      const lanes b = load_lanes(y + i, left, 0);
      for (size_t k = 0; k < SUM_PARTS; k++)
        sum.part[k] = fused(a.part[k], b.part[k], sum.part[k]);
    }
  }
  return across(sum);
}

#define sum_up VECTOR_NAME(sum_up)
FAST double sum_up(size_t count, const double *weight, const double *x,
                   const double *y) {
  double sum = 0;
  for (size_t i = 0; i < count; i += RANGE)
    sum += sum_range(count - i < RANGE ? count - i : RANGE,
                     weight == NULL ? NULL : weight + i, x + i,
                     y == NULL ? NULL : y + i);
  return sum;
}

SLOT double VECTOR_NAME(sum)(size_t count, const double *x) {
  return sum_up(count, NULL, x, NULL);
}

SLOT double VECTOR_NAME(dot)(size_t count, const double *x, const double *y) {
  return sum_up(count, NULL, x, y);
}

SLOT double VECTOR_NAME(weighted_dot)(size_t count, const double *weight,
                                      const double *x, const double *y) {
  return sum_up(count, weight, x, y);
}

/* ---- normal equations ---- */

/* Rows of the matrix whose sums stay in registers at the same time. */
#define GRAM_ROWS ((size_t)8)

/* Adds x' diag(weight) x to rows a … a + GRAM_ROWS - 1 of `gram`, at `count`
 * columns from b on. */
#define gram_rows VECTOR_NAME(gram_rows)
FAST void gram_rows(size_t rows, size_t width, const double *x,
                    const double *weight, size_t a, size_t b, size_t count,
                    double *gram) {
  wide sum[GRAM_ROWS];
  VECTOR_UNROLL
  for (size_t k = 0; k < GRAM_ROWS; k++)
    sum[k] = load_part(gram + (a + k) * width + b, count, 0);
  for (size_t i = 0; i < rows; i++) {
    const double *row = x + i * width;
    const wide weighted = weight[i] * load_part(row + b, count, 0);
    VECTOR_UNROLL
    for (size_t k = 0; k < GRAM_ROWS; k++)
      sum[k] = fused(weighted, every(row[a + k]), sum[k]);
  }
  VECTOR_UNROLL
  for (size_t k = 0; k < GRAM_ROWS; k++)
    store_part(gram + (a + k) * width + b, count, sum[k]);
}

/* The same for row a alone. */
#define gram_row VECTOR_NAME(gram_row)
FAST void gram_row(size_t rows, size_t width, const double *x,
                   const double *weight, size_t a, size_t b, size_t count,
                   double *gram) {
  wide sum = load_part(gram + a * width + b, count, 0);
  for (size_t i = 0; i < rows; i++) {
    const double *row = x + i * width;
    const wide weighted = weight[i] * load_part(row + b, count, 0);
    sum = fused(weighted, every(row[a]), sum);
  }
  store_part(gram + a * width + b, count, sum);
}

/* The lower triangle, then the upper. */
SLOT void VECTOR_NAME(gram)(size_t rows, size_t width, const double *x,
                            const double *weight, double *gram) {
  size_t high;
  for (size_t a = 0; a < width; a += high) {
    high = width - a < GRAM_ROWS ? 1 : GRAM_ROWS;
    for (size_t b = 0; b < a + high; b += LANES) {
      const size_t count = width - b < LANES ? width - b : LANES;
      if (high == 1)
        gram_row(rows, width, x, weight, a, b, count, gram);
      else
        gram_rows(rows, width, x, weight, a, b, count, gram);
    }
  }
  for (size_t a = 0; a < width; a++)
    for (size_t b = a + 1; b < width; b++)
      gram[a * width + b] = gram[b * width + a];
}

/* ---- log of a sum of exponentials ---- */

/* NaN does not count; count 0: -infinity. */
#define largest VECTOR_NAME(largest)
FAST double largest(size_t count, const double *x) {
  double lane[LANES], most;
  wide each = every(-INFINITY);
  size_t i = 0;
  for (; i + LANES <= count; i += LANES)
    each = less_pick(each, load(x + i), load(x + i), each);
  store(lane, each);
  most = lane[0];
  for (size_t j = 1; j < LANES; j++) most = lane[j] > most ? lane[j] : most;
  for (; i < count; i++) most = x[i] > most ? x[i] : most;
  return most;
}

/* The sum of e^(x - most), and unless y is NULL, y = e^(x - most). */
#define sum_of_exp VECTOR_NAME(sum_of_exp)
FAST double sum_of_exp(size_t count, const double *x, double most, double *y) {
  double sum = 0;
  for (size_t begin = 0; begin < count; begin += RANGE) {
    const size_t end = count - begin < RANGE ? count : begin + RANGE;
    lanes part = {0};
    for (size_t i = begin; i < end; i += SUM_LANES) {
      for (size_t k = 0; k < SUM_PARTS && i + k * LANES < end; k++) {
        const size_t first = i + k * LANES, left = end - first;
        const wide a = left < LANES ? load_part(x + first, left, -INFINITY)
                                    : load(x + first);
        const wide power = exponential(a - most);
        part.part[k] += power;
        if (y != NULL && left < LANES) store_part(y + first, left, power);
        if (y != NULL && left >= LANES) store(y + first, power);
      }
    }
    sum += across(part);
  }
  return sum;
}

/* log of the sum where it is infinite or NaN. */
#define not_finite VECTOR_NAME(not_finite)
FAST double not_finite(size_t count, const double *x, double most) {
  for (size_t i = 0; i < count; i++)
    if (isnan(x[i])) return x[i];
  return most;
}

#define log_of_sum VECTOR_NAME(log_of_sum)
FAST double log_of_sum(double most, double sum) {
  double lane[LANES];
  store(lane, logarithm(every(sum)));
  return most + lane[0];
}

SLOT double VECTOR_NAME(log_sum_exp)(size_t count, const double *x) {
  const double most = largest(count, x);
  if (!isfinite(most)) return not_finite(count, x, most);
  return log_of_sum(most, sum_of_exp(count, x, most, NULL));
}

SLOT double VECTOR_NAME(softmax)(size_t count, const double *x, double *y) {
  const double most = largest(count, x);
  const double infinite = isfinite(most) ? most : not_finite(count, x, most);
  const double sum = sum_of_exp(count, x, most, y);
  const double inverse = 1 / sum;
  size_t i = 0;
  for (; i + LANES <= count; i += LANES) store(y + i, load(y + i) * inverse);
  for (; i < count; i++) y[i] *= inverse;
  return isfinite(most) ? log_of_sum(most, sum) : infinite;
}

/* ---- wins ---- */

/* A range of rewards in which all odds e^reward are normal numbers. */
#define WINS_RANGE 600
#define WINS_BLOCK ((size_t)256)

/* P(the rewards r win against the reward that has these odds or that value):
 * r itself holds odds unless `far`. */
#define win_over VECTOR_NAME(win_over)
FAST wide win_over(wide r, double other, bool far) {
  return far ? logistic(r - other) : 1.0 / (r + other);
}

/* Two sets of weights against one block of others, for one vector of rewards.
 */
#define add_wins VECTOR_NAME(add_wins)
FAST void add_wins(size_t count, const double *other, bool far, wide r,
                   const double *weight, const double *second, wide sum[2]) {
  for (size_t j = 0; j < count; j++) {
    const wide won = win_over(r, other[j], far);
    sum[0] = fused(won, every(weight[j]), sum[0]);
    sum[1] = fused(won, every(second[j]), sum[1]);
  }
}

/* Adds one block of others, from `begin` on, to the wins of all. */
#define wins_against VECTOR_NAME(wins_against)
FAST void wins_against(size_t count, const double *reward, double most,
                       bool far, size_t begin, size_t block,
                       const double *weight, const double *second, double *win,
                       double *second_win) {
  double other[WINS_BLOCK];
  for (size_t j = 0; j < block; j++) other[j] = reward[begin + j] - most;
  if (!far) VECTOR_NAME(each_exp)(block, other, other);
  for (size_t i = 0; i < count; i += LANES) {
    const size_t left = count - i < LANES ? count - i : LANES;
    const wide r = load_part(reward + i, left, most) - most;
    const wide odds = far ? r : exponential(r);
    const wide scale = far ? every(1) : odds;
    wide sum[2] = {every(0), every(0)};
    add_wins(block, other, far, odds, weight + begin, second + begin, sum);
    store_part(win + i, left,
               fused(scale, sum[0], load_part(win + i, left, 0)));
    if (second_win != win)
      store_part(second_win + i, left,
                 fused(scale, sum[1], load_part(second_win + i, left, 0)));
  }
}

SLOT void VECTOR_NAME(wins)(size_t count, const double *reward, size_t sets,
                            const double *weight, double *win) {
  double most = -INFINITY, least = INFINITY;
  for (size_t i = 0; i < count; i++) {
    most = reward[i] > most ? reward[i] : most;
    least = reward[i] < least ? reward[i] : least;
  }
  memset(win, 0, sets * count * sizeof *win);
  for (size_t s = 0; s < sets; s += 2) {
    const size_t second = s + 1 < sets ? s + 1 : s;
    for (size_t begin = 0; begin < count; begin += WINS_BLOCK)
      wins_against(count, reward, most, most - least > WINS_RANGE, begin,
                   count - begin < WINS_BLOCK ? count - begin : WINS_BLOCK,
                   weight + s * count, weight + second * count, win + s * count,
                   win + second * count);
  }
}

/* ---- tilted moments ---- */

/* The largest of x + c t; count >= 1. */
#define largest_tilted VECTOR_NAME(largest_tilted)
FAST double largest_tilted(size_t count, const double *x, const double *t,
                           double c) {
  double lane[LANES], most;
  wide each = every(-INFINITY);
  size_t i = 0;
  for (; i + LANES <= count; i += LANES) {
    const wide energy = fused(load(t + i), every(c), load(x + i));
    each = less_pick(each, energy, energy, each);
  }
  store(lane, each);
  most = lane[0];
  for (size_t j = 1; j < LANES; j++) most = lane[j] > most ? lane[j] : most;
  for (; i < count; i++) {
    const double energy = fma(t[i], c, x[i]);
    most = energy > most ? energy : most;
  }
  return most;
}

SLOT vector_tilted VECTOR_NAME(tilt)(size_t count, const double *x,
                                     const double *t, const double *f,
                                     double c) {
  const double most = largest_tilted(count, x, t, c);
  lanes sum = {0}, first = {0}, second = {0}, other = {0}, both = {0};
  for (size_t i = 0; i < count; i += SUM_LANES) {
    const size_t left = count - i;
    const lanes a = load_lanes(x + i, left, -INFINITY);
    const lanes b = load_lanes(t + i, left, 0), d = load_lanes(f + i, left, 0);
    for (size_t k = 0; k < SUM_PARTS; k++) {
      const wide pi = exponential(fused(b.part[k], every(c), a.part[k]) - most);
      const wide moment = pi * b.part[k];
      sum.part[k] += pi;
      first.part[k] += moment;
      second.part[k] = fused(moment, b.part[k], second.part[k]);
      other.part[k] = fused(pi, d.part[k], other.part[k]);
      both.part[k] = fused(moment, d.part[k], both.part[k]);
    }
  }
  const double all = across(sum), mean = across(first) / all;
  const double value = across(other) / all;
  return (vector_tilted){.most = most,
                         .sum = all,
                         .mean = mean,
                         .variance = across(second) / all - mean * mean,
                         .value = value,
                         .covariance = across(both) / all - mean * value};
}

static const vector_path VECTOR_NAME(table) = {
    .vector =
        {
            .size = sizeof(heed_vector),
            .name = VECTOR_WORD,
            .exp = VECTOR_NAME(each_exp),
            .log = VECTOR_NAME(each_log),
            .log1p = VECTOR_NAME(each_log1p),
            .sigmoid = VECTOR_NAME(each_sigmoid),
            .softplus = VECTOR_NAME(each_softplus),
            .softplus_sigmoid = VECTOR_NAME(softplus_sigmoid),
            .normal = VECTOR_NAME(normal),
            .gram = VECTOR_NAME(gram),
            .sum = VECTOR_NAME(sum),
            .dot = VECTOR_NAME(dot),
            .weighted_dot = VECTOR_NAME(weighted_dot),
            .log_sum_exp = VECTOR_NAME(log_sum_exp),
            .softmax = VECTOR_NAME(softmax),
            .wins = VECTOR_NAME(wins),
        },
    .tilt = VECTOR_NAME(tilt),
};

#undef LANES
#undef SUM_LANES
#undef SUM_PARTS
#undef FAST
#undef SLOT
#undef wide
#undef whole
#undef fused
#undef less_pick
#undef bits_of
#undef square_root
#undef cosine_of_turn
#undef from_bits
#undef every
#undef load
#undef store
#undef magnitude
#undef power_of_two
#undef nearest
#undef exponential
#undef log_of_normal
#undef log_limits
#undef logarithm
#undef logarithm_plus_one
#undef logistic
#undef logistic_of
#undef log_one_plus_exp
#undef load_part
#undef store_part
#undef lane_mask
#undef lanes
#undef load_lanes
#undef across
#undef RANGE
#undef sum_range
#undef sum_up
#undef largest
#undef sum_of_exp
#undef not_finite
#undef log_of_sum
#undef largest_tilted
#undef WINS_RANGE
#undef WINS_BLOCK
#undef win_over
#undef add_wins
#undef wins_against
#undef GRAM_ROWS
#undef gram_rows
#undef gram_row
