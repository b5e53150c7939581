/* SPDX-License-Identifier: GPL-3.0-or-later
 * Descriptors: what the host checks before it uses a plugin.  `file` is the
 * plugin's file, for messages. */
#ifndef HEED_HOST_DESCRIPTOR_H
#define HEED_HOST_DESCRIPTOR_H

#include "host/host.h"

/* Refuses another major version before it reads more; the error names both. */
heed_status descriptor_check_list(const heed_plugin_list *list,
                                  const char *file, heed_error *error);

/* Checks a descriptor of any minor version and copies it into `memory`, with
 * the sizes and strides of this host (adopt.c).  Texts, choices and functions
 * stay in the plugin's file. */
heed_status descriptor_adopt(const heed_plugin *plugin, const char *file,
                             host_arena *memory, const heed_plugin **adopted,
                             heed_error *error);

/* Checks names, schemas and required functions of a descriptor that has the
 * sizes of this host. */
heed_status descriptor_check(const heed_plugin *plugin, const char *file,
                             heed_error *error);

/* The size of this host's table of functions; 0: unknown kind. */
size_t descriptor_functions_size(heed_kind kind);

#endif
