/* SPDX-License-Identifier: GPL-3.0-or-later
 * Covariates of users, in the kept table `users`: of each column that a log
 * adds to its annotations, the mean of a user's numbers, or the word that most
 * of the user's annotations have. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "keep.h"

/* What the columns of annotations mean: heed/world.h. */
static bool is_covariate(const heed_column *column) {
  static const char *const known[] = {"user", "pair",  "choice", "left",
                                      "p",    "topic", "turn",   "time"};
  for (size_t i = 0; i < sizeof known / sizeof *known; i++)
    if (strcmp(column->name, known[i]) == 0) return false;
  return column->width == 1 &&
         (column->type == HEED_FLOAT64 || column->type == HEED_STRING);
}

/* NaN: no number is known. */
static double mean_number(const double *numbers, size_t first, size_t end) {
  double sum = 0, known = 0;
  for (size_t i = first; i < end; i++) {
    if (isnan(numbers[i])) continue;
    sum += numbers[i];
    known++;
  }
  return sum / known;
}

static int by_bytes(const void *one, const void *other) {
  return strcmp(*(const char *const *)one, *(const char *const *)other);
}

/* Of equally frequent words, the first in the order of bytes.  "": no word is
 * known.  room: for the words of a user. */
static const char *frequent_word(const char *const *words, size_t first,
                                 size_t end, const char **room) {
  const char *best = "";
  size_t count = 0, most = 0, run = 0;
  for (size_t i = first; i < end; i++)
    if (words[i] != NULL && *words[i] != '\0') room[count++] = words[i];
  qsort(room, count, sizeof *room, by_bytes);
  for (size_t i = 0; i < count; i++) {
    run = i > 0 && strcmp(room[i - 1], room[i]) == 0 ? run + 1 : 1;
    if (run <= most) continue;
    most = run;
    best = room[i];
  }
  return best;
}

static size_t most_annotations(const heed_crowd *crowd) {
  size_t most = 0;
  for (size_t j = 0; j < crowd->users->rows; j++)
    if (crowd->first[j + 1] - crowd->first[j] > most)
      most = crowd->first[j + 1] - crowd->first[j];
  return most;
}

static void *make_numbers(const heed_crowd *crowd, const double *numbers,
                          heed_memory *memory) {
  double *made = heed_scratch_doubles(memory, crowd->users->rows);
  for (size_t j = 0; made != NULL && j < crowd->users->rows; j++)
    made[j] = mean_number(numbers, crowd->first[j], crowd->first[j + 1]);
  return made;
}

static void *make_words(const heed_crowd *crowd, const char *const *words,
                        heed_memory *memory) {
  const char **made = heed_scratch(memory, crowd->users->rows, sizeof *made);
  const char **room =
      heed_scratch(memory, most_annotations(crowd) + 1, sizeof *room);
  for (size_t j = 0; made != NULL && room != NULL && j < crowd->users->rows;
       j++)
    made[j] = frequent_word(words, crowd->first[j], crowd->first[j + 1], room);
  return made;
}

static const char *kept_name(const char *name, heed_memory *memory) {
  const size_t size = sizeof PLAN_COVARIATE + strlen(name);
  char *made = heed_scratch(memory, size, 1);
  if (made != NULL) (void)snprintf(made, size, PLAN_COVARIATE "%s", name);
  return made;
}

size_t keep_covariate_count(const heed_crowd *crowd) {
  size_t count = 0;
  for (size_t i = 0; i < crowd->annotations->column_count; i++)
    count += is_covariate(&crowd->annotations->columns[i]);
  return count;
}

void keep_covariates(const heed_crowd *crowd, heed_table *table,
                     heed_memory *memory) {
  for (size_t i = 0; i < crowd->annotations->column_count; i++) {
    const heed_column *column = &crowd->annotations->columns[i];
    if (!is_covariate(column)) continue;
    table->columns[table->column_count++] = (heed_column){
        kept_name(column->name, memory), column->type, 1,
        column->type == HEED_STRING
            ? make_words(crowd, (const char *const *)column->data, memory)
            : make_numbers(crowd, column->data, memory)};
  }
}
