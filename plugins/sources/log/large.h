/* SPDX-License-Identifier: GPL-3.0-or-later
 * Arrays that are read at random.  If they are large, most of the time goes to
 * finding their pages: large pages save it. */
#ifndef HEED_SOURCES_LOG_LARGE_H
#define HEED_SOURCES_LOG_LARGE_H

#include <stddef.h>

/* Zeros, for free(); NULL: out of memory. */
void *log_large(size_t count, size_t size);
/* The array with more bytes, of which the first `old` are as before.  NULL: out
 * of memory, and the old array stays. */
void *log_large_grown(void *array, size_t old, size_t bytes);
/* Asks for large pages where memory has some. */
void log_large_pages(void *memory, size_t bytes);

#endif
