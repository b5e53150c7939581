/* SPDX-License-Identifier: GPL-3.0-or-later
 * Sealed texts: JSON objects whose first line holds the SHA-256 of the rest.
 *
 *   {"sha256":"…",
 *   the object without its first brace
 *
 * The whole is the same object with one more member. */
#include <stdlib.h>
#include <string.h>

#include "files/file.h"
#include "folder.h"
#include "host/hash.h"

#define HEAD "{\"sha256\":\""
#define TAIL "\",\n"

static const size_t rest = sizeof HEAD - 1 + HASH_SIZE - 1 + sizeof TAIL - 1;

heed_status sealed_write(const heed_work *self, const char *name,
                         const char *object, heed_error *error) {
  char digest[HASH_SIZE];
  char *text;
  heed_status status;
  hash_bytes(object + 1, strlen(object + 1), digest);
  text = file_name(HEAD "%s" TAIL "%s", digest, object + 1);
  if (text == NULL) return heed_no_memory(error);
  status = folder_write(&self->folder, name, text, strlen(text), error);
  free(text);
  return status;
}

/* True if the text is whole. */
static bool is_whole(const char *text, size_t length) {
  char digest[HASH_SIZE];
  if (length < rest || memcmp(text, HEAD, sizeof HEAD - 1) != 0 ||
      memcmp(text + rest - (sizeof TAIL - 1), TAIL, sizeof TAIL - 1) != 0)
    return false;
  hash_bytes(text + rest, length - rest, digest);
  return memcmp(text + sizeof HEAD - 1, digest, HASH_SIZE - 1) == 0;
}

heed_status sealed_read(const heed_work *self, const char *name, char **object,
                        bool *found, heed_error *error) {
  size_t length;
  char *text;
  const heed_status status =
      folder_read(&self->folder, name, &text, &length, error);
  *object = NULL;
  *found = text != NULL;
  if (status != HEED_OK || text == NULL) return status;
  if (is_whole(text, length)) {
    *object = file_name("{%s", text + rest);
    if (*object == NULL) {
      free(text);
      return heed_no_memory(error);
    }
  }
  free(text);
  return HEED_OK;
}
