/* SPDX-License-Identifier: GPL-3.0-or-later
 * Shared by the sources of the work folder: its state, its lock and the names
 * in it. */
#ifndef HEED_WORK_FOLDER_H
#define HEED_WORK_FOLDER_H

#include "files/folder.h"
#include "work/work.h"

#define WORK_MARKER "heed-work" /* heed made this folder */
#define WORK_LOCK "lock"
#define WORK_PLAN "plan.json"

struct heed_work {
  char *path; /* absolute */
  folder_handle folder;
  int lock; /* descriptor, or -1: joined */
};

/* True if heed, or a plugin at a path from heed, gives such names. */
bool names_work(const char *name);
/* True for parts in place: part-HASH.h5. */
bool names_part(const char *name);

/* Sealed texts.  object: the text of a JSON object.  *object is NULL if the
 * file is missing (*found: it is not) or does not have the hash that it
 * holds. */
heed_status sealed_write(const heed_work *self, const char *name,
                         const char *object, heed_error *error);
heed_status sealed_read(const heed_work *self, const char *name, char **object,
                        bool *found, heed_error *error);

/* Takes the lock.  *taken is false if an earlier holder has just removed the
 * lock or the folder: try again.  HEED_IO with the holder if another process
 * holds it. */
heed_status lock_take(heed_work *self, bool *taken, heed_error *error);
/* True if the lock file that was taken is still in place, in a folder that is
 * still in place. */
bool lock_holds(const heed_work *self);
/* Fails unless the lock is missing or looks like one of heed's. */
heed_status lock_check(const heed_work *self, heed_error *error);

#endif
