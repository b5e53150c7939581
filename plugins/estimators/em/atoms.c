/* SPDX-License-Identifier: GPL-3.0-or-later
 * Atoms: the M-step of distributions on a few points with free positions.
 *
 * If the user model is a mixture, the expected log-likelihood of an atom is
 * concave in its position; otherwise golden section searches for it. */
#include <math.h>
#include <string.h>

#include "estimators/em/fit.h"

/* P of every answer at eta = 0 and 1; answers of the groups concatenated. */
static size_t read_ends(em_fit *self, double *x) {
  static const double both[2] = {0, 1};
  const heed_user_model_functions *functions =
      self->phi.model->plugin->functions;
  const attention_histories *histories = &self->histories;
  if (histories->reduced) {
    functions->probability(self->phi.model->self, em_phi_of(self, x),
                           &histories->classes, 2, both, self->ends);
    return histories->classes.count;
  }
  histories_probability(histories, em_phi_of(self, x), 0,
                        histories->crowd->annotations->rows, 2, both,
                        self->ends);
  return histories->crowd->annotations->rows;
}

/* The atom's responsibility for each answer. */
static void weigh_answers(em_fit *self, size_t atom) {
  const attention_histories *histories = &self->histories;
  const size_t width = histories->classes.count, nodes = self->prior.count;
  if (!histories->reduced) {
    for (size_t j = 0; j < histories->group_count; j++)
      for (size_t i = histories->crowd->first[j];
           i < histories->crowd->first[j + 1]; i++)
        self->atom_weight[i] = self->prior.responsibility[j * nodes + atom];
    return;
  }
  memset(self->atom_weight, 0, width * sizeof *self->atom_weight);
  for (size_t g = 0; g < histories->group_count; g++)
    for (size_t c = 0; c < width; c++)
      self->atom_weight[c] += histories->users[g] *
                              histories->counts[g * width + c] *
                              self->prior.responsibility[g * nodes + atom];
}

/* d/d eta of sum_i w_i log(c_i + eta (g_i - c_i)), and the second. */
static double slope_at(const em_fit *self, size_t count, double eta,
                       double *curvature) {
  double slope = 0;
  *curvature = 0;
  for (size_t i = 0; i < count; i++) {
    const double c = self->ends[2 * i], d = self->ends[2 * i + 1] - c;
    if (self->atom_weight[i] == 0 || d == 0) continue;
    const double ratio = d / (c + eta * d);
    slope += self->atom_weight[i] * ratio;
    *curvature -= self->atom_weight[i] * ratio * ratio;
  }
  return slope;
}

/* The expected log-likelihood of a mixture is concave in eta: Newton's method
 * finds the root of its slope inside a shrinking bracket. */
static double best_atom(const em_fit *self, size_t count, double eta) {
  enum { MOST = 100 };
  double low = self->histories.domain.low, high = self->histories.domain.high;
  double curvature, slope = slope_at(self, count, low, &curvature);
  if (!(slope > 0)) return low;
  slope = slope_at(self, count, high, &curvature);
  if (!(slope < 0)) return high;
  if (!(eta > low && eta < high)) eta = (low + high) / 2;
  for (int i = 0; i < MOST && high - low > 1e-14; i++) {
    slope = slope_at(self, count, eta, &curvature);
    if (slope > 0)
      low = eta;
    else
      high = eta;
    const double next = eta - slope / curvature;
    const double moved = fabs(next - eta);
    eta = next > low && next < high ? next : (low + high) / 2;
    if (next > low && next < high && moved < 1e-15) break;
  }
  return eta;
}

/* Expected log-likelihood of all groups at one position of one atom. */
static double atom_value(em_fit *self, double *x, size_t atom, double eta) {
  const size_t nodes = self->prior.count;
  double sum = 0;
  if (self->status == HEED_OK)
    self->status =
        histories_likelihood(&self->histories, self->host, em_phi_of(self, x),
                             1, &eta, self->trial, self->error);
  for (size_t g = 0; g < self->histories.group_count; g++) {
    const double weight =
        self->histories.users[g] * self->prior.responsibility[g * nodes + atom];
    if (weight > 0) sum += weight * self->trial[g];
  }
  return sum;
}

/* For models that are not mixtures: golden section, kept only if better. */
static double search_atom(em_fit *self, double *x, size_t atom, double eta) {
  const double golden = 0.61803398874989484820;
  double low = self->histories.domain.low, high = self->histories.domain.high;
  const double earlier = atom_value(self, x, atom, eta);
  double a = high - golden * (high - low), b = low + golden * (high - low);
  double fa = atom_value(self, x, atom, a), fb = atom_value(self, x, atom, b);
  while (high - low > 1e-9) {
    if (fa < fb) {
      low = a;
      a = b;
      fa = fb;
      b = low + golden * (high - low);
      fb = atom_value(self, x, atom, b);
    } else {
      high = b;
      b = a;
      fb = fa;
      a = high - golden * (high - low);
      fa = atom_value(self, x, atom, a);
    }
  }
  return fmax(fa, fb) > earlier ? (fa > fb ? a : b) : eta;
}

void em_move_atoms(em_fit *self, double *x) {
  const bool mixture = self->histories.domain.mixture;
  const size_t answers = mixture ? read_ends(self, x) : 0;
  for (size_t k = 0; k < self->prior.count; k++) {
    if (!(self->prior.mass[k] > 1e-12)) continue;
    if (mixture) {
      weigh_answers(self, k);
      self->prior.nodes[k] = best_atom(self, answers, self->prior.nodes[k]);
    } else {
      self->prior.nodes[k] = search_atom(self, x, k, self->prior.nodes[k]);
    }
  }
}
