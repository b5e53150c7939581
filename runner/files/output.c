/* SPDX-License-Identifier: GPL-3.0-or-later
 * A file that a user names with -o. */
#include "files/output.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <linux/magic.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/vfs.h>
#include <unistd.h>

#include "files/file.h"

#define MOST_LINKS 40 /* as many as Linux follows */

/* ---- looking ---- */

static heed_status failed(const output_target *self, heed_error *error) {
  return heed_fail(error, HEED_IO, "%s: cannot write: %s", self->named,
                   strerror(errno));
}

static heed_status refuse(const output_target *self, const char *found,
                          heed_error *error) {
  return heed_fail(error, HEED_INVALID,
                   "%s: is %s, expected a file; name another with -o",
                   self->named, found);
}

/* The descriptor N of this process if the link is /dev/fd/N; else -1.  Its
 * text, such as "pipe:[17]", leads nowhere, and opening it again would write at
 * the start of a file to which a shell appends. */
static int open_descriptor(const char *path) {
  char *folder = file_folder(path), *end;
  const char *slash = strrchr(path, '/');
  const char *name = slash == NULL ? path : slash + 1;
  const long number = strtol(name, &end, 10);
  struct statfs system;
  struct stat named, opened;
  const bool is_process = folder != NULL && statfs(folder, &system) == 0 &&
                          system.f_type == PROC_SUPER_MAGIC;
  free(folder);
  if (!is_process || end == name || *end != '\0' || number < 0 ||
      number > INT_MAX)
    return -1;
  if (stat(path, &named) != 0 || fstat((int)number, &opened) != 0 ||
      named.st_dev != opened.st_dev || named.st_ino != opened.st_ino)
    return -1;
  return (int)number;
}

/* Replaces the path of a symbolic link by the path in it. */
static heed_status follow(output_target *self, heed_error *error) {
  char target[PATH_MAX];
  const ssize_t length = readlink(self->path, target, sizeof target - 1);
  char *folder, *next;
  if (length < 0) return failed(self, error);
  target[length] = '\0';
  folder = file_folder(self->path);
  next = *target == '/'   ? file_name("%s", target)
         : folder == NULL ? NULL
                          : file_name("%s/%s", folder, target);
  free(folder);
  if (next == NULL) return heed_no_memory(error);
  free(self->path);
  self->path = next;
  return HEED_OK;
}

/* The rule of Linux for sticky folders such as /tmp (fs.protected_symlinks),
 * which does not see a link that heed follows by itself. */
static heed_status check_link(const output_target *self,
                              const struct stat *link, heed_error *error) {
  char *folder = file_folder(self->path);
  struct stat around;
  const bool found = stat(folder == NULL ? "." : folder, &around) == 0;
  free(folder);
  if (!found) return failed(self, error);
  if ((around.st_mode & S_ISVTX) == 0 || (around.st_mode & S_IWOTH) == 0 ||
      link->st_uid == geteuid() || link->st_uid == around.st_uid)
    return HEED_OK;
  return heed_fail(error, HEED_INVALID,
                   "%s: is a symbolic link of another user in a folder where "
                   "everybody can write; name the file that it leads to",
                   self->path);
}

/* Follows symbolic links to a file, a descriptor or nothing. */
static heed_status resolve(output_target *self, struct stat *found,
                           heed_error *error) {
  for (int links = 0; links <= MOST_LINKS; links++) {
    heed_status status;
    if (lstat(self->path, found) != 0)
      return errno == ENOENT ? HEED_OK : failed(self, error);
    self->exists = true;
    if (!S_ISLNK(found->st_mode)) return HEED_OK;
    self->descriptor = open_descriptor(self->path);
    if (self->descriptor >= 0)
      return fstat(self->descriptor, found) == 0 ? HEED_OK
                                                 : failed(self, error);
    status = check_link(self, found, error);
    if (status == HEED_OK) status = follow(self, error);
    if (status != HEED_OK) return status;
    self->exists = false;
  }
  errno = ELOOP;
  return failed(self, error);
}

/* The names beside the file are longer: the temporary one, NAME.policies, … */
static heed_status check_name(const output_target *self, heed_error *error) {
  const char *slash = strrchr(self->path, '/');
  const char *name = slash == NULL ? self->path : slash + 1;
  char *temporary = file_temporary("");
  const size_t longest = temporary == NULL ? 0 : strlen(temporary);
  const size_t most = NAME_MAX - (longest > 16 ? longest : 16);
  free(temporary);
  if (longest == 0) return heed_no_memory(error);
  if (*name == '\0')
    return heed_fail(error, HEED_INVALID,
                     "%s: ends with '/', expected the name of a file",
                     self->named);
  if (strlen(name) <= most) return HEED_OK;
  return heed_fail(error, HEED_INVALID,
                   "%s: the name of the file has %zu bytes, expected at most "
                   "%zu",
                   self->named, strlen(name), most);
}

static heed_status no_folder(const output_target *self, const char *folder,
                             heed_error *error) {
  return heed_fail(error, HEED_INVALID,
                   "%s: cannot write: the folder %s does not exist",
                   self->named, folder);
}

/* The folder is there, and is no work folder, whose files belong to a run. */
static heed_status check_folder(const output_target *self, heed_error *error) {
  char *folder = file_folder(self->path);
  char *real = folder == NULL ? NULL : realpath(folder, NULL);
  const heed_status status = folder == NULL ? heed_no_memory(error)
                             : real == NULL && errno == ENOENT
                                 ? no_folder(self, folder, error)
                                 : HEED_OK;
  char *plan = real == NULL ? NULL : file_name("%s/plan.json", real);
  const size_t length = real == NULL ? 0 : strlen(real);
  const bool is_work = plan != NULL && length > 5 &&
                       strcmp(real + length - 5, ".work") == 0 &&
                       access(plan, F_OK) == 0;
  free(folder);
  free(real);
  free(plan);
  if (!is_work) return status;
  return heed_fail(error, HEED_INVALID,
                   "%s: is in a work folder of heed run; name another file "
                   "with -o",
                   self->named);
}

/* rename() replaces even a file that its owner protects. */
static heed_status check_file(const output_target *self, heed_error *error) {
  heed_status status = check_name(self, error);
  if (status == HEED_OK) status = check_folder(self, error);
  if (status == HEED_OK && self->exists &&
      faccessat(AT_FDCWD, self->path, W_OK, AT_EACCESS) != 0)
    status = failed(self, error);
  return status;
}

static heed_status check_type(output_target *self, const struct stat *found,
                              heed_error *error) {
  self->is_file =
      !self->exists || (S_ISREG(found->st_mode) && self->descriptor < 0);
  if (self->is_file) return check_file(self, error);
  if (S_ISDIR(found->st_mode)) return refuse(self, "a folder", error);
  if (S_ISBLK(found->st_mode)) return refuse(self, "a disk", error);
  if (S_ISSOCK(found->st_mode) && self->descriptor < 0)
    return refuse(self, "a socket", error);
  return HEED_OK;
}

heed_status output_find(const char *named, output_target *result,
                        heed_error *error) {
  struct stat found = {0};
  heed_status status = HEED_OK;
  *result = (output_target){.named = named, .descriptor = -1};
  result->path = file_name("%s", named);
  if (result->path == NULL) return heed_no_memory(error);
  if (strcmp(named, "-") == 0) {
    result->named = "standard output";
    result->descriptor = STDOUT_FILENO;
    result->exists = fstat(STDOUT_FILENO, &found) == 0;
    if (!result->exists) return failed(result, error);
  } else {
    status = resolve(result, &found, error);
  }
  if (status == HEED_OK) status = check_type(result, &found, error);
  result->device = found.st_dev;
  result->inode = found.st_ino;
  return status;
}

void output_free(output_target *self) {
  free(self->path);
  self->path = NULL;
}

/* ---- what must not be overwritten ---- */

heed_status output_spare(const output_target *self, const char *input,
                         const char *what, heed_error *error) {
  struct stat found;
  if (!self->exists || stat(input, &found) != 0 || !S_ISREG(found.st_mode) ||
      found.st_dev != self->device || found.st_ino != self->inode)
    return HEED_OK;
  return heed_fail(error, HEED_INVALID, "%s: is %s; name another file with -o",
                   self->named, what);
}

/* The signature is at the start of the file, or after a block of a power of two
 * bytes, 512 at least, that belongs to the user. */
static bool is_hdf(int descriptor) {
  static const char signature[8] = {'\x89', 'H',  'D',    'F',
                                    '\r',   '\n', '\x1a', '\n'};
  char bytes[sizeof signature];
  for (off_t at = 0; at < 1 << 24; at = at == 0 ? 512 : 2 * at) {
    if (pread(descriptor, bytes, sizeof bytes, at) != sizeof bytes)
      return false;
    if (memcmp(bytes, signature, sizeof bytes) == 0) return true;
  }
  return false;
}

heed_status output_spare_result(const output_target *self, heed_error *error) {
  int descriptor;
  bool found;
  if (!self->exists || !self->is_file) return HEED_OK;
  descriptor = open(self->path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
  if (descriptor < 0) return failed(self, error);
  found = is_hdf(descriptor);
  (void)close(descriptor);
  if (!found) return HEED_OK;
  return heed_fail(error, HEED_INVALID,
                   "%s: is an HDF5 file, such as a result; name another file "
                   "with -o",
                   self->named);
}

heed_status output_need_file(const output_target *self, heed_error *error) {
  return self->is_file ? HEED_OK : refuse(self, "not a regular file", error);
}

/* ---- writing ---- */

static heed_status write_to_descriptor(const output_target *self,
                                       int descriptor, const void *bytes,
                                       size_t length, heed_error *error) {
  return file_write_all(descriptor, self->named, bytes, length, NULL) == HEED_OK
             ? HEED_OK
             : failed(self, error);
}

static heed_status write_to_device(const output_target *self, const void *bytes,
                                   size_t length, heed_error *error) {
  const int descriptor =
      open(self->path, O_WRONLY | O_CLOEXEC | O_NOCTTY | O_APPEND);
  heed_status status;
  if (descriptor < 0) return failed(self, error);
  status = write_to_descriptor(self, descriptor, bytes, length, error);
  if (close(descriptor) != 0 && status == HEED_OK) status = failed(self, error);
  return status;
}

heed_status output_write(const output_target *self, const void *bytes,
                         size_t length, heed_error *error) {
  if (self->descriptor >= 0)
    return write_to_descriptor(self, self->descriptor, bytes, length, error);
  if (!self->is_file) return write_to_device(self, bytes, length, error);
  return file_write(self->path, bytes, length, error);
}

heed_status output_put(const char *named, const void *bytes, size_t length,
                       heed_error *error) {
  output_target target;
  heed_status status = output_find(named, &target, error);
  if (status == HEED_OK) status = output_write(&target, bytes, length, error);
  output_free(&target);
  return status;
}

/* ---- in pieces ---- */

/* Removes what earlier writers of this file left when they were killed. */
static void clean_up(const output_target *target) {
  const char *slash = strrchr(target->path, '/');
  char *folder = file_folder(target->path);
  if (folder != NULL)
    file_clean(folder, slash == NULL ? target->path : slash + 1);
  free(folder);
}

/* A kill leaves no file behind, unless it comes while the file has a temporary
 * name: shortly before its end, or always if the file system wants one. */
static heed_status start_file(output_stream *self, heed_error *error) {
  const char *path = self->target->path;
  self->temporary = file_temporary(path);
  if (self->temporary == NULL) return heed_no_memory(error);
  clean_up(self->target);
  self->descriptor = file_create_unnamed(path);
  if (self->descriptor >= 0) return HEED_OK;
  self->descriptor = file_create(self->temporary, path);
  self->is_named = self->descriptor >= 0;
  return self->is_named ? HEED_OK : failed(self->target, error);
}

heed_status output_start(const output_target *target, output_stream *stream,
                         heed_error *error) {
  *stream = (output_stream){.target = target, .descriptor = target->descriptor};
  if (target->descriptor >= 0) return HEED_OK;
  if (target->is_file) return start_file(stream, error);
  stream->descriptor =
      open(target->path, O_WRONLY | O_CLOEXEC | O_NOCTTY | O_APPEND);
  return stream->descriptor >= 0 ? HEED_OK : failed(target, error);
}

heed_status output_add(const output_stream *self, const void *bytes,
                       size_t length, heed_error *error) {
  return write_to_descriptor(self->target, self->descriptor, bytes, length,
                             error);
}

static heed_status finish_file(output_stream *self, heed_error *error) {
  heed_status status = HEED_OK;
  if (!self->is_named)
    status = file_give_name(self->descriptor, self->temporary,
                            self->target->path, error);
  self->is_named = status == HEED_OK;
  if (status == HEED_OK)
    status = file_commit(self->temporary, self->target->path, error);
  self->is_named = false;
  return status;
}

heed_status output_finish(output_stream *self, heed_error *error) {
  heed_status status = HEED_OK;
  const int descriptor = self->descriptor;
  if (self->temporary != NULL) status = finish_file(self, error);
  if (descriptor == self->target->descriptor) return status;
  self->descriptor = -1;
  if (close(descriptor) != 0 && status == HEED_OK)
    status = failed(self->target, error);
  return status;
}

void output_drop(output_stream *self) {
  if (self->is_named) (void)file_remove(self->temporary, NULL);
  if (self->descriptor >= 0 && self->target->descriptor < 0)
    (void)close(self->descriptor);
  free(self->temporary);
  *self = (output_stream){.descriptor = -1};
}
