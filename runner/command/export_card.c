/* SPDX-License-Identifier: GPL-3.0-or-later
 * The data card of an export. */
#include "export_card.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "command.h"
#include "verdict/verdict.h"
#include "view/safe.h"

#define FIRST_LINES "---\n# heed export wrote this card and may replace it.\n"

/* ---- texts ---- */

/* A text of a log, a sweep or a path, in one line of Markdown. */
static void put(FILE *file, const char *text) {
  char *line = safe_line(text);
  for (const char *next = line; next != NULL && *next != '\0'; next++) {
    if (strchr("\\`*_[]<>|#&", *next) != NULL) (void)fputc('\\', file);
    (void)fputc(*next, file);
  }
  free(line);
}

/* The path leads through folders of the machine, which a card does not show. */
static const char *last_part(const char *path) {
  const char *slash = strrchr(path, '/');
  return slash == NULL ? path : slash + 1;
}

/* A JSON string is a YAML string, too. */
static void put_quoted(FILE *file, const char *text) {
  json_t *value = json_string(text);
  if (value == NULL) value = json_string("unknown");
  (void)json_dumpf(value, file, JSON_ENCODE_ANY);
  json_decref(value);
}

/* ---- parts ---- */

static void put_header(FILE *file, const export_card *self) {
  (void)fputs(FIRST_LINES "license: ", file);
  put_quoted(file, self->license == NULL ? "unknown" : self->license);
  (void)fputs(
      "\ntags:\n- preference\n- heed\nconfigs:\n- config_name: default\n"
      "  data_files: ",
      file);
  put_quoted(file, last_part(self->file));
  (void)fputs("\n---\n\n# ", file);
  put(file, self->walk->rows.result->plan->title);
  (void)fputs(
      "\n\nPreferences between two responses to a prompt, taken from "
      "annotations of users.\n\n",
      file);
}

static void put_file(FILE *file, const export_card *self) {
  const export_walk *walk = self->walk;
  char note[WALK_NOTE_SIZE];
  walk_note(walk, note);
  (void)fputs("## The file\n\n| | |\n| --- | --- |\n| file | ", file);
  put(file, last_part(self->file));
  (void)fprintf(file, " |\n| SHA-256 | `%s` |\n| lines | %zu |\n", self->sha256,
                walk->tally.lines);
  (void)fprintf(file, "| shape | `%s`%s |\n| an example is | %s |\n",
                shape_names[walk->shape],
                walk->shape == SHAPE_TRL && walk->as_messages
                    ? ", lists of messages"
                    : "",
                walk->by_pair ? "a pair, with the label that its annotations "
                                "agree on"
                              : "an annotation");
  if (walk->draws != COMMAND_NONE)
    (void)fprintf(file,
                  "| drawn | %zu examples from %zu, with replacement, in "
                  "proportion to their weights |\n",
                  walk->draws, walk->tally.count[FAULT_NONE]);
  (void)fprintf(file, "| left out | %s |\n\n",
                *note == '\0' ? "nothing of the selection" : note);
}

/* The name of a file may be that of a user. */
static void put_sources(FILE *file, const export_walk *walk) {
  const heed_plan *plan = walk->rows.result->plan;
  (void)fputs("## Sources\n\n| file | SHA-256 |\n| --- | --- |\n", file);
  for (size_t i = 0; i < plan->input_count; i++) {
    (void)fputs("| ", file);
    if (walk->key != NULL)
      (void)fprintf(file, "%zu", i + 1);
    else
      put(file, last_part(plan->inputs[i].path));
    (void)fprintf(file, " | `%s` |\n", plan->inputs[i].sha256);
  }
  if (plan->input_count == 0) (void)fputs("| none | |\n", file);
  (void)fputc('\n', file);
}

/* The parameters of a plugin: JSON with every default. */
static void put_stage(FILE *file, const export_card *self, plan_stage stage,
                      const char *title, const char *without) {
  const heed_plan *plan = self->walk->rows.result->plan;
  const size_t node = plan_node_at(plan, self->cell / plan->replicates, stage);
  char *parameters =
      node == SIZE_MAX
          ? NULL
          : json_dumps(json_object_get(plan->nodes[node].spec, "parameters"),
                       JSON_COMPACT | JSON_REAL_PRECISION(15));
  (void)fprintf(file, "| %s | ", title);
  put(file, node == SIZE_MAX ? without : plan_node_plugin(plan, node));
  (void)fputs(" | ", file);
  put(file, parameters == NULL ? "" : parameters);
  (void)fputs(" |\n", file);
  free(parameters);
}

static void put_choice(FILE *file, const export_card *self) {
  const heed_plan *plan = self->walk->rows.result->plan;
  const char *version = json_string_value(json_object_get(plan->json, "heed"));
  (void)fputs(
      "## How the annotations were chosen\n\n| stage | plugin | "
      "parameters |\n| --- | --- | --- |\n",
      file);
  put_stage(file, self, PLAN_POSTERIOR, "estimator", "none");
  put_stage(file, self, PLAN_SELECTION, "filter",
            "none: all annotations but ties");
  (void)fprintf(file,
                "\nMade by heed %s from cell %zu (seed %llu) of a result that "
                "heed ",
                HEED_VERSION, self->cell, (unsigned long long)plan->seed);
  put(file, version == NULL ? "(unknown)" : version);
  (void)fputs(" planned.\n\n", file);
}

/* ---- attentiveness ---- */

static int compare(const void *one, const void *other) {
  const double a = *(const double *)one, b = *(const double *)other;
  return (a > b) - (a < b);
}

/* Linear between order statistics (Hyndman and Fan 1996, type 7). */
static double quantile(const double *sorted, size_t count, double share) {
  const double place = share * (double)(count - 1);
  const size_t low = (size_t)place;
  const double above = place - (double)low;
  return low + 1 < count ? sorted[low] + above * (sorted[low + 1] - sorted[low])
                         : sorted[low];
}

/* The value of estimator_identified, 0 if a warning says so; NaN: the result
 * has none. */
static double identified(const export_card *self) {
  const view_result *result = self->walk->rows.result;
  const heed_plan *plan = result->plan;
  if (!verdict_is_identified(result, self->cell)) return 0;
  for (size_t i = 0; i < plan->metric_count; i++)
    if (strcmp(plan->metrics[i].name, "estimator_identified") == 0)
      return view_value(result, self->cell / plan->replicates,
                        self->cell % plan->replicates, plan->metrics[i].offset);
  return NAN;
}

static void put_attentiveness(FILE *file, const export_card *self) {
  static const double shares[] = {0, 0.1, 0.25, 0.5, 0.75, 0.9, 1};
  const export_tally *tally = &self->walk->tally;
  const size_t count = tally->user_count;
  const double known = identified(self);
  (void)fprintf(file,
                "## Attentiveness\n\nExamples %s %zu user%s. eta-hat is the "
                "inferred attentiveness of a user: 1 chooses the better "
                "response as often as the model of the annotations predicts, 0 "
                "tosses a coin.\n\n| quantile over users | eta-hat |\n| --- | "
                "--- |\n",
                self->walk->by_pair ? "rest on annotations of" : "of", count,
                heed_plural(count));
  for (size_t i = 0; count > 0 && i < sizeof shares / sizeof *shares; i++)
    (void)fprintf(file, "| %g %% | %.3f |\n", 100 * shares[i],
                  quantile(tally->user_eta, count, shares[i]));
  (void)fprintf(file, "\n%s.\n\n",
                known == 1 ? "The fit is identified"
                : known == 0
                    ? "The fit is **not identified**: the annotations do not "
                      "distinguish users, and eta-hat is a guess"
                    : "The result does not say whether the fit is identified");
}

/* ---- what to know ---- */

static void put_weight(FILE *file, const export_walk *walk) {
  (void)fputs(walk->draws != COMMAND_NONE
                  ? "- `weight` is 1: the draw has used the weights. The same "
                    "example may stand on several lines.\n"
              : walk->by_pair
                  ? "- `probability` is the posterior probability that "
                    "`chosen` is the better response; `weight` is 2 "
                    "probability - 1.\n"
                  : "- `weight` is the filter's weight of the annotation. Most "
                    "trainers ignore it; draw by it (`--draw`) if weights "
                    "differ.\n",
              file);
}

static void put_advice(FILE *file, const export_card *self) {
  (void)fputs(
      "## What to know\n\n"
      "- Ties are not in the file. They are often the hard pairs.\n",
      file);
  if (!self->walk->by_pair)
    (void)fputs(self->walk->key != NULL
                    ? "- `user` is a pseudonym: a keyed hash of the user's "
                      "name (HMAC-SHA-256). Only who holds the key can check "
                      "a name.\n"
                    : "- `user` is the user's name in the log. Check whether "
                      "you may publish it.\n",
                file);
  put_weight(file, self->walk);
  if (self->walk->shape == SHAPE_LLAMAFACTORY) {
    (void)fputs(
        "- LLaMA-Factory needs this entry in `dataset_info.json`:\n\n"
        "```json\n\"heed\": {\"file_name\": ",
        file);
    put_quoted(file, last_part(self->file));
    (void)fputs(
        ", \"formatting\": \"sharegpt\", \"ranking\": true,\n"
        "  \"columns\": {\"messages\": \"conversations\", \"chosen\": "
        "\"chosen\", \"rejected\": \"rejected\"}}\n```\n",
        file);
  }
  if (self->walk->shape == SHAPE_AXOLOTL) {
    (void)fputs(
        "- axolotl reads it with\n\n```yaml\nrl: dpo\ndatasets:\n"
        "  - path: ",
        file);
    put_quoted(file, last_part(self->file));
    (void)fputs(
        "\n    ds_type: json\n    split: train\n"
        "    type: chat_template.default\n```\n",
        file);
  }
}

heed_status card_make(const export_card *self, char **text, size_t *length,
                      heed_error *error) {
  const export_tally *tally = &self->walk->tally;
  FILE *file = open_memstream(text, length);
  bool is_whole;
  if (file == NULL) return heed_no_memory(error);
  if (tally->user_count > 0)
    qsort(tally->user_eta, tally->user_count, sizeof(double), compare);
  put_header(file, self);
  put_file(file, self);
  put_sources(file, self->walk);
  put_choice(file, self);
  put_attentiveness(file, self);
  put_advice(file, self);
  is_whole = ferror(file) == 0;
  if (fclose(file) != 0) is_whole = false;
  return is_whole ? HEED_OK : heed_no_memory(error);
}

heed_status card_spare(const char *path, const char *named, heed_error *error) {
  char start[sizeof FIRST_LINES] = "";
  FILE *file = fopen(path, "re");
  size_t length;
  if (file == NULL) return HEED_OK; /* none, or the write will fail */
  length = fread(start, 1, sizeof start - 1, file);
  (void)fclose(file);
  if (length == 0 || strcmp(start, FIRST_LINES) == 0) return HEED_OK;
  return heed_fail(error, HEED_INVALID,
                   "%s: is not a data card of heed export, which would replace "
                   "it; rename it, or name another file with -o",
                   named);
}
