/* SPDX-License-Identifier: GPL-3.0-or-later
 * The tables of the world. */
#include <string.h>

#include "sources/log/reading.h"

static heed_table *name_table(heed_memory *memory, const char *name,
                              const char *column_name, const log_names *names) {
  heed_table *table = heed_new_table(memory, name, names->count);
  const char **column =
      heed_new_column(memory, table, column_name, HEED_STRING, 1);
  if (column != NULL && names->count > 0)
    memcpy(column, names->text, names->count * sizeof *column);
  return table;
}

heed_status log_make_annotations(const log_reading *self) {
  heed_memory memory = {self->host, false};
  heed_table *table = heed_new_table(&memory, "annotations", self->count);
  int64_t *user = heed_new_column(&memory, table, "user", HEED_INT64, 1);
  int64_t *pair = heed_new_column(&memory, table, "pair", HEED_INT64, 1);
  int8_t *choice = heed_new_column(&memory, table, "choice", HEED_INT8, 1);
  int8_t *left = heed_new_column(&memory, table, "left", HEED_INT8, 1);
  const bool has_p = self->values[COLUMNS].items[P].given;
  double *p =
      has_p ? heed_new_column(&memory, table, "p", HEED_FLOAT64, 1) : NULL;
  int64_t *turn = log_knows_order(self->values)
                      ? heed_new_column(&memory, table, "turn", HEED_INT64, 1)
                      : NULL;
  if (memory.refused) return heed_no_memory(self->error);
  for (size_t i = 0; i < self->count; i++) {
    const log_annotation *one = &self->all[i];
    user[i] = (int64_t)one->user;
    pair[i] = (int64_t)one->pair;
    choice[i] = one->choice;
    left[i] = one->left;
    if (has_p) p[i] = one->p;
    if (turn != NULL) turn[i] = one->turn;
  }
  self->world->annotations = table;
  if (HEED_HAS(self->world, order_unknown))
    self->world->order_unknown = turn == NULL;
  return HEED_OK;
}

static void copy_column(heed_memory *memory, heed_table *table,
                        const char *name, heed_column_type type, size_t width,
                        const void *source) {
  void *column = heed_new_column(memory, table, name, type, width);
  if (column != NULL)
    memcpy(column, source, table->rows * width * heed_type_size(type));
}

static void copy_texts(heed_memory *memory, heed_table *table, const char *name,
                       const char *const *source) {
  const char **column = heed_new_column(memory, table, name, HEED_STRING, 1);
  for (size_t i = 0; column != NULL && i < table->rows; i++)
    if (source[i] != NULL) column[i] = source[i];
}

heed_status log_make_prompts(log_reading *self) {
  heed_table *pairs = self->world->pairs;
  const size_t count = pairs->rows;
  heed_memory memory = {self->host, false};
  log_names prompts;
  int64_t *prompt;
  if (!self->values[COLUMNS].items[PROMPT].given) return HEED_OK;
  log_names_open(&memory, &prompts, count);
  if (memory.refused) return heed_no_memory(self->error);
  prompt = heed_new_column(&memory, pairs, "prompt", HEED_INT64, 1);
  for (size_t i = 0; prompt != NULL && i < count; i++)
    prompt[i] = (int64_t)log_number(
        &prompts, self->prompt[i] == NULL ? "" : self->prompt[i]);
  self->world->prompts = name_table(&memory, "prompts", "text", &prompts);
  return memory.refused ? heed_no_memory(self->error) : HEED_OK;
}

heed_status log_make_names(const log_reading *self) {
  heed_memory memory = {self->host, false};
  self->world->users = name_table(&memory, "users", "name", &self->users);
  self->world->models = name_table(&memory, "models", "name", &self->models);
  return memory.refused ? heed_no_memory(self->error) : HEED_OK;
}

heed_status log_make_pairs(const log_reading *self) {
  const heed_value *named = self->values[COLUMNS].items;
  const bool models = named[LEFT_MODEL].given && named[RIGHT_MODEL].given;
  heed_memory memory = {self->host, false};
  heed_table *table = heed_new_table(&memory, "pairs", self->pairs.count);
  copy_texts(&memory, table, "name", self->pairs.text);
  copy_column(&memory, table, "line", HEED_INT64, 1, self->line);
  if (models) {
    copy_column(&memory, table, "model_a", HEED_INT32, 1, self->model_a);
    copy_column(&memory, table, "model_b", HEED_INT32, 1, self->model_b);
  }
  if (named[TOPIC].given)
    copy_column(&memory, table, "topic", HEED_INT32, 1, self->topic);
  if (named[LEFT_TEXT].given)
    copy_texts(&memory, table, "text_a", self->text_a);
  if (named[RIGHT_TEXT].given)
    copy_texts(&memory, table, "text_b", self->text_b);
  if (self->features > 0)
    copy_column(&memory, table, "difference", HEED_FLOAT64, self->features,
                self->difference);
  self->world->pairs = table;
  if (HEED_HAS(self->world, path)) self->world->path = self->rows.path;
  self->world->features = self->features;
  return memory.refused ? heed_no_memory(self->error) : HEED_OK;
}
