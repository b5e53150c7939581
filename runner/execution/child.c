/* SPDX-License-Identifier: GPL-3.0-or-later
 * Starting and ending workers. */
#include "child.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "offspring.h"

#define LOG_LIMIT ((off_t)4 << 20)
#define LEAVE_WITHIN 2.0 /* seconds to exit before it is killed */

/* ---- start ---- */

static void set_variable(const char *name, size_t value) {
  char text[24];
  (void)snprintf(text, sizeof text, "%zu", value);
  (void)setenv(name, text, 1);
}

/* Between fork() and exec(). */
static void become_worker(const execution_child *self,
                          const execution_child_options *options, int socket,
                          int slot_file, pid_t supervisor) {
  char socket_text[16], slot_text[16];
  const int nothing = open("/dev/null", O_RDONLY);
  sigset_t none;
  (void)sigemptyset(&none);
  (void)sigprocmask(SIG_SETMASK, &none, NULL);
  (void)dup2(nothing, STDIN_FILENO);
  (void)dup2(self->log, STDOUT_FILENO);
  (void)dup2(self->log, STDERR_FILENO);
  if (nothing > STDERR_FILENO) (void)close(nothing);
  (void)snprintf(socket_text, sizeof socket_text, "%d", socket);
  (void)snprintf(slot_text, sizeof slot_text, "%d", slot_file);
  offspring_mark(supervisor);
  set_variable("OPENBLAS_NUM_THREADS", options->blas_threads);
  set_variable("OMP_NUM_THREADS", options->blas_threads);
  (void)execl("/proc/self/exe", "heed", "worker", work_folder(options->work),
              socket_text, slot_text,
              options->allow_unsafe ? "--allow-unsafe-plugins" : (char *)NULL,
              (char *)NULL);
  _exit(127);
}

static heed_status cannot_start(heed_error *error) {
  return heed_fail(error, HEED_IO, "cannot start a worker: %s",
                   strerror(errno));
}

static heed_status open_slot(execution_child *self, int *file,
                             heed_error *error) {
  *file = memfd_create("heed-slot", 0);
  self->slot = MAP_FAILED;
  if (*file >= 0 && ftruncate(*file, sizeof *self->slot) == 0)
    self->slot = mmap(NULL, sizeof *self->slot, PROT_READ | PROT_WRITE,
                      MAP_SHARED, *file, 0);
  return self->slot != MAP_FAILED ? HEED_OK : cannot_start(error);
}

heed_status child_start(execution_child *self,
                        const execution_child_options *options,
                        heed_error *error) {
  const pid_t supervisor = getpid();
  int sockets[2] = {-1, -1}, slot_file = -1;
  heed_status status;
  self->socket = self->log = -1;
  self->slot = MAP_FAILED;
  self->idle = false;
  self->cell_count = self->last = 0;
  self->verdict = RECORD_DONE;
  self->was_at_something = self->all_together = self->silent = false;
  self->alive = channel_now();
  self->held = 0;
  self->pid = 0;
  status = work_open_log(options->work, self->index, &self->log, error);
  if (status == HEED_OK) status = open_slot(self, &slot_file, error);
  if (status == HEED_OK && socketpair(AF_UNIX, SOCK_SEQPACKET, 0, sockets) != 0)
    status = cannot_start(error);
  if (status == HEED_OK) {
    self->socket = sockets[0];
    (void)fcntl(self->socket, F_SETFD, FD_CLOEXEC);
    self->pid = fork();
    if (self->pid == 0)
      become_worker(self, options, sockets[1], slot_file, supervisor);
    if (self->pid < 0) status = cannot_start(error);
  }
  if (slot_file >= 0) (void)close(slot_file);
  if (sockets[1] >= 0) (void)close(sockets[1]);
  if (status != HEED_OK) child_forget(self);
  return status;
}

/* ---- the end ---- */

/* The last line of the log. */
static void last_words(const execution_child *self, char *words, size_t size) {
  char tail[512] = "";
  struct stat file_status;
  char *line;
  if (fstat(self->log, &file_status) == 0) {
    const off_t most = (off_t)sizeof tail - 1;
    const off_t start =
        file_status.st_size > most ? file_status.st_size - most : 0;
    const ssize_t got = pread(self->log, tail, sizeof tail - 1, start);
    tail[got > 0 ? got : 0] = '\0';
  }
  while (strlen(tail) > 0 && tail[strlen(tail) - 1] == '\n')
    tail[strlen(tail) - 1] = '\0';
  line = strrchr(tail, '\n');
  (void)snprintf(words, size, "%.*s", (int)size - 1,
                 line == NULL ? tail : line + 1);
}

bool child_has_ended(execution_child *self, execution_child_end *end) {
  execution_place place;
  if (self->pid == 0 ||
      waitpid(self->pid, &end->wait_status, WNOHANG) != self->pid)
    return false;
  self->pid = 0;
  (void)slot_last(self->slot, &place);
  (void)snprintf(end->what, sizeof end->what, "%s", place.what);
  last_words(self, end->words, sizeof end->words);
  return true;
}

/* A plugin may hang while it unloads. */
void child_dismiss(execution_child *self, bool at_once) {
  const uint64_t start = channel_now();
  const struct timespec moment = {0, 1000000};
  if (self->pid == 0) return;
  (void)shutdown(self->socket, SHUT_RDWR);
  while (!at_once && waitpid(self->pid, NULL, WNOHANG) == 0) {
    at_once = channel_seconds_since(start) > LEAVE_WITHIN;
    (void)nanosleep(&moment, NULL);
  }
  if (at_once && kill(self->pid, SIGKILL) == 0)
    while (waitpid(self->pid, NULL, 0) < 0 && errno == EINTR) continue;
  child_forget(self);
}

void child_forget(execution_child *self) {
  if (self->socket >= 0) (void)close(self->socket);
  if (self->log >= 0) (void)close(self->log);
  if (self->slot != MAP_FAILED) (void)munmap(self->slot, sizeof *self->slot);
  self->socket = self->log = -1;
  self->slot = MAP_FAILED;
  self->pid = 0;
  self->cell_count = 0;
  self->idle = false;
}

/* ---- watching ---- */

void child_weigh(execution_child *self) {
  char path[64], text[128] = "";
  size_t pages = 0;
  int file;
  (void)snprintf(path, sizeof path, "/proc/%ld/statm", (long)self->pid);
  file = open(path, O_RDONLY | O_CLOEXEC);
  self->held = 0;
  if (file < 0) return;
  if (read(file, text, sizeof text - 1) > 0) {
    const char *second = strchr(text, ' ');
    if (second != NULL) pages = strtoul(second, NULL, 10);
  }
  (void)close(file);
  self->held = pages * (size_t)sysconf(_SC_PAGESIZE);
}

void child_trim_log(const execution_child *self) {
  struct stat file_status;
  if (fstat(self->log, &file_status) == 0 && file_status.st_size > LOG_LIMIT)
    (void)!ftruncate(self->log, 0);
}

bool child_has(const execution_child *self, size_t cell) {
  for (size_t i = 0; i < self->cell_count; i++)
    if (self->cells[i] == cell) return true;
  return false;
}
