/* SPDX-License-Identifier: MIT
 * A plugin: a const descriptor at the end of its file.
 *
 * A shared object exports one symbol, heed_plugins, which lists the
 * descriptors of one or more plugins of any kinds:
 *
 *   static const heed_plugin *const plugins[] = {&everyone};
 *   HEED_PLUGINS(plugins)
 *
 * The descriptor names the functions of its kind (heed_source_functions, …;
 * one header per kind).  All of it is const: a shared object keeps no mutable
 * state, so that any number of instances can exist side by side.
 *
 * Threads: the host calls an instance from one thread at a time.  Processes:
 * each worker loads the shared object for itself.
 *
 * How the ABI grows.  Its version is MAJOR.MINOR (abi.h).  The host refuses a
 * plugin of another major version.  It loads a plugin of any minor version,
 * older or newer.  Within a major version:
 *
 * - Minor versions only add: members at the end of a struct, functions at the
 *   end of a table, kinds, types, statuses, columns, extensions, and flags that
 *   an older side can ignore.  Nothing moves, disappears or changes its
 *   meaning.  Comments mark additions: "since MAJOR.MINOR".
 * - A struct that can grow begins with `size`.  Its maker sets size to sizeof
 *   and unused members to zero.  Zero in a new member means what its absence
 *   meant.  Its reader does not read past size: HEED_HAS().
 * - A function that fills in such a struct for its caller sets single members;
 *   it does not assign the whole struct.  Copy with heed_copy(), not with `=`.
 * - A struct marked "frozen" never changes.  Structs in arrays are frozen,
 *   except in a descriptor, whose strides are in heed_abi.  Additions to a
 *   frozen struct come as a parallel array, a function or an extension.
 * - Optional services are extensions.  Both sides ask for them by name.
 * - The host copies descriptors and tables of functions when it loads a plugin,
 *   and completes short ones with zeros.  A plugin that calls another plugin
 *   (heed_instance) gets the complete copy.
 * - Return HEED_UNSUPPORTED for a kind, type or unit that you do not know.
 *   Ignore flags that you do not know.
 * - If your headers are newer than the oldest host that you support, test each
 *   addition before you use it: HEED_HAS() for a member or function, NULL for
 *   an extension.  Without it, do the best you can, or return HEED_UNSUPPORTED
 *   from create() and say what you need.
 *
 * heed runs on 64-bit platforms.  Enumerations are int32_t; bool is one byte.
 */
#ifndef HEED_PLUGIN_H
#define HEED_PLUGIN_H

#include "abi.h"
#include "host.h"
#include "schema.h"
#include "status.h"

#ifdef __cplusplus
extern "C" {
#endif

/* Flags of heed_plugin. */
#define HEED_COSTLY 1u     /* source, trainer: the host saves its output */
#define HEED_SEES_TRUTH 2u /* estimator: it sees the true attentiveness */
/* Since 4.1: it reads the texts of a log.  Without the flag, they may not be
 * loaded.  The host loads them for every plugin of ABI 4.0. */
#define HEED_READS_TEXTS 4u
/* Since 4.1: estimator, filter, trainer: it reads the column count of
 * annotations (world.h).  The host does not run others on such worlds. */
#define HEED_READS_COUNTS 8u
/* Since 4.1: source: its world depends on its parameters and files alone.  It
 * draws nothing, and the host makes it once for all replicates. */
#define HEED_SAME_WORLD 16u

struct heed_plugin {
  size_t size;  /* sizeof(heed_plugin) */
  heed_abi abi; /* HEED_ABI */
  heed_kind kind;
  const char *name;      /* lower case, digits and '_'; unique in its kind */
  const char *version;   /* of the plugin; the author's own count */
  const char *summary;   /* one line */
  const char *reference; /* paper and equation, or NULL */
  uint32_t flags;

  const heed_parameter *parameters;
  size_t parameter_count;
  const heed_dimension *dimensions;
  size_t dimension_count;
  /* The plugin reports these with heed_host.output().  A distribution or a user
   * model: the fitted parameters (see their headers). */
  const heed_output *outputs;
  size_t output_count;

  /* Makes an instance.  values: one for each parameter, in the schema's order;
   * they live as long as the instance.  Check here what a range cannot say
   * ("low must be below high").  Read no file and do nothing costly: the
   * planner makes each instance once to check a sweep.
   * NULL: *self is the values themselves. */
  heed_status (*create)(const heed_host *host, const heed_value *values,
                        void **self, heed_error *error);

  /* Frees what create() allocated outside the host's memory.  NULL: nothing
   * to free. */
  void (*destroy)(void *self);

  const void *functions; /* of its kind; const */
  size_t functions_size; /* sizeof that table; equals its size member */

  /* The optional service with that name, or NULL.  It is const and lives as
   * long as the shared object.  NULL: the plugin has no extensions. */
  const void *(*extension)(const char *name);
};

typedef struct heed_plugin_list {
  size_t size;  /* sizeof(heed_plugin_list) */
  heed_abi abi; /* HEED_ABI */
  size_t count;
  const heed_plugin *const *plugins;
} heed_plugin_list;

static_assert(offsetof(heed_plugin, abi) == 8 &&
                  offsetof(heed_plugin_list, abi) == 8,
              "every host finds the version of every plugin");

#if defined(__GNUC__)
#define HEED_EXPORT __attribute__((visibility("default")))
#else
#define HEED_EXPORT
#endif

#ifdef __cplusplus
#define HEED_PLUGINS(array)                                                \
  extern "C" HEED_EXPORT const heed_plugin_list heed_plugins;              \
  extern "C" HEED_EXPORT const heed_plugin_list heed_plugins = {           \
      sizeof(heed_plugin_list), HEED_ABI, sizeof(array) / sizeof *(array), \
      (array)};
#else
#define HEED_PLUGINS(array)                                                \
  HEED_EXPORT extern const heed_plugin_list heed_plugins;                  \
  HEED_EXPORT const heed_plugin_list heed_plugins = {                      \
      sizeof(heed_plugin_list), HEED_ABI, sizeof(array) / sizeof *(array), \
      (array)};
#endif

#ifdef __cplusplus
}
#endif

#endif
