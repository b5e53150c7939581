/* SPDX-License-Identifier: GPL-3.0-or-later
 * Trains log-linear policies by preference optimisation (DPO).
 *
 * pi ∝ pi_ref exp(theta.phi), and the implied reward is beta log(pi/pi_ref) =
 * w.phi + const with w = beta theta.  Annotations depend on w alone, which
 * minimises sum_i weight_i loss(w.x_i) + ridge/2 |w|^2
 * (support/preference/log_linear.h; for the joint loss
 * support/preference/joint.h). */
#include <assert.h>
#include <cblas.h>
#include <math.h>
#include <string.h>

#include "heed/memory.h"
#include "heed/trainer.h"
#include "heed/vector.h"
#include "support/preference/comparisons.h"
#include "support/preference/joint_fit.h"
#include "support/preference/policy_fit.h"
#include "support/preference/refined.h"
#include "support/preference/settings.h"
#include "trainers/dpo/tuning.h"

enum { BETA = PREFERENCE_PARAMETER_COUNT, RIDGE, FOLDS, PARAMETER_COUNT };

static const char *const tuned_words[] = {"tuned", NULL};

static const heed_parameter parameters[] = {
    PREFERENCE_PARAMETERS,
    [BETA] = {.name = "beta",
              .type = HEED_ENUM_OR_NUMBER,
              .flags = HEED_OPEN_LOW,
              .default_value = "0.1",
              .low = 0.0,
              .high = HUGE_VAL,
              .choices = tuned_words,
              .doc = "weight of the KL penalty, per nat; tuned: 1, and the "
                     "reward is scaled to fit held-out labels"},
    [RIDGE] = {.name = "ridge",
               .type = HEED_ENUM_OR_NUMBER,
               .default_value = "tuned",
               .low = 0.0,
               .high = HUGE_VAL,
               .choices = tuned_words,
               .doc =
                   "precision of the normal prior on each value of w = beta "
                   "theta; tuned: minimises the log-loss of held-out labels"},
    [FOLDS] = {.name = "folds",
               .type = HEED_INTEGER,
               .default_value = "4",
               .low = 2.0,
               .high = 100.0,
               .doc = "number of folds for tuning; each is held out in turn"},
};

enum {
  LOSS_REACHED,
  ITERATIONS,
  CONVERGED,
  RIDGE_TAKEN,
  BETA_TAKEN,
  TEMPERATURE,
  WEIGHT_SUM,
  NORM,
  HELD_OUT_LOSS,
  LOG_LIKELIHOOD,
  MEAN_ETA,
  OUTPUT_COUNT
};

static const heed_output outputs[] = {
    [LOSS_REACHED] =
        {.name = "loss",
         .flags = HEED_MAY_BE_NAN,
         .unit = "nat",
         .doc = "minimised loss without the ridge, per unit of weight"},
    [ITERATIONS] = {.name = "iterations",
                    .doc = "Newton or EM steps of the last fit"},
    [CONVERGED] = {.name = "converged", .doc = "1: the last fit converged"},
    [RIDGE_TAKEN] = {.name = "ridge",
                     .flags = HEED_MAY_BE_NAN,
                     .doc = "ridge, given or tuned"},
    [BETA_TAKEN] = {.name = "beta", .doc = "beta; 1 if tuned"},
    [TEMPERATURE] = {.name = "temperature",
                     .doc = "factor on the fitted reward; 1 if beta is given"},
    [WEIGHT_SUM] = {.name = "weight_sum",
                    .doc = "sum of the weights of training annotations"},
    [NORM] = {.name = "norm", .doc = "length of w"},
    [HELD_OUT_LOSS] = {.name = "held_out_loss",
                       .flags = HEED_MAY_BE_NAN,
                       .unit = "nat",
                       .doc = "mean -log P(choice) of labels held out by "
                              "tuning, at the chosen ridge and temperature"},
    [LOG_LIKELIHOOD] = {.name = "log_likelihood",
                        .flags = HEED_MAY_BE_NAN,
                        .doc =
                            "loss = joint: log-likelihood of the annotations"},
    [MEAN_ETA] = {.name = "mean_eta",
                  .flags = HEED_MAY_BE_NAN,
                  .doc = "loss = joint: mean of eta under the fitted prior"},
};

typedef struct policy_state {
  size_t features;
  const double *theta; /* (d) */
} policy_state;

/* One call of train(). */
typedef struct dpo_training {
  const heed_host *host;
  const heed_value *values;
  const heed_crowd *crowd;
  const heed_posterior *posterior;
  const heed_selection *selection;
  crowd_comparisons rows;
  policy_fit fit;
  double *w; /* (d) */
} dpo_training;

/* ---- results ---- */

static void put(const heed_host *host, size_t output, double value) {
  host->output(host, output, &value, 1);
}

static void report(const dpo_training *self, const tuning_choice *choice,
                   double beta, const policy_found *found) {
  const heed_host *host = self->host;
  const crowd_comparisons *rows = &self->rows;
  double weights = 0.0;
  for (size_t i = 0; i < rows->count; i++) weights += rows->weight[i];
  put(host, LOSS_REACHED, weights > 0.0 ? found->loss / weights : NAN);
  put(host, ITERATIONS, (double)found->iterations);
  put(host, CONVERGED, found->converged);
  put(host, RIDGE_TAKEN, choice->ridge);
  put(host, BETA_TAKEN, beta);
  put(host, TEMPERATURE, choice->temperature);
  put(host, WEIGHT_SUM, weights);
  put(host, NORM, cblas_dnrm2((int)rows->features, self->w, 1));
  put(host, HELD_OUT_LOSS, choice->loss);
}

static void report_joint(const dpo_training *self) {
  put(self->host, LOG_LIKELIHOOD, self->fit.joint->log_likelihood);
  put(self->host, MEAN_ETA, policy_fit_mean_eta(&self->fit));
}

static heed_status hand_on(const dpo_training *self, double temperature,
                           double beta, heed_policy *policy,
                           heed_error *error) {
  heed_memory memory = {self->host, false};
  const size_t d = self->rows.features;
  policy_state *state = heed_allocate(&memory, 1, sizeof *state);
  heed_table *table = heed_new_table(&memory, "policy", d);
  double *theta = heed_new_column(&memory, table, "theta", HEED_FLOAT64, 1);
  if (memory.refused) return heed_no_memory(error);
  for (size_t k = 0; k < d; k++) theta[k] = temperature * self->w[k] / beta;
  *state = (policy_state){.features = d, .theta = theta};
  policy->state = state;
  policy->scale = beta;
  policy->table = table;
  return HEED_OK;
}

/* ---- training ---- */

static heed_status tune(const dpo_training *self, tuning_choice *choice,
                        heed_error *error) {
  const heed_value *values = self->values;
  const tuning_wish wish = {
      .folds = (size_t)values[FOLDS].integer,
      .ridge = values[RIDGE].text != NULL ? NAN : values[RIDGE].number,
      .scale = values[BETA].text != NULL,
  };
  const heed_status status =
      tuning_choose(self->host, &self->fit, &wish, choice, error);
  if (status == HEED_OK && choice->temperature == 0.0)
    self->host->warn(self->host, "no_signal",
                     "held-out labels do not follow the fit to the others: the "
                     "policy stays at the reference");
  return status;
}

/* P(A's response is better) of each annotation, by the fitted reward. */
static double *chances(const dpo_training *self) {
  const heed_table *annotations = self->crowd->annotations;
  const int64_t *pair = heed_table_data(annotations, "pair", HEED_INT64);
  const double *difference =
      heed_table_data(self->crowd->world->pairs, "difference", HEED_FLOAT64);
  const size_t d = self->rows.features;
  double *p = self->host->scratch(self->host, annotations->rows, sizeof *p);
  for (size_t i = 0; p != NULL && i < annotations->rows; i++)
    p[i] = preference_chance(
        cblas_ddot((int)d, difference + (size_t)pair[i] * d, 1, self->w, 1));
  return p;
}

static heed_status fit_all(dpo_training *self, double ridge,
                           policy_found *found, heed_policy *policy,
                           heed_error *error) {
  if (self->fit.joint != NULL) self->fit.joint->host = self->host;
  const heed_status status =
      policy_fit_run(&self->fit, self->rows.weight, ridge, POLICY_EXACT, true,
                     self->w, found, error);
  if (status != HEED_OK) return status;
  if (!found->converged)
    self->host->warn(self->host, "not_converged",
                     "the fit did not converge in %zu iterations",
                     found->iterations);
  if (self->fit.joint == NULL) return HEED_OK;
  report_joint(self);
  const double *p = chances(self);
  return p == NULL ? heed_no_memory(error)
                   : refined_posterior(self->host, self->crowd, self->posterior,
                                       self->selection, &self->fit, p,
                                       &policy->refined, error);
}

static bool is_tuned(const heed_value *values) {
  return values[RIDGE].text != NULL || values[BETA].text != NULL;
}

static heed_status prepare(dpo_training *self, heed_error *error) {
  const preference_settings settings = preference_settings_of(self->values);
  const comparisons_use use =
      settings.kind == PREFERENCE_JOINT || is_tuned(self->values)
          ? COMPARISONS_UNITS
          : COMPARISONS_SUM;
  const heed_status status = comparisons_collect(
      self->host, self->crowd, self->posterior, self->selection,
      settings.labels, settings.own_label, use, &self->rows, error);
  if (status != HEED_OK) return status;
  self->w =
      self->host->scratch(self->host, self->rows.features, sizeof *self->w);
  return self->w == NULL ? heed_no_memory(error)
                         : policy_fit_open(self->host, &settings, &self->rows,
                                           self->posterior, &self->fit, error);
}

static heed_status train(void *instance, const heed_host *host,
                         const heed_crowd *crowd,
                         const heed_posterior *posterior,
                         const heed_selection *selection, heed_policy *policy,
                         heed_error *error) {
  const heed_value *values = instance;
  const double beta = values[BETA].text != NULL ? 1.0 : values[BETA].number;
  dpo_training self = {.host = host,
                       .values = values,
                       .crowd = crowd,
                       .posterior = posterior,
                       .selection = selection};
  tuning_choice choice = {.ridge = NAN, .temperature = 1.0, .loss = NAN};
  policy_found found = {.converged = true};
  heed_status status = prepare(&self, error);
  if (status != HEED_OK) return status;
  if (self.rows.count == 0) {
    host->warn(host, "nothing_left",
               "no annotations left to train on: the policy is the reference");
  } else {
    status = tune(&self, &choice, error);
    if (status == HEED_OK)
      status = fit_all(&self, choice.ridge, &found, policy, error);
  }
  if (status != HEED_OK) return status;
  report(&self, &choice, beta, &found);
  return hand_on(&self, choice.temperature, beta, policy, error);
}

/* ---- the policy ---- */

static heed_status check_response(const heed_world *world, const double *phi,
                                  const double *reference,
                                  heed_response response, heed_error *error) {
  const int64_t candidate = response.candidate;
  if (phi == NULL || reference == NULL ||
      response.prompt >= world->prompts->rows)
    return heed_fail(error, HEED_UNSUPPORTED,
                     "prompt %zu lacks the columns `features` and "
                     "`reference`, which a log-linear policy needs",
                     response.prompt);
  if (candidate < 0 || (size_t)candidate >= world->candidates)
    return heed_fail(error, HEED_INVALID,
                     "prompt %zu has no candidate %lld, expected 0 to %zu",
                     response.prompt, (long long)candidate,
                     world->candidates - 1);
  return HEED_OK;
}

/* What a log-linear policy reads of a world. */
typedef struct policy_world {
  size_t candidates, features;   /* K, d */
  const double *phi, *reference; /* (prompts,K,d), (prompts,K) */
  const double *theta;           /* (d) */
  const heed_vector *vector;
} policy_world;

/* energy = log pi_ref + theta.phi over all candidates of some prompts. */
static void fill_energy(const policy_world *self, size_t prompt, size_t prompts,
                        double *energy) {
  const size_t rows = prompts * self->candidates;
  const size_t first = prompt * self->candidates;
  assert(self->reference != NULL);
  memcpy(energy, self->reference + first, rows * sizeof *energy);
  cblas_dgemv(CblasRowMajor, CblasNoTrans, (int)rows, (int)self->features, 1.0,
              self->phi + first * self->features, (int)self->features,
              self->theta, 1, 1.0, energy, 1);
}

/* The number of complete, consecutive prompts at the start of the responses,
 * with their candidates in order. */
static size_t whole_prompts(size_t candidates, size_t count,
                            const heed_response *responses) {
  size_t prompts = 0;
  for (; (prompts + 1) * candidates <= count; prompts++)
    for (size_t k = 0; k < candidates; k++) {
      const heed_response *one = &responses[prompts * candidates + k];
      if (one->prompt != responses[0].prompt + prompts ||
          one->candidate != (int64_t)k)
        return prompts;
    }
  return prompts;
}

/* log pi of whole prompts: the energy minus its log-sum-exp over the candidates
 * of the prompt. */
static void fill_prompts(const policy_world *self, size_t prompt,
                         size_t prompts, double *values) {
  const size_t wide = self->candidates;
  fill_energy(self, prompt, prompts, values);
  for (size_t i = 0; i < prompts; i++) {
    double *row = values + i * wide;
    const double all = self->vector->log_sum_exp(wide, row);
    for (size_t k = 0; k < wide; k++) row[k] -= all;
  }
}

static heed_status log_probability(void *instance, const heed_host *host,
                                   const heed_world *world,
                                   const heed_policy *policy, size_t count,
                                   const heed_response *responses,
                                   double *values, heed_error *error) {
  const policy_state *state = policy->state;
  const policy_world self = {
      .candidates = world->candidates,
      .features = state->features,
      .phi = heed_table_data(world->prompts, "features", HEED_FLOAT64),
      .reference = heed_table_data(world->prompts, "reference", HEED_FLOAT64),
      .theta = state->theta,
      .vector = heed_vector_of(host)};
  double *energy = host->scratch(host, self.candidates, sizeof *energy);
  double all = 0.0; /* of the current prompt */
  (void)instance;
  if (energy == NULL) return heed_no_memory(error);
  for (size_t i = 0; i < count; i++) {
    const heed_status status =
        check_response(world, self.phi, self.reference, responses[i], error);
    if (status != HEED_OK) return status;
  }
  const size_t whole = whole_prompts(self.candidates, count, responses);
  if (whole > 0) fill_prompts(&self, responses[0].prompt, whole, values);
  const size_t rest = whole * self.candidates;
  for (size_t i = rest; i < count; i++) {
    if (i == rest || responses[i].prompt != responses[i - 1].prompt) {
      fill_energy(&self, responses[i].prompt, 1, energy);
      all = self.vector->log_sum_exp(self.candidates, energy);
    }
    values[i] = energy[responses[i].candidate] - all;
  }
  return HEED_OK;
}

static heed_status create(const heed_host *host, const heed_value *values,
                          void **self, heed_error *error) {
  (void)host;
  *self = (void *)(uintptr_t)values;
  return preference_settings_check(values, error);
}

static const heed_trainer_functions functions = {
    .size = sizeof functions,
    .train = train,
    .log_probability = log_probability,
};

static const heed_plugin dpo = {
    .size = sizeof dpo,
    .abi = HEED_ABI,
    .kind = HEED_TRAINER,
    .name = "dpo",
    .version = "1.0",
    .summary = "Preference optimisation of log-linear policies",
    .reference =
        "Rafailov et al., Direct Preference Optimization, NeurIPS "
        "2023, equation 7; arXiv:2510.13830",
    .parameters = parameters,
    .parameter_count = PARAMETER_COUNT,
    .outputs = outputs,
    .output_count = OUTPUT_COUNT,
    .create = create,
    .functions = &functions,
    .functions_size = sizeof functions,
};

static const heed_plugin *const plugins[] = {&dpo};
HEED_PLUGINS(plugins)
