/* SPDX-License-Identifier: MIT
 * A plugin: a const descriptor at the end of its file.
 *
 * A shared object exports one symbol, heed_plugins, which lists descriptors of
 * one or more plugins of any kinds:
 *
 *   static const heed_plugin *const plugins[] = {&everyone};
 *   HEED_PLUGINS(plugins)
 *
 * The descriptor names the functions of its kind (heed_source_functions, …;
 * one header a kind).  All of it is const: a shared object keeps no mutable
 * state, so that any number of instances live side by side.
 *
 * Threads: the host calls an instance from one thread at a time.  Processes:
 * each worker loads the shared object for itself. */
#ifndef HEED_PLUGIN_H
#define HEED_PLUGIN_H

#include "host.h"
#include "schema.h"
#include "status.h"

#ifdef __cplusplus
extern "C" {
#endif

/* Raised when a header changes in a way that a built plugin cannot survive.
 * The host refuses a plugin of another ABI version, with both numbers. */
#define HEED_ABI 3

/* Flags of heed_plugin. */
#define HEED_COSTLY 1u     /* source, trainer: worth saving for a resumed run */
#define HEED_SEES_TRUTH 2u /* estimator: is shown the true attentiveness */

struct heed_plugin {
  size_t size;  /* sizeof(heed_plugin) */
  uint32_t abi; /* HEED_ABI */
  heed_kind kind;
  const char *name;      /* lower case, digits and '_'; unique in its kind */
  const char *version;   /* of the plugin, as its author counts */
  const char *summary;   /* one line */
  const char *reference; /* paper and equation, or NULL */
  unsigned flags;

  const heed_parameter *parameters;
  size_t parameter_count;
  const heed_dimension *dimensions;
  size_t dimension_count;
  /* Reported with heed_host.output(); for a distribution and a user model:
   * the fitted parameters, as said in their headers. */
  const heed_output *outputs;
  size_t output_count;

  /* Makes an instance.  values: one a parameter, in the schema's order; alive
   * as long as the instance.  Refuse here what a range cannot say ("low must
   * be below high").  No file is read and nothing costly done here: the
   * planner makes each instance once to check a sweep.
   * NULL: *self is the values themselves. */
  heed_status (*create)(const heed_host *host, const heed_value *values,
                        void **self, heed_error *error);

  /* Frees what create() took outside the host's memory.  NULL: nothing. */
  void (*destroy)(void *self);

  const void *functions; /* of the kind; const */
  size_t functions_size; /* sizeof that table */
};

typedef struct heed_plugin_list {
  size_t size;  /* sizeof(heed_plugin_list) */
  uint32_t abi; /* HEED_ABI */
  size_t count;
  const heed_plugin *const *plugins;
} heed_plugin_list;

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
