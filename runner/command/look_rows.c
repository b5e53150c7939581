/* SPDX-License-Identifier: GPL-3.0-or-later
 * heed look --rows: what a source has read, annotation by annotation. */
#include <stdlib.h>

#include "look.h"

static const char *text_at(const heed_table *table, const char *name,
                           int64_t row) {
  const char *const *texts =
      table == NULL ? NULL : heed_table_data(table, name, HEED_STRING);
  return texts == NULL || row < 0 ? NULL : texts[row];
}

static const char *choice_word(int8_t choice) {
  return choice == HEED_CHOSE_A     ? "a"
         : choice == HEED_CHOSE_B   ? "b"
         : choice == HEED_CHOSE_TIE ? "tie"
                                    : NULL;
}

static void put_text(json_t *row, const char *key, const char *text) {
  if (text != NULL) (void)json_object_set_new(row, key, json_string(text));
}

/* Messages are JSON; an unknown text is null. */
static void put_said(json_t *row, const char *key, const char *text,
                     bool messages) {
  json_t *value;
  if (text == NULL) return;
  value = *text == '\0' ? json_null()
          : messages    ? json_loads(text, 0, NULL)
                        : json_string(text);
  (void)json_object_set_new(row, key, value == NULL ? json_null() : value);
}

static void put_pair(json_t *row, const heed_world *world, int64_t pair) {
  const int32_t *a = heed_table_data(world->pairs, "model_a", HEED_INT32);
  const int32_t *b = heed_table_data(world->pairs, "model_b", HEED_INT32);
  const int64_t *prompt = heed_table_data(world->pairs, "prompt", HEED_INT64);
  const int8_t *messages = heed_table_data(world->pairs, "messages", HEED_INT8);
  const bool are = messages != NULL && messages[pair] != 0;
  if (a != NULL && b != NULL) {
    put_text(row, "model_a", text_at(world->models, "name", a[pair]));
    put_text(row, "model_b", text_at(world->models, "name", b[pair]));
  }
  if (prompt != NULL)
    put_said(row, "prompt", text_at(world->prompts, "text", prompt[pair]), are);
  put_said(row, "text_a", text_at(world->pairs, "text_a", pair), are);
  put_said(row, "text_b", text_at(world->pairs, "text_b", pair), are);
}

/* Columns of the source's own: covariates. */
static void put_others(json_t *row, const heed_table *annotations, size_t at) {
  static const char *const known[] = {"user", "pair", "choice", "left", "turn"};
  for (size_t i = 0; i < annotations->column_count; i++) {
    const heed_column *column = &annotations->columns[i];
    bool is_known = column->width != 1;
    for (size_t j = 0; j < sizeof known / sizeof *known; j++)
      is_known = is_known || strcmp(column->name, known[j]) == 0;
    if (is_known) continue;
    if (column->type == HEED_FLOAT64)
      (void)json_object_set_new(row, column->name,
                                json_real(((const double *)column->data)[at]));
    else if (column->type == HEED_STRING)
      put_text(row, column->name, ((const char *const *)column->data)[at]);
  }
}

void look_print_rows(const look_reading *self) {
  const heed_world *world = &self->world;
  const heed_table *made = world->annotations;
  const int64_t *user, *pair;
  const int8_t *choice, *left;
  if (made == NULL) return;
  user = heed_table_data(made, "user", HEED_INT64);
  pair = heed_table_data(made, "pair", HEED_INT64);
  choice = heed_table_data(made, "choice", HEED_INT8);
  left = heed_table_data(made, "left", HEED_INT8);
  for (size_t i = 0; i < made->rows; i++) {
    json_t *row = json_object();
    char *line;
    put_text(row, "user", text_at(world->users, "name", user[i]));
    put_text(row, "pair", text_at(world->pairs, "name", pair[i]));
    put_text(row, "choice", choice_word(choice[i]));
    if (left != NULL) put_text(row, "left", choice_word(left[i]));
    put_pair(row, world, pair[i]);
    put_others(row, made, i);
    line = json_dumps(row, JSON_COMPACT | JSON_ENSURE_ASCII);
    if (line != NULL) printf("%s\n", line);
    free(line);
    json_decref(row);
  }
}
