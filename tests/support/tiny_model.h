/* SPDX-License-Identifier: GPL-3.0-or-later
 * A language model of a few thousand random weights, for tests. */
#ifndef HEED_TESTS_TINY_MODEL_H
#define HEED_TESTS_TINY_MODEL_H

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
#include "support/llm/model.h"
#include "support/llm/pass.h"

static inline void tiny_near(double found, double expected, double tolerance,
                             int line) {
  if (!(fabs(found - expected) <= tolerance))
    fail_msg("line %d: found %.9g, expected %.9g within %g", line, found,
             expected, tolerance);
}

/* |found - expected| <= tolerance; NaN is never near. */
#define assert_close(found, expected, tolerance) \
  tiny_near((found), (expected), (tolerance), __LINE__)

/* Widths that are no multiple of a vector's, three query heads to a key. */
static const llm_shape tiny_shape = {.layers = 2,
                                     .width = 20,
                                     .heads = 6,
                                     .kv_heads = 2,
                                     .head_width = 6,
                                     .feed = 27,
                                     .vocabulary = 1100,
                                     .context = 512,
                                     .tied = true,
                                     .epsilon = 1e-5f,
                                     .rope_base = 10000};

static inline heed_stream tiny_stream(uint64_t entity) {
  return stream_open(20251010, 0, "llm", "test", entity);
}

#endif
