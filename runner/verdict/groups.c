/* SPDX-License-Identifier: GPL-3.0-or-later
 * Groups of users by a covariate of their annotations. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "verdict/verdict.h"

/* ---- ranges of numbers ---- */

static size_t count_different(size_t count, const double *numbers) {
  size_t different = 0;
  for (size_t i = 0; i < count; i++)
    different += i == 0 || numbers[i] != numbers[i - 1];
  return different;
}

/* The end of a run of equal numbers that is nearest to a place. */
static size_t nearest_edge(size_t count, const double *numbers, size_t place) {
  size_t before = place, after = place;
  while (before > 0 && numbers[before - 1] == numbers[place]) before--;
  while (after < count && numbers[after] == numbers[place]) after++;
  return place - before <= after - place ? before : after;
}

size_t groups_cut(size_t count, const double *numbers, size_t most,
                  size_t *starts) {
  const bool each = count_different(count, numbers) <= most;
  size_t ranges = 0;
  starts[0] = 0;
  if (count == 0) return 0;
  for (size_t i = 1; each && i < count; i++)
    if (numbers[i] != numbers[i - 1]) starts[++ranges] = i;
  for (size_t g = 1; !each && g < most; g++) {
    const size_t edge = nearest_edge(count, numbers, g * count / most);
    if (edge > starts[ranges] && edge < count) starts[++ranges] = edge;
  }
  starts[++ranges] = count;
  return ranges;
}

/* ---- who is in which group ---- */

typedef struct groups_place {
  const char *word;
  double number;
  size_t row;
} groups_place;

static bool is_unknown(const groups_place *place) {
  return place->word == NULL ? isnan(place->number) : *place->word == '\0';
}

/* Unknown is last. */
static int ascending(const void *a, const void *b) {
  const groups_place *one = a, *other = b;
  int order = (int)is_unknown(one) - (int)is_unknown(other);
  if (order == 0 && one->word != NULL) order = strcmp(one->word, other->word);
  if (order == 0 && one->word == NULL && !isnan(one->number))
    order = (one->number > other->number) - (one->number < other->number);
  if (order == 0) order = one->row < other->row ? -1 : 1;
  return order;
}

/* Users in the order of their words or numbers; NULL: out of memory. */
static groups_place *sort_users(const heed_column *column, size_t count) {
  groups_place *places = malloc((count + 1) * sizeof *places);
  for (size_t j = 0; places != NULL && j < count; j++)
    places[j] =
        column->type == HEED_STRING
            ? (groups_place){((const char *const *)column->data)[j], NAN, j}
            : (groups_place){NULL, ((const double *)column->data)[j], j};
  if (places != NULL) qsort(places, count, sizeof *places, ascending);
  return places;
}

static void add_group(verdict_groups *self, const groups_place *places,
                      size_t start, size_t end) {
  const groups_place *first = &places[start];
  const bool known = first->word == NULL && !isnan(first->number);
  for (size_t i = start; i < end; i++)
    self->group_of[places[i].row] = self->count;
  self->groups[self->count++] =
      (verdict_group){.word = is_unknown(first) ? "" : first->word,
                      .low = known ? first->number : NAN,
                      .high = known ? places[end - 1].number : NAN,
                      .users = end - start};
}

static heed_status add_ranges(verdict_groups *self, size_t known,
                              const groups_place *places, size_t most,
                              heed_error *error) {
  double *numbers = malloc((known + 1) * sizeof *numbers);
  size_t *starts = malloc((most + 1) * sizeof *starts);
  if (numbers == NULL || starts == NULL) {
    free(numbers);
    free(starts);
    return heed_no_memory(error);
  }
  for (size_t i = 0; i < known; i++) numbers[i] = places[i].number;
  const size_t ranges = groups_cut(known, numbers, most, starts);
  for (size_t k = 0; k < ranges; k++)
    add_group(self, places, starts[k], starts[k + 1]);
  free(numbers);
  free(starts);
  return HEED_OK;
}

static void add_words(verdict_groups *self, size_t known,
                      const groups_place *places) {
  for (size_t i = 0, start = 0; i < known; i++)
    if (i + 1 == known || strcmp(places[i].word, places[i + 1].word) != 0) {
      add_group(self, places, start, i + 1);
      start = i + 1;
    }
}

static int by_users(const void *a, const void *b) {
  const verdict_group *one = a, *other = b;
  if (one->users != other->users) return one->users > other->users ? -1 : 1;
  return strcmp(one->word, other->word);
}

/* Sorts the groups of words. */
static heed_status put_largest_first(verdict_groups *self, size_t known,
                                     size_t users, heed_error *error) {
  size_t *place = malloc((known + 1) * sizeof *place);
  if (place == NULL) return heed_no_memory(error);
  /* `trusted` is the old number while they are sorted. */
  for (size_t g = 0; g < known; g++) self->groups[g].trusted = g;
  qsort(self->groups, known, sizeof *self->groups, by_users);
  for (size_t g = 0; g < known; g++) {
    place[self->groups[g].trusted] = g;
    self->groups[g].trusted = 0;
  }
  for (size_t j = 0; j < users; j++)
    if (self->group_of[j] < known) self->group_of[j] = place[self->group_of[j]];
  free(place);
  return HEED_OK;
}

static heed_status divide(verdict_groups *self, const heed_column *column,
                          size_t count, size_t most, heed_error *error) {
  groups_place *places = sort_users(column, count);
  heed_status status = HEED_OK;
  size_t known = 0;
  self->of_numbers = column->type == HEED_FLOAT64;
  self->groups = calloc(count + 1, sizeof *self->groups);
  self->group_of = calloc(count + 1, sizeof *self->group_of);
  if (places == NULL || self->groups == NULL || self->group_of == NULL) {
    free(places);
    return heed_no_memory(error);
  }
  while (known < count && !is_unknown(&places[known])) known++;
  if (self->of_numbers)
    status = add_ranges(self, known, places, most, error);
  else
    add_words(self, known, places);
  if (status == HEED_OK && !self->of_numbers)
    status = put_largest_first(self, self->count, count, error);
  if (status == HEED_OK && known < count) add_group(self, places, known, count);
  free(places);
  return status;
}

/* ---- what is said of a group ---- */

static void count_users(verdict_groups *self, const verdict_users *users) {
  const double *mean = heed_table_data(users->table, "mean", HEED_FLOAT64);
  const int64_t *count =
      heed_table_data(users->table, "annotations", HEED_INT64);
  for (size_t j = 0; j < users->count; j++) {
    verdict_group *group = &self->groups[self->group_of[j]];
    group->annotations += count == NULL ? 0 : count[j];
    group->eta += (mean == NULL ? NAN : mean[j]) / (double)group->users;
    group->careless += users->call[j] == VERDICT_CARELESS;
    group->trusted += users->call[j] == VERDICT_TRUSTED;
  }
}

/* The share of each group's users in a table who attend, by normal
 * distributions.  group_of: of each row; SIZE_MAX: none.  NaN: unknown. */
static void share_normally(const heed_table *table, const size_t *group_of,
                           double threshold, size_t groups, size_t *room,
                           double *share) {
  const double *mean = heed_table_data(table, "mean", HEED_FLOAT64);
  const double *sd = heed_table_data(table, "sd", HEED_FLOAT64);
  bool known = false;
  for (size_t g = 0; g < groups; g++) share[g] = 0;
  memset(room, 0, groups * sizeof *room);
  for (size_t j = 0; mean != NULL && sd != NULL && j < table->rows; j++) {
    known = known || sd[j] > 0;
    if (group_of[j] == SIZE_MAX) continue;
    share[group_of[j]] += 1 - careless_below_normal(mean[j], sd[j], threshold);
    room[group_of[j]]++;
  }
  for (size_t g = 0; g < groups; g++)
    share[g] = known && room[g] > 0 ? share[g] / (double)room[g] : NAN;
}

/* A resampled log has some of the log's users, in the same order. */
static void find_again(const heed_table *log, const heed_table *resampled,
                       const size_t *group_of, size_t *found) {
  const char *const *all = heed_table_data(log, "name", HEED_STRING);
  const char *const *some = heed_table_data(resampled, "name", HEED_STRING);
  size_t next = 0;
  for (size_t j = 0; j < resampled->rows; j++) {
    found[j] = SIZE_MAX;
    if (all == NULL || some == NULL) continue;
    while (next < log->rows && strcmp(all[next], some[j]) != 0) next++;
    if (next < log->rows) found[j] = group_of[next++];
  }
}

typedef struct groups_work {
  size_t replicates; /* without the log */
  size_t *found;     /* group of each user of a table */
  size_t *room;      /* of each group */
  double *normal;    /* of each group: the log's share by normal distributions
                      */
  double *shares;    /* replicates x groups, then of one group in turn */
  double *turned, *attends;
} groups_work;

static void work_free(groups_work *self) {
  free(self->found);
  free(self->room);
  free(self->normal);
  free(self->shares);
  free(self->turned);
  free(self->attends);
}

static heed_status work_open(groups_work *self, size_t users, size_t groups,
                             size_t replicates, heed_error *error) {
  *self = (groups_work){
      .replicates = replicates,
      .found = calloc(users + 1, sizeof *self->found),
      .room = calloc(groups + 1, sizeof *self->room),
      .normal = calloc(groups + 1, sizeof *self->normal),
      .shares = calloc(replicates * groups + 1, sizeof *self->shares),
      .turned = calloc(replicates + 1, sizeof *self->turned),
      .attends = calloc(users + 1, sizeof *self->attends)};
  return self->found == NULL || self->room == NULL || self->normal == NULL ||
                 self->shares == NULL || self->turned == NULL ||
                 self->attends == NULL
             ? heed_no_memory(error)
             : HEED_OK;
}

static heed_status read_replicates(view_result *result, size_t point,
                                   double threshold, const verdict_users *users,
                                   const verdict_groups *groups,
                                   groups_work *work, heed_error *error) {
  for (size_t r = 0; r < work->replicates; r++) {
    const size_t cell = point * result->plan->replicates + r + 1;
    double *share = work->shares + r * groups->count;
    result->cells.file.error = error;
    heed_table *table =
        batch_kept(&result->cells, PLAN_KEPT_USERS, view_place(result, cell));
    if (result->cells.file.status != HEED_OK) return result->cells.file.status;
    for (size_t g = 0; g < groups->count; g++) share[g] = NAN;
    if (table != NULL && table->rows <= users->count) {
      find_again(users->table, table, groups->group_of, work->found);
      share_normally(table, work->found, threshold, groups->count, work->room,
                     share);
    }
    kept_free(table);
  }
  return HEED_OK;
}

/* P(eta >= threshold) of users, those of a group beside each other. */
static void put_attends(const verdict_users *users,
                        const verdict_groups *groups, groups_work *work) {
  for (size_t g = 0, start = 0; g < groups->count; g++) {
    work->room[g] = start;
    start += groups->groups[g].users;
  }
  for (size_t j = 0; j < users->count; j++)
    work->attends[work->room[groups->group_of[j]]++] = 1 - users->careless[j];
}

static void find_share(verdict_groups *groups, size_t g, const double *attends,
                       const groups_work *work) {
  const size_t count = groups->groups[g].users;
  double value = 0;
  for (size_t i = 0; i < count; i++) value += attends[i] / (double)count;
  for (size_t r = 0; r < work->replicates; r++)
    work->turned[r] =
        value + work->shares[r * groups->count + g] - work->normal[g];
  groups->groups[g].share =
      careless_share(count, attends, work->replicates, work->turned);
}

static heed_status find_shares(view_result *result, size_t point,
                               double threshold, const verdict_users *users,
                               verdict_groups *groups, heed_error *error) {
  const size_t replicates =
      view_is_bootstrap(result, point) ? result->plan->replicates - 1 : 0;
  groups_work work;
  heed_status status =
      work_open(&work, users->count, groups->count, replicates, error);
  if (status == HEED_OK) {
    share_normally(users->table, groups->group_of, threshold, groups->count,
                   work.room, work.normal);
    status =
        read_replicates(result, point, threshold, users, groups, &work, error);
  }
  if (status == HEED_OK) put_attends(users, groups, &work);
  for (size_t g = 0, start = 0; status == HEED_OK && g < groups->count; g++) {
    find_share(groups, g, work.attends + start, &work);
    start += groups->groups[g].users;
  }
  work_free(&work);
  return status;
}

/* ---- all of it ---- */

static heed_status no_covariate(const view_result *result,
                                const heed_table *table, const char *name,
                                heed_error *error) {
  const size_t start = sizeof PLAN_COVARIATE - 1;
  char known[HEED_MESSAGE_SIZE / 2] = "";
  size_t used = 0;
  for (size_t i = 0; i < table->column_count; i++)
    if (strncmp(table->columns[i].name, PLAN_COVARIATE, start) == 0 &&
        used < sizeof known)
      used += (size_t)snprintf(known + used, sizeof known - used, "%s\"%.40s\"",
                               used == 0 ? "" : ", ",
                               table->columns[i].name + start);
  if (used == 0)
    return heed_fail(error, HEED_INVALID,
                     "%s: has no covariates of users; the sweep needs "
                     "columns.covariates of its log and keep = {\"users\"}",
                     result->path);
  return heed_fail(error, HEED_INVALID,
                   "%s: users have no covariate \"%s\"; expected one of %s",
                   result->path, name, known);
}

static const heed_column *find_column(const heed_table *table,
                                      const char *name) {
  const size_t start = sizeof PLAN_COVARIATE - 1;
  for (size_t i = 0; i < table->column_count; i++) {
    const heed_column *column = &table->columns[i];
    if (strncmp(column->name, PLAN_COVARIATE, start) == 0 &&
        strcmp(column->name + start, name) == 0 && column->width == 1 &&
        (column->type == HEED_FLOAT64 || column->type == HEED_STRING))
      return column;
  }
  return NULL;
}

heed_status verdict_find_groups(view_result *result, size_t point,
                                const verdict_question *question,
                                const verdict_users *users,
                                const char *covariate, size_t most,
                                verdict_groups *groups, heed_error *error) {
  const heed_column *column = find_column(users->table, covariate);
  *groups = (verdict_groups){0};
  if (column == NULL)
    return no_covariate(result, users->table, covariate, error);
  heed_status status = divide(groups, column, users->count, most, error);
  if (status == HEED_OK) {
    count_users(groups, users);
    status =
        find_shares(result, point, question->threshold, users, groups, error);
  }
  if (status != HEED_OK) verdict_groups_free(groups);
  return status;
}

void verdict_groups_free(verdict_groups *groups) {
  free(groups->groups);
  free(groups->group_of);
  *groups = (verdict_groups){0};
}
