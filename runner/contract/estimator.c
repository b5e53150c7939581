/* SPDX-License-Identifier: GPL-3.0-or-later
 * Checks of estimators. */
#include "heed/memory.h"
#include "stages/check.h"
#include "trial.h"

static const heed_estimator_functions *functions(const contract_trial *self) {
  return self->plugin->functions;
}

static const heed_crowd *crowd_for(const contract_trial *self) {
  return (self->plugin->flags & HEED_SEES_TRUTH) != 0 ? &self->scene.with_eta
                                                      : &self->scene.crowd;
}

/* ---- calls ---- */

/* Checks that every array is long enough and in memory that outlives the call.
 * Call before reading the arrays. */
static void check_rooms(const contract_trial *self, const heed_crowd *crowd,
                        const heed_posterior *made) {
  const size_t units = made->units, annotations = crowd->annotations->rows;
  const size_t nodes = made->node_count;
  const char *a_unit = "one per unit", *a_node = "one per node";
  const char *an_annotation = "one per annotation";
  trial_holds(self, "mean", made->mean, units, sizeof(double), a_unit);
  trial_holds(self, "sd", made->sd, units, sizeof(double), a_unit);
  trial_holds(self, "left_out", made->left_out, annotations, sizeof(double),
              an_annotation);
  trial_holds(self, "casual", made->casual, annotations, sizeof(double),
              an_annotation);
  trial_holds(self, "p", made->p, annotations, sizeof(double), an_annotation);
  if (made->quantiles != NULL) {
    trial_holds(self, "levels", made->levels, made->level_count, sizeof(double),
                "one per level");
    trial_holds(self, "quantiles", made->quantiles, units * made->level_count,
                sizeof(double), "one per unit and level");
  }
  if (nodes == 0) return;
  trial_holds(self, "nodes", made->nodes, nodes, sizeof(double), a_node);
  trial_holds(self, "mass", made->mass, made->row_count * nodes, sizeof(double),
              "one per row and node");
  trial_holds(self, "row", made->row, units, sizeof(size_t), a_unit);
}

static void name_outputs(contract_trial *self, heed_posterior *made) {
  trial_name(self, "mean", &made->mean);
  trial_name(self, "sd", &made->sd);
  trial_name(self, "levels", &made->levels);
  trial_name(self, "quantiles", &made->quantiles);
  trial_name(self, "nodes", &made->nodes);
  trial_name(self, "mass", &made->mass);
  trial_name(self, "row", &made->row);
  trial_name(self, "left_out", &made->left_out);
  trial_name(self, "casual", &made->casual);
  trial_name(self, "p", &made->p);
  trial_name(self, "theta", &made->theta);
  trial_name(self, "phi", &made->phi);
  trial_name(self, "strength", &made->strength);
}

/* Calls trial_call(); the caller calls trial_return(). */
static heed_status call_estimate(contract_trial *self, const heed_crowd *crowd,
                                 heed_posterior *made, heed_error *error) {
  *made = (heed_posterior){.size = sizeof *made,
                           .mu = NAN,
                           .mu_low = NAN,
                           .mu_high = NAN,
                           .log_likelihood = NAN,
                           .objective = NAN};
  trial_call(self, "estimate");
  name_outputs(self, made);
  return functions(self)->estimate(self->instance->self, &self->host.host,
                                   crowd, made, error);
}

/* Returns false if the plugin refuses. */
static bool estimate(contract_trial *self, const heed_crowd *crowd,
                     heed_posterior *made) {
  heed_error error = {HEED_OK, ""};
  const heed_status status = call_estimate(self, crowd, made, &error);
  if (!trial_return(self, status, &error)) return false;
  if (made->size != sizeof *made)
    trial_fail(self, "changed the posterior's size");
  check_rooms(self, crowd, made);
  if (check_posterior(crowd, made, &error) != HEED_OK)
    trial_refuse(self, &error);
  return true;
}

/* Returns NULL if the plugin refuses. */
static double *predict(contract_trial *self, const heed_posterior *posterior,
                       const heed_crowd *held_out) {
  const size_t count = held_out->annotations->rows;
  double *chance = trial_doubles(self, "probability", count);
  heed_error error = {HEED_OK, ""};
  trial_need(self, functions(self)->predict, "predict");
  trial_call(self, "predict");
  const heed_status status =
      functions(self)->predict(self->instance->self, &self->host.host,
                               posterior, held_out, chance, &error);
  if (!trial_return(self, status, &error)) return NULL;
  trial_within(self, "probability", chance, count, 0, 1 + 1e-9,
               "a probability");
  return chance;
}

/* ---- checks ---- */

static void believe(contract_trial *self) {
  heed_posterior made;
  (void)estimate(self, crowd_for(self), &made);
}

/* The given rows of a table. */
static heed_table *gather(contract_trial *self, const heed_host *host,
                          const heed_table *table, size_t count,
                          const size_t *rows) {
  heed_table *made = host->table(host, table->name, count);
  if (made == NULL) trial_skip(self, HEED_OUT_OF_MEMORY);
  for (size_t i = 0; i < table->column_count; i++) {
    const heed_column *column = &table->columns[i];
    const size_t size = column->width * heed_type_size(column->type);
    char *data =
        host->column(host, made, column->name, column->type, column->width);
    if (data == NULL) trial_skip(self, HEED_OUT_OF_MEMORY);
    for (size_t k = 0; k < count; k++)
      memcpy(data + k * size, (const char *)column->data + rows[k] * size,
             size);
  }
  return made;
}

/* The held-out annotations with A and B exchanged.  P(A) + P(B) is 1 if users
 * cannot choose a tie. */
static heed_crowd exchanged(contract_trial *self) {
  const host_service own = scene_host(&self->scene, self->memory);
  const heed_host *host = &own.host;
  heed_crowd crowd = self->scene.held_out;
  const size_t count = crowd.annotations->rows;
  heed_memory memory = {host, false};
  size_t *rows = heed_scratch_sizes(&memory, count);
  if (memory.refused) trial_skip(self, HEED_OUT_OF_MEMORY);
  for (size_t i = 0; i < count; i++) rows[i] = i;
  heed_table *made = gather(self, host, crowd.annotations, count, rows);
  int8_t *choice = heed_table_data(made, "choice", HEED_INT8);
  for (size_t i = 0; i < count; i++)
    choice[i] = choice[i] == HEED_CHOSE_A ? HEED_CHOSE_B : HEED_CHOSE_A;
  crowd.annotations = made;
  return crowd;
}

static bool model_ties(const heed_posterior *made) {
  heed_domain domain = {0};
  if (made->model == NULL) return false;
  const heed_user_model_functions *functions = made->model->plugin->functions;
  functions->domain(made->model->self, &domain);
  return domain.ties;
}

static void check_predictions(contract_trial *self) {
  heed_posterior made;
  trial_need(self, functions(self)->predict, "predict");
  if (!estimate(self, crowd_for(self), &made)) return;
  const heed_crowd other = exchanged(self);
  const double *chance = predict(self, &made, &self->scene.held_out);
  const double *rest = predict(self, &made, &other);
  if (chance == NULL || rest == NULL || model_ties(&made)) return;
  for (size_t i = 0; i < other.annotations->rows; i++)
    if (!(fabs(chance[i] + rest[i] - 1) <= 1e-6))
      trial_fail(self,
                 "gives choice A and choice B of annotation %zu "
                 "probabilities that sum to %.9g, expected 1",
                 i, chance[i] + rest[i]);
}

/* Very small crowds.  estimate() returns a posterior or an error with a
 * message. */
static void be_small(contract_trial *self) {
  static const size_t few[] = {3, 0, 2, 0}, one[] = {1}, none[] = {0, 4};
  static const struct {
    const char *name;
    size_t users;
    const size_t *annotations;
  } crowds[] = {{"4 users, 2 of them without an annotation", 4, few},
                {"1 user with 1 annotation", 1, one},
                {"2 users, the first without an annotation", 2, none}};
  if ((self->plugin->flags & HEED_SEES_TRUTH) != 0)
    trial_skip(self, "it sees the truth");
  self->may_refuse = true;
  for (size_t i = 0; i < sizeof crowds / sizeof *crowds; i++) {
    heed_error error = {HEED_OK, ""};
    heed_crowd crowd;
    heed_posterior made;
    if (scene_crowd(&self->scene, self->memory, crowds[i].users,
                    crowds[i].annotations, &crowd, &error) != HEED_OK)
      trial_skip(self, "%s", error.message);
    (void)snprintf(self->board->variant, BOARD_TEXT, "%s", crowds[i].name);
    (void)estimate(self, &crowd, &made);
    trial_reset(self);
  }
  self->board->variant[0] = '\0';
}

/* The host asks to stop: estimate() finishes or returns HEED_CANCELLED. */
static void stop(contract_trial *self) {
  static const atomic_bool yes = true;
  heed_posterior made;
  heed_error error = {HEED_OK, ""};
  self->host.cancel = &yes;
  const heed_status status =
      call_estimate(self, crowd_for(self), &made, &error);
  if (status == HEED_CANCELLED) return;
  (void)trial_return(self, status, &error);
}

/* Every third annotation was made twice. */
static size_t times_of(size_t row) {
  return row % 3 == 0 ? 2 : 1;
}

/* The crowd with each of these annotations as two rows, or as a count of 2. */
static heed_crowd repeated(contract_trial *self, bool counts) {
  const host_service own = scene_host(&self->scene, self->memory);
  const heed_host *host = &own.host;
  const heed_crowd *seen = crowd_for(self);
  const size_t rows = seen->annotations->rows, users = seen->users->rows;
  heed_crowd crowd = *seen;
  heed_memory memory = {host, false};
  heed_world *world = heed_allocate(&memory, 1, sizeof *world);
  size_t *first = heed_allocate(&memory, users + 1, sizeof *first);
  size_t *row = heed_allocate(&memory, 2 * rows, sizeof *row), count = 0;
  if (memory.refused) trial_skip(self, HEED_OUT_OF_MEMORY);
  for (size_t j = 0; j < users; j++) {
    for (size_t i = seen->first[j]; i < seen->first[j + 1]; i++)
      for (size_t k = 0; k < (counts ? 1 : times_of(i)); k++) row[count++] = i;
    first[j + 1] = count;
  }
  heed_table *table = gather(self, host, seen->annotations, count, row);
  int64_t *times =
      counts ? heed_new_column(&memory, table, "count", HEED_INT64, 1) : NULL;
  if (memory.refused) trial_skip(self, HEED_OUT_OF_MEMORY);
  for (size_t i = 0; counts && i < count; i++) times[i] = (int64_t)times_of(i);
  heed_copy(world, sizeof *world, seen->world);
  world->order_unknown = true;
  crowd.world = world;
  crowd.annotations = table;
  crowd.first = first;
  return crowd;
}

/* Only a plugin that says that it reads counts gets some. */
static void multiply(contract_trial *self) {
  heed_posterior one, other;
  if ((self->plugin->flags & HEED_READS_COUNTS) == 0) return;
  self->may_refuse = true;
  const heed_crowd rows = repeated(self, false), counts = repeated(self, true);
  if (!estimate(self, &counts, &other)) return;
  if (!estimate(self, &rows, &one)) return;
  if (one.units != other.units || one.unit != HEED_BY_USER) return;
  for (size_t u = 0; u < one.units; u++)
    if (!(fabs(one.mean[u] - other.mean[u]) <= 1e-6))
      trial_fail(self,
                 "estimates %.9g for user %zu from counts, and %.9g from as "
                 "many equal annotations",
                 other.mean[u], u, one.mean[u]);
}

/* ---- all functions ---- */

static void exercise(contract_trial *self) {
  const size_t annotations = crowd_for(self)->annotations->rows;
  heed_posterior made;
  if (!estimate(self, crowd_for(self), &made)) return;
  trial_take(self, "mean", made.mean, made.units);
  trial_take(self, "sd", made.sd, made.units);
  trial_take(self, "left_out", made.left_out, annotations);
  trial_take(self, "casual", made.casual, annotations);
  trial_take(self, "p", made.p, annotations);
  trial_take(self, "quantiles", made.quantiles, made.units * made.level_count);
  trial_take(self, "nodes", made.nodes, made.node_count);
  trial_take(self, "mass", made.mass, made.row_count * made.node_count);
  trial_take_number(self, "mu", made.mu);
  trial_take_number(self, "log_likelihood", made.log_likelihood);
  trial_take_number(self, "objective", made.objective);
  if (functions(self)->predict != NULL)
    trial_take(self, "probability", predict(self, &made, &self->scene.held_out),
               self->scene.held_out.annotations->rows);
}

static const contract_check checks[] = {
    {"estimate() makes a posterior of the right counts and ranges", believe,
     CHECK_ENDS},
    {"predict() gives probabilities that sum to 1", check_predictions,
     CHECK_ENDS},
    {"estimate() copes with a request to stop", stop, 0},
    {"estimate() accepts or refuses very small crowds", be_small, 0},
    {"estimate() takes a count for as many equal annotations, if it reads "
     "counts",
     multiply, 0},
};

const contract_kind contract_estimator = {
    .checks = checks,
    .check_count = sizeof checks / sizeof *checks,
    .exercise = exercise,
};
