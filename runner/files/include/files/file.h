/* SPDX-License-Identifier: GPL-3.0-or-later
 * Atomic files, complete or absent: a temporary name, fsync, rename, and fsync
 * of the folder.
 *
 * Callers: hdf, work, result, stages, report, command.  heed writes files only
 * through this header, and through output.h if a user names the file; a plugin
 * writes only to paths from the host. */
#ifndef HEED_FILES_FILE_H
#define HEED_FILES_FILE_H

#include <stdbool.h>
#include <stddef.h>

#include "heed/status.h"

/* A formatted text; the caller frees it.  NULL: out of memory. */
HEED_PRINTF(1, 2)
char *file_name(const char *format, ...);

/* The temporary name of a file that this process writes: PATH.tmp-HOST-PID.
 * The caller frees it.  NULL: out of memory. */
char *file_temporary(const char *path);

/* Creates a temporary file, in place of one that an earlier process with this
 * number left.  Follows no link.  Only its owner can read the file if it will
 * replace one at `path`.  The descriptor, or -1 and errno. */
int file_create(const char *temporary, const char *path);

/* The same without a name: the file is gone when its descriptor is closed, even
 * if this process is killed.  -1: the file system has no such files. */
int file_create_unnamed(const char *path);
/* Gives such a file its temporary name, for file_commit(). */
heed_status file_give_name(int descriptor, const char *temporary,
                           const char *path, heed_error *error);

/* The folder of a path ("." if it names none).  The caller frees it.  NULL: out
 * of memory. */
char *file_folder(const char *path);

/* Writes or replaces a file.  A failure leaves the old file unchanged and no
 * other file behind. */
heed_status file_write(const char *path, const void *bytes, size_t length,
                       heed_error *error);

/* Writes all bytes at the descriptor's position; path is for errors. */
heed_status file_write_all(int descriptor, const char *path, const void *bytes,
                           size_t length, heed_error *error);

/* Renames a complete temporary file to its final name.  A file of that name is
 * replaced; its mode stays, and its owner and group if the system permits it.
 * The temporary file is gone afterwards, even after a failure. */
heed_status file_commit(const char *temporary, const char *path,
                        heed_error *error);

/* Removes a file; a missing file is not an error. */
heed_status file_remove(const char *path, heed_error *error);

heed_status file_sync_folder(const char *folder, heed_error *error);

/* Removes the temporary files in the folder whose names begin with the prefix
 * and whose process, on this host, is gone. */
void file_clean(const char *folder, const char *prefix);

/* True if the name is temporary. */
bool file_is_temporary(const char *name);

#endif
