/* SPDX-License-Identifier: GPL-3.0-or-later
 * Error messages on standard error. */
#include <stdarg.h>
#include <stdio.h>

#include "table.h"
#include "view/safe.h"

int command_error(const heed_error *error) {
  fputs("heed: ", stderr);
  safe_put(stderr, error->message);
  fputc('\n', stderr);
  switch (error->status) {
    case HEED_INVALID:
    case HEED_UNSUPPORTED:
      return EXIT_USAGE;
    case HEED_CANCELLED:
      return EXIT_INTERRUPTED;
    default:
      return EXIT_FAILED;
  }
}

int command_usage(const char *command, const char *format, ...) {
  const bool is_program = *command == '\0';
  va_list arguments;
  fprintf(stderr, "heed: %s%s", command, is_program ? "" : ": ");
  va_start(arguments, format);
  vfprintf(stderr, format, arguments);
  va_end(arguments);
  if (is_program)
    fprintf(stderr, "\nheed --help lists the commands\n");
  else
    fprintf(stderr, "\nheed %s --help lists its options\n", command);
  return EXIT_USAGE;
}

int command_unknown(const char *name) {
  const char *nearest = command_nearest(name);
  if (nearest == NULL) return command_usage("", "unknown command \"%s\"", name);
  return command_usage("", "unknown command \"%s\"; did you mean %s?", name,
                       nearest);
}
