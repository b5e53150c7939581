/* SPDX-License-Identifier: GPL-3.0-or-later
 * heed look: what a source has read of a file, and what is said of it. */
#ifndef HEED_COMMAND_LOOK_H
#define HEED_COMMAND_LOOK_H

#include "command.h"

#define LOOK_WARNINGS 64
#define LOOK_REMEDIES 2

typedef struct look_warning {
  char *code, *message;
} look_warning;

/* What a source says of a file. */
typedef struct look_reading {
  const char *file; /* as given */
  const heed_plugin *plugin;
  char *form;
  json_t *parameters; /* for the sweep, without the file */
  char *file_parameter;
  const char *remedies[LOOK_REMEDIES]; /* what is set so that it can be read */
  size_t remedy_count;
  char **notes;
  size_t note_count;
  heed_world world;
  double *outputs; /* the first value of each; NaN: none */
  look_warning warnings[LOOK_WARNINGS];
  size_t warning_count;
} look_reading;

/* What the tables say. */
typedef struct look_facts {
  size_t users, pairs, annotations, models;
  size_t shared_pairs;           /* judged by two users or more */
  size_t least, middle, most;    /* annotations of a user */
  size_t chose_a, chose_b, ties; /* annotations */
  size_t left_a, left_known;     /* A was left; it is known what was */
  size_t chose_left, chose_side; /* the left one; among those with a side */
  size_t constant_users;         /* always the same answer, of at least … */
  size_t constant_sides;         /* always the same side */
  size_t steady;                 /* … so many annotations */
  size_t busiest;                /* the user with the most */
  bool has_texts, has_p, one_first_model;
  double first_time, last_time; /* NaN: no times */
} look_facts;

/* Asks the sources of what form given->file is, or takes given->format, and
 * sets given->sets.  What it finds lives as long as service->output, but the
 * parameters, which belong to the caller. */
heed_status look_guess(const host_registry *plugins, host_service *service,
                       const command_arguments *given, look_reading *reading,
                       heed_error *error);
/* The source with these parameters, as a plan has it. */
heed_status look_spec(const host_registry *plugins, const look_reading *reading,
                      json_t **spec, heed_error *error);

/* False: out of memory. */
bool look_count(const look_reading *self, look_facts *facts);

void look_print(const look_reading *self, const look_facts *facts);
/* The sweep that reads the file, in Lua. */
void look_print_sweep(const look_reading *self, const look_facts *facts);
/* Each annotation as a line of JSON. */
void look_print_rows(const look_reading *self);

#endif
