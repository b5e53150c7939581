/* SPDX-License-Identifier: GPL-3.0-or-later
 * Pseudonyms of users. */
#include "view/pseudonyms.h"

#include <errno.h>
#include <nettle/hmac.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

heed_status pseudonyms_read(const char *path, view_pseudonyms *self,
                            heed_error *error) {
  FILE *file = fopen(path, "rb");
  if (file == NULL)
    return heed_fail(error, HEED_INVALID, "%s: %s", path, strerror(errno));
  self->length = fread(self->key, 1, sizeof self->key, file);
  const bool bad = ferror(file) != 0;
  const bool longer = fgetc(file) != EOF;
  (void)fclose(file);
  if (bad)
    return heed_fail(error, HEED_INVALID, "%s: cannot read the key", path);
  if (longer)
    return heed_fail(error, HEED_INVALID,
                     "%s: found more than %d bytes, expected a key of %d to "
                     "%d bytes",
                     path, PSEUDONYM_MOST_KEY, PSEUDONYM_LEAST_KEY,
                     PSEUDONYM_MOST_KEY);
  if (self->length < PSEUDONYM_LEAST_KEY)
    return heed_fail(error, HEED_INVALID,
                     "%s: found %zu byte%s, expected a key of %d bytes or "
                     "more; head -c 32 /dev/urandom > %s makes one",
                     path, self->length, heed_plural(self->length),
                     PSEUDONYM_LEAST_KEY, path);
  return HEED_OK;
}

void pseudonym(const view_pseudonyms *self, const char *name,
               char text[PSEUDONYM_SIZE]) {
  enum { BYTES = (PSEUDONYM_SIZE - 1) / 2 };
  uint8_t digest[BYTES];
  struct hmac_sha256_ctx context;
  hmac_sha256_set_key(&context, self->length, self->key);
  hmac_sha256_update(&context, strlen(name), (const uint8_t *)name);
  hmac_sha256_digest(&context, sizeof digest, digest);
  for (size_t i = 0; i < BYTES; i++)
    (void)snprintf(text + 2 * i, 3, "%02x", digest[i]);
}
