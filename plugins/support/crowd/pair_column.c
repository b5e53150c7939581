/* SPDX-License-Identifier: GPL-3.0-or-later
 * A column of numbers of the pairs: check and look-up. */
#include "support/crowd/pair_column.h"

#include <math.h>

heed_status pair_column_check(const heed_world *world, const char *name,
                              heed_error *error) {
  const heed_column *column = heed_table_column(world->pairs, name);
  const double *values = column == NULL ? NULL : column->data;
  if (column == NULL || column->type != HEED_FLOAT64 || column->width != 1)
    return heed_fail(error, HEED_UNSUPPORTED,
                     "column: the pairs of this source have no numbers called "
                     "\"%s\"",
                     name);
  for (size_t i = 0; i < world->pairs->rows; i++)
    if (!isfinite(values[i]))
      return heed_fail(error, HEED_UNSUPPORTED,
                       "column: \"%s\" of pair %zu is %g, expected a number",
                       name, i, values[i]);
  return HEED_OK;
}

const double *pair_column(const heed_answers *answers, const char *name) {
  return heed_table_data(answers->pairs, name, HEED_FLOAT64);
}
