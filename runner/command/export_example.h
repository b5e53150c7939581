/* SPDX-License-Identifier: GPL-3.0-or-later
 * One example of a preference data set: a prompt and two responses, each a list
 * of messages. */
#ifndef HEED_COMMAND_EXPORT_EXAMPLE_H
#define HEED_COMMAND_EXPORT_EXAMPLE_H

#include <jansson.h>

#include "export_rows.h"

typedef struct export_message {
  const char *role, *content;
} export_message;

/* A plain text is one message: of the user or of the assistant. */
typedef struct export_talk {
  size_t count, room;
  export_message *messages; /* texts point into `parsed` or the block */
  json_t *parsed;           /* NULL: a plain text */
} export_talk;

typedef struct export_example {
  export_talk prompt, chosen, rejected;
} export_example;

/* Takes the texts of row i.  HEED_INVALID: one that should be messages is not.
 * The example is valid until the next call, and its block. */
heed_status example_read(export_example *self, const export_rows *rows,
                         size_t i, heed_error *error);
/* The rejected response becomes the chosen one. */
void example_swap(export_example *self);
void example_free(export_example *self);

/* Whether nothing is known of a text: an empty text means "unknown", not that a
 * model said nothing. */
bool talk_is_unknown(const export_talk *self);
/* Whether two texts are the same. */
bool talk_is_equal(const export_talk *self, const export_talk *other);

#endif
