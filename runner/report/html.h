/* SPDX-License-Identifier: GPL-3.0-or-later
 * Pieces of HTML. */
#ifndef HEED_REPORT_HTML_H
#define HEED_REPORT_HTML_H

#include <stdio.h>

/* Writes a text of a sweep, a plugin or a file, escaped. */
void html_text(FILE *file, const char *text);

/* The text in an element of that name. */
void html_element(FILE *file, const char *name, const char *text);

/* A row of a table with a name and a value; nothing if value is NULL. */
void html_row(FILE *file, const char *name, const char *value);

/* A cell of a table; a dash for NaN. */
void html_number(FILE *file, double number);

#endif
