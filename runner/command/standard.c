/* SPDX-License-Identifier: GPL-3.0-or-later
 * The descriptors and signals of this process, at its start and its end. */
#include "standard.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "command.h"

/* A closed descriptor would become the first file that heed opens, and messages
 * would go into a result.  It is opened the wrong way round, so that reading
 * from it or writing to it fails. */
static bool fill(int descriptor, int flags) {
  if (fcntl(descriptor, F_GETFD) >= 0) return false;
  (void)open("/dev/null", flags); /* takes the lowest free descriptor */
  return true;
}

void standard_open(standard_streams *self) {
  (void)fill(STDIN_FILENO, O_WRONLY);
  (void)fill(STDOUT_FILENO, O_RDONLY);
  self->quiet = fill(STDERR_FILENO, O_RDONLY);
  /* A file that grows past ulimit -f is then an error of write(). */
  (void)signal(SIGXFSZ, SIG_IGN);
}

static bool is_lost(FILE *stream) {
  const bool failed = ferror(stream) != 0;
  errno = 0;
  return fflush(stream) != 0 || failed;
}

int standard_close(const standard_streams *self, int status) {
  const bool succeeded = status == EXIT_DONE || status == EXIT_SOME_FAILED;
  /* Some file systems report a full disk only when a file is closed. */
  bool lost = is_lost(stdout) || close(STDOUT_FILENO) != 0;
  if (lost)
    fprintf(stderr, "heed: standard output: cannot write%s%s\n",
            errno == 0 ? "" : ": ", errno == 0 ? "" : strerror(errno));
  if (!self->quiet && is_lost(stderr)) lost = true;
  return lost && succeeded ? EXIT_FAILED : status;
}
