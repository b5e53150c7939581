/* SPDX-License-Identifier: GPL-3.0-or-later
 * Paths in JSON. */
#include "sources/log/path.h"

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

/* `-` is an index from the end. */
static const json_t *item_at(const json_t *list, const char *digits,
                             size_t length) {
  const size_t count = json_array_size(list), sign = *digits == '-';
  size_t index;
  if (length == sign || length > 10 ||
      strspn(digits + sign, "0123456789") < length - sign)
    return NULL;
  index = (size_t)strtoul(digits + sign, NULL, 10);
  if (sign == 1)
    return index > count ? NULL : json_array_get(list, count - index);
  return json_array_get(list, index);
}

const json_t *log_step(const json_t *value, const char **path) {
  const char *start = *path + (**path == '.');
  const bool bracket = *start == '[';
  const size_t length = strcspn(start + bracket, bracket ? "]" : ".[");
  const char *part = start + bracket;
  *path = part + length;
  if (bracket && **path == ']') ++*path;
  if (json_is_array(value)) return item_at(value, part, length);
  return bracket ? NULL : json_object_getn(value, part, length);
}

const json_t *log_at(const json_t *value, const char *path) {
  const json_t *whole = json_object_get(value, path);
  if (whole != NULL) return whole;
  while (value != NULL && *path != '\0') value = log_step(value, &path);
  return value;
}
