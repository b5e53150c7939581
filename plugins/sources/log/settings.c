/* SPDX-License-Identifier: GPL-3.0-or-later
 * The parameters and outputs of the source `log`. */
#include "sources/log/settings.h"

#include "sources/log/read.h"

static const char *const ties_words[] = {"drop", "keep", NULL};
static const char *const malformed_words[] = {"stop", "skip", NULL};
static const char *const order_words[] = {"unknown", "file", NULL};
static const char *const duplicates_words[] = {"error", "keep", "first", NULL};

static const heed_parameter columns[] = {
    [USER] = {.name = "user",
              .type = HEED_TEXT,
              .default_value = "user",
              .doc = "column with the user"},
    [PAIR] = {.name = "pair",
              .type = HEED_TEXT,
              .default_value = "pair",
              .doc = "column with the pair"},
    [CHOICE] = {.name = "choice",
                .type = HEED_TEXT,
                .default_value = "choice",
                .doc = "column with the choice"},
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
};

static const heed_parameter word = {.name = "word", .type = HEED_TEXT};
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

const heed_parameter log_parameters[PARAMETER_COUNT] = {
    [PATH] = {.name = "path",
              .type = HEED_PATH,
              .doc = "the log: .csv, .jsonl or .h5"},
    [FORMAT] = {.name = "format",
                .type = HEED_ENUM,
                .default_value = "auto",
                .choices = log_format_words,
                .doc = "auto: by file extension"},
    [COLUMNS] = {.name = "columns",
                 .type = HEED_RECORD,
                 .default_value = "{}",
                 .fields = columns,
                 .field_count = COLUMN_COUNT,
                 .doc = "column names in the file"},
    [CHOICES] = {.name = "choices",
                 .type = HEED_RECORD,
                 .default_value = "{}",
                 .fields = choices,
                 .field_count = WORD_COUNT,
                 .doc = "words for the choices"},
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
         .default_value = "error",
         .choices = duplicates_words,
         .doc = "what to do if a user annotates a pair twice: treat the row as "
                "malformed, keep both, or keep only the first"},
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
};

const heed_dimension log_dimensions[1] = {
    {"judge", "references", NULL, "reference judge"}};

static const char *const by_judge[] = {"judge", NULL};

const heed_output log_outputs[OUTPUT_COUNT] = {
    [OUT_ROWS] = {.name = "rows", .doc = "well-formed rows of the log"},
    [OUT_SKIPPED] = {.name = "rows_skipped", .doc = "malformed rows, skipped"},
    [OUT_TIES] = {.name = "ties", .doc = "ties among the rows"},
    [OUT_DUPLICATES] = {.name = "duplicates",
                        .doc = "repeated annotations, dropped or kept as "
                               "source.duplicates says"},
    [OUT_USERS] = {.name = "users", .doc = "users in the log"},
    [OUT_PAIRS] = {.name = "pairs", .doc = "pairs in the log"},
    [OUT_MODELS] = {.name = "models", .doc = "models in the log"},
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
