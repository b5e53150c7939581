/* SPDX-License-Identifier: GPL-3.0-or-later
 * The frontier of random policies against bisection in long double. */
#include "frontier.h"

#include "../support/workbench.h"
#include "host/vector.h"

enum { MOST_CELLS = 20 * 40, LEVELS = 12, POLICIES = 240 };

/* What makes a policy difficult. */
enum { USUAL, NEARLY_THE_REFERENCE, TWO_SCALES, NEVER, PEAKED, KINDS };

typedef struct random_policy {
  size_t prompts, candidates;
  int kind;
  double reference[MOST_CELLS], tilt[MOST_CELLS], win[MOST_CELLS];
} random_policy;

static double between(heed_stream *stream, double low, double high) {
  return low + (high - low) * heed_uniform(stream);
}

static double draw_tilt(const random_policy *self, heed_stream *stream,
                        double scale) {
  const double tilt = scale * heed_normal(stream),
               chance = heed_uniform(stream);
  if (self->kind == NEVER && chance < 0.1) return FRONTIER_NEVER;
  if (self->kind == TWO_SCALES && chance < 0.3) return 100 * tilt;
  return tilt;
}

static void draw_prompt(random_policy *self, size_t prompt, double scale,
                        heed_stream *stream) {
  const size_t wide = self->candidates, first = prompt * wide;
  const double spread = self->kind == PEAKED ? 4 : 1;
  double all = 0;
  for (size_t k = first; k < first + wide; k++) {
    self->reference[k] = spread * heed_normal(stream);
    all += exp(self->reference[k]);
    self->win[k] = heed_uniform(stream);
    self->tilt[k] = draw_tilt(self, stream, scale);
  }
  for (size_t k = first; k < first + wide; k++) self->reference[k] -= log(all);
}

static void draw_policy(random_policy *self, uint64_t number) {
  heed_stream stream = stream_open(1, 0, "test", "policy", number);
  self->prompts = 1 + heed_uniform_integer(&stream, 20);
  self->candidates = 2 + heed_uniform_integer(&stream, 39);
  self->kind = (int)(number % KINDS);
  for (size_t i = 0; i < self->prompts; i++)
    draw_prompt(self, i, self->kind == NEARLY_THE_REFERENCE ? 1e-3 : 1,
                &stream);
}

/* KL and win rate at c. */
static long double at(const random_policy *self, long double c,
                      long double *win) {
  long double kl = 0;
  *win = 0;
  for (size_t i = 0; i < self->prompts; i++) {
    const size_t first = i * self->candidates, end = first + self->candidates;
    long double most = -HUGE_VALL, sum = 0, tilted = 0, won = 0;
    for (size_t k = first; k < end; k++)
      most = fmaxl(most, self->reference[k] + c * self->tilt[k]);
    for (size_t k = first; k < end; k++) {
      const long double pi =
          expl(self->reference[k] + c * self->tilt[k] - most);
      sum += pi;
      if (pi > 0) tilted += pi * self->tilt[k];
      won += pi * self->win[k];
    }
    kl += c * tilted / sum - most - logl(sum);
    *win += won / sum;
  }
  *win /= (long double)self->prompts;
  return kl / (long double)self->prompts;
}

/* NaN: no c has this KL.  A candidate that is never given leaves by c = 1e-140.
 */
static double search(const random_policy *self, double level) {
  long double low = 1e-140L, high = 1, win;
  if (at(self, low, &win) >= level) return NAN;
  while (at(self, high, &win) < level && high < 0x1p40L) high *= 2;
  if (high >= 0x1p40L) return NAN;
  for (int step = 0; step < 200; step++) {
    const long double middle = low + (high - low) / 2;
    if (at(self, middle, &win) < level)
      low = middle;
    else
      high = middle;
  }
  (void)at(self, low, &win);
  return (double)win;
}

/* In no order; also near the largest KL, and below the smallest. */
static void draw_levels(const random_policy *self, uint64_t number,
                        double *level) {
  heed_stream stream = stream_open(1, 0, "test", "levels", number);
  long double win;
  const double most = (double)at(self, 1e6L, &win);
  for (size_t i = 0; i < LEVELS; i++) {
    const double kind = heed_uniform(&stream);
    if (kind < 0.4)
      level[i] = most * heed_uniform(&stream);
    else if (kind < 0.6)
      level[i] = most * (1 - pow(10, between(&stream, -5, -1)));
    else
      level[i] = most * pow(10, between(&stream, -6, 0));
  }
}

static void win_rates_are_those_of_bisection(void **state) {
  (void)state;
  random_policy *policy = calloc(1, sizeof *policy);
  double partition[20], level[LEVELS], win[LEVELS];
  size_t missing = 0;
  for (uint64_t number = 0; number < POLICIES; number++) {
    draw_policy(policy, number);
    const evaluation_prompts known = {.count = policy->prompts,
                                      .candidates = policy->candidates,
                                      .reference = policy->reference,
                                      .win = policy->win};
    policy_frontier frontier = {.vector = vector_best(),
                                .known = &known,
                                .tilt = policy->tilt,
                                .never = policy->kind == NEVER,
                                .partition = partition};
    frontier.made = frontier_at(&frontier, 1);
    draw_levels(policy, number, level);
    frontier_win_rates(&frontier, LEVELS, level, win);
    for (size_t i = 0; i < LEVELS; i++) {
      const double expected = search(policy, level[i]);
      missing += isnan(expected) ? 1 : 0;
      if (isnan(expected) != isnan(win[i]) ||
          fabs(expected - win[i]) > 1e-9 * expected)
        fail_msg("policy %d, level %.17g: found %.17g, expected %.17g",
                 (int)number, level[i], win[i], expected);
    }
  }
  assert_true(missing > 0);
  free(policy);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(win_rates_are_those_of_bisection),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
