/* SPDX-License-Identifier: GPL-3.0-or-later
 * Loads a model from a GGUF file, and manages the shared file of weights. */
#include <errno.h>
#include <fcntl.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "support/llm/gguf_writer.h"
#include "support/llm/metadata.h"
#include "support/llm/model.h"

/* --- the shape ----------------------------------------------------------- */

static heed_status positive(const gguf_file *file, const char *key,
                            size_t *value, heed_error *error) {
  int64_t found;
  const heed_status status = gguf_integer(file, key, &found, error);
  if (status != HEED_OK) return status;
  if (found < 1 || found > INT32_MAX)
    return heed_fail(error, HEED_INVALID,
                     "%s: %s is %lld, expected a positive number of 31 bits",
                     gguf_name(file), key, (long long)found);
  *value = (size_t)found;
  return HEED_OK;
}

/* The same for an optional key: *value is unchanged if it is missing. */
static heed_status perhaps(const gguf_file *file, const char *key,
                           size_t *value, heed_error *error) {
  return gguf_has(file, key) ? positive(file, key, value, error) : HEED_OK;
}

static heed_status check_architecture(const gguf_file *file,
                                      heed_error *error) {
  const char *text;
  size_t length;
  const heed_status status =
      gguf_text(file, "general.architecture", &text, &length, error);
  if (status != HEED_OK) return status;
  if (length == 5 && memcmp(text, "llama", 5) == 0) return HEED_OK;
  return heed_fail(error, HEED_UNSUPPORTED,
                   "%s: general.architecture is \"%.*s\", expected \"llama\"",
                   gguf_name(file), (int)(length < 64 ? length : 64), text);
}

static heed_status read_numbers(const gguf_file *file, llm_shape *shape,
                                heed_error *error) {
  double epsilon;
  heed_status status = gguf_number(
      file, "llama.attention.layer_norm_rms_epsilon", &epsilon, error);
  if (status != HEED_OK) return status;
  shape->epsilon = (float)epsilon;
  shape->rope_base = 10000;
  if (!gguf_has(file, "llama.rope.freq_base")) return HEED_OK;
  return gguf_number(file, "llama.rope.freq_base", &shape->rope_base, error);
}

static heed_status read_sizes(const gguf_file *file, llm_shape *shape,
                              heed_error *error) {
  const struct {
    const char *key;
    size_t *value;
  } sizes[] = {{"llama.block_count", &shape->layers},
               {"llama.embedding_length", &shape->width},
               {"llama.attention.head_count", &shape->heads},
               {"llama.feed_forward_length", &shape->feed},
               {"llama.context_length", &shape->context}};
  for (size_t i = 0; i < sizeof sizes / sizeof *sizes; i++) {
    const heed_status status =
        positive(file, sizes[i].key, sizes[i].value, error);
    if (status != HEED_OK) return status;
  }
  return HEED_OK;
}

static heed_status read_shape(const gguf_file *file, llm_shape *shape,
                              heed_error *error) {
  const gguf_tensor *embedding = gguf_find(file, "token_embd.weight");
  heed_status status = check_architecture(file, error);
  if (status == HEED_OK) status = read_sizes(file, shape, error);
  if (status != HEED_OK) return status;
  shape->kv_heads = shape->heads;
  shape->head_width = shape->width / shape->heads;
  status =
      perhaps(file, "llama.attention.head_count_kv", &shape->kv_heads, error);
  if (status == HEED_OK)
    status =
        perhaps(file, "llama.attention.key_length", &shape->head_width, error);
  if (status == HEED_OK) status = read_numbers(file, shape, error);
  if (status != HEED_OK) return status;
  if (embedding == NULL || embedding->rank != 2 ||
      embedding->shape[1] > INT32_MAX)
    return heed_fail(error, HEED_INVALID,
                     "%s: missing tensor token_embd.weight of two dimensions",
                     gguf_name(file));
  shape->vocabulary = (size_t)embedding->shape[1];
  shape->tied = gguf_find(file, "output.weight") == NULL;
  status = llm_shape_check(shape, error);
  return status == HEED_OK ? metadata_check(file, shape, error) : status;
}

/* --- the weights ---------------------------------------------------------- */

static const gguf_tensor *find_tensor(const gguf_file *file,
                                      const llm_tensor *expected,
                                      heed_error *error) {
  const gguf_tensor *found = gguf_find(file, expected->name);
  const uint64_t rows = expected->rows > 0 ? expected->rows : 1;
  if (found == NULL) {
    (void)heed_fail(error, HEED_INVALID, "%s: missing tensor %s",
                    gguf_name(file), expected->name);
    return NULL;
  }
  if (found->shape[0] == expected->width && found->shape[1] == rows &&
      found->shape[2] == 1 && found->shape[3] == 1)
    return found;
  (void)heed_fail(
      error, HEED_INVALID,
      "%s: tensor %s is %llu x %llu x %llu x %llu, expected %zu x "
      "%llu",
      gguf_name(file), expected->name, (unsigned long long)found->shape[0],
      (unsigned long long)found->shape[1], (unsigned long long)found->shape[2],
      (unsigned long long)found->shape[3], expected->width,
      (unsigned long long)rows);
  return NULL;
}

/* An unknown tensor means a different model. */
static heed_status refuse_unknown(const gguf_file *file, const llm_shape *shape,
                                  const llm_layout *layout, heed_error *error) {
  const size_t expected = llm_tensor_count(shape);
  const size_t factors = gguf_find(file, "rope_freqs.weight") != NULL;
  /* All expected tensors were found, and names are unique. */
  if (gguf_tensor_count(file) == expected + factors) return HEED_OK;
  for (size_t i = 0; i < gguf_tensor_count(file); i++) {
    const char *name = gguf_tensor_at(file, i)->name;
    bool known = strcmp(name, "rope_freqs.weight") == 0;
    for (size_t j = 0; j < expected && !known; j++)
      known = strcmp(name, llm_tensor_at(shape, layout, j).name) == 0;
    if (!known)
      return heed_fail(error, HEED_UNSUPPORTED,
                       "%s: unknown tensor %s for this architecture",
                       gguf_name(file), name);
  }
  return HEED_OK;
}

static heed_status check_tensors(const gguf_file *file, const llm_shape *shape,
                                 heed_error *error) {
  const llm_layout layout = llm_layout_of(shape);
  for (size_t i = 0; i < llm_tensor_count(shape); i++) {
    const llm_tensor expected = llm_tensor_at(shape, &layout, i);
    if (find_tensor(file, &expected, error) == NULL) return HEED_INVALID;
  }
  return refuse_unknown(file, shape, &layout, error);
}

static heed_status fill_weights(const gguf_file *file, const llm_shape *shape,
                                float *weights, heed_error *error) {
  const llm_layout layout = llm_layout_of(shape);
  for (size_t i = 0; i < llm_tensor_count(shape); i++) {
    const llm_tensor expected = llm_tensor_at(shape, &layout, i);
    const gguf_tensor *found = find_tensor(file, &expected, error);
    heed_status status;
    if (found == NULL) return HEED_INVALID;
    status = gguf_rows(found, 0, expected.rows > 0 ? expected.rows : 1,
                       weights + expected.offset, error);
    if (status != HEED_OK) return status;
  }
  return HEED_OK;
}

/* Llama 3 divides each pair's frequency by its own factor. */
static heed_status divide_frequencies(const gguf_file *file, llm_model *self,
                                      heed_error *error) {
  const size_t pairs = self->shape.head_width / 2;
  const llm_tensor expected = {"rope_freqs.weight", 0, 0, pairs};
  const gguf_tensor *found;
  float *factor;
  heed_status status;
  if (gguf_find(file, expected.name) == NULL) return HEED_OK;
  found = find_tensor(file, &expected, error);
  if (found == NULL) return HEED_INVALID;
  factor = calloc(pairs, sizeof *factor);
  if (factor == NULL) return heed_no_memory(error);
  status = gguf_rows(found, 0, 1, factor, error);
  for (size_t i = 0; i < pairs && status == HEED_OK; i++) {
    if (!(factor[i] > 0) || !isfinite(factor[i]))
      status = heed_fail(error, HEED_INVALID,
                         "%s: %s holds %g, expected positive numbers",
                         gguf_name(file), expected.name, (double)factor[i]);
    else
      self->frequency[i] /= (double)factor[i];
  }
  free(factor);
  return status;
}

/* --- the file that is shared ---------------------------------------------- */

/* The weights start on the second page; the first identifies them. */
#define HEAD_BYTES 4096

typedef struct file_head {
  char magic[16];
  char key[128];
  uint64_t floats, byte_order;
} file_head;

static file_head head_of(const char *key, const llm_layout *layout) {
  file_head head = {.magic = "heed weights 1\n",
                    .floats = layout->count,
                    .byte_order = 0x0102030405060708u};
  (void)snprintf(head.key, sizeof head.key, "%s", key);
  return head;
}

static heed_status io_error(const char *did, const char *path,
                            heed_error *error) {
  return heed_fail(error, HEED_IO, "%s: cannot %s: %s", path, did,
                   strerror(errno));
}

/* Maps an existing valid file; else leaves *mapping NULL. */
static heed_status map_shared(const char *path, const file_head *expected,
                              size_t bytes, void **mapping, heed_error *error) {
  const int file = open(path, O_RDONLY | O_CLOEXEC);
  struct stat file_status;
  void *position;
  *mapping = NULL;
  if (file < 0)
    return errno == ENOENT ? HEED_OK : io_error("open", path, error);
  if (fstat(file, &file_status) != 0 || !S_ISREG(file_status.st_mode) ||
      (uint64_t)file_status.st_size != bytes) {
    (void)close(file);
    return HEED_OK;
  }
  position = mmap(NULL, bytes, PROT_READ, MAP_SHARED, file, 0);
  (void)close(file);
  if (position == MAP_FAILED) return io_error("map", path, error);
  if (memcmp(position, expected, sizeof *expected) == 0)
    *mapping = position;
  else
    (void)munmap(position, bytes);
  return HEED_OK;
}

/* Fills an open file of the right size through a mapping. */
static heed_status write_weights(int file, const char *path,
                                 const gguf_file *gguf, const llm_shape *shape,
                                 const file_head *head, size_t bytes,
                                 heed_error *error) {
  heed_status status;
  void *position;
  errno = posix_fallocate(file, 0, (off_t)bytes);
  if (errno != 0) return io_error("reserve its space", path, error);
  position = mmap(NULL, bytes, PROT_READ | PROT_WRITE, MAP_SHARED, file, 0);
  if (position == MAP_FAILED) return io_error("map", path, error);
  memcpy(position, head, sizeof *head);
  status = fill_weights(
      gguf, shape, (float *)(void *)((char *)position + HEAD_BYTES), error);
  if (status == HEED_OK && msync(position, bytes, MS_SYNC) != 0)
    status = io_error("write", path, error);
  (void)munmap(position, bytes);
  return status;
}

static heed_status make_shared(const char *path, const gguf_file *gguf,
                               const llm_shape *shape, const file_head *head,
                               size_t bytes, heed_error *error) {
  char *temporary = NULL;
  heed_status status;
  int file;
  if (asprintf(&temporary, "%s.XXXXXX", path) < 0) return heed_no_memory(error);
  file = mkstemp(temporary);
  if (file < 0) {
    status = io_error("create a file beside it", path, error);
    free(temporary);
    return status;
  }
  status = write_weights(file, temporary, gguf, shape, head, bytes, error);
  if (status == HEED_OK && (fchmod(file, 0644) != 0 || fsync(file) != 0))
    status = io_error("write", temporary, error);
  (void)close(file);
  if (status == HEED_OK && rename(temporary, path) != 0)
    status = io_error("rename to", path, error);
  if (status != HEED_OK) (void)unlink(temporary);
  free(temporary);
  return status;
}

/* Loads the weights of a model opened without them from FOLDER/KEY.weights. */
static heed_status share_weights(llm_model *self, const gguf_file *file,
                                 const char *folder, const char *key,
                                 heed_error *error) {
  file_head head;
  const size_t bytes = HEAD_BYTES + self->layout.count * sizeof(float);
  char *path = NULL;
  void *position = NULL;
  heed_status status;
  if (key == NULL || *key == '\0' || strlen(key) >= sizeof head.key ||
      strchr(key, '/') != NULL)
    return heed_fail(error, HEED_INTERNAL,
                     "the key of a model's file is not a hash");
  head = head_of(key, &self->layout);
  if (asprintf(&path, "%s/%s.weights", folder, key) < 0)
    return heed_no_memory(error);
  status = map_shared(path, &head, bytes, &position, error);
  if (status == HEED_OK && position == NULL) {
    status = make_shared(path, file, &self->shape, &head, bytes, error);
    if (status == HEED_OK)
      status = map_shared(path, &head, bytes, &position, error);
    if (status == HEED_OK && position == NULL)
      status = heed_fail(error, HEED_IO,
                         "%s: changed while it was being written", path);
  }
  free(path);
  if (status != HEED_OK) return status;
  (void)munmap(self->mapping, self->mapped);
  self->mapping = position;
  self->mapped = bytes;
  self->weights = (float *)(void *)((char *)position + HEAD_BYTES);
  self->own = false;
  return HEED_OK;
}

heed_status llm_model_open(const gguf_file *file, const char *folder,
                           const char *key, llm_model **opened,
                           heed_error *error) {
  llm_shape shape = {0};
  llm_model *self = NULL;
  heed_status status = read_shape(file, &shape, error);
  *opened = NULL;
  if (status == HEED_OK) status = check_tensors(file, &shape, error);
  /* Untouched pages of a new model cost nothing. */
  if (status == HEED_OK) status = llm_model_new(&shape, &self, error);
  if (status != HEED_OK) return status;
  status = divide_frequencies(file, self, error);
  if (status == HEED_OK)
    status = folder != NULL ? share_weights(self, file, folder, key, error)
                            : fill_weights(file, &shape, self->weights, error);
  if (status != HEED_OK) {
    llm_model_close(self);
    return status;
  }
  *opened = self;
  return HEED_OK;
}

/* --- saving -----------------------------------------------------------------
 */

/* Metadata of the weights and the tokenizer, of any type. */
static const char *const saved_keys[] = {
    "general.architecture",
    "general.name",
    "llama.block_count",
    "llama.context_length",
    "llama.embedding_length",
    "llama.feed_forward_length",
    "llama.vocab_size",
    "llama.attention.head_count",
    "llama.attention.head_count_kv",
    "llama.attention.key_length",
    "llama.attention.value_length",
    "llama.attention.layer_norm_rms_epsilon",
    "llama.rope.dimension_count",
    "llama.rope.freq_base",
    "tokenizer.chat_template",
    "tokenizer.ggml.model",
    "tokenizer.ggml.pre",
    "tokenizer.ggml.tokens",
    "tokenizer.ggml.token_type",
    "tokenizer.ggml.merges",
    "tokenizer.ggml.scores",
    "tokenizer.ggml.bos_token_id",
    "tokenizer.ggml.eos_token_id",
    "tokenizer.ggml.eot_token_id",
    "tokenizer.ggml.unknown_token_id",
    "tokenizer.ggml.padding_token_id",
    "tokenizer.ggml.add_bos_token",
    "tokenizer.ggml.add_eos_token",
    "tokenizer.ggml.add_space_prefix"};

static void put_tensors(gguf_writer *writer, const llm_model *self,
                        const float *factors) {
  for (size_t i = 0; i < llm_tensor_count(&self->shape); i++) {
    const llm_tensor tensor = llm_tensor_at(&self->shape, &self->layout, i);
    const uint64_t shape[] = {tensor.width, tensor.rows};
    gguf_writer_tensor(writer, tensor.name, tensor.rows > 0 ? 2 : 1, shape,
                       self->weights + tensor.offset);
  }
  if (factors != NULL) {
    const uint64_t pairs = self->shape.head_width / 2;
    gguf_writer_tensor(writer, "rope_freqs.weight", 1, &pairs, factors);
  }
}

heed_status llm_model_save(const llm_model *self, const gguf_file *gguf,
                           const char *path, heed_error *error) {
  const gguf_tensor *factors = gguf_find(gguf, "rope_freqs.weight");
  float *kept = calloc(self->shape.head_width, sizeof *kept);
  gguf_writer *writer = gguf_writer_new(path);
  heed_status status = HEED_OK;
  if (kept == NULL || writer == NULL) status = heed_no_memory(error);
  /* Already checked on opening, if this is its file. */
  if (status == HEED_OK && factors != NULL) {
    if (factors->shape[0] != self->shape.head_width / 2)
      status = heed_fail(error, HEED_INTERNAL,
                         "%s: not the file that the model was opened from",
                         gguf_name(gguf));
    else
      status = gguf_rows(factors, 0, 1, kept, error);
  }
  if (status == HEED_OK) {
    for (size_t i = 0; i < sizeof saved_keys / sizeof *saved_keys; i++)
      if (gguf_has(gguf, saved_keys[i]))
        gguf_writer_copy(writer, gguf, saved_keys[i]);
    gguf_writer_u32(writer, "general.file_type", 0); /* float32 */
    put_tensors(writer, self, factors != NULL ? kept : NULL);
    status = gguf_writer_finish(writer, error);
  }
  if (writer != NULL) gguf_writer_free(writer);
  free(kept);
  return status;
}
