/* SPDX-License-Identifier: GPL-3.0-or-later
 * Arenas: growing blocks, all freed or cleared at once. */
#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "host/host.h"

#define ALIGNMENT 64u
#define FIRST_BLOCK 4096u

typedef struct arena_block {
  struct arena_block *next;
  size_t capacity, used; /* bytes of data */
  unsigned char *data;
} arena_block;

struct host_arena {
  arena_block *blocks; /* newest first; only the newest has room */
  bool refused;
};

host_arena *arena_create(void) {
  return calloc(1, sizeof(host_arena));
}

static arena_block *block_create(size_t capacity) {
  arena_block *made = malloc(sizeof *made);
  if (made == NULL) return NULL;
  made->data = aligned_alloc(ALIGNMENT, capacity);
  if (made->data == NULL) {
    free(made);
    return NULL;
  }
  made->capacity = capacity;
  made->used = 0;
  made->next = NULL;
  return made;
}

static void block_free(arena_block *old) {
  free(old->data);
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
  top = fits ? block_with(self, bytes) : NULL;
  if (top == NULL) {
    self->refused = true;
    return NULL;
  }
  void *memory = top->data + top->used;
  top->used += bytes;
  assert(top->used <= top->capacity);
  return memset(memory, 0, bytes);
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

/* Keeps the newest block, usually the largest: most arenas are filled again to
 * about the same size. */
void arena_clear(host_arena *self) {
  arena_block *top;
  if (self == NULL) return;
  self->refused = false;
  top = self->blocks;
  if (top == NULL) return;
  for (arena_block *old = top->next, *next; old != NULL; old = next) {
    next = old->next;
    block_free(old);
  }
  top->next = NULL;
  top->used = 0;
}

void arena_free(host_arena *self) {
  if (self == NULL) return;
  for (arena_block *old = self->blocks, *next; old != NULL; old = next) {
    next = old->next;
    block_free(old);
  }
  free(self);
}
