/* SPDX-License-Identifier: GPL-3.0-or-later
 * An oracle for the estimator em with a two_point prior and a known gap: its
 * likelihood maximised directly, by the simplex of Nelder and Mead from many
 * starts.  Shares no code with em. */
#include <gsl/gsl_multimin.h>
#include <math.h>

#include "heed/heed.h"
#include "heed/memory.h"

enum { STARTS, PARAMETER_COUNT };
enum { OUT_LOG_LIKELIHOOD };
enum { LOW, HIGH, SHARE, UNKNOWNS };

static const heed_parameter parameters[] = {
    [STARTS] = {.name = "starts",
                .type = HEED_INTEGER,
                .default_value = "20",
                .low = 1,
                .high = 1000,
                .doc = "where from"},
};
static const heed_output outputs[] = {
    [OUT_LOG_LIKELIHOOD] = {.name = "log_likelihood",
                            .unit = "nat",
                            .doc = "the best of all starts"},
};

/* Users by how often they chose A, all of whom annotated `each` pairs. */
typedef struct direct_counts {
  size_t each;
  double *users; /* each + 1 */
  double gap;
} direct_counts;

static double cost(const gsl_vector *x, void *context) {
  const direct_counts *counts = context;
  double unknown[UNKNOWNS], sum = 0;
  for (int i = 0; i < UNKNOWNS; i++)
    unknown[i] = 1 / (1 + exp(-gsl_vector_get(x, (size_t)i)));
  const double low = 0.5 + unknown[LOW] * (counts->gap - 0.5);
  const double high = 0.5 + unknown[HIGH] * (counts->gap - 0.5);
  for (size_t k = 0; k <= counts->each; k++) {
    const double a = (double)k, b = (double)(counts->each - k);
    if (counts->users[k] == 0) continue;
    sum += counts->users[k] *
           log((1 - unknown[SHARE]) * exp(a * log(low) + b * log1p(-low)) +
               unknown[SHARE] * exp(a * log(high) + b * log1p(-high)));
  }
  return isfinite(sum) ? -sum : 1e300;
}

static double best_of(const heed_host *host, direct_counts *counts,
                      int64_t starts) {
  gsl_multimin_fminimizer *simplex = gsl_multimin_fminimizer_alloc(
      gsl_multimin_fminimizer_nmsimplex2, UNKNOWNS);
  gsl_vector *x = gsl_vector_alloc(UNKNOWNS);
  gsl_vector *step = gsl_vector_alloc(UNKNOWNS);
  gsl_multimin_function function = {cost, UNKNOWNS, counts};
  double best = -HUGE_VAL;
  gsl_vector_set_all(step, 1);
  for (int64_t start = 0; start < starts; start++) {
    heed_stream stream = host->stream(host, "start", (uint64_t)start);
    for (size_t i = 0; i < UNKNOWNS; i++)
      gsl_vector_set(x, i, 6 * (heed_uniform(&stream) - 0.5));
    (void)gsl_multimin_fminimizer_set(simplex, &function, x, step);
    for (int i = 0; i < 2000; i++)
      if (gsl_multimin_fminimizer_iterate(simplex) != 0 ||
          gsl_multimin_fminimizer_size(simplex) < 1e-6)
        break;
    best = fmax(best, -gsl_multimin_fminimizer_minimum(simplex));
  }
  gsl_multimin_fminimizer_free(simplex);
  gsl_vector_free(x);
  gsl_vector_free(step);
  return best;
}

static heed_status fill(const heed_host *host, const heed_crowd *crowd,
                        heed_posterior *posterior, heed_error *error) {
  const size_t users = crowd->users->rows, rows = crowd->annotations->rows;
  heed_memory memory = {host, false};
  posterior->unit = HEED_BY_USER;
  posterior->units = users;
  posterior->mean = heed_allocate_doubles(&memory, users);
  posterior->sd = heed_allocate_doubles(&memory, users);
  posterior->left_out = heed_allocate_doubles(&memory, rows);
  posterior->casual = heed_allocate_doubles(&memory, rows);
  posterior->p = heed_allocate_doubles(&memory, rows);
  if (memory.refused) return heed_no_memory(error);
  for (size_t i = 0; i < rows; i++) {
    posterior->casual[i] = 0.5;
    posterior->p[i] = crowd->world->mu;
  }
  posterior->converged = posterior->identified = true;
  return HEED_OK;
}

static heed_status estimate(void *self, const heed_host *host,
                            const heed_crowd *crowd, heed_posterior *posterior,
                            heed_error *error) {
  const heed_value *values = self;
  const int8_t *choice =
      heed_table_data(crowd->annotations, "choice", HEED_INT8);
  direct_counts counts = {.each = crowd->first[1], .gap = crowd->world->mu};
  double best;
  counts.users = host->scratch(host, counts.each + 1, sizeof(double));
  if (counts.users == NULL) return heed_no_memory(error);
  for (size_t j = 0; j < crowd->users->rows; j++) {
    size_t k = 0;
    if (crowd->first[j + 1] - crowd->first[j] != counts.each)
      return heed_fail(error, HEED_UNSUPPORTED,
                       "users differ in how many pairs they annotated");
    for (size_t i = crowd->first[j]; i < crowd->first[j + 1]; i++)
      k += choice[i] == HEED_CHOSE_A;
    counts.users[k]++;
  }
  best = best_of(host, &counts, values[STARTS].integer);
  host->output(host, OUT_LOG_LIKELIHOOD, &best, 1);
  return fill(host, crowd, posterior, error);
}

static const heed_estimator_functions functions = {.size = sizeof functions,
                                                   .estimate = estimate};

static const heed_plugin direct = {
    .size = sizeof direct,
    .abi = HEED_ABI,
    .kind = HEED_ESTIMATOR,
    .name = "direct",
    .version = "1.0",
    .summary = "Direct maximisation: an oracle for em",
    .parameters = parameters,
    .parameter_count = PARAMETER_COUNT,
    .outputs = outputs,
    .output_count = sizeof outputs / sizeof *outputs,
    .functions = &functions,
    .functions_size = sizeof functions,
};

static const heed_plugin *const plugins[] = {&direct};
HEED_PLUGINS(plugins)
