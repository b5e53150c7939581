/* SPDX-License-Identifier: GPL-3.0-or-later
 * The driver of EM: the best of several starts, each accelerated until it
 * converges: by SQUAREM, or first by Anderson's method, which an estimator may
 * ask for and which most fits end with.
 *
 * A slow fit with few parameters (at most EM_FEW) also takes Newton steps
 * (support/numeric/newton.h) on the objective.  EM is slow along a direction in
 * which the likelihood is nearly flat, and towards a maximum at a bound: it
 * would need 10^4 steps or more.
 *
 * An estimator supplies its start, E-step and M-step with their state; the
 * driver owns iteration, acceleration, the guard against a falling objective,
 * the trace, convergence and the common outputs.  Called by em,
 * em_bradley_terry, dawid_skene, mace, glad and crowd_bt:
 *
 *   open a state; em_driver_open(); em_driver_fit(); fill the posterior from
 *   self.x; em_driver_report()
 *
 * A fit that does not converge is not an error. */
#ifndef HEED_SUPPORT_ATTENTION_EM_DRIVER_H
#define HEED_SUPPORT_ATTENTION_EM_DRIVER_H

#include "heed/estimator.h"
#include "support/numeric/squarem.h"

/* Supplied by an estimator. */
typedef struct attention_em_steps {
  /* Sets x to the start with number `start`.  Start 0 is the estimator's best
   * guess. */
  heed_status (*start)(void *state, size_t start, double *x, heed_error *error);

  /* The E-step at a finite x, which it may clip to its bounds.  Returns the
   * objective there; -HUGE_VAL if x is invalid. */
  double (*e_step)(void *state, double *x);

  /* The M-step after an E-step at x: moves x. */
  void (*m_step)(void *state, double *x);

  /* x on a scale without bounds, for Newton steps, and back; NULL: x has such
   * a scale.  The E-step may refuse points of it. */
  void (*to_free)(void *state, const double *x, double *free);
  void (*from_free)(void *state, const double *free, double *x);
} attention_em_steps;

#define EM_FEW 8

typedef struct attention_em {
  const attention_em_steps *steps;
  void *state;
  const heed_status *status; /* of the state: a failing step sets it, and the
                              * fit ends; NULL: no step can fail */
  const heed_host *host;
  size_t count;        /* parameters in x */
  size_t starts;       /* at least 1; the best fit is kept */
  size_t leading;      /* if not 0: only these first parameters are independent,
                        * and Anderson's acceleration precedes SQUAREM */
  double tolerance;    /* relative gain of two cycles that ends a start */
  uint64_t most_steps; /* per start */

  /* From em_driver_open(). */
  double *x;     /* (count): the fit */
  double *trial; /* (count): free between fits */
  double *room;
  struct anderson_room *anderson; /* NULL: only SQUAREM */
  double *newton;                 /* (2 count); NULL: too many parameters */
  double *newton_room;

  /* Set by em_driver_fit(). */
  double best_starts; /* share of starts within 0.01 nat of the best */
  double spread;      /* objective of the best start minus the worst's */
} attention_em;

/* Memory from host->scratch(). */
heed_status em_driver_open(attention_em *self, heed_error *error);

/* Climbs from x.  series: records the objective under that name; or NULL.
 * enough: stops once the objective reaches it; or NULL. */
squarem_result em_driver_climb(const attention_em *self, const char *series,
                               const double *enough, double *x);

/* Fits into self->x; sets objective, iterations (of all starts) and converged.
 * HEED_CANCELLED if the host cancels. */
heed_status em_driver_fit(attention_em *self, heed_posterior *posterior,
                          heed_error *error);

/* The first outputs of an estimator that the driver fits. */
enum {
  EM_LOG_LIKELIHOOD,
  EM_OBJECTIVE,
  EM_ITERATIONS,
  EM_CONVERGED,
  EM_OUTPUT_COUNT
};

/* Reports them, and warns if the fit has not converged. */
void em_driver_report(const heed_host *host, const heed_posterior *posterior);

#endif
