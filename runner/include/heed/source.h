/* SPDX-License-Identifier: MIT
 * Sources make worlds. */
#ifndef HEED_SOURCE_H
#define HEED_SOURCE_H

#include "plugin.h"
#include "world.h"

#ifdef __cplusplus
extern "C" {
#endif

/* What a file seems to be.  Since 4.1. */
typedef struct heed_guess {
  size_t size;              /* sizeof(heed_guess), set by the host */
  const char *form;         /* in a few words: "Chatbot Arena, 140k" */
  const char *parameters;   /* of this source, as a JSON object, without those
                               that name the file */
  const char *file;         /* the parameter that names the file */
  const char *const *notes; /* what is odd and what a user must know: a sentence
                               each */
  size_t note_count;
  const char *given; /* set by the host: parameters that the user has set, as a
                        JSON object, which the guess heeds; NULL: none */
} heed_guess;

/* The texts of a pair.  Since 4.1. */
typedef struct heed_pair_texts {
  size_t size;                          /* sizeof(heed_pair_texts) */
  const char *prompt, *text_a, *text_b; /* UTF-8; "": unknown */
  bool messages; /* the texts are JSON arrays of messages (heed_world.pairs) */
} heed_pair_texts;

/* index: of the row, in the caller's list.  The texts live as long as the call.
 */
typedef heed_status heed_take_texts(void *context, size_t index,
                                    const heed_pair_texts *texts,
                                    heed_error *error);

/* What becomes of a log in heed_source_functions.pack().  Since 4.1. */
typedef struct heed_packing {
  size_t size;             /* sizeof(heed_packing), set by the host */
  int output;              /* descriptor of an empty file, open for reading and
                              writing.  The host gives it its name when pack() is
                              done, or removes it */
  const char *folder;      /* for temporary files, which have no names */
  const char *earlier;     /* a packed log: the rows are added to it; or NULL */
  uint64_t memory;         /* bytes; more than that goes to temporary files */
  const char *const *drop; /* optional columns to leave out */
  size_t drop_count;
} heed_packing;

typedef struct heed_source_functions {
  size_t size; /* sizeof(heed_source_functions) */

  /* Fills in *world.  The host has zeroed it, except size, mu and
   * mu_requested (NaN).  Tables and all other memory come from
   * host->allocate(). */
  heed_status (*make)(void *self, const heed_host *host, heed_world *world,
                      heed_error *error);

  /* For HEED_COSTLY sources: makes world->state again after the host has
   * loaded the tables and numbers of *world from a file.  NULL: there is no
   * state. */
  heed_status (*restore)(void *self, const heed_host *host, heed_world *world,
                         heed_error *error);

  /* The true rewards of `count` responses to any prompts, into
   * rewards[count].  The p of a pair is sigmoid(reward of A's - reward of
   * B's).  Only evaluation calls this; nothing that learns does.  NULL, or
   * HEED_UNSUPPORTED: this world has no judge (a log). */
  heed_status (*judge)(void *self, const heed_host *host,
                       const heed_world *world, size_t count,
                       const heed_response *responses, double *rewards,
                       heed_error *error);

  /* The rewards of a second judge, which has no influence on what users choose.
   * A policy cannot win by exploiting flaws of the first judge.  Win rates of
   * texts use this judge if it exists.  NULL: none. */
  heed_status (*second_judge)(void *self, const heed_host *host,
                              const heed_world *world, size_t count,
                              const heed_response *responses, double *rewards,
                              heed_error *error);

  /* log pi_ref(response | prompt) into log_probability[count].  Values are
   * finite.  If candidates are finite, their probabilities sum to 1 for each
   * prompt.  Of a truncated text: the log-probability that a response begins
   * with it.  NULL: the world has no reference policy. */
  heed_status (*reference)(void *self, const heed_host *host,
                           const heed_world *world, size_t count,
                           const heed_response *responses,
                           double *log_probability, heed_error *error);

  /* Since 4.1.  Fills in what is known of every world of this source; the host
   * has zeroed *outline, except size.  Called while a sweep is planned: reads
   * no file.  NULL: nothing is known. */
  void (*outline)(const void *self, heed_outline *outline);
  /* Since 4.1: looks into the source's files as make() would, and returns the
   * error that make() would return.  rows: how many rows of each file it reads
   * at least; SIZE_MAX: all.  `heed check` calls it before any cell runs.  The
   * host frees all memory afterwards.  NULL: there is nothing to look into. */
  heed_status (*check)(void *self, const heed_host *host, size_t rows,
                       heed_error *error);
  /* Since 4.1: says what a file seems to be, and fills in *guess.
   * HEED_UNSUPPORTED: this source does not know such files.  NULL: it knows
   * none. */
  heed_status (*guess)(const heed_host *host, const char *path,
                       heed_guess *guess, heed_error *error);
  /* Since 4.1: reads texts that make() did not load (HEED_TEXTS in host.h).
   * rows[count]: ascending; values of the column text_row of pairs.  Calls
   * `take` for each, in this order; A is the response that the row calls A
   * (text_turned).  NULL: make() always loads the texts. */
  heed_status (*texts)(void *self, const heed_host *host, size_t count,
                       const int64_t *rows, heed_take_texts *take,
                       void *context, heed_error *error);
  /* Since 4.1: writes a log that is larger than memory into one file, which
   * this source reads as well.  NULL: not available. */
  heed_status (*pack)(void *self, const heed_host *host,
                      const heed_packing *packing, heed_error *error);
} heed_source_functions;

#ifdef __cplusplus
}
#endif

#endif
