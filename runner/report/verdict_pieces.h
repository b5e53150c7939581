/* SPDX-License-Identifier: GPL-3.0-or-later
 * What the parts of the verdict's page share.
 *
 * Callers: verdict_page.c, which puts the parts in order, and the parts. */
#ifndef HEED_REPORT_VERDICT_PIECES_H
#define HEED_REPORT_VERDICT_PIECES_H

#include <math.h>
#include <stdio.h>

#include "verdict/verdict.h"
#include "view/pseudonyms.h"

/* Users and models that are shown before "all". */
enum { VERDICT_FIRST_ROWS = 10 };

/* In a format: a percent sign that no line break parts from its number. */
#define PERCENT "\u00a0%%"

#define BLUE "#0072b2"
#define GREY "#8a8a8a"
#define ORANGE "#d55e00"

/* A square of a colour, which stays with the word after it. */
#define LEGEND(style, word)                                                  \
  "<span class=legend><i class=dot style=\"background:" style "\"></i>" word \
  "</span>"

typedef struct verdict_page {
  FILE *file;
  view_result *result;
  const verdict_log *log;
  const view_pseudonyms *key; /* or NULL */
} verdict_page;

static inline const char *plural(size_t count) {
  return count == 1 ? "" : "s";
}

static inline double percent(double share) {
  return 100 * share;
}

static inline const verdict_standing *best_standings(
    const verdict_board *board) {
  return board->attended != NULL ? board->attended : board->raw;
}

static inline bool has_board(const verdict_board *board) {
  return board->models > 0 && best_standings(board) != NULL;
}

static inline bool has_both(const verdict_board *board) {
  return board->raw != NULL && board->attended != NULL;
}

static inline bool has_intervals(const verdict_board *board) {
  return board->models > 0 &&
         !isnan(best_standings(board)[board->order[0]].low);
}

/* Whether the page lists users. */
static inline bool has_lists(const verdict_users *users) {
  return users->count > 0 && users->identified &&
         users->basis != VERDICT_UNKNOWN;
}

/* 1, 2 or 5 times a power of ten: at most about five steps to the most. */
static inline double step_for(double most) {
  const double power = pow(10, floor(log10(most / 5)));
  const double times = most / 5 / power;
  return power * (times > 5 ? 10 : times > 2 ? 5 : times > 1 ? 2 : 1);
}

/* The share of ties that the source dropped; 0 if it kept them or there are
 * none. */
double verdict_page_dropped_ties(const view_result *result, size_t point);

/* The parts, in the order of the page. */
void verdict_page_put_headlines(const verdict_page *self);
heed_status verdict_page_put_attention(const verdict_page *self,
                                       heed_error *error);
void verdict_page_put_models(const verdict_page *self);
heed_status verdict_page_put_lists(const verdict_page *self, heed_error *error);

#endif
