/* SPDX-License-Identifier: GPL-3.0-or-later
 * The trainer of log-linear policies by preference optimisation (DPO).
 *
 * pi ∝ pi_ref exp(theta.phi), and the implied reward is beta log(pi/pi_ref) =
 * w.phi + const with w = beta theta.  Annotations see w alone, which
 * minimises sum_i weight_i loss(w.x_i) + ridge/2 |w|^2 (support/log_linear.h;
 * for the joint loss support/joint.h). */
#include <cblas.h>
#include <math.h>
#include <string.h>

#include "heed/trainer.h"
#include "support/comparisons.h"
#include "support/joint.h"

enum {
  LOSS,
  BETA,
  RIDGE,
  LABELS,
  OWN_LABEL,
  PRIOR,
  FIT_PRIOR,
  NODES,
  FOLDS,
  PARAMETER_COUNT
};

static const char *const tuned_words[] = {"tuned", NULL};
static const char *const labels_words[] = {"observed", "always_a", "better",
                                           NULL};
static const char *const own_label_words[] = {"left_out", "included", NULL};

static const heed_parameter parameters[] = {
    [LOSS] = {.name = "loss",
              .type = HEED_ENUM,
              .standard = "sigmoid",
              .choices = preference_words,
              .doc = "sigmoid: the paper's; noise_aware: a mixture with the "
                     "casual user's choice; joint: the policy and the "
                     "distribution of attentiveness at once"},
    [BETA] = {.name = "beta",
              .type = HEED_ENUM_OR_NUMBER,
              .flags = HEED_OPEN_LOW,
              .standard = "0.1",
              .low = 0.0,
              .high = HUGE_VAL,
              .choices = tuned_words,
              .doc = "price of a nat of KL; tuned: 1, with the reward scaled "
                     "to fit held-out labels"},
    [RIDGE] = {.name = "ridge",
               .type = HEED_ENUM_OR_NUMBER,
               .standard = "tuned",
               .low = 0.0,
               .high = HUGE_VAL,
               .choices = tuned_words,
               .doc = "precision of the normal prior on each value of w = beta "
                      "theta; tuned: by log-loss of held-out labels"},
    [LABELS] = {.name = "labels",
                .type = HEED_ENUM,
                .standard = "observed",
                .choices = labels_words,
                .doc = "observed; or, as controls for loss = sigmoid, always "
                       "prefer A, or the response with p above 1/2"},
    [OWN_LABEL] = {.name = "own_label",
                   .type = HEED_ENUM,
                   .standard = "left_out",
                   .choices = own_label_words,
                   .doc = "whether an annotation counts in the eta-hat that "
                          "loss = noise_aware weighs it by"},
    [PRIOR] = {.name = "prior",
               .type = HEED_PLUGIN,
               .flags = HEED_OPTIONAL,
               .kind = HEED_DISTRIBUTION,
               .doc = "for loss = joint: the distribution of attentiveness; "
                      "left out: the estimator's"},
    [FIT_PRIOR] = {.name = "fit_prior",
                   .type = HEED_BOOLEAN,
                   .standard = "true",
                   .doc = "for loss = joint: whether the prior's parameters "
                          "are fitted or as given"},
    [NODES] = {.name = "nodes",
               .type = HEED_INTEGER,
               .standard = "41",
               .low = 2.0,
               .high = 10001.0,
               .doc = "for loss = joint: nodes over attentiveness, where the "
                      "prior has none of its own"},
    [FOLDS] = {.name = "folds",
               .type = HEED_INTEGER,
               .standard = "4",
               .low = 2.0,
               .high = 100.0,
               .doc = "parts of the annotations that tuning holds out in turn"},
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
    [LOSS_REACHED] = {.name = "loss",
                      .flags = HEED_MAY_BE_NAN,
                      .unit = "nat",
                      .doc = "what was minimised, without the ridge, per unit "
                             "of weight"},
    [ITERATIONS] = {.name = "iterations", .doc = "of the last fit"},
    [CONVERGED] = {.name = "converged", .doc = "1: the last fit converged"},
    [RIDGE_TAKEN] = {.name = "ridge",
                     .flags = HEED_MAY_BE_NAN,
                     .doc = "given or tuned"},
    [BETA_TAKEN] = {.name = "beta", .doc = "given, or 1 where tuned"},
    [TEMPERATURE] = {.name = "temperature",
                     .doc = "factor on the fitted reward; 1 where beta is "
                            "given"},
    [WEIGHT_SUM] = {.name = "weight_sum",
                    .doc = "sum of the weights trained on"},
    [NORM] = {.name = "norm", .doc = "length of w"},
    [HELD_OUT_LOSS] = {.name = "held_out_loss",
                       .flags = HEED_MAY_BE_NAN,
                       .unit = "nat",
                       .doc = "mean -log P(choice) of labels held out by "
                              "tuning, at the ridge and the temperature taken"},
    [LOG_LIKELIHOOD] = {.name = "log_likelihood",
                        .flags = HEED_MAY_BE_NAN,
                        .doc = "loss = joint: of the annotations"},
    [MEAN_ETA] = {.name = "mean_eta",
                  .flags = HEED_MAY_BE_NAN,
                  .doc = "loss = joint: mean of eta under the fitted prior"},
};

/* What tuning tries, the weakest first.  Each fit starts from the one before:
 * that way round because a joint fit under a strong ridge tells users apart so
 * little that its prior may collapse, from where EM does not come back. */
static const double ridges[] = {0.03, 0.1,  0.3,   1.0,   3.0,
                                10.0, 30.0, 100.0, 300.0, 1000.0};
#define RIDGE_COUNT (sizeof ridges / sizeof *ridges)
/* A ridge this many steps past the best one ends the search. */
#define STEPS_PAST_BEST 2u

#define TOLERANCE 1e-10
#define JOINT_TOLERANCE 1e-8
#define JOINT_TUNING_TOLERANCE 1e-6
#define TUNING_TOLERANCE 1e-7

typedef struct policy_state {
  size_t features;
  const double *theta; /* (d) */
} policy_state;

/* One call of train(). */
typedef struct training {
  const heed_host *host;
  const heed_value *values;
  const heed_crowd *crowd;
  const heed_posterior *posterior;
  const heed_selection *selection;
  preference_kind kind;
  comparisons rows;
  preference_label *held_label; /* (n): eta as believed without the label */
  log_linear_scratch *scratch;
  joint_fit *joint; /* or NULL */
  const heed_instance *prior;
  double *start_theta; /* of the joint fit */
} training;

/* What a fit found. */
typedef struct found {
  double loss;
  size_t iterations;
  bool converged;
} found;

static heed_status no_memory(heed_error *error) {
  return heed_fail(error, HEED_MEMORY, "memory is out for training");
}

/* ---- fits ---- */

static log_linear data_of(const training *self, const double *weight) {
  return (log_linear){.count = self->rows.count,
                      .features = self->rows.features,
                      .x = self->rows.x,
                      .weight = weight,
                      .label = self->rows.label};
}

static found fit_sum(const training *self, const log_linear *data,
                     preference_kind kind, double ridge, double tolerance,
                     double *w) {
  const log_linear_fit fit = log_linear_minimise(
      data, preference_loss_of(kind), ridge, tolerance, self->scratch, w);
  return (found){.loss = fit.loss,
                 .iterations = fit.iterations,
                 .converged = fit.converged};
}

static heed_status fit_joint(const training *self, const log_linear *data,
                             double ridge, double tolerance, double *w,
                             found *result, heed_error *error) {
  const comparisons *rows = &self->rows;
  const joint_problem problem = {
      .data = data,
      .crowd = {.count = rows->count,
                .units = rows->units,
                .first = rows->first,
                .member = rows->member,
                .weight = data->weight,
                .label = rows->label},
      .prior = self->prior,
      .fit_prior = self->values[FIT_PRIOR].integer != 0,
      .ridge = ridge,
      .tolerance = tolerance,
  };
  const heed_status status = joint_maximise(&problem, self->joint, w, error);
  *result = (found){.loss = -self->joint->log_likelihood,
                    .iterations = self->joint->steps,
                    .converged = self->joint->converged};
  return status;
}

/* Fits w to the annotations with a weight.  cold: w is 0, and each loss starts
 * from the one that is easier: noise_aware from sigmoid, joint from
 * noise_aware and the estimator's prior. */
static heed_status fit_loss(const training *self, const double *weight,
                            double ridge, double tolerance, bool cold,
                            double *w, found *result, heed_error *error) {
  const log_linear data = data_of(self, weight);
  if (cold && self->kind != PREFERENCE_SIGMOID)
    fit_sum(self, &data, PREFERENCE_SIGMOID, ridge, TUNING_TOLERANCE, w);
  if (self->kind != PREFERENCE_JOINT) {
    *result = fit_sum(self, &data, self->kind, ridge, tolerance, w);
    return HEED_OK;
  }
  if (cold) {
    fit_sum(self, &data, PREFERENCE_NOISE_AWARE, ridge, TUNING_TOLERANCE, w);
    memcpy(self->joint->theta, self->start_theta,
           self->joint->theta_count * sizeof(double));
  }
  return fit_joint(
      self, &data, ridge,
      tolerance > TOLERANCE ? JOINT_TUNING_TOLERANCE : JOINT_TOLERANCE, w,
      result, error);
}

/* ---- tuning ---- */

/* Labels are held out in folds; what the fits on the others say of them. */
typedef struct tuning {
  size_t folds;
  size_t *fold;               /* (n) */
  double *weight;             /* (n): of the fold's fit */
  double *w;                  /* (folds,d) */
  double *theta;              /* (folds,theta) of the joint loss; or NULL */
  double *margin;             /* (n): of the label, as held out */
  preference_label *label;    /* (n) */
  log_linear_scratch *narrow; /* for fits of one feature */
} tuning;

static heed_status open_tuning(const training *self, tuning *made,
                               heed_error *error) {
  const heed_host *host = self->host;
  const size_t n = self->rows.count, d = self->rows.features;
  const size_t t = self->joint != NULL ? self->joint->theta_count : 0;
  made->folds = (size_t)self->values[FOLDS].integer;
  made->fold = host->scratch(host, n, sizeof *made->fold);
  made->weight = host->scratch(host, n, sizeof *made->weight);
  made->w = host->scratch(host, made->folds * d, sizeof *made->w);
  made->theta = host->scratch(host, made->folds * t, sizeof *made->theta);
  made->margin = host->scratch(host, n, sizeof *made->margin);
  made->label = host->scratch(host, n, sizeof *made->label);
  made->narrow = log_linear_room(host, n, 1);
  if (made->fold == NULL || made->weight == NULL || made->w == NULL ||
      made->theta == NULL || made->margin == NULL || made->label == NULL ||
      made->narrow == NULL)
    return no_memory(error);
  /* By annotation, so that every filter and loss holds out the same. */
  for (size_t i = 0; i < n; i++) {
    heed_stream stream = host->stream(host, "fold", self->rows.row[i]);
    made->fold[i] = (size_t)heed_uniform_integer(&stream, made->folds);
  }
  return HEED_OK;
}

static double mean_at(const joint_fit *fit, size_t unit) {
  return cblas_ddot((int)fit->node_count, fit->mass + unit * fit->node_count, 1,
                    fit->nodes, 1);
}

/* Fits without one fold, and says what that fit makes of the fold. */
static heed_status hold_out(const training *self, tuning *tuned, size_t fold,
                            double ridge, bool cold, heed_error *error) {
  const comparisons *rows = &self->rows;
  const size_t n = rows->count, d = rows->features;
  joint_fit *joint = self->joint;
  double *w = tuned->w + fold * d;
  double *theta =
      joint == NULL ? NULL : tuned->theta + fold * joint->theta_count;
  found ignored;
  for (size_t i = 0; i < n; i++)
    tuned->weight[i] = tuned->fold[i] == fold ? 0.0 : rows->weight[i];
  if (joint != NULL && !cold)
    memcpy(joint->theta, theta, joint->theta_count * sizeof *theta);
  const heed_status status = fit_loss(
      self, tuned->weight, ridge, TUNING_TOLERANCE, cold, w, &ignored, error);
  if (status != HEED_OK) return status;
  if (joint != NULL)
    memcpy(theta, joint->theta, joint->theta_count * sizeof *theta);
  for (size_t i = 0; i < n; i++) {
    if (tuned->fold[i] != fold) continue;
    tuned->margin[i] = cblas_ddot((int)d, rows->x + i * d, 1, w, 1);
    tuned->label[i] = self->held_label[i];
    if (joint != NULL) tuned->label[i].eta = mean_at(joint, rows->unit[i]);
  }
  return HEED_OK;
}

/* The loss whose probability says how a label held out is predicted. */
static const preference_loss *predictor(const training *self) {
  return preference_loss_of(self->kind == PREFERENCE_SIGMOID
                                ? PREFERENCE_SIGMOID
                                : PREFERENCE_NOISE_AWARE);
}

/* Mean -log P(choice) of all labels, each as its own fold's fit sees it. */
static double held_out_loss(const training *self, const double *margin,
                            const preference_label *label, double scale) {
  const preference_loss *loss = predictor(self);
  double sum = 0.0, weights = 0.0;
  for (size_t i = 0; i < self->rows.count; i++) {
    sum += self->rows.weight[i] * loss->term(scale * margin[i], label[i]).value;
    weights += self->rows.weight[i];
  }
  return sum / weights;
}

/* The factor on the margins held out that fits their labels best: the same fit
 * with the margin as the only feature. */
static double best_temperature(const training *self, const tuning *tuned) {
  const log_linear data = {.count = self->rows.count,
                           .features = 1,
                           .x = tuned->margin,
                           .weight = self->rows.weight,
                           .label = tuned->label};
  double factor = 1.0;
  log_linear_minimise(&data, predictor(self), 0.0, TOLERANCE, tuned->narrow,
                      &factor);
  return factor > 0.0 && isfinite(factor) ? factor : 0.0;
}

typedef struct settings {
  double ridge, beta, temperature, held_out_loss;
} settings;

/* Holds every fold out at one ridge, and takes the ridge where that is better
 * than what there was. */
static heed_status try_ridge(const training *self, tuning *tuned, double ridge,
                             bool cold, bool *better, settings *chosen,
                             heed_error *error) {
  double temperature = 1.0;
  for (size_t fold = 0; fold < tuned->folds; fold++) {
    const heed_status status = hold_out(self, tuned, fold, ridge, cold, error);
    if (status != HEED_OK) return status;
  }
  if (self->host->cancelled(self->host))
    return heed_fail(error, HEED_CANCELLED, "cancelled");
  if (self->values[BETA].text != NULL)
    temperature = best_temperature(self, tuned);
  const double loss =
      held_out_loss(self, tuned->margin, tuned->label, temperature);
  *better = !(loss >= chosen->held_out_loss);
  if (!*better) return HEED_OK;
  chosen->ridge = ridge;
  chosen->temperature = temperature;
  chosen->held_out_loss = loss;
  return HEED_OK;
}

static heed_status search(const training *self, tuning *tuned, settings *chosen,
                          heed_error *error) {
  size_t best = 0;
  for (size_t r = 0; r < RIDGE_COUNT && r <= best + STEPS_PAST_BEST; r++) {
    bool better;
    const heed_status status =
        try_ridge(self, tuned, ridges[r], r == 0, &better, chosen, error);
    if (status != HEED_OK) return status;
    if (better) best = r;
  }
  return HEED_OK;
}

static heed_status tune(const training *self, settings *chosen,
                        heed_error *error) {
  const heed_value *ridge = &self->values[RIDGE], *beta = &self->values[BETA];
  tuning tuned = {0};
  bool better;
  if (ridge->text == NULL) chosen->ridge = ridge->number;
  if (beta->text == NULL) chosen->beta = beta->number;
  if (ridge->text == NULL && beta->text == NULL) return HEED_OK;
  heed_status status = open_tuning(self, &tuned, error);
  if (status != HEED_OK) return status;
  status = ridge->text != NULL ? search(self, &tuned, chosen, error)
                               : try_ridge(self, &tuned, ridge->number, true,
                                           &better, chosen, error);
  if (status == HEED_OK && chosen->temperature == 0.0)
    self->host->warn(self->host, "no_signal",
                     "labels held out do not follow what was learned from the "
                     "others; the policy stays at the reference");
  return status;
}

/* ---- what goes out ---- */

static void put(const heed_host *host, size_t output, double value) {
  host->output(host, output, &value, 1);
}

static double weight_sum(const comparisons *rows) {
  double sum = 0.0;
  for (size_t i = 0; i < rows->count; i++) sum += rows->weight[i];
  return sum;
}

static void report(const training *self, const settings *chosen,
                   const found *result, const double *w) {
  const heed_host *host = self->host;
  const int d = (int)self->rows.features;
  const double weights = weight_sum(&self->rows);
  put(host, LOSS_REACHED, weights > 0.0 ? result->loss / weights : NAN);
  put(host, ITERATIONS, (double)result->iterations);
  put(host, CONVERGED, result->converged);
  put(host, RIDGE_TAKEN, chosen->ridge);
  put(host, BETA_TAKEN, chosen->beta);
  put(host, TEMPERATURE, chosen->temperature);
  put(host, WEIGHT_SUM, weights);
  put(host, NORM, cblas_dnrm2(d, w, 1));
  put(host, HELD_OUT_LOSS, chosen->held_out_loss);
}

/* The posterior that the joint fit ends with, over all annotations of the
 * crowd: those with no weight are read with the units they belong to. */
static heed_posterior *make_refined(const training *self) {
  const heed_host *host = self->host;
  const joint_fit *fit = self->joint;
  const size_t units = self->rows.units;
  const size_t annotations = self->crowd->annotations->rows;
  heed_posterior *made = host->allocate(host, 1, sizeof *made);
  if (made == NULL) return NULL;
  *made = (heed_posterior){
      .size = sizeof *made,
      .unit = self->posterior->unit == HEED_BY_ANNOTATION
                  ? HEED_BY_USER
                  : self->posterior->unit,
      .units = units,
      .topics = self->posterior->topics,
      .mean = host->allocate(host, units, sizeof(double)),
      .sd = host->allocate(host, units, sizeof(double)),
      .node_count = fit->node_count,
      .row_count = units,
      .nodes = host->allocate(host, fit->node_count, sizeof(double)),
      .mass = host->allocate(host, units * fit->node_count, sizeof(double)),
      .row = host->allocate(host, units, sizeof(size_t)),
      .left_out = host->allocate(host, annotations, sizeof(double)),
      .casual = host->allocate(host, annotations, sizeof(double)),
      .p = host->allocate(host, annotations, sizeof(double)),
      .mu = NAN,
      .mu_low = NAN,
      .mu_high = NAN,
      .log_likelihood = fit->log_likelihood,
      .objective = fit->objective,
      .theta = host->allocate(host, fit->theta_count, sizeof(double)),
      .prior = self->prior,
      .iterations = fit->steps,
      .converged = fit->converged,
      .identified = true,
  };
  const bool whole =
      made->mean != NULL && made->sd != NULL && made->nodes != NULL &&
      made->mass != NULL && made->row != NULL && made->left_out != NULL &&
      made->casual != NULL && made->p != NULL && made->theta != NULL;
  return whole ? made : NULL;
}

static void fill_units(const joint_fit *fit, heed_posterior *made) {
  const size_t m = fit->node_count;
  memcpy(made->nodes, fit->nodes, m * sizeof *made->nodes);
  memcpy(made->mass, fit->mass, made->units * m * sizeof *made->mass);
  memcpy(made->theta, fit->theta, fit->theta_count * sizeof *made->theta);
  for (size_t u = 0; u < made->units; u++) {
    const double *mass = made->mass + u * m;
    const double mean = mean_at(fit, u);
    double variance = 0.0;
    for (size_t k = 0; k < m; k++)
      variance += mass[k] * (made->nodes[k] - mean) * (made->nodes[k] - mean);
    made->row[u] = u;
    made->mean[u] = mean;
    made->sd[u] = sqrt(variance);
  }
}

/* left_out, casual and p of all annotations; those the fit saw have their own
 * label taken out again. */
static heed_status fill_annotations(const training *self, const double *w,
                                    heed_posterior *made, heed_error *error) {
  const heed_host *host = self->host;
  const comparisons *rows = &self->rows;
  const int d = (int)rows->features;
  const int64_t *pair =
      heed_table_data(self->crowd->annotations, "pair", HEED_INT64);
  const double *difference =
      heed_table_data(self->crowd->world->pairs, "difference", HEED_FLOAT64);
  const joint_crowd crowd = {.count = rows->count,
                             .units = rows->units,
                             .first = rows->first,
                             .member = rows->member,
                             .weight = rows->weight,
                             .label = rows->label};
  double *left_out = host->scratch(host, rows->count, sizeof *left_out);
  size_t *unit = host->scratch(host, self->selection->count, sizeof *unit);
  if (left_out == NULL || unit == NULL) return no_memory(error);
  const heed_status status =
      comparisons_units(self->crowd, self->posterior, unit, error);
  if (status != HEED_OK) return status;
  for (size_t i = 0; i < self->selection->count; i++) {
    const double *x = difference + (size_t)pair[i] * rows->features;
    made->left_out[i] = made->mean[unit[i]];
    made->casual[i] = self->selection->casual[i];
    made->p[i] = preference_chance(cblas_ddot(d, x, 1, w, 1));
  }
  joint_left_out(&crowd, self->joint->node_count, self->joint->nodes,
                 self->joint->mass, self->joint->margin, left_out);
  for (size_t i = 0; i < rows->count; i++)
    made->left_out[rows->row[i]] = left_out[i];
  return HEED_OK;
}

static heed_status hand_on_posterior(const training *self, const double *w,
                                     heed_policy *policy, heed_error *error) {
  const joint_fit *fit = self->joint;
  const heed_distribution_functions *prior = self->prior->plugin->functions;
  heed_posterior *made = make_refined(self);
  double *log_weight =
      self->host->scratch(self->host, fit->node_count, sizeof *log_weight);
  double mean = 0.0;
  if (made == NULL || log_weight == NULL) return no_memory(error);
  fill_units(fit, made);
  prior->log_weights(self->prior->self, fit->theta, fit->node_count, fit->nodes,
                     log_weight);
  for (size_t k = 0; k < fit->node_count; k++)
    mean += exp(log_weight[k]) * fit->nodes[k];
  put(self->host, LOG_LIKELIHOOD, fit->log_likelihood);
  put(self->host, MEAN_ETA, mean);
  policy->refined = made;
  return fill_annotations(self, w, made, error);
}

static heed_status hand_on_policy(const training *self, const settings *chosen,
                                  const double *w, heed_policy *policy,
                                  heed_error *error) {
  const heed_host *host = self->host;
  const size_t d = self->rows.features;
  policy_state *state = host->allocate(host, 1, sizeof *state);
  heed_table *table = host->table(host, "policy", d);
  double *theta = table == NULL
                      ? NULL
                      : host->column(host, table, "theta", HEED_FLOAT64, 1);
  if (state == NULL || theta == NULL) return no_memory(error);
  for (size_t k = 0; k < d; k++)
    theta[k] = chosen->temperature * w[k] / chosen->beta;
  *state = (policy_state){.features = d, .theta = theta};
  policy->state = state;
  policy->scale = chosen->beta;
  policy->table = table;
  return HEED_OK;
}

/* ---- training ---- */

/* Where the prior's fit starts: at about the mean of eta-hat, and a variance
 * that is not small whatever the estimator found.  A prior without variance is
 * a stationary point. */
static void start_prior(const training *self, double *theta) {
  const heed_posterior *posterior = self->posterior;
  const heed_distribution_functions *functions = self->prior->plugin->functions;
  const void *prior = self->prior->self;
  const double units = (double)posterior->units;
  double mean = 0.0, variance = 0.0;
  if (self->values[FIT_PRIOR].integer == 0) {
    if (self->prior == posterior->prior && posterior->theta != NULL)
      memcpy(theta, posterior->theta, self->joint->theta_count * sizeof *theta);
    else
      functions->theta(prior, theta);
    return;
  }
  for (size_t u = 0; u < posterior->units; u++)
    mean += posterior->mean[u] / units;
  mean = fmin(fmax(mean, 0.2), 0.8);
  for (size_t u = 0; u < posterior->units; u++) {
    const double away = posterior->mean[u] - mean;
    variance += (away * away + posterior->sd[u] * posterior->sd[u]) / units;
  }
  variance = fmin(fmax(variance, 0.05), 0.8 * mean * (1.0 - mean));
  functions->start(prior, mean, variance, theta);
}

static void watch(void *context, size_t step, double objective) {
  const heed_host *host = context;
  host->trace(host, "objective", step, objective);
}

static heed_status prepare_joint(training *self, heed_error *error) {
  const heed_value *given = &self->values[PRIOR];
  const comparisons *rows = &self->rows;
  self->prior = given->given ? given->instance : self->posterior->prior;
  if (self->prior == NULL)
    return heed_fail(error, HEED_UNSUPPORTED,
                     "loss = joint needs a prior: this estimator has none, so "
                     "say prior = h.distribution. …");
  const heed_status status =
      joint_open(self->host, self->prior, (size_t)self->values[NODES].integer,
                 rows->count, rows->features, rows->units, &self->joint, error);
  if (status != HEED_OK) return status;
  self->start_theta = self->host->scratch(self->host, self->joint->theta_count,
                                          sizeof *self->start_theta);
  if (self->start_theta == NULL) return no_memory(error);
  start_prior(self, self->start_theta);
  return HEED_OK;
}

static heed_status prepare(training *self, heed_error *error) {
  const heed_value *values = self->values;
  comparisons *rows = &self->rows;
  heed_status status = comparisons_collect(
      self->host, self->crowd, self->posterior, self->selection,
      (comparisons_labels)values[LABELS].integer,
      values[OWN_LABEL].integer == 1, rows, error);
  if (status != HEED_OK) return status;
  self->scratch = log_linear_room(self->host, rows->count, rows->features);
  self->held_label =
      self->host->scratch(self->host, rows->count, sizeof *self->held_label);
  if (self->scratch == NULL || self->held_label == NULL)
    return no_memory(error);
  for (size_t i = 0; i < rows->count; i++)
    self->held_label[i] = (preference_label){.eta = rows->left_out[i],
                                             .casual = rows->label[i].casual};
  return self->kind == PREFERENCE_JOINT ? prepare_joint(self, error) : HEED_OK;
}

static heed_status fit_all(training *self, const settings *chosen, double *w,
                           found *result, heed_error *error) {
  if (self->joint != NULL) {
    self->joint->context = (void *)self->host;
    self->joint->watch = watch;
  }
  const heed_status status = fit_loss(self, self->rows.weight, chosen->ridge,
                                      TOLERANCE, true, w, result, error);
  if (status == HEED_OK && !result->converged)
    self->host->warn(self->host, "not_converged",
                     "the fit stopped after %zu iterations before it converged",
                     result->iterations);
  return status;
}

static heed_status train(void *instance, const heed_host *host,
                         const heed_crowd *crowd,
                         const heed_posterior *posterior,
                         const heed_selection *selection, heed_policy *policy,
                         heed_error *error) {
  const heed_value *values = instance;
  training self = {.host = host,
                   .values = values,
                   .crowd = crowd,
                   .posterior = posterior,
                   .selection = selection,
                   .kind = (preference_kind)values[LOSS].integer};
  settings chosen = {
      .ridge = NAN, .beta = 1.0, .temperature = 1.0, .held_out_loss = NAN};
  found result = {.converged = true};
  heed_status status = prepare(&self, error);
  if (status != HEED_OK) return status;
  double *w = host->scratch(host, self.rows.features, sizeof *w);
  if (w == NULL) return no_memory(error);
  if (self.rows.count == 0) {
    host->warn(
        host, "nothing_left",
        "no annotation is left to train on: the policy is the reference");
  } else {
    status = tune(&self, &chosen, error);
    if (status == HEED_OK) status = fit_all(&self, &chosen, w, &result, error);
    if (status == HEED_OK && self.joint != NULL)
      status = hand_on_posterior(&self, w, policy, error);
  }
  if (status != HEED_OK) return status;
  report(&self, &chosen, &result, w);
  return hand_on_policy(&self, &chosen, w, policy, error);
}

/* log sum_k pi_ref(k) exp(theta.phi_k) over the prompt's K candidates. */
static double log_partition(size_t candidates, size_t features,
                            const double *phi, const double *reference,
                            const double *theta) {
  double highest = -HUGE_VAL, sum = 0.0;
  for (size_t k = 0; k < candidates; k++) {
    const double energy =
        reference[k] +
        cblas_ddot((int)features, phi + k * features, 1, theta, 1);
    if (energy > highest) {
      sum = sum * exp(highest - energy) + 1.0;
      highest = energy;
    } else if (energy > -HUGE_VAL) {
      sum += exp(energy - highest);
    }
  }
  return highest + log(sum);
}

static heed_status log_probability(void *instance, const heed_world *world,
                                   const heed_policy *policy, size_t prompt,
                                   size_t count, const heed_response *responses,
                                   double *values, heed_error *error) {
  const policy_state *state = policy->state;
  const size_t wide = world->candidates, d = state->features;
  const double *phi = heed_table_data(world->prompts, "features", HEED_FLOAT64);
  const double *reference =
      heed_table_data(world->prompts, "reference", HEED_FLOAT64);
  (void)instance;
  if (phi == NULL || reference == NULL || prompt >= world->prompts->rows)
    return heed_fail(error, HEED_UNSUPPORTED,
                     "a log-linear policy needs the columns `features` and "
                     "`reference` of prompt %zu",
                     prompt);
  phi += prompt * wide * d;
  reference += prompt * wide;
  const double all = log_partition(wide, d, phi, reference, state->theta);
  for (size_t i = 0; i < count; i++) {
    const int64_t candidate = responses[i].candidate;
    if (candidate < 0 || (size_t)candidate >= wide)
      return heed_fail(error, HEED_INVALID,
                       "prompt %zu has no candidate %lld, only 0 to %zu",
                       prompt, (long long)candidate, wide - 1);
    values[i] =
        reference[candidate] - all +
        cblas_ddot((int)d, phi + (size_t)candidate * d, 1, state->theta, 1);
  }
  return HEED_OK;
}

static heed_status create(const heed_host *host, const heed_value *values,
                          void **self, heed_error *error) {
  (void)host;
  if (values[LABELS].integer != COMPARISONS_OBSERVED &&
      values[LOSS].integer != PREFERENCE_SIGMOID)
    return heed_fail(error, HEED_INVALID,
                     "labels = %s has no noise to model: it goes with loss = "
                     "sigmoid alone",
                     values[LABELS].text);
  if (values[PRIOR].given && values[LOSS].integer != PREFERENCE_JOINT)
    return heed_fail(error, HEED_INVALID,
                     "prior is read by loss = joint alone, and loss is %s",
                     values[LOSS].text);
  *self = (void *)values;
  return HEED_OK;
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
