/* SPDX-License-Identifier: GPL-3.0-or-later
 * Smooth free weights. */
#include "support/attention/node_kernels.h"

#include <assert.h>
#include <gsl/gsl_cblas.h>
#include <math.h>

#include "support/attention/barrier_weights.h"
#include "support/numeric/threads.h"

/* Parts of groups for products.  With fewer groups, another thread costs more
 * than it saves. */
enum { PARTS = 16, GROUPS_A_THREAD = 1024 };

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
  double *likelihood;  /* groups x count: l / exp(most) */
  double weight[MOST]; /* v */
  barrier_weights *problem;
} node_bumps;

struct node_kernels {
  double pseudo_users, users;
  size_t groups, nodes, threads;
  node_bumps wide, narrow;
  node_bumps *best; /* at the solution */
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
  assert(bumps->bump != NULL);
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
  *bumps = (node_bumps){
      .count = count,
      .bump = heed_scratch_doubles(memory, count * self->nodes),
      .likelihood = heed_scratch_doubles(memory, self->groups * count),
      .problem = barrier_weights_open(memory, self->groups, count,
                                      self->pseudo_users / (double)count)};
  if (!memory->refused) make_bumps(self, degree, bumps, nodes);
}

node_kernels *node_kernels_open(heed_memory *memory, double pseudo_users,
                                size_t groups, size_t count,
                                const double *nodes) {
  node_kernels *self = heed_scratch(memory, 1, sizeof *self);
  if (self == NULL) return NULL;
  const size_t some = groups / GROUPS_A_THREAD + 1;
  const size_t threads = heed_threads(memory->host);
  *self = (node_kernels){.pseudo_users = pseudo_users,
                         .groups = groups,
                         .nodes = count,
                         .threads = some < threads ? some : threads};
  open_bumps(self, memory, WIDE, WIDE_DEGREE, nodes, &self->wide);
  open_bumps(self, memory, NARROW, NARROW_DEGREE, nodes, &self->narrow);
  self->best = &self->wide;
  return memory->refused ? NULL : self;
}

static void spread(const node_kernels *self, const double *v, double *weight) {
  const node_bumps *bumps = self->best;
  const int nodes = (int)self->nodes, count = (int)bumps->count;
  cblas_dgemv(CblasRowMajor, CblasTrans, count, nodes, 1, bumps->bump, nodes, v,
              1, 0, weight, 1);
}

/* Even weights have the same log-prior, whatever the bumps: log v_m counts as
 * log(v_m count / WIDE). */
static double shift_of(const node_kernels *self, const node_bumps *bumps) {
  return self->pseudo_users * log((double)bumps->count / WIDE);
}

static double log_prior(const node_kernels *self, const node_bumps *bumps) {
  const double count = (double)bumps->count;
  double sum = 0;
  for (size_t m = 0; m < bumps->count; m++)
    sum += log(bumps->weight[m] * count / WIDE);
  return self->pseudo_users / count * sum;
}

typedef struct product_job {
  const node_bumps *wide, *narrow; /* narrow: NULL if it is not wanted */
  size_t groups, nodes;
  const double *likelihood; /* groups x nodes */
} product_job;

/* l of groups of a range. */
static void multiply(const product_job *job, threads_range range,
                     const node_bumps *bumps) {
  const int rows = (int)(range.end - range.first), nodes = (int)job->nodes,
            count = (int)bumps->count;
  cblas_dgemm(CblasRowMajor, CblasNoTrans, CblasTrans, rows, count, nodes, 1,
              job->likelihood + range.first * job->nodes, nodes, bumps->bump,
              nodes, 0, bumps->likelihood + range.first * bumps->count, count);
}

static void multiply_part(void *context, size_t part) {
  const product_job *job = context;
  const threads_range range = threads_share(job->groups, part, PARTS);
  if (range.first == range.end) return;
  multiply(job, range, job->wide);
  if (job->narrow != NULL) multiply(job, range, job->narrow);
}

/* The log-posterior of the best weights of the bumps, without the units of the
 * likelihoods; less if it is below `least`. */
static double solve(const node_kernels *self, const double *users, double least,
                    node_bumps *bumps) {
  const double shift = shift_of(self, bumps);
  return shift + barrier_weights_solve(bumps->problem, users, bumps->likelihood,
                                       least - shift, bumps->weight);
}

void node_kernels_solve(node_kernels *self, const double *users,
                        const double *likelihood, double *weight) {
  self->users = 0;
  for (size_t g = 0; g < self->groups; g++) self->users += users[g];
  const bool both = self->users >= NARROW_USERS;
  product_job job = {&self->wide, both ? &self->narrow : NULL, self->groups,
                     self->nodes, likelihood};
  threads_run(self->threads, PARTS, multiply_part, &job);
  const double value = solve(self, users, -HUGE_VAL, self->best);
  node_bumps *other = self->best == &self->wide ? &self->narrow : &self->wide;
  if (both && solve(self, users, value, other) > value) self->best = other;
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
