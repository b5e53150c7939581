/* SPDX-License-Identifier: GPL-3.0-or-later
 * The words of choices, and what they choose. */
#include "sources/log/words.h"

#include <string.h>

static bool is_among(const heed_value *words, const char *text) {
  for (size_t i = 0; i < words->count; i++)
    if (strcmp(words->items[i].text, text) == 0) return true;
  return false;
}

bool log_what_is_said(const log_reading *self, const char *text,
                      log_said *which) {
  const heed_value *words = self->values[CHOICES].items;
  for (int i = 0; i < WORD_COUNT; i++)
    if (is_among(&words[i], text)) {
      *which = (log_said)i;
      return true;
    }
  return false;
}

bool log_choice_of(log_said which, int8_t left, int8_t *choice) {
  switch (which) {
    case SAID_A:
      *choice = HEED_CHOSE_A;
      return true;
    case SAID_B:
      *choice = HEED_CHOSE_B;
      return true;
    case SAID_TIE:
      *choice = HEED_CHOSE_TIE;
      return true;
    case SAID_LEFT:
      *choice = left;
      return left != HEED_LEFT_UNKNOWN;
    case SAID_RIGHT:
      *choice = (int8_t)(left == HEED_CHOSE_A ? HEED_CHOSE_B : HEED_CHOSE_A);
      return left != HEED_LEFT_UNKNOWN;
  }
  return false;
}
