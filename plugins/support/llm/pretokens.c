/* SPDX-License-Identifier: GPL-3.0-or-later
 * The cuts, written out: no alternative looks further than one character past
 * what it takes, so that text is read in linear time. */
#include "support/llm/pretokens.h"

#include <stdlib.h>
#include <string.h>
#include <utf8proc.h>

#include "support/llm/utf8.h"

#define TEXT_MOST ((size_t)1 << 30)
#define LONG_S 0x17fu /* which is an s where case does not count */

typedef enum class { OTHER, LETTER, NUMBER, SPACE } class;

bool pretoken_rule_named(const char *name, size_t length, pretoken_rule *rule) {
  static const struct {
    const char *name;
    pretoken_rule rule;
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
  if (size < 0)
    return heed_fail(error, HEED_MEMORY, "text cannot be normalised: %s",
                     utf8proc_errmsg(size));
  free(*text);
  *text = (char *)composed;
  *length = (size_t)size;
  return HEED_OK;
}

static heed_status out_of_memory(heed_error *error) {
  return heed_fail(error, HEED_MEMORY, "memory is out for text");
}

/* Characters of cut->text, which has `length` bytes. */
static heed_status read_characters(pretokens *cut, size_t length,
                                   heed_error *error) {
  cut->character = malloc((length + 1) * sizeof *cut->character);
  cut->start = malloc((length + 1) * sizeof *cut->start);
  if (cut->character == NULL || cut->start == NULL) return out_of_memory(error);
  for (size_t at = 0; at < length; cut->count++) {
    cut->start[cut->count] = (uint32_t)at;
    at += utf8_read((const uint8_t *)cut->text + at, length - at,
                    &cut->character[cut->count]);
  }
  cut->start[cut->count] = (uint32_t)length;
  cut->end = cut->rule == PRETOKEN_SMOLLM ? 0 : cut->count;
  return HEED_OK;
}

heed_status pretokens_begin(pretokens *cut, pretoken_rule rule,
                            const char *text, size_t length,
                            heed_error *error) {
  *cut = (pretokens){.rule = rule};
  if (length > TEXT_MOST)
    return heed_fail(error, HEED_INVALID,
                     "a text of %zu bytes, and at most %zu can be tokenised",
                     length, TEXT_MOST);
  cut->text = utf8_clean(text, length, &length);
  if (cut->text == NULL) return out_of_memory(error);
  heed_status status = HEED_OK;
  if (rule == PRETOKEN_QWEN2) status = compose(&cut->text, &length, error);
  if (status == HEED_OK) status = read_characters(cut, length, error);
  return status;
}

void pretokens_end(pretokens *cut) {
  free(cut->character);
  free(cut->start);
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

static class class_of(uint32_t c) {
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
static size_t run(const pretokens *cut, size_t at, class what, size_t most) {
  const size_t start = at;
  while (at < cut->end && at - start < most &&
         class_of(cut->character[at]) == what)
    at++;
  return at;
}

/* The character at `at`; an s for the long one and lower case where case does
 * not count; 0 at the end. */
static uint32_t letter(const pretokens *cut, size_t at, bool any_case) {
  if (at >= cut->end) return 0;
  const uint32_t c = cut->character[at];
  if (any_case && c == LONG_S) return 's';
  return any_case && c >= 'A' && c <= 'Z' ? c + ('a' - 'A') : c;
}

/* The end of 's 't 're 've 'm 'll 'd at `at`; `at` where there is none. */
static size_t contraction(const pretokens *cut, size_t at, bool any_case) {
  if (cut->character[at] != '\'') return at;
  const uint32_t first = letter(cut, at + 1, any_case);
  const uint32_t second = letter(cut, at + 2, any_case);
  if (first == 's' || first == 't' || first == 'm' || first == 'd')
    return at + 2;
  if (((first == 'r' || first == 'v') && second == 'e') ||
      (first == 'l' && second == 'l'))
    return at + 3;
  return at;
}

/* \s+(?!\S)|\s+: spaces but the last one, where more than spaces follow. */
static size_t spaces(const pretokens *cut, size_t at) {
  const size_t end = run(cut, at, SPACE, SIZE_MAX);
  return end == cut->end || end == at + 1 ? end : end - 1;
}

/* The end of the piece that starts at `at`, by GPT-2's rule. */
static size_t gpt2_end(const pretokens *cut, size_t at) {
  const size_t end = contraction(cut, at, false);
  if (end > at) return end;
  size_t first = at;
  if (cut->character[at] == ' ' && at + 1 < cut->end) first++;
  const class what = class_of(cut->character[first]);
  return what == SPACE ? spaces(cut, at) : run(cut, first, what, SIZE_MAX);
}

/* \s*[\r\n]+: spaces up to the last end of a line among them. */
static size_t lines(const pretokens *cut, size_t at) {
  size_t end = run(cut, at, SPACE, SIZE_MAX);
  while (end > at && !is_newline(cut->character[end - 1])) end--;
  return end;
}

/* By Llama 3's rule, with `digits` for the 3 in \p{N}{1,3}. */
static size_t llama3_end(const pretokens *cut, size_t at, size_t digits) {
  const uint32_t c = cut->character[at];
  size_t end = contraction(cut, at, true);
  if (end > at) return end;
  class what = class_of(c);
  if (what == LETTER) return run(cut, at, LETTER, SIZE_MAX);
  if (what == NUMBER) return run(cut, at, NUMBER, digits);
  if (!is_newline(c) && (end = run(cut, at + 1, LETTER, SIZE_MAX)) > at + 1)
    return end;
  size_t first = at;
  if (c == ' ' && at + 1 < cut->end) first++;
  what = class_of(cut->character[first]);
  if (what == OTHER) {
    end = run(cut, first, OTHER, SIZE_MAX);
    while (end < cut->end && is_newline(cut->character[end])) end++;
    return end;
  }
  end = lines(cut, at);
  return end > at ? end : spaces(cut, at);
}

/* SmolLM's: a number, or by GPT-2's rule up to the next. */
static size_t smollm_end(pretokens *cut) {
  const size_t at = cut->at;
  if (at == cut->end) {
    if (class_of(cut->character[at]) == NUMBER) return cut->end = at + 1;
    while (cut->end < cut->count &&
           class_of(cut->character[cut->end]) != NUMBER)
      cut->end++;
  }
  return gpt2_end(cut, at);
}

static size_t piece_end(pretokens *cut) {
  switch (cut->rule) {
    case PRETOKEN_SMOLLM:
      return smollm_end(cut);
    case PRETOKEN_LLAMA3:
      return llama3_end(cut, cut->at, 3);
    case PRETOKEN_QWEN2:
      return llama3_end(cut, cut->at, 1);
    default:
      return gpt2_end(cut, cut->at);
  }
}

bool pretokens_next(pretokens *cut, const char **piece, size_t *length) {
  if (cut->at == cut->count) return false;
  const size_t end = piece_end(cut);
  *piece = cut->text + cut->start[cut->at];
  *length = cut->start[end] - cut->start[cut->at];
  cut->at = end;
  return true;
}
