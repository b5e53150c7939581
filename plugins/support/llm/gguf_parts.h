/* SPDX-License-Identifier: GPL-3.0-or-later
 * Shared by the files of the GGUF reader; no other file includes it. */
#ifndef HEED_SUPPORT_LLM_GGUF_PARTS_H
#define HEED_SUPPORT_LLM_GGUF_PARTS_H

#include "support/llm/gguf.h"

/* Metadata types, numbered as in the file. */
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

/* A key or name in a message, truncated if longer. */
#define GGUF_SHOWN 80
/* The longest key that the specification allows. */
#define GGUF_KEY_MOST 65535u

struct gguf_array {
  uint32_t kind; /* of its elements */
  size_t count;
  const uint8_t *data;
  const uint8_t **text; /* (count): place of each text's length; owned */
};

typedef struct gguf_value {
  char *key; /* owned */
  uint32_t kind;
  const uint8_t *data; /* offset after the kind */
  size_t bytes;        /* bytes from there to the next key */
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

/* The unread rest of the file. */
typedef struct gguf_cursor {
  const gguf_file *file;
  size_t position;
} gguf_cursor;

/* Unaligned reads. */
uint32_t gguf_load_u32(const uint8_t *bytes);
uint64_t gguf_load_u64(const uint8_t *bytes);

/* The next count bytes, or an error that says what was expected. */
heed_status gguf_take(gguf_cursor *cursor, uint64_t count, const char *what,
                      const uint8_t **bytes, heed_error *error);
heed_status gguf_take_u32(gguf_cursor *cursor, const char *what,
                          uint32_t *value, heed_error *error);
heed_status gguf_take_u64(gguf_cursor *cursor, const char *what,
                          uint64_t *value, heed_error *error);
/* Copies the next text, a key or name of at most `most` bytes without NUL.  The
 * caller owns *text. */
heed_status gguf_take_name(gguf_cursor *cursor, const char *what, uint64_t most,
                           char **text, heed_error *error);

/* Reads all of file->value, whose count is set; sorts it and refuses
 * duplicates. */
heed_status gguf_read_values(gguf_cursor *cursor, gguf_file *file,
                             heed_error *error);
void gguf_free_values(gguf_file *file);
const gguf_value *gguf_find_value(const gguf_file *file, const char *key);

/* text truncated and without characters unfit for a terminal: for messages. */
const char *gguf_show(const char *text, char shown[static GGUF_SHOWN + 4]);

/* Storage of a type: blocks of `numbers` in `bytes`; numbers 0 for unsupported
 * types. */
typedef struct gguf_layout {
  const char *name;
  uint32_t numbers, bytes;
} gguf_layout;
gguf_layout gguf_layout_of(uint32_t type);

/* Converts `count` numbers, a multiple of the type's block. */
void gguf_dequantise(uint32_t type, const uint8_t *blocks, uint64_t count,
                     float *out);

#endif
