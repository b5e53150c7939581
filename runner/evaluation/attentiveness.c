/* SPDX-License-Identifier: GPL-3.0-or-later
 * Compares posteriors with the true attentiveness. */
#include <gsl/gsl_statistics_double.h>
#include <math.h>

#include "evaluation/evaluation.h"
#include "heed/distribution.h"

double *evaluation_user_means(const heed_crowd *crowd,
                              const heed_posterior *posterior,
                              heed_memory *memory) {
  const size_t users = crowd->users->rows;
  double *mean = heed_scratch_doubles(memory, users);
  for (size_t j = 0; mean != NULL && j < users; j++) {
    size_t start = j, end = j + 1;
    if (posterior->unit == HEED_BY_USER_TOPIC) {
      start = j * posterior->topics;
      end = start + posterior->topics;
    } else if (posterior->unit == HEED_BY_ANNOTATION) {
      start = crowd->first[j];
      end = crowd->first[j + 1];
    }
    for (size_t i = start; i < end; i++) mean[j] += posterior->mean[i];
    mean[j] = end > start ? mean[j] / (double)(end - start) : NAN;
  }
  return mean;
}

static double rmse(size_t count, const double *a, const double *b) {
  double sum = 0;
  for (size_t i = 0; i < count; i++) sum += (a[i] - b[i]) * (a[i] - b[i]);
  return sqrt(sum / (double)count);
}

static bool is_constant(size_t count, const double *values) {
  for (size_t i = 1; i < count; i++)
    if (values[i] != values[0]) return false;
  return true;
}

double evaluation_correlation(size_t count, const double *a, const double *b) {
  if (count < 2 || is_constant(count, a) || is_constant(count, b)) return NAN;
  return gsl_stats_correlation(a, 1, b, 1, count);
}

double evaluation_spearman(size_t count, const double *a, const double *b,
                           double *room) {
  const double step = 0x1p-40;
  double *left = room, *right = room + count, *work = room + 2 * count;
  for (size_t i = 0; i < count; i++) {
    left[i] = nearbyint(a[i] / step);
    right[i] = nearbyint(b[i] / step);
  }
  if (count < 2 || is_constant(count, left) || is_constant(count, right))
    return NAN;
  return gsl_stats_spearman(left, 1, right, 1, count, work);
}

/* The q-quantile of row u: the estimator's if it has that level, else from the
 * mass on nodes.  NaN: neither exists. */
static double quantile(const heed_posterior *posterior, size_t unit, double q) {
  double sum = 0;
  for (size_t i = 0; posterior->quantiles != NULL && i < posterior->level_count;
       i++)
    if (fabs(posterior->levels[i] - q) < 1e-9)
      return posterior->quantiles[unit * posterior->level_count + i];
  if (posterior->node_count == 0) return NAN;
  for (size_t k = 0; k < posterior->node_count; k++) {
    sum += posterior->mass[posterior->row[unit] * posterior->node_count + k];
    if (sum >= q - 1e-12) return posterior->nodes[k];
  }
  return posterior->nodes[posterior->node_count - 1];
}

/* Users' central intervals: how many cover eta, and how wide they are.  NaN:
 * the posterior has none. */
static void measure_intervals(const heed_evaluation *self) {
  const size_t users = self->crowd->users->rows;
  const double below = (1 - self->settings.level) / 2;
  double covered = 0, width = 0;
  for (size_t j = 0; j < users; j++) {
    const double low = quantile(self->posterior, j, below);
    const double high = quantile(self->posterior, j, 1 - below);
    width += high - low;
    if (self->eta != NULL)
      covered += low <= self->eta[j] && self->eta[j] <= high;
  }
  evaluation_put(self, METRIC_INTERVAL_WIDTH, width / (double)users);
  if (self->eta != NULL && !isnan(width))
    evaluation_put(self, METRIC_COVERAGE, covered / (double)users);
}

bool evaluation_has_atoms(const heed_posterior *posterior) {
  const heed_distribution_functions *functions =
      posterior->prior == NULL ? NULL : posterior->prior->plugin->functions;
  return functions != NULL && functions->atoms_move &&
         functions->node_count(posterior->prior->self, posterior->node_count) ==
             posterior->node_count &&
         functions->node_count(posterior->prior->self,
                               posterior->node_count + 1) ==
             posterior->node_count;
}

/* The rank of one user: errors of posteriors are shared within a crowd, and
 * tests need independent ranks (Talts et al. 2018, arXiv 1804.06788, section
 * 4).  A node of a grid represents a cell that ends half way to its
 * neighbours. */
static double rank_of(const heed_evaluation *self, size_t user) {
  const heed_posterior *posterior = self->posterior;
  const heed_host *host = &self->host->host;
  const double eta = self->eta[user];
  double below = 0, point = 0;
  if (posterior->node_count == 0) return NAN;
  const double *mass =
      posterior->mass + posterior->row[user] * posterior->node_count;
  const bool atoms = evaluation_has_atoms(posterior);
  for (size_t k = 0; k < posterior->node_count; k++) {
    const double end =
        atoms || k + 1 == posterior->node_count
            ? posterior->nodes[k]
            : (posterior->nodes[k] + posterior->nodes[k + 1]) / 2;
    if (end < eta && (atoms || k + 1 < posterior->node_count)) {
      below += mass[k];
      continue;
    }
    if (!atoms || posterior->nodes[k] == eta) point = mass[k];
    break;
  }
  heed_stream stream = host->stream(host, "rank", user);
  return below + heed_uniform(&stream) * point;
}

heed_status evaluate_attentiveness(const heed_evaluation *self,
                                   heed_error *error) {
  const size_t users = self->crowd->users->rows;
  heed_memory memory = {&self->host->host, false};
  const double *mean =
      evaluation_user_means(self->crowd, self->posterior, &memory);
  double *room = heed_scratch_doubles(&memory, 4 * users);
  size_t right = 0;
  if (memory.refused) return heed_no_memory(error);
  evaluation_put(self, METRIC_ETA_MEAN, gsl_stats_mean(mean, 1, users));
  if (self->posterior->unit == HEED_BY_USER) measure_intervals(self);
  if (self->eta == NULL) return HEED_OK;
  for (size_t j = 0; j < users; j++)
    right += (mean[j] > self->settings.split) ==
             (self->eta[j] > self->settings.split);
  evaluation_put(self, METRIC_SPLIT_ACCURACY, (double)right / (double)users);
  evaluation_put(self, METRIC_ETA_RMSE, rmse(users, mean, self->eta));
  evaluation_put(
      self, METRIC_ETA_BIAS,
      gsl_stats_mean(mean, 1, users) - gsl_stats_mean(self->eta, 1, users));
  evaluation_put(self, METRIC_ETA_CORRELATION,
                 evaluation_correlation(users, mean, self->eta));
  if (self->target[METRIC_ETA_SPEARMAN] != NULL)
    evaluation_put(self, METRIC_ETA_SPEARMAN,
                   evaluation_spearman(users, mean, self->eta, room));
  if (self->posterior->unit == HEED_BY_USER)
    evaluation_put(self, METRIC_ETA_RANK, rank_of(self, 0));
  return HEED_OK;
}

heed_status evaluate_refined(const heed_evaluation *self, heed_error *error) {
  const size_t users = self->crowd->users->rows;
  heed_memory memory = {&self->host->host, false};
  if (self->eta == NULL || self->policy == NULL ||
      self->policy->refined == NULL)
    return HEED_OK;
  const double *mean =
      evaluation_user_means(self->crowd, self->policy->refined, &memory);
  if (memory.refused) return heed_no_memory(error);
  evaluation_put(self, METRIC_REFINED_ETA_RMSE, rmse(users, mean, self->eta));
  evaluation_put(self, METRIC_REFINED_ETA_CORRELATION,
                 evaluation_correlation(users, mean, self->eta));
  return HEED_OK;
}
