/* SPDX-License-Identifier: GPL-3.0-or-later
 * Exponential families of two parameters on fixed nodes: weights, their mean
 * and variance, and the maximum-likelihood fit by Newton's method. */
#include "support/attention/node_family.h"

#include <math.h>
#include <stdbool.h>
#include <stdlib.h>

static const double pi = 3.14159265358979323846;

/* From 0 to 1. */
static double place_of(const node_family *self, double node) {
  return (node - self->low) / (self->high - self->low);
}

void node_family_nodes(const node_family *self, size_t count, double *nodes) {
  for (size_t k = 0; k < count; k++) {
    /* sin^2 keeps nodes near 0 exact; those near 1 mirror them. */
    const double u = pi * ((double)k + 0.5) / (double)count;
    const double s = sin(u / 2);
    nodes[k] = self->low + (self->high - self->low) * s * s;
  }
}

/* log sin u = log(2 sqrt(x (1 - x))); constants do not matter. */
static double base_of(double x) {
  return 0.5 * (log(x) + log1p(-x));
}

void node_family_weights(const node_family *self, const double *ab,
                         size_t count, const double *nodes,
                         double *log_weight) {
  double most = -HUGE_VAL, sum = 0;
  for (size_t k = 0; k < count; k++) {
    const double x = place_of(self, nodes[k]);
    double t1, t2;
    self->statistics(x, &t1, &t2);
    log_weight[k] = base_of(x) + ab[0] * t1 + ab[1] * t2;
    most = fmax(most, log_weight[k]);
  }
  /* Subtract the largest first: a sharp shape has logarithms of 1e4 and more,
   * whose rounding would show in the sum. */
  for (size_t k = 0; k < count; k++) {
    log_weight[k] -= most;
    sum += exp(log_weight[k]);
  }
  for (size_t k = 0; k < count; k++) log_weight[k] -= log(sum);
}

/* Precomputed per node for a fit: rows of base, t1, t2, and room for
 * weights. */
typedef struct node_terms {
  size_t count;
  double *base, *t1, *t2, *weight;
} node_terms;

static bool open_terms(const node_family *self, size_t count,
                       const double *nodes, node_terms *terms) {
  double *room = malloc(4 * count * sizeof *room);
  if (room == NULL) return false;
  *terms = (node_terms){count, room, room + count, room + 2 * count,
                        room + 3 * count};
  for (size_t k = 0; k < count; k++) {
    const double x = place_of(self, nodes[k]);
    terms->base[k] = base_of(x);
    self->statistics(x, &terms->t1[k], &terms->t2[k]);
  }
  return true;
}

/* Means and covariances of the statistics under ab, and log Z. */
typedef struct node_family_moments {
  double log_z, m1, m2, v11, v12, v22;
} node_family_moments;

static node_family_moments moments_at(const node_terms *terms,
                                      const double *ab) {
  node_family_moments moments = {0, 0, 0, 0, 0, 0};
  double most = -HUGE_VAL, sum = 0;
  for (size_t k = 0; k < terms->count; k++) {
    terms->weight[k] =
        terms->base[k] + ab[0] * terms->t1[k] + ab[1] * terms->t2[k];
    most = fmax(most, terms->weight[k]);
  }
  for (size_t k = 0; k < terms->count; k++) {
    const double w = exp(terms->weight[k] - most);
    const double t1 = terms->t1[k], t2 = terms->t2[k];
    sum += w;
    moments.m1 += w * t1;
    moments.m2 += w * t2;
    moments.v11 += w * t1 * t1;
    moments.v12 += w * t1 * t2;
    moments.v22 += w * t2 * t2;
  }
  moments.log_z = most + log(sum);
  moments.m1 /= sum;
  moments.m2 /= sum;
  moments.v11 = moments.v11 / sum - moments.m1 * moments.m1;
  moments.v12 = moments.v12 / sum - moments.m1 * moments.m2;
  moments.v22 = moments.v22 / sum - moments.m2 * moments.m2;
  return moments;
}

static double clipped(double x, double low, double high) {
  return fmin(fmax(x, low), high);
}

/* Newton's step; a parameter at its bound that would leave it stays. */
static void step_of(const node_family_moments *moments,
                    const double gradient[2], const double low[2],
                    const double high[2], const double ab[2], double step[2]) {
  const double v11 = moments->v11 + 1e-12, v22 = moments->v22 + 1e-12;
  const double determinant = v11 * v22 - moments->v12 * moments->v12;
  bool held[2];
  for (int i = 0; i < 2; i++)
    held[i] = (ab[i] <= low[i] && gradient[i] < 0) ||
              (ab[i] >= high[i] && gradient[i] > 0);
  if (held[0] || held[1] || !(determinant > 1e-14 * v11 * v22)) {
    step[0] = held[0] ? 0 : gradient[0] / v11;
    step[1] = held[1] ? 0 : gradient[1] / v22;
    return;
  }
  step[0] = (v22 * gradient[0] - moments->v12 * gradient[1]) / determinant;
  step[1] = (v11 * gradient[1] - moments->v12 * gradient[0]) / determinant;
}

/* The mean statistics of the mass; false if there is no mass. */
static bool mean_statistics(const node_terms *terms, const double *mass,
                            double s[2]) {
  double total = 0;
  s[0] = s[1] = 0;
  for (size_t k = 0; k < terms->count; k++) {
    total += mass[k];
    s[0] += mass[k] * terms->t1[k];
    s[1] += mass[k] * terms->t2[k];
  }
  s[0] /= total;
  s[1] /= total;
  return total > 0;
}

/* Newton's method on the mean log weight, from ab. */
static void climb(const node_terms *terms, const double s[2],
                  const double low[2], const double high[2], double ab[2]) {
  enum { MOST_STEPS = 100, MOST_HALVINGS = 40 };
  node_family_moments here = moments_at(terms, ab);
  for (int steps = 0; steps < MOST_STEPS; steps++) {
    const double value = ab[0] * s[0] + ab[1] * s[1] - here.log_z;
    const double gradient[2] = {s[0] - here.m1, s[1] - here.m2};
    double step[2], size = 1;
    bool better = false;
    step_of(&here, gradient, low, high, ab, step);
    /* Half of this is the possible gain of the step: negligible. */
    if (gradient[0] * step[0] + gradient[1] * step[1] < 1e-15) return;
    for (int halvings = 0; halvings < MOST_HALVINGS && !better; halvings++) {
      const double next[2] = {clipped(ab[0] + size * step[0], low[0], high[0]),
                              clipped(ab[1] + size * step[1], low[1], high[1])};
      const node_family_moments there = moments_at(terms, next);
      if (next[0] * s[0] + next[1] * s[1] - there.log_z > value) {
        ab[0] = next[0];
        ab[1] = next[1];
        here = there;
        better = true;
      }
      size /= 2;
    }
    if (!better) return;
  }
}

heed_status node_family_fit(const node_family *self, size_t count,
                            const double *nodes, const double *mass,
                            const double low[2], const double high[2],
                            double ab[2], heed_error *error) {
  node_terms terms;
  double s[2];
  if (!open_terms(self, count, nodes, &terms)) return heed_no_memory(error);
  if (mean_statistics(&terms, mass, s)) {
    for (int i = 0; i < 2; i++) ab[i] = clipped(ab[i], low[i], high[i]);
    climb(&terms, s, low, high, ab);
  }
  free(terms.base);
  return HEED_OK;
}
