/* SPDX-License-Identifier: GPL-3.0-or-later
 * Builds a tokenizer from a GGUF file's metadata.
 *
 * The file writes words in GPT-2's alphabet, in which every byte is a printable
 * character: 33–126, 161–172 and 174–255 are themselves, the other 68 are
 * U+0100, U+0101, … in order.  In this code words are bytes. */
#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "support/llm/carving.h"
#include "support/llm/gguf.h"
#include "support/llm/tokenizer_parts.h"

/* Values of tokenizer.ggml.token_type. */
enum { TYPE_UNKNOWN = 2, TYPE_CONTROL = 3, TYPE_USER = 4, TYPE_UNUSED = 5 };

static bool is_itself(unsigned byte) {
  return (byte >= 33 && byte <= 126) || (byte >= 161 && byte <= 172) ||
         (byte >= 174 && byte <= 255);
}

/* The byte of a character, −1 if none. */
static int byte_of(uint32_t character) {
  if (character < 256) return is_itself(character) ? (int)character : -1;
  uint32_t left = character - 256;
  for (unsigned byte = 0; byte < 256; byte++)
    if (!is_itself(byte) && left-- == 0) return (int)byte;
  return -1;
}

/* Writes the bytes of a word, at most `length`; a word with a character outside
 * the alphabet is taken literally.  Returns their number. */
static size_t spell(const char *word, size_t length, char *bytes) {
  size_t count = 0;
  for (size_t position = 0; position < length; count++) {
    /* The alphabet needs characters of one and two bytes only. */
    const uint8_t first = (uint8_t)word[position++];
    uint32_t character = first;
    if (first >= 0x80) {
      const bool two = first >= 0xc2 && first <= 0xdf && position < length &&
                       ((uint8_t)word[position] & 0xc0) == 0x80;
      character =
          two ? (first & 0x1fu) << 6 | ((uint8_t)word[position++] & 0x3fu)
              : UINT32_MAX;
    }
    const int byte = character == UINT32_MAX ? -1 : byte_of(character);
    if (byte < 0) {
      memcpy(bytes, word, length);
      return length;
    }
    bytes[count] = (char)byte;
  }
  return count;
}

static llm_token_kind kind_of(int64_t type) {
  switch (type) {
    case TYPE_UNKNOWN:
    case TYPE_CONTROL:
      return TOKEN_CONTROL;
    case TYPE_USER:
      return TOKEN_MARK;
    case TYPE_UNUSED:
      return TOKEN_UNUSED;
    default:
      return TOKEN_WORD;
  }
}

static void place(void *object, carving_block *block) {
  llm_tokenizer *self = object;
  self->text = carve(block, self->bytes + 1, 1);
  self->start = carve(block, self->count + 1, sizeof *self->start);
  self->kind = carve(block, self->count, sizeof *self->kind);
  self->mark_length = carve_sizes(block, self->count);
}

/* Room for the tokens and their bytes. */
static heed_status make_room(llm_tokenizer *self, heed_error *error) {
  self->memory = carving_open(place, self);
  return self->memory != NULL && text_map_init(&self->words, self->count) &&
                 text_map_init(&self->marks, self->count)
             ? HEED_OK
             : heed_no_memory(error);
}

static heed_status read_kinds(llm_tokenizer *self, const gguf_file *file,
                              heed_error *error) {
  const gguf_array *types;
  size_t count = 0;
  if (!gguf_has(file, "tokenizer.ggml.token_type")) return HEED_OK;
  const heed_status status =
      gguf_integers(file, "tokenizer.ggml.token_type", &types, &count, error);
  if (status != HEED_OK) return status;
  if (count != self->count)
    return heed_fail(error, HEED_INVALID,
                     "%s: tokenizer.ggml.token_type has %zu elements, expected "
                     "%zu, the number of tokens",
                     gguf_name(file), count, self->count);
  for (size_t i = 0; i < count; i++)
    self->kind[i] = (uint8_t)kind_of(gguf_integer_at(types, i));
  return HEED_OK;
}

/* Registers token i, whose text is at self->start[i], for lookup. */
static void enter(llm_tokenizer *self, size_t i) {
  const char *text = self->text + self->start[i];
  const size_t length = self->start[i + 1] - self->start[i];
  if (length == 0) return;
  if (self->kind[i] == TOKEN_WORD) {
    text_map_add(&self->words, text, length, (int32_t)i);
  } else if (self->kind[i] != TOKEN_UNUSED) {
    assert(self->mark_lengths < self->count);
    text_map_add(&self->marks, text, length, (int32_t)i);
    self->starts[(uint8_t)text[0]] = true;
    self->mark_length[self->mark_lengths++] = length;
  }
}

static int falling(const void *left, const void *right) {
  const size_t a = *(const size_t *)left, b = *(const size_t *)right;
  return (a < b) - (a > b);
}

/* Marks' lengths, each once, longest first. */
static void sort_lengths(llm_tokenizer *self) {
  size_t count = 0;
  qsort(self->mark_length, self->mark_lengths, sizeof *self->mark_length,
        falling);
  for (size_t i = 0; i < self->mark_lengths; i++)
    if (count == 0 || self->mark_length[count - 1] != self->mark_length[i])
      self->mark_length[count++] = self->mark_length[i];
  self->mark_lengths = count;
}

static heed_status read_tokens(llm_tokenizer *self, const gguf_file *file,
                               heed_error *error) {
  const gguf_array *tokens;
  size_t size = 0, length;
  heed_status status =
      gguf_texts(file, "tokenizer.ggml.tokens", &tokens, &self->count, error);
  if (status != HEED_OK) return status;
  for (size_t i = 0; i < self->count; i++) {
    (void)gguf_text_at(tokens, i, &length);
    size += length;
  }
  if (self->count == 0 || self->count > INT32_MAX || size > INT32_MAX)
    return heed_fail(error, HEED_INVALID,
                     "%s: %zu tokens of %zu bytes, expected 1 to %d",
                     gguf_name(file), self->count, size, INT32_MAX);
  self->bytes = size;
  status = make_room(self, error);
  if (status == HEED_OK) status = read_kinds(self, file, error);
  if (status != HEED_OK) return status;
  for (size_t i = 0; i < self->count; i++) {
    const char *token = gguf_text_at(tokens, i, &length);
    char *target = self->text + self->start[i];
    if (self->kind[i] == TOKEN_WORD)
      length = spell(token, length, target);
    else
      memcpy(target, token, length);
    self->start[i + 1] = self->start[i] + (uint32_t)length;
    enter(self, i);
  }
  sort_lengths(self);
  for (int byte = 0; byte < 256; byte++) {
    const char text = (char)byte;
    self->byte[byte] = text_map_find(&self->words, &text, 1);
  }
  return HEED_OK;
}

/* Parses the merge "left right"; false if one of the three is not a token.
 * scratch has room for length bytes. */
static bool read_merge(const llm_tokenizer *self, const char *text,
                       size_t length, char *scratch, llm_merge *read) {
  const char *space = length < 3 ? NULL : memchr(text + 1, ' ', length - 2);
  if (space == NULL) return false;
  const size_t first = (size_t)(space - text);
  const size_t left = spell(text, first, scratch);
  const size_t right = spell(space + 1, length - first - 1, scratch + left);
  assert(left + right <= length);
  read->left = text_map_find(&self->words, scratch, left);
  read->right = text_map_find(&self->words, scratch + left, right);
  read->whole = text_map_find(&self->words, scratch, left + right);
  return read->left >= 0 && read->right >= 0 && read->whole >= 0;
}

static size_t longest(const gguf_array *texts, size_t count) {
  size_t most = 0, length;
  for (size_t i = 0; i < count; i++) {
    (void)gguf_text_at(texts, i, &length);
    if (length > most) most = length;
  }
  return most;
}

static heed_status read_merges(llm_tokenizer *self, const gguf_file *file,
                               heed_error *error) {
  const gguf_array *texts;
  size_t count = 0, length;
  heed_status status =
      gguf_texts(file, "tokenizer.ggml.merges", &texts, &count, error);
  if (status != HEED_OK) return status;
  if (count > INT32_MAX)
    return heed_fail(error, HEED_INVALID, "%s: %zu merges, expected at most %d",
                     gguf_name(file), count, INT32_MAX);
  char *scratch = malloc(longest(texts, count) + 1);
  if (scratch == NULL || !merges_init(&self->merges, count))
    status = heed_no_memory(error);
  for (size_t i = 0; i < count && status == HEED_OK; i++) {
    const char *text = gguf_text_at(texts, i, &length);
    llm_merge read = {.rank = (int32_t)i};
    if (read_merge(self, text, length, scratch, &read))
      merges_add(&self->merges, read);
    else
      status = heed_fail(error, HEED_INVALID,
                         "%s: merge %zu of tokenizer.ggml.merges is not a pair "
                         "of tokens that forms a token",
                         gguf_name(file), i);
  }
  free(scratch);
  return status;
}

/* The first bytes of an unknown text, for a message. */
static int shown(size_t length) {
  return length > 60 ? 60 : (int)length;
}

static heed_status read_rule(llm_tokenizer *self, const gguf_file *file,
                             heed_error *error) {
  const char *model, *name = "default";
  size_t model_length = 0, length = strlen(name);
  heed_status status =
      gguf_text(file, "tokenizer.ggml.model", &model, &model_length, error);
  if (status == HEED_OK && gguf_has(file, "tokenizer.ggml.pre"))
    status = gguf_text(file, "tokenizer.ggml.pre", &name, &length, error);
  if (status != HEED_OK) return status;
  if (model_length != 4 || memcmp(model, "gpt2", 4) != 0)
    return heed_fail(
        error, HEED_UNSUPPORTED,
        "%s: tokenizer.ggml.model is \"%.*s\"%s, expected \"gpt2\" "
        "(byte-level BPE)",
        gguf_name(file), shown(model_length), model,
        model_length == 5 && memcmp(model, "llama", 5) == 0
            ? " (SentencePiece, which is not supported)"
            : "");
  if (!pretoken_rule_named(name, length, &self->rule))
    return heed_fail(error, HEED_UNSUPPORTED,
                     "%s: tokenizer.ggml.pre is \"%.*s\", expected default, "
                     "gpt-2, smollm, llama-bpe or qwen2",
                     gguf_name(file), shown(length), name);
  self->whole_words = self->rule == PRETOKEN_LLAMA3;
  return HEED_OK;
}

/* An optional key that names a token. */
static heed_status read_id(const llm_tokenizer *self, const gguf_file *file,
                           const char *key, int32_t *id, heed_error *error) {
  int64_t value = -1;
  *id = -1;
  if (!gguf_has(file, key)) return HEED_OK;
  const heed_status status = gguf_integer(file, key, &value, error);
  if (status != HEED_OK) return status;
  if (value < 0 || (uint64_t)value >= self->count)
    return heed_fail(error, HEED_INVALID,
                     "%s: %s is %lld, but there are %zu tokens",
                     gguf_name(file), key, (long long)value, self->count);
  *id = (int32_t)value;
  return HEED_OK;
}

static heed_status read_ends(llm_tokenizer *self, const gguf_file *file,
                             heed_error *error) {
  heed_status status =
      read_id(self, file, "tokenizer.ggml.bos_token_id", &self->begin, error);
  if (status == HEED_OK)
    status =
        read_id(self, file, "tokenizer.ggml.eos_token_id", &self->end, error);
  /* Llama 3's files may omit it; the rule decides. */
  self->adds_begin = self->rule == PRETOKEN_LLAMA3;
  if (status == HEED_OK && gguf_has(file, "tokenizer.ggml.add_bos_token"))
    status = gguf_flag(file, "tokenizer.ggml.add_bos_token", &self->adds_begin,
                       error);
  self->adds_begin = self->adds_begin && self->begin >= 0;
  return status;
}

heed_status tokenizer_open(const gguf_file *file, llm_tokenizer **made,
                           heed_error *error) {
  *made = NULL;
  llm_tokenizer *self = calloc(1, sizeof *self);
  if (self == NULL) return heed_no_memory(error);
  heed_status status = read_rule(self, file, error);
  if (status == HEED_OK) status = read_tokens(self, file, error);
  if (status == HEED_OK) status = read_merges(self, file, error);
  if (status == HEED_OK) status = read_ends(self, file, error);
  if (status == HEED_OK)
    *made = self;
  else
    tokenizer_close(self);
  return status;
}

void tokenizer_close(llm_tokenizer *self) {
  if (self == NULL) return;
  free(self->memory);
  text_map_free(&self->words);
  text_map_free(&self->marks);
  merges_free(&self->merges);
  free(self);
}
