/* SPDX-License-Identifier: GPL-3.0-or-later
 * The plan: a fully resolved sweep.  The planner writes it as JSON;
 * supervisors, workers and people read it.  docs/architecture.md shows one.
 *
 * A sweep is a tree.  Its nodes are stages with resolved parameters; one point
 * of the grid runs the path from a root to a leaf; points with equal first
 * stages share those nodes.  A cell is a point and a replicate: cell = point x
 * replicates + replicate.
 *
 * Callers: work, result, stages, sweep, execution, view, command.  The plan
 * depends neither on what makes it (sweep) nor on what runs it (stages). */
#ifndef HEED_PLAN_PLAN_H
#define HEED_PLAN_PLAN_H

#include <jansson.h>

#include "heed/plugin.h"

#define PLAN_FORMAT 1
#define PLAN_KEY_SIZE 65 /* SHA-256 in hexadecimal, and NUL */

#define PLAN_MOST_THREADS 1024

typedef enum plan_stage {
  PLAN_WORLD = 0,   /* source */
  PLAN_ANNOTATIONS, /* users */
  PLAN_POSTERIOR,   /* estimator */
  PLAN_SELECTION,   /* filter */
  PLAN_POLICY,      /* trainer */
  PLAN_EVALUATION,  /* evaluation */
  PLAN_STAGE_COUNT
} plan_stage;

/* "world", "annotations", …; NULL: out of range. */
const char *plan_stage_name(plan_stage stage);

/* The tables that cells can keep beside their metrics: `keep = {"users", …}` in
 * a sweep, "keep" in the plan, a group of that name in parts and results.  A
 * cell's key holds the names in this order. */
#define PLAN_KEPT(X)                                                        \
  X(USERS, "users")         /* the posterior of each user */                \
  X(MODELS, "models")       /* the strength of a log's models */            \
  X(TRACE, "trace")         /* series that plugins traced */                \
  X(POLICY, "policy")       /* the policy's own table, its file */          \
  X(RESPONSES, "responses") /* responses that evaluation drew */            \
  X(SELECTION, "selection") /* annotations with weights */                  \
  /* Kept with "users", too: */                                             \
  X(ETA_NODES, "eta_nodes")         /* where the posteriors of users lie */ \
  X(ETA_POSTERIOR, "eta_posterior") /* posteriors of users */

#define PLAN_KEPT_INDEX(id, name) PLAN_KEPT_##id,
#define PLAN_KEPT_BIT(id, name) PLAN_KEEP_##id = 1u << PLAN_KEPT_##id,
enum { PLAN_KEPT(PLAN_KEPT_INDEX) PLAN_KEPT_COUNT };
enum { PLAN_KEPT(PLAN_KEPT_BIT) };
#undef PLAN_KEPT_INDEX
#undef PLAN_KEPT_BIT

extern const char *const plan_kept_names[PLAN_KEPT_COUNT + 1]; /* then NULL */

/* Columns of the kept users for the covariates of their annotations have names
 * that begin so: they meet no other column. */
#define PLAN_COVARIATE "covariate_"

typedef struct plan_node {
  plan_stage stage;
  size_t parent;           /* index of an earlier node, or SIZE_MAX */
  char key[PLAN_KEY_SIZE]; /* hash of this node's and all its ancestors' spec,
                              plugins and inputs; no seed, no replicate */
  const json_t *spec;      /* PLAN_ANNOTATIONS, PLAN_EVALUATION: the resolved
                              record; else {"plugin": "kind/name",
                              "parameters": {…}}, nested plugins too */
  size_t first_point;      /* points under this node are contiguous: */
  size_t point_count;      /* first_point … first_point + point_count - 1 */
  bool costly;             /* its plugin said HEED_COSTLY */
  /* "": the node has its own checkpoint.  Else the key without HEED_LATE
   * parameters: nodes with equal values share a checkpoint. */
  char shared[PLAN_KEY_SIZE];
} plan_node;

/* A coordinate: the labels of a dimension.  Numbers or labels. */
/* HDF5's limit for a dataset: axes, the replicate, and a metric's dimensions.
 */
#define PLAN_MOST_DIMENSIONS 32

typedef struct plan_coordinate {
  const char *name;
  const char *unit; /* or NULL */
  const char *doc;  /* or NULL */
  size_t count;
  double *numbers;     /* NULL: labels */
  const char **labels; /* NULL: numbers */
} plan_coordinate;

typedef struct plan_axis {
  plan_coordinate coordinate;
  size_t tied_count; /* further coordinates along the same axis */
  plan_coordinate *tied;
} plan_axis;

typedef struct plan_metric {
  const char *name;
  const char *unit; /* or NULL */
  const char *doc;
  size_t dimension_count; /* beyond axes and replicate */
  size_t *dimensions;     /* indices into plan->dimensions */
  size_t offset, count;   /* its values in record->values */
} plan_metric;

typedef struct plan_point {
  size_t *position; /* axis_count: index along each axis */
  size_t leaf;      /* its node of the last stage */
} plan_point;

typedef struct plan_plugin {
  heed_kind kind;
  const char *name, *version, *file, *sha256;
} plan_plugin;

typedef struct plan_input {
  const char *path, *sha256;
} plan_input;

typedef struct heed_plan {
  json_t *json;              /* owns every string and spec below */
  struct host_arena *memory; /* owns every array */
  const char *title, *sweep_file, *sweep_text;
  uint64_t seed;
  size_t replicates;
  size_t blas_threads;
  size_t threads; /* of a stage; in no key; 0: "auto" */
  unsigned keep;  /* PLAN_KEEP_… */

  size_t plugin_count, input_count, axis_count, dimension_count;
  plan_plugin *plugins;
  plan_input *inputs;
  plan_axis *axes;
  plan_coordinate *dimensions; /* of metrics, beyond axes and replicate */

  size_t metric_count, value_count; /* value_count: doubles in a record */
  plan_metric *metrics;
  size_t node_count, point_count;
  plan_node *nodes;   /* parents first */
  plan_point *points; /* in tree order: depth first */
} heed_plan;

/* Reads and checks a plan.  The caller frees it.  Errors name the key. */
heed_status plan_parse(const char *text, size_t length, heed_plan **result,
                       heed_error *error);
/* The plan that a file holds: errors name the file, too. */
heed_status plan_parse_file(const char *path, const char *text,
                            heed_plan **result, heed_error *error);
heed_status plan_read(const char *path, heed_plan **result, heed_error *error);
void plan_free(heed_plan *plan);

static inline size_t plan_cell_count(const heed_plan *self) {
  return self->point_count * self->replicates;
}

/* The key of a cell in parts and result files: SHA-256 of the leaf's key, the
 * seed, the replicate and the kept tables.  The key of a costly stage's saved
 * output: SHA-256 of the node's key, the seed and the replicate.  And that of
 * its checkpoint. */
void plan_cell_key(const heed_plan *plan, size_t cell, char key[PLAN_KEY_SIZE]);
void plan_stage_key(const heed_plan *plan, size_t node, size_t replicate,
                    char key[PLAN_KEY_SIZE]);
void plan_checkpoint_key(const heed_plan *plan, size_t node, size_t replicate,
                         char key[PLAN_KEY_SIZE]);

/* The node of that stage on the point's path; SIZE_MAX: none. */
size_t plan_node_at(const heed_plan *plan, size_t point, plan_stage stage);

/* The name of the plugin of a node ("estimator/em"); "" for the host's own
 * stages. */
const char *plan_node_plugin(const heed_plan *plan, size_t node);

#endif
