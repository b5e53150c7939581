/* SPDX-License-Identifier: GPL-3.0-or-later
 * Times of annotations: numbers or dates of ISO 8601. */
#include "sources/log/times.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

/* Reads exactly `count` digits. */
static bool take_digits(const char **text, int count, int64_t *number) {
  *number = 0;
  for (int i = 0; i < count; i++) {
    const char digit = **text;
    if (digit < '0' || digit > '9') return false;
    *number = 10 * *number + (digit - '0');
    ++*text;
  }
  return true;
}

static bool take(const char **text, const char *any) {
  if (**text == '\0' || strchr(any, **text) == NULL) return false;
  ++*text;
  return true;
}

static bool is_leap(int64_t year) {
  return year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);
}

/* Days since 1970-01-01; false: there is no such day. */
static bool days_of(int64_t year, int64_t month, int64_t day, int64_t *days) {
  static const int64_t before[] = {0,   31,  59,  90,  120, 151, 181,
                                   212, 243, 273, 304, 334, 365};
  const int64_t earlier = year - 1; /* leap days of the years before */
  int64_t length;
  if (month < 1 || month > 12) return false;
  length = before[month] - before[month - 1] + (month == 2 && is_leap(year));
  if (day < 1 || day > length) return false;
  *days = 365 * (year - 1970) + earlier / 4 - earlier / 100 + earlier / 400 -
          477 + before[month - 1] + (month > 2 && is_leap(year)) + day - 1;
  return true;
}

/* "Z", "+02:00", "+0200", "+02" or nothing: seconds east of Greenwich. */
static bool take_zone(const char **text, double *east) {
  const char sign = **text;
  int64_t hours, minutes = 0;
  *east = 0;
  if (take(text, "Zz")) return true;
  if (!take(text, "+-")) return true;
  if (!take_digits(text, 2, &hours)) return false;
  if (take(text, ":") || (**text >= '0' && **text <= '9'))
    if (!take_digits(text, 2, &minutes)) return false;
  *east = (double)(3600 * hours + 60 * minutes) * (sign == '-' ? -1 : 1);
  return hours < 24 && minutes < 60;
}

/* ":05.25" or nothing, after hours and minutes. */
static bool take_seconds(const char **text, double *seconds) {
  int64_t whole;
  double unit = 0.1;
  *seconds = 0;
  if (!take(text, ":")) return true;
  if (!take_digits(text, 2, &whole) || whole > 60) return false;
  *seconds = (double)whole;
  if (!take(text, ".,")) return true;
  if (**text < '0' || **text > '9') return false;
  for (; **text >= '0' && **text <= '9'; ++*text, unit /= 10)
    *seconds += unit * (**text - '0');
  return true;
}

static bool take_date(const char *text, double *time) {
  int64_t year, month, day, hour = 0, minute = 0, days;
  double seconds = 0, east = 0;
  if (!take_digits(&text, 4, &year) || !take(&text, "-") ||
      !take_digits(&text, 2, &month) || !take(&text, "-") ||
      !take_digits(&text, 2, &day) || !days_of(year, month, day, &days))
    return false;
  if (take(&text, "Tt ")) {
    if (!take_digits(&text, 2, &hour) || !take(&text, ":") ||
        !take_digits(&text, 2, &minute) || !take_seconds(&text, &seconds) ||
        !take_zone(&text, &east) || hour > 24 || minute > 59)
      return false;
  }
  *time = 86400.0 * (double)days + (double)(3600 * hour + 60 * minute) +
          seconds - east;
  return *text == '\0';
}

log_time_form log_time_in(log_text text, double *time) {
  char trimmed[64];
  if (log_number_in(text, time)) return LOG_TIME_NUMBER;
  text = log_trim(text);
  if (text.length >= sizeof trimmed) return LOG_NO_TIME;
  memcpy(trimmed, text.bytes, text.length);
  trimmed[text.length] = '\0';
  return take_date(trimmed, time) ? LOG_TIME_DATE : LOG_NO_TIME;
}
