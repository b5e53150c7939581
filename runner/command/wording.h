/* SPDX-License-Identifier: GPL-3.0-or-later
 * What --help, the page of the command line and the man pages say alike. */
#ifndef HEED_COMMAND_WORDING_H
#define HEED_COMMAND_WORDING_H

#include "table.h"

#define WORDING_SIZE 1024

/* "heed run", or "heed" alone. */
void wording_name(const command_entry *entry, char text[WORDING_SIZE]);
/* "heed run SWEEP.lua [options]". */
void wording_usage(const command_entry *entry, char text[WORDING_SIZE]);
/* "-o, --output FILE", or what an operand is called. */
void wording_head(const command_option *option, char text[WORDING_SIZE]);
/* All that there is to say about it: doc, words, default, how often. */
void wording_doc(const command_option *option, char text[WORDING_SIZE]);

/* What is written where.  The man pages go to files of their own in a folder
 * that exists; the others to the file. */
void help_write(FILE *file, const command_entry *entry);
void markdown_write(FILE *file);
heed_status man_write(const char *folder, heed_error *error);

#endif
