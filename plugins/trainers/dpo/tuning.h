/* SPDX-License-Identifier: GPL-3.0-or-later
 * Tuning: the ridge, and the scale of the reward, by labels held out.
 *
 * The annotations are dealt into folds, by annotation and stream, so that every
 * filter and loss holds out the same ones.  Each fold's labels are predicted by
 * the fit to the other folds:
 *   sigmoid      P(label) = sigmoid(z)
 *   noise_aware  P(label) = eta sigmoid(z) + (1 - eta) c, eta without the label
 *   joint        the same, eta the mean that the fit to the other folds has
 *   robust…      the same, eta = 1 - 2 e and c = 1/2
 *   others       sigmoid(t z) at the t that is best, as their margins are no
 *                log-odds
 * and the mean of -log P(label) is the score. */
#ifndef HEED_TRAINERS_DPO_TUNING_H
#define HEED_TRAINERS_DPO_TUNING_H

#include "heed/host.h"

/* support/preference/policy_fit.h */
typedef struct policy_fit policy_fit;

typedef struct tuning_wish {
  size_t folds;
  double ridge; /* NaN: to be chosen */
  bool scale;   /* whether to choose the temperature, a factor on w */
} tuning_wish;

typedef struct tuning_choice {
  double ridge;
  double temperature; /* 1 where it was not asked for; 0: labels held out do not
                         follow what was learned from the others */
  double loss;        /* the score at both; NaN: nothing was tuned */
} tuning_choice;

heed_status tuning_choose(const heed_host *host, const policy_fit *fit,
                          const tuning_wish *wish, tuning_choice *choice,
                          heed_error *error);

#endif
