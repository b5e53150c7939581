/* SPDX-License-Identifier: GPL-3.0-or-later
 * The frontier.  c and the win rate are smooth functions of the square root of
 * the KL, so a few points and their derivatives give the c of a level, and then
 * the win rate at it.  The KL never falls as c grows, so each step stays in a
 * bracket. */
#include "frontier.h"

#include <string.h>

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

/* ---- interpolation ---- */

/* The most points to interpolate between, and the number of latest points that
 * are kept: the search for a level seldom takes more. */
enum { NEAREST = 4, KNOWN = 16 };

typedef struct frontier_known {
  size_t count;
  frontier_point point[KNOWN];
} frontier_known;

typedef struct frontier_neighbour {
  frontier_point point;
  double x, distance; /* sqrt(kl), and its distance from the level's */
} frontier_neighbour;

/* The points nearest to a level, the nearest first. */
typedef struct frontier_near {
  size_t count;
  frontier_neighbour at[NEAREST];
} frontier_near;

static void consider(frontier_near *self, frontier_point point,
                     double level_x) {
  const double x = sqrt(point.kl), distance = fabs(x - level_x);
  size_t i = self->count;
  while (i > 0 && distance < self->at[i - 1].distance) i--;
  if (i == NEAREST) return;
  if (self->count < NEAREST) self->count++;
  memmove(&self->at[i + 1], &self->at[i],
          (self->count - 1 - i) * sizeof *self->at);
  self->at[i] = (frontier_neighbour){point, x, distance};
}

static frontier_near nearest(const frontier_known *known, double x) {
  frontier_near made = {.count = 0};
  for (size_t i = 0; i < known->count; i++) consider(&made, known->point[i], x);
  return made;
}

/* The newest takes the place of the oldest. */
static void remember(frontier_known *self, frontier_point point) {
  if (self->count < KNOWN) {
    self->point[self->count++] = point;
    return;
  }
  memmove(self->point, self->point + 1, (KNOWN - 1) * sizeof *self->point);
  self->point[KNOWN - 1] = point;
}

/* The polynomial through values and derivatives at the near points (Hermite,
 * by divided differences), at x; *last: what the last point added to it. */
static double hermite(const frontier_near *near, const double *value,
                      const double *slope, double x, double *last) {
  const size_t terms = 2 * near->count;
  double node[2 * NEAREST], term[2 * NEAREST], sum = 0, factor = 1;
  for (size_t i = 0; i < terms; i++) {
    node[i] = near->at[i / 2].x;
    term[i] = value[i / 2];
  }
  for (size_t i = terms - 1; i > 0; i--)
    term[i] = i % 2 == 1 ? slope[i / 2]
                         : (term[i] - term[i - 1]) / (node[i] - node[i - 1]);
  for (size_t order = 2; order < terms; order++)
    for (size_t i = terms - 1; i >= order; i--)
      term[i] = (term[i] - term[i - 1]) / (node[i] - node[i - order]);
  *last = 0;
  for (size_t i = 0; i < terms; i++) {
    const double part = factor * term[i];
    if (i + 2 >= terms) *last += part;
    sum += part;
    factor *= x - node[i];
  }
  return sum;
}

/* c at x, and dc/dx = 2 x / (dkl/dc). */
static double hermite_c(const frontier_near *near, double x, double *error) {
  double c[NEAREST], slope[NEAREST], last;
  for (size_t i = 0; i < near->count; i++) {
    c[i] = near->at[i].point.c;
    slope[i] = 2 * near->at[i].x / near->at[i].point.slope;
  }
  const double value = hermite(near, c, slope, x, &last);
  *error = fabs(last);
  return value;
}

/* *error: estimate, the error of the polynomial without its last point.  The
 * polynomial itself has a smaller error. */
static double hermite_win(const frontier_near *near, double x, double *error) {
  double win[NEAREST], slope[NEAREST], last;
  for (size_t i = 0; i < near->count; i++) {
    win[i] = near->at[i].point.win;
    slope[i] =
        near->at[i].point.rise * 2 * near->at[i].x / near->at[i].point.slope;
  }
  const double value = hermite(near, win, slope, x, &last);
  *error = fabs(last);
  return value;
}

/* ---- the c of a level ---- */

/* The KL is below the level at c = low, and not below it at high. */
typedef struct frontier_bracket {
  double low, high;
} frontier_bracket;

static void narrow(frontier_bracket *bracket, frontier_point point,
                   double level) {
  if (point.kl < level)
    bracket->low = fmax(bracket->low, point.c);
  else
    bracket->high = fmin(bracket->high, point.c);
}

/* Within this relative distance from the level, a line through the point gives
 * the win rate.  Its error is of the order of the squared distance, with a
 * factor that is large where the KL is near its limit. */
#define THERE 1e-9
/* The largest estimated error of a win rate that is interpolated. */
#define WIN_ERROR 1e-12

static double win_at(frontier_point near, double level) {
  if (!(near.slope > 0)) return near.win;
  return near.win + (level - near.kl) * near.rise / near.slope;
}

static bool has_between(const frontier_near *near, double x) {
  bool below = false, above = false;
  for (size_t i = 0; i < near->count; i++) {
    below |= near->at[i].x <= x;
    above |= near->at[i].x >= x;
  }
  return below && above;
}

/* The win rate at the level, if the points determine it; else NaN. */
static double interpolate(const policy_frontier *self,
                          const frontier_near *near, double level) {
  const double x = sqrt(level);
  double error;
  if (fabs(near->at[0].point.kl - level) <= THERE * level)
    return win_at(near->at[0].point, level);
  if (self->never || !has_between(near, x)) return NAN;
  const double win = hermite_win(near, x, &error);
  return error < WIN_ERROR ? win : NAN;
}

/* The search gives up beyond this c. */
#define FURTHEST 0x1p40

static bool within(double c, frontier_bracket bracket) {
  return c > bracket.low && c < bracket.high;
}

/* c at x from the near points.  If all are on one side of the level, a little
 * further: the level is then between the new point and these. */
static double aim(const frontier_near *near, double x) {
  double error;
  const double c = hermite_c(near, x, &error);
  const double step = c - near->at[0].point.c;
  if (has_between(near, x)) return c;
  return c + copysign(fmin(2 * error, 0.1 * fabs(step)), step);
}

/* The next c: from the near points; if that leaves the bracket, from the
 * nearest and its derivative; if both leave it, the middle of the bracket. */
static double next_c(const frontier_near *near, double level,
                     frontier_bracket bracket) {
  const double x = sqrt(level);
  const double curve = aim(near, x);
  const double line = near->at[0].point.c + (x - near->at[0].x) * 2 *
                                                near->at[0].x /
                                                near->at[0].point.slope;
  const bool bounded = !isinf(bracket.high);
  if (!bounded) bracket.high = 4 * bracket.low;
  if (within(curve, bracket)) return curve;
  if (within(line, bracket)) return line;
  return bounded ? bracket.low + (bracket.high - bracket.low) / 2
                 : bracket.high;
}

static frontier_bracket bracket_of(const frontier_known *known, double level) {
  frontier_bracket made = {0, HUGE_VAL};
  for (size_t i = 0; i < known->count; i++)
    narrow(&made, known->point[i], level);
  return made;
}

/* NaN: no point has this KL. */
static double find_win(const policy_frontier *self, double level,
                       frontier_known *known) {
  enum { MOST_STEPS = 200, HALVING = 8 };
  frontier_bracket bracket = bracket_of(known, level);
  /* At a huge c, rounding can put a KL on the wrong side. */
  if (!(bracket.low < bracket.high)) {
    *known = (frontier_known){.count = 1, .point = {self->made}};
    bracket = bracket_of(known, level);
  }
  for (int i = 1; i < MOST_STEPS; i++) {
    const frontier_near near = nearest(known, sqrt(level));
    const double win = interpolate(self, &near, level);
    if (!isnan(win)) return win;
    double c = next_c(&near, level, bracket);
    if (i % HALVING == 0 && !isinf(bracket.high))
      c = bracket.low + (bracket.high - bracket.low) / 2;
    /* Only rounding is left, or no c reaches the level. */
    if (!(c < FURTHEST) || !(bracket.high - bracket.low > 1e-15 * c)) break;
    const frontier_point point = frontier_at(self, c);
    narrow(&bracket, point, level);
    remember(known, point);
  }
  return NAN;
}

/* The points of one policy are not used for another, so that a result depends
 * only on its policy.  The reference itself has no ray.  If a policy gives one
 * candidate probability 1, its slope is 0 (or below, by rounding), but its ray
 * has all levels.  If it never gives some candidates, the KL jumps at c = 0:
 * the search for a level then uses no points of other levels, which may be in
 * the jump. */
void frontier_win_rates(const policy_frontier *self, size_t count,
                        const double *level, double *win) {
  const bool has_ray = self->made.kl > 0 || self->made.slope > 0;
  const frontier_known only_made = {.count = 1, .point = {self->made}};
  frontier_known known = only_made;
  for (size_t i = 0; i < count; i++) {
    if (self->never) known = only_made;
    win[i] = has_ray ? find_win(self, level[i], &known) : NAN;
  }
}
