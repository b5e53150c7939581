/* SPDX-License-Identifier: GPL-3.0-or-later
 * The texts of a row. */
#ifndef HEED_SOURCES_LOG_TEXTS_H
#define HEED_SOURCES_LOG_TEXTS_H

#include "sources/log/conversation.h"
#include "sources/log/rows.h"
#include "sources/log/settings.h"

typedef struct log_texts {
  log_text text[TEXT_COUNT]; /* they live as long as the row's cells and until
                                the conversation is used again */
  bool messages;             /* they are lists of messages */
  const char *fault;         /* what is wrong with them; NULL: nothing */
} log_texts;

/* HEED_OK or HEED_MEMORY. */
heed_status log_take_texts(const log_settings *settings, const log_row *row,
                           log_conversation *conversation, log_texts *taken);

#endif
