/* SPDX-License-Identifier: GPL-3.0-or-later
 * The board: memory that the parent shares with the child that tries a plugin.
 * The child writes what it is about to call and what it found; the parent
 * reads it when the child has ended, whatever ended it. */
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
  /* What the child is doing. */
  char function[BOARD_NAME]; /* being called, or called last; "": none */
  bool returned;             /* it has returned: its output is being read */
  atomic_uint pulse;         /* goes up with every call and every return */
  char variant[BOARD_TEXT];  /* "alpha = 0.001": not the defaults; or "" */

  /* What it found. */
  contract_outcome outcome;
  heed_status error; /* checks cannot run: the options are wrong */
  char message[HEED_MESSAGE_SIZE];

  /* What later children need to know. */
  size_t plugin_count;
  contract_plugin plugins[BOARD_PLUGINS];
  size_t dead_count; /* functions that did not return */
  char dead[BOARD_PLUGINS][BOARD_NAME];
  bool has_digest; /* of what the plugin at hand put out */
  uint64_t digest;
  double digest_second; /* when that was, of the monotonic clock */
} contract_board;

contract_board *board_create(void); /* NULL: out of memory */
void board_free(contract_board *self);

/* Before each check. */
void board_clear(contract_board *self);
/* Before each plugin. */
void board_forget(contract_board *self);

/* Remembers that the function did not return. */
void board_bury(contract_board *self, const char *function);
bool board_is_dead(const contract_board *self, const char *function);

/* Seconds of the monotonic clock. */
double board_now(void);

#endif
