/* SPDX-License-Identifier: GPL-3.0-or-later
 * tiny_file OUT.gguf [SEED [KEY]]: a tiny language model, for tests in bats;
 * KEY: without this key of the tokenizer. */
#include "tiny_file.h"

#include <stdio.h>
#include <stdlib.h>

int main(int count, char **argument) {
  heed_error error = {HEED_OK, ""};
  if (count < 2) return 2;
  const uint64_t seed = count > 2 ? strtoull(argument[2], NULL, 10) : 1;
  const char *leave_out = count > 3 ? argument[3] : NULL;
  if (tiny_file_write(argument[1], seed, leave_out, &error) == HEED_OK)
    return 0;
  (void)fprintf(stderr, "tiny_file: %s\n", error.message);
  return 1;
}
