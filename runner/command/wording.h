/* SPDX-License-Identifier: GPL-3.0-or-later
 * Texts shared by --help, docs/command-line.md and the man pages. */
#ifndef HEED_COMMAND_WORDING_H
#define HEED_COMMAND_WORDING_H

#include "table.h"

#define WORDING_SIZE 1024

/* "heed run SWEEP.lua [options]". */
void wording_usage(const command_entry *entry, char text[WORDING_SIZE]);
/* "-o, --output FILE", or the name of an operand. */
void wording_head(const command_option *option, char text[WORDING_SIZE]);
/* Its full description: doc, words, default, whether it repeats. */
void wording_doc(const command_option *option, char text[WORDING_SIZE]);

/* The writers.  help and markdown write to the file, man one file per page into
 * an existing folder. */
void help_write(FILE *file, const command_entry *entry);
void markdown_write(FILE *file);
heed_status man_write(const char *folder, heed_error *error);

#endif
