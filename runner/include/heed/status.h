/* SPDX-License-Identifier: MIT
 * Errors: one type that carries a message fit to show a user.
 *
 * A function that can fail returns a heed_status and takes a heed_error that
 * its caller owns.  HEED_OK leaves the heed_error untouched.  Nothing prints,
 * exits or jumps: an error is returned, with what was wrong, where, what was
 * found and what was expected. */
#ifndef HEED_STATUS_H
#define HEED_STATUS_H

#include <stdarg.h>
#include <stdio.h>

#ifdef __cplusplus
extern "C" {
#endif

typedef enum heed_status {
  HEED_OK = 0,
  HEED_INVALID,     /* what the user gave is wrong: a parameter, file, row */
  HEED_UNSUPPORTED, /* each part is right, but they do not fit together */
  HEED_NUMERIC,     /* a computation left the numbers it may return */
  HEED_MEMORY,      /* an allocation was refused */
  HEED_IO,          /* a file could not be read or written */
  HEED_CANCELLED,   /* the host asked to stop, and the plugin did */
  HEED_INTERNAL     /* a defect of the plugin or of heed itself */
} heed_status;

#define HEED_MESSAGE_SIZE 1024

typedef struct heed_error {
  heed_status status;
  char message[HEED_MESSAGE_SIZE]; /* UTF-8, one line, no final full stop */
} heed_error;

#if defined(__GNUC__)
#define HEED_PRINTF(position, first) \
  __attribute__((format(printf, position, first)))
#else
#define HEED_PRINTF(position, first)
#endif

/* Fills *error (which may be NULL) and returns status, so that a function can
 * say `return heed_fail(error, HEED_INVALID, "…", …);`.  A message that is too
 * long is cut. */
HEED_PRINTF(3, 4)
static inline heed_status heed_fail(heed_error *error, heed_status status,
                                    const char *format, ...) {
  if (error != NULL) {
    va_list arguments;
    error->status = status;
    va_start(arguments, format);
    (void)vsnprintf(error->message, sizeof error->message, format, arguments);
    va_end(arguments);
  }
  return status;
}

/* Analysers do not look into functions of variable arguments; this way they see
 * what is returned. */
#define heed_fail(error, status, ...) \
  ((void)(heed_fail)((error), (status), __VA_ARGS__), (heed_status)(status))

/* What a refused allocation is called, here and nowhere else. */
#define HEED_OUT_OF_MEMORY "out of memory"

static inline heed_status heed_no_memory(heed_error *error) {
  return heed_fail(error, HEED_MEMORY, HEED_OUT_OF_MEMORY);
}

#ifdef __cplusplus
}
#endif

#endif
