/* SPDX-License-Identifier: GPL-3.0-or-later
 * Walks over the rows of a selection and writes the examples that they make. */
#ifndef HEED_COMMAND_EXPORT_WALK_H
#define HEED_COMMAND_EXPORT_WALK_H

#include "export_draw.h"
#include "export_pairs.h"
#include "export_shape.h"
#include "view/pseudonyms.h"

/* What a walk found. */
typedef struct export_tally {
  size_t count[FAULT_COUNT]; /* examples: those of FAULT_NONE can be written */
  size_t lines;              /* written */
  double weight;             /* of the examples that can be written */
  bool any_prompt, any_response;
  double least, most;           /* weights of examples that were written */
  size_t user_count, user_room; /* users whose annotations examples rest on */
  double *user_eta;             /* the mean eta-hat of each */
} export_tally;

typedef struct export_walk {
  size_t cell;
  export_rows rows;
  export_shape shape;
  bool by_pair, as_messages;
  bool has_names, has_pair_names; /* rather than numbers, or none */
  export_pairs pairs;             /* if by_pair */
  bool *written;                  /* of each slot of pairs */
  size_t draws;                   /* COMMAND_NONE: each example once */
  export_draw draw;
  const view_pseudonyms *key; /* NULL: users have their names */
  char hidden[PSEUDONYM_SIZE];
  export_example example;
  export_tally tally;

  /* The user whose rows are read: they are adjacent. */
  int64_t user;
  size_t user_examples;
  double user_sum;
} export_walk;

/* Looks at the columns, and gathers the labels of pairs.  walk_close() frees
 * what is in *self, even after an error. */
heed_status walk_open(export_walk *self, view_result *result, size_t cell,
                      heed_error *error);
void walk_close(export_walk *self);

/* Writes all examples; with draws, after a rehearsal that found their weight
 * (the tally of this walk starts again). */
heed_status walk_write(export_walk *self, export_sink *sink, heed_error *error);
/* The same without writing and drawing. */
heed_status walk_rehearse(export_walk *self, heed_error *error);

/* Whether the weights that were written differ. */
bool walk_weights_differ(const export_walk *self);

/* "left out 3 of 9 annotations: 2 without a known response, 1 …"; "": none. */
#define WALK_NOTE_SIZE 512
void walk_note(const export_walk *self, char note[WALK_NOTE_SIZE]);

#endif
