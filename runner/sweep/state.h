/* SPDX-License-Identifier: GPL-3.0-or-later
 * What the files of this room share.
 *
 * A sweep is held as a *template*: JSON as the schemas want it, in which an
 * axis stands as {AXIS_KEY: its number}, and a plugin remembers in WHERE_KEY
 * the line of its constructor and in LABEL_KEY the label it was given.  With an
 * index along each axis a template becomes plain JSON (template_fill()), which
 * the schemas resolve. */
#ifndef HEED_SWEEP_STATE_H
#define HEED_SWEEP_STATE_H

#include <lauxlib.h>
#include <stdio.h>

#include "host/host.h"
#include "plan/plan.h"
#include "planner/planner.h"

/* Keys that no sweep can write: conversion refuses control characters. */
#define AXIS_KEY "\001axis"
#define WHERE_KEY "\001where"
#define LABEL_KEY "\001label"

#define WHERE_SIZE 128
#define MOST_POINTS 1000000
#define MOST_CELLS 10000000

typedef struct sweep_axis {
  const char *name, *unit, *doc; /* unit, doc: or NULL */
  const char *tie;               /* the name of another axis, or NULL */
  const char *where;             /* "sweep.lua:12" */
  json_t *values;                /* array of templates */
  json_t *labels;                /* array of texts, or NULL */

  bool written;  /* stands in the sweep as it was written */
  bool live;     /* is an axis of the grid, or tied to one */
  size_t inside; /* the axis whose alternatives took it in, or SIZE_MAX */
  size_t root;   /* live: the axis it is tied to in the end, or itself */
  bool flat;     /* its values hold no axes any more */
} sweep_axis;

/* A file that the sweep required. */
typedef struct sweep_file {
  const char *path;  /* without links */
  const char *shown; /* as messages call it: "scripts/lib/arms.lua" */
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
  size_t running_count;                  /* files that run now, */
  size_t running[SWEEP_DEEPEST_REQUIRE]; /* the first the outermost */

  lua_State *lua;
  size_t lua_memory, lua_limit; /* bytes */
  double deadline;              /* of the monotonic clock, seconds */

  size_t axis_count;
  sweep_axis *axes; /* in order of creation */

  const char *where; /* of h.sweep */
  json_t *record;    /* template of the keys given to h.sweep */
  int exclude;       /* reference in Lua's registry, or LUA_NOREF */

  heed_parameter schema[SWEEP_KEY_COUNT];
} heed_sweep;

/* ---- sandbox.c: a Lua that can compute and nothing else ---- */

heed_status sandbox_open(heed_sweep *self, heed_error *error);
void sandbox_close(heed_sweep *self);
/* Runs the file's text; what it returns is left on the stack. */
heed_status sandbox_run(heed_sweep *self, heed_error *error);
/* Calls the function below its `arguments` values, for one result. */
heed_status sandbox_call(heed_sweep *self, int arguments, heed_error *error);
/* Pushes a text as a function, or an error; returns Lua's status.  name is what
 * messages call the file. */
int sandbox_load(const heed_sweep *self, const json_t *text, const char *name);
heed_sweep *sandbox_sweep(lua_State *lua);

/* ---- text.c: UTF-8 without zero bytes ---- */

bool text_is_utf8(const char *text);
/* Reads a Lua file to its end; *text is a new reference.  name is what messages
 * call the file: "NAME:3: zero byte". */
heed_status text_read(FILE *file, const char *name, json_t **text,
                      heed_error *error);
/* The string at a place on Lua's stack, alive as long as Lua holds it.  NULL
 * and a message, which begins with path, when it has a zero byte or is not
 * UTF-8. */
const char *text_at(lua_State *lua, int index, const char *path,
                    heed_error *error);

/* ---- language.c: the words of require "heed" ---- */

/* Pushes the table h. */
void language_open(heed_sweep *self);
/* The functions of h beside the constructors of plugins, ended by NULL. */
extern const luaL_Reg language_words[];
/* Takes the sweep on top of the stack into record, where and exclude. */
heed_status language_take(heed_sweep *self, heed_error *error);
/* A plugin's or an axis's template at a place on Lua's stack; new reference, or
 * NULL when it is neither. */
json_t *language_template(lua_State *lua, int index);

/* ---- require.c: other files of the sweep ---- */

/* The function `require`; h is its upvalue 1. */
int require_file(lua_State *lua);
/* [{"path":…, "sha256":…}], with_text: and "text"; new reference. */
json_t *require_list(const heed_sweep *self, bool with_text);
void require_close(heed_sweep *self);

/* ---- template.c ---- */

/* The Lua value as a template.  path is for messages. */
heed_status template_read(lua_State *lua, int index, const char *path,
                          json_t **result, heed_error *error);
/* Marks the axes that stand in the template itself, not inside another
 * axis: used[axis_count]. */
void template_axes(const json_t *template, uint8_t *used);
/* New reference: axes replaced by their values at at[axis_count]. */
json_t *template_fill(const heed_sweep *self, const json_t *template,
                      const size_t *position);
/* Which axis stands here, or SIZE_MAX. */
size_t template_axis(const json_t *template);

/* ---- check.c: schemas over templates ---- */

void check_schema(heed_sweep *self);
/* A plugin just constructed, each of its axes taken through its values. */
heed_status check_plugin(const heed_sweep *self, const heed_plugin *plugin,
                         const json_t *template, heed_error *error);
/* One key of the sweep, filled. */
heed_status check_key(const heed_sweep *self, size_t key, const json_t *filled,
                      json_t **resolved, heed_error *error);
const heed_plugin *check_named(const heed_sweep *self, const char *full,
                               const host_plugin_file **file);

/* ---- override.c: --set path=value ---- */

heed_status override_apply(heed_sweep *self, const char *set,
                           heed_error *error);

/* ---- label.c ---- */

/* What a filled value is called on an axis; memory of the sweep. */
const char *label_of(const heed_sweep *self, const json_t *value);
const char *label_format(const heed_sweep *self, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

/* ---- axes.c ---- */

/* Finds the axes of the grid: flattens, ties, refuses what does not fit. */
heed_status axes_settle(heed_sweep *self, heed_error *error);
/* {"name":…, "numbers" or "labels":…}; new reference. */
json_t *axes_coordinate(const heed_sweep *self, const sweep_axis *axis);
heed_status axes_check_coordinates(const heed_sweep *self, heed_error *error);
/* How the point is called: "mu = 0.6, share = 0.1". */
const char *axes_point_text(const heed_sweep *self, const uint8_t *used,
                            const size_t *position);

/* ---- used.c: what a resolved value depends on ---- */

/* A copy of a resolved value in which every input file stands as its SHA-256;
 * adds plugins ("kind/name": SHA-256) and inputs (path: SHA-256). */
heed_status used_value(const heed_sweep *self, const heed_parameter *parameter,
                       const json_t *resolved, json_t *plugins, json_t *inputs,
                       json_t **copy, heed_error *error);

/* ---- tree.c: points and nodes ---- */

typedef struct sweep_stage {
  plan_stage stage;
  json_t *resolved;
  char hash[PLAN_KEY_SIZE];  /* of resolved, plugins and inputs */
  char early[PLAN_KEY_SIZE]; /* the same but for what is HEED_LATE; "": all */
  bool costly;
} sweep_stage;

typedef struct sweep_tree {
  size_t spec_count;
  sweep_stage *specs;
  json_t *plugins, *inputs; /* as in used_value() */
  json_t *nodes, *points;   /* as in the plan */
} sweep_tree;

heed_status tree_build(heed_sweep *self, const json_t *head, sweep_tree *tree,
                       heed_error *error);
void tree_free(sweep_tree *tree);

/* ---- metrics.c ---- */

/* Adds "dimensions" and "metrics" to the plan. */
heed_status metrics_add(const heed_sweep *self, const sweep_tree *tree,
                        json_t *result, heed_error *error);

#endif
