/* SPDX-License-Identifier: GPL-3.0-or-later
 * Describes the metrics of evaluation. */
#include "metrics.h"

#include <stdio.h>

static const char *unit_of(const heed_output *metric) {
  return metric->unit == NULL ? "1" : metric->unit;
}

static const char *dimension_of(const heed_output *metric) {
  return metric->dimensions == NULL ? NULL : metric->dimensions[0];
}

void metrics_print(evaluation_metric which) {
  const heed_output *metric = &evaluation_metrics[which];
  const evaluation_definition *definition = &evaluation_definitions[which];
  const char *dimension = dimension_of(metric);
  printf(METRICS_PREFIX "%s: %s\n\n", metric->name, metric->doc);
  printf("  formula  %s\n", definition->formula);
  printf("  unit     %s\n", unit_of(metric));
  printf("  range    %s\n", definition->range);
  printf("  needs    %s\n", definition->needs);
  if (dimension != NULL) printf("  by       %s\n", dimension);
  printf("\nsymbols\n");
  for (const evaluation_symbol *symbol = evaluation_symbols;
       symbol->symbol != NULL; symbol++)
    printf("  %-17s  %s\n", symbol->symbol, symbol->meaning);
}

json_t *metrics_json(evaluation_metric which) {
  const heed_output *metric = &evaluation_metrics[which];
  const evaluation_definition *definition = &evaluation_definitions[which];
  const char *dimension = dimension_of(metric);
  json_t *dimensions = json_array();
  if (dimension != NULL)
    (void)json_array_append_new(dimensions, json_string(dimension));
  return json_pack("{s:s, s:s, s:s, s:s, s:s, s:s, s:s, s:o}", "kind", "metric",
                   "name", metric->name, "doc", metric->doc, "formula",
                   definition->formula, "unit", unit_of(metric), "range",
                   definition->range, "needs", definition->needs, "dimensions",
                   dimensions);
}

void metrics_list(bool json) {
  json_t *all = json ? json_array() : NULL;
  if (!json) printf("metric\n");
  for (evaluation_metric i = 0; i < METRIC_COUNT; i++)
    if (json)
      (void)json_array_append_new(all, metrics_json(i));
    else
      printf("  %-23s %s\n", evaluation_metrics[i].name,
             evaluation_metrics[i].doc);
  if (!json) return;
  (void)json_dumpf(all, stdout, JSON_INDENT(2));
  printf("\n");
  json_decref(all);
}

/* ---- the page ---- */

/* A cell of a Markdown table: `|` would end it. */
static void put_code(FILE *file, const char *text) {
  (void)fputc('`', file);
  for (; *text != '\0'; text++)
    if (*text == '|')
      (void)fputs("\\|", file);
    else
      (void)fputc(*text, file);
  (void)fputc('`', file);
}

static void put_metric(FILE *file, evaluation_metric which) {
  const heed_output *metric = &evaluation_metrics[which];
  const evaluation_definition *definition = &evaluation_definitions[which];
  const char *dimension = dimension_of(metric);
  (void)fprintf(file, "\n## %s\n\n%s.\n\n| | |\n| --- | --- |\n| formula | ",
                metric->name, metric->doc);
  put_code(file, definition->formula);
  (void)fprintf(file, " |\n| unit | %s |\n| range | %s |\n| needs | %s |\n",
                unit_of(metric), definition->range, definition->needs);
  if (dimension != NULL)
    (void)fprintf(file, "| one value per | `%s` |\n", dimension);
}

static void put_settings(FILE *file) {
  (void)fprintf(file,
                "\n## Settings\n\n"
                "`evaluation = { … }` in a sweep changes these:\n\n"
                "| setting | default | meaning |\n| --- | --- | --- |\n");
  for (size_t i = 0; i < evaluation_schema_count; i++) {
    const heed_parameter *setting = &evaluation_schema[i];
    const char *standard = setting->default_value;
    (void)fprintf(file, "| `%s` | %s%s%s | %s |\n", setting->name,
                  standard == NULL ? "" : "`",
                  standard == NULL ? "none" : standard,
                  standard == NULL ? "" : "`", setting->doc);
  }
}

static void put_symbols(FILE *file) {
  (void)fprintf(file,
                "\n## Symbols\n\n"
                "| symbol | meaning |\n| --- | --- |\n");
  for (const evaluation_symbol *symbol = evaluation_symbols;
       symbol->symbol != NULL; symbol++) {
    (void)fprintf(file, "| ");
    put_code(file, symbol->symbol);
    (void)fprintf(file, " | %s |\n", symbol->meaning);
  }
}

void metrics_write(FILE *file) {
  (void)fprintf(
      file,
      "<!-- Generated from runner/evaluation/include/evaluation/metrics.h:\n"
      "     heed generate metrics -o docs/metrics.md -->\n\n"
      "# Metrics\n\n"
      "What heed measures in each cell. `heed describe metric/NAME` shows the "
      "same as\n"
      "this page, `heed list metric` all names. A cell that lacks what a "
      "metric "
      "needs has\n"
      "NaN there. Metrics whose names begin with a kind of plugin, such as\n"
      "`estimator_converged`, are outputs of plugins: `heed describe "
      "KIND/NAME` "
      "shows\n"
      "them.\n\n"
      "| metric | what |\n| --- | --- |\n");
  for (evaluation_metric i = 0; i < METRIC_COUNT; i++)
    (void)fprintf(file, "| [%s](#%s) | %s |\n", evaluation_metrics[i].name,
                  evaluation_metrics[i].name, evaluation_metrics[i].doc);
  put_symbols(file);
  put_settings(file);
  for (evaluation_metric i = 0; i < METRIC_COUNT; i++) put_metric(file, i);
}
