/* SPDX-License-Identifier: GPL-3.0-or-later
 * Dequantises ggml's blocks.  The layouts are those of ggml's ggml-common.h;
 * scales d and minima m are float16, q are small integers, and each number is
 * one product and at most one sum in float32, in that order, unfused (CMake
 * ensures it): bit for bit the reference's result. */
#include <string.h>

#include "support/llm/gguf_parts.h"

#define SMALL 32  /* numbers per block of Qn_0 and Qn_1 */
#define LARGE 256 /* of Qn_K */

gguf_layout gguf_layout_of(uint32_t type) {
  switch (type) {
    case GGUF_F32:
      return (gguf_layout){"F32", 1, 4};
    case GGUF_F16:
      return (gguf_layout){"F16", 1, 2};
    case GGUF_BF16:
      return (gguf_layout){"BF16", 1, 2};
    case GGUF_Q4_0:
      return (gguf_layout){"Q4_0", SMALL, 2 + 16};
    case GGUF_Q4_1:
      return (gguf_layout){"Q4_1", SMALL, 2 + 2 + 16};
    case GGUF_Q5_0:
      return (gguf_layout){"Q5_0", SMALL, 2 + 4 + 16};
    case GGUF_Q5_1:
      return (gguf_layout){"Q5_1", SMALL, 2 + 2 + 4 + 16};
    case GGUF_Q8_0:
      return (gguf_layout){"Q8_0", SMALL, 2 + 32};
    case GGUF_Q4_K:
      return (gguf_layout){"Q4_K", LARGE, 2 + 2 + 12 + 128};
    case GGUF_Q5_K:
      return (gguf_layout){"Q5_K", LARGE, 2 + 2 + 12 + 32 + 128};
    case GGUF_Q6_K:
      return (gguf_layout){"Q6_K", LARGE, 128 + 64 + 16 + 2};
    default:
      return (gguf_layout){NULL, 0, 0};
  }
}

static float as_float(uint32_t bits) {
  float value;
  memcpy(&value, &bits, sizeof value);
  return value;
}

/* IEEE 754 binary16, including subnormals, infinities and NaN. */
static float load_half(const uint8_t *bytes) {
  const uint32_t half = (uint32_t)bytes[0] | (uint32_t)bytes[1] << 8;
  const uint32_t sign = (half & 0x8000u) << 16;
  const uint32_t exponent = half >> 10 & 0x1fu, fraction = half & 0x3ffu;
  if (exponent == 0x1fu) return as_float(sign | 0x7f800000u | fraction << 13);
  if (exponent != 0)
    return as_float(sign | (exponent + 112u) << 23 | fraction << 13);
  const float small = (float)fraction * 0x1p-24f;
  return sign != 0 ? -small : small;
}

static float load_bfloat(const uint8_t *bytes) {
  return as_float((uint32_t)bytes[0] << 16 | (uint32_t)bytes[1] << 24);
}

/* Low and high nibbles are the block's first and second sixteen. */
static void four_bits(const uint8_t *quants, int i, int *low, int *high) {
  *low = quants[i] & 0x0f;
  *high = quants[i] >> 4;
}

/* The same with a fifth bit each: bit i of `fifth` belongs to number i. */
static void five_bits(const uint8_t *quants, uint32_t fifth, int i, int *low,
                      int *high) {
  four_bits(quants, i, low, high);
  *low |= (int)(fifth >> i & 1u) << 4;
  *high |= (int)(fifth >> (i + SMALL / 2) & 1u) << 4;
}

/* d (q - 8) */
static void block_q4_0(const uint8_t *block, float *out) {
  const float d = load_half(block);
  for (int i = 0, low, high; i < SMALL / 2; i++) {
    four_bits(block + 2, i, &low, &high);
    out[i] = (float)(low - 8) * d;
    out[i + SMALL / 2] = (float)(high - 8) * d;
  }
}

/* d q + m */
static void block_q4_1(const uint8_t *block, float *out) {
  const float d = load_half(block), m = load_half(block + 2);
  for (int i = 0, low, high; i < SMALL / 2; i++) {
    four_bits(block + 4, i, &low, &high);
    const float a = (float)low * d, b = (float)high * d;
    out[i] = a + m;
    out[i + SMALL / 2] = b + m;
  }
}

/* d (q - 16) */
static void block_q5_0(const uint8_t *block, float *out) {
  const float d = load_half(block);
  const uint32_t fifth = gguf_load_u32(block + 2);
  for (int i = 0, low, high; i < SMALL / 2; i++) {
    five_bits(block + 6, fifth, i, &low, &high);
    out[i] = (float)(low - 16) * d;
    out[i + SMALL / 2] = (float)(high - 16) * d;
  }
}

/* d q + m */
static void block_q5_1(const uint8_t *block, float *out) {
  const float d = load_half(block), m = load_half(block + 2);
  const uint32_t fifth = gguf_load_u32(block + 4);
  for (int i = 0, low, high; i < SMALL / 2; i++) {
    five_bits(block + 8, fifth, i, &low, &high);
    const float a = (float)low * d, b = (float)high * d;
    out[i] = a + m;
    out[i + SMALL / 2] = b + m;
  }
}

/* d q */
static void block_q8_0(const uint8_t *block, float *out) {
  const float d = load_half(block);
  for (int i = 0; i < SMALL; i++) out[i] = (float)(int8_t)block[2 + i] * d;
}

/* Scale and minimum, six bits each, of 32 numbers of Q4_K and Q5_K: those of
 * groups 0 to 3 are the low bits of bytes 0 to 3 and 4 to 7, those of groups 4
 * to 7 lie in the halves of bytes 8 to 11 and the top bits of the others. */
static void six_bits(const uint8_t *packed, int group, int *scale, int *least) {
  if (group < 4) {
    *scale = packed[group] & 0x3f;
    *least = packed[group + 4] & 0x3f;
    return;
  }
  *scale = (packed[group + 4] & 0x0f) | packed[group - 4] >> 6 << 4;
  *least = packed[group + 4] >> 4 | packed[group] >> 6 << 4;
}

/* (d scale) q - (dmin least); groups 2 g and 2 g + 1 are the low and the high
 * nibbles of the same 32 bytes.  fifth (or NULL) has bit `group` of byte i for
 * number i of that group. */
static void block_scaled(const uint8_t *block, const uint8_t *fifth,
                         const uint8_t *quants, float *out) {
  const float d = load_half(block), dmin = load_half(block + 2);
  for (int group = 0; group < LARGE / 32; group++) {
    const uint8_t *pairs = quants + (size_t)(group / 2 * 32);
    int scale, least;
    six_bits(block + 4, group, &scale, &least);
    const float step = d * (float)scale, base = dmin * (float)least;
    for (int i = 0; i < 32; i++) {
      int q = group % 2 == 0 ? pairs[i] & 0x0f : pairs[i] >> 4;
      if (fifth != NULL) q |= (fifth[i] >> group & 1) << 4;
      const float product = step * (float)q;
      out[group * 32 + i] = product - base;
    }
  }
}

static void block_q4_k(const uint8_t *block, float *out) {
  block_scaled(block, NULL, block + 16, out);
}

static void block_q5_k(const uint8_t *block, float *out) {
  block_scaled(block, block + 16, block + 48, out);
}

/* (d scale) (q - 32), a signed scale for 16 numbers.  In each half of 128,
 * numbers 0-31, 32-63, 64-95, 96-127 take their low bits from the low nibbles
 * of bytes 0-31 and 32-63, then from the high nibbles of both, and two top bits
 * each from 32 bytes. */
static void block_q6_k(const uint8_t *block, float *out) {
  const float d = load_half(block + 208);
  for (int n = 0; n < LARGE; n++) {
    const int half = n / 128, group = n % 128 / 32, i = n % 32;
    const uint8_t low = block[half * 64 + group % 2 * 32 + i];
    const uint8_t high = block[128 + half * 32 + i];
    const int q = (group < 2 ? low & 0x0f : low >> 4) | (high >> 2 * group & 3)
                                                            << 4;
    const float step = d * (float)(int8_t)block[192 + n / 16];
    out[n] = step * (float)(q - 32);
  }
}

static void each_block(uint32_t type, const uint8_t *blocks, uint64_t count,
                       void (*convert)(const uint8_t *block, float *out),
                       float *out) {
  const gguf_layout layout = gguf_layout_of(type);
  for (uint64_t position = 0; position + layout.numbers <= count;
       position += layout.numbers) {
    convert(blocks, out + position);
    blocks += layout.bytes;
  }
}

void gguf_dequantise(uint32_t type, const uint8_t *blocks, uint64_t count,
                     float *out) {
  switch (type) {
    case GGUF_F32:
      memcpy(out, blocks, count * sizeof *out);
      break;
    case GGUF_F16:
      for (uint64_t i = 0; i < count; i++) out[i] = load_half(blocks + 2 * i);
      break;
    case GGUF_BF16:
      for (uint64_t i = 0; i < count; i++) out[i] = load_bfloat(blocks + 2 * i);
      break;
    case GGUF_Q4_0:
      each_block(type, blocks, count, block_q4_0, out);
      break;
    case GGUF_Q4_1:
      each_block(type, blocks, count, block_q4_1, out);
      break;
    case GGUF_Q5_0:
      each_block(type, blocks, count, block_q5_0, out);
      break;
    case GGUF_Q5_1:
      each_block(type, blocks, count, block_q5_1, out);
      break;
    case GGUF_Q8_0:
      each_block(type, blocks, count, block_q8_0, out);
      break;
    case GGUF_Q4_K:
      each_block(type, blocks, count, block_q4_k, out);
      break;
    case GGUF_Q5_K:
      each_block(type, blocks, count, block_q5_k, out);
      break;
    default:
      each_block(type, blocks, count, block_q6_k, out);
      break;
  }
}
