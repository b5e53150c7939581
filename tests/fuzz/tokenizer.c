/* SPDX-License-Identifier: GPL-3.0-or-later
 * libFuzzer on the tokenizer.  A file's first byte says how long a text is that
 * comes next, then comes a GGUF file whose tokenizer encodes the text and
 * decodes it again, in turns of a chat too.  A file
 * whose length byte is 255 is text alone, cut by each rule. */
#include <stdlib.h>
#include <string.h>

#include "support/llm/chat.h"
#include "support/llm/pretokens.h"

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t length);

/* Pieces lie end to end and are none of them empty. */
static void cut_text(const char *text, size_t length) {
  for (int rule = PRETOKEN_GPT2; rule <= PRETOKEN_QWEN2; rule++) {
    pretokens cut;
    const char *piece;
    size_t size, total = 0;
    if (pretokens_begin(&cut, (pretoken_rule)rule, text, length, NULL) ==
        HEED_OK) {
      while (pretokens_next(&cut, &piece, &size)) {
        if (size == 0 || piece != cut.text + total) abort();
        total += size;
      }
      if (total != cut.start[cut.count]) abort();
    }
    pretokens_end(&cut);
  }
}

static void use(const tokenizer *tokens, const char *text, size_t length) {
  for (int control = 0; control < 2; control++) {
    token_list list = {0};
    char *back = NULL;
    size_t size;
    if (tokenizer_encode(tokens, text, length, control != 0, &list, NULL) ==
            HEED_OK &&
        tokenizer_decode(tokens, list.id, list.count, true, &back, &size,
                         NULL) != HEED_OK)
      abort();
    free(back);
    token_list_free(&list);
  }
}

static void talk(const gguf_file *file, const tokenizer *tokens,
                 const char *text, size_t length) {
  chat *turns = NULL;
  token_list list = {0};
  if (chat_open(file, tokens, &turns, NULL) == HEED_OK) {
    (void)chat_begin(turns, false, &list, NULL);
    (void)chat_turn(turns, "user", text, length, &list, NULL);
    (void)chat_answer(turns, &list, NULL);
  }
  token_list_free(&list);
  chat_close(turns);
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t length) {
  gguf_file *file = NULL;
  tokenizer *tokens = NULL;
  if (length == 0) return 0;
  if (bytes[0] == 255) {
    cut_text((const char *)bytes + 1, length - 1);
    return 0;
  }
  const size_t head = bytes[0] < length ? bytes[0] : length - 1;
  const char *text = (const char *)bytes + 1;
  if (gguf_open_memory("fuzz", bytes + 1 + head, length - 1 - head, &file,
                       NULL) != HEED_OK)
    return 0;
  if (tokenizer_open(file, &tokens, NULL) == HEED_OK) {
    use(tokens, text, head);
    talk(file, tokens, text, head);
  }
  tokenizer_close(tokens);
  gguf_close(file);
  return 0;
}
