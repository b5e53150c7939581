/* SPDX-License-Identifier: GPL-3.0-or-later
 * The tables of the world. */
#include <math.h>
#include <string.h>

#include "sources/log/reading.h"

static heed_status finish(const log_reading *self, const heed_memory *memory) {
  return memory->refused ? heed_no_memory(self->error) : HEED_OK;
}

static heed_table *name_table(heed_memory *memory, const char *name,
                              const char *column_name, const log_names *names) {
  heed_table *table = heed_new_table(memory, name, names->count);
  const char **column =
      heed_new_column(memory, table, column_name, HEED_STRING, 1);
  if (column != NULL && names->count > 0)
    memcpy(column, names->text, names->count * sizeof *column);
  return table;
}

/* ---- annotations ---- */

static void put_doubles(heed_memory *memory, heed_table *table,
                        const char *name, const log_reading *self,
                        const double *source) {
  double *column;
  if (source == NULL) return;
  column = heed_new_column(memory, table, name, HEED_FLOAT64, 1);
  for (size_t i = 0; column != NULL && i < self->count; i++)
    column[i] = source[self->order[i]];
}

/* A number in a column of words is a word. */
static void put_words(heed_memory *memory, heed_table *table, log_reading *self,
                      size_t covariate) {
  const size_t count = self->settings->covariate_count;
  const char **column =
      heed_new_column(memory, table, self->settings->covariates[covariate].name,
                      HEED_STRING, 1);
  for (size_t i = 0; column != NULL && i < self->count; i++) {
    const size_t at = self->order[i] * count + covariate;
    char text[LOG_NUMBER_SIZE];
    size_t id;
    if (self->all.word[at] == 0 && isnan(self->all.covariate[at])) continue;
    if (self->all.word[at] == 0) {
      log_number_text(self->all.covariate[at], false, text);
      id = log_number(&self->words, log_text_of(text));
      if (self->words.refused) memory->refused = true;
      if (memory->refused) return;
    } else {
      id = self->all.word[at] - 1;
    }
    column[i] = self->words.text[id];
  }
}

static void put_covariates(heed_memory *memory, heed_table *table,
                           log_reading *self) {
  const log_settings *settings = self->settings;
  const size_t count = settings->covariate_count;
  for (size_t i = 0; i < count; i++) {
    double *column;
    if (self->has_words[i]) {
      put_words(memory, table, self, i);
      continue;
    }
    column = heed_new_column(memory, table, settings->covariates[i].name,
                             HEED_FLOAT64, 1);
    for (size_t j = 0; column != NULL && j < self->count; j++)
      column[j] = self->all.covariate[self->order[j] * count + i];
  }
}

heed_status log_make_annotations(log_reading *self) {
  const log_annotations *all = &self->all;
  heed_memory memory = {self->host, false};
  heed_table *table = heed_new_table(&memory, "annotations", self->count);
  int64_t *user = heed_new_column(&memory, table, "user", HEED_INT64, 1);
  int64_t *pair = heed_new_column(&memory, table, "pair", HEED_INT64, 1);
  int8_t *choice = heed_new_column(&memory, table, "choice", HEED_INT8, 1);
  int8_t *left = heed_new_column(&memory, table, "left", HEED_INT8, 1);
  int64_t *turn = self->turn == NULL
                      ? NULL
                      : heed_new_column(&memory, table, "turn", HEED_INT64, 1);
  if (memory.refused) return heed_no_memory(self->error);
  for (size_t i = 0; i < self->count; i++) {
    const uint32_t at = self->order[i];
    user[i] = self->user_number[all->user[at]];
    pair[i] = all->pair[at];
    choice[i] = all->choice[at];
    left[i] = all->left[at];
    if (turn != NULL) turn[i] = self->turn[at];
  }
  put_doubles(&memory, table, "p", self, all->p);
  put_doubles(&memory, table, "time", self, all->time);
  put_covariates(&memory, table, self);
  self->world->annotations = table;
  if (HEED_HAS(self->world, order_unknown))
    self->world->order_unknown = turn == NULL;
  return finish(self, &memory);
}

/* ---- pairs ---- */

static void copy_column(heed_memory *memory, heed_table *table,
                        const char *name, heed_column_type type, size_t width,
                        const void *source) {
  void *column;
  if (source == NULL) return;
  column = heed_new_column(memory, table, name, type, width);
  if (column != NULL)
    memcpy(column, source, table->rows * width * heed_type_size(type));
}

static void copy_unsigned(heed_memory *memory, heed_table *table,
                          const char *name, const uint32_t *source) {
  int64_t *column;
  if (source == NULL) return;
  column = heed_new_column(memory, table, name, HEED_INT64, 1);
  for (size_t i = 0; column != NULL && i < table->rows; i++)
    column[i] = source[i];
}

static void put_texts(heed_memory *memory, heed_table *table,
                      const log_reading *self) {
  static const char *const names[] = {"text_a", "text_b"};
  const int columns[] = {LEFT_TEXT, RIGHT_TEXT};
  for (size_t side = 0; self->pairs.text != NULL && side < 2; side++) {
    const char **column;
    if (self->settings->column[columns[side]] == NULL) continue;
    column = heed_new_column(memory, table, names[side], HEED_STRING, 1);
    for (size_t i = 0; column != NULL && i < table->rows; i++)
      column[i] = self->pairs.text[2 * i + side];
  }
}

static bool has_messages(const log_reading *self) {
  for (size_t i = 0;
       self->pairs.messages != NULL && i < self->pairs.names.count; i++)
    if (self->pairs.messages[i] != 0) return true;
  return false;
}

static void name_paths(log_reading *self, heed_memory *memory) {
  const size_t count = log_file_count(self);
  const char **paths = heed_allocate(memory, count, sizeof *paths);
  for (size_t i = 0; paths != NULL && i < count; i++)
    paths[i] = log_path(self, i);
  self->world->paths = paths;
  self->world->path_count = paths == NULL ? 0 : count;
}

heed_status log_make_pairs(log_reading *self) {
  const log_pairs *pairs = &self->pairs;
  heed_memory memory = {self->host, false};
  heed_table *table = heed_new_table(&memory, "pairs", pairs->names.count);
  const char **name = heed_new_column(&memory, table, "name", HEED_STRING, 1);
  if (name != NULL && table->rows > 0)
    memcpy(name, pairs->names.text, table->rows * sizeof *name);
  copy_unsigned(&memory, table, "line", pairs->line);
  copy_unsigned(&memory, table, "file", pairs->file);
  copy_column(&memory, table, "model_a", HEED_INT32, 1, pairs->model_a);
  copy_column(&memory, table, "model_b", HEED_INT32, 1, pairs->model_b);
  copy_column(&memory, table, "topic", HEED_INT32, 1, pairs->topic);
  copy_column(&memory, table, "gold", HEED_FLOAT64, 1, pairs->gold);
  put_texts(&memory, table, self);
  copy_column(&memory, table, "text_row", HEED_INT64, 1, pairs->text_row);
  copy_column(&memory, table, "text_turned", HEED_INT8, 1, pairs->text_turned);
  if (has_messages(self))
    copy_column(&memory, table, "messages", HEED_INT8, 1, pairs->messages);
  copy_column(&memory, table, "difference", HEED_FLOAT64, self->features,
              pairs->difference);
  self->world->pairs = table;
  if (HEED_HAS(self->world, path)) self->world->path = log_path(self, 0);
  if (HEED_HAS(self->world, path_count)) name_paths(self, &memory);
  self->world->features = self->features;
  return finish(self, &memory);
}

static bool has_prompts(const log_reading *self) {
  return self->pairs.prompt != NULL &&
         (self->settings->column[PROMPT] != NULL || self->prompts.count > 1);
}

/* The prompt of a pair without texts is unknown: an empty one. */
static void add_unknown_prompt(log_reading *self, heed_memory *memory) {
  size_t unknown = SIZE_MAX;
  for (size_t i = 0; i < self->pairs.names.count; i++) {
    if (self->pairs.text_row[i] >= 0) continue;
    if (unknown == SIZE_MAX)
      unknown = log_number(&self->prompts, log_text_of(""));
    if (self->prompts.refused) memory->refused = true;
    self->pairs.prompt[i] = (uint32_t)unknown;
  }
}

heed_status log_make_prompts(log_reading *self) {
  heed_memory memory = {self->host, false};
  if (!has_prompts(self)) return HEED_OK;
  add_unknown_prompt(self, &memory);
  if (memory.refused) return heed_no_memory(self->error);
  copy_unsigned(&memory, self->world->pairs, "prompt", self->pairs.prompt);
  self->world->prompts = name_table(&memory, "prompts", "text", &self->prompts);
  return finish(self, &memory);
}

heed_status log_make_names(log_reading *self) {
  heed_memory memory = {self->host, false};
  heed_table *users = heed_new_table(&memory, "users", self->user_count);
  const char **name = heed_new_column(&memory, users, "name", HEED_STRING, 1);
  for (size_t j = 0; name != NULL && j < self->everyone.count; j++)
    if (self->user_number[j] != UINT32_MAX)
      name[self->user_number[j]] = self->everyone.text[j];
  self->world->users = users;
  self->world->models = name_table(&memory, "models", "name", &self->models);
  return finish(self, &memory);
}
