/* SPDX-License-Identifier: GPL-3.0-or-later
 * Files of the work folder beside its plan: parts, logs, and what costly stages
 * save. */
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "files/fault.h"
#include "files/file.h"
#include "folder.h"
#include "host/hash.h"
#include "work/batch.h"

/* ---- parts ---- */

#define PART_DIGITS 32 /* of the hash, in the name */

/* A part's name is the hash of its bytes: processes, even on several machines,
 * need not agree on names, and a damaged part is recognised before HDF5 reads
 * it. */
static char *part_name(const char *digest) {
  return file_name("part-%.*s.h5", PART_DIGITS, digest);
}

static heed_status write_small(const heed_work *self, const heed_plan *plan,
                               const heed_record *const *records, size_t count,
                               heed_error *error) {
  void *bytes = NULL;
  size_t length = 0;
  char digest[HASH_SIZE];
  char *name;
  heed_status status = part_build(plan, records, count, &bytes, &length, error);
  if (status != HEED_OK) return status;
  hash_bytes(bytes, length, digest);
  name = part_name(digest);
  status = name == NULL
               ? heed_no_memory(error)
               : folder_write(&self->folder, name, bytes, length, error);
  free(name);
  free(bytes);
  return status;
}

/* Fills the temporary file, and finds its hash. */
static heed_status fill_large(const heed_work *self, const heed_plan *plan,
                              const heed_record *const *records, size_t count,
                              const char *temporary, char digest[HASH_SIZE],
                              heed_error *error) {
  int descriptor;
  heed_status status = folder_remove(&self->folder, temporary, error);
  if (status == HEED_OK)
    status = folder_open_file(&self->folder, temporary,
                              O_RDWR | O_CREAT | O_EXCL, &descriptor, error);
  if (status != HEED_OK) return status;
  fault_point("create");
  status = part_write(plan, records, count, descriptor, self->path, error);
  fault_point("write");
  if (status == HEED_OK)
    status = hash_descriptor(descriptor, temporary, digest, error);
  (void)close(descriptor);
  return status;
}

/* Without a copy of the part in memory. */
static heed_status write_large(const heed_work *self, const heed_plan *plan,
                               const heed_record *const *records, size_t count,
                               heed_error *error) {
  const char unknown[] = "00000000000000000000000000000000";
  char digest[HASH_SIZE] = "";
  char *usual = part_name(unknown), *name = NULL;
  char *temporary = usual == NULL ? NULL : file_temporary(usual);
  heed_status status =
      temporary == NULL
          ? heed_no_memory(error)
          : fill_large(self, plan, records, count, temporary, digest, error);
  if (status == HEED_OK) {
    name = part_name(digest);
    status = name == NULL
                 ? heed_no_memory(error)
                 : folder_commit(&self->folder, temporary, name, error);
  }
  if (status != HEED_OK && temporary != NULL)
    (void)folder_remove(&self->folder, temporary, NULL);
  free(name);
  free(temporary);
  free(usual);
  return status;
}

heed_status work_write_part(heed_work *self, const heed_plan *plan,
                            const heed_record *const *records, size_t count,
                            heed_error *error) {
  if (count == 0) return HEED_OK;
  for (size_t i = 0; i < count; i++)
    if (records[i]->stream_count > 0)
      return write_large(self, plan, records, count, error);
  return write_small(self, plan, records, count, error);
}

heed_status work_list_parts(const heed_work *self, folder_names *result,
                            heed_error *error) {
  return folder_list(&self->folder, names_part, result, error);
}

heed_status work_read_part(const heed_work *self, const char *name,
                           char **bytes, size_t *length, heed_error *error) {
  char digest[HASH_SIZE];
  const heed_status status =
      folder_read(&self->folder, name, bytes, length, error);
  if (status != HEED_OK || *bytes == NULL) return status;
  hash_bytes(*bytes, *length, digest);
  if (strncmp(name + strlen("part-"), digest, PART_DIGITS) == 0) return HEED_OK;
  free(*bytes);
  *bytes = NULL;
  return HEED_OK;
}

heed_status work_set_aside(const heed_work *self, const char *name,
                           heed_error *error) {
  char *next = file_name("%s" WORK_BAD, name);
  heed_status status;
  if (next == NULL) return heed_no_memory(error);
  status = folder_rename(&self->folder, name, next, error);
  free(next);
  return status;
}

/* ---- logs ---- */

heed_status work_open_log(const heed_work *self, size_t number, int *descriptor,
                          heed_error *error) {
  char *name = file_name("worker-%zu.log", number);
  heed_status status;
  if (name == NULL) return heed_no_memory(error);
  status = folder_remove(&self->folder, name, error);
  if (status == HEED_OK)
    status = folder_open_file(&self->folder, name,
                              O_RDWR | O_CREAT | O_EXCL | O_APPEND, descriptor,
                              error);
  free(name);
  return status;
}

/* ---- outputs of costly stages ---- */

static char *stage_name(const char *key, const char *kind) {
  return file_name("stage-%s.%s", key, kind);
}

/* The path of a name in the folder, for a plugin. */
static heed_status path_of(const heed_work *self, const char *name, char *path,
                           size_t size, heed_error *error) {
  const int length = snprintf(path, size, "%s/%s", self->path, name);
  return length >= 0 && (size_t)length < size
             ? HEED_OK
             : heed_fail(error, HEED_IO, "%s/%s: the path is too long",
                         self->path, name);
}

heed_status work_policy_path(const heed_work *self, const char *key, char *path,
                             size_t size, heed_error *error) {
  char *name = stage_name(key, "policy");
  char *temporary = name == NULL ? NULL : file_temporary(name);
  heed_status status = temporary == NULL
                           ? heed_no_memory(error)
                           : folder_remove(&self->folder, temporary, error);
  if (status == HEED_OK) status = path_of(self, temporary, path, size, error);
  free(temporary);
  free(name);
  return status;
}

/* The hash of a file.  *found false: it is missing. */
static heed_status hash_file(const heed_work *self, const char *name,
                             char digest[HASH_SIZE], bool *found,
                             heed_error *error) {
  int descriptor;
  heed_status status =
      folder_open_file(&self->folder, name, O_RDONLY, &descriptor, error);
  *found = descriptor >= 0;
  if (status != HEED_OK || !*found) return status;
  status = hash_descriptor(descriptor, name, digest, error);
  (void)close(descriptor);
  return status;
}

heed_status work_commit_policy(const heed_work *self, const char *key,
                               char digest[PLAN_KEY_SIZE], heed_error *error) {
  char *name = stage_name(key, "policy");
  char *temporary = name == NULL ? NULL : file_temporary(name);
  bool found = false;
  heed_status status = temporary == NULL
                           ? heed_no_memory(error)
                           : hash_file(self, temporary, digest, &found, error);
  if (status == HEED_OK && !found)
    status = heed_fail(error, HEED_IO, "%s/%s: the trainer saved no file",
                       self->path, temporary);
  if (status == HEED_OK)
    status = folder_commit(&self->folder, temporary, name, error);
  free(temporary);
  free(name);
  return status;
}

heed_status work_find_policy(const heed_work *self, const char *key,
                             const char *digest, char *path, size_t size,
                             bool *found, heed_error *error) {
  char *name = stage_name(key, "policy");
  char actual[HASH_SIZE];
  heed_status status = name == NULL
                           ? heed_no_memory(error)
                           : hash_file(self, name, actual, found, error);
  if (status == HEED_OK && *found) *found = strcmp(actual, digest) == 0;
  if (status == HEED_OK) status = path_of(self, name, path, size, error);
  free(name);
  return status;
}

heed_status work_link_policy(const heed_work *self, const char *key,
                             const folder_handle *target, const char *next,
                             heed_error *error) {
  char *name = stage_name(key, "policy");
  heed_status status = HEED_OK;
  if (name == NULL) return heed_no_memory(error);
  if (faccessat(self->folder.descriptor, name, F_OK, AT_SYMLINK_NOFOLLOW) == 0)
    status = folder_link(&self->folder, name, target, next, error);
  free(name);
  return status;
}

heed_status work_checkpoint_path(const heed_work *self, const char *key,
                                 char *path, size_t size, heed_error *error) {
  char *name = stage_name(key, "checkpoint");
  heed_status status = name == NULL
                           ? heed_no_memory(error)
                           : folder_check_file(&self->folder, name, error);
  if (status == HEED_OK) status = path_of(self, name, path, size, error);
  free(name);
  return status;
}

heed_status work_save_reports(const heed_work *self, const char *key,
                              const char *object, heed_error *error) {
  char *name = stage_name(key, "json");
  heed_status status = name == NULL ? heed_no_memory(error)
                                    : sealed_write(self, name, object, error);
  free(name);
  return status;
}

heed_status work_load_reports(const heed_work *self, const char *key,
                              char **object, heed_error *error) {
  char *name = stage_name(key, "json");
  bool found;
  heed_status status;
  *object = NULL;
  if (name == NULL) return heed_no_memory(error);
  status = sealed_read(self, name, object, &found, error);
  free(name);
  return status;
}
