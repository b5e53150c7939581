/* SPDX-License-Identifier: GPL-3.0-or-later
 * Names and their ids, numbered by first appearance. */
#ifndef HEED_SOURCES_LOG_NAMES_H
#define HEED_SOURCES_LOG_NAMES_H

#include <search.h>

#include "heed/memory.h"

typedef struct log_names {
  struct hsearch_data table;
  const char **text;
  size_t count;
  bool open;
} log_names;

/* For at most `most` names, whose texts the caller keeps. */
void log_names_open(heed_memory *memory, log_names *self, size_t most);
void log_names_close(log_names *self);

/* The id of a name, a new id if the name is new. */
size_t log_number(log_names *self, const char *text);

/* The id of a name; SIZE_MAX if the name is unknown. */
size_t log_known_number(log_names *self, const char *text);

#endif
