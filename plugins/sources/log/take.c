/* SPDX-License-Identifier: GPL-3.0-or-later
 * From rows of texts to annotations and pairs: checks every cell, and compares
 * a row with earlier rows of its pair.  A malformed row leaves no trace: its
 * names get no ids. */
#include <math.h>
#include <sodium/crypto_generichash.h>
#include <stdlib.h>
#include <string.h>

#include "sources/log/large.h"
#include "sources/log/reading.h"
#include "sources/log/texts.h"
#include "sources/log/words.h"

#define ROWS_MOST ((size_t)UINT32_MAX - 1)
#define NAME_SIZE 64 /* of a user or a pair that no column names */

/* What a row says.  The members from `model` on depend on which response the
 * row calls A: turn() must know them all. */
typedef struct taken_row {
  const log_row *row;
  size_t pair; /* SIZE_MAX: new */
  log_finding place;
  log_text user, name, topic;
  double time;
  log_time_form time_form;
  log_text model[TEXT_COUNT];
  log_texts texts;
  bool turned;
  uint64_t hash[TEXT_COUNT]; /* of the texts; 0: unknown */
  int8_t choice, left;
  double p, gold;     /* NaN: none */
  double *difference; /* features */
} taken_row;

typedef struct log_taking {
  log_reading *log;
  taken_row row;
  log_conversation conversation;
  char user_name[NAME_SIZE]; /* of a user that no column names */
  char *name;                /* of a pair that no column names */
  size_t name_room;
} log_taking;

static log_text cell(const taken_row *taken, size_t column) {
  return taken->row->cells[column];
}

/* ---- the cells of a row ---- */

/* A cell that is not as it must be. */
static heed_status refuse_cell(log_reading *self, const char *column,
                               log_text text, const char *expected) {
  if (log_is_blank(text))
    return log_row_fault(self, "column \"%s\" is empty, expected %s", column,
                         expected);
  return log_row_fault(self, "column \"%s\": found \"%.*s\", expected %s",
                       column, LOG_SHOWN(text, 40), expected);
}

/* Ids that a row must have. */
static heed_status check_ids(log_reading *self, const taken_row *taken,
                             bool *fine) {
  static const int required[] = {USER, PAIR, CHOICE, LEFT_MODEL, RIGHT_MODEL};
  *fine = false;
  for (size_t i = 0; i < sizeof required / sizeof *required; i++) {
    const char *column = self->settings->column[required[i]];
    if (column != NULL && log_is_blank(cell(taken, (size_t)required[i])))
      return log_row_fault(self, "column \"%s\" is empty", column);
  }
  *fine = true;
  return HEED_OK;
}

static heed_status take_numbers(log_reading *self, taken_row *taken,
                                bool *fine) {
  log_text text = cell(taken, P);
  *fine = false;
  taken->p = NAN;
  if (!log_is_blank(text) &&
      (!log_number_in(text, &taken->p) || taken->p < 0 || taken->p > 1))
    return refuse_cell(self, self->settings->column[P], text, "a probability");
  for (size_t i = 0; i < self->features; i++) {
    text = cell(taken, COLUMN_COUNT + i);
    if (!log_number_in(text, &taken->difference[i]))
      return refuse_cell(self, self->settings->values[DIFFERENCE].items[i].text,
                         text, "a number");
  }
  *fine = true;
  return HEED_OK;
}

static heed_status take_time(log_reading *self, taken_row *taken, bool *fine) {
  static const char *const expected[] = {
      [LOG_NO_TIME] = "a number or a date such as 2024-05-31T12:30:00Z",
      [LOG_TIME_NUMBER] = "a number as in earlier rows",
      [LOG_TIME_DATE] = "a date as in earlier rows"};
  const log_text text = cell(taken, TIME);
  log_time_form form = LOG_NO_TIME;
  taken->time_form = LOG_NO_TIME;
  *fine = true;
  if (self->settings->column[TIME] == NULL) return HEED_OK;
  if (text.bytes != NULL) form = log_time_in(text, &taken->time);
  *fine = form != LOG_NO_TIME &&
          (self->time_form == LOG_NO_TIME || self->time_form == form);
  taken->time_form = form;
  if (*fine) return HEED_OK;
  return refuse_cell(self, self->settings->column[TIME], text,
                     expected[self->time_form]);
}

/* Whether a cell names one of two different models. */
static bool names_model(const taken_row *taken, log_text text,
                        log_said *which) {
  text = log_trim(text);
  if (log_is_same(taken->model[OF_A], taken->model[OF_B])) return false;
  *which = log_is_same(text, log_trim(taken->model[OF_A])) ? SAID_A : SAID_B;
  return *which == SAID_A || log_is_same(text, log_trim(taken->model[OF_B]));
}

/* Which response is left; *fine: the cell is valid. */
static int8_t left_of(const log_reading *self, const taken_row *taken,
                      bool *fine) {
  const log_text text = cell(taken, LEFT);
  log_said which;
  *fine = true;
  if (self->settings->column[LEFT] == NULL)
    return self->settings->positions_unknown ? HEED_LEFT_UNKNOWN : HEED_CHOSE_A;
  if (log_is_blank(text)) return HEED_LEFT_UNKNOWN;
  if (log_is_same(text, taken->model[OF_A])) return HEED_CHOSE_A;
  if (log_is_same(text, taken->model[OF_B])) return HEED_CHOSE_B;
  *fine = log_what_is_said(self->settings, text, &which) && which <= SAID_B;
  return (int8_t)(*fine && which == SAID_A ? HEED_CHOSE_A : HEED_CHOSE_B);
}

/* 1 or true; 0, false or nothing. */
static bool is_flag(log_text text, bool *set) {
  double number;
  text = log_trim(text);
  *set = log_is_same(text, log_text_of("true")) ||
         log_is_same(text, log_text_of("True")) ||
         (log_number_in(text, &number) && number == 1);
  return *set || text.length == 0 || log_is_same(text, log_text_of("false")) ||
         log_is_same(text, log_text_of("False")) ||
         (log_number_in(text, &number) && number == 0);
}

/* One column for each choice, of which one is set. */
static heed_status take_flags(log_reading *self, taken_row *taken, bool *fine) {
  static const int8_t choices[] = {HEED_CHOSE_A, HEED_CHOSE_B, HEED_CHOSE_TIE};
  size_t count = 0;
  *fine = false;
  for (size_t i = 0; i < 3; i++) {
    const char *column = self->settings->column[CHOSE_A + i];
    bool set;
    if (column == NULL) continue;
    if (!is_flag(cell(taken, CHOSE_A + i), &set))
      return refuse_cell(self, column, cell(taken, CHOSE_A + i),
                         "1 or 0, true or false");
    count += set;
    if (set) taken->choice = choices[i];
  }
  *fine = count == 1;
  if (*fine) return HEED_OK;
  return log_row_fault(self,
                       "the columns of choices, \"%s\" and others, have %zu "
                       "that are 1, expected one",
                       self->settings->column[CHOSE_A], count);
}

/* Choices are names of models only. */
static bool has_no_words(const log_settings *settings) {
  size_t count = 0;
  for (size_t i = 0; i < WORD_COUNT; i++) count += settings->words[i].count;
  return count == 0;
}

static heed_status take_word(log_reading *self, taken_row *taken, bool *fine) {
  const log_text text = cell(taken, CHOICE);
  log_said which;
  *fine = log_what_is_said(self->settings, text, &which) ||
          names_model(taken, text, &which);
  if (!*fine && has_no_words(self->settings))
    return log_row_fault(self,
                         "found the label \"%.*s\", expected \"%.*s\" or "
                         "\"%.*s\"%s",
                         LOG_SHOWN(text, 40), LOG_SHOWN(taken->model[OF_A], 40),
                         LOG_SHOWN(taken->model[OF_B], 40),
                         log_is_same(taken->model[OF_A], taken->model[OF_B])
                             ? ", two different names"
                             : "");
  if (!*fine) return log_refuse_word(self, text);
  *fine = log_choice_of(which, taken->left, &taken->choice);
  if (*fine) return HEED_OK;
  return log_row_fault(
      self, "the choice \"%.*s\" names a side, but positions are not recorded",
      LOG_SHOWN(text, 40));
}

static heed_status take_choice(log_reading *self, taken_row *taken,
                               bool *fine) {
  const log_settings *settings = self->settings;
  taken->left = left_of(self, taken, fine);
  if (!*fine)
    return refuse_cell(
        self, settings->column[LEFT], cell(taken, LEFT),
        "a word for A or B, or the name of one of the two models");
  if (settings->column[CHOSE_A] != NULL) return take_flags(self, taken, fine);
  if (settings->column[CHOICE] != NULL) return take_word(self, taken, fine);
  taken->choice = HEED_CHOSE_A; /* the columns say it: "chosen" */
  return HEED_OK;
}

/* The known answer of a pair: a word, a model, or P(A is better). */
static heed_status take_gold(log_reading *self, taken_row *taken, bool *fine) {
  const log_text text = cell(taken, GOLD);
  log_said which;
  int8_t better;
  *fine = true;
  taken->gold = NAN;
  if (log_is_blank(text)) return HEED_OK;
  if ((log_what_is_said(self->settings, text, &which) ||
       names_model(taken, text, &which)) &&
      log_choice_of(which, taken->left, &better)) {
    taken->gold = better == HEED_CHOSE_TIE ? 0.5 : better == HEED_CHOSE_A;
    return HEED_OK;
  }
  *fine =
      log_number_in(text, &taken->gold) && taken->gold >= 0 && taken->gold <= 1;
  return *fine ? HEED_OK
               : refuse_cell(self, self->settings->column[GOLD], text,
                             "a word for the better answer, or the probability "
                             "that A is better");
}

/* ---- texts ---- */

static heed_status take_texts(log_taking *taking, bool *fine) {
  log_reading *self = taking->log;
  taken_row *taken = &taking->row;
  log_texts *texts = &taken->texts;
  if (log_take_texts(self->settings, taken->row, &taking->conversation,
                     texts) != HEED_OK)
    return heed_no_memory(self->error);
  *fine = texts->fault == NULL;
  if (!*fine) return log_row_fault(self, "the texts: %s", texts->fault);
  taken->turned = false;
  for (size_t i = 0; i < TEXT_COUNT; i++)
    taken->hash[i] = texts->text[i].length == 0
                         ? 0
                         : log_hash_of(&self->hash, texts->text[i]) | 1;
  return HEED_OK;
}

/* ---- the name of a pair ---- */

static int compare_texts(log_text one, log_text other) {
  const size_t least = one.length < other.length ? one.length : other.length;
  const int order = least == 0 ? 0 : memcmp(one.bytes, other.bytes, least);
  if (order != 0) return order;
  return one.length < other.length ? -1 : one.length > other.length;
}

static bool has_room_for_name(log_taking *self, size_t size) {
  char *more;
  if (size <= self->name_room) return true;
  more = realloc(self->name, 2 * size);
  if (more == NULL) return false;
  self->name = more;
  self->name_room = 2 * size;
  return true;
}

/* "one | other", in the order of their bytes. */
static bool name_by_models(log_taking *self) {
  const log_text *model = self->row.model;
  const bool turned = compare_texts(model[OF_A], model[OF_B]) > 0;
  const log_text first = model[turned ? OF_B : OF_A];
  const log_text second = model[turned ? OF_A : OF_B];
  if (!has_room_for_name(self, first.length + second.length + 4)) return false;
  (void)sprintf(self->name, "%.*s | %.*s", (int)first.length, first.bytes,
                (int)second.length, second.bytes);
  return true;
}

static void add_to(crypto_generichash_state *state, log_text text) {
  const uint64_t length = text.length;
  (void)crypto_generichash_update(state, (const unsigned char *)&length,
                                  sizeof length);
  if (length > 0)
    (void)crypto_generichash_update(state, (const unsigned char *)text.bytes,
                                    length);
}

/* A hash of the prompt and of the responses, in the order of their bytes. */
static bool name_by_texts(log_taking *self) {
  const log_text *text = self->row.texts.text;
  const bool turned = compare_texts(text[OF_A], text[OF_B]) > 0;
  crypto_generichash_state state;
  unsigned char hash[crypto_generichash_BYTES_MIN];
  if (!has_room_for_name(self, NAME_SIZE)) return false;
  (void)crypto_generichash_init(&state, NULL, 0, sizeof hash);
  add_to(&state, text[OF_PROMPT]);
  add_to(&state, text[turned ? OF_B : OF_A]);
  add_to(&state, text[turned ? OF_A : OF_B]);
  (void)crypto_generichash_final(&state, hash, sizeof hash);
  for (size_t i = 0; i < sizeof hash; i++)
    (void)sprintf(self->name + 2 * i, "%02x", hash[i]);
  return true;
}

static bool name_by_row(log_taking *self) {
  if (!has_room_for_name(self, NAME_SIZE)) return false;
  (void)sprintf(self->name, "%lld", (long long)self->log->row + 1);
  return true;
}

static bool name_pair(log_taking *self) {
  bool fine = true;
  switch (self->log->settings->pairs) {
    case PAIRS_MODELS:
      fine = name_by_models(self);
      break;
    case PAIRS_TEXTS:
      fine = name_by_texts(self);
      break;
    case PAIRS_ROWS:
      fine = name_by_row(self);
      break;
    default:
      self->row.name = cell(&self->row, PAIR);
      return true;
  }
  if (fine) self->row.name = log_text_of(self->name);
  return fine;
}

static log_text name_user(log_taking *self) {
  if (self->log->settings->users == USERS_COLUMN) return cell(&self->row, USER);
  (void)snprintf(self->user_name, NAME_SIZE, "row %lld",
                 (long long)self->log->row + 1);
  return log_text_of(self->user_name);
}

static heed_status take_cells(log_taking *taking, bool *fine) {
  log_reading *self = taking->log;
  taken_row *taken = &taking->row;
  heed_status status;
  taken->user = name_user(taking);
  taken->topic = cell(taken, TOPIC);
  taken->model[OF_A] = cell(taken, LEFT_MODEL);
  taken->model[OF_B] = cell(taken, RIGHT_MODEL);
  status = check_ids(self, taken, fine);
  if (status == HEED_OK && *fine) status = take_numbers(self, taken, fine);
  if (status == HEED_OK && *fine) status = take_choice(self, taken, fine);
  if (status == HEED_OK && *fine) status = take_gold(self, taken, fine);
  if (status == HEED_OK && *fine) status = take_time(self, taken, fine);
  if (status == HEED_OK && *fine && log_has_texts(self->settings))
    status = take_texts(taking, fine);
  if (status == HEED_OK && *fine && !name_pair(taking))
    status = heed_no_memory(self->error);
  return status;
}

/* ---- the two sides ---- */

static void swap_texts(log_text texts[TEXT_COUNT]) {
  const log_text first = texts[OF_A];
  texts[OF_A] = texts[OF_B];
  texts[OF_B] = first;
}

/* The same row, with A called B and B called A. */
static void turn(const log_reading *self, taken_row *taken) {
  const uint64_t first = taken->hash[OF_A];
  swap_texts(taken->model);
  swap_texts(taken->texts.text);
  taken->hash[OF_A] = taken->hash[OF_B];
  taken->hash[OF_B] = first;
  taken->choice = log_other(taken->choice);
  taken->left = log_other(taken->left);
  taken->p = 1 - taken->p;
  taken->gold = 1 - taken->gold;
  taken->turned = true;
  for (size_t i = 0; i < self->features; i++)
    taken->difference[i] = -taken->difference[i];
}

static bool is_model(const log_reading *self, log_text name, int32_t model) {
  return model >= 0 && name.bytes != NULL &&
         log_is_same(name, log_text_of(self->models.text[model]));
}

static const uint64_t *known_hash(const log_reading *self, size_t pair) {
  return &self->pairs.hash[pair * TEXT_COUNT];
}

/* Whether a row calls A what the first row of the pair calls B.  Decided by
 * models; if they are missing or equal, by texts. */
static bool is_turned(const log_reading *self, const taken_row *taken) {
  const log_text a = taken->model[OF_A], b = taken->model[OF_B];
  const size_t pair = taken->pair;
  if (a.bytes != NULL && b.bytes != NULL && !log_is_same(a, b))
    return is_model(self, a, self->pairs.model_b[pair]) &&
           is_model(self, b, self->pairs.model_a[pair]);
  if (!log_has_texts(self->settings)) return false;
  const uint64_t *known = known_hash(self, pair);
  return taken->hash[OF_A] != 0 && taken->hash[OF_A] == known[OF_B] &&
         taken->hash[OF_B] == known[OF_A] && known[OF_A] != known[OF_B];
}

/* ---- the pair of a row ---- */

static heed_status check_models(log_reading *self, const taken_row *taken,
                                bool *fine) {
  const log_text a = taken->model[OF_A], b = taken->model[OF_B];
  const size_t pair = taken->pair;
  *fine = a.bytes == NULL || (is_model(self, a, self->pairs.model_a[pair]) &&
                              is_model(self, b, self->pairs.model_b[pair]));
  if (*fine) return HEED_OK;
  return log_row_fault(
      self,
      "pair \"%.60s\" has models \"%.*s\" and \"%.*s\" here, but "
      "others in an earlier row",
      self->pairs.names.text[pair], LOG_SHOWN(a, 60), LOG_SHOWN(b, 60));
}

/* A row without a text agrees. */
static heed_status check_texts(log_reading *self, const taken_row *taken,
                               bool *fine) {
  static const char *const names[] = {
      [OF_PROMPT] = "prompt", [OF_A] = "text of A", [OF_B] = "text of B"};
  const uint64_t *known;
  *fine = true;
  if (!log_has_texts(self->settings)) return HEED_OK;
  known = known_hash(self, taken->pair);
  for (size_t i = 0; i < TEXT_COUNT; i++) {
    *fine = taken->hash[i] == 0 || known[i] == 0 || known[i] == taken->hash[i];
    if (!*fine)
      return log_row_fault(
          self,
          "pair \"%.60s\": the %s differs from an earlier row, found \"%.*s\"",
          self->pairs.names.text[taken->pair], names[i],
          LOG_SHOWN(taken->texts.text[i], 40));
  }
  return HEED_OK;
}

static heed_status check_topic(log_reading *self, const taken_row *taken,
                               bool *fine) {
  const char *known = "";
  if (self->settings->column[TOPIC] != NULL)
    known = self->topics.text[self->pairs.topic[taken->pair]];
  *fine = taken->topic.length == 0 || *known == '\0' ||
          log_is_same(taken->topic, log_text_of(known));
  if (*fine) return HEED_OK;
  return log_row_fault(
      self,
      "pair \"%.60s\": the topic differs from an earlier row, found \"%.*s\"",
      self->pairs.names.text[taken->pair], LOG_SHOWN(taken->topic, 40));
}

/* The same number may be written with fewer digits. */
static bool are_close(double one, double another) {
  return fabs(one - another) <= 1e-9 + 1e-6 * fabs(one);
}

static heed_status check_numbers(log_reading *self, const taken_row *taken,
                                 bool *fine) {
  const char *name = self->pairs.names.text[taken->pair];
  *fine = true;
  for (size_t i = 0; i < self->features; i++) {
    const double known =
        self->pairs.difference[taken->pair * self->features + i];
    *fine = are_close(known, taken->difference[i]);
    if (!*fine)
      return log_row_fault(
          self,
          "pair \"%.60s\": column \"%s\" differs from an earlier row, found %g "
          "for A minus B, expected %g",
          name, self->settings->values[DIFFERENCE].items[i].text,
          taken->difference[i], known);
  }
  if (self->settings->column[GOLD] == NULL) return HEED_OK;
  const double known = self->pairs.gold[taken->pair];
  *fine = isnan(known) || isnan(taken->gold) || are_close(known, taken->gold);
  if (*fine) return HEED_OK;
  return log_row_fault(
      self,
      "pair \"%.60s\": column \"%s\" differs from an earlier row, found %g for "
      "P(A is better), expected %g",
      name, self->settings->column[GOLD], taken->gold, known);
}

static heed_status check_pair(log_reading *self, const taken_row *taken,
                              bool *fine) {
  heed_status status = check_models(self, taken, fine);
  if (status == HEED_OK && *fine) status = check_texts(self, taken, fine);
  if (status == HEED_OK && *fine) status = check_topic(self, taken, fine);
  if (status == HEED_OK && *fine) status = check_numbers(self, taken, fine);
  return status;
}

/* ---- what is remembered ---- */

/* The array with room for so many elements; the old one if memory is refused.
 */
static void *grown(log_reading *self, void *array, size_t room, size_t size) {
  void *more;
  if (self->refused) return array;
  /* Rooms double. */
  more =
      log_large_grown(array, array == NULL ? 0 : room / 2 * size, room * size);
  if (more == NULL) self->refused = true;
  return more == NULL ? array : more;
}

#define GROW(array, width) \
  ((array) = grown(self, (array), room, (width) * sizeof *(array)))

static bool has_room_for_pair(log_reading *self) {
  const log_settings *settings = self->settings;
  log_pairs *pairs = &self->pairs;
  const size_t room = pairs->room == 0 ? 256 : 2 * pairs->room;
  if (pairs->names.count < pairs->room) return true;
  GROW(pairs->line, 1);
  if (log_file_count(self) > 1) GROW(pairs->file, 1);
  if (settings->column[LEFT_MODEL] != NULL) {
    GROW(pairs->model_a, 1);
    GROW(pairs->model_b, 1);
  }
  if (settings->column[TOPIC] != NULL) GROW(pairs->topic, 1);
  if (settings->column[GOLD] != NULL) GROW(pairs->gold, 1);
  if (self->features > 0) GROW(pairs->difference, self->features);
  if (log_has_texts(settings)) {
    GROW(pairs->hash, TEXT_COUNT);
    GROW(pairs->text_row, 1);
    GROW(pairs->text_turned, 1);
    GROW(pairs->messages, 1);
    if (self->loads_texts) {
      GROW(pairs->prompt, 1);
      pairs->text = (const char **)grown(self, (void *)pairs->text, room,
                                         2 * sizeof *pairs->text);
    }
  }
  if (!self->refused) pairs->room = room;
  return !self->refused;
}

static bool has_room_for_annotation(log_reading *self) {
  const log_settings *settings = self->settings;
  log_annotations *all = &self->all;
  const size_t room = all->room == 0 ? 1024 : 2 * all->room;
  if (all->count < all->room) return true;
  GROW(all->user, 1);
  GROW(all->pair, 1);
  GROW(all->line, 1);
  if (self->keeps_rows) GROW(all->row, 1);
  GROW(all->choice, 1);
  GROW(all->left, 1);
  if (settings->column[P] != NULL) GROW(all->p, 1);
  if (settings->column[TIME] != NULL) GROW(all->time, 1);
  if (settings->covariate_count > 0) {
    GROW(all->covariate, settings->covariate_count);
    GROW(all->word, settings->covariate_count);
  }
  if (!self->refused) all->room = room;
  return !self->refused;
}

static uint32_t short_line(const log_reading *self) {
  return self->line < UINT32_MAX ? (uint32_t)self->line : UINT32_MAX;
}

/* The texts of a pair are those of its first row that has most of them. */
static void learn_texts(log_reading *self, const taken_row *taken,
                        bool is_new) {
  log_pairs *pairs = &self->pairs;
  const size_t pair = taken->pair;
  uint64_t *known = &pairs->hash[pair * TEXT_COUNT];
  size_t before = 0, here = 0;
  if (is_new) {
    memset(known, 0, TEXT_COUNT * sizeof *known);
    pairs->text_row[pair] = -1;
    pairs->text_turned[pair] = pairs->messages[pair] = 0;
    if (self->loads_texts) {
      pairs->prompt[pair] = 0;
      pairs->text[2 * pair] = pairs->text[2 * pair + 1] = "";
    }
  }
  for (size_t i = 0; i < TEXT_COUNT; i++) {
    before += known[i] != 0;
    here += taken->hash[i] != 0;
  }
  for (size_t i = 0; i < TEXT_COUNT; i++)
    if (known[i] == 0) known[i] = taken->hash[i];
  if (here <= before) return;
  pairs->text_row[pair] = self->row;
  pairs->text_turned[pair] = taken->turned;
  pairs->messages[pair] = taken->texts.messages;
  if (!self->loads_texts) return;
  pairs->prompt[pair] =
      (uint32_t)log_number(&self->prompts, taken->hash[OF_PROMPT] == 0
                                               ? log_text_of("")
                                               : taken->texts.text[OF_PROMPT]);
  for (size_t side = OF_A; side <= OF_B; side++) {
    const char *copy = taken->hash[side] == 0
                           ? ""
                           : log_copy(&self->pool, taken->texts.text[side]);
    if (copy == NULL)
      self->refused = true;
    else
      pairs->text[2 * pair + side - OF_A] = copy;
  }
}

static void learn_new_pair(log_reading *self, const taken_row *taken) {
  const log_settings *settings = self->settings;
  log_pairs *pairs = &self->pairs;
  const size_t pair = taken->pair;
  pairs->line[pair] = short_line(self);
  if (pairs->file != NULL) pairs->file[pair] = (uint32_t)self->file;
  if (settings->column[LEFT_MODEL] != NULL) {
    pairs->model_a[pair] =
        (int32_t)log_number(&self->models, taken->model[OF_A]);
    pairs->model_b[pair] =
        (int32_t)log_number(&self->models, taken->model[OF_B]);
  }
  if (settings->column[TOPIC] != NULL) pairs->topic[pair] = 0;
  if (settings->column[GOLD] != NULL) pairs->gold[pair] = NAN;
  if (self->features > 0)
    memcpy(&pairs->difference[pair * self->features], taken->difference,
           self->features * sizeof *taken->difference);
}

/* A pair is defined by its first row; later rows may add what is missing. */
static void learn_pair(log_reading *self, taken_row *taken) {
  const log_settings *settings = self->settings;
  log_pairs *pairs = &self->pairs;
  const bool is_new = taken->pair == SIZE_MAX;
  if (is_new) {
    if (!has_room_for_pair(self)) return;
    taken->pair = log_add_name(&pairs->names, taken->name, &taken->place);
    learn_new_pair(self, taken);
  }
  if (settings->column[TOPIC] != NULL &&
      (is_new || *self->topics.text[pairs->topic[taken->pair]] == '\0'))
    pairs->topic[taken->pair] = (int32_t)log_number(
        &self->topics,
        taken->topic.bytes == NULL ? log_text_of("") : taken->topic);
  if (settings->column[GOLD] != NULL && isnan(pairs->gold[taken->pair]))
    pairs->gold[taken->pair] = taken->gold;
  if (log_has_texts(settings)) learn_texts(self, taken, is_new);
}

static void add_covariates(log_reading *self, const taken_row *taken) {
  const size_t count = self->settings->covariate_count;
  const size_t first = self->all.count * count;
  for (size_t i = 0; i < count; i++) {
    const log_text text = cell(taken, COLUMN_COUNT + self->features + i);
    double *number = &self->all.covariate[first + i];
    uint32_t *word = &self->all.word[first + i];
    *word = 0;
    if (log_number_in(text, number)) continue;
    *number = NAN;
    if (log_is_blank(text)) continue;
    *word = 1 + (uint32_t)log_number(&self->words, log_trim(text));
    self->has_words[i] = true;
  }
}

static size_t number_user(log_reading *self, const taken_row *taken) {
  const log_text name =
      taken->user.bytes == NULL ? log_text_of("") : taken->user;
  log_finding place = {.tag = taken->row->is_foreseen
                                  ? taken->row->user
                                  : log_tag_of(&self->everyone, name)};
  const size_t user = log_find(&self->everyone, name, &place);
  return user != SIZE_MAX ? user : log_add_name(&self->everyone, name, &place);
}

static void add_annotation(log_reading *self, const taken_row *taken) {
  log_annotations *all = &self->all;
  const size_t at = all->count;
  if (!has_room_for_annotation(self)) return;
  all->user[at] = (uint32_t)number_user(self, taken);
  all->pair[at] = (uint32_t)taken->pair;
  all->line[at] = short_line(self);
  if (all->row != NULL) all->row[at] = self->row;
  all->choice[at] = taken->choice;
  all->left[at] = taken->left;
  if (all->p != NULL) all->p[at] = taken->p;
  if (all->time != NULL) all->time[at] = taken->time;
  add_covariates(self, taken);
  all->count++;
  self->time_form = taken->time_form;
  self->row_count++;
  self->tie_count += taken->choice == HEED_CHOSE_TIE;
}

/* ---- all rows ---- */

/* Whether the sweep omits the row: `source.omit`. */
static bool is_omitted(const log_reading *self, const taken_row *taken) {
  const log_settings *settings = self->settings;
  const size_t first =
      COLUMN_COUNT + self->features + settings->covariate_count;
  for (size_t i = 0; i < settings->omission_count; i++) {
    const log_text text = cell(taken, first + i);
    if (log_is_among(&settings->omissions[i].words,
                     text.bytes == NULL ? log_text_of("") : log_trim(text)))
      return true;
  }
  return false;
}

#define ROWS_WEIGHED ((size_t)1 << 16)

/* Now and then: whether the arrays are larger than they may be. */
static heed_status weigh(log_reading *self) {
  if (self->memory == 0 || self->all.count % ROWS_WEIGHED != 0) return HEED_OK;
  if (self->host->cancelled(self->host))
    return heed_fail(self->error, HEED_CANCELLED, "interrupted");
  if (log_bytes(self) <= self->memory) return HEED_OK;
  self->is_full = true;
  return heed_fail(self->error, HEED_MEMORY,
                   "%s:%zu: users, pairs and annotations need more than the "
                   "%llu MB that --memory allows; increase --memory",
                   self->job.path, self->line,
                   (unsigned long long)(self->memory / 1000000));
}

static heed_status take_valid_row(log_reading *self, taken_row *taken) {
  const heed_status status = weigh(self);
  if (status != HEED_OK) return status;
  if (self->all.count == ROWS_MOST)
    return heed_fail(self->error, HEED_UNSUPPORTED,
                     "%s: more than %zu annotations do not fit in memory",
                     self->job.path, ROWS_MOST);
  learn_pair(self, taken);
  if (!self->refused) add_annotation(self, taken);
  return self->refused || self->pairs.names.refused || self->everyone.refused ||
                 self->models.refused || self->topics.refused ||
                 self->words.refused || self->prompts.refused
             ? heed_no_memory(self->error)
             : HEED_OK;
}

/* The name of a pair is known before the row is taken only if a column has it.
 */
static bool is_foreseen_pair(const log_reading *self, const log_row *row) {
  return row->is_foreseen && self->settings->pairs == PAIRS_COLUMN;
}

static void foresee(void *context, log_row *rows, size_t count) {
  const log_taking *taking = context;
  const log_names *users = &taking->log->everyone;
  const log_names *pairs = &taking->log->pairs.names;
  for (size_t i = 0; i < count; i++) {
    const log_text user = rows[i].cells[USER], pair = rows[i].cells[PAIR];
    rows[i].is_foreseen = user.bytes != NULL && pair.bytes != NULL;
    if (!rows[i].is_foreseen) return;
    rows[i].user = log_tag_of(users, user);
    rows[i].pair = log_tag_of(pairs, pair);
  }
  for (int stage = LOG_SLOT; stage <= LOG_NAME; stage++)
    for (size_t i = 0; i < count; i++) {
      log_foresee(users, rows[i].user, (log_stage)stage);
      log_foresee(pairs, rows[i].pair, (log_stage)stage);
    }
}

static heed_status take_row(void *context, const log_row *row) {
  log_taking *taking = context;
  log_reading *self = taking->log;
  taken_row *taken = &taking->row;
  heed_status status;
  bool fine;
  taken->row = row;
  self->line = row->line;
  self->row++;
  if (is_omitted(self, taken)) {
    self->omitted_count++;
    return HEED_OK;
  }
  status = take_cells(taking, &fine);
  if (status != HEED_OK || !fine) return status;
  if (self->divert != NULL) {
    self->time_form = taken->time_form;
    return self->divert(self->divert_context, row, taken->name);
  }
  taken->place.tag = is_foreseen_pair(self, row)
                         ? row->pair
                         : log_tag_of(&self->pairs.names, taken->name);
  taken->pair = log_find(&self->pairs.names, taken->name, &taken->place);
  if (taken->pair != SIZE_MAX) {
    if (is_turned(self, taken)) turn(self, taken);
    status = check_pair(self, taken, &fine);
  }
  if (status != HEED_OK || !fine) return status;
  return take_valid_row(self, taken);
}

heed_status log_take_rows(log_reading *self, log_send_all *send,
                          void *context) {
  heed_memory memory = {self->host, false};
  log_taking taking = {
      .log = self,
      .row = {.difference = heed_scratch_doubles(&memory, self->features)}};
  heed_status status;
  if (memory.refused) return heed_no_memory(self->error);
  status = send(self, (log_sink){take_row, foresee, &taking}, context);
  log_conversation_close(&taking.conversation);
  free(taking.name);
  return status;
}

static heed_status send_files(log_reading *self, log_sink sink, void *context) {
  (void)context;
  if (self->packed_file_count == 0) self->row = -1;
  return log_read_files(self, sink);
}

heed_status log_read_rows(log_reading *self) {
  return log_take_rows(self, send_files, NULL);
}
