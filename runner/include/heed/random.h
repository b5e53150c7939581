/* SPDX-License-Identifier: MIT
 * Random streams.
 *
 * A stream is a counter-based generator (Philox4x64-10: Salmon, Moraes, Dror,
 * Shaw, "Parallel random numbers: as easy as 1, 2, 3", SC 2011).  Its key is
 * (seed, replicate, stage, purpose, entity) and nothing else.  User 17 thus
 * has the same numbers in every cell of a replicate, whatever the cell's
 * parameters are: cells that differ in one axis are paired comparisons.
 *
 * A plugin gets a stream from heed_host.stream() and keeps it by value.  Do not
 * share a stream between threads.  Treat its members as opaque: the functions
 * below are inline for speed.
 *
 * Keep the pairing: the number of draws for one entity must not depend on
 * values that an axis may change, or every entity needs a stream of its own.
 * Draw from a distribution by inverting its CDF at heed_uniform(). */
#ifndef HEED_RANDOM_H
#define HEED_RANDOM_H

#include <math.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

/* Frozen: the functions below are compiled into plugins. */
typedef struct heed_stream heed_stream;
struct heed_stream {
  void (*refill)(heed_stream *stream); /* the host's; fills word, left = 4 */
  uint64_t key[2];
  uint64_t counter[4];
  uint64_t word[4];
  uint64_t left; /* words not yet used */
};

/* 64 uniform bits. */
static inline uint64_t heed_bits(heed_stream *stream) {
  if (stream->left == 0) stream->refill(stream);
  return stream->word[--stream->left];
}

/* Uniform on the open interval (0, 1): an odd multiple of 2^-53.  One word.
 * It takes 52 bits, not 53: the sum below is then exact and never rounds to
 * 1. */
static inline double heed_uniform(heed_stream *stream) {
  return ((double)(heed_bits(stream) >> 12) + 0.5) * 0x1p-52;
}

/* Uniform on {0, …, count - 1} without bias; 0 if count is 0.  Nearly always
 * one word. */
static inline uint64_t heed_uniform_integer(heed_stream *stream,
                                            uint64_t count) {
  uint64_t limit, bits;
  if (count == 0) return 0;
  /* The top 2^64 mod count values would introduce a bias: draw again. */
  limit = UINT64_MAX - (UINT64_MAX % count + 1) % count;
  do bits = heed_bits(stream);
  while (bits > limit);
  return bits % count;
}

/* Standard normal (Box and Muller 1958, the cosine branch); two words. */
static inline double heed_normal(heed_stream *stream) {
  const double radius = sqrt(-2.0 * log(heed_uniform(stream)));
  return radius * cos(6.283185307179586476925 * heed_uniform(stream));
}

#ifdef __cplusplus
}
#endif

#endif
