/* SPDX-License-Identifier: GPL-3.0-or-later
 * Labels: names of values on an axis. */
#ifndef HEED_SWEEP_LABEL_H
#define HEED_SWEEP_LABEL_H

#include "state.h"

/* The name of a filled value on an axis; memory of the sweep. */
const char *label_of(const heed_sweep *self, const json_t *value);
const char *label_format(const heed_sweep *self, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

#endif
