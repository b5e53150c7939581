/* SPDX-License-Identifier: GPL-3.0-or-later
 * Loads plugins in a child process first, to name each plugin that crashes or
 * hangs while it loads, and to skip it. */
#include "probe.h"

#include <errno.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#define LOAD_SECONDS 20u

/* Sends each file's name to the parent before heed opens the file. */
static void tell(void *context, const char *file, const heed_error *refusal) {
  const int *target = context;
  char line[PATH_MAX + 1];
  const int length = snprintf(line, sizeof line, "%s\n", file);
  if (refusal == NULL && length < (int)sizeof line &&
      write(*target, line, (size_t)length) != length)
    _exit(EXIT_FAILED);
}

static _Noreturn void load_all(const command_common *common,
                               const command_probe *so_far, int target) {
  const struct rlimit no_core = {0, 0};
  host_registry *plugins;
  (void)setrlimit(RLIMIT_CORE, &no_core);
  (void)alarm(LOAD_SECONDS);
  /* The parent reports a folder that cannot be read. */
  if (registry_create(common->allow_unsafe, &plugins, NULL) == HEED_OK)
    (void)registry_scan(plugins, common->plugin_path,
                        (const char *const *)so_far->culprits, &target, tell,
                        NULL);
  _exit(EXIT_DONE);
}

/* Reads the last line from the pipe, without its line feed. */
static void last_line(int source, char line[PATH_MAX + 1]) {
  FILE *lines = fdopen(source, "r");
  *line = '\0';
  if (lines == NULL) {
    (void)close(source);
    return;
  }
  while (fgets(line, PATH_MAX + 1, lines) != NULL) continue;
  line[strcspn(line, "\n")] = '\0';
  (void)fclose(lines);
}

static void describe_death(int status, char *text, size_t size) {
  if (WIFSIGNALED(status) && WTERMSIG(status) == SIGALRM)
    (void)snprintf(text, size, "took longer than %u s to load", LOAD_SECONDS);
  else if (WIFSIGNALED(status))
    (void)snprintf(text, size, "crashes with signal %d while loading",
                   WTERMSIG(status));
  else
    (void)snprintf(text, size, "exits the process while loading");
}

/* Runs one child; *alive: whether it finished. */
static heed_status probe_once(const command_common *common, command_probe *self,
                              bool *alive, heed_error *error) {
  int ends[2], status;
  char file[PATH_MAX + 1], death[80];
  pid_t child;
  (void)fflush(NULL);
  if (pipe(ends) != 0 || (child = fork()) < 0)
    return heed_fail(error, HEED_IO,
                     "cannot start a process to load plugins: %s",
                     strerror(errno));
  if (child == 0) {
    (void)close(ends[0]);
    load_all(common, self, ends[1]);
  }
  (void)close(ends[1]);
  last_line(ends[0], file);
  while (waitpid(child, &status, 0) < 0 && errno == EINTR) continue;
  *alive = WIFEXITED(status) && WEXITSTATUS(status) == EXIT_DONE;
  if (*alive) return HEED_OK;
  if (*file == '\0')
    return heed_fail(
        error, HEED_INTERNAL,
        "the process that loads plugins died before the first file");
  describe_death(status, death, sizeof death);
  self->culprits[self->count] = strdup(file);
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
