/* SPDX-License-Identifier: GPL-3.0-or-later
 * One hierarchical model of people.  A user's choice is a logistic curve in the
 * pair's log-odds x_i, with the user's own ability, side bias and tie habit
 * (people/response.h).  x_i is normal around the difference of two models'
 * strengths, or, without models, a sign times an easiness.  Users and pairs
 * live on fixed nodes.
 *
 * The fit: mean field (people/mean_field.c) with refits of the priors
 * (people/hyper.c), then belief propagation (people/propagate.c), whose last
 * sweep gives the posterior (people/fill.c).
 *
 * Up to priors, one-coin Dawid-Skene is { pairs = "hard", habit = "none" },
 * MACE with two classes { pairs = "hard" }, and GLAD { pairs = "free", habit =
 * "none" }. */
#include <math.h>
#include <string.h>

#include "estimators/people/fill.h"
#include "estimators/people/fit.h"
#include "support/attention/em_driver.h"
#include "support/attention/node_posterior.h"
#include "support/attention/parameters.h"
#include "support/crowd/chance.h"
#include "support/crowd/overlap.h"
#include "support/crowd/pair_name.h"

enum {
  FORM,
  PAIRS,
  HABIT,
  TIES,
  NEGATIVE,
  LEVELS,
  TOLERANCE,
  MOST_STEPS,
  MOST_SWEEPS,
  GOLD_ERROR,
  PARAMETER_COUNT
};
enum {
  OUT_SWEEPS = EM_OUTPUT_COUNT,
  OUT_BOUND,
  OUT_LEFT_OUT_LOSS,
  OUT_COIN_RATIO,
  OUT_COIN_ERROR,
  OUT_ABILITY_MEAN,
  OUT_ABILITY_SD,
  OUT_HABIT_SD,
  OUT_TIE_MEAN,
  OUT_TIE_SD,
  OUT_SHARE,
  OUT_TAU,
  OUT_STRENGTH_SD,
  OUT_SHARED_PAIRS,
  OUT_IDENTIFIED
};

enum { FORM_ABILITY, FORM_ATTEND };
static const char *const form_words[] = {"ability", "attend", NULL};
enum { PAIRS_AUTO, PAIRS_STRENGTHS, PAIRS_FREE, PAIRS_HARD };
static const char *const pairs_words[] = {"auto", "strengths", "free", "hard",
                                          NULL};
enum { HABIT_AUTO, HABIT_SIDE, HABIT_LABEL, HABIT_NONE };
static const char *const habit_words[] = {"auto", "side", "label", "none",
                                          NULL};
enum { TIES_KEEP, TIES_DROP };
static const char *const ties_words[] = {"keep", "drop", NULL};

static const heed_parameter parameters[] = {
    [FORM] = {.name = "form",
              .type = HEED_ENUM,
              .default_value = "ability",
              .choices = form_words,
              .doc = "ability: a user who does not attend has ability 0; "
                     "attend: a user attends with probability eta, and all "
                     "who attend are alike"},
    [PAIRS] =
        {.name = "pairs",
         .type = HEED_ENUM,
         .default_value = "auto",
         .choices = pairs_words,
         .doc = "log-odds of a pair: strengths (difference of two models, with "
                "the pair's own effect), free (a sign, and an easiness of any "
                "distribution), hard (a sign); auto: strengths if all "
                "annotated pairs record their models, else free"},
    [HABIT] =
        {.name = "habit",
         .type = HEED_ENUM,
         .default_value = "auto",
         .choices = habit_words,
         .doc = "what a user favours without looking: side (the response on "
                "the left), label (A, for labels of classes), none; auto: side "
                "if the annotations record sides, else label"},
    [TIES] = {.name = "ties",
              .type = HEED_ENUM,
              .default_value = "keep",
              .choices = ties_words,
              .doc = "keep: each user has a habit of choosing ties; drop: "
                     "leave ties out"},
    [NEGATIVE] = ESTIMATOR_NEGATIVE(
        "eta below 0, of contrary users: clip (to 0) or keep (negative)"),
    [LEVELS] = ESTIMATOR_LEVELS,
    [TOLERANCE] = ESTIMATOR_TOLERANCE("1e-7"),
    [MOST_STEPS] =
        ESTIMATOR_MOST_STEPS("1000", "maximum number of mean-field steps"),
    [MOST_SWEEPS] =
        {.name = "max_sweeps",
         .type = HEED_INTEGER,
         .default_value = "300",
         .low = 1,
         .high = 1e6,
         .doc = "sweeps of belief propagation, after the mean-field steps, "
                "at which the fit stops; 3 for large logs; it takes up to "
                "three more to end a cycle"},
    [GOLD_ERROR] = {.name = "gold_error",
                    .type = HEED_NUMBER,
                    .flags = HEED_OPEN_LOW | HEED_OPEN_HIGH,
                    .default_value = "0.02",
                    .low = 0,
                    .high = 0.5,
                    .doc = "pairs with a column gold: probability that the "
                           "known answer is wrong"},
};

static const heed_output outputs[] = {
    ESTIMATOR_EM_OUTPUTS("log_likelihood with the log-priors of the fitted "
                         "parameters",
                         "number of mean-field steps",
                         "1: the steps converged, and the sweeps, unless "
                         "three or fewer were allowed"),
    [OUT_SWEEPS] = {.name = "sweeps",
                    .doc = "number of sweeps of belief propagation"},
    [OUT_BOUND] = {.name = "bound",
                   .unit = "nat",
                   .doc = "the mean-field lower bound of objective"},
    [OUT_LEFT_OUT_LOSS] = {.name = "left_out_loss",
                           .unit = "nat",
                           .doc = "mean log-loss of an annotation, predicted "
                                  "from all others"},
    [OUT_COIN_RATIO] = {.name = "coin_ratio",
                        .unit = "nat",
                        .doc = "log-probability of the annotations, each "
                               "predicted from all others, minus their "
                               "log-probability under coin tosses"},
    [OUT_COIN_ERROR] = {.name = "coin_ratio_error",
                        .unit = "nat",
                        .doc = "standard error of coin_ratio"},
    [OUT_ABILITY_MEAN] = {.name = "ability_mean",
                          .doc = "mean ability; attend form: mean logit eta"},
    [OUT_ABILITY_SD] = {.name = "ability_sd",
                        .doc = "sd between users of the ability; attend form: "
                               "of logit eta"},
    [OUT_HABIT_SD] = {.name = "habit_sd",
                      .flags = HEED_MAY_BE_NAN,
                      .doc = "sd between users of the habit, as a log-odds"},
    [OUT_TIE_MEAN] = {.name = "tie_mean",
                      .flags = HEED_MAY_BE_NAN,
                      .doc = "mean of the tie habit log nu"},
    [OUT_TIE_SD] = {.name = "tie_sd",
                    .flags = HEED_MAY_BE_NAN,
                    .doc = "sd between users of the tie habit"},
    [OUT_SHARE] = {.name = "share",
                   .flags = HEED_MAY_BE_NAN,
                   .doc =
                       "prior share of pairs in which A is better: the share "
                       "of A among the choices; NaN with models"},
    [OUT_TAU] = {.name = "tau",
                 .flags = HEED_MAY_BE_NAN,
                 .doc = "sd of the pairs' own effects; NaN without models"},
    [OUT_STRENGTH_SD] = {.name = "strength_sd",
                         .flags = HEED_MAY_BE_NAN,
                         .doc =
                             "sd of the models' strengths; NaN without models"},
    [OUT_SHARED_PAIRS] = ESTIMATOR_SHARED_PAIRS,
    [OUT_IDENTIFIED] = ESTIMATOR_IDENTIFIED,
};

/* Multiplications (people_sweep_work()) above which a fit stops at FEW_SWEEPS.
 */
static const double most_work = 2e9;
enum { FEW_SWEEPS = 3 };
/* Standard errors by which the fit must beat coin tosses. */
static const double beyond_chance = 3;

typedef struct people_estimate {
  const heed_value *values;
  const heed_host *host;
  crowd_annotations annotations;
  crowd_overlap overlap;
  people_fit fit;
  people_course steps, sweeps;
  bool few_sweeps; /* too few to converge, as asked for or by the log's size */
} people_estimate;

/* ---- what the log has ---- */

static heed_status no_models(heed_error *error) {
  return heed_fail(error, HEED_UNSUPPORTED,
                   "pairs = \"strengths\": the source's pairs do not record "
                   "which models gave their responses (columns model_a and "
                   "model_b)");
}

static heed_status no_models_of(const heed_world *world, size_t pair,
                                heed_error *error) {
  char place[PAIR_NAME_SIZE];
  pair_name(world, pair, place);
  return heed_fail(error, HEED_UNSUPPORTED,
                   "pairs = \"strengths\": %s does not record which models "
                   "gave its responses",
                   place);
}

/* HEED_UNSUPPORTED if the model of some annotated pair is unknown. */
static heed_status check_models(const heed_crowd *crowd, heed_error *error) {
  const heed_world *world = crowd->world;
  const int32_t *a = heed_table_data(world->pairs, "model_a", HEED_INT32);
  const int32_t *b = heed_table_data(world->pairs, "model_b", HEED_INT32);
  const int64_t *pair = heed_table_data(crowd->annotations, "pair", HEED_INT64);
  if (a == NULL || b == NULL || world->models == NULL) return no_models(error);
  for (size_t r = 0; r < crowd->annotations->rows; r++)
    if (a[pair[r]] < 0 || b[pair[r]] < 0)
      return no_models_of(world, (size_t)pair[r], error);
  return HEED_OK;
}

static heed_status choose_kind(const people_estimate *self,
                               const heed_crowd *crowd, people_kind *kind,
                               heed_error *error) {
  const int64_t chosen = self->values[PAIRS].integer;
  heed_error unused;
  *kind = chosen == PAIRS_HARD ? PEOPLE_HARD : PEOPLE_FREE;
  if (chosen == PAIRS_STRENGTHS) {
    *kind = PEOPLE_STRENGTHS;
    return check_models(crowd, error);
  }
  if (chosen == PAIRS_AUTO && check_models(crowd, &unused) == HEED_OK)
    *kind = PEOPLE_STRENGTHS;
  return HEED_OK;
}

static annotations_sides choose_sides(const people_estimate *self,
                                      const heed_crowd *crowd) {
  const int64_t habit = self->values[HABIT].integer;
  if (habit == HABIT_SIDE ||
      (habit == HABIT_AUTO && annotations_know_left(crowd)))
    return ANNOTATIONS_LEFT;
  return ANNOTATIONS_A;
}

static heed_status open_fit(people_estimate *self, const heed_crowd *crowd,
                            heed_error *error) {
  const heed_value *values = self->values;
  people_request request = {.form = values[FORM].integer == FORM_ATTEND
                                        ? PEOPLE_ATTEND
                                        : PEOPLE_ABILITY,
                            .habit = values[HABIT].integer != HABIT_NONE,
                            .gold_error = values[GOLD_ERROR].number};
  heed_status status = choose_kind(self, crowd, &request.kind, error);
  if (status == HEED_OK)
    status =
        annotations_open(self->host, crowd, values[TIES].integer == TIES_KEEP,
                         choose_sides(self, crowd), &self->annotations, error);
  if (status == HEED_OK)
    status = overlap_open(self->host, crowd, &self->overlap, error);
  if (status == HEED_OK)
    status = people_open(self->host, crowd, &self->annotations, &request,
                         &self->fit, error);
  return status;
}

/* ---- the fit ---- */

static uint64_t most_sweeps(people_estimate *self) {
  const uint64_t most = (uint64_t)self->values[MOST_SWEEPS].integer;
  self->few_sweeps = most <= FEW_SWEEPS;
  if (self->few_sweeps || people_sweep_work(&self->fit) <= most_work)
    return most;
  self->few_sweeps = true;
  self->host->log(self->host,
                  "people: the log is large: belief propagation stops after "
                  "about %d sweeps",
                  FEW_SWEEPS);
  return FEW_SWEEPS;
}

static heed_status run(people_estimate *self, const heed_crowd *crowd,
                       heed_posterior *posterior, heed_error *error) {
  const heed_value *values = self->values;
  self->steps =
      (people_course){.tolerance = values[TOLERANCE].number,
                      .most_steps = (uint64_t)values[MOST_STEPS].integer};
  heed_status status = people_mean_field(&self->fit, &self->steps, error);
  if (status == HEED_OK) status = people_propagate_open(&self->fit, error);
  if (status != HEED_OK) return status;
  self->sweeps = (people_course){.tolerance = values[TOLERANCE].number,
                                 .most_steps = most_sweeps(self) - 1};
  status = people_propagate(&self->fit, &self->sweeps, error);
  if (status == HEED_OK)
    status = people_fill(&self->fit, crowd, &values[LEVELS],
                         values[NEGATIVE].integer == ESTIMATOR_CLIP, posterior,
                         error);
  return status;
}

/* ---- reports ---- */

static double coin_ratio_error(const people_estimate *self) {
  const people_sums *users = &self->fit.of_users;
  const double count = fmax((double)self->annotations.count, 1);
  return sqrt(fmax(users->loss_squares - users->loss * users->loss / count, 0));
}

/* Users must agree more often than coin tosses, and the fit must predict each
 * annotation from the others better than coin tosses do. */
static heed_status identify(const people_estimate *self,
                            heed_posterior *posterior, heed_error *error) {
  const double ratio = self->fit.of_users.loss;
  const double sd = coin_ratio_error(self);
  const heed_status status =
      chance_judge(&self->overlap, self->host, &posterior->identified, error);
  if (status != HEED_OK || !posterior->identified || ratio > beyond_chance * sd)
    return status;
  posterior->identified = false;
  self->host->warn(self->host, "not_identified",
                   "the fit does not clearly predict annotations from each "
                   "other better than coin tosses do: by %.1f nat, standard "
                   "error %.1f, expected more than %g standard errors",
                   ratio, sd, beyond_chance);
  return HEED_OK;
}

static void put(const people_estimate *self, size_t index, double value) {
  self->host->output(self->host, index, &value, 1);
}

static void report_hyper(const people_estimate *self) {
  const people_hyper *hyper = &self->fit.hyper;
  const people_axis *axis = self->fit.nodes.axis;
  const bool models = self->fit.kind == PEOPLE_STRENGTHS;
  const bool habit = axis[PEOPLE_HABIT].count > 1;
  const bool ties = axis[PEOPLE_TIE].count > 1;
  put(self, OUT_ABILITY_MEAN, hyper->mean[PEOPLE_QUALITY]);
  put(self, OUT_ABILITY_SD, hyper->sd[PEOPLE_QUALITY]);
  put(self, OUT_HABIT_SD, habit ? hyper->sd[PEOPLE_HABIT] : NAN);
  put(self, OUT_TIE_MEAN, ties ? hyper->mean[PEOPLE_TIE] : NAN);
  put(self, OUT_TIE_SD, ties ? hyper->sd[PEOPLE_TIE] : NAN);
  put(self, OUT_SHARE, models ? NAN : hyper->share);
  put(self, OUT_TAU, models ? hyper->tau : NAN);
  put(self, OUT_STRENGTH_SD, models ? hyper->strength_sd : NAN);
}

static void report(const people_estimate *self,
                   const heed_posterior *posterior) {
  const people_sums *users = &self->fit.of_users;
  const double count = fmax((double)self->annotations.count, 1);
  em_driver_report(self->host, posterior);
  put(self, OUT_SWEEPS, (double)self->sweeps.steps + 1);
  put(self, OUT_BOUND, self->steps.objective);
  put(self, OUT_LEFT_OUT_LOSS, -users->log_messages / count);
  put(self, OUT_COIN_RATIO, users->loss);
  put(self, OUT_COIN_ERROR, coin_ratio_error(self));
  report_hyper(self);
  put(self, OUT_SHARED_PAIRS, (double)self->overlap.shared);
  put(self, OUT_IDENTIFIED, posterior->identified);
}

static heed_status estimate(void *values, const heed_host *host,
                            const heed_crowd *crowd, heed_posterior *posterior,
                            heed_error *error) {
  people_estimate self = {.values = values, .host = host};
  heed_status status = open_fit(&self, crowd, error);
  if (status == HEED_OK) status = run(&self, crowd, posterior, error);
  if (status == HEED_OK) status = identify(&self, posterior, error);
  if (status == HEED_OK) {
    posterior->iterations = self.steps.steps;
    posterior->converged =
        self.steps.converged && (self.sweeps.converged || self.few_sweeps);
    report(&self, posterior);
  }
  people_close(&self.fit);
  return status;
}

/* A tie carries no information if ties are left out or if the log has none. */
static heed_status predict(void *self, const heed_host *host,
                           const heed_posterior *posterior,
                           const heed_crowd *held_out, double *probability,
                           heed_error *error) {
  const people_fitted *fitted = posterior->state;
  const heed_table *said = held_out->annotations;
  const int64_t *user = heed_table_data(said, "user", HEED_INT64);
  const int64_t *pair = heed_table_data(said, "pair", HEED_INT64);
  const int8_t *choice = heed_table_data(said, "choice", HEED_INT8);
  const int8_t *left = heed_table_data(said, "left", HEED_INT8);
  const size_t width = fitted->width, codes = fitted->annotations.codes;
  (void)self, (void)host, (void)error;
  for (size_t r = 0; r < said->rows; r++) {
    const int code = annotations_code(&fitted->annotations, choice[r], left, r);
    probability[r] = 1;
    if (code < 0) continue;
    const double *q = fitted->q + (size_t)pair[r] * width;
    const double *p =
        fitted->said + ((size_t)user[r] * codes + (size_t)code) * width;
    probability[r] = 0;
    for (size_t k = 0; k < width; k++) probability[r] += q[k] * p[k];
  }
  return HEED_OK;
}

static heed_status create(const heed_host *host, const heed_value *values,
                          void **self, heed_error *error) {
  (void)host;
  *self = (void *)(uintptr_t)values;
  return node_posterior_levels(&values[LEVELS], error);
}

static heed_status accepts(const void *self, const heed_outline *outline,
                           heed_error *error) {
  const heed_value *values = self;
  return values[PAIRS].integer == PAIRS_STRENGTHS && outline->models == HEED_NO
             ? no_models(error)
             : HEED_OK;
}

static const heed_estimator_functions functions = {
    .size = sizeof functions,
    .estimate = estimate,
    .predict = predict,
    .accepts = accepts,
};

static const heed_plugin people = {
    .size = sizeof people,
    .abi = HEED_ABI,
    .kind = HEED_ESTIMATOR,
    .name = "people",
    .version = "1.0",
    .summary = "hierarchical model of users' ability and habits and of pairs",
    .parameters = parameters,
    .parameter_count = PARAMETER_COUNT,
    .outputs = outputs,
    .output_count = sizeof outputs / sizeof *outputs,
    .create = create,
    .functions = &functions,
    .functions_size = sizeof functions,
};

static const heed_plugin *const plugins[] = {&people};
HEED_PLUGINS(plugins)
