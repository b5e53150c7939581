/* SPDX-License-Identifier: GPL-3.0-or-later
 * Exports of Argilla (2.8.0) that compare two answers.  Nested records:
 * JsonIO.to_json() in argilla/records/_io/_json.py; flat records:
 * dataset.records.to_datasets().to_json(), argilla/records/_io/_generic.py. */
#include <string.h>

#include "sources/log/presets.h"

#define RESPONSES ".responses"
#define USERS ".responses.users"

static const char *const words_a[] = {
    "response1", "response-1", "response_1", "response_a", "a", "A", "1", NULL};
static const char *const words_b[] = {
    "response2", "response-2", "response_2", "response_b", "b", "B", "2", NULL};
static const char *const words_tie[] = {"tie", "both", "neither", "equal",
                                        NULL};

static bool ends_with(const char *text, const char *end) {
  const size_t length = strlen(text), tail = strlen(end);
  return length > tail && strcmp(text + length - tail, end) == 0;
}

static bool is_nested(const json_t *record) {
  return json_is_object(json_object_get(record, "fields")) &&
         json_is_object(json_object_get(record, "responses"));
}

static bool is_flat(const json_t *record) {
  const char *key;
  json_t *value;
  json_object_foreach((json_t *)(uintptr_t)record, key,
                      value) if (ends_with(key, USERS)) return true;
  return false;
}

/* ---- answers ---- */

static bool is_one_of(const char *text, const char *const *words) {
  for (; text != NULL && *words != NULL; words++)
    if (strcmp(text, *words) == 0) return true;
  return false;
}

/* A name that ends in 1 or a is that of A; else the first by its bytes is. */
static bool comes_first(const char *name, const char *other) {
  const char last = name[0] == '\0' ? '\0' : name[strlen(name) - 1];
  const char others = other[0] == '\0' ? '\0' : other[strlen(other) - 1];
  const bool first = last == '1' || last == 'a' || last == 'A';
  const bool second = others == '1' || others == 'a' || others == 'A';
  return first != second ? first : strcmp(name, other) < 0;
}

typedef struct ranked_pair {
  const char *name[2]; /* the better one first; NULL: it names none */
  bool tie;
} ranked_pair;

/* ["one", "other"], or [{"value": "one", "rank": 1}, …].  False: it is no
 * ranking of two. */
static bool is_ranking(const json_t *value, ranked_pair *pair) {
  double rank[2] = {0, 1};
  if (json_array_size(value) != 2) return false;
  for (size_t i = 0; i < 2; i++) {
    const json_t *item = json_array_get(value, i);
    pair->name[i] = json_is_object(item) ? log_said_at(item, "value")
                                         : json_string_value(item);
    if (pair->name[i] == NULL) return false;
    if (json_is_number(json_object_get(item, "rank")))
      rank[i] = json_number_value(json_object_get(item, "rank"));
  }
  pair->tie = rank[0] == rank[1];
  if (rank[1] < rank[0]) {
    const char *first = pair->name[0];
    pair->name[0] = pair->name[1];
    pair->name[1] = first;
  }
  return true;
}

static bool compares(const json_t *value) {
  ranked_pair pair;
  const char *text = json_string_value(value);
  return is_ranking(value, &pair) || is_one_of(text, words_a) ||
         is_one_of(text, words_b);
}

/* ---- which question ---- */

static bool any_compares(const json_t *answers) {
  for (size_t i = 0; i < json_array_size(answers); i++) {
    const json_t *answer = json_array_get(answers, i);
    if (compares(json_is_object(answer) ? json_object_get(answer, "value")
                                        : answer))
      return true;
  }
  return false;
}

static void add_questions(json_t *questions, const json_t *record) {
  const json_t *responses = json_object_get(record, "responses");
  const char *key;
  json_t *value;
  if (is_nested(record)) {
    json_object_foreach((json_t *)(uintptr_t)responses, key,
                        value) if (any_compares(value))(void)
        json_object_set_new(questions, key, json_true());
    return;
  }
  json_object_foreach(
      (json_t *)(uintptr_t)record, key,
      value) if (ends_with(key, RESPONSES) && any_compares(value)) {
    json_t *name = json_stringn(key, strlen(key) - strlen(RESPONSES));
    if (name != NULL)
      (void)json_object_set_new(questions, json_string_value(name),
                                json_true());
    json_decref(name);
  }
}

static heed_status settle_question(log_settings *self, const char *path,
                                   const json_t *records, heed_memory *memory,
                                   heed_error *error) {
  const heed_value *choice = &self->values[COLUMNS].items[CHOICE];
  json_t *questions = json_object();
  char list[HEED_MESSAGE_SIZE / 4] = "";
  heed_status status = HEED_OK;
  const char *key;
  json_t *value;
  for (size_t i = 0; i < json_array_size(records); i++)
    add_questions(questions, json_array_get(records, i));
  json_object_foreach(questions, key, value)
      log_add(list, sizeof list, "%s\"%.60s\"", *list == '\0' ? "" : ", ", key);
  if (choice->given)
    self->question = choice->text;
  else if (json_object_size(questions) == 1)
    self->question = heed_copy_text(
        memory, json_object_iter_key(json_object_iter(questions)));
  else
    status = log_fail(error, HEED_INVALID,
                      *list == '\0'
                          ? "%s: no question among the first records compares "
                            "two answers%s; set source.columns.choice to the "
                            "name of one"
                          : "%s: several questions compare answers: %s; "
                            "set source.columns.choice to one of them",
                      path, list);
  self->column[CHOICE] = self->question;
  json_decref(questions);
  return status;
}

static bool any_has(const json_t *records, const char *place, const char *key) {
  for (size_t i = 0; i < json_array_size(records); i++) {
    const json_t *record = json_array_get(records, i);
    if (log_has(place == NULL ? record : json_object_get(record, place), key))
      return true;
  }
  return false;
}

/* The two answers as fields, for questions whose answers do not name them. */
static void settle_names(log_settings *self, const json_t *records,
                         const char *place) {
  for (size_t i = 0; words_a[i] != NULL && self->name[0] == NULL; i++)
    if (any_has(records, place, words_a[i]) &&
        any_has(records, place, words_b[i])) {
      self->name[0] = words_a[i];
      self->name[1] = words_b[i];
    }
}

static heed_status settle(log_settings *self, const char *path,
                          const json_t *records, heed_memory *memory,
                          heed_error *error) {
  static const char *const prompts[] = {"instruction", "prompt", "question",
                                        "input"};
  static const char *const nested[] = {"fields.instruction", "fields.prompt",
                                       "fields.question", "fields.input"};
  const heed_value *named = self->values[COLUMNS].items;
  const bool flat = is_flat(json_array_get(records, 0));
  const char *place = flat ? NULL : "fields";
  const char *models = flat ? NULL : "metadata";
  for (size_t i = 4; i-- > 0 && !named[PROMPT].given;)
    if (any_has(records, place, prompts[i]))
      self->column[PROMPT] = flat ? prompts[i] : nested[i];
  if (!named[LEFT_MODEL].given && any_has(records, models, "model_a") &&
      any_has(records, models, "model_b")) {
    self->column[LEFT_MODEL] = flat ? "model_a" : "metadata.model_a";
    self->column[RIGHT_MODEL] = flat ? "model_b" : "metadata.model_b";
  }
  settle_names(self, records, place);
  return settle_question(self, path, records, memory, error);
}

/* ---- rows ---- */

static json_t *field_of(const log_translation *self, const char *name) {
  const json_t *fields = json_object_get(self->record, "fields");
  if (!json_is_object(fields)) fields = self->record;
  return name == NULL ? NULL : log_shared(json_object_get(fields, name));
}

static bool is_dropped(const json_t *status) {
  const char *word = json_string_value(status);
  return word != NULL &&
         (strcmp(word, "draft") == 0 || strcmp(word, "discarded") == 0);
}

static heed_status take_answer(log_translation *self, const json_t *value,
                               const json_t *user, const json_t *status) {
  const char *a = self->settings->name[0], *b = self->settings->name[1];
  ranked_pair pair;
  if (is_dropped(status))
    return log_set_aside(self, "that are drafts or discarded");
  if (value == NULL || json_is_null(value))
    return log_set_aside(self, "without an answer");
  if (json_array_size(value) > 2)
    return log_refuse_record(self,
                             "question \"%.60s\": found a ranking of %zu, "
                             "expected one of two",
                             self->settings->question, json_array_size(value));
  if (is_ranking(value, &pair)) {
    const bool first = comes_first(pair.name[0], pair.name[1]);
    a = pair.name[!first];
    b = pair.name[first];
    log_make(self, CHOICE, json_string(pair.tie ? "tie" : first ? "A" : "B"));
  } else {
    log_make(self, CHOICE, log_shared(value));
  }
  log_make(self, USER, log_id_of(user));
  log_make(self, LEFT_TEXT, field_of(self, a));
  log_make(self, RIGHT_TEXT, field_of(self, b));
  return log_send_made(self, NULL);
}

static heed_status translate_nested(log_translation *self) {
  const json_t *answers = json_object_get(
      json_object_get(self->record, "responses"), self->settings->question);
  heed_status status = HEED_OK;
  if (json_array_size(answers) == 0)
    return log_set_aside(self, "that nobody has answered");
  for (size_t i = 0; status == HEED_OK && i < json_array_size(answers); i++) {
    const json_t *answer = json_array_get(answers, i);
    status = take_answer(self, json_object_get(answer, "value"),
                         json_object_get(answer, "user_id"),
                         json_object_get(answer, "status"));
  }
  return status;
}

static const json_t *list_at(const log_translation *self, const char *end) {
  json_t *key = json_sprintf("%s%s", self->settings->question, end);
  const json_t *list = json_object_get(self->record, json_string_value(key));
  json_decref(key);
  return list;
}

static heed_status translate_flat(log_translation *self) {
  const json_t *answers = list_at(self, RESPONSES);
  const json_t *users = list_at(self, USERS);
  const json_t *statuses = list_at(self, ".responses.status");
  heed_status status = HEED_OK;
  if (json_array_size(answers) == 0)
    return log_set_aside(self, "that nobody has answered");
  for (size_t i = 0; status == HEED_OK && i < json_array_size(answers); i++)
    status = take_answer(self, json_array_get(answers, i),
                         json_array_get(users, i), json_array_get(statuses, i));
  return status;
}

#define MADE                                                    \
  (LOG_MAKES(USER) | LOG_MAKES(CHOICE) | LOG_MAKES(LEFT_TEXT) | \
   LOG_MAKES(RIGHT_TEXT))
#define WORDS \
  { [WORDS_A] = words_a, [WORDS_B] = words_b, [WORDS_TIE] = words_tie }

static const char *const nested_notes[] = {
    "Sides are fixed: A is always left.",
    "The SDK drops the ranks of a ranking, so that its ties are lost.", NULL};
static const char *const flat_notes[] = {"Sides are fixed: A is always left.",
                                         NULL};

const log_shape log_argilla_shapes[] = {
    {.preset = PRESET_ARGILLA,
     .form = "records of Argilla",
     .fits = is_nested,
     .column = {[PAIR] = "id"},
     .makes = MADE,
     .words = WORDS,
     .settle = settle,
     .translate = translate_nested,
     .code = "status_unknown",
     .warning = "to_json() leaves out whether an answer is submitted, a draft "
                "or discarded: all count. dataset.records.to_datasets()"
                ".to_json(FILE) keeps it",
     .notes = nested_notes},
    {.preset = PRESET_ARGILLA,
     .form = "records of Argilla, as a data set",
     .fits = is_flat,
     .column = {[PAIR] = "id"},
     .makes = MADE,
     .words = WORDS,
     .settle = settle,
     .translate = translate_flat,
     .notes = flat_notes},
    {0}};
