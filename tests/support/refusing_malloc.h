/* SPDX-License-Identifier: GPL-3.0-or-later
 * An allocator that refuses one allocation of all that a call asks for, for
 * tests that are linked with --wrap (tests/CMakeLists.txt).  It serves what is
 * linked into the test, no shared library. */
#ifndef HEED_TESTS_REFUSING_MALLOC_H
#define HEED_TESTS_REFUSING_MALLOC_H

#include "workbench.h"

static struct {
  bool on;
  size_t asked, refused; /* refused: the number of the allocation */
} refusing_malloc;

static inline bool refusing_malloc_now(void) {
  return refusing_malloc.on &&
         refusing_malloc.asked++ == refusing_malloc.refused;
}

/* The linker calls these for malloc() and so on, and malloc() for the second.
 */
#define REFUSING(type, name, parameters, arguments)                \
  type __real_##name parameters;                                   \
  type __wrap_##name parameters;                                   \
  type __wrap_##name parameters {                                  \
    return refusing_malloc_now() ? NULL : __real_##name arguments; \
  }

REFUSING(void *, malloc, (size_t size), (size))
REFUSING(void *, calloc, (size_t count, size_t size), (count, size))
REFUSING(void *, realloc, (void *old, size_t size), (old, size))
REFUSING(void *, aligned_alloc, (size_t alignment, size_t size),
         (alignment, size))
REFUSING(char *, strdup, (const char *text), (text))
REFUSING(char *, strndup, (const char *text, size_t length), (text, length))

int __real_vasprintf(char **text, const char *format, va_list arguments);
int __wrap_vasprintf(char **text, const char *format, va_list arguments);
int __wrap_vasprintf(char **text, const char *format, va_list arguments) {
  return refusing_malloc_now() ? -1 : __real_vasprintf(text, format, arguments);
}

int __wrap_asprintf(char **text, const char *format, ...);
int __wrap_asprintf(char **text, const char *format, ...) {
  int length;
  va_list arguments;
  va_start(arguments, format);
  length = __wrap_vasprintf(text, format, arguments);
  va_end(arguments);
  return length;
}

typedef heed_status test_malloc_call(void *context, heed_error *error);

/* Calls with the first allocation refused, then with the second, …, until the
 * call gets all that it asks for.  Each other time it must say so, or do
 * without.  The call frees what it makes, whatever it returns. */
static inline void refusing_malloc_each(test_malloc_call *call, void *context) {
  size_t said = 0;
  for (size_t i = 0;; i++) {
    heed_error error = {HEED_OK, ""};
    heed_status status;
    refusing_malloc.asked = 0;
    refusing_malloc.refused = i;
    refusing_malloc.on = true;
    status = call(context, &error);
    refusing_malloc.on = false;
    if (refusing_malloc.asked <= i) {
      if (status != HEED_OK) fail_msg("%s", error.message);
      break;
    }
    said += status == HEED_MEMORY;
    if (status != HEED_OK &&
        (status != HEED_MEMORY || strncmp(error.message, HEED_OUT_OF_MEMORY,
                                          strlen(HEED_OUT_OF_MEMORY)) != 0))
      fail_msg("allocation %zu was refused: status %d, \"%s\"", i, (int)status,
               error.message);
  }
  assert_true(said > 0);
}

#endif
