/* SPDX-License-Identifier: GPL-3.0-or-later
 * Reports: where the outputs of plugins stand among the metrics of the plan. */
#ifndef HEED_STAGES_REPORTS_H
#define HEED_STAGES_REPORTS_H

#include "level.h"

typedef struct reports reports;

heed_status reports_create(const plan *plan, const registry *plugins,
                           reports **result, heed_error *error);
void reports_free(reports *self);

/* The metric of a plugin's output, or NULL where the plan has none. */
const plan_metric *reports_metric(const reports *self,
                                  const heed_plugin *plugin, size_t output);
/* The metric of evaluation; NULL where the plan has none. */
const plan_metric *reports_own(const reports *self, metric which);

/* Receives outputs, warnings and traces of a level's plugin. */
void reports_sink(const reports *self, level *into, service_sink *sink,
                  const stages_options *options);

/* prior_… and model_… of a posterior. */
void reports_fit(const reports *self, const heed_posterior *posterior,
                 level *into);

#endif
