/* SPDX-License-Identifier: GPL-3.0-or-later
 * The supervisor's side of planning: runs a child under limits and handles its
 * reports.  If a plugin file kills the child while it loads, a warning names
 * the file, and the child starts again without it. */
#include "planner/planner.h"

#include <errno.h>
#include <fcntl.h>
#include <jansson.h>
#include <limits.h>
#include <math.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "heed/limit.h"
#include "planner/protocol.h"

#define MOST_SKIPPED 64
/* After the child's own time limit, which names the line of an endless loop. */
#define GRACE_SECONDS 0.5
#define MOST_WAIT 1e6 /* seconds; poll() counts milliseconds in an int */

typedef struct planner_attempt {
  const planner_options *options;
  double seconds;
  size_t memory;
  char *skipped[MOST_SKIPPED + 1]; /* plugin files, ended by NULL */
  size_t skipped_count;

  pid_t child;
  int pipe;
  double deadline;
  char *text; /* read but not yet handled */
  size_t length, room;

  char *opening; /* plugin file being loaded, or NULL */
  char *making;  /* plugin whose create() was called last, or NULL */
  bool loaded, timed_out;
  char *plan;
  bool failed; /* the child reported `failure` */
  heed_error failure;
} planner_attempt;

static double now(void) {
  struct timespec time;
  (void)clock_gettime(CLOCK_MONOTONIC, &time);
  return (double)time.tv_sec + 1e-9 * (double)time.tv_nsec;
}

static void notify(const planner_attempt *self, planner_notice notice,
                   const char *text) {
  if (self->options->notice != NULL)
    self->options->notice(self->options->context, notice, text);
}

/* ---- the child ---- */

/* heed plan [--skip FILE]… [--set X]… --seconds S --memory B [--rows N] SWEEP
 */
static const char **arguments_of(const planner_attempt *self, char seconds[32],
                                 char memory[32], char rows[32]) {
  const planner_options *options = self->options;
  const size_t most = 2 * (options->set_count + self->skipped_count) + 18;
  const char **words = calloc(most, sizeof *words);
  size_t count = 0;
  if (words == NULL) return NULL;
  (void)snprintf(seconds, 32, "%.17g", self->seconds);
  (void)snprintf(memory, 32, "%zu", self->memory);
  (void)snprintf(rows, 32, "%zu", options->rows);
  words[count++] = "heed";
  words[count++] = "--plugin-path";
  words[count++] = options->plugin_path;
  if (options->allow_unsafe) words[count++] = "--allow-unsafe-plugins";
  words[count++] = "plan";
  words[count++] = "--seconds";
  words[count++] = seconds;
  words[count++] = "--memory";
  words[count++] = memory;
  if (options->rows == SIZE_MAX) {
    words[count++] = "--data";
  } else if (options->rows > 0) {
    words[count++] = "--rows";
    words[count++] = rows;
  }
  for (size_t i = 0; i < self->skipped_count; i++) {
    words[count++] = "--skip";
    words[count++] = self->skipped[i];
  }
  for (size_t i = 0; i < options->set_count; i++) {
    words[count++] = "--set";
    words[count++] = options->sets[i];
  }
  words[count++] = "--";
  words[count++] = options->sweep;
  return words;
}

/* Runs this program, by its path first: under valgrind, /proc/self/exe is
 * valgrind, but readlink() gives the program's path.  If the file was replaced,
 * that path does not exist, but /proc/self/exe is still this program. */
static void run_self(char *const *arguments) {
  char path[PATH_MAX];
  const ssize_t length = readlink("/proc/self/exe", path, sizeof path - 1);
  if (length > 0) {
    path[length] = '\0';
    (void)execv(path, arguments);
  }
  (void)execv("/proc/self/exe", arguments);
}

/* In the forked child: executes `heed plan`, or exits with 127. */
static _Noreturn void become_planner(const char **words, int report,
                                     pid_t parent, size_t memory) {
  char *const *arguments; /* execv() does not write to them */
  const int nothing = open("/dev/null", O_RDONLY | O_CLOEXEC);
  (void)prctl(PR_SET_PDEATHSIG, SIGKILL);
  if (getppid() != parent) _exit(127);
  if (nothing >= 0) (void)dup2(nothing, STDIN_FILENO);
  /* A plugin may print while it loads; that is not this command's output. */
  (void)dup2(STDERR_FILENO, STDOUT_FILENO);
  if (report == PLANNER_PIPE)
    (void)fcntl(report, F_SETFD, 0);
  else if (dup2(report, PLANNER_PIPE) < 0)
    _exit(127);
  heed_limit(RLIMIT_CORE, 0);
  if (!heed_is_sanitized()) heed_limit(RLIMIT_AS, (rlim_t)memory);
  /* Threads that BLAS starts count against the memory limit. */
  (void)setenv("OPENBLAS_NUM_THREADS", "1", 1);
  memcpy(&arguments, &words, sizeof arguments);
  run_self(arguments);
  _exit(127);
}

static heed_status start(planner_attempt *self, heed_error *error) {
  char seconds[32], memory[32], rows[32];
  const char **words = arguments_of(self, seconds, memory, rows);
  const pid_t parent = getpid();
  int ends[2];
  if (words == NULL) return heed_no_memory(error);
  if (pipe2(ends, O_CLOEXEC) != 0) {
    free(words);
    return heed_fail(error, HEED_IO, "cannot start the planner: %s",
                     strerror(errno));
  }
  self->child = fork();
  if (self->child == 0) become_planner(words, ends[1], parent, self->memory);
  free(words);
  (void)close(ends[1]);
  self->pipe = ends[0];
  self->deadline = now() + self->seconds + GRACE_SECONDS;
  if (self->child > 0) return HEED_OK;
  (void)close(ends[0]);
  self->pipe = -1;
  return heed_fail(error, HEED_IO, "cannot start the planner: %s",
                   strerror(errno));
}

/* ---- its reports ---- */

static void keep(char **place, const char *text) {
  free(*place);
  *place = text == NULL ? NULL : strdup(text);
}

static void take_failure(planner_attempt *self, const json_t *value) {
  const char *message = json_string_value(json_object_get(value, "message"));
  self->failed = true;
  if (message == NULL) { /* jansson had no memory for it */
    (void)heed_no_memory(&self->failure);
    return;
  }
  (void)heed_fail(
      &self->failure,
      (heed_status)json_integer_value(json_object_get(value, "status")), "%s",
      message);
}

static void handle(planner_attempt *self, const char *word, const char *rest) {
  json_t *value;
  const char *text;
  if (strcmp(word, PROTOCOL_PLAN) == 0) {
    keep(&self->plan, rest);
    return;
  }
  value = json_loads(rest, JSON_DECODE_ANY, NULL);
  text = json_string_value(value);
  if (strcmp(word, PROTOCOL_OPEN) == 0) {
    keep(&self->opening, text);
  } else if (strcmp(word, PROTOCOL_LOADED) == 0) {
    keep(&self->opening, NULL);
    self->loaded = true;
  } else if (strcmp(word, PROTOCOL_MAKE) == 0) {
    keep(&self->making, text != NULL && *text != '\0' ? text : NULL);
    if (text != NULL) notify(self, PLANNER_MAKES, text);
  } else if (strcmp(word, PROTOCOL_PRINT) == 0 && text != NULL) {
    notify(self, PLANNER_PRINTED, text);
  } else if (strcmp(word, PROTOCOL_FAIL) == 0) {
    take_failure(self, value);
  } else if (text != NULL) {
    notify(self, PLANNER_WARNED, text);
  }
  json_decref(value);
}

/* Handles all complete lines; keeps the rest. */
static void handle_lines(planner_attempt *self, size_t offset) {
  char *start = self->text, *end;
  char *search = self->text + offset;
  while ((end = memchr(search, '\n',
                       self->length - (size_t)(search - self->text))) != NULL) {
    char *space;
    *end = '\0';
    space = strchr(start, ' ');
    if (space != NULL) {
      *space = '\0';
      handle(self, start, space + 1);
    }
    start = search = end + 1;
  }
  self->length -= (size_t)(start - self->text);
  memmove(self->text, start, self->length);
}

/* False at the end of the pipe. */
static bool read_some(planner_attempt *self) {
  ssize_t got;
  size_t offset;
  if (self->room - self->length < 1 << 16) {
    char *text = realloc(self->text, self->room * 2 + (1 << 17));
    if (text == NULL) return false;
    self->text = text;
    self->room = self->room * 2 + (1 << 17);
  }
  got = read(self->pipe, self->text + self->length, self->room - self->length);
  if (got < 0) return errno == EINTR;
  offset = self->length;
  self->length += (size_t)got;
  if (got > 0) handle_lines(self, offset);
  return got > 0;
}

/* Reads until the child has reported its result, exited or timed out. */
static void listen_to(planner_attempt *self) {
  while (self->plan == NULL && !self->failed) {
    const double left = fmin(self->deadline - now(), MOST_WAIT);
    struct pollfd ready = {self->pipe, POLLIN, 0};
    const int count = left <= 0 ? 0 : poll(&ready, 1, (int)(left * 1e3) + 1);
    if (count == 0) {
      self->timed_out = true;
      return;
    }
    if (count < 0 && errno != EINTR) return;
    if (count > 0 && !read_some(self)) return;
  }
}

/* Ends the child, whose reports are no longer needed; returns its wait status.
 */
static int finish(planner_attempt *self) {
  int result = 0;
  if (self->timed_out || self->plan != NULL || self->failed)
    (void)kill(self->child, SIGKILL);
  while (waitpid(self->child, &result, 0) < 0 && errno == EINTR) continue;
  (void)close(self->pipe);
  self->length = 0;
  return result;
}

/* ---- how it ended ---- */

/* "crashed (signal 11, Segmentation fault)", "did not finish within 2 s". */
static void describe_end(const planner_attempt *self, int result,
                         char text[160]) {
  if (self->timed_out)
    (void)snprintf(text, 160, "did not finish within %.3g s (--plan-timeout)",
                   self->seconds);
  else if (WIFSIGNALED(result))
    (void)snprintf(text, 160, "crashed (signal %d, %s)", WTERMSIG(result),
                   strsignal(WTERMSIG(result)));
  else
    (void)snprintf(text, 160, "exited with status %d", WEXITSTATUS(result));
}

static heed_status skip_opening(planner_attempt *self, const char *end,
                                heed_error *error) {
  char text[HEED_MESSAGE_SIZE];
  if (self->skipped_count == MOST_SKIPPED)
    return heed_fail(
        error, HEED_INVALID,
        "%s: %s while loading; %d earlier files also failed to load. "
        "Check that the plugin path contains only plugins",
        self->opening, end, MOST_SKIPPED);
  (void)snprintf(text, sizeof text,
                 "%s: %s while loading; heed continues without it",
                 self->opening, end);
  notify(self, PLANNER_WARNED, text);
  self->skipped[self->skipped_count++] = self->opening;
  self->opening = NULL;
  return HEED_OK;
}

static heed_status explain(const planner_attempt *self, int result,
                           const char *end, heed_error *error) {
  const char *sweep = self->options->sweep;
  if (WIFSIGNALED(result) && !self->timed_out &&
      (WTERMSIG(result) == SIGINT || WTERMSIG(result) == SIGTERM))
    return heed_fail(error, HEED_CANCELLED, "interrupted while planning");
  if (self->making != NULL)
    return heed_fail(
        error, HEED_INTERNAL,
        "%s: plugin %s %s while checking its parameters (in "
        "%s)",
        sweep, self->making, end,
        self->options->rows > 0 ? "create() or check()" : "create()");
  if (self->timed_out)
    return heed_fail(error, HEED_INVALID,
                     "%s: still running after %.3g s; is there an endless "
                     "loop? A large sweep needs a higher --plan-timeout",
                     sweep, self->seconds);
  return heed_fail(error, HEED_INTERNAL, "%s: the planner %s", sweep, end);
}

/* One child.  *again: a plugin file killed it, and the next child skips that
 * file. */
static heed_status try_once(planner_attempt *self, bool *again,
                            heed_error *error) {
  char end[160];
  int result;
  heed_status status;
  self->loaded = self->timed_out = false;
  keep(&self->opening, NULL);
  keep(&self->making, NULL);
  *again = false;
  status = start(self, error);
  if (status != HEED_OK) return status;
  listen_to(self);
  result = finish(self);
  if (self->plan != NULL) return HEED_OK;
  if (self->failed)
    return heed_fail(error, self->failure.status, "%s", self->failure.message);
  describe_end(self, result, end);
  if (self->loaded || self->opening == NULL)
    return explain(self, result, end, error);
  if (WIFSIGNALED(result) && WTERMSIG(result) == SIGINT)
    return explain(self, result, end, error);
  *again = true;
  return skip_opening(self, end, error);
}

heed_status planner_run(const planner_options *options, char **plan_text,
                        heed_error *error) {
  planner_attempt self = {.options = options, .pipe = -1};
  heed_status status;
  bool again;
  self.seconds = options->seconds > 0 ? options->seconds : PLANNER_SECONDS;
  self.memory = options->memory > 0 ? options->memory : PLANNER_MEMORY;
  do status = try_once(&self, &again, error);
  while (status == HEED_OK && again);
  for (size_t i = 0; i < self.skipped_count; i++) free(self.skipped[i]);
  free(self.opening);
  free(self.making);
  free(self.text);
  if (status == HEED_OK)
    *plan_text = self.plan;
  else
    free(self.plan);
  return status;
}
