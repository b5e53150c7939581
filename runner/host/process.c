/* SPDX-License-Identifier: GPL-3.0-or-later
 * Remembers and puts back what plugins may change in their process. */
#include "host/process.h"

#include <fenv.h>
#include <limits.h>
#include <locale.h>
#include <signal.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/time.h>
#include <unistd.h>

#define COUNT(array) (sizeof(array) / sizeof *(array))
#define SIGNALS 32 /* the standard signals are 1 … 31 */

/* Those that say how another plugin ends, or end it. */
static const int handled[] = {SIGHUP,  SIGINT,  SIGILL,  SIGABRT,
                              SIGBUS,  SIGFPE,  SIGSEGV, SIGPIPE,
                              SIGALRM, SIGTERM, SIGCHLD};

typedef struct process_words {
  const char *code, *name;
} process_words;

/* In the order of process_change. */
static const process_words words[] = {
    {"changed_locale", "the locale"},
    {"changed_rounding", "the rounding mode"},
    {"changed_denormals", "the flushing of denormals"},
    {"changed_traps", "the floating-point traps"},
    {"changed_precision", "the floating-point precision"},
    {"changed_folder", "the working directory"},
    {"changed_umask", "the umask"},
    {"changed_handlers", "the handlers of signals"},
    {"changed_blocked_signals", "the blocked signals"},
    {"changed_alarm", "the alarm timer"},
    {"changed_limits", "the resource limits"},
    {"changed_variables", "the environment variables"},
};

static const process_words *words_of(process_change change) {
  size_t position = 0;
  while (position + 1 < COUNT(words) && (unsigned)change >> position != 1)
    position++;
  return &words[position];
}

const char *process_change_code(process_change change) {
  return words_of(change)->code;
}

const char *process_change_name(process_change change) {
  return words_of(change)->name;
}

/* ---- numbers ---- */

#if defined(__x86_64__)
#define ROUNDING 0x6000u   /* MXCSR: both bits 0, to nearest */
#define FLUSHING 0x8040u   /* MXCSR: flush to zero, denormals are zero */
#define MASKS 0x1f80u      /* MXCSR: all exceptions masked */
#define WORD_MASKS 0x003fu /* x87: all exceptions masked */
#define WORD_ROUNDING 0x0c00u
#define WORD_PRECISION 0x0300u /* x87: both bits 1, extended */

typedef struct process_controls {
  unsigned vector, word;
} process_controls;

static process_controls read_controls(void) {
  unsigned vector = 0;
  unsigned short word = 0;
  __asm__ volatile("stmxcsr %0" : "=m"(vector));
  __asm__ volatile("fnstcw %0" : "=m"(word));
  return (process_controls){vector, word};
}

static unsigned changed_controls(void) {
  unsigned changed = 0;
  const process_controls now = read_controls();
  if ((now.vector & ROUNDING) != 0 || (now.word & WORD_ROUNDING) != 0)
    changed |= PROCESS_ROUNDING;
  if ((now.vector & FLUSHING) != 0) changed |= PROCESS_DENORMALS;
  if ((now.vector & MASKS) != MASKS || (now.word & WORD_MASKS) != WORD_MASKS)
    changed |= PROCESS_TRAPS;
  if ((now.word & WORD_PRECISION) != WORD_PRECISION)
    changed |= PROCESS_PRECISION;
  return changed;
}
#else
static unsigned changed_controls(void) {
  unsigned changed = 0;
  volatile double least = 0x1p-1022;
  if (fegetround() != FE_TONEAREST) changed |= PROCESS_ROUNDING;
  if (least / 2 == 0) changed |= PROCESS_DENORMALS;
  return changed;
}
#endif

static unsigned settle_controls(void) {
  const unsigned changed = changed_controls();
  if (changed != 0) (void)fesetenv(FE_DFL_ENV);
  return changed;
}

static unsigned settle_locale(void) {
  const char *name = setlocale(LC_ALL, NULL);
  const bool changed = name == NULL || strcmp(name, "C") != 0;
  if (!changed && uselocale((locale_t)0) == LC_GLOBAL_LOCALE) return 0;
  (void)setlocale(LC_ALL, "C");
  (void)uselocale(LC_GLOBAL_LOCALE);
  return PROCESS_LOCALE;
}

unsigned process_settle_numbers(void) {
  return settle_controls() | settle_locale();
}

/* Only one thread may call setlocale(), so this restores only the thread's own
 * locale. */
static unsigned settle_thread(void) {
  const bool changed = uselocale(LC_GLOBAL_LOCALE) != LC_GLOBAL_LOCALE;
  return settle_controls() | (changed ? (unsigned)PROCESS_LOCALE : 0u);
}

unsigned process_settle_threads(size_t threads) {
  unsigned changed = 0;
#pragma omp parallel num_threads((int)threads) reduction(| : changed)
  changed |= settle_thread();
  return changed;
}

/* ---- the rest ---- */

/* Those that heed or another plugin may run into. */
static const int limits[] = {RLIMIT_AS, RLIMIT_CPU, RLIMIT_DATA, RLIMIT_FSIZE,
                             RLIMIT_NOFILE};

struct process_state {
  char folder[PATH_MAX]; /* "": unknown */
  mode_t mask;
  sigset_t blocked;
  struct sigaction actions[COUNT(handled)];
  struct rlimit limits[COUNT(limits)];
  size_t variable_count;
  char **variables; /* copies of NAME=VALUE */
  char **seen;      /* the pointers in environ, to see a change quickly */
};

extern char **environ;

static size_t count_variables(void) {
  size_t count = 0;
  while (environ != NULL && environ[count] != NULL) count++;
  return count;
}

static void look_at_variables(process_state *self) {
  for (size_t i = 0; i < self->variable_count; i++) self->seen[i] = environ[i];
}

static bool remember_variables(process_state *self) {
  self->variable_count = count_variables();
  self->variables = calloc(self->variable_count + 1, sizeof(char *));
  self->seen = calloc(self->variable_count + 1, sizeof(char *));
  if (self->variables == NULL || self->seen == NULL) return false;
  for (size_t i = 0; i < self->variable_count; i++)
    if ((self->variables[i] = strdup(environ[i])) == NULL) return false;
  look_at_variables(self);
  return true;
}

static bool limit_of(size_t which, struct rlimit *found) {
  return getrlimit((__rlimit_resource_t)limits[which], found) == 0;
}

process_state *process_remember(void) {
  process_state *self = calloc(1, sizeof *self);
  if (self == NULL) return NULL;
  if (!remember_variables(self)) {
    process_forget(self);
    return NULL;
  }
  if (getcwd(self->folder, sizeof self->folder) == NULL) *self->folder = '\0';
  self->mask = umask(0);
  (void)umask(self->mask);
  (void)sigprocmask(SIG_SETMASK, NULL, &self->blocked);
  for (size_t i = 0; i < COUNT(handled); i++)
    (void)sigaction(handled[i], NULL, &self->actions[i]);
  for (size_t i = 0; i < COUNT(limits); i++)
    (void)limit_of(i, &self->limits[i]);
  return self;
}

void process_forget(process_state *self) {
  if (self == NULL) return;
  for (size_t i = 0; self->variables != NULL && i < self->variable_count; i++)
    free(self->variables[i]);
  free(self->variables);
  free(self->seen);
  free(self);
}

static unsigned settle_folder(const process_state *self) {
  char folder[PATH_MAX];
  if (*self->folder == '\0') return 0;
  if (getcwd(folder, sizeof folder) != NULL &&
      strcmp(folder, self->folder) == 0)
    return 0;
  return chdir(self->folder) == 0 ? PROCESS_FOLDER : 0;
}

static unsigned settle_mask(const process_state *self) {
  return umask(self->mask) != self->mask ? PROCESS_UMASK : 0;
}

static unsigned settle_blocked(const process_state *self) {
  sigset_t blocked;
  (void)sigemptyset(&blocked);
  (void)sigprocmask(SIG_SETMASK, &self->blocked, &blocked);
  for (int i = 1; i < SIGNALS; i++)
    if (sigismember(&blocked, i) != sigismember(&self->blocked, i))
      return PROCESS_BLOCKED;
  return 0;
}

static unsigned settle_handlers(const process_state *self) {
  struct sigaction now;
  unsigned changed = 0;
  for (size_t i = 0; i < COUNT(handled); i++) {
    if (sigaction(handled[i], NULL, &now) != 0 ||
        now.sa_handler == self->actions[i].sa_handler)
      continue;
    (void)sigaction(handled[i], &self->actions[i], NULL);
    changed = PROCESS_HANDLERS;
  }
  return changed;
}

static unsigned settle_timer(void) {
  const struct itimerval none = {{0, 0}, {0, 0}};
  struct itimerval now;
  if (getitimer(ITIMER_REAL, &now) != 0 ||
      (now.it_value.tv_sec == 0 && now.it_value.tv_usec == 0))
    return 0;
  (void)setitimer(ITIMER_REAL, &none, NULL);
  return PROCESS_ALARM;
}

static unsigned settle_limits(const process_state *self) {
  struct rlimit now;
  unsigned changed = 0;
  for (size_t i = 0; i < COUNT(limits); i++) {
    if (!limit_of(i, &now) || (now.rlim_cur == self->limits[i].rlim_cur &&
                               now.rlim_max == self->limits[i].rlim_max))
      continue;
    changed = PROCESS_LIMITS;
    /* Only root can raise a hard limit again. */
    if (setrlimit((__rlimit_resource_t)limits[i], &self->limits[i]) != 0) {
      now.rlim_cur = now.rlim_max;
      (void)setrlimit((__rlimit_resource_t)limits[i], &now);
    }
  }
  return changed;
}

static bool variables_changed(const process_state *self) {
  if (count_variables() != self->variable_count) return true;
  for (size_t i = 0; i < self->variable_count; i++)
    if (environ[i] != self->seen[i] ||
        strcmp(environ[i], self->variables[i]) != 0)
      return true;
  return false;
}

static void set_variable(const char *text) {
  char *name = strdup(text), *equals = name == NULL ? NULL : strchr(name, '=');
  if (equals != NULL) {
    *equals = '\0';
    (void)setenv(name, equals + 1, 1);
  }
  free(name);
}

static unsigned settle_variables(process_state *self) {
  if (!variables_changed(self)) return 0;
  (void)clearenv();
  for (size_t i = 0; i < self->variable_count; i++)
    set_variable(self->variables[i]);
  if (count_variables() == self->variable_count) look_at_variables(self);
  return PROCESS_VARIABLES;
}

unsigned process_settle(process_state *self) {
  return settle_folder(self) | settle_mask(self) | settle_blocked(self) |
         settle_handlers(self) | settle_timer() | settle_limits(self) |
         settle_variables(self);
}
