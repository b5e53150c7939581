/* SPDX-License-Identifier: GPL-3.0-or-later
 * Kinds of annotations: found by a hash table, listed by user. */
#include "estimators/em_bradley_terry/kinds.h"

#include <assert.h>
#include <math.h>
#include <string.h>

#include "heed/memory.h"

/* Annotations of a kind, on average, below which kinds are not merged: the
 * logarithms of each kind at each node would cost more than they save. */
enum { LEAST_MERGED = 4 };

static const heed_user_model_functions *model_of(const annotation_kinds *self) {
  return self->histories->model->plugin->functions;
}

static size_t annotations_of(const annotation_kinds *self) {
  return self->histories->crowd->annotations->rows;
}

/* ---- finding ---- */

/* Models and class of an annotation, and p of a gold pair. */
typedef struct kind_key {
  int32_t a, b;
  size_t class_of;
  double gold; /* NaN: the pair is not gold */
} kind_key;

static kind_key key_of(const annotation_kinds *self, const int32_t *model_a,
                       const int32_t *model_b, size_t row) {
  const attention_histories *histories = self->histories;
  const size_t pair = histories->pair[row];
  return (kind_key){
      model_a[pair], model_b[pair],
      model_of(self)->class_of(histories->model->self, histories->choice[row],
                               histories->left[row]),
      histories_gold(histories, row)};
}

static size_t hash(const kind_key *key) {
  uint64_t h = (uint64_t)(uint32_t)key->a << 32 | (uint32_t)key->b;
  h = (h ^ (uint64_t)key->class_of << 24) * 0x9e3779b97f4a7c15u;
  if (!isnan(key->gold))
    h = (h ^ (uint64_t)(key->gold * 0x1p52)) * 0x9e3779b97f4a7c15u;
  return (size_t)(h ^ h >> 29);
}

static bool same(const kind_key *one, const kind_key *other) {
  return one->a == other->a && one->b == other->b &&
         one->class_of == other->class_of &&
         (one->gold == other->gold || (isnan(one->gold) && isnan(other->gold)));
}

/* Sets of[] and returns the number of kinds; keys[] receives theirs.  table:
 * open addressing, of twice as many places. */
static size_t number_kinds(const annotation_kinds *self, const int32_t *model_a,
                           const int32_t *model_b, size_t *table, size_t mask,
                           kind_key *keys) {
  size_t count = 0;
  for (size_t i = 0; i < annotations_of(self); i++) {
    const kind_key key = key_of(self, model_a, model_b, i);
    size_t place = hash(&key) & mask;
    while (table[place] != 0 && !same(&keys[table[place] - 1], &key))
      place = (place + 1) & mask;
    if (table[place] == 0) {
      keys[count] = key;
      table[place] = ++count;
    }
    self->of[i] = table[place] - 1;
  }
  return count;
}

static double *scratch_gold(heed_memory *memory, const annotation_kinds *self) {
  return self->histories->gold == NULL
             ? NULL
             : heed_scratch_doubles(memory, self->count);
}

static heed_status find_kinds(const heed_host *host, annotation_kinds *self,
                              const int32_t *model_a, const int32_t *model_b,
                              heed_error *error) {
  const size_t rows = annotations_of(self);
  size_t room = 16;
  while (room < 2 * rows) room *= 2;
  heed_memory memory = {host, false};
  size_t *table = heed_scratch_sizes(&memory, room);
  kind_key *keys = heed_scratch(&memory, rows, sizeof *keys);
  if (memory.refused) return heed_no_memory(error);
  self->count = number_kinds(self, model_a, model_b, table, room - 1, keys);
  self->merged =
      self->histories->times != NULL || self->count * LEAST_MERGED <= rows;
  if (!self->merged) return HEED_OK;
  int8_t *choice = heed_scratch(&memory, self->count, sizeof *choice);
  int8_t *left = heed_scratch(&memory, self->count, sizeof *left);
  self->model_a = heed_scratch(&memory, self->count, sizeof *self->model_a);
  self->model_b = heed_scratch(&memory, self->count, sizeof *self->model_b);
  self->p = heed_scratch_doubles(&memory, self->count);
  self->gold = scratch_gold(&memory, self);
  if (memory.refused) return heed_no_memory(error);
  for (size_t c = 0; c < self->count; c++) {
    if (self->gold != NULL) self->p[c] = self->gold[c] = keys[c].gold;
    self->model_a[c] = keys[c].a;
    self->model_b[c] = keys[c].b;
    model_of(self)->of_class(self->histories->model->self, keys[c].class_of,
                             &choice[c], &left[c]);
  }
  self->like = (heed_answers){.size = sizeof(heed_answers),
                              .count = self->count,
                              .choice = choice,
                              .left = left,
                              .p = self->p};
  return HEED_OK;
}

static heed_status take_each(const heed_host *host, annotation_kinds *self,
                             const int32_t *model_a, const int32_t *model_b,
                             heed_error *error) {
  const attention_histories *histories = self->histories;
  const size_t rows = annotations_of(self);
  heed_memory memory = {host, false};
  self->count = rows;
  self->model_a = heed_scratch(&memory, rows, sizeof *self->model_a);
  self->model_b = heed_scratch(&memory, rows, sizeof *self->model_b);
  self->p = histories->p;
  self->gold = scratch_gold(&memory, self);
  if (memory.refused) return heed_no_memory(error);
  for (size_t i = 0; i < rows; i++) {
    if (self->gold != NULL) self->gold[i] = histories_gold(histories, i);
    self->of[i] = i;
    self->model_a[i] = model_a[histories->pair[i]];
    self->model_b[i] = model_b[histories->pair[i]];
  }
  return HEED_OK;
}

static double times_of(const annotation_kinds *self, size_t row) {
  return (double)heed_count_at(self->histories->times, row);
}

/* Entries of each user, in the order of the user's first annotation of a
 * kind. */
static heed_status list_by_user(const heed_host *host, annotation_kinds *self,
                                heed_error *error) {
  const heed_crowd *crowd = self->histories->crowd;
  heed_memory memory = {host, false};
  size_t *entry = heed_scratch_sizes(&memory, self->count); /* of a kind, + 1 */
  size_t entries = 0;
  self->first = heed_scratch_sizes(&memory, crowd->users->rows + 1);
  self->kind = heed_scratch_sizes(&memory, annotations_of(self));
  self->times = heed_scratch_doubles(&memory, annotations_of(self));
  self->total = heed_scratch_doubles(&memory, self->count);
  if (memory.refused) return heed_no_memory(error);
  for (size_t j = 0; j < crowd->users->rows; j++) {
    for (size_t i = crowd->first[j]; i < crowd->first[j + 1]; i++) {
      const size_t kind = self->of[i];
      if (entry[kind] <= self->first[j]) {
        self->kind[entries] = kind;
        entry[kind] = ++entries;
      }
      self->times[entry[kind] - 1] += times_of(self, i);
      self->total[kind] += times_of(self, i);
    }
    self->first[j + 1] = entries;
  }
  return HEED_OK;
}

heed_status kinds_open(const heed_host *host, attention_histories *histories,
                       const int32_t *model_a, const int32_t *model_b,
                       annotation_kinds *result, heed_error *error) {
  const heed_user_model_functions *functions =
      histories->model->plugin->functions;
  heed_memory memory = {host, false};
  heed_status status = HEED_OK;
  assert(!histories->reduced);
  *result = (annotation_kinds){.histories = histories};
  result->of = heed_scratch_sizes(&memory, histories->crowd->annotations->rows);
  if (memory.refused) return heed_no_memory(error);
  if (histories->domain.class_count > 0 && functions->log_likelihood == NULL)
    status = find_kinds(host, result, model_a, model_b, error);
  if (status == HEED_OK && !result->merged && histories->times != NULL)
    return histories_need_rows(error);
  if (status == HEED_OK && !result->merged)
    status = take_each(host, result, model_a, model_b, error);
  return status == HEED_OK ? list_by_user(host, result, error) : status;
}

/* ---- probabilities ---- */

void kinds_spread_p(const annotation_kinds *self) {
  if (!self->merged) return;
  for (size_t i = 0; i < annotations_of(self); i++)
    self->histories->p[i] = self->p[self->of[i]];
}

void kinds_probability(const annotation_kinds *self, const double *phi,
                       size_t node_count, const double *nodes,
                       double *probability) {
  if (self->merged)
    model_of(self)->probability(self->histories->model->self, phi, &self->like,
                                node_count, nodes, probability);
  else
    histories_probability(self->histories, phi, 0, self->count, node_count,
                          nodes, probability);
}

void kinds_casual(const annotation_kinds *self, const double *phi,
                  double *probability) {
  if (self->merged)
    model_of(self)->casual(self->histories->model->self, phi, &self->like,
                           probability);
  else
    histories_casual(self->histories, phi, probability);
}

heed_status kinds_likelihood(const annotation_kinds *self,
                             const heed_host *host, const double *phi,
                             size_t node_count, const double *nodes,
                             double *room, double *log_likelihood,
                             heed_error *error) {
  if (!self->merged)
    return histories_likelihood(self->histories, host, phi, node_count, nodes,
                                log_likelihood, error);
  kinds_probability(self, phi, node_count, nodes, room);
  for (size_t i = 0; i < self->count * node_count; i++) room[i] = log(room[i]);
  for (size_t j = 0; j < self->histories->crowd->users->rows; j++) {
    double *row = log_likelihood + j * node_count;
    memset(row, 0, node_count * sizeof *row);
    for (size_t e = self->first[j]; e < self->first[j + 1]; e++) {
      const double *log_p = room + self->kind[e] * node_count;
      for (size_t k = 0; k < node_count; k++)
        row[k] += self->times[e] * log_p[k];
    }
  }
  return HEED_OK;
}
