/* SPDX-License-Identifier: GPL-3.0-or-later
 * Arenas: blocks that grow, and are freed or cleared at once. */
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
  arena_block *blocks; /* the newest first; the newest alone has room */
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

void *arena_allocate(host_arena *self, size_t count, size_t size) {
  if (size != 0 && count > (SIZE_MAX / 2) / size) return NULL;
  const size_t bytes = rounded(count * size == 0 ? 1 : count * size);
  arena_block *top = self->blocks;
  if (top == NULL || top->capacity - top->used < bytes) {
    size_t capacity = top == NULL ? FIRST_BLOCK : 2 * top->capacity;
    if (capacity < bytes) capacity = bytes;
    arena_block *made = block_create(capacity);
    if (made == NULL && capacity > bytes) made = block_create(bytes);
    if (made == NULL) return NULL;
    made->next = top;
    self->blocks = top = made;
  }
  void *memory = top->data + top->used;
  top->used += bytes;
  return memset(memory, 0, bytes);
}

const char *arena_copy(host_arena *self, const char *text) {
  const size_t bytes = strlen(text) + 1;
  char *copy = arena_allocate(self, bytes, 1);
  return copy == NULL ? NULL : memcpy(copy, text, bytes);
}

/* Keeps the newest block, which is the largest unless a huge one stands
 * alone: most arenas are filled again with about as much. */
void arena_clear(host_arena *self) {
  arena_block *top = self->blocks;
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
