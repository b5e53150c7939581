/* SPDX-License-Identifier: GPL-3.0-or-later
 * libFuzzer on planning: any text as a sweep, with the plugin file that
 * HEED_FUZZ_PLUGIN names; whatever plans must read back as a plan. */
#include "sweep/sweep.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "plan/plan.h"
#include "planner/planner.h"

int LLVMFuzzerInitialize(int *argc, char ***argv);
int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t length);

static registry *plugins;
static char sweep[] = "/tmp/heed-fuzz-XXXXXX";

static void stop(const char *why) {
  (void)fprintf(stderr, "%s\n", why);
  abort();
}

int LLVMFuzzerInitialize(int *argc, char ***argv) {
  const char *file = getenv("HEED_FUZZ_PLUGIN");
  heed_error error = {HEED_OK, "HEED_FUZZ_PLUGIN must name a plugin file"};
  (void)argc;
  (void)argv;
  if (close(mkstemp(sweep)) != 0 || file == NULL ||
      registry_create(true, &plugins, &error) != HEED_OK ||
      registry_load(plugins, file, NULL, &error) != HEED_OK)
    stop(error.message);
  return 0;
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t length) {
  const planner_options options = {
      .sweep = sweep, .seconds = 0.2, .memory = (size_t)64 << 20};
  heed_error error = {HEED_OK, ""};
  json_t *made = NULL;
  FILE *file = fopen(sweep, "wb");
  if (file == NULL || fwrite(bytes, 1, length, file) != length ||
      fclose(file) != 0)
    stop("the sweep cannot be written");
  if (sweep_make_plan(plugins, &options, &made, &error) == HEED_OK) {
    char *text = json_dumps(made, JSON_COMPACT);
    plan *read = NULL;
    if (plan_parse(text, strlen(text), &read, &error) != HEED_OK)
      stop(error.message);
    plan_free(read);
    free(text);
  }
  json_decref(made);
  return 0;
}
