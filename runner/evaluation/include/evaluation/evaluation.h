/* SPDX-License-Identifier: GPL-3.0-or-later
 * Measures a cell after its stages.
 *
 * One file each: the policy against the reference on held-out prompts, by
 * enumerating candidates (policy.c, frontier.c; prompts.c for what depends on
 * the world alone) or by drawing texts (texts.c); held-out annotations under
 * the policy's implied reward (held_out.c); the posterior against the true
 * attentiveness; labels against the better response and reference verdicts;
 * labels against each other (agreement.c); strengths of models if everyone
 * attended (strengths.c).  A metric that a cell lacks (no truth, no policy) is
 * NaN.
 *
 * Callers: stages, sweep, view, report, command.  stages calls it to measure;
 * sweep reads its schema and its table of metrics; the others describe them. It
 * depends on neither plan nor record. */
#ifndef HEED_EVALUATION_EVALUATION_H
#define HEED_EVALUATION_EVALUATION_H

#include <math.h>

#include "evaluation/metrics.h"
#include "heed/memory.h"
#include "host/host.h"

/* The metrics as outputs, and their dimensions other than those of the source.
 */
extern const heed_output evaluation_metrics[METRIC_COUNT];
extern const heed_dimension evaluation_dimensions[];
extern const size_t evaluation_dimension_count;

/* `evaluation` in a sweep, and its schema. */
typedef struct evaluation_settings {
  size_t kl_count;
  const double *kl; /* nat: the levels at which policies are compared */
  double split;     /* threshold of attentiveness for split_accuracy */
  double level;     /* probability of the central intervals for coverage */
  int64_t min_annotations; /* judged labels of a user, for spearman_judge */
} evaluation_settings;
/* The setting that names the metrics to compute. */
#define EVALUATION_WANTED "metrics"
extern const heed_parameter evaluation_schema[];
extern const size_t evaluation_schema_count;

/* spec: resolved by the schema.  Memory comes from the service. */
heed_status evaluation_read(const host_registry *plugins, const json_t *spec,
                            host_service *service, evaluation_settings *result,
                            heed_error *error);

/* The held-out prompts as evaluation needs them; made once per world.  H
 * prompts, K candidates. */
typedef struct evaluation_prompts {
  size_t count;
  size_t candidates; /* 0: texts, one response of the reference per prompt */
  size_t first;      /* row of the first held-out prompt */
  double *second; /* H: the second judge's reward for the reference's response;
                     NULL: none */
  double *reward; /* H x K; texts: H */
  double *reference; /* H x K: log pi_ref */

  /* Candidates only, H x K each. */
  double *weight;       /* pi_ref */
  double *win;          /* P(this candidate beats one of the reference's) */
  double *centred;      /* the reward less its mean under the reference */
  double reward_mean;   /* under the reference, over prompts */
  double reward_spread; /* sum over prompts of the variance of the reward */
} evaluation_prompts;

/* What a posterior shares with all selections and policies made from it; made
 * once per posterior. */
typedef struct evaluation_shared {
  double value[METRIC_COUNT]; /* NaN: undefined, or not shared */
  /* Of each annotation, 1: its label is right, -1: it is wrong, 0: it does not
   * count; NULL: annotations are counts. */
  int8_t *better;   /* right: the better response; NULL: that is unknown */
  int8_t *majority; /* right: the majority of other users' labels of the pair */
} evaluation_shared;

/* All candidates of prompts from `first` on, into all[prompts x wide]. */
void evaluation_candidates(size_t first, size_t prompts, size_t wide,
                           heed_response *all);

/* *result comes from the host's allocate(); it stays NULL if the world has no
 * judge, no reference, or neither candidates nor texts of the reference. */
heed_status prompts_know(const heed_instance *source, const heed_world *world,
                         host_service *host, const evaluation_prompts **result,
                         heed_error *error);
heed_status texts_know(const heed_instance *source, const heed_world *world,
                       host_service *host, const evaluation_prompts **result,
                       heed_error *error);

typedef struct heed_evaluation {
  evaluation_settings settings;

  const heed_instance *source, *estimator, *model, *trainer; /* or NULL */
  const heed_world *world;
  const evaluation_prompts *prompts; /* or NULL */
  const heed_crowd *crowd;           /* what the estimator saw */
  const heed_crowd *held_out;        /* or NULL */
  const double *eta;                 /* users: the truth; NULL: unknown */
  const heed_posterior *posterior;
  const evaluation_shared *shared; /* of this posterior */
  const heed_selection *selection;
  const heed_policy *policy;    /* or NULL */
  host_service *host;           /* plugin: the plugin being called, or NULL */
  double *target[METRIC_COUNT]; /* destination of values; NULL: not wanted */
  heed_table **responses; /* destination of a table of drawn responses, from the
                             host's allocate() */
} heed_evaluation;

static inline double evaluation_sigmoid(double x) {
  return x >= 0 ? 1 / (1 + exp(-x)) : exp(x) / (1 + exp(x));
}

/* Whether the sweep wants any metric from first to last, in the table's order.
 */
static inline bool evaluation_wants(const heed_evaluation *self,
                                    evaluation_metric first,
                                    evaluation_metric last) {
  for (size_t i = first; i <= (size_t)last; i++)
    if (self->target[i] != NULL) return true;
  return false;
}

/* Does nothing if the metric is not wanted. */
static inline void evaluation_put(const heed_evaluation *self,
                                  evaluation_metric which, double value) {
  if (self->target[which] != NULL) *self->target[which] = value;
}

/* Attributes later errors to this plugin; NULL: to none. */
static inline void evaluation_calls(const heed_evaluation *self,
                                    const heed_instance *instance) {
  service_calls(self->host, instance == NULL ? NULL : instance->plugin);
}

/* Needs neither `shared` nor the selection and the policy.  *result comes from
 * the host's allocate(). */
heed_status evaluation_share(const heed_evaluation *self,
                             const evaluation_shared **result,
                             heed_error *error);
void evaluate_shared(const heed_evaluation *self);
heed_status evaluate_policy(const heed_evaluation *self, heed_error *error);
heed_status evaluate_texts(const heed_evaluation *self, heed_error *error);
heed_status evaluate_held_out(const heed_evaluation *self, heed_error *error);
heed_status evaluate_attentiveness(const heed_evaluation *self,
                                   heed_error *error);
/* If the trainer refined the posterior. */
heed_status evaluate_refined(const heed_evaluation *self, heed_error *error);
heed_status evaluate_labels(const heed_evaluation *self, heed_error *error);
/* What all annotations show without a fit, kept or not. */
heed_status evaluate_agreement(const heed_evaluation *self, heed_error *error);

/* Pearson's; NaN: one side is constant, or has fewer than two values. */
double evaluation_correlation(size_t count, const double *a, const double *b);

/* Spearman's, of values below some millions.  Values that differ by less than
 * about 1e-12 share a rank, because only rounding separates them.  NaN: as
 * above.  room: 4 x count. */
double evaluation_spearman(size_t count, const double *a, const double *b,
                           double *room);

/* eta-hat of each user for any units of the posterior; from heed_scratch(). */
double *evaluation_user_means(const heed_crowd *crowd,
                              const heed_posterior *posterior,
                              heed_memory *memory);

/* True if the nodes of a posterior are the atoms of eta, false if they are a
 * grid over its range: then a node represents the cell around it, which ends
 * half way to its neighbours, and at the first and the last node. */
bool evaluation_has_atoms(const heed_posterior *posterior);

/* Strengths of models if everyone attended: those that maximise
 *
 *   sum_i log sigma(s_chosen - s_other) - ridge sum_m s_m^2
 *
 * over untied annotations of different models, into strength[models].  A
 * difference of two is the log-odds that one model beats the other (Bradley and
 * Terry 1952, Biometrika 39, 324-345).  Ties are omitted: under Davidson's
 * model of ties, the other choices follow the same formula.  NaN: the log names
 * no models.  HEED_NUMERIC: no maximum was found. */
heed_status evaluation_raw_strengths(const heed_crowd *crowd, double ridge,
                                     heed_memory *memory, double *strength,
                                     heed_error *error);

#endif
