/* SPDX-License-Identifier: MIT
 * Errors: a status, and a message for the user.
 *
 * A function that can fail returns a heed_status and takes a heed_error that
 * its caller owns.  HEED_OK leaves the heed_error unchanged.  A plugin does not
 * print, exit or jump.  It returns an error that says what is wrong, where,
 * what was found and what was expected. */
#ifndef HEED_STATUS_H
#define HEED_STATUS_H

#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>

#ifdef __cplusplus
extern "C" {
#endif

/* Treat an unknown value as a failure. */
typedef int32_t heed_status;
enum heed_statuses {
  HEED_OK = 0,
  HEED_INVALID = 1,     /* the user's input is wrong: a parameter, file, row */
  HEED_UNSUPPORTED = 2, /* each part is right, but they do not fit together */
  HEED_NUMERIC = 3,     /* a result is out of range or NaN */
  HEED_MEMORY = 4,      /* out of memory */
  HEED_IO = 5,          /* a file could not be read or written */
  HEED_CANCELLED = 6,   /* the host asked to stop, and the plugin stopped */
  HEED_INTERNAL = 7     /* a defect of the plugin or of heed */
};

#define HEED_MESSAGE_SIZE 1024

/* Frozen. */
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

/* Fills in *error and returns status, so that a function can say
 * `return heed_fail(error, HEED_INVALID, "…", …);`.  error may be NULL.  A
 * message that is too long is truncated. */
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

/* Analysers do not look into variadic functions.  This macro shows them which
 * status is returned. */
#define heed_fail(error, status, ...) \
  ((void)(heed_fail)((error), (status), __VA_ARGS__), (heed_status)(status))

/* The only wording for a refused allocation. */
#define HEED_OUT_OF_MEMORY "out of memory"

static inline heed_status heed_no_memory(heed_error *error) {
  return heed_fail(error, HEED_MEMORY, HEED_OUT_OF_MEMORY);
}

/* The end of a counted noun: "%zu row%s", count, heed_plural(count). */
static inline const char *heed_plural(uint64_t count) {
  return count == 1 ? "" : "s";
}

#ifdef __cplusplus
}
#endif

#endif
