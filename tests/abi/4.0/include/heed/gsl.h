/* SPDX-License-Identifier: MIT
 * A heed_stream as a gsl_rng, for plugins that use the GNU Scientific Library.
 * Optional: no other header of heed includes this one.  A plugin that includes
 * it links GSL, whose licence (GPL-3.0-or-later) then applies to the plugin.
 *
 *   heed_stream stream = host->stream(host, "noise", user);
 *   gsl_rng *generator = heed_gsl_rng(&stream);
 *   double x = gsl_ran_gamma(generator, 2.0, 1.0);
 *   gsl_rng_free(generator);
 *
 * The generator uses the stream, which must outlive it.  Its range is all of
 * unsigned long: with a smaller range, gsl_rng_uniform_int() refuses large
 * counts.  gsl_rng_set() does nothing: the host keys the stream. */
#ifndef HEED_GSL_H
#define HEED_GSL_H

#include <gsl/gsl_rng.h>
#include <limits.h>

#include "random.h"

#ifdef __cplusplus
extern "C" {
#endif

static inline void heed_gsl_set(void *state, unsigned long seed) {
  (void)state;
  (void)seed;
}

static inline unsigned long heed_gsl_get(void *state) {
  return (unsigned long)heed_bits(*(heed_stream **)state);
}

static inline double heed_gsl_get_double(void *state) {
  /* 53 bits in [0, 1): gsl_rng_uniform() may return 0. */
  return (double)(heed_bits(*(heed_stream **)state) >> 11) * 0x1p-53;
}

/* Free the generator with gsl_rng_free().  NULL: out of memory (if GSL's error
 * handler returns). */
static inline gsl_rng *heed_gsl_rng(heed_stream *stream) {
  static const gsl_rng_type type = {
      "heed_stream", ULONG_MAX,          0, sizeof(heed_stream *), heed_gsl_set,
      heed_gsl_get,  heed_gsl_get_double};
  gsl_rng *generator = gsl_rng_alloc(&type);
  if (generator != NULL) *(heed_stream **)generator->state = stream;
  return generator;
}

#ifdef __cplusplus
}
#endif

#endif
