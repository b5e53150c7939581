/* SPDX-License-Identifier: GPL-3.0-or-later
 * The page: HTML with everything in it. */
#include <math.h>
#include <nettle/base64.h>
#include <stdlib.h>
#include <string.h>

#include "host/host.h"
#include "report/chart.h"
#include "report/draw.h"
#include "report/report.h"
#include "signatures/signatures.h"

/* Rows of one table; `heed show --csv` has all. */
enum { MOST_ROWS = 400 };

static const char style[] =
    "body{font:16px/1.5 system-ui,sans-serif;color:#1c1c1c;background:#fff;"
    "max-width:1180px;margin:0 auto;padding:1rem}"
    "h1{line-height:1.2;margin:.5rem 0}h2{margin:2.2rem 0 .6rem;border-bottom:"
    "1px solid #ddd}h3{margin:1.6rem 0 .2rem}p{margin:.4rem 0}"
    ".caption::first-letter{text-transform:uppercase}"
    "a{color:#0057a0}nav a{margin-right:1.2rem}.note{color:#555}"
    /* n panels a row, or fewer where they would be narrower than w */
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
    "pre{background:#f6f6f6;padding:.8rem;overflow-x:auto;font-size:.85rem}"
    "details{margin:.4rem 0}summary{cursor:pointer;color:#0057a0}"
    ".sign{border-left:4px solid #d55e00;padding:.1rem .9rem;margin:.8rem 0}";

typedef struct page {
  FILE *to;
  result *of;
  layout layout;
  chart *charts;
  size_t chart_count;
  drawing drawing;
} page;

/* ---- pieces of HTML ---- */

/* Texts come from sweeps, plugins and files. */
static void escape(FILE *to, const char *text) {
  for (; *text != '\0'; text++) switch (*text) {
      case '&':
        (void)fputs("&amp;", to);
        break;
      case '<':
        (void)fputs("&lt;", to);
        break;
      case '>':
        (void)fputs("&gt;", to);
        break;
      case '"':
        (void)fputs("&quot;", to);
        break;
      default:
        if ((unsigned char)*text >= ' ' || *text == '\n' || *text == '\t')
          (void)fputc(*text, to);
    }
}

static void element(FILE *to, const char *name, const char *text) {
  fprintf(to, "<%s>", name);
  escape(to, text);
  fprintf(to, "</%s>", name);
}

static void table_row(FILE *to, const char *name, const char *value) {
  if (value == NULL) return;
  (void)fputs("<tr>", to);
  element(to, "th", name);
  element(to, "td", value);
  (void)fputs("</tr>\n", to);
}

static void number_cell(FILE *to, double number) {
  if (isnan(number))
    (void)fputs("<td class=n>–</td>", to);
  else
    fprintf(to, "<td class=n>%.5g</td>", number);
}

static void embed(FILE *to, const char *svg, const char *alt) {
  const size_t length = strlen(svg);
  char *text = malloc(BASE64_ENCODE_RAW_LENGTH(length) + 1);
  if (text == NULL) return;
  base64_encode_raw(text, length, (const uint8_t *)svg);
  text[BASE64_ENCODE_RAW_LENGTH(length)] = '\0';
  (void)fputs("<div class=panel><img alt=\"", to);
  escape(to, alt);
  fprintf(to, "\" src=\"data:image/svg+xml;base64,%s\"></div>\n", text);
  free(text);
}

/* ---- head ---- */

static void put_head(const page *self) {
  const plan *of = self->of->plan;
  fprintf(self->to,
          "<!doctype html>\n<html lang=en>\n<meta charset=utf-8>\n"
          "<meta name=viewport content=\"width=device-width,initial-scale=1\">"
          "\n");
  element(self->to, "title", of->title);
  fprintf(self->to, "\n<style>%s</style>\n", style);
  element(self->to, "h1", of->title);
  (void)fputc('\n', self->to);
}

static void put_counts(const page *self) {
  const plan *of = self->of->plan;
  const batch *cells = &self->of->cells;
  size_t done = 0, failed = 0;
  for (size_t i = 0; i < cells->rows; i++) {
    done += cells->status[i] == RECORD_DONE;
    failed += cells->status[i] > RECORD_DONE;
  }
  fprintf(self->to,
          "<p class=note>%zu points × %zu replicates: %zu cells done, %zu "
          "failed, %zu not run; seed %llu</p>\n<nav>",
          of->point_count, of->replicates, done, failed,
          plan_cell_count(of) - done - failed, (unsigned long long)of->seed);
  for (size_t c = 0; c < self->chart_count; c++)
    if (c == 0 || self->charts[c].metric != self->charts[c - 1].metric) {
      fprintf(self->to, "<a href=\"#figure-%zu\">", c);
      escape(self->to, self->charts[c].metric->name);
      fprintf(self->to, "</a> ");
    }
  fprintf(self->to,
          "<a href=\"#provenance\">provenance</a> <a href=\"#sweep\">sweep</a>"
          "</nav>\n");
}

static heed_status put_signatures(const page *self, heed_error *error) {
  signature *found;
  size_t count;
  const heed_status status = signatures_find(self->of, &found, &count, error);
  if (status != HEED_OK) return status;
  if (count > 0) fprintf(self->to, "<h2>Signatures of failure</h2>\n");
  for (size_t i = 0; i < count; i++) {
    fprintf(self->to, "<div class=sign><p><b>%s</b>: ", found[i].name);
    escape(self->to, found[i].seen);
    fprintf(self->to, "</p><p class=note>");
    escape(self->to, found[i].advice);
    fprintf(self->to, "</p></div>\n");
  }
  free(found);
  return HEED_OK;
}

/* ---- figures ---- */

static void put_key(const page *self) {
  const plan_coordinate *lines = layout_axis(&self->layout, self->layout.lines);
  if (lines == NULL) return;
  fprintf(self->to, "<div class=key><span>");
  escape(self->to, lines->name);
  fprintf(self->to, ":</span>");
  for (size_t i = 0; i < lines->count; i++) {
    char label[LABEL_SIZE];
    result_label(lines, i, label);
    fprintf(self->to, "<span><i style=\"background:%s\"></i>",
            drawing_colors[i]);
    escape(self->to, label);
    fprintf(self->to, "</span>");
  }
  fprintf(self->to, "</div>\n");
}

static bool any_bootstrap(const page *self) {
  for (size_t i = 0; i < self->layout.view.group_count; i++)
    if (self->layout.view.bootstrap[i]) return true;
  return false;
}

static void put_caption(const page *self, const chart *drawn) {
  const layout *of = &self->layout;
  const size_t replicates = self->of->plan->replicates;
  fprintf(self->to, "<p class=\"note caption\">");
  escape(self->to, drawn->metric->doc);
  if (any_bootstrap(self))
    fprintf(self->to,
            ". The log's value; bands or bars: 2.5 and 97.5 %% "
            "quantiles over %zu bootstrap replicates",
            replicates - 1);
  else if (replicates > 1)
    fprintf(self->to,
            ". Means; bands or bars: 95 %% intervals (Student) over "
            "%zu replicates",
            replicates);
  else
    fprintf(self->to, ". One replicate: no intervals");
  for (size_t i = 0; i < of->averaged_count; i++) {
    fprintf(self->to, "%s", i == 0 ? ". Averaged over " : ", ");
    escape(self->to, layout_axis(of, of->averaged[i])->name);
  }
  fprintf(self->to, ". [1]: a number without a unit.</p>\n");
}

static void put_panels(const page *self, size_t c) {
  const layout *of = &self->layout;
  const plan_coordinate *x = layout_axis(of, of->x);
  const plan_coordinate *row =
      of->panel_axis_count == 0
          ? NULL
          : layout_axis(of, of->panel_axes[of->panel_axis_count - 1]);
  fprintf(self->to, "<div class=\"panels%s\" style=\"--n:%zu\">\n",
          x == NULL || x->numbers == NULL ? " wide" : "",
          row == NULL || row->count < 2 ? (size_t)2 : row->count);
  for (size_t panel = 0; panel < of->panel_count; panel++) {
    char alt[4 * LABEL_SIZE], title[4 * LABEL_SIZE];
    layout_panel_title(of, panel, title, sizeof title);
    (void)snprintf(alt, sizeof alt, "%.60s over %.60s%s%.900s",
                   self->charts[c].metric->name, x == NULL ? "all" : x->name,
                   *title == '\0' ? "" : "; ", title);
    embed(self->to, self->drawing.svg[c * of->panel_count + panel], alt);
  }
  fprintf(self->to, "</div>\n");
}

/* ---- tables ---- */

static void put_table_head(const page *self) {
  const view *shown = &self->layout.view;
  fprintf(self->to, "<div class=box><table><tr>");
  for (size_t i = 0; i < shown->axis_count; i++)
    element(self->to, "th",
            self->of->plan->axes[shown->axes[i]].coordinate.name);
  fprintf(self->to, "<th>mean<th>low<th>high<th>replicates</tr>\n");
}

static void put_table_line(page *self, const chart *drawn, size_t group) {
  view *shown = &self->layout.view;
  const plan *of = self->of->plan;
  const plan_point *point = &of->points[shown->example[group]];
  const summary at = view_summary(shown, group, drawn->value);
  fprintf(self->to, "<tr>");
  for (size_t i = 0; i < shown->axis_count; i++) {
    char label[LABEL_SIZE];
    result_label(&of->axes[shown->axes[i]].coordinate,
                 point->at[shown->axes[i]], label);
    element(self->to, "td", label);
  }
  number_cell(self->to, at.value);
  number_cell(self->to, at.low);
  number_cell(self->to, at.high);
  fprintf(self->to, "<td class=n>%zu</td></tr>\n", at.count);
}

static void put_table(page *self, const chart *drawn) {
  const view *shown = &self->layout.view;
  size_t rows = 0;
  fprintf(self->to, "<details><summary>the numbers</summary>\n");
  put_table_head(self);
  for (size_t group = 0; group < shown->group_count && rows < MOST_ROWS;
       group++) {
    if (shown->example[group] == SIZE_MAX) continue;
    put_table_line(self, drawn, group);
    rows++;
  }
  fprintf(
      self->to, "</table></div>%s</details>\n",
      rows < MOST_ROWS ? "" : "<p class=note>and more: heed show --csv</p>");
}

static void put_figures(page *self) {
  fprintf(self->to, "<h2>Figures</h2>\n");
  for (size_t c = 0; c < self->chart_count; c++) {
    char label[2 * LABEL_SIZE];
    chart_label(&self->charts[c], label, sizeof label);
    fprintf(self->to, "<h3 id=\"figure-%zu\">", c);
    escape(self->to, label);
    fprintf(self->to, "</h3>\n");
    put_key(self);
    put_panels(self, c);
    put_caption(self, &self->charts[c]);
    put_table(self, &self->charts[c]);
  }
  if (self->chart_count == 0)
    fprintf(self->to,
            "<p>There is nothing to draw: no metric of evaluation "
            "has a value.</p>\n");
}

/* ---- failures, warnings ---- */

/* Lines of `what` and message with how often each came. */
static void put_list(FILE *to, const char *head, size_t count, char **what,
                     char **plugin, char **message, bool by_message) {
  bool *told = calloc(count + 1, sizeof *told);
  if (count == 0 || told == NULL) {
    free(told);
    return;
  }
  fprintf(to, "<h2>%s</h2>\n<div class=box><table>\n", head);
  for (size_t i = 0; i < count; i++) {
    size_t times = 0;
    for (size_t j = i; !told[i] && j < count; j++)
      if (strcmp(what[i], what[j]) == 0 && strcmp(plugin[i], plugin[j]) == 0 &&
          (!by_message || strcmp(message[i], message[j]) == 0)) {
        times++;
        told[j] = j > i;
      }
    if (times == 0) continue;
    fprintf(to, "<tr><td class=n>%zu ×</td>", times);
    element(to, "td", what[i]);
    element(to, "td", plugin[i]);
    element(to, "td", message[i]);
    fprintf(to, "</tr>\n");
  }
  fprintf(to, "</table></div>\n");
  free(told);
}

/* ---- provenance ---- */

static void put_note(page *self, const char *name) {
  batch *cells = &self->of->cells;
  char *text = hdf_read_note_text(&cells->file, cells->root, name);
  table_row(self->to, name, text);
  free(text);
}

static void put_provenance(page *self) {
  const plan *of = self->of->plan;
  static const char *const notes[] = {"heed_version", "command", "start",
                                      "end"};
  fprintf(self->to,
          "<h2 id=provenance>Provenance</h2>\n<div class=box>"
          "<table>\n");
  for (size_t i = 0; i < sizeof notes / sizeof *notes; i++)
    put_note(self, notes[i]);
  table_row(self->to, "sweep", of->sweep_file);
  for (size_t i = 0; i < of->input_count; i++) {
    char text[2 * LABEL_SIZE];
    (void)snprintf(text, sizeof text, "%s, SHA-256 %s", of->inputs[i].path,
                   of->inputs[i].sha256);
    table_row(self->to, "input", text);
  }
  for (size_t i = 0; i < of->plugin_count; i++) {
    char text[2 * LABEL_SIZE];
    (void)snprintf(text, sizeof text, "%s/%s %s, SHA-256 %.16s…",
                   kind_name(of->plugins[i].kind), of->plugins[i].name,
                   of->plugins[i].version, of->plugins[i].sha256);
    table_row(self->to, "plugin", text);
  }
  fprintf(self->to, "</table></div>\n<h2 id=sweep>The sweep</h2>\n<pre>");
  escape(self->to, of->sweep_text);
  fprintf(self->to, "</pre>\n</html>\n");
}

/* ---- all of it ---- */

static heed_status put_page(page *self, heed_error *error) {
  const batch *cells = &self->of->cells;
  heed_status status;
  put_head(self);
  put_counts(self);
  status = put_signatures(self, error);
  if (status != HEED_OK) return status;
  put_figures(self);
  put_list(self->to, "Failures", cells->failure_count, cells->failure_stage,
           cells->failure_plugin, cells->failure_message, true);
  put_list(self->to, "Warnings", cells->warning_count, cells->warning_code,
           cells->warning_plugin, cells->warning_message, false);
  put_provenance(self);
  return cells->file.status;
}

static heed_status draw(page *self, const report_options *options,
                        heed_error *error) {
  heed_status status = layout_choose(self->of, options, &self->layout, error);
  if (status == HEED_OK)
    status = charts_choose(self->of, options, &self->charts, &self->chart_count,
                           error);
  if (status == HEED_OK)
    status = drawing_make(&self->layout, self->charts, self->chart_count,
                          &self->drawing, error);
  return status;
}

heed_status report_make(result *of, const report_options *options, char **text,
                        size_t *length, heed_error *error) {
  page self = {.of = of};
  heed_status status = draw(&self, options, error);
  *text = NULL;
  if (status == HEED_OK) self.to = open_memstream(text, length);
  if (status == HEED_OK && self.to == NULL)
    status = heed_fail(error, HEED_MEMORY, "memory is out");
  if (status == HEED_OK) status = put_page(&self, error);
  if (self.to != NULL && fclose(self.to) != 0 && status == HEED_OK)
    status = heed_fail(error, HEED_MEMORY, "memory is out");
  if (status != HEED_OK) {
    free(*text);
    *text = NULL;
  }
  drawing_free(&self.drawing);
  free(self.charts);
  layout_close(&self.layout);
  return status;
}
