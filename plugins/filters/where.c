/* SPDX-License-Identifier: GPL-3.0-or-later
 * Keeps annotations by a column of theirs: a range of numbers, or words. */
#include <math.h>
#include <string.h>

#include "heed/filter.h"

enum { COLUMN, LOW, HIGH, WORDS, PARAMETER_COUNT };

static const heed_parameter word = {.name = "word", .type = HEED_TEXT};

static const heed_parameter parameters[] = {
    [COLUMN] = {.name = "column",
                .type = HEED_TEXT,
                .doc = "column of the annotations, such as a covariate of a "
                       "log"},
    [LOW] = {.name = "low",
             .type = HEED_NUMBER,
             .flags = HEED_OPTIONAL,
             .doc = "least number to keep"},
    [HIGH] = {.name = "high",
              .type = HEED_NUMBER,
              .flags = HEED_OPTIONAL,
              .doc = "greatest number to keep"},
    [WORDS] = {.name = "words",
               .type = HEED_LIST,
               .default_value = "[]",
               .item = &word,
               .doc = "of a column of words: those to keep"},
};

static heed_status create(const heed_host *host, const heed_value *values,
                          void **self, heed_error *error) {
  const bool range = values[LOW].given || values[HIGH].given;
  (void)host;
  if (range == (values[WORDS].count > 0))
    return heed_fail(error, HEED_INVALID,
                     "give a range (low, high) or words, one of the two");
  if (values[LOW].given && values[HIGH].given &&
      values[LOW].number > values[HIGH].number)
    return heed_fail(error, HEED_INVALID,
                     "low must not be above high; found %g and %g",
                     values[LOW].number, values[HIGH].number);
  *self = (void *)(uintptr_t)values;
  return HEED_OK;
}

/* A missing number is in no range. */
static bool is_number_kept(const heed_value *values, double number) {
  return !isnan(number) &&
         (!values[LOW].given || number >= values[LOW].number) &&
         (!values[HIGH].given || number <= values[HIGH].number);
}

static bool is_word_kept(const heed_value *values, const char *text) {
  for (size_t i = 0; i < values[WORDS].count; i++)
    if (strcmp(values[WORDS].items[i].text, text) == 0) return true;
  return false;
}

static heed_status refuse(const heed_value *values, const char *found,
                          const char *expected, heed_error *error) {
  return heed_fail(error, HEED_UNSUPPORTED,
                   "column: the column \"%s\" of the annotations has %s, "
                   "expected %s",
                   values[COLUMN].text, found, expected);
}

static heed_status keep_rows(const heed_value *values,
                             const heed_table *annotations,
                             heed_selection *selection, heed_error *error) {
  const char *name = values[COLUMN].text;
  const heed_column *column = heed_table_column(annotations, name);
  const double *numbers = heed_table_data(annotations, name, HEED_FLOAT64);
  const char *const *texts = heed_table_data(annotations, name, HEED_STRING);
  if (column == NULL)
    return heed_fail(error, HEED_UNSUPPORTED,
                     "column: the annotations have no column \"%s\" (of a log: "
                     "columns.covariates)",
                     name);
  if (values[WORDS].count > 0 && texts == NULL)
    return refuse(values, "numbers", "words", error);
  if (values[WORDS].count == 0 && numbers == NULL)
    return refuse(values, "no numbers", "numbers", error);
  for (size_t i = 0; i < selection->count; i++)
    if (texts != NULL && values[WORDS].count > 0
            ? !is_word_kept(values, texts[i])
            : !is_number_kept(values, numbers[i]))
      selection->weight[i] = 0;
  return HEED_OK;
}

static heed_status keep_where(void *self, const heed_host *host,
                              const heed_crowd *crowd,
                              const heed_posterior *posterior,
                              heed_selection *selection, heed_error *error) {
  (void)host;
  (void)posterior;
  return keep_rows(self, crowd->annotations, selection, error);
}

static const heed_filter_functions functions = {
    .size = sizeof functions,
    .select = keep_where,
};

static const heed_plugin where = {
    .size = sizeof where,
    .abi = HEED_ABI,
    .kind = HEED_FILTER,
    .name = "where",
    .version = "1.0",
    .summary = "Keeps annotations by a column of theirs, such as seconds taken",
    .parameters = parameters,
    .parameter_count = PARAMETER_COUNT,
    .create = create,
    .functions = &functions,
    .functions_size = sizeof functions,
};

static const heed_plugin *const plugins[] = {&where};
HEED_PLUGINS(plugins)
