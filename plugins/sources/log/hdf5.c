/* SPDX-License-Identifier: GPL-3.0-or-later
 * Columns of an HDF5 file: one-dimensional datasets of equal length, by their
 * path in the file.
 *
 * A child process reads the file (hdf5_reader.h), because the HDF5 library
 * crashes and hangs on some damaged files.  That is an error here. */
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include "heed/limit.h"
#include "sources/log/formats.h"
#include "sources/log/hdf5_reader.h"

#define STEP ((size_t)64 << 10)

typedef struct hdf5_receiver {
  const heed_host *host;
  const char *path;
  FILE *pipe;
  pid_t child;
  char *text; /* of the messages of one row, each ended by NUL */
  size_t used, room;
  bool refused; /* out of memory */
} hdf5_receiver;

/* ---- the child ---- */

static _Noreturn void become_child(const log_job *job, const int ends[2],
                                   pid_t parent) {
  static const int signals[] = {SIGSEGV, SIGBUS, SIGABRT, SIGFPE,
                                SIGILL,  SIGINT, SIGTERM, SIGXCPU};
  FILE *pipe = fdopen(ends[1], "wb");
  (void)prctl(PR_SET_PDEATHSIG, SIGKILL);
  if (getppid() != parent || pipe == NULL) _exit(127);
  (void)close(ends[0]);
  for (size_t i = 0; i < sizeof signals / sizeof *signals; i++)
    (void)signal(signals[i], SIG_DFL);
  heed_limit_reader(job->path);
  hdf5_send(job->path, job->wanted, job->width, pipe);
  _exit(fflush(pipe) == 0 ? 0 : 127);
}

static heed_status died(const hdf5_receiver *self, int signal,
                        heed_error *error) {
  if (signal == SIGXCPU || signal == SIGKILL)
    return heed_fail(error, HEED_INVALID,
                     "%s: the HDF5 library does not end while it reads the "
                     "file, which may be damaged",
                     self->path);
  return heed_fail(error, HEED_INVALID,
                   "%s: the HDF5 library crashed while it read the file "
                   "(signal %d, %s), which may be damaged",
                   self->path, signal, strsignal(signal));
}

/* Waits for the child.  HEED_OK: it sent all. */
static heed_status finish(const hdf5_receiver *self, heed_error *error) {
  int status = 0;
  pid_t ended;
  do ended = waitpid(self->child, &status, 0);
  while (ended < 0 && errno == EINTR);
  if (ended != self->child || (WIFEXITED(status) && WEXITSTATUS(status) != 0))
    return heed_fail(error, HEED_INVALID,
                     "%s: the reader of HDF5 files ended too early",
                     self->path);
  return WIFSIGNALED(status) ? died(self, WTERMSIG(status), error) : HEED_OK;
}

static heed_status cannot_start(const hdf5_receiver *self, heed_error *error) {
  return heed_fail(error, HEED_IO,
                   "%s: cannot start a reader of HDF5 files: %s", self->path,
                   strerror(errno));
}

static heed_status start(hdf5_receiver *self, const log_job *job,
                         heed_error *error) {
  const pid_t parent = getpid();
  int ends[2];
  if (pipe2(ends, O_CLOEXEC) != 0) return cannot_start(self, error);
  self->child = fork();
  if (self->child == 0) become_child(job, ends, parent);
  (void)close(ends[1]);
  if (self->child > 0) self->pipe = fdopen(ends[0], "rb");
  if (self->pipe != NULL) return HEED_OK;
  const heed_status status = cannot_start(self, error);
  (void)close(ends[0]);
  if (self->child > 0) (void)finish(self, NULL);
  return status;
}

/* ---- messages ---- */

static bool make_room(hdf5_receiver *self, size_t more) {
  const size_t room = 2 * self->used + more;
  char *grown;
  if (self->room - self->used >= more) return true;
  grown = realloc(self->text, room);
  self->refused = grown == NULL;
  if (grown == NULL) return false;
  self->text = grown;
  self->room = room;
  return true;
}

/* Reads the text in steps: its length may be nonsense if the child is. */
static bool receive_text(hdf5_receiver *self, uint64_t length) {
  while (length > 0) {
    const size_t step = length < STEP ? (size_t)length : STEP;
    if (!make_room(self, step + 1) ||
        fread(self->text + self->used, 1, step, self->pipe) != step)
      return false;
    self->used += step;
    length -= step;
  }
  if (!make_room(self, 1)) return false;
  self->text[self->used++] = '\0';
  return true;
}

static bool receive(hdf5_receiver *self, hdf5_head *head) {
  if (fread(head, sizeof *head, 1, self->pipe) != 1) return false;
  return head->kind == HEAD_ROWS || head->kind == HEAD_MISSING ||
         receive_text(self, head->length);
}

/* Receives the cells of a row as positions in self->text; SIZE_MAX: missing.
 * *bad: the column whose text says what is wrong; SIZE_MAX: none. */
static bool receive_row(hdf5_receiver *self, const log_job *job,
                        size_t *positions, size_t *bad) {
  self->used = 0;
  *bad = SIZE_MAX;
  for (size_t i = 0; i < job->width; i++) {
    const size_t position = self->used;
    hdf5_head head;
    positions[i] = SIZE_MAX;
    if (job->wanted[i].name == NULL) continue;
    if (!receive(self, &head)) return false;
    if (head.kind != HEAD_MISSING) positions[i] = position;
    if (head.kind == HEAD_BAD) *bad = i;
  }
  return true;
}

/* If the pipe ends too early, finish() knows why. */
static heed_status take_rows(hdf5_receiver *self, log_job *job, size_t count) {
  heed_memory memory = {self->host, false};
  log_text *cells = heed_scratch(&memory, job->width, sizeof *cells);
  size_t *positions = heed_scratch_sizes(&memory, job->width);
  heed_status status = HEED_OK;
  size_t bad, row = 1;
  if (memory.refused) return heed_no_memory(job->error);
  for (; status == HEED_OK && row <= count && !log_has_enough(job); row++) {
    if (!receive_row(self, job, positions, &bad)) break;
    for (size_t i = 0; i < job->width; i++)
      cells[i] = log_text_of(
          positions[i] == SIZE_MAX ? NULL : self->text + positions[i]);
    status = bad == SIZE_MAX
                 ? log_send(job, cells, row)
                 : log_fault(job->faults, job->path, row, job->error,
                             "dataset \"%s\": %s", job->wanted[bad].name,
                             cells[bad].bytes);
  }
  job->cut = row <= count;
  return self->refused ? heed_no_memory(job->error) : status;
}

static heed_status take(hdf5_receiver *self, log_job *job) {
  hdf5_head head;
  if (!receive(self, &head))
    return self->refused ? heed_no_memory(job->error) : HEED_OK;
  if (head.kind == HEAD_ERROR)
    return heed_fail(job->error, (heed_status)head.status, "%s", self->text);
  return take_rows(self, job, (size_t)head.length);
}

heed_status log_read_hdf5(log_job *job) {
  hdf5_receiver self = {.host = job->host, .path = job->path};
  heed_status status = start(&self, job, job->error);
  if (status != HEED_OK) return status;
  job->unit = "row";
  status = take(&self, job);
  /* A look at the first rows does not wait for the others. */
  const bool enough = status == HEED_OK && log_has_enough(job);
  if (status != HEED_OK || enough) (void)kill(self.child, SIGKILL);
  (void)fclose(self.pipe);
  const heed_status ended =
      finish(&self, status == HEED_OK && !enough ? job->error : NULL);
  free(self.text);
  return status == HEED_OK && !enough ? ended : status;
}
