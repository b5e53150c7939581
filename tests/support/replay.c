/* SPDX-License-Identifier: GPL-3.0-or-later
 * Runs a fuzzer's function on the files that are named, without libFuzzer: so
 * every build replays the corpus. */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t length);

static void replay(const char *path) {
  FILE *file = fopen(path, "rb");
  uint8_t *bytes;
  long length;
  if (file == NULL || fseek(file, 0, SEEK_END) != 0) abort();
  length = ftell(file);
  bytes = malloc((size_t)length + 1);
  rewind(file);
  if (bytes == NULL || fread(bytes, 1, (size_t)length, file) != (size_t)length)
    abort();
  (void)fclose(file);
  (void)LLVMFuzzerTestOneInput(bytes, (size_t)length);
  free(bytes);
}

int main(int count, char **paths) {
  for (int i = 1; i < count; i++) replay(paths[i]);
  printf("%d files\n", count - 1);
  return count > 1 ? EXIT_SUCCESS : EXIT_FAILURE;
}
