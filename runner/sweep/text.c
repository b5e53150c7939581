/* SPDX-License-Identifier: GPL-3.0-or-later
 * Texts: Lua files and Lua strings.  JSON needs UTF-8 without zero bytes.  This
 * file refuses other texts, because here their place is known. */
#include "text.h"

#include <errno.h>
#include <fcntl.h>
#include <lua.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define LONGEST_FILE (16 << 20)

static bool is_utf8(const char *bytes, size_t length) {
  json_t *text = json_stringn(bytes, length);
  json_decref(text);
  return text != NULL;
}

bool text_is_utf8(const char *text) {
  return is_utf8(text, strlen(text));
}

bool text_has_control(const char *text) {
  for (; *text != '\0'; text++)
    if ((unsigned char)*text < 0x20) return true;
  return false;
}

/* ---- strings ---- */

const char *text_at(lua_State *lua, int index, const char *path,
                    heed_error *error) {
  size_t length;
  const char *text = lua_tolstring(lua, index, &length);
  const char *fault = NULL;
  if (strlen(text) != length)
    fault = "zero byte in a text";
  else if (!is_utf8(text, length))
    fault = "a text that is not UTF-8";
  if (fault == NULL) return text;
  (void)heed_fail(error, HEED_INVALID, "%s%s%s", path,
                  *path == '\0' ? "" : ": ", fault);
  return NULL;
}

/* ---- files ---- */

/* Reads the file's bytes; the caller frees them. */
static heed_status read_bytes(FILE *file, const char *name, char **bytes,
                              size_t *length, heed_error *error) {
  *length = 0;
  *bytes = malloc(LONGEST_FILE + 1);
  if (*bytes == NULL) return heed_no_memory(error);
  *length = fread(*bytes, 1, LONGEST_FILE + 1, file);
  if (ferror(file) != 0)
    return heed_fail(error, HEED_INVALID, "%s: cannot read: %s", name,
                     strerror(errno));
  if (*length > LONGEST_FILE)
    return heed_fail(error, HEED_INVALID,
                     "%s: longer than %d MiB: is it a sweep?", name,
                     LONGEST_FILE >> 20);
  return HEED_OK;
}

static size_t line_of(const char *bytes, const char *place) {
  size_t line = 1;
  for (; bytes < place; bytes++) line += *bytes == '\n';
  return line;
}

/* No multi-byte character of UTF-8 contains a line feed, so this can check each
 * line separately. */
static size_t first_bad_line(const char *bytes, size_t length) {
  const char *start = bytes, *const end = bytes + length;
  while (start < end) {
    const char *feed = memchr(start, '\n', (size_t)(end - start));
    const char *stop = feed == NULL ? end : feed + 1;
    if (!is_utf8(start, (size_t)(stop - start))) break;
    start = stop;
  }
  return line_of(bytes, start);
}

static heed_status check_bytes(const char *bytes, size_t length,
                               const char *name, heed_error *error) {
  const char *zero;
  if (length > 0 && bytes[0] == LUA_SIGNATURE[0])
    return heed_fail(error, HEED_INVALID, "%s: compiled Lua, expected text",
                     name);
  zero = memchr(bytes, '\0', length);
  if (zero != NULL)
    return heed_fail(error, HEED_INVALID, "%s:%zu: zero byte", name,
                     line_of(bytes, zero));
  if (!is_utf8(bytes, length))
    return heed_fail(error, HEED_INVALID, "%s:%zu: not UTF-8", name,
                     first_bad_line(bytes, length));
  return HEED_OK;
}

static heed_status read_text(FILE *file, const char *name, json_t **text,
                             heed_error *error) {
  char *bytes;
  size_t length;
  heed_status status = read_bytes(file, name, &bytes, &length, error);
  if (status == HEED_OK) status = check_bytes(bytes, length, name, error);
  if (status == HEED_OK) *text = json_stringn(bytes, length);
  free(bytes);
  return status;
}

/* O_NONBLOCK: to open a FIFO would wait for a writer. */
heed_status text_open(const char *path, const char *name, json_t **text,
                      heed_error *error) {
  const int descriptor = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
  struct stat found;
  FILE *file;
  heed_status status;
  if (descriptor < 0)
    return heed_fail(error, HEED_INVALID, "%s: cannot read: %s", name,
                     strerror(errno));
  if (fstat(descriptor, &found) != 0 || !S_ISREG(found.st_mode)) {
    (void)close(descriptor);
    return heed_fail(
        error, HEED_INVALID, "%s: %s, expected a file", name,
        S_ISDIR(found.st_mode) ? "is a folder" : "is not a regular file");
  }
  file = fdopen(descriptor, "rb");
  if (file == NULL) {
    (void)close(descriptor);
    return heed_no_memory(error);
  }
  status = read_text(file, name, text, error);
  (void)fclose(file);
  return status;
}
