/* SPDX-License-Identifier: GPL-3.0-or-later
 * The settings of evaluation: `evaluation` in a sweep. */
#include "evaluation/evaluation.h"

/* Indices into evaluation_schema. */
enum {
  SETTING_KL,
  SETTING_SPLIT,
  SETTING_LEVEL,
  SETTING_MIN_ANNOTATIONS,
  SETTING_METRICS
};

static const heed_parameter kl_item = {.name = "item",
                                       .type = HEED_NUMBER,
                                       .flags = HEED_OPEN_LOW,
                                       .low = 0,
                                       .high = HUGE_VAL,
                                       .unit = "nat"};

#define METRIC_NAME(id, name, dimension, unit, doc, formula, range, needs) name,
static const char *const metric_names[] = {EVALUATION_METRICS(METRIC_NAME)
                                               NULL};
#undef METRIC_NAME

static const heed_parameter metric_item = {
    .name = "item", .type = HEED_ENUM, .choices = metric_names};

const heed_parameter evaluation_schema[] = {
    [SETTING_KL] = {.name = "kl",
                    .type = HEED_LIST,
                    .default_value = "[0.1, 0.5, 1, 2]",
                    .low = 1,
                    .high = 1000,
                    .item = &kl_item,
                    .unit = "nat",
                    .doc = "KLs at which policies are compared"},
    [SETTING_SPLIT] = {.name = "split",
                       .type = HEED_NUMBER,
                       .default_value = "0.5",
                       .doc = "threshold of attentiveness for split_accuracy"},
    [SETTING_LEVEL] = {.name = "level",
                       .type = HEED_NUMBER,
                       .flags = HEED_OPEN_LOW | HEED_OPEN_HIGH,
                       .default_value = "0.9",
                       .low = 0,
                       .high = 1,
                       .doc =
                           "probability of the central intervals for coverage"},
    [SETTING_MIN_ANNOTATIONS] =
        {.name = "min_annotations",
         .type = HEED_INTEGER,
         .default_value = "20",
         .low = 1,
         .high = 1e9,
         .doc = "judged labels that a user needs to count in spearman_judge"},
    [SETTING_METRICS] = {.name = EVALUATION_WANTED,
                         .type = HEED_LIST,
                         .flags = HEED_OPTIONAL | SCHEMA_ADDED,
                         .low = 1,
                         .high = METRIC_COUNT,
                         .item = &metric_item,
                         .doc = "heed's own metrics to compute; without it, "
                                "all"},
};
const size_t evaluation_schema_count =
    sizeof evaluation_schema / sizeof *evaluation_schema;

heed_status evaluation_read(const host_registry *plugins, const json_t *spec,
                            host_service *service, evaluation_settings *result,
                            heed_error *error) {
  const heed_value *values;
  const heed_value *kl;
  double *levels;
  const heed_status status =
      schema_values(plugins, evaluation_schema, evaluation_schema_count, spec,
                    service, &values, error);
  if (status != HEED_OK) return status;
  kl = &values[SETTING_KL];
  levels = arena_allocate(service->output, kl->count, sizeof *levels);
  if (levels == NULL) return heed_no_memory(error);
  for (size_t i = 0; i < kl->count; i++) levels[i] = kl->items[i].number;
  *result = (evaluation_settings){
      .kl_count = kl->count,
      .kl = levels,
      .split = values[SETTING_SPLIT].number,
      .level = values[SETTING_LEVEL].number,
      .min_annotations = values[SETTING_MIN_ANNOTATIONS].integer};
  return HEED_OK;
}
