/* SPDX-License-Identifier: GPL-3.0-or-later
 * Pseudonyms of users: keyed hashes of their names, so that a page or a data
 * set can leave the company that holds the key.  The same key and name give the
 * same pseudonym in every command and every result.
 *
 * A pseudonym is the first 16 bytes of HMAC-SHA-256 (RFC 2104) of the name
 * under the bytes of the key file, in hexadecimal:
 *
 *   printf %s NAME | openssl dgst -sha256 -mac HMAC \
 *     -macopt hexkey:$(xxd -p -c 4096 KEYFILE) | cut -d' ' -f2 | cut -c-32
 *
 * Callers: report, command. */
#ifndef HEED_VIEW_PSEUDONYMS_H
#define HEED_VIEW_PSEUDONYMS_H

#include <stddef.h>

#include "heed/status.h"

#define PSEUDONYM_SIZE 33
#define PSEUDONYM_LEAST_KEY 16 /* bytes */
#define PSEUDONYM_MOST_KEY 4096

typedef struct view_pseudonyms {
  size_t length;
  unsigned char key[PSEUDONYM_MOST_KEY];
} view_pseudonyms;

/* HEED_INVALID: not a readable file of 16 to 4096 bytes. */
heed_status pseudonyms_read(const char *path, view_pseudonyms *self,
                            heed_error *error);

void pseudonym(const view_pseudonyms *self, const char *name,
               char text[PSEUDONYM_SIZE]);

#endif
