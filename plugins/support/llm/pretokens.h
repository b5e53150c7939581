/* SPDX-License-Identifier: GPL-3.0-or-later
 * Splits text into the pieces within which byte-level BPE merges. */
#ifndef HEED_SUPPORT_LLM_PRETOKENS_H
#define HEED_SUPPORT_LLM_PRETOKENS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "heed/status.h"

/* The cuts as regular expressions, first alternative first:
 *
 *   GPT-2    's|'t|'re|'ve|'m|'ll|'d| ?\p{L}+| ?\p{N}+| ?[^\s\p{L}\p{N}]+
 *            |\s+(?!\S)|\s+
 *   SmolLM   every \p{N} for itself; GPT-2's on what lies between
 *   Llama 3  (?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}{1,3}
 *            | ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+
 *   Qwen 2   Llama 3's with \p{N} for \p{N}{1,3}, on text in NFC
 *
 * Letters, numbers and compositions are those of utf8proc's version of Unicode;
 * characters younger than it may be cut otherwise than by a library with
 * another. */
typedef enum llm_pretoken_rule {
  PRETOKEN_GPT2,
  PRETOKEN_SMOLLM,
  PRETOKEN_LLAMA3,
  PRETOKEN_QWEN2
} llm_pretoken_rule;

/* The rule named by tokenizer.ggml.pre; false if unknown. */
bool pretoken_rule_named(const char *name, size_t length,
                         llm_pretoken_rule *rule);

/* Text being split: its characters and their offsets. */
typedef struct llm_pretokens {
  llm_pretoken_rule rule;
  void *memory;        /* of the two arrays, owned */
  uint32_t *character; /* (count) */
  uint32_t *start;     /* (count + 1): byte offsets into text */
  size_t count;
  char *text;      /* owned: valid UTF-8, */
  size_t bytes;    /* the number of bytes */
  size_t position; /* the next character */
  size_t end;      /* of the part between two numbers, for SmolLM; else count */
} llm_pretokens;

/* Starts on `length` bytes, at most 1 GiB.  Invalid UTF-8 becomes U+FFFD, one
 * per maximal part of a character, as in Python's errors="replace" and the
 * WHATWG decoder.  Call pretokens_end even on failure. */
heed_status pretokens_begin(llm_pretokens *cut, llm_pretoken_rule rule,
                            const char *text, size_t length, heed_error *error);
void pretokens_end(llm_pretokens *cut);

/* The next piece, in cut->text; false at the end. */
bool pretokens_next(llm_pretokens *cut, const char **piece, size_t *length);

#endif
