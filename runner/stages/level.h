/* SPDX-License-Identifier: GPL-3.0-or-later
 * A level: the node of one stage on the path of the cell at hand, with all that
 * it has put out and reported. */
#ifndef HEED_STAGES_LEVEL_H
#define HEED_STAGES_LEVEL_H

#include "crowd.h"
#include "evaluation/evaluation.h"
#include "stages.h"

typedef struct level_warning {
  const char *code, *plugin, *message; /* in the level's memory */
} level_warning;

typedef struct level_point {
  const char *series;
  uint64_t step;
  double value;
} level_point;

typedef struct level {
  size_t node, replicate; /* node SIZE_MAX: nothing is here */
  bool failed;
  heed_error error; /* if failed */
  double seconds;
  arena *memory;
  service host;
  const heed_instance *instance; /* of its plugin, or NULL */
  const heed_value *values;      /* of the host's own stages */

  /* What was reported: values at metric offsets. */
  double *reported; /* plan->value_count; NaN: not */
  bool any_reported;
  heed_error bad_report; /* a report that breaks its schema */
  size_t warning_count, warning_room;
  level_warning *warnings;
  size_t point_count, point_room;
  level_point *points; /* the trace */

  /* What was put out, by stage. */
  heed_world world;
  const prompts_known *prompts;
  crowd crowd;
  heed_posterior posterior;
  heed_selection selection;
  heed_policy policy;
  heed_table *responses; /* drawn by evaluation, of worlds of texts; or NULL */
} level;

#endif
