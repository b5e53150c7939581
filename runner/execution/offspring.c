/* SPDX-License-Identifier: GPL-3.0-or-later
 * Finds and kills processes that plugins have started. */
#include "offspring.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <unistd.h>

#include "host/process.h"

#define MARK "HEED_SUPERVISOR"

bool offspring_adopt(bool adopt) {
  int earlier = 0;
  (void)prctl(PR_GET_CHILD_SUBREAPER, &earlier);
  (void)prctl(PR_SET_CHILD_SUBREAPER, adopt ? 1 : 0);
  return earlier != 0;
}

void offspring_mark(pid_t supervisor) {
  char text[24];
  (void)snprintf(text, sizeof text, "%ld", (long)supervisor);
  (void)setenv(MARK, text, 1);
}

/* Reads a file of /proc/PROCESS; returns the length. */
static size_t read_file(pid_t process, const char *name, char *text,
                        size_t size) {
  char path[64];
  size_t length = 0;
  ssize_t got = 1;
  (void)snprintf(path, sizeof path, "/proc/%ld/%s", (long)process, name);
  const int file = open(path, O_RDONLY | O_CLOEXEC);
  if (file < 0) return 0;
  while (length < size - 1 && got > 0) {
    got = read(file, text + length, size - 1 - length);
    if (got > 0) length += (size_t)got;
  }
  (void)close(file);
  text[length] = '\0';
  return length;
}

static bool is_marked(pid_t process) {
  enum { MOST = 1 << 17 };
  char wanted[64], *text = malloc(MOST);
  size_t length;
  bool found = false;
  if (text == NULL) return false;
  (void)snprintf(wanted, sizeof wanted, MARK "=%ld", (long)getpid());
  length = read_file(process, "environ", text, MOST);
  for (const char *next = text; !found && next < text + length;
       next += strlen(next) + 1)
    found = strcmp(next, wanted) == 0;
  free(text);
  return found;
}

typedef struct offspring_workers {
  void *context;
  bool (*is_worker)(void *context, pid_t process);
} offspring_workers;

static bool is_spared(void *context, int process) {
  const offspring_workers *workers = context;
  return workers->is_worker(workers->context, process) || !is_marked(process);
}

void offspring_kill_orphans(void *context,
                            bool (*is_worker)(void *context, pid_t process)) {
  offspring_workers workers = {context, is_worker};
  process_end_children(&workers, is_spared);
}
