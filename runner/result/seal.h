/* SPDX-License-Identifier: GPL-3.0-or-later
 * The seal of a result file: its last 77 bytes hold the SHA-256 of all bytes
 * before them.  HDF5 ignores bytes after its own.  The root attribute `sealed`
 * says that a seal must be there. */
#ifndef HEED_RESULT_SEAL_H
#define HEED_RESULT_SEAL_H

#include "hdf/hdf.h"

/* Notes in a file that is being written that it will have a seal. */
void seal_announce(hdf_file *file, hid_t root);
/* Appends the seal to the complete file. */
heed_status seal_write(int descriptor, const char *path, heed_error *error);

/* *sealed: the file has a seal.  HEED_IO if its bytes are not those that were
 * sealed. */
heed_status seal_check(int descriptor, const char *path, bool *sealed,
                       heed_error *error);
/* For a file without a seal, once it is open: true if it had one.  The HDF5
 * library cuts the seal off when a program writes to the file; damage leaves a
 * seal that does not fit. */
bool seal_is_missing(hid_t root);
/* The same as an error, HEED_IO. */
heed_status seal_miss(hdf_file *file, hid_t root);

#endif
