/* SPDX-License-Identifier: GPL-3.0-or-later
 * Parameters that estimators share: what their entries point to. */
#include "support/attention/parameters.h"

#include <stddef.h>

const heed_parameter estimator_level_item = {
    .name = "level",
    .type = HEED_NUMBER,
    .flags = HEED_OPEN_LOW | HEED_OPEN_HIGH,
    .low = 0,
    .high = 1};

const char *const estimator_negative_words[] = {"clip", "keep", NULL};
