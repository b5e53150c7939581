/* SPDX-License-Identifier: GPL-3.0-or-later
 * heed look: counts what is in the tables of a log, and says it.  Every line
 * begins with "--": the output is a sweep. */
#include <math.h>
#include <stdarg.h>
#include <stdlib.h>
#include <time.h>

#include "look.h"
#include "view/safe.h"

#define STEADY 10 /* annotations of a user who may be called constant */

/* ---- counting ---- */

typedef struct look_user {
  size_t count, a, b, left, sided;
} look_user;

static int by_size(const void *one, const void *other) {
  const size_t a = *(const size_t *)one, b = *(const size_t *)other;
  return (a > b) - (a < b);
}

static void count_pairs(look_facts *facts, const heed_table *made,
                        const int64_t *user, const int64_t *pair,
                        int64_t *first) {
  /* first: the first user of each pair + 1; -1: several. */
  for (size_t i = 0; i < made->rows; i++) {
    int64_t *known = &first[pair[i]];
    if (*known == 0) {
      *known = user[i] + 1;
    } else if (*known > 0 && *known != user[i] + 1) {
      *known = -1;
      facts->shared_pairs++;
    }
  }
}

static void count_choices(look_facts *facts, const heed_table *made,
                          const int64_t *user, look_user *users) {
  const int8_t *choice = heed_table_data(made, "choice", HEED_INT8);
  const int8_t *left = heed_table_data(made, "left", HEED_INT8);
  for (size_t i = 0; i < made->rows; i++) {
    look_user *one = &users[user[i]];
    const bool sided = left != NULL && left[i] != HEED_LEFT_UNKNOWN;
    one->count++;
    facts->left_known += sided;
    facts->left_a += sided && left[i] == HEED_CHOSE_A;
    facts->ties += choice[i] == HEED_CHOSE_TIE;
    if (choice[i] == HEED_CHOSE_TIE) continue;
    one->a += choice[i] == HEED_CHOSE_A;
    one->b += choice[i] == HEED_CHOSE_B;
    one->sided += sided;
    one->left += sided && left[i] == choice[i];
  }
}

static void count_users(look_facts *facts, const look_user *users,
                        size_t *counts) {
  for (size_t j = 0; j < facts->users; j++) {
    const look_user *one = &users[j];
    const size_t chosen = one->a + one->b;
    counts[j] = one->count;
    facts->chose_a += one->a;
    facts->chose_b += one->b;
    facts->chose_left += one->left;
    facts->chose_side += one->sided;
    if (one->count > users[facts->busiest].count) facts->busiest = j;
    if (chosen < STEADY) continue;
    facts->steady++;
    facts->constant_users += one->a == chosen || one->b == chosen;
    facts->constant_sides +=
        one->sided == chosen && (one->left == 0 || one->left == chosen);
  }
  if (facts->users == 0) return;
  qsort(counts, facts->users, sizeof *counts, by_size);
  facts->least = counts[0];
  facts->middle = counts[facts->users / 2];
  facts->most = counts[facts->users - 1];
}

static void count_times(look_facts *facts, const heed_table *made) {
  const double *time = heed_table_data(made, "time", HEED_FLOAT64);
  facts->first_time = facts->last_time = NAN;
  for (size_t i = 0; time != NULL && i < made->rows; i++) {
    facts->first_time = fmin(facts->first_time, time[i]);
    facts->last_time = fmax(facts->last_time, time[i]);
  }
}

static void count_models(look_facts *facts, const heed_world *world) {
  const int32_t *a = heed_table_data(world->pairs, "model_a", HEED_INT32);
  facts->models = a == NULL || world->models == NULL ? 0 : world->models->rows;
  facts->one_first_model = a != NULL;
  for (size_t i = 0; a != NULL && i < world->pairs->rows; i++)
    facts->one_first_model = facts->one_first_model && a[i] == a[0];
}

bool look_count(const look_reading *self, look_facts *facts) {
  const heed_world *world = &self->world;
  const heed_table *made = world->annotations;
  const size_t pairs = world->pairs == NULL ? 0 : world->pairs->rows;
  const size_t users = world->users == NULL ? 0 : world->users->rows;
  const int64_t *user, *pair;
  look_user *each;
  int64_t *first;
  size_t *counts;
  *facts = (look_facts){.users = users, .pairs = pairs};
  facts->first_time = facts->last_time = NAN;
  if (made == NULL || world->pairs == NULL) return true;
  user = heed_table_data(made, "user", HEED_INT64);
  pair = heed_table_data(made, "pair", HEED_INT64);
  each = calloc(users + 1, sizeof *each);
  first = calloc(pairs + 1, sizeof *first);
  counts = calloc(users + 1, sizeof *counts);
  if (each != NULL && first != NULL && counts != NULL && user != NULL &&
      pair != NULL) {
    facts->annotations = made->rows;
    facts->has_p = heed_table_column(made, "p") != NULL;
    facts->has_texts = heed_table_column(world->pairs, "text_a") != NULL &&
                       heed_table_column(world->pairs, "prompt") != NULL;
    count_pairs(facts, made, user, pair, first);
    count_choices(facts, made, user, each);
    count_users(facts, each, counts);
    count_times(facts, made);
    count_models(facts, world);
  }
  const bool fine = each != NULL && first != NULL && counts != NULL;
  free(each);
  free(first);
  free(counts);
  return fine;
}

/* ---- saying ---- */

#define LINE_WIDTH 79
#define DOC_COLUMN 31 /* of the counts */

/* "-- TEXT", on several lines if it is long. */
static void print_comment(const char *text) {
  size_t indent = strspn(text, " "), width = 2;
  if (*text == '\0') {
    printf("--\n");
    return;
  }
  if (text[indent] == '*')
    indent += 2;
  else if (indent > 0)
    indent = DOC_COLUMN;
  printf("--");
  while (*text != '\0') {
    size_t length = strspn(text, " ");
    length += strcspn(text + length, " ");
    const size_t wide = safe_width(text, length);
    if (width > indent + 3 && width + wide > LINE_WIDTH) {
      printf("\n-- %*s", (int)indent, "");
      width = 3 + indent;
      while (*text == ' ') {
        text++;
        length--;
      }
      printf("%.*s", (int)length, text);
      width += safe_width(text, length);
    } else {
      printf("%s%.*s", width == 2 ? " " : "", (int)length, text);
      width += wide + (width == 2);
    }
    text += length;
  }
  printf("\n");
}

/* A line of the report; texts of the file in it are made safe. */
HEED_PRINTF(1, 2)
static void say(const char *format, ...) {
  char text[2 * HEED_MESSAGE_SIZE];
  char *line;
  va_list arguments;
  va_start(arguments, format);
  (void)vsnprintf(text, sizeof text, format, arguments);
  va_end(arguments);
  line = safe_line(text);
  print_comment(line == NULL ? "" : line);
  free(line);
}

static void say_count(const char *name, size_t count, const char *what) {
  say("  %-18s %8zu  %s", name, count, what);
}

static void say_outputs(const look_reading *self) {
  const heed_plugin *plugin = self->plugin;
  for (size_t i = 0; i < plugin->output_count; i++)
    if (!isnan(self->outputs[i]) && self->outputs[i] != 0)
      say("  %-18s %8.10g  %s", plugin->outputs[i].name, self->outputs[i],
          plugin->outputs[i].doc == NULL ? "" : plugin->outputs[i].doc);
}

static void say_names(const char *what, const heed_table *table) {
  const char *const *name =
      table == NULL ? NULL : heed_table_data(table, "name", HEED_STRING);
  char list[400] = "";
  size_t used = 0;
  for (size_t i = 0; name != NULL && i < table->rows && i < 8; i++)
    if (used < sizeof list)
      used += (size_t)snprintf(list + used, sizeof list - used, "%s%.40s",
                               i == 0 ? "" : ", ", name[i]);
  if (name != NULL && table->rows > 0)
    say("%s: %s%s", what, list, table->rows > 8 ? ", …" : "");
}

static double percent(size_t part, size_t whole) {
  return whole == 0 ? 0 : 100.0 * (double)part / (double)whole;
}

static void say_shape(const look_facts *facts) {
  say_count("shared pairs", facts->shared_pairs,
            "pairs that two users or more judged");
  if (facts->users > 0)
    say("  annotations of a user: %zu to %zu, the median is %zu", facts->least,
        facts->most, facts->middle);
  if (facts->chose_a + facts->chose_b > 0)
    say("  chose A: %.1f %%",
        percent(facts->chose_a, facts->chose_a + facts->chose_b));
  if (facts->chose_side > 0 && facts->left_a < facts->left_known)
    say("  chose the left answer: %.1f %%",
        percent(facts->chose_left, facts->chose_side));
}

static void time_text(double seconds, char *text, size_t size) {
  const time_t whole = (time_t)seconds;
  struct tm parts;
  /* From 2000 to 2100: seconds since 1970. */
  if (seconds > 946684800 && seconds < 4102444800 &&
      gmtime_r(&whole, &parts) != NULL)
    (void)strftime(text, size, "%Y-%m-%d %H:%M", &parts);
  else
    (void)snprintf(text, size, "%.10g", seconds);
}

static void say_times(const look_facts *facts) {
  char first[40], last[40];
  if (isnan(facts->first_time)) return;
  time_text(facts->first_time, first, sizeof first);
  time_text(facts->last_time, last, sizeof last);
  say("  times: %s to %s", first, last);
}

static void say_odd_users(const look_reading *self, const look_facts *facts) {
  const char *const *name =
      self->world.users == NULL
          ? NULL
          : heed_table_data(self->world.users, "name", HEED_STRING);
  if (facts->users == 1) say("* There is only one user.");
  if (facts->users > 1 && name != NULL && 2 * facts->most > facts->annotations)
    say("* More than half of the annotations are of one user, %.60s.",
        name[facts->busiest]);
  if (facts->constant_users > 0)
    say("* %zu of %zu user%s with %d or more choices always chose the same "
        "answer, A or B.",
        facts->constant_users, facts->steady, heed_plural(facts->steady),
        STEADY);
  if (facts->constant_sides > 0 && facts->left_a < facts->left_known)
    say("* %zu of %zu user%s with %d or more choices always chose the same "
        "side.",
        facts->constant_sides, facts->steady, heed_plural(facts->steady),
        STEADY);
}

static void say_odd(const look_reading *self, const look_facts *facts) {
  say_odd_users(self, facts);
  if (facts->left_known == 0)
    say("* No row says which answer was left: a habit of one side cannot be "
        "seen.");
  else if ((facts->left_a == facts->left_known || facts->left_a == 0) &&
           (facts->models == 0 || facts->one_first_model))
    say("* The same answer, %s, is left in every row: a habit of one side "
        "looks like a preference for it.",
        facts->left_a == 0 ? "B" : "A");
  if (facts->models == 0)
    say("* No column names the models: their strengths cannot be fitted.");
  if (facts->shared_pairs == 0 && facts->most > 1)
    say("* No two users judged the same pair: users cannot be compared with "
        "each other, only with the models.");
  if (facts->models == 0 && facts->shared_pairs == 0 && !facts->has_p &&
      facts->most > 1)
    say("* Without models and shared pairs, nothing tells attentive users from "
        "others; gold pairs would.");
  if (self->world.order_unknown)
    say("* The order of a user's choices is unknown.");
  for (size_t i = 0; i < self->remedy_count; i++)
    say("* %s", self->remedies[i]);
  for (size_t i = 0; i < self->warning_count; i++)
    say("* %s: %s", self->warnings[i].code, self->warnings[i].message);
  for (size_t i = 0; i < self->note_count; i++) say("* %s", self->notes[i]);
}

void look_print(const look_reading *self, const look_facts *facts) {
  say("%s: %s", self->file, self->form);
  say("%s", "");
  say_outputs(self);
  say_shape(facts);
  say_times(facts);
  say_names("  models", facts->models == 0 ? NULL : self->world.models);
  say("%s", "");
  say_odd(self, facts);
}
