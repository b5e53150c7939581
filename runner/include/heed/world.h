/* SPDX-License-Identifier: MIT
 * The world that a source makes, and the annotations made in it.
 *
 * The columns named here are the vocabulary that plugins share.  A source
 * fills in those it knows.  A plugin that lacks a column returns
 * HEED_UNSUPPORTED and names the column.  A source may add columns of its
 * own. */
#ifndef HEED_WORLD_H
#define HEED_WORLD_H

#include "abi.h"
#include "table.h"

#ifdef __cplusplus
extern "C" {
#endif

/* A choice, and which response was on the left.  Stored as int8_t. */
enum {
  HEED_CHOSE_B = 0,
  HEED_CHOSE_A = 1,
  HEED_CHOSE_TIE = 2,
  HEED_LEFT_UNKNOWN = -1 /* else HEED_CHOSE_A or HEED_CHOSE_B */
};

/* A response to a prompt: one of the prompt's candidates if there are finitely
 * many, else a text.  Frozen: responses are elements of arrays. */
typedef struct heed_response {
  size_t prompt;     /* row in world->prompts */
  int64_t candidate; /* index, or -1 */
  const char *text;  /* UTF-8, NUL-terminated, or NULL */
  size_t length;     /* bytes of text */
  bool cut;          /* the text was truncated at the length limit */
} heed_response;

typedef struct heed_world {
  size_t size; /* sizeof(heed_world), set by the host */

  /* One row per pair.
   *   prompt       int64    row in `prompts`
   *   response_a   int64    A's response: candidate of the prompt
   *   response_b   int64    B's
   *   p            float64  preference probability, P(A's response is better);
   *                         NaN if unknown
   *   difference   float64  width features: phi(A's) - phi(B's)
   *   model_a, model_b  int32   rows in `models`
   *   topic        int32    0, 1, …
   *   verdict      int8     width judge_count: HEED_CHOSE_…, -1: none
   *   text_a, text_b    string
   *   cut_a, cut_b      int8     1: the text was truncated (heed_response.cut)
   *   reward_a, reward_b  float64  true rewards
   *   name         string   a log's identifier of the pair
   *   line         int64    line of `path` with the pair's first row
   * Since 4.1:
   *   file         int64    only if there are several: the file in `paths` of
   *                         that line
   *   messages     int8     1: prompt, text_a and text_b are JSON arrays of
   *                         messages, objects with a role and a content; the
   *                         texts follow the prompt.  0: they are plain
   *   gold         float64  P(A's response is better) of a gold pair, whose
   *                         answer is known; 1 or 0 if only the better response
   *                         is known; NaN: the pair is not gold.  Simulated
   *                         users get gold pairs evenly
   *   text_row     int64    row of the log with the texts, for texts() of the
   *                         source; -1: no row has any
   *   text_turned  int8     1: that row calls A what the pair calls B
   * All columns are optional.  The number of rows is required. */
  heed_table *pairs;

  /* One row per prompt.  The last `held_out` rows are never annotated;
   * evaluation uses them.
   *   features     float64  width candidates x features, row-major
   *   reference    float64  width candidates: log pi_ref
   *   reward       float64  width candidates: true reward
   *   text         string
   *   response     string   in worlds of texts: a response of the reference
   *                         policy; at least for held-out prompts
   *   cut          int8     1: that response was truncated
   *   line         int64    line of `path` with the prompt
   * NULL for a log without prompts. */
  heed_table *prompts;
  size_t held_out;

  heed_table *models;      /* name string; or NULL */
  heed_table *users;       /* a log's users: name string; else NULL */
  heed_table *annotations; /* a log's annotations, as in heed_crowd; or NULL */

  double mu;           /* gap: the pool's actual mean of p; NaN: unknown */
  double mu_requested; /* the gap that the sweep asks for; NaN: none */
  size_t candidates;   /* responses of each prompt; 0: texts, not enumerable */
  size_t features;     /* of a response; 0: none */

  /* Reference judges, whose verdicts are in pairs.verdict.  Their names are
   * those of the source's dimension "judge". */
  size_t judge_count;
  const char *const *judges;

  void *state; /* the source's own */

  /* Since 4.1: the file that `line` refers to, for messages; or NULL. */
  const char *path;

  /* Since 4.1: a log in which the order of each user's annotations is unknown:
   * their rows are in any order.  A user model that depends on the order
   * refuses such a world in check(). */
  bool order_unknown;

  /* Since 4.1: the files of the column `file` of pairs, path_count of them; or
   * NULL. */
  const char *const *paths;
  size_t path_count;
} heed_world;

/* What a source knows of its worlds before it makes one, so that `heed check`
 * finds what would fail hours later.  Since 4.1. */
enum heed_knowledge_values { HEED_UNKNOWN = 0, HEED_NO, HEED_YES };
typedef uint32_t heed_knowledge; /* heed_knowledge_values */

typedef struct heed_outline {
  size_t size;           /* sizeof(heed_outline) */
  heed_knowledge models; /* pairs have model_a and model_b */
  heed_knowledge p;      /* pairs or annotations have p */
  heed_knowledge gap;    /* world->mu is a number */
  heed_knowledge counts; /* annotations have a column count */
} heed_outline;

/* The number of annotations that a row stands for.  count: the column, or NULL.
 * Since 4.1. */
static inline int64_t heed_count_at(const int64_t *count, size_t row) {
  return count == NULL ? 1 : count[row];
}

/* Users and their annotations.  Made by the host (simulated users) or by a
 * source (a log).
 *
 * users, one row per user:
 *   name         string   a log's identifier; simulated users have none
 *   eta          float64  width of the attentiveness; only of simulated users,
 *                         and only for plugins with HEED_SEES_TRUTH
 * annotations, one row per annotation, ordered by user:
 *   user         int64    row in users
 *   pair         int64    row in world->pairs
 *   choice       int8     HEED_CHOSE_…
 *   left         int8     the response on the left, or HEED_LEFT_UNKNOWN
 *   p            float64  only if a log has it: overrides pairs.p
 *   topic        int32    only if a log has it
 *   turn         int64    position among all annotations of the user,
 *                         ascending; no column: turns are consecutive, unless
 *                         world->order_unknown
 *   time         float64  only if a log has it: seconds since 1970, or the
 *                         log's own numbers.  Since 4.1
 *   count        int64    1 or more: a row stands for so many annotations of
 *                         the user that are equal in all other columns, and
 *                         their order is unknown.  No column: 1 each.  Only for
 *                         plugins with HEED_READS_COUNTS.  Since 4.1
 * A log may add columns (response length, seconds taken). */
typedef struct heed_crowd {
  size_t size; /* sizeof(heed_crowd), set by the host */
  const heed_world *world;
  const heed_table *users;
  const heed_table *annotations;
  const size_t *first; /* users->rows + 1: user j's annotations are rows
                          first[j] … first[j + 1] - 1 */
} heed_crowd;

#ifdef __cplusplus
}
#endif

#endif
