/* SPDX-License-Identifier: GPL-3.0-or-later
 * The spread of a fit over the scales of the strengths. */
#include "estimators/em_bradley_terry/spread.h"

#include <assert.h>
#include <math.h>
#include <string.h>

#include "heed/memory.h"
#include "support/attention/prior_fit.h"
#include "support/numeric/threads.h"

/* The range of t that is searched: strengths of e^-3 = .05 are those of a coin,
 * strengths of e^2.5 = 12 leave no doubt. */
static const double LEAST = -3, MOST = 2.5;
/* Between scales the log weight falls by at most DROP at the top; the sum ends
 * where it has fallen by FALL. */
static const double COARSE = 0.5, FINEST = 0.01, DROP = 2, FALL = 6;

/* One scale. */
typedef struct spread_point {
  double log_weight, level;
} spread_point;

static double root_mean_square(const bradley_terry_fit *self, const double *s) {
  return sqrt(strengths_penalty(1, self->models, s) / (double)self->models);
}

/* Strengths at scale t, the rest of x. */
static void set_scale(const bradley_terry_fit *self, const double *x, double t,
                      double *y) {
  const double size = root_mean_square(self, x);
  memcpy(y, x, self->em.count * sizeof *y);
  for (size_t m = 0; m < self->models; m++)
    y[m] = size > 1e-9 ? exp(t) * x[m] / size : m % 2 == 0 ? exp(t) : -exp(t);
}

/* ---- information on the strengths ---- */

static double mean_of_user(const bradley_terry_fit *self, size_t user) {
  const attention_node_prior *prior = &self->prior;
  const double *r = prior->responsibility + user * prior->count;
  double mean = 0;
  for (size_t k = 0; k < prior->count; k++) mean += r[k] * prior->nodes[k];
  return mean;
}

/* eta^2 / (P (1 - P)) of a choice. */
static double weight_of(const mixture_ends *ends, double eta) {
  const double p = ends->c + eta * ends->d;
  return p > 0 && p < 1 ? eta * eta / (p * (1 - p)) : 0;
}

/* Adds these weights of a user's annotations, at the user's mean eta. */
static void add_weights(const bradley_terry_fit *self, size_t user, double eta,
                        double *weight) {
  const mixture_list list = mixture_choices(&self->kinds.mixture, user);
  double *mine = weight + (list.ends - self->kinds.mixture.ends);
  for (size_t i = 0; i < list.count; i++) {
    const size_t kind = list.kind == NULL ? i : list.kind[i];
    mine[kind] += weight_of(&list.ends[kind], eta);
  }
  for (size_t i = 0; i < list.power_count; i++) {
    const size_t kind = list.power_kind[i];
    mine[kind] += list.power_times[i] * weight_of(&list.ends[kind], eta);
  }
}

static void add_part(void *context, size_t part) {
  const bradley_terry_fit *self = context;
  const threads_range range =
      threads_share(self->histories.group_count, part, self->weight_parts);
  double *weight = self->weights + part * (self->kinds.count + 1);
  double *level = weight + self->kinds.count;
  memset(weight, 0, (self->kinds.count + 1) * sizeof *weight);
  for (size_t j = range.first; j < range.end; j++) {
    const double eta = mean_of_user(self, j);
    add_weights(self, j, eta, weight);
    *level += eta;
  }
}

/* The sum of these weights over the annotations of each kind, into log_g;
 * returns the mean of eta over users. */
static double find_weights(bradley_terry_fit *self) {
  const size_t kinds = self->kinds.count;
  double level = 0;
  threads_run(self->kinds.mixture.threads, self->weight_parts, add_part, self);
  memset(self->log_g, 0, kinds * sizeof *self->log_g);
  for (size_t part = 0; part < self->weight_parts; part++) {
    const double *weight = self->weights + part * (kinds + 1);
    for (size_t c = 0; c < kinds; c++) self->log_g[c] += weight[c];
    level += weight[kinds];
  }
  return level / (double)self->histories.group_count;
}

/* H after an E-step at y, into the information of strengths: of an annotation
 * (eta dg)^2 / (P (1 - P)), with g' = dg by the difference of strengths and P
 * at the user's mean; returns the mean of eta over users. */
static double find_information(bradley_terry_fit *self, double *y) {
  static const double one = 1;
  annotation_kinds *kinds = &self->kinds;
  const double *phi = bradley_terry_phi_of(self, y);
  const double h = 1e-4;
  strengths_clear(&self->strengths);
  bradley_terry_set_p(self, y, h);
  kinds_probability(kinds, phi, 1, &one, self->up);
  bradley_terry_set_p(self, y, -h);
  kinds_probability(kinds, phi, 1, &one, self->down);
  bradley_terry_set_p(self, y, 0);
  kinds_set_ends(kinds, phi);
  const double level = find_weights(self);
  for (size_t c = 0; c < kinds->count; c++) {
    const size_t a = (size_t)kinds->model_a[c], b = (size_t)kinds->model_b[c];
    const double slope = (self->up[c] - self->down[c]) / (2 * h);
    if (a != b)
      strengths_add(&self->strengths, a, b, 0, slope * slope * self->log_g[c]);
  }
  return level;
}

/* Factorises H + e^-2t; returns log det' (1 + e^2t H). */
static double factorise(bradley_terry_fit *self, const double *y, double t) {
  const double variance = exp(2 * t);
  const double along = strengths_information_along(&self->strengths, y);
  const double size = strengths_penalty(1, self->models, y);
  const double log_det = strengths_factorise(&self->strengths, 1 / variance);
  if (!(log_det > -HUGE_VAL)) return 0;
  return log_det + (double)self->models * log(variance) -
         log1p(variance * along / size);
}

/* ---- scales ---- */

static double log_prior(double t) {
  return t > 0 ? -t * t / 2 : 0;
}

/* The E-step at y.  Free weights are at their optimum then; other priors take
 * steps towards it, the strengths unchanged. */
static double settle(bradley_terry_fit *self, double *y) {
  enum { STEPS = 100 };
  attention_node_prior *prior = &self->prior;
  double objective = bradley_terry_steps.e_step(self, y), earlier;
  for (int step = 0; step < STEPS && prior->fit != NULL; step++) {
    if (self->status != HEED_OK || !(objective > -HUGE_VAL)) break;
    earlier = objective;
    self->status =
        prior_fit_improve(prior->fit, prior->nodes, prior->mass,
                          bradley_terry_theta_of(self, y), self->error);
    objective = bradley_terry_steps.e_step(self, y);
    if (!(objective > earlier + 1e-3)) break;
  }
  return objective;
}

static spread_point look(bradley_terry_fit *self, const double *x, double t,
                         double *y) {
  spread_point point = {0, 0};
  set_scale(self, x, t, y);
  const double objective = settle(self, y);
  if (self->status != HEED_OK || !(objective > -HUGE_VAL))
    return (spread_point){-HUGE_VAL, 0};
  point.level = find_information(self, y);
  point.log_weight = objective +
                     strengths_penalty(self->strengths.ridge, self->models, y) +
                     log_prior(t) - factorise(self, y, t) / 2;
  return point;
}

/* A search over scales, which looks at each once. */
enum { LOOKS_MOST = 128 };
typedef struct spread_search {
  bradley_terry_fit *fit;
  const double *x; /* the fit's */
  double *y;       /* room */
  size_t count;
  double t[LOOKS_MOST];
  spread_point point[LOOKS_MOST];
} spread_search;

static spread_point seen(spread_search *self, double t) {
  for (size_t i = 0; i < self->count; i++)
    if (fabs(self->t[i] - t) < FINEST / 100) return self->point[i];
  const spread_point point = look(self->fit, self->x, t, self->y);
  if (self->count < LOOKS_MOST) {
    self->t[self->count] = t;
    self->point[self->count++] = point;
  }
  return point;
}

/* The best scale of the range, and a step at which the weight has fallen by at
 * most DROP. */
static double find_top(spread_search *self, double *step) {
  const double size = root_mean_square(self->fit, self->x);
  double best = fmin(fmax(log(size), LEAST), MOST);
  double top = seen(self, best).log_weight;
  for (int i = 0; LEAST + i * COARSE <= MOST; i++) {
    const double t = LEAST + i * COARSE;
    const double there = seen(self, t).log_weight;
    if (there > top) {
      top = there;
      best = t;
    }
  }
  *step = COARSE;
  while (self->fit->status == HEED_OK) {
    const double down = seen(self, best - *step).log_weight;
    const double up = seen(self, best + *step).log_weight;
    if (fmax(down, up) > top && best > LEAST - 1 && best < MOST + 1) {
      best += down > up ? -*step : *step;
      top = fmax(down, up);
    } else if (fmax(top - down, top - up) > DROP && *step > FINEST) {
      *step /= 2;
    } else {
      break;
    }
  }
  return best;
}

/* Adds scales from t on in one direction, until the weight has fallen. */
static void walk(spread_search *self, double t, double step,
                 bradley_terry_spread *spread) {
  double top = spread->count == 0 ? -HUGE_VAL : spread->weight[0];
  while (spread->count < SPREAD_MOST && t >= LEAST - 1 && t <= MOST + 1) {
    const spread_point point = seen(self, t);
    top = fmax(top, point.log_weight);
    if (!(point.log_weight > top - FALL)) return;
    spread->scale[spread->count] = t;
    spread->weight[spread->count] = point.log_weight;
    spread->level[spread->count++] = point.level;
    t += step;
  }
}

static void normalise(bradley_terry_spread *spread) {
  double most = -HUGE_VAL, sum = 0;
  for (size_t i = 0; i < spread->count; i++)
    most = fmax(most, spread->weight[i]);
  for (size_t i = 0; i < spread->count; i++)
    sum += spread->weight[i] = exp(spread->weight[i] - most);
  for (size_t i = 0; i < spread->count; i++) spread->weight[i] /= sum;
}

heed_status spread_find(bradley_terry_fit *self, const double *x,
                        bradley_terry_spread *spread, heed_error *error) {
  double step;
  heed_memory memory = {self->host, false};
  spread_search search = {
      .fit = self, .x = x, .y = heed_scratch_doubles(&memory, self->em.count)};
  *spread = (bradley_terry_spread){0};
  if (memory.refused) return heed_no_memory(error);
  const double top = find_top(&search, &step);
  walk(&search, top, step, spread);
  walk(&search, top - step, -step, spread);
  if (self->status != HEED_OK) return self->status;
  if (spread->count == 0)
    return heed_fail(error, HEED_NUMERIC,
                     "the annotations are impossible at every scale of the "
                     "strengths");
  normalise(spread);
  return HEED_OK;
}

double spread_of_level(const bradley_terry_spread *spread) {
  double mean = 0, variance = 0;
  for (size_t i = 0; i < spread->count; i++)
    mean += spread->weight[i] * spread->level[i];
  for (size_t i = 0; i < spread->count; i++)
    variance += spread->weight[i] * (spread->level[i] - mean) *
                (spread->level[i] - mean);
  return sqrt(variance);
}

/* ---- draws ---- */

/* A draw from N(0, (H + e^-2t)^-1) without its part along y, added to y. */
static void shift_strengths(bradley_terry_fit *self, size_t i, double *y) {
  double *shift = self->strengths.step->data;
  heed_stream stream = self->host->stream(self->host, "strengths", i);
  double along = 0, size = 0;
  strengths_draw(&self->strengths, &stream, shift);
  for (size_t m = 0; m < self->models; m++) {
    size += y[m] * y[m];
    along += y[m] * shift[m];
  }
  for (size_t m = 0; m < self->models; m++)
    y[m] += shift[m] - along / size * y[m];
}

void spread_draw(bradley_terry_fit *self, const double *x,
                 const bradley_terry_spread *spread, size_t i, double *y) {
  assert(i < spread->count);
  (void)look(self, x, spread->scale[i], y);
  shift_strengths(self, i, y);
  (void)settle(self, y);
}
