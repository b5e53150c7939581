/* SPDX-License-Identifier: GPL-3.0-or-later
 * What the tests of planning share: sweeps in a folder of their own, planned
 * with the plugins of planning_kinds, or refused. */
#ifndef HEED_TESTS_PLANNED_H
#define HEED_TESTS_PLANNED_H

/* cmocka wants these before it. */
/* clang-format off */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
/* clang-format on */
#include <ftw.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "plan/plan.h"
#include "planner/planner.h"
#include "sweep/sweep.h"

#define KINDS HEED_TEST_BUILD "/tests/plugins/planning_kinds/planning_kinds.so"

/* What most sweeps here begin with: lines 1 to 4. */
#define HEAD                                                               \
  "local h = require 'heed'\n"                                             \
  "local span, model = h.distribution.span, h.user_model.plain {}\n"       \
  "local users = { count = 10, attentiveness = span {}, model = model }\n" \
  "local fit = h.estimator.fit { model = model }\n"
#define MADE "source = h.source.made { pairs = 10 }, "
#define REST "users = users, estimator = fit "

static host_registry *plugins;
static char folder[] = "/tmp/heed-planning-XXXXXX";
static char warning[HEED_MESSAGE_SIZE], printed[HEED_MESSAGE_SIZE];

static inline void write_text(const char *name, const char *text,
                              size_t length) {
  FILE *file = fopen(name, "wb");
  assert_non_null(file);
  assert_int_equal(fwrite(text, 1, length, file), length);
  assert_int_equal(fclose(file), 0);
}

static inline void notice(void *context, planner_notice kind,
                          const char *text) {
  (void)context;
  if (kind == PLANNER_WARNED)
    (void)snprintf(warning, sizeof warning, "%s", text);
  if (kind == PLANNER_PRINTED)
    (void)snprintf(printed, sizeof printed, "%s", text);
}

static inline heed_status attempt(const planner_options *options,
                                  json_t **result, heed_error *error) {
  warning[0] = printed[0] = '\0';
  *result = NULL;
  return sweep_make_plan(plugins, options, result, error);
}

/* The plan of a sweep under up to two --set; checked by reading it back. */
static inline heed_plan *planned(const char *text, const char *set,
                                 const char *other) {
  const char *const sets[] = {set, other};
  const planner_options options = {
      .sweep = "sweep.lua",
      .sets = sets,
      .set_count = (size_t)(set != NULL) + (size_t)(other != NULL),
      .notice = notice};
  heed_error error = {HEED_OK, ""};
  json_t *made = NULL;
  heed_plan *result = NULL;
  char *dumped;
  write_text("sweep.lua", text, strlen(text));
  if (attempt(&options, &made, &error) != HEED_OK)
    fail_msg("%s", error.message);
  dumped = json_dumps(made, JSON_COMPACT);
  if (plan_parse(dumped, strlen(dumped), &result, &error) != HEED_OK)
    fail_msg("%s", error.message);
  free(dumped);
  json_decref(made);
  return result;
}

static inline void refused_with(const char *text, size_t length,
                                const char *set, double seconds,
                                const char *expected) {
  const planner_options options = {.sweep = "sweep.lua",
                                   .sets = &set,
                                   .set_count = set != NULL,
                                   .seconds = seconds,
                                   .memory = (size_t)64 << 20,
                                   .notice = notice};
  heed_error error = {HEED_OK, ""};
  json_t *made = NULL;
  write_text("sweep.lua", text, length);
  assert_int_equal(attempt(&options, &made, &error), HEED_INVALID);
  assert_null(made);
  if (strcmp(error.message, expected) != 0)
    fail_msg("found    %s\nexpected %s", error.message, expected);
}

static inline void refused(const char *text, const char *expected) {
  refused_with(text, strlen(text), NULL, 0, expected);
}

static inline void refused_set(const char *set, const char *expected) {
  static const char text[] = HEAD "return h.sweep { " MADE REST "}";
  refused_with(text, strlen(text), set, 0, expected);
}

static inline const json_t *parameter(const heed_plan *self, size_t point,
                                      plan_stage stage, const char *name) {
  const json_t *spec = self->nodes[plan_node_at(self, point, stage)].spec;
  const json_t *parameters = json_object_get(spec, "parameters");
  return json_object_get(parameters != NULL ? parameters : spec, name);
}

static inline double number(const heed_plan *self, size_t point,
                            plan_stage stage, const char *name) {
  return json_number_value(parameter(self, point, stage, name));
}

/* What a cell's key is made of, but seed, replicate and what is kept. */
static inline const char *leaf_key(const heed_plan *self, size_t point) {
  return self->nodes[self->points[point].leaf].key;
}

static inline int open_all(void **state) {
  heed_error error;
  (void)state;
  if (mkdtemp(folder) == NULL || chdir(folder) != 0) return -1;
  if (registry_create(true, &plugins, &error) != HEED_OK) return -1;
  return registry_load(plugins, KINDS, NULL, &error) == HEED_OK ? 0 : -1;
}

static inline int remove_one(const char *path, const struct stat *found,
                             int type, struct FTW *place) {
  (void)found, (void)type, (void)place;
  return remove(path);
}

static inline int close_all(void **state) {
  (void)state;
  registry_free(plugins);
  return chdir("/") == 0 &&
                 nftw(folder, remove_one, 8, FTW_DEPTH | FTW_PHYS) == 0
             ? 0
             : -1;
}

#endif
