/* SPDX-License-Identifier: GPL-3.0-or-later
 * A numeric column of the pairs or of the annotations: check and lookup. */
#include "support/crowd/pair_column.h"

#include <math.h>
#include <string.h>

#include "support/crowd/pair_name.h"

heed_status pair_column_refuse(const heed_world *world, const char *name,
                               size_t pair, const char *expected,
                               heed_error *error) {
  const double *values = heed_table_data(world->pairs, name, HEED_FLOAT64);
  char place[PAIR_NAME_SIZE];
  pair_name(world, pair, place);
  return heed_fail(error, HEED_UNSUPPORTED,
                   "column \"%s\" of %s is %g, expected %s", name, place,
                   values[pair], expected);
}

heed_status pair_column_check(const heed_world *world, const char *name,
                              heed_error *error) {
  const heed_column *column = heed_table_column(world->pairs, name);
  const double *values = column == NULL ? NULL : column->data;
  if (column == NULL || column->type != HEED_FLOAT64 || column->width != 1)
    return heed_fail(
        error, HEED_UNSUPPORTED,
        "column: the pairs of this source have no numeric column \"%s\"", name);
  for (size_t i = 0; i < world->pairs->rows; i++)
    if (!isfinite(values[i]))
      return pair_column_refuse(world, name, i, "a number", error);
  return HEED_OK;
}

const double *pair_column(const heed_answers *answers, const char *name) {
  return heed_table_data(answers->pairs, name, HEED_FLOAT64);
}

void pair_column_key(const heed_answers *answers, const char *name,
                     uint64_t *key) {
  const double *values = pair_column(answers, name);
  for (size_t i = 0; i < answers->count; i++)
    memcpy(&key[i], &values[answers->pair[i]], sizeof key[i]);
}

static bool is_of_annotations(const heed_table *annotations, const char *name) {
  return heed_table_column(annotations, name) != NULL;
}

answer_column answer_column_of(const heed_answers *answers, const char *name) {
  if (is_of_annotations(answers->annotations, name))
    return (answer_column){
        heed_table_data(answers->annotations, name, HEED_FLOAT64),
        answers->row};
  return (answer_column){pair_column(answers, name), answers->pair};
}

heed_status answer_column_check(const heed_world *world,
                                const heed_table *annotations, const char *name,
                                heed_error *error) {
  const heed_column *column = heed_table_column(annotations, name);
  const int64_t *pair = heed_table_data(annotations, "pair", HEED_INT64);
  const double *values;
  char place[PAIR_NAME_SIZE] = "a pair";
  if (column == NULL) return pair_column_check(world, name, error);
  if (column->type != HEED_FLOAT64 || column->width != 1)
    return heed_fail(error, HEED_UNSUPPORTED,
                     "column: the column \"%s\" of the annotations has words, "
                     "expected numbers",
                     name);
  values = column->data;
  for (size_t i = 0; i < annotations->rows; i++) {
    if (isfinite(values[i])) continue;
    if (pair != NULL) pair_name(world, (size_t)pair[i], place);
    return heed_fail(
        error, HEED_UNSUPPORTED,
        "column \"%s\" of an annotation of %s is empty, expected a "
        "number",
        name, place);
  }
  return HEED_OK;
}
