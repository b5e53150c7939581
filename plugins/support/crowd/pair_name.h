/* SPDX-License-Identifier: GPL-3.0-or-later
 * What messages call a pair: its name in the log, and where it is. */
#ifndef HEED_SUPPORT_CROWD_PAIR_NAME_H
#define HEED_SUPPORT_CROWD_PAIR_NAME_H

#include "heed/world.h"

#define PAIR_NAME_SIZE 512

/* `pair "17" (log.csv:3)`; if the source has no names or no file, `pair 4`. */
void pair_name(const heed_world *world, size_t pair, char text[PAIR_NAME_SIZE]);

#endif
