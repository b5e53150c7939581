/* SPDX-License-Identifier: GPL-3.0-or-later
 * Writes GGUF files: collects keys and tensor descriptions in memory, then
 * writes them with the tensors' data. */
#include "support/llm/gguf_writer.h"

#include <errno.h>
#include <fcntl.h>
#include <libgen.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "support/llm/gguf_parts.h"

#define VERSION 3u
#define ALIGNMENT 32u
#define TENSOR_NAME_MOST 255u /* limit of the reader */

/* A growing buffer. */
typedef struct gguf_writer_buffer {
  uint8_t *bytes;
  size_t size, room;
} gguf_writer_buffer;

typedef struct gguf_writer_body {
  const float *data; /* the caller's */
  uint64_t bytes;
} gguf_writer_body;

struct gguf_writer {
  char *path;
  gguf_writer_buffer keys, tensors;
  uint64_t key_count, tensor_count;
  gguf_writer_body *data; /* (tensor_count) */
  uint64_t offset;        /* of the next tensor */
  char **names; /* keys, then tensors: to find duplicates; (name_count) */
  size_t name_count;
  heed_error error; /* the first */
};

static void put(gguf_writer *writer, gguf_writer_buffer *buffer,
                const void *bytes, size_t count) {
  if (writer->error.status != HEED_OK || count == 0) return;
  if (count > buffer->room - buffer->size) {
    size_t room = buffer->room < 1024 ? 1024 : buffer->room;
    while (room - buffer->size < count && room <= SIZE_MAX / 2) room *= 2;
    uint8_t *grown =
        room - buffer->size < count ? NULL : realloc(buffer->bytes, room);
    if (grown == NULL) {
      (void)heed_no_memory(&writer->error);
      return;
    }
    buffer->bytes = grown;
    buffer->room = room;
  }
  memcpy(buffer->bytes + buffer->size, bytes, count);
  buffer->size += count;
}

static void put_u32(gguf_writer *writer, gguf_writer_buffer *buffer,
                    uint32_t value) {
  put(writer, buffer, &value, sizeof value);
}

static void put_u64(gguf_writer *writer, gguf_writer_buffer *buffer,
                    uint64_t value) {
  put(writer, buffer, &value, sizeof value);
}

static void put_text(gguf_writer *writer, gguf_writer_buffer *buffer,
                     const char *text, size_t length) {
  put_u64(writer, buffer, length);
  put(writer, buffer, text, length);
}

/* Records a key (prefix 'k') or a tensor ('t'), and refuses duplicates. */
static void remember(gguf_writer *writer, char prefix, const char *name) {
  char shown[GGUF_SHOWN + 4];
  const size_t length = strlen(name);
  for (size_t i = 0; i < writer->name_count; i++)
    if (writer->names[i][0] == prefix &&
        strcmp(writer->names[i] + 1, name) == 0) {
      (void)heed_fail(&writer->error, HEED_INVALID, "%s: duplicate %s %s",
                      writer->path, prefix == 'k' ? "key" : "tensor",
                      gguf_show(name, shown));
      return;
    }
  char **grown =
      realloc(writer->names, (writer->name_count + 1) * sizeof *writer->names);
  if (grown != NULL) writer->names = grown;
  char *copy = grown != NULL ? malloc(length + 2) : NULL;
  if (copy == NULL) {
    (void)heed_no_memory(&writer->error);
    return;
  }
  copy[0] = prefix;
  memcpy(copy + 1, name, length + 1);
  writer->names[writer->name_count++] = copy;
}

static void put_key(gguf_writer *writer, const char *key, uint32_t kind) {
  if (writer->error.status != HEED_OK) return;
  if (strlen(key) > GGUF_KEY_MOST) {
    (void)heed_fail(&writer->error, HEED_INVALID,
                    "%s: key of %zu bytes, expected at most %u", writer->path,
                    strlen(key), GGUF_KEY_MOST);
    return;
  }
  remember(writer, 'k', key);
  put_text(writer, &writer->keys, key, strlen(key));
  put_u32(writer, &writer->keys, kind);
  writer->key_count++;
}

static void put_array(gguf_writer *writer, const char *key, uint32_t kind,
                      size_t count) {
  put_key(writer, key, GGUF_KIND_ARRAY);
  put_u32(writer, &writer->keys, kind);
  put_u64(writer, &writer->keys, count);
}

gguf_writer *gguf_writer_new(const char *path) {
  gguf_writer *writer = calloc(1, sizeof *writer);
  if (writer == NULL) return NULL;
  writer->path = strdup(path);
  if (writer->path != NULL) return writer;
  free(writer);
  return NULL;
}

void gguf_writer_free(gguf_writer *writer) {
  if (writer == NULL) return;
  for (size_t i = 0; i < writer->name_count; i++) free(writer->names[i]);
  free(writer->names);
  free(writer->keys.bytes);
  free(writer->tensors.bytes);
  free(writer->data);
  free(writer->path);
  free(writer);
}

void gguf_writer_u32(gguf_writer *writer, const char *key, uint32_t value) {
  put_key(writer, key, GGUF_KIND_U32);
  put_u32(writer, &writer->keys, value);
}

void gguf_writer_f32(gguf_writer *writer, const char *key, float value) {
  put_key(writer, key, GGUF_KIND_F32);
  put(writer, &writer->keys, &value, sizeof value);
}

void gguf_writer_flag(gguf_writer *writer, const char *key, bool value) {
  const uint8_t byte = value ? 1 : 0;
  put_key(writer, key, GGUF_KIND_BOOL);
  put(writer, &writer->keys, &byte, sizeof byte);
}

void gguf_writer_text(gguf_writer *writer, const char *key, const char *text,
                      size_t length) {
  put_key(writer, key, GGUF_KIND_TEXT);
  put_text(writer, &writer->keys, text, length);
}

void gguf_writer_texts(gguf_writer *writer, const char *key,
                       const char *const *text, const size_t *length,
                       size_t count) {
  put_array(writer, key, GGUF_KIND_TEXT, count);
  for (size_t i = 0; i < count; i++)
    put_text(writer, &writer->keys, text[i],
             length == NULL ? strlen(text[i]) : length[i]);
}

void gguf_writer_i32s(gguf_writer *writer, const char *key,
                      const int32_t *value, size_t count) {
  put_array(writer, key, GGUF_KIND_I32, count);
  put(writer, &writer->keys, value, count * sizeof *value);
}

void gguf_writer_f32s(gguf_writer *writer, const char *key, const float *value,
                      size_t count) {
  put_array(writer, key, GGUF_KIND_F32, count);
  put(writer, &writer->keys, value, count * sizeof *value);
}

void gguf_writer_copy(gguf_writer *writer, const gguf_file *file,
                      const char *key) {
  char shown[GGUF_SHOWN + 4];
  const gguf_value *value = gguf_find_value(file, key);
  if (value != NULL) {
    put_key(writer, key, value->kind);
    put(writer, &writer->keys, value->data, value->bytes);
  } else if (writer->error.status == HEED_OK) {
    (void)heed_fail(&writer->error, HEED_INVALID, "%s: key %s is missing",
                    gguf_name(file), gguf_show(key, shown));
  }
}

/* False, and records the error, if the reader would refuse it. */
static bool check_tensor(gguf_writer *writer, const char *name, uint32_t rank,
                         const uint64_t *shape, uint64_t *bytes) {
  char shown[GGUF_SHOWN + 4];
  bool fits =
      rank >= 1 && rank <= GGUF_RANK_MOST && strlen(name) <= TENSOR_NAME_MOST;
  *bytes = sizeof(float);
  for (uint32_t d = 0; fits && d < rank; d++)
    fits = shape[d] != 0 && !__builtin_mul_overflow(*bytes, shape[d], bytes);
  if (!fits)
    (void)heed_fail(
        &writer->error, HEED_INVALID,
        "%s: tensor %s has a name longer than %u bytes, a rank that is not 1 "
        "to %d, or a shape with no or too many numbers",
        writer->path, gguf_show(name, shown), TENSOR_NAME_MOST, GGUF_RANK_MOST);
  return fits;
}

void gguf_writer_tensor(gguf_writer *writer, const char *name, uint32_t rank,
                        const uint64_t *shape, const float *data) {
  uint64_t bytes = 0;
  if (writer->error.status != HEED_OK ||
      !check_tensor(writer, name, rank, shape, &bytes))
    return;
  remember(writer, 't', name);
  gguf_writer_body *grown =
      realloc(writer->data, (size_t)(writer->tensor_count + 1) * sizeof *grown);
  if (grown == NULL) {
    (void)heed_no_memory(&writer->error);
    return;
  }
  writer->data = grown;
  grown[writer->tensor_count++] =
      (gguf_writer_body){.data = data, .bytes = bytes};
  put_text(writer, &writer->tensors, name, strlen(name));
  put_u32(writer, &writer->tensors, rank);
  for (uint32_t d = 0; d < rank; d++)
    put_u64(writer, &writer->tensors, shape[d]);
  put_u32(writer, &writer->tensors, GGUF_F32);
  put_u64(writer, &writer->tensors, writer->offset);
  writer->offset += (bytes + ALIGNMENT - 1) / ALIGNMENT * ALIGNMENT;
}

/* Writes all of it; errno on failure. */
static bool write_all(int descriptor, const void *bytes, uint64_t count) {
  const uint8_t *position = bytes;
  while (count > 0) {
    const size_t turn = count < (1u << 30) ? (size_t)count : 1u << 30;
    const ssize_t written = write(descriptor, position, turn);
    if (written < 0 && errno == EINTR) continue;
    if (written <= 0) return false;
    position += written;
    count -= (uint64_t)written;
  }
  return true;
}

/* Zeros up to the alignment. */
static bool pad(int descriptor, uint64_t position) {
  static const uint8_t zeros[ALIGNMENT];
  return write_all(descriptor, zeros,
                   (ALIGNMENT - position % ALIGNMENT) % ALIGNMENT);
}

static bool write_file(const gguf_writer *writer, int descriptor) {
  uint8_t head[24] = {'G', 'G', 'U', 'F'};
  const uint32_t version = VERSION;
  memcpy(head + 4, &version, sizeof version);
  memcpy(head + 8, &writer->tensor_count, sizeof(uint64_t));
  memcpy(head + 16, &writer->key_count, sizeof(uint64_t));
  bool good =
      write_all(descriptor, head, sizeof head) &&
      write_all(descriptor, writer->keys.bytes, writer->keys.size) &&
      write_all(descriptor, writer->tensors.bytes, writer->tensors.size) &&
      pad(descriptor, sizeof head + writer->keys.size + writer->tensors.size);
  for (uint64_t i = 0; good && i < writer->tensor_count; i++)
    good = write_all(descriptor, writer->data[i].data, writer->data[i].bytes) &&
           pad(descriptor, writer->data[i].bytes);
  return good;
}

/* Syncs the directory entry to disk. */
static bool sync_folder(const char *path) {
  const int folder = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  const bool good = folder >= 0 && fsync(folder) == 0;
  if (folder >= 0) (void)close(folder);
  return good;
}

/* Writes to a temporary file from mkstemp and renames it; on failure false,
 * errno, and no temporary file remains. */
static bool put_in_place(const gguf_writer *writer, char *temporary) {
  const int descriptor = mkstemp(temporary);
  if (descriptor < 0) return false;
  const mode_t mask = umask(0);
  (void)umask(mask);
  bool good = write_file(writer, descriptor) &&
              fchmod(descriptor, 0666 & ~mask) == 0 && fsync(descriptor) == 0;
  int why = errno;
  if (close(descriptor) != 0 && good) {
    good = false;
    why = errno;
  }
  if (good && rename(temporary, writer->path) != 0) {
    good = false;
    why = errno;
  }
  if (!good) {
    (void)unlink(temporary);
    errno = why;
  }
  return good;
}

heed_status gguf_writer_finish(gguf_writer *writer, heed_error *error) {
  if (writer->error.status != HEED_OK) {
    if (error != NULL) *error = writer->error;
    return writer->error.status;
  }
  char *path = strdup(writer->path); /* dirname() modifies its argument */
  char *temporary = NULL;
  heed_status status = HEED_OK;
  if (path != NULL && asprintf(&temporary, "%s.XXXXXX", writer->path) < 0)
    temporary = NULL;
  if (temporary == NULL)
    status = heed_no_memory(error);
  else if (!put_in_place(writer, temporary) || !sync_folder(dirname(path)))
    status = heed_fail(error, HEED_IO, "%s: cannot write: %s", writer->path,
                       strerror(errno));
  free(temporary);
  free(path);
  return status;
}
