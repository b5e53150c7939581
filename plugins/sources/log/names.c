/* SPDX-License-Identifier: GPL-3.0-or-later
 * Names and their ids: a hash table with linear probing.  The hash is SipHash
 * (Aumasson and Bernstein 2012), which reads every character. */
#include "sources/log/names.h"

#include <sodium/crypto_shorthash.h>
#include <string.h>

_Static_assert(sizeof(((log_names *)0)->key) == crypto_shorthash_KEYBYTES &&
                   sizeof(((log_slot *)0)->hash) == crypto_shorthash_BYTES,
               "SipHash: 128 bits of key, 64 of hash");

void log_names_open(heed_memory *memory, log_names *self, size_t most) {
  size_t room = 16;
  while (room < 2 * most) room *= 2;
  memset(self, 0, sizeof *self);
  self->text = heed_scratch(memory, most + 1, sizeof *self->text);
  self->slots = heed_scratch(memory, room, sizeof *self->slots);
  self->mask = room - 1;
  crypto_shorthash_keygen(self->key);
}

/* The slot of a name, or the free slot where it belongs. */
static log_slot *find_slot(const log_names *self, const char *text,
                           uint64_t *hash) {
  size_t i;
  (void)crypto_shorthash((unsigned char *)hash, (const unsigned char *)text,
                         strlen(text), self->key);
  for (i = (size_t)*hash & self->mask; self->slots[i].next != 0;
       i = (i + 1) & self->mask)
    if (self->slots[i].hash == *hash &&
        strcmp(self->text[self->slots[i].next - 1], text) == 0)
      break;
  return &self->slots[i];
}

size_t log_number(log_names *self, const char *text) {
  uint64_t hash;
  log_slot *slot = find_slot(self, text, &hash);
  if (slot->next == 0) {
    self->text[self->count++] = text;
    *slot = (log_slot){hash, self->count};
  }
  return slot->next - 1;
}

size_t log_known_number(const log_names *self, const char *text) {
  uint64_t hash;
  const log_slot *slot = find_slot(self, text, &hash);
  return slot->next == 0 ? SIZE_MAX : slot->next - 1;
}
