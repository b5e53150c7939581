/* SPDX-License-Identifier: GPL-3.0-or-later
 * The seal of a result file. */
#include "seal.h"

#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "files/file.h"
#include "host/hash.h"

#define HEAD "heed-sha256 "
#define HEAD_SIZE (sizeof HEAD - 1)
#define SEAL_SIZE (HEAD_SIZE + HASH_SIZE) /* the NUL's place has a newline */
#define ATTRIBUTE "sealed"

static heed_status changed(const char *path, heed_error *error) {
  return heed_fail(
      error, HEED_IO,
      "%s: its SHA-256 is not the one that heed wrote at its end: "
      "the file is damaged or was changed; restore it from a copy or, if "
      "you trust it, delete its root attribute \"" ATTRIBUTE "\"",
      path);
}

void seal_announce(hdf_file *file, hid_t root) {
  hdf_note(file, root, ATTRIBUTE,
           "the last 77 bytes hold the SHA-256 of all bytes before them");
}

heed_status seal_write(int descriptor, const char *path, heed_error *error) {
  char text[SEAL_SIZE];
  heed_status status;
  memcpy(text, HEAD, HEAD_SIZE);
  status = hash_descriptor(descriptor, path, text + HEAD_SIZE, error);
  if (status != HEED_OK) return status;
  text[SEAL_SIZE - 1] = '\n';
  if (lseek(descriptor, 0, SEEK_END) < 0)
    return heed_fail(error, HEED_IO, "%s: cannot be completed", path);
  return file_write_all(descriptor, path, text, sizeof text, error);
}

heed_status seal_check(int descriptor, const char *path, bool *sealed,
                       heed_error *error) {
  char text[SEAL_SIZE], digest[HASH_SIZE];
  struct stat found;
  heed_status status;
  *sealed = false;
  if (fstat(descriptor, &found) != 0 || found.st_size < (off_t)SEAL_SIZE ||
      pread(descriptor, text, sizeof text,
            found.st_size - (off_t)sizeof text) != (ssize_t)sizeof text ||
      memcmp(text, HEAD, HEAD_SIZE) != 0)
    return HEED_OK;
  *sealed = true;
  status = hash_first(descriptor, (size_t)found.st_size - sizeof text, path,
                      digest, error);
  if (status != HEED_OK) return status;
  return memcmp(text + HEAD_SIZE, digest, HASH_SIZE - 1) == 0 &&
                 text[SEAL_SIZE - 1] == '\n'
             ? HEED_OK
             : changed(path, error);
}

bool seal_is_missing(hid_t root) {
  return H5Aexists(root, ATTRIBUTE) > 0;
}

heed_status seal_miss(hdf_file *file, hid_t root) {
  if (file->status == HEED_OK && seal_is_missing(root))
    file->status = changed(file->path, file->error);
  return file->status;
}
