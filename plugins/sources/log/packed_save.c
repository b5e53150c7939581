/* SPDX-License-Identifier: GPL-3.0-or-later
 * From a reading in memory to a packed log. */
#include "sources/log/packed_save.h"

#include <stdlib.h>
#include <string.h>

#include "sources/log/packed_content.h"

typedef struct packed_saving {
  const log_reading *log;
  packed_content content;
  size_t *first;   /* users + 1 */
  uint32_t *order; /* of annotations, by user */
  packed_annotation annotation;
  packed_pair pair;
} packed_saving;

/* ---- the order ---- */

static heed_status order_by_user(packed_saving *self) {
  const log_annotations *all = &self->log->all;
  const size_t users = self->log->everyone.count;
  size_t *next = calloc(users + 2, sizeof *next);
  self->first = calloc(users + 1, sizeof *self->first);
  self->order = calloc(all->count + 1, sizeof *self->order);
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

static packed_class class_at(const packed_saving *self, size_t at) {
  const log_annotations *all = &self->log->all;
  const log_pairs *pairs = &self->log->pairs;
  packed_class made = {.model_a = -1,
                       .model_b = -1,
                       .choice = all->choice[at],
                       .left = all->left[at]};
  if (pairs->model_a != NULL) {
    made.model_a = pairs->model_a[all->pair[at]];
    made.model_b = pairs->model_b[all->pair[at]];
  }
  return made;
}

static heed_status find_classes(packed_saving *self) {
  bool fine = true;
  if (self->log->models.count >= PACKED_MODELS_MOST)
    return heed_fail(self->log->error, HEED_UNSUPPORTED,
                     "%s: more models than a packed log can have",
                     log_path(self->log, 0));
  for (size_t i = 0; fine && i < self->log->all.count; i++)
    fine = packed_know_class(&self->content.classes, class_at(self, i));
  return fine && packed_sort_classes(&self->content.classes)
             ? HEED_OK
             : heed_no_memory(self->log->error);
}

/* ---- content ---- */

static const packed_annotation *annotation(void *context, size_t at,
                                           packed_id column) {
  packed_saving *self = context;
  const log_annotations *all = &self->log->all;
  const size_t row = self->order[at];
  const size_t covariates = self->log->settings->covariate_count;
  packed_annotation *made = &self->annotation;
  made->row = (int64_t)row;
  if (column == PACKED_PAIR) made->pair = all->pair[row];
  if (column == PACKED_LINE) made->line = all->line[row];
  if (column == PACKED_P) made->p = all->p[row];
  if (column == PACKED_TIME) made->time = all->time[row];
  if (column == PACKED_CLASS)
    made->class_of =
        packed_number_of(&self->content.classes, class_at(self, row));
  if (column == PACKED_NUMBER) made->number = &all->covariate[row * covariates];
  if (column == PACKED_WORD) made->word = &all->word[row * covariates];
  return made;
}

static void add_texts(packed_pair *made, const log_pairs *pairs, size_t at) {
  made->text_row = pairs->text_row[at];
  made->text_turned = pairs->text_turned[at];
  made->messages = pairs->messages[at];
  made->hash = &pairs->hash[at * TEXT_COUNT];
}

static const packed_pair *pair(void *context, size_t at) {
  packed_saving *self = context;
  const log_pairs *pairs = &self->log->pairs;
  packed_pair *made = &self->pair;
  made->name = pairs->names.text[at];
  if (pairs->model_a != NULL) {
    made->model_a = pairs->model_a[at];
    made->model_b = pairs->model_b[at];
  }
  if (pairs->line != NULL) made->line = pairs->line[at];
  if (pairs->file != NULL) made->file = pairs->file[at];
  if (pairs->topic != NULL) made->topic = pairs->topic[at];
  if (pairs->gold != NULL) made->gold = pairs->gold[at];
  if (self->log->features > 0)
    made->difference = &pairs->difference[at * self->log->features];
  if (pairs->hash != NULL) add_texts(made, pairs, at);
  return made;
}

static packed_names names_of(const log_names *names) {
  return (packed_names){names->text, names->count};
}

static void find_content(packed_saving *self) {
  const log_reading *log = self->log;
  packed_content *content = &self->content;
  content->log = log;
  content->has = (packed_has_columns){.models = log->pairs.model_a != NULL,
                                      .p = log->all.p != NULL,
                                      .time = log->all.time != NULL,
                                      .topic = log->pairs.topic != NULL,
                                      .gold = log->pairs.gold != NULL,
                                      .texts = log->pairs.hash != NULL};
  content->annotations = log->all.count;
  content->pairs = log->pairs.names.count;
  content->users = names_of(&log->everyone);
  content->models = names_of(&log->models);
  content->topics = names_of(&log->topics);
  content->words = names_of(&log->words);
  content->annotation = annotation;
  content->pair = pair;
  content->context = self;
}

heed_status packed_save(log_reading *log, unsigned drop, int file) {
  packed_saving self = {.log = log};
  heed_status status = order_by_user(&self);
  find_content(&self);
  self.content.first = self.first;
  if (status == HEED_OK) status = find_classes(&self);
  if (status == HEED_OK)
    status = packed_write_content(&self.content, drop, file);
  free(self.first);
  free(self.order);
  packed_classes_close(&self.content.classes);
  return status;
}
