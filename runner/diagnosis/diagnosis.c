/* SPDX-License-Identifier: GPL-3.0-or-later
 * Failure signatures. */
#include "diagnosis/diagnosis.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "view/summary.h"

/* all_attentive: a gap within near_half of 1/2, mean eta-hat above nearly_all.
 */
static const double near_half = 0.05, nearly_all = 0.9;
/* against_consensus: a normal deviate below this has probability .005. */
static const double least_deviate = -2.576;
/* A relative fall of the objective below this is rounding. */
static const double rounding = 1e-9;

typedef struct diagnosis_search {
  view_result *result;
  double *difference; /* one per replicate */
  bool *cells;        /* where the signature is seen */
  char where[SIGNATURE_TEXT / 2];
} diagnosis_search;

/* ---- helpers ---- */

/* Index in a record of a metric's first value; SIZE_MAX: no such metric. */
static size_t find_value(const heed_plan *plan, const char *name) {
  for (size_t i = 0; i < plan->metric_count; i++)
    if (strcmp(plan->metrics[i].name, name) == 0)
      return plan->metrics[i].offset;
  return SIZE_MAX;
}

static double value_at(const diagnosis_search *self, size_t point,
                       size_t replicate, size_t value) {
  return value == SIZE_MAX ? NAN
                           : view_value(self->result, point, replicate, value);
}

/* "arm = top half, gap = 0.6" */
static const char *place(diagnosis_search *self, size_t point) {
  const heed_plan *plan = self->result->plan;
  size_t used = 0;
  (void)snprintf(self->where, sizeof self->where, "the only point");
  for (size_t i = 0; i < plan->axis_count && used < sizeof self->where; i++) {
    char label[LABEL_SIZE];
    view_label(&plan->axes[i].coordinate, plan->points[point].position[i],
               label);
    used += (size_t)snprintf(self->where + used, sizeof self->where - used,
                             "%s%s = %s", i == 0 ? "" : ", ",
                             plan->axes[i].coordinate.name, label);
  }
  return self->where;
}

/* How many cells or points meet a condition, of those where it is known. */
typedef struct diagnosis_tally {
  size_t seen, count, example; /* example: a point */
} diagnosis_tally;

static void tell(diagnosis_tally *self, size_t point, bool holds) {
  self->count++;
  if (!holds) return;
  if (self->seen++ == 0) self->example = point;
}

static void tell_cell(diagnosis_search *self, diagnosis_tally *tally,
                      size_t point, size_t replicate, bool holds) {
  tell(tally, point, holds);
  if (holds)
    self->cells[point * self->result->plan->replicates + replicate] = true;
}

static void tell_point(diagnosis_search *self, diagnosis_tally *tally,
                       size_t point, bool holds) {
  const size_t replicates = self->result->plan->replicates;
  tell(tally, point, holds);
  for (size_t i = 0; holds && i < replicates; i++)
    self->cells[point * replicates + i] = true;
}

/* ---- signatures of single cells ---- */

static bool all_attentive(diagnosis_search *self, char *seen) {
  const heed_plan *plan = self->result->plan;
  const size_t mean = find_value(plan, "eta_mean");
  const size_t used = find_value(plan, "estimator_mu");
  const size_t real = find_value(plan, "source_mu");
  diagnosis_tally cells = {0};
  for (size_t point = 0; point < plan->point_count; point++)
    for (size_t r = 0; r < plan->replicates; r++) {
      const double eta = value_at(self, point, r, mean);
      double mu = value_at(self, point, r, used);
      if (isnan(mu)) mu = value_at(self, point, r, real);
      if (isnan(eta) || isnan(mu)) continue;
      tell_cell(self, &cells, point, r,
                fabs(mu - 0.5) < near_half && eta > nearly_all);
    }
  if (cells.seen == 0) return false;
  (void)snprintf(seen, SIGNATURE_TEXT,
                 "mean eta-hat above %g at a gap within %g of 1/2 in %zu of "
                 "%zu cells, for example at %s",
                 nearly_all, near_half, cells.seen, cells.count,
                 place(self, cells.example));
  return true;
}

/* Whether the objective in a trace fell from one step to the next. */
static bool falls(const heed_table *trace) {
  const char *const *series = heed_table_data(trace, "series", HEED_STRING);
  const int64_t *step = heed_table_data(trace, "step", HEED_INT64);
  const double *value = heed_table_data(trace, "value", HEED_FLOAT64);
  if (series == NULL || step == NULL || value == NULL) return false;
  for (size_t i = 1; i < trace->rows; i++)
    if (strcmp(series[i], "objective") == 0 &&
        strcmp(series[i - 1], "objective") == 0 && step[i] > step[i - 1] &&
        value[i] < value[i - 1] - rounding * (1 + fabs(value[i - 1])))
      return true;
  return false;
}

static bool not_monotone(diagnosis_search *self, char *seen) {
  const heed_plan *plan = self->result->plan;
  diagnosis_tally cells = {0};
  for (size_t point = 0;
       (plan->keep & PLAN_KEEP_TRACE) != 0 && point < plan->point_count;
       point++)
    for (size_t r = 0; r < plan->replicates; r++) {
      const size_t row = view_place(self->result, point * plan->replicates + r);
      heed_table *trace =
          batch_kept(&self->result->cells, PLAN_KEPT_TRACE, row);
      if (trace == NULL) continue;
      tell_cell(self, &cells, point, r, falls(trace));
      kept_free(trace);
    }
  if (cells.seen == 0) return false;
  (void)snprintf(seen, SIGNATURE_TEXT,
                 "the objective fell from one step to the next in %zu of %zu "
                 "cells, for example at %s",
                 cells.seen, cells.count, place(self, cells.example));
  return true;
}

/* A metric that is 0 if something went wrong. */
static bool is_zero(diagnosis_search *self, const char *const *names,
                    const char *what, char *seen) {
  const heed_plan *plan = self->result->plan;
  diagnosis_tally cells = {0};
  const char *first = NULL;
  for (; *names != NULL; names++) {
    const size_t value = find_value(plan, *names);
    const size_t earlier = cells.seen;
    for (size_t point = 0; point < plan->point_count; point++)
      for (size_t r = 0; r < plan->replicates; r++) {
        const double found = value_at(self, point, r, value);
        if (!isnan(found)) tell_cell(self, &cells, point, r, found == 0);
      }
    if (first == NULL && cells.seen > earlier) first = *names;
  }
  if (cells.seen == 0) return false;
  (void)snprintf(seen, SIGNATURE_TEXT,
                 "%s (%s = 0) in %zu of %zu fits, for example at %s", what,
                 first, cells.seen, cells.count, place(self, cells.example));
  return true;
}

static bool not_converged(diagnosis_search *self, char *seen) {
  static const char *const names[] = {"estimator_converged",
                                      "trainer_converged", NULL};
  return is_zero(self, names, "the fit stopped before it converged", seen);
}

static bool not_identified(diagnosis_search *self, char *seen) {
  static const char *const names[] = {"estimator_identified", NULL};
  return is_zero(self, names, "the data do not identify the parameters", seen);
}

/* The standard normal deviate of a fit's correlation between eta-hat and
 * agreement: where they have nothing to do with each other, a correlation over
 * n users has mean 0 and variance 1 / (n - 1), by permuting users.  Replicates
 * of a bootstrap repeat replicate 0; others are independent.  NaN: unknown. */
static double deviate_at(const diagnosis_search *self, size_t point,
                         size_t correlation, size_t users) {
  const size_t replicates = view_is_bootstrap(self->result, point)
                                ? 1
                                : self->result->plan->replicates;
  double sum = 0, count = 0;
  for (size_t r = 0; r < replicates; r++) {
    const double found = value_at(self, point, r, correlation);
    if (isnan(found)) continue;
    sum += found * sqrt(value_at(self, point, r, users) - 1);
    count++;
  }
  return count > 0 ? sum / sqrt(count) : NAN;
}

/* Points that differ only behind the posterior repeat its first point. */
static bool has_own_posterior(const heed_plan *plan, size_t point) {
  const size_t node = plan_node_at(plan, point, PLAN_POSTERIOR);
  return node != SIZE_MAX && plan->nodes[node].first_point == point;
}

static bool against_consensus(diagnosis_search *self, char *seen) {
  const heed_plan *plan = self->result->plan;
  const size_t correlation = find_value(plan, "consensus_correlation");
  const size_t users = find_value(plan, "users_compared");
  diagnosis_tally fits = {0};
  double lowest = 0;
  for (size_t point = 0; point < plan->point_count; point++) {
    if (!has_own_posterior(plan, point)) continue;
    const double found = deviate_at(self, point, correlation, users);
    if (isnan(found)) continue;
    tell_point(self, &fits, point, found < least_deviate);
    if (found < lowest) fits.example = point;
    lowest = fmin(lowest, found);
  }
  if (fits.seen == 0) return false;
  (void)snprintf(seen, SIGNATURE_TEXT,
                 "the higher a user's eta-hat, the less the user agrees with "
                 "other users on the same pairs, in %zu of %zu fits; the "
                 "correlation is %.2f at %s",
                 fits.seen, fits.count,
                 value_at(self, fits.example, 0, correlation),
                 place(self, fits.example));
  return true;
}

/* ---- signatures of comparisons ---- */

static const json_t *spec_at(const heed_plan *plan, size_t point,
                             plan_stage stage) {
  const size_t node = plan_node_at(plan, point, stage);
  return node == SIZE_MAX ? NULL : plan->nodes[node].spec;
}

static bool keeps_all(const heed_plan *plan, size_t point) {
  const size_t node = plan_node_at(plan, point, PLAN_SELECTION);
  return node == SIZE_MAX ||
         strcmp(plan_node_plugin(plan, node), "filter/none") == 0;
}

/* The point that differs only in its filter, which keeps all labels. */
static size_t unfiltered(const heed_plan *plan, size_t point) {
  const size_t posterior = plan_node_at(plan, point, PLAN_POSTERIOR);
  for (size_t other = 0; other < plan->point_count; other++)
    if (plan_node_at(plan, other, PLAN_POSTERIOR) == posterior &&
        keeps_all(plan, other) &&
        json_equal(spec_at(plan, other, PLAN_POLICY),
                   spec_at(plan, point, PLAN_POLICY)) &&
        json_equal(spec_at(plan, other, PLAN_EVALUATION),
                   spec_at(plan, point, PLAN_EVALUATION)))
      return other;
  return SIZE_MAX;
}

/* The paired difference over replicates: a metric at a point minus the same at
 * another, or minus a constant if other is SIZE_MAX. */
static view_estimate difference(diagnosis_search *self, size_t value,
                                size_t point, size_t other, double constant) {
  const heed_plan *plan = self->result->plan;
  for (size_t r = 0; r < plan->replicates; r++)
    self->difference[r] =
        value_at(self, point, r, value) -
        (other == SIZE_MAX ? constant : value_at(self, other, r, value));
  return summarise_replicates(self->difference, plan->replicates,
                              view_is_bootstrap(self->result, point));
}

/* Index of win_rate_at_kl at the KL nearest to 1. */
static size_t find_matched(const heed_plan *plan) {
  size_t best = 0;
  for (size_t i = 0; i < plan->metric_count; i++) {
    const plan_metric *metric = &plan->metrics[i];
    if (strcmp(metric->name, "win_rate_at_kl") != 0 ||
        metric->dimension_count != 1)
      continue;
    const plan_coordinate *kl = &plan->dimensions[metric->dimensions[0]];
    for (size_t k = 1; k < kl->count; k++)
      if (fabs(kl->numbers[k] - 1) < fabs(kl->numbers[best] - 1)) best = k;
    return metric->offset + best;
  }
  return SIZE_MAX;
}

/* At how many points the 95 % interval of filtering's effect on a metric is
 * below 0, and where the effect is largest. */
static bool lowers(diagnosis_search *self, size_t value, const char *what,
                   char *seen) {
  const heed_plan *plan = self->result->plan;
  diagnosis_tally points = {0};
  view_estimate worst = {.value = 0};
  for (size_t point = 0; value != SIZE_MAX && point < plan->point_count;
       point++) {
    if (spec_at(plan, point, PLAN_POLICY) == NULL || keeps_all(plan, point))
      continue;
    const size_t all = unfiltered(plan, point);
    if (all == SIZE_MAX) continue;
    const view_estimate found = difference(self, value, point, all, 0);
    const bool hurts = found.high < 0;
    tell_point(self, &points, point, hurts);
    if (!hurts || !(found.value < worst.value)) continue;
    worst = found;
    points.example = point;
  }
  if (points.seen == 0) return false;
  (void)snprintf(seen, SIGNATURE_TEXT,
                 "%s is lower than with all labels at %zu of %zu filtered "
                 "points; the largest loss is %.4f [%.4f, %.4f] at %s",
                 what, points.seen, points.count, -worst.value, -worst.high,
                 -worst.low, place(self, points.example));
  return true;
}

/* Raw win rates reward sharpness, which a filter may add while it loses
 * direction.  So this compares at matched KL if the sweep has that metric. */
static bool filter_hurts(diagnosis_search *self, char *seen) {
  const heed_plan *plan = self->result->plan;
  return lowers(self, find_matched(plan), "win rate at matched KL", seen) ||
         lowers(self, find_value(plan, "win_rate"), "win rate", seen);
}

/* Whether win rate rises while the reward falls, against the reference (other:
 * SIZE_MAX) or against the policy of all labels. */
static bool rises_alone(diagnosis_search *self, size_t point, size_t other,
                        size_t wins, size_t reward) {
  const double even = 0.5;
  if (!(difference(self, wins, point, other, even).low > 0)) return false;
  return difference(self, reward, point, other, 0).high < 0;
}

static bool reward_falls(diagnosis_search *self, char *seen) {
  const heed_plan *plan = self->result->plan;
  const size_t wins = find_value(plan, "win_rate");
  const size_t reward = find_value(plan, "reward_score");
  diagnosis_tally points = {0};
  for (size_t point = 0;
       wins != SIZE_MAX && reward != SIZE_MAX && point < plan->point_count;
       point++) {
    if (spec_at(plan, point, PLAN_POLICY) == NULL) continue;
    const size_t all =
        keeps_all(plan, point) ? SIZE_MAX : unfiltered(plan, point);
    tell_point(
        self, &points, point,
        rises_alone(self, point, SIZE_MAX, wins, reward) ||
            (all != SIZE_MAX && rises_alone(self, point, all, wins, reward)));
  }
  if (points.seen == 0) return false;
  (void)snprintf(seen, SIGNATURE_TEXT,
                 "win rate rises while the reward falls at %zu of %zu points, "
                 "for example at %s",
                 points.seen, points.count, place(self, points.example));
  return true;
}

/* ---- all of them ---- */

static const struct signatures_known {
  const char *name;
  bool (*find)(diagnosis_search *self, char *seen);
  const char *what, *advice;
} known[] = {
    {"all_attentive", all_attentive,
     "choices do not show who is attentive: eta-hat is near 1, mu near 1/2",
     "Near mu = 1/2, attentive and casual users make the same choices, so the "
     "prior or the bound of its range determines eta-hat. Compare models that "
     "differ more, or use p of each pair (mu = \"pair\")."},
    {"not_monotone", not_monotone,
     "the objective fell from one step to the next",
     "EM and guarded steps never lower their objective. The estimator or "
     "trainer has a bug, or its quadrature nodes move with its parameters."},
    {"not_converged", not_converged, "the fit stopped before it converged",
     "The reported values are those of the last iteration. Raise "
     "max_iterations or simplify the model."},
    {"not_identified", not_identified,
     "do not trust eta-hat: the annotations do not determine it",
     "The annotations do not distinguish users, or several parameter values "
     "fit them equally well. The warning of the fit has the figures. Compare "
     "models that differ more, collect more annotations of each user, or fix "
     "what is known (mu)."},
    {"against_consensus", against_consensus,
     "eta-hat is high where users disagree with the others",
     "A filter by eta-hat keeps the users who disagree with the others. Labels "
     "of classes are the usual cause: to an estimator that expects A to win "
     "more often, a user who always says A looks attentive. Use an estimator "
     "that compares users on the same pairs, such as dawid_skene."},
    {"filter_hurts", filter_hurts, "the policy is worse than with all labels",
     "The filter removes too many labels: the loss in number outweighs the "
     "gain in quality. Keep more labels, or weight them instead (noise_aware, "
     "joint)."},
    {"reward_falls", reward_falls, "win rate rises while the reward falls",
     "The policy often wins by a little and seldom loses by a lot. Win rate "
     "alone would rank it higher."},
};
enum { KNOWN = sizeof known / sizeof *known };

void diagnosis_free(diagnosis_signature *found, size_t count) {
  for (size_t i = 0; i < count; i++) free(found[i].cells);
  free(found);
}

/* Fills in *found if the signature is there. */
static heed_status find_one(diagnosis_search *self,
                            const struct signatures_known *one,
                            diagnosis_signature *found, bool *is_there,
                            heed_error *error) {
  *is_there = false;
  self->cells = calloc(plan_cell_count(self->result->plan) + 1, sizeof(bool));
  if (self->cells == NULL) return heed_no_memory(error);
  *is_there = one->find(self, found->seen);
  if (!*is_there) {
    free(self->cells);
    return HEED_OK;
  }
  found->name = one->name;
  found->what = one->what;
  found->advice = one->advice;
  found->cells = self->cells;
  return HEED_OK;
}

heed_status diagnosis_find(view_result *result, diagnosis_signature **found,
                           size_t *count, heed_error *error) {
  diagnosis_search self = {.result = result};
  diagnosis_signature *made = calloc(KNOWN, sizeof *made);
  heed_status status = HEED_OK;
  *found = NULL;
  *count = 0;
  self.difference =
      calloc(result->plan->replicates + 1, sizeof *self.difference);
  if (made == NULL || self.difference == NULL) status = heed_no_memory(error);
  for (size_t i = 0; status == HEED_OK && i < KNOWN; i++) {
    bool is_there;
    status = find_one(&self, &known[i], &made[*count], &is_there, error);
    *count += is_there;
  }
  free(self.difference);
  if (status == HEED_OK) {
    *found = made;
    return HEED_OK;
  }
  diagnosis_free(made, *count);
  *count = 0;
  return status;
}
