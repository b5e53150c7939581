/* SPDX-License-Identifier: GPL-3.0-or-later
 * A folder held by its descriptor. */
#include "files/folder.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "disk.h"
#include "files/fault.h"
#include "files/file.h"

#define SAFELY (O_NOFOLLOW | O_NONBLOCK | O_NOCTTY | O_CLOEXEC)
#define MODE 0644 /* others must not be able to write */

/* The error of the call that has just set errno. */
static heed_status failed(const folder_handle *self, const char *name,
                          const char *what, heed_error *error) {
  const int reason = errno;
  char *path = file_name("%s/%s", self->path, name);
  heed_status status;
  if (path == NULL) return heed_no_memory(error);
  errno = reason;
  status = disk_failed(path, what, error);
  free(path);
  return status;
}

static heed_status not_regular(const folder_handle *self, const char *name,
                               const char *found, heed_error *error) {
  return heed_fail(error, HEED_INVALID,
                   "%s/%s: found %s, expected a file that heed made; move it "
                   "away",
                   self->path, name, found);
}

static const char *kind_of(mode_t mode) {
  if (S_ISLNK(mode)) return "a symbolic link";
  if (S_ISDIR(mode)) return "a folder";
  if (S_ISFIFO(mode)) return "a pipe";
  return "a device or a socket";
}

/* ---- the folder ---- */

static heed_status cannot_open(const char *path, heed_error *error) {
  const int reason = errno;
  struct stat found;
  if (lstat(path, &found) == 0 && S_ISLNK(found.st_mode))
    return heed_fail(error, HEED_INVALID,
                     "%s: is a symbolic link; heed writes only to a folder "
                     "itself, not through a link to it",
                     path);
  if (reason == ENOTDIR)
    return heed_fail(error, HEED_INVALID, "%s: is not a folder", path);
  return heed_fail(error, HEED_IO, "%s: cannot open: %s", path,
                   strerror(reason));
}

heed_status folder_open(const char *path, folder_handle *result,
                        heed_error *error) {
  *result = (folder_handle){open(path, O_RDONLY | O_DIRECTORY | SAFELY), path};
  return result->descriptor >= 0 ? HEED_OK : cannot_open(path, error);
}

void folder_close(folder_handle *self) {
  if (self->descriptor >= 0) (void)close(self->descriptor);
  self->descriptor = -1;
}

heed_status folder_sync(const folder_handle *self, heed_error *error) {
  return disk_synchronise(self->descriptor, self->path, error);
}

/* ---- files ---- */

static heed_status check_opened(const folder_handle *self, const char *name,
                                int flags, int descriptor, heed_error *error) {
  struct stat found;
  if (fstat(descriptor, &found) != 0)
    return failed(self, name, "looking", error);
  if (!S_ISREG(found.st_mode))
    return not_regular(self, name, kind_of(found.st_mode), error);
  if ((flags & O_ACCMODE) != O_RDONLY && found.st_nlink > 1)
    return not_regular(self, name, "a file with a second hard link", error);
  return HEED_OK;
}

heed_status folder_open_file(const folder_handle *self, const char *name,
                             int flags, int *descriptor, heed_error *error) {
  heed_status status;
  *descriptor = openat(self->descriptor, name, flags | SAFELY, MODE);
  if (*descriptor < 0) {
    if (errno == ENOENT && (flags & O_CREAT) == 0) return HEED_OK;
    if (errno == ELOOP)
      return not_regular(self, name, "a symbolic link", error);
    return failed(self, name, "opening", error);
  }
  status = check_opened(self, name, flags, *descriptor, error);
  if (status != HEED_OK) {
    (void)close(*descriptor);
    *descriptor = -1;
  }
  return status;
}

heed_status folder_check_file(const folder_handle *self, const char *name,
                              heed_error *error) {
  struct stat found;
  if (fstatat(self->descriptor, name, &found, AT_SYMLINK_NOFOLLOW) != 0)
    return errno == ENOENT ? HEED_OK : failed(self, name, "looking", error);
  return S_ISREG(found.st_mode)
             ? HEED_OK
             : not_regular(self, name, kind_of(found.st_mode), error);
}

/* Reads up to `length` bytes; returns how many, or -1. */
static ssize_t read_all(int descriptor, char *bytes, size_t length) {
  size_t total = 0;
  while (total < length) {
    const ssize_t got = read(descriptor, bytes + total, length - total);
    if (got < 0 && errno == EINTR) continue;
    if (got < 0) return -1;
    if (got == 0) break;
    total += (size_t)got;
  }
  return (ssize_t)total;
}

heed_status folder_read(const folder_handle *self, const char *name,
                        char **bytes, size_t *length, heed_error *error) {
  struct stat found;
  ssize_t got = -1;
  int descriptor;
  heed_status status =
      folder_open_file(self, name, O_RDONLY, &descriptor, error);
  *bytes = NULL;
  *length = 0;
  if (status != HEED_OK || descriptor < 0) return status;
  if (fstat(descriptor, &found) == 0)
    *bytes = malloc((size_t)found.st_size + 1);
  if (*bytes == NULL)
    status = heed_no_memory(error);
  else
    got = read_all(descriptor, *bytes, (size_t)found.st_size);
  if (status == HEED_OK && got < 0)
    status = failed(self, name, "reading", error);
  (void)close(descriptor);
  if (status == HEED_OK) {
    *length = (size_t)got;
    (*bytes)[got] = '\0';
  } else {
    free(*bytes);
    *bytes = NULL;
  }
  return status;
}

/* An earlier process with this number may have left the file. */
static int create(const folder_handle *self, const char *temporary) {
  const int flags = O_WRONLY | O_CREAT | O_EXCL | SAFELY;
  const int descriptor = openat(self->descriptor, temporary, flags, MODE);
  if (descriptor >= 0 || errno != EEXIST) return descriptor;
  (void)unlinkat(self->descriptor, temporary, 0);
  return openat(self->descriptor, temporary, flags, MODE);
}

static heed_status write_temporary(const folder_handle *self,
                                   const char *temporary, const void *bytes,
                                   size_t length, heed_error *error) {
  const int descriptor = create(self, temporary);
  char *path = file_name("%s/%s", self->path, temporary);
  heed_status status;
  if (descriptor < 0)
    status = failed(self, temporary, "creating", error);
  else if (path == NULL)
    status = heed_no_memory(error);
  else
    status = file_write_all(descriptor, path, bytes, length, error);
  if (status == HEED_OK) status = disk_synchronise(descriptor, path, error);
  if (descriptor >= 0 && close(descriptor) != 0 && status == HEED_OK)
    status = failed(self, temporary, "closing", error);
  free(path);
  return status;
}

heed_status folder_rename(const folder_handle *self, const char *name,
                          const char *next, heed_error *error) {
  int result;
  fault_point("rename");
  result = renameat(self->descriptor, name, self->descriptor, next);
  fault_point("rename");
  return result == 0 ? folder_sync(self, error)
                     : failed(self, next, "renaming to it", error);
}

heed_status folder_write(const folder_handle *self, const char *name,
                         const void *bytes, size_t length, heed_error *error) {
  char *temporary = file_temporary(name);
  heed_status status;
  if (temporary == NULL) return heed_no_memory(error);
  status = write_temporary(self, temporary, bytes, length, error);
  if (status == HEED_OK) status = folder_rename(self, temporary, name, error);
  if (status != HEED_OK) (void)folder_remove(self, temporary, NULL);
  free(temporary);
  return status;
}

heed_status folder_commit(const folder_handle *self, const char *temporary,
                          const char *name, heed_error *error) {
  int descriptor;
  heed_status status =
      folder_open_file(self, temporary, O_RDONLY, &descriptor, error);
  if (status == HEED_OK && descriptor < 0)
    return failed(self, temporary, "opening", error);
  if (status == HEED_OK) {
    status = disk_synchronise(descriptor, temporary, error);
    (void)close(descriptor);
  }
  if (status == HEED_OK) status = folder_rename(self, temporary, name, error);
  if (status != HEED_OK) (void)folder_remove(self, temporary, NULL);
  return status;
}

heed_status folder_link(const folder_handle *self, const char *name,
                        const folder_handle *target, const char *next,
                        heed_error *error) {
  char *temporary = file_temporary(next);
  heed_status status;
  if (temporary == NULL) return heed_no_memory(error);
  (void)folder_remove(target, temporary, NULL);
  if (linkat(self->descriptor, name, target->descriptor, temporary, 0) != 0)
    status = failed(target, next, "linking", error);
  else
    status = folder_rename(target, temporary, next, error);
  /* rename() between two names of one file does nothing. */
  (void)folder_remove(target, temporary, NULL);
  free(temporary);
  return status;
}

heed_status folder_remove(const folder_handle *self, const char *name,
                          heed_error *error) {
  int result;
  fault_point("unlink");
  result = unlinkat(self->descriptor, name, 0);
  fault_point("unlink");
  return result == 0 || errno == ENOENT ? HEED_OK
                                        : failed(self, name, "removing", error);
}

/* ---- names ---- */

static int by_name(const void *a, const void *b) {
  return strcmp(*(char *const *)a, *(char *const *)b);
}

static bool add_name(folder_names *self, const char *name) {
  char *copy = strdup(name);
  if (copy == NULL) return false;
  if ((self->count & (self->count - 1)) == 0) { /* full: a power of two */
    const size_t room = self->count == 0 ? 1 : 2 * self->count;
    char **grown = realloc(self->names, room * sizeof *grown);
    if (grown == NULL) {
      free(copy);
      return false;
    }
    self->names = grown;
  }
  self->names[self->count++] = copy;
  return true;
}

/* A stream of its own: the handle's position does not move. */
static DIR *entries_of(const folder_handle *self) {
  const int own =
      openat(self->descriptor, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  DIR *entries = own < 0 ? NULL : fdopendir(own);
  if (entries == NULL && own >= 0) (void)close(own);
  return entries;
}

heed_status folder_list(const folder_handle *self,
                        bool (*wanted)(const char *name), folder_names *result,
                        heed_error *error) {
  DIR *entries = entries_of(self);
  const struct dirent *entry;
  bool good = true;
  *result = (folder_names){0, NULL};
  if (entries == NULL)
    return heed_fail(error, HEED_IO, "%s: cannot read: %s", self->path,
                     strerror(errno));
  while (good && (errno = 0, entry = readdir(entries)) != NULL)
    if (strcmp(entry->d_name, ".") != 0 && strcmp(entry->d_name, "..") != 0 &&
        (wanted == NULL || wanted(entry->d_name)))
      good = add_name(result, entry->d_name);
  const int reason = errno;
  (void)closedir(entries);
  if (good && reason == 0) {
    if (result->count > 0)
      qsort(result->names, result->count, sizeof *result->names, by_name);
    return HEED_OK;
  }
  folder_free_names(result);
  if (!good) return heed_no_memory(error);
  return heed_fail(error, HEED_IO, "%s: cannot read: %s", self->path,
                   strerror(reason));
}

void folder_free_names(folder_names *self) {
  for (size_t i = 0; i < self->count; i++) free(self->names[i]);
  free(self->names);
  *self = (folder_names){0, NULL};
}

void folder_clean(const folder_handle *self) {
  folder_names abandoned;
  if (folder_list(self, disk_is_abandoned, &abandoned, NULL) != HEED_OK) return;
  for (size_t i = 0; i < abandoned.count; i++)
    (void)folder_remove(self, abandoned.names[i], NULL);
  folder_free_names(&abandoned);
}
