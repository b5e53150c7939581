/* SPDX-License-Identifier: GPL-3.0-or-later
 * Charts: chooses the roles of axes, and metrics. */
#include "chart.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

/* Metrics of evaluation, the most interesting first. */
static const char *const interesting[] = {"win_rate",
                                          "win_rate_at_kl",
                                          "reward_score",
                                          "kl_from_reference",
                                          "regret",
                                          "cosine",
                                          "calibration_slope",
                                          "eta_rmse",
                                          "eta_correlation",
                                          "split_accuracy",
                                          "label_accuracy",
                                          "label_agreement",
                                          "label_consensus",
                                          "consensus_correlation",
                                          "spearman_judge",
                                          "held_out_log_loss",
                                          "policy_log_loss"};

/* ---- axes ---- */

const plan_coordinate *layout_axis(const report_layout *self, size_t axis) {
  return axis == SIZE_MAX ? NULL
                          : &self->view.result->plan->axes[axis].coordinate;
}

static size_t count_of(const heed_plan *plan, size_t axis) {
  return plan->axes[axis].coordinate.count;
}

/* The first free axis with the most values, at least `least` and at most
 * `most`; SIZE_MAX: none. */
static size_t widest(const heed_plan *plan, const bool *taken, bool numbers,
                     size_t least, size_t most) {
  size_t best = SIZE_MAX;
  for (size_t i = 0; i < plan->axis_count; i++) {
    const plan_coordinate *axis = &plan->axes[i].coordinate;
    if (taken[i] || axis->count < least || axis->count > most ||
        (numbers && axis->numbers == NULL))
      continue;
    if (best == SIZE_MAX || axis->count > count_of(plan, best)) best = i;
  }
  return best;
}

static heed_status choose_roles(const heed_plan *plan,
                                const report_options *options, bool *taken,
                                report_layout *self, heed_error *error) {
  heed_status status = HEED_OK;
  self->x = self->lines = SIZE_MAX;
  if (options->x != NULL)
    status = view_find_axis(plan, "x", options->x, &self->x, error);
  if (status == HEED_OK && options->lines != NULL)
    status = view_find_axis(plan, "lines", options->lines, &self->lines, error);
  if (status != HEED_OK) return status;
  if (self->lines != SIZE_MAX && count_of(plan, self->lines) > CHART_LINES)
    return heed_fail(error, HEED_INVALID,
                     "--lines %s: the axis has %zu values, expected at most "
                     "%d",
                     options->lines, count_of(plan, self->lines), CHART_LINES);
  if (self->lines != SIZE_MAX && self->lines == self->x)
    return heed_fail(error, HEED_INVALID,
                     "%s: found the same axis for --x and --lines, expected "
                     "two axes",
                     options->x);
  if (self->lines != SIZE_MAX) taken[self->lines] = true;
  if (self->x == SIZE_MAX) self->x = widest(plan, taken, true, 3, SIZE_MAX);
  if (self->x == SIZE_MAX) self->x = widest(plan, taken, false, 2, SIZE_MAX);
  if (self->x != SIZE_MAX) taken[self->x] = true;
  if (self->lines == SIZE_MAX)
    self->lines = widest(plan, taken, false, 2, CHART_LINES);
  if (self->lines != SIZE_MAX) taken[self->lines] = true;
  return HEED_OK;
}

/* Makes panels of the remaining axes; averages over the longest axes while
 * there are too many panels. */
static heed_status choose_panels(const heed_plan *plan, bool *taken,
                                 report_layout *self, heed_error *error) {
  size_t panels = 1;
  for (size_t i = 0; i < plan->axis_count; i++)
    if (!taken[i]) panels *= count_of(plan, i);
  while (panels > CHART_PANELS) {
    const size_t axis = widest(plan, taken, false, 2, SIZE_MAX);
    taken[axis] = true;
    panels /= count_of(plan, axis);
    if (self->averaged_count == CHART_AXES)
      return heed_fail(error, HEED_UNSUPPORTED, "more than %d axes",
                       CHART_AXES);
    self->averaged[self->averaged_count++] = axis;
  }
  self->panel_count = panels;
  for (size_t i = 0; i < plan->axis_count; i++) {
    if (taken[i] || count_of(plan, i) < 2) continue;
    if (self->panel_axis_count == CHART_AXES)
      return heed_fail(error, HEED_UNSUPPORTED, "more than %d axes",
                       CHART_AXES);
    /* The longest axis last: its values make a row of panels. */
    size_t position = self->panel_axis_count++;
    for (; position > 0 &&
           count_of(plan, self->panel_axes[position - 1]) > count_of(plan, i);
         position--)
      self->panel_axes[position] = self->panel_axes[position - 1];
    self->panel_axes[position] = i;
  }
  return HEED_OK;
}

heed_status layout_choose(const view_result *result,
                          const report_options *options, report_layout *self,
                          heed_error *error) {
  size_t axes[CHART_AXES + 2], count = 0;
  bool *taken = calloc(result->plan->axis_count + 1, sizeof *taken);
  heed_status status;
  memset(self, 0, sizeof *self);
  if (taken == NULL) return heed_no_memory(error);
  status = choose_roles(result->plan, options, taken, self, error);
  if (status == HEED_OK)
    status = choose_panels(result->plan, taken, self, error);
  free(taken);
  if (status != HEED_OK) return status;
  for (size_t i = 0; i < self->panel_axis_count; i++)
    axes[count++] = self->panel_axes[i];
  if (self->lines != SIZE_MAX) axes[count++] = self->lines;
  if (self->x != SIZE_MAX) axes[count++] = self->x;
  self->line_count =
      self->lines == SIZE_MAX ? 1 : count_of(result->plan, self->lines);
  self->x_count = self->x == SIZE_MAX ? 1 : count_of(result->plan, self->x);
  return view_groups_open(result, count, axes, &self->view, error);
}

void layout_close(report_layout *self) {
  view_groups_close(&self->view);
}

view_estimate layout_summary(report_layout *self, const report_chart *chart,
                             size_t panel, size_t line, size_t x) {
  const size_t group = (panel * self->line_count + line) * self->x_count + x;
  if (self->view.example[group] == SIZE_MAX)
    return (view_estimate){0, NAN, NAN, NAN};
  return view_groups_summary(&self->view, group, chart->value);
}

void layout_panel_title(const report_layout *self, size_t panel, char *title,
                        size_t size) {
  size_t used = 0, below = self->panel_count;
  *title = '\0';
  for (size_t i = 0; i < self->panel_axis_count && used < size; i++) {
    const plan_coordinate *axis = layout_axis(self, self->panel_axes[i]);
    char label[LABEL_SIZE];
    below /= axis->count;
    view_label(axis, panel / below % axis->count, label);
    used += (size_t)snprintf(title + used, size - used, "%s%s = %s",
                             i == 0 ? "" : ", ", axis->name, label);
  }
}

/* ---- charts ---- */

static const plan_metric *find_metric(const heed_plan *plan, const char *name) {
  for (size_t i = 0; i < plan->metric_count; i++)
    if (strcmp(plan->metrics[i].name, name) == 0) return &plan->metrics[i];
  return NULL;
}

/* Whether a value differs between points in some replicate. */
static bool varies(const view_result *result, size_t value) {
  const heed_plan *plan = result->plan;
  for (size_t r = 0; r < plan->replicates; r++) {
    double first = NAN;
    for (size_t point = 0; point < plan->point_count; point++) {
      const double one = view_value(result, point, r, value);
      if (isnan(one)) continue;
      if (isnan(first)) first = one;
      if (one != first) return true;
    }
  }
  return false;
}

static bool is_there(const view_result *result, size_t value) {
  for (size_t row = 0; row < result->cells.rows; row++)
    if (!isnan(result->cells.values[row * result->plan->value_count + value]))
      return true;
  return false;
}

static void name_value(const heed_plan *plan, const plan_metric *metric,
                       size_t index, report_chart *made) {
  size_t used = 0, below = metric->count;
  *made = (report_chart){.metric = metric, .value = metric->offset + index};
  for (size_t i = 0; i < metric->dimension_count && used < sizeof made->which;
       i++) {
    const plan_coordinate *along = &plan->dimensions[metric->dimensions[i]];
    char label[LABEL_SIZE];
    below /= along->count;
    view_label(along, index / below % along->count, label);
    used += (size_t)snprintf(made->which + used, sizeof made->which - used,
                             "%s%s = %s%s%s", i == 0 ? "" : ", ", along->name,
                             label, along->unit == NULL ? "" : " ",
                             along->unit == NULL ? "" : along->unit);
  }
}

/* Along a dimension of numbers, the value nearest to 1 represents all. */
static bool is_nearest(const heed_plan *plan, const plan_metric *metric,
                       size_t index) {
  const plan_coordinate *along;
  size_t best = 0;
  if (metric->dimension_count != 1) return true;
  along = &plan->dimensions[metric->dimensions[0]];
  if (along->numbers == NULL) return true;
  for (size_t i = 1; i < along->count; i++)
    if (fabs(along->numbers[i] - 1) < fabs(along->numbers[best] - 1)) best = i;
  return index == best;
}

static void add_metric(const view_result *result, const plan_metric *metric,
                       bool any, report_chart *charts, size_t *count) {
  for (size_t i = 0; i < metric->count; i++) {
    const size_t value = metric->offset + i;
    if (!is_nearest(result->plan, metric, i) || !is_there(result, value))
      continue;
    if (any || varies(result, value))
      name_value(result->plan, metric, i, &charts[(*count)++]);
  }
}

heed_status charts_choose(const view_result *result,
                          const report_options *options, report_chart **charts,
                          size_t *count, heed_error *error) {
  const heed_plan *plan = result->plan;
  const size_t default_count = sizeof interesting / sizeof *interesting;
  /* The user may name a metric twice. */
  report_chart *made = calloc(
      (options->metric_count + 1) * (plan->value_count + 1), sizeof *made);
  *count = 0;
  *charts = made;
  if (made == NULL) return heed_no_memory(error);
  for (size_t i = 0; i < options->metric_count; i++) {
    const plan_metric *metric;
    const heed_status status =
        view_find_metric(plan, "metric", options->metrics[i], &metric, error);
    if (status != HEED_OK) {
      free(made);
      *charts = NULL;
      return status;
    }
    add_metric(result, metric, true, made, count);
  }
  for (int any = 0; any < 2 && options->metric_count == 0 && *count == 0; any++)
    for (size_t i = 0; i < default_count; i++) {
      const plan_metric *metric = find_metric(plan, interesting[i]);
      if (metric != NULL) add_metric(result, metric, any == 1, made, count);
    }
  return HEED_OK;
}

/* ---- labels ---- */

/* Names consist of letters, digits and '_'. */
static void spaced(const char *name, char *text, size_t size) {
  (void)snprintf(text, size, "%s", name);
  for (char *c = text; *c != '\0'; c++)
    if (*c == '_') *c = ' ';
}

void chart_label(const report_chart *self, char *label, size_t size) {
  char name[LABEL_SIZE];
  spaced(self->metric->name, name, sizeof name);
  (void)snprintf(label, size, "%s%s%s%s [%s]", name,
                 *self->which == '\0' ? "" : " (", self->which,
                 *self->which == '\0' ? "" : ")",
                 self->metric->unit == NULL ? "1" : self->metric->unit);
}

void axis_label(const plan_coordinate *axis, char *label, size_t size) {
  char name[LABEL_SIZE];
  spaced(axis->name, name, sizeof name);
  if (axis->numbers == NULL)
    (void)snprintf(label, size, "%s", name);
  else
    (void)snprintf(label, size, "%s [%s]", name,
                   axis->unit == NULL ? "1" : axis->unit);
}
