/* SPDX-License-Identifier: GPL-3.0-or-later
 * The rows of a kept selection, a block at a time: an export of 10^7 rows holds
 * few of them in memory.
 *
 * Texts come through rows_texts() alone. */
#ifndef HEED_COMMAND_EXPORT_ROWS_H
#define HEED_COMMAND_EXPORT_ROWS_H

#include "view/view.h"

/* What to read of a row. */
typedef struct export_wish {
  bool texts;    /* prompt, chosen, rejected, messages */
  bool names;    /* of users and pairs */
  bool evidence; /* eta_left_out, casual, prior; model_a and model_b */
} export_wish;

typedef struct export_rows {
  view_result *result; /* borrowed */
  size_t place;        /* of the cell */
  size_t count;        /* rows of the cell */
  size_t first;        /* the cell's first row in the file's group */

  /* The block: rows start … start + length - 1 of the cell. */
  size_t start, length;
  heed_table *block;
  const char *const *name, *const *pair_name; /* NULL: no such column */
  const int64_t *user, *pair;
  const int8_t *choice, *messages;
  const double *weight, *eta;
  const float *left_out, *casual, *prior;
  const int32_t *model_a, *model_b;
  const char *const *prompt, *const *chosen, *const *rejected;
} export_rows;

void rows_open(export_rows *self, view_result *result, size_t cell);

/* Whether any row has a text, or 1, in this column: one that only other cells
 * of the file have exists too, but is empty. */
bool rows_holds(const export_rows *self, const char *column,
                heed_status *status, heed_error *error);

/* Reads the next block.  False: the end, or *status is an error.  Free the rows
 * with rows_close() after either. */
bool rows_next(export_rows *self, const export_wish *wish, heed_status *status,
               heed_error *error);
/* Frees the block, and starts again. */
void rows_close(export_rows *self);

/* The texts of row i of the block; "": unknown.  If they are messages, each is
 * a JSON array of objects with role and content. */
typedef struct export_texts {
  const char *prompt, *chosen, *rejected;
  bool are_messages;
} export_texts;
export_texts rows_texts(const export_rows *self, size_t i);

/* "selection/COLUMN: row N" of the file, for messages. */
#define ROWS_WHERE_SIZE 96
void rows_where(const export_rows *self, size_t i, const char *column,
                char where[ROWS_WHERE_SIZE]);

#endif
