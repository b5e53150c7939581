/* SPDX-License-Identifier: GPL-3.0-or-later
 * A stage from its start to convergence.  A step of SQUAREM is one pass over
 * pairs and users at the given parameters, then their refit.  The messages
 * between pairs and users are not part of what is extrapolated: they follow.
 *
 * Parameters creep where the objective is flat.  So a stage ends only when both
 * are still: the objective within its tolerance, and the parameters within
 * `still`, a small part of their standard errors. */
#include <math.h>

#include "estimators/people/fit.h"
#include "support/numeric/squarem.h"

static const double still = 5e-4;
/* Parameters of SQUAREM (support/numeric/squarem.h). */
enum { STILL_CYCLES = 2 };
static const double longest = 16;

enum { FIXED = 2 * PEOPLE_TRAITS + 2 }; /* values before the weights */

static size_t count_values(const people_fit *self) {
  return FIXED + (self->kind == PEOPLE_FREE ? self->nodes.pairs / 2 : 0);
}

/* The parameters on scales without bounds. */
static void save(const people_fit *self, double *x) {
  const people_hyper *hyper = &self->hyper;
  for (size_t d = 0; d < PEOPLE_TRAITS; d++) {
    x[2 * d] = hyper->mean[d];
    x[2 * d + 1] = log(hyper->sd[d]);
  }
  x[FIXED - 2] = log(hyper->tau);
  x[FIXED - 1] = log(hyper->strength_sd);
  for (size_t k = FIXED; k < count_values(self); k++)
    x[k] = log(self->weight[k - FIXED]);
}

/* An extrapolated x is put within bounds. */
static void load(people_fit *self, const double *x) {
  people_hyper *hyper = &self->hyper;
  double sum = 0;
  for (size_t d = 0; d < PEOPLE_TRAITS; d++) {
    hyper->mean[d] = x[2 * d];
    hyper->sd[d] =
        fmin(fmax(exp(x[2 * d + 1]), PEOPLE_LEAST_SD), PEOPLE_MOST_SD);
  }
  hyper->tau = fmin(fmax(exp(x[FIXED - 2]), PEOPLE_LEAST_TAU), PEOPLE_MOST_SD);
  hyper->strength_sd =
      fmin(fmax(exp(x[FIXED - 1]), PEOPLE_LEAST_SD), PEOPLE_MOST_SD);
  for (size_t k = FIXED; k < count_values(self); k++)
    sum += self->weight[k - FIXED] = exp(x[k]);
  for (size_t k = FIXED; k < count_values(self); k++)
    self->weight[k - FIXED] /= sum;
  people_set_priors(self);
}

typedef struct course_state {
  people_fit *self;
  people_step *pass;
  double moved; /* of the last refit */
} course_state;

static double step(void *context, double *x) {
  course_state *state = context;
  for (size_t k = 0; k < count_values(state->self); k++)
    if (!isfinite(x[k])) return -HUGE_VAL;
  load(state->self, x);
  const double objective = state->pass(state->self);
  state->moved = people_refit(state->self);
  save(state->self, x);
  return objective;
}

heed_status people_run(people_fit *self, people_step *pass, const char *series,
                       people_course *course, heed_error *error) {
  course_state state = {self, pass, HUGE_VAL};
  heed_memory memory = {self->host, false};
  const size_t count = count_values(self);
  double *x = heed_scratch_doubles(&memory, count);
  double *room = squarem_room(&memory, count);
  squarem_problem problem = {.count = count,
                             .leaping = count,
                             .context = &state,
                             .step = step,
                             .longest = longest,
                             .tolerance = course->tolerance,
                             .still_cycles = STILL_CYCLES,
                             .most_steps = course->most_steps,
                             .host = self->host,
                             .series = series};
  if (memory.refused) return heed_no_memory(error);
  save(self, x);
  while (!course->converged && course->steps < course->most_steps) {
    const squarem_result result = squarem_maximise(&problem, room, x);
    problem.taken = course->steps = result.steps;
    course->objective = result.objective;
    course->converged =
        result.converged && (!course->settles || state.moved < still);
    if (self->host->cancelled(self->host))
      return heed_fail(error, HEED_CANCELLED, "cancelled");
  }
  load(self, x);
  return HEED_OK;
}
