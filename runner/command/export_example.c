/* SPDX-License-Identifier: GPL-3.0-or-later
 * One example of a preference data set. */
#include "export_example.h"

#include <stdlib.h>
#include <string.h>

static heed_status make_room(export_talk *self, size_t count,
                             heed_error *error) {
  export_message *messages;
  if (count <= self->room) return HEED_OK;
  messages = realloc(self->messages, count * sizeof *messages);
  if (messages == NULL) return heed_no_memory(error);
  self->messages = messages;
  self->room = count;
  return HEED_OK;
}

static void clear(export_talk *self) {
  json_decref(self->parsed);
  self->parsed = NULL;
  self->count = 0;
}

static heed_status take_text(export_talk *self, const char *role,
                             const char *text, heed_error *error) {
  const heed_status status = make_room(self, 1, error);
  if (status != HEED_OK || *text == '\0') return status;
  self->messages[self->count++] = (export_message){role, text};
  return HEED_OK;
}

/* ---- messages ---- */

typedef struct export_column {
  const export_rows *rows;
  size_t row;
  const char *name;
} export_column;

static heed_status refuse(const export_column *column, const char *found,
                          heed_error *error) {
  char where[ROWS_WHERE_SIZE];
  rows_where(column->rows, column->row, column->name, where);
  return heed_fail(error, HEED_INVALID,
                   "%s: %s: found %s, expected an array of messages with role "
                   "and content",
                   column->rows->result->path, where, found);
}

static heed_status take_message(export_talk *self, const export_column *column,
                                const json_t *message, heed_error *error) {
  const json_t *role = json_object_get(message, "role");
  const json_t *content = json_object_get(message, "content");
  if (!json_is_object(message))
    return refuse(column, "a message that is not an object", error);
  if (!json_is_string(role) || json_string_length(role) == 0)
    return refuse(column, "a message without a text for its role", error);
  if (!json_is_string(content))
    return refuse(column, "a message without a text for its content", error);
  self->messages[self->count++] =
      (export_message){json_string_value(role), json_string_value(content)};
  return HEED_OK;
}

static heed_status take_messages(export_talk *self, const export_column *column,
                                 const char *text, heed_error *error) {
  heed_status status;
  if (*text == '\0') return HEED_OK;
  self->parsed = json_loads(text, JSON_REJECT_DUPLICATES, NULL);
  if (self->parsed == NULL)
    return refuse(column, "a text that is not JSON", error);
  if (!json_is_array(self->parsed))
    return refuse(column, "JSON that is not an array", error);
  status = make_room(self, json_array_size(self->parsed), error);
  for (size_t i = 0; status == HEED_OK && i < json_array_size(self->parsed);
       i++)
    status = take_message(self, column, json_array_get(self->parsed, i), error);
  return status;
}

/* ---- an example ---- */

heed_status example_read(export_example *self, const export_rows *rows,
                         size_t i, heed_error *error) {
  const export_texts texts = rows_texts(rows, i);
  const struct {
    export_talk *talk;
    const char *name, *role, *text;
  } parts[] = {{&self->prompt, "prompt", "user", texts.prompt},
               {&self->chosen, "chosen", "assistant", texts.chosen},
               {&self->rejected, "rejected", "assistant", texts.rejected}};
  heed_status status = HEED_OK;
  for (size_t part = 0; status == HEED_OK && part < 3; part++) {
    const export_column column = {rows, i, parts[part].name};
    clear(parts[part].talk);
    status = texts.are_messages ? take_messages(parts[part].talk, &column,
                                                parts[part].text, error)
                                : take_text(parts[part].talk, parts[part].role,
                                            parts[part].text, error);
  }
  return status;
}

void example_swap(export_example *self) {
  const export_talk chosen = self->chosen;
  self->chosen = self->rejected;
  self->rejected = chosen;
}

static void free_talk(export_talk *self) {
  clear(self);
  free(self->messages);
  *self = (export_talk){0};
}

void example_free(export_example *self) {
  free_talk(&self->prompt);
  free_talk(&self->chosen);
  free_talk(&self->rejected);
}

bool talk_is_unknown(const export_talk *self) {
  return self->count == 0 || *self->messages[self->count - 1].content == '\0';
}

bool talk_is_equal(const export_talk *self, const export_talk *other) {
  if (self->count != other->count) return false;
  for (size_t i = 0; i < self->count; i++)
    if (strcmp(self->messages[i].role, other->messages[i].role) != 0 ||
        strcmp(self->messages[i].content, other->messages[i].content) != 0)
      return false;
  return true;
}
