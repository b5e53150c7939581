/* SPDX-License-Identifier: GPL-3.0-or-later
 * The parameters that the checks use: values from the user, defaults, and
 * guesses for parameters without a default. */
#ifndef HEED_CONTRACT_SETTINGS_H
#define HEED_CONTRACT_SETTINGS_H

#include "board.h"

/* Returns the parameters that differ from the defaults, as a new JSON object.
 * remark: the guessed parameters, or "".  missing: the reason why a parameter
 * has no value, or "".  Both have BOARD_TEXT bytes. */
json_t *settings_given(const host_registry *plugins, const heed_plugin *plugin,
                       const contract_options *options, char *remark,
                       char *missing);

/* Checks that every "parameter=value" names a parameter of a plugin. */
heed_status settings_check(const host_registry *plugins, size_t count,
                           const contract_options *options, heed_error *error);

/* A set of parameters with one changed value: an end of a range or a
 * choice. */
typedef struct contract_variant {
  json_t *changes;
  char text[BOARD_TEXT]; /* "alpha = 0.001" */
  bool end;              /* the value is an end of a numeric range */
} contract_variant;

/* Returns all variants; the caller frees them with settings_free(). */
contract_variant *settings_variants(const heed_plugin *plugin, size_t *count);
void settings_free(contract_variant *all, size_t count);

bool settings_has_default(const heed_parameter *parameter);

#endif
