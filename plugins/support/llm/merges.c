/* SPDX-License-Identifier: GPL-3.0-or-later
 * Byte pair encoding: the word is a linked list, and candidate pairs wait in a
 * heap; stale pairs are detected when they are popped. */
#include "support/llm/merges.h"

#include <assert.h>
#include <stdlib.h>

#include "support/llm/carving.h"

#define NONE SIZE_MAX

struct llm_merge_link {
  int32_t token; /* −1: merged into its left neighbour */
  size_t previous, next;
};

struct llm_merge_turn {
  int32_t rank, whole;
  size_t left; /* the link; the pair is this and its next */
};

static size_t hash(int32_t left, int32_t right) {
  const uint64_t pair = (uint64_t)(uint32_t)left << 32 | (uint32_t)right;
  /* Knuth's multiplicative hashing, with 2^64 over the golden ratio */
  return (size_t)(pair * 0x9e3779b97f4a7c15u >> 24);
}

bool merges_init(llm_merges *self, size_t count) {
  size_t room = 16;
  while (room < 2 * count) room *= 2;
  self->entry = malloc(room * sizeof *self->entry);
  if (self->entry == NULL) return false;
  self->mask = room - 1;
  for (size_t i = 0; i < room; i++) self->entry[i].left = -1;
  return true;
}

void merges_free(llm_merges *self) {
  free(self->entry);
}

/* The slot of the pair, or a free one. */
static llm_merge *seek(const llm_merges *self, int32_t left, int32_t right) {
  size_t position = hash(left, right) & self->mask;
  for (;; position = (position + 1) & self->mask) {
    llm_merge *entry = &self->entry[position];
    if (entry->left < 0 || (entry->left == left && entry->right == right))
      return entry;
  }
}

void merges_add(llm_merges *self, llm_merge added) {
  *seek(self, added.left, added.right) = added;
}

/* NULL: the pair does not merge. */
static const llm_merge *find(const llm_merges *self, int32_t left,
                             int32_t right) {
  const llm_merge *entry = seek(self, left, right);
  return entry->left < 0 ? NULL : entry;
}

void merge_room_free(llm_merge_room *room) {
  free(room->memory);
}

static void place(void *object, carving_block *block) {
  llm_merge_room *room = object;
  room->link = carve(block, room->room, sizeof *room->link);
  room->heap = carve(block, room->room, 3 * sizeof *room->heap);
}

/* A word of n has n - 1 pairs, and each of its at most n - 1 merges makes two
 * new ones. */
static heed_status make_room(llm_merge_room *room, size_t count,
                             heed_error *error) {
  if (count <= room->room) return HEED_OK;
  free(room->memory);
  room->room = count;
  room->memory = carving_open(place, room);
  if (room->memory != NULL) return HEED_OK;
  room->room = 0;
  return heed_no_memory(error);
}

static bool before(const struct llm_merge_turn *a,
                   const struct llm_merge_turn *b) {
  return a->rank != b->rank ? a->rank < b->rank : a->left < b->left;
}

static void push(struct llm_merge_turn *heap, size_t *count,
                 struct llm_merge_turn turn) {
  size_t position = (*count)++;
  while (position > 0 && before(&turn, &heap[(position - 1) / 2])) {
    heap[position] = heap[(position - 1) / 2];
    position = (position - 1) / 2;
  }
  heap[position] = turn;
}

static struct llm_merge_turn pop(struct llm_merge_turn *heap, size_t *count) {
  const struct llm_merge_turn first = heap[0], last = heap[--*count];
  size_t position = 0;
  for (size_t child = 1; child < *count; child = 2 * position + 1) {
    if (child + 1 < *count && before(&heap[child + 1], &heap[child])) child++;
    if (!before(&heap[child], &last)) break;
    heap[position] = heap[child];
    position = child;
  }
  heap[position] = last;
  return first;
}

static const llm_merge *pair_at(const llm_merges *self,
                                const struct llm_merge_link *link,
                                size_t left) {
  const size_t right = link[left].next;
  return right == NONE || link[left].token < 0
             ? NULL
             : find(self, link[left].token, link[right].token);
}

static void offer(const llm_merges *self, llm_merge_room *room, size_t *waiting,
                  size_t left) {
  const llm_merge *found = pair_at(self, room->link, left);
  assert(*waiting < 3 * room->room);
  if (found != NULL)
    push(room->heap, waiting,
         (struct llm_merge_turn){
             .rank = found->rank, .whole = found->whole, .left = left});
}

static void join(struct llm_merge_link *link, size_t left, int32_t whole) {
  const size_t right = link[left].next;
  link[left].token = whole;
  link[left].next = link[right].next;
  if (link[right].next != NONE) link[link[right].next].previous = left;
  link[right].token = -1;
}

heed_status merges_apply(const llm_merges *self, int32_t *token, size_t *count,
                         llm_merge_room *room, heed_error *error) {
  const size_t n = *count;
  size_t waiting = 0;
  if (n < 2) return HEED_OK;
  const heed_status status = make_room(room, n, error);
  if (status != HEED_OK) return status;
  struct llm_merge_link *link = room->link;
  for (size_t i = 0; i < n; i++)
    link[i] = (struct llm_merge_link){.token = token[i],
                                      .previous = i == 0 ? NONE : i - 1,
                                      .next = i + 1 == n ? NONE : i + 1};
  for (size_t i = 0; i + 1 < n; i++) offer(self, room, &waiting, i);
  while (waiting > 0) {
    const struct llm_merge_turn turn = pop(room->heap, &waiting);
    const llm_merge *found = pair_at(self, link, turn.left);
    if (found == NULL || found->rank != turn.rank) continue;
    join(link, turn.left, turn.whole);
    offer(self, room, &waiting, turn.left);
    if (link[turn.left].previous != NONE)
      offer(self, room, &waiting, link[turn.left].previous);
  }
  *count = 0;
  for (size_t i = 0; i != NONE; i = link[i].next)
    token[(*count)++] = link[i].token;
  return HEED_OK;
}
