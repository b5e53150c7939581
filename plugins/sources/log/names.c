/* SPDX-License-Identifier: GPL-3.0-or-later
 * Names and their ids: a hash table with linear probing.  The hash is SipHash
 * (Aumasson and Bernstein 2012), which reads every character. */
#include "sources/log/names.h"

#include <sodium/crypto_shorthash.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

_Static_assert(sizeof(((log_hash *)0)->key) == crypto_shorthash_KEYBYTES &&
                   sizeof(uint64_t) == crypto_shorthash_BYTES,
               "SipHash: 128 bits of key, 64 of hash");

#define BLOCK ((size_t)1 << 18) /* bytes of a pool taken at a time */
#define NAMES_MOST ((size_t)1 << 31)
#define LARGE_PAGE ((size_t)1 << 21)

struct log_block {
  log_block *next;
  char bytes[BLOCK];
};

void log_pool_clear(log_pool *pool) {
  while (pool->used != NULL) {
    log_block *block = pool->used;
    pool->used = block->next;
    block->next = pool->unused;
    pool->unused = block;
  }
  pool->left = 0;
}

static char *take_block(log_pool *pool) {
  log_block *block = pool->unused;
  if (block != NULL) {
    pool->unused = block->next;
  } else {
    block = heed_allocate(&pool->memory, 1, sizeof *block);
    if (block == NULL) return NULL;
    pool->taken += sizeof *block;
  }
  block->next = pool->used;
  pool->used = block;
  return block->bytes;
}

static char *take_large(log_pool *pool, size_t size) {
  pool->taken += size;
  return heed_allocate(&pool->memory, size, 1);
}

const char *log_copy(log_pool *pool, log_text text) {
  const size_t size = text.length + 1;
  char *copy;
  if (size > pool->left) {
    const bool large = size > BLOCK / 8;
    copy = large ? take_large(pool, size) : take_block(pool);
    if (copy == NULL) return NULL;
    if (!large) {
      pool->free = copy + size;
      pool->left = BLOCK - size;
    }
  } else {
    copy = pool->free;
    pool->free += size;
    pool->left -= size;
  }
  if (text.length > 0) memcpy(copy, text.bytes, text.length);
  copy[text.length] = '\0';
  return copy;
}

void log_hash_open(log_hash *self) {
  crypto_shorthash_keygen(self->key);
}

uint64_t log_hash_of(const log_hash *self, log_text text) {
  uint64_t hash;
  (void)crypto_shorthash((unsigned char *)&hash,
                         (const unsigned char *)text.bytes, text.length,
                         self->key);
  return hash;
}

/* Large tables are read at random: large pages save much of the time. */
static log_slot *make_slots(size_t count) {
  const size_t size = count * sizeof(log_slot);
  log_slot *slots;
  if (size < LARGE_PAGE) return calloc(count, sizeof *slots);
  slots = aligned_alloc(LARGE_PAGE, size);
  if (slots == NULL) return NULL;
  (void)madvise(slots, size, MADV_HUGEPAGE);
  memset(slots, 0, size);
  return slots;
}

void log_names_open(log_names *self, log_pool *pool) {
  memset(self, 0, sizeof *self);
  self->pool = pool;
  self->mask = 63;
  self->slots = make_slots(self->mask + 1);
  self->refused = self->slots == NULL;
  log_hash_open(&self->hash);
}

void log_names_close(log_names *self) {
  free(self->slots);
  free(self->text);
  free(self->first);
  self->slots = NULL;
  self->text = NULL;
  self->first = NULL;
}

/* strncmp() stops at the end of the known name, which may be shorter. */
static bool is_name(const char *known, log_text text) {
  return strncmp(known, text.bytes, text.length) == 0 &&
         known[text.length] == '\0';
}

uint32_t log_tag_of(const log_names *self, log_text text) {
  return (uint32_t)log_hash_of(&self->hash, text);
}

/* What the slot of a tag says may change before the name is looked for, and a
 * collision leads elsewhere: then the right memory was not asked for. */
void log_foresee(const log_names *self, uint32_t tag, log_stage stage) {
  const log_slot *slot = &self->slots[tag & self->mask];
  if (stage == LOG_SLOT)
    __builtin_prefetch(slot);
  else if (slot->next != 0 && stage == LOG_POINTER)
    __builtin_prefetch(&self->text[slot->next - 1]);
  else if (slot->next != 0) {
    __builtin_prefetch(self->text[slot->next - 1]);
    if (self->moment != NULL) __builtin_prefetch(&self->first[slot->next - 1]);
  }
}

static size_t note(const log_names *self, size_t id) {
  if (self->moment != NULL) {
    const uint64_t now = (*self->moment)++;
    if (now < self->first[id]) self->first[id] = now;
  }
  return id;
}

size_t log_find(const log_names *self, log_text text, log_finding *finding) {
  size_t i;
  if (self->refused) return SIZE_MAX;
  for (i = finding->tag & self->mask; self->slots[i].next != 0;
       i = (i + 1) & self->mask)
    if (self->slots[i].tag == finding->tag &&
        is_name(self->text[self->slots[i].next - 1], text))
      return note(self, self->slots[i].next - 1);
  finding->slot = i;
  return SIZE_MAX;
}

static void widen(log_names *self) {
  const size_t mask = 2 * self->mask + 1;
  log_slot *slots = make_slots(mask + 1);
  if (slots == NULL) {
    self->refused = true;
    return;
  }
  for (size_t i = 0; i <= self->mask; i++) {
    size_t place = self->slots[i].tag & mask;
    if (self->slots[i].next == 0) continue;
    while (slots[place].next != 0) place = (place + 1) & mask;
    slots[place] = self->slots[i];
  }
  free(self->slots);
  self->slots = slots;
  self->mask = mask;
}

static bool has_room(log_names *self) {
  const size_t room = self->room == 0 ? 64 : 2 * self->room;
  const char **more;
  if (self->count < self->room) return true;
  more = self->count < NAMES_MOST ? realloc(self->text, room * sizeof *more)
                                  : NULL;
  self->refused = more == NULL;
  if (self->refused) return false;
  self->text = more;
  if (self->moment != NULL) {
    uint64_t *first = reallocarray(self->first, room, sizeof *first);
    self->refused = first == NULL;
    if (first == NULL) return false;
    self->first = first;
  }
  self->room = room;
  return true;
}

/* name: NULL if there was no memory for it. */
static size_t add(log_names *self, const char *name,
                  const log_finding *finding) {
  if (name == NULL) {
    self->refused = true;
    return 0;
  }
  self->text[self->count] = name;
  if (self->moment != NULL) self->first[self->count] = (*self->moment)++;
  self->slots[finding->slot] =
      (log_slot){finding->tag, (uint32_t)++self->count};
  if (3 * self->count > 2 * (self->mask + 1)) widen(self);
  return self->count - 1;
}

size_t log_add_name(log_names *self, log_text text,
                    const log_finding *finding) {
  if (self->refused || !has_room(self)) return 0;
  return add(self, log_copy(self->pool, text), finding);
}

bool log_adopt_name(log_names *self, const char *name) {
  log_finding finding = {.tag = log_tag_of(self, log_text_of(name))};
  if (log_find(self, log_text_of(name), &finding) != SIZE_MAX) return false;
  if (self->refused || !has_room(self)) return false;
  (void)add(self, name, &finding);
  return !self->refused;
}

size_t log_number(log_names *self, log_text text) {
  log_finding finding = {.tag = log_tag_of(self, text)};
  const size_t id = log_find(self, text, &finding);
  return id != SIZE_MAX ? id : log_add_name(self, text, &finding);
}

size_t log_known_number(const log_names *self, log_text text) {
  log_finding finding = {.tag = log_tag_of(self, text)};
  return log_find(self, text, &finding);
}
