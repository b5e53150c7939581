/* SPDX-License-Identifier: GPL-3.0-or-later
 * The prior of each group with the fit's uncertainty: node_prior_predictive().
 *
 * For a distribution of p parameters on a free scale f the posterior of f is
 * summed over a lattice, as in estimators/bayes.c but a coarser one:
 *   f = mode + axes z, z whole numbers with |z| at most REACH, axes L^-T of the
 * curvature L L' at the fit.  With
 *   E_gk = P(history g | node k), Z_g(f) = sum_k w_k(f) E_gk and
 *   log p(f | y) = sum_g users_g log Z_g(f) + the pseudo-users' term
 *                  - sum_i ((f_i - even_i) / SPREAD)^2 / 2,
 * even the parameters whose moments are those of a uniform eta, the prior of
 * group g is sum_f p(f | y) w_k(f) / Z_g(f): p(f | y) / Z_g(f) is proportional
 * to p(f | all but one user of g).  A posterior without one annotation is then
 * exact, too. */
#include <assert.h>
#include <gsl/gsl_cblas.h>
#include <math.h>
#include <string.h>

#include "heed/memory.h"
#include "support/attention/histories.h"
#include "support/attention/node_kernels.h"
#include "support/attention/node_prior.h"
#include "support/numeric/threads.h"

enum { MOST = 3, REACH = 4 };

/* Half the width of the differences of the curvature, on the free scale. */
static const double DIFFERENCE = 0.05;
/* Of the weak prior of f. */
static const double SPREAD = 1.5;

typedef struct predictive_lattice {
  attention_node_prior *prior;
  const attention_histories *histories;
  size_t p, groups, nodes;
  double even[MOST];   /* centre of the prior of f */
  double center[MOST]; /* the mode */
  double axes[MOST][MOST];
  double *theta;    /* at a point */
  double *e;        /* groups x nodes: E, each row scaled by its largest */
  double *weight;   /* nodes: w(f) */
  double *evidence; /* groups: Z(f) */
  double *target;   /* groups x nodes */
  double top;       /* log p at the mode */
} predictive_lattice;

/* log p(f | y) up to a constant; fills weight and evidence. */
static double log_posterior(predictive_lattice *self, const double *free) {
  attention_node_prior *prior = self->prior;
  const int groups = (int)self->groups, nodes = (int)self->nodes;
  prior->distribution->from_free(prior->prior->self, free, self->theta);
  node_prior_place(prior, self->theta);
  double sum = node_prior_log_prior(prior);
  for (size_t i = 0; i < self->p; i++) {
    const double z = (free[i] - self->even[i]) / SPREAD;
    sum -= z * z / 2;
  }
  for (size_t k = 0; k < self->nodes; k++)
    self->weight[k] = exp(prior->log_weight[k]);
  cblas_dgemv(CblasRowMajor, CblasNoTrans, groups, nodes, 1, self->e, nodes,
              self->weight, 1, 0, self->evidence, 1);
  for (size_t g = 0; g < self->groups; g++)
    sum += self->histories->users[g] * log(self->evidence[g]);
  return isfinite(sum) ? sum : -HUGE_VAL;
}

static double shifted(predictive_lattice *self, size_t i, double a, size_t j,
                      double b) {
  double place[MOST];
  memcpy(place, self->center, sizeof place);
  place[i] += a;
  place[j] += b;
  return log_posterior(self, place);
}

static double curvature(predictive_lattice *self, size_t i, size_t j) {
  const double h = DIFFERENCE;
  if (i == j)
    return -(shifted(self, i, h, i, 0) - 2 * self->top +
             shifted(self, i, -h, i, 0)) /
           (h * h);
  return -(shifted(self, i, h, j, h) - shifted(self, i, h, j, -h) -
           shifted(self, i, -h, j, h) + shifted(self, i, -h, j, -h)) /
         (4 * h * h);
}

/* The mode, from self->center: Newton's method in one coordinate after the
 * other, with halved steps. */
static void climb(predictive_lattice *self) {
  enum { ROUNDS = 40, HALVINGS = 10 };
  const double h = DIFFERENCE;
  double earlier;
  self->top = log_posterior(self, self->center);
  for (int round = 0; round < ROUNDS; round++) {
    earlier = self->top;
    for (size_t i = 0; i < self->p; i++) {
      const double slope =
          (shifted(self, i, h, i, 0) - shifted(self, i, -h, i, 0)) / (2 * h);
      const double bend = curvature(self, i, i);
      const double whole = bend > 0 ? slope / bend : copysign(0.5, slope);
      for (int halving = 0; halving < HALVINGS; halving++) {
        const double step = ldexp(whole, -halving);
        const double there = shifted(self, i, step, i, 0);
        if (!(there > self->top)) continue;
        self->center[i] += step;
        self->top = there;
        break;
      }
    }
    if (!(self->top > earlier + 1e-3)) return;
  }
}

/* L of the curvature; false: it is not positive definite. */
static bool factorise(predictive_lattice *self, double l[MOST][MOST]) {
  for (size_t i = 0; i < self->p; i++)
    for (size_t j = 0; j <= i; j++) {
      double sum = curvature(self, i, j);
      for (size_t k = 0; k < j; k++) sum -= l[i][k] * l[j][k];
      if (i == j && !(sum > 1e-6)) return false;
      l[i][j] = i == j ? sqrt(sum) : sum / l[j][j];
    }
  return true;
}

/* Without curvature a step is half of the free scale. */
static double find_axes(predictive_lattice *self) {
  double l[MOST][MOST] = {{0}}, log_volume = 0;
  if (!factorise(self, l)) {
    memset(l, 0, sizeof l);
    for (size_t i = 0; i < self->p; i++) l[i][i] = 2;
  }
  for (size_t z = 0; z < self->p; z++) { /* solve L' a = e_z upwards */
    log_volume -= log(l[z][z]);
    for (size_t i = self->p; i-- > 0;) {
      double sum = i == z;
      for (size_t k = i + 1; k < self->p; k++)
        sum -= l[k][i] * self->axes[k][z];
      self->axes[i][z] = sum / l[i][i];
    }
  }
  return log_volume;
}

/* The point with this index; false: it lies outside the ball. */
static bool find_point(const predictive_lattice *self, size_t index,
                       double *place) {
  double squared = 0;
  memcpy(place, self->center, sizeof self->center);
  for (size_t z = 0; z < self->p; z++, index /= 2 * REACH + 1) {
    const double steps = (double)(index % (2 * REACH + 1)) - REACH;
    squared += steps * steps;
    for (size_t i = 0; i < self->p; i++) place[i] += steps * self->axes[i][z];
  }
  return squared <= REACH * REACH;
}

static double sum_lattice(predictive_lattice *self) {
  double total = 0;
  size_t size = 1;
  for (size_t z = 0; z < self->p; z++) size *= 2 * REACH + 1;
  for (size_t index = 0; index < size; index++) {
    double place[MOST];
    if (!find_point(self, index, place)) continue;
    const double density = exp(log_posterior(self, place) - self->top);
    if (!(density > 0)) continue;
    total += density;
    for (size_t g = 0; g < self->groups; g++)
      cblas_daxpy((int)self->nodes, density / self->evidence[g], self->weight,
                  1, self->target + g * self->nodes, 1);
  }
  return total;
}

/* Returns the sum of the logs of the scales. */
static double scale_rows(predictive_lattice *self) {
  double scales = 0;
  for (size_t g = 0; g < self->groups; g++) {
    const double *row = self->prior->log_likelihood + g * self->nodes;
    double most = -HUGE_VAL;
    for (size_t k = 0; k < self->nodes; k++) most = fmax(most, row[k]);
    for (size_t k = 0; k < self->nodes; k++)
      self->e[g * self->nodes + k] = exp(row[k] - most);
    scales += self->histories->users[g] * most;
  }
  return scales;
}

/* A sum of 0 leaves the weights of the fit. */
static void take_logs(const attention_node_prior *prior, double *row) {
  const double sum = prior->vector->sum(prior->count, row);
  if (!(sum > 0)) {
    memcpy(row, prior->log_weight, prior->count * sizeof *row);
    return;
  }
  for (size_t k = 0; k < prior->count; k++) row[k] /= sum;
  prior->vector->log(prior->count, row, row);
}

static void place_prior(predictive_lattice *self) {
  const attention_node_prior *prior = self->prior;
  const double low = prior->nodes[0], high = prior->nodes[self->nodes - 1];
  prior->distribution->start(prior->prior->self, (low + high) / 2,
                             (high - low) * (high - low) / 12, self->theta);
  prior->distribution->to_free(prior->prior->self, self->theta, self->even);
}

static heed_status sum_over_theta(predictive_lattice *self,
                                  const heed_host *host, const double *theta,
                                  double *objective, heed_error *error) {
  attention_node_prior *prior = self->prior;
  heed_memory memory = {host, false};
  self->theta = heed_scratch_doubles(&memory, prior->theta_count);
  self->e = heed_scratch_doubles(&memory, self->groups * self->nodes);
  self->weight = heed_scratch_doubles(&memory, self->nodes);
  self->evidence = heed_scratch_doubles(&memory, self->groups);
  if (memory.refused) return heed_no_memory(error);
  const double scales = scale_rows(self);
  place_prior(self);
  prior->distribution->to_free(prior->prior->self, theta, self->center);
  climb(self);
  memset(self->target, 0, self->groups * self->nodes * sizeof *self->target);
  if (self->top > -HUGE_VAL) {
    const double volume = find_axes(self);
    *objective = scales + self->top + volume + log(sum_lattice(self));
  }
  node_prior_place(prior, theta);
  return HEED_OK;
}

static bool has_lattice(const attention_node_prior *prior) {
  return prior->pseudo_users > 0 && prior->fit != NULL &&
         prior->distribution->to_free != NULL &&
         prior->distribution->free_count(prior->prior->self) <= MOST;
}

typedef struct predictive_job {
  const attention_node_prior *prior;
  size_t groups;
  bool summed; /* over a lattice, into target */
  double *target;
} predictive_job;

static void finish_part(void *context, size_t part) {
  const predictive_job *job = context;
  const attention_node_prior *prior = job->prior;
  const threads_range range = threads_share(job->groups, part, prior->parts);
  for (size_t g = range.first; g < range.end; g++) {
    double *row = job->target + g * prior->count;
    if (!job->summed && prior->kernels == NULL) {
      memcpy(row, prior->log_weight, prior->count * sizeof *row);
      continue;
    }
    if (!job->summed) node_kernels_without(prior->kernels, g, row);
    take_logs(prior, row);
  }
}

heed_status node_prior_predictive(attention_node_prior *self,
                                  const attention_histories *histories,
                                  const heed_host *host, const double *theta,
                                  double *log_weight, double *objective,
                                  heed_error *error) {
  predictive_job job = {self, histories->group_count, has_lattice(self),
                        log_weight};
  if (job.summed) {
    predictive_lattice lattice = {
        .prior = self,
        .histories = histories,
        .p = self->distribution->free_count(self->prior->self),
        .groups = job.groups,
        .nodes = self->count,
        .target = log_weight};
    const heed_status status =
        sum_over_theta(&lattice, host, theta, objective, error);
    if (status != HEED_OK) return status;
  }
  threads_run(self->threads, self->parts, finish_part, &job);
  return HEED_OK;
}
