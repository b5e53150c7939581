/* SPDX-License-Identifier: GPL-3.0-or-later
 * The words of choices. */
#ifndef HEED_SOURCES_LOG_WORDS_H
#define HEED_SOURCES_LOG_WORDS_H

#include "sources/log/reading.h"

typedef enum log_said {
  SAID_A,
  SAID_B,
  SAID_LEFT,
  SAID_RIGHT,
  SAID_TIE
} log_said;

bool log_is_among(const log_words *words, log_text text);

/* False: no word of `source.choices`.  Blanks around it do not matter. */
bool log_what_is_said(const log_settings *settings, log_text text,
                      log_said *which);

/* Choices in a log without recorded positions name responses only: false if the
 * choice names a side, and left is unknown. */
bool log_choice_of(log_said which, int8_t left, int8_t *choice);

/* The other response; a tie and an unknown side stay. */
int8_t log_other(int8_t response);

/* Refuses a row whose choice is in unknown words.  The first such message lists
 * all unknown words of the log, and proposes `source.choices` for those that it
 * recognises. */
heed_status log_refuse_word(log_reading *self, log_text word);

#endif
