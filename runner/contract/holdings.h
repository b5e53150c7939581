/* SPDX-License-Identifier: GPL-3.0-or-later
 * Resources of a process: memory, files, threads. */
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

/* Names ("memory", "open files", …) and units. */
extern const char *const holding_names[HOLDING_COUNT];
extern const char *const holding_units[HOLDING_COUNT];

/* Resources that a function acquires and does not release, over all calls. */
typedef struct contract_growth {
  const char *function;
  long more[HOLDING_COUNT];
} contract_growth;

#define HOLDINGS_FUNCTIONS 32

/* The functions of one plugin. */
typedef struct contract_ledger {
  contract_growth functions[HOLDINGS_FUNCTIONS];
  size_t count;
  contract_holdings earlier; /* before the current call */
} contract_ledger;

void ledger_begin(contract_ledger *self);
void ledger_end(contract_ledger *self, const char *function);
/* Returns the function that leaks most, or "" if none leaks. */
const char *ledger_culprit(const contract_ledger *self, contract_holding what);

#endif
