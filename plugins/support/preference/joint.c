/* SPDX-License-Identifier: GPL-3.0-or-later
 * The joint loss: its E-step, and its fit for log-linear policies. */
#include "support/preference/joint.h"

#include <cblas.h>
#include <math.h>
#include <string.h>

#include "support/attention/prior_fit.h"
#include "support/preference/log_linear.h"
#include "support/preference/loss.h"

/* A factor of the likelihood is taken for no less than this, so that a product
 * of FACTORS of them does not vanish. */
#define LEAST_FACTOR 1e-37
#define FACTORS 8u

/* Not fmax(), which is a call. */
static double at_least(double probability) {
  return probability > LEAST_FACTOR ? probability : LEAST_FACTOR;
}

/* log_mass[k] += weight log(c + eta_k (g - c)) for one unit's annotations.
 * Logarithms are taken of products, FACTORS at a time. */
static void add_histories(const joint_crowd *crowd, size_t unit,
                          size_t node_count, const double *nodes,
                          const double *chance, double *product,
                          double *log_mass) {
  size_t factors = 0;
  for (size_t k = 0; k < node_count; k++) product[k] = 1.0;
  for (size_t position = crowd->first[unit]; position < crowd->first[unit + 1];
       position++) {
    const size_t i = crowd->member[position];
    const double weight = crowd->weight[i], c = crowd->label[i].casual;
    const double gain = chance[i] - c;
    if (weight == 0.0) continue;
    if (weight != 1.0) {
      for (size_t k = 0; k < node_count; k++)
        log_mass[k] += weight * log(at_least(c + nodes[k] * gain));
      continue;
    }
    for (size_t k = 0; k < node_count; k++)
      product[k] *= at_least(c + nodes[k] * gain);
    if (++factors < FACTORS) continue;
    for (size_t k = 0; k < node_count; k++) {
      log_mass[k] += log(product[k]);
      product[k] = 1.0;
    }
    factors = 0;
  }
  if (factors > 0)
    for (size_t k = 0; k < node_count; k++) log_mass[k] += log(product[k]);
}

/* log_mass to mass that sums to 1; returns the logarithm of the sum. */
static double normalise(size_t node_count, double *mass) {
  double highest = -HUGE_VAL, sum = 0.0;
  for (size_t k = 0; k < node_count; k++) highest = fmax(highest, mass[k]);
  for (size_t k = 0; k < node_count; k++) {
    mass[k] = exp(mass[k] - highest);
    sum += mass[k];
  }
  for (size_t k = 0; k < node_count; k++) mass[k] /= sum;
  return highest + log(sum);
}

/* Derivatives of annotation i given its unit's mass.  With P = c + eta (g - c)
 * and 1 - P = (1 - c) - eta (g - c), one division gives both quotients. */
static void differentiate(size_t node_count, const double *nodes,
                          const double *mass, double g, double c, double weight,
                          double *slope, double *information) {
  const double gain = g - c, rise = g * (1.0 - g);
  double first = 0.0, second = 0.0; /* E[eta / P], E[eta^2 / (P (1 - P))] */
  for (size_t k = 0; k < node_count; k++) {
    const double lean = nodes[k] * gain;
    const double p = at_least(c + lean), q = at_least(1.0 - c - lean);
    const double part = mass[k] * nodes[k] / (p * q);
    first += part * q;
    second += part * nodes[k];
  }
  *slope = -weight * rise * first;
  *information = weight * rise * rise * second;
}

double joint_expect(const joint_crowd *crowd, const joint_nodes *nodes,
                    const double *margin, const joint_terms *terms) {
  const size_t m = nodes->count;
  double *chance = terms->slope; /* g, until the slope takes its place */
  double log_likelihood = 0.0;
  for (size_t i = 0; i < crowd->count; i++)
    chance[i] = preference_chance(margin[i]);
  for (size_t u = 0; u < crowd->units; u++) {
    double *mass = terms->mass + u * m;
    memcpy(mass, nodes->log_weight, m * sizeof *mass);
    add_histories(crowd, u, m, nodes->eta, chance, terms->product, mass);
    log_likelihood += normalise(m, mass);
    for (size_t position = crowd->first[u]; position < crowd->first[u + 1];
         position++) {
      const size_t i = crowd->member[position];
      differentiate(m, nodes->eta, mass, chance[i], crowd->label[i].casual,
                    crowd->weight[i], &terms->slope[i], &terms->information[i]);
    }
  }
  return log_likelihood;
}

joint_term joint_term_at(size_t node_count, const double *nodes,
                         const double *mass, double margin, double casual) {
  const double g = preference_chance(margin);
  joint_term term = {0};
  double information;
  for (size_t k = 0; k < node_count; k++)
    term.chance += mass[k] * (casual + nodes[k] * (g - casual));
  differentiate(node_count, nodes, mass, g, casual, 1.0, &term.slope,
                &information);
  return term;
}

void joint_left_out(const joint_crowd *crowd, size_t node_count,
                    const double *nodes, const double *mass,
                    const double *margin, double *left_out) {
  for (size_t u = 0; u < crowd->units; u++)
    for (size_t position = crowd->first[u]; position < crowd->first[u + 1];
         position++) {
      const size_t i = crowd->member[position];
      const double *row = mass + u * node_count;
      const double c = crowd->label[i].casual;
      const double gain = preference_chance(margin[i]) - c;
      double sum = 0.0, moment = 0.0;
      for (size_t k = 0; k < node_count; k++) {
        const double p = at_least(c + nodes[k] * gain);
        const double excluded = row[k] * pow(p, -crowd->weight[i]);
        sum += excluded;
        moment += excluded * nodes[k];
      }
      left_out[i] = moment / sum;
    }
}

/* First and second derivative of Q = sum_i weight mass log(c + eta gain) in one
 * node; the first falls with eta. */
static double pull(const joint_crowd *crowd, size_t node_count, size_t k,
                   const double *mass, const double *gain, double eta,
                   double *second) {
  double first = 0.0;
  *second = 0.0;
  for (size_t u = 0; u < crowd->units; u++) {
    const double share = mass[u * node_count + k];
    for (size_t position = crowd->first[u]; position < crowd->first[u + 1];
         position++) {
      const size_t i = crowd->member[position];
      const double ratio =
          gain[i] / at_least(crowd->label[i].casual + eta * gain[i]);
      first += crowd->weight[i] * share * ratio;
      *second -= crowd->weight[i] * share * ratio * ratio;
    }
  }
  return first;
}

void joint_move_nodes(const joint_crowd *crowd, size_t node_count,
                      const double *mass, const double *gain, double low,
                      double high, double *nodes) {
  for (size_t k = 0; k < node_count; k++) {
    double below = low, above = high, eta = fmin(fmax(nodes[k], low), high);
    /* Newton's method, and halving where it would leave the bracket. */
    for (int step = 0; step < 60 && above > below; step++) {
      double second;
      const double first = pull(crowd, node_count, k, mass, gain, eta, &second);
      if (first == 0.0) break;
      if (first > 0.0)
        below = eta;
      else
        above = eta;
      const double next = fmin(fmax(eta - first / second, low), high);
      const double moved =
          next >= below && next <= above ? next : 0.5 * (below + above);
      if (fabs(moved - eta) < 1e-10) break;
      eta = moved;
    }
    nodes[k] = eta;
  }
}

/* ---- the fit ---- */

/* EM steps and halvings of a step; and the longest leap of SQUAREM. */
#define STEPS_MOST 1000u
#define HALVINGS_MOST 20u
#define LEAP_MOST 64.0
/* Turns of EM in theta alone a step, where refit() is a closed form; fewer
 * once no log weight changes by more. */
#define TURNS_MOST 10u
#define SMALL_CHANGE 1e-4

/* A point: w, theta, and theta on its free scale where there is one. */
typedef struct joint_place {
  double *w, *theta, *free;
  double objective;
} joint_place;

struct joint_room {
  const heed_distribution_functions *functions;
  size_t features, free_count;
  double *log_weight, *node_mass; /* (nodes) */
  double *moved;                  /* (nodes) */
  joint_terms terms;
  log_linear_scratch *linear;
  prior_fit *prior_fit;
  joint_place start, first, second, now; /* of a SQUAREM cycle */
};

static bool make_place(const heed_host *host, size_t features, size_t theta,
                       size_t free, joint_place *made) {
  made->w = host->scratch(host, features + theta + free, sizeof *made->w);
  if (made->w == NULL) return false;
  made->theta = made->w + features;
  made->free = made->theta + theta;
  return true;
}

static bool make_room(const heed_host *host, joint_fit *fit,
                      struct joint_room *room, size_t count, size_t units) {
  const size_t m = fit->node_count, d = room->features;
  const size_t t = fit->theta_count, p = room->free_count;
  fit->nodes = host->scratch(host, m, sizeof(double));
  fit->theta = host->scratch(host, t, sizeof(double));
  fit->mass = host->scratch(host, units * m, sizeof(double));
  fit->margin = host->scratch(host, count, sizeof(double));
  room->log_weight = host->scratch(host, 4 * m, sizeof(double));
  room->terms.slope = host->scratch(host, 2 * count, sizeof(double));
  room->linear = log_linear_room(host, count, d);
  if (fit->nodes == NULL || fit->theta == NULL || fit->mass == NULL ||
      fit->margin == NULL || room->log_weight == NULL ||
      room->terms.slope == NULL || room->linear == NULL)
    return false;
  room->node_mass = room->log_weight + m;
  room->moved = room->node_mass + m;
  room->terms.product = room->moved + m;
  room->terms.information = room->terms.slope + count;
  room->terms.mass = fit->mass;
  return make_place(host, d, t, p, &room->start) &&
         make_place(host, d, t, p, &room->first) &&
         make_place(host, d, t, p, &room->second) &&
         make_place(host, d, t, p, &room->now);
}

heed_status joint_open(const heed_host *host, const heed_instance *prior,
                       size_t nodes_wanted, size_t count, size_t features,
                       size_t units, joint_fit **result, heed_error *error) {
  const heed_distribution_functions *functions = prior->plugin->functions;
  joint_fit *fit = host->scratch(host, 1, sizeof *fit);
  struct joint_room *room = host->scratch(host, 1, sizeof *room);
  if (functions->dimension != NULL && functions->dimension(prior->self) != 1)
    return heed_fail(error, HEED_UNSUPPORTED,
                     "loss = joint needs a prior over one number, and %s is "
                     "over several",
                     prior->plugin->name);
  if (fit == NULL || room == NULL)
    return heed_fail(error, HEED_MEMORY, "memory is out for a joint fit");
  fit->room = room;
  fit->node_count = functions->node_count(prior->self, nodes_wanted);
  fit->theta_count = functions->theta_count(prior->self);
  room->functions = functions;
  room->features = features;
  room->free_count = functions->to_free == NULL || functions->atoms_move
                         ? 0
                         : functions->free_count(prior->self);
  if (!make_room(host, fit, room, count, units))
    return heed_fail(error, HEED_MEMORY, "memory is out for a joint fit");
  *result = fit;
  return prior_fit_open(host, prior, fit->node_count, &room->prior_fit, error);
}

/* The E-step at theta and fit->margin. */
static void expect(const joint_problem *problem, joint_fit *fit,
                   const double *theta) {
  struct joint_room *room = fit->room;
  const joint_nodes nodes = {fit->node_count, fit->nodes, room->log_weight};
  room->functions->nodes(problem->prior->self, theta, fit->node_count,
                         fit->nodes);
  room->functions->log_weights(problem->prior->self, theta, fit->node_count,
                               fit->nodes, room->log_weight);
  fit->log_likelihood =
      joint_expect(&problem->crowd, &nodes, fit->margin, &room->terms);
}

/* The E-step at room->now, and its objective. */
static double evaluate(const joint_problem *problem, joint_fit *fit) {
  struct joint_room *room = fit->room;
  joint_place *now = &room->now;
  const int d = (int)room->features;
  log_linear_margins(problem->data, now->w, fit->margin);
  expect(problem, fit, now->theta);
  now->objective = fit->log_likelihood -
                   0.5 * problem->ridge * cblas_ddot(d, now->w, 1, now->w, 1);
  if (isnan(now->objective)) now->objective = -HUGE_VAL;
  return now->objective;
}

static void copy_place(const joint_fit *fit, const joint_place *source,
                       joint_place *target) {
  memcpy(target->w, source->w, fit->room->features * sizeof *target->w);
  memcpy(target->theta, source->theta,
         fit->theta_count * sizeof *target->theta);
  memcpy(target->free, source->free,
         fit->room->free_count * sizeof *target->free);
  target->objective = source->objective;
}

static void sum_mass(const joint_problem *problem, const joint_fit *fit) {
  double *sum = fit->room->node_mass;
  memset(sum, 0, fit->node_count * sizeof *sum);
  for (size_t u = 0; u < problem->crowd.units; u++)
    cblas_daxpy((int)fit->node_count, 1.0, fit->mass + u * fit->node_count, 1,
                sum, 1);
}

/* Mass under the theta that stands now, from the mass under the one before:
 * the likelihoods of the histories are the same.  Returns the largest change
 * of a log weight. */
static double reweigh(const joint_problem *problem, joint_fit *fit) {
  struct joint_room *room = fit->room;
  const size_t m = fit->node_count;
  double *fresh = room->terms.product, *ratio = room->moved;
  double largest = 0.0;
  room->functions->log_weights(problem->prior->self, room->now.theta, m,
                               fit->nodes, fresh);
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

/* theta given the E-step, where nodes are fixed: several turns of EM in theta
 * alone, which are cheap as the policy stands still. */
static heed_status improve_weights(const joint_problem *problem, joint_fit *fit,
                                   heed_error *error) {
  struct joint_room *room = fit->room;
  const size_t turns = room->functions->refit != NULL ? TURNS_MOST : 1;
  heed_status status = HEED_OK;
  for (size_t turn = 0; turn < turns && status == HEED_OK; turn++) {
    if (turn > 0 && reweigh(problem, fit) < SMALL_CHANGE) break;
    sum_mass(problem, fit);
    status = prior_fit_improve(room->prior_fit, fit->nodes, room->node_mass,
                               room->now.theta, error);
  }
  return status;
}

/* The same where atoms move. */
static heed_status improve_atoms(const joint_problem *problem, joint_fit *fit,
                                 heed_error *error) {
  struct joint_room *room = fit->room;
  const joint_crowd *crowd = &problem->crowd;
  double *gain = room->terms.information; /* done with by now */
  for (size_t i = 0; i < crowd->count; i++)
    gain[i] = preference_chance(fit->margin[i]) - crowd->label[i].casual;
  sum_mass(problem, fit);
  memcpy(room->moved, fit->nodes, fit->node_count * sizeof *room->moved);
  joint_move_nodes(crowd, fit->node_count, fit->mass, gain, 0.0, 1.0,
                   room->moved);
  return prior_fit_improve(room->prior_fit, room->moved, room->node_mass,
                           room->now.theta, error);
}

static heed_status improve_prior(const joint_problem *problem, joint_fit *fit,
                                 heed_error *error) {
  if (!problem->fit_prior) return HEED_OK;
  return fit->room->functions->atoms_move
             ? improve_atoms(problem, fit, error)
             : improve_weights(problem, fit, error);
}

/* One guarded step of EM from room->now, where the E-step stands: the step in
 * w is halved until the objective does not fall.  *moved false: it found no
 * way up, and room->now is as it was. */
static heed_status em_step(const joint_problem *problem, joint_fit *fit,
                           joint_place *earlier, bool *moved,
                           heed_error *error) {
  struct joint_room *room = fit->room;
  joint_place *now = &room->now;
  double length = 1.0, promised;
  copy_place(fit, now, earlier);
  *moved = false;
  if (!log_linear_step(problem->data, room->terms.slope,
                       room->terms.information, problem->ridge, now->w,
                       room->linear, room->linear->step, &promised))
    return heed_fail(error, HEED_NUMERIC,
                     "loss = joint: the step in the weights is not finite");
  const heed_status status = improve_prior(problem, fit, error);
  if (status != HEED_OK) return status;
  for (size_t halving = 0; halving < HALVINGS_MOST && !*moved; halving++) {
    memcpy(now->w, earlier->w, room->features * sizeof *now->w);
    cblas_daxpy((int)room->features, length, room->linear->step, 1, now->w, 1);
    *moved = evaluate(problem, fit) >= earlier->objective;
    length *= 0.5;
  }
  fit->steps++;
  if (*moved) {
    if (fit->watch != NULL)
      fit->watch(fit->context, fit->steps, now->objective);
    return HEED_OK;
  }
  copy_place(fit, earlier, now);
  evaluate(problem, fit);
  return HEED_OK;
}

/* to = start - 2 a r + a^2 v, r = first - start, v = (second - first) - r, and
 * a = -|r|/|v|; returns whether that goes beyond `second`. */
static bool leap(size_t count, const double *start, const double *first,
                 const double *second, double *target, double a) {
  for (size_t i = 0; i < count; i++) {
    const double r = first[i] - start[i];
    const double v = second[i] - first[i] - r;
    target[i] = start[i] - 2.0 * a * r + a * a * v;
  }
  return a < -1.0;
}

static void add_squares(size_t count, const double *start, const double *first,
                        const double *second, double *r2, double *v2) {
  for (size_t i = 0; i < count; i++) {
    const double r = first[i] - start[i];
    const double v = second[i] - first[i] - r;
    *r2 += r * r;
    *v2 += v * v;
  }
}

static void free_scale(const joint_problem *problem, const joint_fit *fit,
                       joint_place *place) {
  if (problem->fit_prior && fit->room->free_count > 0)
    fit->room->functions->to_free(problem->prior->self, place->theta,
                                  place->free);
}

/* Tries to leap beyond the two EM steps start -> first -> now; keeps now where
 * the leap would lower the objective. */
static void try_leap(const joint_problem *problem, joint_fit *fit) {
  struct joint_room *room = fit->room;
  joint_place *start = &room->start, *first = &room->first,
              *second = &room->second;
  const size_t d = room->features;
  const size_t p = problem->fit_prior ? room->free_count : 0;
  double r2 = 0.0, v2 = 0.0;
  copy_place(fit, &room->now, second);
  free_scale(problem, fit, start);
  free_scale(problem, fit, first);
  free_scale(problem, fit, second);
  add_squares(d, start->w, first->w, second->w, &r2, &v2);
  add_squares(p, start->free, first->free, second->free, &r2, &v2);
  if (!(v2 > 0.0)) return;
  const double a = -fmin(sqrt(r2 / v2), LEAP_MOST);
  if (!leap(d, start->w, first->w, second->w, room->now.w, a)) {
    copy_place(fit, second, &room->now);
    return;
  }
  leap(p, start->free, first->free, second->free, room->now.free, a);
  if (p > 0)
    room->functions->from_free(problem->prior->self, room->now.free,
                               room->now.theta);
  if (evaluate(problem, fit) >= second->objective) {
    if (fit->watch != NULL)
      fit->watch(fit->context, fit->steps, room->now.objective);
    return;
  }
  copy_place(fit, second, &room->now);
  evaluate(problem, fit);
}

static heed_status climb(const joint_problem *problem, joint_fit *fit,
                         heed_error *error) {
  struct joint_room *room = fit->room;
  while (fit->steps < STEPS_MOST) {
    const double earlier = room->now.objective;
    bool moved;
    heed_status status = em_step(problem, fit, &room->start, &moved, error);
    if (status == HEED_OK && moved)
      status = em_step(problem, fit, &room->first, &moved, error);
    if (status != HEED_OK) return status;
    if (moved) try_leap(problem, fit);
    fit->converged = room->now.objective - earlier <=
                     problem->tolerance * (1.0 + fabs(earlier));
    if (fit->converged) break;
  }
  return HEED_OK;
}

heed_status joint_maximise(const joint_problem *problem, joint_fit *fit,
                           double *w, heed_error *error) {
  struct joint_room *room = fit->room;
  memcpy(room->now.w, w, room->features * sizeof *w);
  memcpy(room->now.theta, fit->theta, fit->theta_count * sizeof *fit->theta);
  fit->steps = 0;
  fit->converged = false;
  if (!isfinite(evaluate(problem, fit)))
    return heed_fail(error, HEED_NUMERIC,
                     "loss = joint: the likelihood is not finite at the start");
  const heed_status status = climb(problem, fit, error);
  fit->objective = room->now.objective;
  memcpy(w, room->now.w, room->features * sizeof *w);
  memcpy(fit->theta, room->now.theta, fit->theta_count * sizeof *fit->theta);
  return status;
}

void joint_read(const joint_problem *problem, joint_fit *fit,
                const double *margin, double *slope) {
  const size_t count = problem->crowd.count;
  memcpy(fit->margin, margin, count * sizeof *margin);
  expect(problem, fit, fit->theta);
  memcpy(slope, fit->room->terms.slope, count * sizeof *slope);
}

heed_status joint_refit(const joint_problem *problem, joint_fit *fit,
                        heed_error *error) {
  joint_place *now = &fit->room->now;
  memcpy(now->theta, fit->theta, fit->theta_count * sizeof *fit->theta);
  const heed_status status = improve_prior(problem, fit, error);
  memcpy(fit->theta, now->theta, fit->theta_count * sizeof *fit->theta);
  return status;
}

double joint_mean(const joint_fit *fit, size_t unit) {
  const int count = (int)fit->node_count;
  return cblas_ddot(count, fit->mass + unit * fit->node_count, 1, fit->nodes,
                    1);
}
