/* SPDX-License-Identifier: GPL-3.0-or-later
 * A column that a user model reads: of the pairs (biased, minority), or of the
 * annotations as well (attention_by_covariate). */
#ifndef HEED_SUPPORT_CROWD_PAIR_COLUMN_H
#define HEED_SUPPORT_CROWD_PAIR_COLUMN_H

#include "heed/user_model.h"

/* HEED_UNSUPPORTED if pairs have no such column of one float64, or a value in
 * it is NaN or infinite. */
heed_status pair_column_check(const heed_world *world, const char *name,
                              heed_error *error);

/* The message for a value of such a column that is not as expected. */
heed_status pair_column_refuse(const heed_world *world, const char *name,
                               size_t pair, const char *expected,
                               heed_error *error);

/* Its value for each answer: values[pair[i]].  NULL if missing. */
const double *pair_column(const heed_answers *answers, const char *name);

/* The bits of that value, for key() of a user model. */
void pair_column_key(const heed_answers *answers, const char *name,
                     uint64_t *key);

/* A column of the annotations, or of the pairs if annotations lack it: its
 * value for answer i is values[at[i]]. */
typedef struct answer_column {
  const double *values; /* NULL: missing */
  const size_t *at;
} answer_column;

answer_column answer_column_of(const heed_answers *answers, const char *name);

/* HEED_UNSUPPORTED if neither has such a column of one float64, or a value in
 * it is NaN or infinite. */
heed_status answer_column_check(const heed_world *world,
                                const heed_table *annotations, const char *name,
                                heed_error *error);

#endif
