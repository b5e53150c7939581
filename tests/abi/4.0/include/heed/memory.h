/* SPDX-License-Identifier: MIT
 * Optional: many allocations, one check.
 *
 *   heed_memory memory = {host, false};
 *   double *mean = heed_allocate_doubles(&memory, users);
 *   size_t *next = heed_scratch_sizes(&memory, users + 1);
 *   if (memory.refused) return heed_no_memory(error);
 *
 * Each function calls the function of heed_host that has its name.  Once the
 * host has refused one allocation, the functions return NULL and no longer ask
 * the host.  So while `refused` is false, nothing that was asked for is NULL,
 * not even an array of no elements. */
#ifndef HEED_MEMORY_H
#define HEED_MEMORY_H

#include "host.h"

#ifdef __cplusplus
extern "C" {
#endif

typedef struct heed_memory {
  const heed_host *host;
  bool refused;
} heed_memory;

/* For memory allocated in another way: records that it is NULL. */
static inline void *heed_allocated(heed_memory *memory, void *made) {
  if (made == NULL) memory->refused = true;
  return made;
}

static inline void *heed_allocate(heed_memory *memory, size_t count,
                                  size_t size) {
  if (memory->refused) return NULL;
  return heed_allocated(memory,
                        memory->host->allocate(memory->host, count, size));
}

static inline void *heed_scratch(heed_memory *memory, size_t count,
                                 size_t size) {
  if (memory->refused) return NULL;
  return heed_allocated(memory,
                        memory->host->scratch(memory->host, count, size));
}

static inline double *heed_allocate_doubles(heed_memory *memory, size_t count) {
  return (double *)heed_allocate(memory, count, sizeof(double));
}

static inline double *heed_scratch_doubles(heed_memory *memory, size_t count) {
  return (double *)heed_scratch(memory, count, sizeof(double));
}

static inline size_t *heed_scratch_sizes(heed_memory *memory, size_t count) {
  return (size_t *)heed_scratch(memory, count, sizeof(size_t));
}

/* text may be NULL: nothing is copied, and no failure is recorded. */
static inline const char *heed_copy_text(heed_memory *memory,
                                         const char *text) {
  const char *made;
  if (memory->refused || text == NULL) return NULL;
  made = memory->host->copy(memory->host, text);
  if (made == NULL) memory->refused = true;
  return made;
}

static inline heed_table *heed_new_table(heed_memory *memory, const char *name,
                                         size_t rows) {
  if (memory->refused) return NULL;
  return (heed_table *)heed_allocated(
      memory, memory->host->table(memory->host, name, rows));
}

/* table: not NULL; for instance from heed_new_table(). */
static inline void *heed_new_column(heed_memory *memory, heed_table *table,
                                    const char *name, heed_column_type type,
                                    size_t width) {
  if (memory->refused) return NULL;
  return heed_allocated(
      memory, memory->host->column(memory->host, table, name, type, width));
}

#ifdef __cplusplus
}
#endif

#endif
