/* SPDX-License-Identifier: GPL-3.0-or-later
 * Atomic files: complete or absent. */
#include "files/file.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "disk.h"
#include "files/fault.h"

#define TEMPORARY ".tmp-"

char *file_name(const char *format, ...) {
  va_list arguments;
  char *name = NULL;
  va_start(arguments, format);
  if (vasprintf(&name, format, arguments) < 0) name = NULL;
  va_end(arguments);
  return name;
}

static void host_name(char host[HOST_NAME_MAX + 1]) {
  if (gethostname(host, HOST_NAME_MAX) != 0) host[0] = '\0';
  host[HOST_NAME_MAX] = '\0';
}

char *file_temporary(const char *path) {
  char host[HOST_NAME_MAX + 1];
  host_name(host);
  return file_name("%s" TEMPORARY "%s-%ld", path, host, (long)getpid());
}

char *file_folder(const char *path) {
  const char *slash = strrchr(path, '/');
  if (slash == NULL) return file_name(".");
  if (slash == path) return file_name("/");
  return file_name("%.*s", (int)(slash - path), path);
}

bool file_is_temporary(const char *name) {
  return strstr(name, TEMPORARY) != NULL;
}

heed_status disk_failed(const char *path, const char *what, heed_error *error) {
  const int reason = errno;
  if (reason == EFBIG)
    return heed_fail(error, HEED_IO,
                     "%s: %s failed: %s; earlier records are safe: raise the "
                     "limit on the size of files (ulimit -f) and run again",
                     path, what, strerror(reason));
  if (reason == ENOSPC || reason == EDQUOT)
    return heed_fail(error, HEED_IO,
                     "%s: %s failed: %s; earlier records are safe: free some "
                     "space and run again",
                     path, what, strerror(reason));
  return heed_fail(error, HEED_IO, "%s: %s failed: %s", path, what,
                   strerror(reason));
}

/* Builds with faults write in two halves: a kill between them leaves a torn
 * file. */
static size_t stretch(size_t length, size_t left) {
#ifdef HEED_FAULTS
  const size_t half = length / 2 + 1;
  return left < half ? left : half;
#else
  (void)length;
  return left;
#endif
}

heed_status file_write_all(int descriptor, const char *path, const void *bytes,
                           size_t length, heed_error *error) {
  const char *next = bytes;
  for (size_t left = length; left > 0;) {
    ssize_t written;
    fault_point("write");
    written = write(descriptor, next, stretch(length, left));
    fault_point("write");
    if (written < 0 && errno == EINTR) continue;
    if (written < 0) return disk_failed(path, "writing", error);
    next += written;
    left -= (size_t)written;
  }
  return HEED_OK;
}

heed_status disk_synchronise(int descriptor, const char *path,
                             heed_error *error) {
  int result;
  fault_point("fsync");
  result = fsync(descriptor);
  fault_point("fsync");
  /* Some file systems do not support fsync of a folder. */
  if (result != 0 && errno != EINVAL && errno != EROFS)
    return disk_failed(path, "fsync", error);
  return HEED_OK;
}

/* named: the name in messages, for a temporary file that of its result. */
static heed_status open_and_sync(const char *path, const char *named, int flags,
                                 heed_error *error) {
  const int descriptor = open(path, flags | O_CLOEXEC);
  heed_status status;
  if (descriptor < 0) return disk_failed(named, "opening", error);
  status = disk_synchronise(descriptor, named, error);
  if (close(descriptor) != 0 && status == HEED_OK)
    status = disk_failed(named, "closing", error);
  return status;
}

heed_status file_sync_folder(const char *folder, heed_error *error) {
  return open_and_sync(folder, folder, O_RDONLY | O_DIRECTORY, error);
}

heed_status file_remove(const char *path, heed_error *error) {
  int result;
  fault_point("unlink");
  result = unlink(path);
  fault_point("unlink");
  if (result != 0 && errno != ENOENT)
    return disk_failed(path, "removing", error);
  return HEED_OK;
}

static heed_status rename_and_sync(const char *temporary, const char *path,
                                   heed_error *error) {
  char *folder = file_folder(path);
  heed_status status;
  int result;
  if (folder == NULL) return heed_no_memory(error);
  fault_point("rename");
  result = rename(temporary, path);
  fault_point("rename");
  status = result == 0 ? file_sync_folder(folder, error)
                       : disk_failed(path, "renaming to it", error);
  free(folder);
  return status;
}

static bool finds_file(const char *path, struct stat *found) {
  return lstat(path, found) == 0 && S_ISREG(found->st_mode);
}

/* Gives a new file the mode of the file that it replaces, and its owner and
 * group as far as this user may.  Another group gets no rights of the old one.
 */
static heed_status keep_mode(const char *temporary, const char *path,
                             heed_error *error) {
  struct stat old, made;
  mode_t mode;
  if (!finds_file(path, &old)) return HEED_OK;
  if (chown(temporary, old.st_uid, old.st_gid) != 0)
    (void)!chown(temporary, (uid_t)-1, old.st_gid);
  if (stat(temporary, &made) != 0) return disk_failed(path, "reading", error);
  mode = old.st_mode & 0777u;
  if (made.st_gid != old.st_gid) mode &= ~(mode_t)S_IRWXG;
  if ((made.st_mode & 0777u) == mode || chmod(temporary, mode) == 0)
    return HEED_OK;
  return disk_failed(path, "setting its mode", error);
}

heed_status file_commit(const char *temporary, const char *path,
                        heed_error *error) {
  heed_status status = keep_mode(temporary, path, error);
  if (status == HEED_OK)
    status = open_and_sync(temporary, path, O_RDONLY, error);
  if (status == HEED_OK) status = rename_and_sync(temporary, path, error);
  if (status != HEED_OK) (void)file_remove(temporary, NULL);
  return status;
}

int file_create(const char *temporary, const char *path) {
  const int flags = O_RDWR | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC;
  struct stat found;
  const mode_t mode = finds_file(path, &found) ? 0600 : 0666;
  const int descriptor = open(temporary, flags, mode);
  if (descriptor >= 0 || errno != EEXIST) return descriptor;
  (void)unlink(temporary);
  return open(temporary, flags, mode);
}

int file_create_unnamed(const char *path) {
  char *folder = file_folder(path);
  struct stat found;
  const mode_t mode = finds_file(path, &found) ? 0600 : 0666;
  const int descriptor =
      folder == NULL ? -1 : open(folder, O_TMPFILE | O_RDWR | O_CLOEXEC, mode);
  free(folder);
  return descriptor;
}

heed_status file_give_name(int descriptor, const char *temporary,
                           const char *path, heed_error *error) {
  char *open_file = file_name("/proc/self/fd/%d", descriptor);
  int result;
  if (open_file == NULL) return heed_no_memory(error);
  (void)unlink(temporary);
  result = linkat(AT_FDCWD, open_file, AT_FDCWD, temporary, AT_SYMLINK_FOLLOW);
  free(open_file);
  return result == 0 ? HEED_OK : disk_failed(path, "naming", error);
}

static heed_status write_temporary(const char *temporary, const char *path,
                                   const void *bytes, size_t length,
                                   heed_error *error) {
  const int descriptor = file_create(temporary, path);
  heed_status status;
  if (descriptor < 0) return disk_failed(path, "creating", error);
  status = file_write_all(descriptor, path, bytes, length, error);
  if (close(descriptor) != 0 && status == HEED_OK)
    status = disk_failed(path, "closing", error);
  return status;
}

heed_status file_write(const char *path, const void *bytes, size_t length,
                       heed_error *error) {
  char *temporary = file_temporary(path);
  heed_status status;
  if (temporary == NULL) return heed_no_memory(error);
  status = write_temporary(temporary, path, bytes, length, error);
  if (status == HEED_OK)
    status = file_commit(temporary, path, error);
  else
    (void)file_remove(temporary, NULL);
  free(temporary);
  return status;
}

bool disk_is_abandoned(const char *name) {
  char host[HOST_NAME_MAX + 1];
  const char *owner = strstr(name, TEMPORARY);
  const char *process = strrchr(name, '-');
  char *end;
  long number;
  if (owner == NULL) return false;
  owner += strlen(TEMPORARY);
  host_name(host);
  if (process < owner || strncmp(owner, host, strlen(host)) != 0 ||
      process != owner + strlen(host))
    return false;
  number = strtol(process + 1, &end, 10);
  if (number <= 0 || *end != '\0') return false;
  return kill((pid_t)number, 0) != 0 && errno == ESRCH;
}

void file_clean(const char *folder, const char *prefix) {
  DIR *entries = opendir(folder);
  const struct dirent *entry;
  if (entries == NULL) return;
  while ((entry = readdir(entries)) != NULL) {
    char *path;
    if (strncmp(entry->d_name, prefix, strlen(prefix)) != 0) continue;
    if (!disk_is_abandoned(entry->d_name)) continue;
    path = file_name("%s/%s", folder, entry->d_name);
    if (path != NULL) (void)file_remove(path, NULL);
    free(path);
  }
  (void)closedir(entries);
}
