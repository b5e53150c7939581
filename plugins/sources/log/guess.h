/* SPDX-License-Identifier: GPL-3.0-or-later
 * What a file seems to be: the log of a tool, or a table whose columns have
 * names that say what they hold. */
#ifndef HEED_SOURCES_LOG_GUESS_H
#define HEED_SOURCES_LOG_GUESS_H

#include "heed/source.h"

heed_status log_guess(const heed_host *host, const char *path,
                      heed_guess *guess, heed_error *error);

#endif
