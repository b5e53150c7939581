/* SPDX-License-Identifier: GPL-3.0-or-later
 * The work folder: opening, joining and removing it. */

#include "work/work.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "files/fault.h"
#include "files/file.h"
#include "folder.h"

#define MARKER_TEXT                                                      \
  "heed made this folder for a run.  It holds finished cells until the " \
  "result "                                                              \
  "is written; heed then removes it.\n"

static heed_status failed(const char *path, const char *what,
                          heed_error *error) {
  return heed_fail(error, HEED_IO, "%s: %s: %s", path, what, strerror(errno));
}

/* ---- whose folder it is ---- */

/* True if files that this process makes beside the result get this owner: some
 * file systems give all files to one user. */
static bool gives_files_to(uid_t owner, const char *result_path) {
  char *probe = file_temporary(result_path);
  const int descriptor = probe == NULL ? -1 : file_create(probe, probe);
  struct stat made;
  const bool same =
      descriptor >= 0 && fstat(descriptor, &made) == 0 && made.st_uid == owner;
  if (descriptor >= 0) {
    (void)close(descriptor);
    (void)file_remove(probe, NULL);
  }
  free(probe);
  return same;
}

static heed_status check_owner(const heed_work *self, const char *result_path,
                               bool only_read, heed_error *error) {
  struct stat found;
  if (fstat(self->folder.descriptor, &found) != 0)
    return failed(self->path, "cannot look", error);
  if (found.st_uid == geteuid() || (only_read && found.st_uid == 0) ||
      gives_files_to(found.st_uid, result_path))
    return HEED_OK;
  return heed_fail(error, HEED_INVALID,
                   "%s: belongs to another user (user ID %lu); %s", self->path,
                   (unsigned long)found.st_uid,
                   only_read ? "copy it and collect the copy"
                             : "move it away, or name another result with -o");
}

static heed_status no_marker(const heed_work *self, heed_error *error) {
  return heed_fail(
      error, HEED_INVALID,
      "%s: is not a work folder of heed: it has no file " WORK_MARKER
      "; move it away or, if an earlier version of heed made it, run: touch "
      "%s/" WORK_MARKER,
      self->path, self->path);
}

static heed_status find_marker(const heed_work *self, bool *found,
                               heed_error *error) {
  int descriptor;
  const heed_status status = folder_open_file(&self->folder, WORK_MARKER,
                                              O_RDONLY, &descriptor, error);
  *found = descriptor >= 0;
  if (descriptor >= 0) (void)close(descriptor);
  return status;
}

/* Every file must be regular and have a name that heed gives. */
static heed_status check_names(const heed_work *self, const folder_names *list,
                               heed_error *error) {
  for (size_t i = 0; i < list->count; i++) {
    heed_status status;
    if (!names_work(list->names[i]))
      return heed_fail(error, HEED_INVALID,
                       "%s: holds %s, which heed did not make; move it away",
                       self->path, list->names[i]);
    status = folder_check_file(&self->folder, list->names[i], error);
    if (status != HEED_OK) return status;
  }
  return HEED_OK;
}

/* A kill while heed made or removed the folder may leave it empty, or with its
 * lock only. */
static bool is_fresh(const folder_names *list) {
  return list->count == 0 ||
         (list->count == 1 && strcmp(list->names[0], WORK_LOCK) == 0);
}

static heed_status check_contents(const heed_work *self, heed_error *error) {
  folder_names list;
  bool marked = false;
  heed_status status = folder_list(&self->folder, NULL, &list, error);
  if (status == HEED_OK) status = check_names(self, &list, error);
  if (status == HEED_OK) status = find_marker(self, &marked, error);
  if (status == HEED_OK && !marked)
    status = is_fresh(&list) ? lock_check(self, error) : no_marker(self, error);
  folder_free_names(&list);
  return status;
}

/* ---- opening ---- */

static heed_status open_folder(const char *path, heed_work **result,
                               heed_error *error) {
  heed_work *self = calloc(1, sizeof *self);
  heed_status status;
  if (self == NULL) return heed_no_memory(error);
  self->lock = -1;
  status = folder_open(path, &self->folder, error);
  if (status == HEED_OK) {
    self->path = realpath(path, NULL);
    if (self->path == NULL) status = failed(path, "cannot be found", error);
    self->folder.path = self->path;
  }
  if (status == HEED_OK)
    *result = self;
  else
    work_close(self);
  return status;
}

/* Makes the folder durably, unless it exists.  Others must not be able to write
 * to it. */
static heed_status make_folder(const char *folder, heed_error *error) {
  char *above = file_folder(folder);
  heed_status status = HEED_OK;
  if (above == NULL) return heed_no_memory(error);
  if (mkdir(folder, 0755) == 0)
    status = file_sync_folder(above, error);
  else if (errno != EEXIST)
    status = failed(folder, "cannot create", error);
  free(above);
  return status;
}

static heed_status mark(const heed_work *self, heed_error *error) {
  int descriptor;
  bool marked;
  heed_status status = find_marker(self, &marked, error);
  if (status != HEED_OK || marked) return status;
  status = folder_open_file(&self->folder, WORK_MARKER,
                            O_WRONLY | O_CREAT | O_EXCL, &descriptor, error);
  if (status != HEED_OK) return status;
  status = file_write_all(descriptor, self->path, MARKER_TEXT,
                          sizeof MARKER_TEXT - 1, error);
  (void)close(descriptor);
  return status == HEED_OK ? folder_sync(&self->folder, error) : status;
}

static heed_status try_to_open(const char *folder, const char *result_path,
                               heed_work **result, bool *taken,
                               heed_error *error) {
  heed_work *self = NULL;
  heed_status status = make_folder(folder, error);
  if (status == HEED_OK) status = open_folder(folder, &self, error);
  if (status == HEED_OK) status = check_owner(self, result_path, false, error);
  if (status == HEED_OK) status = check_contents(self, error);
  if (status == HEED_OK) status = lock_take(self, taken, error);
  if (status == HEED_OK && *taken) {
    status = mark(self, error);
    folder_clean(&self->folder);
  }
  if (status == HEED_OK && *taken)
    *result = self;
  else
    work_close(self);
  return status;
}

heed_status work_open(const char *result_path, heed_work **result,
                      heed_error *error) {
  char *folder = file_name("%s.work", result_path);
  bool taken = false;
  heed_status status = HEED_OK;
  if (folder == NULL) return heed_no_memory(error);
  while (status == HEED_OK && !taken)
    status = try_to_open(folder, result_path, result, &taken, error);
  free(folder);
  return status;
}

heed_status work_join(const char *folder, heed_work **result,
                      heed_error *error) {
  bool marked = false;
  heed_status status = open_folder(folder, result, error);
  if (status != HEED_OK) return status;
  status = find_marker(*result, &marked, error);
  if (status == HEED_OK && !marked) status = no_marker(*result, error);
  if (status == HEED_OK) return HEED_OK;
  work_close(*result);
  *result = NULL;
  return status;
}

heed_status work_inspect(const char *folder, const char *result_path,
                         heed_work **result, heed_error *error) {
  char *plain = strdup(folder);
  heed_status status;
  if (plain == NULL) return heed_no_memory(error);
  /* A slash at the end would follow a link. */
  for (size_t end = strlen(plain); end > 1 && plain[end - 1] == '/'; end--)
    plain[end - 1] = '\0';
  status = work_join(plain, result, error);
  free(plain);
  if (status == HEED_OK)
    status = check_owner(*result, result_path, true, error);
  if (status == HEED_OK) return HEED_OK;
  work_close(*result);
  *result = NULL;
  return status;
}

const char *work_folder(const heed_work *self) {
  return self->path;
}

unsigned work_exposed(const heed_work *self) {
  struct stat found;
  if (fstat(self->folder.descriptor, &found) != 0) return 0;
  return (found.st_mode & 022) == 0 ? 0 : (unsigned)found.st_mode & 07777;
}

bool work_holds(const heed_work *self) {
  return lock_holds(self);
}

void work_close(heed_work *self) {
  if (self == NULL) return;
  if (self->lock >= 0) (void)close(self->lock);
  folder_close(&self->folder);
  free(self->path);
  free(self);
}

/* ---- the plan ---- */

heed_status work_save_plan(const heed_work *self, const char *text,
                           heed_error *error) {
  return sealed_write(self, WORK_PLAN, text, error);
}

heed_status work_read_plan(const heed_work *self, heed_plan **result,
                           heed_error *error) {
  char *text;
  bool found;
  heed_status status = sealed_read(self, WORK_PLAN, &text, &found, error);
  if (status != HEED_OK) return status;
  if (text == NULL)
    return heed_fail(
        error, HEED_IO,
        "%s/" WORK_PLAN ": %s; run the sweep again to rewrite it", self->path,
        found ? "does not have the SHA-256 in its first line, so it is not the "
                "plan that heed wrote"
              : "is missing");
  status = plan_parse(text, strlen(text), result, error);
  free(text);
  return status;
}

/* ---- removal ---- */

/* Removes heed's files, but not its marker and its lock. */
static heed_status empty(const heed_work *self, const folder_names *list,
                         heed_error *error) {
  heed_status status = HEED_OK;
  for (size_t i = 0; status == HEED_OK && i < list->count; i++) {
    const char *name = list->names[i];
    if (names_work(name) && strcmp(name, WORK_MARKER) != 0 &&
        strcmp(name, WORK_LOCK) != 0)
      status = folder_remove(&self->folder, name, error);
  }
  return status;
}

static heed_status check_rest(const heed_work *self, const folder_names *list,
                              heed_error *error) {
  for (size_t i = 0; i < list->count; i++)
    if (!names_work(list->names[i]))
      return heed_fail(error, HEED_IO,
                       "%s: heed has finished with this folder, but does not "
                       "remove it: it holds %s, which heed did not make",
                       self->path, list->names[i]);
  return HEED_OK;
}

/* Removes the lock last, while it is held: a waiting process then finds another
 * file of that name, or none. */
static heed_status remove_folder(const heed_work *self, heed_error *error) {
  heed_status status = folder_remove(&self->folder, WORK_MARKER, error);
  if (status == HEED_OK)
    status = folder_remove(&self->folder, WORK_LOCK, error);
  if (status != HEED_OK) return status;
  fault_point("rmdir");
  /* Another process may have begun to use the folder: it then owns it. */
  if (rmdir(self->path) != 0 && errno != ENOTEMPTY && errno != EEXIST)
    status = failed(self->path, "cannot remove", error);
  fault_point("rmdir");
  return status;
}

heed_status work_remove(heed_work *self, heed_error *error) {
  folder_names list;
  heed_status status = folder_list(&self->folder, NULL, &list, error);
  if (status == HEED_OK) status = empty(self, &list, error);
  if (status == HEED_OK) status = check_rest(self, &list, error);
  if (status == HEED_OK) status = remove_folder(self, error);
  folder_free_names(&list);
  work_close(self);
  return status;
}
