/* SPDX-License-Identifier: GPL-3.0-or-later
 * A folder held by its descriptor.
 *
 * Its files are opened, written and removed by name, and only regular files:
 * never through a link, never a pipe or a device.  So heed touches nothing
 * outside the folder, whatever others put into it or in its place.  A new file
 * is complete or absent, as with files/file.h, and only its owner may write to
 * it.
 *
 * Callers: work, result. */
#ifndef HEED_FILES_FOLDER_H
#define HEED_FILES_FOLDER_H

#include <stdbool.h>
#include <stddef.h>

#include "heed/status.h"

typedef struct folder_handle {
  int descriptor;   /* -1: closed */
  const char *path; /* for messages; borrowed */
} folder_handle;

/* Opens a folder.  A link to a folder is refused, and a missing folder is an
 * error. */
heed_status folder_open(const char *path, folder_handle *result,
                        heed_error *error);
void folder_close(folder_handle *self);

/* Opens a regular file.  flags: O_RDONLY, or O_RDWR, O_CREAT, O_EXCL, …  A file
 * opened for writing must have no other name.  *descriptor is -1 if the file is
 * missing and O_CREAT is not given. */
heed_status folder_open_file(const folder_handle *self, const char *name,
                             int flags, int *descriptor, heed_error *error);

/* Fails unless the file is missing or regular. */
heed_status folder_check_file(const folder_handle *self, const char *name,
                              heed_error *error);

/* All bytes of a file, from malloc(), with a NUL after them.  *bytes is NULL if
 * the file is missing. */
heed_status folder_read(const folder_handle *self, const char *name,
                        char **bytes, size_t *length, heed_error *error);

/* Writes or replaces a file.  A failure leaves the old file unchanged and no
 * other file behind. */
heed_status folder_write(const folder_handle *self, const char *name,
                         const void *bytes, size_t length, heed_error *error);

/* Renames a complete temporary file to its final name, as file_commit(). */
heed_status folder_commit(const folder_handle *self, const char *temporary,
                          const char *name, heed_error *error);

heed_status folder_rename(const folder_handle *self, const char *name,
                          const char *next, heed_error *error);

/* Gives a file a second name in another folder, in place of any file there. */
heed_status folder_link(const folder_handle *self, const char *name,
                        const folder_handle *target, const char *next,
                        heed_error *error);

/* Removes a file; a missing file is not an error. */
heed_status folder_remove(const folder_handle *self, const char *name,
                          heed_error *error);

heed_status folder_sync(const folder_handle *self, heed_error *error);

/* Removes the temporary files whose process, on this host, is gone. */
void folder_clean(const folder_handle *self);

typedef struct folder_names {
  size_t count;
  char **names; /* sorted */
} folder_names;

/* The names in the folder that are wanted; all if `wanted` is NULL.  Free them
 * with folder_free_names(). */
heed_status folder_list(const folder_handle *self,
                        bool (*wanted)(const char *name), folder_names *result,
                        heed_error *error);
void folder_free_names(folder_names *self);

#endif
