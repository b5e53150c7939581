/* SPDX-License-Identifier: GPL-3.0-or-later
 * From a packed log to counts: how often each user gave each answer.  The log
 * is read user by user, and memory holds only users and answers.
 *
 * An answer is a choice and the side of the responses, with the models if the
 * sweep names them.  Users have the order, and the answers of a user that of
 * their first row, as when the log is read row by row: fits have the same bits.
 */
#include <stdlib.h>
#include <string.h>

#include "sources/log/packed_loading.h"
#include "sources/log/packed_pairs.h"
#include "sources/log/packed_save.h"

#define NO_ANSWER UINT32_MAX /* of a class that is dropped */

typedef struct log_answers {
  size_t count, pairs;
  int8_t *choice, *left;
  uint32_t *pair;
  int32_t *model_a, *model_b; /* of the pair; NULL: without models */
  uint32_t *of_class;
} log_answers;

typedef struct counted_user {
  size_t begin, end; /* the rows that count the user's answers */
  int64_t first;     /* row of the log with the first annotation; -1: unknown */
  uint32_t name;
} counted_user;

typedef struct counting {
  packed_loading loading;
  packed_stream stream;
  packed_pairs pairs;
  log_answers answers;
  bool has_models, keeps_ties;
  bool drops;    /* ties */
  size_t *place; /* of each answer: 1 + its last row */
  /* A row counts the equal answers of a user. */
  size_t row_count, room;
  uint32_t *answer, *times;
  counted_user *users;
  size_t user_count;
  size_t tie_count, repeated, annotation_count;
} counting;

static heed_status no_memory(const counting *self) {
  return packed_no_memory(&self->loading);
}

/* ---- what the sweep asks for ---- */

static heed_status refuse(const counting *self, const char *what) {
  return log_fail(self->loading.log->error, HEED_UNSUPPORTED,
                  "%s: annotations = \"counts\" counts choices, sides and "
                  "models; it cannot be combined with %s",
                  self->loading.in.path, what);
}

static heed_status check_settings(const counting *self,
                                  const log_settings *settings) {
  const heed_value *named = settings->values[COLUMNS].items;
  const struct {
    bool given;
    const char *what;
  } all[] = {
      {named[P].given, "columns.p"},
      {named[GOLD].given, "columns.gold"},
      {named[TOPIC].given, "columns.topic"},
      {settings->covariate_count > 0, "columns.covariates"},
      {settings->values[DIFFERENCE].count > 0, "difference"},
      {settings->values[REFERENCES].count > 0, "references"},
      {settings->duplicates == DUPLICATES_FIRST, "duplicates = \"first\""}};
  for (size_t i = 0; i < sizeof all / sizeof *all; i++)
    if (all[i].given) return refuse(self, all[i].what);
  if (HEED_HAS(self->loading.log->world, path_count)) return HEED_OK;
  return heed_fail(self->loading.log->error, HEED_UNSUPPORTED,
                   "annotations = \"counts\" needs a host of ABI 4.1");
}

/* ---- answers ---- */

/* The number of an answer without models; their count: it is new. */
static uint32_t answer_with(log_answers *self, int8_t choice, int8_t left) {
  size_t i = 0;
  while (i < self->count &&
         (self->choice[i] != choice || self->left[i] != left))
    i++;
  return (uint32_t)i;
}

/* Classes are sorted by models: a pair of models begins where these change. */
static void add_answer(counting *self, const packed_class_table *classes,
                       size_t class_of) {
  log_answers *answers = &self->answers;
  const int8_t choice = classes->choice[class_of];
  const int8_t left = classes->left[class_of];
  const int32_t a = classes->model_a[class_of], b = classes->model_b[class_of];
  const size_t last = answers->pairs - 1;
  uint32_t number = (uint32_t)answers->count;
  if (!self->has_models) number = answer_with(answers, choice, left);
  answers->of_class[class_of] = number;
  if (number < answers->count) return;
  answers->choice[number] = choice;
  answers->left[number] = left;
  if (answers->pairs == 0 ||
      (self->has_models &&
       (answers->model_a[last] != a || answers->model_b[last] != b))) {
    answers->model_a[answers->pairs] = a;
    answers->model_b[answers->pairs] = b;
    answers->pairs++;
  }
  answers->pair[number] = (uint32_t)answers->pairs - 1;
  answers->count++;
}

static heed_status make_answers(counting *self,
                                const packed_class_table *classes) {
  log_answers *answers = &self->answers;
  const size_t room = classes->count + 1;
  answers->choice = calloc(room, 1);
  answers->left = calloc(room, 1);
  answers->pair = calloc(room, sizeof *answers->pair);
  answers->model_a = calloc(room, sizeof *answers->model_a);
  answers->model_b = calloc(room, sizeof *answers->model_b);
  answers->of_class = calloc(room, sizeof *answers->of_class);
  self->place = calloc(room, sizeof *self->place);
  if (answers->choice == NULL || answers->left == NULL ||
      answers->pair == NULL || answers->model_a == NULL ||
      answers->model_b == NULL || answers->of_class == NULL ||
      self->place == NULL)
    return no_memory(self);
  for (size_t i = 0; i < classes->count; i++)
    if (classes->choice[i] == HEED_CHOSE_TIE && !self->keeps_ties)
      answers->of_class[i] = NO_ANSWER;
    else
      add_answer(self, classes, i);
  return HEED_OK;
}

static heed_status load_answers(counting *self) {
  packed_class_table classes = {.count = 0};
  heed_status status = packed_load_classes(&self->loading, &classes);
  STEP(make_answers(self, &classes));
  for (size_t i = 0; status == HEED_OK && i < classes.count; i++)
    self->drops = self->drops || self->answers.of_class[i] == NO_ANSWER;
  packed_free_classes(&classes);
  return status;
}

/* ---- users ---- */

static bool has_room(counting *self) {
  const size_t room = self->room == 0 ? 1024 : 2 * self->room;
  uint32_t *answer, *times;
  if (self->row_count < self->room) return true;
  answer = reallocarray(self->answer, room, sizeof *answer);
  if (answer != NULL) self->answer = answer;
  times = reallocarray(self->times, room, sizeof *times);
  if (times != NULL) self->times = times;
  if (answer == NULL || times == NULL) return false;
  self->room = room;
  return true;
}

static heed_status count_answer(counting *self, const counted_user *user,
                                uint32_t answer) {
  size_t place = self->place[answer];
  if (place <= user->begin) {
    if (!has_room(self)) return no_memory(self);
    self->answer[self->row_count] = answer;
    self->times[self->row_count] = 0;
    place = self->place[answer] = ++self->row_count;
  }
  if (++self->times[place - 1] < UINT32_MAX) return HEED_OK;
  return log_fail(self->loading.log->error, HEED_UNSUPPORTED,
                  "%s: user \"%.60s\" gave the same answer more than %u times",
                  self->loading.in.path,
                  self->loading.log->everyone.text[user->name], UINT32_MAX - 1);
}

/* The user that the stream is at. */
static heed_status count_user(counting *self) {
  const packed_stream *stream = &self->stream;
  counted_user user = {.begin = self->row_count,
                       .first = -1,
                       .name = (uint32_t)stream->user - 1};
  heed_status status = HEED_OK;
  for (size_t i = 0; status == HEED_OK && i < stream->count; i++) {
    const uint32_t answer = self->answers.of_class[stream->class_of[i]];
    const bool tie =
        answer == NO_ANSWER || self->answers.choice[answer] == HEED_CHOSE_TIE;
    self->tie_count += tie;
    if (answer == NO_ANSWER) continue;
    if (user.begin == self->row_count && self->pairs.has_rows)
      user.first = self->pairs.row[i];
    self->annotation_count++;
    status = count_answer(self, &user, answer);
  }
  user.end = self->row_count;
  if (user.end > user.begin) self->users[self->user_count++] = user;
  return status;
}

static heed_status refuse_repeated(const counting *self, size_t user) {
  return log_fail(self->loading.log->error, HEED_INVALID,
                  "%s: user \"%.60s\" has annotated a pair twice; "
                  "source.duplicates = \"keep\" keeps all as independent "
                  "answers, source.annotations = \"rows\" names the pair",
                  self->loading.in.path,
                  self->loading.log->everyone.text[user]);
}

static heed_status count_users(counting *self) {
  const bool refuses =
      self->loading.log->settings->duplicates == DUPLICATES_ERROR;
  bool any = true;
  heed_status status = HEED_OK;
  while (status == HEED_OK && any) {
    status = packed_next_user(&self->stream, &any);
    if (status != HEED_OK || !any) break;
    status =
        packed_next_pairs(&self->pairs, self->stream.count, &self->repeated);
    if (status == HEED_OK && refuses && self->repeated > 0)
      return refuse_repeated(self, self->stream.user - 1);
    STEP(count_user(self));
  }
  return status;
}

static int compare_first(const void *one, const void *other) {
  const counted_user *a = one, *b = other;
  return a->first < b->first ? -1 : a->first > b->first;
}

/* ---- tables ---- */

static void put_annotations(const counting *self, heed_table *table) {
  const log_answers *answers = &self->answers;
  int64_t *user = heed_table_data(table, "user", HEED_INT64);
  int64_t *pair = heed_table_data(table, "pair", HEED_INT64);
  int8_t *choice = heed_table_data(table, "choice", HEED_INT8);
  int8_t *left = heed_table_data(table, "left", HEED_INT8);
  int64_t *count = heed_table_data(table, "count", HEED_INT64);
  const char **name =
      heed_table_data(self->loading.log->world->users, "name", HEED_STRING);
  size_t to = 0;
  for (size_t j = 0; j < self->user_count; j++) {
    const counted_user *one = &self->users[j];
    name[j] = self->loading.log->everyone.text[one->name];
    for (size_t i = one->begin; i < one->end; i++, to++) {
      const uint32_t answer = self->answer[i];
      user[to] = (int64_t)j;
      pair[to] = answers->pair[answer];
      choice[to] = answers->choice[answer];
      left[to] = answers->left[answer];
      count[to] = self->times[i];
    }
  }
}

static heed_status make_annotations(counting *self) {
  log_reading *log = self->loading.log;
  heed_memory memory = {log->host, false};
  heed_table *table = heed_new_table(&memory, "annotations", self->row_count);
  log->world->users = heed_new_table(&memory, "users", self->user_count);
  (void)heed_new_column(&memory, log->world->users, "name", HEED_STRING, 1);
  (void)heed_new_column(&memory, table, "user", HEED_INT64, 1);
  (void)heed_new_column(&memory, table, "pair", HEED_INT64, 1);
  (void)heed_new_column(&memory, table, "choice", HEED_INT8, 1);
  (void)heed_new_column(&memory, table, "left", HEED_INT8, 1);
  (void)heed_new_column(&memory, table, "count", HEED_INT64, 1);
  if (memory.refused) return no_memory(self);
  put_annotations(self, table);
  log->world->annotations = table;
  log->world->order_unknown = true;
  return HEED_OK;
}

/* A pair of models for all pairs that have them. */
static heed_status make_pairs(counting *self) {
  const log_answers *answers = &self->answers;
  log_reading *log = self->loading.log;
  heed_memory memory = {log->host, false};
  heed_table *pairs = heed_new_table(&memory, "pairs", answers->pairs);
  heed_table *models = heed_new_table(&memory, "models", log->models.count);
  const char **name = heed_new_column(&memory, models, "name", HEED_STRING, 1);
  const struct {
    const char *name;
    const int32_t *values;
  } columns[] = {{"model_a", answers->model_a}, {"model_b", answers->model_b}};
  for (size_t i = 0; self->has_models && i < 2; i++) {
    int32_t *column =
        heed_new_column(&memory, pairs, columns[i].name, HEED_INT32, 1);
    if (column != NULL)
      memcpy(column, columns[i].values, answers->pairs * sizeof *column);
  }
  if (memory.refused) return no_memory(self);
  if (log->models.count > 0)
    memcpy(name, log->models.text, log->models.count * sizeof *name);
  log->world->pairs = pairs;
  log->world->models = models;
  log->world->path = self->loading.in.path;
  return HEED_OK;
}

/* ---- the log ---- */

static heed_status check_any(const counting *self) {
  if (self->row_count > 0) return HEED_OK;
  return log_fail(
      self->loading.log->error, HEED_INVALID,
      self->tie_count > 0
          ? "%s: found only ties, which source.ties = \"drop\" drops"
          : "%s: no annotations",
      self->loading.in.path);
}

/* Rows would take gold answers from the file. */
static heed_status check_gold(const counting *self) {
  if (!packed_has(&self->loading.in, PACKED_GOLD)) return HEED_OK;
  return log_fail(self->loading.log->error, HEED_UNSUPPORTED,
                  "%s: has gold answers, which annotations = \"counts\" cannot "
                  "use; pack the log with --drop gold",
                  self->loading.in.path);
}

static heed_status load_names(counting *self) {
  packed_loading *loading = &self->loading;
  log_reading *log = loading->log;
  heed_status status =
      packed_load_ids(loading, PACKED_USERS, packed_fact(loading, FACT_USERS),
                      &log->everyone, false);
  if (self->has_models)
    STEP(packed_load_ids(loading, PACKED_MODELS,
                         packed_fact(loading, FACT_MODELS), &log->models,
                         false));
  self->users =
      calloc(packed_fact(loading, FACT_USERS) + 1, sizeof *self->users);
  return self->users == NULL && status == HEED_OK ? no_memory(self) : status;
}

static heed_status stream_users(counting *self) {
  heed_status status = packed_stream_open(&self->stream, &self->loading.in);
  const heed_status opened = packed_pairs_open(&self->pairs, &self->loading.in);
  STEP(opened);
  STEP(count_users(self));
  packed_stream_close(&self->stream);
  packed_pairs_close(&self->pairs);
  return status;
}

static void report_facts(const counting *self) {
  const packed_loading *loading = &self->loading;
  log_reading *log = loading->log;
  log->row_count = packed_fact(loading, FACT_ANNOTATIONS);
  log->faults.count = packed_fact(loading, FACT_MALFORMED);
  log->omitted_count = packed_fact(loading, FACT_OMITTED);
  log->tie_count = self->tie_count;
  log->duplicate_count = self->repeated;
  log->user_count = self->user_count;
  log->only_ties = packed_fact(loading, FACT_USERS) - self->user_count;
  log->pairs.names.count = packed_fact(loading, FACT_PAIRS);
  if (!packed_has(&loading->in, PACKED_PAIR) &&
      log->settings->duplicates == DUPLICATES_ERROR)
    log_warn(log->host, "duplicates_unknown",
             "%s: has no pairs (packed with --drop pair): repeated annotations "
             "cannot be found",
             loading->in.path);
}

static heed_status count(counting *self, log_settings *settings) {
  packed_loading *loading = &self->loading;
  heed_status status = check_settings(self, settings);
  self->has_models = settings->values[COLUMNS].items[LEFT_MODEL].given;
  self->keeps_ties = settings->values[TIES].integer == TIES_KEEP;
  STEP(packed_load_columns(loading));
  STEP(packed_check_texts(loading, settings));
  STEP(packed_adopt_columns(loading, settings));
  STEP(check_gold(self));
  STEP(load_names(self));
  STEP(load_answers(self));
  STEP(stream_users(self));
  STEP(packed_check_rest(&loading->in));
  STEP(check_any(self));
  if (status != HEED_OK) return status;
  if (self->drops && packed_has(&loading->in, PACKED_ROW))
    qsort(self->users, self->user_count, sizeof *self->users, compare_first);
  report_facts(self);
  status = make_annotations(self);
  STEP(make_pairs(self));
  return status;
}

static void close_counting(counting *self) {
  log_answers *answers = &self->answers;
  free(answers->choice);
  free(answers->left);
  free(answers->pair);
  free(answers->model_a);
  free(answers->model_b);
  free(answers->of_class);
  free(self->place);
  free(self->answer);
  free(self->times);
  free(self->users);
}

heed_status packed_count(log_reading *log, log_settings *settings) {
  counting self = {.loading = {.log = log, .memory = {log->host, false}}};
  heed_status status = packed_open(
      &self.loading.in, settings->values[PATH].items[0].text, log->error);
  STEP(count(&self, settings));
  packed_close(&self.loading.in);
  close_counting(&self);
  return status;
}
