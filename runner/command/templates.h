/* SPDX-License-Identifier: GPL-3.0-or-later
 * The files that heed new writes: plugins/templates, as the program holds
 * them. */
#ifndef HEED_COMMAND_TEMPLATES_H
#define HEED_COMMAND_TEMPLATES_H

#include <stddef.h>

typedef struct command_template {
  const char *name; /* "estimator.c" */
  const unsigned char *text;
  size_t length;
} command_template;

extern const command_template command_templates[];
extern const size_t command_template_count;

#endif
