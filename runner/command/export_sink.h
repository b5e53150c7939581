/* SPDX-License-Identifier: GPL-3.0-or-later
 * Where an export goes: a buffer in front of a file or of standard output, or
 * nowhere, for a rehearsal.  The first failure stays, and nothing is written
 * after it: check sink_status() once. */
#ifndef HEED_COMMAND_EXPORT_SINK_H
#define HEED_COMMAND_EXPORT_SINK_H

#include "standard.h"
#include "view/view.h"

#define SINK_SIZE ((size_t)1 << 16)

/* A number as text.  Numbers of an export are few and return often: rows of a
 * user share theirs, and users of the same history, too. */
typedef struct sink_known {
  double value;
  char text[NUMBER_SIZE + 2];
} sink_known;
#define SINK_KNOWN ((size_t)1 << 10)

typedef struct export_sink {
  const output_stream *stream; /* NULL: nowhere */
  heed_status status;
  heed_error *error;
  sink_known known[SINK_KNOWN]; /* by a hash of the value */
  size_t used;
  char bytes[SINK_SIZE];
} export_sink;

void sink_open(export_sink *self, const output_stream *stream,
               heed_error *error);
void sink_bytes(export_sink *self, const char *bytes, size_t length);
void sink_text(export_sink *self, const char *text);
/* A JSON string, as jansson writes it: UTF-8 as it is.  False, and nothing is
 * written: the text is not UTF-8. */
bool sink_json(export_sink *self, const char *text);
/* A JSON number, always with a point or an exponent: readers infer the type of
 * a column from its first rows, and 1 would mean integers. */
void sink_number(export_sink *self, double value);
/* The same as view_number() writes it, for CSV. */
void sink_field_number(export_sink *self, double value);
void sink_integer(export_sink *self, int64_t value);

/* Writes out the buffer. */
heed_status sink_flush(export_sink *self);

#endif
