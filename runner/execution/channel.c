/* SPDX-License-Identifier: GPL-3.0-or-later
 * Messages between supervisor and worker. */
#include "channel.h"

#include <errno.h>
#include <sys/socket.h>
#include <time.h>

static size_t length_of(const message *what) {
  const size_t head = offsetof(message, as);
  return head + (what->kind == MESSAGE_ERROR
                     ? sizeof what->as.text
                     : (size_t)what->count * sizeof what->as.cells[0]);
}

bool channel_send(int socket, const message *what) {
  ssize_t sent;
  do sent = send(socket, what, length_of(what), MSG_NOSIGNAL);
  while (sent < 0 && errno == EINTR);
  return sent == (ssize_t)length_of(what);
}

bool channel_receive(int socket, message *what, bool wait, bool *gone) {
  ssize_t got;
  do got = recv(socket, what, sizeof *what, wait ? 0 : MSG_DONTWAIT);
  while (got < 0 && errno == EINTR);
  *gone = got == 0 || (got < 0 && errno != EAGAIN && errno != EWOULDBLOCK);
  return got > 0 && (size_t)got >= offsetof(message, as) &&
         (what->kind == MESSAGE_ERROR || what->count <= CHANNEL_CELLS);
}

uint64_t channel_now(void) {
  struct timespec now;
  (void)clock_gettime(CLOCK_MONOTONIC, &now);
  return (uint64_t)now.tv_sec * 1000000000u + (uint64_t)now.tv_nsec;
}
