/* SPDX-License-Identifier: GPL-3.0-or-later
 * Loads plugins in a child process first, to name each plugin that crashes or
 * hangs while it loads, and to skip it. */
#include "probe.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/uio.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "heed/limit.h"

#define LOAD_SECONDS 20.0 /* of one file */
#define DONE "."          /* the last line, after all files */

/* ---- the child ---- */

static void tell_line(int target, const char *line) {
  const struct iovec parts[2] = {{(void *)(uintptr_t)line, strlen(line)},
                                 {(void *)(uintptr_t) "\n", 1}};
  if (writev(target, parts, 2) < 0) _exit(EXIT_FAILED);
}

/* Sends each file's name to the parent before heed opens the file.  A file that
 * damages the process ends it, so that it is not loaded again. */
static void tell(void *context, const char *file, const heed_error *refusal) {
  const int *target = context;
  if (refusal == NULL)
    tell_line(*target, file);
  else if (refusal->status == HEED_INTERNAL)
    _exit(EXIT_FAILED);
}

static _Noreturn void load_all(const command_common *common,
                               const command_probe *so_far, int target) {
  host_registry *plugins;
  (void)setpgid(0, 0);
  (void)prctl(PR_SET_PDEATHSIG, SIGKILL);
  heed_limit(RLIMIT_CORE, 0);
  /* The parent reports a folder that cannot be read. */
  if (registry_create(common->allow_unsafe, &plugins, NULL) == HEED_OK)
    (void)registry_scan(plugins, common->plugin_path,
                        (const char *const *)so_far->culprits, &target, tell,
                        NULL);
  tell_line(target, DONE);
  _exit(EXIT_DONE);
}

/* ---- the parent ---- */

typedef struct probe_child {
  pid_t process;
  int pipe;
  char line[PATH_MAX + 1]; /* the last whole line */
  char rest[PATH_MAX + 1]; /* the start of the next */
  bool done, late;
  int status;
} probe_child;

static void take_bytes(probe_child *self, const char *bytes, size_t count) {
  size_t length = strlen(self->rest);
  for (size_t i = 0; i < count; i++) {
    if (bytes[i] == '\n') {
      self->done = strcmp(self->rest, DONE) == 0;
      if (!self->done) memcpy(self->line, self->rest, length + 1);
      length = 0;
    } else if (length < PATH_MAX) {
      self->rest[length++] = bytes[i];
    }
    self->rest[length] = '\0';
  }
}

/* Reads what there is; false at the end of the pipe. */
static bool read_some(probe_child *self, int milliseconds) {
  struct pollfd ready = {self->pipe, POLLIN, 0};
  char bytes[4096];
  ssize_t got;
  if (poll(&ready, 1, milliseconds) <= 0) return true;
  got = read(self->pipe, bytes, sizeof bytes);
  if (got > 0) take_bytes(self, bytes, (size_t)got);
  return got > 0 || (got < 0 && errno == EINTR);
}

static double now(void) {
  struct timespec time;
  (void)clock_gettime(CLOCK_MONOTONIC, &time);
  return (double)time.tv_sec + 1e-9 * (double)time.tv_nsec;
}

/* Does not wait for the end of the pipe: a process that a plugin has started
 * may hold the other end. */
static void attend(probe_child *self) {
  double deadline = now() + LOAD_SECONDS;
  char last[PATH_MAX + 1] = "";
  bool ended = false;
  while (!self->done && !self->late && !ended) {
    ended = waitpid(self->process, &self->status, WNOHANG) == self->process;
    while (read_some(self, ended ? 0 : 20) && ended && !self->done) {
      struct pollfd ready = {self->pipe, POLLIN, 0};
      if (poll(&ready, 1, 0) <= 0) break;
    }
    if (strcmp(last, self->line) != 0) deadline = now() + LOAD_SECONDS;
    memcpy(last, self->line, sizeof last);
    self->late = now() > deadline;
  }
  (void)kill(-self->process, SIGKILL);
  if (ended) return;
  (void)kill(self->process, SIGKILL);
  while (waitpid(self->process, &self->status, 0) < 0 && errno == EINTR)
    continue;
}

static void describe_death(const probe_child *self, char *text, size_t size) {
  if (self->late)
    (void)snprintf(text, size, "took longer than %g s to load", LOAD_SECONDS);
  else if (WIFSIGNALED(self->status))
    (void)snprintf(text, size, "crashes with signal %d while loading",
                   WTERMSIG(self->status));
  else if (WEXITSTATUS(self->status) == EXIT_FAILED)
    (void)snprintf(text, size,
                   "closes files of heed, starts a process or exits the "
                   "process while loading");
  else
    (void)snprintf(text, size, "exits the process while loading");
}

/* Runs one child; *alive: whether it finished. */
static heed_status probe_once(const command_common *common, command_probe *self,
                              bool *alive, heed_error *error) {
  probe_child child = {.line = "", .rest = ""};
  int ends[2];
  char death[120];
  (void)fflush(NULL);
  if (pipe2(ends, O_CLOEXEC) != 0 || (child.process = fork()) < 0)
    return heed_fail(error, HEED_IO,
                     "cannot start a process to load plugins: %s",
                     strerror(errno));
  if (child.process == 0) {
    (void)close(ends[0]);
    load_all(common, self, ends[1]);
  }
  (void)setpgid(child.process, child.process);
  (void)close(ends[1]);
  child.pipe = ends[0];
  attend(&child);
  (void)close(child.pipe);
  *alive = child.done;
  if (*alive) return HEED_OK;
  if (child.line[0] == '\0')
    return heed_fail(
        error, HEED_INTERNAL,
        "the process that loads plugins died before the first file");
  describe_death(&child, death, sizeof death);
  self->culprits[self->count] = strdup(child.line);
  self->deaths[self->count] = strdup(death);
  if (self->culprits[self->count] == NULL || self->deaths[self->count] == NULL)
    return heed_no_memory(error);
  self->count++;
  return HEED_OK;
}

heed_status probe_plugins(const command_common *common, command_probe *result,
                          heed_error *error) {
  heed_status status = HEED_OK;
  bool alive = false;
  *result = (command_probe){.count = 0};
  while (status == HEED_OK && !alive && result->count < PROBE_CULPRITS)
    status = probe_once(common, result, &alive, error);
  if (status == HEED_OK && !alive)
    status = heed_fail(error, HEED_INVALID,
                       "%d plugins crash or hang while loading; the last is %s",
                       PROBE_CULPRITS, result->culprits[result->count - 1]);
  if (status != HEED_OK) probe_close(result);
  return status;
}

void probe_close(command_probe *result) {
  for (size_t i = 0; i <= result->count && i < PROBE_CULPRITS; i++) {
    free(result->culprits[i]);
    free(result->deaths[i]);
  }
}
