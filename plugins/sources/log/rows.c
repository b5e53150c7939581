/* SPDX-License-Identifier: GPL-3.0-or-later
 * Rows on their way to a sink. */
#include "sources/log/rows.h"

heed_status log_send(log_job *job, const log_text *cells, size_t line) {
  const log_row row = {cells, line};
  if (log_has_enough(job)) return HEED_OK;
  job->count++;
  return job->sink.take(job->sink.context, &row);
}
