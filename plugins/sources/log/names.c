/* SPDX-License-Identifier: GPL-3.0-or-later
 * Names and their ids: a hash table. */
#include "sources/log/names.h"

void log_names_open(heed_memory *memory, log_names *self, size_t most) {
  memset(self, 0, sizeof *self);
  self->text = heed_allocate(memory, most + 1, sizeof *self->text);
  if (memory->refused) return;
  self->open = hcreate_r(2 * most + 16, &self->table) != 0;
  memory->refused = !self->open;
}

void log_names_close(log_names *self) {
  if (self->open) hdestroy_r(&self->table);
}

size_t log_number(log_names *self, const char *text) {
  ENTRY *found;
  const ENTRY wanted = {(char *)(uintptr_t)text, (void *)self->count};
  if (hsearch_r(wanted, ENTER, &found, &self->table) == 0) return SIZE_MAX;
  if ((size_t)found->data == self->count) self->text[self->count++] = text;
  return (size_t)found->data;
}

size_t log_known_number(log_names *self, const char *text) {
  ENTRY *found;
  const ENTRY wanted = {(char *)(uintptr_t)text, NULL};
  return hsearch_r(wanted, FIND, &found, &self->table) == 0
             ? SIZE_MAX
             : (size_t)found->data;
}
