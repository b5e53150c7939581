/* SPDX-License-Identifier: GPL-3.0-or-later
 * The parameters and outputs of the source `log`, as indices. */
#ifndef HEED_SOURCES_LOG_SETTINGS_H
#define HEED_SOURCES_LOG_SETTINGS_H

#include "heed/source.h"

enum {
  PATH,
  FORMAT,
  COLUMNS,
  CHOICES,
  TIES,
  MALFORMED,
  DUPLICATES,
  DIFFERENCE,
  REFERENCES,
  PARAMETER_COUNT
};
enum {
  USER,
  PAIR,
  CHOICE,
  LEFT_MODEL,
  RIGHT_MODEL,
  LEFT,
  P,
  TOPIC,
  LEFT_TEXT,
  RIGHT_TEXT,
  PROMPT,
  COLUMN_COUNT
};
enum { WORDS_A, WORDS_B, WORDS_LEFT, WORDS_RIGHT, WORDS_TIE, WORD_COUNT };
enum { TIES_DROP, TIES_KEEP };
enum { MALFORMED_STOP, MALFORMED_SKIP };
enum { DUPLICATES_ERROR, DUPLICATES_KEEP, DUPLICATES_FIRST };
enum { REFERENCE_PATH, REFERENCE_PAIR, REFERENCE_CHOICE, REFERENCE_COUNT };
enum {
  OUT_ROWS,
  OUT_SKIPPED,
  OUT_TIES,
  OUT_DUPLICATES,
  OUT_USERS,
  OUT_PAIRS,
  OUT_MODELS,
  OUTPUT_COUNT
};

extern const heed_parameter log_parameters[PARAMETER_COUNT];
extern const heed_dimension log_dimensions[1];
extern const heed_output log_outputs[OUTPUT_COUNT];

#endif
