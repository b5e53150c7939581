/* SPDX-License-Identifier: GPL-3.0-or-later
 * The form of packed logs: docs/packed-logs.md.
 *
 *   header      64 bytes
 *   sections    one per column or list of names; each starts at a multiple of
 *               64 bytes
 *   directory   64 bytes per section: what it is, where, and its hash
 *
 * All numbers are little-endian.  packed_write.c writes sections, packed_read.c
 * reads them; packed_save.c and packed_load.c know what a log has. */
#ifndef HEED_SOURCES_LOG_PACKED_H
#define HEED_SOURCES_LOG_PACKED_H

#include <sodium/crypto_generichash.h>
#include <stdbool.h>
#include <stdint.h>

#include "heed/status.h"

#define PACKED_MAGIC "\x89heed\r\n\x1a"
#define PACKED_VERSION 1
#define PACKED_HEADER 64 /* bytes */
#define PACKED_ENTRY 64  /* bytes of a section in the directory */
#define PACKED_ALIGNMENT 64
#define PACKED_HASH 16 /* bytes, of BLAKE2b */
#define PACKED_SECTIONS_MOST ((size_t)1 << 20)
#define PACKED_BLOCK ((size_t)1 << 12) /* values decoded at a time */

/* Where the header and an entry of the directory have their numbers. */
enum {
  PACKED_AT_VERSION = 8,
  PACKED_AT_COUNT = 12,
  PACKED_AT_SIZE = 16,
  PACKED_AT_DIRECTORY = 24,
  PACKED_AT_DIRECTORY_HASH = 32,
  PACKED_AT_HEADER_HASH = 48
};
enum {
  PACKED_AT_ID = 0,
  PACKED_AT_INDEX = 4,
  PACKED_AT_ENCODING = 8,
  PACKED_AT_WIDTH = 12,
  PACKED_AT_BASE = 16,
  PACKED_AT_VALUES = 24,
  PACKED_AT_OFFSET = 32,
  PACKED_AT_LENGTH = 40,
  PACKED_AT_HASH = 48
};

/* How a section keeps its values. */
typedef enum packed_encoding {
  PACKED_INTEGERS, /* value - base, in `width` bytes: 0, 1, 2, 4 or 8 */
  PACKED_FLOATS,   /* IEEE 754, 8 bytes */
  PACKED_NAMES     /* UTF-8; a NUL ends each */
} packed_encoding;

/* The sections.  A number never changes its meaning. */
typedef enum packed_id {
  PACKED_FACTS = 1,
  PACKED_COLUMNS = 2,     /* their names in the log; "": it has none */
  PACKED_DIFFERENCES = 3, /* the same for differences */
  PACKED_COVARIATES = 4,
  PACKED_FILES = 5,      /* that were packed */
  PACKED_FILE_FIRST = 6, /* files + 1: the first row of each */
  PACKED_MODELS = 7,
  PACKED_TOPICS = 8,
  PACKED_WORDS = 9, /* of covariates */
  /* By class. */
  PACKED_CLASS_MODEL_A = 16,
  PACKED_CLASS_MODEL_B = 17,
  PACKED_CLASS_CHOICE = 18,
  PACKED_CLASS_LEFT = 19,
  /* By user. */
  PACKED_USERS = 32,
  PACKED_FIRST = 33, /* users + 1: the first annotation of each */
  /* By annotation, ordered by user and then by row. */
  PACKED_CLASS = 48,
  PACKED_PAIR = 49, /* minus its row, if rows are there */
  PACKED_ROW = 50,  /* its position among all annotations of the log */
  PACKED_LINE = 51, /* minus its row */
  PACKED_P = 52,
  PACKED_TIME = 53,
  PACKED_NUMBER = 54, /* of covariate `index` */
  PACKED_WORD = 55,   /* the same: 1 + its word; 0: none */
  /* By pair. */
  PACKED_PAIRS = 64,
  PACKED_PAIR_MODEL_A = 65,
  PACKED_PAIR_MODEL_B = 66,
  PACKED_PAIR_LINE = 67, /* minus the number of the pair */
  PACKED_PAIR_FILE = 68,
  PACKED_PAIR_TOPIC = 69,
  PACKED_GOLD = 70,
  PACKED_DIFFERENCE = 71, /* of feature `index` */
  PACKED_TEXT_ROW = 72,
  PACKED_TEXT_TURNED = 73,
  PACKED_MESSAGES = 74,
  PACKED_TEXT_HASH = 75, /* index: OF_PROMPT, OF_A, OF_B */
  PACKED_HASH_KEY = 76   /* of these hashes: 16 bytes, an integer each */
} packed_id;

/* The numbers in PACKED_FACTS, in that order. */
enum {
  FACT_ANNOTATIONS,
  FACT_USERS,
  FACT_PAIRS,
  FACT_MODELS,
  FACT_CLASSES,
  FACT_MALFORMED, /* rows that were skipped */
  FACT_OMITTED,   /* rows that `source.omit` left out */
  FACT_ROWS,      /* of the files, also malformed and omitted ones */
  FACT_TIME_FORM,
  FACT_IS_ROW,  /* the files count rows, not lines */
  FACT_DROPPED, /* PACKED_DROPS, as bits */
  FACT_COUNT
};

/* Optional columns: what --drop can name. */
#define PACKED_DROPS(X)       \
  X(PAIR, "pair")             \
  X(ROW, "row")               \
  X(P, "p")                   \
  X(TIME, "time")             \
  X(COVARIATES, "covariates") \
  X(TOPIC, "topic")           \
  X(GOLD, "gold")             \
  X(DIFFERENCE, "difference") \
  X(TEXTS, "texts")

#define PACKED_DROP_INDEX(id, name) DROP_##id,
enum { PACKED_DROPS(PACKED_DROP_INDEX) DROP_COUNT };
#undef PACKED_DROP_INDEX

extern const char *const packed_drops[]; /* their words, then NULL */

/* An entry of the directory. */
typedef struct packed_section {
  uint32_t id, index, encoding, width;
  int64_t base;
  uint64_t count, offset, length;
  unsigned char hash[PACKED_HASH];
} packed_section;

/* What a section has, for messages: "pair", "name of user". */
const char *packed_what(uint32_t id);

#endif
