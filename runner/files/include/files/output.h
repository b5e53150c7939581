/* SPDX-License-Identifier: GPL-3.0-or-later
 * A file that a user names with -o.  heed looks at it before it works:
 *
 *   a regular file, or none   written under a temporary name and renamed; its
 *                             mode and owner stay
 *   a symbolic link           stays; the file that it leads to is written
 *   "-", /dev/fd/N            the open descriptor
 *   a terminal, a FIFO, …     opened and written to
 *   a folder, a disk          refused
 *
 * A file with several hard links gets new content under this name only.
 *
 * Callers: command.  Files that users do not name: file.h. */
#ifndef HEED_FILES_OUTPUT_H
#define HEED_FILES_OUTPUT_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

#include "heed/status.h"

typedef struct output_target {
  const char *named; /* as given; borrowed */
  char *path;        /* the same without symbolic links at its end */
  int descriptor;    /* open already: of "-" and /dev/fd/N; else -1 */
  bool is_file;      /* a regular file, or none yet */
  bool exists;
  dev_t device; /* if it exists */
  ino_t inode;
} output_target;

/* Finds what `named` leads to and changes nothing.  HEED_INVALID: heed cannot
 * write it.  output_free() frees what is in *result, even after an error. */
heed_status output_find(const char *named, output_target *result,
                        heed_error *error);
void output_free(output_target *self);

/* HEED_INVALID if the target is this input, under any name.  what: "the
 * result that heed reads". */
heed_status output_spare(const output_target *self, const char *input,
                         const char *what, heed_error *error);
/* HEED_INVALID if the target is an HDF5 file: text never replaces a result. */
heed_status output_spare_result(const output_target *self, heed_error *error);
/* HEED_INVALID unless the target is a regular file or missing. */
heed_status output_need_file(const output_target *self, heed_error *error);

/* Writes all bytes: a complete file or none. */
heed_status output_write(const output_target *self, const void *bytes,
                         size_t length, heed_error *error);
/* Finds the target and writes it, for what heed makes from nothing. */
heed_status output_put(const char *named, const void *bytes, size_t length,
                       heed_error *error);

/* A text that is written in pieces: of a file, it is complete or absent, too.
 * Else each piece goes out at once. */
typedef struct output_stream {
  const output_target *target; /* borrowed */
  char *temporary;             /* of a file */
  int descriptor;
  bool is_named; /* the temporary file has its name */
} output_stream;

/* output_drop() frees *stream, even after an error. */
heed_status output_start(const output_target *target, output_stream *stream,
                         heed_error *error);
heed_status output_add(const output_stream *self, const void *bytes,
                       size_t length, heed_error *error);
/* Puts the complete text in its place. */
heed_status output_finish(output_stream *self, heed_error *error);
/* Forgets a file that was not finished. */
void output_drop(output_stream *self);

#endif
