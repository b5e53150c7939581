/* SPDX-License-Identifier: GPL-3.0-or-later
 * Texts for a terminal or a page.  A text of a log, a plugin or a file may hold
 * bytes that a terminal obeys: colours, titles, answers typed for the user.  It
 * may turn the direction of the line.  Such bytes are shown, not sent:
 *
 *   control characters            \x1b
 *   DEL, and C1 controls          \u009b
 *   marks and turns of direction  \u202e
 *   ends of lines, of paragraphs  \u2028
 *   bytes that are not UTF-8      \xff
 *
 * A JSON text stays a JSON text with the same content: JSON writes the first
 * row itself.
 *
 * The streams of command/standard.h do this to everything that a command
 * prints, and a page to its texts.
 *
 * Callers: report, command. */
#ifndef HEED_VIEW_SAFE_H
#define HEED_VIEW_SAFE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>

#define SAFE_GROWTH 6 /* bytes shown for one byte, at most */

/* Copies a text, at most SAFE_GROWTH times as long; returns its new length.
 * keeps_lines: '\n' and '\t' stay. */
size_t safe_copy(const char *text, size_t length, bool keeps_lines,
                 char *target);

/* The same for one line of a message: "\n" is shown, too.  The caller frees it.
 * NULL: out of memory. */
char *safe_line(const char *text);
/* The same for several lines: '\n' and '\t' stay. */
char *safe_lines(const char *text);
/* Prints one line of a message, without its end. */
void safe_put(FILE *file, const char *text);

/* The last bytes of a text that begin a character and do not end it. */
size_t safe_unfinished(const char *text, size_t length);

/* Columns on a terminal: an East Asian character takes two, a combining one
 * none. */
size_t safe_width(const char *text, size_t length);

/* Moves to the next character. */
const char *safe_next(const char *text);

#endif
