/* SPDX-License-Identifier: GPL-3.0-or-later
 * Text that may contain invalid UTF-8, which becomes U+FFFD, one per maximal
 * part of a character, as in Python's errors="replace" and the WHATWG
 * decoder. */
#ifndef HEED_SUPPORT_LLM_UTF8_H
#define HEED_SUPPORT_LLM_UTF8_H

#include <stddef.h>
#include <stdint.h>

/* Reads one character of `left` bytes, at least one; returns the number of
 * bytes read. */
size_t utf8_read(const uint8_t *bytes, size_t left, uint32_t *character);

/* text as valid UTF-8 followed by NUL; owned by the caller.  NULL: out of
 * memory. */
char *utf8_clean(const char *text, size_t length, size_t *clean);

#endif
