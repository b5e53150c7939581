/* SPDX-License-Identifier: GPL-3.0-or-later
 * Memory shared with the child. */
#include "board.h"

#include <string.h>
#include <sys/mman.h>
#include <time.h>

contract_board *board_create(void) {
  contract_board *self = mmap(NULL, sizeof *self, PROT_READ | PROT_WRITE,
                              MAP_SHARED | MAP_ANONYMOUS, -1, 0);
  return self == MAP_FAILED ? NULL : self;
}

void board_free(contract_board *self) {
  if (self != NULL) (void)munmap(self, sizeof *self);
}

void board_clear(contract_board *self) {
  self->function[0] = self->variant[0] = self->message[0] = '\0';
  self->returned = false;
  self->outcome = CONTRACT_PASSED;
  self->error = HEED_OK;
}

void board_forget(contract_board *self) {
  self->dead_count = 0;
  self->has_digest = false;
}

void board_bury(contract_board *self, const char *function) {
  if (board_is_dead(self, function) || self->dead_count == BOARD_PLUGINS)
    return;
  (void)snprintf(self->dead[self->dead_count++], BOARD_NAME, "%s", function);
}

bool board_is_dead(const contract_board *self, const char *function) {
  for (size_t i = 0; i < self->dead_count; i++)
    if (strcmp(self->dead[i], function) == 0) return true;
  return false;
}

double board_now(void) {
  struct timespec time;
  (void)clock_gettime(CLOCK_MONOTONIC, &time);
  return (double)time.tv_sec + 1e-9 * (double)time.tv_nsec;
}
