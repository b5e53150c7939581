/* SPDX-License-Identifier: GPL-3.0-or-later
 * A workbench for tests of one plugin: loads it from the build, gives it
 * parameters, serves it, and remembers what it reported. */
#ifndef HEED_TESTS_WORKBENCH_H
#define HEED_TESTS_WORKBENCH_H

/* cmocka.h needs the others before it. */
/* clang-format off */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>
/* clang-format on */

#include "host/host.h"

static inline void workbench_near(double found, double expected,
                                  double tolerance, int line) {
  if (!(fabs(found - expected) <= tolerance))
    fail_msg("line %d: found %.17g, expected %.17g within %g", line, found,
             expected, tolerance);
}

/* |found - expected| <= tolerance; NaN is never near. */
#define assert_near(found, expected, tolerance) \
  workbench_near((found), (expected), (tolerance), __LINE__)

typedef struct test_workbench {
  host_registry *plugins;
  host_arena *memory, *scratch;
  host_service host;
  host_sink sink;
  double output[64]; /* the scalars that the last stage reported */
  char warned[64];   /* code of the last warning */
  char warning[512]; /* and its text */
  double *series;    /* where trace() goes; NULL: nowhere */
  size_t series_count, series_room;
  const heed_instance *opened[256];
  size_t opened_count;
  heed_error error;
} test_workbench;

static inline void workbench_output(void *context, const heed_plugin *plugin,
                                    size_t index, const double *values,
                                    size_t count) {
  test_workbench *self = context;
  (void)plugin;
  if (index < 64 && count == 1) self->output[index] = values[0];
}

static inline void workbench_trace(void *context, const char *series,
                                   uint64_t step, double value) {
  test_workbench *self = context;
  (void)series, (void)step;
  if (self->series_count < self->series_room)
    self->series[self->series_count++] = value;
}

static inline void workbench_warn(void *context, const char *plugin,
                                  const char *code, const char *message) {
  test_workbench *self = context;
  (void)plugin;
  (void)snprintf(self->warned, sizeof self->warned, "%s", code);
  (void)snprintf(self->warning, sizeof self->warning, "%s", message);
}

static inline void workbench_open(test_workbench *self, uint64_t seed) {
  memset(self, 0, sizeof *self);
  self->memory = arena_create();
  self->scratch = arena_create();
  assert_non_null(self->memory);
  assert_non_null(self->scratch);
  assert_int_equal(registry_create(true, &self->plugins, &self->error),
                   HEED_OK);
  self->sink = (host_sink){.context = self,
                           .output = workbench_output,
                           .trace = workbench_trace,
                           .warn = workbench_warn};
  service_open(&self->host);
  self->host.output = self->memory;
  self->host.scratch = self->scratch;
  self->host.seed = seed;
  self->host.sink = &self->sink;
  self->host.stage = "test";
}

static inline void workbench_close(test_workbench *self) {
  while (self->opened_count > 0)
    instance_close(self->opened[--self->opened_count]);
  registry_free(self->plugins);
  arena_free(self->memory);
  arena_free(self->scratch);
}

/* For cmocka: *state is an open test_workbench; with _series it also keeps the
 * first thousand points of a trace. */
static inline int workbench_set_up(void **state) {
  test_workbench *self = calloc(1, sizeof *self);
  assert_non_null(self);
  workbench_open(self, 5);
  *state = self;
  return 0;
}

static inline int workbench_set_up_series(void **state) {
  (void)workbench_set_up(state);
  test_workbench *self = *state;
  self->series_room = 1000;
  self->series = calloc(self->series_room, sizeof *self->series);
  return 0;
}

static inline int workbench_tear_down(void **state) {
  test_workbench *self = *state;
  free(self->series);
  workbench_close(self);
  free(self);
  return 0;
}

/* Loads KIND_NAME.so of the build, unless that was done before. */
static inline void workbench_load(test_workbench *self, heed_kind kind,
                                  const char *name) {
  char path[1024];
  if (registry_find(self->plugins, kind, name, NULL) != NULL) return;
  (void)snprintf(path, sizeof path, "%s/%s_%s.so", HEED_TEST_PLUGINS,
                 kind_name(kind), name);
  const heed_status status =
      registry_load(self->plugins, path, NULL, &self->error);
  if (status != HEED_OK) fail_msg("%s", self->error.message);
}

/* The plugin with parameters given as JSON ("{}"), or NULL with self->error. */
static inline const heed_instance *workbench_try(test_workbench *self,
                                                 heed_kind kind,
                                                 const char *name,
                                                 const char *parameters) {
  const heed_instance *instance = NULL;
  const heed_plugin *plugin;
  json_t *resolved = NULL;
  workbench_load(self, kind, name);
  plugin = registry_find(self->plugins, kind, name, NULL);
  assert_non_null(plugin);
  json_t *given = json_loads(parameters, 0, NULL);
  assert_non_null(given);
  heed_status status =
      schema_resolve(self->plugins, plugin->parameters, plugin->parameter_count,
                     given, ".", name, &resolved, &self->error);
  if (status == HEED_OK) {
    char full[128];
    (void)snprintf(full, sizeof full, "%s/%s", kind_name(kind), name);
    json_t *spec =
        json_pack("{s:s,s:o}", "plugin", full, "parameters", resolved);
    self->host.plugin = plugin;
    status = instance_open(self->plugins, spec, &self->host, &instance,
                           &self->error);
    json_decref(spec);
  }
  json_decref(given);
  if (status != HEED_OK) return NULL;
  assert_true(self->opened_count < 256);
  self->opened[self->opened_count++] = instance;
  return instance;
}

static inline const heed_instance *workbench_make(test_workbench *self,
                                                  heed_kind kind,
                                                  const char *name,
                                                  const char *parameters) {
  const heed_instance *made = workbench_try(self, kind, name, parameters);
  if (made == NULL) fail_msg("%s", self->error.message);
  return made;
}

/* A world, zeroed as a source expects it. */
static inline heed_status workbench_world(test_workbench *self,
                                          const heed_instance *source,
                                          heed_world *world) {
  const heed_source_functions *functions = source->plugin->functions;
  *world = (heed_world){.size = sizeof *world, .mu = NAN, .mu_requested = NAN};
  return functions->make(source->self, &self->host.host, world, &self->error);
}

#endif
