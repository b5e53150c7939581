/* SPDX-License-Identifier: GPL-3.0-or-later
 * Arenas: growing blocks, all freed or cleared at once. */
#include <assert.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

#include "host/host.h"

#define ALIGNMENT 64u
#define FIRST_BLOCK 4096u
/* Blocks of this size and more consist of whole pages: a seal makes them
 * read-only, which costs microseconds.  Smaller ones get a digest. */
#define PAGED_BLOCK 65536u
#define PAGE 4096u

typedef struct arena_block {
  struct arena_block *next;
  size_t capacity, used; /* bytes of data */
  size_t dirty;          /* bytes that may differ from 0 */
  void *memory;          /* data is its first whole page, or all of it */
  unsigned char *data;
  bool locked;     /* read-only */
  uint64_t digest; /* of a sealed block that is not locked */
} arena_block;

struct host_arena {
  arena_block *blocks; /* newest first; only the newest has room */
  bool refused, sealed;
};

host_arena *arena_create(void) {
  return calloc(1, sizeof(host_arena));
}

static arena_block *block_create(size_t capacity) {
  const bool paged = capacity >= PAGED_BLOCK;
  arena_block *made = calloc(1, sizeof *made);
  if (made == NULL) return NULL;
  const size_t alignment = paged ? PAGE : ALIGNMENT;
  capacity = (capacity + alignment - 1) / alignment * alignment;
  made->memory = calloc(1, capacity + alignment);
  if (made->memory == NULL) {
    free(made);
    return NULL;
  }
  made->data = (unsigned char *)made->memory +
               (alignment - (uintptr_t)made->memory % alignment) % alignment;
  made->capacity = capacity;
  return made;
}

static void block_free(arena_block *old) {
  free(old->memory);
  free(old);
}

static size_t rounded(size_t bytes) {
  return (bytes + ALIGNMENT - 1) / ALIGNMENT * ALIGNMENT;
}

/* A block with room for `bytes`; NULL: out of memory. */
static arena_block *block_with(host_arena *self, size_t bytes) {
  arena_block *top = self->blocks, *made;
  size_t capacity = top == NULL ? FIRST_BLOCK : 2 * top->capacity;
  if (top != NULL && top->capacity - top->used >= bytes) return top;
  if (capacity < bytes) capacity = bytes;
  made = block_create(capacity);
  if (made == NULL && capacity > bytes) made = block_create(bytes);
  if (made == NULL) return NULL;
  made->next = top;
  return self->blocks = made;
}

void *arena_allocate(host_arena *self, size_t count, size_t size) {
  const bool fits = size == 0 || count <= (SIZE_MAX / 2) / size;
  const size_t bytes = rounded(count * size == 0 ? 1 : count * size);
  arena_block *top;
  if (self == NULL) return NULL;
  assert(!self->sealed);
  top = fits ? block_with(self, bytes) : NULL;
  if (top == NULL) {
    self->refused = true;
    return NULL;
  }
  unsigned char *memory = top->data + top->used;
  if (top->used < top->dirty) {
    const size_t left = top->dirty - top->used;
    memset(memory, 0, left < bytes ? left : bytes);
  }
  top->used += bytes;
  assert(top->used <= top->capacity);
  return memory;
}

/* The capacity is a power of two: the array is full when count is one. */
void *arena_grow(host_arena *self, void *array, size_t count, size_t size) {
  void *grown;
  if ((count & (count - 1)) != 0) return array;
  grown = arena_allocate(self, count == 0 ? 1 : 2 * count, size);
  if (grown != NULL && count > 0) memcpy(grown, array, count * size);
  return grown;
}

bool arena_refused(const host_arena *self) {
  return self == NULL || self->refused;
}

char *arena_copy(host_arena *self, const char *text) {
  const size_t bytes = strlen(text) + 1;
  char *copy = arena_allocate(self, bytes, 1);
  return copy == NULL ? NULL : memcpy(copy, text, bytes);
}

/* ---- seals ---- */

static uint64_t mixed(uint64_t digest, uint64_t word) {
  digest = (digest ^ word) * 0x9E3779B97F4A7C15u;
  return digest ^ digest >> 32;
}

uint64_t arena_mix(uint64_t digest, const void *data, size_t bytes) {
  const unsigned char *next = data;
  uint64_t word;
  for (; bytes >= sizeof word; bytes -= sizeof word, next += sizeof word) {
    memcpy(&word, next, sizeof word);
    digest = mixed(digest, word);
  }
  word = bytes;
  memcpy(&word, next, bytes);
  return mixed(digest, word);
}

static uint64_t digest_of(const arena_block *block) {
  return arena_mix(0, block->data, block->used);
}

void arena_seal(host_arena *self) {
  if (self == NULL || self->sealed) return;
  self->sealed = true;
  for (arena_block *block = self->blocks; block != NULL; block = block->next) {
    block->locked = block->capacity >= PAGED_BLOCK &&
                    mprotect(block->data, block->capacity, PROT_READ) == 0;
    if (!block->locked) block->digest = digest_of(block);
  }
}

void arena_unseal(host_arena *self) {
  if (self == NULL || !self->sealed) return;
  self->sealed = false;
  for (arena_block *block = self->blocks; block != NULL; block = block->next)
    if (block->locked)
      block->locked =
          mprotect(block->data, block->capacity, PROT_READ | PROT_WRITE) != 0;
}

bool arena_is_intact(const host_arena *self) {
  if (self == NULL || !self->sealed) return true;
  for (const arena_block *block = self->blocks; block != NULL;
       block = block->next)
    if (!block->locked && block->digest != digest_of(block)) return false;
  return true;
}

bool arena_holds(const host_arena *self, const void *place) {
  const uintptr_t wanted = (uintptr_t)place;
  for (const arena_block *block = self == NULL ? NULL : self->blocks;
       block != NULL; block = block->next)
    if (wanted - (uintptr_t)block->data < block->capacity) return true;
  return false;
}

/* ---- the end ---- */

/* Keeps the newest block, usually the largest: most arenas are filled again to
 * about the same size. */
void arena_clear(host_arena *self) {
  arena_block *top;
  if (self == NULL) return;
  arena_unseal(self);
  self->refused = false;
  top = self->blocks;
  if (top == NULL) return;
  for (arena_block *old = top->next, *next; old != NULL; old = next) {
    next = old->next;
    block_free(old);
  }
  top->next = NULL;
  if (top->dirty < top->used) top->dirty = top->used;
  top->used = 0;
}

void arena_free(host_arena *self) {
  if (self == NULL) return;
  arena_unseal(self);
  for (arena_block *old = self->blocks, *next; old != NULL; old = next) {
    next = old->next;
    block_free(old);
  }
  free(self);
}
