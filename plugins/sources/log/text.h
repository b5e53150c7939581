/* SPDX-License-Identifier: GPL-3.0-or-later
 * Texts of a log: some bytes of UTF-8 without NUL, which nothing ends. */
#ifndef HEED_SOURCES_LOG_TEXT_H
#define HEED_SOURCES_LOG_TEXT_H

#include <stdbool.h>
#include <stddef.h>
#include <string.h>

typedef struct log_text {
  const char *bytes; /* NULL: missing */
  size_t length;
  bool is_json; /* a list or an object of JSON, as JSON */
} log_text;

/* For "%.*s" of a message that shows at most `most` bytes of a text. */
#define LOG_SHOWN(text, most)                                     \
  (int)((text).length < (most) ? (text).length : (size_t)(most)), \
      (text).bytes == NULL ? "" : (text).bytes

static inline log_text log_text_of(const char *text) {
  return (log_text){text, text == NULL ? 0 : strlen(text), false};
}

static inline bool log_is_same(log_text one, log_text other) {
  return one.bytes != NULL && other.bytes != NULL &&
         one.length == other.length &&
         memcmp(one.bytes, other.bytes, one.length) == 0;
}

/* The text without the blanks around it. */
log_text log_trim(log_text text);
/* Whether nothing but blanks is there.  A missing text is blank. */
bool log_is_blank(log_text text);

/* False: the text is not a finite number.  Blanks around it do not matter. */
bool log_number_in(log_text text, double *number);

#define LOG_NUMBER_SIZE 32
/* A number of a typed format as a text: a whole number below 2^53 as its
 * digits (1.0 and 1e0 are "1"), any other by the fewest digits that read back
 * as the same number; is_single: as the same number of 32 bits. */
void log_number_text(double number, bool is_single, char text[LOG_NUMBER_SIZE]);

/* Offset of the first byte that is NUL or not UTF-8; length if none. */
size_t log_not_utf8(const char *text, size_t length);

/* Where the line that begins at `position` ends, its end included: LF, CR LF,
 * or CR alone as in files of old Macs and of Excel's "CSV (Macintosh)". */
size_t log_line_end(const char *bytes, size_t position, size_t length);

#endif
