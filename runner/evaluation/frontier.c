/* SPDX-License-Identifier: GPL-3.0-or-later
 * The frontier by Newton's method on the root of the KL, which is nearly linear
 * in c.  The KL never falls as c grows, so a bracket guards each step. */
#include "frontier.h"

heed_status frontier_open(policy_frontier *self, heed_memory *memory,
                          heed_error *error) {
  const evaluation_prompts *known = self->known;
  const size_t block =
      known->candidates > FRONTIER_BLOCK ? known->candidates : FRONTIER_BLOCK;
  self->energy = heed_scratch_doubles(memory, block);
  self->partition = heed_scratch_doubles(memory, known->count);
  if (memory->refused) return heed_no_memory(error);
  self->made = frontier_at(self, 1);
  return HEED_OK;
}

/* energy = log pi_ref + c tilt less its largest, of one prompt; returns the
 * largest. */
static double fill_energy(size_t count, const double *reference,
                          const double *tilt, double c, double *energy) {
  double most = -HUGE_VAL;
  for (size_t y = 0; y < count; y++) {
    energy[y] = reference[y] + c * tilt[y];
    most = energy[y] > most ? energy[y] : most;
  }
  for (size_t y = 0; y < count; y++) energy[y] -= most;
  return most;
}

typedef struct frontier_sums {
  double tilt, spread, win, most; /* over prompts */
} frontier_sums;

/* Adds a prompt whose candidates have these weights, proportional to pi_c;
 * returns their sum. */
static double add_prompt(const policy_frontier *self, size_t prompt,
                         const double *weight, frontier_sums *sums) {
  const size_t wide = self->known->candidates, position = prompt * wide;
  const heed_vector *vector = self->vector;
  const double *tilt = self->tilt + position;
  const double all = vector->sum(wide, weight);
  const double mean = vector->dot(wide, weight, tilt) / all;
  const double square = vector->weighted_dot(wide, weight, tilt, tilt) / all;
  sums->tilt += mean;
  sums->spread += square - mean * mean;
  sums->win += vector->dot(wide, weight, self->known->win + position) / all;
  return all;
}

frontier_point frontier_at(const policy_frontier *self, double c) {
  const evaluation_prompts *known = self->known;
  const size_t wide = known->candidates, block = FRONTIER_BLOCK / wide;
  const size_t most = block > 0 ? block : 1; /* prompts of a block */
  const double count = (double)known->count;
  frontier_sums sums = {0};
  for (size_t i = 0; i < known->count; i += most) {
    const size_t end = known->count - i < most ? known->count : i + most;
    double *energy = self->energy;
    for (size_t k = i; k < end; k++)
      sums.most +=
          fill_energy(wide, known->reference + k * wide, self->tilt + k * wide,
                      c, energy + (k - i) * wide);
    self->vector->exp((end - i) * wide, energy, energy);
    for (size_t k = i; k < end; k++)
      self->partition[k] = add_prompt(self, k, energy + (k - i) * wide, &sums);
  }
  self->vector->log(known->count, self->partition, self->partition);
  sums.most += self->vector->sum(known->count, self->partition);
  return (frontier_point){.c = c,
                          .kl = (c * sums.tilt - sums.most) / count,
                          .slope = c * sums.spread / count,
                          .win = sums.win / count};
}

/* ---- the c of a level ---- */

typedef struct frontier_bracket {
  double low, high; /* c; the KL is below the level at low, above it at high */
} frontier_bracket;

/* The step is towards a c beyond all that can matter. */
#define FURTHEST 0x1p40

/* The next c: Newton's step on sqrt(kl) from the last point, or, where it
 * leaves the bracket, the middle of the bracket. */
static double next_c(frontier_point last, double level,
                     frontier_bracket bracket) {
  const double root = sqrt(last.kl);
  const double step = (sqrt(level) - root) * 2 * root / last.slope;
  const double c = last.c + step;
  if (isinf(bracket.high)) return c > last.c && c < 4 * last.c ? c : 4 * last.c;
  return c > bracket.low && c < bracket.high
             ? c
             : bracket.low + (bracket.high - bracket.low) / 2;
}

/* Moves *point, any point of the ray, to where the KL is the level; false: it
 * never is. */
static bool move_to(const policy_frontier *self, double level,
                    frontier_point *point) {
  enum { MOST_STEPS = 200 };
  frontier_bracket bracket = {0, HUGE_VAL};
  for (int i = 0; i < MOST_STEPS; i++) {
    const double error = point->kl - level;
    if (fabs(error) <= 1e-13 * level) return true;
    if (error < 0)
      bracket.low = point->c;
    else
      bracket.high = point->c;
    const double c = next_c(*point, level, bracket);
    /* Rounding is all that is left, or nothing reaches the level. */
    if (!(c < FURTHEST) || !(fabs(c - point->c) > 1e-15 * c)) break;
    *point = frontier_at(self, c);
  }
  return fabs(point->kl - level) <= 1e-6 * level;
}

void frontier_win_rates(const policy_frontier *self, size_t count,
                        const double *level, double *win) {
  frontier_point point = self->made;
  for (size_t i = 0; i < count; i++) {
    const bool reached =
        self->made.slope > 0 && move_to(self, level[i], &point);
    win[i] = reached ? point.win : NAN;
    /* The next level starts here: results depend on this policy alone. */
    if (!reached) point = self->made;
  }
}
