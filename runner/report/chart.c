/* SPDX-License-Identifier: GPL-3.0-or-later
 * Charts: roles of axes, choice of metrics. */
#include "report/chart.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

/* Of evaluation's metrics, in the order in which they are of interest. */
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
                                          "spearman_judge",
                                          "held_out_log_loss",
                                          "policy_log_loss"};

/* ---- axes ---- */

const plan_coordinate *layout_axis(const layout *self, size_t axis) {
  return axis == SIZE_MAX ? NULL : &self->view.of->plan->axes[axis].coordinate;
}

static size_t count_of(const plan *of, size_t axis) {
  return of->axes[axis].coordinate.count;
}

/* The free axis with the most values, of at least `least` and at most `most`;
 * SIZE_MAX: none.  Among equals the first. */
static size_t widest(const plan *of, const bool *taken, bool numbers,
                     size_t least, size_t most) {
  size_t best = SIZE_MAX;
  for (size_t i = 0; i < of->axis_count; i++) {
    const plan_coordinate *axis = &of->axes[i].coordinate;
    if (taken[i] || axis->count < least || axis->count > most ||
        (numbers && axis->numbers == NULL))
      continue;
    if (best == SIZE_MAX || axis->count > count_of(of, best)) best = i;
  }
  return best;
}

static heed_status named_axis(const plan *of, const char *name, size_t *axis,
                              heed_error *error) {
  for (*axis = 0; *axis < of->axis_count; ++*axis)
    if (strcmp(of->axes[*axis].coordinate.name, name) == 0) return HEED_OK;
  return heed_fail(error, HEED_INVALID, "%s: there is no such axis", name);
}

static heed_status choose_roles(const plan *of, const report_options *options,
                                bool *taken, layout *self, heed_error *error) {
  heed_status status = HEED_OK;
  self->x = self->lines = SIZE_MAX;
  if (options->x != NULL) status = named_axis(of, options->x, &self->x, error);
  if (status == HEED_OK && options->lines != NULL)
    status = named_axis(of, options->lines, &self->lines, error);
  if (status != HEED_OK) return status;
  if (self->lines != SIZE_MAX && count_of(of, self->lines) > CHART_LINES)
    return heed_fail(error, HEED_INVALID,
                     "%s: it has %zu values, and more than %d lines cannot be "
                     "told apart",
                     options->lines, count_of(of, self->lines), CHART_LINES);
  if (self->lines != SIZE_MAX && self->lines == self->x)
    return heed_fail(error, HEED_INVALID,
                     "%s: an axis is either along x or told by lines",
                     options->x);
  if (self->lines != SIZE_MAX) taken[self->lines] = true;
  if (self->x == SIZE_MAX) self->x = widest(of, taken, true, 3, SIZE_MAX);
  if (self->x == SIZE_MAX) self->x = widest(of, taken, false, 2, SIZE_MAX);
  if (self->x != SIZE_MAX) taken[self->x] = true;
  if (self->lines == SIZE_MAX)
    self->lines = widest(of, taken, false, 2, CHART_LINES);
  if (self->lines != SIZE_MAX) taken[self->lines] = true;
  return HEED_OK;
}

/* What is left makes panels, the widest axes averaged over while there are too
 * many. */
static heed_status choose_panels(const plan *of, bool *taken, layout *self,
                                 heed_error *error) {
  size_t panels = 1;
  for (size_t i = 0; i < of->axis_count; i++)
    if (!taken[i]) panels *= count_of(of, i);
  while (panels > CHART_PANELS) {
    const size_t axis = widest(of, taken, false, 2, SIZE_MAX);
    taken[axis] = true;
    panels /= count_of(of, axis);
    if (self->averaged_count == CHART_AXES)
      return heed_fail(error, HEED_UNSUPPORTED, "more than %d axes",
                       CHART_AXES);
    self->averaged[self->averaged_count++] = axis;
  }
  self->panel_count = panels;
  for (size_t i = 0; i < of->axis_count; i++) {
    if (taken[i] || count_of(of, i) < 2) continue;
    if (self->panel_axis_count == CHART_AXES)
      return heed_fail(error, HEED_UNSUPPORTED, "more than %d axes",
                       CHART_AXES);
    /* The widest last: its values make a row of panels. */
    size_t at = self->panel_axis_count++;
    for (; at > 0 && count_of(of, self->panel_axes[at - 1]) > count_of(of, i);
         at--)
      self->panel_axes[at] = self->panel_axes[at - 1];
    self->panel_axes[at] = i;
  }
  return HEED_OK;
}

heed_status layout_choose(const result *of, const report_options *options,
                          layout *self, heed_error *error) {
  size_t axes[CHART_AXES + 2], count = 0;
  bool *taken = calloc(of->plan->axis_count + 1, sizeof *taken);
  heed_status status;
  memset(self, 0, sizeof *self);
  if (taken == NULL) return heed_fail(error, HEED_MEMORY, "memory is out");
  status = choose_roles(of->plan, options, taken, self, error);
  if (status == HEED_OK) status = choose_panels(of->plan, taken, self, error);
  free(taken);
  if (status != HEED_OK) return status;
  for (size_t i = 0; i < self->panel_axis_count; i++)
    axes[count++] = self->panel_axes[i];
  if (self->lines != SIZE_MAX) axes[count++] = self->lines;
  if (self->x != SIZE_MAX) axes[count++] = self->x;
  self->line_count =
      self->lines == SIZE_MAX ? 1 : count_of(of->plan, self->lines);
  self->x_count = self->x == SIZE_MAX ? 1 : count_of(of->plan, self->x);
  return view_open(of, count, axes, &self->view, error);
}

void layout_close(layout *self) {
  view_close(&self->view);
}

summary layout_summary(layout *self, const chart *of, size_t panel, size_t line,
                       size_t x) {
  const size_t group = (panel * self->line_count + line) * self->x_count + x;
  if (self->view.example[group] == SIZE_MAX) return (summary){0, NAN, NAN, NAN};
  return view_summary(&self->view, group, of->value);
}

void layout_panel_title(const layout *self, size_t panel, char *title,
                        size_t size) {
  size_t used = 0, below = self->panel_count;
  *title = '\0';
  for (size_t i = 0; i < self->panel_axis_count && used < size; i++) {
    const plan_coordinate *axis = layout_axis(self, self->panel_axes[i]);
    char label[LABEL_SIZE];
    below /= axis->count;
    result_label(axis, panel / below % axis->count, label);
    used += (size_t)snprintf(title + used, size - used, "%s%s = %s",
                             i == 0 ? "" : ", ", axis->name, label);
  }
}

/* ---- charts ---- */

static const plan_metric *find_metric(const plan *of, const char *name) {
  for (size_t i = 0; i < of->metric_count; i++)
    if (strcmp(of->metrics[i].name, name) == 0) return &of->metrics[i];
  return NULL;
}

/* Whether a value differs between points in some replicate. */
static bool varies(const result *of, size_t value) {
  const plan *in = of->plan;
  for (size_t r = 0; r < in->replicates; r++) {
    double first = NAN;
    for (size_t point = 0; point < in->point_count; point++) {
      const double one = result_value(of, point, r, value);
      if (isnan(one)) continue;
      if (isnan(first)) first = one;
      if (one != first) return true;
    }
  }
  return false;
}

static bool is_there(const result *of, size_t value) {
  for (size_t row = 0; row < of->cells.rows; row++)
    if (!isnan(of->cells.values[row * of->plan->value_count + value]))
      return true;
  return false;
}

static void name_value(const plan *of, const plan_metric *metric, size_t index,
                       chart *made) {
  size_t used = 0, below = metric->count;
  *made = (chart){.metric = metric, .value = metric->offset + index};
  for (size_t i = 0; i < metric->dimension_count && used < sizeof made->which;
       i++) {
    const plan_coordinate *along = &of->dimensions[metric->dimensions[i]];
    char label[LABEL_SIZE];
    below /= along->count;
    result_label(along, index / below % along->count, label);
    used += (size_t)snprintf(made->which + used, sizeof made->which - used,
                             "%s%s = %s%s%s", i == 0 ? "" : ", ", along->name,
                             label, along->unit == NULL ? "" : " ",
                             along->unit == NULL ? "" : along->unit);
  }
}

/* Along numbers the one nearest to 1 stands for all. */
static bool is_nearest(const plan *of, const plan_metric *metric,
                       size_t index) {
  const plan_coordinate *along;
  size_t best = 0;
  if (metric->dimension_count != 1) return true;
  along = &of->dimensions[metric->dimensions[0]];
  if (along->numbers == NULL) return true;
  for (size_t i = 1; i < along->count; i++)
    if (fabs(along->numbers[i] - 1) < fabs(along->numbers[best] - 1)) best = i;
  return index == best;
}

static void add_metric(const result *of, const plan_metric *metric, bool any,
                       chart *charts, size_t *count) {
  for (size_t i = 0; i < metric->count; i++) {
    const size_t value = metric->offset + i;
    if (!is_nearest(of->plan, metric, i) || !is_there(of, value)) continue;
    if (any || varies(of, value))
      name_value(of->plan, metric, i, &charts[(*count)++]);
  }
}

heed_status charts_choose(const result *of, const report_options *options,
                          chart **charts, size_t *count, heed_error *error) {
  const plan *in = of->plan;
  const size_t default_count = sizeof interesting / sizeof *interesting;
  /* A metric may be named twice. */
  chart *made =
      calloc((options->metric_count + 1) * (in->value_count + 1), sizeof *made);
  *count = 0;
  *charts = made;
  if (made == NULL) return heed_fail(error, HEED_MEMORY, "memory is out");
  for (size_t i = 0; i < options->metric_count; i++) {
    const plan_metric *metric = find_metric(in, options->metrics[i]);
    if (metric == NULL) {
      free(made);
      *charts = NULL;
      return heed_fail(error, HEED_INVALID, "%s: there is no such metric",
                       options->metrics[i]);
    }
    add_metric(of, metric, true, made, count);
  }
  for (int any = 0; any < 2 && options->metric_count == 0 && *count == 0; any++)
    for (size_t i = 0; i < default_count; i++) {
      const plan_metric *metric = find_metric(in, interesting[i]);
      if (metric != NULL) add_metric(of, metric, any == 1, made, count);
    }
  return HEED_OK;
}

/* ---- labels ---- */

/* Names are of letters, digits and '_'. */
static void spaced(const char *name, char *text, size_t size) {
  (void)snprintf(text, size, "%s", name);
  for (char *c = text; *c != '\0'; c++)
    if (*c == '_') *c = ' ';
}

void chart_label(const chart *self, char *label, size_t size) {
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
