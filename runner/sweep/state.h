/* SPDX-License-Identifier: GPL-3.0-or-later
 * A sweep while it is read, for the files of this room.
 *
 * A *template* holds a sweep: JSON as the schemas expect it, in which an axis
 * is {AXIS_KEY: its number}.  A plugin has the line of its constructor in
 * WHERE_KEY and its label, if given, in LABEL_KEY.  template_fill() replaces
 * each axis by one of its values and gives plain JSON, which the schemas
 * resolve. */
#ifndef HEED_SWEEP_STATE_H
#define HEED_SWEEP_STATE_H

#include <lauxlib.h>
#include <stdio.h>

#include "host/host.h"
#include "plan/plan.h"
#include "planner/planner.h"

/* A sweep cannot write these keys: conversion refuses control characters. */
#define AXIS_KEY "\001axis"
#define WHERE_KEY "\001where"
#define LABEL_KEY "\001label"

#define WHERE_SIZE 128
#define MOST_POINTS 1000000
#define MOST_CELLS 10000000

typedef struct sweep_axis {
  const char *name, *unit, *doc; /* unit, doc: may be NULL */
  const char *tie;               /* the name of another axis, or NULL */
  const char *where;             /* "sweep.lua:12" */
  json_t *values;                /* array of templates */
  json_t *labels;                /* array of texts, or NULL */

  bool written;  /* the sweep uses it before --set */
  bool live;     /* an axis of the grid, or tied to one */
  size_t inside; /* the axis whose alternatives contain it, or SIZE_MAX */
  size_t root;   /* live: the last axis in its chain of ties, or itself */
  bool flat;     /* its values no longer hold axes */
} sweep_axis;

/* A file that the sweep required. */
typedef struct sweep_file {
  const char *path;  /* without links */
  const char *shown; /* in messages: "scripts/lib/arms.lua" */
  json_t *text;
  char sha256[PLAN_KEY_SIZE];
  int value; /* reference in Lua's registry; LUA_NOREF until it has run */
} sweep_file;

#define SWEEP_DEEPEST_REQUIRE 32

/* Keys of a sweep: the stages, in their order, and the head. */
enum {
  SWEEP_TITLE = PLAN_STAGE_COUNT,
  SWEEP_SEED,
  SWEEP_REPLICATES,
  SWEEP_KEEP,
  SWEEP_BLAS_THREADS,
  SWEEP_THREADS,
  SWEEP_KEY_COUNT
};

typedef struct heed_sweep {
  const host_registry *plugins;
  const planner_options *options;
  host_arena *memory;        /* owns texts */
  const char *path, *folder; /* of the file, without links */
  const char *shown_folder;  /* "scripts/", or "" */
  json_t *text;              /* of the file */

  size_t file_count;
  sweep_file *files;                     /* in the order of their first use */
  size_t running_count;                  /* running files, */
  size_t running[SWEEP_DEEPEST_REQUIRE]; /* outermost first */

  lua_State *lua;
  size_t lua_memory, lua_limit; /* bytes */
  double deadline;              /* of the monotonic clock, seconds */
  bool is_loading;              /* a file's text: its errors have their line */
  int returned_line;            /* of the sweep's last return; 0: not known */

  size_t axis_count;
  sweep_axis *axes; /* in order of creation */

  const char *where; /* of h.sweep */
  json_t *record;    /* template of the keys given to h.sweep */
  int exclude;       /* reference in Lua's registry, or LUA_NOREF */

  heed_parameter schema[SWEEP_KEY_COUNT];
} heed_sweep;

#endif
