/* SPDX-License-Identifier: GPL-3.0-or-later
 * Injected faults: counts moments and kills at the requested one. */
#include "files/fault.h"

#ifdef HEED_FAULTS

#include <fcntl.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <unistd.h>

/* The number of this moment among all processes that append to the file: the
 * offset after the appended byte.  0: the file cannot be written. */
static unsigned long shared_moment(const char *path, const char *operation) {
  const int file = open(path, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600);
  off_t end = 0;
  if (file < 0) return 0;
  if (write(file, operation, 1) == 1) end = lseek(file, 0, SEEK_CUR);
  (void)close(file);
  return (unsigned long)end;
}

void fault_point(const char *operation) {
  static atomic_ulong moments;
  const char *fatal = getenv("HEED_FAULT");
  const char *count = getenv("HEED_FAULT_COUNT");
  unsigned long moment;
  if (fatal == NULL && count == NULL) return;
  moment = count != NULL ? shared_moment(count, operation)
                         : atomic_fetch_add(&moments, 1) + 1;
  if (fatal != NULL && moment == strtoul(fatal, NULL, 10)) kill(0, SIGKILL);
}

#endif
