/* SPDX-License-Identifier: GPL-3.0-or-later
 * The parameters and outputs of the source `log`, as indices, and what they
 * mean together. */
#ifndef HEED_SOURCES_LOG_SETTINGS_H
#define HEED_SOURCES_LOG_SETTINGS_H

#include <jansson.h>

#include "heed/memory.h"
#include "heed/source.h"
#include "sources/log/read.h"

enum {
  PATH,
  FORMAT,
  ROWS,
  QUERY,
  COLUMNS,
  CHOICES,
  POSITIONS,
  USERS,
  PAIRS,
  TEXTS,
  OMIT,
  TIES,
  MALFORMED,
  DUPLICATES,
  DIFFERENCE,
  REFERENCES,
  ORDER,
  ANNOTATIONS,
  PARAMETER_COUNT
};
enum {
  USER,
  PAIR,
  CHOICE,
  CHOSE_A,
  CHOSE_B,
  CHOSE_TIE,
  LEFT_MODEL,
  RIGHT_MODEL,
  LEFT,
  P,
  GOLD,
  TOPIC,
  LEFT_TEXT,
  RIGHT_TEXT,
  PROMPT,
  TIME,
  COLUMN_COUNT,
  COVARIATES = COLUMN_COUNT, /* the last field of `columns` */
  FIELD_COUNT
};
enum { WORDS_A, WORDS_B, WORDS_LEFT, WORDS_RIGHT, WORDS_TIE, WORD_COUNT };
enum { POSITIONS_A_LEFT, POSITIONS_UNKNOWN };
enum { USERS_COLUMN, USERS_ROWS };
enum { PAIRS_COLUMN, PAIRS_MODELS, PAIRS_TEXTS, PAIRS_ROWS };
enum { TEXTS_PLAIN, TEXTS_JSON };
enum { TIES_DROP, TIES_KEEP };
enum { MALFORMED_STOP, MALFORMED_SKIP };
enum { DUPLICATES_ERROR, DUPLICATES_KEEP, DUPLICATES_FIRST };
enum { ORDER_UNKNOWN, ORDER_FILE };
enum { ANNOTATIONS_ROWS, ANNOTATIONS_COUNTS };
enum {
  REFERENCE_PATH,
  REFERENCE_PAIR,
  REFERENCE_CHOICE,
  REFERENCE_MODEL_A,
  REFERENCE_MODEL_B,
  REFERENCE_COUNT
};
enum {
  OUT_ROWS,
  OUT_SKIPPED,
  OUT_OMITTED,
  OUT_TIES,
  OUT_DUPLICATES,
  OUT_USERS,
  OUT_PAIRS,
  OUT_MODELS,
  OUT_ASIDE,
  OUT_ONLY_TIES,
  OUT_VERDICTS,
  OUT_VERDICTS_WITHOUT_PAIR,
  OUT_PAIRS_WITHOUT_VERDICT,
  OUT_CONTRADICTIONS,
  OUTPUT_COUNT
};

extern const heed_parameter log_parameters[PARAMETER_COUNT];
extern const heed_dimension log_dimensions[1];
extern const heed_output log_outputs[OUTPUT_COUNT];

typedef struct log_words {
  const log_text *word; /* without the blanks around it */
  size_t count;
} log_words;

typedef struct log_omission {
  const char *column;
  log_words words;
} log_omission;

typedef struct log_covariate {
  const char *column; /* in the file */
  const char *name;   /* in the table of annotations */
} log_covariate;

typedef struct log_shape log_shape;

struct json_rows;

/* The parameters of an instance, with what a preset adds. */
typedef struct log_settings log_settings;
struct log_settings {
  const heed_value *values;
  log_read_options read;
  const char *column[COLUMN_COUNT]; /* names in the file; NULL: none */
  log_words words[WORD_COUNT];
  int duplicates;         /* DUPLICATES_… */
  bool positions_unknown; /* where no column says which response was left */
  int users;              /* USERS_… */
  int pairs;              /* PAIRS_… */
  bool texts_are_json;
  log_omission *omissions;
  size_t omission_count;
  log_covariate *covariates;
  size_t covariate_count;
  /* Of a preset; NULL, 0: there is none. */
  const log_shape *shape;
  const log_settings *preset; /* itself, if the shape translates records */
  /* Sends the rows that a record means. */
  heed_status (*translate)(struct json_rows *rows, const json_t *record,
                           size_t line);
  unsigned makes;       /* columns that the translation makes */
  const char *question; /* which one of a file's; NULL: the only one */
  const char *name[2];  /* what the file calls the two responses; or NULL */
};

/* The covariates of these columns. */
heed_status log_settle_covariates(heed_memory *memory, log_settings *self,
                                  const char *const *list, size_t count,
                                  heed_error *error);

heed_status log_settle(const heed_host *host, const heed_value *values,
                       log_settings **self, heed_error *error);
/* Checks what the settings mean together, once the columns are known. */
heed_status log_check_settings(const log_settings *self, heed_error *error);

/* The name of a field of `columns`. */
const char *log_column_name(size_t column);
/* Whether the sweep names the words of a choice, and not as they are without
 * it. */
bool log_words_are_given(const heed_value *values, size_t choice);

/* Whether the log tells the order of each user's annotations. */
static inline bool log_knows_order(const log_settings *self) {
  return self->column[TIME] != NULL ||
         self->values[ORDER].integer == ORDER_FILE;
}

/* Whether rows name their texts. */
static inline bool log_has_texts(const log_settings *self) {
  return self->column[PROMPT] != NULL || self->column[LEFT_TEXT] != NULL ||
         self->column[RIGHT_TEXT] != NULL;
}

#endif
