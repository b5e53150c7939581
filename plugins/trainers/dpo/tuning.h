/* SPDX-License-Identifier: GPL-3.0-or-later
 * Tuning: chooses the ridge and the scale of the reward by held-out labels.
 *
 * Annotations are assigned to folds by annotation and stream, so every filter
 * and loss holds out the same ones.  The fit to the other folds predicts each
 * fold's labels:
 *   sigmoid      P(label) = sigmoid(z)
 *   noise_aware  P(label) = eta sigmoid(z) + (1 - eta) c, eta without the label
 *   joint        the same, eta the mean under the fit to the other folds
 *   robust…      the same, eta = 1 - 2 e and c = 1/2
 *   others       sigmoid(t z) at the best t, because their margins are not
 *                log-odds
 * The score is the mean of -log P(label). */
#ifndef HEED_TRAINERS_DPO_TUNING_H
#define HEED_TRAINERS_DPO_TUNING_H

#include "heed/host.h"

/* support/preference/policy_fit.h */
typedef struct policy_fit policy_fit;

typedef struct tuning_wish {
  size_t folds;
  double ridge; /* NaN: to be tuned */
  bool scale;   /* whether to tune the temperature, a factor on w */
} tuning_wish;

typedef struct tuning_choice {
  double ridge;
  double temperature; /* 1 if not tuned; 0: held-out labels do not follow the
                       * fit */
  double loss;        /* the score at both; NaN: not tuned */
} tuning_choice;

heed_status tuning_choose(const heed_host *host, const policy_fit *fit,
                          const tuning_wish *wish, tuning_choice *choice,
                          heed_error *error);

#endif
