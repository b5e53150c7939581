/* SPDX-License-Identifier: GPL-3.0-or-later
 * Files that are whole or not there: a temporary name, fsync, rename, and fsync
 * of the folder.
 *
 * Callers: hdf, work, result, stages, report, command.  Nobody opens a file of
 * heed's for writing another way; a plugin writes only where it is told to. */
#ifndef HEED_FILES_FILE_H
#define HEED_FILES_FILE_H

#include <stdbool.h>
#include <stddef.h>

#include "heed/status.h"

/* A text of its own, to be freed.  NULL: out of memory. */
HEED_PRINTF(1, 2)
char *file_name(const char *format, ...);

/* The name under which this process makes the file: PATH.tmp-HOST-PID.  To be
 * freed.  NULL: out of memory. */
char *file_temporary(const char *path);

/* The folder a path lies in ("." where it names none).  To be freed.  NULL: out
 * of memory. */
char *file_folder(const char *path);

/* Writes a file or replaces it.  When this fails, what was there before still
 * is, and nothing else. */
heed_status file_write(const char *path, const void *bytes, size_t length,
                       heed_error *error);

/* Writes all bytes at the descriptor's position; path is for errors. */
heed_status file_write_all(int descriptor, const char *path, const void *bytes,
                           size_t length, heed_error *error);

/* Gives a complete temporary file its name.  The temporary file is gone
 * afterwards, whatever came of it. */
heed_status file_commit(const char *temporary, const char *path,
                        heed_error *error);

/* Removes a file; one that is not there is fine. */
heed_status file_remove(const char *path, heed_error *error);

heed_status file_sync_folder(const char *folder, heed_error *error);

/* Removes the temporary files in the folder whose names begin with the prefix
 * and whose process, of this host, is gone. */
void file_clean(const char *folder, const char *prefix);

/* Whether the name is a temporary one. */
bool file_is_temporary(const char *name);

#endif
