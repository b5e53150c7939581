/* SPDX-License-Identifier: GPL-3.0-or-later
 * Compares the descriptors of a worker with what they were. */
#include "lifeline.h"

#include <sys/stat.h>
#include <unistd.h>

void lifeline_know(execution_lifeline *self, int socket) {
  const int all[LIFELINE_COUNT] = {socket, STDOUT_FILENO, STDERR_FILENO};
  struct stat found;
  for (int i = 0; i < LIFELINE_COUNT; i++) {
    self->descriptor[i] = fstat(all[i], &found) == 0 ? all[i] : -1;
    self->device[i] = found.st_dev;
    self->file[i] = found.st_ino;
  }
}

const char *lifeline_broken(const execution_lifeline *self) {
  static const char *const names[LIFELINE_COUNT] = {
      "the socket to the supervisor", "standard output", "standard error"};
  struct stat found;
  for (int i = 0; i < LIFELINE_COUNT; i++)
    if (self->descriptor[i] >= 0 &&
        (fstat(self->descriptor[i], &found) != 0 ||
         found.st_dev != self->device[i] || found.st_ino != self->file[i]))
      return names[i];
  return NULL;
}
