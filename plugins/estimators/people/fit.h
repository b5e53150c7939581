/* SPDX-License-Identifier: GPL-3.0-or-later
 * The state of a fit of people, shared by its files.
 *
 *   response.c    the table of P(choice | user node, pair node)
 *   hyper.c       priors of users and pairs, and the refit of their parameters
 *   effects.c     strengths of models, of which x of a pair is an effect
 *   parts.c       parts of a pass, for threads
 *   pairs.c       beliefs q of pairs, given the messages of users
 *   mean_field.c  stage 1: beliefs r of users given q, and their messages
 *   propagate.c   stage 2: belief propagation
 *   course.c      a stage until it converges
 *   fill.c        the posterior
 *
 * Messages to a pair are logarithms, summed in `support`.  The two stages
 * differ only in these messages. */
#ifndef HEED_PEOPLE_FIT_H
#define HEED_PEOPLE_FIT_H

#include "estimators/people/nodes.h"
#include "heed/estimator.h"
#include "heed/vector.h"
#include "support/crowd/annotations.h"
#include "support/crowd/strengths.h"

/* The most parts into which work is divided, for any number of threads. */
enum { PEOPLE_PARTS = 16 };
/* Users of one matrix product. */
enum { PEOPLE_BLOCK = 64 };

/* Bounds of the fitted parameters.  Pair nodes are 0.5 apart. */
#define PEOPLE_LEAST_SD 0.02
#define PEOPLE_MOST_SD 20
#define PEOPLE_LEAST_TAU 0.3

/* The fitted parameters of the priors. */
typedef struct people_hyper {
  double mean[PEOPLE_TRAITS], sd[PEOPLE_TRAITS];
  double share;       /* P(x > 0), without models; not fitted */
  double tau;         /* sd of a pair's own effect */
  double strength_sd; /* of the models' strengths */
} people_hyper;

/* Models: x_i ~ N(s_a - s_b, tau^2), s ~ N(0, strength_sd^2). */
typedef struct people_effects {
  size_t models;           /* 0: none */
  const int32_t *a, *b;    /* (I) */
  double *s;               /* (models) */
  double *s_variance;      /* (models) */
  double *variance;        /* (I): of s_a - s_b */
  double *center, *spread; /* (I): mean and variance of s_a - s_b given all but
                              the pair's own annotations */
  bool integrates;         /* the pairs' priors use center and spread */
  double *slope, *inform;  /* (I): derivative and information of the pair's
                              log evidence by s_a - s_b */
  double evidence;         /* sum of the log evidence over pairs */
  double log_det;          /* of the information on the strengths */
  size_t moves;            /* how often the strengths were maximised */
  double *value;           /* (PEOPLE_PARTS) */
  crowd_strengths sums;
} people_effects;

/* Sums over a part of the pairs or of the users; added part by part. */
typedef struct people_sums {
  double log_z;    /* of log normalisers */
  double expected; /* of E_q of the users' messages, over pairs */
  double squares;  /* of x around the pair's mean (equation (3) of hyper.c) */
  double count;    /* of pairs or users with annotations */
  double loss, loss_squares; /* users: of log z_n - log P(coin) and squares */
  double log_messages;       /* users: of log z_n */
  double *mass;              /* (K) or (M): sum of q, or of r */
} people_sums;

typedef struct people_fit {
  const heed_host *host;
  const heed_vector *vector;
  size_t threads;
  const crowd_annotations *annotations;
  people_kind kind;
  people_nodes nodes;
  people_hyper hyper;
  people_effects effects;
  const double *gold; /* (I): P(A's is better) of gold pairs, NaN; or NULL */
  double gold_error;

  double *table, *log_table; /* (codes K, M) */
  double *user_prior;        /* (M): log pi */
  double *pair_prior;        /* (K): log prior without models */
  double *weight;            /* (K / 2): of easiness, ascending */

  double *support;  /* (I, K): sum of the log messages to a pair */
  double *q;        /* (I, K): beliefs of pairs */
  double *said;     /* (J codes, K): mean-field messages to pairs */
  uint64_t *active; /* (J, words): user nodes of stage 2; or NULL: all */
  size_t words;
  double *message; /* (N, K): stage 2's messages to pairs; or NULL */

  double coin[3]; /* log P(A), P(B), P(tie) of a user who tosses a coin */

  double *room; /* (PEOPLE_PARTS, room_each): free for each part of a pass */
  size_t room_each;
  people_sums of_pairs, of_users; /* of the last pass */
  people_sums part[PEOPLE_PARTS];
} people_fit;

/* What people_open() is asked for. */
typedef struct people_request {
  people_form form;
  people_kind kind;
  bool habit;
  double gold_error;
} people_request;

/* Everything but effects.  Memory from host->scratch(), except q, `said` and
 * table, which outlive the call. */
heed_status people_open(const heed_host *host, const heed_crowd *crowd,
                        const crowd_annotations *annotations,
                        const people_request *request, people_fit *self,
                        heed_error *error);
/* Even after a failure. */
void people_close(people_fit *self);

static inline size_t people_table_rows(const people_fit *self) {
  return self->annotations->codes * self->nodes.pairs;
}

/* ---- parts.c ---- */

/* Parts of `total` users or pairs. */
size_t people_parts(size_t total);

/* The sums of the parts, in their order; mass has `count` values. */
void people_add_parts(people_fit *self, size_t parts, size_t count,
                      people_sums *total);

/* ---- pairs.c ---- */

/* support += what is known of gold pairs: log P(gold | x). */
void people_add_gold(const people_fit *self, size_t pair, double *support);

/* The log prior of a pair into row[K]. */
void people_prior_of_pair(const people_fit *self, size_t pair, double *row);

/* Computes q and of_pairs from support; with models, moves the strengths
 * first. */
void people_believe_pairs(people_fit *self);

/* ---- effects.c ---- */

/* HEED_OK without models if the world has none. */
heed_status people_effects_open(people_fit *self, const heed_crowd *crowd,
                                heed_error *error);

/* Maximises the evidence of the pairs, given their support, by the strengths;
 * then their variances. */
void people_move_strengths(people_fit *self);

/* ---- hyper.c ---- */

/* Sets where the fit starts. */
void people_hyper_open(people_fit *self);

/* Computes the priors at the current parameters. */
void people_set_priors(people_fit *self);

/* log-prior of the parameters themselves: pseudo-users and pseudo-pairs.  With
 * models, also Laplace's approximation of the integral over their strengths:
 * the log-prior of the strengths and - log_det / 2. */
double people_log_hyperprior(const people_fit *self);

/* Refits the parameters to the sums of the last passes.  Returns the largest
 * change, relative to 1 or to the value. */
double people_refit(people_fit *self);

/* ---- course.c ---- */

/* A pass at the current parameters; returns the objective. */
typedef double people_step(people_fit *self);

typedef struct people_course {
  double tolerance;    /* relative gain that counts as none */
  uint64_t most_steps; /* up to three more end a cycle of SQUAREM */
  bool settles;        /* converges only when the parameters are still, too */

  /* Set by people_run(); zero before. */
  uint64_t steps;
  bool converged;
  double objective;
} people_course;

/* Passes and refits until the objective and, with `settles`, the parameters no
 * longer move.  series: records the objective under that name. */
heed_status people_run(people_fit *self, people_step *pass, const char *series,
                       people_course *course, heed_error *error);

/* ---- mean_field.c ---- */

/* Sets the messages of users who have the prior's distribution. */
void people_start(people_fit *self);

/* Computes messages to pairs and q, then r and messages of users.  Returns the
 * bound on the log evidence after both. */
double people_mean_field_step(people_fit *self);

/* Stage 1. */
heed_status people_mean_field(people_fit *self, people_course *course,
                              heed_error *error);

/* ---- propagate.c ---- */

/* Some annotations of one user in a sweep. */
typedef struct people_seen {
  size_t user;
  size_t first, count;   /* by user: none if the user has none */
  size_t nodes;          /* user nodes of the user, M' */
  const uint32_t *node;  /* (M'): in 0 ... M - 1 */
  const double *table;   /* (C K, M') */
  const double *r;       /* (M') belief of the user */
  const double *cavity;  /* (count, K): beliefs of the pairs without the
                            annotation */
  const double *without; /* (count, M'): belief of the user without it */
} people_seen;

/* Called on any thread; once for each chunk of a user's annotations. */
typedef void people_see(void *context, size_t part, const people_seen *seen);

/* Multiplications of a product in a sweep: pair nodes times the user's nodes,
 * for each annotation. */
double people_sweep_work(const people_fit *self);

/* Takes the messages of the last mean-field step. */
heed_status people_propagate_open(people_fit *self, heed_error *error);

/* One sweep: pairs, then users; returns Bethe's log evidence, with log-priors
 * of the parameters.  see: or NULL. */
double people_sweep(people_fit *self, people_see *see, void *context);

/* Stage 2 without its last sweep, which the caller makes. */
heed_status people_propagate(people_fit *self, people_course *course,
                             heed_error *error);

#endif
