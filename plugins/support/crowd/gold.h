/* SPDX-License-Identifier: GPL-3.0-or-later
 * Gold pairs of simulated worlds: the parameters `gold` and `gold_as` of
 * synthetic and arena. */
#ifndef HEED_SUPPORT_CROWD_GOLD_H
#define HEED_SUPPORT_CROWD_GOLD_H

#include "heed/host.h"
#include "heed/schema.h"
#include "heed/table.h"

#define SOURCE_GOLD                                                         \
  {                                                                         \
    .name = "gold", .type = HEED_NUMBER, .default_value = "0", .low = 0,    \
    .high = 1,                                                              \
    .doc =                                                                  \
        "share of the pairs that are gold: estimators know their p; users " \
        "get them evenly"                                                   \
  }
#define SOURCE_GOLD_AS                                                \
  {                                                                   \
    .name = "gold_as", .type = HEED_ENUM, .default_value = "p",       \
    .choices = source_gold_words,                                     \
    .doc =                                                            \
        "what is known of a gold pair: p, or only which response is " \
        "better (answer): 1 if p is above 1/2, else 0"                \
  }
#define SOURCE_GOLD_ERROR                                                \
  {                                                                      \
    .name = "gold_error", .flags = HEED_MAY_BE_NAN,                      \
    .doc =                                                               \
        "probability that an attentive user does not choose the better " \
        "response of a gold pair; NaN: no gold pairs"                    \
  }
extern const char *const source_gold_words[];

/* Makes a random share of the pairs gold, given their column p: fills the
 * column gold, unless no pair is gold.  A larger share adds to the gold pairs.
 * *error_rate: SOURCE_GOLD_ERROR. */
heed_status gold_mark(const heed_host *host, const heed_value *share,
                      const heed_value *as, heed_table *pairs,
                      double *error_rate, heed_error *error);

#endif
