/* SPDX-License-Identifier: GPL-3.0-or-later
 * Numbers that differ little from those of the record before take one byte. */
#include "sources/log/packed_records.h"

#include <stdlib.h>
#include <string.h>

#define STEP(call) \
  if (status == HEED_OK) status = (call)

heed_status packed_records_open(packed_records *self,
                                const packed_content *content,
                                const char *folder) {
  const log_reading *log = content->log;
  self->has = content->has;
  self->covariates = log->settings->covariate_count;
  self->features = log->features;
  self->row = -1;
  self->line = 0;
  return log_spool_open(&self->spool, folder, log->error);
}

void packed_records_close(packed_records *self) {
  log_spool_close(&self->spool);
}

static heed_status put_double(log_spool *spool, double value) {
  return log_spool_put(spool, &value, sizeof value);
}

static heed_status take_double(log_spool *spool, double *value) {
  return log_spool_take(spool, value, sizeof *value);
}

/* ---- annotations ---- */

heed_status packed_put_annotation_record(packed_records *self, uint32_t user,
                                         const packed_annotation *one) {
  log_spool *spool = &self->spool;
  const int64_t line = one->line - one->row;
  heed_status status =
      log_spool_put_number(spool, (uint64_t)(one->row - self->row));
  STEP(log_spool_put_number(spool, user));
  STEP(log_spool_put_signed(spool, one->row - one->pair));
  STEP(log_spool_put_number(spool, one->class_of));
  STEP(log_spool_put_signed(spool, line - self->line));
  if (self->has.p) STEP(put_double(spool, one->p));
  if (self->has.time) STEP(put_double(spool, one->time));
  for (size_t i = 0; i < self->covariates; i++) {
    STEP(put_double(spool, one->number[i]));
    STEP(log_spool_put_number(spool, one->word[i]));
  }
  self->row = one->row;
  self->line = line;
  return status;
}

static heed_status find_next(packed_records *self) {
  uint64_t step = 0, user = 0;
  heed_status status = HEED_OK;
  if (!log_spool_has_more(&self->spool)) {
    self->row = PACKED_NO_ROW;
    return HEED_OK;
  }
  status = log_spool_take_number(&self->spool, &step);
  STEP(log_spool_take_number(&self->spool, &user));
  self->row += (int64_t)step;
  self->user = (uint32_t)user;
  return status;
}

heed_status packed_rewind_annotations(packed_records *self) {
  heed_status status = log_spool_rewind(&self->spool);
  self->row = -1;
  self->line = 0;
  STEP(find_next(self));
  return status;
}

heed_status packed_take_annotation_record(packed_records *self,
                                          packed_annotation *one,
                                          double *number, uint32_t *word) {
  log_spool *spool = &self->spool;
  uint64_t class_of = 0, which = 0;
  int64_t behind = 0, line = 0;
  heed_status status = log_spool_take_signed(spool, &behind);
  STEP(log_spool_take_number(spool, &class_of));
  STEP(log_spool_take_signed(spool, &line));
  if (self->has.p) STEP(take_double(spool, &one->p));
  if (self->has.time) STEP(take_double(spool, &one->time));
  for (size_t i = 0; i < self->covariates; i++) {
    STEP(take_double(spool, &number[i]));
    STEP(log_spool_take_number(spool, &which));
    word[i] = (uint32_t)which;
  }
  self->line += line;
  one->row = self->row;
  one->pair = self->row - behind;
  one->line = self->row + self->line;
  one->class_of = (uint32_t)class_of;
  one->number = number;
  one->word = word;
  STEP(find_next(self));
  return status;
}

/* ---- pairs ---- */

static heed_status put_texts(log_spool *spool, const packed_pair *one) {
  heed_status status = log_spool_put_signed(spool, one->text_row);
  STEP(log_spool_put_signed(spool, one->text_turned));
  STEP(log_spool_put_signed(spool, one->messages));
  STEP(log_spool_put(spool, one->hash, TEXT_COUNT * sizeof *one->hash));
  return status;
}

heed_status packed_put_pair_record(packed_records *self,
                                   const packed_pair *one) {
  log_spool *spool = &self->spool;
  const size_t length = strlen(one->name);
  heed_status status = log_spool_put_signed(spool, one->line - self->line);
  STEP(log_spool_put_number(spool, (uint64_t)one->file));
  if (self->has.models) {
    STEP(log_spool_put_number(spool, (uint64_t)one->model_a));
    STEP(log_spool_put_number(spool, (uint64_t)one->model_b));
  }
  if (self->has.topic) STEP(log_spool_put_number(spool, (uint64_t)one->topic));
  if (self->has.gold) STEP(put_double(spool, one->gold));
  for (size_t i = 0; i < self->features; i++)
    STEP(put_double(spool, one->difference[i]));
  if (self->has.texts) STEP(put_texts(spool, one));
  STEP(log_spool_put_number(spool, length));
  STEP(log_spool_put(spool, one->name, length));
  self->line = one->line;
  return status;
}

heed_status packed_rewind_pairs(packed_records *self) {
  self->line = 0;
  return log_spool_rewind(&self->spool);
}

heed_status packed_pair_room_open(packed_pair_room *self,
                                  const packed_content *content) {
  self->difference =
      calloc(content->log->features + 1, sizeof *self->difference);
  return self->difference == NULL ? heed_no_memory(content->log->error)
                                  : HEED_OK;
}

void packed_pair_room_close(packed_pair_room *self) {
  free(self->name);
  free(self->difference);
}

static heed_status take_name(log_spool *spool, packed_pair_room *room) {
  uint64_t length = 0;
  heed_status status = log_spool_take_number(spool, &length);
  if (status == HEED_OK && length >= room->room) {
    char *more = realloc(room->name, 2 * (size_t)length + 64);
    if (more == NULL) return heed_no_memory(spool->error);
    room->name = more;
    room->room = 2 * (size_t)length + 64;
  }
  STEP(log_spool_take(spool, room->name, (size_t)length));
  if (status == HEED_OK) room->name[length] = '\0';
  room->pair.name = room->name;
  return status;
}

static heed_status take_texts(log_spool *spool, packed_pair_room *room) {
  int64_t turned = 0, messages = 0;
  heed_status status = log_spool_take_signed(spool, &room->pair.text_row);
  STEP(log_spool_take_signed(spool, &turned));
  STEP(log_spool_take_signed(spool, &messages));
  STEP(log_spool_take(spool, room->hash, sizeof room->hash));
  room->pair.text_turned = (int8_t)turned;
  room->pair.messages = (int8_t)messages;
  room->pair.hash = room->hash;
  return status;
}

heed_status packed_take_pair_record(packed_records *self,
                                    packed_pair_room *room) {
  log_spool *spool = &self->spool;
  packed_pair *one = &room->pair;
  int64_t line = 0;
  uint64_t file = 0, model_a = 0, model_b = 0, topic = 0;
  heed_status status = log_spool_take_signed(spool, &line);
  STEP(log_spool_take_number(spool, &file));
  if (self->has.models) {
    STEP(log_spool_take_number(spool, &model_a));
    STEP(log_spool_take_number(spool, &model_b));
  }
  if (self->has.topic) STEP(log_spool_take_number(spool, &topic));
  if (self->has.gold) STEP(take_double(spool, &one->gold));
  for (size_t i = 0; i < self->features; i++)
    STEP(take_double(spool, &room->difference[i]));
  if (self->has.texts) STEP(take_texts(spool, room));
  STEP(take_name(spool, room));
  self->line += line;
  one->line = self->line;
  one->file = (int64_t)file;
  one->model_a = (int32_t)model_a;
  one->model_b = (int32_t)model_b;
  one->topic = (int64_t)topic;
  one->difference = room->difference;
  return status;
}
