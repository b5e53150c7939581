/* SPDX-License-Identifier: GPL-3.0-or-later
 * Turns annotations into comparisons: rows with differences of features. */
#include "support/preference/comparisons.h"

#include <assert.h>

#include "heed/memory.h"
#include "support/crowd/units.h"
#include "support/preference/joint.h"
#include "support/preference/loss.h"

const char *const comparisons_label_words[] = {"observed", "always_a", "better",
                                               NULL};
const char *const comparisons_own_label_words[] = {"left_out", "included",
                                                   NULL};

typedef struct comparisons_columns {
  const int8_t *choice;     /* annotations */
  const int64_t *pair;      /* annotations */
  const double *difference; /* (pairs,d); NULL: not wanted */
  const double *p;          /* pairs; or NULL */
} comparisons_columns;

static heed_status find_columns(const heed_crowd *crowd,
                                comparisons_labels labels, bool texts,
                                comparisons_columns *found, heed_error *error) {
  const heed_table *pairs = crowd->world->pairs;
  const heed_column *difference = heed_table_column(pairs, "difference");
  found->choice = heed_table_data(crowd->annotations, "choice", HEED_INT8);
  found->pair = heed_table_data(crowd->annotations, "pair", HEED_INT64);
  found->difference =
      texts ? NULL : heed_table_data(pairs, "difference", HEED_FLOAT64);
  found->p = heed_table_data(pairs, "p", HEED_FLOAT64);
  if (found->choice == NULL || found->pair == NULL)
    return heed_fail(error, HEED_UNSUPPORTED,
                     "the annotations have no column `choice` or `pair`");
  if (!texts && (found->difference == NULL || crowd->world->features == 0 ||
                 difference->width != crowd->world->features))
    return heed_fail(error, HEED_UNSUPPORTED,
                     "the pairs have no column `difference`, which a "
                     "log-linear policy needs: this world has no features");
  if (labels == COMPARISONS_BETTER && found->p == NULL)
    return heed_fail(error, HEED_UNSUPPORTED,
                     "labels = better needs the column `p` of the pairs");
  return HEED_OK;
}

static bool counts(const comparisons_columns *columns,
                   const heed_selection *selection, size_t row) {
  return selection->weight[row] > 0.0 && columns->choice[row] != HEED_CHOSE_TIE;
}

static void make_room(heed_memory *memory, comparisons_use use,
                      crowd_comparisons *self) {
  const size_t n = self->count;
  self->x = heed_scratch_doubles(memory, n * self->features);
  self->weight = heed_scratch_doubles(memory, n);
  self->label = heed_scratch(memory, n, sizeof *self->label);
  if (use == COMPARISONS_SUM) return;
  self->prefers_a = heed_scratch(memory, n, sizeof *self->prefers_a);
  self->pair = heed_scratch_sizes(memory, n);
  self->left_out = heed_scratch_doubles(memory, n);
  self->row = heed_scratch_sizes(memory, n);
  self->unit = heed_scratch_sizes(memory, n);
  self->first = heed_scratch_sizes(memory, self->units + 1);
  self->member = heed_scratch_sizes(memory, n);
}

static bool prefers_a(const comparisons_columns *columns,
                      comparisons_labels labels, size_t row) {
  switch (labels) {
    case COMPARISONS_OBSERVED:
      return columns->choice[row] == HEED_CHOSE_A;
    case COMPARISONS_ALWAYS_A:
      return true;
    case COMPARISONS_BETTER:
      return columns->p[columns->pair[row]] > 0.5;
  }
  return true;
}

/* What every fit reads of an annotation. */
static void fill_row(crowd_comparisons *self, size_t i, size_t row,
                     const comparisons_columns *columns,
                     const heed_selection *selection, comparisons_labels labels,
                     bool own_label) {
  const size_t d = self->features;
  const double sign = prefers_a(columns, labels, row) ? 1.0 : -1.0;
  const size_t pair = (size_t)columns->pair[row];
  /* Without a branch: no processor can predict the choice. */
  for (size_t k = 0; k < d; k++)
    self->x[i * d + k] = sign * columns->difference[pair * d + k];
  self->weight[i] = selection->weight[row];
  self->label[i].eta =
      own_label ? selection->eta[row] : selection->left_out[row];
  self->label[i].casual = selection->casual[row];
}

/* What folds, units and texts need. */
static void fill_place(crowd_comparisons *self, size_t i, size_t row,
                       const comparisons_columns *columns,
                       const heed_selection *selection,
                       comparisons_labels labels, const size_t *unit) {
  self->prefers_a[i] = prefers_a(columns, labels, row);
  self->pair[i] = (size_t)columns->pair[row];
  self->left_out[i] = selection->left_out[row];
  self->row[i] = row;
  self->unit[i] = unit[row];
}

/* A counting sort. */
void comparisons_group(size_t count, size_t groups, const size_t *group,
                       size_t *first, size_t *member) {
  for (size_t i = 0; i < count; i++) first[group[i] + 1]++;
  for (size_t g = 0; g < groups; g++) first[g + 1] += first[g];
  for (size_t i = 0; i < count; i++) member[first[group[i]]++] = i;
  for (size_t g = groups; g > 0; g--) first[g] = first[g - 1];
  first[0] = 0;
  assert(first[groups] == count);
}

heed_status comparisons_units(const heed_crowd *crowd,
                              const heed_posterior *posterior, size_t *unit,
                              heed_error *error) {
  const heed_posterior by_user = {.unit = HEED_BY_USER,
                                  .units = crowd->users->rows};
  return units_of(crowd,
                  posterior->unit == HEED_BY_ANNOTATION ? &by_user : posterior,
                  unit, error);
}

heed_status comparisons_collect(const heed_host *host, const heed_crowd *crowd,
                                const heed_posterior *posterior,
                                const heed_selection *selection,
                                comparisons_labels labels, bool own_label,
                                comparisons_use use, crowd_comparisons *result,
                                heed_error *error) {
  enum { AHEAD = 16 }; /* rows: differences are read in no order */
  const bool texts = use == COMPARISONS_TEXTS, places = use != COMPARISONS_SUM;
  crowd_comparisons self = {.features = texts ? 0 : crowd->world->features};
  comparisons_columns columns;
  heed_memory memory = {host, false};
  size_t *unit = places ? heed_scratch_sizes(&memory, selection->count) : NULL;
  if (memory.refused) return heed_no_memory(error);
  heed_status status = find_columns(crowd, labels, texts, &columns, error);
  if (status == HEED_OK && places)
    status = comparisons_units(crowd, posterior, unit, error);
  if (status != HEED_OK) return status;
  self.units = posterior->unit == HEED_BY_ANNOTATION ? crowd->users->rows
                                                     : posterior->units;
  for (size_t row = 0; row < selection->count; row++)
    self.count += counts(&columns, selection, row);
  make_room(&memory, use, &self);
  if (memory.refused) return heed_no_memory(error);
  for (size_t row = 0, i = 0; row < selection->count; row++) {
    if (columns.difference != NULL && row + AHEAD < selection->count)
      __builtin_prefetch(columns.difference +
                         (size_t)columns.pair[row + AHEAD] * self.features);
    if (!counts(&columns, selection, row)) continue;
    fill_row(&self, i, row, &columns, selection, labels, own_label);
    if (places) fill_place(&self, i, row, &columns, selection, labels, unit);
    i++;
  }
  if (places)
    comparisons_group(self.count, self.units, self.unit, self.first,
                      self.member);
  *result = self;
  return HEED_OK;
}

joint_crowd comparisons_crowd(const crowd_comparisons *self,
                              const double *weight) {
  return (joint_crowd){.count = self->count,
                       .units = self->units,
                       .first = self->first,
                       .member = self->member,
                       .weight = weight,
                       .label = self->label};
}
