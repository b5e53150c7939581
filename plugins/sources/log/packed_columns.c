/* SPDX-License-Identifier: GPL-3.0-or-later
 * The columns of a packed log, and those that the sweep names. */
#include <stdio.h>
#include <string.h>

#include "sources/log/packed_loading.h"

heed_status packed_lacks(const packed_loading *self, const char *what,
                         int drop) {
  if (packed_dropped(&self->in, drop))
    return log_fail(self->log->error, HEED_INVALID,
                    "%s: has no %s (packed with --drop %s)", self->in.path,
                    what, packed_drops[drop]);
  return log_fail(self->log->error, HEED_INVALID,
                  "%s: has no %s; the log that was packed had none, or its "
                  "sweep did not name the column",
                  self->in.path, what);
}

/* A column that the sweep names must be in the file under this name; one that
 * it does not name is taken from the file. */
static heed_status adopt_column(packed_loading *self, log_settings *settings,
                                int column, const char *what, int drop) {
  const char *given = settings->column[column];
  const char *known = self->columns[column];
  if (packed_is_given(given) && !packed_is_given(known))
    return packed_lacks(self, what, drop);
  if (packed_is_given(given) && strcmp(given, known) != 0)
    return log_fail(self->log->error, HEED_INVALID,
                    "%s: found the column \"%s\" for %s, expected \"%s\", with "
                    "which it was packed",
                    self->in.path, given, what, known);
  settings->column[column] = packed_is_given(known) ? known : NULL;
  return HEED_OK;
}

/* Columns that every log has, or whose texts are not in the file. */
static heed_status check_names(const packed_loading *self,
                               const log_settings *settings) {
  static const struct {
    int column;
    const char *what;
  } all[] = {{USER, "users"},           {PAIR, "pairs"},
             {CHOICE, "choices"},       {CHOSE_A, "choices of A"},
             {CHOSE_B, "choices of B"}, {CHOSE_TIE, "ties"},
             {LEFT, "sides"},           {PROMPT, "prompts"},
             {LEFT_TEXT, "texts of A"}, {RIGHT_TEXT, "texts of B"}};
  for (size_t i = 0; i < sizeof all / sizeof *all; i++) {
    const heed_value *given = &settings->values[COLUMNS].items[all[i].column];
    const char *known = self->columns[all[i].column];
    if (!given->given || strcmp(given->text, known) == 0) continue;
    return log_fail(self->log->error, HEED_INVALID,
                    "%s: found the column \"%s\" for %s, expected \"%s\", with "
                    "which it was packed",
                    self->in.path, given->text, all[i].what,
                    *known == '\0' ? "no column" : known);
  }
  return HEED_OK;
}

heed_status packed_adopt_columns(packed_loading *self, log_settings *settings) {
  static const struct {
    int column;
    const char *what;
    int drop;
  } all[] = {{LEFT_MODEL, "models", DROP_COUNT},
             {RIGHT_MODEL, "models", DROP_COUNT},
             {P, "p", DROP_P},
             {TIME, "times", DROP_TIME},
             {TOPIC, "topics", DROP_TOPIC},
             {GOLD, "gold answers", DROP_GOLD}};
  heed_status status = check_names(self, settings);
  for (size_t i = 0; i < sizeof all / sizeof *all; i++)
    STEP(adopt_column(self, settings, all[i].column, all[i].what, all[i].drop));
  return status;
}

size_t packed_covariate_at(const packed_loading *self, const char *column) {
  size_t i = 0;
  while (i < self->covariate_count && strcmp(self->covariates[i], column) != 0)
    i++;
  return i;
}

heed_status packed_adopt_covariates(packed_loading *self,
                                    log_settings *settings) {
  heed_status status = HEED_OK;
  if (settings->covariate_count == 0 && self->covariate_count > 0)
    status = log_settle_covariates(&self->memory, settings, self->covariates,
                                   self->covariate_count, self->log->error);
  for (size_t i = 0; status == HEED_OK && i < settings->covariate_count; i++) {
    const char *column = settings->covariates[i].column;
    char what[128];
    (void)snprintf(what, sizeof what, "covariate \"%.60s\"", column);
    if (packed_covariate_at(self, column) == self->covariate_count)
      status = packed_lacks(self, what, DROP_COVARIATES);
  }
  self->log->has_words =
      heed_scratch(&self->memory, settings->covariate_count, 1);
  return self->memory.refused ? packed_no_memory(self) : status;
}

size_t packed_difference_at(const packed_loading *self, const char *column) {
  size_t i = 0;
  while (i < self->difference_count &&
         strcmp(self->differences[i], column) != 0)
    i++;
  return i;
}

heed_status packed_check_differences(const packed_loading *self) {
  const heed_value *wanted = &self->log->settings->values[DIFFERENCE];
  for (size_t i = 0; i < wanted->count; i++) {
    char what[128];
    (void)snprintf(what, sizeof what, "difference \"%.60s\"",
                   wanted->items[i].text);
    if (packed_difference_at(self, wanted->items[i].text) ==
        self->difference_count)
      return packed_lacks(self, what, DROP_DIFFERENCE);
  }
  if (self->log->world != NULL || wanted->count == self->difference_count)
    return HEED_OK;
  return log_fail(self->log->error, HEED_INVALID,
                  "%s: has %zu difference%s, which the sweep must name to pack "
                  "the log again (source.difference); found %zu",
                  self->in.path, self->difference_count,
                  heed_plural(self->difference_count), wanted->count);
}

heed_status packed_load_columns(packed_loading *self) {
  size_t count = 0;
  heed_status status =
      packed_load_list(self, PACKED_COLUMNS, &self->columns, &count);
  if (status == HEED_OK && count != COLUMN_COUNT)
    status = packed_damaged(&self->in, "it names %zu columns, expected %d",
                            count, COLUMN_COUNT);
  STEP(packed_load_list(self, PACKED_DIFFERENCES, &self->differences,
                        &self->difference_count));
  STEP(packed_load_list(self, PACKED_COVARIATES, &self->covariates,
                        &self->covariate_count));
  STEP(packed_load_list(self, PACKED_FILES, &self->files, &self->file_count));
  if (status == HEED_OK && self->file_count == 0)
    status = packed_damaged(&self->in, "it names no files");
  return status;
}

heed_status packed_check_texts(const packed_loading *self,
                               const log_settings *settings) {
  const bool *wanted = self->log->host->extension(self->log->host, HEED_TEXTS);
  if (wanted == NULL || !*wanted || !log_has_texts(settings)) return HEED_OK;
  return log_fail(self->log->error, HEED_UNSUPPORTED,
                  "%s: a stage needs texts, but a packed log has none; let "
                  "source.path name the log that was packed",
                  self->in.path);
}
