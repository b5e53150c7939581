/* SPDX-License-Identifier: GPL-3.0-or-later
 * A file for fuzzers to read.  It has a name on a disk, because HDF5 opens no
 * file whose path does not resolve, like that of a file in memory. */
#ifndef HEED_TESTS_FUZZ_FILE_H
#define HEED_TESTS_FUZZ_FILE_H

#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define FUZZ_PATH "/tmp/heed-fuzz-XXXXXX"

/* Writes the bytes to a new file, for the caller to unlink. */
static inline void fuzz_file_write(char path[sizeof FUZZ_PATH],
                                   const uint8_t *bytes, size_t length) {
  int file;
  memcpy(path, FUZZ_PATH, sizeof FUZZ_PATH);
  file = mkstemp(path);
  if (file < 0 || write(file, bytes, length) != (ssize_t)length) abort();
  (void)close(file);
}

#endif
