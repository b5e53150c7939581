/* SPDX-License-Identifier: GPL-3.0-or-later
 * The frontier.  c is a nearly linear function of the square root of the KL, so
 * the last two points and their derivatives give the next c.  The KL never
 * falls as c grows, so each step stays in a bracket. */
#include "frontier.h"

heed_status frontier_open(policy_frontier *self, heed_memory *memory,
                          heed_error *error) {
  self->partition = heed_scratch_doubles(memory, self->known->count);
  if (memory->refused) return heed_no_memory(error);
  self->made = frontier_at(self, 1);
  return HEED_OK;
}

frontier_point frontier_at(const policy_frontier *self, double c) {
  const evaluation_prompts *known = self->known;
  const size_t wide = known->candidates;
  const double count = (double)known->count;
  double tilt = 0, spread = 0, win = 0, rise = 0; /* sums */
  double log_partition = 0;
  for (size_t i = 0; i < known->count; i++) {
    const size_t position = i * wide;
    const vector_tilted prompt =
        vector_tilt(self->vector, wide, known->reference + position,
                    self->tilt + position, known->win + position, c);
    tilt += prompt.mean;
    spread += prompt.variance;
    win += prompt.value;
    rise += prompt.covariance;
    log_partition += prompt.most;
    self->partition[i] = prompt.sum;
  }
  self->vector->log(known->count, self->partition, self->partition);
  log_partition += self->vector->sum(known->count, self->partition);
  return (frontier_point){.c = c,
                          .kl = (c * tilt - log_partition) / count,
                          .slope = c * spread / count,
                          .win = win / count,
                          .rise = rise / count};
}

/* ---- the c of a level ---- */

/* The KL is below the level at c = low, and not below it at high. */
typedef struct frontier_bracket {
  double low, high;
} frontier_bracket;

/* The search ends at this relative distance from the level.  A line from there
 * gives the win rate at the level; its error is of the order of the square. */
#define NEAR 1e-6

static double win_at(frontier_point near, double level) {
  if (!(near.slope > 0)) return near.win;
  return near.win + (level - near.kl) * near.rise / near.slope;
}

/* The search gives up beyond this c. */
#define FURTHEST 0x1p40

/* c at x = sqrt(kl), on the line through a point with its derivative
 * dc/dx = 2 x / (dkl/dc). */
static double newton(frontier_point at, double x) {
  const double root = sqrt(at.kl);
  return at.c + (x - root) * 2 * root / at.slope;
}

/* c at x, on the cubic through two points with their derivatives (Hermite). */
static double hermite(frontier_point a, frontier_point b, double x) {
  const double xa = sqrt(a.kl), xb = sqrt(b.kl), width = xb - xa;
  const double t = (x - xa) / width, u = 1 - t;
  const double rise_a = 2 * xa / a.slope * width;
  const double rise_b = 2 * xb / b.slope * width;
  return a.c * u * u * (1 + 2 * t) + b.c * t * t * (3 - 2 * t) +
         t * u * (u * rise_a - t * rise_b);
}

static bool within(double c, frontier_bracket bracket) {
  return c > bracket.low && c < bracket.high;
}

/* The next c: from the last two points; if that leaves the bracket, from the
 * last point; if both leave it, the middle of the bracket. */
static double next_c(const frontier_point last[2], double level,
                     frontier_bracket bracket) {
  const double cubic = hermite(last[0], last[1], sqrt(level));
  const double line = newton(last[1], sqrt(level));
  const bool bounded = !isinf(bracket.high);
  if (!bounded) bracket.high = 4 * bracket.low;
  if (within(cubic, bracket)) return cubic;
  if (within(line, bracket)) return line;
  return bounded ? bracket.low + (bracket.high - bracket.low) / 2
                 : bracket.high;
}

/* Moves last[1] to the point whose KL is the level; last[0] is the point before
 * it.  Both start anywhere on the ray.  False: no point has this KL. */
static bool move_to(const policy_frontier *self, double level,
                    frontier_point last[2]) {
  enum { MOST_STEPS = 200 };
  frontier_bracket bracket = {0, HUGE_VAL};
  for (int i = 0; i < MOST_STEPS; i++) {
    const frontier_point point = last[1];
    if (fabs(point.kl - level) <= NEAR * level) return true;
    if (point.kl < level)
      bracket.low = point.c;
    else
      bracket.high = point.c;
    const double c = next_c(last, level, bracket);
    /* Only rounding is left, or no c reaches the level. */
    if (!(c < FURTHEST) || !(fabs(c - point.c) > 1e-15 * c)) break;
    last[0] = point;
    last[1] = frontier_at(self, c);
  }
  return false;
}

/* The search for a level starts at the level before, so results depend only on
 * this policy.  The reference itself has no ray.  If a policy gives one
 * candidate probability 1, its slope is 0 (or below, by rounding), but its ray
 * has all levels. */
void frontier_win_rates(const policy_frontier *self, size_t count,
                        const double *level, double *win) {
  frontier_point last[2] = {self->made, self->made};
  for (size_t i = 0; i < count; i++) {
    const bool reached = (self->made.kl > 0 || self->made.slope > 0) &&
                         move_to(self, level[i], last);
    win[i] = reached ? win_at(last[1], level[i]) : NAN;
    if (!reached) last[0] = last[1] = self->made;
  }
}
