/* SPDX-License-Identifier: GPL-3.0-or-later
 * The data card of an export: a Markdown page with a YAML header, as hubs of
 * data sets show it. */
#ifndef HEED_COMMAND_EXPORT_CARD_H
#define HEED_COMMAND_EXPORT_CARD_H

#include "export_walk.h"
#include "host/hash.h"

typedef struct export_card {
  const export_walk *walk; /* done */
  size_t cell;
  const char *file;    /* of the data */
  const char *license; /* NULL: unknown */
  char sha256[HASH_SIZE];
} export_card;

/* The text, from malloc(). */
heed_status card_make(const export_card *self, char **text, size_t *length,
                      heed_error *error);

/* HEED_INVALID if there is a file that is not such a card: another program or
 * the user wrote it. */
heed_status card_spare(const char *path, const char *named, heed_error *error);

#endif
