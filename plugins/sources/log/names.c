/* SPDX-License-Identifier: GPL-3.0-or-later
 * Names and their ids: a hash table with linear probing.  The hash is SipHash
 * (Aumasson and Bernstein 2012), which reads every character. */
#include "sources/log/names.h"

#include <sodium/crypto_shorthash.h>
#include <stdlib.h>
#include <string.h>

#include "sources/log/large.h"

_Static_assert(sizeof(((log_hash *)0)->key) == crypto_shorthash_KEYBYTES &&
                   sizeof(uint64_t) == crypto_shorthash_BYTES,
               "SipHash: 128 bits of key, 64 of hash");

#define BLOCK ((size_t)1 << 18)       /* bytes of a pool taken at a time */
#define BLOCK_LARGE ((size_t)1 << 23) /* the same, of a large pool */
#define NAMES_MOST ((size_t)1 << 31)

struct log_block {
  log_block *next;
  size_t size;
  char bytes[];
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

static log_block *make_block(log_pool *pool) {
  const size_t size = pool->taken < BLOCK_LARGE ? BLOCK : BLOCK_LARGE;
  log_block *block = heed_allocate(&pool->memory, 1, sizeof *block + size);
  if (block == NULL) return NULL;
  log_large_pages(block, size);
  pool->taken += sizeof *block + size;
  block->size = size;
  return block;
}

static log_block *take_block(log_pool *pool) {
  log_block *block = pool->unused;
  if (block == NULL)
    block = make_block(pool);
  else
    pool->unused = block->next;
  if (block == NULL) return NULL;
  block->next = pool->used;
  pool->used = block;
  return block;
}

static char *take_large(log_pool *pool, size_t size) {
  pool->taken += size;
  return heed_allocate(&pool->memory, size, 1);
}

static bool open_block(log_pool *pool) {
  log_block *block = take_block(pool);
  if (block == NULL) return false;
  pool->free = block->bytes;
  pool->left = block->size;
  return true;
}

const char *log_copy(log_pool *pool, log_text text) {
  const size_t size = text.length + 1;
  const bool large = size > pool->left && size > BLOCK / 8;
  char *copy;
  if (size > pool->left && !large && !open_block(pool)) return NULL;
  copy = large ? take_large(pool, size) : pool->free;
  if (copy == NULL) return NULL;
  if (!large) {
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

void log_names_open(log_names *self, log_pool *pool) {
  memset(self, 0, sizeof *self);
  self->pool = pool;
  self->mask = 63;
  self->slots = log_large(self->mask + 1, sizeof *self->slots);
  self->refused = self->slots == NULL;
  log_hash_open(&self->hash);
}

void log_names_clear(log_names *self) {
  if (self->slots == NULL) return; /* refused */
  memset(self->slots, 0, (self->mask + 1) * sizeof *self->slots);
  self->count = 0;
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
  log_slot *slots = log_large(mask + 1, sizeof *slots);
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
  const size_t old = self->room, room = old == 0 ? 64 : 2 * old;
  const char **more;
  if (self->count < old) return true;
  more = self->count < NAMES_MOST
             ? log_large_grown((void *)self->text, old * sizeof *more,
                               room * sizeof *more)
             : NULL;
  self->refused = more == NULL;
  if (self->refused) return false;
  self->text = more;
  if (self->moment != NULL) {
    const size_t size = sizeof *self->first;
    uint64_t *first = log_large_grown(
        self->first, self->first == NULL ? 0 : old * size, room * size);
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
