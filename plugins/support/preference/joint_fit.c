/* SPDX-License-Identifier: GPL-3.0-or-later
 * Fits the joint loss: EM in the policy and the prior.
 *
 * A point x of the fit is w, then theta on its free scale if the prior has one,
 * then theta.  SQUAREM extrapolates the first two; theta follows from the free
 * scale, or else keeps its value from the last EM step.  Free weights on fixed
 * nodes need no EM: every E-step first moves them to their optimum given w, a
 * concave problem (ECME: Liu and Rubin 1994, Biometrika 81, 633-648).
 *
 * Invariant: room->standing is the point of the last E-step, whose results are
 * in the fit (mass, margin, log_likelihood) and in room->terms. */
#include "support/preference/joint_fit.h"

#include <assert.h>
#include <cblas.h>
#include <math.h>
#include <string.h>

#include "heed/memory.h"
#include "support/attention/prior_fit.h"
#include "support/numeric/free_weights.h"
#include "support/numeric/squarem.h"
#include "support/preference/log_linear.h"
#include "support/preference/loss.h"

/* Limits of EM steps, of halvings of a step, and of SQUAREM's leap. */
#define STEPS_MOST 1000u
#define HALVINGS_MOST 20u
#define LEAP_MOST 64.0
/* EM iterations in theta alone per step, if refit() is a closed form; fewer
 * once no log weight changes by more. */
#define TURNS_MOST 10u
#define SMALL_CHANGE 1e-4

struct joint_room {
  const heed_vector *vector;
  const heed_distribution_functions *functions;
  size_t features, free_count, count; /* count: values of a point */
  double *log_weight, *node_mass;     /* (nodes) */
  double *moved;                      /* (nodes) */
  joint_terms terms;
  log_linear_scratch *linear;
  prior_fit *prior_fit;
  free_weights *free_weights;     /* NULL: theta is fitted otherwise */
  double *likelihood;             /* (U,nodes): of free weights */
  double *x, *earlier, *standing; /* points */
  double objective;               /* at `standing` */
  double *squarem;

  /* Of the current fit. */
  const joint_problem *problem;
  heed_status status;
  heed_error *error;
};

static void make_room(heed_memory *memory, joint_fit *fit,
                      struct joint_room *room, size_t count, size_t units) {
  const size_t m = fit->node_count;
  fit->nodes = heed_scratch_doubles(memory, m);
  fit->theta = heed_scratch_doubles(memory, fit->theta_count);
  fit->mass = heed_scratch_doubles(memory, units * m);
  fit->margin = heed_scratch_doubles(memory, count);
  room->vector = heed_vector_of(memory->host);
  room->log_weight = heed_scratch_doubles(memory, m);
  room->node_mass = heed_scratch_doubles(memory, m);
  room->moved = heed_scratch_doubles(memory, m);
  room->terms =
      (joint_terms){.mass = fit->mass,
                    .slope = heed_scratch_doubles(memory, count),
                    .information = heed_scratch_doubles(memory, count),
                    .product = heed_scratch_doubles(memory, m)};
  room->linear = log_linear_room(memory, count, room->features);
  room->x = heed_scratch_doubles(memory, room->count);
  room->earlier = heed_scratch_doubles(memory, room->count);
  room->standing = heed_scratch_doubles(memory, room->count);
  room->squarem = squarem_room(memory, room->count);
  if (!room->functions->weights_free) return;
  room->free_weights = free_weights_open(memory, units, m);
  room->likelihood = heed_scratch_doubles(memory, units * m);
}

heed_status joint_open(const heed_host *host, const heed_instance *prior,
                       size_t nodes_wanted, size_t count, size_t features,
                       size_t units, joint_fit **result, heed_error *error) {
  const heed_distribution_functions *functions = prior->plugin->functions;
  heed_memory memory = {host, false};
  joint_fit *fit = heed_scratch(&memory, 1, sizeof *fit);
  struct joint_room *room = heed_scratch(&memory, 1, sizeof *room);
  if (functions->dimension != NULL && functions->dimension(prior->self) != 1)
    return heed_fail(error, HEED_UNSUPPORTED,
                     "loss = joint needs a one-dimensional prior, but %s has "
                     "several dimensions",
                     prior->plugin->name);
  if (memory.refused) return heed_no_memory(error);
  fit->room = room;
  fit->node_count = functions->node_count(prior->self, nodes_wanted);
  fit->theta_count = functions->theta_count(prior->self);
  room->functions = functions;
  room->features = features;
  room->free_count = functions->to_free == NULL || functions->atoms_move
                         ? 0
                         : functions->free_count(prior->self);
  room->count = features + room->free_count + fit->theta_count;
  make_room(&memory, fit, room, count, units);
  if (memory.refused) return heed_no_memory(error);
  *result = fit;
  return prior_fit_open(host, prior, fit->node_count, &room->prior_fit, error);
}

/* ---- points ---- */

static double *free_of(const joint_fit *fit, double *x) {
  return x + fit->room->features;
}

static double *theta_of(const joint_fit *fit, double *x) {
  return free_of(fit, x) + fit->room->free_count;
}

/* Whether theta is fitted on its free scale. */
static bool moves_freely(const joint_fit *fit) {
  return fit->room->problem->fit_prior && fit->room->free_count > 0;
}

static void put_free(const joint_fit *fit, double *x) {
  if (moves_freely(fit))
    fit->room->functions->to_free(fit->room->problem->prior->self,
                                  theta_of(fit, x), free_of(fit, x));
}

/* ---- the E-step ---- */

static void weigh(const joint_problem *problem, joint_fit *fit,
                  const double *theta) {
  fit->room->functions->log_weights(problem->prior->self, theta,
                                    fit->node_count, fit->nodes,
                                    fit->room->log_weight);
}

/* At fit->margin, after moving free weights to their optimum there. */
static void expect_at_optimum(const joint_problem *problem, joint_fit *fit,
                              double *theta) {
  struct joint_room *room = fit->room;
  const size_t m = fit->node_count;
  const joint_nodes nodes = {room->vector, m, fit->nodes, room->log_weight};
  room->functions->nodes(problem->prior->self, theta, m, fit->nodes);
  memset(room->log_weight, 0, m * sizeof *room->log_weight);
  joint_histories(&problem->crowd, &nodes, fit->margin, &room->terms);
  (void)free_weights_scale(problem->crowd.units, m, fit->mass, room->likelihood,
                           NULL);
  (void)free_weights_solve(room->free_weights, NULL, room->likelihood,
                           FREE_WEIGHTS_TOLERANCE, theta);
  weigh(problem, fit, theta);
  for (size_t u = 0; u < problem->crowd.units; u++)
    for (size_t k = 0; k < m; k++) fit->mass[u * m + k] += room->log_weight[k];
  fit->log_likelihood = joint_normalise(&problem->crowd, &nodes, &room->terms);
}

/* At theta and fit->margin. */
static void expect(const joint_problem *problem, joint_fit *fit,
                   const double *theta) {
  struct joint_room *room = fit->room;
  const joint_nodes nodes = {room->vector, fit->node_count, fit->nodes,
                             room->log_weight};
  room->functions->nodes(problem->prior->self, theta, fit->node_count,
                         fit->nodes);
  weigh(problem, fit, theta);
  fit->log_likelihood =
      joint_expect(&problem->crowd, &nodes, fit->margin, &room->terms);
}

/* Whether free weights follow from w. */
static bool weighs_freely(const joint_fit *fit) {
  return fit->room->problem->fit_prior && fit->room->free_weights != NULL;
}

/* At x, whose free weights it moves to their optimum.  Returns the objective
 * there. */
static double stand_at(joint_fit *fit, double *x) {
  struct joint_room *room = fit->room;
  const joint_problem *problem = room->problem;
  const int d = (int)room->features;
  log_linear_margins(problem->data, x, fit->margin);
  if (weighs_freely(fit))
    expect_at_optimum(problem, fit, theta_of(fit, x));
  else
    expect(problem, fit, theta_of(fit, x));
  room->objective =
      fit->log_likelihood - 0.5 * problem->ridge * cblas_ddot(d, x, 1, x, 1);
  if (isnan(room->objective)) room->objective = -HUGE_VAL;
  memcpy(room->standing, x, room->count * sizeof *x);
  return room->objective;
}

static bool stands_at(const joint_fit *fit, const double *x) {
  return memcmp(fit->room->standing, x, fit->room->count * sizeof *x) == 0;
}

/* ---- theta given the E-step ---- */

static void sum_mass(const joint_problem *problem, const joint_fit *fit) {
  double *sum = fit->room->node_mass;
  memset(sum, 0, fit->node_count * sizeof *sum);
  for (size_t u = 0; u < problem->crowd.units; u++)
    cblas_daxpy((int)fit->node_count, 1.0, fit->mass + u * fit->node_count, 1,
                sum, 1);
}

/* Mass under a new theta, from the mass under the previous one: the likelihoods
 * of the histories are the same.  Returns the largest change of a log
 * weight. */
static double reweigh(const joint_problem *problem, joint_fit *fit,
                      const double *theta) {
  struct joint_room *room = fit->room;
  const size_t m = fit->node_count;
  double *fresh = room->terms.product, *ratio = room->moved;
  double largest = 0.0;
  room->functions->log_weights(problem->prior->self, theta, m, fit->nodes,
                               fresh);
  for (size_t k = 0; k < m; k++) {
    const bool possible =
        room->log_weight[k] > -HUGE_VAL && fresh[k] > -HUGE_VAL;
    const double change = possible ? fresh[k] - room->log_weight[k] : 0.0;
    ratio[k] = possible ? exp(change) : 0.0;
    largest = fmax(largest, fabs(change));
    room->log_weight[k] = fresh[k];
  }
  for (size_t u = 0; u < problem->crowd.units; u++) {
    double *mass = fit->mass + u * m, sum = 0.0;
    for (size_t k = 0; k < m; k++) sum += mass[k] *= ratio[k];
    for (size_t k = 0; k < m; k++) mass[k] /= sum;
  }
  return largest;
}

/* For fixed nodes: several EM iterations in theta alone, which are cheap
 * because the policy is unchanged. */
static heed_status improve_weights(const joint_problem *problem, joint_fit *fit,
                                   double *theta, heed_error *error) {
  struct joint_room *room = fit->room;
  const size_t turns = room->functions->refit != NULL ? TURNS_MOST : 1;
  heed_status status = HEED_OK;
  for (size_t turn = 0; turn < turns && status == HEED_OK; turn++) {
    if (turn > 0 && reweigh(problem, fit, theta) < SMALL_CHANGE) break;
    sum_mass(problem, fit);
    status = prior_fit_improve(room->prior_fit, fit->nodes, room->node_mass,
                               theta, error);
  }
  return status;
}

/* For moving atoms. */
static heed_status improve_atoms(const joint_problem *problem, joint_fit *fit,
                                 double *theta, heed_error *error) {
  struct joint_room *room = fit->room;
  const joint_crowd *crowd = &problem->crowd;
  double *gain = room->terms.information; /* no longer needed */
  for (size_t i = 0; i < crowd->count; i++)
    gain[i] = preference_chance(fit->margin[i]) - crowd->label[i].casual;
  sum_mass(problem, fit);
  memcpy(room->moved, fit->nodes, fit->node_count * sizeof *room->moved);
  joint_move_nodes(crowd, fit->node_count, fit->mass, gain, 0.0, 1.0,
                   room->moved);
  return prior_fit_improve(room->prior_fit, room->moved, room->node_mass, theta,
                           error);
}

static heed_status improve_prior(const joint_problem *problem, joint_fit *fit,
                                 double *theta, heed_error *error) {
  if (!problem->fit_prior) return HEED_OK;
  return fit->room->functions->atoms_move
             ? improve_atoms(problem, fit, theta, error)
             : improve_weights(problem, fit, theta, error);
}

/* ---- steps, for SQUAREM ---- */

/* The step in w is halved until the objective does not fall. */
static double em_step(void *context, double *x) {
  joint_fit *fit = context;
  struct joint_room *room = fit->room;
  const size_t d = room->features;
  double length = 1.0, promised;
  if (!stands_at(fit, x)) stand_at(fit, x);
  const double objective = room->objective;
  assert(stands_at(fit, x));
  memcpy(room->earlier, x, room->count * sizeof *x);
  if (!log_linear_step(room->problem->data, room->terms.slope,
                       room->terms.information, room->problem->ridge, x,
                       room->linear, room->linear->step, &promised))
    room->status =
        heed_fail(room->error, HEED_NUMERIC,
                  "loss = joint: the step in the weights is not finite");
  else if (!weighs_freely(fit))
    room->status =
        improve_prior(room->problem, fit, theta_of(fit, x), room->error);
  if (room->status != HEED_OK) return -HUGE_VAL;
  put_free(fit, x);
  for (size_t halving = 0; halving < HALVINGS_MOST; halving++) {
    memcpy(x, room->earlier, d * sizeof *x);
    cblas_daxpy((int)d, length, room->linear->step, 1, x, 1);
    if (stand_at(fit, x) >= objective) return room->objective;
    length *= 0.5;
  }
  memcpy(x, room->earlier, room->count * sizeof *x);
  return -HUGE_VAL;
}

/* The free scale of the new theta again: a round trip may change its last
 * digit. */
static double value(void *context, double *y) {
  joint_fit *fit = context;
  if (moves_freely(fit))
    fit->room->functions->from_free(fit->room->problem->prior->self,
                                    free_of(fit, y), theta_of(fit, y));
  put_free(fit, y);
  return stand_at(fit, y);
}

static squarem_result climb(joint_fit *fit, double *x) {
  struct joint_room *room = fit->room;
  const squarem_problem problem = {
      .count = room->count,
      .leaping = room->features + (moves_freely(fit) ? room->free_count : 0),
      .context = fit,
      .step = em_step,
      .value = value,
      .objective = room->objective,
      .longest = LEAP_MOST,
      .tolerance = room->problem->tolerance,
      .still_cycles = 1,
      .most_steps = STEPS_MOST,
      .status = &room->status,
      .host = fit->host,
      .series = "objective"};
  return squarem_maximise(&problem, room->squarem, x);
}

heed_status joint_maximise(const joint_problem *problem, joint_fit *fit,
                           double *w, heed_error *error) {
  struct joint_room *room = fit->room;
  double *x = room->x;
  room->problem = problem;
  room->status = HEED_OK;
  room->error = error;
  memcpy(x, w, room->features * sizeof *w);
  memcpy(theta_of(fit, x), fit->theta, fit->theta_count * sizeof *x);
  put_free(fit, x);
  if (!isfinite(stand_at(fit, x)))
    return heed_fail(error, HEED_NUMERIC,
                     "loss = joint: the likelihood is not finite at the start");
  const squarem_result result = climb(fit, x);
  if (room->status == HEED_OK && !stands_at(fit, x)) stand_at(fit, x);
  fit->objective = result.objective;
  fit->steps = result.steps;
  fit->converged = result.converged;
  memcpy(w, x, room->features * sizeof *w);
  memcpy(fit->theta, theta_of(fit, x), fit->theta_count * sizeof *x);
  if (room->status == HEED_OK && fit->host != NULL &&
      fit->host->cancelled(fit->host))
    return heed_fail(error, HEED_CANCELLED, "cancelled");
  return room->status;
}

/* ---- alternating ---- */

void joint_read(const joint_problem *problem, joint_fit *fit,
                const double *margin, double *slope) {
  const size_t count = problem->crowd.count;
  memcpy(fit->margin, margin, count * sizeof *margin);
  expect(problem, fit, fit->theta);
  memcpy(slope, fit->room->terms.slope, count * sizeof *slope);
}

heed_status joint_refit(const joint_problem *problem, joint_fit *fit,
                        heed_error *error) {
  return improve_prior(problem, fit, fit->theta, error);
}

double joint_mean(const joint_fit *fit, size_t unit) {
  const int count = (int)fit->node_count;
  return cblas_ddot(count, fit->mass + unit * fit->node_count, 1, fit->nodes,
                    1);
}
