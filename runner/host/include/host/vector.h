/* SPDX-License-Identifier: GPL-3.0-or-later
 * The implementations of heed/vector.h.
 *
 * Callers: service.c (the extension), evaluation, tests. */
#ifndef HEED_HOST_VECTOR_H
#define HEED_HOST_VECTOR_H

#include "heed/vector.h"

/* The best that this processor can run. */
const heed_vector *vector_best(void);

/* Each of them; NULL: this processor cannot run it. */
const heed_vector *vector_plain(void);
const heed_vector *vector_avx2(void);
const heed_vector *vector_avx512(void);

#endif
