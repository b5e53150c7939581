/* SPDX-License-Identifier: GPL-3.0-or-later
 * The full Bayesian posterior of each user's attentiveness: the parameters of
 * P_eta have a hyperprior (support/attention/hyper.h) and are integrated out,
 *
 *   p(eta_j | y) = int p(eta_j | y_j, theta) p(theta | y) dtheta,
 *
 * while plug-in estimators such as em use the best theta.
 *
 * theta has at most three values, so the integral is a sum over a lattice.  Its
 * axes are those of the posterior's curvature at the mode, STEP standard
 * deviations apart; it is filled outwards from the mode until the density has
 * fallen by FALL nats.  This integrates a normal posterior to a relative 1e-8,
 * any smooth one nearly so (Davis and Rabinowitz 1984, Methods of Numerical
 * Integration, section 3.4). */
#include <gsl/gsl_linalg.h>
#include <gsl/gsl_multimin.h>
#include <math.h>
#include <string.h>

#include "heed/estimator.h"
#include "heed/memory.h"
#include "support/attention/gap.h"
#include "support/attention/guesses.h"
#include "support/attention/hyper.h"
#include "support/attention/node_posterior.h"
#include "support/attention/parameters.h"

enum {
  PRIOR,
  CENTER,
  SPREAD,
  MODEL,
  MU,
  NODES,
  LEVELS,
  GOLD_ERROR,
  PARAMETER_COUNT
};
enum {
  OUT_LOG_EVIDENCE,
  OUT_POINTS,
  OUT_GROUPS,
  OUT_MU,
  OUT_IDENTIFIED,
  OUTPUT_COUNT
};

/* The lattice reaches REACH steps to each side of the mode. */
enum { REACH = 30, SIDE = 2 * REACH + 1 };
static const double STEP = 0.5, FALL = 20;

static const heed_parameter parameters[] = {
    [PRIOR] = ESTIMATOR_PRIOR("beta", "P_eta: beta, gaussian or two_point"),
    [CENTER] = HYPER_CENTER,
    [SPREAD] = HYPER_SPREAD,
    [MODEL] = ESTIMATOR_MODEL("user model that the estimator assumes; none of "
                              "its parameters is fitted"),
    [MU] =
        ESTIMATOR_MU(gap_words,
                     "the gap: known (the pool's mean of p), requested (the "
                     "source's setting), pair (p of each pair), or a number"),
    [NODES] = ESTIMATOR_NODES("100", "number of nodes over attentiveness"),
    [LEVELS] = ESTIMATOR_LEVELS,
    [GOLD_ERROR] = ESTIMATOR_GOLD_ERROR,
};

static const heed_output outputs[] = {
    [OUT_LOG_EVIDENCE] = {.name = "log_evidence",
                          .unit = "nat",
                          .doc = "log marginal likelihood of the annotations, "
                                 "theta and eta integrated out"},
    [OUT_POINTS] = {.name = "points",
                    .doc = "number of theta values in the sum"},
    [OUT_GROUPS] = ESTIMATOR_GROUPS,
    [OUT_MU] = {.name = "mu",
                .flags = HEED_MAY_BE_NAN,
                .doc = "the gap used; NaN: one per pair"},
    [OUT_IDENTIFIED] = ESTIMATOR_IDENTIFIED,
};

typedef struct bayes {
  const heed_value *values;
  const heed_host *host;
  attention_hyper hyper;
  attention_histories histories;
  double mu;

  /* At one theta. */
  double theta[HYPER_MOST];
  size_t node_count;
  double *nodes, *log_weight;
  double *log_likelihood; /* groups x nodes */
  double *posterior;      /* groups x nodes */

  /* Summed over theta: eta on cells. */
  size_t cell_count;
  double *cells;
  double *mass; /* groups x cells */
  double sum, theta_sum[HYPER_MOST];

  /* The lattice: mode + STEP axes z, z whole numbers. */
  double mode[HYPER_MOST], axes[HYPER_MOST][HYPER_MOST], top, log_volume;
  size_t points;
  double edge; /* weight on the lattice's edge, in sum */

  heed_status status;
  heed_error *error;
} bayes;

/* ---- one theta ---- */

/* log p(y, theta) and the users' posteriors at theta. */
static double log_joint(bayes *self, const double *free) {
  const heed_distribution_functions *functions = self->hyper.functions;
  const void *prior = self->hyper.instance->self;
  const size_t nodes = self->node_count;
  double sum = hyper_log_density(&self->hyper, free);
  functions->from_free(prior, free, self->theta);
  if (functions->atoms_move) {
    functions->nodes(prior, self->theta, nodes, self->nodes);
    if (self->status == HEED_OK)
      self->status =
          histories_likelihood(&self->histories, self->host, NULL, nodes,
                               self->nodes, self->log_likelihood, self->error);
  }
  functions->log_weights(prior, self->theta, nodes, self->nodes,
                         self->log_weight);
  for (size_t g = 0; g < self->histories.group_count; g++)
    sum += self->histories.users[g] *
           node_posterior_mass(nodes, self->log_weight,
                               self->log_likelihood + g * nodes,
                               self->posterior + g * nodes);
  return isnan(sum) ? -HUGE_VAL : sum;
}

/* Splits the mass at a place between the two nearest cells, keeping its
 * mean. */
static void deposit(const bayes *self, double place, double mass,
                    double *cells) {
  const double width = self->cells[1] - self->cells[0];
  const double point = (place - self->cells[0]) / width;
  const double inside = fmin(fmax(point, 0), (double)self->cell_count - 1);
  const size_t low = (size_t)fmin(inside, (double)self->cell_count - 2);
  const double share = inside - (double)low;
  cells[low] += (1 - share) * mass;
  cells[low + 1] += share * mass;
}

static void accumulate(bayes *self, double weight) {
  const size_t nodes = self->node_count;
  self->sum += weight;
  for (size_t i = 0; i < self->hyper.theta_count; i++)
    self->theta_sum[i] += weight * self->theta[i];
  for (size_t g = 0; g < self->histories.group_count; g++) {
    const double *source = self->posterior + g * nodes;
    double *target = self->mass + g * self->cell_count;
    for (size_t k = 0; k < nodes; k++) {
      if (self->hyper.functions->atoms_move)
        deposit(self, self->nodes[k], weight * source[k], target);
      else
        target[k] += weight * source[k];
    }
  }
}

/* ---- the lattice ---- */

static double cost(const gsl_vector *point, void *context) {
  const double sum = -log_joint(context, point->data);
  return isfinite(sum) ? sum : 1e300;
}

/* The mode by Nelder and Mead, restarted until it no longer rises. */
static void climb(bayes *self) {
  const size_t count = self->hyper.count;
  gsl_multimin_function function = {cost, count, self};
  gsl_vector *step = gsl_vector_alloc(count);
  gsl_vector_view point = gsl_vector_view_array(self->mode, count);
  double earlier;
  gsl_multimin_fminimizer *solver =
      gsl_multimin_fminimizer_alloc(gsl_multimin_fminimizer_nmsimplex2, count);
  if (step == NULL || solver == NULL) {
    self->status = heed_no_memory(self->error);
  } else {
    self->top = -HUGE_VAL;
    do {
      earlier = self->top;
      for (size_t i = 0; i < count; i++)
        gsl_vector_set(step, i, 0.3 * self->hyper.spread[i]);
      (void)gsl_multimin_fminimizer_set(solver, &function, &point.vector, step);
      for (int turn = 0; turn < 2000; turn++)
        if (gsl_multimin_fminimizer_iterate(solver) != 0 ||
            gsl_multimin_fminimizer_size(solver) < 1e-5)
          break;
      memcpy(self->mode, solver->x->data, count * sizeof *self->mode);
      self->top = -solver->fval;
    } while (self->top > earlier + 1e-3 && self->status == HEED_OK);
  }
  if (solver != NULL) gsl_multimin_fminimizer_free(solver);
  if (step != NULL) gsl_vector_free(step);
}

static double at_shift(bayes *self, size_t i, double a, size_t j, double b) {
  double place[HYPER_MOST];
  memcpy(place, self->mode, sizeof place);
  place[i] += a;
  place[j] += b;
  return log_joint(self, place);
}

/* -d^2 log p / d theta_i d theta_j at the mode, by central differences. */
static double curvature(bayes *self, size_t i, size_t j) {
  const double a = 0.003 * self->hyper.spread[i];
  const double b = 0.003 * self->hyper.spread[j];
  if (i == j)
    return -(at_shift(self, i, a, i, 0) - 2 * self->top +
             at_shift(self, i, -a, i, 0)) /
           (a * a);
  return -(at_shift(self, i, a, j, b) - at_shift(self, i, a, j, -b) -
           at_shift(self, i, -a, j, b) + at_shift(self, i, -a, j, -b)) /
         (4 * a * b);
}

/* axes = L^-T of the curvature L L'; the hyperprior's own if the curvature is
 * not positive definite, as between two peaks: any axes work, close ones
 * better. */
static void find_axes(bayes *self) {
  const size_t count = self->hyper.count;
  double hessian[HYPER_MOST * HYPER_MOST] = {0};
  gsl_matrix_view view = gsl_matrix_view_array(hessian, count, count);
  for (size_t i = 0; i < count; i++)
    for (size_t j = 0; j <= i; j++)
      hessian[i * count + j] = hessian[j * count + i] = curvature(self, i, j);
  if (gsl_linalg_cholesky_decomp1(&view.matrix) != 0) {
    memset(hessian, 0, sizeof hessian);
    for (size_t i = 0; i < count; i++)
      hessian[i * count + i] = 1 / self->hyper.spread[i];
  }
  self->log_volume = (double)count * log(STEP);
  for (size_t z = 0; z < count; z++) { /* solve L' a = e_z upwards */
    self->log_volume -= log(hessian[z * count + z]);
    for (size_t i = count; i-- > 0;) {
      double sum = i == z;
      for (size_t k = i + 1; k < count; k++)
        sum -= hessian[k * count + i] * self->axes[k][z];
      self->axes[i][z] = sum / hessian[i * count + i];
    }
  }
}

/* Visits a point of the lattice; true: the density is high enough to visit the
 * neighbours. */
static bool visit(bayes *self, size_t index) {
  double place[HYPER_MOST];
  double log_p;
  bool at_edge = false;
  memcpy(place, self->mode, sizeof place);
  for (size_t z = 0; z < self->hyper.count; z++, index /= SIDE) {
    const double steps = (double)(index % SIDE) - REACH;
    at_edge = at_edge || fabs(steps) == REACH;
    for (size_t i = 0; i < self->hyper.count; i++)
      place[i] += STEP * steps * self->axes[i][z];
  }
  log_p = log_joint(self, place);
  if (!(log_p > self->top - FALL)) return false;
  self->points++;
  if (at_edge) self->edge += exp(log_p - self->top);
  accumulate(self, exp(log_p - self->top));
  return true;
}

static bool neighbour(size_t index, size_t stride, bool up, size_t *result) {
  const size_t steps = index / stride % SIDE;
  if (up ? steps + 1 == SIDE : steps == 0) return false;
  *result = up ? index + stride : index - stride;
  return true;
}

static heed_status fill_lattice(bayes *self, heed_error *error) {
  size_t size = 1, start = 0, first = 0, last = 0;
  for (size_t z = 0; z < self->hyper.count; z++, size *= SIDE)
    start += REACH * size;
  heed_memory memory = {self->host, false};
  size_t *queue = heed_scratch_sizes(&memory, size);
  char *seen = heed_scratch(&memory, size, 1);
  if (memory.refused) return heed_no_memory(error);
  queue[last++] = start;
  seen[start] = 1;
  while (first < last && self->status == HEED_OK) {
    const size_t here = queue[first++];
    if (self->host->cancelled(self->host))
      return heed_fail(error, HEED_CANCELLED, "cancelled");
    if (!visit(self, here)) continue;
    for (size_t stride = 1; stride < size; stride *= SIDE)
      for (int up = 0; up < 2; up++) {
        size_t next;
        if (!neighbour(here, stride, up == 1, &next) || seen[next]) continue;
        seen[next] = 1;
        queue[last++] = next;
      }
  }
  return self->status;
}

/* ---- the estimator ---- */

static heed_status make_room(bayes *self, heed_error *error) {
  const heed_host *host = self->host;
  const heed_distribution_functions *functions = self->hyper.functions;
  const size_t wanted = (size_t)self->values[NODES].integer;
  const size_t groups = self->histories.group_count;
  const heed_domain *domain = &self->histories.domain;
  self->node_count = functions->node_count(self->hyper.instance->self, wanted);
  self->cell_count = functions->atoms_move ? wanted : self->node_count;
  const size_t nodes = self->node_count, cells = self->cell_count;
  heed_memory memory = {host, false};
  self->nodes = heed_scratch_doubles(&memory, nodes);
  self->log_weight = heed_scratch_doubles(&memory, nodes);
  self->log_likelihood = heed_scratch_doubles(&memory, groups * nodes);
  self->posterior = heed_scratch_doubles(&memory, groups * nodes);
  self->cells = heed_scratch_doubles(&memory, cells);
  self->mass = heed_scratch_doubles(&memory, groups * cells);
  if (memory.refused) return heed_no_memory(error);
  if (!functions->atoms_move) {
    functions->nodes(self->hyper.instance->self, self->hyper.center, nodes,
                     self->nodes);
    memcpy(self->cells, self->nodes, cells * sizeof *self->cells);
    return histories_likelihood(&self->histories, host, NULL, nodes,
                                self->nodes, self->log_likelihood, error);
  }
  for (size_t k = 0; k < cells; k++)
    self->cells[k] = domain->low + (domain->high - domain->low) * (double)k /
                                       (double)(cells - 1);
  return HEED_OK;
}

static heed_status open_bayes(bayes *self, const heed_crowd *crowd,
                              heed_error *error) {
  const heed_value *values = self->values;
  heed_status status = gap_of(&values[MU], crowd->world, &self->mu, error);
  const histories_terms terms = {.shared_p = self->mu,
                                 .gold_error = values[GOLD_ERROR].number};
  if (status == HEED_OK)
    status = hyper_open(values[PRIOR].instance, &values[CENTER],
                        &values[SPREAD], &self->hyper, error);
  if (status == HEED_OK)
    status = histories_open(self->host, crowd, values[MODEL].instance, &terms,
                            &self->histories, error);
  if (status != HEED_OK) return status;
  if (self->histories.domain.dimension != 1 ||
      self->histories.domain.phi_count > 0)
    return heed_fail(error, HEED_UNSUPPORTED,
                     "this estimator needs an attentiveness of one value and a "
                     "user model without fitted parameters; %s has more",
                     values[MODEL].instance->plugin->name);
  memcpy(self->mode, self->hyper.center, sizeof self->mode);
  return make_room(self, error);
}

static void report(const bayes *self, const heed_posterior *posterior) {
  const double values[] = {
      [OUT_LOG_EVIDENCE] = self->top + log(self->sum) + self->log_volume,
      [OUT_POINTS] = (double)self->points,
      [OUT_GROUPS] = (double)self->histories.group_count,
      [OUT_MU] = self->mu,
      [OUT_IDENTIFIED] = posterior->identified,
  };
  for (size_t i = 0; i < OUTPUT_COUNT; i++)
    self->host->output(self->host, i, &values[i], 1);
  if (self->edge > 1e-3 * self->sum)
    self->host->warn(
        self->host, "lattice_cut",
        "the posterior of the prior's parameters reaches beyond %d steps from "
        "its mode and is truncated there: %.2g of it lies on the edge",
        REACH, self->edge / self->sum);
}

/* log P(history | cell) of each group. */
static heed_status likelihood_at_cells(bayes *self, double **result,
                                       heed_error *error) {
  const size_t count = self->histories.group_count * self->cell_count;
  *result = self->log_likelihood;
  if (!self->hyper.functions->atoms_move) return HEED_OK;
  *result = self->host->scratch(self->host, count, sizeof **result);
  return *result == NULL ? heed_no_memory(error)
                         : histories_likelihood(&self->histories, self->host,
                                                NULL, self->cell_count,
                                                self->cells, *result, error);
}

/* Turns the mass of each group into its prior, log (mass / likelihood): with
 * the likelihood of all annotations but one, that prior gives the posterior
 * without the one, theta integrated out. */
static void divide_by_likelihood(bayes *self, const double *log_likelihood) {
  const size_t count = self->histories.group_count * self->cell_count;
  for (size_t i = 0; i < count; i++)
    self->mass[i] = log_likelihood[i] > -HUGE_VAL
                        ? log(self->mass[i] / self->sum) - log_likelihood[i]
                        : -HUGE_VAL;
}

static heed_status fill(bayes *self, heed_posterior *posterior,
                        heed_error *error) {
  double *log_likelihood;
  heed_status status = likelihood_at_cells(self, &log_likelihood, error);
  if (status != HEED_OK) return status;
  divide_by_likelihood(self, log_likelihood);
  const node_posterior nodes = {.histories = &self->histories,
                                .node_count = self->cell_count,
                                .nodes = self->cells,
                                .log_weight = self->mass,
                                .own_weights = true,
                                .log_likelihood = log_likelihood,
                                .levels = &self->values[LEVELS]};
  status = node_posterior_fill(&nodes, self->host, posterior, error);
  if (status != HEED_OK) return status;
  const attention_guesses guesses =
      guesses_compare(posterior, &self->histories.domain);
  posterior->identified = guesses.beaten;
  if (!guesses.beaten) guesses_warn(self->host, &guesses);
  return HEED_OK;
}

static heed_status finish(bayes *self, heed_posterior *posterior,
                          heed_error *error) {
  heed_memory memory = {self->host, false};
  posterior->theta = heed_allocate_doubles(&memory, self->hyper.theta_count);
  if (memory.refused) return heed_no_memory(error);
  for (size_t i = 0; i < self->hyper.theta_count; i++)
    posterior->theta[i] = self->theta_sum[i] / self->sum;
  posterior->prior = self->hyper.instance;
  posterior->mu = self->mu;
  posterior->converged = true;
  posterior->iterations = self->points;
  posterior->log_likelihood = posterior->objective =
      self->top + log(self->sum) + self->log_volume;
  return fill(self, posterior, error);
}

static heed_status estimate(void *values, const heed_host *host,
                            const heed_crowd *crowd, heed_posterior *posterior,
                            heed_error *error) {
  bayes self = {.values = values, .host = host, .error = error};
  heed_status status = open_bayes(&self, crowd, error);
  if (status != HEED_OK) return status;
  climb(&self);
  if (self.status != HEED_OK) return self.status;
  if (!(self.top > -1e299))
    return heed_fail(error, HEED_NUMERIC,
                     "the annotations are impossible under the prior %s and "
                     "the model %s",
                     self.hyper.instance->plugin->name,
                     self.values[MODEL].instance->plugin->name);
  find_axes(&self);
  status = fill_lattice(&self, error);
  if (status == HEED_OK) status = finish(&self, posterior, error);
  if (status == HEED_OK) report(&self, posterior);
  return status;
}

static heed_status predict(void *self, const heed_host *host,
                           const heed_posterior *posterior,
                           const heed_crowd *held_out, double *probability,
                           heed_error *error) {
  const heed_value *values = self;
  attention_histories histories;
  const histories_terms terms = {.shared_p = posterior->mu,
                                 .gold_error = values[GOLD_ERROR].number};
  const heed_status status = histories_open(
      host, held_out, values[MODEL].instance, &terms, &histories, error);
  if (status != HEED_OK) return status;
  return node_posterior_predict(host, posterior, values[MODEL].instance,
                                held_out, histories.p, probability, error);
}

static heed_status create(const heed_host *host, const heed_value *values,
                          void **self, heed_error *error) {
  attention_hyper tried;
  heed_status status = hyper_open(values[PRIOR].instance, &values[CENTER],
                                  &values[SPREAD], &tried, error);
  (void)host;
  *self = (void *)(uintptr_t)values;
  return status == HEED_OK ? node_posterior_levels(&values[LEVELS], error)
                           : status;
}

static heed_status accepts(const void *self, const heed_outline *outline,
                           heed_error *error) {
  const heed_value *values = self;
  return gap_accepts(&values[MU], NULL, outline, error);
}

static const heed_estimator_functions functions = {
    .size = sizeof functions,
    .estimate = estimate,
    .predict = predict,
    .accepts = accepts,
};

static const heed_plugin plugin = {
    .size = sizeof plugin,
    .abi = HEED_ABI,
    .kind = HEED_ESTIMATOR,
    .name = "bayes",
    .version = "1.0",
    .summary = "the full Bayesian posterior, P_eta's parameters integrated out",
    .reference = "Davis and Rabinowitz 1984, section 3.4",
    .parameters = parameters,
    .parameter_count = PARAMETER_COUNT,
    .outputs = outputs,
    .output_count = OUTPUT_COUNT,
    .create = create,
    .functions = &functions,
    .functions_size = sizeof functions,
};

static const heed_plugin *const plugins[] = {&plugin};
HEED_PLUGINS(plugins)
