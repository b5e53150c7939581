/* SPDX-License-Identifier: GPL-3.0-or-later
 * Topics of prompts; model A does better in some than in others. */
#ifndef HEED_SOURCES_SYNTHETIC_TOPICS_H
#define HEED_SOURCES_SYNTHETIC_TOPICS_H

#include "heed/memory.h"

/* Adds to pairs, whose row i belongs to prompt i mod prompts and has p:
 *   topic     0 … topics - 1, of the prompt, all equally frequent; its rank
 *             correlates (as normal scores) by this much with how well A
 *             does on the prompt, the mean of p over its pairs
 *   mu_topic  the mean of p over the pairs of that topic */
heed_status topics_fill(const heed_host *host, size_t prompts, size_t topics,
                        double correlation, heed_table *pairs,
                        heed_error *error);

#endif
