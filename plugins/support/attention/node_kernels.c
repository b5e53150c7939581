/* SPDX-License-Identifier: GPL-3.0-or-later
 * Smooth free weights. */
#include "support/attention/node_kernels.h"

#include <gsl/gsl_cblas.h>
#include <math.h>

#include "support/numeric/free_weights.h"

enum { WIDE = 11, NARROW = 33, MOST = NARROW };

/* Of Bernstein polynomials.  The wide bumps in the middle of [0, 1] have a
 * standard deviation of .14 and those at its ends of .08; narrow ones of .04
 * and .006. */
enum { WIDE_DEGREE = WIDE - 1, NARROW_DEGREE = 5 * (NARROW - 1) };

/* Fewer users fit narrow bumps to chance. */
enum { NARROW_USERS = 3 * NARROW };

/* A mixture of `count` bumps. */
typedef struct node_bumps {
  size_t count;
  double *bump;        /* count x nodes; each sums to 1 */
  double *likelihood;  /* (groups + count) x count: l / exp(most) */
  double *users;       /* groups + count: users of each */
  double weight[MOST]; /* v */
  free_weights *problem;
} node_bumps;

struct node_kernels {
  double pseudo_users, users;
  size_t groups, nodes;
  node_bumps wide, narrow;
  const node_bumps *best; /* at the solution */
};

/* log binomial(d, m) x^m (1 - x)^(d - m) without the binomial: bumps are
 * scaled to sum to 1. */
static double bernstein(size_t degree, size_t m, double x) {
  const double left = m == 0 ? 0 : (double)m * log(x);
  const double right = m == degree ? 0 : (double)(degree - m) * log1p(-x);
  return left + right;
}

static void make_bumps(const node_kernels *self, size_t degree,
                       node_bumps *bumps, const double *nodes) {
  const double low = nodes[0], width = nodes[self->nodes - 1] - low;
  const size_t step = degree / (bumps->count - 1);
  for (size_t m = 0; m < bumps->count; m++) {
    double *bump = bumps->bump + m * self->nodes, most = -HUGE_VAL, sum = 0;
    for (size_t k = 0; k < self->nodes; k++) {
      bump[k] = bernstein(degree, step * m, (nodes[k] - low) / width);
      most = fmax(most, bump[k]);
    }
    for (size_t k = 0; k < self->nodes; k++)
      sum += bump[k] = exp(bump[k] - most);
    for (size_t k = 0; k < self->nodes; k++) bump[k] /= sum;
  }
}

static void open_bumps(const node_kernels *self, heed_memory *memory,
                       size_t count, size_t degree, const double *nodes,
                       node_bumps *bumps) {
  const size_t rows = self->groups + count;
  *bumps =
      (node_bumps){.count = count,
                   .bump = heed_scratch_doubles(memory, count * self->nodes),
                   .likelihood = heed_scratch_doubles(memory, rows * count),
                   .users = heed_scratch_doubles(memory, rows),
                   .problem = free_weights_open(memory, rows, count)};
  if (memory->refused) return;
  make_bumps(self, degree, bumps, nodes);
  for (size_t m = 0; m < count; m++) {
    bumps->users[self->groups + m] = self->pseudo_users / (double)count;
    bumps->likelihood[(self->groups + m) * count + m] = 1;
  }
}

node_kernels *node_kernels_open(heed_memory *memory, double pseudo_users,
                                size_t groups, size_t count,
                                const double *nodes) {
  node_kernels *self = heed_scratch(memory, 1, sizeof *self);
  if (self == NULL) return NULL;
  *self = (node_kernels){
      .pseudo_users = pseudo_users, .groups = groups, .nodes = count};
  open_bumps(self, memory, WIDE, WIDE_DEGREE, nodes, &self->wide);
  open_bumps(self, memory, NARROW, NARROW_DEGREE, nodes, &self->narrow);
  self->best = &self->wide;
  return memory->refused ? NULL : self;
}

static void spread(const node_kernels *self, const double *v, double *weight) {
  const node_bumps *bumps = self->best;
  for (size_t k = 0; k < self->nodes; k++) {
    weight[k] = 0;
    for (size_t m = 0; m < bumps->count; m++)
      weight[k] += v[m] * bumps->bump[m * self->nodes + k];
  }
}

/* Even weights have the same log-prior, whatever the bumps. */
static double log_prior(const node_kernels *self, const node_bumps *bumps) {
  const double count = (double)bumps->count;
  double sum = 0;
  for (size_t m = 0; m < bumps->count; m++)
    sum += log(bumps->weight[m] * count / WIDE);
  return self->pseudo_users / count * sum;
}

/* The log-posterior of the weights. */
static double value_of(const node_kernels *self, const node_bumps *bumps,
                       const double *most) {
  double sum = log_prior(self, bumps);
  for (size_t g = 0; g < self->groups; g++) {
    const double likelihood =
        cblas_ddot((int)bumps->count, bumps->weight, 1,
                   bumps->likelihood + g * bumps->count, 1);
    sum += bumps->users[g] * (most[g] + log(likelihood));
  }
  return sum;
}

static double solve(const node_kernels *self, const double *users,
                    const double *likelihood, const double *most,
                    node_bumps *bumps) {
  const int groups = (int)self->groups, nodes = (int)self->nodes,
            count = (int)bumps->count;
  for (size_t m = 0; m < bumps->count; m++)
    bumps->weight[m] = 1 / (double)bumps->count;
  for (size_t g = 0; g < self->groups; g++) bumps->users[g] = users[g];
  cblas_dgemm(CblasRowMajor, CblasNoTrans, CblasTrans, groups, count, nodes, 1,
              likelihood, nodes, bumps->bump, nodes, 0, bumps->likelihood,
              count);
  (void)free_weights_solve(bumps->problem, bumps->users, bumps->likelihood,
                           FREE_WEIGHTS_TOLERANCE, bumps->weight);
  return value_of(self, bumps, most);
}

void node_kernels_solve(node_kernels *self, const double *users,
                        const double *likelihood, const double *most,
                        double *weight) {
  self->users = 0;
  for (size_t g = 0; g < self->groups; g++) self->users += users[g];
  const double wide = solve(self, users, likelihood, most, &self->wide);
  self->best = &self->wide;
  if (self->users >= NARROW_USERS &&
      solve(self, users, likelihood, most, &self->narrow) > wide)
    self->best = &self->narrow;
  spread(self, self->best->weight, weight);
}

double node_kernels_log_prior(const node_kernels *self) {
  return log_prior(self, self->best);
}

void node_kernels_without(const node_kernels *self, size_t group,
                          double *weight) {
  const node_bumps *bumps = self->best;
  const double *l = bumps->likelihood + group * bumps->count;
  const double least = self->pseudo_users / (double)bumps->count;
  const double own = cblas_ddot((int)bumps->count, bumps->weight, 1, l, 1);
  double v[MOST], sum = 0;
  for (size_t m = 0; m < bumps->count; m++) {
    const double mine = bumps->weight[m] * l[m] / own;
    /* At the exact maximum it is at least the pseudo-users' part. */
    v[m] = fmax((self->users + self->pseudo_users) * bumps->weight[m] - mine,
                least);
    sum += v[m];
  }
  for (size_t m = 0; m < bumps->count; m++) v[m] /= sum;
  spread(self, v, weight);
}
