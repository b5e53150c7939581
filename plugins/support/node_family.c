/* SPDX-License-Identifier: GPL-3.0-or-later
 * Exponential families of two parameters on fixed nodes of an interval. */
#include "support/node_family.h"

#include <math.h>
#include <stdbool.h>

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
  /* Less the largest first: a sharp shape has logarithms of 1e4 and more, whose
   * rounding would show in the sum. */
  for (size_t k = 0; k < count; k++) {
    log_weight[k] -= most;
    sum += exp(log_weight[k]);
  }
  for (size_t k = 0; k < count; k++) log_weight[k] -= log(sum);
}

/* Means and covariances of the statistics under ab, and log Z. */
typedef struct moments {
  double log_z, m1, m2, v11, v12, v22;
} moments;

static moments moments_at(const node_family *self, const double *ab,
                          size_t count, const double *nodes) {
  moments of = {0, 0, 0, 0, 0, 0};
  double most = -HUGE_VAL, sum = 0, t1, t2;
  for (size_t k = 0; k < count; k++) {
    const double x = place_of(self, nodes[k]);
    self->statistics(x, &t1, &t2);
    most = fmax(most, base_of(x) + ab[0] * t1 + ab[1] * t2);
  }
  for (size_t k = 0; k < count; k++) {
    const double x = place_of(self, nodes[k]);
    self->statistics(x, &t1, &t2);
    const double w = exp(base_of(x) + ab[0] * t1 + ab[1] * t2 - most);
    sum += w;
    of.m1 += w * t1;
    of.m2 += w * t2;
    of.v11 += w * t1 * t1;
    of.v12 += w * t1 * t2;
    of.v22 += w * t2 * t2;
  }
  of.log_z = most + log(sum);
  of.m1 /= sum;
  of.m2 /= sum;
  of.v11 = of.v11 / sum - of.m1 * of.m1;
  of.v12 = of.v12 / sum - of.m1 * of.m2;
  of.v22 = of.v22 / sum - of.m2 * of.m2;
  return of;
}

static double clipped(double x, double low, double high) {
  return fmin(fmax(x, low), high);
}

/* Newton's step; a parameter at its bound that would leave it stays. */
static void step_of(const moments *of, const double gradient[2],
                    const double low[2], const double high[2],
                    const double ab[2], double step[2]) {
  const double v11 = of->v11 + 1e-12, v22 = of->v22 + 1e-12;
  const double determinant = v11 * v22 - of->v12 * of->v12;
  bool held[2];
  for (int i = 0; i < 2; i++)
    held[i] = (ab[i] <= low[i] && gradient[i] < 0) ||
              (ab[i] >= high[i] && gradient[i] > 0);
  if (held[0] || held[1] || !(determinant > 1e-14 * v11 * v22)) {
    step[0] = held[0] ? 0 : gradient[0] / v11;
    step[1] = held[1] ? 0 : gradient[1] / v22;
    return;
  }
  step[0] = (v22 * gradient[0] - of->v12 * gradient[1]) / determinant;
  step[1] = (v11 * gradient[1] - of->v12 * gradient[0]) / determinant;
}

void node_family_fit(const node_family *self, size_t count, const double *nodes,
                     const double *mass, const double low[2],
                     const double high[2], double ab[2]) {
  enum { MOST_STEPS = 100, MOST_HALVINGS = 40 };
  double total = 0, s1 = 0, s2 = 0;
  for (size_t k = 0; k < count; k++) {
    double t1, t2;
    self->statistics(place_of(self, nodes[k]), &t1, &t2);
    total += mass[k];
    s1 += mass[k] * t1;
    s2 += mass[k] * t2;
  }
  if (!(total > 0)) return;
  s1 /= total;
  s2 /= total;
  for (int i = 0; i < 2; i++) ab[i] = clipped(ab[i], low[i], high[i]);
  moments here = moments_at(self, ab, count, nodes);
  for (int steps = 0; steps < MOST_STEPS; steps++) {
    const double value = ab[0] * s1 + ab[1] * s2 - here.log_z;
    const double gradient[2] = {s1 - here.m1, s2 - here.m2};
    double step[2], size = 1;
    bool better = false;
    step_of(&here, gradient, low, high, ab, step);
    for (int halvings = 0; halvings < MOST_HALVINGS && !better; halvings++) {
      const double next[2] = {clipped(ab[0] + size * step[0], low[0], high[0]),
                              clipped(ab[1] + size * step[1], low[1], high[1])};
      const moments there = moments_at(self, next, count, nodes);
      if (next[0] * s1 + next[1] * s2 - there.log_z > value) {
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
