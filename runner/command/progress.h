/* SPDX-License-Identifier: GPL-3.0-or-later
 * How far a run is, on standard error: a bar, plain lines, or JSON. */
#ifndef HEED_COMMAND_PROGRESS_H
#define HEED_COMMAND_PROGRESS_H

#include "diagnosis/findings.h"
#include "execution/execution.h"

typedef enum command_progress_style {
  PROGRESS_AUTO = 0, /* a bar on a terminal, else plain lines */
  PROGRESS_BAR,
  PROGRESS_PLAIN,
  PROGRESS_JSON,
  PROGRESS_NONE
} command_progress_style;

extern const char *const progress_names[]; /* by style; ended by NULL */

typedef struct command_progress {
  command_progress_style style;
  double shown; /* seconds at the last plain line */
  bool open;    /* the line shows a bar */
} command_progress;

/* PROGRESS_AUTO becomes what suits standard error. */
void progress_open(command_progress *self, command_progress_style style);
void progress_show(void *context, const execution_state *state);
void progress_say(void *context, const char *line);
void progress_end(command_progress *self);

/* The last line of JSON: the counts again, and the findings about the result.
 */
void progress_told(const execution_state *state, const diagnosis_finding *found,
                   size_t count);

/* Seconds as "3.2 s", "4 min 10 s", "2 h 05 min". */
void progress_duration(double seconds, char *text, size_t size);

#endif
