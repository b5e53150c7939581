/* SPDX-License-Identifier: GPL-3.0-or-later
 * Logs of FastChat and the sets of Chatbot Arena.  What a vote is and which
 * votes count: clean_battle_data() in fastchat/serve/monitor/
 * clean_battle_data.py of lm-sys/FastChat; vote_last_response() in
 * fastchat/serve/gradio_block_arena_anony.py writes the raw log.  The sets:
 * the cards of lmsys/chatbot_arena_conversations and
 * lmarena-ai/arena-human-preference-55k, -100k and -140k. */
#include <string.h>

#include "sources/log/presets.h"
#include "sources/log/words.h"

static const char *const votes_a[] = {"leftvote", NULL};
static const char *const votes_b[] = {"rightvote", NULL};
static const char *const votes_tie[] = {"tievote", "bothbad_vote", NULL};
static const char *const winner_a[] = {"model_a", NULL};
static const char *const winner_b[] = {"model_b", NULL};
static const char *const winner_tie[] = {"tie", "tie (bothbad)", "both_bad",
                                         "bothbad", NULL};
static const char no_user[] =
    "no column says who voted, so each row is a user of its own; this set of "
    "the arena leaves users out (Arena 100k and 140k have them)";

/* ---- the raw log ---- */

static bool is_raw(const json_t *record) {
  return json_object_get(record, "tstamp") != NULL &&
         json_object_get(record, "type") != NULL &&
         (json_is_array(json_object_get(record, "states")) ||
          json_is_object(json_object_get(record, "state")));
}

/* "<h3>Model A: vicuna</h3>\n" is vicuna: remove_html() of FastChat. */
static json_t *shown_name(const json_t *value) {
  static const char start[] = "<h3>", end[] = "</h3>";
  const char *name = json_string_value(value);
  const char *first, *last;
  if (name == NULL || strncmp(name, start, sizeof start - 1) != 0)
    return log_shared(value);
  first = strstr(name, ": ");
  last = strstr(name, end);
  if (first == NULL || last == NULL || last < first + 2)
    return log_shared(value);
  return json_stringn(first + 2, (size_t)(last - first) - 2);
}

static json_t *model_of(const json_t *record, size_t side) {
  const json_t *state = json_array_get(json_object_get(record, "states"), side);
  if (log_has(state, "model_name"))
    return log_shared(json_object_get(state, "model_name"));
  return shown_name(json_array_get(json_object_get(record, "models"), side));
}

/* [role, text] in turn; those before `offset` are examples of the template. */
static json_t *messages_of(const json_t *state) {
  const json_t *said = json_object_get(state, "messages");
  const json_int_t offset =
      json_integer_value(json_object_get(state, "offset"));
  json_t *list = json_array();
  for (size_t i = offset > 0 ? (size_t)offset : 0; i < json_array_size(said);
       i++) {
    const bool asks = (i - (size_t)(offset > 0 ? offset : 0)) % 2 == 0;
    const json_t *text = json_array_get(json_array_get(said, i), 1);
    (void)json_array_append_new(
        list,
        json_pack("{s:s, s:o}", "role", asks ? "user" : "assistant", "content",
                  text == NULL ? json_null() : log_shared(text)));
  }
  return list;
}

static bool is_vote(const log_settings *settings, const char *type) {
  log_said which;
  return log_what_is_said(settings, log_text_of(type), &which);
}

/* Users who saw the names chose models, not answers. */
static bool shows_names(const json_t *models) {
  const char *first = json_string_value(json_array_get(models, 0));
  return first != NULL && *first != '\0' && strcmp(first, "Model A") != 0;
}

static heed_status translate_raw(log_translation *self) {
  const json_t *states = json_object_get(self->record, "states");
  const json_t *models = json_object_get(self->record, "models");
  const char *type = log_said_at(self->record, "type");
  char reason[80];
  if (type == NULL)
    return log_refuse_record(self, "missing key \"type\", expected a text");
  if (!is_vote(self->settings, type)) {
    (void)snprintf(reason, sizeof reason, "of type \"%.40s\"", type);
    return log_set_aside(self, reason);
  }
  if (json_array_size(states) != 2 || json_array_size(models) != 2)
    return log_refuse_record(self,
                             "a vote has %zu states and %zu models, expected "
                             "2 of each",
                             json_array_size(states), json_array_size(models));
  if (json_is_null(json_array_get(models, 0)) ||
      json_is_null(json_array_get(models, 1)))
    return log_set_aside(self, "without a model");
  if (shows_names(models))
    return log_set_aside(self, "where users saw the names of the models");
  log_make(self, PAIR,
           log_shared(json_object_get(json_array_get(states, 0), "conv_id")));
  log_make(self, LEFT_MODEL, model_of(self->record, 0));
  log_make(self, RIGHT_MODEL, model_of(self->record, 1));
  log_make(self, LEFT_TEXT, messages_of(json_array_get(states, 0)));
  log_make(self, RIGHT_TEXT, messages_of(json_array_get(states, 1)));
  return log_send_made(self, NULL);
}

/* ---- battles ---- */

static bool is_140k(const json_t *record) {
  return json_object_get(record, "winner") != NULL &&
         json_object_get(record, "evaluation_session_id") != NULL;
}

static bool is_100k(const json_t *record) {
  return json_object_get(record, "winner") != NULL &&
         json_object_get(record, "judge_hash") != NULL;
}

static bool is_clean(const json_t *record) {
  return json_object_get(record, "winner") != NULL &&
         json_object_get(record, "judge") != NULL &&
         json_object_get(record, "model_a") != NULL;
}

static bool is_55k(const json_t *record) {
  return json_object_get(record, "winner_model_a") != NULL &&
         json_object_get(record, "winner_model_b") != NULL;
}

static bool is_nobodys(const json_t *record) {
  return json_object_get(record, "winner") != NULL &&
         json_object_get(record, "model_a") != NULL &&
         json_object_get(record, "conversation_a") != NULL;
}

static bool is_false(const json_t *value) {
  const char *text = json_string_value(value);
  return json_is_false(value) || (text != NULL && (strcmp(text, "false") == 0 ||
                                                   strcmp(text, "False") == 0));
}

static heed_status translate_battle(log_translation *self) {
  const json_t *id = json_object_get(self->record, "question_id");
  if (is_false(json_object_get(self->record, "anony")))
    return log_set_aside(self, "where users saw the names of the models");
  if (id != NULL)
    log_make(self, PAIR, log_shared(id));
  else
    log_make(self, PAIR, json_sprintf("row %zu", self->line));
  return log_send_made(self, NULL);
}

static heed_status translate_140k(log_translation *self) {
  return log_send_made(self, NULL);
}

/* ---- shapes ---- */

static const char *const raw_notes[] = {
    "A user is an address, which several people may share.",
    "FastChat also drops conversations in which an answer names its model; "
    "heed does not.",
    NULL};
static const char *const clean_notes[] = {
    "A user, arena_user_…, stands for an address, which several people may "
    "share.",
    "FastChat also drops conversations in which an answer names its model; "
    "heed does not.",
    NULL};
static const char *const hash_notes[] = {
    "A user is a hash of an address, which several people may share.", NULL};
static const char *const session_notes[] = {
    "A user is one session: who comes back is another user.", NULL};

#define WINNERS \
  { [WORDS_A] = winner_a, [WORDS_B] = winner_b, [WORDS_TIE] = winner_tie }

const log_shape log_arena_shapes[] = {
    {.preset = PRESET_ARENA,
     .form = "a log of FastChat's arena",
     .fits = is_raw,
     .column = {[USER] = "ip",
                [PAIR] = "states[0].conv_id",
                [CHOICE] = "type",
                [LEFT_MODEL] = "states[0].model_name",
                [RIGHT_MODEL] = "states[1].model_name",
                [LEFT_TEXT] = "states[0].messages",
                [RIGHT_TEXT] = "states[1].messages",
                [TIME] = "tstamp"},
     .makes = LOG_MAKES(PAIR) | LOG_MAKES(LEFT_MODEL) | LOG_MAKES(RIGHT_MODEL) |
              LOG_MAKES(LEFT_TEXT) | LOG_MAKES(RIGHT_TEXT),
     .words =
         {[WORDS_A] = votes_a, [WORDS_B] = votes_b, [WORDS_TIE] = votes_tie},
     .translate = translate_raw,
     .notes = raw_notes},
    {.preset = PRESET_ARENA,
     .form = "Chatbot Arena, 140k",
     .fits = is_140k,
     .column = {[USER] = "evaluation_session_id",
                [PAIR] = "id",
                [CHOICE] = "winner",
                [LEFT_MODEL] = "model_a",
                [RIGHT_MODEL] = "model_b",
                [LEFT_TEXT] = "conversation_a",
                [RIGHT_TEXT] = "conversation_b",
                [TIME] = "timestamp"},
     .words = WINNERS,
     .texts_are_json = true,
     .translate = translate_140k,
     .notes = session_notes},
    {.preset = PRESET_ARENA,
     .form = "Chatbot Arena, 100k",
     .fits = is_100k,
     .column = {[USER] = "judge_hash",
                [PAIR] = "question_id",
                [CHOICE] = "winner",
                [LEFT_MODEL] = "model_a",
                [RIGHT_MODEL] = "model_b",
                [LEFT_TEXT] = "conversation_a",
                [RIGHT_TEXT] = "conversation_b",
                [TIME] = "tstamp"},
     .makes = LOG_MAKES(PAIR),
     .words = WINNERS,
     .texts_are_json = true,
     .translate = translate_battle,
     .notes = hash_notes},
    {.preset = PRESET_ARENA,
     .form = "cleaned battles of Chatbot Arena",
     .fits = is_clean,
     .column = {[USER] = "judge",
                [PAIR] = "question_id",
                [CHOICE] = "winner",
                [LEFT_MODEL] = "model_a",
                [RIGHT_MODEL] = "model_b",
                [LEFT_TEXT] = "conversation_a",
                [RIGHT_TEXT] = "conversation_b",
                [TIME] = "tstamp"},
     .makes = LOG_MAKES(PAIR),
     .words = WINNERS,
     .texts_are_json = true,
     .translate = translate_battle,
     .notes = clean_notes},
    {.preset = PRESET_ARENA,
     .form = "Chatbot Arena, 55k",
     .fits = is_55k,
     .column = {[PAIR] = "id",
                [CHOSE_A] = "winner_model_a",
                [CHOSE_B] = "winner_model_b",
                [CHOSE_TIE] = "winner_tie",
                [LEFT_MODEL] = "model_a",
                [RIGHT_MODEL] = "model_b",
                [LEFT_TEXT] = "response_a",
                [RIGHT_TEXT] = "response_b",
                [PROMPT] = "prompt"},
     .texts_are_json = true,
     .users_unknown = true,
     .nobody = "no column says who voted, so each row is a user of its own; "
               "Arena 55k leaves users out (Arena 100k and 140k have them)"},
    {.preset = PRESET_ARENA,
     .form = "battles of Chatbot Arena, without users",
     .fits = is_nobodys,
     .column = {[PAIR] = "id",
                [CHOICE] = "winner",
                [LEFT_MODEL] = "model_a",
                [RIGHT_MODEL] = "model_b",
                [LEFT_TEXT] = "conversation_a",
                [RIGHT_TEXT] = "conversation_b",
                [TIME] = "timestamp"},
     .words = WINNERS,
     .texts_are_json = true,
     .users_unknown = true,
     .nobody = no_user},
    {0}};
