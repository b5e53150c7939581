/* SPDX-License-Identifier: GPL-3.0-or-later
 * The work folder: its lock, its plan, its parts, and its removal. */

#include "work/work.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "files/fault.h"
#include "files/file.h"
#include "host/hash.h"
#include "work/batch.h"

struct heed_work {
  char *folder; /* absolute */
  int lock;     /* descriptor, or -1: joined */
};

static heed_status failed(const char *path, const char *what,
                          heed_error *error) {
  return heed_fail(error, HEED_IO, "%s: %s: %s", path, what, strerror(errno));
}

/* ---- the lock ---- */

/* The holder of the lock, as it wrote itself; "": it wrote nothing. */
static void read_holder(int descriptor, char *holder, size_t size) {
  const ssize_t length = pread(descriptor, holder, size - 1, 0);
  holder[length > 0 ? length : 0] = '\0';
  holder[strcspn(holder, "\n")] = '\0';
}

/* Names the holder.  A failure on a full disk does not matter. */
static void write_holder(int descriptor, const char *path) {
  char host[HOST_NAME_MAX + 1] = "";
  char holder[HOST_NAME_MAX + 64];
  int length;
  (void)gethostname(host, HOST_NAME_MAX);
  length = snprintf(holder, sizeof holder, "process %ld on %s\n",
                    (long)getpid(), host);
  if (ftruncate(descriptor, 0) == 0)
    (void)file_write_all(descriptor, path, holder, (size_t)length, NULL);
}

/* True if the locked file still has that name: the earlier holder of the lock
 * may have removed it. */
static bool still_there(int descriptor, const char *path) {
  struct stat opened, named;
  return fstat(descriptor, &opened) == 0 && stat(path, &named) == 0 &&
         opened.st_ino == named.st_ino && opened.st_dev == named.st_dev;
}

/* A lock of the open file, not of the process: it ends with the last
 * descriptor, and children do not inherit it past exec. */
static heed_status try_lock(heed_work *self, const char *path, bool *taken,
                            heed_error *error) {
  struct flock whole = {.l_type = F_WRLCK, .l_whence = SEEK_SET};
  char holder[HOST_NAME_MAX + 64];
  const int descriptor = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0666);
  if (descriptor < 0) return failed(path, "cannot open", error);
  if (fcntl(descriptor, F_OFD_SETLK, &whole) != 0) {
    const int reason = errno;
    read_holder(descriptor, holder, sizeof holder);
    (void)close(descriptor);
    if (reason != EAGAIN && reason != EACCES)
      return heed_fail(error, HEED_IO, "%s: cannot lock: %s", path,
                       strerror(reason));
    return heed_fail(
        error, HEED_IO,
        "%s: another heed is using this folder (%s): wait for it or "
        "stop it",
        self->folder, holder[0] != '\0' ? holder : "not known");
  }
  *taken = still_there(descriptor, path);
  if (*taken)
    self->lock = descriptor;
  else
    (void)close(descriptor);
  return HEED_OK;
}

static heed_status take_lock(heed_work *self, heed_error *error) {
  char *path = file_name("%s/lock", self->folder);
  bool taken = false;
  heed_status status = HEED_OK;
  if (path == NULL) return heed_no_memory(error);
  while (status == HEED_OK && !taken)
    status = try_lock(self, path, &taken, error);
  if (status == HEED_OK) write_holder(self->lock, path);
  free(path);
  return status;
}

/* ---- opening ---- */

/* Makes the folder durably, unless it exists. */
static heed_status make_folder(const char *folder, heed_error *error) {
  char *above = file_folder(folder);
  heed_status status = HEED_OK;
  if (above == NULL) return heed_no_memory(error);
  if (mkdir(folder, 0777) == 0)
    status = file_sync_folder(above, error);
  else if (errno != EEXIST)
    status = failed(folder, "cannot create", error);
  free(above);
  return status;
}

heed_status work_join(const char *folder, heed_work **result,
                      heed_error *error) {
  heed_work *self = calloc(1, sizeof *self);
  struct stat found;
  if (self == NULL) return heed_no_memory(error);
  self->lock = -1;
  self->folder = realpath(folder, NULL);
  if (self->folder == NULL || stat(self->folder, &found) != 0 ||
      !S_ISDIR(found.st_mode)) {
    const heed_status status =
        self->folder == NULL
            ? failed(folder, "cannot be used as a work folder", error)
            : heed_fail(error, HEED_IO, "%s: is not a folder", folder);
    work_close(self);
    return status;
  }
  *result = self;
  return HEED_OK;
}

static heed_status save_plan(const heed_work *self, const char *text,
                             heed_error *error) {
  char *path = file_name("%s/plan.json", self->folder);
  heed_status status;
  if (path == NULL) return heed_no_memory(error);
  status = file_write(path, text, strlen(text), error);
  free(path);
  return status;
}

heed_status work_open(const char *result_path, const char *plan_text,
                      heed_work **result, heed_error *error) {
  char *folder = file_name("%s.work", result_path);
  heed_work *self = NULL;
  heed_status status;
  if (folder == NULL) return heed_no_memory(error);
  status = make_folder(folder, error);
  if (status == HEED_OK) status = work_join(folder, &self, error);
  if (status == HEED_OK) status = take_lock(self, error);
  if (status == HEED_OK) {
    file_clean(self->folder, "");
    status = save_plan(self, plan_text, error);
  }
  free(folder);
  if (status == HEED_OK)
    *result = self;
  else
    work_close(self);
  return status;
}

const char *work_folder(const heed_work *self) {
  return self->folder;
}

void work_close(heed_work *self) {
  if (self == NULL) return;
  if (self->lock >= 0) (void)close(self->lock);
  free(self->folder);
  free(self);
}

/* ---- parts ---- */

/* A part's name is the hash of its bytes: processes, even on several machines,
 * need not agree on names. */
heed_status work_write_part(heed_work *self, const heed_plan *plan,
                            const heed_record *const *records, size_t count,
                            heed_error *error) {
  void *bytes = NULL;
  size_t length = 0;
  char digest[HASH_SIZE];
  char *path;
  heed_status status;
  if (count == 0) return HEED_OK;
  status = part_build(plan, records, count, &bytes, &length, error);
  if (status != HEED_OK) return status;
  hash_bytes(bytes, length, digest);
  path = file_name("%s/part-%.32s.h5", self->folder, digest);
  status = path == NULL ? heed_no_memory(error)
                        : file_write(path, bytes, length, error);
  free(path);
  free(bytes);
  return status;
}

/* ---- policies of costly trainers ---- */

heed_status work_policy_path(const heed_work *self, const char *key,
                             bool temporary, char *path, size_t size,
                             heed_error *error) {
  char *name = file_name("%s/stage-%s.policy", self->folder, key);
  char *made = name == NULL || !temporary ? name : file_temporary(name);
  heed_status status = HEED_OK;
  if (made == NULL)
    status = heed_no_memory(error);
  else if (strlen(made) >= size)
    status = heed_fail(error, HEED_IO, "%s: the path is too long", made);
  else
    memcpy(path, made, strlen(made) + 1);
  if (made != name) free(made);
  free(name);
  return status;
}

heed_status work_commit_policy(const heed_work *self, const char *key,
                               heed_error *error) {
  char source[PATH_MAX], target[PATH_MAX];
  heed_status status =
      work_policy_path(self, key, true, source, sizeof source, error);
  if (status == HEED_OK)
    status = work_policy_path(self, key, false, target, sizeof target, error);
  return status == HEED_OK ? file_commit(source, target, error) : status;
}

/* ---- removal ---- */

/* Removes everything in the folder except the lock. */
static heed_status empty(const heed_work *self, heed_error *error) {
  DIR *entries = opendir(self->folder);
  const struct dirent *entry;
  heed_status status = HEED_OK;
  if (entries == NULL) return failed(self->folder, "cannot read", error);
  while (status == HEED_OK && (entry = readdir(entries)) != NULL) {
    char *path;
    if (strcmp(entry->d_name, ".") == 0 || strcmp(entry->d_name, "..") == 0 ||
        strcmp(entry->d_name, "lock") == 0)
      continue;
    path = file_name("%s/%s", self->folder, entry->d_name);
    status = path == NULL ? heed_no_memory(error) : file_remove(path, error);
    free(path);
  }
  (void)closedir(entries);
  return status;
}

/* Removes the lock last, while it is held: a waiting process then finds another
 * file of that name, or none. */
heed_status work_remove(heed_work *self, heed_error *error) {
  char *lock = file_name("%s/lock", self->folder);
  heed_status status =
      lock == NULL ? heed_no_memory(error) : empty(self, error);
  if (status == HEED_OK) status = file_remove(lock, error);
  if (status == HEED_OK) {
    fault_point("rmdir");
    /* Another process may have begun to use the folder: it then owns it. */
    if (rmdir(self->folder) != 0 && errno != ENOTEMPTY && errno != EEXIST)
      status = failed(self->folder, "cannot remove", error);
    fault_point("rmdir");
  }
  free(lock);
  work_close(self);
  return status;
}
