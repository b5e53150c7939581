/* SPDX-License-Identifier: GPL-3.0-or-later
 * From a reading in memory to a packed log. */
#include "sources/log/packed_save.h"

#include <stdlib.h>
#include <string.h>

#include "sources/log/large.h"
#include "sources/log/packed_content.h"

#define AHEAD ((size_t)16) /* annotations whose memory is asked for early */

typedef struct packed_saving {
  const log_reading *log;
  packed_content content;
  size_t *first;      /* users + 1 */
  uint32_t *order;    /* of annotations, by user */
  uint32_t *class_of; /* by annotation, as in the log */
} packed_saving;

/* ---- the order ---- */

static heed_status order_by_user(packed_saving *self) {
  const log_annotations *all = &self->log->all;
  const size_t users = self->log->everyone.count;
  size_t *next = log_large(users + 2, sizeof *next);
  self->first = log_large(users + 1, sizeof *self->first);
  self->order = log_large(all->count + 1, sizeof *self->order);
  if (next == NULL || self->first == NULL || self->order == NULL) {
    free(next);
    return heed_no_memory(self->log->error);
  }
  for (size_t i = 0; i < all->count; i++) next[all->user[i] + 1]++;
  for (size_t j = 0; j < users; j++) next[j + 1] += next[j];
  memcpy(self->first, next, (users + 1) * sizeof *next);
  for (size_t i = 0; i < all->count; i++)
    self->order[next[all->user[i]]++] = (uint32_t)i;
  free(next);
  return HEED_OK;
}

/* ---- classes ---- */

/* First the numbers by first appearance, then those of the file. */
static heed_status find_classes(packed_saving *self) {
  const log_reading *log = self->log;
  packed_classes *classes = &self->content.classes;
  packed_classes found = {0};
  bool fine;
  if (log->models.count >= PACKED_MODELS_MOST)
    return heed_fail(log->error, HEED_UNSUPPORTED,
                     "%s: more models than a packed log can have",
                     log_path(log, 0));
  self->class_of = log_large(log->all.count + 1, sizeof *self->class_of);
  fine = self->class_of != NULL;
  for (size_t i = 0; fine && i < log->all.count; i++)
    fine =
        packed_know_class(&found, packed_class_at(log, i), &self->class_of[i]);
  for (uint32_t i = 0, number; fine && i < found.count; i++)
    fine = packed_know_class(classes, found.all[i], &number);
  fine = fine && packed_sort_classes(classes);
  for (size_t i = 0; fine && i < log->all.count; i++)
    self->class_of[i] = packed_number_of(classes, found.all[self->class_of[i]]);
  packed_classes_close(&found);
  return fine ? HEED_OK : heed_no_memory(log->error);
}

/* ---- content ---- */

static packed_annotation annotation_at(const packed_saving *self, size_t row) {
  packed_annotation made = packed_annotation_at(self->log, row);
  made.row = (int64_t)row;
  made.class_of = self->class_of[row];
  return made;
}

/* The annotations of a user are anywhere in the log. */
static void foresee(const packed_saving *self, size_t at) {
  const log_annotations *all = &self->log->all;
  const size_t row = self->order[at];
  const size_t covariates = self->log->settings->covariate_count;
  __builtin_prefetch(&self->class_of[row]);
  __builtin_prefetch(&all->pair[row]);
  __builtin_prefetch(&all->line[row]);
  if (all->p != NULL) __builtin_prefetch(&all->p[row]);
  if (all->time != NULL) __builtin_prefetch(&all->time[row]);
  if (covariates == 0) return;
  __builtin_prefetch(&all->covariate[row * covariates]);
  __builtin_prefetch(&all->word[row * covariates]);
}

static heed_status send_annotations(void *context) {
  packed_saving *self = context;
  const size_t count = self->log->all.count;
  heed_status status = HEED_OK;
  for (size_t i = 0; status == HEED_OK && i < count; i++) {
    if (i + AHEAD < count) foresee(self, i + AHEAD);
    const packed_annotation one = annotation_at(self, self->order[i]);
    status = packed_put_annotation(&self->content, &one);
  }
  return status;
}

static heed_status send_pairs(void *context) {
  packed_saving *self = context;
  heed_status status = HEED_OK;
  for (size_t i = 0; status == HEED_OK && i < self->log->pairs.names.count;
       i++) {
    const packed_pair one = packed_pair_at(self->log, i);
    status = packed_put_pair(&self->content, i, &one);
  }
  return status;
}

static void measure(packed_saving *self) {
  for (size_t i = 0; i < self->log->all.count; i++) {
    const packed_annotation one = annotation_at(self, i);
    packed_measure_annotation(&self->content, &one);
  }
  for (size_t i = 0; i < self->log->pairs.names.count; i++) {
    const packed_pair one = packed_pair_at(self->log, i);
    packed_measure_pair(&self->content, i, &one);
  }
}

static packed_names names_of(const log_names *names) {
  return (packed_names){names->text, names->count};
}

static void find_content(packed_saving *self) {
  const log_reading *log = self->log;
  packed_content *content = &self->content;
  content->has = (packed_has_columns){.models = log->pairs.model_a != NULL,
                                      .p = log->all.p != NULL,
                                      .time = log->all.time != NULL,
                                      .topic = log->pairs.topic != NULL,
                                      .gold = log->pairs.gold != NULL,
                                      .texts = log->pairs.hash != NULL};
  content->users = names_of(&log->everyone);
  content->models = names_of(&log->models);
  content->topics = names_of(&log->topics);
  content->words = names_of(&log->words);
  content->first = self->first;
  content->send_annotations = send_annotations;
  content->send_pairs = send_pairs;
  content->context = self;
}

heed_status packed_save(log_reading *log, unsigned drop, int file) {
  packed_saving self = {.log = log, .content = {.log = log, .drop = drop}};
  heed_status status = order_by_user(&self);
  find_content(&self);
  if (status == HEED_OK) status = packed_content_open(&self.content);
  if (status == HEED_OK) status = find_classes(&self);
  if (status == HEED_OK) {
    measure(&self);
    status = packed_write_content(&self.content, file);
  }
  free(self.first);
  free(self.order);
  free(self.class_of);
  packed_content_close(&self.content);
  return status;
}
