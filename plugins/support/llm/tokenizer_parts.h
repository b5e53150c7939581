/* SPDX-License-Identifier: GPL-3.0-or-later
 * Shared by the files of the tokenizer; no other file includes it. */
#ifndef HEED_SUPPORT_LLM_TOKENIZER_PARTS_H
#define HEED_SUPPORT_LLM_TOKENIZER_PARTS_H

#include "support/llm/merges.h"
#include "support/llm/pretokens.h"
#include "support/llm/text_map.h"
#include "support/llm/tokenizer.h"

typedef enum llm_token_kind {
  TOKEN_WORD,    /* what merges make */
  TOKEN_CONTROL, /* a mark, on request */
  TOKEN_MARK,    /* a mark, always: user-defined */
  TOKEN_UNUSED
} llm_token_kind;

struct llm_tokenizer {
  llm_pretoken_rule rule;
  bool whole_words;    /* words that are tokens are taken without merging */
  size_t count, bytes; /* of all tokens */
  void *memory;        /* of text, start, kind and mark_length, owned */
  char *text;          /* (bytes): all tokens, one after the other */
  uint32_t *start;     /* (count + 1) */
  uint8_t *kind;       /* (count): an llm_token_kind */
  llm_text_map words;  /* bytes of words to ids */
  llm_text_map marks;  /* texts of control and user-defined tokens to ids */
  int32_t byte[256];   /* ids of words of one byte, or −1 */
  llm_merges merges;
  bool starts[256];    /* whether a mark starts with a byte */
  size_t *mark_length; /* (mark_lengths): each once, descending */
  size_t mark_lengths;
  int32_t begin, end;
  bool adds_begin;
};

#endif
