/* SPDX-License-Identifier: GPL-3.0-or-later
 * Kinds of annotations: found by a hash table, listed by user. */
#include "estimators/em_bradley_terry/kinds.h"

#include <assert.h>
#include <math.h>
#include <string.h>

#include "heed/memory.h"
#include "support/numeric/threads.h"

/* With fewer annotations of a kind, on average, sums of mass would cost more
 * than one division for each annotation. */
enum { LEAST_MASSES = 4 };
/* If a user has more annotations of one kind, they become one power; unless
 * only a small part of all annotations does. */
enum { REPEATS_MOST = 4, LEAST_REPEATED = 16 };

static const heed_user_model_functions *model_of(const annotation_kinds *self) {
  return self->histories->model->plugin->functions;
}

static size_t annotations_of(const annotation_kinds *self) {
  return self->histories->crowd->annotations->rows;
}

/* ---- finding ---- */

/* Models, class and key of an annotation, and p of a gold pair. */
typedef struct kind_key {
  int32_t a, b;
  uint32_t class_of;
  uint64_t key;
  double gold; /* NaN: the pair is not gold */
} kind_key;

/* Without classes, choice and left are the class. */
static uint32_t class_of(const annotation_kinds *self, size_t row) {
  const attention_histories *histories = self->histories;
  const int8_t choice = histories->choice[row], left = histories->left[row];
  return histories->domain.class_count > 0
             ? (uint32_t)model_of(self)->class_of(histories->model->self,
                                                  choice, left)
             : (uint32_t)(3 * choice + left - HEED_LEFT_UNKNOWN);
}

static kind_key key_of(const annotation_kinds *self, const int32_t *model_a,
                       const int32_t *model_b, size_t row, uint64_t key) {
  const size_t pair = self->histories->pair[row];
  return (kind_key){model_a[pair], model_b[pair], class_of(self, row), key,
                    histories_gold(self->histories, row)};
}

static size_t hash(const kind_key *key) {
  uint64_t h = (uint64_t)(uint32_t)key->a << 32 | (uint32_t)key->b;
  h = (h ^ (uint64_t)key->class_of << 24) * 0x9e3779b97f4a7c15u;
  if (key->key != 0) h = (h ^ h >> 29 ^ key->key) * 0x9e3779b97f4a7c15u;
  if (!isnan(key->gold))
    h = (h ^ (uint64_t)(key->gold * 0x1p52)) * 0x9e3779b97f4a7c15u;
  return (size_t)(h ^ h >> 29);
}

static bool same(const kind_key *one, const kind_key *other) {
  return one->a == other->a && one->b == other->b &&
         one->class_of == other->class_of && one->key == other->key &&
         (one->gold == other->gold || (isnan(one->gold) && isnan(other->gold)));
}

/* A hash table with open addressing; a place holds a kind + 1, or 0. */
typedef struct kind_table {
  size_t room, count; /* room: a power of two */
  uint32_t *place;    /* (room) */
  kind_key *key;      /* (room / 2): of each kind */
  size_t *row;        /* (room / 2): its first annotation */
} kind_table;

static size_t find_place(const kind_table *table, const kind_key *key) {
  const size_t mask = table->room - 1;
  size_t place = hash(key) & mask;
  while (table->place[place] != 0 &&
         !same(&table->key[table->place[place] - 1], key))
    place = (place + 1) & mask;
  return place;
}

/* Doubles the room; the table is at most half full. */
static void grow(heed_memory *memory, kind_table *table) {
  const size_t room = table->room == 0 ? 1024 : 2 * table->room;
  kind_table more = {room, table->count,
                     heed_scratch(memory, room, sizeof *more.place),
                     heed_scratch(memory, room / 2, sizeof *more.key),
                     heed_scratch_sizes(memory, room / 2)};
  if (memory->refused) return;
  for (size_t c = 0; c < table->count; c++) {
    more.key[c] = table->key[c];
    more.row[c] = table->row[c];
    more.place[find_place(&more, &more.key[c])] = (uint32_t)(c + 1);
  }
  *table = more;
}

/* Keys of a block of annotations: 0 if the model has none. */
static void find_keys(const annotation_kinds *self, size_t first, size_t count,
                      uint64_t *keys) {
  const attention_histories *histories = self->histories;
  const heed_answers answers = histories_answers(histories, first, count);
  if (model_of(self)->key != NULL)
    model_of(self)->key(histories->model->self, &answers, keys);
  else
    memset(keys, 0, count * sizeof *keys);
}

/* Sets of[] and fills the table. */
static void number_kinds(const annotation_kinds *self, const int32_t *model_a,
                         const int32_t *model_b, heed_memory *memory,
                         kind_table *table) {
  enum { BLOCK = 256 };
  const size_t rows = annotations_of(self);
  uint64_t keys[BLOCK];
  for (size_t i = 0; i < rows; i++) {
    if (i % BLOCK == 0)
      find_keys(self, i, rows - i < BLOCK ? rows - i : BLOCK, keys);
    if (2 * table->count >= table->room) grow(memory, table);
    if (memory->refused) return;
    const kind_key key = key_of(self, model_a, model_b, i, keys[i % BLOCK]);
    const size_t place = find_place(table, &key);
    if (table->place[place] == 0) {
      table->key[table->count] = key;
      table->row[table->count] = i;
      table->place[place] = (uint32_t)++table->count;
    }
    self->of[i] = table->place[place] - 1;
  }
}

static double *scratch_gold(heed_memory *memory, const annotation_kinds *self) {
  return self->histories->gold == NULL
             ? NULL
             : heed_scratch_doubles(memory, self->count);
}

/* The first annotation of a kind stands for it. */
static heed_status take_kinds(annotation_kinds *self, const kind_table *table,
                              heed_memory *memory, heed_error *error) {
  const attention_histories *histories = self->histories;
  int8_t *choice = heed_scratch(memory, self->count, sizeof *choice);
  int8_t *left = heed_scratch(memory, self->count, sizeof *left);
  size_t *pair = heed_scratch_sizes(memory, self->count);
  self->model_a = heed_scratch(memory, self->count, sizeof *self->model_a);
  self->model_b = heed_scratch(memory, self->count, sizeof *self->model_b);
  self->p = heed_scratch_doubles(memory, self->count);
  self->gold = scratch_gold(memory, self);
  if (memory->refused) return heed_no_memory(error);
  for (size_t c = 0; c < self->count; c++) {
    const kind_key *key = &table->key[c];
    if (self->gold != NULL) self->p[c] = self->gold[c] = key->gold;
    self->model_a[c] = key->a;
    self->model_b[c] = key->b;
    choice[c] = histories->choice[table->row[c]];
    left[c] = histories->left[table->row[c]];
    pair[c] = histories->pair[table->row[c]];
  }
  self->like = (heed_answers){.size = sizeof(heed_answers),
                              .count = self->count,
                              .choice = choice,
                              .left = left,
                              .p = self->p,
                              .annotations = histories->crowd->annotations,
                              .pairs = histories->crowd->world->pairs,
                              .row = table->row,
                              .pair = pair};
  return HEED_OK;
}

static heed_status find_kinds(const heed_host *host, annotation_kinds *self,
                              const int32_t *model_a, const int32_t *model_b,
                              heed_error *error) {
  const size_t rows = annotations_of(self);
  kind_table table = {0};
  heed_memory memory = {host, false};
  if (rows >= UINT32_MAX)
    return heed_fail(error, HEED_UNSUPPORTED,
                     "this estimator takes at most %lu annotations, found %zu",
                     (unsigned long)UINT32_MAX - 1, rows);
  self->of = heed_scratch(&memory, rows, sizeof *self->of);
  if (!memory.refused) number_kinds(self, model_a, model_b, &memory, &table);
  if (memory.refused) return heed_no_memory(error);
  self->count = table.count;
  self->merged = true;
  return take_kinds(self, &table, &memory, error);
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
    self->model_a[i] = model_a[histories->pair[i]];
    self->model_b[i] = model_b[histories->pair[i]];
  }
  return HEED_OK;
}

static double times_of(const annotation_kinds *self, size_t row) {
  return (double)heed_count_at(self->histories->times, row);
}

/* ---- listing by user ---- */

/* The kinds of one user, in the order of the first annotation of each. */
typedef struct kind_entries {
  size_t count;
  uint32_t *kind; /* (C) */
  double *times;  /* (C): by kind; 0 between users */
} kind_entries;

static void collect(const annotation_kinds *self, size_t user,
                    kind_entries *mine) {
  const heed_crowd *crowd = self->histories->crowd;
  mine->count = 0;
  for (size_t i = crowd->first[user]; i < crowd->first[user + 1]; i++) {
    const uint32_t kind = self->of[i];
    if (mine->times[kind] == 0) mine->kind[mine->count++] = kind;
    mine->times[kind] += times_of(self, i);
  }
}

/* Where the lists of a user begin. */
typedef struct kind_lists {
  size_t *first, *power_first; /* (J+1) */
  uint32_t *kind, *power_kind; /* NULL: only count */
  double *power_times;
} kind_lists;

static void list_user(const kind_lists *lists, size_t user,
                      kind_entries *mine) {
  size_t end = lists->first[user], power_end = lists->power_first[user];
  for (size_t e = 0; e < mine->count; e++) {
    const uint32_t kind = mine->kind[e];
    const double times = mine->times[kind];
    mine->times[kind] = 0;
    if (times > REPEATS_MOST) {
      if (lists->kind != NULL) {
        lists->power_kind[power_end] = kind;
        lists->power_times[power_end] = times;
      }
      power_end++;
      continue;
    }
    for (size_t repeats = (size_t)times; repeats > 0; repeats--, end++)
      if (lists->kind != NULL) lists->kind[end] = kind;
  }
  lists->first[user + 1] = end;
  lists->power_first[user + 1] = power_end;
}

static void list_users(const annotation_kinds *self, const kind_lists *lists,
                       kind_entries *mine) {
  for (size_t j = 0; j < self->mixture.users; j++) {
    collect(self, j, mine);
    list_user(lists, j, mine);
  }
}

/* Whether powers would save little. */
static bool repeat_little(const annotation_kinds *self, uint32_t *times) {
  const size_t *first = self->mixture.first;
  size_t repeated = 0;
  for (size_t j = 0; j < self->mixture.users; j++) {
    for (size_t i = first[j]; i < first[j + 1]; i++) times[self->of[i]]++;
    for (size_t i = first[j]; i < first[j + 1]; i++) {
      if (times[self->of[i]] > REPEATS_MOST) repeated += times[self->of[i]];
      times[self->of[i]] = 0;
    }
  }
  return repeated <= annotations_of(self) / LEAST_REPEATED;
}

static heed_status list_merged(const heed_host *host, annotation_kinds *self,
                               heed_error *error) {
  const size_t users = self->mixture.users;
  heed_memory memory = {host, false};
  uint32_t *repeats = heed_scratch(&memory, self->count, sizeof *repeats);
  if (memory.refused) return heed_no_memory(error);
  if (self->histories->times == NULL && repeat_little(self, repeats)) {
    self->mixture.kind = self->of;
    return HEED_OK;
  }
  kind_entries mine = {
      .kind = heed_scratch(&memory, self->count, sizeof *mine.kind),
      .times = heed_scratch_doubles(&memory, self->count)};
  kind_lists lists = {.first = heed_scratch_sizes(&memory, users + 1),
                      .power_first = heed_scratch_sizes(&memory, users + 1)};
  if (memory.refused) return heed_no_memory(error);
  list_users(self, &lists, &mine);
  const size_t powers = lists.power_first[users];
  lists.kind = heed_scratch(&memory, lists.first[users], sizeof *lists.kind);
  lists.power_kind = heed_scratch(&memory, powers, sizeof *lists.power_kind);
  lists.power_times = heed_scratch_doubles(&memory, powers);
  if (memory.refused) return heed_no_memory(error);
  list_users(self, &lists, &mine);
  self->mixture.first = lists.first;
  self->mixture.kind = lists.kind;
  if (powers == 0) return HEED_OK;
  self->mixture.power_first = lists.power_first;
  self->mixture.power_kind = lists.power_kind;
  self->mixture.power_times = lists.power_times;
  return HEED_OK;
}

static heed_status open_mixture(const heed_host *host, annotation_kinds *self,
                                size_t nodes, heed_error *error) {
  const size_t rows = annotations_of(self), kinds = self->count;
  const bool masses = self->merged && kinds <= rows / LEAST_MASSES;
  heed_memory memory = {host, false};
  self->mixture.kinds = kinds;
  self->mixture.users = self->histories->crowd->users->rows;
  self->mixture.first = self->histories->crowd->first;
  self->mixture.ends = heed_scratch(&memory, kinds, sizeof(mixture_ends));
  self->total = heed_scratch_doubles(&memory, kinds);
  if (masses)
    self->mass = heed_scratch_doubles(&memory, kinds * mixture_padded(nodes));
  if (memory.refused) return heed_no_memory(error);
  for (size_t i = 0; i < rows; i++)
    self->total[self->merged ? self->of[i] : i] += times_of(self, i);
  heed_status status = self->merged ? list_merged(host, self, error) : HEED_OK;
  if (status == HEED_OK)
    status = mixture_open(host, nodes, &self->mixture, error);
  if (status != HEED_OK) return status;
  if (masses) mixture_open_masses(&memory, &self->mixture);
  return memory.refused ? heed_no_memory(error) : HEED_OK;
}

heed_status kinds_open(const heed_host *host, attention_histories *histories,
                       const int32_t *model_a, const int32_t *model_b,
                       size_t nodes, annotation_kinds *result,
                       heed_error *error) {
  const heed_user_model_functions *functions =
      histories->model->plugin->functions;
  heed_status status = HEED_OK;
  assert(!histories->reduced);
  *result = (annotation_kinds){.histories = histories,
                               .remembers = functions->log_likelihood != NULL};
  const bool equal =
      histories->domain.class_count > 0 || functions->key != NULL;
  if (equal && !result->remembers)
    status = find_kinds(host, result, model_a, model_b, error);
  else if (histories->times != NULL)
    status = histories_need_rows(error);
  else
    status = take_each(host, result, model_a, model_b, error);
  return status == HEED_OK ? open_mixture(host, result, nodes, error) : status;
}

/* ---- probabilities ---- */

enum { SPREAD_PARTS = 16 };

static void spread_part(void *context, size_t part) {
  const annotation_kinds *self = context;
  const threads_range range =
      threads_share(annotations_of(self), part, SPREAD_PARTS);
  for (size_t i = range.first; i < range.end; i++)
    self->histories->p[i] = self->p[self->of[i]];
}

void kinds_spread_p(annotation_kinds *self) {
  if (self->merged)
    threads_run(self->mixture.threads, SPREAD_PARTS, spread_part, self);
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

void kinds_set_ends(annotation_kinds *self, const double *phi) {
  mixture_ends *ends = self->mixture.ends;
  kinds_probability(self, phi, 2, mixture_both, &ends->c);
  mixture_subtract(self->count, ends);
}

heed_status kinds_likelihood(annotation_kinds *self, const heed_host *host,
                             const double *phi, size_t node_count,
                             const double *nodes, double *log_likelihood,
                             double *likelihood, double *most, bool *scaled,
                             heed_error *error) {
  kinds_set_ends(self, phi);
  mixture_place(&self->mixture, node_count, nodes);
  if (likelihood != NULL) *scaled = !self->remembers;
  if (self->remembers)
    return histories_likelihood(self->histories, host, phi, node_count, nodes,
                                log_likelihood, error);
  mixture_likelihood(&self->mixture, log_likelihood, likelihood, most);
  return HEED_OK;
}

/* ---- sums over annotations ---- */

void kinds_attend(annotation_kinds *self, const double *r, double *attended) {
  const attention_mixture *mixture = &self->mixture;
  if (self->mass == NULL) {
    mixture_attended(mixture, r, attended);
    return;
  }
  mixture_masses(mixture, r, self->mass);
  for (size_t c = 0; c < self->count; c++) {
    const mixture_ends *ends = &mixture->ends[c];
    const double *mass = self->mass + c * mixture->padded;
    attended[c] = 0;
    for (size_t k = 0; k < mixture->nodes; k++) {
      const double eta = mixture->node[k], p = ends->c + eta * ends->d;
      if (p > 0) attended[c] += mass[k] * eta / p;
    }
    attended[c] *= ends->c + ends->d;
  }
}

double kinds_expected(const annotation_kinds *self) {
  const attention_mixture *mixture = &self->mixture;
  double sum = 0;
  for (size_t c = 0; c < self->count; c++) {
    const mixture_ends *ends = &mixture->ends[c];
    const double *mass = self->mass + c * mixture->padded;
    for (size_t k = 0; k < mixture->nodes; k++)
      if (mass[k] > 0)
        sum += mass[k] * log(ends->c + mixture->node[k] * ends->d);
  }
  return sum;
}
