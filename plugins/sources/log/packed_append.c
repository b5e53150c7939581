/* SPDX-License-Identifier: GPL-3.0-or-later
 * New rows for a packed log: its names and rows, into a reading that continues.
 */
#include <stdlib.h>
#include <string.h>

#include "sources/log/packed_loading.h"
#include "sources/log/packed_save.h"

/* New rows have the columns that the file has, no more and no fewer: a column
 * that was dropped is not read. */
static heed_status match_column(packed_loading *self, log_settings *settings,
                                int column, const char *what, int drop) {
  const bool given = packed_is_given(settings->column[column]);
  const bool known = packed_is_given(self->columns[column]);
  if (given && packed_dropped(&self->in, drop)) {
    settings->column[column] = NULL;
    self->log->wanted[column].name = NULL;
    return HEED_OK;
  }
  if (given == known) return HEED_OK;
  return log_fail(self->log->error, HEED_INVALID,
                  "%s: %s %s, but the rows to append %s; the sweep must name "
                  "the same columns",
                  self->in.path, known ? "has" : "has no", what,
                  given ? "have them" : "have none");
}

static heed_status match_columns(packed_loading *self, log_settings *settings) {
  static const struct {
    int column;
    const char *what;
    int drop;
  } all[] = {{LEFT_MODEL, "models", DROP_COUNT},
             {P, "p", DROP_P},
             {TIME, "times", DROP_TIME},
             {TOPIC, "topics", DROP_TOPIC},
             {GOLD, "gold answers", DROP_GOLD}};
  heed_status status = HEED_OK;
  for (size_t i = 0; i < sizeof all / sizeof *all; i++)
    STEP(match_column(self, settings, all[i].column, all[i].what, all[i].drop));
  return status;
}

/* Lists of columns are the same, in the same order. */
static heed_status match_lists(const packed_loading *self,
                               const log_settings *settings) {
  const heed_value *difference = &settings->values[DIFFERENCE];
  bool same = settings->covariate_count == self->covariate_count &&
              difference->count == self->difference_count;
  for (size_t i = 0; same && i < self->covariate_count; i++)
    same = strcmp(settings->covariates[i].column, self->covariates[i]) == 0;
  for (size_t i = 0; same && i < self->difference_count; i++)
    same = strcmp(difference->items[i].text, self->differences[i]) == 0;
  if (same) return HEED_OK;
  return log_fail(self->log->error, HEED_INVALID,
                  "%s: has other covariates or differences than the rows to "
                  "append; the sweep must name the same columns in the same "
                  "order",
                  self->in.path);
}

static heed_status match_texts(const packed_loading *self,
                               const log_settings *settings) {
  if (log_has_texts(settings) == packed_has(&self->in, PACKED_TEXT_ROW))
    return HEED_OK;
  return log_fail(self->log->error, HEED_INVALID,
                  "%s: %s texts, but the rows to append %s; the sweep must "
                  "name the same columns",
                  self->in.path, log_has_texts(settings) ? "has no" : "has",
                  log_has_texts(settings) ? "have them" : "have none");
}

static heed_status load_to_append(packed_loading *self,
                                  log_settings *settings) {
  heed_status status = packed_load_columns(self);
  if (status == HEED_OK && (packed_dropped(&self->in, DROP_PAIR) ||
                            packed_dropped(&self->in, DROP_ROW)))
    return packed_lacks(
        self, "pairs or rows, which new rows need",
        packed_dropped(&self->in, DROP_PAIR) ? DROP_PAIR : DROP_ROW);
  STEP(match_columns(self, settings));
  STEP(match_lists(self, settings));
  STEP(match_texts(self, settings));
  if (status == HEED_OK) packed_load_facts(self);
  STEP(packed_load_files(self));
  STEP(packed_load_pairs(self));
  STEP(packed_load_annotations(self));
  STEP(packed_check_rest(&self->in));
  return status;
}

heed_status packed_load_to_append(log_reading *log, log_settings *settings,
                                  const char *path, unsigned *drop) {
  packed_loading self = {
      .log = log, .memory = {log->host, false}, .to_append = true};
  heed_status status = packed_open(&self.in, path, log->error);
  STEP(load_to_append(&self, settings));
  if (status == HEED_OK) *drop |= (unsigned)self.in.facts[FACT_DROPPED];
  packed_close(&self.in);
  free(self.row);
  return status;
}
