/* SPDX-License-Identifier: GPL-3.0-or-later
 * Finds, checks, loads and instantiates plugins, and serves them while they
 * run.
 *
 * Callers: plan, work, result, evaluation, stages, sweep, execution, contract,
 * view, report, command.  Plugins do not: they call only the heed_host that
 * they get.  No file here names a plugin. */
#ifndef HEED_HOST_HOST_H
#define HEED_HOST_HOST_H

#include <jansson.h>
#include <stdatomic.h>

#include "heed/heed.h"

/* ---- arenas: memory that is freed all at once ----
 *
 * Many allocations, one check:
 *
 *   self->memory = arena_create();
 *   self->keys = arena_allocate(self->memory, count, sizeof *self->keys);
 *   self->places = arena_allocate(self->memory, count, sizeof *self->places);
 *   if (arena_refused(self->memory)) return heed_no_memory(error);
 *
 * An arena may be NULL (arena_create() was out of memory): it refuses
 * everything. */

typedef struct host_arena host_arena;
host_arena *arena_create(void);
/* Zeroed memory, aligned to 64 bytes, even if count is 0.  NULL: refused. */
void *arena_allocate(host_arena *arena, size_t count, size_t size);
char *arena_copy(host_arena *arena, const char *text);
/* Makes room for one element after the first count: returns the array or a copy
 * twice as large.  The array must have grown this way from NULL and 0.  NULL:
 * refused. */
void *arena_grow(host_arena *arena, void *array, size_t count, size_t size);
/* True if the arena has refused memory since it was made or cleared. */
bool arena_refused(const host_arena *arena);
/* Frees all allocations, keeps the arena. */
void arena_clear(host_arena *arena);
void arena_free(host_arena *arena);

/* Makes the arena read-only until arena_unseal(), arena_clear() or
 * arena_free().  A write to a block of 64 KiB or more is then SIGSEGV; a write
 * to a smaller one makes arena_is_intact() false. */
void arena_seal(host_arena *arena);
void arena_unseal(host_arena *arena);
bool arena_is_intact(const host_arena *arena);
bool arena_holds(const host_arena *arena, const void *place);
/* Mixes bytes into a digest that detects changes, not forgery. */
uint64_t arena_mix(uint64_t digest, const void *data, size_t bytes);

/* ---- draws that worlds share (HEED_DRAWS) ---- */

typedef struct host_draws host_draws;
extern const struct heed_draws draws_service;

host_draws *draws_create(void); /* NULL: out of memory */
void draws_free(host_draws *draws);
/* The world that asked for the matrices is gone.  The next world may ask for
 * them again. */
void draws_release(host_draws *draws);
/* Frees the matrices that the present world did not ask for. */
void draws_tidy(host_draws *draws);
/* Whether place is in some matrix, and whether no matrix has changed.  draws
 * may be NULL. */
bool draws_hold(const host_draws *draws, const void *place);
bool draws_are_intact(const host_draws *draws);

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

/* HEED_THREADS. */
typedef struct host_threads {
  size_t count;
  bool asked; /* a plugin has asked for the count */
} host_threads;

typedef struct host_service {
  heed_host host; /* first: a heed_host * is a host_service * */
  host_arena *output, *scratch;
  const heed_plugin *plugin; /* being called */
  const char *stage;         /* keys the streams */
  uint64_t seed, replicate;
  const host_sink *sink;
  const atomic_bool *cancel;
  const char *checkpoint;    /* a path, or NULL */
  const bool *texts;         /* HEED_TEXTS, or NULL */
  host_draws *draws;         /* NULL: no HEED_DRAWS */
  host_threads *threads;     /* may be NULL: 1 */
  const heed_plugin *blamed; /* the last that service_blame() warned about */
  unsigned blamed_changes;   /* what it warned about */
} host_service;

/* Fills service->host; the caller sets the other members, before or after. */
void service_open(host_service *service);

/* Says which plugin is called next; NULL: none.  Settles first. */
void service_calls(host_service *service, const heed_plugin *plugin);
/* After a call: puts back the locale and the floating-point environment, and
 * blames the plugin that was called. */
void service_settle(host_service *service);
/* Warns that the plugin has made these changes (host/process.h) of the process,
 * once for each until another plugin is blamed or service->blamed is NULL. */
void service_blame(host_service *service, unsigned changes);

/* The stream keyed by all arguments; Philox4x64-10. */
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

/* Loads one shared object.  The error names the file and what is wrong: users
 * other than this user and root can write to the file or its folder, the symbol
 * is missing, the ABI has another major version, a descriptor breaks its
 * contract, or a kind/name is taken.  HEED_INTERNAL: a constructor closed files
 * or started a process; do not load the file again in another process.  The
 * bytes hashed are the bytes loaded.
 * sha256: the expected hash, or NULL. */
heed_status registry_load(host_registry *registry, const char *path,
                          const char *sha256, heed_error *error);

/* Loads every *.so of the folders of a search path (':' between), in
 * alphabetical order.  Calls announce() before it opens a file and after a
 * refusal; a refusal does not stop the scan.  skip: files not to open,
 * NULL-terminated; may be NULL. */
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
/* The same by its full name, "kind/name"; NULL: unknown. */
const heed_plugin *registry_named(const host_registry *registry,
                                  const char *full,
                                  const host_plugin_file **file);

const char *kind_name(heed_kind kind); /* "source", …; NULL out of range */
bool kind_of(const char *name, heed_kind *kind);

/* ---- schemas: JSON to checked values to instances ---- */

/* Checks `given` (a JSON object; NULL: empty) against a schema and fills in
 * defaults: the result is a new object with every key of the schema, in its
 * order, numbers as reals, plugins as {"plugin": "kind/name", "parameters":
 * {…}}.  A nested plugin may also be given by its bare name.  base: the folder
 * of relative paths.  Errors begin with the key path ("users.
 * attentiveness.low"), say what was found, what was expected, and the nearest
 * valid name. */
heed_status schema_resolve(const host_registry *registry,
                           const heed_parameter *parameters, size_t count,
                           const json_t *given, const char *base,
                           const char *path, json_t **resolved,
                           heed_error *error);

/* A flag of the host's own parameters, beside HEED_OPTIONAL: earlier versions
 * of heed lack this parameter, so a sweep that omits it keeps their cell keys.
 */
#define SCHEMA_ADDED 0x80000000u

/* The nearest of the names by edit distance, or NULL if none is near. */
const char *schema_nearest(const char *name, const char *const *names,
                           size_t count);

/* Turns resolved JSON into values and instantiates nested plugins, in the
 * arena. */
heed_status schema_values(const host_registry *registry,
                          const heed_parameter *parameters, size_t count,
                          const json_t *resolved, host_service *service,
                          const heed_value **values, heed_error *error);
/* Closes the instances among the values. */
void schema_close(const heed_value *values, size_t count);

/* Makes an instance of a resolved {"plugin": …, "parameters": …}: calls
 * create().  It lives in the arena service->output; close it before you free
 * the arena. */
heed_status instance_open(const host_registry *registry, const json_t *spec,
                          host_service *service, const heed_instance **result,
                          heed_error *error);
void instance_close(const heed_instance *instance); /* and those nested in it */
/* Visits the instances nested in this one, then itself, until a visit fails. */
heed_status instance_visit(const heed_instance *instance, void *context,
                           heed_status (*visit)(void *context,
                                                const heed_instance *instance));

#endif
