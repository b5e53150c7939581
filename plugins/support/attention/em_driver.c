/* SPDX-License-Identifier: GPL-3.0-or-later
 * The driver of EM: steps for SQUAREM, and the loop over starts.
 *
 * Contract and callers: em_driver.h.  Invariant: x holds the best fit so far;
 * trial belongs to the current start.
 *
 * A fit tries Newton steps after PATIENCE EM steps, and again whenever that
 * number has doubled.  Most fits converge before, by EM alone. */
#include "support/attention/em_driver.h"

#include <assert.h>
#include <math.h>
#include <string.h>

#include "heed/memory.h"
#include "support/numeric/anderson.h"
#include "support/numeric/newton.h"

/* Stalled cycles that end a start: a single one may be a failed leap. */
enum { STILL_CYCLES = 2 };
enum { PATIENCE = 200 };
/* Secant steps gain much or nothing: a stall is so many times smaller.  After
 * so many steps there is no secant to be found. */
static const double SECANT = 100;
enum { SECANT_STEPS = 100 };

heed_status em_driver_open(attention_em *self, heed_error *error) {
  heed_memory memory = {self->host, false};
  self->x = heed_scratch_doubles(&memory, self->count);
  self->trial = heed_scratch_doubles(&memory, self->count);
  self->room = squarem_room(&memory, self->count);
  if (self->leading > 0)
    self->anderson = anderson_open(&memory, self->count, self->leading);
  else if (self->count <= EM_FEW)
    self->newton = heed_scratch_doubles(&memory, 2 * self->count);
  if (self->newton != NULL)
    self->newton_room = newton_room(&memory, self->count);
  return memory.refused ? heed_no_memory(error) : HEED_OK;
}

static bool failed(const attention_em *self) {
  return self->status != NULL && *self->status != HEED_OK;
}

/* Required by SQUAREM: an extrapolated x may be NaN or infinite. */
static double em_step(void *context, double *x) {
  const attention_em *self = context;
  for (size_t i = 0; i < self->count; i++)
    if (!isfinite(x[i])) return -HUGE_VAL;
  const double objective = self->steps->e_step(self->state, x);
  if (!(objective > -HUGE_VAL) || failed(self)) return -HUGE_VAL;
  self->steps->m_step(self->state, x);
  return objective;
}

/* ---- Newton steps ---- */

static void free_of(const attention_em *self, const double *x, double *free) {
  if (self->steps->to_free != NULL)
    self->steps->to_free(self->state, x, free);
  else
    memcpy(free, x, self->count * sizeof *free);
}

static void bind(const attention_em *self, const double *free, double *x) {
  if (self->steps->from_free != NULL)
    self->steps->from_free(self->state, free, x);
  else
    memcpy(x, free, self->count * sizeof *x);
}

static double objective_at(void *context, const double *free) {
  const attention_em *self = context;
  double *x = self->newton + self->count;
  bind(self, free, x);
  for (size_t i = 0; i < self->count; i++)
    if (!isfinite(x[i])) return -HUGE_VAL;
  const double objective = self->steps->e_step(self->state, x);
  return failed(self) ? -HUGE_VAL : objective;
}

/* From x, with the objective of `result`, by at most `most` E-steps. */
static void take_newton_steps(const attention_em *self, uint64_t most,
                              squarem_result *result, double *x) {
  const newton_problem problem = {.count = self->count,
                                  .context = (void *)self,
                                  .value = objective_at,
                                  .tolerance = self->tolerance / 10,
                                  .most_values = most};
  double *free = self->newton;
  free_of(self, x, free);
  const double here = objective_at((void *)self, free);
  result->steps++;
  if (!(here > -HUGE_VAL)) return;
  const newton_result found =
      newton_maximise(&problem, here, self->newton_room, free);
  result->steps += found.values;
  if (!(found.value > result->objective)) return;
  result->objective = found.value;
  bind(self, free, x);
}

static bool may_go_on(const attention_em *self, const double *enough,
                      const squarem_result *result) {
  return !result->converged && !failed(self) &&
         result->steps < self->most_steps &&
         !self->host->cancelled(self->host) && result->objective > -HUGE_VAL &&
         !(enough != NULL && result->objective >= *enough);
}

/* A fit that they do not end is left to SQUAREM. */
static squarem_result take_secant_steps(const attention_em *self,
                                        const squarem_problem *like,
                                        double *x) {
  squarem_problem problem = *like;
  problem.leaping = self->leading;
  problem.tolerance /= SECANT;
  if (problem.most_steps > SECANT_STEPS) problem.most_steps = SECANT_STEPS;
  return anderson_maximise(&problem, self->anderson, x);
}

squarem_result em_driver_climb(const attention_em *self, const char *series,
                               const double *enough, double *x) {
  squarem_problem problem = {
      .count = self->count,
      .leaping = self->count,
      .context = (void *)self,
      .step = em_step,
      .longest = HUGE_VAL,
      .tolerance = self->tolerance,
      .still_cycles = STILL_CYCLES,
      .most_steps = self->newton == NULL || self->most_steps < PATIENCE
                        ? self->most_steps
                        : PATIENCE,
      .enough = enough,
      .status = self->status,
      .host = self->host,
      .series = series};
  if (self->anderson != NULL) {
    const squarem_result found = take_secant_steps(self, &problem, x);
    if (found.converged || !may_go_on(self, enough, &found)) return found;
    problem.taken = found.steps;
  }
  squarem_result result = squarem_maximise(&problem, self->room, x);
  while (self->newton != NULL && may_go_on(self, enough, &result)) {
    take_newton_steps(self, self->most_steps - result.steps, &result, x);
    problem.taken = result.steps;
    problem.most_steps = 2 * result.steps < self->most_steps ? 2 * result.steps
                                                             : self->most_steps;
    result = squarem_maximise(&problem, self->room, x);
  }
  return result;
}

heed_status em_driver_fit(attention_em *self, heed_posterior *posterior,
                          heed_error *error) {
  const heed_host *host = self->host;
  double *reached = host->scratch(host, self->starts, sizeof *reached);
  double best = -HUGE_VAL, worst = HUGE_VAL;
  assert(self->starts > 0 && self->x != NULL);
  if (reached == NULL) return heed_no_memory(error);
  for (size_t start = 0; start < self->starts; start++) {
    const heed_status status =
        self->steps->start(self->state, start, self->trial, error);
    if (status != HEED_OK) return status;
    const squarem_result result = em_driver_climb(
        self, start == 0 ? "objective" : NULL, NULL, self->trial);
    if (failed(self)) return *self->status;
    posterior->iterations += result.steps;
    reached[start] = result.objective;
    worst = fmin(worst, result.objective);
    if (start > 0 && !(result.objective > best)) continue;
    best = result.objective;
    posterior->converged = result.converged;
    memcpy(self->x, self->trial, self->count * sizeof *self->x);
  }
  posterior->objective = best;
  self->spread = best - worst;
  for (size_t start = 0; start < self->starts; start++)
    self->best_starts += (reached[start] > best - 0.01) / (double)self->starts;
  return host->cancelled(host) ? heed_fail(error, HEED_CANCELLED, "cancelled")
                               : HEED_OK;
}

void em_driver_report(const heed_host *host, const heed_posterior *posterior) {
  const double values[EM_OUTPUT_COUNT] = {
      [EM_LOG_LIKELIHOOD] = posterior->log_likelihood,
      [EM_OBJECTIVE] = posterior->objective,
      [EM_ITERATIONS] = (double)posterior->iterations,
      [EM_CONVERGED] = posterior->converged,
  };
  for (size_t i = 0; i < EM_OUTPUT_COUNT; i++)
    host->output(host, i, &values[i], 1);
  if (!posterior->converged)
    host->warn(host, "not_converged", "EM has not converged in %llu steps",
               (unsigned long long)posterior->iterations);
}
