/* SPDX-License-Identifier: GPL-3.0-or-later
 * SHA-256 in hexadecimal. */
#ifndef HEED_HOST_HASH_H
#define HEED_HOST_HASH_H

#include <stddef.h>

#include "heed/status.h"

#define HASH_SIZE 65 /* 64 digits and NUL */

void hash_bytes(const void *bytes, size_t length, char digest[HASH_SIZE]);

/* The whole file behind the descriptor, from its start; path is for errors. */
heed_status hash_descriptor(int descriptor, const char *path,
                            char digest[HASH_SIZE], heed_error *error);
/* The same for its first bytes, or the whole file if it is shorter. */
heed_status hash_first(int descriptor, size_t length, const char *path,
                       char digest[HASH_SIZE], heed_error *error);

#endif
