/* SPDX-License-Identifier: GPL-3.0-or-later
 * Phi: the parameters of a user model (heed/user_model.h), within the bounds
 * that the model gives.  Called by the estimators that fit them or that leave
 * them where they start. */
#ifndef HEED_SUPPORT_ATTENTION_PHI_H
#define HEED_SUPPORT_ATTENTION_PHI_H

#include "heed/user_model.h"
#include "support/numeric/ascend.h"

typedef struct attention_phi {
  const heed_instance *model;
  size_t count;
  double *start;      /* (count): where the model starts them; NULL: none */
  double *low, *high; /* (count): a parameter with low = high is not fitted */
} attention_phi;

/* start from host->allocate(), the bounds from host->scratch(). */
heed_status phi_open(const heed_host *host, const heed_instance *model,
                     attention_phi *self, heed_error *error);

/* Whether any of them is fitted. */
bool phi_fits(const attention_phi *self);

bool phi_within(const attention_phi *self, const double *phi);

/* Moves each fitted parameter uphill in turn: value(context, x), of which phi
 * is x[first] ... x[first + count - 1]. */
void phi_ascend(const attention_phi *self, ascend_value *value, void *context,
                double *x, size_t first);

#endif
