/* SPDX-License-Identifier: GPL-3.0-or-later
 * A filter that changes the process that it runs in, or memory that is not its
 * own, in the way it is told to. */
#include <fcntl.h>
#include <fenv.h>
#include <locale.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include "heed/heed.h"

#define COUNT(array) (sizeof(array) / sizeof *(array))

static const char *const attacks[] = {
    "none",     "locale",    "thread_locale", "rounding", "traps",  "flushing",
    "folder",   "umask",     "handler",       "blocked",  "alarm",  "limits",
    "variable", "posterior", "converged",     "choice",   "pairs",  "socket",
    "log",      "all_files", "replaced",      "child",    "daemon", NULL};

enum { ATTACK, FILE_NAME, LATE };
static const heed_parameter parameters[] = {
    [ATTACK] = {.name = "attack",
                .type = HEED_ENUM,
                .default_value = "none",
                .choices = attacks,
                .doc = "what it does"},
    [FILE_NAME] = {.name = "file",
                   .type = HEED_TEXT,
                   .default_value = "",
                   .doc = "where it writes the number of the process that it "
                          "starts"},
    [LATE] = {.name = "late",
              .type = HEED_BOOLEAN,
              .default_value = "false",
              .doc = "do it in destroy()"},
};
static const heed_output outputs[] = {
    {.name = "third", .doc = "a third, rounded as the process rounds"}};

typedef struct intruder_state {
  const heed_value *values;
  bool used;
} intruder_state;

static void *writable(const void *input) {
  void *pointer;
  memcpy(&pointer, &input, sizeof pointer);
  return pointer;
}

static void flush_denormals(void) {
#if defined(__x86_64__)
  const unsigned all = 0x9fc0;
  __asm__ volatile("ldmxcsr %0" : : "m"(all));
#else
  (void)fesetround(FE_UPWARD);
#endif
}

static void limit_files(void) {
  struct rlimit most;
  (void)getrlimit(RLIMIT_NOFILE, &most);
  most.rlim_cur = 3;
  (void)setrlimit(RLIMIT_NOFILE, &most);
}

/* Closes the sockets of this process, or puts another file in their place. */
static void close_sockets(bool replace) {
  for (int i = 3; i < 64; i++) {
    struct stat found;
    if (fstat(i, &found) != 0 || !S_ISSOCK(found.st_mode)) continue;
    (void)close(i);
    if (replace) (void)dup2(STDIN_FILENO, i);
  }
}

/* The child outlives the call; the daemon leaves its group and its parent.
 * Returns when it has written: its worker may be ended right away. */
static void start_process(const char *file, bool leave) {
  char unused;
  int ends[2];
  if (pipe(ends) != 0) return;
  if (fork() != 0) {
    (void)close(ends[1]);
    (void)!read(ends[0], &unused, 1);
    (void)close(ends[0]);
    return;
  }
  if (leave && (setsid() < 0 || fork() != 0)) _exit(0);
  FILE *written = fopen(file, "a");
  if (written != NULL) {
    (void)fprintf(written, "%ld\n", (long)getpid());
    (void)fclose(written);
  }
  (void)close(ends[1]);
  for (;;) (void)pause();
}

static void block(void) {
  sigset_t all;
  (void)sigfillset(&all);
  (void)sigprocmask(SIG_BLOCK, &all, NULL);
}

static bool is(const heed_value *values, const char *attack) {
  return strcmp(values[ATTACK].text, attack) == 0;
}

static void change_process(const heed_value *values) {
  if (is(values, "locale")) (void)setlocale(LC_ALL, "C.UTF-8");
  if (is(values, "thread_locale"))
    (void)uselocale(newlocale(LC_ALL_MASK, "C.UTF-8", (locale_t)0));
  if (is(values, "rounding")) (void)fesetround(FE_UPWARD);
  if (is(values, "traps")) (void)feenableexcept(FE_DIVBYZERO);
  if (is(values, "flushing")) flush_denormals();
  if (is(values, "folder")) (void)!chdir("/");
  if (is(values, "umask")) (void)umask(0777);
  if (is(values, "handler")) (void)signal(SIGSEGV, SIG_IGN);
  if (is(values, "blocked")) block();
  if (is(values, "alarm")) (void)alarm(1);
  if (is(values, "limits")) limit_files();
  if (is(values, "variable")) (void)setenv("LANG", "xx", 1);
  if (is(values, "socket")) close_sockets(false);
  if (is(values, "replaced")) close_sockets(true);
  if (is(values, "log")) (void)close(STDERR_FILENO);
  if (is(values, "child")) start_process(values[FILE_NAME].text, false);
  if (is(values, "daemon")) start_process(values[FILE_NAME].text, true);
  for (int i = 0; is(values, "all_files") && i < 64; i++) (void)close(i);
}

static void change_inputs(const heed_value *values, const heed_crowd *crowd,
                          const heed_posterior *posterior) {
  const size_t rows = crowd->annotations->rows;
  double *p = writable(heed_table_data(crowd->world->pairs, "p", HEED_FLOAT64));
  if (is(values, "posterior")) ((double *)writable(posterior->mean))[0] = 0.75;
  if (is(values, "converged"))
    ((heed_posterior *)writable(posterior))->converged ^= true;
  if (is(values, "choice"))
    ((int8_t *)writable(heed_table_data(crowd->annotations, "choice",
                                        HEED_INT8)))[rows - 1] ^= 1;
  for (size_t i = 0; is(values, "pairs") && i < crowd->world->pairs->rows; i++)
    p[i] = 0.5;
}

static heed_status create(const heed_host *host, const heed_value *values,
                          void **self, heed_error *error) {
  intruder_state *made = host->allocate(host, 1, sizeof *made);
  if (made == NULL) return heed_fail(error, HEED_MEMORY, "out of memory");
  made->values = values;
  *self = made;
  return HEED_OK;
}

static void destroy(void *self) {
  const intruder_state *made = self;
  if (made->used && made->values[LATE].integer) change_process(made->values);
}

static heed_status choose(void *self, const heed_host *host,
                          const heed_crowd *crowd,
                          const heed_posterior *posterior,
                          heed_selection *selection, heed_error *error) {
  intruder_state *made = self;
  volatile double one = 1, three = 3;
  const double third = one / three;
  (void)selection, (void)error;
  made->used = true;
  if (!made->values[LATE].integer) change_process(made->values);
  change_inputs(made->values, crowd, posterior);
  host->output(host, 0, &third, 1);
  return HEED_OK;
}

static const heed_filter_functions functions = {.size = sizeof functions,
                                                .select = choose};
static const heed_plugin intruder = {
    .size = sizeof intruder,
    .abi = HEED_ABI,
    .kind = HEED_FILTER,
    .name = "intruder",
    .version = "1.0",
    .summary = "Changes what is not its own",
    .parameters = parameters,
    .parameter_count = COUNT(parameters),
    .outputs = outputs,
    .output_count = COUNT(outputs),
    .create = create,
    .destroy = destroy,
    .functions = &functions,
    .functions_size = sizeof functions,
};
static const heed_plugin *const plugins[] = {&intruder};
HEED_PLUGINS(plugins)
