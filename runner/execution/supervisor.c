/* SPDX-License-Identifier: GPL-3.0-or-later
 * The supervisor: starts workers, hands out cells, judges who dies. */
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <math.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/signalfd.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "channel.h"
#include "execution.h"
#include "queue.h"

#define TICK 20           /* milliseconds between looks at the workers */
#define BATCH_SECONDS 0.5 /* what a batch should take */
#define REPORT_EVERY 0.2  /* seconds between calls of progress() */
#define MOST_DEATHS 3     /* of workers before they announce anything */

typedef struct child {
  pid_t pid; /* 0: not running */
  int socket;
  slot *slot;
  bool idle;
  size_t cell_count;
  uint64_t cells[CHANNEL_CELLS]; /* of its batch */
  uint64_t batch_start;
  /* Why we killed it, before it was found dead. */
  record_status verdict;
} child;

typedef struct supervisor {
  const plan *plan;
  work *folder;
  const execution_options *options;
  execution_state *state;
  queue *queue;
  size_t child_count;
  child *children;
  size_t wanted; /* cells in a batch */
  size_t deaths; /* of workers that had announced nothing, in a row */
  uint64_t start, reported;
  int signals;
  bool stop_now;
  heed_error *error;
  heed_status status; /* of the run; not HEED_OK: no more cells go out */
} supervisor;

static void fail(supervisor *self, heed_status status, const char *text) {
  if (self->status == HEED_OK)
    self->status = heed_fail(self->error, status, "%s", text);
}

static void say(const supervisor *self, const char *line) {
  if (self->options->say != NULL)
    self->options->say(self->options->context, line);
}

/* ---- starting workers ---- */

static void log_path(const supervisor *self, const child *of, char *path,
                     size_t size) {
  (void)snprintf(path, size, "%s/worker-%zu.log", work_folder(self->folder),
                 (size_t)(of - self->children));
}

/* In the child, between fork() and exec(). */
static void become_worker(const supervisor *self, const child *of, int socket,
                          int slot_file) {
  char socket_text[16], slot_text[16], threads[24], log[PATH_MAX];
  const char *unsafe =
      self->options->allow_unsafe ? "--allow-unsafe-plugins" : NULL;
  sigset_t none;
  int file;
  (void)sigemptyset(&none);
  (void)sigprocmask(SIG_SETMASK, &none, NULL);
  (void)snprintf(socket_text, sizeof socket_text, "%d", socket);
  (void)snprintf(slot_text, sizeof slot_text, "%d", slot_file);
  (void)snprintf(threads, sizeof threads, "%zu", self->plan->blas_threads);
  (void)setenv("OPENBLAS_NUM_THREADS", threads, 1);
  (void)setenv("OMP_NUM_THREADS", threads, 1);
  log_path(self, of, log, sizeof log);
  file = open(log, O_WRONLY | O_CREAT | O_TRUNC, 0666);
  if (file >= 0) {
    (void)dup2(file, STDOUT_FILENO);
    (void)dup2(file, STDERR_FILENO);
    (void)close(file);
  }
  (void)execl("/proc/self/exe", "heed", "worker", work_folder(self->folder),
              socket_text, slot_text, unsafe, (char *)NULL);
  _exit(127);
}

static bool start_child(supervisor *self, child *of) {
  int sockets[2];
  const int slot_file = memfd_create("heed-slot", 0);
  if (slot_file < 0 || ftruncate(slot_file, sizeof(slot)) != 0 ||
      socketpair(AF_UNIX, SOCK_SEQPACKET, 0, sockets) != 0) {
    fail(self, HEED_IO, "a worker cannot be started: no descriptors are left");
    return false;
  }
  of->slot = mmap(NULL, sizeof(slot), PROT_READ | PROT_WRITE, MAP_SHARED,
                  slot_file, 0);
  (void)fcntl(sockets[0], F_SETFD, FD_CLOEXEC);
  of->pid = of->slot == MAP_FAILED ? -1 : fork();
  if (of->pid == 0) become_worker(self, of, sockets[1], slot_file);
  (void)close(slot_file);
  (void)close(sockets[1]);
  of->socket = sockets[0];
  of->idle = false;
  of->cell_count = 0;
  of->verdict = RECORD_CRASHED;
  if (of->pid > 0) return true;
  of->pid = 0;
  (void)close(of->socket);
  fail(self, HEED_IO, "a worker cannot be started: fork() failed");
  return false;
}

static void forget_child(child *of) {
  (void)close(of->socket);
  (void)munmap(of->slot, sizeof *of->slot);
  of->pid = 0;
  of->cell_count = 0;
  of->idle = false;
}

/* ---- handing out ---- */

static size_t idle_count(const supervisor *self) {
  size_t count = 0;
  for (size_t i = 0; i < self->child_count; i++)
    count += self->children[i].pid == 0 || self->children[i].idle;
  return count;
}

static void hand_out(supervisor *self, child *to) {
  message word = {.kind = MESSAGE_RUN};
  const size_t others = idle_count(self) - 1;
  to->cell_count =
      queue_take(self->queue, self->wanted, CHANNEL_CELLS, others, to->cells);
  if (to->cell_count == 0) return;
  word.count = to->cell_count;
  memcpy(word.as.cells, to->cells, to->cell_count * sizeof *to->cells);
  to->batch_start = channel_now();
  to->idle = false;
  (void)channel_send(to->socket, &word); /* its death will be seen */
}

/* The next batch is to take about BATCH_SECONDS. */
static void learn_size(supervisor *self, const child *from) {
  const double seconds = 1e-9 * (double)(channel_now() - from->batch_start);
  const double size =
      BATCH_SECONDS * (double)from->cell_count / fmax(seconds, 1e-6);
  const double most = 4 * (double)self->wanted;
  self->wanted = (size_t)fmax(1, fmin(fmin(size, most), CHANNEL_CELLS));
}

static void take_recorded(supervisor *self, const message *word) {
  for (size_t i = 0; i < word->count; i++) {
    const size_t cell = (size_t)(word->as.cells[i] / 2);
    if (queue_state(self->queue, cell) == CELL_RECORDED) continue;
    queue_recorded(self->queue, cell);
    if (word->as.cells[i] % 2 != 0)
      self->state->failed++;
    else
      self->state->done++;
  }
}

static void listen_to(supervisor *self, child *from) {
  message word;
  bool gone;
  while (channel_receive(from->socket, &word, false, &gone)) {
    switch (word.kind) {
      case MESSAGE_RECORDED:
        self->deaths = 0;
        take_recorded(self, &word);
        break;
      case MESSAGE_IDLE:
        if (from->cell_count > 0) learn_size(self, from);
        /* Cells it was told to leave are still to be run. */
        for (size_t i = 0; i < from->cell_count; i++)
          queue_return(self->queue, (size_t)from->cells[i]);
        from->cell_count = 0;
        from->idle = true;
        break;
      case MESSAGE_ERROR:
        word.as.text[sizeof word.as.text - 1] = '\0';
        fail(self, (heed_status)word.fatal, word.as.text);
        break;
      default:
        break;
    }
  }
}

/* ---- judging ---- */

/* The last line of a worker's log, or "". */
static void last_words(const supervisor *self, const child *of, char *text,
                       size_t size) {
  char path[PATH_MAX], tail[512] = "";
  struct stat about;
  char *line;
  int file;
  *text = '\0';
  log_path(self, of, path, sizeof path);
  file = open(path, O_RDONLY | O_CLOEXEC);
  if (file < 0) return;
  if (fstat(file, &about) == 0) {
    const off_t from = about.st_size > (off_t)sizeof tail - 1
                           ? about.st_size - (off_t)sizeof tail + 1
                           : 0;
    const ssize_t got = pread(file, tail, sizeof tail - 1, from);
    tail[got > 0 ? got : 0] = '\0';
  }
  (void)close(file);
  while (strlen(tail) > 0 && tail[strlen(tail) - 1] == '\n')
    tail[strlen(tail) - 1] = '\0';
  line = strrchr(tail, '\n');
  (void)snprintf(text, size, "%s", line == NULL ? tail : line + 1);
}

static const char *plugin_file_of(const supervisor *self, const char *plugin) {
  for (size_t i = 0; i < self->plan->plugin_count; i++) {
    const plan_plugin *known = &self->plan->plugins[i];
    const size_t length = strlen(kind_name(known->kind));
    if (strncmp(plugin, kind_name(known->kind), length) == 0 &&
        plugin[length] == '/' && strcmp(plugin + length + 1, known->name) == 0)
      return known->file;
  }
  return NULL;
}

static void explain(const supervisor *self, const child *of, int wait_status,
                    const char *plugin, char *text, size_t size) {
  const char *file = plugin_file_of(self, plugin);
  char words[256], why[320];
  if (of->verdict == RECORD_TIMED_OUT)
    (void)snprintf(why, sizeof why, "took longer than the limit of %g s",
                   self->options->timeout);
  else if (of->verdict == RECORD_OUT_OF_MEMORY)
    (void)snprintf(why, sizeof why, "held more than the limit of %zu MiB",
                   self->options->memory >> 20);
  else if (WIFSIGNALED(wait_status))
    (void)snprintf(why, sizeof why, "died of signal %d (%s)",
                   WTERMSIG(wait_status), strsignal(WTERMSIG(wait_status)));
  else
    (void)snprintf(why, sizeof why, "ended the process with status %d",
                   WEXITSTATUS(wait_status));
  last_words(self, of, words, sizeof words);
  (void)snprintf(text, size, "%s%s%s%s%s", file == NULL ? "" : file,
                 file == NULL ? "" : ": ", why, words[0] == '\0' ? "" : ": ",
                 words);
}

static heed_status add_failure(const supervisor *self, size_t cell,
                               const child *of, plan_stage stage,
                               const char *plugin, int wait_status,
                               const char *text, record **result) {
  const int signal = of->verdict == RECORD_CRASHED && WIFSIGNALED(wait_status)
                         ? WTERMSIG(wait_status)
                         : 0;
  *result = record_create(self->plan, cell);
  if (*result == NULL)
    return heed_fail(self->error, HEED_MEMORY, "memory is out");
  return record_fail(*result, of->verdict, stage, plugin, signal, text,
                     self->error);
}

static bool is_of(const child *of, size_t cell) {
  for (size_t i = 0; i < of->cell_count; i++)
    if (of->cells[i] == cell) return true;
  return false;
}

/* Records every cell under the node at which the worker died; others that run
 * elsewhere meet their own fate. */
static void fail_node(supervisor *self, child *of, size_t cell,
                      plan_stage stage, int wait_status) {
  const size_t replicates = self->plan->replicates;
  const size_t node = plan_node_at(self->plan, cell / replicates, stage);
  const plan_node *at = &self->plan->nodes[node];
  const char *plugin = plan_node_plugin(self->plan, node);
  record **records = calloc(at->point_count + 1, sizeof(record *));
  char text[HEED_MESSAGE_SIZE];
  size_t count = 0;
  heed_status status = HEED_OK;
  explain(self, of, wait_status, plugin, text, sizeof text);
  if (records == NULL)
    status = heed_fail(self->error, HEED_MEMORY, "memory is out");
  for (size_t i = 0; status == HEED_OK && i < at->point_count; i++) {
    const size_t under = (at->first_point + i) * replicates + cell % replicates;
    const cell_state is = queue_state(self->queue, under);
    if (is == CELL_QUEUED || (is == CELL_RUNNING && is_of(of, under)))
      status = add_failure(self, under, of, stage, plugin, wait_status, text,
                           &records[count++]);
  }
  if (status == HEED_OK)
    status =
        work_write_part(self->folder, self->plan,
                        (const record *const *)records, count, self->error);
  for (size_t i = 0; i < count; i++) {
    if (status == HEED_OK) {
      queue_recorded(self->queue, records[i]->cell);
      self->state->failed++;
    }
    record_free(records[i]);
  }
  free(records);
  if (status != HEED_OK && self->status == HEED_OK) self->status = status;
}

static void bury(supervisor *self, child *of, int wait_status) {
  char text[HEED_MESSAGE_SIZE], words[256];
  listen_to(self, of);
  const uint64_t cell = atomic_load(&of->slot->cell);
  const uint64_t stage = atomic_load(&of->slot->stage);
  if (cell > 0 && cell <= plan_cell_count(self->plan) &&
      stage < PLAN_STAGE_COUNT && !self->stop_now) {
    fail_node(self, of, (size_t)cell - 1, (plan_stage)stage, wait_status);
    self->deaths = 0;
  } else if (self->status == HEED_OK && !self->state->stopping &&
             ++self->deaths >= MOST_DEATHS) {
    last_words(self, of, words, sizeof words);
    (void)snprintf(text, sizeof text,
                   "workers die before they run anything%s%s",
                   words[0] == '\0' ? "" : ": ", words);
    fail(self, HEED_INTERNAL, text);
  }
  for (size_t i = 0; i < of->cell_count; i++)
    queue_return(self->queue, (size_t)of->cells[i]);
  forget_child(of);
}

static void reap(supervisor *self) {
  for (size_t i = 0; i < self->child_count; i++) {
    child *of = &self->children[i];
    int wait_status;
    if (of->pid != 0 && waitpid(of->pid, &wait_status, WNOHANG) == of->pid)
      bury(self, of, wait_status);
  }
}

static size_t resident_bytes(pid_t pid) {
  char path[64], text[128] = "";
  size_t pages = 0;
  int file;
  (void)snprintf(path, sizeof path, "/proc/%ld/statm", (long)pid);
  file = open(path, O_RDONLY | O_CLOEXEC);
  if (file < 0) return 0;
  if (read(file, text, sizeof text - 1) > 0) {
    const char *second = strchr(text, ' ');
    if (second != NULL) pages = strtoul(second, NULL, 10);
  }
  (void)close(file);
  return pages * (size_t)sysconf(_SC_PAGESIZE);
}

static void enforce(supervisor *self, child *of) {
  const uint64_t cell = atomic_load(&of->slot->cell);
  if (of->verdict != RECORD_CRASHED) return; /* it is being killed */
  if (cell > 0 && self->options->timeout > 0 &&
      1e-9 * (double)(channel_now() - atomic_load(&of->slot->start)) >
          self->options->timeout)
    of->verdict = RECORD_TIMED_OUT;
  else if (self->options->memory > 0 &&
           resident_bytes(of->pid) > self->options->memory)
    of->verdict = RECORD_OUT_OF_MEMORY;
  if (of->verdict != RECORD_CRASHED) (void)kill(of->pid, SIGKILL);
}

/* ---- the loop ---- */

static void look_longest(const supervisor *self, execution_state *state) {
  state->stage_seconds = 0;
  for (size_t i = 0; i < self->child_count; i++) {
    const child *of = &self->children[i];
    if (of->pid == 0) continue;
    const uint64_t cell = atomic_load(&of->slot->cell);
    const uint64_t stage = atomic_load(&of->slot->stage);
    const uint64_t done = atomic_load(&of->slot->done);
    const double seconds =
        1e-9 * (double)(channel_now() - atomic_load(&of->slot->start));
    if (cell == 0 || stage >= PLAN_STAGE_COUNT ||
        seconds <= state->stage_seconds)
      continue;
    state->cell = (size_t)cell - 1;
    state->stage = (plan_stage)stage;
    state->stage_seconds = seconds;
    state->stage_done = done == 0 ? NAN : 1e-6 * (double)(done - 1);
  }
}

static void report(supervisor *self, bool at_once) {
  const uint64_t now = channel_now();
  self->state->seconds = 1e-9 * (double)(now - self->start);
  if (self->options->progress == NULL ||
      (!at_once && 1e-9 * (double)(now - self->reported) < REPORT_EVERY))
    return;
  self->reported = now;
  look_longest(self, self->state);
  self->options->progress(self->options->context, self->state);
}

static void take_signals(supervisor *self) {
  struct signalfd_siginfo signal;
  while (read(self->signals, &signal, sizeof signal) == sizeof signal) {
    if (signal.ssi_signo == SIGCHLD) continue;
    if (self->state->stopping) self->stop_now = true;
    self->state->stopping = true;
    say(self, self->stop_now ? "stopping at once"
                             : "finishing the cells in hand; once more stops "
                               "at once");
  }
}

static void wait_a_moment(const supervisor *self) {
  struct pollfd watched[256];
  nfds_t count = 0;
  watched[count++] = (struct pollfd){self->signals, POLLIN, 0};
  for (size_t i = 0; i < self->child_count && count < 256; i++)
    if (self->children[i].pid != 0)
      watched[count++] = (struct pollfd){self->children[i].socket, POLLIN, 0};
  (void)poll(watched, count, TICK);
}

static bool may_go_on(const supervisor *self) {
  return self->status == HEED_OK && !self->state->stopping;
}

static size_t running(const supervisor *self) {
  size_t count = 0;
  for (size_t i = 0; i < self->child_count; i++)
    count += self->children[i].pid != 0 && !self->children[i].idle;
  return count;
}

/* Whether there is nothing left to wait for. */
static bool is_over(const supervisor *self) {
  if (self->stop_now) return true;
  if (running(self) > 0) return false;
  return !may_go_on(self) || queue_waiting(self->queue) == 0;
}

static void attend(supervisor *self, child *of) {
  if (of->pid == 0 && may_go_on(self) && queue_waiting(self->queue) > 0)
    (void)start_child(self, of);
  if (of->pid == 0) return;
  listen_to(self, of);
  enforce(self, of);
  if (!may_go_on(self)) atomic_store(&of->slot->stop, true);
  if (of->idle && may_go_on(self)) hand_out(self, of);
}

static void end_children(supervisor *self) {
  for (size_t i = 0; i < self->child_count; i++) {
    child *of = &self->children[i];
    if (of->pid == 0) continue;
    if (self->stop_now) (void)kill(of->pid, SIGKILL);
    (void)shutdown(of->socket, SHUT_RDWR);
    (void)waitpid(of->pid, NULL, 0);
    forget_child(of);
  }
}

static bool block_signals(supervisor *self, sigset_t *before) {
  sigset_t mask;
  (void)sigemptyset(&mask);
  (void)sigaddset(&mask, SIGINT);
  (void)sigaddset(&mask, SIGTERM);
  (void)sigaddset(&mask, SIGCHLD);
  (void)sigprocmask(SIG_BLOCK, &mask, before);
  self->signals = signalfd(-1, &mask, SFD_NONBLOCK | SFD_CLOEXEC);
  return self->signals >= 0;
}

heed_status execution_run(const plan *of, work *folder, uint8_t *recorded,
                          const execution_options *options,
                          execution_state *state, heed_error *error) {
  supervisor self = {.plan = of,
                     .folder = folder,
                     .options = options,
                     .state = state,
                     .child_count = options->workers,
                     .wanted = 4,
                     .start = channel_now(),
                     .error = error};
  sigset_t before;
  memset(state, 0, sizeof *state);
  state->total = plan_cell_count(of);
  for (size_t i = 0; i < state->total; i++) state->reused += recorded[i];
  self.queue = queue_create(of, recorded);
  self.children = calloc(options->workers, sizeof *self.children);
  if (self.queue == NULL || self.children == NULL)
    self.status = heed_fail(error, HEED_MEMORY, "memory is out");
  else if (!block_signals(&self, &before))
    self.status = heed_fail(error, HEED_IO, "signals cannot be watched");
  if (self.status == HEED_OK) {
    while (!is_over(&self)) {
      take_signals(&self);
      reap(&self);
      for (size_t i = 0; i < self.child_count; i++)
        attend(&self, &self.children[i]);
      report(&self, false);
      if (!is_over(&self)) wait_a_moment(&self);
    }
    end_children(&self);
    report(&self, true);
    (void)close(self.signals);
    (void)sigprocmask(SIG_SETMASK, &before, NULL);
  }
  queue_free(self.queue);
  free(self.children);
  if (self.status == HEED_OK && state->stopping)
    return heed_fail(error, HEED_CANCELLED, "interrupted");
  return self.status;
}
