/* SPDX-License-Identifier: GPL-3.0-or-later
 * Finds, checks, loads and instantiates plugins, and serves them while they
 * run.
 *
 * Callers: plan, work, result, evaluation, stages, sweep, execution,
 * contract, view, report, command.  A plugin does not call it: it calls the
 * heed_host that it is handed.  No file here names a plugin. */
#ifndef HEED_HOST_HOST_H
#define HEED_HOST_HOST_H

#include <jansson.h>
#include <stdatomic.h>

#include "heed/heed.h"

/* ---- arenas: memory that is freed at once ----
 *
 * Many allocations, one check:
 *
 *   self->memory = arena_create();
 *   self->keys = arena_allocate(self->memory, count, sizeof *self->keys);
 *   self->places = arena_allocate(self->memory, count, sizeof *self->places);
 *   if (arena_refused(self->memory)) return heed_no_memory(error);
 *
 * An arena may be NULL, which arena_create() returns when it is out of memory:
 * that one refuses everything. */

typedef struct host_arena host_arena;
host_arena *arena_create(void);
/* Zeroed, at a multiple of 64 bytes, also if count is 0.  NULL: refused. */
void *arena_allocate(host_arena *arena, size_t count, size_t size);
char *arena_copy(host_arena *arena, const char *text);
/* An array of count elements with room for one more: itself, or a copy that is
 * twice as large.  Only for arrays that have grown this way from NULL and 0.
 * NULL: refused. */
void *arena_grow(host_arena *arena, void *array, size_t count, size_t size);
/* Whether it has refused anything since it was made or cleared. */
bool arena_refused(const host_arena *arena);
/* Frees what was allocated, keeps the arena. */
void arena_clear(host_arena *arena);
void arena_free(host_arena *arena);

/* ---- services: the heed_host that a plugin sees ---- */

/* Where a plugin's reports go.  All may be NULL. */
typedef struct host_sink {
  void *context;
  void (*output)(void *context, const heed_plugin *plugin, size_t index,
                 const double *values, size_t count);
  void (*trace)(void *context, const char *series, uint64_t step, double value);
  void (*log)(void *context, const char *plugin, const char *line);
  void (*warn)(void *context, const char *plugin, const char *code,
               const char *message);
  void (*progress)(void *context, double done, const char *what);
} host_sink;

typedef struct host_service {
  heed_host host; /* first: a heed_host * is a service * */
  host_arena *output, *scratch;
  const heed_plugin *plugin; /* being called */
  const char *stage;         /* keys the streams */
  uint64_t seed, replicate;
  const host_sink *sink;
  const atomic_bool *cancel;
  const char *checkpoint; /* a path, or NULL */
} host_service;

/* Fills service->host; the other members are the caller's to set, before or
 * after. */
void service_open(host_service *service);

/* The stream keyed by all of this; Philox4x64-10. */
heed_stream stream_open(uint64_t seed, uint64_t replicate, const char *stage,
                        const char *purpose, uint64_t entity);

/* ---- registry: loaded plugins ---- */

typedef struct host_registry host_registry;

typedef struct host_plugin_file {
  const char *path; /* absolute */
  char sha256[65];
} host_plugin_file;

heed_status registry_create(bool allow_unsafe, host_registry **result,
                            heed_error *error);
void registry_free(host_registry *registry);

/* Loads one shared object.  Refused, with the file's name and what is wrong:
 * a file or folder that others than its owner (this user or root) may write
 * to, a missing symbol, another major version of the ABI, a descriptor that
 * breaks its contract, a kind/name that is already taken.  What is hashed is
 * what is loaded.  sha256: what it must hash to, or NULL. */
heed_status registry_load(host_registry *registry, const char *path,
                          const char *sha256, heed_error *error);

/* Loads every *.so of the folders of a search path (':' between), in the order
 * of the alphabet.  announce() is told each file before it is opened, and each
 * refusal; a refusal does not stop the scan.  skip: files not to open, ended
 * by NULL; may be NULL. */
heed_status registry_scan(host_registry *registry, const char *search_path,
                          const char *const *skip, void *context,
                          void (*announce)(void *context, const char *file,
                                           const heed_error *refusal),
                          heed_error *error);

size_t registry_count(const host_registry *registry);
const heed_plugin *registry_at(const host_registry *registry, size_t index,
                               const host_plugin_file **file);
const heed_plugin *registry_find(const host_registry *registry, heed_kind kind,
                                 const char *name,
                                 const host_plugin_file **file);
/* The same by its full name, "kind/name"; NULL where that is none. */
const heed_plugin *registry_named(const host_registry *registry,
                                  const char *full,
                                  const host_plugin_file **file);

const char *kind_name(heed_kind kind); /* "source", …; NULL out of range */
bool kind_of(const char *name, heed_kind *kind);

/* ---- schemas: JSON to checked values to instances ---- */

/* Checks `given` (a JSON object; NULL: empty) against a schema and fills in
 * what it leaves out: a new object with every key of the schema, in its order,
 * numbers as reals, plugins as {"plugin": "kind/name", "parameters": {…}}.
 * A nested plugin may be given so or by its bare name.  base: the folder that
 * relative paths are relative to.  Errors begin with the key path ("users.
 * attentiveness.low"), say what was found, what was expected, and the nearest
 * valid name. */
heed_status schema_resolve(const host_registry *registry,
                           const heed_parameter *parameters, size_t count,
                           const json_t *given, const char *base,
                           const char *path, json_t **resolved,
                           heed_error *error);

/* The nearest of the names by edit distance, or NULL if none is near. */
const char *schema_nearest(const char *name, const char *const *names,
                           size_t count);

/* Resolved JSON to values, nested plugins instantiated, in the arena. */
heed_status schema_values(const host_registry *registry,
                          const heed_parameter *parameters, size_t count,
                          const json_t *resolved, host_service *service,
                          const heed_value **values, heed_error *error);
/* Closes the instances among the values. */
void schema_close(const heed_value *values, size_t count);

/* An instance of a resolved {"plugin": …, "parameters": …}: calls create().
 * service->output is the arena it lives in; instance_close() first. */
heed_status instance_open(const host_registry *registry, const json_t *spec,
                          host_service *service, const heed_instance **result,
                          heed_error *error);
void instance_close(const heed_instance *instance); /* nested ones too */

#endif
