/* SPDX-License-Identifier: GPL-3.0-or-later
 * Measures a cell after its stages.
 *
 * Four files: the policy against the reference on held-out prompts, by
 * enumerating candidates (policy.c) or by drawing texts (texts.c); the
 * posterior against the true attentiveness; labels against the better response
 * and reference verdicts.  A metric that a cell lacks (no truth, no policy) is
 * NaN.
 *
 * Callers: stages, sweep.  stages calls it to measure; sweep reads its schema
 * and its table of metrics.  It depends on neither plan nor record. */
#ifndef HEED_EVALUATION_EVALUATION_H
#define HEED_EVALUATION_EVALUATION_H

#include <math.h>

#include "heed/memory.h"
#include "host/host.h"

/* Name, dimension (NONE, PER_KL, PER_JUDGE), unit or NULL, doc. */
#define EVALUATION_METRICS(X)                                                 \
  X(WIN_RATE, "win_rate", NONE, NULL,                                         \
    "probability that the policy's response beats the reference's")           \
  X(REWARD_SCORE, "reward_score", NONE, NULL,                                 \
    "expected true reward of the policy minus that of the reference")         \
  X(KL, "kl_from_reference", NONE, "nat",                                     \
    "KL divergence of the policy from the reference")                         \
  X(WIN_RATE_ERROR, "win_rate_error", NONE, NULL,                             \
    "texts only: standard error of win_rate over held-out prompts")           \
  X(REWARD_ERROR, "reward_score_error", NONE, NULL,                           \
    "texts only: standard error of reward_score over held-out prompts")       \
  X(KL_ERROR, "kl_error", NONE, "nat",                                        \
    "texts only: standard error of kl_from_reference over held-out prompts")  \
  X(WIN_RATE_AT_KL, "win_rate_at_kl", PER_KL, NULL,                           \
    "win rate of the policy sharpened or flattened to this KL: the frontier") \
  X(REGRET, "regret", NONE, "nat",                                            \
    "KL of the policy from the optimum, reference x exp(true reward / beta)") \
  X(COSINE, "cosine", NONE, NULL,                                             \
    "cosine of implied and true reward, centred within prompts")              \
  X(CALIBRATION_SLOPE, "calibration_slope", NONE, NULL,                       \
    "slope of implied on true reward, centred within prompts; 1: calibrated") \
  X(ETA_RMSE, "eta_rmse", NONE, NULL,                                         \
    "root mean square error of eta-hat over users")                           \
  X(ETA_BIAS, "eta_bias", NONE, NULL, "mean of eta-hat minus eta over users") \
  X(ETA_CORRELATION, "eta_correlation", NONE, NULL,                           \
    "Pearson correlation of eta-hat and eta over users")                      \
  X(ETA_SPEARMAN, "eta_spearman", NONE, NULL,                                 \
    "rank correlation of eta-hat and eta over users")                         \
  X(SPLIT_ACCURACY, "split_accuracy", NONE, NULL,                             \
    "share of users with eta-hat and eta on one side of evaluation.split")    \
  X(COVERAGE, "coverage", NONE, NULL,                                         \
    "share of users whose central evaluation.level interval covers eta")      \
  X(ETA_RANK, "eta_rank", NONE, NULL,                                         \
    "posterior probability that the first user's eta is below the true eta, " \
    "randomised within atoms and cells; exact posteriors: uniform over "      \
    "replicates")                                                             \
  X(ETA_MEAN, "eta_mean", NONE, NULL, "mean of eta-hat over users")           \
  X(REFINED_ETA_RMSE, "refined_eta_rmse", NONE, NULL,                         \
    "eta_rmse of the posterior that the trainer refined")                     \
  X(REFINED_ETA_CORRELATION, "refined_eta_correlation", NONE, NULL,           \
    "eta_correlation of the posterior that the trainer refined")              \
  X(LABELS_KEPT, "labels_kept", NONE, NULL,                                   \
    "share of annotations with a weight above 0")                             \
  X(USERS_KEPT, "users_kept", NONE, NULL,                                     \
    "share of users with a kept annotation")                                  \
  X(LABEL_ACCURACY, "label_accuracy", NONE, NULL,                             \
    "weighted share of kept untied labels that name the better response")     \
  X(LABEL_CONSENSUS, "label_consensus", NONE, NULL,                           \
    "weighted share of kept untied labels that agree with the majority of "   \
    "the other users on the same pair")                                       \
  X(CONSENSUS_CORRELATION, "consensus_correlation", NONE, NULL,               \
    "Pearson correlation over users of eta-hat and agreement with other "     \
    "users on the same pairs")                                                \
  X(USERS_COMPARED, "users_compared", NONE, NULL,                             \
    "users with an untied label on a pair that another user has labelled")    \
  X(LABEL_AGREEMENT, "label_agreement", PER_JUDGE, NULL,                      \
    "weighted share of kept untied labels that agree with the judge")         \
  X(SPEARMAN_JUDGE, "spearman_judge", PER_JUDGE, NULL,                        \
    "rank correlation over users of eta-hat and agreement with the judge")    \
  X(USERS_JUDGED, "users_judged", PER_JUDGE, NULL,                            \
    "users with at least evaluation.min_annotations judged labels")           \
  X(HELD_OUT_LOG_LOSS, "held_out_log_loss", NONE, "nat",                      \
    "mean -log P(choice) of held-out annotations under the estimator")        \
  X(POLICY_LOG_LOSS, "policy_log_loss", NONE, "nat",                          \
    "mean -log P(choice) of held-out annotations under the implied reward, "  \
    "with eta-hat and the casual user's choice")                              \
  X(POLICY_ACCURACY, "policy_accuracy", NONE, NULL,                           \
    "share of held-out untied labels that agree with the implied reward")

#define EVALUATION_ENUM(id, name, dimension, unit, doc) METRIC_##id,
typedef enum evaluation_metric {
  EVALUATION_METRICS(EVALUATION_ENUM) METRIC_COUNT
} evaluation_metric;
#undef EVALUATION_ENUM

/* The same as outputs, and their dimensions other than those of the source. */
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
  double *win;       /* H x K: P(this candidate beats one of the reference's) */
} evaluation_prompts;

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

/* Attributes later errors to this plugin; NULL: to none. */
static inline void evaluation_calls(const heed_evaluation *self,
                                    const heed_instance *instance) {
  service_calls(self->host, instance == NULL ? NULL : instance->plugin);
}

heed_status evaluate_policy(const heed_evaluation *self, heed_error *error);
heed_status evaluate_texts(const heed_evaluation *self, heed_error *error);
heed_status evaluate_attentiveness(const heed_evaluation *self,
                                   heed_error *error);
heed_status evaluate_labels(const heed_evaluation *self, heed_error *error);

/* Pearson's; NaN: one side is constant, or has fewer than two values. */
double evaluation_correlation(size_t count, const double *a, const double *b);

/* eta-hat of each user for any units of the posterior; from heed_scratch(). */
double *evaluation_user_means(const heed_crowd *crowd,
                              const heed_posterior *posterior,
                              heed_memory *memory);

#endif
