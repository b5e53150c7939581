/* SPDX-License-Identifier: GPL-3.0-or-later
 * Packs a log that is larger than memory.
 *
 *   files -> rows, by the hash of their pair      read once; cells are checked
 *         -> annotations and pairs, part by part  a part fits in memory: its
 *                                                 pairs are found, its sides
 *                                                 turned as take.c does
 *         -> annotations, by user                 sorted bucket by bucket
 *         -> pairs, by their first rows           merged
 *         -> the packed log, column by column
 *
 * Users, models, topics and words stay in memory.  Their numbers are those of
 * the order of the log: each remembers the moment at which it was first named.
 * The file is the same as without sorting. */
#include <stdlib.h>
#include <string.h>

#include "sources/log/packed_content.h"
#include "sources/log/packed_save.h"
#include "sources/log/spool.h"

#define PARTS_LEAST 4
#define PARTS_MOST 64
#define BUCKETS_MOST 128
#define MEMORY_LEAST ((uint64_t)64 << 20) /* of a part */
#define BUCKET_LEAST ((uint64_t)1 << 16)
#define ROW_MOST ((size_t)1 << 30)
#define MOMENTS 16 /* bits of a row's moments */

#define STEP(call) \
  if (status == HEED_OK) status = (call)

/* Positions among some of the rows: bits, and how many come before each block
 * of 64. */
typedef struct row_set {
  uint64_t *bits;
  uint32_t *before;
  size_t blocks;
} row_set;

typedef struct packed_sorting {
  log_reading *log;
  const heed_packing *packing;
  packed_content content;
  size_t parts, part, buckets;
  log_spool rows[PARTS_MOST], annotations[PARTS_MOST], pairs[PARTS_MOST];
  log_spool bucket[BUCKETS_MOST];
  log_spool sorted, merged;
  log_hash hash;       /* which part a pair is in */
  log_pool pair_names; /* of the current part */
  uint64_t moment;
  char *bytes; /* of a row or a name */
  size_t room;
  log_text *cells;
  size_t annotation_words, pair_words;
  uint64_t *count; /* annotations by user, in the order of parts */
  size_t count_room;
  uint64_t total;        /* annotations */
  row_set taken, firsts; /* rows that count; first rows of pairs */
  uint32_t *user_of, *model_of, *topic_of, *word_of; /* final numbers */
  uint32_t *class_of;
  packed_classes classes; /* before models have their final numbers */
  const char **user_text, **model_text, **topic_text, **word_text;
  size_t *first;
  uint64_t *record; /* of an annotation or a pair */
  double *numbers;
  uint32_t *words;
  packed_annotation annotation;
  packed_pair pair;
} packed_sorting;

static heed_status no_memory(const packed_sorting *self) {
  return heed_no_memory(self->log->error);
}

static heed_status open_spool(const packed_sorting *self, log_spool *spool) {
  return log_spool_open(spool, self->packing->folder, self->log->error);
}

static bool has_room(packed_sorting *self, size_t size) {
  char *more;
  if (size <= self->room) return true;
  more = realloc(self->bytes, 2 * size);
  if (more == NULL) return false;
  self->bytes = more;
  self->room = 2 * size;
  return true;
}

/* ---- sets of rows ---- */

static bool set_open(row_set *self, size_t rows) {
  self->blocks = rows / 64 + 1;
  self->bits = calloc(self->blocks, sizeof *self->bits);
  self->before = calloc(self->blocks, sizeof *self->before);
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

typedef struct row_head {
  int64_t row;
  uint64_t line;
  uint32_t file, size; /* bytes of all cells */
} row_head;

/* A cell: 1 + its length, 0 if it is missing; above that, whether it is JSON.
 */
static uint32_t mark_of(log_text cell) {
  return cell.bytes == NULL
             ? 0
             : ((uint32_t)cell.length + 1) << 1 | (uint32_t)cell.is_json;
}

/* Cells of columns that the log does not have are not kept. */
static bool is_wanted(const log_reading *log, size_t column) {
  return log->wanted[column].name != NULL;
}

static heed_status divert(void *context, const log_row *row, log_text pair) {
  packed_sorting *self = context;
  const log_reading *log = self->log;
  log_spool *spool = &self->rows[log_hash_of(&self->hash, pair) % self->parts];
  row_head head = {
      .row = log->row, .line = row->line, .file = (uint32_t)log->file};
  heed_status status = HEED_OK;
  size_t size = 0;
  for (size_t i = 0; i < log->width; i++) size += row->cells[i].length;
  if (size > ROW_MOST)
    return heed_fail(log->error, HEED_UNSUPPORTED,
                     "%s:%zu: the row is too long", log->job.path, row->line);
  head.size = (uint32_t)size;
  STEP(log_spool_put(spool, &head, sizeof head));
  for (size_t i = 0; i < log->width; i++) {
    const uint32_t mark = mark_of(row->cells[i]);
    if (is_wanted(log, i)) STEP(log_spool_put(spool, &mark, sizeof mark));
  }
  for (size_t i = 0; i < log->width; i++)
    if (row->cells[i].length > 0)
      STEP(log_spool_put(spool, row->cells[i].bytes, row->cells[i].length));
  if (log->row % 65536 == 0 && log->host->cancelled(log->host))
    status = heed_fail(log->error, HEED_CANCELLED, "interrupted");
  return status;
}

static heed_status divide_rows(packed_sorting *self) {
  log_reading *log = self->log;
  heed_status status = HEED_OK;
  log_hash_open(&self->hash);
  for (size_t i = 0; i < self->parts; i++)
    STEP(open_spool(self, &self->rows[i]));
  log->divert = divert;
  log->divert_context = self;
  STEP(log_read_rows(log));
  log->divert = NULL;
  return status;
}

static heed_status take_marks(packed_sorting *self, log_spool *spool) {
  heed_status status = HEED_OK;
  for (size_t i = 0; i < self->log->width; i++) {
    uint32_t mark = 0;
    if (is_wanted(self->log, i))
      STEP(log_spool_take(spool, &mark, sizeof mark));
    self->cells[i] =
        (log_text){.length = mark == 0 ? SIZE_MAX : (mark >> 1) - 1,
                   .is_json = (mark & 1) != 0};
  }
  return status;
}

static heed_status take_cells(packed_sorting *self, log_spool *spool,
                              row_head *head) {
  const char *next;
  heed_status status = log_spool_take(spool, head, sizeof *head);
  STEP(take_marks(self, spool));
  if (status == HEED_OK && !has_room(self, head->size + 1u))
    return no_memory(self);
  STEP(log_spool_take(spool, self->bytes, head->size));
  next = self->bytes;
  for (size_t i = 0; status == HEED_OK && i < self->log->width; i++) {
    log_text *cell = &self->cells[i];
    if (cell->length == SIZE_MAX) {
      *cell = (log_text){.bytes = NULL};
      continue;
    }
    cell->bytes = next;
    next += cell->length;
  }
  return status;
}

/* Sends the rows of the current part, as they were read. */
static heed_status send_part(log_reading *log, log_sink sink, void *context) {
  packed_sorting *self = context;
  log_spool *spool = &self->rows[self->part];
  heed_status status = log_spool_rewind(spool);
  while (status == HEED_OK && log_spool_has_more(spool)) {
    row_head head;
    STEP(take_cells(self, spool, &head));
    if (status != HEED_OK) break;
    const log_row row = {.cells = self->cells, .line = (size_t)head.line};
    log->row = head.row - 1; /* the sink counts it */
    log->file = head.file;
    log->job.path = log_path(log, head.file);
    self->moment = (uint64_t)head.row << MOMENTS;
    status = sink.take(sink.context, &row);
  }
  return status;
}

/* ---- a part ---- */

static packed_class class_at(const log_reading *log, size_t at) {
  packed_class made = {.model_a = -1,
                       .model_b = -1,
                       .choice = log->all.choice[at],
                       .left = log->all.left[at]};
  if (log->pairs.model_a != NULL) {
    made.model_a = log->pairs.model_a[log->all.pair[at]];
    made.model_b = log->pairs.model_b[log->all.pair[at]];
  }
  return made;
}

static uint64_t bits_of(double value) {
  uint64_t bits;
  memcpy(&bits, &value, sizeof bits);
  return bits;
}

static double double_of(uint64_t bits) {
  double value;
  memcpy(&value, &bits, sizeof value);
  return value;
}

/* row, first row of the pair, user, class, line, p, time, covariates */
static void fill_annotation(const packed_sorting *self, size_t at,
                            uint64_t first, uint64_t *next) {
  const log_annotations *all = &self->log->all;
  const size_t covariates = self->log->settings->covariate_count;
  *next++ = (uint64_t)all->row[at];
  *next++ = first;
  *next++ = all->user[at];
  *next++ = packed_number_of(&self->classes, class_at(self->log, at));
  *next++ = all->line[at];
  if (all->p != NULL) *next++ = bits_of(all->p[at]);
  if (all->time != NULL) *next++ = bits_of(all->time[at]);
  for (size_t i = 0; i < covariates; i++) {
    *next++ = bits_of(all->covariate[at * covariates + i]);
    *next++ = all->word[at * covariates + i];
  }
}

/* first row, line, file, models, topic, gold, differences, texts, name */
static void fill_pair(const packed_sorting *self, size_t at, uint64_t first,
                      uint64_t *next) {
  const log_pairs *pairs = &self->log->pairs;
  const size_t features = self->log->features;
  *next++ = first;
  *next++ = pairs->line[at];
  *next++ = pairs->file == NULL ? 0 : pairs->file[at];
  if (pairs->model_a != NULL) {
    *next++ = (uint64_t)pairs->model_a[at];
    *next++ = (uint64_t)pairs->model_b[at];
  }
  if (pairs->topic != NULL) *next++ = (uint64_t)pairs->topic[at];
  if (pairs->gold != NULL) *next++ = bits_of(pairs->gold[at]);
  for (size_t i = 0; i < features; i++)
    *next++ = bits_of(pairs->difference[at * features + i]);
  if (pairs->hash != NULL) {
    *next++ = (uint64_t)pairs->text_row[at];
    *next++ = (uint64_t)pairs->text_turned[at];
    *next++ = (uint64_t)pairs->messages[at];
    for (size_t i = 0; i < TEXT_COUNT; i++)
      *next++ = pairs->hash[at * TEXT_COUNT + i];
  }
  *next = strlen(pairs->names.text[at]);
}

static bool count_user(packed_sorting *self, size_t user) {
  if (user >= self->count_room) {
    const size_t room = 2 * user + 256;
    uint64_t *more = reallocarray(self->count, room, sizeof *more);
    if (more == NULL) return false;
    memset(more + self->count_room, 0,
           (room - self->count_room) * sizeof *more);
    self->count = more;
    self->count_room = room;
  }
  self->count[user]++;
  return true;
}

/* The words of records follow from the columns that the log has. */
static void find_widths(packed_sorting *self) {
  const log_reading *log = self->log;
  packed_has_columns *has = &self->content.has;
  const log_settings *settings = log->settings;
  *has = (packed_has_columns){.models = settings->column[LEFT_MODEL] != NULL,
                              .p = settings->column[P] != NULL,
                              .time = settings->column[TIME] != NULL,
                              .topic = settings->column[TOPIC] != NULL,
                              .gold = settings->column[GOLD] != NULL,
                              .texts = log_has_texts(settings)};
  self->annotation_words =
      5u + has->p + has->time + 2 * settings->covariate_count;
  self->pair_words = 4u + 2u * has->models + has->topic + has->gold +
                     log->features + (has->texts ? 3 + TEXT_COUNT : 0);
}

static heed_status put_pair(packed_sorting *self, size_t at, uint64_t first) {
  const char *name = self->log->pairs.names.text[at];
  log_spool *spool = &self->pairs[self->part];
  heed_status status;
  fill_pair(self, at, first, self->record);
  set_add(&self->firsts, first);
  status = log_spool_put(spool, self->record,
                         self->pair_words * sizeof *self->record);
  STEP(log_spool_put(spool, name, strlen(name)));
  return status;
}

static heed_status put_annotation(packed_sorting *self, size_t at,
                                  uint64_t first) {
  if (!packed_know_class(&self->classes, class_at(self->log, at)) ||
      !count_user(self, self->log->all.user[at]))
    return no_memory(self);
  set_add(&self->taken, (uint64_t)self->log->all.row[at]);
  fill_annotation(self, at, first, self->record);
  return log_spool_put(&self->annotations[self->part], self->record,
                       self->annotation_words * sizeof *self->record);
}

/* Pairs have numbers in the order of their first annotations. */
static heed_status put_part(packed_sorting *self) {
  const log_annotations *all = &self->log->all;
  uint64_t *first = calloc(self->log->pairs.names.count + 1, sizeof *first);
  size_t known = 0;
  heed_status status = first == NULL ? no_memory(self) : HEED_OK;
  for (size_t i = 0; status == HEED_OK && i < all->count; i++) {
    const uint32_t pair = all->pair[i];
    if (pair == known) {
      first[known++] = (uint64_t)all->row[i];
      status = put_pair(self, pair, first[pair]);
    }
    STEP(put_annotation(self, i, first[pair]));
  }
  self->total += all->count;
  free(first);
  return status;
}

/* Users and models stay, pairs and annotations go. */
static void clear_part(packed_sorting *self) {
  log_reading *log = self->log;
  log_names_close(&log->pairs.names);
  log_pool_clear(&self->pair_names);
  log_names_open(&log->pairs.names, &self->pair_names);
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
  status = open_spool(self, &self->annotations[self->part]);
  STEP(open_spool(self, &self->pairs[self->part]));
  if (status != HEED_OK) return status;
  status = log_take_rows(self->log, send_part, self);
  log_spool_close(&self->rows[self->part]);
  if (status == HEED_INVALID) {
    keep_first(malformed, self, status);
    return HEED_OK;
  }
  STEP(put_part(self));
  return status;
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
  if (!set_open(&self->taken, (size_t)rows) ||
      !set_open(&self->firsts, (size_t)rows))
    return no_memory(self);
  for (self->part = 0; status == HEED_OK && self->part < self->parts;
       self->part++)
    status = take_part(self, &malformed);
  log->row = rows - 1;
  if (status != HEED_OK || malformed.status == HEED_OK) return status;
  *log->error = malformed.error;
  return malformed.status;
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
  *number = calloc(names->count + 1, sizeof **number);
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
  self->class_of = calloc(count + 1, sizeof *self->class_of);
  if (self->class_of == NULL) return false;
  for (size_t i = 0; i < count; i++)
    if (!packed_know_class(&self->content.classes, final_class(self, i)))
      return false;
  if (!packed_sort_classes(&self->content.classes)) return false;
  for (size_t i = 0; i < count; i++)
    self->class_of[i] =
        packed_number_of(&self->content.classes, final_class(self, i));
  return true;
}

static bool find_first(packed_sorting *self) {
  const size_t users = self->log->everyone.count;
  self->first = calloc(users + 2, sizeof *self->first);
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
  set_count(&self->taken);
  set_count(&self->firsts);
  for (size_t i = 0; i <= log_file_count(log); i++)
    log->begin[i] = set_rank(&self->taken, log->begin[i]);
  return fine ? HEED_OK : no_memory(self);
}

/* ---- annotations, by user ---- */

/* How many annotations a bucket has, if no user has more. */
static uint64_t bucket_size(const packed_sorting *self) {
  const uint64_t bytes = self->packing->memory / 4 > BUCKET_LEAST
                             ? self->packing->memory / 4
                             : BUCKET_LEAST;
  const uint64_t size = bytes / (self->annotation_words * sizeof(uint64_t));
  const uint64_t least = self->total / (BUCKETS_MOST - 1) + 1;
  return size > least ? size : least;
}

static heed_status divide_part(packed_sorting *self, log_spool *part,
                               uint64_t size) {
  const size_t bytes = self->annotation_words * sizeof *self->record;
  heed_status status = log_spool_rewind(part);
  while (status == HEED_OK && log_spool_has_more(part)) {
    status = log_spool_take(part, self->record, bytes);
    if (status != HEED_OK) break;
    const uint32_t user = self->user_of[self->record[2]];
    self->record[2] = user;
    STEP(log_spool_put(&self->bucket[self->first[user] / size], self->record,
                       bytes));
  }
  log_spool_close(part);
  return status;
}

static heed_status divide_annotations(packed_sorting *self) {
  const uint64_t size = bucket_size(self);
  heed_status status = HEED_OK;
  self->buckets = (size_t)(self->total / size) + 1;
  for (size_t i = 0; i < self->buckets; i++)
    STEP(open_spool(self, &self->bucket[i]));
  for (size_t i = 0; i < self->parts; i++)
    STEP(divide_part(self, &self->annotations[i], size));
  return status;
}

/* By user, then by row. */
static int compare_records(const void *one, const void *other) {
  const uint64_t *a = *(uint64_t *const *)one, *b = *(uint64_t *const *)other;
  if (a[2] != b[2]) return a[2] < b[2] ? -1 : 1;
  return a[0] < b[0] ? -1 : a[0] > b[0];
}

static heed_status sort_bucket(packed_sorting *self, log_spool *bucket) {
  const size_t words = self->annotation_words;
  const size_t count = (size_t)(bucket->length / sizeof(uint64_t) / words);
  uint64_t *records = calloc(count * words + 1, sizeof *records);
  uint64_t **order = calloc(count + 1, sizeof *order);
  heed_status status =
      records == NULL || order == NULL ? no_memory(self) : HEED_OK;
  STEP(log_spool_rewind(bucket));
  STEP(log_spool_take(bucket, records, (size_t)bucket->length));
  for (size_t i = 0; status == HEED_OK && i < count; i++)
    order[i] = &records[i * words];
  if (status == HEED_OK) qsort(order, count, sizeof *order, compare_records);
  for (size_t i = 0; status == HEED_OK && i < count; i++)
    status = log_spool_put(&self->sorted, order[i], words * sizeof **order);
  free(records);
  free(order);
  log_spool_close(bucket);
  return status;
}

static heed_status sort_annotations(packed_sorting *self) {
  heed_status status = divide_annotations(self);
  STEP(open_spool(self, &self->sorted));
  for (size_t i = 0; i < self->buckets; i++)
    STEP(sort_bucket(self, &self->bucket[i]));
  return status;
}

/* ---- pairs, by their first rows ---- */

/* A pair from a spool, with its name in self->bytes. */
static heed_status take_pair(packed_sorting *self, log_spool *spool,
                             uint64_t *record) {
  heed_status status =
      log_spool_take(spool, record, self->pair_words * sizeof *record);
  const size_t length =
      status == HEED_OK ? (size_t)record[self->pair_words - 1] : 0;
  if (status == HEED_OK && !has_room(self, length + 1)) return no_memory(self);
  STEP(log_spool_take(spool, self->bytes, length));
  if (status == HEED_OK) self->bytes[length] = '\0';
  return status;
}

/* The first row of the next pair of each part; UINT64_MAX: no more.  Only that
 * word is read ahead: the rest follows when its turn comes. */
static heed_status peek(log_spool *spool, uint64_t *next) {
  *next = UINT64_MAX;
  return log_spool_has_more(spool) ? log_spool_take(spool, next, sizeof *next)
                                   : HEED_OK;
}

static heed_status move_pair(packed_sorting *self, log_spool *spool,
                             uint64_t first) {
  const size_t rest = (self->pair_words - 1) * sizeof *self->record;
  heed_status status = log_spool_take(spool, self->record + 1, rest);
  const size_t length =
      status == HEED_OK ? (size_t)self->record[self->pair_words - 1] : 0;
  self->record[0] = first;
  if (status == HEED_OK && !has_room(self, length + 1)) return no_memory(self);
  STEP(log_spool_take(spool, self->bytes, length));
  STEP(log_spool_put(&self->merged, self->record,
                     self->pair_words * sizeof *self->record));
  STEP(log_spool_put(&self->merged, self->bytes, length));
  return status;
}

static heed_status merge_pairs(packed_sorting *self) {
  uint64_t next[PARTS_MOST];
  heed_status status = open_spool(self, &self->merged);
  for (size_t i = 0; i < self->parts; i++) {
    STEP(log_spool_rewind(&self->pairs[i]));
    STEP(peek(&self->pairs[i], &next[i]));
  }
  while (status == HEED_OK) {
    size_t least = 0;
    for (size_t i = 1; i < self->parts; i++)
      if (next[i] < next[least]) least = i;
    if (next[least] == UINT64_MAX) break;
    status = move_pair(self, &self->pairs[least], next[least]);
    STEP(peek(&self->pairs[least], &next[least]));
    self->content.pairs++;
  }
  for (size_t i = 0; i < self->parts; i++) log_spool_close(&self->pairs[i]);
  return status;
}

/* ---- content ---- */

static void read_annotation(packed_sorting *self, const uint64_t *next) {
  packed_annotation *made = &self->annotation;
  made->row = set_rank(&self->taken, next[0]);
  made->pair = set_rank(&self->firsts, next[1]);
  made->class_of = self->class_of[next[3]];
  made->line = (int64_t)next[4];
  next += 5;
  if (self->content.has.p) made->p = double_of(*next++);
  if (self->content.has.time) made->time = double_of(*next++);
  for (size_t i = 0; i < self->log->settings->covariate_count; i++) {
    const uint64_t word = next[1];
    self->numbers[i] = double_of(*next);
    self->words[i] = word == 0 ? 0 : 1 + self->word_of[word - 1];
    next += 2;
  }
  made->number = self->numbers;
  made->word = self->words;
}

static const packed_annotation *annotation(void *context, size_t at,
                                           packed_id column) {
  packed_sorting *self = context;
  (void)column;
  heed_status status = at == 0 ? log_spool_rewind(&self->sorted) : HEED_OK;
  STEP(log_spool_take(&self->sorted, self->record,
                      self->annotation_words * sizeof *self->record));
  if (status == HEED_OK)
    read_annotation(self, self->record);
  else
    self->content.failed = status;
  return &self->annotation;
}

static void read_pair(packed_sorting *self, const uint64_t *next) {
  const packed_has_columns *has = &self->content.has;
  packed_pair *made = &self->pair;
  made->name = self->bytes;
  made->line = (int64_t)next[1];
  made->file = (int64_t)next[2];
  next += 3;
  if (has->models) {
    made->model_a = (int32_t)self->model_of[*next++];
    made->model_b = (int32_t)self->model_of[*next++];
  }
  if (has->topic) made->topic = self->topic_of[*next++];
  if (has->gold) made->gold = double_of(*next++);
  for (size_t i = 0; i < self->log->features; i++)
    self->numbers[i] = double_of(*next++);
  made->difference = self->numbers;
  if (!has->texts) return;
  made->text_row = (int64_t)*next++;
  made->text_turned = (int8_t)*next++;
  made->messages = (int8_t)*next++;
  made->hash = next;
}

static const packed_pair *pair(void *context, size_t at) {
  packed_sorting *self = context;
  heed_status status = at == 0 ? log_spool_rewind(&self->merged) : HEED_OK;
  STEP(take_pair(self, &self->merged, self->record));
  if (status == HEED_OK)
    read_pair(self, self->record);
  else
    self->content.failed = status;
  return &self->pair;
}

static heed_status write_sorted(packed_sorting *self, unsigned drop) {
  packed_content *content = &self->content;
  self->pair.name = "";
  content->log = self->log;
  content->annotations = (size_t)self->total;
  content->first = self->first;
  content->annotation = annotation;
  content->pair = pair;
  content->context = self;
  return packed_write_content(content, drop, self->packing->output);
}

/* ---- all steps ---- */

static heed_status open_sorting(packed_sorting *self, uint64_t bytes) {
  const log_reading *log = self->log;
  const uint64_t share =
      (log->memory > MEMORY_LEAST ? log->memory : MEMORY_LEAST) / 4;
  const uint64_t parts = bytes / share + 1;
  size_t words, numbers;
  self->parts = parts < PARTS_LEAST  ? PARTS_LEAST
                : parts > PARTS_MOST ? PARTS_MOST
                                     : (size_t)parts;
  self->pair_names.memory = (heed_memory){log->host, false};
  find_widths(self);
  words = self->annotation_words > self->pair_words ? self->annotation_words
                                                    : self->pair_words;
  numbers = log->settings->covariate_count + log->features + 1;
  self->record = calloc(words + 1, sizeof *self->record);
  self->cells = calloc(log->width + 1, sizeof *self->cells);
  self->numbers = calloc(numbers, sizeof *self->numbers);
  self->words = calloc(numbers, sizeof *self->words);
  return self->record == NULL || self->cells == NULL || self->numbers == NULL ||
                 self->words == NULL
             ? no_memory(self)
             : HEED_OK;
}

static void close_spools(log_spool *spools, size_t count) {
  for (size_t i = 0; i < count; i++) log_spool_close(&spools[i]);
}

static void close_sorting(packed_sorting *self) {
  void *arrays[] = {self->bytes,
                    self->cells,
                    self->count,
                    self->user_of,
                    self->model_of,
                    self->topic_of,
                    self->word_of,
                    self->class_of,
                    (void *)self->user_text,
                    self->first,
                    self->record,
                    (void *)self->model_text,
                    self->numbers,
                    self->words,
                    (void *)self->topic_text,
                    (void *)self->word_text};
  close_spools(self->rows, PARTS_MOST);
  close_spools(self->annotations, PARTS_MOST);
  close_spools(self->pairs, PARTS_MOST);
  close_spools(self->bucket, BUCKETS_MOST);
  log_spool_close(&self->sorted);
  log_spool_close(&self->merged);
  set_close(&self->taken);
  set_close(&self->firsts);
  packed_classes_close(&self->classes);
  packed_classes_close(&self->content.classes);
  for (size_t i = 0; i < sizeof arrays / sizeof *arrays; i++) free(arrays[i]);
}

void packed_tell(const log_reading *self, size_t annotations, size_t pairs) {
  self->host->log(self->host,
                  "packed %zu annotations of %zu users and %zu pairs",
                  annotations, self->everyone.count, pairs);
}

heed_status packed_sort(log_reading *log, const heed_packing *packing,
                        unsigned drop, uint64_t bytes) {
  packed_sorting *self = calloc(1, sizeof *self);
  heed_status status;
  if (self == NULL) return heed_no_memory(log->error);
  self->log = log;
  self->packing = packing;
  status = open_sorting(self, bytes);
  STEP(divide_rows(self));
  STEP(take_parts(self));
  if (status == HEED_OK && self->total == 0)
    status = log_fail(log->error, HEED_INVALID, "%s: no annotations to pack",
                      log_path(log, 0));
  STEP(number_all(self));
  STEP(sort_annotations(self));
  STEP(merge_pairs(self));
  STEP(write_sorted(self, drop));
  if (status == HEED_OK)
    packed_tell(log, (size_t)self->total, self->content.pairs);
  close_sorting(self);
  free(self);
  return status;
}
