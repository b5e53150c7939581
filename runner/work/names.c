/* SPDX-License-Identifier: GPL-3.0-or-later
 * The names of the files in a work folder. */
#include <ctype.h>
#include <string.h>

#include "files/file.h"
#include "folder.h"

#define DIGITS "0123456789abcdef"

/* The text after a prefix; NULL: it has another. */
static const char *after(const char *name, const char *prefix) {
  const size_t length = strlen(prefix);
  return name != NULL && strncmp(name, prefix, length) == 0 ? name + length
                                                            : NULL;
}

/* The same for `count` hexadecimal digits. */
static const char *after_digits(const char *name, size_t count) {
  return name != NULL && strspn(name, DIGITS) >= count ? name + count : NULL;
}

/* worker-NUMBER.log */
static const char *after_log(const char *name) {
  const char *number = after(name, "worker-");
  const size_t length = number == NULL ? 0 : strspn(number, "0123456789");
  return length == 0 ? NULL : after(number + length, ".log");
}

/* What follows a name in place: nothing, or an end that heed gives. */
static bool ends(const char *end) {
  if (end == NULL) return false;
  return *end == '\0' || strcmp(end, WORK_BAD) == 0 ||
         (file_is_temporary(end) && *end == '.');
}

/* Plugins add ends of their own to the paths of outputs and checkpoints. */
static bool names_stage(const char *name) {
  const char *end = after_digits(after(name, "stage-"), PLAN_KEY_SIZE - 1);
  return end != NULL && *end == '.';
}

/* NFS keeps removed files that are open under such names for a while. */
static bool names_system(const char *name) {
  return after(name, ".nfs") != NULL;
}

bool names_part(const char *name) {
  const char *end = after(after_digits(after(name, "part-"), 32), ".h5");
  return end != NULL && *end == '\0';
}

bool names_work(const char *name) {
  return ends(after(name, WORK_MARKER)) || ends(after(name, WORK_LOCK)) ||
         ends(after(name, WORK_PLAN)) || ends(after_log(name)) ||
         ends(after(after_digits(after(name, "part-"), 32), ".h5")) ||
         names_stage(name) || names_system(name);
}
