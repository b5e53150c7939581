/* SPDX-License-Identifier: GPL-3.0-or-later
 * Checks the plugins of a file against the contract in the headers.
 *
 * Callers: command.  No stage calls it.
 *
 *   this process ── child: loads the file, lists its plugins
 *                ├─ child: one check of one plugin
 *                └─ child: the next check …
 *
 * This process loads no plugin.  Every check runs in its own child, with a time
 * limit for each call and a memory limit.  A crash, a hang or an exit is a
 * finding that names the called function; the other checks still run.
 *
 * To add a check, write one function and add it to the table at the end of the
 * file of its kind (distribution.c, ...), or of common.c for all kinds. */
#ifndef HEED_CONTRACT_CONTRACT_H
#define HEED_CONTRACT_CONTRACT_H

#include "host/host.h"

typedef enum contract_outcome {
  CONTRACT_PASSED,
  CONTRACT_FAILED,
  CONTRACT_NOT_TRIED
} contract_outcome;

/* The check that loads the file. */
#define CONTRACT_LOADS "the file loads"

/* The result of one check. */
typedef struct contract_result {
  const char *plugin; /* "kind/name"; the file's path if it does not load */
  const char *check;  /* the sentence that the check proves */
  contract_outcome outcome;
  const char *function; /* the function that failed; "": none */
  /* Failed: the value found and the value expected.  Not tried: the reason.
   * Passed: a remark or "". */
  const char *message;
} contract_result;

#define CONTRACT_SECONDS 20.0
#define CONTRACT_MEMORY ((size_t)2 << 30)

typedef struct contract_options {
  const char *file;        /* the shared object */
  const char *plugin_path; /* search path for nested plugins */
  const char *const
      *skips; /* files there that are not opened; ends with NULL */
  bool allow_unsafe;
  const char *const *sets; /* "parameter=value", replace defaults */
  size_t set_count;
  double seconds; /* per call of the plugin; 0: CONTRACT_SECONDS */
  size_t memory;  /* bytes per check; 0: CONTRACT_MEMORY */
  void *context;
  void (*tell)(void *context, const contract_result *result);
} contract_options;

/* Calls tell() with the result of each check.  Returns an error only if checks
 * cannot run: HEED_INVALID for invalid options. */
heed_status contract_try(const contract_options *options, heed_error *error);

#endif
