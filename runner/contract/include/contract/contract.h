/* SPDX-License-Identifier: GPL-3.0-or-later
 * Tries the plugins of a file against what the headers ask of them.
 *
 * Callers: command.  No stage calls it.
 *
 *   this process ── child: loads the file, lists its plugins
 *                ├─ child: one check of one plugin
 *                └─ child: the next check …
 *
 * This process loads no plugin.  Every check runs in a child of its own, with
 * a limit of time for each call and a limit of memory.  A crash, a hang or an
 * exit is a finding that names the function that was being called, and costs no
 * other check.
 *
 * To add a check, write one function and name it in the table at the end of
 * the file of its kind (distribution.c, ...), or of common.c for all kinds. */
#ifndef HEED_CONTRACT_CONTRACT_H
#define HEED_CONTRACT_CONTRACT_H

#include "host/host.h"

typedef enum contract_outcome {
  CONTRACT_PASSED,
  CONTRACT_FAILED,
  CONTRACT_NOT_TRIED
} contract_outcome;

/* The check of the file itself. */
#define CONTRACT_LOADS "the file loads"

/* What one check found. */
typedef struct contract_result {
  const char *plugin; /* "kind/name"; the file's path where it does not load */
  const char *check;  /* the sentence that the check proves */
  contract_outcome outcome;
  const char *function; /* the function it is about; "": none */
  /* Failed: what was found and what was expected.  Not tried: why.  Passed: a
   * remark, or "". */
  const char *message;
} contract_result;

#define CONTRACT_SECONDS 20.0
#define CONTRACT_MEMORY ((size_t)2 << 30)

typedef struct contract_options {
  const char *file;         /* the shared object */
  const char *plugin_path;  /* search path, for plugins that it nests */
  const char *const *skips; /* files there not to open, ended by NULL */
  bool allow_unsafe;
  const char *const *sets; /* "parameter=value" in place of defaults */
  size_t set_count;
  double seconds; /* of each call into the plugin; 0: CONTRACT_SECONDS */
  size_t memory;  /* bytes of each check; 0: CONTRACT_MEMORY */
  void *context;
  void (*tell)(void *context, const contract_result *result);
} contract_options;

/* Tells the result of each check as it comes.  An error is only what kept
 * checks from running: HEED_INVALID for options that are wrong. */
heed_status contract_try(const contract_options *options, heed_error *error);

#endif
