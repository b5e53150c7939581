/* SPDX-License-Identifier: GPL-3.0-or-later
 * The splitting rules, by hand: no alternative looks more than one character
 * past its match, so text is read in linear time. */
#include "support/llm/pretokens.h"

#include <stdlib.h>
#include <string.h>
#include <utf8proc.h>

#include "support/llm/carving.h"
#include "support/llm/utf8.h"

#define TEXT_MOST ((size_t)1 << 30)
#define LONG_S 0x17fu /* equals s when case is ignored */

typedef enum pretokens_class { OTHER, LETTER, NUMBER, SPACE } pretokens_class;

bool pretoken_rule_named(const char *name, size_t length,
                         llm_pretoken_rule *rule) {
  static const struct {
    const char *name;
    llm_pretoken_rule rule;
  } known[] = {
      {"default", PRETOKEN_GPT2},  {"gpt-2", PRETOKEN_GPT2},
      {"smollm", PRETOKEN_SMOLLM}, {"llama-bpe", PRETOKEN_LLAMA3},
      {"llama3", PRETOKEN_LLAMA3}, {"llama-v3", PRETOKEN_LLAMA3},
      {"qwen2", PRETOKEN_QWEN2},
  };
  for (size_t i = 0; i < sizeof known / sizeof *known; i++)
    if (strlen(known[i].name) == length &&
        memcmp(known[i].name, name, length) == 0) {
      *rule = known[i].rule;
      return true;
    }
  return false;
}

/* --- text to characters --------------------------------------------------- */

/* Qwen 2's tokenizer composes: cut->text, in NFC. */
static heed_status compose(char **text, size_t *length, heed_error *error) {
  uint8_t *composed = NULL;
  const utf8proc_ssize_t size =
      utf8proc_map((const uint8_t *)*text, (utf8proc_ssize_t)*length, &composed,
                   UTF8PROC_STABLE | UTF8PROC_COMPOSE);
  if (size == UTF8PROC_ERROR_NOMEM) return heed_no_memory(error);
  if (size < 0)
    return heed_fail(error, HEED_INVALID, "text cannot be normalised: %s",
                     utf8proc_errmsg(size));
  free(*text);
  *text = (char *)composed;
  *length = (size_t)size;
  return HEED_OK;
}

/* A byte makes at most one character. */
static void place(void *object, carving_block *block) {
  llm_pretokens *cut = object;
  cut->character = carve(block, cut->bytes, sizeof *cut->character);
  cut->start = carve(block, cut->bytes + 1, sizeof *cut->start);
}

/* Characters of cut->text, which has `length` bytes. */
static heed_status read_characters(llm_pretokens *cut, size_t length,
                                   heed_error *error) {
  cut->bytes = length;
  cut->memory = carving_open(place, cut);
  if (cut->memory == NULL) return heed_no_memory(error);
  for (size_t position = 0; position < length; cut->count++) {
    cut->start[cut->count] = (uint32_t)position;
    position += utf8_read((const uint8_t *)cut->text + position,
                          length - position, &cut->character[cut->count]);
  }
  cut->start[cut->count] = (uint32_t)length;
  cut->end = cut->rule == PRETOKEN_SMOLLM ? 0 : cut->count;
  return HEED_OK;
}

heed_status pretokens_begin(llm_pretokens *cut, llm_pretoken_rule rule,
                            const char *text, size_t length,
                            heed_error *error) {
  *cut = (llm_pretokens){.rule = rule};
  if (length > TEXT_MOST)
    return heed_fail(
        error, HEED_INVALID,
        "a text of %zu bytes, expected at most %zu for tokenization", length,
        TEXT_MOST);
  cut->text = utf8_clean(text, length, &length);
  if (cut->text == NULL) return heed_no_memory(error);
  heed_status status = HEED_OK;
  if (rule == PRETOKEN_QWEN2) status = compose(&cut->text, &length, error);
  if (status == HEED_OK) status = read_characters(cut, length, error);
  return status;
}

void pretokens_end(llm_pretokens *cut) {
  free(cut->memory);
  free(cut->text);
}

/* --- characters to pieces --------------------------------------------------
 */

static bool is_space(uint32_t c) {
  return (c >= 0x09 && c <= 0x0d) || c == 0x20 || c == 0x85 || c == 0xa0 ||
         c == 0x1680 || (c >= 0x2000 && c <= 0x200a) || c == 0x2028 ||
         c == 0x2029 || c == 0x202f || c == 0x205f || c == 0x3000;
}

static bool is_newline(uint32_t c) {
  return c == '\r' || c == '\n';
}

static pretokens_class class_of(uint32_t c) {
  if (is_space(c)) return SPACE;
  switch (utf8proc_category((utf8proc_int32_t)c)) {
    case UTF8PROC_CATEGORY_LU:
    case UTF8PROC_CATEGORY_LL:
    case UTF8PROC_CATEGORY_LT:
    case UTF8PROC_CATEGORY_LM:
    case UTF8PROC_CATEGORY_LO:
      return LETTER;
    case UTF8PROC_CATEGORY_ND:
    case UTF8PROC_CATEGORY_NL:
    case UTF8PROC_CATEGORY_NO:
      return NUMBER;
    default:
      return OTHER;
  }
}

/* The end of the run of a class that starts at `at`, of `most` characters. */
static size_t run(const llm_pretokens *cut, size_t position,
                  pretokens_class what, size_t most) {
  const size_t start = position;
  while (position < cut->end && position - start < most &&
         class_of(cut->character[position]) == what)
    position++;
  return position;
}

/* The character at `at`; s for the long s and lower case if case is ignored; 0
 * at the end. */
static uint32_t letter(const llm_pretokens *cut, size_t position,
                       bool any_case) {
  if (position >= cut->end) return 0;
  const uint32_t c = cut->character[position];
  if (any_case && c == LONG_S) return 's';
  return any_case && c >= 'A' && c <= 'Z' ? c + ('a' - 'A') : c;
}

/* The end of 's 't 're 've 'm 'll 'd at `at`; `at` if there is none. */
static size_t contraction(const llm_pretokens *cut, size_t position,
                          bool any_case) {
  if (cut->character[position] != '\'') return position;
  const uint32_t first = letter(cut, position + 1, any_case);
  const uint32_t second = letter(cut, position + 2, any_case);
  if (first == 's' || first == 't' || first == 'm' || first == 'd')
    return position + 2;
  if (((first == 'r' || first == 'v') && second == 'e') ||
      (first == 'l' && second == 'l'))
    return position + 3;
  return position;
}

/* \s+(?!\S)|\s+: spaces, without the last one if more than spaces follow. */
static size_t spaces(const llm_pretokens *cut, size_t position) {
  const size_t end = run(cut, position, SPACE, SIZE_MAX);
  return end == cut->end || end == position + 1 ? end : end - 1;
}

/* The end of the piece that starts at `at`, by GPT-2's rule. */
static size_t gpt2_end(const llm_pretokens *cut, size_t position) {
  const size_t end = contraction(cut, position, false);
  if (end > position) return end;
  size_t first = position;
  if (cut->character[position] == ' ' && position + 1 < cut->end) first++;
  const pretokens_class what = class_of(cut->character[first]);
  return what == SPACE ? spaces(cut, position)
                       : run(cut, first, what, SIZE_MAX);
}

/* \s*[\r\n]+: spaces up to and including the last line end among them. */
static size_t lines(const llm_pretokens *cut, size_t position) {
  size_t end = run(cut, position, SPACE, SIZE_MAX);
  while (end > position && !is_newline(cut->character[end - 1])) end--;
  return end;
}

/* By Llama 3's rule, with `digits` for the 3 in \p{N}{1,3}. */
static size_t llama3_end(const llm_pretokens *cut, size_t position,
                         size_t digits) {
  const uint32_t c = cut->character[position];
  size_t end = contraction(cut, position, true);
  if (end > position) return end;
  pretokens_class what = class_of(c);
  if (what == LETTER) return run(cut, position, LETTER, SIZE_MAX);
  if (what == NUMBER) return run(cut, position, NUMBER, digits);
  if (!is_newline(c) &&
      (end = run(cut, position + 1, LETTER, SIZE_MAX)) > position + 1)
    return end;
  size_t first = position;
  if (c == ' ' && position + 1 < cut->end) first++;
  what = class_of(cut->character[first]);
  if (what == OTHER) {
    end = run(cut, first, OTHER, SIZE_MAX);
    while (end < cut->end && is_newline(cut->character[end])) end++;
    return end;
  }
  end = lines(cut, position);
  return end > position ? end : spaces(cut, position);
}

/* SmolLM's: a number, or GPT-2's rule up to the next number. */
static size_t smollm_end(llm_pretokens *cut) {
  const size_t position = cut->position;
  if (position == cut->end) {
    if (class_of(cut->character[position]) == NUMBER)
      return cut->end = position + 1;
    while (cut->end < cut->count &&
           class_of(cut->character[cut->end]) != NUMBER)
      cut->end++;
  }
  return gpt2_end(cut, position);
}

static size_t piece_end(llm_pretokens *cut) {
  switch (cut->rule) {
    case PRETOKEN_SMOLLM:
      return smollm_end(cut);
    case PRETOKEN_LLAMA3:
      return llama3_end(cut, cut->position, 3);
    case PRETOKEN_QWEN2:
      return llama3_end(cut, cut->position, 1);
    default:
      return gpt2_end(cut, cut->position);
  }
}

bool pretokens_next(llm_pretokens *cut, const char **piece, size_t *length) {
  if (cut->position == cut->count) return false;
  const size_t end = piece_end(cut);
  *piece = cut->text + cut->start[cut->position];
  *length = cut->start[end] - cut->start[cut->position];
  cut->position = end;
  return true;
}
