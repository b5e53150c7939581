/* SPDX-License-Identifier: GPL-3.0-or-later
 * What the files of the GGUF reader share; nothing else includes it. */
#ifndef HEED_SUPPORT_LLM_GGUF_PARTS_H
#define HEED_SUPPORT_LLM_GGUF_PARTS_H

#include "support/llm/gguf.h"

/* Types of metadata; the numbers are the file's. */
typedef enum gguf_kind {
  GGUF_KIND_U8,
  GGUF_KIND_I8,
  GGUF_KIND_U16,
  GGUF_KIND_I16,
  GGUF_KIND_U32,
  GGUF_KIND_I32,
  GGUF_KIND_F32,
  GGUF_KIND_BOOL,
  GGUF_KIND_TEXT,
  GGUF_KIND_ARRAY,
  GGUF_KIND_U64,
  GGUF_KIND_I64,
  GGUF_KIND_F64,
  GGUF_KIND_COUNT
} gguf_kind;

/* A key or a name that a message shows, cut where it is longer. */
#define GGUF_SHOWN 80
/* The longest key that the specification allows. */
#define GGUF_KEY_MOST 65535u

struct gguf_array {
  uint32_t kind; /* of its elements */
  size_t count;
  const uint8_t *data;
  const uint8_t **text; /* (count): where each text's length stands; owned */
};

typedef struct gguf_value {
  char *key; /* owned */
  uint32_t kind;
  const uint8_t *data; /* behind the kind */
  size_t bytes;        /* from there to the next key */
  gguf_array array;    /* where kind is an array */
} gguf_value;

struct gguf_file {
  char *name; /* owned */
  void *map;  /* to be unmapped, or NULL */
  const uint8_t *bytes;
  size_t size;
  gguf_value *value; /* (value_count), owned; sorted by key once read */
  size_t value_count;
  gguf_tensor *tensor; /* (tensor_count), owned, names too; the file's order */
  size_t tensor_count;
  const gguf_tensor **by_name; /* (tensor_count), owned; sorted */
};

/* What is left to read. */
typedef struct gguf_cursor {
  const gguf_file *file;
  size_t position;
} gguf_cursor;

/* Numbers from any address. */
uint32_t gguf_load_u32(const uint8_t *bytes);
uint64_t gguf_load_u64(const uint8_t *bytes);

/* The next count bytes, or an error that says what was to be there. */
heed_status gguf_take(gguf_cursor *cursor, uint64_t count, const char *what,
                      const uint8_t **bytes, heed_error *error);
heed_status gguf_take_u32(gguf_cursor *cursor, const char *what,
                          uint32_t *value, heed_error *error);
heed_status gguf_take_u64(gguf_cursor *cursor, const char *what,
                          uint64_t *value, heed_error *error);
/* The next text, copied, as a key or a name of at most `most` bytes without a
 * NUL in it.  *text is the caller's. */
heed_status gguf_take_name(gguf_cursor *cursor, const char *what, uint64_t most,
                           char **text, heed_error *error);

/* All of file->value, whose count is set; then sorted, and each key once. */
heed_status gguf_read_values(gguf_cursor *cursor, gguf_file *file,
                             heed_error *error);
void gguf_free_values(gguf_file *file);
const gguf_value *gguf_find_value(const gguf_file *file, const char *key);

/* text with what a terminal should not get replaced, and cut: for messages. */
const char *gguf_show(const char *text, char shown[static GGUF_SHOWN + 4]);

/* How a type is stored: blocks of `numbers` in `bytes`; numbers 0 where the
 * type is none that is read. */
typedef struct gguf_layout {
  const char *name;
  uint32_t numbers, bytes;
} gguf_layout;
gguf_layout gguf_layout_of(uint32_t type);

/* `count` numbers, a multiple of the type's block. */
void gguf_dequantise(uint32_t type, const uint8_t *blocks, uint64_t count,
                     float *out);

#endif
