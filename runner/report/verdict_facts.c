/* SPDX-License-Identifier: GPL-3.0-or-later
 * The log in numbers, above the verdict. */
#include <stdlib.h>
#include <string.h>

#include "verdict_page.h"
#include "verdict_pieces.h"

double verdict_page_dropped_ties(const view_result *result, size_t point) {
  const double ties = verdict_metric(result, point, "source_ties", 0).value;
  const double rows = verdict_metric(result, point, "source_rows", 0).value;
  const double kept = verdict_metric(result, point, "tie_share", 0).value;
  return ties > 0 && rows > 0 && !(kept > 0) ? ties / rows : 0;
}

static int ascending(const void *a, const void *b) {
  const int64_t one = *(const int64_t *)a, other = *(const int64_t *)b;
  return (one > other) - (one < other);
}

/* Annotations of the user in the middle; -1: unknown. */
static int64_t median_annotations(const verdict_users *users) {
  const int64_t *count =
      users->count == 0
          ? NULL
          : heed_table_data(users->table, "annotations", HEED_INT64);
  int64_t median = -1;
  int64_t *sorted = malloc((users->count + 1) * sizeof *sorted);
  if (count != NULL && sorted != NULL) {
    memcpy(sorted, count, users->count * sizeof *sorted);
    qsort(sorted, users->count, sizeof *sorted, ascending);
    median = sorted[users->count / 2];
  }
  free(sorted);
  return median;
}

static bool put_count(FILE *file, const char *before, double count,
                      const char *unit) {
  if (isnan(count)) return false;
  fprintf(file, "%s%.0f %s%s", before, count, unit, count == 1 ? "" : "s");
  return true;
}

void verdict_page_put_facts(FILE *file, const view_result *result,
                            const verdict_log *log) {
  const size_t cell = log->point * result->plan->replicates;
  const double ties = verdict_page_dropped_ties(result, log->point);
  const int64_t median = median_annotations(&log->users);
  const double users = (double)log->users.count;
  const double models = (double)log->board.models;
  fprintf(file, "<p class=note>The log: ");
  const bool rows =
      put_count(file, "", verdict_value(result, cell, "source_rows"), "answer");
  if (rows && ties > 0) fprintf(file, " (%.0f" PERCENT " ties)", percent(ties));
  (void)put_count(file, rows ? ", " : "", users > 0 ? users : NAN, "user");
  (void)put_count(file, ", ", verdict_value(result, cell, "source_pairs"),
                  "pair");
  (void)put_count(file, ", ", models > 0 ? models : NAN, "model");
  if (median >= 0)
    fprintf(file, ". The median user has %lld annotation%s%s",
            (long long)median, plural((size_t)median),
            ties > 0 ? ", ties not counted" : "");
  fprintf(file, ".</p>\n");
}
