/* SPDX-License-Identifier: GPL-3.0-or-later
 * Adoption: the descriptor of a plugin of any minor version of the ABI becomes
 * a descriptor of this host's version, in the registry's memory.
 *
 *   in the plugin's file                 in the registry's memory
 *   heed_plugin, size as built       →   heed_plugin, at least our size
 *   arrays, strides as built         →   arrays of our structs
 *   table of functions, as built     →   table, at least our size
 *
 * Members that a plugin lacks are zero in the copy.  Members that only the
 * plugin knows stay at the end of heed_plugin and of the table, where other
 * plugins of its version find them.  So the rest of the host handles neither
 * strides nor short tables.
 *
 * Only registry.c calls this. */
#include <string.h>

#include "descriptor.h"

/* The size of a struct that ends with this member.  A plugin of this major
 * version has at least the members of MAJOR.0. */
#define THROUGH(type, member) \
  (offsetof(type, member) + sizeof(((type *)NULL)->member))

#define MOST_BYTES 65536u /* limit on the size of a struct */
#define MOST_LEVELS 16    /* of nested parameters */

typedef struct adopt_adoption {
  const char *file;
  host_arena *memory;
  uint32_t stride; /* of arrays of parameters */
  heed_error *error;
} adopt_adoption;

/* ---- versions and sizes ---- */

static heed_status check_version(const heed_abi *abi, const char *file,
                                 heed_error *error) {
  if (abi->major == HEED_ABI_MAJOR) return HEED_OK;
  return heed_fail(error, HEED_INVALID,
                   "%s: built for plugin ABI %u.%u, this heed has ABI %d.%d: "
                   "rebuild the plugin with this heed's headers",
                   file, (unsigned)abi->major, (unsigned)abi->minor,
                   HEED_ABI_MAJOR, HEED_ABI_MINOR);
}

static heed_status check_size(size_t size, size_t least, const char *what,
                              const char *file, heed_error *error) {
  if (size >= least && size <= MOST_BYTES && size % sizeof(void *) == 0)
    return HEED_OK;
  return heed_fail(error, HEED_INVALID,
                   "%s: found a %s of %zu bytes, expected a multiple of %zu, "
                   "from %zu to %u bytes",
                   file, what, size, sizeof(void *), least, MOST_BYTES);
}

heed_status descriptor_check_list(const heed_plugin_list *list,
                                  const char *file, heed_error *error) {
  heed_status status = check_version(&list->abi, file, error);
  if (status == HEED_OK)
    status = check_size(list->size, THROUGH(heed_plugin_list, plugins),
                        "heed_plugin_list", file, error);
  if (status != HEED_OK) return status;
  if (list->count == 0 || list->plugins == NULL)
    return heed_fail(error, HEED_INVALID, "%s: lists no plugin", file);
  return HEED_OK;
}

static heed_status check_strides(const heed_abi *abi, const char *file,
                                 heed_error *error) {
  heed_status status =
      check_size(abi->parameter_size, THROUGH(heed_parameter, doc),
                 "heed_parameter", file, error);
  if (status == HEED_OK)
    status = check_size(abi->dimension_size, THROUGH(heed_dimension, doc),
                        "heed_dimension", file, error);
  if (status == HEED_OK)
    status = check_size(abi->output_size, THROUGH(heed_output, doc),
                        "heed_output", file, error);
  return status;
}

static heed_status check_functions(const heed_plugin *plugin, const char *file,
                                   heed_error *error) {
  size_t own;
  if (plugin->functions == NULL)
    return heed_fail(error, HEED_INVALID,
                     "%s: a plugin has no table of functions", file);
  memcpy(&own, plugin->functions, sizeof own);
  if (own != plugin->functions_size)
    return heed_fail(error, HEED_INVALID,
                     "%s: functions_size is %zu bytes, but the size of the "
                     "table of functions is %zu",
                     file, plugin->functions_size, own);
  return check_size(own, sizeof own, "table of functions", file, error);
}

/* Checks a descriptor before it is copied. */
static heed_status check_sizes(const heed_plugin *plugin, const char *file,
                               heed_error *error) {
  heed_status status;
  if (plugin == NULL)
    return heed_fail(error, HEED_INVALID, "%s: a descriptor is NULL", file);
  status = check_version(&plugin->abi, file, error);
  if (status == HEED_OK)
    status = check_size(plugin->size, THROUGH(heed_plugin, extension),
                        "heed_plugin", file, error);
  if (status != HEED_OK) return status;
  if (kind_name(plugin->kind) == NULL)
    return heed_fail(error, HEED_INVALID,
                     "%s: a plugin of unknown kind %d, built for plugin ABI "
                     "%u.%u; this heed has ABI %d.%d",
                     file, (int)plugin->kind, (unsigned)plugin->abi.major,
                     (unsigned)plugin->abi.minor, HEED_ABI_MAJOR,
                     HEED_ABI_MINOR);
  status = check_strides(&plugin->abi, file, error);
  return status == HEED_OK ? check_functions(plugin, file, error) : status;
}

/* ---- copies ---- */

static size_t larger(size_t a, size_t b) {
  return a > b ? a : b;
}

/* Copies elements that are `stride` bytes apart into an array of elements of
 * `size` bytes. */
static heed_status repack(const adopt_adoption *self, const void *array,
                          size_t count, size_t stride, size_t size,
                          void **result) {
  char *copy;
  *result = NULL;
  if (array == NULL) return HEED_OK;
  copy = arena_allocate(self->memory, count, size);
  if (copy == NULL)
    return heed_fail(self->error, HEED_MEMORY, "%s: " HEED_OUT_OF_MEMORY,
                     self->file);
  for (size_t i = 0; i < count; i++)
    memcpy(copy + i * size, (const char *)array + i * stride,
           stride < size ? stride : size);
  *result = copy;
  return HEED_OK;
}

/* Replaces *parameters, and those nested in them, by copies. */
static heed_status repack_parameters(const adopt_adoption *self,
                                     const heed_parameter **parameters,
                                     size_t count, int level) {
  void *copy;
  heed_status status = repack(self, *parameters, count, self->stride,
                              sizeof **parameters, &copy);
  heed_parameter *made = copy;
  *parameters = made;
  if (made == NULL) return status;
  if (level == MOST_LEVELS)
    return heed_fail(self->error, HEED_INVALID,
                     "%s: parameters are nested more than %d deep", self->file,
                     MOST_LEVELS);
  for (size_t i = 0; status == HEED_OK && i < count; i++) {
    status = repack_parameters(self, &made[i].item, 1, level + 1);
    if (status == HEED_OK)
      status = repack_parameters(self, &made[i].fields, made[i].field_count,
                                 level + 1);
  }
  return status;
}

static heed_status repack_arrays(const adopt_adoption *self,
                                 heed_plugin *plugin) {
  void *dimensions, *outputs;
  heed_status status =
      repack_parameters(self, &plugin->parameters, plugin->parameter_count, 0);
  if (status == HEED_OK)
    status =
        repack(self, plugin->dimensions, plugin->dimension_count,
               plugin->abi.dimension_size, sizeof(heed_dimension), &dimensions);
  if (status == HEED_OK)
    status = repack(self, plugin->outputs, plugin->output_count,
                    plugin->abi.output_size, sizeof(heed_output), &outputs);
  if (status != HEED_OK) return status;
  plugin->dimensions = dimensions;
  plugin->outputs = outputs;
  plugin->abi.parameter_size = sizeof(heed_parameter);
  plugin->abi.dimension_size = sizeof(heed_dimension);
  plugin->abi.output_size = sizeof(heed_output);
  return HEED_OK;
}

static heed_status copy_functions(const adopt_adoption *self,
                                  heed_plugin *plugin) {
  const size_t size =
      larger(plugin->functions_size, descriptor_functions_size(plugin->kind));
  void *table = arena_allocate(self->memory, 1, size);
  if (table == NULL)
    return heed_fail(self->error, HEED_MEMORY, "%s: " HEED_OUT_OF_MEMORY,
                     self->file);
  heed_copy(table, size, plugin->functions);
  plugin->functions = table;
  plugin->functions_size = size;
  return HEED_OK;
}

heed_status descriptor_adopt(const heed_plugin *plugin, const char *file,
                             host_arena *memory, const heed_plugin **adopted,
                             heed_error *error) {
  heed_status status = check_sizes(plugin, file, error);
  if (status != HEED_OK) return status;
  const adopt_adoption self = {file, memory, plugin->abi.parameter_size, error};
  const size_t size = larger(plugin->size, sizeof *plugin);
  heed_plugin *copy = arena_allocate(memory, 1, size);
  if (copy == NULL) return heed_no_memory(error);
  heed_copy(copy, size, plugin);
  status = repack_arrays(&self, copy);
  if (status == HEED_OK) status = copy_functions(&self, copy);
  if (status == HEED_OK) status = descriptor_check(copy, file, error);
  *adopted = copy;
  return status;
}
