/* SPDX-License-Identifier: GPL-3.0-or-later
 * Writes GGUF files, version 3: metadata and float32 tensors, aligned to 32
 * bytes.
 *
 * Errors are sticky: the adding functions record the first one, and
 * gguf_writer_finish reports it; check only that call. */
#ifndef HEED_SUPPORT_LLM_GGUF_WRITER_H
#define HEED_SUPPORT_LLM_GGUF_WRITER_H

#include "support/llm/gguf.h"

typedef struct gguf_writer gguf_writer;

/* NULL: out of memory.  Copies path; writes nothing yet.  The caller owns and
 * frees the writer. */
gguf_writer *gguf_writer_new(const char *path);
void gguf_writer_free(gguf_writer *writer);

/* Metadata, copied; each key once. */
void gguf_writer_u32(gguf_writer *writer, const char *key, uint32_t value);
void gguf_writer_f32(gguf_writer *writer, const char *key, float value);
void gguf_writer_flag(gguf_writer *writer, const char *key, bool value);
void gguf_writer_text(gguf_writer *writer, const char *key, const char *text,
                      size_t length);
/* text is (count), of length (count); length NULL: texts end in NUL. */
void gguf_writer_texts(gguf_writer *writer, const char *key,
                       const char *const *text, const size_t *length,
                       size_t count);
void gguf_writer_i32s(gguf_writer *writer, const char *key,
                      const int32_t *value, size_t count);
void gguf_writer_f32s(gguf_writer *writer, const char *key, const float *value,
                      size_t count);
/* Copies a key of any type unchanged from another file. */
void gguf_writer_copy(gguf_writer *writer, const gguf_file *file,
                      const char *key);

/* A tensor: shape is (rank), shape[0] contiguous.  data is not copied: keep it
 * unchanged until gguf_writer_finish. */
void gguf_writer_tensor(gguf_writer *writer, const char *name, uint32_t rank,
                        const uint64_t *shape, const float *data);

/* Writes a temporary file beside path, syncs it to disk and renames it: path is
 * either the old file or the complete new one.  On failure path is untouched
 * and the temporary file is removed. */
heed_status gguf_writer_finish(gguf_writer *writer, heed_error *error);

#endif
