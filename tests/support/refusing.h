/* SPDX-License-Identifier: GPL-3.0-or-later
 * A host that refuses one allocation of all that a call asks for, for tests of
 * what happens then. */
#ifndef HEED_TESTS_REFUSING_H
#define HEED_TESTS_REFUSING_H

#include "workbench.h"

typedef struct test_refusing {
  heed_host real;
  size_t asked, refused; /* refused: the number of the allocation */
} test_refusing;

static test_refusing refusing;

static inline bool refusing_now(void) {
  return refusing.asked++ == refusing.refused;
}

static inline void *refusing_allocate(const heed_host *host, size_t count,
                                      size_t size) {
  return refusing_now() ? NULL : refusing.real.allocate(host, count, size);
}

static inline void *refusing_scratch(const heed_host *host, size_t count,
                                     size_t size) {
  return refusing_now() ? NULL : refusing.real.scratch(host, count, size);
}

static inline const char *refusing_copy(const heed_host *host,
                                        const char *text) {
  return refusing_now() ? NULL : refusing.real.copy(host, text);
}

static inline heed_table *refusing_table(const heed_host *host,
                                         const char *name, size_t rows) {
  return refusing_now() ? NULL : refusing.real.table(host, name, rows);
}

static inline void *refusing_column(const heed_host *host, heed_table *table,
                                    const char *name, heed_column_type type,
                                    size_t width) {
  return refusing_now() ? NULL
                        : refusing.real.column(host, table, name, type, width);
}

typedef heed_status test_call(void *context, heed_error *error);

/* Calls with the first allocation refused, then with the second, …, until the
 * call gets all that it asks for.  Each other time it must say so, in the words
 * that there are for it.  What a call makes is gone before the next. */
static inline void refusing_each(test_workbench *bench, test_call *call,
                                 void *context) {
  heed_host *host = &bench->host.host;
  host_arena *kept = bench->host.output, *output = arena_create();
  heed_status status = HEED_MEMORY;
  refusing.real = *host;
  host->allocate = refusing_allocate;
  host->scratch = refusing_scratch;
  host->copy = refusing_copy;
  host->table = refusing_table;
  host->column = refusing_column;
  bench->host.output = output;
  for (size_t i = 0; status == HEED_MEMORY; i++) {
    heed_error error = {HEED_OK, ""};
    refusing.asked = 0;
    refusing.refused = i;
    status = call(context, &error);
    arena_clear(output);
    arena_clear(bench->scratch);
    if (refusing.asked <= i) {
      if (status != HEED_OK) fail_msg("%s", error.message);
      assert_true(i > 0); /* there was something to refuse */
    } else if (status != HEED_MEMORY ||
               strcmp(error.message, HEED_OUT_OF_MEMORY) != 0) {
      fail_msg("allocation %zu was refused: status %d, \"%s\"", i, (int)status,
               error.message);
    }
  }
  *host = refusing.real;
  bench->host.output = kept;
  arena_free(output);
}

#endif
