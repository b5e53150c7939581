/* SPDX-License-Identifier: GPL-3.0-or-later
 * Text to tokens and back: byte-level BPE as a GGUF file describes it
 * (tokenizer.ggml.model "gpt2").  Ids are those of the library `tokenizers` of
 * Hugging Face with the same vocabulary and merges.
 *
 * What is not UTF-8 is encoded as U+FFFD, one for each maximal part of a
 * character, as Python's bytes.decode("utf-8", errors="replace") has it: the
 * reference takes no other text, and a vocabulary may lack tokens for bytes
 * that UTF-8 never has.  A byte for which the vocabulary has no token is left
 * out, as the reference does; SmolLM2 lacks some that start rare characters.
 * But for these, decoding gives the text's very bytes.
 *
 * A tokenizer does not change; any number of threads may use it. */
#ifndef HEED_SUPPORT_LLM_TOKENIZER_H
#define HEED_SUPPORT_LLM_TOKENIZER_H

#include "support/llm/gguf.h"

typedef struct llm_tokenizer llm_tokenizer;

/* From a file's metadata, which it does not need afterwards.  *made is the
 * caller's, to be closed; NULL on failure. */
heed_status tokenizer_open(const gguf_file *file, llm_tokenizer **made,
                           heed_error *error);
void tokenizer_close(llm_tokenizer *self); /* may be NULL */

size_t tokenizer_count(const llm_tokenizer *self);
/* Ids of the tokens that begin and end a text; −1 where there is none. */
int32_t tokenizer_begin_id(const llm_tokenizer *self);
int32_t tokenizer_end_id(const llm_tokenizer *self);
/* Whether a text is to start with tokenizer_begin_id; tokenizer_encode leaves
 * that to its caller. */
bool tokenizer_adds_begin(const llm_tokenizer *self);
/* Whether a token steers, like <|im_end|>, and stands for no text. */
bool tokenizer_is_control(const llm_tokenizer *self, int32_t id);
/* The control or user-defined token that is written so; −1 where none is. */
int32_t tokenizer_find(const llm_tokenizer *self, const char *text,
                       size_t length);

/* Tokens that grow; start with {0}. */
typedef struct llm_token_list {
  int32_t *id; /* (count), owned */
  size_t count, room;
} llm_token_list;
heed_status token_list_add(llm_token_list *list, int32_t id, heed_error *error);
void token_list_free(llm_token_list *list);

/* Appends text's tokens.  With `control`, control tokens are recognised where
 * they are written out; without, they are text like any other, as what users
 * write has to be.  User-defined tokens are always recognised; of several that
 * start at one place, the longest. */
heed_status tokenizer_encode(const llm_tokenizer *self, const char *text,
                             size_t length, bool control, llm_token_list *list,
                             heed_error *error);

/* *text is the caller's, of *length bytes and a NUL after them.  With
 * `control`, control tokens are written out; without, they are left out. */
heed_status tokenizer_decode(const llm_tokenizer *self, const int32_t *id,
                             size_t count, bool control, char **text,
                             size_t *length, heed_error *error);

#endif
