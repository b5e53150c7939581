/* SPDX-License-Identifier: GPL-3.0-or-later
 * heed pack: reads a log and writes it as one packed file. */
#include <string.h>
#include <sys/stat.h>
#include <sys/statvfs.h>

#include "sources/log/packed_content.h"
#include "sources/log/packed_save.h"
#include "sources/log/presets.h"

static heed_status find_drop(const char *word, unsigned *drop,
                             heed_error *error) {
  char known[160] = "";
  for (unsigned i = 0; i < DROP_COUNT; i++) {
    if (strcmp(packed_drops[i], word) == 0) {
      *drop |= 1u << i;
      return HEED_OK;
    }
    log_add(known, sizeof known, "%s%s", i == 0 ? "" : ", ", packed_drops[i]);
  }
  return log_fail(error, HEED_INVALID,
                  "--drop: found \"%.60s\", expected one of %s", word, known);
}

static heed_status find_drops(const heed_packing *packing, unsigned *drop,
                              heed_error *error) {
  heed_status status = HEED_OK;
  *drop = 0;
  for (size_t i = 0; status == HEED_OK && i < packing->drop_count; i++)
    status = find_drop(packing->drop[i], drop, error);
  return status;
}

/* ---- how much there is ---- */

#define SAMPLE 1000 /* rows of each file */
#define UNPACKED 5  /* bytes of a log for a byte of a compressed file, about */

/* What the log may need, in bytes, from its size and its first rows. */
typedef struct pack_size {
  size_t rows;    /* of the sample */
  uint64_t cells; /* their bytes */
  size_t width;
  double count; /* rows of the log */
  double memory, temporary, packed;
} pack_size;

static heed_status weigh_row(void *context, const log_row *row) {
  pack_size *size = context;
  for (size_t i = 0; i < size->width; i++) size->cells += row->cells[i].length;
  size->rows++;
  return HEED_OK;
}

static bool is_compressed(const char *path) {
  const char *dot = strrchr(path, '.');
  return dot != NULL && (strcmp(dot, ".gz") == 0 || strcmp(dot, ".zst") == 0);
}

static double bytes_of_files(const log_reading *self) {
  double bytes = 0;
  for (size_t i = 0; i < log_file_count(self); i++) {
    const char *path = log_path(self, i);
    struct stat found;
    if (stat(path, &found) == 0)
      bytes += (double)found.st_size * (is_compressed(path) ? UNPACKED : 1);
  }
  return bytes;
}

static size_t columns_of(const log_reading *self) {
  const log_settings *settings = self->settings;
  size_t columns = 0;
  for (size_t i = 0; i < COLUMN_COUNT; i++)
    columns += settings->column[i] != NULL;
  return columns + self->features + settings->covariate_count;
}

/* Columns that a temporary file keeps as floats. */
static size_t floats_of(const log_reading *self) {
  const log_settings *settings = self->settings;
  return (size_t)(settings->column[P] != NULL) +
         (size_t)(settings->column[TIME] != NULL) +
         (size_t)(settings->column[GOLD] != NULL) + self->features +
         settings->covariate_count;
}

/* In memory: 24 bytes of an annotation and about 60 of a pair with a short
 * name; every further column has 8.  On the disk: an annotation and a pair are
 * in at most two files, with names of pairs, and hashes of texts. */
static heed_status guess_size(log_reading *self, pack_size *size) {
  const double columns = (double)columns_of(self);
  const double floats = (double)floats_of(self);
  const double hashes = log_has_texts(self->settings) ? 32 : 0;
  heed_status status;
  double row;
  *size = (pack_size){.width = self->width};
  self->most = SAMPLE;
  status = log_read_again(self, (log_sink){weigh_row, NULL, size});
  self->most = SIZE_MAX;
  if (status != HEED_OK || size->rows == 0) return status;
  row = (double)size->cells / (double)size->rows;
  size->count = bytes_of_files(self) / (row + columns);
  size->memory = size->count * (84 + row / 2 + 8 * columns);
  size->packed = size->count * (16 + row / 2 + 4 * columns);
  size->temporary = size->count * 2 * (row + 24 + 9 * floats + hashes);
  return HEED_OK;
}

static heed_status need_space(const log_reading *self,
                              const heed_packing *packing, double bytes,
                              const char *what) {
  struct statvfs found;
  double left;
  if (fstatvfs(packing->output, &found) != 0) return HEED_OK;
  left = (double)found.f_bavail * (double)found.f_frsize;
  if (left >= bytes) return HEED_OK;
  return heed_fail(self->error, HEED_IO,
                   "%s: %s may need %.0f MB, but the disk has %.0f MB left",
                   packing->folder, what, bytes / 1e6, left / 1e6);
}

/* ---- the log ---- */

static heed_status check_rows(const log_reading *self) {
  if (self->all.count > 0) return HEED_OK;
  return log_fail(self->error, HEED_INVALID, "%s: no annotations to pack",
                  log_path(self, 0));
}

static heed_status check_drops(const log_reading *self, unsigned drop) {
  if ((drop >> DROP_PAIR & 1) == 0 ||
      self->settings->column[LEFT_MODEL] != NULL || self->is_packed)
    return HEED_OK;
  return log_fail(self->error, HEED_INVALID,
                  "--drop pair: the log names no models (source.columns."
                  "model_a): nothing would tell annotations apart");
}

static heed_status pack_in_memory(log_reading *self,
                                  const heed_packing *packing, unsigned drop) {
  heed_status status = check_rows(self);
  if (status == HEED_OK) status = check_drops(self, drop);
  if (status == HEED_OK)
    status =
        need_space(self, packing, (double)log_bytes(self), "the packed log");
  if (status == HEED_OK) status = packed_save(self, drop, packing->output);
  if (status == HEED_OK)
    packed_tell(self, self->all.count, self->pairs.names.count);
  return status;
}

static heed_status pack_sorted(log_reading *self, const heed_packing *packing,
                               const pack_size *size, unsigned drop) {
  heed_status status;
  self->host->log(self->host,
                  "about %.0f rows, more than fit in %.0f MB of memory: up to "
                  "%.0f MB of temporary files in %s, and %.0f MB for the "
                  "packed log",
                  size->count, (double)packing->memory / 1e6,
                  size->temporary / 1e6, packing->folder, size->packed / 1e6);
  status = check_drops(self, drop);
  if (status == HEED_OK)
    status = need_space(self, packing, size->temporary + size->packed,
                        "temporary files and the packed log");
  if (status != HEED_OK) return status;
  return packed_sort(self, packing, drop, (uint64_t)size->memory);
}

static heed_status pack_earlier(log_reading *self, log_settings *settings,
                                const heed_packing *packing, unsigned drop) {
  heed_status status =
      packed_load_to_append(self, settings, packing->earlier, &drop);
  if (status == HEED_OK) status = log_read_rows(self);
  return status == HEED_OK ? pack_in_memory(self, packing, drop) : status;
}

static heed_status pack_rows(log_reading *self, const heed_packing *packing,
                             unsigned drop) {
  pack_size size;
  heed_status status = guess_size(self, &size);
  if (status != HEED_OK) return status;
  if (size.memory > (double)packing->memory)
    return pack_sorted(self, packing, &size, drop);
  status = log_read_rows(self);
  return status == HEED_OK ? pack_in_memory(self, packing, drop) : status;
}

static heed_status pack_again(log_reading *self, log_settings *settings,
                              const heed_packing *packing, unsigned drop) {
  const heed_status status = packed_load(self, settings);
  return status == HEED_OK ? pack_in_memory(self, packing, drop) : status;
}

static void report(const log_reading *self) {
  if (self->faults.count > 0)
    self->host->warn(self->host, "rows_skipped", "skipped %zu malformed row%s",
                     self->faults.count, heed_plural(self->faults.count));
}

static heed_status pack_log(log_reading *self, log_settings *settings,
                            const heed_packing *packing) {
  unsigned drop = 0;
  bool is_packed = false;
  heed_status status = find_drops(packing, &drop, self->error);
  if (status == HEED_OK)
    status = packed_is_source(settings, &is_packed, self->error);
  if (status == HEED_OK && is_packed && packing->earlier != NULL)
    return log_fail(self->error, HEED_INVALID,
                    "%s: is packed; --append adds the rows of a log that is "
                    "not packed",
                    log_path(self, 0));
  if (status == HEED_OK) status = log_open_reading(self);
  if (status != HEED_OK) return status;
  status = is_packed ? pack_again(self, settings, packing, drop)
           : packing->earlier != NULL
               ? pack_earlier(self, settings, packing, drop)
               : pack_rows(self, packing, drop);
  if (status == HEED_OK) report(self);
  return status;
}

heed_status log_pack(const heed_value *values, const heed_host *host,
                     const heed_packing *packing, heed_error *error) {
  log_reading self = {
      .host = host,
      .error = error,
      .most = SIZE_MAX,
      .memory = packing->memory,
      .faults = {.host = host,
                 .skip = values[MALFORMED].integer == MALFORMED_SKIP}};
  log_settings *settings = NULL;
  heed_status status = log_settle(host, values, &settings, error);
  bool is_packed = false;
  self.settings = settings;
  if (status == HEED_OK) status = packed_is_source(settings, &is_packed, error);
  if (status == HEED_OK && !is_packed && log_preset_of(values) != PRESET_NONE)
    status = log_settle_preset(host, settings, error);
  if (status == HEED_OK) status = log_check_settings(settings, error);
  if (status == HEED_OK) status = pack_log(&self, settings, packing);
  log_close_reading(&self);
  return status;
}
