/* SPDX-License-Identifier: GPL-3.0-or-later
 * Packs a log that is larger than memory.
 *
 *   files -> rows, by the hash of their pair      read once; cells are checked
 *         -> annotations and pairs, part by part  a part fits in memory: its
 *                                                 pairs are found, its sides
 *                                                 turned as take.c does
 *         -> annotations, by user, and pairs      the parts are merged into the
 *                                                 order of the log, as it is
 *                                                 known which part has a row;
 *                                                 annotations go to buckets of
 *                                                 users
 *         -> the packed log, all columns at the same time
 *
 * Users, models, topics and words stay in memory.  Their numbers are those of
 * the order of the log: each remembers the moment at which it was first named.
 * The file is the same as without sorting. */
#include <stdlib.h>
#include <string.h>

#include "sources/log/large.h"
#include "sources/log/packed_content.h"
#include "sources/log/packed_records.h"
#include "sources/log/packed_rows.h"
#include "sources/log/packed_save.h"
#include "sources/log/spool.h"

#define PARTS_LEAST 4
#define PARTS_MOST 192 /* three files of each, and of buckets, may be open */
#define BUCKETS_MOST 192
#define NO_PART 255 /* of a row that is malformed or omitted */
#define MEMORY_LEAST ((uint64_t)64 << 20) /* of a part */
/* Parts and buckets that stay near the processor. */
#define PART_BYTES ((uint64_t)1 << 26)
#define BUCKET_BYTES ((uint64_t)1 << 24)
#define ANNOTATIONS_MOST ((uint64_t)1 << 32) /* minus one */
#define AHEAD ((size_t)16)
#define ROWS_ASKED 65536 /* between two looks whether to stop */

#define STEP(call) \
  if (status == HEED_OK) status = (call)

/* Positions among some of the rows: bits, and how many come before each block
 * of 64. */
typedef struct row_set {
  uint64_t *bits;
  uint32_t *before;
  size_t blocks;
} row_set;

/* The final number of a user, and the bucket of its annotations. */
typedef struct user_place {
  uint32_t user, bucket;
} user_place;

typedef struct packed_sorting {
  log_reading *log;
  const heed_packing *packing;
  packed_content content;
  size_t parts, part, buckets;
  log_spool part_of; /* a byte for each row of the log */
  int64_t placed;    /* rows that have theirs */
  packed_rows rows[PARTS_MOST];
  packed_records annotations[PARTS_MOST], pairs[PARTS_MOST];
  packed_records bucket[BUCKETS_MOST];
  packed_records merged; /* pairs, in the order of the file */
  log_hash hash;         /* which part a pair is in */
  log_pool pair_names;   /* of the current part */
  uint64_t moment;
  uint64_t *count; /* annotations by user, in the order of parts */
  size_t count_room;
  uint64_t total;                                    /* annotations */
  row_set firsts;                                    /* first rows of pairs */
  uint32_t *user_of, *model_of, *topic_of, *word_of; /* final numbers */
  user_place *place;
  uint32_t *class_of;
  packed_classes classes; /* before models have their final numbers */
  const char **user_text, **model_text, **topic_text, **word_text;
  size_t *first;
  uint64_t bucket_size; /* annotations */
  uint64_t *sorted;     /* of a bucket */
  size_t sorted_room;
  packed_annotation one;
  double *numbers;
  uint32_t *words;
  packed_pair_room pair;
} packed_sorting;

static heed_status no_memory(const packed_sorting *self) {
  return heed_no_memory(self->log->error);
}

static heed_status open_records(const packed_sorting *self,
                                packed_records *records) {
  return packed_records_open(records, &self->content, self->packing->folder);
}

static heed_status ask(const packed_sorting *self, uint64_t count) {
  const heed_host *host = self->log->host;
  return count % ROWS_ASKED == 0 && host->cancelled(host)
             ? heed_fail(self->log->error, HEED_CANCELLED, "interrupted")
             : HEED_OK;
}

/* ---- sets of rows ---- */

static bool set_open(row_set *self, size_t rows) {
  self->blocks = rows / 64 + 1;
  self->bits = log_large(self->blocks, sizeof *self->bits);
  self->before = log_large(self->blocks, sizeof *self->before);
  return self->bits != NULL && self->before != NULL;
}

static void set_close(row_set *self) {
  free(self->bits);
  free(self->before);
}

static void set_add(row_set *self, uint64_t row) {
  self->bits[row / 64] |= (uint64_t)1 << row % 64;
}

static void set_count(row_set *self) {
  uint32_t before = 0;
  for (size_t i = 0; i < self->blocks; i++) {
    self->before[i] = before;
    before += (uint32_t)__builtin_popcountll(self->bits[i]);
  }
}

/* Members before a row. */
static uint32_t set_rank(const row_set *self, uint64_t row) {
  const uint64_t below = ((uint64_t)1 << row % 64) - 1;
  return self->before[row / 64] +
         (uint32_t)__builtin_popcountll(self->bits[row / 64] & below);
}

/* ---- rows, by their pair ---- */

/* Rows before `row` that have no part so far are malformed or omitted. */
static heed_status place_rows(packed_sorting *self, int64_t row) {
  static const unsigned char none = NO_PART;
  heed_status status = HEED_OK;
  for (; status == HEED_OK && self->placed < row; self->placed++)
    status = log_spool_put(&self->part_of, &none, 1);
  return status;
}

static heed_status divert(void *context, const log_row *row, log_text pair) {
  packed_sorting *self = context;
  const log_reading *log = self->log;
  const unsigned char part =
      (unsigned char)(log_hash_of(&self->hash, pair) % self->parts);
  heed_status status = place_rows(self, log->row);
  STEP(log_spool_put(&self->part_of, &part, 1));
  self->placed++;
  STEP(packed_put_row(&self->rows[part], log, row));
  STEP(ask(self, (uint64_t)log->row));
  return status;
}

static heed_status divide_rows(packed_sorting *self) {
  log_reading *log = self->log;
  heed_status status =
      log_spool_open(&self->part_of, self->packing->folder, log->error);
  log_hash_open(&self->hash);
  for (size_t i = 0; i < self->parts; i++)
    STEP(packed_rows_open(&self->rows[i], self->packing->folder, log->error));
  log->divert = divert;
  log->divert_context = self;
  STEP(log_read_rows(log));
  log->divert = NULL;
  STEP(place_rows(self, log->row + 1));
  return status;
}

static heed_status send_part(log_reading *log, log_sink sink, void *context) {
  packed_sorting *self = context;
  return packed_send_rows(&self->rows[self->part], log, sink, &self->moment);
}

/* ---- a part ---- */

static void find_columns(packed_sorting *self) {
  const log_settings *settings = self->log->settings;
  self->content.has =
      (packed_has_columns){.models = settings->column[LEFT_MODEL] != NULL,
                           .p = settings->column[P] != NULL,
                           .time = settings->column[TIME] != NULL,
                           .topic = settings->column[TOPIC] != NULL,
                           .gold = settings->column[GOLD] != NULL,
                           .texts = log_has_texts(settings)};
}

static bool has_room_for_users(packed_sorting *self) {
  const size_t users = self->log->everyone.count, room = 2 * users + 256;
  uint64_t *more;
  if (users <= self->count_room) return true;
  more = log_large_grown(self->count, self->count_room * sizeof *more,
                         room * sizeof *more);
  if (more == NULL) return false;
  memset(more + self->count_room, 0, (room - self->count_room) * sizeof *more);
  self->count = more;
  self->count_room = room;
  return true;
}

/* row: that of the log; pair: its first row. */
static heed_status put_annotation(packed_sorting *self, size_t at,
                                  uint64_t first) {
  const log_annotations *all = &self->log->all;
  packed_annotation one = packed_annotation_at(self->log, at);
  if (at + AHEAD < all->count)
    __builtin_prefetch(&self->count[all->user[at + AHEAD]], 1);
  if (!packed_know_class(&self->classes, packed_class_at(self->log, at),
                         &one.class_of))
    return no_memory(self);
  one.row = all->row[at];
  one.pair = (int64_t)first;
  self->count[all->user[at]]++;
  return packed_put_annotation_record(&self->annotations[self->part],
                                      all->user[at], &one);
}

/* Pairs have numbers in the order of their first annotations. */
static heed_status put_part(packed_sorting *self) {
  const log_reading *log = self->log;
  const log_annotations *all = &log->all;
  uint64_t *first = calloc(log->pairs.names.count + 1, sizeof *first);
  size_t known = 0;
  heed_status status =
      first == NULL || !has_room_for_users(self) ? no_memory(self) : HEED_OK;
  for (size_t i = 0; status == HEED_OK && i < all->count; i++) {
    const uint32_t number = all->pair[i];
    if (number == known) {
      const packed_pair one = packed_pair_at(log, number);
      first[known++] = (uint64_t)all->row[i];
      set_add(&self->firsts, first[number]);
      status = packed_put_pair_record(&self->pairs[self->part], &one);
    }
    STEP(put_annotation(self, i, first[number]));
  }
  self->total += all->count;
  free(first);
  return status;
}

/* Users and models stay, pairs and annotations go. */
static void clear_part(packed_sorting *self) {
  log_reading *log = self->log;
  log_names_clear(&log->pairs.names);
  log_pool_clear(&self->pair_names);
  log->pairs.names.pool = &self->pair_names;
  log->all.count = 0;
}

/* The error of the first row in the log is shown, whatever part it is in. */
typedef struct part_error {
  heed_status status;
  int64_t row;
  heed_error error;
} part_error;

static void keep_first(part_error *first, const packed_sorting *self,
                       heed_status status) {
  if (first->status != HEED_OK && first->row <= self->log->row) return;
  *first = (part_error){status, self->log->row, *self->log->error};
}

static heed_status take_part(packed_sorting *self, part_error *malformed) {
  heed_status status;
  clear_part(self);
  status = open_records(self, &self->annotations[self->part]);
  STEP(open_records(self, &self->pairs[self->part]));
  if (status != HEED_OK) return status;
  status = log_take_rows(self->log, send_part, self);
  packed_rows_close(&self->rows[self->part]);
  if (status == HEED_INVALID) {
    keep_first(malformed, self, status);
    return HEED_OK;
  }
  STEP(put_part(self));
  return status;
}

static heed_status check_total(const packed_sorting *self) {
  if (self->total == 0)
    return log_fail(self->log->error, HEED_INVALID,
                    "%s: no annotations to pack", log_path(self->log, 0));
  if (self->total >= ANNOTATIONS_MOST)
    return heed_fail(self->log->error, HEED_UNSUPPORTED,
                     "%s: heed packs fewer than 2^32 annotations, found %llu",
                     log_path(self->log, 0), (unsigned long long)self->total);
  return HEED_OK;
}

static heed_status take_parts(packed_sorting *self) {
  log_reading *log = self->log;
  const int64_t rows = log->row + 1;
  part_error malformed = {.status = HEED_OK};
  heed_status status = HEED_OK;
  log_names *const noted[] = {&log->everyone, &log->models, &log->topics,
                              &log->words};
  for (size_t i = 0; i < 4; i++) noted[i]->moment = &self->moment;
  log->keeps_rows = true;
  log->memory = log->memory > MEMORY_LEAST ? log->memory : MEMORY_LEAST;
  if (!set_open(&self->firsts, (size_t)rows)) return no_memory(self);
  for (self->part = 0; status == HEED_OK && self->part < self->parts;
       self->part++)
    status = take_part(self, &malformed);
  clear_part(self);
  log->row = rows - 1;
  if (status == HEED_OK && malformed.status != HEED_OK) {
    *log->error = malformed.error;
    return malformed.status;
  }
  STEP(check_total(self));
  return status;
}

/* ---- final numbers ---- */

typedef struct moment_of {
  uint64_t moment;
  size_t id;
} moment_of;

static int compare_moments(const void *one, const void *other) {
  const moment_of *a = one, *b = other;
  return a->moment < b->moment ? -1 : a->moment > b->moment;
}

/* In the order in which the log names them. */
static bool number_names(const log_names *names, uint32_t **number,
                         const char ***text, packed_names *sorted) {
  moment_of *order = calloc(names->count + 1, sizeof *order);
  *number = log_large(names->count + 1, sizeof **number);
  *text = calloc(names->count + 1, sizeof **text);
  if (order == NULL || *number == NULL || *text == NULL) {
    free(order);
    return false;
  }
  for (size_t i = 0; i < names->count; i++)
    order[i] = (moment_of){names->first[i], i};
  qsort(order, names->count, sizeof *order, compare_moments);
  for (size_t i = 0; i < names->count; i++) {
    (*number)[order[i].id] = (uint32_t)i;
    (*text)[i] = names->text[order[i].id];
  }
  *sorted = (packed_names){*text, names->count};
  free(order);
  return true;
}

static packed_class final_class(const packed_sorting *self, size_t at) {
  packed_class one = self->classes.all[at];
  if (one.model_a >= 0) {
    one.model_a = (int32_t)self->model_of[one.model_a];
    one.model_b = (int32_t)self->model_of[one.model_b];
  }
  return one;
}

static bool number_classes(packed_sorting *self) {
  const size_t count = self->classes.count;
  packed_classes *classes = &self->content.classes;
  uint32_t number;
  self->class_of = calloc(count + 1, sizeof *self->class_of);
  if (self->class_of == NULL) return false;
  for (size_t i = 0; i < count; i++)
    if (!packed_know_class(classes, final_class(self, i), &number))
      return false;
  if (!packed_sort_classes(classes)) return false;
  for (size_t i = 0; i < count; i++)
    self->class_of[i] = packed_number_of(classes, final_class(self, i));
  return true;
}

static bool find_first(packed_sorting *self) {
  const size_t users = self->log->everyone.count;
  self->first = log_large(users + 2, sizeof *self->first);
  if (self->first == NULL) return false;
  for (size_t j = 0; j < users; j++)
    self->first[self->user_of[j] + 1] = (size_t)self->count[j];
  for (size_t j = 0; j < users; j++) self->first[j + 1] += self->first[j];
  return true;
}

static heed_status number_all(packed_sorting *self) {
  const log_reading *log = self->log;
  packed_content *content = &self->content;
  const bool fine = number_names(&log->everyone, &self->user_of,
                                 &self->user_text, &content->users) &&
                    number_names(&log->models, &self->model_of,
                                 &self->model_text, &content->models) &&
                    number_names(&log->topics, &self->topic_of,
                                 &self->topic_text, &content->topics) &&
                    number_names(&log->words, &self->word_of, &self->word_text,
                                 &content->words) &&
                    number_classes(self) && find_first(self);
  set_count(&self->firsts);
  return fine ? HEED_OK : no_memory(self);
}

/* ---- the order of the log: annotations to buckets of users, pairs ---- */

/* Words of an annotation in a bucket: row and pair; line and class; p; time;
 * number and word of each covariate. */
static size_t words_of(const packed_sorting *self) {
  const packed_has_columns *has = &self->content.has;
  return 2u + has->p + has->time + 2 * self->log->settings->covariate_count;
}

/* How many annotations a bucket has, if no user has more. */
static uint64_t bucket_size(const packed_sorting *self) {
  const uint64_t share = self->packing->memory / 4;
  const uint64_t bytes = share < BUCKET_BYTES ? share : BUCKET_BYTES;
  const uint64_t size = bytes / (words_of(self) * sizeof(uint64_t));
  const uint64_t least = self->total / (BUCKETS_MOST - 1) + 1;
  return size > least ? size : least;
}

static heed_status merge_pair(packed_sorting *self, packed_records *records) {
  packed_pair *one = &self->pair.pair;
  heed_status status = packed_take_pair_record(records, &self->pair);
  if (status != HEED_OK) return status;
  if (self->content.has.models) {
    one->model_a = (int32_t)self->model_of[one->model_a];
    one->model_b = (int32_t)self->model_of[one->model_b];
  }
  if (self->content.has.topic) one->topic = self->topic_of[one->topic];
  packed_measure_pair(&self->content, self->content.pairs, one);
  return packed_put_pair_record(&self->merged, one);
}

/* Its numbers become those of the file.  The next annotation of the part comes
 * later: its user is asked for early. */
static heed_status merge_annotation(packed_sorting *self,
                                    packed_records *records) {
  packed_annotation *one = &self->one;
  const user_place place = self->place[records->user];
  heed_status status =
      packed_take_annotation_record(records, one, self->numbers, self->words);
  if (status != HEED_OK) return status;
  __builtin_prefetch(&self->place[records->user]);
  one->row = (int64_t)self->content.annotations;
  one->pair = set_rank(&self->firsts, (uint64_t)one->pair);
  one->class_of = self->class_of[one->class_of];
  for (size_t i = 0; i < records->covariates; i++)
    if (self->words[i] != 0)
      self->words[i] = 1 + self->word_of[self->words[i] - 1];
  packed_measure_annotation(&self->content, one);
  return packed_put_annotation_record(&self->bucket[place.bucket], place.user,
                                      one);
}

static heed_status merge_row(packed_sorting *self, int64_t row) {
  unsigned char part = NO_PART;
  heed_status status = log_spool_take(&self->part_of, &part, 1);
  if (status != HEED_OK || part == NO_PART ||
      self->annotations[part].row != row)
    return status;
  status = merge_annotation(self, &self->annotations[part]);
  if (status == HEED_OK && self->one.pair == (int64_t)self->content.pairs)
    status = merge_pair(self, &self->pairs[part]);
  return status;
}

static bool place_users(packed_sorting *self) {
  const size_t users = self->log->everyone.count;
  self->place = log_large(users + 1, sizeof *self->place);
  if (self->place == NULL) return false;
  for (size_t j = 0; j < users; j++) {
    const uint32_t user = self->user_of[j];
    self->place[j] =
        (user_place){user, (uint32_t)(self->first[user] / self->bucket_size)};
  }
  return true;
}

static heed_status open_merge(packed_sorting *self) {
  heed_status status = log_spool_rewind(&self->part_of);
  self->bucket_size = bucket_size(self);
  self->buckets = (size_t)(self->total / self->bucket_size) + 1;
  if (!place_users(self)) return no_memory(self);
  STEP(open_records(self, &self->merged));
  for (size_t i = 0; i < self->buckets; i++)
    STEP(open_records(self, &self->bucket[i]));
  for (size_t i = 0; i < self->parts; i++) {
    STEP(packed_rewind_annotations(&self->annotations[i]));
    STEP(packed_rewind_pairs(&self->pairs[i]));
  }
  return status;
}

/* begin: rows of the log become annotations. */
static heed_status merge(packed_sorting *self) {
  log_reading *log = self->log;
  const size_t files = log_file_count(log);
  const int64_t rows = log->row + 1;
  size_t file = 0;
  heed_status status = open_merge(self);
  for (int64_t row = 0; status == HEED_OK && row < rows; row++) {
    while (file <= files && log->begin[file] == (size_t)row)
      log->begin[file++] = self->content.annotations;
    status = merge_row(self, row);
    STEP(ask(self, (uint64_t)row));
  }
  while (file <= files) log->begin[file++] = self->content.annotations;
  log_spool_close(&self->part_of);
  for (size_t i = 0; i < self->parts; i++) {
    packed_records_close(&self->annotations[i]);
    packed_records_close(&self->pairs[i]);
  }
  return status;
}

/* ---- the file ---- */

static void store(uint64_t *words, const packed_annotation *one,
                  const packed_records *records) {
  *words++ = (uint64_t)one->row << 32 | (uint32_t)one->pair;
  *words++ = (uint64_t)one->line << 32 | one->class_of;
  if (records->has.p) memcpy(words++, &one->p, sizeof *words);
  if (records->has.time) memcpy(words++, &one->time, sizeof *words);
  for (size_t i = 0; i < records->covariates; i++) {
    memcpy(words++, &one->number[i], sizeof *words);
    *words++ = one->word[i];
  }
}

static void restore(packed_sorting *self, const uint64_t *words) {
  packed_annotation *one = &self->one;
  one->row = (int64_t)(*words >> 32);
  one->pair = (int64_t)(*words++ & UINT32_MAX);
  one->line = (int64_t)(*words >> 32);
  one->class_of = (uint32_t)*words++;
  if (self->content.has.p) memcpy(&one->p, words++, sizeof *words);
  if (self->content.has.time) memcpy(&one->time, words++, sizeof *words);
  for (size_t i = 0; i < self->log->settings->covariate_count; i++) {
    memcpy(&self->numbers[i], words++, sizeof *words);
    self->words[i] = (uint32_t)*words++;
  }
  one->number = self->numbers;
  one->word = self->words;
}

/* The annotations of a bucket ascend by row: each is put behind the others of
 * its user.  next: by user, from `low` on. */
static heed_status sort_bucket(packed_sorting *self, packed_records *bucket,
                               size_t low, size_t *next) {
  const size_t words = words_of(self), begin = self->first[low];
  heed_status status = packed_rewind_annotations(bucket);
  while (status == HEED_OK && bucket->row != PACKED_NO_ROW) {
    const uint32_t user = bucket->user;
    status = packed_take_annotation_record(bucket, &self->one, self->numbers,
                                           self->words);
    if (status != HEED_OK) break;
    store(&self->sorted[(next[user - low]++ - begin) * words], &self->one,
          bucket);
  }
  packed_records_close(bucket);
  return status;
}

static heed_status send_sorted(packed_sorting *self, size_t count) {
  const size_t words = words_of(self);
  heed_status status = HEED_OK;
  for (size_t i = 0; status == HEED_OK && i < count; i++) {
    restore(self, &self->sorted[i * words]);
    status = packed_put_annotation(&self->content, &self->one);
    STEP(ask(self, i));
  }
  return status;
}

static bool has_room_for_bucket(packed_sorting *self, size_t count) {
  const size_t room = count * words_of(self) + 1;
  if (room <= self->sorted_room) return true;
  free(self->sorted);
  self->sorted = log_large(room, sizeof *self->sorted);
  self->sorted_room = self->sorted == NULL ? 0 : room;
  return self->sorted != NULL;
}

/* Users from `low` to below `high`. */
static heed_status send_bucket(packed_sorting *self, packed_records *bucket,
                               size_t low, size_t high) {
  const size_t count = self->first[high] - self->first[low];
  size_t *next = calloc(high - low + 1, sizeof *next);
  heed_status status = next == NULL || !has_room_for_bucket(self, count)
                           ? no_memory(self)
                           : HEED_OK;
  if (next != NULL)
    memcpy(next, &self->first[low], (high - low) * sizeof *next);
  STEP(sort_bucket(self, bucket, low, next));
  STEP(send_sorted(self, count));
  free(next);
  return status;
}

static heed_status send_annotations(void *context) {
  packed_sorting *self = context;
  const size_t users = self->content.users.count;
  size_t low = 0;
  heed_status status = HEED_OK;
  for (size_t i = 0; status == HEED_OK && i < self->buckets; i++) {
    size_t high = low;
    while (high < users && self->first[high] / self->bucket_size == i) high++;
    status = send_bucket(self, &self->bucket[i], low, high);
    low = high;
  }
  return status;
}

static heed_status send_pairs(void *context) {
  packed_sorting *self = context;
  heed_status status = packed_rewind_pairs(&self->merged);
  for (size_t i = 0; status == HEED_OK && i < self->content.pairs; i++) {
    status = packed_take_pair_record(&self->merged, &self->pair);
    STEP(packed_put_pair(&self->content, i, &self->pair.pair));
    STEP(ask(self, i));
  }
  return status;
}

static heed_status write_sorted(packed_sorting *self) {
  packed_content *content = &self->content;
  content->first = self->first;
  content->send_annotations = send_annotations;
  content->send_pairs = send_pairs;
  content->context = self;
  return packed_write_content(content, self->packing->output);
}

/* ---- all steps ---- */

static heed_status open_sorting(packed_sorting *self, uint64_t bytes) {
  const log_reading *log = self->log;
  const uint64_t share =
      (log->memory > MEMORY_LEAST ? log->memory : MEMORY_LEAST) / 4;
  const uint64_t parts = bytes / (share < PART_BYTES ? share : PART_BYTES) + 1;
  const size_t covariates = log->settings->covariate_count;
  heed_status status;
  self->parts = parts < PARTS_LEAST  ? PARTS_LEAST
                : parts > PARTS_MOST ? PARTS_MOST
                                     : (size_t)parts;
  self->pair_names.memory = (heed_memory){log->host, false};
  find_columns(self);
  self->numbers = calloc(covariates + 1, sizeof *self->numbers);
  self->words = calloc(covariates + 1, sizeof *self->words);
  status = packed_content_open(&self->content);
  STEP(packed_pair_room_open(&self->pair, &self->content));
  return self->numbers == NULL || self->words == NULL ? no_memory(self)
                                                      : status;
}

static void close_spools(packed_sorting *self) {
  for (size_t i = 0; i < PARTS_MOST; i++) {
    packed_rows_close(&self->rows[i]);
    packed_records_close(&self->annotations[i]);
    packed_records_close(&self->pairs[i]);
  }
  for (size_t i = 0; i < BUCKETS_MOST; i++)
    packed_records_close(&self->bucket[i]);
  packed_records_close(&self->merged);
  log_spool_close(&self->part_of);
}

static void close_sorting(packed_sorting *self) {
  void *arrays[] = {self->count,
                    self->user_of,
                    self->place,
                    self->sorted,
                    self->model_of,
                    self->topic_of,
                    self->word_of,
                    self->class_of,
                    (void *)self->user_text,
                    self->first,
                    (void *)self->model_text,
                    self->numbers,
                    self->words,
                    (void *)self->topic_text,
                    (void *)self->word_text};
  close_spools(self);
  set_close(&self->firsts);
  packed_pair_room_close(&self->pair);
  packed_classes_close(&self->classes);
  packed_content_close(&self->content);
  for (size_t i = 0; i < sizeof arrays / sizeof *arrays; i++) free(arrays[i]);
}

void packed_tell(const log_reading *self, size_t annotations, size_t pairs) {
  const size_t users = self->everyone.count;
  self->host->log(self->host,
                  "packed %zu annotation%s of %zu user%s and %zu pair%s",
                  annotations, heed_plural(annotations), users,
                  heed_plural(users), pairs, heed_plural(pairs));
}

heed_status packed_sort(log_reading *log, const heed_packing *packing,
                        unsigned drop, uint64_t bytes) {
  packed_sorting *self = calloc(1, sizeof *self);
  heed_status status;
  if (self == NULL) return heed_no_memory(log->error);
  self->log = log;
  self->packing = packing;
  self->content.log = log;
  self->content.drop = drop;
  status = open_sorting(self, bytes);
  STEP(divide_rows(self));
  STEP(take_parts(self));
  STEP(number_all(self));
  STEP(merge(self));
  STEP(write_sorted(self));
  if (status == HEED_OK)
    packed_tell(log, (size_t)self->total, self->content.pairs);
  close_sorting(self);
  free(self);
  return status;
}
