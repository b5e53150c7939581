/* SPDX-License-Identifier: GPL-3.0-or-later
 * The plan: look-ups in a parsed plan. */
#include "plan/plan.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "host/hash.h"
#include "host/host.h"

static const char *const stage_names[PLAN_STAGE_COUNT] = {
    "world", "annotations", "posterior", "selection", "policy", "evaluation"};

const char *plan_stage_name(plan_stage stage) {
  return (unsigned)stage < PLAN_STAGE_COUNT ? stage_names[stage] : NULL;
}

#define PLAN_KEPT_NAME(id, name) name,
const char *const plan_kept_names[PLAN_KEPT_COUNT + 1] = {
    PLAN_KEPT(PLAN_KEPT_NAME) NULL};

/* The key is a hash of the text "KEY seed replicate" and the kept names. */
static void keyed(const heed_plan *self, const char *key, size_t replicate,
                  const char *kept, char result[PLAN_KEY_SIZE]) {
  char text[PLAN_KEY_SIZE + 160];
  const int length = snprintf(text, sizeof text, "%s %" PRIu64 " %zu%s", key,
                              self->seed, replicate, kept);
  hash_bytes(text, (size_t)length, result);
}

void plan_cell_key(const heed_plan *self, size_t cell,
                   char key[PLAN_KEY_SIZE]) {
  const plan_point *point = &self->points[cell / self->replicates];
  char kept[128] = "";
  size_t length = 0;
  for (size_t i = 0; i < PLAN_KEPT_COUNT; i++)
    if ((self->keep & 1u << i) != 0)
      length += (size_t)snprintf(kept + length, sizeof kept - length, " %s",
                                 plan_kept_names[i]);
  keyed(self, self->nodes[point->leaf].key, cell % self->replicates, kept, key);
}

void plan_stage_key(const heed_plan *self, size_t node, size_t replicate,
                    char key[PLAN_KEY_SIZE]) {
  keyed(self, self->nodes[node].key, replicate, "", key);
}

void plan_checkpoint_key(const heed_plan *self, size_t node, size_t replicate,
                         char key[PLAN_KEY_SIZE]) {
  const plan_node *keyed_node = &self->nodes[node];
  keyed(self,
        keyed_node->shared[0] != '\0' ? keyed_node->shared : keyed_node->key,
        replicate, "", key);
}

size_t plan_node_at(const heed_plan *self, size_t point, plan_stage stage) {
  size_t node = self->points[point].leaf;
  while (node != SIZE_MAX && self->nodes[node].stage > stage)
    node = self->nodes[node].parent;
  return node != SIZE_MAX && self->nodes[node].stage == stage ? node : SIZE_MAX;
}

const char *plan_node_plugin(const heed_plan *self, size_t node) {
  const json_t *name = json_object_get(self->nodes[node].spec, "plugin");
  return name == NULL ? "" : json_string_value(name);
}

void plan_free(heed_plan *self) {
  if (self == NULL) return;
  arena_free(self->memory);
  json_decref(self->json);
  free(self);
}
