/* SPDX-License-Identifier: GPL-3.0-or-later
 * Reads a table from a file with the reader of its format. */
#include "sources/log/read.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "sources/log/formats.h"

const char *const log_format_words[] = {"auto", "csv", "jsonl", "hdf5", NULL};

#define LOOK_SIZE (1L << 26) /* bytes, for a look at the first rows */

static bool ends_in(const char *path, const char *end) {
  const size_t length = strlen(path), tail = strlen(end);
  return length >= tail && strcmp(path + length - tail, end) == 0;
}

static log_format format_of(const char *path) {
  if (ends_in(path, ".jsonl") || ends_in(path, ".ndjson") ||
      ends_in(path, ".json"))
    return LOG_JSONL;
  if (ends_in(path, ".h5") || ends_in(path, ".hdf5") || ends_in(path, ".nc"))
    return LOG_HDF5;
  return LOG_CSV;
}

/* Reads a whole file; for a look at its first rows the first lines are enough.
 */
static heed_status slurp(const heed_host *host, log_rows *rows,
                         const char **bytes, size_t *length,
                         heed_error *error) {
  const char *path = rows->path;
  FILE *file = fopen(path, "rb");
  char *all = NULL;
  long size = -1;
  heed_status status = HEED_OK;
  if (file == NULL)
    return heed_fail(error, HEED_IO, "%s: cannot read: %s", path,
                     strerror(errno));
  if (fseek(file, 0, SEEK_END) == 0) size = ftell(file);
  rows->cut = rows->most != SIZE_MAX && size > LOOK_SIZE;
  if (rows->cut) size = LOOK_SIZE;
  if (size >= 0) all = host->scratch(host, (size_t)size + 1, 1);
  if (size >= 0 && all == NULL)
    status = heed_no_memory(error);
  else if (size < 0 || fseek(file, 0, SEEK_SET) != 0 ||
           fread(all, 1, (size_t)size, file) != (size_t)size)
    status = heed_fail(error, HEED_IO, "%s: cannot read", path);
  (void)fclose(file);
  if (status != HEED_OK) return status;
  while (rows->cut && size > 0 && strchr("\r\n", all[size - 1]) == NULL) size--;
  *bytes = all;
  *length = (size_t)size;
  /* A byte order mark is redundant in UTF-8. */
  if (*length >= 3 && memcmp(all, "\xEF\xBB\xBF", 3) == 0) {
    *bytes += 3;
    *length -= 3;
  }
  return HEED_OK;
}

/* Names a form of file that often stands in for a text file. */
static heed_status refuse_other_forms(const char *path, const char *bytes,
                                      size_t length, heed_error *error) {
  static const struct {
    const char *start, *what;
  } forms[] = {{"\xFF\xFE", "UTF-16 text; save it as UTF-8"},
               {"\xFE\xFF", "UTF-16 text; save it as UTF-8"},
               {"PK\x03\x04",
                "a ZIP archive or a spreadsheet; export it as "
                "CSV"},
               {"\x1F\x8B", "compressed with gzip; decompress it first"},
               {"PAR1", "a Parquet file; convert it to CSV or JSON Lines"},
               {"\x89HDF", "an HDF5 file; set source.format = \"hdf5\""}};
  for (size_t i = 0; i < sizeof forms / sizeof *forms; i++) {
    const size_t size = strlen(forms[i].start);
    if (length >= size && memcmp(bytes, forms[i].start, size) == 0)
      return log_fail(error, HEED_INVALID, "%s: the file is %s", path,
                      forms[i].what);
  }
  return HEED_OK;
}

heed_status log_read(const heed_host *host, const char *path, log_format format,
                     const char *const *names, const bool *numbers,
                     size_t width, size_t most, log_faults *faults,
                     log_rows *result, heed_error *error) {
  const char *bytes = NULL;
  size_t length = 0;
  heed_status status;
  memset(result, 0, sizeof *result);
  result->path = path;
  result->width = width;
  result->most = most;
  if (format == LOG_AUTO) format = format_of(path);
  result->unit = format == LOG_HDF5 ? "row" : "line";
  if (format == LOG_HDF5)
    return log_read_hdf5(host, names, numbers, faults, result, error);
  status = slurp(host, result, &bytes, &length, error);
  if (status != HEED_OK) return status;
  if (length == 0)
    return heed_fail(error, HEED_INVALID, "%s: the file is empty", path);
  status = refuse_other_forms(path, bytes, length, error);
  if (status != HEED_OK) return status;
  return format == LOG_CSV
             ? log_read_csv(host, bytes, length, names, faults, result, error)
             : log_read_jsonl(host, bytes, length, names, numbers, faults,
                              result, error);
}
