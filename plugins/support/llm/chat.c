/* SPDX-License-Identifier: GPL-3.0-or-later
 * Chat templates. */
#include "support/llm/chat.h"

#include <stdlib.h>
#include <string.h>

#include "support/llm/gguf.h"

/* ChatML's templates, with \n for line ends: all of it, or with a system turn
 * after SYSTEM_BEFORE. */
#define EACH "{% for message in messages %}"
#define SYSTEM_BEFORE                                                \
  EACH "{% if loop.first and messages[0]['role'] != 'system' %}{{ '" \
       "<|im_start|>system\n"
#define SYSTEM_AFTER "<|im_end|>\n' }}{% endif %}"
#define CHATML_TURN                                                   \
  "{{'<|im_start|>' + message['role'] + '\n' + message['content'] + " \
  "'<|im_end|>' + '\n'}}{% endfor %}{% if add_generation_prompt %}"   \
  "{{ '<|im_start|>assistant\n' }}{% endif %}"
/* Llama 3's: the first release, and the later version with a condition. */
#define LLAMA3_TURN                                                      \
  "{% set loop_messages = messages %}{% for message in loop_messages %}" \
  "{% set content = '<|start_header_id|>' + message['role'] + "          \
  "'<|end_header_id|>\n\n'+ message['content'] | trim + '<|eot_id|>' %}" \
  "{% if loop.index0 == 0 %}{% set content = bos_token + content %}"     \
  "{% endif %}{{ content }}{% endfor %}"
#define LLAMA3_ANSWER \
  "{{ '<|start_header_id|>assistant<|end_header_id|>\n\n' }}"
#define LLAMA3_IF "{% if add_generation_prompt %}" LLAMA3_ANSWER "{% endif %}"

typedef enum chat_family { CHATML, LLAMA3 } chat_family;

struct llm_chat {
  const llm_tokenizer *tokens;
  chat_family family;
  char *system;                /* owned: the default system turn, or NULL */
  int32_t open, header, close; /* control tokens; header is Llama 3's alone */
};

/* The template with its two spellings of a line end unified; owned by the
 * caller. NULL: out of memory. */
static char *normalised(const char *text, size_t length) {
  char *made = malloc(length + 1);
  size_t count = 0;
  for (size_t i = 0; made != NULL && i < length; i++)
    if (text[i] == '\\' && i + 1 < length && text[i + 1] == 'n') {
      made[count++] = '\n';
      i++;
    } else {
      made[count++] = text[i];
      if (text[i] == '\0') made[count - 1] = '?';
    }
  if (made != NULL) made[count] = '\0';
  return made;
}

static bool starts_with(const char *text, const char *start) {
  return strncmp(text, start, strlen(start)) == 0;
}

/* The system turn of a ChatML template, `length` bytes; NULL: none. */
static const char *find_system(const char *text, size_t *length) {
  if (!starts_with(text, SYSTEM_BEFORE)) return NULL;
  text += strlen(SYSTEM_BEFORE);
  *length = strcspn(text, "'\\<");
  return strcmp(text + *length, SYSTEM_AFTER CHATML_TURN) == 0 ? text : NULL;
}

/* *system: from find_system(). */
static bool recognise(llm_chat *self, const char *text, const char **system,
                      size_t *length) {
  self->family = CHATML;
  *system = find_system(text, length);
  if (strcmp(text, EACH CHATML_TURN) == 0 || *system != NULL) return true;
  self->family = LLAMA3;
  return strcmp(text, LLAMA3_TURN LLAMA3_ANSWER) == 0 ||
         strcmp(text, LLAMA3_TURN LLAMA3_IF) == 0;
}

static heed_status find_mark(const llm_chat *self, const gguf_file *file,
                             const char *text, int32_t *id, heed_error *error) {
  *id = tokenizer_find(self->tokens, text, strlen(text));
  if (*id < 0)
    return heed_fail(
        error, HEED_INVALID,
        "%s: the chat template uses %s, which is not a control token",
        gguf_name(file), text);
  return HEED_OK;
}

static heed_status find_marks(llm_chat *self, const gguf_file *file,
                              heed_error *error) {
  const bool llama = self->family == LLAMA3;
  heed_status status =
      find_mark(self, file, llama ? "<|start_header_id|>" : "<|im_start|>",
                &self->open, error);
  if (status == HEED_OK && llama)
    status = find_mark(self, file, "<|end_header_id|>", &self->header, error);
  if (status == HEED_OK)
    status = find_mark(self, file, llama ? "<|eot_id|>" : "<|im_end|>",
                       &self->close, error);
  if (status == HEED_OK && llama && tokenizer_begin_id(self->tokens) < 0)
    status = heed_fail(error, HEED_INVALID,
                       "%s: the chat template starts with the begin token, but "
                       "tokenizer.ggml.bos_token_id is missing",
                       gguf_name(file));
  return status;
}

/* The start of a template on one line, for a message. */
static void shorten(const char *text, char *start, size_t size) {
  size_t n = 0;
  for (; n + 1 < size && text[n] != '\0'; n++) {
    start[n] = text[n];
    if (text[n] < 0x20 || text[n] > 0x7e) start[n] = ' ';
  }
  start[n] = '\0';
}

static heed_status read_template(llm_chat *self, const gguf_file *file,
                                 heed_error *error) {
  const char *text, *system;
  size_t length = 0;
  char start[121];
  heed_status status =
      gguf_text(file, "tokenizer.chat_template", &text, &length, error);
  if (status != HEED_OK) return status;
  char *plain = normalised(text, length);
  if (plain == NULL) return heed_no_memory(error);
  if (!recognise(self, plain, &system, &length)) {
    shorten(plain, start, sizeof start);
    status = heed_fail(error, HEED_UNSUPPORTED,
                       "%s: unknown tokenizer.chat_template, expected ChatML "
                       "or Llama 3; it starts: %s",
                       gguf_name(file), start);
  } else if (system != NULL) {
    self->system = strndup(system, length);
    if (self->system == NULL) status = heed_no_memory(error);
  }
  free(plain);
  return status;
}

heed_status chat_open(const gguf_file *file, const llm_tokenizer *tokens,
                      llm_chat **made, heed_error *error) {
  *made = NULL;
  llm_chat *self = calloc(1, sizeof *self);
  if (self == NULL) return heed_no_memory(error);
  self->tokens = tokens;
  heed_status status = read_template(self, file, error);
  if (status == HEED_OK) status = find_marks(self, file, error);
  if (status == HEED_OK)
    *made = self;
  else
    chat_close(self);
  return status;
}

void chat_close(llm_chat *self) {
  if (self == NULL) return;
  free(self->system);
  free(self);
}

int32_t chat_end_id(const llm_chat *self) {
  return self->close;
}

heed_status chat_begin(const llm_chat *self, bool system, llm_token_list *list,
                       heed_error *error) {
  if (self->family == LLAMA3)
    return token_list_add(list, tokenizer_begin_id(self->tokens), error);
  if (system || self->system == NULL) return HEED_OK;
  return chat_turn(self, "system", self->system, strlen(self->system), list,
                   error);
}

static heed_status add_text(const llm_chat *self, const char *text,
                            size_t length, llm_token_list *list,
                            heed_error *error) {
  return tokenizer_encode(self->tokens, text, length, false, list, error);
}

/* ROLE\nTEXT in one piece: tokens may span the two. */
static heed_status add_chatml(const llm_chat *self, const char *role,
                              const char *text, size_t length,
                              llm_token_list *list, heed_error *error) {
  const size_t head = strlen(role) + 1;
  char *joined = length > SIZE_MAX - head ? NULL : malloc(head + length);
  if (joined == NULL) return heed_no_memory(error);
  memcpy(joined, role, head - 1);
  joined[head - 1] = '\n';
  if (length > 0) memcpy(joined + head, text, length);
  const heed_status status = add_text(self, joined, head + length, list, error);
  free(joined);
  return status;
}

static bool is_space(char c) {
  return c == ' ' || (c >= '\t' && c <= '\r');
}

static heed_status add_llama3(const llm_chat *self, const char *role,
                              const char *text, size_t length,
                              llm_token_list *list, heed_error *error) {
  while (length > 0 && is_space(text[0])) {
    text++;
    length--;
  }
  while (length > 0 && is_space(text[length - 1])) length--;
  heed_status status = add_text(self, role, strlen(role), list, error);
  if (status == HEED_OK) status = token_list_add(list, self->header, error);
  if (status == HEED_OK) status = add_text(self, "\n\n", 2, list, error);
  if (status == HEED_OK) status = add_text(self, text, length, list, error);
  return status;
}

/* A turn without its end. */
static heed_status add_turn(const llm_chat *self, const char *role,
                            const char *text, size_t length,
                            llm_token_list *list, heed_error *error) {
  const heed_status status = token_list_add(list, self->open, error);
  if (status != HEED_OK) return status;
  return self->family == LLAMA3
             ? add_llama3(self, role, text, length, list, error)
             : add_chatml(self, role, text, length, list, error);
}

heed_status chat_turn(const llm_chat *self, const char *role, const char *text,
                      size_t length, llm_token_list *list, heed_error *error) {
  heed_status status = add_turn(self, role, text, length, list, error);
  if (status == HEED_OK) status = token_list_add(list, self->close, error);
  if (status == HEED_OK && self->family == CHATML)
    status = add_text(self, "\n", 1, list, error);
  return status;
}

heed_status chat_answer(const llm_chat *self, llm_token_list *list,
                        heed_error *error) {
  return add_turn(self, "assistant", "", 0, list, error);
}
