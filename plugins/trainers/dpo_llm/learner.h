/* SPDX-License-Identifier: GPL-3.0-or-later
 * How a language model learns from comparisons: steps of AdamW on the loss of a
 * few pairs at a time.  However many annotations (rows) a pair has, its two
 * responses are read once, and so is the prompt before them.
 *
 * The margin of a row is z = beta (log pi/pi_ref(preferred) - log pi/pi_ref
 * (other)); losses see nothing else (support/preference/loss.h).  What a step
 * descends is the sum over its rows of weight x loss, by what the weights of a
 * step's rows sum to on average: over an epoch, the mean loss by weight.
 *
 * Loss = joint is EM.  The E-step gives each user's mass over attentiveness,
 * from the margins as they were when each pair was last read: before the first
 * epoch from what the estimator believed of each pair, then once an epoch from
 * the policy.  Within an epoch the mass stands still, and a row's loss is
 * -log sum_k mass_k (eta_k g + (1 - eta_k) c).
 *
 * Memory beside the model: that of a pass (support/llm/pass.h), and 16 bytes a
 * parameter: itself, its gradient, two moments. */
#ifndef HEED_DPO_LLM_LEARNER_H
#define HEED_DPO_LLM_LEARNER_H

#include "support/llm/adamw.h"
#include "support/llm/packed.h"
#include "support/preference/comparisons.h"
#include "support/preference/joint_fit.h"
#include "support/preference/policy_fit.h"

typedef struct dpo_llm_learner_options {
  llm_training training;
  bool checkpoints; /* of activations */
  llm_adapter_shape adapter;
  llm_adamw_options optimiser;
  double beta;
  size_t epochs;
  size_t batch;    /* pairs of a step */
  size_t together; /* pairs of a pass */
} dpo_llm_learner_options;

/* Of each step; kept in this order in checkpoints. */
typedef struct dpo_llm_step {
  double weight;                 /* of its rows */
  double loss, margin, accuracy; /* means over its rows, by weight */
  double seconds;
  double tokens;
} dpo_llm_step;

typedef struct dpo_llm_learner {
  const heed_host *host;
  const dpo_llm_learner_options *options;
  const language_model *model; /* the reference */
  const heed_world *world;
  const crowd_comparisons *rows; /* n */
  policy_fit *fit;
  joint_problem problem; /* loss = joint */

  /* The pairs that rows are about, each once, U of them, at most n. */
  size_t pairs;
  language_model_answer texts; /* A's and B's of each */
  void *row_memory;            /* of the arrays below */
  size_t *place;               /* (U): rows of world->pairs */
  size_t *pair_of;             /* (n): 0 ... U - 1 */
  size_t *first_row;           /* (U + 1), into row */
  size_t *row;                 /* (n): by pair */
  size_t *order;               /* (U): pairs, of this epoch */
  heed_response *response;     /* (2 U): A's and B's of each */
  double *reference;           /* (2 U): log pi_ref */
  double *margin;              /* (n): when their pairs were last read */

  /* What is trained: one of the two, else NULL. */
  llm_adapter *adapter;
  llm_model *weights;
  float *parameters, *gradient; /* (count) */
  size_t count;
  llm_adamw_stretch *stretch;
  llm_adamw *optimiser;
  llm_crew *workers;
  llm_pass *pass;

  double step_weight;       /* of a step's rows, on average */
  size_t steps, steps_done; /* of all epochs */

  llm_packed some;       /* of the texts: what a pass reads, */
  llm_limits limits;     /* at most so many tokens */
  void *step_memory;     /* of the arrays below */
  double *found, *slope; /* (limits.tokens): of its log-probabilities */
  dpo_llm_step *history; /* (steps) */
} dpo_llm_learner;

/* Reads the rows' texts, scores them under the reference, and makes what is
 * trained.  Call learner_close() whatever is returned. */
heed_status learner_open(dpo_llm_learner *self, heed_error *error);
void learner_close(dpo_llm_learner *self);

/* Pairs are dealt anew for each epoch; a checkpoint is written now and then,
 * and one that is there is gone on from.  HEED_CANCELLED leaves one. */
heed_status learner_run(dpo_llm_learner *self, heed_error *error);

/* The margins of all rows as the policy now has them. */
heed_status learner_read_margins(dpo_llm_learner *self, heed_error *error);

/* ---- checkpoint.c ---- */

heed_status learner_save(const dpo_llm_learner *self, const char *path,
                         heed_error *error);
/* *found false: there is none, or one of another training. */
heed_status learner_load(dpo_llm_learner *self, const char *path, bool *found,
                         heed_error *error);

#endif
