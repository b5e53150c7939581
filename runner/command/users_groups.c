/* SPDX-License-Identifier: GPL-3.0-or-later
 * Writes groups of users as CSV or JSON. */
#include "users_groups.h"

#include <jansson.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>

void users_share_text(double share, char text[NUMBER_SIZE]) {
  *text = '\0';
  if (isfinite(share)) (void)snprintf(text, NUMBER_SIZE, "%.7g", share);
}

/* ---- JSON ---- */

void users_json_text(FILE *file, const char *text) {
  json_t *value = json_string(text);
  char *dumped = value == NULL ? NULL : json_dumps(value, JSON_ENCODE_ANY);
  (void)fputs(dumped == NULL ? "null" : dumped, file);
  free(dumped);
  json_decref(value);
}

void users_json_number(FILE *file, double number) {
  char text[NUMBER_SIZE];
  users_share_text(number, text);
  (void)fputs(*text == '\0' ? "null" : text, file);
}

void users_json_share(FILE *file, const verdict_share *share) {
  (void)fputs("{\"value\": ", file);
  users_json_number(file, share->value);
  (void)fputs(", \"low\": ", file);
  users_json_number(file, share->low);
  (void)fputs(", \"high\": ", file);
  users_json_number(file, share->high);
  (void)fprintf(file, ", \"includes_fit\": %s}",
                share->of_fit ? "true" : "false");
}

/* With all digits, so that a user's number can be compared with it. */
static void put_limit(FILE *file, const char *name, double number) {
  char text[NUMBER_SIZE];
  view_number(number, text);
  (void)fprintf(file, "\"%s\": %s, ", name, isfinite(number) ? text : "null");
}

static void put_json_group(FILE *file, const verdict_group *group,
                           bool of_numbers) {
  (void)fputc('{', file);
  if (of_numbers) {
    put_limit(file, "low", group->low);
    put_limit(file, "high", group->high);
  } else {
    (void)fputs("\"word\": ", file);
    if (*group->word == '\0')
      (void)fputs("null", file);
    else
      users_json_text(file, group->word);
    (void)fputs(", ", file);
  }
  (void)fprintf(file, "\"users\": %zu, \"annotations\": %lld, \"eta_hat\": ",
                group->users, (long long)group->annotations);
  users_json_number(file, group->eta);
  (void)fputs(", \"attentive_share\": ", file);
  users_json_share(file, &group->share);
  (void)fprintf(file, ", \"careless\": %zu, \"trusted\": %zu}", group->careless,
                group->trusted);
}

void users_groups_json(FILE *file, const char *covariate,
                       const verdict_groups *groups) {
  (void)fputs(",\n \"group_by\": ", file);
  users_json_text(file, covariate);
  (void)fputs(",\n \"groups\": [", file);
  for (size_t g = 0; g < groups->count; g++) {
    (void)fputs(g == 0 ? "\n  " : ",\n  ", file);
    put_json_group(file, &groups->groups[g], groups->of_numbers);
  }
  (void)fputs("\n ]", file);
}

void users_parts_json(FILE *file, const view_result *result, size_t point) {
  view_estimate parts[VERDICT_PARTS];
  if (!verdict_find_parts(result, point, parts)) return;
  (void)fputs(",\n \"hours\": [", file);
  for (int i = 0; i < VERDICT_PARTS; i++) {
    (void)fprintf(file, "%s{\"from\": %d, \"to\": %d, \"attention\": ",
                  i == 0 ? "" : ", ", 6 * i, 6 * i + 6);
    users_json_number(file, parts[i].value);
    (void)fputs(", \"low\": ", file);
    users_json_number(file, parts[i].low);
    (void)fputs(", \"high\": ", file);
    users_json_number(file, parts[i].high);
    (void)fputc('}', file);
  }
  (void)fputc(']', file);
}

/* ---- CSV ---- */

static void put_number(FILE *file, double number) {
  char text[NUMBER_SIZE];
  view_number(number, text);
  (void)fprintf(file, "%s,", text);
}

static void put_share(FILE *file, double share) {
  char text[NUMBER_SIZE];
  users_share_text(share, text);
  (void)fprintf(file, "%s,", text);
}

static void put_csv_group(FILE *file, bool raw, const verdict_group *group,
                          bool of_numbers) {
  if (of_numbers) {
    put_number(file, group->low);
    put_number(file, group->high);
  } else {
    (raw ? view_csv_field : view_csv_name)(file, group->word);
    (void)fputc(',', file);
  }
  (void)fprintf(file, "%zu,%lld,", group->users, (long long)group->annotations);
  put_share(file, group->eta);
  put_share(file, group->share.value);
  put_share(file, group->share.low);
  put_share(file, group->share.high);
  (void)fprintf(file, "%zu,%zu\n", group->careless, group->trusted);
}

void users_groups_csv(FILE *file, bool raw, const verdict_groups *groups) {
  (void)fprintf(file,
                "%s,users,annotations,eta_hat,attentive,attentive_low,"
                "attentive_high,careless,trusted\n",
                groups->of_numbers ? "low,high" : "word");
  for (size_t g = 0; g < groups->count; g++)
    put_csv_group(file, raw, &groups->groups[g], groups->of_numbers);
}
