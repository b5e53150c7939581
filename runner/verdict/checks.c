/* SPDX-License-Identifier: GPL-3.0-or-later
 * The predictive checks of a fit, in words. */
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "verdict/verdict.h"

/* The checks that heed has words for; others keep their names. */
static const struct check_words {
  const char *name;
  verdict_unit unit;
  const char *what;
  const char *before, *after; /* of "more" or "less" */
} all_words[] = {
    {"left_share", VERDICT_SHARE, "how often users choose the left answer",
     "users choose the left answer ", " often"},
    {"left_dispersion", VERDICT_VARIATION,
     "how much users differ in choosing the left answer", "users differ ",
     " in choosing the left answer"},
    {"agreement_dispersion", VERDICT_VARIATION,
     "how much users differ in choosing the stronger model", "users differ ",
     " in choosing the stronger model"},
    {"tie_rate", VERDICT_SHARE, "how often users say “tie”", "users say “tie” ",
     " often"},
    {"tie_dispersion", VERDICT_VARIATION,
     "how much users differ in saying “tie”", "users differ ",
     " in saying “tie”"}};

static const struct check_words *find_words(const char *name) {
  for (size_t i = 0; i < sizeof all_words / sizeof *all_words; i++)
    if (strcmp(all_words[i].name, name) == 0) return &all_words[i];
  return NULL;
}

/* Any estimator may have checks: its name comes before `end`. */
static const plan_metric *metric_ending(const heed_plan *plan,
                                        const char *end) {
  for (size_t i = 0; i < plan->metric_count; i++) {
    const char *name = plan->metrics[i].name;
    const size_t length = strlen(name), tail = strlen(end);
    if (length > tail && strcmp(name + length - tail, end) == 0 &&
        plan->metrics[i].dimension_count == 1)
      return &plan->metrics[i];
  }
  return NULL;
}

static double value_at(const view_result *result, size_t point, const char *end,
                       size_t i) {
  const plan_metric *metric = metric_ending(result->plan, end);
  return metric == NULL || i >= metric->count
             ? NAN
             : view_value(result, point, 0, metric->offset + i);
}

size_t verdict_check_count(const view_result *result) {
  const plan_metric *seen = metric_ending(result->plan, "_check_observed");
  return seen == NULL ? 0 : seen->count;
}

bool verdict_find_check(const view_result *result, size_t point, size_t i,
                        verdict_check *check) {
  const heed_plan *plan = result->plan;
  const plan_metric *seen = metric_ending(plan, "_check_observed");
  *check =
      (verdict_check){.seen = value_at(result, point, "_check_observed", i),
                      .low = value_at(result, point, "_check_low", i),
                      .high = value_at(result, point, "_check_high", i)};
  if (isnan(check->seen) || isnan(check->low) || isnan(check->high))
    return false;
  view_label(&plan->dimensions[seen->dimensions[0]], i, check->name);
  const struct check_words *words = find_words(check->name);
  check->unit = words == NULL ? VERDICT_NUMBER : words->unit;
  check->passes = check->low <= check->seen && check->seen <= check->high;
  return true;
}

const char *verdict_check_words(const verdict_check *check) {
  const struct check_words *words = find_words(check->name);
  return words == NULL ? check->name : words->what;
}

void verdict_check_finding(const verdict_check *check,
                           char text[VERDICT_FINDING_SIZE]) {
  const struct check_words *words = find_words(check->name);
  const bool more = check->seen > check->high;
  if (words == NULL)
    (void)snprintf(text, VERDICT_FINDING_SIZE, "%s is %s", check->name,
                   more ? "larger" : "smaller");
  else
    (void)snprintf(text, VERDICT_FINDING_SIZE, "%s%s%s", words->before,
                   more ? "more" : "less", words->after);
}
