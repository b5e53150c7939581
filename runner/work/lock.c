/* SPDX-License-Identifier: GPL-3.0-or-later
 * The lock of a work folder. */
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "files/file.h"
#include "folder.h"

#define HOLDER "process " /* how a lock begins */
#define HOLDER_SIZE (HOST_NAME_MAX + 64)

/* The holder of the lock, as it wrote itself; "": it wrote nothing.  The text
 * may be damaged: only letters that a terminal shows as they are. */
static void read_holder(int descriptor, char holder[HOLDER_SIZE]) {
  const ssize_t length = pread(descriptor, holder, HOLDER_SIZE - 1, 0);
  holder[length > 0 ? length : 0] = '\0';
  holder[strcspn(holder, "\n")] = '\0';
  for (char *next = holder; *next != '\0'; next++)
    if (*next < ' ' || *next > '~') *next = '?';
}

/* Names the holder.  A failure on a full disk does not matter. */
static void write_holder(int descriptor, const char *path) {
  char host[HOST_NAME_MAX + 1] = "";
  char holder[HOLDER_SIZE];
  int length;
  (void)gethostname(host, HOST_NAME_MAX);
  length = snprintf(holder, sizeof holder, HOLDER "%ld on %s\n", (long)getpid(),
                    host);
  if (ftruncate(descriptor, 0) == 0)
    (void)file_write_all(descriptor, path, holder, (size_t)length, NULL);
}

static bool same_file(const struct stat *a, const struct stat *b) {
  return a->st_ino == b->st_ino && a->st_dev == b->st_dev;
}

bool lock_holds(const heed_work *self) {
  struct stat opened, named;
  if (fstat(self->lock, &opened) != 0 ||
      fstatat(self->folder.descriptor, WORK_LOCK, &named,
              AT_SYMLINK_NOFOLLOW) != 0 ||
      !same_file(&opened, &named))
    return false;
  return fstat(self->folder.descriptor, &opened) == 0 &&
         lstat(self->path, &named) == 0 && same_file(&opened, &named);
}

/* Whether the holder was a process of this machine and has ended. */
static bool has_ended(const char *holder) {
  char host[HOST_NAME_MAX + 1] = "", *rest;
  long process;
  if (strncmp(holder, HOLDER, strlen(HOLDER)) != 0) return false;
  process = strtol(holder + strlen(HOLDER), &rest, 10);
  (void)gethostname(host, HOST_NAME_MAX);
  return process > 0 && strncmp(rest, " on ", 4) == 0 &&
         strcmp(rest + 4, host) == 0 && kill((pid_t)process, 0) != 0 &&
         errno == ESRCH;
}

/* Returns 0, or errno.  A heed that was killed holds the lock a moment longer
 * if it had just forked: until that child has ended, too. */
static int set_lock(int descriptor, char holder[HOLDER_SIZE]) {
  enum { PATIENCE = 1000 };
  const struct timespec moment = {.tv_nsec = 10000000};
  struct flock whole = {.l_type = F_WRLCK, .l_whence = SEEK_SET};
  int reason = 0;
  for (int turn = 0; turn < PATIENCE; turn++) {
    if (fcntl(descriptor, F_OFD_SETLK, &whole) == 0) return 0;
    reason = errno;
    read_holder(descriptor, holder);
    if ((reason != EAGAIN && reason != EACCES) || !has_ended(holder)) break;
    (void)nanosleep(&moment, NULL);
  }
  return reason;
}

/* A lock of the open file, not of the process: it ends with the last
 * descriptor, and children do not inherit it past exec. */
heed_status lock_take(heed_work *self, bool *taken, heed_error *error) {
  char holder[HOLDER_SIZE];
  int reason;
  heed_status status = folder_open_file(&self->folder, WORK_LOCK,
                                        O_RDWR | O_CREAT, &self->lock, error);
  if (status != HEED_OK) return status;
  *taken = false;
  reason = set_lock(self->lock, holder);
  if (reason != 0) {
    if (reason != EAGAIN && reason != EACCES)
      return heed_fail(error, HEED_IO, "%s/" WORK_LOCK ": cannot lock: %s",
                       self->path, strerror(reason));
    return heed_fail(
        error, HEED_IO,
        "%s: another heed is using this folder (%s): wait for it or "
        "stop it",
        self->path, holder[0] != '\0' ? holder : "not known");
  }
  *taken = lock_holds(self);
  if (*taken) write_holder(self->lock, self->path);
  return HEED_OK;
}

/* Only of use where the folder has no marker: its lock alone is what a kill may
 * leave. */
heed_status lock_check(const heed_work *self, heed_error *error) {
  char holder[HOLDER_SIZE];
  int descriptor;
  const heed_status status =
      folder_open_file(&self->folder, WORK_LOCK, O_RDONLY, &descriptor, error);
  if (status != HEED_OK || descriptor < 0) return status;
  read_holder(descriptor, holder);
  (void)close(descriptor);
  if (holder[0] == '\0' || strncmp(holder, HOLDER, strlen(HOLDER)) == 0)
    return HEED_OK;
  return heed_fail(error, HEED_IO,
                   "%s/" WORK_LOCK
                   ": is not a lock that heed made; move it away",
                   self->path);
}
