/* SPDX-License-Identifier: GPL-3.0-or-later
 * Draws the gold pairs of a simulated world. */
#include "support/crowd/gold.h"

#include <gsl/gsl_sort.h>
#include <math.h>

#include "heed/memory.h"

enum { AS_P, AS_ANSWER };

const char *const source_gold_words[] = {"p", "answer", NULL};

heed_status gold_mark(const heed_host *host, const heed_value *share,
                      const heed_value *as, heed_table *pairs,
                      double *error_rate, heed_error *error) {
  const size_t count = (size_t)(share->number * (double)pairs->rows + 0.5);
  const double *p = heed_table_data(pairs, "p", HEED_FLOAT64);
  heed_memory memory = {host, false};
  *error_rate = NAN;
  if (count == 0) return HEED_OK;
  double *gold = heed_new_column(&memory, pairs, "gold", HEED_FLOAT64, 1);
  double *rank = heed_scratch_doubles(&memory, pairs->rows);
  size_t *order = heed_scratch_sizes(&memory, pairs->rows);
  if (memory.refused) return heed_no_memory(error);
  for (size_t i = 0; i < pairs->rows; i++) {
    heed_stream stream = host->stream(host, "gold", i);
    rank[i] = heed_uniform(&stream);
    gold[i] = NAN;
  }
  gsl_sort_index(order, rank, 1, pairs->rows);
  *error_rate = 0;
  for (size_t k = 0; k < count; k++) {
    const double known = p[order[k]];
    gold[order[k]] = as->integer == AS_P ? known : known > 0.5;
    *error_rate += fmin(known, 1 - known) / (double)count;
  }
  return HEED_OK;
}
