/* SPDX-License-Identifier: GPL-3.0-or-later
 * The table of metrics.  The plan, result files, heed describe and
 * docs/metrics.md take them from here.
 *
 * A row: identifier, name, dimension (NONE, PER_KL, PER_JUDGE), unit or NULL,
 * doc, formula, range, and what a cell needs to have the metric.  Symbols of
 * the formulas: evaluation_symbols. */
#ifndef HEED_EVALUATION_METRICS_H
#define HEED_EVALUATION_METRICS_H

#define NEEDS_POLICY                                                          \
  "a trainer, held-out prompts (source.held_out), a source with a judge and " \
  "a reference policy, and at least one kept annotation"
#define NEEDS_CANDIDATES NEEDS_POLICY "; worlds of candidates, not of texts"
#define NEEDS_TEXTS NEEDS_POLICY "; worlds of texts with two prompts or more"
#define NEEDS_TRUTH "simulated users with one eta each"
#define NEEDS_REFINED NEEDS_TRUTH ", and a trainer that refines the posterior"
#define NEEDS_JUDGES "reference judges (references of source.log)"
#define NEEDS_HOURS                                                           \
  "times that are all dates from 2000 to 2100 (source.log), in at least two " \
  "of the four parts of the day"
#define NEEDS_HELD_OUT \
  NEEDS_POLICY ", and held-out annotations that are not ties (users.holdout)"

#define EVALUATION_METRICS(X)                                                  \
  X(WIN_RATE, "win_rate", NONE, NULL,                                          \
    "probability that the policy's response beats the reference's",            \
    "mean over x of sum over y, y' of pi(y|x) ref(y'|x) sigma(r(x,y) - "       \
    "r(x,y')); texts: mean over x of sigma(r(x,y) - r(x,y')) of one drawn "    \
    "answer each, under the second judge if there is one",                     \
    "0 to 1; 0.5: as good as the reference", NEEDS_POLICY)                     \
  X(REWARD_SCORE, "reward_score", NONE, NULL,                                  \
    "expected true reward of the policy minus that of the reference",          \
    "mean over x of sum over y of (pi(y|x) - ref(y|x)) r(x,y); texts: mean "   \
    "over x of r(x,y) - r(x,y') of one drawn answer each",                     \
    "any number; 0: as good as the reference", NEEDS_POLICY)                   \
  X(KL, "kl_from_reference", NONE, "nat",                                      \
    "KL divergence of the policy from the reference",                          \
    "mean over x of sum over y of pi(y|x) log(pi(y|x) / ref(y|x)); texts: "    \
    "mean over x of log(pi(y|x) / ref(y|x)) of the policy's drawn answer",     \
    "0 or more; texts: an estimate, which can be below 0", NEEDS_POLICY)       \
  X(WIN_RATE_ERROR, "win_rate_error", NONE, NULL,                              \
    "texts only: standard error of win_rate over held-out prompts",            \
    "sd over x of the terms of win_rate / sqrt(number of x)", "0 or more",     \
    NEEDS_TEXTS)                                                               \
  X(REWARD_ERROR, "reward_score_error", NONE, NULL,                            \
    "texts only: standard error of reward_score over held-out prompts",        \
    "sd over x of the terms of reward_score / sqrt(number of x)", "0 or more", \
    NEEDS_TEXTS)                                                               \
  X(KL_ERROR, "kl_error", NONE, "nat",                                         \
    "texts only: standard error of kl_from_reference over held-out prompts",   \
    "sd over x of the terms of kl_from_reference / sqrt(number of x)",         \
    "0 or more", NEEDS_TEXTS)                                                  \
  X(WIN_RATE_AT_KL, "win_rate_at_kl", PER_KL, NULL,                            \
    "win rate of the policy sharpened or flattened to this KL: the frontier",  \
    "win_rate of pi_c(y|x) = ref(y|x) (pi(y|x) / ref(y|x))^c / Z(x), with c "  \
    ">= 0 such that its kl_from_reference is the value of evaluation.kl",      \
    "0 to 1", NEEDS_CANDIDATES "; a c that reaches this KL")                   \
  X(REGRET, "regret", NONE, "nat",                                             \
    "KL of the policy from the optimum, reference x exp(true reward / beta)",  \
    "mean over x of sum over y of pi(y|x) log(pi(y|x) / best(y|x)), with "     \
    "best(y|x) = ref(y|x) exp(r(x,y) / beta) / Z(x)",                          \
    "0 or more; 0: the optimum", NEEDS_CANDIDATES)                             \
  X(COSINE, "cosine", NONE, NULL,                                              \
    "cosine of implied and true reward, centred within prompts",               \
    "<s, r> / sqrt(<s, s> <r, r>), with s(x,y) = beta log(pi(y|x) / "          \
    "ref(y|x)) and <a, b> = sum over x, y of ref(y|x) (a - mean of a under "   \
    "ref(.|x)) (b - mean of b under ref(.|x))",                                \
    "-1 to 1", NEEDS_CANDIDATES "; rewards that differ")                       \
  X(CALIBRATION_SLOPE, "calibration_slope", NONE, NULL,                        \
    "slope of implied on true reward, centred within prompts; 1: calibrated",  \
    "<s, r> / <r, r>, as in cosine", "any number; 1: calibrated",              \
    NEEDS_CANDIDATES "; rewards that differ")                                  \
  X(ETA_RMSE, "eta_rmse", NONE, NULL,                                          \
    "root mean square error of eta-hat over users",                            \
    "sqrt(mean over j of (eta-hat_j - eta_j)^2)", "0 or more", NEEDS_TRUTH)    \
  X(ETA_BIAS, "eta_bias", NONE, NULL, "mean of eta-hat minus eta over users",  \
    "mean over j of (eta-hat_j - eta_j)", "any number", NEEDS_TRUTH)           \
  X(ETA_CORRELATION, "eta_correlation", NONE, NULL,                            \
    "Pearson correlation of eta-hat and eta over users",                       \
    "cov(eta-hat, eta) / (sd(eta-hat) sd(eta)) over j", "-1 to 1",             \
    NEEDS_TRUTH "; neither is equal for all users")                            \
  X(ETA_SPEARMAN, "eta_spearman", NONE, NULL,                                  \
    "rank correlation of eta-hat and eta over users",                          \
    "eta_correlation of the ranks; values that differ by less than about "     \
    "1e-12 are equal, and equal values share their mean rank",                 \
    "-1 to 1", NEEDS_TRUTH "; neither is equal for all users")                 \
  X(SPLIT_ACCURACY, "split_accuracy", NONE, NULL,                              \
    "share of users with eta-hat and eta on one side of evaluation.split",     \
    "mean over j of [(eta-hat_j > split) = (eta_j > split)]", "0 to 1",        \
    NEEDS_TRUTH)                                                               \
  X(COVERAGE, "coverage", NONE, NULL,                                          \
    "share of users whose central evaluation.level interval covers eta",       \
    "mean over j of [q_j((1 - level) / 2) <= eta_j <= q_j((1 + level) / "      \
    "2)], with the posterior's quantiles q_j, or those of its nodes",          \
    "0 to 1; calibrated: evaluation.level",                                    \
    NEEDS_TRUTH "; a posterior by user, with quantiles or nodes")              \
  X(INTERVAL_WIDTH, "interval_width", NONE, NULL,                              \
    "mean width over users of the central evaluation.level interval of eta",   \
    "mean over j of q_j((1 + level) / 2) - q_j((1 - level) / 2), with the "    \
    "posterior's quantiles q_j, or those of its nodes",                        \
    "0 to the width of eta's range",                                           \
    "a posterior by user, with quantiles or nodes")                            \
  X(ETA_RANK, "eta_rank", NONE, NULL,                                          \
    "posterior probability that the first user's eta is below the true eta, "  \
    "randomised within atoms and cells; exact posteriors: uniform over "       \
    "replicates",                                                              \
    "P(eta < eta_1) + u P(eta = eta_1) under the first user's posterior, u "   \
    "uniform on 0 to 1",                                                       \
    "0 to 1", NEEDS_TRUTH "; a posterior by user, with nodes")                 \
  X(ETA_MEAN, "eta_mean", NONE, NULL, "mean of eta-hat over users",            \
    "mean over j of eta-hat_j", "0 to 1; some user models allow less than 0",  \
    "nothing")                                                                 \
  X(REFINED_ETA_RMSE, "refined_eta_rmse", NONE, NULL,                          \
    "eta_rmse of the posterior that the trainer refined",                      \
    "as eta_rmse, with the refined eta-hat", "0 or more", NEEDS_REFINED)       \
  X(REFINED_ETA_CORRELATION, "refined_eta_correlation", NONE, NULL,            \
    "eta_correlation of the posterior that the trainer refined",               \
    "as eta_correlation, with the refined eta-hat", "-1 to 1", NEEDS_REFINED)  \
  X(LABEL_ALPHA, "label_alpha", NONE, NULL,                                    \
    "Krippendorff's alpha of all annotations: agreement of users on pairs "    \
    "that several judged, beyond chance; ties are a third choice",             \
    "1 - (n - 1) D / E over annotations i of pairs that have two or more: D "  \
    "= sum over pairs u, and c != d, of n_uc n_ud / (n_u - 1), E = sum over "  \
    "c != d of n_c n_d, with n_uc annotations of pair u choosing c, and n "    \
    "in all (Krippendorff 2004, Content Analysis, chapter 11)",                \
    "1: all agree; 0: as by chance; below 0: less than by chance",             \
    "pairs with several annotations, and two different choices")               \
  X(LEFT_SHARE, "left_share", NONE, NULL,                                      \
    "share of all untied annotations that choose the answer on the left",      \
    "mean over untied i of [c_i was on the left]",                             \
    "0 to 1; 0.5: neither side is preferred",                                  \
    "untied annotations whose left answer is known")                           \
  X(TIE_SHARE, "tie_share", NONE, NULL,                                        \
    "share of ties among the annotations that the fit sees",                   \
    "mean over i of [c_i is a tie]",                                           \
    "0 to 1; 0 if source.ties = \"drop\", however many ties the log has",      \
    "nothing")                                                                 \
  X(ORDER_DRIFT, "order_drift", NONE, NULL,                                    \
    "agreement with the fit in the second half of each user's untied "         \
    "annotations less that in the first half, in order of time",               \
    "share of c_i that the fit prefers, over the last m of each user, less "   \
    "that over the first m, with m half of the user's untied annotations, "    \
    "rounded down; annotations with p_i = 1/2 do not count",                   \
    "-1 to 1; below 0: users agree less with the fit as they go on",           \
    "an order of each user's annotations (time or order of source.log), and "  \
    "users with two untied annotations")                                       \
  X(ATTENTION_0, "attention_0_to_6", NONE, NULL,                               \
    "attention in annotations made from 0:00 to 6:00 UTC",                     \
    "sum over untied i of that time of (2 p_i - 1) (2 [c_i = A] - 1) / sum "   \
    "of (2 p_i - 1)^2",                                                        \
    "any number; 1: users choose as p predicts, 0: they toss coins",           \
    NEEDS_HOURS)                                                               \
  X(ATTENTION_1, "attention_6_to_12", NONE, NULL,                              \
    "attention in annotations made from 6:00 to 12:00 UTC",                    \
    "sum over untied i of that time of (2 p_i - 1) (2 [c_i = A] - 1) / sum "   \
    "of (2 p_i - 1)^2",                                                        \
    "any number; 1: users choose as p predicts, 0: they toss coins",           \
    NEEDS_HOURS)                                                               \
  X(ATTENTION_2, "attention_12_to_18", NONE, NULL,                             \
    "attention in annotations made from 12:00 to 18:00 UTC",                   \
    "sum over untied i of that time of (2 p_i - 1) (2 [c_i = A] - 1) / sum "   \
    "of (2 p_i - 1)^2",                                                        \
    "any number; 1: users choose as p predicts, 0: they toss coins",           \
    NEEDS_HOURS)                                                               \
  X(ATTENTION_3, "attention_18_to_24", NONE, NULL,                             \
    "attention in annotations made from 18:00 to 24:00 UTC",                   \
    "sum over untied i of that time of (2 p_i - 1) (2 [c_i = A] - 1) / sum "   \
    "of (2 p_i - 1)^2",                                                        \
    "any number; 1: users choose as p predicts, 0: they toss coins",           \
    NEEDS_HOURS)                                                               \
  X(LABELS_KEPT, "labels_kept", NONE, NULL,                                    \
    "share of annotations with a weight above 0", "mean over i of [w_i > 0]",  \
    "0 to 1", "nothing")                                                       \
  X(USERS_KEPT, "users_kept", NONE, NULL,                                      \
    "share of users with a kept annotation",                                   \
    "mean over j of [w_i > 0 for an annotation i of j]", "0 to 1", "nothing")  \
  X(LABEL_ACCURACY, "label_accuracy", NONE, NULL,                              \
    "weighted share of kept untied labels that name the better response",      \
    "sum over i of w_i [c_i is the better response] / sum over i of w_i, "     \
    "over untied labels of pairs with p other than 1/2",                       \
    "0 to 1", "p of each pair, and a kept untied label")                       \
  X(LABEL_CONSENSUS, "label_consensus", NONE, NULL,                            \
    "weighted share of kept untied labels that agree with the majority of "    \
    "the other users on the same pair",                                        \
    "sum over i of w_i [c_i = majority of the other untied labels of its "     \
    "pair] / sum over i of w_i, over untied labels with such a majority",      \
    "0 to 1; coin tosses: 0.5", "pairs that several users judged")             \
  X(CONSENSUS_CORRELATION, "consensus_correlation", NONE, NULL,                \
    "Pearson correlation over users of eta-hat and agreement with other "      \
    "users on the same pairs",                                                 \
    "correlation over j of eta-hat_j and the share of comparisons of j's "     \
    "untied labels with those of others on the same pair that agree",          \
    "-1 to 1; below 0: eta-hat is high where users disagree",                  \
    "pairs that several users judged")                                         \
  X(USERS_COMPARED, "users_compared", NONE, NULL,                              \
    "users with an untied label on a pair that another user has labelled",     \
    "number of such users", "0 to the number of users",                        \
    "pairs that several users judged")                                         \
  X(LABEL_AGREEMENT, "label_agreement", PER_JUDGE, NULL,                       \
    "weighted share of kept untied labels that agree with the judge",          \
    "sum over i of w_i [c_i = verdict on its pair] / sum over i of w_i, "      \
    "over untied labels with an untied verdict",                               \
    "0 to 1; coin tosses: 0.5", NEEDS_JUDGES)                                  \
  X(SPEARMAN_JUDGE, "spearman_judge", PER_JUDGE, NULL,                         \
    "rank correlation over users of eta-hat and agreement with the judge",     \
    "rank correlation over j of eta-hat_j and the share of the user's "        \
    "judged labels that agree, over users with at least "                      \
    "evaluation.min_annotations judged labels (users_judged)",                 \
    "-1 to 1", NEEDS_JUDGES ", and three such users")                          \
  X(USERS_JUDGED, "users_judged", PER_JUDGE, NULL,                             \
    "users with at least evaluation.min_annotations judged labels",            \
    "number of users whose judged labels, untied and with an untied verdict,"  \
    " are at least evaluation.min_annotations",                                \
    "0 to the number of users", NEEDS_JUDGES)                                  \
  X(HELD_OUT_LOG_LOSS, "held_out_log_loss", NONE, "nat",                       \
    "mean -log P(choice) of held-out annotations under the estimator",         \
    "mean over held-out i of -log P(c_i | fit), P at least 1e-300",            \
    "0 or more; coin tosses: 0.693",                                           \
    "held-out annotations (users.holdout) and an estimator that predicts")     \
  X(POLICY_LOG_LOSS, "policy_log_loss", NONE, "nat",                           \
    "mean -log P(choice) of held-out annotations under the implied reward, "   \
    "with eta-hat and the casual user's choice",                               \
    "mean over untied held-out i of -log(eta-hat_j sigma(z_i) + (1 - "         \
    "eta-hat_j) casual_i), with z_i = s(chosen) - s(rejected), s as in "       \
    "cosine, and eta-hat_j within 0 to 1",                                     \
    "0 or more; coin tosses: 0.693", NEEDS_HELD_OUT)                           \
  X(POLICY_ACCURACY, "policy_accuracy", NONE, NULL,                            \
    "share of held-out untied labels that agree with the implied reward",      \
    "mean over untied held-out i of [z_i > 0] + [z_i = 0] / 2, z_i as in "     \
    "policy_log_loss",                                                         \
    "0 to 1; coin tosses: 0.5", NEEDS_HELD_OUT)

#define EVALUATION_ENUM(id, name, dimension, unit, doc, formula, range, needs) \
  METRIC_##id,
typedef enum evaluation_metric {
  EVALUATION_METRICS(EVALUATION_ENUM) METRIC_COUNT
} evaluation_metric;
#undef EVALUATION_ENUM

/* What defines a metric beside its heed_output. */
typedef struct evaluation_definition {
  const char *formula, *range, *needs;
} evaluation_definition;
extern const evaluation_definition evaluation_definitions[METRIC_COUNT];

/* The symbols of the formulas, with their meaning; ended by NULL. */
typedef struct evaluation_symbol {
  const char *symbol, *meaning;
} evaluation_symbol;
extern const evaluation_symbol evaluation_symbols[];

/* METRIC_COUNT: no metric of evaluation has this name. */
evaluation_metric evaluation_named(const char *name);

#endif
