/* SPDX-License-Identifier: GPL-3.0-or-later
 * What the fuzzers of logs share.  The first byte chooses parameters of the
 * source `log`; the rest is the file. */
#ifndef HEED_TESTS_FUZZ_LOG_H
#define HEED_TESTS_FUZZ_LOG_H

#include <jansson.h>
#include <math.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "fuzz_file.h"
#include "heed/source.h"
#include "host/host.h"

extern const heed_plugin_list heed_plugins; /* of plugins/sources/log.c */

static inline json_t *fuzz_parameters(uint8_t bits, const char *path,
                                      const char *format) {
  static const char *const duplicates[] = {"error", "keep", "first", "keep"};
  const bool counts = strcmp(format, "packed") == 0 && (bits >> 2 & 3) == 3;
  json_t *columns = json_object();
  json_t *given = json_pack(
      "{s:s, s:s, s:s, s:s, s:s, s:s, s:o}", "path", path, "format", format,
      "malformed", bits & 1 ? "skip" : "stop", "ties",
      bits & 2 ? "keep" : "drop", "duplicates", duplicates[bits >> 2 & 3],
      "annotations", counts ? "counts" : "rows", "columns", columns);
  if (bits & 16)
    for (const char *const *name =
             (const char *const[]){"model_a", "model_b", "left", NULL};
         *name != NULL; name++)
      (void)json_object_set_new(columns, *name, json_string(*name));
  if (bits & 32)
    for (const char *const *name =
             (const char *const[]){"p", "topic", "prompt", "text_a", "text_b",
                                   NULL};
         *name != NULL; name++)
      (void)json_object_set_new(columns, *name, json_string(*name));
  if (bits & 64)
    (void)json_object_set_new(columns, "time", json_string("time"));
  if (bits & 128)
    (void)json_object_set_new(given, "difference", json_pack("[s]", "x"));
  return given;
}

static inline void fuzz_look(const heed_table *table, const char *name,
                             size_t end) {
  const int64_t *id = heed_table_data(table, name, HEED_INT64);
  for (size_t i = 0; i < table->rows; i++)
    if (id[i] < 0 || (size_t)id[i] >= end) abort();
}

/* What all worlds of logs must have. */
static inline void fuzz_check(const heed_world *world) {
  const heed_table *annotations = world->annotations;
  const double *p = heed_table_data(annotations, "p", HEED_FLOAT64);
  const int8_t *choice = heed_table_data(annotations, "choice", HEED_INT8);
  if (annotations->rows == 0) abort();
  fuzz_look(annotations, "user", world->users->rows);
  fuzz_look(annotations, "pair", world->pairs->rows);
  for (size_t i = 0; i < annotations->rows; i++) {
    if (choice[i] < 0 || choice[i] > HEED_CHOSE_TIE) abort();
    if (p != NULL && !isnan(p[i]) && !(p[i] >= 0 && p[i] <= 1)) abort();
  }
}

/* Whether a message is fit to show.  A child that ended too early crashed; a
 * file may have a part of these words, which the message then repeats. */
static inline bool fuzz_fit(const char *message, const uint8_t *bytes,
                            size_t length) {
  static const char crashed[] = "the reader of HDF5 files ended too early";
  return message[0] != '\0' && strchr(message, '\n') == NULL &&
         (strstr(message, crashed) == NULL ||
          memmem(bytes, length, crashed, sizeof crashed - 1) != NULL);
}

static inline void fuzz_read(const heed_value *values, host_service *service,
                             const uint8_t *bytes, size_t length) {
  const heed_plugin *plugin = heed_plugins.plugins[0];
  const heed_source_functions *functions = plugin->functions;
  heed_world world = {.size = sizeof world, .mu = NAN, .mu_requested = NAN};
  heed_error error = {HEED_OK, ""};
  void *self = (void *)(uintptr_t)values;
  const heed_host *host = &service->host;
  service->plugin = plugin;
  if (functions->make(self, host, &world, &error) == HEED_OK)
    fuzz_check(&world);
  else if (!fuzz_fit(error.message, bytes, length))
    abort();
  (void)functions->check(self, host, 2, &error);
}

static inline void fuzz_log(const char *format, const uint8_t *bytes,
                            size_t length) {
  const heed_plugin *plugin = heed_plugins.plugins[0];
  host_service service = {.output = NULL};
  char path[sizeof FUZZ_PATH];
  json_t *given, *resolved = NULL;
  const heed_value *values = NULL;
  heed_error error = {HEED_OK, ""};
  if (length == 0) return;
  service.output = arena_create();
  service.scratch = arena_create();
  fuzz_file_write(path, bytes + 1, length - 1);
  given = fuzz_parameters(bytes[0], path, format);
  service_open(&service);
  if (schema_resolve(NULL, plugin->parameters, plugin->parameter_count, given,
                     "/", "", &resolved, &error) != HEED_OK)
    abort();
  if (schema_values(NULL, plugin->parameters, plugin->parameter_count, resolved,
                    &service, &values, &error) != HEED_OK)
    abort();
  fuzz_read(values, &service, bytes, length);
  json_decref(given);
  json_decref(resolved);
  (void)unlink(path);
  arena_free(service.output);
  arena_free(service.scratch);
}

#endif
