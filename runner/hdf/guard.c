/* SPDX-License-Identifier: GPL-3.0-or-later
 * Child processes that read files of others. */
#include "hdf/guard.h"

#include <errno.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include "heed/limit.h"

pid_t guard_fork(const char *path, heed_error *error) {
  const pid_t parent = getpid();
  pid_t child;
  (void)fflush(NULL);
  child = fork();
  if (child < 0)
    (void)heed_fail(error, HEED_IO, "%s: cannot start a process to read it: %s",
                    path, strerror(errno));
  if (child != 0) return child;
  (void)prctl(PR_SET_PDEATHSIG, SIGKILL);
  if (getppid() != parent) _exit(127);
  heed_limit_reader(path);
  return 0;
}

static bool is_from_user(int signal) {
  return signal == SIGINT || signal == SIGTERM || signal == SIGHUP ||
         signal == SIGQUIT || signal == SIGPIPE;
}

/* A Ctrl-C at the terminal also reaches the child, and this process ends when
 * the child has. */
static pid_t wait_for(pid_t child, int *status) {
  struct sigaction ignored = {.sa_handler = SIG_IGN}, interrupt, quit;
  pid_t ended;
  (void)sigaction(SIGINT, &ignored, &interrupt);
  (void)sigaction(SIGQUIT, &ignored, &quit);
  do ended = waitpid(child, status, 0);
  while (ended < 0 && errno == EINTR);
  (void)sigaction(SIGINT, &interrupt, NULL);
  (void)sigaction(SIGQUIT, &quit, NULL);
  return ended;
}

heed_status guard_wait(pid_t child, const char *path, int *exit_status,
                       int *signal, heed_error *error) {
  int status = 0;
  *exit_status = *signal = 0;
  if (wait_for(child, &status) != child)
    return heed_fail(error, HEED_IO, "%s: lost the process that reads it: %s",
                     path, strerror(errno));
  if (WIFEXITED(status)) {
    *exit_status = WEXITSTATUS(status);
    return HEED_OK;
  }
  *signal = WTERMSIG(status);
  if (is_from_user(*signal)) return HEED_OK;
  if (*signal == SIGXCPU)
    return heed_fail(error, HEED_INTERNAL,
                     "%s: reading the file does not end: it may be damaged",
                     path);
  return heed_fail(error, HEED_INTERNAL,
                   "%s: reading the file crashed (signal %d, %s): it may be "
                   "damaged",
                   path, *signal, strsignal(*signal));
}

/* What the child of guard_try() leaves to its parent. */
typedef struct guard_answer {
  heed_status status;
  heed_error error;
} guard_answer;

heed_status guard_try(const char *path,
                      heed_status (*read)(void *context, heed_error *error),
                      void *context, heed_error *error) {
  guard_answer *answer = mmap(NULL, sizeof *answer, PROT_READ | PROT_WRITE,
                              MAP_SHARED | MAP_ANONYMOUS, -1, 0);
  int exit_status, signal;
  heed_status status;
  pid_t child;
  if (answer == MAP_FAILED) return heed_no_memory(error);
  child = guard_fork(path, error);
  if (child == 0) {
    answer->status = read(context, &answer->error);
    _exit(0);
  }
  status = child < 0 ? HEED_IO
                     : guard_wait(child, path, &exit_status, &signal, error);
  if (status == HEED_OK && signal != 0)
    status = heed_fail(error, HEED_CANCELLED, "interrupted");
  else if (status == HEED_OK && exit_status != 0)
    status = heed_fail(error, HEED_INTERNAL,
                       "%s: the process that reads it ended too early", path);
  else if (status == HEED_OK && answer->status != HEED_OK)
    status = heed_fail(error, answer->status, "%s", answer->error.message);
  (void)munmap(answer, sizeof *answer);
  return status;
}
