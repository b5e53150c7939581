/* SPDX-License-Identifier: GPL-3.0-or-later
 * Lexicons. */
#include "sources/llm/lexicon.h"

#include <errno.h>
#include <math.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <utf8proc.h>

#include "support/llm/text_map.h"

#define WORD_MOST 256 /* bytes; no lexicon has longer words */

typedef struct lexicon_entry {
  char *word; /* owned */
  double score;
} lexicon_entry;

struct llm_source_lexicon {
  size_t count, room;
  lexicon_entry *entry; /* (count), owned */
  llm_text_map words;
};

/* ---- words ---- */

/* The current word, in lower case. */
typedef struct lexicon_spelling {
  char bytes[WORD_MOST];
  size_t length;      /* beyond WORD_MOST bytes are counted, not stored */
  size_t apostrophes; /* seen since the last letter */
} lexicon_spelling;

static void spell(lexicon_spelling *self, utf8proc_int32_t character) {
  utf8proc_uint8_t bytes[4];
  const size_t length = (size_t)utf8proc_encode_char(character, bytes);
  if (self->length + length <= WORD_MOST)
    memcpy(self->bytes + self->length, bytes, length);
  self->length += length;
}

/* The next character of text; U+FFFD for invalid bytes. */
static size_t next_character(const char *text, size_t left,
                             utf8proc_int32_t *character) {
  const utf8proc_ssize_t step = utf8proc_iterate(
      (const utf8proc_uint8_t *)text, (utf8proc_ssize_t)left, character);
  if (step > 0) return (size_t)step;
  *character = 0xfffd;
  return 1;
}

static bool is_apostrophe(utf8proc_int32_t character) {
  return character == '\'' || character == 0x2019;
}

static bool is_letter(utf8proc_int32_t character, bool marks) {
  switch (utf8proc_category(character)) {
    case UTF8PROC_CATEGORY_LU:
    case UTF8PROC_CATEGORY_LL:
    case UTF8PROC_CATEGORY_LT:
    case UTF8PROC_CATEGORY_LM:
    case UTF8PROC_CATEGORY_LO:
      return true;
    case UTF8PROC_CATEGORY_MN:
    case UTF8PROC_CATEGORY_MC:
    case UTF8PROC_CATEGORY_ME:
      return marks;
    default:
      return false;
  }
}

/* Advances *at to the end of the next word; false if there is none. */
static bool next_word(const char *text, size_t length, size_t *position,
                      lexicon_spelling *word) {
  *word = (lexicon_spelling){.length = 0};
  while (*position < length) {
    utf8proc_int32_t character;
    const size_t step =
        next_character(text + *position, length - *position, &character);
    const bool inside = word->length > 0;
    if (is_letter(character, inside)) {
      for (; word->apostrophes > 0; word->apostrophes--) spell(word, '\'');
      spell(word, utf8proc_tolower(character));
    } else if (inside && is_apostrophe(character)) {
      word->apostrophes++;
    } else if (inside) {
      return true;
    }
    *position += step;
  }
  return word->length > 0;
}

double lexicon_score(const llm_source_lexicon *self, const char *text,
                     size_t length) {
  lexicon_spelling word;
  size_t position = 0, words = 0;
  double sum = 0;
  while (next_word(text, length, &position, &word)) {
    const int32_t found =
        word.length > WORD_MOST
            ? -1
            : text_map_find(&self->words, word.bytes, word.length);
    if (found >= 0) sum += self->entry[found].score;
    words++;
  }
  return words == 0 ? 0 : sum / (double)words;
}

/* ---- the file ---- */

/* Lower case, one kind of apostrophe; owned by the caller.  NULL: out of
 * memory. A lower-case character may be one byte longer. */
static char *folded(const char *text, size_t length) {
  char *made = malloc(2 * length + 1);
  size_t position = 0, used = 0;
  while (made != NULL && position < length) {
    utf8proc_int32_t character;
    position += next_character(text + position, length - position, &character);
    character = is_apostrophe(character) ? '\'' : utf8proc_tolower(character);
    used += (size_t)utf8proc_encode_char(character,
                                         (utf8proc_uint8_t *)made + used);
  }
  if (made != NULL) made[used] = '\0';
  return made;
}

static bool is_utf8(const char *text, size_t length) {
  utf8proc_int32_t character;
  for (size_t position = 0; position < length;) {
    const utf8proc_ssize_t step =
        utf8proc_iterate((const utf8proc_uint8_t *)text + position,
                         (utf8proc_ssize_t)(length - position), &character);
    if (step <= 0 || character == 0) return false;
    position += (size_t)step;
  }
  return true;
}

static heed_status add(llm_source_lexicon *self, const char *word,
                       size_t length, double score, heed_error *error) {
  if (self->count == self->room) {
    const size_t room = self->room == 0 ? 1024 : 2 * self->room;
    lexicon_entry *more = realloc(self->entry, room * sizeof *more);
    if (more == NULL) return heed_no_memory(error);
    self->entry = more;
    self->room = room;
  }
  char *copy = folded(word, length);
  if (copy == NULL) return heed_no_memory(error);
  self->entry[self->count++] = (lexicon_entry){copy, score};
  return HEED_OK;
}

/* line: without its line end. */
static heed_status take_line(llm_source_lexicon *self, const char *path,
                             size_t number, const char *line, size_t length,
                             heed_error *error) {
  const char *tab = memchr(line, '\t', length);
  const size_t word = tab == NULL ? 0 : (size_t)(tab - line);
  char *end = NULL;
  if (length == 0 || *line == '#') return HEED_OK;
  if (!is_utf8(line, length))
    return heed_fail(error, HEED_INVALID,
                     "%s:%zu: found bytes that are not UTF-8, expected a text",
                     path, number);
  if (word == 0)
    return heed_fail(error, HEED_INVALID,
                     "%s:%zu: found \"%.40s\", expected WORD<TAB>SCORE", path,
                     number, line);
  const double score = strtod(tab + 1, &end);
  if (end == tab + 1 || (*end != '\0' && *end != '\t') || !isfinite(score))
    return heed_fail(error, HEED_INVALID,
                     "%s:%zu: found the score \"%.40s\", expected a number",
                     path, number, tab + 1);
  return add(self, line, word, score, error);
}

static heed_status read_lines(llm_source_lexicon *self, const char *path,
                              FILE *file, heed_error *error) {
  char *line = NULL;
  size_t room = 0, number = 0;
  ssize_t read;
  heed_status status = HEED_OK;
  while (status == HEED_OK && (read = getline(&line, &room, file)) > 0) {
    size_t length = (size_t)read;
    while (length > 0 && strchr("\r\n", line[length - 1]) != NULL) length--;
    line[length] = '\0';
    status = take_line(self, path, ++number, line, length, error);
  }
  if (status == HEED_OK && ferror(file))
    status =
        heed_fail(error, HEED_IO, "%s: cannot read: %s", path, strerror(errno));
  free(line);
  return status;
}

static heed_status fill_map(llm_source_lexicon *self, heed_error *error) {
  if (!text_map_init(&self->words, self->count)) return heed_no_memory(error);
  for (size_t i = self->count; i-- > 0;)
    text_map_add(&self->words, self->entry[i].word, strlen(self->entry[i].word),
                 (int32_t)i);
  return HEED_OK;
}

heed_status lexicon_open(const char *path, llm_source_lexicon **opened,
                         heed_error *error) {
  FILE *file = fopen(path, "rb");
  llm_source_lexicon *self = calloc(1, sizeof *self);
  heed_status status;
  *opened = NULL;
  if (file == NULL)
    status =
        heed_fail(error, HEED_IO, "%s: cannot read: %s", path, strerror(errno));
  else if (self == NULL)
    status = heed_no_memory(error);
  else
    status = read_lines(self, path, file, error);
  if (status == HEED_OK && self->count == 0)
    status =
        heed_fail(error, HEED_INVALID,
                  "%s: found no word, expected lines WORD<TAB>SCORE", path);
  if (status == HEED_OK) status = fill_map(self, error);
  if (file != NULL) (void)fclose(file);
  if (status == HEED_OK)
    *opened = self;
  else
    lexicon_close(self);
  return status;
}

void lexicon_close(llm_source_lexicon *self) {
  if (self == NULL) return;
  for (size_t i = 0; i < self->count; i++) free(self->entry[i].word);
  free(self->entry);
  text_map_free(&self->words);
  free(self);
}
