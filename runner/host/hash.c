/* SPDX-License-Identifier: GPL-3.0-or-later
 * SHA-256, by nettle. */
#include "host/hash.h"

#include <errno.h>
#include <nettle/base16.h>
#include <nettle/sha2.h>
#include <string.h>
#include <unistd.h>

static void finish(struct sha256_ctx *context, char digest[HASH_SIZE]) {
  uint8_t bytes[SHA256_DIGEST_SIZE];
  sha256_digest(context, sizeof bytes, bytes);
  base16_encode_update(digest, sizeof bytes, bytes);
  digest[HASH_SIZE - 1] = '\0';
}

void hash_bytes(const void *bytes, size_t length, char digest[HASH_SIZE]) {
  struct sha256_ctx context;
  sha256_init(&context);
  sha256_update(&context, length, bytes);
  finish(&context, digest);
}

heed_status hash_descriptor(int descriptor, const char *path,
                            char digest[HASH_SIZE], heed_error *error) {
  return hash_first(descriptor, SIZE_MAX, path, digest, error);
}

heed_status hash_first(int descriptor, size_t length, const char *path,
                       char digest[HASH_SIZE], heed_error *error) {
  struct sha256_ctx context;
  uint8_t buffer[1 << 16];
  size_t total = 0;
  sha256_init(&context);
  while (total < length) {
    const size_t left = length - total;
    const ssize_t got =
        pread(descriptor, buffer, left < sizeof buffer ? left : sizeof buffer,
              (off_t)total);
    if (got < 0 && errno == EINTR) continue;
    if (got < 0)
      return heed_fail(error, HEED_IO, "%s: cannot read: %s", path,
                       strerror(errno));
    if (got == 0) break;
    sha256_update(&context, (size_t)got, buffer);
    total += (size_t)got;
  }
  finish(&context, digest);
  return HEED_OK;
}
