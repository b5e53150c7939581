/* SPDX-License-Identifier: GPL-3.0-or-later
 * The annotations stage: users of a log, half of them, or simulated users
 * (simulate.c), and held-out annotations. */
#include "crowd.h"

#include <math.h>
#include <string.h>

#include "heed/memory.h"
#include "simulate.h"
#include "users.h"

heed_table *crowd_gather(heed_memory *memory, const heed_table *table,
                         const char *name, size_t count, const size_t *rows) {
  heed_table *made = heed_new_table(memory, name, count);
  for (size_t i = 0; i < table->column_count; i++) {
    const heed_column *column = &table->columns[i];
    const size_t bytes = heed_type_size(column->type) * column->width;
    char *target = heed_new_column(memory, made, column->name, column->type,
                                   column->width);
    for (size_t row = 0; target != NULL && row < count; row++)
      memcpy(target + row * bytes,
             (const char *)column->data + rows[row] * bytes, bytes);
  }
  return made;
}

/* The bounds of each user's rows; the table is ordered by user. */
static const size_t *bounds(heed_memory *memory, size_t users,
                            const heed_table *annotations) {
  const int64_t *user = heed_table_data(annotations, "user", HEED_INT64);
  size_t *first = heed_allocate(memory, users + 1, sizeof *first);
  size_t row = 0;
  for (size_t j = 0; first != NULL && j <= users; j++) {
    while (row < annotations->rows && user[row] < (int64_t)j) row++;
    first[j] = row;
  }
  return first;
}

static heed_status fill(const heed_host *host, const heed_world *world,
                        const heed_table *users, const heed_table *annotations,
                        heed_crowd *crowd, heed_error *error) {
  heed_memory memory = {host, false};
  crowd->size = sizeof *crowd;
  crowd->world = world;
  crowd->users = users;
  crowd->annotations = annotations;
  crowd->first = bounds(&memory, users->rows, annotations);
  return memory.refused ? heed_no_memory(error) : HEED_OK;
}

/* ---- logs ---- */

/* A resample of a log is a random half of its users, or of its users and of its
 * pairs.  No user is in it twice: two copies of a user would agree with each
 * other (docs/decisions/half-samples.md). */
typedef struct log_half {
  const bool *users, *pairs; /* pairs NULL: all */
} log_half;

/* Marks half of `count` things.  Of an odd count n it marks (n - 1) / 2 with
 * probability (n - 1) / (2 n), else (n + 1) / 2: the variance of a mean over m
 * of n is (n - m) / m times that of the mean over n, on average 1 times. */
static bool *draw_half(heed_memory *memory, const char *purpose, size_t attempt,
                       size_t count) {
  heed_stream stream = memory->host->stream(memory->host, purpose, attempt);
  bool *half = heed_scratch(memory, count, sizeof *half);
  size_t wanted = count / 2;
  if (half == NULL || count == 0) return half;
  if (count % 2 == 1)
    wanted += 2 * heed_uniform_integer(&stream, count) >= count - 1;
  /* Each thing is marked with the probability that it is among those still
   * wanted (Fan, Muller and Rezucha 1962, J. Am. Stat. Assoc. 57, 387-402). */
  for (size_t i = 0; i < count && wanted > 0; i++)
    if (heed_uniform_integer(&stream, count - i) < wanted) {
      half[i] = true;
      wanted--;
    }
  return half;
}

/* rows: those of the log in the half; returns their number. */
static size_t find_rows(const heed_table *annotations, const log_half *half,
                        size_t *rows) {
  const int64_t *user = heed_table_data(annotations, "user", HEED_INT64);
  const int64_t *pair = heed_table_data(annotations, "pair", HEED_INT64);
  size_t count = 0;
  for (size_t i = 0; i < annotations->rows; i++)
    if (half->users[user[i]] && (half->pairs == NULL || half->pairs[pair[i]]))
      rows[count++] = i;
  return count;
}

/* Draws again if a small log's half has no annotation; returns the number of
 * rows. */
static size_t draw_rows(heed_memory *memory, const heed_world *world,
                        bool pairs_too, log_half *half, size_t *rows) {
  enum { ATTEMPTS_MOST = 1000 };
  size_t count = 0;
  for (size_t attempt = 0; count == 0 && attempt < ATTEMPTS_MOST; attempt++) {
    *half = (log_half){
        .users =
            draw_half(memory, "bootstrap_users", attempt, world->users->rows),
        .pairs = pairs_too ? draw_half(memory, "bootstrap_pairs", attempt,
                                       world->pairs->rows)
                           : NULL};
    if (memory->refused) return 0;
    count = find_rows(world->annotations, half, rows);
  }
  return count;
}

/* The user's position among all the user's annotations, for models with
 * memory: the half leaves gaps. */
static void add_turns(heed_memory *memory, const size_t *first,
                      const int64_t *user, const size_t *rows,
                      heed_table *annotations) {
  int64_t *turn;
  if (heed_table_column(annotations, "turn") != NULL) return;
  turn = heed_new_column(memory, annotations, "turn", HEED_INT64, 1);
  for (size_t i = 0; turn != NULL && i < annotations->rows; i++)
    turn[i] = (int64_t)(rows[i] - first[user[rows[i]]]);
}

static heed_status resample(const heed_world *world, bool pairs_too,
                            const heed_host *host, heed_table **users,
                            heed_table **annotations, heed_error *error) {
  heed_memory memory = {host, false};
  const int64_t *user = heed_table_data(world->annotations, "user", HEED_INT64);
  const size_t *first = bounds(&memory, world->users->rows, world->annotations);
  size_t *rows = heed_scratch_sizes(&memory, world->annotations->rows);
  size_t *kept = heed_scratch_sizes(&memory, world->users->rows);
  size_t *number = heed_scratch_sizes(&memory, world->users->rows);
  size_t count = 0;
  log_half half;
  int64_t *renamed;
  if (memory.refused) return heed_no_memory(error);
  const size_t total = draw_rows(&memory, world, pairs_too, &half, rows);
  if (memory.refused) return heed_no_memory(error);
  for (size_t j = 0; j < world->users->rows; j++) {
    number[j] = count;
    if (half.users[j]) kept[count++] = j;
  }
  *users = crowd_gather(&memory, world->users, "users", count, kept);
  *annotations =
      crowd_gather(&memory, world->annotations, "annotations", total, rows);
  if (memory.refused) return heed_no_memory(error);
  if (pairs_too) add_turns(&memory, first, user, rows, *annotations);
  if (memory.refused) return heed_no_memory(error);
  renamed = heed_table_data(*annotations, "user", HEED_INT64);
  for (size_t i = 0; i < total; i++)
    renamed[i] = (int64_t)number[user[rows[i]]];
  return HEED_OK;
}

static heed_status from_log(const heed_world *world, const heed_value *values,
                            const host_service *host, heed_table **users,
                            heed_table **annotations, bool *resampled,
                            heed_error *error) {
  const int64_t bootstrap = values[USERS_BOOTSTRAP].integer;
  if (values[USERS_COUNT].given || values[USERS_ANNOTATIONS].given ||
      values[USERS_ATTENTIVENESS].given || values[USERS_MODEL].given)
    return heed_fail(
        error, HEED_UNSUPPORTED,
        "users: count, annotations, attentiveness and model are "
        "for simulated users; this source is a log with its own users");
  *users = world->users;
  *annotations = world->annotations;
  *resampled = bootstrap != BOOTSTRAP_NONE && host->replicate > 0;
  if (!*resampled) return HEED_OK;
  return resample(world, bootstrap == BOOTSTRAP_USERS_AND_PAIRS, &host->host,
                  users, annotations, error);
}

/* ---- holding out ---- */

/* Marks round(share x n) random rows of each user's n rows.  At least one row
 * stays: the estimator sees every user. */
static void mark_held(const heed_host *host, const heed_crowd *all,
                      double share, bool *held, size_t *order) {
  for (size_t j = 0; j < all->users->rows; j++) {
    heed_stream stream = host->stream(host, "holdout", j);
    const size_t start = all->first[j], count = all->first[j + 1] - start;
    size_t want = (size_t)(share * (double)count + 0.5);
    if (want > 0 && want == count) want--;
    for (size_t i = 0; i < count; i++) order[i] = start + i;
    for (size_t i = 0; i < want; i++) {
      const size_t position = i + heed_uniform_integer(&stream, count - i);
      const size_t swapped = order[i];
      order[i] = order[position];
      order[position] = swapped;
      held[order[i]] = true;
    }
  }
}

/* If a user's annotations are split into two tables, both keep their turn:
 * models with memory need the distance between annotations. */
static heed_table *with_turns(heed_memory *memory, const heed_crowd *all,
                              heed_table *part, const size_t *rows) {
  const int64_t *user = heed_table_data(part, "user", HEED_INT64);
  int64_t *turn;
  if (heed_table_column(part, "turn") != NULL) return part;
  turn = heed_new_column(memory, part, "turn", HEED_INT64, 1);
  for (size_t i = 0; turn != NULL && i < part->rows; i++)
    turn[i] = (int64_t)(rows[i] - all->first[user[i]]);
  return part;
}

static heed_status hold_out(const heed_host *host, double share,
                            const heed_crowd *all, heed_table **kept,
                            heed_table **held_out, heed_error *error) {
  const size_t total = all->annotations->rows;
  heed_memory memory = {host, false};
  bool *held = heed_scratch(&memory, total, sizeof *held);
  size_t *rows = heed_scratch_sizes(&memory, total), count = 0;
  if (memory.refused) return heed_no_memory(error);
  if (share > 0) mark_held(host, all, share, held, rows);
  for (size_t i = 0; i < total; i++)
    if (held[i]) rows[count++] = i;
  *held_out = crowd_gather(&memory, all->annotations, "held_out", count, rows);
  *held_out = with_turns(&memory, all, *held_out, rows);
  *kept = (heed_table *)all->annotations;
  if (memory.refused) return heed_no_memory(error);
  if (count == 0) return HEED_OK;
  count = 0;
  for (size_t i = 0; i < total; i++)
    if (!held[i]) rows[count++] = i;
  *kept = crowd_gather(&memory, all->annotations, "annotations", count, rows);
  *kept = with_turns(&memory, all, *kept, rows);
  return memory.refused ? heed_no_memory(error) : HEED_OK;
}

/* Users with their eta, for plugins that may see it. */
static heed_status with_eta(const heed_host *host, stages_crowd *self,
                            heed_error *error) {
  heed_memory memory = {host, false};
  heed_table *users = heed_new_table(&memory, "users", self->seen.users->rows);
  double *column =
      heed_new_column(&memory, users, "eta", HEED_FLOAT64, self->dimension);
  if (memory.refused) return heed_no_memory(error);
  memcpy(column, self->eta, users->rows * self->dimension * sizeof *column);
  self->with_eta = self->seen;
  self->with_eta.users = users;
  return HEED_OK;
}

bool crowd_is_counted(const heed_world *world) {
  return world->annotations != NULL &&
         heed_table_column(world->annotations, "count") != NULL;
}

/* Annotations that are counted cannot be told apart. */
static heed_status check_split(const heed_world *world,
                               const heed_value *values, heed_error *error) {
  const bool splits =
      values[USERS_HOLDOUT].number > 0 ||
      values[USERS_BOOTSTRAP].integer == BOOTSTRAP_USERS_AND_PAIRS;
  if (!splits || !crowd_is_counted(world)) return HEED_OK;
  return heed_fail(error, HEED_UNSUPPORTED,
                   "users: holdout and bootstrap = \"users_and_pairs\" need "
                   "single annotations; this source gives counts");
}

heed_status crowd_make(const heed_world *world, const heed_value *values,
                       host_service *host, stages_crowd *self,
                       heed_error *error) {
  const heed_host *services = &host->host;
  heed_table *users = NULL, *annotations = NULL, *kept = NULL, *held = NULL;
  heed_crowd all;
  heed_status status;
  memset(self, 0, sizeof *self);
  self->dimension = 1;
  status = check_split(world, values, error);
  if (status != HEED_OK) return status;
  status = world->annotations != NULL
               ? from_log(world, values, host, &users, &annotations,
                          &self->resampled, error)
               : simulate_users(world, values, host, &users, &annotations,
                                &self->eta, &self->dimension, error);
  if (status == HEED_OK)
    status = fill(services, world, users, annotations, &all, error);
  if (status == HEED_OK)
    status = hold_out(services, values[USERS_HOLDOUT].number, &all, &kept,
                      &held, error);
  if (status == HEED_OK)
    status = fill(services, world, users, kept, &self->seen, error);
  if (status == HEED_OK)
    status = fill(services, world, users, held, &self->held_out, error);
  if (status != HEED_OK) return status;
  if (self->seen.annotations->rows == 0)
    return heed_fail(error, HEED_INVALID, "users: no annotation is left");
  self->with_eta = self->seen;
  return self->eta == NULL ? HEED_OK : with_eta(services, self, error);
}
