/* SPDX-License-Identifier: GPL-3.0-or-later
 * The page: self-contained HTML. */
#include <math.h>
#include <nettle/base64.h>
#include <stdlib.h>
#include <string.h>

#include "chart.h"
#include "diagnosis/findings.h"
#include "draw.h"
#include "evaluation/evaluation.h"
#include "host/host.h"
#include "html.h"
#include "report/report.h"
#include "verdict_page.h"

/* Most rows of one table; `heed show --csv` prints all. */
enum { MOST_ROWS = 400 };

static const char style[] =
    "body{font:16px/1.5 system-ui,sans-serif;color:#1c1c1c;background:#fff;"
    "max-width:1180px;margin:0 auto;padding:1rem}"
    "h1{line-height:1.2;margin:.5rem 0}h2{margin:2.2rem 0 .6rem;border-bottom:"
    "1px solid #ddd}h3{margin:1.6rem 0 .2rem}p{margin:.4rem 0}"
    ".caption::first-letter{text-transform:uppercase}"
    "a{color:#0057a0}nav a{margin-right:1.2rem}.note{color:#555}"
    /* n panels per row, or fewer if they would be narrower than w */
    ".panels{--w:340px;display:grid;gap:.6rem;margin:.5rem 0;grid-template-"
    "columns:repeat(auto-fill,minmax(min(100%,max(var(--w),calc((100% - .6rem*("
    "var(--n) - 1))/var(--n)))),1fr))}.panels.wide{--w:560px}"
    ".panel{overflow-x:auto}.panel img{display:block;width:100%}"
    ".wide .panel img{min-width:540px;max-width:760px}"
    ".key{display:flex;flex-wrap:wrap;gap:.2rem 1.1rem;margin:.4rem 0}"
    ".key i{display:inline-block;width:1.5em;height:.3em;vertical-align:middle;"
    "margin-right:.4em}"
    ".box{overflow-x:auto}table{border-collapse:collapse;font-size:.9rem}"
    "td,th{padding:.2rem .7rem;text-align:left;border-bottom:1px solid #e4e4e4;"
    "vertical-align:top}"
    "td.n{text-align:right;font-variant-numeric:tabular-nums;white-space:"
    "nowrap}"
    "th.n{text-align:right}.facts td,pre{overflow-wrap:anywhere}"
    "pre{background:#f6f6f6;padding:.8rem;white-space:pre-wrap;font-size:"
    ".85rem}"
    "details{margin:.4rem 0}summary{cursor:pointer;color:#0057a0}"
    ".sign{border-left:4px solid #d55e00;padding:.1rem .9rem;margin:.8rem 0}";

typedef struct page {
  FILE *file;
  view_result *result;
  report_layout layout;
  report_chart *charts;
  size_t chart_count;
  report_drawing drawing;
  verdict_log verdict;  /* known: of a log */
  view_pseudonyms *key; /* or NULL */
} page;

/* ---- pieces of HTML ---- */

static void embed(FILE *file, const char *svg, const char *alt) {
  const size_t length = strlen(svg);
  char *text = malloc(BASE64_ENCODE_RAW_LENGTH(length) + 1);
  if (text == NULL) return;
  base64_encode_raw(text, length, (const uint8_t *)svg);
  text[BASE64_ENCODE_RAW_LENGTH(length)] = '\0';
  (void)fputs("<div class=panel><img alt=\"", file);
  html_text(file, alt);
  fprintf(file, "\" src=\"data:image/svg+xml;base64,%s\"></div>\n", text);
  free(text);
}

/* ---- head ---- */

static void put_head(const page *self) {
  const heed_plan *plan = self->result->plan;
  fprintf(self->file,
          "<!doctype html>\n<html lang=en>\n<meta charset=utf-8>\n"
          "<meta name=viewport content=\"width=device-width,initial-scale=1\">"
          "\n");
  html_element(self->file, "title", plan->title);
  fprintf(self->file, "\n<style>%s%s</style>\n", style, verdict_page_style);
  html_element(self->file, "h1", plan->title);
  (void)fputc('\n', self->file);
}

typedef struct page_counts {
  size_t done, failed, missing;
} page_counts;

static page_counts count_cells(const page *self) {
  const work_batch *cells = &self->result->cells;
  page_counts count = {0};
  for (size_t i = 0; i < cells->rows; i++) {
    count.done += cells->status[i] == RECORD_DONE;
    count.failed += cells->status[i] > RECORD_DONE;
  }
  count.missing =
      plan_cell_count(self->result->plan) - count.done - count.failed;
  return count;
}

static void put_counts(const page *self) {
  const heed_plan *plan = self->result->plan;
  const page_counts count = count_cells(self);
  fprintf(self->file,
          "<p class=note>%zu point%s × %zu replicate%s: %zu cell%s done, "
          "%zu failed, %zu not run; seed %llu</p>\n",
          plan->point_count, heed_plural(plan->point_count), plan->replicates,
          heed_plural(plan->replicates), count.done, heed_plural(count.done),
          count.failed, count.missing, (unsigned long long)plan->seed);
}

/* What the page is about, above all else. */
static void put_subject(const page *self) {
  const page_counts count = count_cells(self);
  if (self->verdict.known)
    verdict_page_put_facts(self->file, self->result, &self->verdict);
  if (!self->verdict.known || count.failed + count.missing > 0)
    put_counts(self);
}

static void put_links(const page *self) {
  fprintf(self->file, "<nav>");
  if (self->verdict.known)
    fprintf(self->file, "<a href=\"#verdict\">verdict</a> ");
  for (size_t c = 0; c < self->chart_count; c++)
    if (c == 0 || self->charts[c].metric != self->charts[c - 1].metric) {
      fprintf(self->file, "<a href=\"#figure-%zu\">", c);
      html_text(self->file, self->charts[c].metric->name);
      fprintf(self->file, "</a> ");
    }
  fprintf(self->file,
          "<a href=\"#provenance\">provenance</a> <a href=\"#sweep\">sweep</a>"
          "</nav>\n");
}

/* What a reader must know before the figures: findings, the worst first. */
static heed_status put_findings(const page *self, heed_error *error) {
  diagnosis_finding *found;
  size_t count;
  const heed_status status =
      diagnosis_gather(self->result, SIZE_MAX, &found, &count, error);
  if (status != HEED_OK) return status;
  if (self->key != NULL) diagnosis_leave_out_words(found, count);
  if (count > 0)
    fprintf(self->file,
            "<h2>Read this first: warnings, the worst first</h2>\n");
  for (size_t i = 0; i < count; i++) {
    char line[FINDING_TEXT];
    diagnosis_line(&found[i], line);
    fprintf(self->file, "<div class=sign><p><b>");
    line[strlen(found[i].name)] = '\0';
    html_text(self->file, line);
    fprintf(self->file, "</b> ");
    html_text(self->file, line + strlen(line) + 1);
    fprintf(self->file, "</p>");
    if (found[i].advice != NULL) {
      fprintf(self->file, "<p class=note>");
      html_text(self->file, found[i].advice);
      fprintf(self->file, "</p>");
    }
    fprintf(self->file, "</div>\n");
  }
  free(found);
  return HEED_OK;
}

/* ---- figures ---- */

static void put_key(const page *self) {
  const plan_coordinate *lines = layout_axis(&self->layout, self->layout.lines);
  if (lines == NULL) return;
  fprintf(self->file, "<div class=key><span>");
  html_text(self->file, lines->name);
  fprintf(self->file, ":</span>");
  for (size_t i = 0; i < lines->count; i++) {
    char label[LABEL_SIZE];
    view_label(lines, i, label);
    fprintf(self->file, "<span><i style=\"background:%s\"></i>",
            drawing_colors[i]);
    html_text(self->file, label);
    fprintf(self->file, "</span>");
  }
  fprintf(self->file, "</div>\n");
}

static bool any_bootstrap(const page *self) {
  for (size_t i = 0; i < self->layout.view.group_count; i++)
    if (self->layout.view.bootstrap[i]) return true;
  return false;
}

/* How many replicates the means of a chart have: "10", or "7 to 10" where
 * cells lack the value. */
static void count_replicates(page *self, const report_chart *drawn,
                             size_t fewer, char *text, size_t size) {
  view_groups *shown = &self->layout.view;
  size_t least = SIZE_MAX, most = 0;
  for (size_t group = 0; group < shown->group_count; group++) {
    const size_t count = view_groups_summary(shown, group, drawn->value).count;
    if (count == 0) continue;
    if (count < least) least = count;
    if (count > most) most = count;
  }
  if (most <= fewer)
    (void)snprintf(text, size, "0");
  else if (least == most)
    (void)snprintf(text, size, "%zu", most - fewer);
  else
    (void)snprintf(text, size, "%zu to %zu", least > fewer ? least - fewer : 0,
                   most - fewer);
}

static void put_caption(page *self, const report_chart *drawn) {
  const report_layout *layout = &self->layout;
  const bool bootstrap = any_bootstrap(self);
  char replicates[64];
  count_replicates(self, drawn, bootstrap, replicates, sizeof replicates);
  fprintf(self->file, "<p class=\"note caption\">");
  html_text(self->file, drawn->metric->doc);
  if (bootstrap)
    fprintf(self->file,
            ". Value of the log; bands or bars: 95 %% intervals from the "
            "percentiles of %s bootstrap replicates",
            replicates);
  else if (self->result->plan->replicates > 1)
    fprintf(self->file,
            ". Means; bands or bars: 95 %% intervals (Student) over "
            "%s replicates",
            replicates);
  else
    fprintf(self->file, ". One replicate: no intervals");
  for (size_t i = 0; i < layout->averaged_count; i++) {
    fprintf(self->file, "%s", i == 0 ? ". Averaged over " : ", ");
    html_text(self->file, layout_axis(layout, layout->averaged[i])->name);
  }
  fprintf(self->file, ". [1]: a number without a unit.</p>\n");
  if (view_groups_partial(&layout->view, drawn->value))
    fprintf(self->file,
            "<p class=note><b>Some points average fewer cells than others</b> "
            "(see Numbers): do not compare them with the other points.</p>\n");
}

static void put_panels(const page *self, size_t c) {
  const report_layout *layout = &self->layout;
  const plan_coordinate *x = layout_axis(layout, layout->x);
  const plan_coordinate *row =
      layout->panel_axis_count == 0
          ? NULL
          : layout_axis(layout,
                        layout->panel_axes[layout->panel_axis_count - 1]);
  fprintf(self->file, "<div class=\"panels%s\" style=\"--n:%zu\">\n",
          x == NULL || x->numbers == NULL ? " wide" : "",
          row == NULL || row->count < 2 ? (size_t)2 : row->count);
  for (size_t panel = 0; panel < layout->panel_count; panel++) {
    char alt[4 * LABEL_SIZE], title[4 * LABEL_SIZE];
    layout_panel_title(layout, panel, title, sizeof title);
    (void)snprintf(alt, sizeof alt, "%.60s over %.60s%s%.900s",
                   self->charts[c].metric->name, x == NULL ? "all" : x->name,
                   *title == '\0' ? "" : "; ", title);
    embed(self->file, self->drawing.svg[c * layout->panel_count + panel], alt);
  }
  fprintf(self->file, "</div>\n");
}

/* ---- tables ---- */

static void put_table_head(const page *self) {
  const view_groups *shown = &self->layout.view;
  fprintf(self->file, "<div class=box><table><tr>");
  for (size_t i = 0; i < shown->axis_count; i++)
    html_element(self->file, "th",
                 self->result->plan->axes[shown->axes[i]].coordinate.name);
  fprintf(self->file, "<th>mean<th>low<th>high<th>replicates<th>cells</tr>\n");
}

static void put_table_line(page *self, const report_chart *drawn,
                           size_t group) {
  view_groups *shown = &self->layout.view;
  const heed_plan *plan = self->result->plan;
  const plan_point *point = &plan->points[shown->example[group]];
  const view_estimate summary = view_groups_summary(shown, group, drawn->value);
  fprintf(self->file, "<tr>");
  for (size_t i = 0; i < shown->axis_count; i++) {
    char label[LABEL_SIZE];
    view_label(&plan->axes[shown->axes[i]].coordinate,
               point->position[shown->axes[i]], label);
    html_element(self->file, "td", label);
  }
  html_number(self->file, summary.value);
  html_number(self->file, summary.low);
  html_number(self->file, summary.high);
  const view_cells cells = view_groups_cells(shown, group, drawn->value);
  fprintf(self->file, "<td class=n>%zu</td><td class=n>%zu of %zu</td></tr>\n",
          summary.count, cells.known, cells.all);
}

static void put_table(page *self, const report_chart *drawn) {
  const view_groups *shown = &self->layout.view;
  size_t rows = 0;
  fprintf(self->file, "<details><summary>Numbers</summary>\n");
  put_table_head(self);
  for (size_t group = 0; group < shown->group_count && rows < MOST_ROWS;
       group++) {
    if (shown->example[group] == SIZE_MAX) continue;
    put_table_line(self, drawn, group);
    rows++;
  }
  fprintf(self->file, "</table></div>%s</details>\n",
          rows < MOST_ROWS
              ? ""
              : "<p class=note>heed show --csv prints all rows</p>");
}

/* The values of a result without axes: a figure of one point says nothing. */
static void put_values(const page *self) {
  const heed_plan *plan = self->result->plan;
  fprintf(self->file,
          "<h2 id=numbers>All numbers</h2>\n<details><summary>%zu metrics"
          "</summary>\n<div class=box><table><tr><th>metric<th><th>value<th>low"
          "<th>high<th>what it is</tr>\n",
          plan->metric_count);
  for (size_t i = 0; i < plan->metric_count; i++)
    for (size_t j = 0; j < plan->metrics[i].count; j++) {
      const plan_metric *metric = &plan->metrics[i];
      const view_estimate found =
          verdict_metric(self->result, self->verdict.point, metric->name, j);
      char label[LABEL_SIZE] = "";
      if (isnan(found.value)) continue;
      if (metric->dimension_count == 1)
        view_label(&plan->dimensions[metric->dimensions[0]], j, label);
      fprintf(self->file, "<tr>");
      html_element(self->file, "td", metric->name);
      html_element(self->file, "td", label);
      html_number(self->file, found.value);
      html_number(self->file, found.low);
      html_number(self->file, found.high);
      html_element(self->file, "td", metric->doc);
      fprintf(self->file, "</tr>\n");
    }
  fprintf(self->file, "</table></div></details>\n");
}

/* Whether the page of a log needs no figure of metrics. */
static bool is_plain(const page *self, const report_options *options) {
  return self->verdict.known && self->result->plan->axis_count == 0 &&
         options->metric_count == 0;
}

static void put_figures(page *self) {
  fprintf(self->file, "<h2>Figures</h2>\n");
  for (size_t c = 0; c < self->chart_count; c++) {
    char label[2 * LABEL_SIZE];
    chart_label(&self->charts[c], label, sizeof label);
    fprintf(self->file, "<h3 id=\"figure-%zu\">", c);
    html_text(self->file, label);
    fprintf(self->file, "</h3>\n");
    put_key(self);
    put_panels(self, c);
    put_caption(self, &self->charts[c]);
    put_table(self, &self->charts[c]);
  }
  if (self->chart_count == 0)
    fprintf(self->file,
            "<p>No figures: no metric of evaluation has a value.</p>\n");
}

static bool is_drawn(const page *self, const char *metric) {
  for (size_t c = 0; c < self->chart_count; c++)
    if (strcmp(self->charts[c].metric->name, metric) == 0) return true;
  return false;
}

/* Says why metrics that the user named have no figure. */
static void put_missing(const page *self, const report_options *options) {
  for (size_t i = 0; i < options->metric_count; i++) {
    const evaluation_metric which = evaluation_named(options->metrics[i]);
    if (is_drawn(self, options->metrics[i])) continue;
    (void)fputs("<p>", self->file);
    html_text(self->file, options->metrics[i]);
    (void)fputs(": no cell has a value", self->file);
    if (which < METRIC_COUNT) {
      (void)fputs("; the metric needs ", self->file);
      html_text(self->file, evaluation_definitions[which].needs);
    }
    (void)fputs("</p>\n", self->file);
  }
}

/* ---- failures ---- */

static heed_status put_failures(const page *self, heed_error *error) {
  diagnosis_failure *kinds;
  size_t count, more;
  const bool nameless = self->key != NULL;
  const heed_status status =
      diagnosis_failures(self->result, !nameless, &kinds, &count, &more, error);
  if (status != HEED_OK) return status;
  if (count > 0)
    fprintf(self->file, "<h2>Failures</h2>\n<div class=box><table>\n");
  for (size_t i = 0; i < count; i++) {
    fprintf(self->file, "<tr><td class=n>%zu ×</td>", kinds[i].cells);
    html_element(self->file, "td", kinds[i].stage);
    html_element(self->file, "td", kinds[i].plugin);
    html_element(self->file, "td", kinds[i].where);
    html_element(self->file, "td",
                 nameless ? WORDS_LEFT_OUT : kinds[i].message);
    fprintf(self->file, "</tr>\n");
  }
  if (more > 0)
    fprintf(self->file, "<tr><td class=n>%zu ×</td><td>others</td></tr>\n",
            more);
  if (count > 0) fprintf(self->file, "</table></div>\n");
  free(kinds);
  return HEED_OK;
}

/* ---- provenance ---- */

static void put_note(page *self, const char *name) {
  work_batch *cells = &self->result->cells;
  char *text = hdf_read_note_text(&cells->file, cells->root, name);
  html_row(self->file, name, text);
  free(text);
}

/* In words: a page about a log does not begin with them. */
static void put_cells(const page *self) {
  const heed_plan *plan = self->result->plan;
  const page_counts count = count_cells(self);
  char text[LABEL_SIZE], number[32];
  if (!self->verdict.known) return;
  if (plan->point_count == 1 && plan->replicates > 1 &&
      view_is_bootstrap(self->result, 0))
    (void)snprintf(text, sizeof text,
                   "%zu: the log and %zu resample%s; %zu done, %zu failed",
                   plan->replicates, plan->replicates - 1,
                   heed_plural(plan->replicates - 1), count.done, count.failed);
  else
    (void)snprintf(text, sizeof text, "%zu done, %zu failed, %zu not run",
                   count.done, count.failed, count.missing);
  html_row(self->file, "fits", text);
  (void)snprintf(number, sizeof number, "%llu", (unsigned long long)plan->seed);
  html_row(self->file, "seed", number);
}

/* Folders and names of files may be names of users. */
static void put_input(const page *self, const plan_input *input) {
  char text[2 * LABEL_SIZE];
  (void)snprintf(text, sizeof text, "%s%sSHA-256 %s",
                 self->key == NULL ? input->path : "",
                 self->key == NULL ? ", " : "", input->sha256);
  html_row(self->file, "input", text);
}

static void put_sweep(const page *self) {
  (void)fputs("<h2 id=sweep>The sweep</h2>\n", self->file);
  if (self->key == NULL) {
    (void)fputs("<pre>", self->file);
    html_text(self->file, self->result->plan->sweep_text);
    (void)fputs("</pre>\n", self->file);
  } else {
    (void)fputs(
        "<p>The text of the sweep, its path, the command and the paths of its "
        "inputs are left out: they may name users. The result holds them.</p>"
        "\n",
        self->file);
  }
}

static void put_provenance(page *self) {
  const heed_plan *plan = self->result->plan;
  static const char *const notes[] = {"heed_version", "start", "end",
                                      "command"};
  const size_t note_count =
      sizeof notes / sizeof *notes - (self->key == NULL ? 0 : 1);
  fprintf(self->file,
          "<h2 id=provenance>Provenance</h2>\n<div class=box>"
          "<table class=facts>\n");
  put_cells(self);
  for (size_t i = 0; i < note_count; i++) put_note(self, notes[i]);
  if (self->key == NULL) html_row(self->file, "sweep", plan->sweep_file);
  for (size_t i = 0; i < plan->input_count; i++)
    put_input(self, &plan->inputs[i]);
  for (size_t i = 0; i < plan->plugin_count; i++) {
    char text[2 * LABEL_SIZE];
    (void)snprintf(text, sizeof text, "%s/%s %s, SHA-256 %.16s…",
                   kind_name(plan->plugins[i].kind), plan->plugins[i].name,
                   plan->plugins[i].version, plan->plugins[i].sha256);
    html_row(self->file, "plugin", text);
  }
  fprintf(self->file, "</table></div>\n");
  put_sweep(self);
  fprintf(self->file, "</html>\n");
}

/* ---- the page ---- */

static heed_status put_page(page *self, const report_options *options,
                            heed_error *error) {
  heed_status status;
  put_head(self);
  put_subject(self);
  put_links(self);
  status = put_findings(self, error);
  if (status != HEED_OK) return status;
  if (self->verdict.known)
    status = verdict_page_put(self->file, self->result, &self->verdict,
                              self->key, error);
  if (status != HEED_OK) return status;
  if (is_plain(self, options))
    put_values(self);
  else
    put_figures(self);
  put_missing(self, options);
  status = put_failures(self, error);
  if (status != HEED_OK) return status;
  put_provenance(self);
  return self->result->cells.file.status;
}

static heed_status draw(page *self, const report_options *options,
                        heed_error *error) {
  heed_status status =
      layout_choose(self->result, options, &self->layout, error);
  if (status == HEED_OK && is_plain(self, options)) return HEED_OK;
  if (status == HEED_OK)
    status = charts_choose(self->result, options, &self->charts,
                           &self->chart_count, error);
  if (status == HEED_OK)
    status = drawing_make(&self->layout, self->charts, self->chart_count,
                          &self->drawing, error);
  return status;
}

static heed_status judge(page *self, const report_options *options,
                         heed_error *error) {
  const verdict_question question = {options->threshold, options->alpha};
  heed_status status = HEED_OK;
  if (options->pseudonyms != NULL) {
    self->key = malloc(sizeof *self->key);
    if (self->key == NULL) return heed_no_memory(error);
    status = pseudonyms_read(options->pseudonyms, self->key, error);
  }
  return status == HEED_OK ? verdict_open(self->result, options->cell,
                                          &question, &self->verdict, error)
                           : status;
}

heed_status report_make(view_result *result, const report_options *options,
                        char **text, size_t *length, heed_error *error) {
  page self = {.result = result};
  heed_status status = judge(&self, options, error);
  if (status == HEED_OK) status = draw(&self, options, error);
  *text = NULL;
  if (status == HEED_OK) self.file = open_memstream(text, length);
  if (status == HEED_OK && self.file == NULL) status = heed_no_memory(error);
  if (status == HEED_OK) status = put_page(&self, options, error);
  if (self.file != NULL && fclose(self.file) != 0 && status == HEED_OK)
    status = heed_no_memory(error);
  if (status != HEED_OK) {
    free(*text);
    *text = NULL;
  }
  drawing_free(&self.drawing);
  free(self.charts);
  layout_close(&self.layout);
  verdict_close(&self.verdict);
  free(self.key);
  return status;
}
