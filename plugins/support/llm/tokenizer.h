/* SPDX-License-Identifier: GPL-3.0-or-later
 * Text to tokens and back: byte-level BPE as described by a GGUF file
 * (tokenizer.ggml.model "gpt2").  Ids equal those of Hugging Face's library
 * `tokenizers` with the same vocabulary and merges.
 *
 * Invalid UTF-8 is encoded as U+FFFD, one per maximal part of a character, like
 * Python's bytes.decode("utf-8", errors="replace"): the reference accepts no
 * other text, and a vocabulary may lack tokens for bytes that never occur in
 * UTF-8. Bytes without a token are dropped, as in the reference; SmolLM2 lacks
 * some that start rare characters.  Otherwise decoding restores the text byte
 * for byte.
 *
 * A tokenizer is immutable; any number of threads may use it. */
#ifndef HEED_SUPPORT_LLM_TOKENIZER_H
#define HEED_SUPPORT_LLM_TOKENIZER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "heed/status.h"

typedef struct gguf_file gguf_file; /* gguf.h */

typedef struct llm_tokenizer llm_tokenizer;

/* From a file's metadata, which it does not need afterwards.  The caller owns
 * and closes *made; NULL on failure. */
heed_status tokenizer_open(const gguf_file *file, llm_tokenizer **made,
                           heed_error *error);
void tokenizer_close(llm_tokenizer *self); /* may be NULL */

/* Ids of the tokens that begin and end a text; −1 if missing. */
int32_t tokenizer_begin_id(const llm_tokenizer *self);
int32_t tokenizer_end_id(const llm_tokenizer *self);
/* Whether texts start with tokenizer_begin_id; tokenizer_encode leaves it to
 * the caller to add it. */
bool tokenizer_adds_begin(const llm_tokenizer *self);
/* Whether a token is a control token, like <|im_end|>, without text. */
bool tokenizer_is_control(const llm_tokenizer *self, int32_t id);
/* The control or user-defined token with this text; −1 if none. */
int32_t tokenizer_find(const llm_tokenizer *self, const char *text,
                       size_t length);

/* A growing list of tokens; start with {0}. */
typedef struct llm_token_list {
  int32_t *id; /* (count), owned */
  size_t count, room;
} llm_token_list;
heed_status token_list_add(llm_token_list *list, int32_t id, heed_error *error);
void token_list_free(llm_token_list *list);

/* Appends text's tokens.  With `control`, written-out control tokens are
 * recognised; without, they are ordinary text, as users' input must be.
 * User-defined tokens are always recognised; at each place, the longest. */
heed_status tokenizer_encode(const llm_tokenizer *self, const char *text,
                             size_t length, bool control, llm_token_list *list,
                             heed_error *error);

/* The caller owns *text: *length bytes, then NUL.  With `control`, control
 * tokens are written out; without, they are dropped. */
heed_status tokenizer_decode(const llm_tokenizer *self, const int32_t *id,
                             size_t count, bool control, char **text,
                             size_t *length, heed_error *error);

#endif
