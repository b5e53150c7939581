/* SPDX-License-Identifier: GPL-3.0-or-later
 * A plugin with a text that is not plain: build it with -DTEXT=…, or with
 * -DCHOICES=… for the choices of a number. */
#include "heed/heed.h"

#ifndef TEXT
#define TEXT "red: \033[31m"
#endif
#ifndef CHOICES
#define CHOICES NULL
#endif

static const heed_parameter parameters[] = {{.name = "number",
                                             .type = HEED_NUMBER,
                                             .default_value = "0",
                                             .choices = CHOICES,
                                             .doc = "a number"}};

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
static const heed_plugin odd_words = {
    .size = sizeof odd_words,
    .abi = HEED_ABI,
    .kind = HEED_FILTER,
    .name = "odd_words",
    .version = "1.0",
    .summary = TEXT,
    .parameters = parameters,
    .parameter_count = 1,
    .functions = &functions,
    .functions_size = sizeof functions,
};
static const heed_plugin *const plugins[] = {&odd_words};
HEED_PLUGINS(plugins)
