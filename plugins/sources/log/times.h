/* SPDX-License-Identifier: GPL-3.0-or-later
 * Times of annotations: numbers or dates. */
#ifndef HEED_SOURCES_LOG_TIMES_H
#define HEED_SOURCES_LOG_TIMES_H

#include "sources/log/text.h"

/* A log has times of one form: numbers and dates cannot be compared. */
typedef enum log_time_form {
  LOG_NO_TIME,
  LOG_TIME_NUMBER,
  LOG_TIME_DATE
} log_time_form;

/* A number, or a date of ISO 8601 as seconds since 1970 (2024-05-31,
 * 2024-05-31T12:30, 2024-05-31 12:30:05.25Z, …+02:00; without a zone UTC).
 * LOG_NO_TIME: the text is neither. */
log_time_form log_time_in(log_text text, double *time);

#endif
