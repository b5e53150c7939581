/* SPDX-License-Identifier: GPL-3.0-or-later
 * What heed users writes: groups of users, shares and texts of JSON. */
#ifndef HEED_COMMAND_USERS_GROUPS_H
#define HEED_COMMAND_USERS_GROUPS_H

#include "verdict/verdict.h"

/* The masses of posteriors are kept with seven digits; "": unknown. */
void users_share_text(double share, char text[NUMBER_SIZE]);

void users_json_text(FILE *file, const char *text);
/* null: unknown. */
void users_json_number(FILE *file, double number);
void users_json_share(FILE *file, const verdict_share *share);

/* The member hours, if the log has times of the day. */
void users_parts_json(FILE *file, const view_result *result, size_t point);

void users_groups_csv(FILE *file, bool raw, const verdict_groups *groups);
/* The members group_by and groups. */
void users_groups_json(FILE *file, const char *covariate,
                       const verdict_groups *groups);

#endif
