/* SPDX-License-Identifier: GPL-3.0-or-later
 * Topics of prompts, in some of which model A does better than in others. */
#ifndef HEED_SOURCES_SYNTHETIC_TOPICS_H
#define HEED_SOURCES_SYNTHETIC_TOPICS_H

#include "heed/memory.h"

/* Adds to pairs, of which row i is of prompt i mod prompts and has p:
 *   topic     0 … topics - 1, a prompt's, all equally frequent; a prompt's
 *             place in their order has this correlation (of normal scores)
 *             with how well A does on it, the mean of p over its pairs
 *   mu_topic  the mean of p over the pairs of that topic */
heed_status topics_fill(const heed_host *host, size_t prompts, size_t topics,
                        double correlation, heed_table *pairs,
                        heed_error *error);

#endif
