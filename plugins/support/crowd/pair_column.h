/* SPDX-License-Identifier: GPL-3.0-or-later
 * A column of the pairs that a user model reads: attention_by_covariate, biased
 * and minority. */
#ifndef HEED_SUPPORT_CROWD_PAIR_COLUMN_H
#define HEED_SUPPORT_CROWD_PAIR_COLUMN_H

#include "heed/user_model.h"

/* HEED_UNSUPPORTED where pairs have no such column of one float64, or one that
 * is no number for a pair. */
heed_status pair_column_check(const heed_world *world, const char *name,
                              heed_error *error);

/* Its value for each answer: values[pair[i]].  NULL where there is none. */
const double *pair_column(const heed_answers *answers, const char *name);

#endif
