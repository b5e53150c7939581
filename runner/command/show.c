/* SPDX-License-Identifier: GPL-3.0-or-later
 * heed show: prints a summary of a result file. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "command.h"
#include "diagnosis/findings.h"
#include "evaluation/evaluation.h"
#include "lines.h"
#include "standard.h"
#include "tell.h"
#include "verdict/verdict.h"
#include "view/groups.h"
#include "view/safe.h"

/* With more lines than this, each metric gets one line unless some are named.
 */
#define MOST_LINES 200
/* Most kinds of failures, and of warnings. */
#define MOST_KINDS 20

/* ---- which axes ---- */

static heed_status open_view(const view_result *result,
                             const command_arguments *given, view_groups *self,
                             heed_error *error) {
  const size_t named = given->axes.count, all = result->plan->axis_count;
  size_t *axes = calloc(named + all + 1, sizeof *axes);
  heed_status status = HEED_OK;
  if (axes == NULL) return heed_no_memory(error);
  for (size_t i = 0; i < all; i++) axes[i] = i;
  for (size_t i = 0; status == HEED_OK && i < named; i++)
    status = view_find_axis(result->plan, "by", given->axes.texts[i], &axes[i],
                            error);
  if (status == HEED_OK)
    status =
        view_groups_open(result, named > 0 ? named : all, axes, self, error);
  free(axes);
  return status;
}

/* ---- which metrics ---- */

/* The metrics to show, in their order. */
typedef struct show_metrics {
  const plan_metric **all;
  size_t count;
} show_metrics;

static bool has_value(const view_result *result, const plan_metric *metric) {
  for (size_t row = 0; row < result->cells.rows; row++)
    for (size_t i = 0; i < metric->count; i++)
      if (!isnan(result->cells.values[row * result->plan->value_count +
                                      metric->offset + i]))
        return true;
  return false;
}

static bool is_listed(const show_metrics *self, const plan_metric *metric) {
  for (size_t i = 0; i < self->count; i++)
    if (self->all[i] == metric) return true;
  return false;
}

/* The named metrics in the order of their names or, if none is named, those
 * that have a value.  The caller frees self->all. */
static heed_status choose_metrics(const view_result *result,
                                  const command_arguments *given,
                                  show_metrics *self, heed_error *error) {
  const heed_plan *plan = result->plan;
  heed_status status = HEED_OK;
  self->count = 0;
  self->all = calloc(plan->metric_count + 1, sizeof(const plan_metric *));
  if (self->all == NULL) return heed_no_memory(error);
  for (size_t i = 0; status == HEED_OK && i < given->metrics.count; i++) {
    const plan_metric *metric;
    status = view_find_metric(plan, "metric", given->metrics.texts[i], &metric,
                              error);
    if (status == HEED_OK && !is_listed(self, metric))
      self->all[self->count++] = metric;
  }
  for (size_t i = 0; given->metrics.count == 0 && i < plan->metric_count; i++)
    if (has_value(result, &plan->metrics[i]))
      self->all[self->count++] = &plan->metrics[i];
  return status;
}

static size_t line_count(const view_groups *self, const show_metrics *metrics) {
  size_t count = 0;
  for (size_t i = 0; i < metrics->count; i++)
    count += metrics->all[i]->count * self->group_count;
  return count;
}

/* The labels of value number `value` of a metric, one per dimension. */
static void value_label(const heed_plan *plan, const plan_metric *metric,
                        size_t value, size_t dimension,
                        char label[LABEL_SIZE]) {
  for (size_t i = metric->dimension_count - 1; i > dimension; i--)
    value /= plan->dimensions[metric->dimensions[i]].count;
  const plan_coordinate *along =
      &plan->dimensions[metric->dimensions[dimension]];
  view_label(along, value % along->count, label);
}

/* ---- as CSV ---- */

static void csv_head(const view_groups *self, FILE *file) {
  const heed_plan *plan = self->result->plan;
  (void)fputs("metric,at", file);
  for (size_t i = 0; i < self->axis_count; i++) {
    (void)fputc(',', file);
    view_csv_field(file, plan->axes[self->axes[i]].coordinate.name);
  }
  (void)fputs(",replicates,value,low,high,cells,all_cells\n", file);
}

static void csv_line(view_groups *self, const plan_metric *metric, size_t value,
                     size_t group, FILE *file) {
  const heed_plan *plan = self->result->plan;
  const view_estimate found =
      view_groups_summary(self, group, metric->offset + value);
  const view_cells cells =
      view_groups_cells(self, group, metric->offset + value);
  char label[LABEL_SIZE] = "", number[NUMBER_SIZE];
  char position[2 * LABEL_SIZE] = "";
  for (size_t i = 0; i < metric->dimension_count; i++) {
    const size_t length = strlen(position);
    value_label(plan, metric, value, i, label);
    (void)snprintf(position + length, sizeof position - length, "%s%s=%s",
                   length == 0 ? "" : " ",
                   plan->dimensions[metric->dimensions[i]].name, label);
  }
  view_csv_field(file, metric->name);
  (void)fputc(',', file);
  view_csv_field(file, position);
  for (size_t i = 0; i < self->axis_count; i++) {
    const size_t axis = self->axes[i];
    (void)fputc(',', file);
    view_label(&plan->axes[axis].coordinate,
               plan->points[self->example[group]].position[axis], label);
    view_csv_name(file, label);
  }
  (void)fprintf(file, ",%zu", found.count);
  const double numbers[] = {found.value, found.low, found.high};
  for (size_t i = 0; i < 3; i++) {
    view_number(numbers[i], number);
    (void)fprintf(file, ",%s", number);
  }
  (void)fprintf(file, ",%zu,%zu\n", cells.known, cells.all);
}

static void make_csv(view_groups *self, const show_metrics *metrics,
                     FILE *file) {
  csv_head(self, file);
  for (size_t i = 0; i < metrics->count; i++) {
    const plan_metric *metric = metrics->all[i];
    for (size_t group = 0; group < self->group_count; group++)
      for (size_t j = 0; j < metric->count; j++)
        if (self->example[group] != SIZE_MAX)
          csv_line(self, metric, j, group, file);
  }
}

static heed_status show_csv(view_groups *self, const show_metrics *metrics,
                            heed_error *error) {
  char *bytes = NULL;
  size_t length = 0;
  FILE *memory = open_memstream(&bytes, &length);
  output_target target;
  heed_status status;
  bool whole;
  if (memory == NULL) return heed_no_memory(error);
  make_csv(self, metrics, memory);
  whole = ferror(memory) == 0;
  if (fclose(memory) != 0) whole = false;
  status = whole ? output_find("-", &target, error) : heed_no_memory(error);
  if (status == HEED_OK) status = standard_put(&target, bytes, length, error);
  if (whole) output_free(&target);
  free(bytes);
  return status;
}

/* ---- as text ---- */

static void format(double number, char text[NUMBER_SIZE]) {
  if (isnan(number))
    (void)snprintf(text, NUMBER_SIZE, "-");
  else
    (void)snprintf(text, NUMBER_SIZE, "%.4g", number);
}

static void show_axes(const view_result *result) {
  command_lines *page = lines_create(2, 0);
  for (size_t i = 0; i < result->plan->axis_count; i++) {
    const plan_coordinate *axis = &result->plan->axes[i].coordinate;
    const char *gap = axis->numbers != NULL ? "  " : " | ";
    char label[LABEL_SIZE], all[4 * LABEL_SIZE] = "";
    size_t used = 0;
    for (size_t j = 0; j < axis->count && used < sizeof all; j++) {
      view_label(axis, j, label);
      used += (size_t)snprintf(all + used, sizeof all - used, "%s%s",
                               j == 0 ? "" : gap, label);
    }
    lines_set(page, 0, axis->name);
    lines_set(page, 1, all);
    lines_next(page);
  }
  lines_print(page, stdout, "  ");
  lines_free(page);
}

static void show_head(const view_result *result) {
  size_t done = 0, failed = 0;
  for (size_t i = 0; i < result->cells.rows; i++) {
    done += result->cells.status[i] == RECORD_DONE;
    failed += result->cells.status[i] > RECORD_DONE;
  }
  const size_t cells = plan_cell_count(result->plan);
  safe_put(stdout, result->plan->title);
  printf("\n\n");
  show_axes(result);
  printf("\n%zu point%s x %zu replicate%s: %zu cell%s done",
         result->plan->point_count, heed_plural(result->plan->point_count),
         result->plan->replicates, heed_plural(result->plan->replicates), done,
         heed_plural(done));
  if (failed > 0) printf(", %zu failed", failed);
  if (done + failed < cells) printf(", %zu not run", cells - done - failed);
  printf("; seed %llu\n", (unsigned long long)result->plan->seed);
}

static void show_seconds(const view_result *result) {
  bool any = false;
  for (size_t stage = 0; stage < PLAN_STAGE_COUNT; stage++) {
    double total = 0;
    for (size_t i = 0; i < result->cells.rows; i++) {
      const double seconds =
          result->cells.seconds[i * PLAN_STAGE_COUNT + stage];
      if (!isnan(seconds)) total += seconds;
    }
    if (total <= 0) continue;
    printf("%s%s %.3g s",
           any ? ", " : "time: ", plan_stage_name((plan_stage)stage), total);
    any = true;
  }
  if (any) putchar('\n');
}

/* "37 of 40" where cells lack the value: other rows may be means over other
 * cells. */
static void fill_cells(const view_groups *self, command_lines *page,
                       size_t column, size_t group, size_t value) {
  const view_cells cells = view_groups_cells(self, group, value);
  char text[64] = "";
  if (cells.known < cells.all)
    (void)snprintf(text, sizeof text, "over %zu of %zu cells", cells.known,
                   cells.all);
  lines_set(page, column, text);
}

/* A line of a metric's table: its point, its labels, the value. */
static void fill_line(view_groups *self, command_lines *page,
                      const plan_metric *metric, size_t value, size_t group) {
  const heed_plan *plan = self->result->plan;
  const view_estimate found =
      view_groups_summary(self, group, metric->offset + value);
  size_t column = 0;
  char text[LABEL_SIZE], low[NUMBER_SIZE], high[NUMBER_SIZE];
  for (size_t i = 0; i < self->axis_count; i++) {
    const size_t axis = self->axes[i];
    view_label(&plan->axes[axis].coordinate,
               plan->points[self->example[group]].position[axis], text);
    lines_set(page, column++, text);
  }
  for (size_t i = 0; i < metric->dimension_count; i++) {
    value_label(plan, metric, value, i, text);
    lines_set(page, column++, text);
  }
  format(found.value, text);
  lines_set(page, column++, text);
  format(found.low, low);
  format(found.high, high);
  (void)snprintf(text, sizeof text, "[%s, %s]", low, high);
  lines_set(page, column++, isnan(found.low) ? "" : text);
  (void)snprintf(text, sizeof text, "%zu", found.count);
  lines_set(page, column++, text);
  fill_cells(self, page, column, group, metric->offset + value);
  lines_next(page);
}

static void fill_head(const view_groups *self, command_lines *page,
                      const plan_metric *metric) {
  const heed_plan *plan = self->result->plan;
  size_t column = 0;
  bool bootstrap = false;
  for (size_t i = 0; i < self->group_count; i++)
    bootstrap = bootstrap || self->bootstrap[i];
  for (size_t i = 0; i < self->axis_count; i++)
    lines_set(page, column++, plan->axes[self->axes[i]].coordinate.name);
  for (size_t i = 0; i < metric->dimension_count; i++)
    lines_set(page, column++, plan->dimensions[metric->dimensions[i]].name);
  lines_set(page, column++, bootstrap ? "value" : "mean");
  lines_set(page, column++, "95 % interval");
  lines_set(page, column, "n");
  lines_next(page);
}

/* Whether rows of the metric's table are means over different cells. */
static bool is_uneven(const view_groups *self, const plan_metric *metric) {
  if (self->group_count == 1) return false;
  for (size_t i = 0; i < metric->count; i++)
    if (view_groups_partial(self, metric->offset + i)) return true;
  return false;
}

/* Says why the sweep has no value of a metric. */
static void show_reason(const plan_metric *metric) {
  const evaluation_metric which = evaluation_named(metric->name);
  if (which == METRIC_COUNT)
    printf("  no cell has a value: no plugin reported it\n");
  else
    printf("  no cell has a value; the metric needs %s\n",
           evaluation_definitions[which].needs);
}

static void show_table(view_groups *self, const plan_metric *metric) {
  const size_t labels = self->axis_count + metric->dimension_count;
  command_lines *page =
      lines_create(labels + 4, labels < 60 ? 1ul << labels : 0);
  fill_head(self, page, metric);
  for (size_t group = 0; group < self->group_count; group++)
    for (size_t i = 0; i < metric->count; i++)
      if (self->example[group] != SIZE_MAX)
        fill_line(self, page, metric, i, group);
  lines_print(page, stdout, "  ");
  lines_free(page);
  if (is_uneven(self, metric))
    printf(
        "  A row over fewer cells averages other cells: do not compare it with "
        "the other rows.\n");
}

static void show_metric(view_groups *self, const plan_metric *metric) {
  printf("\n%s", metric->name);
  if (metric->unit != NULL && strcmp(metric->unit, "1") != 0)
    printf(" [%s]", metric->unit);
  printf("%s%s\n", *metric->doc == '\0' ? "" : ": ", metric->doc);
  if (has_value(self->result, metric))
    show_table(self, metric);
  else
    show_reason(metric);
}

/* A line with the range of a metric's means. */
static void fill_range(view_groups *self, command_lines *page,
                       const plan_metric *metric) {
  double low = NAN, high = NAN;
  char text[2 * NUMBER_SIZE + 8], source[NUMBER_SIZE], target[NUMBER_SIZE];
  for (size_t group = 0; group < self->group_count; group++)
    for (size_t i = 0; i < metric->count; i++) {
      const double value =
          view_groups_summary(self, group, metric->offset + i).value;
      low = fmin(low, value);
      high = fmax(high, value);
    }
  format(low, source);
  format(high, target);
  (void)snprintf(text, sizeof text, "%s to %s", source, target);
  lines_set(page, 0, metric->name);
  lines_set(page, 1, text);
  lines_set(page, 2, metric->doc);
  lines_next(page);
}

static void show_ranges(view_groups *self, const show_metrics *metrics) {
  command_lines *page = lines_create(3, 0);
  printf("\nmetrics: range of means\n");
  for (size_t i = 0; i < metrics->count; i++)
    fill_range(self, page, metrics->all[i]);
  lines_print(page, stdout, "  ");
  lines_free(page);
  printf("\nheed show %s --metric NAME --by AXIS shows one metric in full\n",
         self->result->path);
}

/* ---- failures and warnings ---- */

static heed_status show_failures(const view_result *result, heed_error *error) {
  diagnosis_failure *kinds;
  size_t count, more;
  const heed_status status =
      diagnosis_failures(result, true, &kinds, &count, &more, error);
  if (status != HEED_OK) return status;
  if (count > 0) printf("\nfailures\n");
  for (size_t i = 0; i < count && i < MOST_KINDS; i++) {
    printf("  %zu x %s%s%s", kinds[i].cells, kinds[i].stage,
           *kinds[i].plugin == '\0' ? "" : ", ", kinds[i].plugin);
    if (*kinds[i].where != '\0') printf(", at ");
    safe_put(stdout, kinds[i].where);
    printf(": ");
    safe_put(stdout, kinds[i].message);
    putchar('\n');
  }
  if (count > MOST_KINDS || more > 0) printf("  and others\n");
  free(kinds);
  return HEED_OK;
}

static void show_warnings(const view_result *result) {
  const work_batch *batch = &result->cells;
  bool *told = calloc(batch->warning_count + 1, sizeof *told);
  size_t kinds = 0;
  if (batch->warning_count > 0) printf("\nwarnings\n");
  for (size_t i = 0; told != NULL && i < batch->warning_count; i++) {
    size_t count = 0;
    for (size_t j = i; !told[i] && j < batch->warning_count; j++)
      if (strcmp(batch->warning_code[i], batch->warning_code[j]) == 0 &&
          strcmp(batch->warning_plugin[i], batch->warning_plugin[j]) == 0) {
        count++;
        told[j] = j > i;
      }
    if (count > 0 && kinds++ == MOST_KINDS) printf("  and others\n");
    if (count == 0 || kinds > MOST_KINDS) continue;
    printf("  %zu x %s%s%s: ", count, batch->warning_code[i],
           *batch->warning_plugin[i] == '\0' ? "" : ", ",
           batch->warning_plugin[i]);
    safe_put(stdout, batch->warning_message[i]);
    putchar('\n');
  }
  free(told);
}

static heed_status show_signatures(view_result *result, heed_error *error) {
  diagnosis_signature *found;
  size_t count;
  const heed_status status = diagnosis_find(result, &found, &count, error);
  if (status != HEED_OK) return status;
  if (count > 0) printf("\nsignatures of failure\n");
  for (size_t i = 0; i < count; i++)
    printf("  %s: %s\n    %s\n", found[i].name, found[i].seen, found[i].advice);
  diagnosis_free(found, count);
  return HEED_OK;
}

/* ---- the verdict on a log ---- */

static void show_standing(command_lines *page, size_t column,
                          const verdict_standing *standing) {
  char text[3 * NUMBER_SIZE];
  (void)snprintf(text, sizeof text, "%.0f",
                 leaderboard_elo(standing->strength));
  lines_set(page, column, text);
  *text = '\0';
  if (!isnan(standing->low))
    (void)snprintf(text, sizeof text, "[%.0f, %.0f]",
                   leaderboard_elo(standing->low),
                   leaderboard_elo(standing->high));
  lines_set(page, column + 1, text);
  *text = '\0';
  if (!isnan(standing->low))
    (void)snprintf(text, sizeof text, "%zu to %zu", standing->best,
                   standing->worst);
  lines_set(page, column + 2, text);
}

static void show_board(const view_result *result, const verdict_board *board) {
  enum { MOST_MODELS = 10 };
  const verdict_standing *by =
      board->attended != NULL ? board->attended : board->raw;
  const bool both = board->raw != NULL && board->attended != NULL;
  if (by == NULL) return;
  command_lines *page = lines_create(6, 1ul | 1ul << 2 | 1ul << 5);
  static const char *const head[] = {"rank",     "model", "Elo",
                                     "interval", "ranks", "raw rank"};
  for (size_t i = 0; i < 5 + (size_t)both; i++) lines_set(page, i, head[i]);
  lines_next(page);
  for (size_t i = 0; i < board->models && i < MOST_MODELS; i++) {
    const size_t m = board->order[i];
    char text[NUMBER_SIZE];
    (void)snprintf(text, sizeof text, "%zu", by[m].rank);
    lines_set(page, 0, text);
    lines_set(page, 1, verdict_model(board, m));
    show_standing(page, 2, &by[m]);
    if (both) {
      (void)snprintf(text, sizeof text, "%zu", board->raw[m].rank);
      lines_set(page, 5, text);
    }
    lines_next(page);
  }
  lines_print(page, stdout, "  ");
  lines_free(page);
  if (board->models > MOST_MODELS)
    printf("  and %zu more: heed report %s\n", board->models - MOST_MODELS,
           result->path);
}

static void show_users(const verdict_log *log) {
  const verdict_users *users = &log->users;
  if (users->count == 0) return;
  if (!users->identified) {
    printf("  the annotations do not show who pays attention\n");
    return;
  }
  if (!isnan(log->share.value))
    printf(
        "  %.0f %% of %zu users pay attention, 95 %% interval [%.0f, %.0f]: "
        "eta is %g or more\n",
        100 * log->share.value, users->count, 100 * log->share.low,
        100 * log->share.high, log->question.threshold);
  printf(
      "  careless: %zu, trusted: %zu, unsure: %zu; expected mistakes: at most "
      "%g %% of the careless and of the trusted; heed users lists them\n",
      users->careless_count, users->trusted_count,
      users->count - users->careless_count - users->trusted_count,
      100 * log->question.alpha);
}

static void show_checks(const view_result *result, size_t point) {
  const size_t count = verdict_check_count(result);
  verdict_check check;
  char finding[VERDICT_FINDING_SIZE];
  for (size_t i = 0; i < count; i++) {
    if (!verdict_find_check(result, point, i, &check) || check.passes) continue;
    verdict_check_finding(&check, finding);
    (void)fputs("  check failed: ", stdout);
    safe_put(stdout, finding);
    printf(" than the fit expects (%s%.4g; expected %.4g to %.4g)\n",
           check.unit == VERDICT_VARIATION ? "variation " : "", check.seen,
           check.low, check.high);
  }
}

static heed_status show_verdict(view_result *result, heed_error *error) {
  static const verdict_question question = {VERDICT_THRESHOLD, VERDICT_ALPHA};
  verdict_log log;
  const heed_status status =
      verdict_open(result, SIZE_MAX, &question, &log, error);
  if (status != HEED_OK || !log.known) return status;
  printf("\nverdict\n");
  show_users(&log);
  show_checks(result, log.point);
  show_board(result, &log.board);
  if (log.others > 0)
    printf(
        "  This is the first of %zu fits; heed report --cell shows another\n",
        log.others + 1);
  verdict_close(&log);
  return HEED_OK;
}

static heed_status show_text(view_result *result, view_groups *self,
                             const command_arguments *given,
                             const show_metrics *metrics, heed_error *error) {
  show_head(result);
  show_seconds(result);
  if (given->metrics.count == 0) {
    const heed_status judged = show_verdict(result, error);
    if (judged != HEED_OK) return judged;
  }
  if (given->metrics.count == 0 && line_count(self, metrics) > MOST_LINES)
    show_ranges(self, metrics);
  else
    for (size_t i = 0; i < metrics->count; i++)
      show_metric(self, metrics->all[i]);
  const heed_status status = show_failures(self->result, error);
  if (status == HEED_OK) show_warnings(self->result);
  return status;
}

static heed_status show(view_result *result, const command_arguments *given,
                        heed_error *error) {
  view_groups self = {0};
  show_metrics metrics;
  heed_status status = choose_metrics(result, given, &metrics, error);
  if (status == HEED_OK) status = open_view(result, given, &self, error);
  if (status == HEED_OK && given->csv)
    status = show_csv(&self, &metrics, error);
  else if (status == HEED_OK)
    status = show_text(result, &self, given, &metrics, error);
  view_groups_close(&self);
  free(metrics.all);
  return given->csv || status != HEED_OK ? status
                                         : show_signatures(result, error);
}

int command_show(const command_arguments *given) {
  view_result result;
  heed_error error;
  heed_status status = tell_open(given->file, &result, &error);
  if (status != HEED_OK) return command_error(&error);
  status = show(&result, given, &error);
  view_result_close(&result);
  return status == HEED_OK ? EXIT_DONE : command_error(&error);
}
