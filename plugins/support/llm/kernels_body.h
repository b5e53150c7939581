/* SPDX-License-Identifier: GPL-3.0-or-later
 * The kernels for KERNEL_LANES lanes and KERNEL_TARGET; only kernels.c includes
 * it, once for each, so it has no guard.
 *
 * Uses the vector extension that gcc and clang share: compilers may not reorder
 * float sums, so lanes are explicit. */

#define LANES ((size_t)KERNEL_LANES)
#define wide KERNEL(wide)
#define whole KERNEL(whole)
#define FAST KERNEL_TARGET static inline
#define SLOT KERNEL_TARGET static

typedef float wide __attribute__((vector_size(4 * LANES)));
typedef int32_t whole __attribute__((vector_size(4 * LANES)));

#define load KERNEL(load)
FAST wide load(const float *source) {
  wide x;
  memcpy(&x, source, sizeof x);
  return x;
}

#define store KERNEL(store)
FAST void store(float *target, wide x) {
  memcpy(target, &x, sizeof x);
}

/* The first `count` of a vector; the others are `rest`. */
#define load_part KERNEL(load_part)
FAST wide load_part(const float *source, size_t count, float rest) {
  float lane[LANES];
  for (size_t j = 0; j < LANES; j++) lane[j] = j < count ? source[j] : rest;
  return load(lane);
}

#define store_part KERNEL(store_part)
FAST void store_part(float *target, size_t count, wide x) {
  float lane[LANES];
  store(lane, x);
  for (size_t j = 0; j < count; j++) target[j] = lane[j];
}

#define every KERNEL(every)
FAST wide every(float x) {
  return (wide){0} + x;
}

#define sum_of KERNEL(sum_of)
FAST float sum_of(wide x) {
  float lane[LANES];
  store(lane, x);
  for (size_t half = LANES / 2; half > 0; half /= 2)
    for (size_t j = 0; j < half; j++) lane[j] += lane[j + half];
  return lane[0];
}

/* a where the mask is all ones, else b. */
#define choose KERNEL(choose)
FAST wide choose(whole mask, wide a, wide b) {
  return (wide)(((whole)a & mask) | ((whole)b & ~mask));
}

#define larger KERNEL(larger)
FAST wide larger(wide a, wide b) {
  return choose(a > b, a, b);
}

#define largest_of KERNEL(largest_of)
FAST float largest_of(wide x) {
  float lane[LANES], most;
  store(lane, x);
  most = lane[0];
  for (size_t j = 1; j < LANES; j++) most = lane[j] > most ? lane[j] : most;
  return most;
}

/* e^x = 2^n e^r with n = round(x / ln 2), |r| <= ln(2) / 2; Cephes' expf
 * polynomial (Moshier 1989), ln 2 in two parts (Cody and Waite). */
#define power KERNEL(power)
FAST wide power(wide x) {
  const float magic = 12582912.0f; /* 1.5 x 2^23: adding it rounds to an
                                    * integer */
  wide shifted, n, r, p;
  x = choose(x < every(-87.33f), every(-87.33f), x);
  x = choose(x > every(88.37f), every(88.37f), x);
  shifted = x * 1.44269504088896341f + magic;
  n = shifted - magic;
  r = x - n * 0.693359375f;
  r = r - n * -2.12194440e-4f;
  p = r * 1.9875691500e-4f + 1.3981999507e-3f;
  p = p * r + 8.3334519073e-3f;
  p = p * r + 4.1665795894e-2f;
  p = p * r + 1.6666665459e-1f;
  p = p * r + 5.0000001201e-1f;
  p = p * (r * r) + (r + 1.0f);
  /* The low bits of `shifted` are n; + 127 makes them an exponent. */
  return p * (wide)(((whole)shifted + 127) << 23);
}

#define exponential KERNEL(exponential)
SLOT void exponential(size_t count, const float *x, float *y) {
  size_t i = 0;
  for (; i + LANES <= count; i += LANES) store(y + i, power(load(x + i)));
  if (i < count)
    store_part(y + i, count - i, power(load_part(x + i, count - i, 0)));
}

#define dot_float KERNEL(dot_float)
FAST float dot_float(size_t count, const float *a, const float *b) {
  wide sum = {0}, other = {0};
  size_t i = 0;
  for (; i + 2 * LANES <= count; i += 2 * LANES) {
    sum += load(a + i) * load(b + i);
    other += load(a + i + LANES) * load(b + i + LANES);
  }
  for (; i + LANES <= count; i += LANES) sum += load(a + i) * load(b + i);
  if (i < count)
    other += load_part(a + i, count - i, 0) * load_part(b + i, count - i, 0);
  return sum_of(sum + other);
}

#define dot KERNEL(dot)
SLOT double dot(size_t count, const float *a, const float *b) {
  double sum = 0;
  /* In ranges, so that long sums keep their accuracy. */
  for (size_t i = 0; i < count; i += 1024)
    sum += (double)dot_float(count - i < 1024 ? count - i : 1024, a + i, b + i);
  return sum;
}

#define add KERNEL(add)
SLOT void add(size_t count, float factor, const float *x, float *y) {
  size_t i = 0;
  for (; i + LANES <= count; i += LANES)
    store(y + i, load(y + i) + factor * load(x + i));
  for (; i < count; i++) y[i] += factor * x[i];
}

#define scale_by KERNEL(scale_by)
SLOT void scale_by(size_t count, float factor, float *x) {
  size_t i = 0;
  for (; i + LANES <= count; i += LANES) store(x + i, load(x + i) * factor);
  for (; i < count; i++) x[i] *= factor;
}

#define renorm_row KERNEL(renorm_row)
FAST void renorm_row(size_t width, const float *x, const float *weight,
                     float inverse, float *y) {
  size_t i = 0;
  for (; i + LANES <= width; i += LANES)
    store(y + i, load(x + i) * inverse * load(weight + i));
  for (; i < width; i++) y[i] = x[i] * inverse * weight[i];
}

#define norm KERNEL(norm)
SLOT void norm(size_t rows, size_t width, const float *x, const float *weight,
               float epsilon, float *inverse, float *y) {
  for (size_t row = 0; row < rows; row++, x += width, y += width) {
    const float mean = dot_float(width, x, x) / (float)width;
    inverse[row] = 1.0f / sqrtf(mean + epsilon);
    renorm_row(width, x, weight, inverse[row], y);
  }
}

#define renorm KERNEL(renorm)
SLOT void renorm(size_t rows, size_t width, const float *x, const float *weight,
                 const float *inverse, float *y) {
  for (size_t row = 0; row < rows; row++)
    renorm_row(width, x + row * width, weight, inverse[row], y + row * width);
}

#define dot_of_three KERNEL(dot_of_three)
FAST float dot_of_three(size_t count, const float *a, const float *b,
                        const float *c) {
  wide sum = {0};
  size_t i = 0;
  for (; i + LANES <= count; i += LANES)
    sum += load(a + i) * load(b + i) * load(c + i);
  if (i < count)
    sum += load_part(a + i, count - i, 0) * load_part(b + i, count - i, 0) *
           load_part(c + i, count - i, 0);
  return sum_of(sum);
}

#define norm_backward KERNEL(norm_backward)
SLOT void norm_backward(size_t rows, size_t width, const float *x,
                        const float *weight, const float *inverse,
                        const float *dy, float *dx, float *dweight) {
  for (size_t row = 0; row < rows;
       row++, x += width, dy += width, dx += width) {
    const float factor = inverse[row];
    const float pull = factor * factor * factor *
                       dot_of_three(width, weight, dy, x) / (float)width;
    size_t i = 0;
    for (; i + LANES <= width; i += LANES)
      store(dx + i, load(dx + i) + factor * load(weight + i) * load(dy + i) -
                        pull * load(x + i));
    for (; i < width; i++) dx[i] += factor * weight[i] * dy[i] - pull * x[i];
    if (dweight == NULL) continue;
    for (i = 0; i + LANES <= width; i += LANES)
      store(dweight + i,
            load(dweight + i) + factor * load(dy + i) * load(x + i));
    for (; i < width; i++) dweight[i] += factor * dy[i] * x[i];
  }
}

/* Swaps the members of each pair. */
#define swapped KERNEL(swapped)
FAST wide swapped(wide x) {
#if KERNEL_LANES == 8
  return __builtin_shufflevector(x, x, 1, 0, 3, 2, 5, 4, 7, 6);
#else
  return __builtin_shufflevector(x, x, 1, 0, 3, 2);
#endif
}

#define rotate_head KERNEL(rotate_head)
FAST void rotate_head(size_t width, const float *cosine, const float *sine,
                      float sense, float *x) {
  size_t i = 0;
  for (; i + LANES <= width; i += LANES) {
    const wide point = load(x + i);
    store(x + i,
          point * load(cosine + i) + swapped(point) * (sense * load(sine + i)));
  }
  for (; i + 1 < width; i += 2) {
    const float even = x[i], odd = x[i + 1];
    x[i] = even * cosine[i] + odd * sense * sine[i];
    x[i + 1] = odd * cosine[i + 1] + even * sense * sine[i + 1];
  }
}

#define rotate KERNEL(rotate)
SLOT void rotate(size_t rows, size_t heads, size_t head_width, size_t stride,
                 const uint32_t *position, const float *table, float sense,
                 float *x) {
  for (size_t row = 0; row < rows; row++) {
    const float *cosine = table + (size_t)position[row] * 2 * head_width;
    for (size_t head = 0; head < heads; head++)
      rotate_head(head_width, cosine, cosine + head_width, sense,
                  x + row * stride + head * head_width);
  }
}

#define sigmoid KERNEL(sigmoid)
FAST wide sigmoid(wide x) {
  return 1.0f / (1.0f + power(-x));
}

#define swiglu KERNEL(swiglu)
SLOT void swiglu(size_t rows, size_t feed, const float *gate_up, float *act) {
  for (size_t row = 0; row < rows; row++, gate_up += 2 * feed, act += feed) {
    const float *up = gate_up + feed;
    size_t i = 0;
    for (; i + LANES <= feed; i += LANES) {
      const wide gate = load(gate_up + i);
      store(act + i, gate * sigmoid(gate) * load(up + i));
    }
    if (i < feed) {
      const wide gate = load_part(gate_up + i, feed - i, 0);
      store_part(act + i, feed - i,
                 gate * sigmoid(gate) * load_part(up + i, feed - i, 0));
    }
  }
}

/* With s = sigmoid(gate): d up = dact gate s,
 * d gate = dact up s (1 + gate (1 - s)). */
#define swiglu_backward_row KERNEL(swiglu_backward_row)
FAST void swiglu_backward_row(size_t feed, float *gate_up, const float *dact,
                              float *act) {
  float *up_at = gate_up + feed;
  for (size_t i = 0; i < feed; i += LANES) {
    const size_t count = feed - i < LANES ? feed - i : LANES;
    const bool full = count == LANES;
    const wide gate =
        full ? load(gate_up + i) : load_part(gate_up + i, count, 0);
    const wide up = full ? load(up_at + i) : load_part(up_at + i, count, 0);
    const wide d = full ? load(dact + i) : load_part(dact + i, count, 0);
    const wide s = sigmoid(gate), silu = gate * s;
    const wide dgate = d * up * (s + silu * (1.0f - s)), dup = d * silu;
    if (full) {
      store(gate_up + i, dgate);
      store(up_at + i, dup);
      if (act != NULL) store(act + i, silu * up);
    } else {
      store_part(gate_up + i, count, dgate);
      store_part(up_at + i, count, dup);
      if (act != NULL) store_part(act + i, count, silu * up);
    }
  }
}

#define swiglu_backward KERNEL(swiglu_backward)
SLOT void swiglu_backward(size_t rows, size_t feed, float *gate_up,
                          const float *dact, float *act) {
  for (size_t row = 0; row < rows; row++)
    swiglu_backward_row(feed, gate_up + row * 2 * feed, dact + row * feed,
                        act != NULL ? act + row * feed : NULL);
}

#define largest KERNEL(largest)
FAST float largest(size_t count, const float *x) {
  wide most = every(-FLT_MAX);
  size_t i = 0;
  for (; i + LANES <= count; i += LANES) most = larger(load(x + i), most);
  if (i < count) most = larger(load_part(x + i, count - i, -FLT_MAX), most);
  return largest_of(most);
}

/* x = exp(x - less); returns the sum. */
#define exponentials_and_sum KERNEL(exponentials_and_sum)
FAST float exponentials_and_sum(size_t count, float less, float *x) {
  wide sum = {0};
  float rest = 0;
  size_t i = 0;
  for (; i + LANES <= count; i += LANES) {
    const wide y = power(load(x + i) - less);
    store(x + i, y);
    sum += y;
  }
  if (i < count) {
    store_part(x + i, count - i,
               power(load_part(x + i, count - i, less) - less));
    for (; i < count; i++) rest += x[i];
  }
  return sum_of(sum) + rest;
}

#define softmax KERNEL(softmax)
SLOT float softmax(size_t seen, size_t keys, float *scores) {
  const float most = largest(seen, scores);
  const float sum = exponentials_and_sum(seen, most, scores);
  scale_by(seen, 1.0f / sum, scores);
  for (size_t i = seen; i < keys; i++) scores[i] = 0;
  return most + logf(sum);
}

#define softmax_backward KERNEL(softmax_backward)
SLOT void softmax_backward(size_t seen, size_t keys, float log_sum, float delta,
                           float scale, float *scores, float *dp) {
  size_t i = 0;
  for (; i + LANES <= seen; i += LANES) {
    const wide p = power(load(scores + i) - log_sum);
    store(scores + i, p);
    store(dp + i, scale * p * (load(dp + i) - delta));
  }
  if (i < seen) {
    const size_t count = seen - i;
    const wide p = power(load_part(scores + i, count, log_sum) - log_sum);
    store_part(scores + i, count, p);
    store_part(dp + i, count,
               scale * p * (load_part(dp + i, count, 0) - delta));
  }
  for (i = seen; i < keys; i++) scores[i] = dp[i] = 0;
}

#define extend KERNEL(extend)
SLOT float extend(size_t count, float *scores, float *most, double *sum) {
  const float earlier = *most, here = largest(count, scores);
  float factor = 1;
  if (here > earlier) {
    /* The first range has no predecessor. */
    factor = earlier > -FLT_MAX ? expf(earlier - here) : 0.0f;
    *most = here;
  }
  *sum = *sum * (double)factor;
  for (size_t i = 0; i < count; i += 1024)
    *sum += (double)exponentials_and_sum(count - i < 1024 ? count - i : 1024,
                                         *most, scores + i);
  return factor;
}

#define exponentials KERNEL(exponentials)
SLOT void exponentials(size_t count, float log_sum, float factor,
                       float *scores) {
  size_t i = 0;
  for (; i + LANES <= count; i += LANES)
    store(scores + i, factor * power(load(scores + i) - log_sum));
  if (i < count)
    store_part(scores + i, count - i,
               factor * power(load_part(scores + i, count - i, 0) - log_sum));
}

/* out = sum_i weight_i x_i, x (count, width); one range of the width at a time,
 * so that sums stay in registers. */
#define weighted_sum KERNEL(weighted_sum)
FAST void weighted_sum(size_t count, size_t width, const float *x,
                       const float *weight, float *out) {
  size_t j = 0;
  for (; j + 4 * LANES <= width; j += 4 * LANES) {
    wide a = {0}, b = {0}, c = {0}, d = {0};
    for (size_t i = 0; i < count; i++) {
      const float *row = x + i * width + j, factor = weight[i];
      a += factor * load(row);
      b += factor * load(row + LANES);
      c += factor * load(row + 2 * LANES);
      d += factor * load(row + 3 * LANES);
    }
    store(out + j, a);
    store(out + j + LANES, b);
    store(out + j + 2 * LANES, c);
    store(out + j + 3 * LANES, d);
  }
  for (; j < width; j++) {
    float sum = 0;
    for (size_t i = 0; i < count; i++) sum += weight[i] * x[i * width + j];
    out[j] = sum;
  }
}

#define attend KERNEL(attend)
SLOT void attend(size_t count, size_t head_width, const float *keys,
                 const float *values, const float *query, float scale,
                 float *room, float *out) {
  for (size_t i = 0; i < count; i++)
    room[i] = scale * dot_float(head_width, query, keys + i * head_width);
  (void)softmax(count, count, room);
  weighted_sum(count, head_width, values, room, out);
}

/* C has no vector operator for the square root; a loop over lanes becomes one
 * instruction. */
#define root KERNEL(root)
FAST wide root(wide x) {
  float lane[LANES];
  store(lane, x);
  for (size_t j = 0; j < LANES; j++) lane[j] = sqrtf(lane[j]);
  return load(lane);
}

#define adamw KERNEL(adamw)
SLOT void adamw(size_t count, const llm_adamw_factors *factors,
                const float *gradient, float *m, float *v, float *x) {
  for (size_t i = 0; i < count; i += LANES) {
    const size_t part = count - i < LANES ? count - i : LANES;
    const bool full = part == LANES;
    const wide g = factors->scale * (full ? load(gradient + i)
                                          : load_part(gradient + i, part, 0));
    wide first = full ? load(m + i) : load_part(m + i, part, 0);
    wide second = full ? load(v + i) : load_part(v + i, part, 0);
    wide point = full ? load(x + i) : load_part(x + i, part, 0);
    first = factors->first * first + (1.0f - factors->first) * g;
    second = factors->second * second + (1.0f - factors->second) * (g * g);
    point = factors->keep * point -
            factors->rate * first /
                (root(second * factors->second_inverse) + factors->epsilon);
    if (full) {
      store(m + i, first);
      store(v + i, second);
      store(x + i, point);
    } else {
      store_part(m + i, part, first);
      store_part(v + i, part, second);
      store_part(x + i, part, point);
    }
  }
}

#define table KERNEL(table)
/* In the header's order: designators would be renamed, too. */
static const llm_kernels table = {exponential,   dot,
                                  norm,          renorm,
                                  norm_backward, rotate,
                                  swiglu,        swiglu_backward,
                                  softmax,       softmax_backward,
                                  extend,        exponentials,
                                  attend,        add,
                                  scale_by,      adamw};

#undef LANES
#undef wide
#undef whole
#undef FAST
#undef SLOT
#undef load
#undef store
#undef load_part
#undef store_part
#undef every
#undef sum_of
#undef choose
#undef larger
#undef largest_of
#undef power
#undef exponential
#undef dot_float
#undef dot
#undef add
#undef scale_by
#undef renorm_row
#undef norm
#undef renorm
#undef dot_of_three
#undef norm_backward
#undef swapped
#undef rotate_head
#undef rotate
#undef sigmoid
#undef swiglu
#undef swiglu_backward_row
#undef swiglu_backward
#undef largest
#undef exponentials_and_sum
#undef softmax
#undef softmax_backward
#undef extend
#undef exponentials
#undef weighted_sum
#undef attend
#undef root
#undef adamw
#undef table
