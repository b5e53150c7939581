/* SPDX-License-Identifier: GPL-3.0-or-later
 * Rows on their way to a sink. */
#include "sources/log/rows.h"

heed_status log_send(log_job *job, const log_text *cells, size_t line) {
  const log_row row = {.cells = cells, .line = line};
  if (log_has_enough(job)) return HEED_OK;
  job->count++;
  return job->sink.take(job->sink.context, &row);
}

heed_status log_send_rows(log_job *job, log_row *rows, size_t count,
                          size_t *sent) {
  heed_status status = HEED_OK;
  if (job->sink.foresee != NULL)
    job->sink.foresee(job->sink.context, rows, count);
  for (*sent = 0; *sent < count && status == HEED_OK && !log_has_enough(job);
       ++*sent) {
    job->count++;
    status = job->sink.take(job->sink.context, &rows[*sent]);
  }
  return status;
}
