/* SPDX-License-Identifier: GPL-3.0-or-later
 * The part of the page that a manager reads: the verdict on a log, in words. */
#ifndef HEED_REPORT_VERDICT_PAGE_H
#define HEED_REPORT_VERDICT_PAGE_H

#include <stdio.h>

#include "verdict/verdict.h"
#include "view/pseudonyms.h"

extern const char verdict_page_style[];

/* The log in numbers, in one line. */
void verdict_page_put_facts(FILE *file, const view_result *result,
                            const verdict_log *log);

/* key: for users' names; or NULL. */
heed_status verdict_page_put(FILE *file, view_result *result,
                             const verdict_log *log, const view_pseudonyms *key,
                             heed_error *error);

#endif
