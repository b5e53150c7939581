/* SPDX-License-Identifier: GPL-3.0-or-later
 * The words of choices, and what they choose. */
#include "sources/log/words.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

bool log_is_among(const log_words *words, log_text text) {
  for (size_t i = 0; i < words->count; i++)
    if (log_is_same(words->word[i], text)) return true;
  return false;
}

bool log_what_is_said(const log_settings *settings, log_text text,
                      log_said *which) {
  text = log_trim(text);
  for (int i = 0; i < WORD_COUNT; i++)
    if (log_is_among(&settings->words[i], text)) {
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

int8_t log_other(int8_t response) {
  if (response == HEED_CHOSE_A) return (int8_t)HEED_CHOSE_B;
  if (response == HEED_CHOSE_B) return (int8_t)HEED_CHOSE_A;
  return response;
}

/* ---- unknown words ---- */

#define WORDS_LISTED 8
#define PLAIN_SIZE 32

typedef struct unknown_words {
  const log_reading *log;
  log_names words;            /* in order of their first rows */
  size_t count[WORDS_LISTED]; /* rows with each */
} unknown_words;

/* The letters and digits of a text, lower case: "Tie (both bad)" and
 * "tie_bothbad" look alike. */
static void plain_form(const char *text, char plain[PLAIN_SIZE]) {
  size_t used = 0;
  for (; *text != '\0' && used + 1 < PLAIN_SIZE; text++) {
    if (*text >= 'A' && *text <= 'Z')
      plain[used++] = (char)(*text - 'A' + 'a');
    else if ((*text >= 'a' && *text <= 'z') || (*text >= '0' && *text <= '9'))
      plain[used++] = *text;
  }
  plain[used] = '\0';
}

/* The choice that a word of other logs means, or WORD_COUNT. */
static int recognise(const log_reading *self, const char *text) {
  static const struct {
    const char *start;
    int meaning;
  } known[] = {
      {"tie", WORDS_TIE},      {"both", WORDS_TIE},     {"neither", WORDS_TIE},
      {"draw", WORDS_TIE},     {"equal", WORDS_TIE},    {"same", WORDS_TIE},
      {"nopref", WORDS_TIE},   {"modela", WORDS_A},     {"responsea", WORDS_A},
      {"answera", WORDS_A},    {"assistanta", WORDS_A}, {"optiona", WORDS_A},
      {"modelb", WORDS_B},     {"responseb", WORDS_B},  {"answerb", WORDS_B},
      {"assistantb", WORDS_B}, {"optionb", WORDS_B},    {"left", WORDS_LEFT},
      {"right", WORDS_RIGHT}};
  const log_words *words = self->settings->words;
  char plain[PLAIN_SIZE], other[PLAIN_SIZE];
  plain_form(text, plain);
  if (*plain == '\0') return WORD_COUNT;
  for (int i = 0; i < WORD_COUNT; i++)
    for (size_t j = 0; j < words[i].count; j++) {
      plain_form(words[i].word[j].bytes, other);
      if (strcmp(plain, other) == 0) return i;
    }
  for (size_t i = 0; i < sizeof known / sizeof *known; i++)
    if (strncmp(plain, known[i].start, strlen(known[i].start)) == 0)
      return known[i].meaning;
  return WORD_COUNT;
}

static heed_status take_word(void *context, const log_row *row) {
  unknown_words *unknown = context;
  const log_text text = row->cells[CHOICE];
  log_said which;
  size_t id;
  if (log_is_blank(text) ||
      log_what_is_said(unknown->log->settings, text, &which) ||
      log_is_same(text, row->cells[LEFT_MODEL]) ||
      log_is_same(text, row->cells[RIGHT_MODEL]))
    return HEED_OK;
  id = log_number(&unknown->words, text);
  if (unknown->words.refused) return heed_no_memory(unknown->log->error);
  if (id < WORDS_LISTED) unknown->count[id]++;
  return HEED_OK;
}

/* `; unknown words: "draw" (12 rows), …` */
static void list_words(const unknown_words *unknown, char *text, size_t size) {
  const size_t count = unknown->words.count;
  log_add(text, size, "; unknown words: ");
  for (size_t i = 0; i < count && i < WORDS_LISTED; i++)
    log_add(text, size, "%s\"%.30s\" (%zu row%s)", i == 0 ? "" : ", ",
            unknown->words.text[i], unknown->count[i],
            heed_plural(unknown->count[i]));
  if (count > WORDS_LISTED)
    log_add(text, size, " and %zu more", count - WORDS_LISTED);
}

/* `tie = { "tie", "both", "neither", "draw" }`: the words known so far, and
 * the unknown words that seem to mean the same. */
static void propose(const log_reading *self, const unknown_words *unknown,
                    char *text, size_t size) {
  static const char *const names[] = {"a", "b", "left", "right", "tie"};
  const log_words *words = self->settings->words;
  bool any = false;
  for (int i = 0; i < WORD_COUNT; i++) {
    bool here = false;
    for (size_t j = 0; j < unknown->words.count && j < WORDS_LISTED; j++) {
      if (recognise(self, unknown->words.text[j]) != i) continue;
      if (!here) {
        log_add(text, size, "%s%s = { ", any ? ", " : "; try choices = { ",
                names[i]);
        for (size_t k = 0; k < words[i].count; k++)
          log_add(text, size, "\"%s\", ", words[i].word[k].bytes);
      }
      log_add(text, size, "%s\"%.30s\"", here ? ", " : "",
              unknown->words.text[j]);
      here = any = true;
    }
    if (here) log_add(text, size, " }");
  }
  if (any) log_add(text, size, " }");
}

/* Reads the log once more. */
static heed_status list_unknown(log_reading *self, char *text, size_t size) {
  log_pool pool = {.memory = {self->host, false}};
  unknown_words unknown = {.log = self};
  heed_status status;
  log_names_open(&unknown.words, &pool);
  status = log_read_again(self, (log_sink){take_word, NULL, &unknown});
  if (status == HEED_OK && unknown.words.count > 0) {
    if (unknown.words.count > 1 || unknown.count[0] > 1)
      list_words(&unknown, text, size);
    propose(self, &unknown, text, size);
  }
  log_names_close(&unknown.words);
  return status;
}

heed_status log_refuse_word(log_reading *self, log_text word) {
  char more[HEED_MESSAGE_SIZE / 2] = "";
  if (!self->words_listed) {
    const heed_status status = list_unknown(self, more, sizeof more);
    if (status != HEED_OK) return status;
    self->words_listed = true;
  }
  return log_row_fault(self,
                       "column \"%s\": found the choice \"%.*s\", expected a "
                       "word for A, B, left, right or a tie "
                       "(source.choices)%s",
                       self->settings->column[CHOICE], LOG_SHOWN(word, 40),
                       more);
}
