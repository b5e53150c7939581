/* SPDX-License-Identifier: GPL-3.0-or-later
 * Where a value is in an object of JSON: "winner", "value.selected",
 * "conversation_a[0].content", "choices[-1]" (the last).  A number between dots
 * is an index as well.  A key that has such characters is found by its whole
 * name. */
#ifndef HEED_SOURCES_LOG_PATH_H
#define HEED_SOURCES_LOG_PATH_H

#include <jansson.h>
#include <stddef.h>

/* Takes the first step of a path; NULL: the value has no such part.  *path
 * becomes the rest. */
const json_t *log_step(const json_t *value, const char **path);

/* The value at a path; NULL: there is none. */
const json_t *log_at(const json_t *value, const char *path);

#endif
