/* SPDX-License-Identifier: GPL-3.0-or-later
 * The joint loss: its E-step, annotation by annotation.
 *
 * The inner loops run over nodes, and dominate the time of a fit. */
#include "support/preference/joint.h"

#include <math.h>
#include <string.h>

#include "support/preference/loss.h"

/* Lower bound of a factor of the likelihood, so that a product of FACTORS of
 * them does not underflow. */
#define LEAST_FACTOR 1e-37
#define FACTORS 8u

/* Not fmax(), which is a function call. */
static double at_least(double probability) {
  return probability > LEAST_FACTOR ? probability : LEAST_FACTOR;
}

/* log_mass += log(product), and product = 1. */
static void add_product(const joint_nodes *nodes, double *product,
                        double *log_mass) {
  nodes->vector->log(nodes->count, product, product);
  for (size_t k = 0; k < nodes->count; k++) {
    log_mass[k] += product[k];
    product[k] = 1.0;
  }
}

/* log_mass[k] += weight log(c + eta_k (g - c)) for one unit's annotations.
 * Takes logs of products, FACTORS at a time. */
static void add_histories(const joint_crowd *crowd, size_t unit,
                          const joint_nodes *grid, const double *chance,
                          double *product, double *log_mass) {
  const size_t node_count = grid->count;
  const double *nodes = grid->eta;
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
    add_product(grid, product, log_mass);
    factors = 0;
  }
  if (factors > 0) add_product(grid, product, log_mass);
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

void joint_histories(const joint_crowd *crowd, const joint_nodes *nodes,
                     const double *margin, const joint_terms *terms) {
  const size_t m = nodes->count;
  double *chance = terms->slope; /* g, then replaced by the slope */
  nodes->vector->sigmoid(crowd->count, margin, chance);
  for (size_t u = 0; u < crowd->units; u++) {
    double *mass = terms->mass + u * m;
    memcpy(mass, nodes->log_weight, m * sizeof *mass);
    add_histories(crowd, u, nodes, chance, terms->product, mass);
  }
}

double joint_normalise(const joint_crowd *crowd, const joint_nodes *nodes,
                       const joint_terms *terms) {
  const size_t m = nodes->count;
  const double *chance = terms->slope;
  double log_likelihood = 0.0;
  for (size_t u = 0; u < crowd->units; u++) {
    double *mass = terms->mass + u * m;
    log_likelihood += nodes->vector->softmax(m, mass, mass);
    for (size_t position = crowd->first[u]; position < crowd->first[u + 1];
         position++) {
      const size_t i = crowd->member[position];
      differentiate(m, nodes->eta, mass, chance[i], crowd->label[i].casual,
                    crowd->weight[i], &terms->slope[i], &terms->information[i]);
    }
  }
  return log_likelihood;
}

double joint_expect(const joint_crowd *crowd, const joint_nodes *nodes,
                    const double *margin, const joint_terms *terms) {
  joint_histories(crowd, nodes, margin, terms);
  return joint_normalise(crowd, nodes, terms);
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

/* First and second derivative of Q = sum_i weight mass log(c + eta gain) at one
 * node; the first decreases in eta. */
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
    /* Newton's method, with bisection if it would leave the bracket. */
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
