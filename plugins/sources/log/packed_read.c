/* SPDX-License-Identifier: GPL-3.0-or-later
 * Reads the sections of a packed log. */
#include "sources/log/packed_read.h"

#include <endian.h>
#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "sources/log/faults.h"

#define WINDOW ((size_t)1 << 18)

/* ---- words ---- */

#define DROP_WORD(id, word) word,
const char *const packed_drops[] = {PACKED_DROPS(DROP_WORD) NULL};
#undef DROP_WORD

const char *packed_what(uint32_t id) {
  static const struct {
    packed_id id;
    const char *what;
  } all[] = {{PACKED_FACTS, "facts"},
             {PACKED_COLUMNS, "names of columns"},
             {PACKED_DIFFERENCES, "names of differences"},
             {PACKED_COVARIATES, "names of covariates"},
             {PACKED_FILES, "names of files"},
             {PACKED_FILE_FIRST, "first rows of files"},
             {PACKED_MODELS, "names of models"},
             {PACKED_TOPICS, "names of topics"},
             {PACKED_WORDS, "words of covariates"},
             {PACKED_CLASS_MODEL_A, "models A of classes"},
             {PACKED_CLASS_MODEL_B, "models B of classes"},
             {PACKED_CLASS_CHOICE, "choices of classes"},
             {PACKED_CLASS_LEFT, "left responses of classes"},
             {PACKED_USERS, "names of users"},
             {PACKED_FIRST, "first annotations of users"},
             {PACKED_CLASS, "classes"},
             {PACKED_PAIR, "pairs of annotations"},
             {PACKED_ROW, "rows"},
             {PACKED_LINE, "lines"},
             {PACKED_P, "p"},
             {PACKED_TIME, "times"},
             {PACKED_NUMBER, "numbers of a covariate"},
             {PACKED_WORD, "words of a covariate"},
             {PACKED_PAIRS, "names of pairs"},
             {PACKED_PAIR_MODEL_A, "models A of pairs"},
             {PACKED_PAIR_MODEL_B, "models B of pairs"},
             {PACKED_PAIR_LINE, "lines of pairs"},
             {PACKED_PAIR_FILE, "files of pairs"},
             {PACKED_PAIR_TOPIC, "topics of pairs"},
             {PACKED_GOLD, "gold answers"},
             {PACKED_DIFFERENCE, "differences of a feature"},
             {PACKED_TEXT_ROW, "rows of texts"},
             {PACKED_TEXT_TURNED, "sides of texts"},
             {PACKED_MESSAGES, "marks of messages"},
             {PACKED_TEXT_HASH, "hashes of texts"},
             {PACKED_HASH_KEY, "key of hashes"}};
  for (size_t i = 0; i < sizeof all / sizeof *all; i++)
    if (all[i].id == id) return all[i].what;
  return "an unknown section";
}

heed_status packed_damaged(const packed_file *self, const char *format, ...) {
  char what[HEED_MESSAGE_SIZE];
  va_list arguments;
  va_start(arguments, format);
  (void)vsnprintf(what, sizeof what, format, arguments);
  va_end(arguments);
  return log_fail(self->error, HEED_INVALID,
                  "%s: damaged packed log: %s; pack the log again", self->path,
                  what);
}

static heed_status section_damaged(const packed_file *self,
                                   const packed_section *section,
                                   const char *what) {
  return packed_damaged(self, "the section \"%s\" %s", packed_what(section->id),
                        what);
}

/* ---- bytes ---- */

static heed_status read_at(const packed_file *self, void *bytes, size_t length,
                           uint64_t offset) {
  char *next = bytes;
  while (length > 0) {
    const ssize_t step = pread(self->file, next, length, (off_t)offset);
    if (step < 0 && errno == EINTR) continue;
    if (step < 0)
      return heed_fail(self->error, HEED_IO, "%s: cannot read: %s", self->path,
                       strerror(errno));
    if (step == 0) return packed_damaged(self, "the file is truncated");
    next += step;
    offset += (uint64_t)step;
    length -= (size_t)step;
  }
  return HEED_OK;
}

static uint32_t number_32(const unsigned char *place) {
  uint32_t value;
  memcpy(&value, place, sizeof value);
  return le32toh(value);
}

static uint64_t number_64(const unsigned char *place) {
  uint64_t value;
  memcpy(&value, place, sizeof value);
  return le64toh(value);
}

static bool has_hash(const unsigned char *bytes, size_t length,
                     const unsigned char *expected) {
  unsigned char found[PACKED_HASH];
  (void)crypto_generichash(found, sizeof found, bytes, length, NULL, 0);
  return memcmp(found, expected, sizeof found) == 0;
}

/* ---- the directory ---- */

static packed_section section_at(const unsigned char *place) {
  packed_section made = {.id = number_32(place + PACKED_AT_ID),
                         .index = number_32(place + PACKED_AT_INDEX),
                         .encoding = number_32(place + PACKED_AT_ENCODING),
                         .width = number_32(place + PACKED_AT_WIDTH),
                         .base = (int64_t)number_64(place + PACKED_AT_BASE),
                         .count = number_64(place + PACKED_AT_VALUES),
                         .offset = number_64(place + PACKED_AT_OFFSET),
                         .length = number_64(place + PACKED_AT_LENGTH)};
  memcpy(made.hash, place + PACKED_AT_HASH, PACKED_HASH);
  return made;
}

static bool is_width(const packed_section *section) {
  const uint32_t width = section->width;
  switch (section->encoding) {
    case PACKED_INTEGERS:
      return width == 0 || width == 1 || width == 2 || width == 4 || width == 8;
    case PACKED_FLOATS:
      return width == 8;
    case PACKED_NAMES:
      return width == 0;
    default:
      return false;
  }
}

static heed_status check_section(const packed_file *self, size_t at,
                                 uint64_t end) {
  const packed_section *section = &self->sections[at];
  if (!is_width(section))
    return section_damaged(self, section, "has an unknown encoding");
  if (section->offset % PACKED_ALIGNMENT != 0 ||
      section->offset < PACKED_HEADER || section->offset > end ||
      section->length > end - section->offset)
    return section_damaged(self, section, "is outside the file");
  if (section->encoding == PACKED_NAMES
          ? section->count > section->length
          : (section->width == 0
                 ? section->length != 0
                 : section->length % section->width != 0 ||
                       section->length / section->width != section->count))
    return section_damaged(self, section, "has a wrong length");
  for (size_t i = 0; i < at; i++)
    if (self->sections[i].id == section->id &&
        self->sections[i].index == section->index)
      return section_damaged(self, section, "is there twice");
  return HEED_OK;
}

static heed_status read_directory(packed_file *self, uint64_t offset,
                                  const unsigned char *hash) {
  const size_t length = self->count * PACKED_ENTRY;
  unsigned char *bytes = malloc(length + 1);
  heed_status status;
  self->sections = calloc(self->count + 1, sizeof *self->sections);
  self->checked = calloc(self->count + 1, sizeof *self->checked);
  if (bytes == NULL || self->sections == NULL || self->checked == NULL) {
    free(bytes);
    return heed_no_memory(self->error);
  }
  status = read_at(self, bytes, length, offset);
  if (status == HEED_OK && !has_hash(bytes, length, hash))
    status = packed_damaged(self, "the directory has a wrong hash");
  for (size_t i = 0; status == HEED_OK && i < self->count; i++) {
    self->sections[i] = section_at(bytes + i * PACKED_ENTRY);
    status = check_section(self, i, offset);
  }
  free(bytes);
  return status;
}

static heed_status read_header(packed_file *self, uint64_t size) {
  unsigned char header[PACKED_HEADER];
  uint64_t directory;
  heed_status status;
  if (size < PACKED_HEADER)
    return packed_damaged(self, "the file is truncated");
  status = read_at(self, header, sizeof header, 0);
  if (status != HEED_OK) return status;
  if (memcmp(header, PACKED_MAGIC, sizeof PACKED_MAGIC - 1) != 0)
    return heed_fail(self->error, HEED_INVALID,
                     "%s: is not a packed log; heed pack makes one",
                     self->path);
  if (number_32(header + PACKED_AT_VERSION) != PACKED_VERSION)
    return heed_fail(self->error, HEED_UNSUPPORTED,
                     "%s: a packed log of version %u, expected %u", self->path,
                     (unsigned)number_32(header + PACKED_AT_VERSION),
                     PACKED_VERSION);
  if (!has_hash(header, PACKED_AT_HEADER_HASH, header + PACKED_AT_HEADER_HASH))
    return packed_damaged(self, "the header has a wrong hash");
  self->count = number_32(header + PACKED_AT_COUNT);
  directory = number_64(header + PACKED_AT_DIRECTORY);
  if (number_64(header + PACKED_AT_SIZE) != size)
    return packed_damaged(
        self, "the file has %llu bytes, expected %llu",
        (unsigned long long)size,
        (unsigned long long)number_64(header + PACKED_AT_SIZE));
  if (self->count > PACKED_SECTIONS_MOST || directory > size ||
      size - directory != self->count * PACKED_ENTRY)
    return packed_damaged(self, "the directory is outside the file");
  return read_directory(self, directory, header + PACKED_AT_DIRECTORY_HASH);
}

/* ---- facts ---- */

static const int64_t most_facts[FACT_COUNT] = {
    [FACT_ANNOTATIONS] = INT64_MAX / 64,
    [FACT_USERS] = UINT32_MAX - 1,
    [FACT_PAIRS] = UINT32_MAX - 1,
    [FACT_MODELS] = INT32_MAX,
    [FACT_CLASSES] = UINT32_MAX - 1,
    [FACT_MALFORMED] = INT64_MAX / 2,
    [FACT_OMITTED] = INT64_MAX / 2,
    [FACT_ROWS] = INT64_MAX / 2,
    [FACT_TIME_FORM] = 2,
    [FACT_IS_ROW] = 1,
    [FACT_DROPPED] = (1 << DROP_COUNT) - 1};

static bool is_fact_valid(const packed_file *self, int fact) {
  return self->facts[fact] >= 0 && self->facts[fact] <= most_facts[fact];
}

static heed_status check_names_of(const packed_file *self, packed_id id,
                                  int fact) {
  const packed_section *section = packed_find(self, id, 0);
  if (section != NULL && section->count == (uint64_t)self->facts[fact])
    return HEED_OK;
  return packed_damaged(self, "the section \"%s\" does not fit the facts",
                        packed_what(id));
}

/* A small file cannot claim more annotations, classes or names than it has
 * bytes: nobody can make heed ask for much memory. */
static heed_status check_size(const packed_file *self) {
  const packed_section *section = packed_find(self, PACKED_CLASS, 0);
  const int64_t annotations = self->facts[FACT_ANNOTATIONS];
  heed_status status = check_names_of(self, PACKED_USERS, FACT_USERS);
  if (status == HEED_OK)
    status = check_names_of(self, PACKED_MODELS, FACT_MODELS);
  if (status == HEED_OK && packed_has(self, PACKED_PAIRS))
    status = check_names_of(self, PACKED_PAIRS, FACT_PAIRS);
  if (status != HEED_OK) return status;
  if (section == NULL || (annotations > 0 && section->width == 0) ||
      section->count != (uint64_t)annotations ||
      self->facts[FACT_CLASSES] > annotations)
    return packed_damaged(self, "the section \"%s\" does not fit the facts",
                          packed_what(PACKED_CLASS));
  return HEED_OK;
}

static heed_status read_facts(packed_file *self) {
  packed_cursor cursor;
  heed_status status = packed_cursor_open(&cursor, self, PACKED_FACTS, 0,
                                          FACT_COUNT, INT64_MIN, INT64_MAX);
  if (status == HEED_OK)
    status = packed_next_integers(&cursor, self->facts, FACT_COUNT);
  if (status == HEED_OK) status = packed_cursor_end(&cursor);
  packed_cursor_close(&cursor);
  for (int i = 0; status == HEED_OK && i < FACT_COUNT; i++)
    if (!is_fact_valid(self, i))
      status =
          packed_damaged(self, "fact %d is %lld, expected 0 to %lld", i,
                         (long long)self->facts[i], (long long)most_facts[i]);
  return status == HEED_OK ? check_size(self) : status;
}

/* ---- the file ---- */

heed_status packed_open(packed_file *self, const char *path,
                        heed_error *error) {
  struct stat found;
  heed_status status;
  *self = (packed_file){.path = path, .error = error};
  self->file = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
  if (self->file < 0 || fstat(self->file, &found) != 0)
    return heed_fail(error, HEED_IO, "%s: cannot read: %s", path,
                     strerror(errno));
  if (!S_ISREG(found.st_mode))
    return heed_fail(error, HEED_INVALID, "%s: is not a regular file", path);
  status = read_header(self, (uint64_t)found.st_size);
  return status == HEED_OK ? read_facts(self) : status;
}

void packed_close(packed_file *self) {
  if (self->file >= 0) (void)close(self->file);
  free(self->sections);
  free(self->checked);
}

bool packed_is(const char *path) {
  char bytes[sizeof PACKED_MAGIC - 1];
  const int file = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
  bool is;
  if (file < 0) return false;
  is = pread(file, bytes, sizeof bytes, 0) == (ssize_t)sizeof bytes &&
       memcmp(bytes, PACKED_MAGIC, sizeof bytes) == 0;
  (void)close(file);
  return is;
}

const packed_section *packed_find(const packed_file *self, packed_id id,
                                  size_t index) {
  for (size_t i = 0; i < self->count; i++)
    if (self->sections[i].id == id && self->sections[i].index == index)
      return &self->sections[i];
  return NULL;
}

/* ---- cursors ---- */

heed_status packed_cursor_open(packed_cursor *self, packed_file *file,
                               packed_id id, size_t index, uint64_t count,
                               int64_t low, int64_t high) {
  const packed_section *section = packed_find(file, id, index);
  *self = (packed_cursor){.file = file,
                          .section = section,
                          .left = count,
                          .low = low,
                          .high = high};
  if (section == NULL)
    return packed_damaged(file, "the section \"%s\" is missing",
                          packed_what(id));
  if (section->count != count)
    return packed_damaged(file,
                          "the section \"%s\" has %llu values, expected %llu",
                          packed_what(id), (unsigned long long)section->count,
                          (unsigned long long)count);
  self->window = malloc(WINDOW);
  if (self->window == NULL) return heed_no_memory(file->error);
  (void)crypto_generichash_init(&self->hash, NULL, 0, PACKED_HASH);
  return HEED_OK;
}

void packed_cursor_close(packed_cursor *self) {
  free(self->window);
  self->window = NULL;
}

/* Reads the next bytes into the window, which is used up. */
static heed_status fill(packed_cursor *self) {
  const uint64_t left = self->section->length - self->read;
  const size_t step = left < WINDOW ? (size_t)left : WINDOW;
  const heed_status status = read_at(self->file, self->window, step,
                                     self->section->offset + self->read);
  if (status != HEED_OK) return status;
  (void)crypto_generichash_update(&self->hash, self->window, step);
  self->read += step;
  self->filled = step;
  self->used = 0;
  return HEED_OK;
}

/* Widths divide the window: no value straddles its end. */
static heed_status next_bytes(packed_cursor *self, size_t width,
                              const unsigned char **bytes, size_t *count) {
  if (self->used == self->filled) {
    const heed_status status = fill(self);
    if (status != HEED_OK) return status;
  }
  const size_t ready = (self->filled - self->used) / width;
  if (*count > ready) *count = ready;
  *bytes = self->window + self->used;
  self->used += *count * width;
  return HEED_OK;
}

static uint64_t stored(const unsigned char *bytes, uint32_t width) {
  uint16_t two;
  switch (width) {
    case 1:
      return *bytes;
    case 2:
      memcpy(&two, bytes, sizeof two);
      return le16toh(two);
    case 4:
      return number_32(bytes);
    default:
      return number_64(bytes);
  }
}

static heed_status out_of_range(const packed_cursor *self, int64_t value) {
  return packed_damaged(self->file,
                        "the section \"%s\" has %lld, expected %lld to %lld",
                        packed_what(self->section->id), (long long)value,
                        (long long)self->low, (long long)self->high);
}

static heed_status decode(packed_cursor *self, const unsigned char *bytes,
                          int64_t *values, size_t count) {
  const packed_section *section = self->section;
  const uint64_t base = (uint64_t)section->base;
  const uint32_t width = section->width;
  bool fit = true;
  for (size_t i = 0; i < count; i++) {
    values[i] =
        (int64_t)(base + (width == 0 ? 0 : stored(bytes + i * width, width)));
    fit = fit && values[i] >= self->low && values[i] <= self->high;
  }
  if (fit) return HEED_OK;
  while (*values >= self->low && *values <= self->high) values++;
  return out_of_range(self, *values);
}

heed_status packed_next_integers(packed_cursor *self, int64_t *values,
                                 size_t count) {
  const uint32_t width = self->section->width;
  heed_status status = HEED_OK;
  if (self->section->encoding != PACKED_INTEGERS)
    return section_damaged(self->file, self->section, "has no integers");
  if (count > self->left)
    return section_damaged(self->file, self->section, "is too short");
  self->left -= count;
  while (count > 0 && status == HEED_OK) {
    const unsigned char *bytes = NULL;
    size_t step = count;
    if (width > 0) status = next_bytes(self, width, &bytes, &step);
    if (status == HEED_OK) status = decode(self, bytes, values, step);
    values += step;
    count -= step;
  }
  return status;
}

static heed_status next_whole(packed_cursor *self, double *values,
                              size_t count) {
  int64_t block[256];
  heed_status status = HEED_OK;
  while (count > 0 && status == HEED_OK) {
    const size_t step = count < 256 ? count : 256;
    status = packed_next_integers(self, block, step);
    for (size_t i = 0; i < step; i++) values[i] = (double)block[i];
    values += step;
    count -= step;
  }
  return status;
}

heed_status packed_next_floats(packed_cursor *self, double *values,
                               size_t count) {
  heed_status status = HEED_OK;
  if (self->section->encoding == PACKED_INTEGERS) {
    self->low = INT64_MIN;
    self->high = INT64_MAX;
    return next_whole(self, values, count);
  }
  if (self->section->encoding != PACKED_FLOATS)
    return section_damaged(self->file, self->section, "has no numbers");
  if (count > self->left)
    return section_damaged(self->file, self->section, "is too short");
  self->left -= count;
  while (count > 0 && status == HEED_OK) {
    const unsigned char *bytes;
    size_t step = count;
    status = next_bytes(self, sizeof(double), &bytes, &step);
    for (size_t i = 0; status == HEED_OK && i < step; i++) {
      const uint64_t bits = number_64(bytes + i * sizeof(double));
      memcpy(&values[i], &bits, sizeof bits);
    }
    values += step;
    count -= step;
  }
  return status;
}

/* As many names as the directory says, each of UTF-8. */
static heed_status check_names(const packed_cursor *self, const char *bytes) {
  const size_t length = (size_t)self->section->length;
  uint64_t count = 0;
  for (size_t at = 0; at < length;) {
    const char *end = memchr(bytes + at, '\0', length - at);
    size_t size;
    if (end == NULL)
      return section_damaged(self->file, self->section, "ends within a name");
    size = (size_t)(end - bytes) - at;
    if (log_not_utf8(bytes + at, size) != size)
      return section_damaged(self->file, self->section,
                             "has a name that is not UTF-8");
    at += size + 1;
    count++;
  }
  if (count == self->section->count) return HEED_OK;
  return packed_damaged(
      self->file, "the section \"%s\" has %llu names, expected %llu",
      packed_what(self->section->id), (unsigned long long)count,
      (unsigned long long)self->section->count);
}

heed_status packed_read_names(packed_cursor *self, char *bytes) {
  heed_status status = HEED_OK;
  char *next = bytes;
  if (self->section->encoding != PACKED_NAMES)
    return section_damaged(self->file, self->section, "has no names");
  while (status == HEED_OK && self->read < self->section->length) {
    status = fill(self);
    if (status == HEED_OK) memcpy(next, self->window, self->filled);
    next += self->filled;
    self->used = self->filled;
  }
  self->left = 0;
  return status == HEED_OK ? check_names(self, bytes) : status;
}

heed_status packed_cursor_end(packed_cursor *self) {
  unsigned char found[PACKED_HASH];
  if (self->left > 0 || self->read != self->section->length)
    return section_damaged(self->file, self->section,
                           "was not read to its end");
  (void)crypto_generichash_final(&self->hash, found, sizeof found);
  if (memcmp(found, self->section->hash, sizeof found) != 0)
    return section_damaged(self->file, self->section, "has a wrong hash");
  self->file->checked[self->section - self->file->sections] = true;
  return HEED_OK;
}

static heed_status check_hash(packed_file *self, size_t at) {
  const packed_section *section = &self->sections[at];
  packed_cursor cursor;
  heed_status status =
      packed_cursor_open(&cursor, self, (packed_id)section->id, section->index,
                         section->count, INT64_MIN, INT64_MAX);
  while (status == HEED_OK && cursor.read < section->length)
    status = fill(&cursor);
  cursor.left = 0;
  if (status == HEED_OK) status = packed_cursor_end(&cursor);
  packed_cursor_close(&cursor);
  return status;
}

heed_status packed_check_rest(packed_file *self) {
  heed_status status = HEED_OK;
  for (size_t i = 0; status == HEED_OK && i < self->count; i++)
    if (!self->checked[i]) status = check_hash(self, i);
  return status;
}

/* ---- streams ---- */

heed_status packed_stream_open(packed_stream *self, packed_file *file) {
  const int64_t annotations = file->facts[FACT_ANNOTATIONS];
  const int64_t users = file->facts[FACT_USERS];
  heed_status status;
  *self = (packed_stream){.users = (size_t)users};
  status = packed_cursor_open(&self->first, file, PACKED_FIRST, 0,
                              (uint64_t)users + 1, 0, annotations);
  if (status == HEED_OK)
    status = packed_cursor_open(&self->classes, file, PACKED_CLASS, 0,
                                (uint64_t)annotations, 0,
                                file->facts[FACT_CLASSES] - 1);
  if (status == HEED_OK)
    status = packed_next_integers(&self->first, &self->begin, 1);
  if (status == HEED_OK && self->begin != 0)
    status =
        section_damaged(file, self->first.section, "does not begin with 0");
  return status;
}

void packed_stream_close(packed_stream *self) {
  packed_cursor_close(&self->first);
  packed_cursor_close(&self->classes);
  free(self->class_of);
}

static heed_status finish_stream(packed_stream *self) {
  heed_status status = packed_cursor_end(&self->first);
  return status == HEED_OK ? packed_cursor_end(&self->classes) : status;
}

heed_status packed_next_user(packed_stream *self, bool *any) {
  int64_t end;
  heed_status status;
  *any = self->user < self->users;
  if (!*any) return finish_stream(self);
  status = packed_next_integers(&self->first, &end, 1);
  if (status != HEED_OK) return status;
  if (end < self->begin)
    return section_damaged(self->first.file, self->first.section, "descends");
  self->count = (size_t)(end - self->begin);
  self->begin = end;
  self->user++;
  if (self->count > self->room) {
    int64_t *more = reallocarray(self->class_of, 2 * self->count, sizeof *more);
    if (more == NULL) return heed_no_memory(self->first.file->error);
    self->class_of = more;
    self->room = 2 * self->count;
  }
  return packed_next_integers(&self->classes, self->class_of, self->count);
}
