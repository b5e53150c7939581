/* SPDX-License-Identifier: GPL-3.0-or-later
 * The joint loss: its E-step, annotation by annotation.  Loops over nodes
 * dominate the time of a fit: they are in joint_kernels.c. */
#include "support/preference/joint.h"

#include <math.h>
#include <string.h>

#include "support/preference/joint_kernels.h"
#include "support/preference/loss.h"

/* Factors of the likelihood in one product. */
#define FACTORS 8u

static double at_least(double probability) {
  return probability > JOINT_LEAST ? probability : JOINT_LEAST;
}

/* Adds the log of the product over `count` choices to log_mass. */
static void add_product(const joint_nodes *grid, size_t count, const double *c,
                        const double *gain, double *product, double *log_mass) {
  joint_kernels_best()->product(count, c, gain, grid->count, grid->eta,
                                product);
  grid->vector->log(grid->count, product, product);
  for (size_t k = 0; k < grid->count; k++) log_mass[k] += product[k];
}

/* log_mass[k] += weight log(c + eta_k (g - c)) for one unit's annotations.
 * Takes logs of products, FACTORS at a time. */
static void add_histories(const joint_crowd *crowd, size_t unit,
                          const joint_nodes *grid, const double *chance,
                          double *product, double *log_mass) {
  double c[FACTORS], gain[FACTORS];
  size_t count = 0;
  for (size_t position = crowd->first[unit]; position < crowd->first[unit + 1];
       position++) {
    const size_t i = crowd->member[position];
    const double weight = crowd->weight[i];
    if (weight == 0.0) continue;
    c[count] = crowd->label[i].casual;
    gain[count] = chance[i] - c[count];
    if (weight != 1.0) {
      for (size_t k = 0; k < grid->count; k++)
        log_mass[k] +=
            weight * log(at_least(c[count] + grid->eta[k] * gain[count]));
      continue;
    }
    if (++count < FACTORS) continue;
    add_product(grid, count, c, gain, product, log_mass);
    count = 0;
  }
  if (count > 0) add_product(grid, count, c, gain, product, log_mass);
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

/* Derivatives of up to JOINT_LANES annotations of a unit; part: its mass times
 * the nodes. */
static void differentiate(const joint_crowd *crowd, size_t count,
                          const size_t *member, const joint_nodes *nodes,
                          const double *part, const joint_terms *terms) {
  double g[JOINT_LANES], c[JOINT_LANES], first[JOINT_LANES],
      second[JOINT_LANES];
  for (size_t l = 0; l < JOINT_LANES; l++) {
    const size_t i = member[l < count ? l : 0];
    g[l] = terms->slope[i];
    c[l] = crowd->label[i].casual;
  }
  joint_kernels_best()->moments(nodes->count, nodes->eta, part, g, c, first,
                                second);
  for (size_t l = 0; l < count; l++) {
    const double weight = crowd->weight[member[l]];
    const double rise = g[l] * (1.0 - g[l]);
    terms->slope[member[l]] = -weight * rise * first[l];
    terms->information[member[l]] = weight * rise * rise * second[l];
  }
}

double joint_normalise(const joint_crowd *crowd, const joint_nodes *nodes,
                       const joint_terms *terms) {
  const size_t m = nodes->count;
  double *part = terms->product;
  double log_likelihood = 0.0;
  for (size_t u = 0; u < crowd->units; u++) {
    double *mass = terms->mass + u * m;
    const size_t end = crowd->first[u + 1];
    log_likelihood += nodes->vector->softmax(m, mass, mass);
    for (size_t k = 0; k < m; k++) part[k] = mass[k] * nodes->eta[k];
    for (size_t i = crowd->first[u]; i < end; i += JOINT_LANES)
      differentiate(crowd, end - i < JOINT_LANES ? end - i : JOINT_LANES,
                    crowd->member + i, nodes, part, terms);
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
  double first = 0.0; /* E[eta / P] */
  for (size_t k = 0; k < node_count; k++) {
    const double p = casual + nodes[k] * (g - casual);
    term.chance += mass[k] * p;
    first += mass[k] * nodes[k] / at_least(p);
  }
  term.slope = -g * (1.0 - g) * first;
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
