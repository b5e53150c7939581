/* SPDX-License-Identifier: GPL-3.0-or-later
 * Conversations: lists of messages in the forms that tools write.
 *
 *   {"role": "user", "content": "…"}       OpenAI's chat format
 *   … "content": [{"type": "text", "text": "…"}]        its parts
 *   {"from": "human", "value": "…"}        ShareGPT
 *   ["USER", "…"]                          FastChat, conversation.py
 *   "…"                                    the turns of one side, in order */
#include "sources/log/conversation.h"

#include <jansson.h>
#include <stdint.h>
#include <stdlib.h>
#include <strings.h>

typedef struct spoken_text {
  json_t *list;  /* messages, or the turns of one side; NULL: missing */
  bool is_turns; /* its texts are the turns of one side */
  bool is_plain; /* the log has a plain text */
} spoken_text;

static const char wrong[] =
    "expected a text, or a list of messages with role and content";

/* ---- one message ---- */

static const char *role_of(const char *name) {
  static const struct {
    const char *name, *role;
  } known[] = {{"human", "user"},          {"gpt", "assistant"},
               {"bot", "assistant"},       {"model", "assistant"},
               {"chatbot", "assistant"},   {"user", "user"},
               {"assistant", "assistant"}, {"system", "system"}};
  for (size_t i = 0; i < sizeof known / sizeof *known; i++)
    if (strcasecmp(known[i].name, name) == 0) return known[i].role;
  return name;
}

/* The texts of the parts, each on a line of its own, as chat templates join
 * them; NULL: a part is no text. */
static json_t *join_parts(const json_t *parts) {
  char *text = NULL;
  size_t length = 0, i;
  json_t *joined = NULL;
  const json_t *part;
  FILE *stream = open_memstream(&text, &length);
  bool fine = stream != NULL;
  json_array_foreach((json_t *)(uintptr_t)parts, i, part) {
    const json_t *said =
        json_is_string(part) ? part : json_object_get(part, "text");
    const char *type = json_string_value(json_object_get(part, "type"));
    fine = fine && json_is_string(said) &&
           (type == NULL || strcmp(type, "text") == 0);
    if (fine && i > 0) (void)fputc('\n', stream);
    if (fine)
      (void)fwrite(json_string_value(said), 1, json_string_length(said),
                   stream);
  }
  if (stream != NULL && fclose(stream) != 0) fine = false;
  if (fine) joined = json_stringn(text, length);
  free(text);
  return joined;
}

static json_t *content_of(const json_t *content) {
  if (json_is_string(content)) return json_incref((json_t *)(uintptr_t)content);
  return json_is_array(content) ? join_parts(content) : NULL;
}

static json_t *make_message(const char *role, json_t *content) {
  return json_pack("{s:s, s:o}", "role", role, "content", content);
}

typedef enum message_kind {
  MESSAGE,
  TURN,
  UNKNOWN_TEXT,
  NO_MESSAGE
} message_kind;

/* *made: a message, or the text of a turn. */
static message_kind take_message(const json_t *value, json_t **made) {
  const char *role = json_string_value(json_object_get(value, "role"));
  const json_t *content = json_object_get(value, "content");
  *made = NULL;
  if (json_is_null(value)) return UNKNOWN_TEXT;
  if (json_is_string(value)) {
    *made = json_incref((json_t *)(uintptr_t)value);
    return TURN;
  }
  if (role == NULL) {
    role = json_string_value(json_object_get(value, "from"));
    content = json_object_get(value, "value");
  }
  if (json_is_array(value) && json_array_size(value) == 2) {
    role = json_string_value(json_array_get(value, 0));
    content = json_array_get(value, 1);
  }
  if (role == NULL || content == NULL) return NO_MESSAGE;
  json_t *text = content_of(content);
  if (text == NULL) return UNKNOWN_TEXT;
  *made = make_message(role_of(role), text);
  return MESSAGE;
}

/* ---- one text ---- */

/* False: the value is no list of messages. */
static bool take_list(spoken_text *text, const json_t *list) {
  const size_t count = json_array_size(list);
  bool unknown = false, fine = true;
  text->list = json_array();
  for (size_t i = 0; fine && i < count; i++) {
    json_t *made;
    const message_kind kind = take_message(json_array_get(list, i), &made);
    if (kind == UNKNOWN_TEXT) unknown = true;
    fine = kind != NO_MESSAGE;
    if (made == NULL) continue;
    if (i == 0) text->is_turns = kind == TURN;
    fine = fine && text->is_turns == (kind == TURN);
    (void)json_array_append_new(text->list, made);
  }
  if (unknown || !fine || json_array_size(text->list) == 0) {
    json_decref(text->list);
    text->list = NULL;
  }
  return fine;
}

static bool take_text(spoken_text *text, log_text cell, bool is_json,
                      const char *role) {
  json_t *value = NULL;
  bool fine = true;
  if (cell.length == 0) return true;
  if (is_json) value = json_loadb(cell.bytes, cell.length, 0, NULL);
  if (value == NULL) {
    text->is_plain = true;
    text->list = json_array();
    (void)json_array_append_new(
        text->list, make_message(role, json_stringn(cell.bytes, cell.length)));
    return true;
  }
  if (json_is_array(value)) {
    fine = take_list(text, value);
  } else {
    json_t *list = json_pack("[O]", value);
    fine = take_list(text, list);
    json_decref(list);
  }
  json_decref(value);
  return fine;
}

/* ---- the three texts together ---- */

static const char *const roles[TEXT_COUNT] = {
    [OF_PROMPT] = "user", [OF_A] = "assistant", [OF_B] = "assistant"};

static json_t *message_at(const spoken_text *text, size_t index) {
  return json_array_get(text->list, index);
}

static void replace(spoken_text *text, json_t *list) {
  json_decref(text->list);
  text->list = list;
}

/* Turns of the user and turns of a response: the conversation is both, one
 * after the other; the prompt is the first. */
static void weave(spoken_text texts[TEXT_COUNT]) {
  const size_t asked = json_array_size(texts[OF_PROMPT].list);
  for (size_t side = OF_A; side <= OF_B; side++) {
    const size_t said = json_array_size(texts[side].list);
    json_t *woven = json_array();
    for (size_t i = 0; i < asked || i < said; i++) {
      if (i > 0 && i < asked)
        (void)json_array_append_new(
            woven, make_message(roles[OF_PROMPT],
                                json_incref(message_at(&texts[OF_PROMPT], i))));
      if (i < said)
        (void)json_array_append_new(
            woven, make_message(roles[side],
                                json_incref(message_at(&texts[side], i))));
    }
    if (texts[side].list != NULL)
      replace(&texts[side], woven);
    else
      json_decref(woven);
  }
  if (asked > 0)
    replace(
        &texts[OF_PROMPT],
        json_pack("[o]",
                  make_message(roles[OF_PROMPT],
                               json_incref(message_at(&texts[OF_PROMPT], 0)))));
}

static size_t least(size_t one, size_t other) {
  return one < other ? one : other;
}

static size_t common_start(const spoken_text *one, const spoken_text *other,
                           size_t most) {
  size_t count = 0;
  while (count < most &&
         json_equal(message_at(one, count), message_at(other, count)))
    count++;
  return count;
}

static void drop_start(spoken_text *text, size_t count) {
  for (size_t i = 0; i < count; i++) (void)json_array_remove(text->list, 0);
}

/* The prompt is what both responses begin with; what follows are the
 * responses, of one message at least. */
static void divide(spoken_text texts[TEXT_COUNT]) {
  spoken_text *prompt = &texts[OF_PROMPT], *a = &texts[OF_A], *b = &texts[OF_B];
  const size_t most = least(json_array_size(a->list), json_array_size(b->list));
  size_t count = prompt->list == NULL ? 0 : json_array_size(prompt->list);
  if (most == 0) return;
  if (prompt->list == NULL) {
    count = common_start(a, b, most - 1);
    if (count == 0) return;
    prompt->list = json_array();
    for (size_t i = 0; i < count; i++)
      (void)json_array_append(prompt->list, message_at(a, i));
  } else if (count >= most || common_start(prompt, a, count) < count ||
             common_start(prompt, b, count) < count) {
    return;
  }
  drop_start(a, count);
  drop_start(b, count);
}

static bool is_one_message(const spoken_text *text, const char *role) {
  const char *found =
      json_string_value(json_object_get(message_at(text, 0), "role"));
  return text->list == NULL || (json_array_size(text->list) == 1 &&
                                found != NULL && strcmp(found, role) == 0);
}

static bool write(log_conversation *self, const spoken_text *texts,
                  bool messages, log_text written[TEXT_COUNT]) {
  for (size_t i = 0; i < TEXT_COUNT; i++) {
    const json_t *content;
    written[i] = (log_text){NULL, 0, false};
    if (texts[i].list == NULL) continue;
    content = json_object_get(message_at(&texts[i], 0), "content");
    self->made[i] = messages ? json_dumps(texts[i].list, JSON_COMPACT)
                             : strdup(json_string_value(content));
    if (self->made[i] == NULL) return false;
    written[i] = log_text_of(self->made[i]);
  }
  return true;
}

void log_conversation_close(log_conversation *self) {
  for (size_t i = 0; i < TEXT_COUNT; i++) {
    free(self->made[i]);
    self->made[i] = NULL;
  }
}

bool log_converse(log_conversation *self, bool are_json,
                  log_text texts[TEXT_COUNT], bool *messages,
                  const char **why) {
  spoken_text spoken[TEXT_COUNT] = {{NULL, false, false}};
  bool fine = true, turns = false;
  log_conversation_close(self);
  *messages = false;
  *why = NULL;
  for (size_t i = 0; fine && i < TEXT_COUNT; i++) {
    fine =
        take_text(&spoken[i], texts[i], are_json || texts[i].is_json, roles[i]);
    turns = turns || spoken[i].is_turns;
  }
  if (!fine) *why = wrong;
  if (fine && turns) {
    for (size_t i = 0; i < TEXT_COUNT; i++)
      fine = fine && (spoken[i].list == NULL || spoken[i].is_turns);
    if (fine)
      weave(spoken);
    else
      *why = "a list of turns beside a text of another form";
  }
  if (fine) {
    divide(spoken);
    for (size_t i = 0; i < TEXT_COUNT; i++)
      *messages = *messages || !is_one_message(&spoken[i], roles[i]);
    fine = write(self, spoken, *messages, texts);
  }
  for (size_t i = 0; i < TEXT_COUNT; i++) json_decref(spoken[i].list);
  return fine;
}
