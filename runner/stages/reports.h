/* SPDX-License-Identifier: GPL-3.0-or-later
 * Reports: assigns the outputs of plugins to metrics of the plan. */
#ifndef HEED_STAGES_REPORTS_H
#define HEED_STAGES_REPORTS_H

#include "level.h"

typedef struct stages_reports stages_reports;

heed_status reports_create(const heed_plan *plan, const host_registry *plugins,
                           stages_reports **result, heed_error *error);
void reports_free(stages_reports *self);

/* The metric of evaluation; NULL: the plan has none. */
const plan_metric *reports_own(const stages_reports *self,
                               evaluation_metric which);

/* Receives outputs, warnings and traces of a level's plugin. */
void reports_sink(const stages_reports *self, stages_level *level,
                  host_sink *sink, const stages_options *options);

/* prior_… and model_… of a posterior. */
void reports_fit(const stages_reports *self, const heed_posterior *posterior,
                 stages_level *level);

#endif
