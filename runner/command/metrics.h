/* SPDX-License-Identifier: GPL-3.0-or-later
 * The metrics of evaluation, as heed describes them: to the terminal, as JSON,
 * and as docs/metrics.md. */
#ifndef HEED_COMMAND_METRICS_H
#define HEED_COMMAND_METRICS_H

#include "evaluation/evaluation.h"

/* "metric/": what their names begin with in heed describe. */
#define METRICS_PREFIX "metric/"

void metrics_list(bool json);
void metrics_print(evaluation_metric which);
json_t *metrics_json(evaluation_metric which);
/* docs/metrics.md */
void metrics_write(FILE *file);

#endif
