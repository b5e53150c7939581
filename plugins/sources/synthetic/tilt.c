/* SPDX-License-Identifier: GPL-3.0-or-later
 * Tilts: models A and B, and the lean that gives a gap.  Called by the source
 * synthetic.
 *
 * A pass over the pool costs N K^2, so Newton's method first finds the gap on a
 * part of the pool and starts from there. */
#include "sources/synthetic/tilt.h"

#include <math.h>
#include <stdbool.h>

/* Upper limits: beyond this sharpness the gap barely grows; beyond this
 * likeness it shrinks, because too few candidates are left to lean with.  Found
 * by trial over 16 to 64 candidates and cosines of 0.4 and 0.7. */
#define SHARPNESS_MOST 16.0
#define LIKENESS_MOST 4.0

/* Prompts of the first, rough calibration. */
#define ROUGH_PROMPTS ((size_t)128)

/* The energy of a candidate, log pi up to a constant. */
static double energy_of(preference_tilt lean, double sign, double along,
                        double across) {
  return lean.sharpness *
         (sign * along - 0.5 * lean.likeness * across * across);
}

static double fill_energy(preference_tilt lean, double sign,
                          const heed_vector *vector, size_t count,
                          const double *along, const double *across,
                          double *energy, double *probability) {
  for (size_t k = 0; k < count; k++)
    energy[k] = energy_of(lean, sign, along[k], across[k]);
  return vector->softmax(count, energy, probability);
}

void tilt_policy(const heed_vector *vector, preference_tilt lean, double sign,
                 size_t count, const double *along, const double *across,
                 double *probability, double *log_probability) {
  const double all = fill_energy(lean, sign, vector, count, along, across,
                                 log_probability, probability);
  for (size_t k = 0; k < count; k++) log_probability[k] -= all;
}

/* One model of one prompt: its policy, and how the policy changes. */
static void fill_model(const tilt_pool *pool, preference_tilt lean,
                       preference_tilt speed, double sign, size_t prompt,
                       double *pi, double *change) {
  const size_t wide = pool->candidates;
  const double *along = pool->along + prompt * wide;
  const double *across = pool->across + prompt * wide;
  const double likeness_speed = lean.sharpness * speed.likeness;
  (void)fill_energy(lean, sign, pool->vector, wide, along, across, change, pi);
  /* d energy: one term for the sharpness, one for the likeness. */
  for (size_t k = 0; k < wide; k++)
    change[k] = energy_of((preference_tilt){speed.sharpness, lean.likeness},
                          sign, along[k], across[k]) -
                0.5 * likeness_speed * across[k] * across[k];
  const double mean = pool->vector->dot(wide, pi, change);
  for (size_t k = 0; k < wide; k++) change[k] = pi[k] * (change[k] - mean);
}

/* gap = a' W b and slope = da' W b + a' W db of a prompt, with W the matrix of
 * P(the row's response beats the column's).  W + W' = 1 makes a' W db = -(W a)'
 * db, because db sums to 0. */
tilt_rise tilt_gap(const tilt_pool *pool, preference_tilt lean,
                   preference_tilt speed) {
  const size_t wide = pool->candidates;
  const heed_vector *vector = pool->vector;
  double *a = pool->scratch, *b = a + wide;
  double *change_a = b + wide, *change_b = change_a + wide;
  double *beats_a = change_b + wide, *beats_b = beats_a + wide;
  tilt_rise sum = {0};
  for (size_t i = 0; i < pool->prompts; i++) {
    fill_model(pool, lean, speed, 1.0, i, a, change_a);
    fill_model(pool, lean, speed, -1.0, i, b, change_b);
    vector->wins(wide, pool->reward + i * wide, 2, a, beats_a);
    sum.gap += vector->dot(wide, a, beats_b);
    sum.slope += vector->dot(wide, change_a, beats_b) -
                 vector->dot(wide, change_b, beats_a);
  }
  sum.gap /= (double)pool->prompts;
  sum.slope /= (double)pool->prompts;
  return sum;
}

/* The path from no gap to the largest: first the sharpness grows, then, if it
 * is free, the likeness.  `place` runs from 0 to 1, or to 2. */
typedef struct tilt_path {
  tilt_pool pool;
  double mu, likeness;
} tilt_path;

static preference_tilt lean_at(const tilt_path *self, double place) {
  return (preference_tilt){
      .sharpness = SHARPNESS_MOST * fmin(place, 1.0),
      .likeness = isnan(self->likeness) ? LIKENESS_MOST * fmax(place - 1.0, 0.0)
                                        : self->likeness,
  };
}

/* At place 1 the sharpness moves: the likeness is about to. */
static tilt_rise rise_at(const tilt_path *self, double place) {
  const preference_tilt sharper = {.sharpness = SHARPNESS_MOST};
  const preference_tilt liker = {.likeness = LIKENESS_MOST};
  return tilt_gap(&self->pool, lean_at(self, place),
                  place <= 1.0 ? sharper : liker);
}

/* A place on one leg of the path. */
typedef struct tilt_place {
  double place, gap;
  bool reached; /* the gap is mu */
} tilt_place;

typedef struct tilt_point {
  double place;
  tilt_rise rise;
} tilt_point;

static tilt_point point_at(const tilt_path *self, double place) {
  return (tilt_point){place, rise_at(self, place)};
}

/* The place of a gap, on the cubic through two points with their derivatives
 * (Hermite). */
static double hermite(tilt_point a, tilt_point b, double gap) {
  const double width = b.rise.gap - a.rise.gap;
  const double t = (gap - a.rise.gap) / width, u = 1.0 - t;
  return a.place * u * u * (1.0 + 2.0 * t) + b.place * t * t * (3.0 - 2.0 * t) +
         t * u * width * (u / a.rise.slope - t / b.rise.slope);
}

/* At this distance from mu one last Newton step is enough: the remaining error
 * is of the order of the square. */
#define NEAR 1e-7
/* A step on the cubic is much more exact than Newton's.  If the two gaps differ
 * by less than this, the cubic's error is of the order of rounding; where the
 * curve is flat or bends, they differ more. */
#define AGREES 1e-10

static tilt_place reached(const tilt_path *self, double place) {
  return (tilt_place){.place = place, .gap = self->mu, .reached = true};
}

/* Newton's method from `last`, between low, where the gap is below mu, and
 * high, where it is unknown.  Not reached: the gap at high is below mu.
 * before: an earlier point, or the same. */
static tilt_place newton(const tilt_path *self, double low, double high,
                         tilt_point before, tilt_point last) {
  enum { MOST_STEPS = 100 };
  const double end = high;
  bool bounded = false; /* the gap at high is above mu */
  for (int i = 0; i < MOST_STEPS; i++) {
    const double place = last.place, slope = last.rise.slope;
    const double missing = self->mu - last.rise.gap;
    if (fabs(missing) <= NEAR)
      return reached(self, place + (slope > 0.0 ? missing / slope : 0.0));
    if (missing > 0.0 && place >= end)
      return (tilt_place){.place = end, .gap = last.rise.gap};
    if (missing > 0.0) {
      low = place;
    } else {
      high = place;
      bounded = true;
    }
    const double cubic = hermite(before, last, self->mu);
    double next = place + missing / slope;
    if (fabs(slope * (cubic - next)) <= AGREES && cubic > low && cubic < high)
      return reached(self, cubic);
    /* Also where the gap falls: then the end shows whether mu is reached. */
    if (!(next > low && next < high))
      next = bounded ? low + (high - low) / 2 : end;
    if (!(fabs(next - place) > 1e-15 * place)) break;
    before = last;
    last = point_at(self, next);
  }
  return (tilt_place){
      .place = last.place, .gap = last.rise.gap, .reached = bounded};
}

/* The leg from low to low + 1.  A part of the pool shows where to start, and
 * how the gap bends between there and mu. */
static tilt_place walk(const tilt_path *self, double low) {
  const double high = low + 1.0;
  tilt_path rough = *self;
  tilt_point start = {.place = low + 0.1};
  if (self->pool.prompts <= 2 * ROUGH_PROMPTS) {
    start = point_at(self, start.place);
    return newton(self, low, high, start, start);
  }
  rough.pool.prompts = ROUGH_PROMPTS;
  start = point_at(&rough, start.place);
  const tilt_place found = newton(&rough, low, high, start, start);
  const tilt_point first = point_at(self, found.place);
  const tilt_point part = point_at(&rough, found.place);
  rough.mu = part.rise.gap +
             (self->mu - first.rise.gap) * part.rise.slope / first.rise.slope;
  const tilt_place next = newton(&rough, low, high, part, part);
  if (!next.reached || !(first.rise.slope > 0.0))
    return newton(self, low, high, first, first);
  return newton(self, low, high, first, point_at(self, next.place));
}

heed_status tilt_calibrate(const tilt_pool *pool, double mu, double likeness,
                           preference_tilt *lean, double *gap) {
  const tilt_path self = {.pool = *pool, .mu = mu, .likeness = likeness};
  tilt_place found = {.gap = 0.5, .reached = true};
  if (mu > 0.5) found = walk(&self, 0.0);
  if (!found.reached && isnan(likeness)) found = walk(&self, 1.0);
  *lean = lean_at(&self, found.place);
  *gap = found.reached ? found.gap : fmax(found.gap, 0.5);
  return found.reached ? HEED_OK : HEED_INVALID;
}
