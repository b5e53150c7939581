/* SPDX-License-Identifier: GPL-3.0-or-later
 * Smooth free weights. */
#include "support/attention/node_kernels.h"

#include <assert.h>
#include <math.h>

#include "support/numeric/free_weights.h"

/* The bumps in the middle of [0, 1] have a standard deviation of .14, those at
 * its ends of .08. */
enum { KERNELS = 11 };

struct node_kernels {
  double pseudo_users, users;
  size_t groups, nodes;
  double *bump;           /* KERNELS x nodes; each sums to 1 */
  double *log_likelihood; /* (groups + KERNELS) x KERNELS: log l */
  double *count;          /* groups + KERNELS: users of each */
  double weight[KERNELS]; /* v */
  free_weights *problem;
};

/* binomial(d, m) x^m (1 - x)^(d - m) */
static double bernstein(unsigned m, double x) {
  const unsigned degree = KERNELS - 1;
  double value = 1;
  for (unsigned i = 0; i < m; i++)
    value *= x * (double)(degree - i) / (double)(i + 1);
  return value * pow(1 - x, (double)(degree - m));
}

static void make_bumps(node_kernels *self, const double *nodes) {
  const double low = nodes[0], width = nodes[self->nodes - 1] - low;
  for (unsigned m = 0; m < KERNELS; m++) {
    double *bump = self->bump + m * self->nodes, sum = 0;
    for (size_t k = 0; k < self->nodes; k++)
      sum += bump[k] = bernstein(m, (nodes[k] - low) / width);
    for (size_t k = 0; k < self->nodes; k++) bump[k] /= sum;
  }
}

node_kernels *node_kernels_open(heed_memory *memory, double pseudo_users,
                                size_t groups, size_t count,
                                const double *nodes) {
  const size_t rows = groups + KERNELS;
  node_kernels *self = heed_scratch(memory, 1, sizeof *self);
  if (self == NULL) return NULL;
  *self = (node_kernels){
      .pseudo_users = pseudo_users,
      .groups = groups,
      .nodes = count,
      .bump = heed_scratch_doubles(memory, KERNELS * count),
      .log_likelihood = heed_scratch_doubles(memory, rows * KERNELS),
      .count = heed_scratch_doubles(memory, rows),
      .problem = free_weights_open(memory, rows, KERNELS)};
  if (memory->refused) return NULL;
  make_bumps(self, nodes);
  for (size_t m = 0; m < KERNELS; m++) {
    self->count[groups + m] = pseudo_users / KERNELS;
    for (size_t other = 0; other < KERNELS; other++)
      self->log_likelihood[(groups + m) * KERNELS + other] =
          m == other ? 0 : -HUGE_VAL;
  }
  return self;
}

/* log l of one group. */
static void smooth(const node_kernels *self, const double *log_likelihood,
                   double *result) {
  double most = -HUGE_VAL;
  for (size_t k = 0; k < self->nodes; k++) most = fmax(most, log_likelihood[k]);
  for (size_t m = 0; m < KERNELS; m++) result[m] = 0;
  for (size_t k = 0; k < self->nodes && most > -HUGE_VAL; k++) {
    const double likelihood = exp(log_likelihood[k] - most);
    for (size_t m = 0; m < KERNELS; m++)
      result[m] += likelihood * self->bump[m * self->nodes + k];
  }
  for (size_t m = 0; m < KERNELS; m++) result[m] = log(result[m]) + most;
}

static void spread(const node_kernels *self, const double *v, double *weight) {
  for (size_t k = 0; k < self->nodes; k++) {
    weight[k] = 0;
    for (size_t m = 0; m < KERNELS; m++)
      weight[k] += v[m] * self->bump[m * self->nodes + k];
  }
}

void node_kernels_solve(node_kernels *self, const double *users,
                        const double *log_likelihood, double *weight) {
  for (unsigned m = 0; m < KERNELS; m++) self->weight[m] = 1.0 / KERNELS;
  self->users = 0;
  for (size_t g = 0; g < self->groups; g++) {
    self->count[g] = users[g];
    self->users += users[g];
    smooth(self, log_likelihood + g * self->nodes,
           self->log_likelihood + g * KERNELS);
  }
  (void)free_weights_solve(self->problem, self->count, self->log_likelihood,
                           FREE_WEIGHTS_TOLERANCE, self->weight);
  spread(self, self->weight, weight);
}

double node_kernels_log_prior(const node_kernels *self) {
  double sum = 0;
  for (size_t m = 0; m < KERNELS; m++) sum += log(self->weight[m]);
  return self->pseudo_users / KERNELS * sum;
}

void node_kernels_without(const node_kernels *self, size_t group,
                          double *weight) {
  const double *log_l = self->log_likelihood + group * KERNELS;
  const double least = self->pseudo_users / KERNELS;
  double v[KERNELS], most = -HUGE_VAL, own = 0, sum = 0;
  for (size_t m = 0; m < KERNELS; m++) most = fmax(most, log_l[m]);
  for (size_t m = 0; m < KERNELS; m++)
    own += self->weight[m] * exp(log_l[m] - most);
  for (size_t m = 0; m < KERNELS; m++) {
    const double mine = self->weight[m] * exp(log_l[m] - most) / own;
    /* At the exact maximum it is at least the pseudo-users' part. */
    v[m] = fmax((self->users + self->pseudo_users) * self->weight[m] - mine,
                least);
    sum += v[m];
  }
  for (size_t m = 0; m < KERNELS; m++) v[m] /= sum;
  spread(self, v, weight);
}
