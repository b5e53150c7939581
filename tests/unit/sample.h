/* SPDX-License-Identifier: GPL-3.0-or-later
 * A small sweep and its records, for tests of storage and of readers.
 *
 *   axes     mu (with annotations tied to it), eta (labels, one not ASCII)
 *   metrics  a scalar, one by kl, one by judge, one in seconds, and one that is
 *            called like a dimension
 *
 * What a cell records depends on what it is, not on where it stands in a plan,
 * so that plans that differ in size can be compared. */
#ifndef HEED_TESTS_UNIT_SAMPLE_H
#define HEED_TESTS_UNIT_SAMPLE_H

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "host/hash.h"
#include "work/record.h"

typedef struct storage_sample {
  size_t mu_count, kl_count, replicates;
  const char *title;
  bool exclude; /* the last value of mu has no second eta */
} storage_sample;

static const double sample_mu[] = {0.6, 0.74, 0.98};
static const double sample_annotations[] = {20, 50, 100};
static const char *const sample_eta[] = {"two_point low=0.1",
                                         "beta \xCE\xB1=2 \xCE\xB2=2"};
static const double sample_kl[] = {0.1, 0.5, 1, 2};
static const char *const sample_judges[] = {"gpt4", "gpt3"};

static inline json_t *sample_numbers(const double *values, size_t count) {
  json_t *list = json_array();
  for (size_t i = 0; i < count; i++)
    json_array_append_new(list, json_real(values[i]));
  return list;
}

static inline json_t *sample_texts(const char *const *values, size_t count) {
  json_t *list = json_array();
  for (size_t i = 0; i < count; i++)
    json_array_append_new(list, json_string(values[i]));
  return list;
}

static inline json_t *sample_key(const char *text) {
  char digest[HASH_SIZE];
  hash_bytes(text, strlen(text), digest);
  return json_string(digest);
}

static inline json_t *sample_metric(const char *name, const char *unit,
                                    const char *doc, const char *dimension) {
  json_t *metric = json_pack("{ss ss? ss s[]}", "name", name, "unit", unit,
                             "doc", doc, "dimensions");
  if (dimension != NULL)
    json_array_append_new(json_object_get(metric, "dimensions"),
                          json_string(dimension));
  return metric;
}

static inline bool sample_has(const storage_sample *sample, size_t mu,
                              size_t eta) {
  return !(sample->exclude && mu + 1 == sample->mu_count && eta == 1);
}

/* A world for each mu, a leaf for each eta under it. */
static inline void sample_tree(const storage_sample *sample, json_t *nodes,
                               json_t *points) {
  for (size_t mu = 0; mu < sample->mu_count; mu++) {
    const json_int_t world = (json_int_t)json_array_size(nodes);
    char name[64];
    (void)snprintf(name, sizeof name, "mu %.17g", sample_mu[mu]);
    json_array_append_new(
        nodes,
        json_pack("{ss sn so sb s{ss s{sf}}}", "stage", "world", "parent",
                  "key", sample_key(name), "costly", 0, "spec", "plugin",
                  "source/sample", "parameters", "mu", sample_mu[mu]));
    for (size_t eta = 0; eta < 2; eta++) {
      if (!sample_has(sample, mu, eta)) continue;
      (void)snprintf(name, sizeof name, "mu %.17g eta %zu", sample_mu[mu], eta);
      json_array_append_new(
          points, json_pack("{s[ii] si}", "at", (int)mu, (int)eta, "leaf",
                            (int)json_array_size(nodes)));
      json_array_append_new(
          nodes,
          json_pack("{ss sI so sb s{}}", "stage", "evaluation", "parent", world,
                    "key", sample_key(name), "costly", 0, "spec"));
    }
  }
}

static inline char *sample_plan_text(const storage_sample *sample) {
  json_t *nodes = json_array(), *points = json_array(), *self;
  char *text;
  sample_tree(sample, nodes, points);
  self =
      json_pack("{si ss ss sI sI si s[sss]}", "heed_plan", 1, "heed", "0.1.0",
                "title", sample->title, "seed", (json_int_t)20251010,
                "replicates", (json_int_t)sample->replicates, "blas_threads", 1,
                "keep", "users", "trace", "policy");
  json_object_set_new(self, "sweep",
                      json_pack("{ss ss s[]}", "file", "/sweeps/sample.lua",
                                "text", "return h.sweep { \xCE\xBC }", "set"));
  json_object_set_new(
      self, "plugins",
      json_pack("[{ss ss ss ss so}]", "kind", "source", "name", "sample",
                "version", "1.0", "file", "/lib/heed/sample.so", "sha256",
                sample_key("sample.so")));
  json_object_set_new(self, "inputs",
                      json_pack("[{ss so}]", "path", "/data/log.csv", "sha256",
                                sample_key("log.csv")));
  json_object_set_new(
      self, "axes",
      json_pack("[{ss ss ss so s[{ss so}]}{ss so s[]}]", "name", "mu", "unit",
                "1", "doc", "gap", "numbers",
                sample_numbers(sample_mu, sample->mu_count), "tied", "name",
                "annotations", "numbers",
                sample_numbers(sample_annotations, sample->mu_count), "name",
                "eta", "labels", sample_texts(sample_eta, 2), "tied"));
  json_object_set_new(
      self, "dimensions",
      json_pack("[{ss ss so}{ss so}]", "name", "kl", "doc", "matched KL",
                "numbers", sample_numbers(sample_kl, sample->kl_count), "name",
                "judge", "labels", sample_texts(sample_judges, 2)));
  json_object_set_new(
      self, "metrics",
      json_pack(
          "[ooooo]",
          sample_metric("win_rate", NULL, "P(policy beats reference)", NULL),
          sample_metric("win_rate_at_kl", NULL, "at matched KL", "kl"),
          sample_metric("agreement", "1", "with each judge", "judge"),
          sample_metric("fit_time", "seconds", "time of the fit", NULL),
          sample_metric("kl", NULL, "KL from the reference", NULL)));
  json_object_set_new(self, "nodes", nodes);
  json_object_set_new(self, "points", points);
  text = json_dumps(self, JSON_REAL_PRECISION(17));
  json_decref(self);
  return text;
}

static inline heed_plan *sample_plan(const storage_sample *sample) {
  char *text = sample_plan_text(sample);
  heed_plan *result = NULL;
  heed_error error = {HEED_OK, ""};
  if (plan_parse(text, strlen(text), &result, &error) != HEED_OK) {
    fprintf(stderr, "%s\n", error.message);
    abort();
  }
  free(text);
  return result;
}

/* A number without a short form, in (0, 1), that no other place shares. */
static inline double sample_value(double mu, size_t eta, size_t replicate,
                                  size_t metric, double label) {
  const double x = 12.9898 * mu + 78.233 * (double)eta +
                   37.719 * (double)replicate + 4.1414 * (double)metric +
                   1.618 * label;
  return fabs(sin(x));
}

static inline size_t sample_cell_eta(const heed_plan *plan, size_t cell) {
  return plan->points[cell / plan->replicates].position[1];
}

static inline double sample_cell_mu(const heed_plan *plan, size_t cell) {
  return plan->axes[0]
      .coordinate.numbers[plan->points[cell / plan->replicates].position[0]];
}

/* The value of a cell, as it must come back. */
static inline double sample_cell_value(const heed_plan *plan, size_t cell,
                                       size_t metric, size_t value) {
  const plan_metric *described = &plan->metrics[metric];
  double label = 0;
  if (described->dimension_count > 0) {
    const plan_coordinate *dimension =
        &plan->dimensions[described->dimensions[0]];
    label =
        dimension->numbers != NULL ? dimension->numbers[value] : (double)value;
  }
  return sample_value(sample_cell_mu(plan, cell), sample_cell_eta(plan, cell),
                      cell % plan->replicates, metric, label);
}

/* Three users; the third attribute only where eta is the first. */
static inline void sample_keep(heed_record *self, const heed_plan *plan,
                               size_t cell) {
  const size_t eta = sample_cell_eta(plan, cell);
  const char *names[] = {"ann", "bob, the \"second\"", "c\xC3\xA9line"};
  double mean[3], sd[3] = {0.1, 0.2, 0.3}, weights[4] = {1, 2, 3, 4};
  int64_t annotations[] = {20, 30, 40};
  heed_column columns[] = {{"name", HEED_STRING, 1, names},
                           {"mean", HEED_FLOAT64, 1, mean},
                           {"sd", HEED_FLOAT64, 1, sd},
                           {"annotations", HEED_INT64, 1, annotations},
                           {"eta", HEED_FLOAT64, 1, sd}};
  heed_column weight = {"weight", HEED_FLOAT64, 2 + eta, weights};
  const heed_table users = {sizeof users, "posterior", 3, eta == 0 ? 5 : 4,
                            columns};
  const heed_table policy = {sizeof policy, "policy", 1, 1, &weight};
  heed_error error;
  for (size_t i = 0; i < 3; i++)
    mean[i] = sample_value(sample_cell_mu(plan, cell), eta,
                           cell % plan->replicates, 100, (double)i);
  if (record_keep(self, &users, "users", &error) != HEED_OK ||
      record_keep(self, &policy, "policy", &error) != HEED_OK)
    abort();
}

/* What cell has recorded: the first replicate of the last point failed, and all
 * of odd replicate have a warning. */
static inline heed_record *sample_record(const heed_plan *plan, size_t cell) {
  heed_record *self = record_create(plan, cell);
  heed_error error;
  for (size_t i = 0; i < plan->metric_count; i++)
    for (size_t j = 0; j < plan->metrics[i].count; j++)
      self->values[plan->metrics[i].offset + j] =
          sample_cell_value(plan, cell, i, j);
  for (size_t i = 0; i < PLAN_STAGE_COUNT; i++)
    self->seconds[i] = 0.25 * (double)i;
  sample_keep(self, plan, cell);
  if (cell % 2 == 1)
    (void)record_warn(self, "not_converged", "estimator/sample",
                      "stopped after 5 steps", &error);
  return self;
}

static inline void sample_fail(heed_record *self) {
  heed_error error;
  (void)record_fail(self, RECORD_CRASHED, PLAN_POSTERIOR, "estimator/sample",
                    11, "ended by signal 11 (Segmentation fault)", &error);
}

#endif
