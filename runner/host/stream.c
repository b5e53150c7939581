/* SPDX-License-Identifier: GPL-3.0-or-later
 * Random streams: Philox4x64-10 under the keys of heed/random.h. */
#include <Random123/philox.h>

#include "host/host.h"

/* FNV-1a, 64 bits: turns the names of stage and purpose into words of the
 * counter.  They need only differ: Philox mixes them. */
static uint64_t word_of(const char *text) {
  uint64_t word = 14695981039346656037u;
  for (; *text != '\0'; text++) {
    word ^= (unsigned char)*text;
    word *= 1099511628211u;
  }
  return word;
}

static void refill(heed_stream *stream) {
  philox4x64_ctr_t counter;
  philox4x64_key_t key;
  for (int i = 0; i < 4; i++) counter.v[i] = stream->counter[i];
  for (int i = 0; i < 2; i++) key.v[i] = stream->key[i];
  const philox4x64_ctr_t words = philox4x64(counter, key);
  for (int i = 0; i < 4; i++) stream->word[i] = words.v[i];
  stream->counter[0]++;
  stream->left = 4;
}

heed_stream stream_open(uint64_t seed, uint64_t replicate, const char *stage,
                        const char *purpose, uint64_t entity) {
  heed_stream stream = {
      .refill = refill,
      .key = {seed, replicate},
      .counter = {0, entity, word_of(purpose), word_of(stage)},
  };
  return stream;
}
