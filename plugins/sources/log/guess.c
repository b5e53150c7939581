/* SPDX-License-Identifier: GPL-3.0-or-later
 * A guess is a proposal: parameters of the source, and notes that say what it
 * rests on. */
#include "sources/log/guess.h"

#include <string.h>

#include "sources/log/presets.h"

#define NOTES 16
#define WORDS 32 /* different choices that are looked at */
#define PLAIN_SIZE 40

typedef struct guesser {
  const heed_host *host;
  const char *path;
  heed_guess *guess;
  heed_error *error;
  heed_memory memory;
  const json_t *records;
  json_t *parameters, *columns;
  const char *column[COLUMN_COUNT]; /* names in the file; NULL: none */
  json_t *given;                    /* parameters that the user has set */
  bool no_users;                    /* users = "rows" is given */
  const char **notes;
} guesser;

/* ---- notes ---- */

HEED_PRINTF(2, 3)
static void note(guesser *self, const char *format, ...) {
  char text[HEED_MESSAGE_SIZE];
  va_list arguments;
  va_start(arguments, format);
  (void)vsnprintf(text, sizeof text, format, arguments);
  va_end(arguments);
  if (self->guess->note_count < NOTES)
    self->notes[self->guess->note_count++] =
        heed_copy_text(&self->memory, text);
}

static heed_status finish(guesser *self, const char *form) {
  char *text = json_dumps(self->parameters, JSON_COMPACT);
  self->guess->form = heed_copy_text(&self->memory, form);
  self->guess->parameters = heed_copy_text(&self->memory, text);
  self->guess->file = "path";
  self->guess->notes = self->notes;
  if (text == NULL) self->memory.refused = true;
  free(text);
  return self->memory.refused ? heed_no_memory(self->error) : HEED_OK;
}

/* ---- the log of a tool ---- */

static void guess_classes(guesser *self, const char *column);

static heed_status guess_shape(guesser *self, const log_shape *shape) {
  (void)json_object_set_new(
      self->parameters, "format",
      json_string(
          log_parameters[FORMAT].choices[LOG_FORM_COUNT + shape->preset - 1]));
  for (size_t i = 0; shape->notes != NULL && shape->notes[i] != NULL; i++)
    note(self, "%s", shape->notes[i]);
  if (shape->are_classes) guess_classes(self, shape->column[CHOICE]);
  return finish(self, shape->form);
}

/* ---- columns by their names ---- */

/* The letters and digits, lower case: "Model A" and "model_a" look alike. */
static void plain_form(const char *text, char plain[PLAIN_SIZE]) {
  size_t used = 0;
  for (; *text != '\0' && used + 1 < PLAIN_SIZE; text++) {
    if (*text >= 'A' && *text <= 'Z')
      plain[used++] = (char)(*text - 'A' + 'a');
    else if ((*text >= 'a' && *text <= 'z') || (*text >= '0' && *text <= '9'))
      plain[used++] = *text;
  }
  plain[used] = '\0';
}

/* The key of the first record that has this plain name. */
static const char *key_of(const guesser *self, const char *name) {
  char plain[PLAIN_SIZE];
  const char *key;
  json_t *value;
  json_object_foreach(json_array_get(self->records, 0), key, value) {
    plain_form(key, plain);
    if (strcmp(plain, name) == 0) return key;
  }
  return NULL;
}

/* The parameter of the field `columns` that the user has set; NULL: none. */
static const json_t *given_column(const guesser *self, const char *name) {
  return json_object_get(json_object_get(self->given, "columns"), name);
}

static bool has_text(const json_t *list, const char *text) {
  for (size_t i = 0; i < json_array_size(list); i++) {
    const char *one = json_string_value(json_array_get(list, i));
    if (one != NULL && strcmp(one, text) == 0) return true;
  }
  return false;
}

static bool is_taken(const guesser *self, const char *key) {
  for (size_t i = 0; i < COLUMN_COUNT; i++)
    if (self->column[i] != NULL && strcmp(self->column[i], key) == 0)
      return true;
  return false;
}

static void guess_column(guesser *self, int column, const char *const *names) {
  for (; *names != NULL && self->column[column] == NULL; names++) {
    const char *key = key_of(self, *names);
    if (key != NULL && !is_taken(self, key)) self->column[column] = key;
  }
}

/* Two columns that go together. */
static void guess_two(guesser *self, int one, int other,
                      const char *const (*names)[2]) {
  for (; (*names)[0] != NULL && self->column[one] == NULL; names++) {
    const char *first = key_of(self, (*names)[0]);
    const char *second = key_of(self, (*names)[1]);
    if (first == NULL || second == NULL || is_taken(self, first) ||
        is_taken(self, second))
      continue;
    self->column[one] = first;
    self->column[other] = second;
  }
}

static void take_given_columns(guesser *self) {
  for (size_t i = 0; i < COLUMN_COUNT; i++)
    self->column[i] = json_string_value(given_column(self, log_column_name(i)));
}

static void guess_columns(guesser *self) {
  static const char *const users[] = {
      "user",      "userid",      "username",  "worker",    "workerid",
      "annotator", "annotatorid", "judge",     "judgeid",   "rater",
      "raterid",   "labeler",     "labelerid", "evaluator", "evaluatorid",
      "assessor",  "participant", "reviewer",  "person",    NULL};
  static const char *const pairs[] = {
      "pair",     "pairid",   "comparison", "comparisonid",
      "battleid", "taskid",   "task",       "questionid",
      "itemid",   "item",     "exampleid",  "instanceid",
      "sampleid", "promptid", "id",         NULL};
  static const char *const choices[] = {
      "choice", "winner",   "preference", "preferred", "vote",      "label",
      "chosen", "selected", "selection",  "judgment",  "judgement", "verdict",
      "better", "answer",   "result",     NULL};
  static const char *const models[][2] = {{"modela", "modelb"},
                                          {"model1", "model2"},
                                          {"leftmodel", "rightmodel"},
                                          {"modelleft", "modelright"},
                                          {"systema", "systemb"},
                                          {"system1", "system2"},
                                          {"leftsystem", "rightsystem"},
                                          {"left", "right"},
                                          {NULL, NULL}};
  static const char *const texts[][2] = {{"texta", "textb"},
                                         {"responsea", "responseb"},
                                         {"answera", "answerb"},
                                         {"outputa", "outputb"},
                                         {"completiona", "completionb"},
                                         {"conversationa", "conversationb"},
                                         {"response1", "response2"},
                                         {"answer1", "answer2"},
                                         {"output1", "output2"},
                                         {"text1", "text2"},
                                         {"lefttext", "righttext"},
                                         {"textleft", "textright"},
                                         {"leftresponse", "rightresponse"},
                                         {"responseleft", "responseright"},
                                         {"leftanswer", "rightanswer"},
                                         {"answerleft", "answerright"},
                                         {"leftoutput", "rightoutput"},
                                         {"outputleft", "outputright"},
                                         {NULL, NULL}};
  static const char *const prompts[] = {"prompt", "question", "instruction",
                                        "query",  "input",    NULL};
  static const char *const times[] = {
      "time",   "timestamp", "createdat", "ts",          "votedat",
      "tstamp", "datetime",  "date",      "submittedat", NULL};
  static const char *const lefts[] = {"left", "leftresponse", "shownleft",
                                      "leftside", NULL};
  static const char *const golds[] = {"gold", "goldlabel", "goldanswer", NULL};
  static const char *const probabilities[] = {"p", "pa", "probability", NULL};
  static const char *const topics[] = {"topic", "category", "domain", NULL};
  take_given_columns(self);
  guess_column(self, USER, users);
  guess_column(self, CHOICE, choices);
  guess_two(self, LEFT_MODEL, RIGHT_MODEL, models);
  guess_two(self, LEFT_TEXT, RIGHT_TEXT, texts);
  guess_column(self, PAIR, pairs);
  guess_column(self, PROMPT, prompts);
  guess_column(self, TIME, times);
  guess_column(self, LEFT, lefts);
  guess_column(self, GOLD, golds);
  guess_column(self, P, probabilities);
  guess_column(self, TOPIC, topics);
}

/* ---- what the columns hold ---- */

/* The text of a cell; NULL: none. */
static const char *cell_of(const guesser *self, size_t record, int column,
                           char number[LOG_NUMBER_SIZE]) {
  const json_t *value = json_object_get(json_array_get(self->records, record),
                                        self->column[column]);
  if (json_is_string(value)) return json_string_value(value);
  if (json_is_integer(value))
    (void)snprintf(number, LOG_NUMBER_SIZE, "%" JSON_INTEGER_FORMAT,
                   json_integer_value(value));
  else if (json_is_real(value))
    log_number_text(json_real_value(value), false, number);
  else if (json_is_boolean(value))
    return json_is_true(value) ? "true" : "false";
  else
    return NULL;
  return number;
}

/* Whether every cell that is there is a number of [low, high]. */
static bool are_numbers(const guesser *self, int column, double low,
                        double high) {
  char text[LOG_NUMBER_SIZE];
  bool any = false;
  for (size_t i = 0; i < json_array_size(self->records); i++) {
    const char *cell = cell_of(self, i, column, text);
    double number;
    if (cell == NULL || log_is_blank(log_text_of(cell))) continue;
    if (!log_number_in(log_text_of(cell), &number) || number < low ||
        number > high)
      return false;
    any = true;
  }
  return any;
}

/* The choice that a word means; WORD_COUNT: unknown. */
static int meaning_of(const char *word) {
  static const struct {
    const char *start;
    int meaning;
  } known[] = {
      {"tie", WORDS_TIE},     {"both", WORDS_TIE},    {"neither", WORDS_TIE},
      {"draw", WORDS_TIE},    {"equal", WORDS_TIE},   {"same", WORDS_TIE},
      {"nopref", WORDS_TIE},  {"none", WORDS_TIE},    {"modela", WORDS_A},
      {"model1", WORDS_A},    {"responsea", WORDS_A}, {"response1", WORDS_A},
      {"answera", WORDS_A},   {"answer1", WORDS_A},   {"assistanta", WORDS_A},
      {"optiona", WORDS_A},   {"option1", WORDS_A},   {"modelb", WORDS_B},
      {"model2", WORDS_B},    {"responseb", WORDS_B}, {"response2", WORDS_B},
      {"answerb", WORDS_B},   {"answer2", WORDS_B},   {"assistantb", WORDS_B},
      {"optionb", WORDS_B},   {"option2", WORDS_B},   {"left", WORDS_LEFT},
      {"right", WORDS_RIGHT}, {"first", WORDS_A},     {"second", WORDS_B}};
  char plain[PLAIN_SIZE];
  plain_form(word, plain);
  if (strcmp(plain, "a") == 0) return WORDS_A;
  if (strcmp(plain, "b") == 0) return WORDS_B;
  for (size_t i = 0; i < sizeof known / sizeof *known; i++)
    if (strncmp(plain, known[i].start, strlen(known[i].start)) == 0)
      return known[i].meaning;
  return WORD_COUNT;
}

static bool is_default(const char *word, int meaning) {
  char quoted[PLAIN_SIZE + 4];
  (void)snprintf(quoted, sizeof quoted, "\"%.*s\"", PLAIN_SIZE, word);
  return strstr(log_parameters[CHOICES].fields[meaning].default_value,
                quoted) != NULL;
}

/* The words of the choices: those that the source knows anyway are not named.
 * *sides: a word names a side. */
typedef struct found_words {
  json_t *lists[WORD_COUNT];
  const char *unknown[WORDS];
  size_t unknown_count;
  bool needed[WORD_COUNT], sides;
} found_words;

static bool names_model(const guesser *self, size_t record, const char *word) {
  char text[LOG_NUMBER_SIZE];
  for (int side = LEFT_MODEL; side <= RIGHT_MODEL; side++) {
    const char *name =
        self->column[side] == NULL ? NULL : cell_of(self, record, side, text);
    if (name != NULL && strcmp(name, word) == 0) return true;
  }
  return false;
}

static void add_unknown(guesser *self, found_words *found, const char *word) {
  for (size_t i = 0; i < found->unknown_count; i++)
    if (strcmp(found->unknown[i], word) == 0) return;
  if (found->unknown_count < WORDS)
    found->unknown[found->unknown_count++] =
        heed_copy_text(&self->memory, word);
}

static void add_word(found_words *found, int meaning, const char *word) {
  found->sides =
      found->sides || meaning == WORDS_LEFT || meaning == WORDS_RIGHT;
  if (found->lists[meaning] == NULL) found->lists[meaning] = json_array();
  if (!has_text(found->lists[meaning], word))
    (void)json_array_append_new(found->lists[meaning], json_string(word));
  found->needed[meaning] = found->needed[meaning] || !is_default(word, meaning);
}

/* 1 and 2, or 1 and 0. */
static void add_numbers(guesser *self, found_words *found) {
  bool fits = found->unknown_count > 0, zero = false, two = false;
  for (size_t i = 0; i < found->unknown_count; i++) {
    const char *word = found->unknown[i];
    zero = zero || (word != NULL && strcmp(word, "0") == 0);
    two = two || (word != NULL && strcmp(word, "2") == 0);
    fits = fits && word != NULL && strlen(word) == 1 && *word >= '0' &&
           *word <= '2';
  }
  if (!fits || (zero && two)) return;
  add_word(found, WORDS_A, "1");
  add_word(found, WORDS_B, zero ? "0" : "2");
  found->unknown_count = 0;
  note(self, "Guessed that the choice 1 is A and %s is B.", zero ? "0" : "2");
}

static void guess_words(guesser *self, bool *sides) {
  found_words found = {.sides = false};
  char list[HEED_MESSAGE_SIZE / 4] = "";
  json_t *choices = json_object();
  for (size_t i = 0; i < json_array_size(self->records); i++) {
    char text[LOG_NUMBER_SIZE];
    const char *word = cell_of(self, i, CHOICE, text);
    int meaning;
    if (word == NULL || log_is_blank(log_text_of(word)) ||
        names_model(self, i, word))
      continue;
    meaning = meaning_of(word);
    if (meaning == WORD_COUNT)
      add_unknown(self, &found, word);
    else
      add_word(&found, meaning, word);
  }
  add_numbers(self, &found);
  for (size_t i = 0; i < WORD_COUNT; i++) {
    if (found.needed[i])
      (void)json_object_set(choices, log_parameters[CHOICES].fields[i].name,
                            found.lists[i]);
    json_decref(found.lists[i]);
  }
  for (size_t i = 0; i < found.unknown_count && i < 6; i++)
    log_add(list, sizeof list, "%s\"%.30s\"", i == 0 ? "" : ", ",
            found.unknown[i] == NULL ? "" : found.unknown[i]);
  if (*list != '\0')
    note(self, "Unknown choices: %s. Say what they mean in `choices`.", list);
  if (json_object_size(choices) > 0)
    (void)json_object_set(self->parameters, "choices", choices);
  json_decref(choices);
  *sides = found.sides;
}

/* Two classes: the words in alphabetical order, unless they say more. */
static void guess_classes(guesser *self, const char *column) {
  found_words found = {.sides = false};
  char text[LOG_NUMBER_SIZE];
  bool known = true;
  self->column[CHOICE] = column;
  for (size_t i = 0; i < json_array_size(self->records); i++) {
    const char *word = cell_of(self, i, CHOICE, text);
    if (word == NULL || log_is_blank(log_text_of(word))) continue;
    known = known && meaning_of(word) != WORD_COUNT;
    add_unknown(self, &found, word);
  }
  if (known || found.unknown_count != 2 || self->memory.refused) return;
  const char *one = found.unknown[0], *other = found.unknown[1];
  const bool turned = strcmp(one, other) < 0;
  (void)json_object_set_new(
      self->parameters, "choices",
      json_pack("{s:[s], s:[s]}", "a", turned ? other : one, "b",
                turned ? one : other));
  note(self, "Guessed that A is the class \"%.40s\" and B is \"%.40s\".",
       turned ? other : one, turned ? one : other);
}

/* ---- a table ---- */

static void name_columns(guesser *self) {
  for (size_t i = 0; i < COLUMN_COUNT; i++) {
    const char *name = log_column_name(i);
    if (self->column[i] == NULL || given_column(self, name) != NULL) continue;
    if (i <= CHOICE && strcmp(name, self->column[i]) == 0) continue;
    (void)json_object_set_new(self->columns, name,
                              json_string(self->column[i]));
  }
  if (json_object_size(self->columns) > 0)
    (void)json_object_set(self->parameters, "columns", self->columns);
}

static void note_others(guesser *self) {
  char list[HEED_MESSAGE_SIZE / 2] = "";
  const char *key;
  json_t *value;
  json_object_foreach(json_array_get(self->records, 0), key, value) {
    if (is_taken(self, key) || json_is_array(value) || json_is_object(value) ||
        has_text(given_column(self, "covariates"), key) ||
        strlen(list) + 64 >= sizeof list)
      continue;
    log_add(list, sizeof list, "%s\"%.50s\"", *list == '\0' ? "" : ", ", key);
  }
  if (*list != '\0')
    note(self,
         "Not read: %s. To keep them as covariates, name them in "
         "`columns.covariates`.",
         list);
}

/* Two votes on the same models are not on the same pair. */
static void guess_pairs(guesser *self) {
  const bool has_texts = self->column[LEFT_TEXT] != NULL;
  if (self->column[PAIR] != NULL ||
      json_object_get(self->given, "pairs") != NULL)
    return;
  (void)json_object_set_new(self->parameters, "pairs",
                            json_string(has_texts ? "texts" : "rows"));
  note(self,
       has_texts
           ? "No column seems to name the pair: rows with the same texts "
             "are of one pair."
           : "No column seems to name the pair: each row is a pair of its "
             "own.  If several users judge the same pairs, name the "
             "column in columns.pair.");
}

/* A name is not enough: what a column cannot hold, it does not. */
static void check_columns(guesser *self) {
  char text[LOG_NUMBER_SIZE];
  if (self->column[P] != NULL && !are_numbers(self, P, 0, 1))
    self->column[P] = NULL;
  if (self->column[LEFT] != NULL) {
    for (size_t i = 0; i < json_array_size(self->records); i++) {
      const char *cell = cell_of(self, i, LEFT, text);
      const int meaning = cell == NULL ? WORDS_A : meaning_of(cell);
      if (cell != NULL && !log_is_blank(log_text_of(cell)) &&
          meaning != WORDS_A && meaning != WORDS_B &&
          !names_model(self, i, cell)) {
        self->column[LEFT] = NULL;
        return;
      }
    }
  }
}

static heed_status refuse_table(const guesser *self) {
  char list[HEED_MESSAGE_SIZE / 2] = "";
  const char *key;
  json_t *value;
  json_object_foreach(json_array_get(self->records, 0), key,
                      value) if (strlen(list) + 64 < sizeof list)
      log_add(list, sizeof list, "%s\"%.50s\"", *list == '\0' ? "" : ", ", key);
  const bool no_user = self->column[USER] == NULL && !self->no_users;
  return log_fail(self->error, HEED_INVALID,
                  "%s: no column seems to say %s; the file has %s; name it: "
                  "--set columns.%s=COLUMN",
                  self->path, no_user ? "who chose" : "what was chosen",
                  *list == '\0' ? "none" : list, no_user ? "user" : "choice");
}

static heed_status guess_table(guesser *self, log_form form) {
  static const char *const forms[] = {
      [LOG_CSV] = "a table, CSV",
      [LOG_TSV] = "a table, TSV",
      [LOG_JSONL] = "a table, JSON",
      [LOG_JSON] = "a table, JSON",
      [LOG_SQLITE] = "a table of an SQLite database",
      [LOG_FORM_COUNT] = NULL};
  log_form by_name = log_form_of(self->path);
  bool sides = false;
  guess_columns(self);
  if ((self->column[USER] == NULL && !self->no_users) ||
      (self->column[CHOICE] == NULL && self->column[CHOSE_A] == NULL))
    return refuse_table(self);
  check_columns(self);
  if (by_name == LOG_JSONL) by_name = LOG_JSON;
  if (by_name != form)
    (void)json_object_set_new(self->parameters, "format",
                              json_string(log_form_words[form]));
  name_columns(self);
  guess_words(self, &sides);
  guess_pairs(self);
  if (self->column[LEFT] == NULL && !sides)
    note(self,
         "No column says which answer was left: heed takes it for A. If sides "
         "were turned and not recorded, set positions = \"unknown\".");
  note_others(self);
  return finish(self, forms[form]);
}

/* ---- any file ---- */

static heed_status guess_packed(guesser *self) {
  if (log_form_of(self->path) != LOG_PACKED)
    (void)json_object_set_new(self->parameters, "format",
                              json_string(log_form_words[LOG_PACKED]));
  return finish(self, "a packed log of heed");
}

static heed_status guess_hdf5(guesser *self) {
  if (log_form_of(self->path) != LOG_HDF5)
    (void)json_object_set_new(self->parameters, "format", json_string("hdf5"));
  note(self,
       "heed look does not look for columns in HDF5: they are read by "
       "their usual names, user, pair and choice.");
  return finish(self, "an HDF5 file");
}

heed_status log_guess(const heed_host *host, const char *path,
                      heed_guess *guess, heed_error *error) {
  guesser self = {.host = host,
                  .path = path,
                  .guess = guess,
                  .error = error,
                  .memory = {host, false},
                  .parameters = json_object(),
                  .columns = json_object()};
  const log_shape *shape;
  json_t *records;
  log_form form;
  if (HEED_HAS(guess, given) && guess->given != NULL)
    self.given = json_loads(guess->given, 0, NULL);
  self.no_users = json_is_string(json_object_get(self.given, "users"));
  heed_status status =
      log_shape_of(host, path, PRESET_NONE, &form, &shape, &records, error);
  self.records = records;
  self.notes = heed_allocate(&self.memory, NOTES, sizeof *self.notes);
  if (self.memory.refused) status = heed_no_memory(error);
  if (status == HEED_OK && form == LOG_HDF5)
    status = guess_hdf5(&self);
  else if (status == HEED_OK && form == LOG_PACKED)
    status = guess_packed(&self);
  else if (status == HEED_OK && shape != NULL)
    status = guess_shape(&self, shape);
  else if (status == HEED_OK && json_array_size(records) == 0)
    status = log_fail(error, HEED_INVALID, "%s: found no row", path);
  else if (status == HEED_OK)
    status = guess_table(&self, form);
  json_decref(self.parameters);
  json_decref(self.columns);
  json_decref(self.given);
  json_decref(records);
  return status;
}
