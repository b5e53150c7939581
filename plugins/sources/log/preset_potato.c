/* SPDX-License-Identifier: GPL-3.0-or-later
 * What Potato (2.12.1) keeps of a pairwise study: potato/server_utils/schemas/
 * pairwise.py, presentation_order.py, potato/export/tabular_exporter.py and
 * _apply_pairwise_order() in potato/flask_server.py.
 *
 * A user picks a tile.  If a study turns the tiles, only user_state.json says
 * which answer a tile had. */
#include <string.h>

#include "sources/log/presets.h"

#define LABELS "instance_id_to_label_to_value"

static bool ends_with(const char *text, const char *end) {
  const size_t length = strlen(text), tail = strlen(end);
  return length > tail && strcmp(text + length - tail, end) == 0;
}

static bool is_state(const json_t *record) {
  return json_is_object(json_object_get(record, LABELS));
}

static bool is_row(const json_t *record) {
  return json_object_get(record, "instance_id") != NULL &&
         json_object_get(record, "user_id") != NULL;
}

static bool is_object(const json_t *record) {
  return is_row(record) && json_is_object(json_object_get(record, "labels"));
}

static bool is_table(const json_t *record) {
  const char *key;
  json_t *value;
  if (!is_row(record)) return false;
  json_object_foreach((json_t *)(uintptr_t)record, key,
                      value) if (ends_with(key, ".selection") ||
                                 ends_with(key, ".scale_value")) return true;
  return false;
}

/* ---- labels ---- */

/* Labels by schema and name; a new reference.  Older versions have lists of
 * [{"schema": …, "name": …}, value]. */
static json_t *labels_in(const json_t *value) {
  json_t *labels = json_object();
  if (json_is_object(value)) {
    json_decref(labels);
    return log_shared(value);
  }
  for (size_t i = 0; i < json_array_size(value); i++) {
    const json_t *label = json_array_get(value, i);
    const json_t *place = json_array_get(label, 0);
    const char *schema = log_said_at(place, "schema");
    const char *name = log_said_at(place, "name");
    if (schema == NULL || name == NULL) continue;
    if (json_object_get(labels, schema) == NULL)
      (void)json_object_set_new(labels, schema, json_object());
    (void)json_object_set_new(json_object_get(labels, schema), name,
                              log_shared(json_array_get(label, 1)));
  }
  return labels;
}

/* The labels of a row of a table: "SCHEMA.NAME". */
static json_t *labels_of_row(const json_t *record) {
  json_t *labels = json_object();
  const char *key;
  json_t *value;
  json_object_foreach((json_t *)(uintptr_t)record, key, value) {
    const char *dot = strrchr(key, '.');
    json_t *schema;
    if (dot == NULL || *json_string_value(value) == '\0') continue;
    schema = json_stringn(key, (size_t)(dot - key));
    if (schema == NULL) continue;
    if (json_object_get(labels, json_string_value(schema)) == NULL)
      (void)json_object_set_new(labels, json_string_value(schema),
                                json_object());
    (void)json_object_set(json_object_get(labels, json_string_value(schema)),
                          dot + 1, value);
    json_decref(schema);
  }
  return labels;
}

static json_t *labels_of(const json_t *record) {
  const json_t *labels = json_object_get(record, "labels");
  return json_is_object(labels) ? log_shared(labels) : labels_of_row(record);
}

/* ---- which schema ---- */

static void add_schemas(json_t *schemas, const json_t *labels) {
  const char *key;
  json_t *value;
  json_object_foreach((json_t *)(uintptr_t)labels, key,
                      value) if (json_object_get(value, "selection") != NULL ||
                                 json_object_get(value, "scale_value") != NULL)(
      void) json_object_set_new(schemas, key, json_true());
}

static void add_schemas_of(json_t *schemas, const json_t *record) {
  const char *key;
  json_t *value;
  if (!is_state(record)) {
    json_t *labels = labels_of(record);
    add_schemas(schemas, labels);
    json_decref(labels);
    return;
  }
  json_object_foreach(json_object_get(record, LABELS), key, value) {
    json_t *labels = labels_in(value);
    add_schemas(schemas, labels);
    json_decref(labels);
  }
}

static heed_status settle(log_settings *self, const char *path,
                          const json_t *records, heed_memory *memory,
                          heed_error *error) {
  const heed_value *choice = &self->values[COLUMNS].items[CHOICE];
  json_t *schemas = json_object();
  char list[HEED_MESSAGE_SIZE / 4] = "";
  heed_status status = HEED_OK;
  const char *key;
  json_t *value;
  for (size_t i = 0; i < json_array_size(records); i++)
    add_schemas_of(schemas, json_array_get(records, i));
  json_object_foreach(schemas, key, value)
      log_add(list, sizeof list, "%s\"%.60s\"", *list == '\0' ? "" : ", ", key);
  if (choice->given)
    self->question = choice->text;
  else if (json_object_size(schemas) == 1)
    self->question =
        heed_copy_text(memory, json_object_iter_key(json_object_iter(schemas)));
  else if (json_object_size(schemas) > 1)
    status = log_fail(error, HEED_INVALID,
                      "%s: several schemas compare answers: %s; "
                      "set source.columns.choice to one of them",
                      path, list);
  self->column[CHOICE] = self->question == NULL ? "selection" : self->question;
  json_decref(schemas);
  return status;
}

/* ---- rows ---- */

/* The tile that was picked: 0 or 1; 2: a tie; -1: none; -2: something else. */
static int tile_of(const json_t *label) {
  const char *word = log_said_at(label, "selection");
  const json_t *scale = json_object_get(label, "scale_value");
  double number = 0;
  if (word != NULL && *word != '\0')
    return strcmp(word, "A") == 0     ? 0
           : strcmp(word, "B") == 0   ? 1
           : strcmp(word, "tie") == 0 ? 2
                                      : -2;
  if (json_is_number(scale))
    number = json_number_value(scale);
  else if (!json_is_string(scale) || json_string_length(scale) == 0)
    return -1;
  else if (!log_number_in(log_text_of(json_string_value(scale)), &number))
    return -2;
  return number < 0 ? 0 : number > 0 ? 1 : 2;
}

/* first: the answer in the first tile. */
static heed_status take_labels(log_translation *self, const char *instance,
                               const json_t *labels, int first) {
  const char *question = self->settings->question;
  const json_t *label =
      question == NULL ? NULL : json_object_get(labels, question);
  const int tile = tile_of(label);
  if (tile == -1) return log_set_aside(self, "without a comparison");
  if (tile == -2)
    return log_refuse_record(self,
                             "schema \"%.60s\" of \"%.60s\": expected A, B or "
                             "tie, or a number on the scale",
                             question, instance);
  log_make(self, PAIR, json_string(instance));
  log_make(self, CHOICE,
           json_string(tile == 2       ? "tie"
                       : tile == first ? "A"
                                       : "B"));
  log_make(self, LEFT, json_string(first == 0 ? "A" : "B"));
  return log_send_made(self, labels);
}

/* [1, 0]: the first tile had the second answer. */
static int first_in(const json_t *record, const char *instance,
                    const char *schema) {
  const json_t *orders =
      json_object_get(record, "instance_id_to_presentation_order");
  const json_t *order =
      schema == NULL
          ? NULL
          : json_object_get(json_object_get(orders, instance), schema);
  return json_integer_value(json_array_get(order, 0)) == 1 ? 1 : 0;
}

static heed_status translate_state(log_translation *self) {
  const json_t *instances = json_object_get(self->record, LABELS);
  heed_status status = HEED_OK;
  const char *key;
  json_t *value;
  if (json_object_size(instances) == 0)
    return log_set_aside(self, "of a user without an answer");
  json_object_foreach((json_t *)(uintptr_t)instances, key, value) {
    json_t *labels = labels_in(value);
    status = take_labels(self, key, labels,
                         first_in(self->record, key, self->settings->question));
    json_decref(labels);
    if (status != HEED_OK) break;
  }
  return status;
}

static heed_status translate_row(log_translation *self) {
  json_t *id = log_id_of(json_object_get(self->record, "instance_id"));
  json_t *labels = labels_of(self->record);
  const heed_status status =
      id == NULL ? log_refuse_record(self, "instance_id: expected an id")
                 : take_labels(self, json_string_value(id), labels, 0);
  json_decref(labels);
  json_decref(id);
  return status;
}

static const char *const words_a[] = {"A", NULL}, *const words_b[] = {"B",
                                                                      NULL};
static const char *const words_tie[] = {"tie", NULL};
static const char *const notes[] = {
    "Texts and models are in the study's data file, which heed does not read.",
    NULL};

#define MADE (LOG_MAKES(PAIR) | LOG_MAKES(CHOICE) | LOG_MAKES(LEFT))
#define WORDS \
  { [WORDS_A] = words_a, [WORDS_B] = words_b, [WORDS_TIE] = words_tie }
#define ORDER_CODE "order_unknown"
#define ORDER_WARNING                                                       \
  "this file leaves out which answer a user saw first; if the study turns " \
  "the answers, A is another answer for each user: read "                   \
  "annotation_output/*/user_state.json instead"

const log_shape log_potato_shapes[] = {
    {.preset = PRESET_POTATO,
     .form = "the state of a user of Potato",
     .fits = is_state,
     .column = {[USER] = "user_id"},
     .makes = MADE,
     .words = WORDS,
     .settle = settle,
     .translate = translate_state,
     .notes = notes},
    {.preset = PRESET_POTATO,
     .form = "annotations of Potato",
     .fits = is_object,
     .column = {[USER] = "user_id"},
     .makes = MADE,
     .words = WORDS,
     .settle = settle,
     .translate = translate_row,
     .code = ORDER_CODE,
     .warning = ORDER_WARNING,
     .notes = notes},
    {.preset = PRESET_POTATO,
     .form = "a table of Potato's annotations",
     .fits = is_table,
     .column = {[USER] = "user_id"},
     .makes = MADE,
     .words = WORDS,
     .settle = settle,
     .translate = translate_row,
     .code = ORDER_CODE,
     .warning = ORDER_WARNING,
     .notes = notes},
    {0}};
