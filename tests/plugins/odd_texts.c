/* SPDX-License-Identifier: GPL-3.0-or-later
 * A plugin whose name is a word of Lua and whose texts have what a comment or a
 * text of Lua cannot have as it is. */
#include <math.h>
#include <stddef.h>

#include "heed/heed.h"

static const char *const choices[] = {"plain", "two words", "a \"quote\"",
                                      "back\\slash", NULL};
static const heed_parameter parameters[] = {
    {.name = "repeat",
     .type = HEED_ENUM,
     .default_value = "a \"quote\"",
     .choices = choices,
     .doc = "[0] | <first> ]] --[[ os.exit(1)"},
    {.name = "low",
     .type = HEED_NUMBER,
     .default_value = "0",
     .low = -HUGE_VAL,
     .high = 1,
     .doc = "?"},
    {.name = "label",
     .type = HEED_TEXT,
     .default_value = "",
     .doc = "a parameter of its own"},
};

static heed_status choose(void *self, const heed_host *host,
                          const heed_crowd *crowd,
                          const heed_posterior *posterior,
                          heed_selection *selection, heed_error *error) {
  (void)self, (void)host, (void)crowd, (void)posterior, (void)selection;
  (void)error;
  return HEED_OK;
}
static const heed_filter_functions functions = {.size = sizeof functions,
                                                .select = choose};
static const heed_plugin end = {
    .size = sizeof(heed_plugin),
    .abi = HEED_ABI,
    .kind = HEED_FILTER,
    .name = "end",
    .version = "1.0",
    .summary = "ends ]] os.exit(1)",
    .parameters = parameters,
    .parameter_count = sizeof parameters / sizeof *parameters,
    .functions = &functions,
    .functions_size = sizeof functions,
};

static const heed_plugin *const plugins[] = {&end};
HEED_PLUGINS(plugins)
