/* SPDX-License-Identifier: GPL-3.0-or-later
 * The parameters that a plugin is tried with: its defaults, what the user set,
 * and guesses where the schema has no default. */
#ifndef HEED_CONTRACT_SETTINGS_H
#define HEED_CONTRACT_SETTINGS_H

#include "board.h"

/* Parameters beside the defaults, as a new JSON object.  remark: which were
 * guessed, or "".  missing: why the plugin cannot be given its parameters, or
 * "". */
json_t *settings_given(const host_registry *plugins, const heed_plugin *plugin,
                       const contract_options *options, char *remark,
                       char *missing);

/* That every "parameter=value" names a parameter of one of the plugins. */
heed_status settings_check(const host_registry *plugins, size_t count,
                           const contract_options *options, heed_error *error);

/* One parameter at another value than its default: an end of its range or a
 * choice. */
typedef struct contract_variant {
  json_t *changes;
  char text[BOARD_TEXT]; /* "alpha = 0.001" */
  bool end;              /* of a numeric range */
} contract_variant;

/* All of them, from malloc(), to be freed with settings_free(); NULL: out of
 * memory. */
contract_variant *settings_variants(const heed_plugin *plugin, size_t *count);
void settings_free(contract_variant *all, size_t count);

bool settings_has_default(const heed_parameter *parameter);

#endif
