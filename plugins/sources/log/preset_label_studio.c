/* SPDX-License-Identifier: GPL-3.0-or-later
 * Exports of Label Studio with the control Pairwise.  JSON: labelstud.io/guide/
 * task_format; JSON-MIN, CSV and TSV: annotation_result_from_task() in
 * label_studio_sdk/converter/converter.py and exports/csv2.py of
 * HumanSignal/label-studio-sdk. */
#include <string.h>

#include "sources/log/presets.h"

static const json_t *annotations_of(const json_t *task) {
  const json_t *list = json_object_get(task, "annotations");
  return list != NULL ? list : json_object_get(task, "completions");
}

static bool is_task(const json_t *record) {
  return json_is_object(json_object_get(record, "data")) &&
         json_is_array(annotations_of(record));
}

static bool is_flat(const json_t *record) {
  return json_object_get(record, "annotation_id") != NULL &&
         json_object_get(record, "annotator") != NULL;
}

/* ---- which control ---- */

static bool is_pairwise(const json_t *result) {
  const char *type = log_said_at(result, "type");
  return type != NULL && strcmp(type, "pairwise") == 0;
}

/* The choice in a cell of a table: [{"selected": "left"}]. */
static json_t *selected_in(const json_t *cell) {
  json_t *value = log_parsed(cell);
  const json_t *first = json_is_array(value) ? json_array_get(value, 0) : value;
  json_t *selected = json_is_object(first)
                         ? log_shared(json_object_get(first, "selected"))
                         : NULL;
  json_decref(value);
  return selected;
}

static void add_control(json_t *controls, const char *name) {
  if (name != NULL) (void)json_object_set_new(controls, name, json_true());
}

static void add_controls(json_t *controls, const json_t *record) {
  const json_t *annotations = annotations_of(record);
  const char *key;
  json_t *value;
  for (size_t i = 0; i < json_array_size(annotations); i++) {
    const json_t *results =
        json_object_get(json_array_get(annotations, i), "result");
    for (size_t j = 0; j < json_array_size(results); j++)
      if (is_pairwise(json_array_get(results, j)))
        add_control(controls,
                    log_said_at(json_array_get(results, j), "from_name"));
  }
  if (!is_flat(record)) return;
  json_object_foreach((json_t *)(uintptr_t)record, key, value) {
    json_t *selected = selected_in(value);
    if (json_is_string(selected)) add_control(controls, key);
    json_decref(selected);
  }
}

static heed_status settle_question(log_settings *self, const char *path,
                                   const json_t *records, heed_memory *memory,
                                   heed_error *error) {
  const heed_value *choice = &self->values[COLUMNS].items[CHOICE];
  json_t *controls = json_object();
  char list[HEED_MESSAGE_SIZE / 4] = "";
  heed_status status = HEED_OK;
  const char *key;
  json_t *value;
  for (size_t i = 0; i < json_array_size(records); i++)
    add_controls(controls, json_array_get(records, i));
  if (choice->given) {
    self->question = choice->text;
  } else if (json_object_size(controls) > 1) {
    json_object_foreach(controls, key, value) log_add(
        list, sizeof list, "%s\"%.60s\"", *list == '\0' ? "" : ", ", key);
    status = log_fail(error, HEED_INVALID,
                      "%s: several controls compare answers: %s; "
                      "set source.columns.choice to one of them",
                      path, list);
  } else if (json_object_size(controls) == 1) {
    self->question = heed_copy_text(
        memory, json_object_iter_key(json_object_iter(controls)));
  }
  if (status == HEED_OK)
    self->column[CHOICE] = self->question == NULL ? "selected" : self->question;
  json_decref(controls);
  return status;
}

/* The first of these keys that some record has, below "data." or not. */
static const char *key_in(const json_t *records, const char *const *names,
                          bool nested) {
  for (size_t i = 0; names[i] != NULL; i++)
    for (size_t j = 0; j < json_array_size(records); j++) {
      const json_t *record = json_array_get(records, j);
      const json_t *place = nested ? json_object_get(record, "data") : record;
      if (json_object_get(place, names[i] + (nested ? 5 : 0)) != NULL)
        return names[i];
    }
  return NULL;
}

static heed_status settle_columns(log_settings *self, const json_t *records,
                                  bool nested) {
  static const struct {
    int column;
    const char *names[6];
  } known[] = {{LEFT_MODEL, {"data.model_a", "data.model1", NULL}},
               {RIGHT_MODEL, {"data.model_b", "data.model2", NULL}},
               {PROMPT, {"data.prompt", NULL}},
               {LEFT_TEXT,
                {"data.answer1", "data.text1", "data.answer_a",
                 "data.response_a", NULL}},
               {RIGHT_TEXT,
                {"data.answer2", "data.text2", "data.answer_b",
                 "data.response_b", NULL}}};
  for (size_t i = 0; i < sizeof known / sizeof *known; i++) {
    const int column = known[i].column;
    const char *names[6] = {NULL}, *found;
    if (self->values[COLUMNS].items[column].given ||
        (self->makes & LOG_MAKES(column)) != 0)
      continue;
    for (size_t j = 0; known[i].names[j] != NULL; j++)
      names[j] = known[i].names[j] + (nested ? 0 : 5);
    found = key_in(records, names, nested);
    self->column[column] = found;
  }
  if (self->column[LEFT_MODEL] == NULL || self->column[RIGHT_MODEL] == NULL)
    self->column[LEFT_MODEL] = self->column[RIGHT_MODEL] = NULL;
  return HEED_OK;
}

static heed_status settle_tasks(log_settings *self, const char *path,
                                const json_t *records, heed_memory *memory,
                                heed_error *error) {
  (void)settle_columns(self, records, true);
  return settle_question(self, path, records, memory, error);
}

static heed_status settle_flat(log_settings *self, const char *path,
                               const json_t *records, heed_memory *memory,
                               heed_error *error) {
  (void)settle_columns(self, records, false);
  return settle_question(self, path, records, memory, error);
}

/* ---- rows ---- */

/* A number, or {"id": …, "email": …}.  A new reference. */
static json_t *person_of(const json_t *value) {
  const char *email = log_said_at(value, "email");
  if (!json_is_object(value)) return log_id_of(value);
  if (email != NULL && *email != '\0') return json_string(email);
  return log_id_of(json_object_get(value, "id"));
}

/* "answer1,answer2" names two objects of the task. */
static json_t *object_of(const json_t *result, const json_t *data,
                         bool second) {
  const char *names = log_said_at(result, "to_name");
  const char *comma = names == NULL ? NULL : strchr(names, ',');
  if (comma == NULL) return NULL;
  return log_shared(
      second ? json_object_get(data, comma + 1)
             : json_object_getn(data, names, (size_t)(comma - names)));
}

static bool is_asked(const log_settings *settings, const json_t *result) {
  const char *name = log_said_at(result, "from_name");
  return is_pairwise(result) &&
         (settings->question == NULL ||
          (name != NULL && strcmp(name, settings->question) == 0));
}

static heed_status take_result(log_translation *self, const json_t *annotation,
                               const json_t *result) {
  const json_t *data = json_object_get(self->record, "data");
  const json_t *value = json_object_get(result, "value");
  log_make(self, USER, person_of(json_object_get(annotation, "completed_by")));
  log_make(self, PAIR, log_shared(json_object_get(self->record, "id")));
  log_make(self, CHOICE, log_shared(json_object_get(value, "selected")));
  log_make(self, LEFT_TEXT, object_of(result, data, false));
  log_make(self, RIGHT_TEXT, object_of(result, data, true));
  return log_send_made(self, annotation);
}

static heed_status take_annotation(log_translation *self,
                                   const json_t *annotation) {
  const json_t *results = json_object_get(annotation, "result");
  heed_status status = HEED_OK;
  bool found = false;
  if (json_is_true(json_object_get(annotation, "was_cancelled")) ||
      json_is_true(json_object_get(annotation, "skipped")))
    return log_set_aside(self, "that a user skipped");
  if (json_is_true(json_object_get(annotation, "ground_truth")))
    return log_set_aside(self, "of the ground truth");
  if (json_array_size(results) == 0)
    return log_set_aside(self, "without an answer");
  for (size_t i = 0; status == HEED_OK && i < json_array_size(results); i++) {
    const json_t *result = json_array_get(results, i);
    if (!is_asked(self->settings, result)) continue;
    if (found)
      return log_refuse_record(self,
                               "an annotation compares the answers twice, "
                               "expected one result of type pairwise");
    found = true;
    status = take_result(self, annotation, result);
  }
  return found ? status : log_set_aside(self, "without a pairwise answer");
}

static heed_status translate_task(log_translation *self) {
  const json_t *list = annotations_of(self->record);
  heed_status status = HEED_OK;
  if (json_array_size(list) == 0)
    return log_set_aside(self, "that nobody has annotated");
  for (size_t i = 0; status == HEED_OK && i < json_array_size(list); i++)
    status = take_annotation(self, json_array_get(list, i));
  return status;
}

static heed_status translate_flat(log_translation *self) {
  const char *question = self->settings->question;
  json_t *selected = NULL;
  if (question != NULL)
    selected = selected_in(json_object_get(self->record, question));
  if (!json_is_string(selected)) {
    json_decref(selected);
    return log_set_aside(self, "without an answer");
  }
  log_make(self, CHOICE, selected);
  log_make(self, USER, person_of(json_object_get(self->record, "annotator")));
  return log_send_made(self, NULL);
}

static const char *const notes[] = {
    "Pairwise has no tie, and its sides are fixed: A is always left.", NULL};

const log_shape log_label_studio_shapes[] = {
    {.preset = PRESET_LABEL_STUDIO,
     .form = "tasks of Label Studio, with their annotations",
     .fits = is_task,
     .column = {[USER] = "completed_by", [PAIR] = "id", [TIME] = "created_at"},
     .makes = LOG_MAKES(USER) | LOG_MAKES(PAIR) | LOG_MAKES(CHOICE) |
              LOG_MAKES(LEFT_TEXT) | LOG_MAKES(RIGHT_TEXT),
     .settle = settle_tasks,
     .translate = translate_task,
     .notes = notes},
    {.preset = PRESET_LABEL_STUDIO,
     .form = "annotations of Label Studio, one a row",
     .fits = is_flat,
     .column = {[USER] = "annotator", [PAIR] = "id", [TIME] = "created_at"},
     .makes = LOG_MAKES(USER) | LOG_MAKES(CHOICE),
     .settle = settle_flat,
     .translate = translate_flat,
     .notes = notes},
    {0}};
