/* SPDX-License-Identifier: GPL-3.0-or-later
 * Shared by file.c and folder.c: errors of system calls, fsync, and the names
 * of temporary files. */
#ifndef HEED_FILES_DISK_H
#define HEED_FILES_DISK_H

#include <stdbool.h>

#include "heed/status.h"

/* The error of the call that has just set errno, with advice if the disk is
 * full. */
heed_status disk_failed(const char *path, const char *what, heed_error *error);

heed_status disk_synchronise(int descriptor, const char *path,
                             heed_error *error);

/* True if the name is that of a temporary file whose process, on this host, is
 * gone.  A process of another host may be alive. */
bool disk_is_abandoned(const char *name);

#endif
