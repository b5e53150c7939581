/* SPDX-License-Identifier: GPL-3.0-or-later
 * The result of an earlier run. */
#include "old.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "hdf/guard.h"
#include "hdf/kept.h"
#include "index.h"
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

/* Reads the plan of an open file. */
static heed_status parse_plan(hdf_file *file, hid_t root, heed_plan **result) {
  const char *path = file->path;
  heed_error *error = file->error;
  char *text = NULL;
  heed_status status;
  if (H5Lexists(root, "sweep", H5P_DEFAULT) > 0)
    text = hdf_read_text(file, root, "sweep/plan");
  if (text == NULL)
    return file->status == HEED_MEMORY ? HEED_MEMORY
                                       : is_no_result(path, error);
  status = plan_parse_file(path, text, result, error);
  free(text);
  return status;
}

/* Reads all that a run will read. */
static heed_status read_all(hdf_file file, hid_t root, const heed_plan *plan) {
  work_batch batch;
  const heed_status status = batch_read_result(file, root, plan, &batch);
  if (status != HEED_OK) return status;
  for (size_t i = 0; i < PLAN_KEPT_COUNT; i++)
    kept_free(
        kept_read(&batch.file, batch.root, plan_kept_names[i], 0, SIZE_MAX));
  file.status = batch.file.status;
  batch_free(&batch);
  return file.status;
}

/* A look in a child process at a file that heed may not have written: HDF5
 * crashes on some damaged files. */
static heed_status look(void *context, heed_error *error) {
  const result_old *self = context;
  hdf_file file = {self->path, HEED_OK, error};
  heed_plan *plan = NULL;
  const hid_t root = old_read(self, &file);
  heed_status status;
  if (root < 0) return is_no_result(self->path, error);
  status = seal_miss(&file, root);
  if (status == HEED_OK) status = parse_plan(&file, root, &plan);
  if (status == HEED_OK)
    status = read_all(file, root, plan);
  else
    hdf_close(&file, root);
  plan_free(plan);
  return status;
}

heed_status old_read_plan(result_old *self, heed_plan **result,
                          heed_error *error) {
  hdf_file file = {self->path, HEED_OK, error};
  hid_t root;
  heed_status status = HEED_OK;
  if (!self->sealed) status = guard_try(self->path, look, self, error);
  if (status != HEED_OK) return status;
  root = old_read(self, &file);
  if (root < 0)
    return file.status == HEED_MEMORY ? HEED_MEMORY
                                      : is_no_result(self->path, error);
  status = parse_plan(&file, root, result);
  hdf_close(&file, root);
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
