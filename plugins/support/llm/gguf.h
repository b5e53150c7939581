/* SPDX-License-Identifier: GPL-3.0-or-later
 * GGUF files: metadata and tensors of language models, versions 2 and 3,
 * little-endian (specification: docs/gguf.md of the ggml project).
 *
 * A file is mapped read-only and validated when it is opened: every count,
 * length and offset, so everything handed out later lies in the file.  An open
 * gguf_file is immutable; any number of threads may read it, and processes
 * share its pages. If another program shortens a mapped file, the reader is
 * killed, as with every mapping.
 *
 * Errors name the file, the key or tensor, what was found and what was
 * expected. */
#ifndef HEED_SUPPORT_LLM_GGUF_H
#define HEED_SUPPORT_LLM_GGUF_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "heed/status.h"

/* The supported tensor types, numbered as in the file.  Files with other types
 * are refused. */
typedef enum gguf_type {
  GGUF_F32 = 0,
  GGUF_F16 = 1,
  GGUF_Q4_0 = 2,
  GGUF_Q4_1 = 3,
  GGUF_Q5_0 = 6,
  GGUF_Q5_1 = 7,
  GGUF_Q8_0 = 8,
  GGUF_Q4_K = 12,
  GGUF_Q5_K = 13,
  GGUF_Q6_K = 14,
  GGUF_BF16 = 30
} gguf_type;

#define GGUF_RANK_MOST 4

typedef struct gguf_file gguf_file;

typedef struct gguf_tensor {
  const char *name;
  uint32_t type, rank; /* a gguf_type; 1 to 4 */
  /* shape[0] is contiguous, and a row; 1 from shape[rank] on; never 0. */
  uint64_t shape[GGUF_RANK_MOST];
  const void *data; /* aligned to at least 8 bytes; `bytes` bytes */
  uint64_t bytes;
} gguf_tensor;

/* Maps a file.  The caller owns and closes *file; NULL on failure. */
heed_status gguf_open(const char *path, gguf_file **file, heed_error *error);

/* The same for bytes that outlive *file and are aligned to 8; name is for
 * messages. */
heed_status gguf_open_memory(const char *name, const void *bytes, size_t size,
                             gguf_file **file, heed_error *error);

/* file may be NULL. */
void gguf_close(gguf_file *file);

/* The name given on opening, for messages. */
const char *gguf_name(const gguf_file *file);
/* All bytes of the file, and their number. */
const void *gguf_image(const gguf_file *file, size_t *size);

/* Tensors: in the file's order; by name, NULL if missing. */
size_t gguf_tensor_count(const gguf_file *file);
const gguf_tensor *gguf_tensor_at(const gguf_file *file, size_t index);
const gguf_tensor *gguf_find(const gguf_file *file, const char *name);

/* The name of a gguf_type ("Q4_1"), NULL if unknown. */
const char *gguf_type_name(uint32_t type);

/* shape[1]·shape[2]·shape[3] */
uint64_t gguf_row_count(const gguf_tensor *tensor);

/* Rows first … first + count − 1 as numbers: out is (count, shape[0]).  F16,
 * BF16 and quantised values are converted exactly, in float32 like ggml's
 * reference code. */
heed_status gguf_rows(const gguf_tensor *tensor, uint64_t first, uint64_t count,
                      float *out, heed_error *error);

/* Metadata.  A lookup fails if the key is missing or has another type. */
bool gguf_has(const gguf_file *file, const char *key);
/* All keys, in the order of their names. */
size_t gguf_key_count(const gguf_file *file);
const char *gguf_key_at(const gguf_file *file, size_t index);
/* Any of the integer types, signed or not. */
heed_status gguf_integer(const gguf_file *file, const char *key, int64_t *value,
                         heed_error *error);
/* A number of any type. */
heed_status gguf_number(const gguf_file *file, const char *key, double *value,
                        heed_error *error);
heed_status gguf_flag(const gguf_file *file, const char *key, bool *value,
                      heed_error *error);
/* The file owns *text: *length bytes of any value, no final NUL. */
heed_status gguf_text(const gguf_file *file, const char *key, const char **text,
                      size_t *length, heed_error *error);

/* Arrays.  The file owns *array; elements 0 … *count − 1. */
typedef struct gguf_array gguf_array;
heed_status gguf_texts(const gguf_file *file, const char *key,
                       const gguf_array **array, size_t *count,
                       heed_error *error);
heed_status gguf_integers(const gguf_file *file, const char *key,
                          const gguf_array **array, size_t *count,
                          heed_error *error);
heed_status gguf_numbers(const gguf_file *file, const char *key,
                         const gguf_array **array, size_t *count,
                         heed_error *error);
const char *gguf_text_at(const gguf_array *texts, size_t index, size_t *length);
int64_t gguf_integer_at(const gguf_array *integers, size_t index);
double gguf_number_at(const gguf_array *numbers, size_t index);

#endif
