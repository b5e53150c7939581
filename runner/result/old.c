/* SPDX-License-Identifier: GPL-3.0-or-later
 * The result of an earlier run. */
#include "old.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "seal.h"

static heed_status cannot_open(const char *path, heed_error *error) {
  const int reason = errno;
  struct stat found;
  if (reason != ENOENT)
    return heed_fail(error, HEED_IO, "%s: cannot open: %s", path,
                     strerror(reason));
  if (lstat(path, &found) == 0)
    return heed_fail(error, HEED_IO, "%s: is a link to a file that is missing",
                     path);
  return HEED_OK;
}

/* Opening does not wait for the other end of a pipe. */
heed_status old_open(const char *path, result_old *self, heed_error *error) {
  heed_status status = HEED_OK;
  *self = (result_old){
      .descriptor = open(path, O_RDONLY | O_NONBLOCK | O_NOCTTY | O_CLOEXEC),
      .path = path};
  if (self->descriptor < 0) return cannot_open(path, error);
  if (fstat(self->descriptor, &self->file) != 0)
    status =
        heed_fail(error, HEED_IO, "%s: cannot look: %s", path, strerror(errno));
  else if (!S_ISREG(self->file.st_mode))
    status =
        heed_fail(error, HEED_INVALID,
                  "%s: is not a regular file; name another file with -o", path);
  else
    status = seal_check(self->descriptor, path, &self->sealed, error);
  if (status != HEED_OK) old_close(self);
  return status;
}

void old_close(result_old *self) {
  if (self->descriptor >= 0) (void)close(self->descriptor);
  self->descriptor = -1;
}

hid_t old_read(const result_old *self, hdf_file *file) {
  return hdf_open_descriptor(file, self->descriptor);
}

static heed_status is_no_result(const char *path, heed_error *error) {
  return heed_fail(error, HEED_INVALID, "%s: is not a heed result", path);
}

heed_status old_read_plan(const result_old *self, heed_plan **result,
                          heed_error *error) {
  hdf_file file = {self->path, HEED_OK, error};
  char *text = NULL;
  const hid_t root = old_read(self, &file);
  heed_status status = file.status;
  if (root < 0)
    return status == HEED_MEMORY ? status : is_no_result(self->path, error);
  if (!self->sealed) status = seal_miss(&file, root);
  if (status == HEED_OK && H5Lexists(root, "sweep", H5P_DEFAULT) > 0)
    text = hdf_read_text(&file, root, "sweep/plan");
  hdf_close(&file, root);
  if (status == HEED_OK && file.status == HEED_MEMORY) status = HEED_MEMORY;
  if (status == HEED_OK && text == NULL)
    status = is_no_result(self->path, error);
  if (status == HEED_OK) status = plan_parse(text, strlen(text), result, error);
  free(text);
  return status;
}

bool old_is_in_place(const result_old *self) {
  struct stat now;
  if (stat(self->path, &now) != 0)
    return errno == ENOENT && self->descriptor < 0;
  return self->descriptor >= 0 && now.st_dev == self->file.st_dev &&
         now.st_ino == self->file.st_ino && now.st_size == self->file.st_size &&
         now.st_mtim.tv_sec == self->file.st_mtim.tv_sec &&
         now.st_mtim.tv_nsec == self->file.st_mtim.tv_nsec;
}
