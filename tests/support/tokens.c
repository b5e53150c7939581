/* SPDX-License-Identifier: GPL-3.0-or-later
 * tokens MODEL [control]: the tokens of texts, for tests/support/tokens.py.
 *
 * Standard input is texts, each a 32-bit length and its bytes, little-endian;
 * standard output a line of ids for each.  A second line follows, with what the
 * ids decode to, in hexadecimal. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "support/llm/chat.h"
#include "support/llm/gguf.h"

static int fail(const heed_error *error) {
  (void)fprintf(stderr, "%s\n", error->message);
  return EXIT_FAILURE;
}

static heed_status print(const llm_tokenizer *tokens,
                         const llm_token_list *list, heed_error *error) {
  char *text = NULL;
  size_t length = 0;
  for (size_t i = 0; i < list->count; i++)
    (void)printf("%s%d", i == 0 ? "" : " ", list->id[i]);
  (void)putchar('\n');
  const heed_status status = tokenizer_decode(tokens, list->id, list->count,
                                              true, &text, &length, error);
  for (size_t i = 0; i < length && status == HEED_OK; i++)
    (void)printf("%02x", (unsigned)(uint8_t)text[i]);
  (void)putchar('\n');
  free(text);
  return status;
}

/* A chat of a user's text, with the default system's turn before it and the
 * assistant's opened. */
static heed_status add_chat(const llm_chat *turns, const char *text,
                            size_t length, llm_token_list *list,
                            heed_error *error) {
  heed_status status = chat_begin(turns, false, list, error);
  if (status == HEED_OK)
    status = chat_turn(turns, "user", text, length, list, error);
  if (status == HEED_OK) status = chat_answer(turns, list, error);
  return status;
}

static heed_status run(const llm_tokenizer *tokens, const llm_chat *turns,
                       bool control, heed_error *error) {
  heed_status status = HEED_OK;
  uint32_t length;
  while (status == HEED_OK && fread(&length, sizeof length, 1, stdin) == 1) {
    llm_token_list list = {0};
    char *text = malloc((size_t)length + 1);
    if (text == NULL || fread(text, 1, length, stdin) != length)
      status = heed_fail(error, HEED_IO, "a text was cut off");
    else if (turns != NULL)
      status = add_chat(turns, text, length, &list, error);
    else
      status = tokenizer_encode(tokens, text, length, control, &list, error);
    if (status == HEED_OK) status = print(tokens, &list, error);
    token_list_free(&list);
    free(text);
  }
  return status;
}

int main(int count, char **argument) {
  heed_error error = {HEED_OK, ""};
  gguf_file *file = NULL;
  llm_tokenizer *tokens = NULL;
  llm_chat *turns = NULL;
  if (count < 2) return EXIT_FAILURE;
  const char *mode = count > 2 ? argument[2] : "";
  heed_status status = gguf_open(argument[1], &file, &error);
  if (status == HEED_OK) status = tokenizer_open(file, &tokens, &error);
  if (status == HEED_OK && strcmp(mode, "chat") == 0)
    status = chat_open(file, tokens, &turns, &error);
  if (status == HEED_OK)
    status = run(tokens, turns, strcmp(mode, "control") == 0, &error);
  chat_close(turns);
  tokenizer_close(tokens);
  gguf_close(file);
  return status == HEED_OK ? EXIT_SUCCESS : fail(&error);
}
