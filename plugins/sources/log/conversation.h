/* SPDX-License-Identifier: GPL-3.0-or-later
 * The texts of a pair where a log has conversations. */
#ifndef HEED_SOURCES_LOG_CONVERSATION_H
#define HEED_SOURCES_LOG_CONVERSATION_H

#include "sources/log/text.h"

enum { OF_PROMPT, OF_A, OF_B, TEXT_COUNT };

/* The texts that the last call made. */
typedef struct log_conversation {
  char *made[TEXT_COUNT];
} log_conversation;

/* Turns texts of JSON into what heed knows: one message of a user and an
 * answer to it become two plain texts; all else becomes lists of messages as
 * JSON, [{"role": "user", "content": "…"}, …], and *messages is true.  Without
 * a prompt, it is what the two responses begin with.  What cannot be a text, an
 * image for instance, makes its text a missing one.
 *
 * are_json: texts in quotes are JSON as well.  The new texts live until the
 * next call.  False: *why says what is wrong; NULL: out of memory. */
bool log_converse(log_conversation *self, bool are_json,
                  log_text texts[TEXT_COUNT], bool *messages, const char **why);

void log_conversation_close(log_conversation *self);

#endif
