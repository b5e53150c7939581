/* SPDX-License-Identifier: GPL-3.0-or-later
 * The verdict on a log, from the tables that a result keeps: who is careless,
 * how many users attend, which model is best.  The statistics themselves are
 * plain functions, in careless.h and leaderboard.h.
 *
 * Callers: report, command. */
#ifndef HEED_VERDICT_VERDICT_H
#define HEED_VERDICT_VERDICT_H

#include "verdict/careless.h"
#include "verdict/leaderboard.h"
#include "view/summary.h"
#include "view/view.h"

/* What a user wants to know. */
typedef struct verdict_question {
  double threshold; /* a user is careless if eta is below it */
  double alpha;     /* expected share of false calls */
} verdict_question;

#define VERDICT_THRESHOLD 0.5
#define VERDICT_ALPHA 0.05

/* ---- users ---- */

typedef enum verdict_call {
  VERDICT_UNSURE = 0,
  VERDICT_CARELESS,
  VERDICT_TRUSTED
} verdict_call;

/* "unsure", "careless", "trusted" */
extern const char *const verdict_call_names[];

/* What P(eta < threshold) comes from. */
typedef enum verdict_basis {
  VERDICT_UNKNOWN = 0, /* the result has no uncertainty of users */
  VERDICT_NORMAL,      /* a normal distribution with the posterior's mean and
                          standard deviation */
  VERDICT_POSTERIOR    /* the posterior itself */
} verdict_basis;

/* "unknown", "normal", "posterior" */
extern const char *const verdict_basis_names[];

typedef struct verdict_users {
  heed_table *table; /* the kept table `users`; the owner's */
  size_t count;
  double *careless;   /* P(eta < threshold) of each; NaN: unknown */
  double *surely;     /* P(eta < doubted) of each */
  double doubted;     /* the threshold for calls: lower than that of the
                         question by the standard error of all users' level */
  verdict_call *call; /* of each */
  verdict_basis basis;
  bool identified; /* false: the fit says that the annotations do not
                      distinguish users; then nobody is called */
  size_t careless_count, trusted_count;
  double careless_error, trusted_error; /* expected share of false calls */
} verdict_users;

/* A fit may not know the scale of eta: it then states the standard error of the
 * users' mean eta (level_error).  This error is the same for all users of a
 * log, so it does not average out over them.  Users are called careless only if
 * they would be with eta higher by this error: P(eta < doubted) counts, with
 * doubted = threshold / (1 + level_error / mean of eta-hat).
 *
 * Of one cell; users->table stays NULL if it kept no users. */
heed_status verdict_judge(view_result *result, size_t cell,
                          const verdict_question *question,
                          verdict_users *users, heed_error *error);
void verdict_users_free(verdict_users *users);

/* The share of users who attend, judged in replicate 0 of a point.  Of a
 * bootstrapped log, the other replicates show the uncertainty of the fit. */
heed_status verdict_find_share(view_result *result, size_t point,
                               const verdict_question *question,
                               const verdict_users *users, verdict_share *share,
                               heed_error *error);

/* The share alone, in one cell; NaN: unknown. */
heed_status verdict_find_share_above(view_result *result, size_t cell,
                                     double threshold, double *share,
                                     heed_error *error);

/* Tenths of eta; the first and the last are open. */
enum { VERDICT_BINS = 10 };
typedef struct verdict_bin {
  size_t users;        /* with an eta-hat in it */
  verdict_share share; /* of users whose eta is in it; NaN: unknown */
} verdict_bin;

heed_status verdict_find_bins(view_result *result, size_t point,
                              const verdict_users *users,
                              verdict_bin bins[VERDICT_BINS],
                              heed_error *error);

/* ---- groups of users ---- */

typedef struct verdict_group {
  const char *word; /* the users'; "": unknown; NULL: a range of numbers */
  double low, high; /* least and greatest number; NaN: unknown, or words */
  size_t users;
  int64_t annotations;
  double eta;          /* mean eta-hat */
  verdict_share share; /* of its users who attend */
  size_t careless, trusted;
} verdict_group;

typedef struct verdict_groups {
  bool of_numbers;
  size_t count;
  verdict_group *groups; /* numbers ascend; of words, the most users first;
                            unknown is last */
  size_t *group_of;      /* of each user */
} verdict_groups;

/* Users by a covariate of their annotations: by their most frequent word, or by
 * the mean of their numbers, in at most `most` ranges with equally many users
 * as far as equal numbers allow.
 *
 * The interval of a group's share is that of careless_share().  Resampled logs
 * keep no posteriors: their users attend with the probability of a normal
 * distribution, and what this makes of the log itself is taken out.
 *
 * Of replicate 0 of a point.  HEED_INVALID: no such covariate; the message
 * names those that the result has.  Words belong to users->table. */
heed_status verdict_find_groups(view_result *result, size_t point,
                                const verdict_question *question,
                                const verdict_users *users,
                                const char *covariate, size_t most,
                                verdict_groups *groups, heed_error *error);
void verdict_groups_free(verdict_groups *groups);

/* Where sorted numbers are cut into ranges, at most `most` of them: range k is
 * numbers starts[k] … starts[k + 1] - 1.  Equal numbers are in one range; up to
 * `most` different numbers have a range each.  starts[most + 1]; returns the
 * number of ranges. */
size_t groups_cut(size_t count, const double *numbers, size_t most,
                  size_t *starts);

/* ---- models ---- */

typedef struct verdict_board {
  heed_table *table; /* the kept table `models`, of the log; NULL: none */
  size_t models;
  size_t replicates;                /* that the intervals rest on */
  verdict_standing *raw, *attended; /* of each model: as if everyone attended;
                                       by the fit, or NULL */
  size_t *order; /* models by rank: of the fit or, without one, raw */
} verdict_board;

/* Of a point of a log; 95 % intervals.  Raw standings are NULL in results of
 * earlier versions. */
heed_status verdict_find_board(view_result *result, size_t point,
                               verdict_board *board, heed_error *error);
void verdict_board_free(verdict_board *board);

const char *verdict_model(const verdict_board *board, size_t model);
int64_t verdict_model_annotations(const verdict_board *board, size_t model);

/* ---- metrics ---- */

/* A metric's value number `value` at a point, over its replicates.  NaN: the
 * result has none. */
view_estimate verdict_metric(const view_result *result, size_t point,
                             const char *name, size_t value);

/* Attention by the time of the day, UTC: parts of six hours from midnight. */
enum { VERDICT_PARTS = 4 };

/* False: the log has no dates, or all at one of these times. */
bool verdict_find_parts(const view_result *result, size_t point,
                        view_estimate parts[VERDICT_PARTS]);

/* Whether some interval lies above another.  Intervals of 95 % that do so by
 * chance are rarer than one log in twenty. */
bool verdict_parts_differ(const view_estimate parts[VERDICT_PARTS]);

/* The first value of a metric in one cell. */
double verdict_value(const view_result *result, size_t cell, const char *name);

/* Whether the fit of a cell is identified: it has no warning that it is not. */
bool verdict_is_identified(const view_result *result, size_t cell);

/* The points whose replicate 0 kept users or models, without those that share
 * the posterior of an earlier one.  points[plan->point_count]. */
size_t verdict_points(const view_result *result, size_t *points);

/* ---- predictive checks ---- */

typedef enum verdict_unit {
  VERDICT_NUMBER = 0,
  VERDICT_SHARE,    /* of annotations */
  VERDICT_VARIATION /* variance between users, in multiples of what chance
                       gives if all users are alike */
} verdict_unit;

/* What the log has, and what the fit expects of it with 95 % probability. */
typedef struct verdict_check {
  char name[LABEL_SIZE];
  verdict_unit unit;
  double seen, low, high;
  bool passes; /* low <= seen <= high */
} verdict_check;

/* Checks of the plan; 0: the sweep asks for none. */
size_t verdict_check_count(const view_result *result);

/* Check i in replicate 0 of a point.  False: it has no value. */
bool verdict_find_check(const view_result *result, size_t point, size_t i,
                        verdict_check *check);

/* "how often users choose the left answer" */
const char *verdict_check_words(const verdict_check *check);

/* Of a check that fails, without "than the fit expects": "users choose the
 * left answer more often". */
enum { VERDICT_FINDING_SIZE = LABEL_SIZE + 64 };
void verdict_check_finding(const verdict_check *check,
                           char text[VERDICT_FINDING_SIZE]);

/* ---- all of it ---- */

typedef struct verdict_log {
  bool known; /* the result has users or models of a log at this point */
  size_t point;
  size_t others; /* further points with posteriors of their own */
  verdict_question question;
  verdict_users users;
  verdict_share share;
  verdict_board board;
} verdict_log;

/* At the point of a cell or, with SIZE_MAX, at the first that has tables. */
heed_status verdict_open(view_result *result, size_t cell,
                         const verdict_question *question, verdict_log *log,
                         heed_error *error);
void verdict_close(verdict_log *log);

#endif
