/* SPDX-License-Identifier: GPL-3.0-or-later
 * The texts of a row, and texts that a world was made without: for these, the
 * log is read once more. */
#include "sources/log/texts.h"

#include <stdlib.h>
#include <string.h>

#include "sources/log/reading.h"

heed_status log_take_texts(const log_settings *settings, const log_row *row,
                           log_conversation *conversation, log_texts *taken) {
  static const int column[] = {
      [OF_PROMPT] = PROMPT, [OF_A] = LEFT_TEXT, [OF_B] = RIGHT_TEXT};
  bool any = settings->texts_are_json;
  taken->messages = false;
  taken->fault = NULL;
  for (size_t i = 0; i < TEXT_COUNT; i++) {
    taken->text[i] = row->cells[column[i]];
    any = any || taken->text[i].is_json;
  }
  if (!any || log_converse(conversation, settings->texts_are_json, taken->text,
                           &taken->messages, &taken->fault))
    return HEED_OK;
  return taken->fault == NULL ? HEED_MEMORY : HEED_OK;
}

/* ---- reading once more ---- */

typedef struct text_room {
  char *bytes;
  size_t size;
} text_room;

typedef struct text_reading {
  log_reading *log;
  size_t count, next; /* of rows */
  const int64_t *rows;
  heed_take_texts *take;
  void *context;
  log_conversation conversation;
  text_room room[TEXT_COUNT];
  int64_t row; /* of the log */
} text_reading;

/* The text, ended by NUL; NULL: out of memory. */
static const char *ended(text_room *room, log_text text) {
  if (room->size <= text.length) {
    char *more = realloc(room->bytes, 2 * text.length + 64);
    if (more == NULL) return NULL;
    room->bytes = more;
    room->size = 2 * text.length + 64;
  }
  if (text.length > 0) memcpy(room->bytes, text.bytes, text.length);
  room->bytes[text.length] = '\0';
  return room->bytes;
}

static heed_status pass_on(text_reading *self, const log_texts *taken) {
  const char *texts[TEXT_COUNT];
  heed_status status = HEED_OK;
  for (size_t i = 0; i < TEXT_COUNT; i++) {
    texts[i] = ended(&self->room[i], taken->text[i]);
    if (texts[i] == NULL) return heed_no_memory(self->log->error);
  }
  const heed_pair_texts found = {.size = sizeof found,
                                 .prompt = texts[OF_PROMPT],
                                 .text_a = texts[OF_A],
                                 .text_b = texts[OF_B],
                                 .messages = taken->messages};
  for (; status == HEED_OK && self->next < self->count &&
         self->rows[self->next] == self->row;
       self->next++)
    status = self->take(self->context, self->next, &found, self->log->error);
  return status;
}

/* Once all wanted rows are found, an error without a message ends the reading.
 */
static heed_status take_row(void *context, const log_row *row) {
  text_reading *self = context;
  log_texts taken;
  heed_status status;
  if (self->next == self->count) return HEED_CANCELLED;
  self->row++;
  if (self->rows[self->next] != self->row) return HEED_OK;
  status =
      log_take_texts(self->log->settings, row, &self->conversation, &taken);
  if (status != HEED_OK) return heed_no_memory(self->log->error);
  return taken.fault == NULL ? pass_on(self, &taken) : HEED_OK;
}

static heed_status missing(const text_reading *self) {
  return heed_fail(self->log->error, HEED_INVALID,
                   "%s: found %lld rows, expected more than %lld: the log has "
                   "changed",
                   log_path(self->log, 0), (long long)self->row + 1,
                   (long long)self->rows[self->next]);
}

heed_status log_read_texts(log_reading *log, size_t count, const int64_t *rows,
                           heed_take_texts *take, void *context) {
  text_reading self = {.log = log,
                       .count = count,
                       .rows = rows,
                       .take = take,
                       .context = context,
                       .row = -1};
  heed_status status = log_open_reading(log);
  while (self.next < count && rows[self.next] < 0) self.next++;
  if (status == HEED_OK)
    status = log_read_again(log, (log_sink){take_row, NULL, &self});
  if (status == HEED_CANCELLED && self.next == count) status = HEED_OK;
  if (status == HEED_OK && self.next < count) status = missing(&self);
  log_conversation_close(&self.conversation);
  for (size_t i = 0; i < TEXT_COUNT; i++) free(self.room[i].bytes);
  return status;
}
