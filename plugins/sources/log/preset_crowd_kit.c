/* SPDX-License-Identifier: GPL-3.0-or-later
 * Tables as crowd-kit reads them (1.4.2): worker, left, right, label in
 * crowdkit/aggregation/pairwise/noisy_bt.py and bradley_terry.py; task,
 * worker, label in crowdkit/aggregation/classification/dawid_skene.py. */
#include <string.h>

#include "sources/log/presets.h"

static const char *const none[] = {NULL};

static const char *task_of(const json_t *record) {
  return log_has(record, "task")       ? "task"
         : log_has(record, "question") ? "question"
                                       : NULL;
}

static bool has_sides(const json_t *record) {
  return json_object_get(record, "left") != NULL &&
         json_object_get(record, "right") != NULL &&
         json_object_get(record, "label") != NULL;
}

static bool is_pairwise(const json_t *record) {
  return has_sides(record) && task_of(record) == NULL;
}

static bool is_pairwise_of_tasks(const json_t *record) {
  return has_sides(record) && task_of(record) != NULL;
}

static bool is_classes(const json_t *record) {
  return json_object_get(record, "task") != NULL &&
         json_object_get(record, "worker") != NULL &&
         json_object_get(record, "label") != NULL;
}

static heed_status settle_pairwise(log_settings *self, const char *path,
                                   const json_t *records, heed_memory *memory,
                                   heed_error *error) {
  (void)path;
  (void)memory;
  (void)error;
  if (json_object_get(json_array_get(records, 0), "worker") == NULL &&
      !self->values[COLUMNS].items[USER].given)
    self->column[USER] = NULL;
  return HEED_OK;
}

/* A pair of responses to a task. */
static heed_status translate(log_translation *self) {
  json_t *left = log_id_of(json_object_get(self->record, "left"));
  json_t *right = log_id_of(json_object_get(self->record, "right"));
  json_t *task =
      log_id_of(json_object_get(self->record, task_of(self->record)));
  if (left != NULL && right != NULL && task != NULL) {
    const char *one = json_string_value(left),
               *other = json_string_value(right);
    const bool turned = strcmp(one, other) > 0;
    log_make(self, PAIR,
             json_sprintf("%s: %s | %s", json_string_value(task),
                          turned ? other : one, turned ? one : other));
  }
  json_decref(left);
  json_decref(right);
  json_decref(task);
  return log_send_made(self, NULL);
}

#define SIDES                                                     \
  {                                                               \
    [USER] = "worker", [CHOICE] = "label", [LEFT_MODEL] = "left", \
    [RIGHT_MODEL] = "right"                                       \
  }
#define NO_WORDS                                             \
  {                                                          \
    [WORDS_A] = none, [WORDS_B] = none, [WORDS_LEFT] = none, \
    [WORDS_RIGHT] = none, [WORDS_TIE] = none                 \
  }

static const char nobody[] =
    "no column says who chose (looked for \"worker\"); name the column in "
    "source.columns.user";
static const char *const class_notes[] = {
    "Labels of classes are not preferences: A is one class, not the better "
    "answer. source.choices says which label is A and which is B.",
    NULL};

const log_shape log_crowd_kit_shapes[] = {
    {.preset = PRESET_CROWD_KIT,
     .form = "comparisons for crowd-kit",
     .fits = is_pairwise,
     .column = SIDES,
     .words = NO_WORDS,
     .pairs = PAIRS_MODELS,
     .settle = settle_pairwise,
     .nobody = nobody},
    {.preset = PRESET_CROWD_KIT,
     .form = "comparisons of tasks for crowd-kit",
     .fits = is_pairwise_of_tasks,
     .column = SIDES,
     .makes = LOG_MAKES(PAIR),
     .words = NO_WORDS,
     .settle = settle_pairwise,
     .translate = translate,
     .nobody = nobody},
    {.preset = PRESET_CROWD_KIT,
     .form = "classes for crowd-kit",
     .fits = is_classes,
     .column = {[USER] = "worker", [PAIR] = "task", [CHOICE] = "label"},
     .positions_unknown = true,
     .are_classes = true,
     .code = "classes",
     .warning = "labels of classes are not preferences: use dawid_skene, mace "
                "or majority, not em",
     .notes = class_notes},
    {0}};
