/* SPDX-License-Identifier: GPL-3.0-or-later
 * heed pack: reads a log and writes it as one packed file. */
#include <errno.h>
#include <string.h>
#include <sys/statvfs.h>

#include "sources/log/packed_save.h"

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

/* Bytes of the packed log at most: each column as wide as it can be. */
static uint64_t size_of(const log_reading *self) {
  return log_bytes(self) + self->all.count * sizeof(uint32_t);
}

static heed_status check_space(const log_reading *self,
                               const heed_packing *packing) {
  struct statvfs found;
  const uint64_t needed = size_of(self);
  uint64_t free_bytes;
  if (fstatvfs(packing->output, &found) != 0) return HEED_OK;
  free_bytes = (uint64_t)found.f_bavail * found.f_frsize;
  if (free_bytes >= needed) return HEED_OK;
  return heed_fail(self->error, HEED_IO,
                   "%s: the packed log may need %llu MB, but the disk has "
                   "%llu MB left",
                   packing->folder, (unsigned long long)(needed / 1000000),
                   (unsigned long long)(free_bytes / 1000000));
}

static heed_status check_rows(const log_reading *self) {
  if (self->all.count > 0) return HEED_OK;
  return log_fail(self->error, HEED_INVALID, "%s: no annotations to pack",
                  log_path(self, 0));
}

static heed_status check_drops(const log_reading *self, unsigned drop) {
  if ((drop >> DROP_PAIR & 1) == 0 || self->pairs.model_a != NULL)
    return HEED_OK;
  return log_fail(self->error, HEED_INVALID,
                  "--drop pair: the log names no models (source.columns."
                  "model_a): nothing would tell annotations apart");
}

static heed_status read_log(log_reading *self, log_settings *settings,
                            const heed_packing *packing, unsigned *drop) {
  bool is_packed = false;
  heed_status status = packed_is_source(settings, &is_packed, self->error);
  if (status == HEED_OK && is_packed && packing->earlier != NULL)
    return log_fail(self->error, HEED_INVALID,
                    "%s: is packed; --append adds the rows of a log that is "
                    "not packed",
                    log_path(self, 0));
  if (status == HEED_OK) status = log_open_reading(self);
  if (status == HEED_OK && packing->earlier != NULL)
    status = packed_load_to_append(self, settings, packing->earlier, drop);
  if (status == HEED_OK)
    status = is_packed ? packed_load(self, settings) : log_read_rows(self);
  return status;
}

static void report(const log_reading *self) {
  const heed_host *host = self->host;
  host->log(host, "packed %zu annotations of %zu users and %zu pairs",
            self->all.count, self->everyone.count, self->pairs.names.count);
  if (self->faults.count > 0)
    host->warn(host, "rows_skipped", "skipped %zu malformed row%s",
               self->faults.count, heed_plural(self->faults.count));
}

static heed_status pack_log(log_reading *self, log_settings *settings,
                            const heed_packing *packing) {
  unsigned drop = 0;
  heed_status status = find_drops(packing, &drop, self->error);
  if (status == HEED_OK) status = read_log(self, settings, packing, &drop);
  if (status == HEED_OK) status = check_rows(self);
  if (status == HEED_OK) status = check_drops(self, drop);
  if (status == HEED_OK) status = check_space(self, packing);
  if (status == HEED_OK) status = packed_save(self, drop, packing->output);
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
  self.settings = settings;
  if (status == HEED_OK) status = pack_log(&self, settings, packing);
  log_close_reading(&self);
  return status;
}
