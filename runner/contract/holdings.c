/* SPDX-License-Identifier: GPL-3.0-or-later
 * Counts the resources of this process: from the kernel and from malloc(). */
#include "holdings.h"

#include <dirent.h>
#include <malloc.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

const char *const holding_names[HOLDING_COUNT] = {"memory", "open files",
                                                  "threads", "mapped memory"};
const char *const holding_units[HOLDING_COUNT] = {"bytes", "files", "threads",
                                                  "pages"};

static size_t entries_of(const char *folder) {
  size_t count = 0;
  DIR *entries = opendir(folder);
  if (entries == NULL) return 0;
  while (readdir(entries) != NULL) count++;
  (void)closedir(entries);
  return count;
}

static size_t pages_mapped(void) {
  char text[64] = "";
  FILE *file = fopen("/proc/self/statm", "re");
  if (file == NULL) return 0;
  if (fgets(text, sizeof text, file) == NULL) text[0] = '\0';
  (void)fclose(file);
  return strtoul(text, NULL, 10);
}

/* glibc caches freed blocks of each small size per thread and counts them as in
 * use.  This function empties the cache before it reads the count. */
static size_t heap_bytes(void) {
  enum { SIZES = 64, EACH = 7, SMALLEST = 24, STEP = 16, HEADER = 8 };
  void *taken[SIZES * EACH];
  const size_t count = sizeof taken / sizeof *taken;
  size_t own = 0;
  for (size_t i = 0; i < count; i++) {
    taken[i] = malloc(SMALLEST + i / EACH * STEP);
    if (taken[i] != NULL) own += malloc_usable_size(taken[i]) + HEADER;
  }
  const struct mallinfo2 heap = mallinfo2();
  for (size_t i = 0; i < count; i++) free(taken[i]);
  return heap.uordblks + heap.hblkhd - own;
}

contract_holdings holdings_now(void) {
  contract_holdings now;
  now.held[HOLDING_FILES] = entries_of("/proc/self/fd");
  now.held[HOLDING_THREADS] = entries_of("/proc/self/task");
  now.held[HOLDING_PAGES] = pages_mapped();
  /* Last, because the other counts allocate memory and free it. */
  now.held[HOLDING_HEAP] = heap_bytes();
  return now;
}

/* ---- by function ---- */

static contract_growth *growth_of(contract_ledger *self, const char *function) {
  for (size_t i = 0; i < self->count; i++)
    if (strcmp(self->functions[i].function, function) == 0)
      return &self->functions[i];
  if (self->count == HOLDINGS_FUNCTIONS) return NULL;
  self->functions[self->count] = (contract_growth){.function = function};
  return &self->functions[self->count++];
}

void ledger_begin(contract_ledger *self) {
  self->earlier = holdings_now();
}

void ledger_end(contract_ledger *self, const char *function) {
  const contract_holdings later = holdings_now();
  contract_growth *growth = growth_of(self, function);
  for (size_t i = 0; growth != NULL && i < HOLDING_COUNT; i++)
    growth->more[i] += (long)later.held[i] - (long)self->earlier.held[i];
}

const char *ledger_culprit(const contract_ledger *self, contract_holding what) {
  const char *culprit = "";
  long most = 0;
  for (size_t i = 0; i < self->count; i++)
    if (self->functions[i].more[what] > most) {
      most = self->functions[i].more[what];
      culprit = self->functions[i].function;
    }
  return culprit;
}
