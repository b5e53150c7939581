/* SPDX-License-Identifier: GPL-3.0-or-later
 * How many gold pairs make mu as certain as wanted.
 *
 * Choices on ordinary pairs determine the product of eta and mu - 1/2, choices
 * on gold pairs the scale of eta.  To first order the variance of log (mu -
 * 1/2) is the sum of the variances of these two, 1 / L + 1 / K, with the
 * expected information at each user's eta-hat
 *
 *   sum_i (eta dP_i/deta)^2 / (P_i (1 - P_i))
 *
 * over ordinary annotations (L) and over those of gold pairs (K).  What the
 * family of P_eta adds to K is not counted: it is an assumption. */
#include <math.h>

#include "estimators/em/fit.h"
#include "heed/memory.h"

/* Half of a 95 % interval, in standard deviations. */
static const double HALF = 1.959963984540054;

typedef struct gold_information {
  double ordinary, gold; /* L, K */
  double another;        /* of one more annotation of a gold pair by each user,
                            whose better response is known */
} gold_information;

/* Of one answer on log eta; p: below eta, there and above. */
static double information_of(const double *p, double eta, double width) {
  const double slope = eta * (p[2] - p[0]) / width;
  return p[1] > 0 && p[1] < 1 ? slope * slope / (p[1] * (1 - p[1])) : 0;
}

/* Adds the answers of a group with this eta-hat; room: three values each. */
static void add_group(em_fit *self, size_t group, double eta, double *room,
                      gold_information *sums) {
  static const int8_t choice = HEED_CHOSE_A, left = HEED_LEFT_UNKNOWN;
  const attention_histories *histories = &self->histories;
  const heed_user_model_functions *model = self->phi.model->plugin->functions;
  const double *phi = em_phi_of(self, self->em.x);
  const heed_answers *answers =
      histories->reduced ? &histories->classes : &histories->answers[group];
  const double nodes[3] = {fmax(eta - 0.01, histories->domain.low), eta,
                           fmin(eta + 0.01, histories->domain.high)};
  const double width = nodes[2] - nodes[0], users = histories->users[group];
  const double p = 1 - histories->gold_error;
  heed_answers another = *answers;
  if (answers->count == 0) return;
  model->probability(self->phi.model->self, phi, answers, 3, nodes, room);
  for (size_t i = 0; i < answers->count; i++) {
    const double times =
        histories->reduced ? histories->counts[group * answers->count + i] : 1;
    const double found =
        users * times * information_of(room + 3 * i, eta, width);
    if (histories_has_gap(histories, group, i))
      sums->ordinary += found;
    else
      sums->gold += found;
  }
  another.count = 1;
  another.choice = &choice;
  another.left = &left;
  another.p = &p;
  model->probability(self->phi.model->self, phi, &another, 3, nodes, room);
  sums->another += users * information_of(room, eta, width);
}

static double mean_of(const heed_posterior *posterior, size_t row) {
  const double *mass = posterior->mass + row * posterior->node_count;
  double mean = 0;
  for (size_t k = 0; k < posterior->node_count; k++)
    mean += mass[k] * posterior->nodes[k];
  return mean;
}

static heed_status find_information(em_fit *self,
                                    const heed_posterior *posterior,
                                    gold_information *sums, heed_error *error) {
  const attention_histories *histories = &self->histories;
  const heed_posterior *users =
      posterior->unit == HEED_BY_ANNOTATION ? posterior->state : posterior;
  heed_memory memory = {self->host, false};
  size_t most = histories->reduced ? histories->classes.count : 1;
  for (size_t g = 0; !histories->reduced && g < histories->group_count; g++)
    if (histories->answers[g].count > most) most = histories->answers[g].count;
  double *room = heed_scratch_doubles(&memory, 3 * most);
  if (memory.refused) return heed_no_memory(error);
  for (size_t g = 0; g < histories->group_count; g++)
    add_group(self, g, mean_of(users, g), room, sums);
  return HEED_OK;
}

static bool knows_answers(const em_fit *self) {
  const heed_user_model_functions *model = self->phi.model->plugin->functions;
  return model->probability != NULL;
}

heed_status em_count_gold(em_fit *self, const heed_posterior *posterior,
                          double width, double *needed, heed_error *error) {
  const double gap = posterior->mu - 0.5, wanted = width / (2 * HALF * gap);
  const double gold = (double)self->histories.gold_count;
  gold_information sums = {0, 0, 0};
  *needed = NAN;
  /* A model with memory need not know the probability of one answer. */
  if (isnan(posterior->mu) || !knows_answers(self)) return HEED_OK;
  if (posterior->mu_high - posterior->mu_low <= width) {
    *needed = 0;
    return HEED_OK;
  }
  const heed_status status = find_information(self, posterior, &sums, error);
  if (status != HEED_OK) return status;
  const double each =
      gold > 0 ? sums.gold / gold
               : sums.another / (double)self->histories.crowd->users->rows;
  const double room = wanted * wanted - 1 / sums.ordinary;
  if (room > 0 && each > 0)
    *needed = fmax(ceil((1 / room - sums.gold) / each), 0);
  return HEED_OK;
}
