/* SPDX-License-Identifier: GPL-3.0-or-later
 * heed users: writes the users of one cell, their attentiveness and a verdict
 * on each, or groups of users, as CSV or JSON.
 *
 * The shape of the JSON is a promise: docs/annotation-logs.md describes it.
 * Add members; never rename, remove or redefine any without a new number in
 * SCHEMA. */
#include <jansson.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "kept_cell.h"
#include "table.h"
#include "users_groups.h"
#include "view/pseudonyms.h"

#define SCHEMA "heed-users/1"

/* The columns of the table that are written, with their names. */
static const char *const columns[][2] = {{"mean", "eta_hat"},
                                         {"sd", "sd"},
                                         {"annotations", "annotations"},
                                         {"eta", "eta"}};
enum { COLUMNS = sizeof columns / sizeof *columns };

typedef struct users_writer {
  FILE *file;
  const command_kept_cell *cell;
  const command_arguments *given;
  verdict_users users;
  verdict_groups groups;    /* if they are asked for */
  const char *const *names; /* or NULL */
  size_t *order;            /* users in the order to write */
  view_pseudonyms *key;     /* or NULL */
} users_writer;

/* A value of a column as text; "": unknown. */
static void value_text(const heed_column *column, size_t row,
                       char text[NUMBER_SIZE]) {
  *text = '\0';
  switch ((enum heed_column_types)column->type) {
    case HEED_STRING:
      break; /* only names are texts */
    case HEED_FLOAT64:
      view_number(((const double *)column->data)[row], text);
      break;
    case HEED_FLOAT32:
      view_number((double)((const float *)column->data)[row], text);
      break;
    case HEED_INT64:
      (void)snprintf(text, NUMBER_SIZE, "%lld",
                     (long long)((const int64_t *)column->data)[row]);
      break;
    case HEED_INT32:
      (void)snprintf(text, NUMBER_SIZE, "%d",
                     (int)((const int32_t *)column->data)[row]);
      break;
    case HEED_INT8:
      (void)snprintf(text, NUMBER_SIZE, "%d",
                     (int)((const int8_t *)column->data)[row]);
      break;
  }
}

static const heed_column *column_of(const users_writer *self, size_t i) {
  const heed_column *column =
      heed_table_column(self->users.table, columns[i][0]);
  return column != NULL && column->width == 1 ? column : NULL;
}

/* The name to write; room[] holds one that is not in the table. */
static const char *name_of(const users_writer *self, size_t row,
                           char room[PSEUDONYM_SIZE]) {
  char number[NUMBER_SIZE];
  (void)snprintf(number, sizeof number, "%zu", row);
  if (self->key != NULL)
    pseudonym(self->key, self->names != NULL ? self->names[row] : number, room);
  else if (self->names != NULL)
    return self->names[row];
  else
    (void)snprintf(room, PSEUDONYM_SIZE, "%s", number);
  return room;
}

/* ---- CSV ---- */

static void write_csv_row(const users_writer *self, size_t row) {
  char number[NUMBER_SIZE], room[PSEUDONYM_SIZE];
  (self->cell->raw ? view_csv_field : view_csv_name)(self->file,
                                                     name_of(self, row, room));
  for (size_t i = 0; i < COLUMNS; i++) {
    const heed_column *column = column_of(self, i);
    if (column == NULL) continue;
    value_text(column, row, number);
    (void)fprintf(self->file, ",%s", number);
  }
  users_share_text(self->users.careless[row], number);
  (void)fprintf(self->file, ",%s,%s\n", number,
                verdict_call_names[self->users.call[row]]);
}

static void write_csv(const users_writer *self) {
  (void)fputs("user", self->file);
  for (size_t i = 0; i < COLUMNS; i++)
    if (column_of(self, i) != NULL)
      (void)fprintf(self->file, ",%s", columns[i][1]);
  (void)fputs(",p_careless,verdict\n", self->file);
  for (size_t i = 0; i < self->users.count; i++)
    write_csv_row(self, self->order[i]);
}

/* ---- JSON ---- */

static void write_json_calls(const users_writer *self, const char *name,
                             size_t count, double error) {
  (void)fprintf(self->file,
                ",\n \"%s\": {\"count\": %zu, \"expected_false\": ", name,
                count);
  users_json_number(self->file, error);
  (void)fputc('}', self->file);
}

/* JSON has neither an unknown nor an infinite number. */
static bool is_json(const char *number) {
  return *number != '\0' && strstr(number, "inf") == NULL;
}

static void write_json_row(const users_writer *self, size_t row) {
  char number[NUMBER_SIZE], room[PSEUDONYM_SIZE];
  (void)fputs("{\"user\": ", self->file);
  users_json_text(self->file, name_of(self, row, room));
  for (size_t i = 0; i < COLUMNS; i++) {
    const heed_column *column = column_of(self, i);
    if (column == NULL) continue;
    value_text(column, row, number);
    (void)fprintf(self->file, ", \"%s\": %s", columns[i][1],
                  is_json(number) ? number : "null");
  }
  (void)fputs(", \"p_careless\": ", self->file);
  users_json_number(self->file, self->users.careless[row]);
  (void)fprintf(self->file, ", \"verdict\": \"%s\"",
                verdict_call_names[self->users.call[row]]);
  if (self->given->group_by != NULL)
    (void)fprintf(self->file, ", \"group\": %zu", self->groups.group_of[row]);
  (void)fputc('}', self->file);
}

static heed_status write_json(const users_writer *self, heed_error *error) {
  view_result *result = self->cell->result;
  const size_t cell = self->cell->cell;
  const size_t point = cell / result->plan->replicates;
  const verdict_question question = {self->given->threshold,
                                     self->given->alpha};
  verdict_share share;
  const heed_status status =
      verdict_find_share(result, point, &question, &self->users, &share, error);
  if (status != HEED_OK) return status;
  (void)fputs("{\"schema\": \"" SCHEMA "\",\n \"title\": ", self->file);
  users_json_text(self->file, result->plan->title);
  (void)fprintf(self->file, ",\n \"cell\": %zu,\n \"threshold\": ", cell);
  users_json_number(self->file, question.threshold);
  (void)fputs(",\n \"careless_threshold\": ", self->file);
  users_json_number(self->file, self->users.doubted);
  (void)fputs(",\n \"alpha\": ", self->file);
  users_json_number(self->file, question.alpha);
  (void)fprintf(self->file, ",\n \"basis\": \"%s\",\n \"identified\": %s",
                verdict_basis_names[self->users.basis],
                self->users.identified ? "true" : "false");
  (void)fputs(",\n \"attentive_share\": ", self->file);
  users_json_share(self->file, &share);
  write_json_calls(self, "careless", self->users.careless_count,
                   self->users.careless_error);
  write_json_calls(self, "trusted", self->users.trusted_count,
                   self->users.trusted_error);
  users_parts_json(self->file, result, point);
  if (self->given->group_by != NULL)
    users_groups_json(self->file, self->given->group_by, &self->groups);
  (void)fputs(",\n \"users\": [", self->file);
  for (size_t i = 0; i < self->users.count; i++) {
    (void)fputs(i == 0 ? "\n  " : ",\n  ", self->file);
    write_json_row(self, self->order[i]);
  }
  (void)fputs("\n ]}\n", self->file);
  return HEED_OK;
}

/* ---- order ---- */

typedef struct users_place {
  double key;
  size_t row;
} users_place;

/* Ascending, unknown last, equal keys in the order of the log. */
static int by_key(const void *a, const void *b) {
  const users_place *one = a, *other = b;
  if (isnan(one->key) != isnan(other->key)) return isnan(one->key) ? 1 : -1;
  if (one->key != other->key && !isnan(one->key))
    return one->key < other->key ? -1 : 1;
  return one->row < other->row ? -1 : 1;
}

static heed_status put_order(users_writer *self, heed_error *error) {
  const double *mean = heed_table_data(self->users.table, "mean", HEED_FLOAT64);
  const size_t count = self->users.count;
  users_place *places = calloc(count + 1, sizeof *places);
  self->order = calloc(count + 1, sizeof *self->order);
  if (places == NULL || self->order == NULL) {
    free(places);
    return heed_no_memory(error);
  }
  for (size_t row = 0; row < count; row++) {
    places[row].row = row;
    if (self->given->sort == USERS_BY_CARELESS)
      places[row].key = -self->users.careless[row];
    else if (self->given->sort == USERS_BY_ETA && mean != NULL)
      places[row].key = mean[row];
  }
  qsort(places, count, sizeof *places, by_key);
  for (size_t i = 0; i < count; i++) self->order[i] = places[i].row;
  free(places);
  return HEED_OK;
}

/* ---- all of it ---- */

/* A fit that is not identified has a warning of its own. */
static void put_note(const users_writer *self) {
  const char *note = "";
  if (self->users.identified && self->users.basis == VERDICT_NORMAL)
    note =
        "p_careless is a normal approximation from eta_hat and sd: the "
        "result holds no posterior of users";
  if (self->users.identified && self->users.basis == VERDICT_UNKNOWN)
    note =
        "p_careless is unknown, and so is every verdict: the estimator "
        "gives users no standard error";
  (void)snprintf(self->cell->note, KEPT_NOTE_SIZE, "%s", note);
}

static heed_status read_key(users_writer *self, heed_error *error) {
  if (self->given->pseudonyms == NULL) return HEED_OK;
  self->key = malloc(sizeof *self->key);
  if (self->key == NULL) return heed_no_memory(error);
  return pseudonyms_read(self->given->pseudonyms, self->key, error);
}

static heed_status find_groups(users_writer *self, heed_error *error) {
  const command_kept_cell *cell = self->cell;
  const size_t point = cell->cell / cell->result->plan->replicates;
  const verdict_question question = {self->given->threshold,
                                     self->given->alpha};
  if (self->given->group_by == NULL) return HEED_OK;
  return verdict_find_groups(cell->result, point, &question, &self->users,
                             self->given->group_by, self->given->groups,
                             &self->groups, error);
}

static heed_status write_users(FILE *file, const command_kept_cell *cell,
                               heed_error *error) {
  users_writer self = {.file = file, .cell = cell, .given = cell->given};
  const verdict_question question = {self.given->threshold, self.given->alpha};
  heed_status status = read_key(&self, error);
  if (status == HEED_OK)
    status =
        verdict_judge(cell->result, cell->cell, &question, &self.users, error);
  if (status == HEED_OK) {
    self.names = heed_table_data(self.users.table, "name", HEED_STRING);
    status = put_order(&self, error);
  }
  if (status == HEED_OK) status = find_groups(&self, error);
  if (status == HEED_OK && self.given->json)
    status = write_json(&self, error);
  else if (status == HEED_OK && self.given->group_by != NULL)
    users_groups_csv(file, self.cell->raw, &self.groups);
  else if (status == HEED_OK)
    write_csv(&self);
  if (status == HEED_OK) put_note(&self);
  verdict_groups_free(&self.groups);
  verdict_users_free(&self.users);
  free(self.order);
  free(self.key);
  return status;
}

int command_users(const command_arguments *given) {
  static const command_kept_options users = {
      .table = "users", .shared = PLAN_POSTERIOR, .write = write_users};
  return kept_cell_command(&users, given);
}
