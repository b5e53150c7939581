/* SPDX-License-Identifier: GPL-3.0-or-later
 * AdamW (Loshchilov and Hutter 2019) over one array of parameters, with a
 * warm-up of the learning rate and clipping of the gradient to a global norm.
 *
 * The caller accumulates the gradients of several batches before a step.
 * Memory: 8 bytes per parameter. */
#ifndef HEED_SUPPORT_LLM_ADAMW_H
#define HEED_SUPPORT_LLM_ADAMW_H

#include "support/llm/adapter.h"
#include "support/llm/crew.h"

typedef struct llm_adamw_options {
  double rate;          /* learning rate after the warm-up */
  double first, second; /* decay rates of the moments: 0.9, 0.999 */
  double epsilon;       /* 1e-8 */
  double decay;         /* of weights, times the rate: x -= rate decay x */
  uint64_t warm_up;     /* steps of the linear warm-up; 0: none */
  double most_norm; /* gradients with a larger norm are scaled to it; 0: none */
} llm_adamw_options;

/* A range of the parameters, with decay or without. */
typedef struct llm_adamw_stretch {
  size_t first, count;
  bool decays;
} llm_adamw_stretch;

typedef struct llm_adamw {
  llm_adamw_options options;
  size_t count;
  uint64_t steps; /* so far */
  void *memory;   /* of the arrays below */
  /* The moments, (count): with `steps`, all that a resumed run needs. */
  float *m, *v;
  llm_adamw_stretch *stretch; /* (stretches) */
  size_t stretches;
  llm_crew *workers;
} llm_adamw;

/* stretches: together all parameters, in order; NULL: everything decays.  Owned
 * by the caller; the crew outlives it. */
heed_status adamw_open(size_t count, const llm_adamw_options *options,
                       const llm_adamw_stretch *stretch, size_t stretches,
                       llm_crew *workers, llm_adamw **opened,
                       heed_error *error);
void adamw_close(llm_adamw *self);

/* The stretches of a model's weights; norms do not decay.  The caller frees
 * them. NULL: out of memory. */
llm_adamw_stretch *adamw_stretches_of(const llm_model *model, size_t *count);

/* The learning rate of the next step. */
double adamw_rate(const llm_adamw *self);

/* One step; the gradient is `scale` x gradient (1 / batches).  *norm (or NULL):
 * its norm before clipping.  A NaN or infinite gradient is HEED_NUMERIC and
 * changes nothing. */
heed_status adamw_step(llm_adamw *self, double scale, const float *gradient,
                       float *parameters, double *norm, heed_error *error);

#endif
