/* SPDX-License-Identifier: GPL-3.0-or-later
 * The board: memory that the parent shares with the child that checks a plugin.
 * The child writes the function that it calls and its findings.  The parent
 * reads them after the child ends, even after a crash. */
#ifndef HEED_CONTRACT_BOARD_H
#define HEED_CONTRACT_BOARD_H

#include "contract/contract.h"

#define BOARD_PLUGINS 64
#define BOARD_NAME 64
#define BOARD_TEXT 256

typedef struct contract_plugin {
  heed_kind kind;
  char name[BOARD_NAME];
} contract_plugin;

typedef struct contract_board {
  /* The child's current call. */
  char function[BOARD_NAME]; /* the current or last call; "": none */
  bool returned;             /* and the child now reads its output */
  atomic_uint pulse;         /* increases with every call and return */
  char variant[BOARD_TEXT];  /* "alpha = 0.001"; "": the defaults */

  /* The result of the check. */
  contract_outcome outcome;
  heed_status error; /* invalid options: checks cannot run */
  char message[HEED_MESSAGE_SIZE];

  /* Kept for later children. */
  size_t plugin_count;
  contract_plugin plugins[BOARD_PLUGINS];
  size_t dead_count; /* functions that did not return */
  char dead[BOARD_PLUGINS][BOARD_NAME];
  bool has_digest; /* of the current plugin's outputs */
  uint64_t digest;
  double digest_second; /* time of the digest, see board_now() */
} contract_board;

contract_board *board_create(void); /* NULL: out of memory */
void board_free(contract_board *self);

/* Call before each check. */
void board_clear(contract_board *self);
/* Call before each plugin. */
void board_forget(contract_board *self);

/* Records that the function did not return. */
void board_bury(contract_board *self, const char *function);
bool board_is_dead(const contract_board *self, const char *function);

/* Seconds on the monotonic clock. */
double board_now(void);

#endif
