/* SPDX-License-Identifier: GPL-3.0-or-later
 * Large pages (transparent huge pages of Linux). */
#include "sources/log/large.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

#define PAGE ((size_t)1 << 21)

static void *make(size_t bytes) {
  void *made = aligned_alloc(PAGE, (bytes + PAGE - 1) / PAGE * PAGE);
  if (made != NULL) (void)madvise(made, bytes, MADV_HUGEPAGE);
  return made;
}

void *log_large(size_t count, size_t size) {
  void *made;
  if (count > SIZE_MAX / 2 / size) return NULL;
  if (count * size < PAGE) return calloc(count, size);
  made = make(count * size);
  return made == NULL ? NULL : memset(made, 0, count * size);
}

void *log_large_grown(void *array, size_t old, size_t bytes) {
  void *more;
  if (bytes > SIZE_MAX / 2) return NULL;
  if (bytes < PAGE) return realloc(array, bytes);
  more = make(bytes);
  if (more == NULL) return NULL;
  if (old > 0) memcpy(more, array, old);
  free(array);
  return more;
}

void log_large_pages(void *memory, size_t bytes) {
  char *start = memory;
  const size_t before = (PAGE - (uintptr_t)memory % PAGE) % PAGE;
  if (bytes < before + PAGE) return;
  (void)madvise(start + before, (bytes - before) / PAGE * PAGE, MADV_HUGEPAGE);
}
