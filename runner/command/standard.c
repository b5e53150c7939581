/* SPDX-License-Identifier: GPL-3.0-or-later
 * Standard output and error of this process, from its start to its end. */
#include "standard.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <string.h>
#include <unistd.h>

#include "command.h"
#include "files/file.h"
#include "view/safe.h"

#define MOST_AT_ONCE 512

/* ---- a stream ---- */

static bool write_all(standard_stream *self, const char *bytes, size_t length) {
  for (size_t done = 0; done < length;) {
    const ssize_t written =
        write(self->descriptor, bytes + done, length - done);
    if (written >= 0) done += (size_t)written;
    if (written >= 0 || errno == EINTR) continue;
    if (self->reason == 0) self->reason = errno;
    return false;
  }
  return true;
}

/* A character that is not complete yet waits for the next write. */
static bool write_some(standard_stream *self, const char *bytes,
                       size_t length) {
  char text[MOST_AT_ONCE + 4], shown[SAFE_GROWTH * sizeof text];
  size_t used = self->rest_length + length;
  memcpy(text, self->rest, self->rest_length);
  memcpy(text + self->rest_length, bytes, length);
  self->rest_length = safe_unfinished(text, used);
  used -= self->rest_length;
  memcpy(self->rest, text + used, self->rest_length);
  return write_all(self, shown, safe_copy(text, used, true, shown));
}

/* Of fopencookie(). */
static ssize_t write_shown(void *context, const char *bytes, size_t length) {
  for (size_t done = 0; done < length;) {
    const size_t left = length - done;
    const size_t now = left < MOST_AT_ONCE ? left : MOST_AT_ONCE;
    if (!write_some(context, bytes + done, now)) return 0;
    done += now;
  }
  return (ssize_t)length;
}

/* If there is no memory, the C library's stream stays. */
static void open_stream(standard_stream *self, FILE **standard, int descriptor,
                        int buffered) {
  self->descriptor = descriptor;
  self->original = *standard;
  self->stream =
      fopencookie(self, "w", (cookie_io_functions_t){.write = write_shown});
  if (self->stream == NULL) {
    self->stream = self->original;
    return;
  }
  (void)setvbuf(self->stream, NULL, buffered, BUFSIZ);
  *standard = self->stream;
}

/* Writes out the buffer, then the start of a character that never ended. */
static bool is_whole(standard_stream *self) {
  char shown[SAFE_GROWTH * sizeof self->rest];
  const bool failed = ferror(self->stream) != 0;
  bool whole = fflush(self->stream) == 0 && !failed;
  if (whole && self->rest_length > 0)
    whole = write_all(self, shown,
                      safe_copy(self->rest, self->rest_length, true, shown));
  self->rest_length = 0;
  return whole;
}

static void close_stream(standard_stream *self, FILE **standard) {
  *standard = self->original;
  if (self->stream != self->original) (void)fclose(self->stream);
}

/* ---- the process ---- */

/* A closed descriptor would become the first file that heed opens, and messages
 * would go into a result.  It is opened the wrong way round, so that reading
 * from it or writing to it fails. */
static bool fill(int descriptor, int flags) {
  if (fcntl(descriptor, F_GETFD) >= 0) return false;
  (void)open("/dev/null", flags); /* takes the lowest free descriptor */
  return true;
}

void standard_open(standard_streams *self) {
  *self = (standard_streams){0};
  (void)fill(STDIN_FILENO, O_WRONLY);
  self->output.closed = fill(STDOUT_FILENO, O_RDONLY);
  self->error.closed = fill(STDERR_FILENO, O_RDONLY);
  open_stream(&self->output, &stdout, STDOUT_FILENO,
              isatty(STDOUT_FILENO) ? _IOLBF : _IOFBF);
  open_stream(&self->error, &stderr, STDERR_FILENO, _IOLBF);
  /* A file that grows past ulimit -f is then an error of write(). */
  (void)signal(SIGXFSZ, SIG_IGN);
}

static void say_lost(int reason) {
  fprintf(stderr, "heed: standard output: cannot write%s%s\n",
          reason == 0 ? "" : ": ", reason == 0 ? "" : strerror(reason));
}

int standard_close(standard_streams *self, int status) {
  const bool succeeded = status == EXIT_DONE || status == EXIT_SOME_FAILED;
  bool lost = !is_whole(&self->output);
  if (lost) {
    say_lost(self->output.reason);
  } else if (close(STDOUT_FILENO) != 0) { /* some file systems say it here */
    say_lost(errno);
    lost = true;
  }
  if (!is_whole(&self->error) && !self->error.closed) lost = true;
  close_stream(&self->output, &stdout);
  close_stream(&self->error, &stderr);
  return lost && succeeded ? EXIT_FAILED : status;
}

heed_status standard_put(const output_target *target, const char *bytes,
                         size_t length, heed_error *error) {
  if (target->descriptor != STDOUT_FILENO || isatty(STDOUT_FILENO) == 0)
    return output_write(target, bytes, length, error);
  (void)fwrite(bytes, 1, length, stdout);
  return HEED_OK;
}

heed_status standard_add(const output_stream *stream, const char *bytes,
                         size_t length, heed_error *error) {
  if (stream->descriptor != STDOUT_FILENO || isatty(STDOUT_FILENO) == 0)
    return output_add(stream, bytes, length, error);
  (void)fwrite(bytes, 1, length, stdout);
  return HEED_OK;
}

void standard_clear_line(void) {
  static const char clear[] = "\r\033[K";
  (void)fflush(stderr);
  (void)file_write_all(STDERR_FILENO, "standard error", clear, sizeof clear - 1,
                       NULL);
}
