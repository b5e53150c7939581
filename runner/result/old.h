/* SPDX-License-Identifier: GPL-3.0-or-later
 * The result of an earlier run, held open from the check to the last read, so
 * that both see the same file even if its path changes. */
#ifndef HEED_RESULT_OLD_H
#define HEED_RESULT_OLD_H

#include <sys/stat.h>

#include "hdf/hdf.h"
#include "plan/plan.h"

typedef struct result_old {
  int descriptor; /* -1: there is no file */
  struct stat file;
  bool sealed;      /* heed wrote exactly these bytes */
  const char *path; /* borrowed */
} result_old;

/* Opens the file and checks its seal.  Only a path that names nothing means
 * that there is no result: then *self has no file. */
heed_status old_open(const char *path, result_old *self, heed_error *error);
void old_close(result_old *self);

/* Opens the HDF5 file in it.  hdf_close() must follow, before old_close(). */
hid_t old_read(const result_old *self, hdf_file *file);
/* Its plan; the caller frees it.  HEED_INVALID: it is not a heed result.  A
 * file without seal is first read in a child process. */
heed_status old_read_plan(result_old *self, heed_plan **result,
                          heed_error *error);

/* True if the path still names the file that was opened. */
bool old_is_in_place(const result_old *self);

#endif
