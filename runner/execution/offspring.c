/* SPDX-License-Identifier: GPL-3.0-or-later
 * Finds and kills processes that plugins have started. */
#include "offspring.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#define MARK "HEED_SUPERVISOR"
#define MOST_TURNS 100 /* a killed process leaves its own children behind */

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

/* /proc/PID/stat: PID (NAME) STATE PARENT …; NAME may contain anything. */
static bool is_child(pid_t process, bool *dead) {
  char text[512];
  const char *end;
  char state;
  long parent;
  if (read_file(process, "stat", text, sizeof text) == 0) return false;
  end = strrchr(text, ')');
  if (end == NULL || sscanf(end + 1, " %c %ld", &state, &parent) != 2)
    return false;
  *dead = state == 'Z';
  return parent == (long)getpid();
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

/* Returns whether it was an orphan. */
static bool end_orphan(pid_t process) {
  bool dead = false;
  if (!is_child(process, &dead) || (!dead && !is_marked(process))) return false;
  (void)kill(process, SIGKILL);
  while (waitpid(process, NULL, 0) < 0 && errno == EINTR) continue;
  return true;
}

void offspring_kill_orphans(void *context,
                            bool (*is_worker)(void *context, pid_t process)) {
  bool again = true;
  for (int turn = 0; again && turn < MOST_TURNS; turn++) {
    DIR *all = opendir("/proc");
    const struct dirent *next;
    again = false;
    while (all != NULL && (next = readdir(all)) != NULL) {
      const pid_t process = (pid_t)strtol(next->d_name, NULL, 10);
      if (process > 0 && !is_worker(context, process) && end_orphan(process))
        again = true;
    }
    if (all != NULL) (void)closedir(all);
  }
}
