/* SPDX-License-Identifier: GPL-3.0-or-later
 * Starts, limits and ends child processes. */
#include "child.h"

#include <cblas.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "board.h"
#include "heed/limit.h"

/* An exit status that a plugin which calls exit() is unlikely to choose. */
#define FINISHED 86

void child_leave(void) {
  (void)fflush(NULL);
  _exit(FINISHED);
}

static _Noreturn void become_child(size_t memory, pid_t parent,
                                   void (*work)(void *), void *context) {
  const int nothing = open("/dev/null", O_RDONLY | O_CLOEXEC);
  (void)setpgid(0, 0);
  (void)prctl(PR_SET_PDEATHSIG, SIGKILL);
  if (getppid() != parent) _exit(127);
  if (nothing >= 0) (void)dup2(nothing, STDIN_FILENO);
  if (nothing > STDERR_FILENO) (void)close(nothing);
  /* Keeps a plugin's prints out of this command's output. */
  (void)dup2(STDERR_FILENO, STDOUT_FILENO);
  heed_limit(RLIMIT_CORE, 0);
  if (!heed_is_sanitized()) heed_limit(RLIMIT_AS, (rlim_t)memory);
  /* BLAS threads use memory, and the leak check counts threads. */
  openblas_set_num_threads(1);
  work(context);
  child_leave();
}

/* Waits until the child ends, but does not reap it.  Returns false if the pulse
 * does not change within the time limit. */
static bool await_end(pid_t child, double seconds, const atomic_uint *pulse) {
  const struct timespec moment = {0, 500000};
  unsigned last = atomic_load(pulse);
  double deadline = board_now() + seconds;
  siginfo_t info;
  while (board_now() < deadline) {
    const unsigned beat = atomic_load(pulse);
    if (beat != last) deadline = board_now() + seconds;
    last = beat;
    info.si_pid = 0;
    if (waitid(P_PID, (id_t)child, &info, WEXITED | WNOWAIT | WNOHANG) == 0 &&
        info.si_pid == child)
      return true;
    (void)nanosleep(&moment, NULL);
  }
  return false;
}

static void describe_end(bool in_time, double seconds, int status,
                         char end[CHILD_END]) {
  if (!in_time)
    (void)snprintf(end, CHILD_END, "did not return within %.3g s", seconds);
  else if (WIFSIGNALED(status))
    (void)snprintf(end, CHILD_END, "crashed (signal %d, %s)", WTERMSIG(status),
                   strsignal(WTERMSIG(status)));
  else
    (void)snprintf(end, CHILD_END, "ended the process (exit status %d)",
                   WEXITSTATUS(status));
}

heed_status child_run(const contract_limits *limits, const atomic_uint *pulse,
                      void (*work)(void *), void *context, bool *finished,
                      char end[CHILD_END], heed_error *error) {
  const pid_t parent = getpid();
  int status = 0;
  pid_t child;
  (void)fflush(NULL);
  child = fork();
  if (child < 0)
    return heed_fail(error, HEED_IO, "cannot start a child process: %s",
                     strerror(errno));
  if (child == 0) become_child(limits->memory, parent, work, context);
  (void)setpgid(child, child);
  const bool in_time = await_end(child, limits->seconds, pulse);
  /* Also kills the processes that the plugin started. */
  (void)kill(-child, SIGKILL);
  while (waitpid(child, &status, 0) < 0 && errno == EINTR) continue;
  *finished = in_time && WIFEXITED(status) && WEXITSTATUS(status) == FINISHED;
  if (!*finished) describe_end(in_time, limits->seconds, status, end);
  return HEED_OK;
}
