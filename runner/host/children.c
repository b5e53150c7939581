/* SPDX-License-Identifier: GPL-3.0-or-later
 * The processes below this one. */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "host/process.h"

#define MOST_TURNS 100 /* a killed process leaves its own children behind */

bool process_has_children(void) {
  siginfo_t info;
  return waitid(P_ALL, 0, &info, WEXITED | WNOHANG | WNOWAIT) == 0;
}

/* /proc/PID/stat: PID (NAME) STATE PARENT …; NAME may contain anything. */
static bool is_child(pid_t process) {
  char path[64], text[512];
  const char *end;
  char state;
  long parent = 0;
  ssize_t got;
  (void)snprintf(path, sizeof path, "/proc/%ld/stat", (long)process);
  const int file = open(path, O_RDONLY | O_CLOEXEC);
  if (file < 0) return false;
  got = read(file, text, sizeof text - 1);
  (void)close(file);
  if (got <= 0) return false;
  text[got] = '\0';
  end = strrchr(text, ')');
  return end != NULL && sscanf(end + 1, " %c %ld", &state, &parent) == 2 &&
         parent == (long)getpid();
}

static bool end_some(void *context, bool (*spare)(void *context, int process)) {
  DIR *all = opendir("/proc");
  const struct dirent *next;
  bool any = false;
  while (all != NULL && (next = readdir(all)) != NULL) {
    const pid_t process = (pid_t)strtol(next->d_name, NULL, 10);
    if (process <= 0 || !is_child(process) ||
        (spare != NULL && spare(context, process)))
      continue;
    (void)kill(process, SIGKILL);
    while (waitpid(process, NULL, 0) < 0 && errno == EINTR) continue;
    any = true;
  }
  if (all != NULL) (void)closedir(all);
  return any;
}

void process_end_children(void *context,
                          bool (*spare)(void *context, int process)) {
  for (int turn = 0; turn < MOST_TURNS; turn++)
    if (!end_some(context, spare)) return;
}
