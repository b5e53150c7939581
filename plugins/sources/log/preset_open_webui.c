/* SPDX-License-Identifier: GPL-3.0-or-later
 * The feedback of Open WebUI: what a thumb says of an answer and of the answers
 * beside it.  The export: export_all_feedbacks() in
 * backend/open_webui/routers/evaluations.py; the table:
 * backend/open_webui/models/feedbacks.py; what a click stores:
 * feedbackHandler() in src/lib/components/chat/Messages/ResponseMessage.svelte.
 * Wins and losses are those of _calculate_elo(). */
#include <string.h>

#include "sources/log/path.h"
#include "sources/log/presets.h"

#define SIBLINGS 1000

static bool is_feedback(const json_t *record) {
  const json_t *data = json_object_get(record, "data");
  const char *type = log_said_at(record, "type");
  return json_object_get(record, "user_id") != NULL &&
         json_object_get(record, "meta") != NULL &&
         (json_object_get(data, "model_id") != NULL ||
          (data != NULL && type != NULL && strcmp(type, "rating") == 0));
}

/* 1, "1", -1, "-1"; 0: no rating of a comparison. */
static int rating_of(const json_t *value) {
  const char *text = json_string_value(value);
  const double number = json_is_number(value) ? json_number_value(value) : 0.0;
  if (text != NULL)
    return strcmp(text, "1") == 0 ? 1 : strcmp(text, "-1") == 0 ? -1 : 0;
  return number == 1 ? 1 : number == -1 ? -1 : 0;
}

/* ---- the chat ---- */

static const json_t *messages_of(const json_t *record) {
  return log_at(record, "snapshot.chat.chat.history.messages");
}

static const json_t *message_at(const json_t *messages, const json_t *id) {
  const char *key = json_string_value(id);
  return key == NULL ? NULL : json_object_get(messages, key);
}

static const json_t *rated_in(const json_t *record) {
  return message_at(messages_of(record), log_at(record, "meta.message_id"));
}

static json_t *as_message(const json_t *message) {
  const json_t *content = json_object_get(message, "content");
  const char *role = log_said_at(message, "role");
  return json_pack("{s:s, s:o}", "role", role == NULL ? "user" : role,
                   "content",
                   content == NULL ? json_null() : log_shared(content));
}

/* The messages from the root to the question; NULL: the chat is not there, or
 * it has a loop. */
static json_t *prompt_of(const json_t *record) {
  const json_t *messages = messages_of(record);
  const json_t *at = rated_in(record);
  json_t *list = json_array();
  size_t steps = 0;
  if (at != NULL) at = message_at(messages, json_object_get(at, "parentId"));
  for (; at != NULL && steps <= json_object_size(messages); steps++) {
    (void)json_array_insert_new(list, 0, as_message(at));
    at = message_at(messages, json_object_get(at, "parentId"));
  }
  if (at == NULL && json_array_size(list) > 0) return list;
  json_decref(list);
  return NULL;
}

static json_t *answer_of(const json_t *message) {
  return message == NULL ? NULL : json_pack("[o]", as_message(message));
}

/* The k-th answer beside the rated one, if it is of this model. */
static const json_t *sibling_at(const json_t *record, size_t k,
                                const char *model) {
  const json_t *messages = messages_of(record), *rated = rated_in(record);
  const json_t *parent =
      message_at(messages, json_object_get(rated, "parentId"));
  const json_t *children = json_object_get(parent, "childrenIds");
  for (size_t i = 0; i < json_array_size(children); i++) {
    const json_t *child = message_at(messages, json_array_get(children, i));
    const char *name = log_said_at(child, "selectedModelId");
    if (child == rated || k-- > 0) continue;
    if (name == NULL) name = log_said_at(child, "model");
    return name != NULL && strcmp(name, model) == 0 ? child : NULL;
  }
  return NULL;
}

/* What several users, or a user twice, may have rated: the answers to one
 * question.  A new reference. */
static json_t *turn_of(const json_t *record) {
  const json_t *parent = json_object_get(rated_in(record), "parentId");
  const json_t *chat = log_at(record, "meta.chat_id");
  json_t *turn = NULL;
  if (json_is_string(parent)) return log_shared(parent);
  if (json_is_string(chat)) {
    json_t *index = log_id_of(log_at(record, "meta.message_index"));
    if (index != NULL)
      turn = json_sprintf("%s/%s", json_string_value(chat),
                          json_string_value(index));
    json_decref(index);
  }
  return turn != NULL ? turn : log_id_of(json_object_get(record, "id"));
}

/* ---- rows ---- */

static json_t *pair_of(const json_t *record, const char *one,
                       const char *other) {
  const bool turned = strcmp(one, other) > 0;
  json_t *turn = turn_of(record), *name = NULL;
  if (turn != NULL)
    name = json_sprintf("%s:%s:%s", json_string_value(turn),
                        turned ? other : one, turned ? one : other);
  json_decref(turn);
  return name;
}

static heed_status send(log_translation *self, const char *model, size_t k,
                        const char *sibling, int rating) {
  const json_t *record = self->record;
  log_make(self, PAIR, pair_of(record, model, sibling));
  log_make(self, CHOICE, json_string(rating > 0 ? "A" : "B"));
  log_make(self, LEFT_MODEL, json_string(model));
  log_make(self, RIGHT_MODEL, json_string(sibling));
  log_make(self, PROMPT, prompt_of(record));
  log_make(self, LEFT_TEXT, answer_of(rated_in(record)));
  log_make(self, RIGHT_TEXT, answer_of(sibling_at(record, k, sibling)));
  return log_send_made(self, NULL);
}

static heed_status translate(log_translation *self) {
  const json_t *data = json_object_get(self->record, "data");
  const json_t *siblings = json_object_get(data, "sibling_model_ids");
  const char *model = log_said_at(data, "model_id");
  const char *type = log_said_at(self->record, "type");
  const int rating = rating_of(json_object_get(data, "rating"));
  heed_status status = HEED_OK;
  if (type != NULL && strcmp(type, "rating") != 0)
    return log_set_aside(self, "of another type than \"rating\"");
  if (json_array_size(siblings) == 0 || model == NULL)
    return log_set_aside(self, "rated alone, with no answer beside it");
  if (json_array_size(siblings) > SIBLINGS)
    return log_refuse_record(self,
                             "data.sibling_model_ids: found %zu models, "
                             "expected %d at most",
                             json_array_size(siblings), SIBLINGS);
  if (rating == 0)
    return log_set_aside(self, "with a rating that is neither 1 nor -1");
  for (size_t k = 0; status == HEED_OK && k < json_array_size(siblings); k++) {
    const char *sibling = json_string_value(json_array_get(siblings, k));
    status = sibling == NULL
                 ? log_refuse_record(self,
                                     "data.sibling_model_ids: expected a list "
                                     "of names of models")
             : strcmp(sibling, model) == 0
                 ? log_set_aside(self, "beside an answer of the same model")
                 : send(self, model, k, sibling, rating);
  }
  return status;
}

static const char *const words_a[] = {"A", NULL}, *const words_b[] = {"B",
                                                                      NULL};
static const char *const notes[] = {
    "A is the answer that the user rated: who always chooses A gives thumbs "
    "up, and \"left\" means rated.",
    "One click on an answer beside k others is k comparisons.",
    "Chats are private: no two users judge the same pair.", NULL};

const log_shape log_open_webui_shapes[] = {
    {.preset = PRESET_OPEN_WEBUI,
     .form = "feedback of Open WebUI",
     .fits = is_feedback,
     .column = {[USER] = "user_id",
                [CHOICE] = "data.rating",
                [LEFT_MODEL] = "data.model_id",
                [RIGHT_MODEL] = "data.sibling_model_ids",
                [TIME] = "created_at"},
     .makes = LOG_MAKES(PAIR) | LOG_MAKES(CHOICE) | LOG_MAKES(LEFT_MODEL) |
              LOG_MAKES(RIGHT_MODEL) | LOG_MAKES(PROMPT) |
              LOG_MAKES(LEFT_TEXT) | LOG_MAKES(RIGHT_TEXT),
     .words = {[WORDS_A] = words_a, [WORDS_B] = words_b},
     .translate = translate,
     .notes = notes},
    {0}};
