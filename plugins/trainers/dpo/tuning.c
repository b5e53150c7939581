/* SPDX-License-Identifier: GPL-3.0-or-later
 * Tuning: folds, fits without one fold, and scores.  Called only by dpo.c. */
#include "trainers/dpo/tuning.h"

#include <math.h>
#include <string.h>

#include "heed/memory.h"
#include "support/preference/comparisons.h"
#include "support/preference/joint_fit.h"
#include "support/preference/log_linear.h"
#include "support/preference/policy_fit.h"

/* Candidate ridges, the weakest first.  Each fit starts from the previous one.
 * In the other order a joint fit under a strong ridge separates users so little
 * that its prior may collapse, and EM cannot recover. */
static const double ridges[] = {0.03, 0.3,   1.0,   3.0,   10.0,
                                30.0, 100.0, 300.0, 1000.0};
#define RIDGE_COUNT (sizeof ridges / sizeof *ridges)
/* The search ends after this many ridges in a row that score this much worse
 * than the best; weak ridges may all score alike. */
#define WORSE_MOST 2u
#define CLEARLY 1e-5

typedef struct tuning {
  const heed_host *host;
  const heed_vector *vector;
  const policy_fit *fit;
  const tuning_wish *wish;
  size_t *fold;               /* (n) */
  double *weight;             /* (n): of the fit without a fold */
  double *w;                  /* (folds,d) */
  double *theta;              /* (folds,theta) of the joint loss */
  double *margin;             /* (n): of the label, held out */
  double *scaled;             /* (n): margins under one fit or temperature */
  double *term;               /* (4,n): of losses */
  preference_label *label;    /* (n): eta estimated without the label */
  log_linear_scratch *narrow; /* for fits of one feature */
} tuning;

static heed_status make_room(tuning *self, heed_error *error) {
  const heed_host *host = self->host;
  const crowd_comparisons *rows = self->fit->rows;
  const size_t n = rows->count, folds = self->wish->folds;
  const size_t thetas =
      self->fit->joint != NULL ? self->fit->joint->theta_count : 0;
  heed_memory memory = {host, false};
  self->fold = heed_scratch_sizes(&memory, n);
  self->weight = heed_scratch_doubles(&memory, n);
  self->w = heed_scratch_doubles(&memory, folds * rows->features);
  self->theta = heed_scratch_doubles(&memory, folds * thetas);
  self->margin = heed_scratch_doubles(&memory, n);
  self->scaled = heed_scratch_doubles(&memory, n);
  self->term = heed_scratch_doubles(&memory, 4 * n);
  self->label = heed_scratch(&memory, n, sizeof *self->label);
  self->narrow = log_linear_room(&memory, n, 1);
  if (memory.refused) return heed_no_memory(error);
  for (size_t i = 0; i < n; i++) {
    heed_stream stream = host->stream(host, "fold", rows->row[i]);
    self->fold[i] = (size_t)heed_uniform_integer(&stream, folds);
  }
  return HEED_OK;
}

/* Predicts one fold's labels from the fit to the other folds. */
static void predict(tuning *self, size_t fold, const double *w) {
  const crowd_comparisons *rows = self->fit->rows;
  const joint_fit *joint = self->fit->joint;
  const log_linear data = {
      .count = rows->count, .features = rows->features, .x = rows->x};
  log_linear_margins(&data, w, self->scaled);
  for (size_t i = 0; i < rows->count; i++) {
    if (self->fold[i] != fold) continue;
    self->margin[i] = self->scaled[i];
    preference_label label = {.eta = rows->left_out[i],
                              .casual = rows->label[i].casual};
    if (joint != NULL) label.eta = joint_mean(joint, rows->unit[i]);
    label.flip = preference_flip(self->fit->kind, &self->fit->rates, label.eta);
    self->label[i] = preference_belief(self->fit->kind, label);
  }
}

static heed_status hold_out(tuning *self, size_t fold, double ridge, bool cold,
                            heed_error *error) {
  const crowd_comparisons *rows = self->fit->rows;
  joint_fit *joint = self->fit->joint;
  const size_t thetas = joint != NULL ? joint->theta_count : 0;
  double *w = self->w + fold * rows->features;
  double *theta = self->theta + fold * thetas;
  policy_found found;
  for (size_t i = 0; i < rows->count; i++)
    self->weight[i] = self->fold[i] == fold ? 0.0 : rows->weight[i];
  if (joint != NULL && !cold)
    memcpy(joint->theta, theta, thetas * sizeof *theta);
  const heed_status status = policy_fit_run(
      self->fit, self->weight, ridge, POLICY_ROUGH, cold, w, &found, error);
  if (status != HEED_OK) return status;
  if (joint != NULL) memcpy(theta, joint->theta, thetas * sizeof *theta);
  predict(self, fold, w);
  return HEED_OK;
}

static bool margins_are_log_odds(const tuning *self) {
  const preference_loss *loss = preference_loss_of(self->fit->kind);
  return loss == NULL || loss->has_chance;
}

/* Mean of -log P(label), margins times the temperature. */
static double score(const tuning *self, double temperature) {
  const preference_loss *loss = preference_loss_of(PREFERENCE_NOISE_AWARE);
  const crowd_comparisons *rows = self->fit->rows;
  const size_t n = rows->count;
  const preference_terms terms = {self->term, self->term + n,
                                  self->term + 2 * n, self->term + 3 * n};
  for (size_t i = 0; i < n; i++)
    self->scaled[i] = temperature * self->margin[i];
  preference_fill(loss, self->vector, n, self->scaled, self->label, &terms);
  return self->vector->dot(n, rows->weight, terms.value) /
         self->vector->sum(n, rows->weight);
}

/* The temperature with the best score: the same fit with the margin as the only
 * feature. */
static double best_temperature(const tuning *self) {
  const log_linear data = {.count = self->fit->rows->count,
                           .features = 1,
                           .x = self->margin,
                           .weight = self->fit->rows->weight,
                           .label = self->label};
  double factor = 1.0;
  log_linear_minimise(&data, preference_loss_of(PREFERENCE_NOISE_AWARE), 0.0,
                      1e-10, self->narrow, &factor);
  return factor > 0.0 && isfinite(factor) ? factor : 0.0;
}

/* Holds out every fold at one ridge, and keeps the ridge if it scores
 * better. */
static heed_status try_ridge(tuning *self, double ridge, bool cold,
                             double *loss, tuning_choice *choice,
                             heed_error *error) {
  for (size_t fold = 0; fold < self->wish->folds; fold++) {
    const heed_status status = hold_out(self, fold, ridge, cold, error);
    if (status != HEED_OK) return status;
  }
  if (self->host->cancelled(self->host))
    return heed_fail(error, HEED_CANCELLED, "tuning was cancelled");
  const double temperature = self->wish->scale || !margins_are_log_odds(self)
                                 ? best_temperature(self)
                                 : 1.0;
  *loss = score(self, temperature);
  if (!(*loss >= choice->loss))
    *choice =
        (tuning_choice){.ridge = ridge,
                        .temperature = self->wish->scale ? temperature : 1.0,
                        .loss = *loss};
  return HEED_OK;
}

static heed_status search(tuning *self, tuning_choice *choice,
                          heed_error *error) {
  size_t worse = 0; /* ridges since the best */
  for (size_t r = 0; r < RIDGE_COUNT && worse < WORSE_MOST; r++) {
    double loss;
    const heed_status status =
        try_ridge(self, ridges[r], r == 0, &loss, choice, error);
    if (status != HEED_OK) return status;
    worse = loss > choice->loss + CLEARLY ? worse + 1 : 0;
  }
  return HEED_OK;
}

heed_status tuning_choose(const heed_host *host, const policy_fit *fit,
                          const tuning_wish *wish, tuning_choice *choice,
                          heed_error *error) {
  tuning self = {
      .host = host, .vector = heed_vector_of(host), .fit = fit, .wish = wish};
  double loss;
  *choice =
      (tuning_choice){.ridge = wish->ridge, .temperature = 1.0, .loss = NAN};
  if (!isnan(wish->ridge) && !wish->scale) return HEED_OK;
  const heed_status status = make_room(&self, error);
  if (status != HEED_OK) return status;
  return isnan(wish->ridge)
             ? search(&self, choice, error)
             : try_ridge(&self, wish->ridge, true, &loss, choice, error);
}
