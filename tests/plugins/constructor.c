/* SPDX-License-Identifier: GPL-3.0-or-later
 * A plugin whose constructor does to the process what CONSTRUCTOR says. */
#include <fcntl.h>
#include <fenv.h>
#include <locale.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "heed/heed.h"

#ifndef SUMMARY
#define SUMMARY "Does something while it is loaded"
#endif

static void start_process(bool leave) {
  if (fork() != 0) return;
  if (leave && (setsid() < 0 || fork() != 0)) _exit(0);
  for (;;) (void)pause();
}

__attribute__((constructor)) static void construct(void) {
  const char *what = getenv("CONSTRUCTOR");
  if (what == NULL) return;
  if (strcmp(what, "print") == 0) printf("printed by a constructor\n");
  if (strcmp(what, "exit") == 0) _exit(0);
  if (strcmp(what, "close") == 0)
    for (int i = 0; i < 64; i++) (void)close(i);
  if (strcmp(what, "output") == 0) (void)close(STDOUT_FILENO);
  if (strcmp(what, "child") == 0) start_process(false);
  if (strcmp(what, "daemon") == 0) start_process(true);
  if (strcmp(what, "numbers") == 0) {
    (void)setlocale(LC_ALL, "C.UTF-8");
    (void)fesetround(FE_UPWARD);
  }
}

static heed_status keep_all(void *self, const heed_host *host,
                            const heed_crowd *crowd,
                            const heed_posterior *posterior,
                            heed_selection *selection, heed_error *error) {
  volatile double one = 1, three = 3;
  const double third = one / three;
  (void)self, (void)crowd, (void)posterior, (void)selection, (void)error;
  host->output(host, 0, &third, 1);
  return HEED_OK;
}

static const heed_output outputs[] = {
    {.name = "third", .doc = "a third, rounded as the process rounds"}};
static const heed_filter_functions functions = {.size = sizeof functions,
                                                .select = keep_all};
static const heed_plugin constructor = {
    .size = sizeof constructor,
    .abi = HEED_ABI,
    .kind = HEED_FILTER,
    .name = "constructor",
    .version = "1.0",
    .summary = SUMMARY,
    .outputs = outputs,
    .output_count = 1,
    .functions = &functions,
    .functions_size = sizeof functions,
};
static const heed_plugin *const plugins[] = {&constructor};
HEED_PLUGINS(plugins)
