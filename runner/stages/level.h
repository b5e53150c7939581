/* SPDX-License-Identifier: GPL-3.0-or-later
 * A level: the node of one stage on the current cell's path, with its outputs
 * and reports. */
#ifndef HEED_STAGES_LEVEL_H
#define HEED_STAGES_LEVEL_H

#include "crowd.h"
#include "evaluation/evaluation.h"
#include "stages/stages.h"

typedef struct stages_warning {
  const char *code, *plugin, *message; /* in the level's memory */
} stages_warning;

typedef struct stages_trace_point {
  const char *series;
  uint64_t step;
  double value;
} stages_trace_point;

typedef struct stages_level {
  size_t node, replicate; /* node SIZE_MAX: the level is empty */
  bool failed;
  heed_error error; /* if failed */
  double seconds;
  host_arena *memory;    /* of outputs; sealed once the stage is done */
  host_arena *instances; /* of plugins, which may write to it later */
  bool sealed;
  uint64_t digest; /* of the structs below, if sealed */
  host_service host;
  const heed_instance *instance; /* of its plugin, or NULL */
  const heed_value *values;      /* parameters of the host's own stages */

  /* Reported values, at metric offsets. */
  double *reported; /* plan->value_count; NaN: not reported */
  bool any_reported;
  heed_error bad_report; /* a report that breaks its schema, or was lost */
  const struct stages_reports *reports;
  const stages_options *options;
  size_t warning_count, point_count;
  stages_warning *warnings;
  stages_trace_point *points; /* the trace */

  /* Outputs, by stage. */
  heed_world world;
  const evaluation_prompts *prompts;
  stages_crowd crowd;
  heed_posterior posterior;
  heed_selection selection;
  heed_policy policy;    /* size 0: no trainer, or no annotation was kept */
  heed_table *responses; /* drawn by evaluation in worlds of texts; or NULL */
} stages_level;

#endif
