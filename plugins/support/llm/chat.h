/* SPDX-License-Identifier: GPL-3.0-or-later
 * Chat turns as tokens, by known templates: the Jinja program in a GGUF file is
 * recognised, not run.
 *
 *   ChatML   <|im_start|>ROLE\nTEXT<|im_end|>\n, and perhaps a default system
 *            turn for chats without one (SmolLM, SmolLM2, Qwen 2)
 *   Llama 3  <|start_header_id|>ROLE<|end_header_id|>\n\nTEXT<|eot_id|>, TEXT
 *            without surrounding white space, after <|begin_of_text|>
 *
 * Control tokens written out in roles and texts stay text, so no user can end a
 * turn. */
#ifndef HEED_SUPPORT_LLM_CHAT_H
#define HEED_SUPPORT_LLM_CHAT_H

#include "support/llm/tokenizer.h"

typedef struct llm_chat llm_chat;

/* tokens outlives *made; the caller owns and closes *made.  NULL on failure: a
 * missing or unknown template. */
heed_status chat_open(const gguf_file *file, const llm_tokenizer *tokens,
                      llm_chat **made, heed_error *error);
void chat_close(llm_chat *self); /* may be NULL */

/* The token that ends a turn. */
int32_t chat_end_id(const llm_chat *self);

/* The tokens before the first turn; system says whether that is the system's.
 * All functions append to list. */
heed_status chat_begin(const llm_chat *self, bool system, llm_token_list *list,
                       heed_error *error);
heed_status chat_turn(const llm_chat *self, const char *role, const char *text,
                      size_t length, llm_token_list *list, heed_error *error);
/* The start of the assistant's turn; generation continues it. */
heed_status chat_answer(const llm_chat *self, llm_token_list *list,
                        heed_error *error);

#endif
