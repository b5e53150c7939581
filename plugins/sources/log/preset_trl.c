/* SPDX-License-Identifier: GPL-3.0-or-later
 * Preference data for TRL: prompt, chosen, rejected (docs/source/
 * dataset_formats.md).  Without a prompt of the same kind it is what both
 * answers begin with: extract_prompt() and maybe_extract_prompt() in
 * trl/data_utils.py. */
#include <sodium/crypto_generichash.h>
#include <string.h>

#include "sources/log/presets.h"

static bool is_preference(const json_t *record) {
  return json_object_get(record, "chosen") != NULL &&
         json_object_get(record, "rejected") != NULL &&
         json_object_get(record, "winner") == NULL;
}

static heed_status settle(log_settings *self, const char *path,
                          const json_t *records, heed_memory *memory,
                          heed_error *error) {
  static const char *const names[] = {"user",         "user_id", "annotator",
                                      "annotator_id", "worker",  "worker_id",
                                      "judge",        "labeler"};
  const json_t *first = json_array_get(records, 0);
  const char *found = NULL;
  (void)memory;
  if (self->values[COLUMNS].items[USER].given) return HEED_OK;
  self->column[USER] = NULL;
  for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
    if (json_object_get(first, names[i]) == NULL) continue;
    if (found != NULL)
      return log_fail(error, HEED_INVALID,
                      "%s: \"%s\" and \"%s\" may both say who chose; "
                      "set source.columns.user to one of them",
                      path, found, names[i]);
    found = names[i];
  }
  self->column[USER] = found;
  return HEED_OK;
}

/* ---- the prompt ---- */

static bool is_messages(const json_t *value) {
  return json_is_object(json_array_get(value, 0));
}

/* Where two texts begin to differ, one blank before that, as TRL does; at the
 * start of a character. */
static size_t text_start(const char *one, const char *other) {
  size_t at = 0, last = 0;
  while (one[at] != '\0' && other[at] != '\0') {
    size_t next = at + 1;
    while (((unsigned char)one[next] & 0xC0) == 0x80) next++;
    if (strncmp(one + at, other + at, next - at) != 0)
      return at > 0 && one[at - 1] == ' ' ? at - 1 : at;
    last = at;
    at = next;
  }
  return last; /* the shorter text keeps its last character */
}

static json_t *part(const json_t *list, size_t from, size_t to) {
  json_t *made = json_array();
  for (size_t i = from; i < to; i++)
    (void)json_array_append(made, json_array_get(list, i));
  return made;
}

static size_t list_start(const json_t *one, const json_t *other) {
  const size_t sizes[] = {json_array_size(one), json_array_size(other)};
  const size_t least = sizes[0] < sizes[1] ? sizes[0] : sizes[1];
  size_t at = 0;
  while (at < least &&
         json_equal(json_array_get(one, at), json_array_get(other, at)))
    at++;
  return at == least && at > 0 ? at - 1 : at;
}

/* Fills in text[]: the prompt, what was chosen, what was rejected. */
static void divide(const json_t *prompt, const json_t *chosen,
                   const json_t *rejected, json_t *text[3]) {
  if (prompt != NULL && !json_is_null(prompt) &&
      is_messages(prompt) == is_messages(chosen)) {
    text[0] = log_shared(prompt);
    text[1] = log_shared(chosen);
    text[2] = log_shared(rejected);
  } else if (json_is_array(chosen) && json_is_array(rejected)) {
    const size_t at = list_start(chosen, rejected);
    text[0] = at == 0 ? json_null() : part(chosen, 0, at);
    text[1] = part(chosen, at, json_array_size(chosen));
    text[2] = part(rejected, at, json_array_size(rejected));
  } else {
    const char *one = json_string_value(chosen);
    const char *other = json_string_value(rejected);
    const size_t at = text_start(one, other);
    text[0] = json_stringn(one, at);
    text[1] = json_string(one + at);
    text[2] = json_string(other + at);
  }
}

/* ---- sides ---- */

static bool hash_of(const json_t *text,
                    unsigned char hash[crypto_generichash_BYTES_MIN]) {
  char *bytes =
      json_dumps(text, JSON_COMPACT | JSON_ENCODE_ANY | JSON_SORT_KEYS);
  if (bytes == NULL) return false;
  (void)crypto_generichash(hash, crypto_generichash_BYTES_MIN,
                           (const unsigned char *)bytes, strlen(bytes), NULL,
                           0);
  free(bytes);
  return true;
}

/* A is the answer with the smaller hash: the file does not say which one was
 * first, and "always the chosen one" would be no data at all. */
static heed_status send(log_translation *self, const json_t *prompt,
                        const json_t *chosen, const json_t *rejected) {
  unsigned char one[crypto_generichash_BYTES_MIN];
  unsigned char other[crypto_generichash_BYTES_MIN];
  json_t *text[3];
  bool turned;
  if ((!json_is_string(chosen) && !json_is_array(chosen)) ||
      json_typeof(chosen) !=
          (rejected == NULL ? JSON_NULL : json_typeof(rejected)))
    return log_refuse_record(self,
                             "chosen and rejected: expected two texts or two "
                             "lists of messages");
  if (json_equal(chosen, rejected))
    return log_set_aside(self,
                         "where what was chosen equals what was rejected");
  divide(prompt, chosen, rejected, text);
  if (!hash_of(text[1], one) || !hash_of(text[2], other)) {
    for (size_t i = 0; i < 3; i++) json_decref(text[i]);
    return heed_no_memory(self->rows->job->error);
  }
  turned = memcmp(one, other, sizeof one) > 0;
  log_make(self, PROMPT, text[0]);
  log_make(self, turned ? RIGHT_TEXT : LEFT_TEXT, text[1]);
  log_make(self, turned ? LEFT_TEXT : RIGHT_TEXT, text[2]);
  log_make(self, CHOICE, json_string(turned ? "B" : "A"));
  if (self->settings->column[LEFT_MODEL] != NULL) {
    static const char *const names[] = {"chosen_model", "rejected_model"};
    log_make(self, LEFT_MODEL,
             log_shared(json_object_get(self->record, names[turned])));
    log_make(self, RIGHT_MODEL,
             log_shared(json_object_get(self->record, names[!turned])));
  }
  return log_send_made(self, NULL);
}

/* A new reference; source.texts = "json": texts may hold lists of messages. */
static json_t *value_of(const log_translation *self, const char *key) {
  const json_t *value = json_object_get(self->record, key);
  json_t *parsed =
      self->settings->texts_are_json ? log_parsed(value) : log_shared(value);
  return parsed != NULL ? parsed : log_shared(value);
}

static heed_status translate(log_translation *self) {
  json_t *prompt = value_of(self, "prompt");
  json_t *chosen = value_of(self, "chosen");
  json_t *rejected = value_of(self, "rejected");
  const heed_status status = send(self, prompt, chosen, rejected);
  json_decref(prompt);
  json_decref(chosen);
  json_decref(rejected);
  return status;
}

static bool has_models(const json_t *record) {
  return is_preference(record) && log_has(record, "chosen_model") &&
         log_has(record, "rejected_model");
}

static const char nobody[] =
    "no column says who chose (looked for user, user_id, annotator, "
    "annotator_id, worker, worker_id, judge, labeler; name the column in "
    "source.columns.user), "
    "so each row is a user of its own";
static const char *const words_a[] = {"A", NULL}, *const words_b[] = {"B",
                                                                      NULL};
static const char *const notes[] = {
    "Preference data names no sides and has no ties.",
    "Without models, only estimators that compare users with each other learn, "
    "where several users judged a pair.",
    NULL};

const log_shape log_trl_shapes[] = {
    {.preset = PRESET_TRL,
     .form = "preference data for TRL, with models",
     .fits = has_models,
     .column = {[USER] = "user",
                [LEFT_MODEL] = "chosen_model",
                [RIGHT_MODEL] = "rejected_model"},
     .makes = LOG_MAKES(PROMPT) | LOG_MAKES(LEFT_TEXT) | LOG_MAKES(RIGHT_TEXT) |
              LOG_MAKES(CHOICE) | LOG_MAKES(LEFT_MODEL) |
              LOG_MAKES(RIGHT_MODEL),
     .words = {[WORDS_A] = words_a, [WORDS_B] = words_b},
     .pairs = PAIRS_TEXTS,
     .positions_unknown = true,
     .users_unknown = true,
     .settle = settle,
     .translate = translate,
     .nobody = nobody,
     .notes = notes},
    {.preset = PRESET_TRL,
     .form = "preference data for TRL",
     .fits = is_preference,
     .column = {[USER] = "user"},
     .makes = LOG_MAKES(PROMPT) | LOG_MAKES(LEFT_TEXT) | LOG_MAKES(RIGHT_TEXT) |
              LOG_MAKES(CHOICE),
     .words = {[WORDS_A] = words_a, [WORDS_B] = words_b},
     .pairs = PAIRS_TEXTS,
     .positions_unknown = true,
     .users_unknown = true,
     .settle = settle,
     .translate = translate,
     .nobody = nobody,
     .notes = notes},
    {0}};
