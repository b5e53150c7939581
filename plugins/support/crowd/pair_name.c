/* SPDX-License-Identifier: GPL-3.0-or-later
 * What messages call a pair. */
#include "support/crowd/pair_name.h"

#include <stdio.h>

/* The line of the pair, or that of its prompt; -1: unknown. */
static int64_t line_of(const heed_world *world, size_t pair) {
  const int64_t *own = heed_table_data(world->pairs, "line", HEED_INT64);
  const int64_t *prompt = heed_table_data(world->pairs, "prompt", HEED_INT64);
  const int64_t *of_prompt =
      heed_table_data(world->prompts, "line", HEED_INT64);
  if (own != NULL) return own[pair];
  return of_prompt != NULL && prompt != NULL ? of_prompt[prompt[pair]] : -1;
}

void pair_name(const heed_world *world, size_t pair,
               char text[PAIR_NAME_SIZE]) {
  const char *const *name = heed_table_data(world->pairs, "name", HEED_STRING);
  const char *path = HEED_HAS(world, path) ? world->path : NULL;
  const int64_t line = line_of(world, pair);
  const int length =
      name != NULL
          ? snprintf(text, PAIR_NAME_SIZE, "pair \"%.60s\"", name[pair])
          : snprintf(text, PAIR_NAME_SIZE, "pair %zu", pair);
  if (path != NULL && line >= 0)
    (void)snprintf(text + length, PAIR_NAME_SIZE - (size_t)length, " (%s:%lld)",
                   path, (long long)line);
}
