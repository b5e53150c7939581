/* SPDX-License-Identifier: GPL-3.0-or-later
 * Messages between supervisor and worker, and the slot they share. */
#include "channel.h"

#include <errno.h>
#include <math.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>

/* ---- the slot ---- */

/* start is 0 while the place changes, so that no reader pairs a new place with
 * an old start. */
void slot_announce(execution_slot *self, size_t cell, plan_stage stage) {
  atomic_store(&self->start, 0);
  atomic_store(&self->done, 0);
  atomic_store(&self->what[0], 0);
  atomic_store(&self->place, (uint64_t)cell * 8 + (uint64_t)stage + 1);
  atomic_store(&self->start, channel_now());
}

void slot_rest(execution_slot *self) {
  atomic_store(&self->place, 0);
}

void slot_tell(execution_slot *self, double done, const char *what) {
  uint64_t words[EXECUTION_WHAT / 8] = {0};
  const size_t length = strlen(what);
  const size_t most = EXECUTION_WHAT - 1;
  memcpy(words, what, length < most ? length : most);
  for (size_t i = 0; i < EXECUTION_WHAT / 8; i++)
    atomic_store_explicit(&self->what[i], words[i], memory_order_relaxed);
  if (done >= 0 && done <= 1)
    atomic_store(&self->done, 1 + (uint64_t)(done * 1e6));
}

static void read_what(execution_slot *self, char what[EXECUTION_WHAT]) {
  uint64_t words[EXECUTION_WHAT / 8];
  for (size_t i = 0; i < EXECUTION_WHAT / 8; i++)
    words[i] = atomic_load_explicit(&self->what[i], memory_order_relaxed);
  memcpy(what, words, EXECUTION_WHAT);
  what[EXECUTION_WHAT - 1] = '\0';
}

static bool read_place(uint64_t position, uint64_t done,
                       execution_place *result) {
  if (position % 8 == 0 || position % 8 > PLAN_STAGE_COUNT) return false;
  result->cell = (size_t)(position / 8);
  result->stage = (plan_stage)(position % 8 - 1);
  result->done = done == 0 ? NAN : 1e-6 * (double)(done - 1);
  return true;
}

bool slot_look(execution_slot *self, execution_place *result) {
  const uint64_t start = atomic_load(&self->start);
  const uint64_t done = atomic_load(&self->done);
  const uint64_t position = atomic_load(&self->place);
  if (start == 0 || start != atomic_load(&self->start)) return false;
  result->seconds = channel_seconds_since(start);
  read_what(self, result->what);
  return read_place(position, done, result);
}

bool slot_last(execution_slot *self, execution_place *result) {
  read_what(self, result->what);
  result->seconds = channel_seconds_since(atomic_load(&self->start));
  return read_place(atomic_load(&self->place), 0, result);
}

/* ---- messages ---- */

static size_t length_of(const execution_message *what) {
  const bool text = what->kind == MESSAGE_ERROR;
  return offsetof(execution_message, body) +
         (text ? sizeof what->body.text
               : (size_t)what->count * sizeof what->body.cells[0]);
}

bool channel_send(int socket, const execution_message *what) {
  ssize_t sent;
  do sent = send(socket, what, length_of(what), MSG_NOSIGNAL);
  while (sent < 0 && errno == EINTR);
  return sent == (ssize_t)length_of(what);
}

bool channel_receive(int socket, execution_message *what, bool wait) {
  ssize_t got;
  do got = recv(socket, what, sizeof *what, wait ? 0 : MSG_DONTWAIT);
  while (got < 0 && errno == EINTR);
  if (got < (ssize_t)offsetof(execution_message, body) ||
      what->count > CHANNEL_CELLS)
    return false;
  return (size_t)got == length_of(what);
}

/* ---- the clock ---- */

uint64_t channel_now(void) {
  struct timespec now;
  (void)clock_gettime(CLOCK_MONOTONIC, &now);
  return (uint64_t)now.tv_sec * 1000000000u + (uint64_t)now.tv_nsec;
}

double channel_seconds_since(uint64_t then) {
  const uint64_t now = channel_now();
  return now > then ? 1e-9 * (double)(now - then) : 0;
}
