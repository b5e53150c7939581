/* SPDX-License-Identifier: GPL-3.0-or-later
 * The parameters and outputs of the source `log`. */
#include "sources/log/settings.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const char *const ties_words[] = {"drop", "keep", NULL};
static const char *const malformed_words[] = {"stop", "skip", NULL};
static const char *const order_words[] = {"unknown", "file", NULL};
static const char *const format_words[] = {
    "auto", "csv", "tsv", "jsonl", "json", "hdf5", "sqlite", "packed",
    /* presets.h */
    "arena", "open_webui", "label_studio", "argilla", "potato", "crowd_kit",
    "trl", NULL};
static const char *const annotations_words[] = {"rows", "counts", NULL};
static const char *const positions_words[] = {"a_left", "unknown", NULL};
static const char *const users_words[] = {"column", "rows", NULL};
static const char *const pairs_words[] = {"column", "models", "texts", "rows",
                                          NULL};
static const char *const texts_words[] = {"plain", "json", NULL};
static const char *const duplicates_words[] = {"error", "keep", "first", NULL};

static const heed_parameter word = {.name = "word", .type = HEED_TEXT};
static const heed_parameter columns[FIELD_COUNT] = {
    [USER] = {.name = "user",
              .type = HEED_TEXT,
              .flags = HEED_OPTIONAL,
              .doc = "column with the user; \"user\" if not given"},
    [PAIR] = {.name = "pair",
              .type = HEED_TEXT,
              .flags = HEED_OPTIONAL,
              .doc = "column with the pair; \"pair\" if not given"},
    [CHOICE] = {.name = "choice",
                .type = HEED_TEXT,
                .flags = HEED_OPTIONAL,
                .doc = "column with the choice; \"choice\" if not given"},
    [CHOSE_A] = {.name = "chose_a",
                 .type = HEED_TEXT,
                 .flags = HEED_OPTIONAL,
                 .doc = "instead of choice: column that is 1 where A was "
                        "chosen, else 0"},
    [CHOSE_B] = {.name = "chose_b",
                 .type = HEED_TEXT,
                 .flags = HEED_OPTIONAL,
                 .doc = "the same for B"},
    [CHOSE_TIE] = {.name = "chose_tie",
                   .type = HEED_TEXT,
                   .flags = HEED_OPTIONAL,
                   .doc = "the same for a tie"},
    [LEFT_MODEL] = {.name = "model_a",
                    .type = HEED_TEXT,
                    .flags = HEED_OPTIONAL,
                    .doc = "column with the name of the model that gave A (the "
                           "left response if no column records positions)"},
    [RIGHT_MODEL] = {.name = "model_b",
                     .type = HEED_TEXT,
                     .flags = HEED_OPTIONAL,
                     .doc = "column with the name of the other model"},
    [LEFT] = {.name = "left",
              .type = HEED_TEXT,
              .flags = HEED_OPTIONAL,
              .doc = "column with the left response: a word for A or B, or the "
                     "model's name"},
    [P] = {.name = "p",
           .type = HEED_TEXT,
           .flags = HEED_OPTIONAL,
           .doc = "column with the probability that A is better"},
    [GOLD] = {.name = "gold",
              .type = HEED_TEXT,
              .flags = HEED_OPTIONAL,
              .doc = "column with the known answer of gold pairs: a word for "
                     "the better response, or the probability that A is "
                     "better; empty for other pairs"},
    [TOPIC] = {.name = "topic",
               .type = HEED_TEXT,
               .flags = HEED_OPTIONAL,
               .doc = "column with the topic"},
    [LEFT_TEXT] = {.name = "text_a",
                   .type = HEED_TEXT,
                   .flags = HEED_OPTIONAL,
                   .doc = "column with A's text"},
    [RIGHT_TEXT] = {.name = "text_b",
                    .type = HEED_TEXT,
                    .flags = HEED_OPTIONAL,
                    .doc = "column with B's text"},
    [PROMPT] = {.name = "prompt",
                .type = HEED_TEXT,
                .flags = HEED_OPTIONAL,
                .doc = "column with the prompt"},
    [TIME] = {.name = "time",
              .type = HEED_TEXT,
              .flags = HEED_OPTIONAL,
              .doc = "column with the time of the annotation: a number or an "
                     "ISO 8601 date"},
    [COVARIATES] = {.name = "covariates",
                    .type = HEED_LIST,
                    .default_value = "[]",
                    .item = &word,
                    .doc = "columns that become columns of the annotations, "
                           "numbers or words: seconds taken, device, language"},
};

static const heed_parameter choices[] = {
    [WORDS_A] = {.name = "a",
                 .type = HEED_LIST,
                 .default_value = "[\"A\", \"a\", \"model_a\"]",
                 .item = &word,
                 .doc = "words for A"},
    [WORDS_B] = {.name = "b",
                 .type = HEED_LIST,
                 .default_value = "[\"B\", \"b\", \"model_b\"]",
                 .item = &word,
                 .doc = "words for B"},
    [WORDS_LEFT] = {.name = "left",
                    .type = HEED_LIST,
                    .default_value = "[\"left\"]",
                    .item = &word,
                    .doc = "words for the left response"},
    [WORDS_RIGHT] = {.name = "right",
                     .type = HEED_LIST,
                     .default_value = "[\"right\"]",
                     .item = &word,
                     .doc = "words for the right response"},
    [WORDS_TIE] = {.name = "tie",
                   .type = HEED_LIST,
                   .default_value = "[\"tie\", \"both\", \"neither\"]",
                   .item = &word,
                   .doc = "words for a tie"},
};

static const heed_parameter reference_fields[] = {
    [REFERENCE_PATH] = {.name = "path",
                        .type = HEED_PATH,
                        .doc = "file with the judge's verdicts"},
    [REFERENCE_PAIR] = {.name = "pair",
                        .type = HEED_TEXT,
                        .default_value = "pair",
                        .doc = "column with the pair"},
    [REFERENCE_CHOICE] =
        {.name = "choice",
         .type = HEED_TEXT,
         .default_value = "choice",
         .doc = "column with the verdict, in the words that `choices` defines"},
    [REFERENCE_MODEL_A] = {.name = "model_a",
                           .type = HEED_TEXT,
                           .flags = HEED_OPTIONAL,
                           .doc = "column with the model that gave the judge's "
                                  "A, if its sides may differ from the log's"},
    [REFERENCE_MODEL_B] = {.name = "model_b",
                           .type = HEED_TEXT,
                           .flags = HEED_OPTIONAL,
                           .doc = "column with the other model"},
};
static const heed_parameter reference = {.name = "reference",
                                         .type = HEED_RECORD,
                                         .fields = reference_fields,
                                         .field_count = REFERENCE_COUNT};

static const heed_parameter file = {.name = "file", .type = HEED_PATH};
static const heed_parameter omitted = {.name = "words",
                                       .type = HEED_LIST,
                                       .low = 1,
                                       .high = HUGE_VAL,
                                       .item = &word};

const heed_parameter log_parameters[PARAMETER_COUNT] = {
    [PATH] = {.name = "path",
              .type = HEED_LIST,
              .low = 1,
              .high = HUGE_VAL,
              .item = &file,
              .doc = "the log: a file, a pattern such as \"log-*.csv\", or a "
                     "list of these, read in that order; what a pattern "
                     "matches is in the order of its bytes. .csv, .tsv, "
                     ".jsonl, .json, .h5 or .db; text may be compressed "
                     "(.gz, .zst); or one .heed of heed pack"},
    [FORMAT] = {.name = "format",
                .type = HEED_ENUM,
                .default_value = "auto",
                .choices = format_words,
                .doc = "auto: by file extension. What a tool exports, whatever "
                       "the form of the file: arena (Chatbot Arena and "
                       "FastChat), open_webui (its feedback: the export or the "
                       "database), label_studio (pairwise), argilla (ranking "
                       "or label), potato (pairwise), crowd_kit (worker, left, "
                       "right, label), trl (prompt, chosen, rejected). heed "
                       "look says what a file seems to be"},
    [ROWS] = {.name = "rows",
              .type = HEED_TEXT,
              .flags = HEED_OPTIONAL,
              .doc = "JSON: the lists in each object whose items are rows, "
                     "such as \"annotations[].result[]\"; a key is looked for "
                     "in the item first, \"$.key\" in the object"},
    [QUERY] = {.name = "query",
               .type = HEED_TEXT,
               .flags = HEED_OPTIONAL,
               .doc = "SQLite: a SELECT whose columns are those of the log"},
    [COLUMNS] = {.name = "columns",
                 .type = HEED_RECORD,
                 .default_value = "{}",
                 .fields = columns,
                 .field_count = FIELD_COUNT,
                 .doc = "column names in the file; in JSON, keys or paths such "
                        "as \"conversation_a[0].content\""},
    [CHOICES] = {.name = "choices",
                 .type = HEED_RECORD,
                 .default_value = "{}",
                 .fields = choices,
                 .field_count = WORD_COUNT,
                 .doc = "words for the choices"},
    [POSITIONS] = {.name = "positions",
                   .type = HEED_ENUM,
                   .default_value = "a_left",
                   .choices = positions_words,
                   .doc = "if no column says it: a_left: A was shown left; "
                          "unknown: nobody knows"},
    [USERS] = {.name = "users",
               .type = HEED_ENUM,
               .default_value = "column",
               .choices = users_words,
               .doc = "column: columns.user says who chose; rows: each row is "
                      "a user of its own"},
    [PAIRS] = {.name = "pairs",
               .type = HEED_ENUM,
               .default_value = "column",
               .choices = pairs_words,
               .doc = "what tells pairs apart: column: columns.pair; models: "
                      "the two models; texts: the texts; rows: each row is a "
                      "pair of its own"},
    [TEXTS] = {.name = "texts",
               .type = HEED_ENUM,
               .default_value = "plain",
               .choices = texts_words,
               .doc = "json: texts in quotes are JSON, lists of messages or of "
                      "turns"},
    [OMIT] = {.name = "omit",
              .type = HEED_MAP,
              .default_value = "{}",
              .item = &omitted,
              .doc = "rows to leave out: for each column, the words that omit "
                     "a row"},
    [TIES] = {.name = "ties",
              .type = HEED_ENUM,
              .default_value = "drop",
              .choices = ties_words,
              .doc = "keep: for user models with a likelihood for ties"},
    [MALFORMED] =
        {.name = "malformed",
         .type = HEED_ENUM,
         .default_value = "stop",
         .choices = malformed_words,
         .doc = "what to do at a malformed row: stop, or skip and count it"},
    [DUPLICATES] =
        {.name = "duplicates",
         .type = HEED_ENUM,
         .flags = HEED_OPTIONAL,
         .choices = duplicates_words,
         .doc = "what to do if a user annotates a pair twice: treat the row as "
                "malformed, keep both, or keep only the first; error if not "
                "given, but keep for crowd_kit, first for arena and "
                "open_webui"},
    [DIFFERENCE] = {.name = "difference",
                    .type = HEED_LIST,
                    .default_value = "[]",
                    .item = &word,
                    .doc = "columns with differences of features, A minus B"},
    [REFERENCES] = {.name = "references",
                    .type = HEED_MAP,
                    .default_value = "{}",
                    .item = &reference,
                    .doc = "reference judges by name; never used in a fit"},
    [ORDER] = {.name = "order",
               .type = HEED_ENUM,
               .default_value = "unknown",
               .choices = order_words,
               .doc = "file: each user's annotations are in order of time in "
                      "the file; with columns.time, the times decide"},
    [ANNOTATIONS] =
        {.name = "annotations",
         .type = HEED_ENUM,
         .default_value = "rows",
         .choices = annotations_words,
         .doc =
             "of a packed log: rows: one by one; counts: how often each "
             "user gave each answer (choice, side and, if the sweep names "
             "columns.model_a, models), in memory that depends only on users "
             "and answers"},
};

const heed_dimension log_dimensions[1] = {
    {"judge", "references", NULL, "reference judge"}};

static const char *const by_judge[] = {"judge", NULL};

const heed_output log_outputs[OUTPUT_COUNT] = {
    [OUT_ROWS] = {.name = "rows", .doc = "well-formed rows of the log"},
    [OUT_SKIPPED] = {.name = "rows_skipped", .doc = "malformed rows, skipped"},
    [OUT_OMITTED] = {.name = "rows_omitted",
                     .doc = "rows that source.omit leaves out"},
    [OUT_TIES] = {.name = "ties", .doc = "ties among the rows"},
    [OUT_DUPLICATES] = {.name = "duplicates",
                        .doc = "repeated annotations, dropped or kept as "
                               "source.duplicates says"},
    [OUT_USERS] = {.name = "users", .doc = "users in the log"},
    [OUT_PAIRS] = {.name = "pairs", .doc = "pairs in the log"},
    [OUT_MODELS] = {.name = "models", .doc = "models in the log"},
    [OUT_ASIDE] = {.name = "rows_set_aside",
                   .doc = "records of a tool's export that are no comparison"},
    [OUT_ONLY_TIES] = {.name = "users_only_ties",
                       .doc = "users who only tie, dropped with their ties"},
    [OUT_VERDICTS] = {.name = "verdicts",
                      .dimensions = by_judge,
                      .doc = "pairs of the log with a verdict of the judge"},
    [OUT_VERDICTS_WITHOUT_PAIR] =
        {.name = "verdicts_without_pair",
         .dimensions = by_judge,
         .doc = "pairs with a verdict of the judge that the log lacks"},
    [OUT_PAIRS_WITHOUT_VERDICT] =
        {.name = "pairs_without_verdict",
         .dimensions = by_judge,
         .doc = "pairs of the log without a verdict of the judge"},
    [OUT_CONTRADICTIONS] =
        {.name = "verdict_contradictions",
         .dimensions = by_judge,
         .doc = "pairs on which the judge contradicts itself, taken as ties"},
};

/* ---- what they mean together ---- */

static log_words words_of(heed_memory *memory, const heed_value *list) {
  log_text *words = heed_allocate(memory, list->count, sizeof *words);
  for (size_t i = 0; words != NULL && i < list->count; i++)
    words[i] = log_trim(log_text_of(list->items[i].text));
  return (log_words){words, list->count};
}

/* The name of a column of the annotations: lower case, digits and '_'. */
static char *column_name(heed_memory *memory, const char *name) {
  const size_t length = strlen(name);
  char *made = heed_allocate(memory, length + 2, 1), *at = made;
  if (made == NULL) return NULL;
  if (*name >= '0' && *name <= '9') *at++ = '_';
  for (size_t i = 0; i < length; i++) {
    const char one = name[i];
    const bool upper = one >= 'A' && one <= 'Z';
    const bool fit =
        (one >= 'a' && one <= 'z') || (one >= '0' && one <= '9') || one == '_';
    *at++ = upper ? (char)(one - 'A' + 'a') : fit ? one : '_';
  }
  return made;
}

heed_status log_settle_covariates(heed_memory *memory, log_settings *self,
                                  const char *const *list, size_t count,
                                  heed_error *error) {
  static const char *const taken[] = {"user", "pair",  "choice", "left", "p",
                                      "time", "topic", "turn",   "gold"};
  self->covariate_count = count;
  self->covariates = heed_allocate(memory, count, sizeof *self->covariates);
  for (size_t i = 0; !memory->refused && i < count; i++) {
    const char *column = list[i];
    const char *name = column_name(memory, column), *same = NULL;
    if (name == NULL) break;
    self->covariates[i] = (log_covariate){column, name};
    for (size_t j = 0; j < sizeof taken / sizeof *taken; j++)
      if (strcmp(taken[j], name) == 0)
        return heed_fail(error, HEED_INVALID,
                         "columns.covariates: \"%s\" becomes the column "
                         "\"%s\", which annotations have already",
                         column, name);
    for (size_t j = 0; j < i; j++)
      if (strcmp(self->covariates[j].name, name) == 0)
        same = self->covariates[j].column;
    if (same != NULL)
      return heed_fail(error, HEED_INVALID,
                       "columns.covariates: \"%s\" and \"%s\" both become the "
                       "column \"%s\"",
                       same, column, name);
  }
  return HEED_OK;
}

const char *log_column_name(size_t column) {
  return columns[column].name;
}

bool log_words_are_given(const heed_value *values, size_t choice) {
  const heed_value *words = &values[CHOICES].items[choice];
  const char *rest = choices[choice].default_value;
  for (size_t i = 0; i < words->count; i++) {
    char quoted[HEED_MESSAGE_SIZE / 8];
    const int length =
        snprintf(quoted, sizeof quoted, "%s\"%s\"%s", i == 0 ? "[" : ", ",
                 words->items[i].text, i + 1 < words->count ? "" : "]");
    if (length >= (int)sizeof quoted ||
        strncmp(rest, quoted, (size_t)length) != 0)
      return true;
    rest += length;
  }
  return *rest != '\0';
}

static heed_status settle_covariates(heed_memory *memory, log_settings *self,
                                     heed_error *error) {
  const heed_value *list = &self->values[COLUMNS].items[COVARIATES];
  const char **names = heed_scratch(memory, list->count, sizeof *names);
  for (size_t i = 0; names != NULL && i < list->count; i++)
    names[i] = list->items[i].text;
  if (memory->refused) return HEED_OK; /* log_settle() says it */
  return log_settle_covariates(memory, self, names, list->count, error);
}

static void settle_omissions(heed_memory *memory, log_settings *self) {
  const heed_value *map = &self->values[OMIT];
  self->omission_count = map->count;
  self->omissions = heed_allocate(memory, map->count, sizeof *self->omissions);
  for (size_t i = 0; !memory->refused && i < map->count; i++) {
    log_omission *omission = &self->omissions[i];
    omission->column = map->keys[i];
    omission->words = words_of(memory, &map->items[i]);
  }
}

static void settle_columns(log_settings *self) {
  static const char *const without[] = {
      [USER] = "user", [PAIR] = "pair", [CHOICE] = "choice"};
  const heed_value *named = self->values[COLUMNS].items;
  for (size_t i = 0; i < COLUMN_COUNT; i++)
    self->column[i] = named[i].given ? named[i].text
                      : i <= CHOICE  ? without[i]
                                     : NULL;
  if (self->users != USERS_COLUMN) self->column[USER] = NULL;
  if (self->pairs != PAIRS_COLUMN) self->column[PAIR] = NULL;
  if (self->column[CHOSE_A] != NULL) self->column[CHOICE] = NULL;
}

heed_status log_check_settings(const log_settings *self, heed_error *error) {
  const heed_value *named = self->values[COLUMNS].items;
  const struct {
    int one, other;
    const char *message;
  } together[] = {{LEFT_MODEL, RIGHT_MODEL,
                   "columns: model_a and model_b go together; found only %s"},
                  {CHOSE_A, CHOSE_B,
                   "columns: chose_a and chose_b go together; found only %s"}};
  for (size_t i = 0; i < 2; i++)
    if (named[together[i].one].given != named[together[i].other].given)
      return heed_fail(error, HEED_INVALID, together[i].message,
                       columns[named[together[i].one].given ? together[i].one
                                                            : together[i].other]
                           .name);
  if (named[CHOICE].given && named[CHOSE_A].given)
    return heed_fail(error, HEED_INVALID,
                     "columns: found choice and chose_a, expected one of them");
  if (self->values[USERS].integer == USERS_ROWS && named[USER].given)
    return heed_fail(error, HEED_INVALID,
                     "found both users = \"rows\" and columns.user, expected "
                     "one of them");
  if (self->pairs == PAIRS_MODELS && self->column[LEFT_MODEL] == NULL)
    return heed_fail(error, HEED_INVALID,
                     "pairs = \"models\" needs columns.model_a and "
                     "columns.model_b");
  if (self->pairs == PAIRS_TEXTS &&
      (self->column[LEFT_TEXT] == NULL || self->column[RIGHT_TEXT] == NULL))
    return heed_fail(error, HEED_INVALID,
                     "pairs = \"texts\" needs columns.text_a and "
                     "columns.text_b");
  return HEED_OK;
}

heed_status log_settle(const heed_host *host, const heed_value *values,
                       log_settings **settings, heed_error *error) {
  heed_memory memory = {host, false};
  log_settings *self = heed_allocate(&memory, 1, sizeof *self);
  heed_status status;
  if (self == NULL) return heed_no_memory(error);
  *settings = self;
  self->values = values;
  self->read = (log_read_options){
      .form = (log_form)values[FORMAT].integer,
      .items = values[ROWS].given ? values[ROWS].text : NULL,
      .query = values[QUERY].given ? values[QUERY].text : NULL};
  self->duplicates = values[DUPLICATES].given ? (int)values[DUPLICATES].integer
                                              : DUPLICATES_ERROR;
  self->positions_unknown = values[POSITIONS].integer == POSITIONS_UNKNOWN;
  self->users = (int)values[USERS].integer;
  self->pairs = (int)values[PAIRS].integer;
  self->texts_are_json = values[TEXTS].integer == TEXTS_JSON;
  settle_columns(self);
  for (size_t i = 0; i < WORD_COUNT; i++)
    self->words[i] = words_of(&memory, &values[CHOICES].items[i]);
  settle_omissions(&memory, self);
  status = settle_covariates(&memory, self, error);
  if (memory.refused) return heed_no_memory(error);
  /* The columns of a preset depend on the file. */
  return status == HEED_OK && self->read.form < LOG_FORM_COUNT
             ? log_check_settings(self, error)
             : status;
}
