/* SPDX-License-Identifier: GPL-3.0-or-later
 * Gathers the labels of all pairs of a selection. */
#include "export_labels.h"

#include <math.h>

#include "heed/world.h"

static heed_status check_columns(const export_rows *rows, heed_error *error) {
  if (rows->pair != NULL && rows->choice != NULL && rows->left_out != NULL &&
      rows->casual != NULL && rows->prior != NULL)
    return HEED_OK;
  return heed_fail(error, HEED_INVALID,
                   "%s: the selection lacks eta_left_out, casual or prior, "
                   "which the label of a pair needs: an older heed kept it; "
                   "run the sweep again with --replace",
                   rows->result->path);
}

#define AHEAD 16 /* rows between a pair's fetch and its use */

static void expect(const export_pairs *pairs, const export_rows *rows,
                   size_t i) {
  if (i + AHEAD < rows->length) pairs_expect(pairs, rows->pair[i + AHEAD]);
}

static heed_status add_row(export_pairs *pairs, const export_rows *rows,
                           size_t i, heed_error *error) {
  const struct {
    const char *column;
    double value;
  } numbers[] = {{"weight", rows->weight[i]},
                 {"eta_left_out", (double)rows->left_out[i]},
                 {"casual", (double)rows->casual[i]},
                 {"prior", (double)rows->prior[i]}};
  for (size_t n = 0; n < sizeof numbers / sizeof *numbers; n++) {
    char where[ROWS_WHERE_SIZE];
    if (isfinite(numbers[n].value)) continue;
    rows_where(rows, i, numbers[n].column, where);
    return heed_fail(error, HEED_INVALID, "%s: %s is %g, expected a number",
                     rows->result->path, where, numbers[n].value);
  }
  return pairs_add(
      pairs,
      &(export_annotation){.pair = rows->pair[i],
                           .row = rows->start + i,
                           .chose_a = rows->choice[i] == HEED_CHOSE_A,
                           .weight = numbers[0].value,
                           .eta = numbers[1].value,
                           .casual = numbers[2].value,
                           .prior = numbers[3].value},
      error);
}

heed_status labels_gather(export_rows *rows, export_pairs *pairs,
                          heed_error *error) {
  static const export_wish wish = {.evidence = true};
  heed_status status;
  *pairs = (export_pairs){0};
  while (rows_next(rows, &wish, &status, error)) {
    status = check_columns(rows, error);
    for (size_t i = 0; status == HEED_OK && i < rows->length; i++) {
      expect(pairs, rows, i);
      status = add_row(pairs, rows, i, error);
    }
    if (status != HEED_OK) break;
  }
  rows_close(rows);
  return status;
}

const export_pair *labels_find(const export_pairs *pairs,
                               const export_rows *rows, size_t i) {
  expect(pairs, rows, i);
  return pairs_find(pairs, rows->pair[i]);
}

const export_pair *labels_first(const export_pairs *pairs,
                                const export_rows *rows, size_t i) {
  const export_pair *found = labels_find(pairs, rows, i);
  return found != NULL && found->first == rows->start + i ? found : NULL;
}
