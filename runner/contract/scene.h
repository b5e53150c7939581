/* SPDX-License-Identifier: GPL-3.0-or-later
 * The scene: a small world with users, annotations, a posterior and a
 * selection.  The host makes it, so that the checks need only one plugin. */
#ifndef HEED_CONTRACT_SCENE_H
#define HEED_CONTRACT_SCENE_H

#include "host/host.h"

#define SCENE_PROMPTS ((size_t)24)
#define SCENE_HELD_OUT ((size_t)8) /* further prompts */
#define SCENE_CANDIDATES ((size_t)4)
#define SCENE_FEATURES ((size_t)3)
#define SCENE_PAIRS ((size_t)48)
#define SCENE_USERS ((size_t)16)
#define SCENE_MODELS ((size_t)3)
#define SCENE_TOPICS ((size_t)2)
#define SCENE_NODES ((size_t)5)
#define SCENE_LEVELS ((size_t)3)

typedef struct contract_scene {
  host_service host; /* makes the tables; has no plugin */
  heed_world world;
  heed_crowd crowd;
  heed_crowd with_eta;      /* the same crowd; users have the column eta */
  heed_crowd held_out;      /* further annotations of the same users */
  heed_posterior posterior; /* by user */
  heed_selection selection; /* of that posterior, all weights 1 */
} contract_scene;

/* memory must outlive the scene.  columns: names of further columns of the
 * pairs, uniform on (0, 1); ends with NULL. */
heed_status scene_make(host_arena *memory, const char *const *columns,
                       contract_scene *result, heed_error *error);

/* The functions below allocate from `memory`. */

/* Makes a crowd of `users` users.  User j has annotations[j] annotations, at
 * most as many as in the scene; 0 is allowed. */
heed_status scene_crowd(const contract_scene *self, host_arena *memory,
                        size_t users, const size_t *annotations,
                        heed_crowd *result, heed_error *error);

/* Makes a posterior by `unit`, and the selection that a filter receives. */
heed_status scene_posterior(const contract_scene *self, host_arena *memory,
                            heed_unit unit, heed_posterior *result,
                            heed_error *error);
heed_status scene_selection(const contract_scene *self, host_arena *memory,
                            const heed_posterior *posterior,
                            heed_selection *result, heed_error *error);

/* Returns the scene's host, which allocates from `memory`. */
host_service scene_host(const contract_scene *self, host_arena *memory);

#endif
