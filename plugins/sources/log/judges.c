/* SPDX-License-Identifier: GPL-3.0-or-later
 * The verdicts of reference judges. */
#include <string.h>

#include "sources/log/read.h"
#include "sources/log/words.h"

/* A verdict names A or B, or a side: then A is the left response, as in the
 * log. */
static heed_status read_verdicts(log_reading *self, const heed_value *judge,
                                 size_t index, int8_t *verdict) {
  const size_t judges = self->world->judge_count;
  const char *const wanted[2] = {judge->items[REFERENCE_PAIR].text,
                                 judge->items[REFERENCE_CHOICE].text};
  log_rows rows;
  heed_status status =
      log_read(self->host, judge->items[REFERENCE_PATH].text, LOG_AUTO, wanted,
               NULL, 2, &self->faults, &rows, self->error);
  for (size_t row = 0; status == HEED_OK && row < rows.count; row++) {
    const char *name = rows.cells[2 * row], *text = rows.cells[2 * row + 1];
    const size_t pair =
        name == NULL ? SIZE_MAX : log_known_number(&self->pairs, name);
    int8_t choice;
    log_said which;
    if (pair == SIZE_MAX || text == NULL) continue;
    if (!log_what_is_said(self, text, &which) ||
        !log_choice_of(which, HEED_CHOSE_A, &choice))
      status = log_fault(&self->faults, rows.path, rows.line[row], self->error,
                         "column \"%s\": found the verdict \"%.40s\", expected "
                         "a word for A, B, left, right or a tie",
                         wanted[1], text);
    else
      verdict[pair * judges + index] = choice;
  }
  return status;
}

heed_status log_make_verdicts(log_reading *self) {
  const heed_value *judges = &self->values[REFERENCES];
  heed_world *world = self->world;
  int8_t *verdict;
  heed_status status = HEED_OK;
  world->judge_count = judges->count;
  world->judges = judges->keys;
  if (judges->count == 0) return HEED_OK;
  verdict = self->host->column(self->host, world->pairs, "verdict", HEED_INT8,
                               judges->count);
  if (verdict == NULL) return heed_no_memory(self->error);
  memset(verdict, -1, world->pairs->rows * judges->count);
  for (size_t i = 0; status == HEED_OK && i < judges->count; i++)
    status = read_verdicts(self, &judges->items[i], i, verdict);
  return status;
}
