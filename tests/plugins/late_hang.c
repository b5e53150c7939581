/* SPDX-License-Identifier: GPL-3.0-or-later
 * A plugin whose constructor never returns in a worker, though it does in the
 * planner: it waits, or it stops the process, as LATE_HANG says. */
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "heed/heed.h"

__attribute__((constructor)) static void hang(void) {
  const char *how = getenv("LATE_HANG");
  if (how == NULL || getenv("HEED_SUPERVISOR") == NULL) return;
  if (strcmp(how, "stop") == 0) (void)raise(SIGSTOP);
  if (strcmp(how, "crash") == 0) abort();
  for (;;) (void)pause();
}

static heed_status keep_all(void *self, const heed_host *host,
                            const heed_crowd *crowd,
                            const heed_posterior *posterior,
                            heed_selection *selection, heed_error *error) {
  (void)self, (void)host, (void)crowd, (void)posterior, (void)selection;
  (void)error;
  return HEED_OK;
}

static const heed_filter_functions functions = {.size = sizeof functions,
                                                .select = keep_all};
static const heed_plugin late_hang = {
    .size = sizeof late_hang,
    .abi = HEED_ABI,
    .kind = HEED_FILTER,
    .name = "late_hang",
    .version = "1.0",
    .summary = "Hangs while a worker loads it",
    .functions = &functions,
    .functions_size = sizeof functions,
};
static const heed_plugin *const plugins[] = {&late_hang};
HEED_PLUGINS(plugins)
