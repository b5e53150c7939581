/* SPDX-License-Identifier: GPL-3.0-or-later
 * Text that may not be UTF-8: what is not counts as U+FFFD, one for each
 * maximal part of a character, as in Python's errors="replace" and in the
 * WHATWG's decoder. */
#ifndef HEED_SUPPORT_LLM_UTF8_H
#define HEED_SUPPORT_LLM_UTF8_H

#include <stddef.h>
#include <stdint.h>

/* Reads one character of `left` bytes and more than none; returns the bytes
 * taken. */
size_t utf8_read(const uint8_t *bytes, size_t left, uint32_t *character);

/* text as valid UTF-8 with a NUL after it; the caller's.  NULL: out of
 * memory. */
char *utf8_clean(const char *text, size_t length, size_t *clean);

#endif
