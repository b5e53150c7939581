/* SPDX-License-Identifier: GPL-3.0-or-later
 * HDF5 with heed's errors.  A function does nothing if status != HEED_OK: check
 * a series of calls once, at its end.
 *
 * Callers: work, result, command.  Stages and execution do not: they pass
 * records and tables on and never open an HDF5 file. */
#ifndef HEED_HDF_HDF_H
#define HEED_HDF_HDF_H

#include <hdf5.h>
#include <stdbool.h>

#include "heed/status.h"
#include "heed/table.h"

typedef struct hdf_file {
  const char *path; /* for messages */
  heed_status status;
  heed_error *error;
} hdf_file;

/* A new file in memory; -1: failure.  And its bytes, from malloc(), before it
 * is closed; NULL: failure. */
hid_t hdf_memory_file(hdf_file *self);
void *hdf_image(hdf_file *self, hid_t root, size_t *length);

/* Opens the bytes of a file, which are copied, for reading; -1: failure. */
hid_t hdf_open_image(hdf_file *self, const void *bytes, size_t length);

/* Opens the file with this path for reading; -1: failure. */
hid_t hdf_open(hdf_file *self);
/* The same for the file behind a descriptor, whose path may name another file
 * by now; or writes a new file there, in place of its contents.  The caller
 * closes the descriptor, after the file. */
hid_t hdf_open_descriptor(hdf_file *self, int descriptor);
hid_t hdf_create(hdf_file *self, int descriptor);
/* Closes a file and all open objects in it; does nothing if root is -1. */
void hdf_close(hdf_file *self, hid_t root);

/* Fills in the error: the operation, its object and HDF5's message. */
void hdf_explain(hdf_file *self, const char *doing, const char *what);

/* Remembers the first failure. */
static inline void hdf_fail(hdf_file *self, const char *doing,
                            const char *what) {
  if (self->status != HEED_OK) return;
  hdf_explain(self, doing, what);
  self->status = HEED_IO;
}

/* The same for memory that was refused. */
static inline void hdf_no_memory(hdf_file *self) {
  if (self->status == HEED_OK) self->status = heed_no_memory(self->error);
}

/* The variable-length UTF-8 text type that netCDF readers want. */
hid_t hdf_text_type(void);
hid_t hdf_type(heed_column_type type); /* native; close it if a text type */

/* The list for a transfer of `count` values.  Texts are converted in a buffer
 * of 1 MiB, which HDF5 allocates and clears in each call: a few need less. */
hid_t hdf_transfer(hid_t type, size_t count);

/* Adds to the creation list of a chunked dataset the filters that every HDF5
 * library has. */
void hdf_pack(hid_t creation);

hid_t hdf_group(hdf_file *self, hid_t parent, const char *name);

/* Writes a new dataset of rank dimensions (0: a scalar) and returns it open. */
hid_t hdf_write(hdf_file *self, hid_t parent, const char *name, hid_t type,
                int rank, const hsize_t *extent, const void *data);
/* The same, and closes it. */
void hdf_put(hdf_file *self, hid_t parent, const char *name, hid_t type,
             int rank, const hsize_t *extent, const void *data);
void hdf_put_texts(hdf_file *self, hid_t parent, const char *name, size_t count,
                   const char *const *texts);
void hdf_put_text(hdf_file *self, hid_t parent, const char *name,
                  const char *text);

/* Attributes. */
void hdf_note(hdf_file *self, hid_t object, const char *name, const char *text);
void hdf_note_number(hdf_file *self, hid_t object, const char *name,
                     double value);
void hdf_note_integer(hdf_file *self, hid_t object, const char *name,
                      int64_t value);

/* An attribute of an object below parent (".": parent itself). */
int64_t hdf_read_note(hdf_file *self, hid_t parent, const char *object,
                      const char *name);
/* A text; the caller frees it.  NULL without a failure: missing. */
char *hdf_read_note_text(hdf_file *self, hid_t object, const char *name);
double hdf_read_note_number(hdf_file *self, hid_t parent, const char *object,
                            const char *name);

/* Copies a dataset of another file, as it is stored and without attributes, and
 * returns it open; -1: failure. */
hid_t hdf_copy_set(hdf_file *self, hid_t source, const char *name,
                   hid_t parent);

/* Opens a dataset or a group for reading.  Refuses what is in another file:
 * that is not the file that the user names. */
hid_t hdf_open_set(hdf_file *self, hid_t parent, const char *name);
hid_t hdf_open_group(hdf_file *self, hid_t parent, const char *name);

/* Reads a whole dataset, *count elements, into memory from malloc().  NULL
 * without a failure: optional and missing. */
void *hdf_read(hdf_file *self, hid_t parent, const char *name, hid_t type,
               size_t size, size_t *count, int optional);
/* The same for rows first … first + rows - 1. */
void *hdf_read_rows(hdf_file *self, hid_t parent, const char *name, hid_t type,
                    size_t size, size_t first, size_t rows, size_t *count);
double *hdf_read_numbers(hdf_file *self, hid_t parent, const char *name,
                         size_t *count);
int64_t *hdf_read_integers(hdf_file *self, hid_t parent, const char *name,
                           size_t *count);
char **hdf_read_texts(hdf_file *self, hid_t parent, const char *name,
                      size_t *count);
void hdf_free_texts(char **texts, size_t count);
char *hdf_read_text(hdf_file *self, hid_t parent, const char *name);

#endif
