/* SPDX-License-Identifier: GPL-3.0-or-later
 * What a process holds: memory, files, threads. */
#ifndef HEED_CONTRACT_HOLDINGS_H
#define HEED_CONTRACT_HOLDINGS_H

#include <stddef.h>

typedef enum contract_holding {
  HOLDING_HEAP, /* bytes from malloc() */
  HOLDING_FILES,
  HOLDING_THREADS,
  HOLDING_PAGES, /* mapped */
  HOLDING_COUNT
} contract_holding;

typedef struct contract_holdings {
  size_t held[HOLDING_COUNT];
} contract_holdings;

contract_holdings holdings_now(void);

/* "memory", "open files", …; and what one of them is. */
extern const char *const holding_names[HOLDING_COUNT];
extern const char *const holding_units[HOLDING_COUNT];

/* How much more a function leaves than it found, over several calls. */
typedef struct contract_growth {
  const char *function;
  long more[HOLDING_COUNT];
} contract_growth;

#define HOLDINGS_FUNCTIONS 32

/* The functions of one plugin. */
typedef struct contract_ledger {
  contract_growth functions[HOLDINGS_FUNCTIONS];
  size_t count;
  contract_holdings earlier; /* the call at hand */
} contract_ledger;

void ledger_begin(contract_ledger *self);
void ledger_end(contract_ledger *self, const char *function);
/* The function that leaves most behind; "": none does. */
const char *ledger_culprit(const contract_ledger *self, contract_holding what);

#endif
