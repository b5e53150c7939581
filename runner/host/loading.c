/* SPDX-License-Identifier: GPL-3.0-or-later
 * Watches what a shared object does while it is loaded or unloaded. */
#include "loading.h"

#include <fcntl.h>
#include <stdio.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "host/process.h"

static void look_at_files(loading_state *self) {
  struct stat found;
  for (int i = 0; i < LOADING_FILES; i++) {
    self->open[i] = fstat(i, &found) == 0;
    self->device[i] = found.st_dev;
    self->file[i] = found.st_ino;
  }
}

static bool files_are_kept(const loading_state *self) {
  struct stat found;
  for (int i = 0; i < LOADING_FILES; i++)
    if (self->open[i] &&
        (fstat(i, &found) != 0 || found.st_dev != self->device[i] ||
         found.st_ino != self->file[i]))
      return false;
  return true;
}

/* A process that leaves its parent also becomes a child of this process. */
static bool become_reaper(bool reaper) {
  int earlier = 0;
  (void)prctl(PR_GET_CHILD_SUBREAPER, &earlier);
  (void)prctl(PR_SET_CHILD_SUBREAPER, reaper ? 1 : 0);
  return earlier != 0;
}

void loading_begin(loading_state *self) {
  (void)fflush(stdout);
  self->output = fcntl(STDOUT_FILENO, F_DUPFD_CLOEXEC, STDERR_FILENO + 1);
  if (self->output >= 0) (void)dup2(STDERR_FILENO, STDOUT_FILENO);
  self->had_children = process_has_children();
  self->was_reaper = become_reaper(true);
  look_at_files(self);
}

const char *loading_end(loading_state *self) {
  const bool kept = files_are_kept(self);
  const bool started = !self->had_children && process_has_children();
  if (started) process_end_children(NULL, NULL);
  (void)become_reaper(self->was_reaper);
  (void)process_settle_numbers();
  (void)fflush(stdout);
  if (self->output >= 0) {
    (void)dup2(self->output, STDOUT_FILENO);
    (void)close(self->output);
  }
  if (!kept) return "closed or replaced open files of heed";
  return started ? "started a process" : NULL;
}
