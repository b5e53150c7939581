/* SPDX-License-Identifier: GPL-3.0-or-later
 * Text to tokens and back. */
#include "support/llm/tokenizer.h"

#include <stdlib.h>
#include <string.h>

#include "support/llm/tokenizer_parts.h"

int32_t tokenizer_begin_id(const llm_tokenizer *self) {
  return self->begin;
}

int32_t tokenizer_end_id(const llm_tokenizer *self) {
  return self->end;
}

bool tokenizer_adds_begin(const llm_tokenizer *self) {
  return self->adds_begin;
}

bool tokenizer_is_control(const llm_tokenizer *self, int32_t id) {
  return id >= 0 && (size_t)id < self->count && self->kind[id] == TOKEN_CONTROL;
}

int32_t tokenizer_find(const llm_tokenizer *self, const char *text,
                       size_t length) {
  return text_map_find(&self->marks, text, length);
}

heed_status token_list_add(llm_token_list *list, int32_t id,
                           heed_error *error) {
  if (list->count == list->room) {
    const size_t room = list->room < 64 ? 64 : 2 * list->room;
    int32_t *grown = realloc(list->id, room * sizeof *grown);
    if (grown == NULL) return heed_no_memory(error);
    list->id = grown;
    list->room = room;
  }
  list->id[list->count++] = id;
  return HEED_OK;
}

void token_list_free(llm_token_list *list) {
  free(list->id);
  *list = (llm_token_list){0};
}

/* Appends a word: its bytes' tokens, merged. */
static heed_status add_word(const llm_tokenizer *self, const char *word,
                            size_t length, llm_merge_room *room,
                            llm_token_list *list, heed_error *error) {
  const size_t start = list->count;
  if (self->whole_words) {
    const int32_t id = text_map_find(&self->words, word, length);
    if (id >= 0) return token_list_add(list, id, error);
  }
  heed_status status = HEED_OK;
  for (size_t i = 0; i < length && status == HEED_OK; i++) {
    const int32_t id = self->byte[(uint8_t)word[i]];
    if (id >= 0) status = token_list_add(list, id, error);
  }
  size_t count = list->count - start;
  if (status == HEED_OK && count > 1)
    status = merges_apply(&self->merges, list->id + start, &count, room, error);
  list->count = start + count;
  return status;
}

/* Appends text without marks. */
static heed_status add_text(const llm_tokenizer *self, const char *text,
                            size_t length, llm_merge_room *room,
                            llm_token_list *list, heed_error *error) {
  llm_pretokens cut;
  const char *piece;
  size_t size;
  heed_status status = pretokens_begin(&cut, self->rule, text, length, error);
  while (status == HEED_OK && pretokens_next(&cut, &piece, &size))
    status = add_word(self, piece, size, room, list, error);
  pretokens_end(&cut);
  return status;
}

/* The longest mark at the start of text; −1 if none. */
static int32_t mark_at(const llm_tokenizer *self, const char *text, size_t left,
                       bool control, size_t *length) {
  if (!self->starts[(uint8_t)text[0]]) return -1;
  for (size_t i = 0; i < self->mark_lengths; i++) {
    *length = self->mark_length[i];
    const int32_t id =
        *length > left ? -1 : text_map_find(&self->marks, text, *length);
    if (id >= 0 && (control || self->kind[id] != TOKEN_CONTROL)) return id;
  }
  return -1;
}

heed_status tokenizer_encode(const llm_tokenizer *self, const char *text,
                             size_t length, bool control, llm_token_list *list,
                             heed_error *error) {
  llm_merge_room room = {0};
  heed_status status = HEED_OK;
  size_t start = 0;
  for (size_t position = 0; position < length && status == HEED_OK;) {
    size_t size = 0;
    const int32_t id =
        mark_at(self, text + position, length - position, control, &size);
    if (id < 0) {
      position++;
      continue;
    }
    if (position > start)
      status =
          add_text(self, text + start, position - start, &room, list, error);
    if (status == HEED_OK) status = token_list_add(list, id, error);
    position += size;
    start = position;
  }
  if (status == HEED_OK && start < length)
    status = add_text(self, text + start, length - start, &room, list, error);
  merge_room_free(&room);
  return status;
}

heed_status tokenizer_decode(const llm_tokenizer *self, const int32_t *id,
                             size_t count, bool control, char **text,
                             size_t *length, heed_error *error) {
  size_t size = 0;
  *text = NULL;
  for (size_t i = 0; i < count; i++) {
    if (id[i] < 0 || (size_t)id[i] >= self->count)
      return heed_fail(
          error, HEED_INVALID,
          "token %d at place %zu is out of range, the vocabulary has %zu",
          id[i], i, self->count);
    size += self->start[id[i] + 1] - self->start[id[i]];
  }
  char *made = malloc(size + 1);
  if (made == NULL) return heed_no_memory(error);
  size = 0;
  for (size_t i = 0; i < count; i++) {
    const size_t start = self->start[id[i]];
    if (self->kind[id[i]] == TOKEN_CONTROL && !control) continue;
    memcpy(made + size, self->text + start, self->start[id[i] + 1] - start);
    size += self->start[id[i] + 1] - start;
  }
  made[size] = '\0';
  *text = made;
  *length = size;
  return HEED_OK;
}
