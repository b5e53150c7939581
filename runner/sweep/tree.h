/* SPDX-License-Identifier: GPL-3.0-or-later
 * Points and nodes. */
#ifndef HEED_SWEEP_TREE_H
#define HEED_SWEEP_TREE_H

#include "state.h"

typedef struct sweep_stage {
  plan_stage stage;
  json_t *resolved;
  char hash[PLAN_KEY_SIZE];  /* of resolved, plugins and inputs */
  char early[PLAN_KEY_SIZE]; /* the same without HEED_LATE; "": none is late */
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

#endif
