/* SPDX-License-Identifier: MIT
 * The version of the plugin ABI, and tools for structs that grow.  The policy
 * of growth is in plugin.h. */
#ifndef HEED_ABI_H
#define HEED_ABI_H

#include <assert.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#ifdef __cplusplus
extern "C" {
#endif

/* The major version grows when a header changes in a way that a built plugin
 * cannot survive; the minor version grows with every addition. */
#define HEED_ABI_MAJOR 4
#define HEED_ABI_MINOR 1

/* The headers that a shared object was built with.
 * In heed_plugin_list and in heed_plugin, `size` is at byte 0, major at byte 8
 * and minor at byte 12, in every major version.  So every host can read the
 * version of every plugin, and name it when it refuses the plugin. */
typedef struct heed_abi {
  uint32_t major; /* HEED_ABI_MAJOR */
  uint32_t minor; /* HEED_ABI_MINOR */
  /* Strides: bytes from one element to the next in the arrays of a descriptor,
   * nested arrays included. */
  uint32_t parameter_size; /* sizeof(heed_parameter) */
  uint32_t dimension_size; /* sizeof(heed_dimension) */
  uint32_t output_size;    /* sizeof(heed_output) */
} heed_abi;

/* The initialiser of a heed_abi: `.abi = HEED_ABI`. */
#define HEED_ABI                                            \
  {                                                         \
    HEED_ABI_MAJOR, HEED_ABI_MINOR, sizeof(heed_parameter), \
        sizeof(heed_dimension), sizeof(heed_output)         \
  }

/* True if *structure has the member: its maker knew it.  Ask before you read a
 * member whose comment says "since MAJOR.MINOR", a version newer than that of
 * the oldest heed that you support. */
#define HEED_HAS(structure, member)                    \
  ((size_t)((const char *)(&(structure)->member + 1) - \
            (const char *)(structure)) <= (structure)->size)

/* Copies a struct that begins with its size into `copy`, of `size` bytes.
 * Members that only the original has are dropped; members that only the copy
 * has become zero; the copy's size is `size`.  Plain assignment would read
 * past the end of a struct that an older side has made. */
static inline void heed_copy(void *copy, size_t size, const void *original) {
  size_t known;
  memcpy(&known, original, sizeof known);
  memset(copy, 0, size);
  memcpy(copy, original, known < size ? known : size);
  memcpy(copy, &size, sizeof size);
}

/* What heed assumes about the platform. */
static_assert(sizeof(size_t) == 8 && sizeof(void *) == 8, "64 bits");
static_assert(sizeof(double) == 8 && sizeof(float) == 4, "IEEE 754");
static_assert(sizeof(bool) == 1, "bool is one byte in C and C++");
static_assert(offsetof(heed_abi, minor) == 4, "major and minor are adjacent");

#ifdef __cplusplus
}
#endif

#endif
