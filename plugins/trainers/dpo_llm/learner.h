/* SPDX-License-Identifier: GPL-3.0-or-later
 * Learns a language model from comparisons: AdamW steps on the loss of a few
 * pairs at a time.  It reads the prompt and the two responses of a pair once,
 * for any number of annotations (rows).
 *
 * The margin of a row is z = beta (log pi/pi_ref(preferred) - log pi/pi_ref
 * (other)); losses depend on nothing else (support/preference/loss.h).  A step
 * descends the sum over its rows of weight x loss, divided by the average sum
 * of weights per step: over an epoch, the weighted mean loss.
 *
 * Loss = joint is EM.  The E-step computes each user's mass over attentiveness
 * from the margins at the last reading of each pair: before the first epoch
 * from the estimator's probabilities, then once per epoch from the policy.  The
 * mass is constant within an epoch, and a row's loss is -log sum_k mass_k
 * (eta_k g + (1 - eta_k) c).
 *
 * Memory besides the model: a pass (support/llm/pass.h), and 16 bytes per
 * parameter: value, gradient, two moments. */
#ifndef HEED_DPO_LLM_LEARNER_H
#define HEED_DPO_LLM_LEARNER_H

#include "support/llm/adamw.h"
#include "support/llm/language_model.h"
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
  bool truncate; /* responses that do not fit in the model's context */
  size_t epochs;
  size_t batch;    /* pairs per step */
  size_t together; /* pairs per pass */
} dpo_llm_learner_options;

/* Per step; checkpoints keep this order. */
typedef struct dpo_llm_step {
  double weight;                 /* of its rows */
  double loss, margin, accuracy; /* weighted means over its rows */
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

  /* The pairs of the rows, each once, U of them, at most n. */
  size_t pairs;
  language_model_answer texts; /* A's and B's of each */
  void *row_memory;            /* of the arrays below */
  size_t *place;               /* (U): rows of world->pairs */
  size_t *pair_of;             /* (n): 0 ... U - 1 */
  size_t *first_row;           /* (U + 1), into row */
  size_t *row;                 /* (n): by pair */
  size_t *order;               /* (U): order of pairs in this epoch */
  heed_response *response;     /* (2 U): A's and B's of each */
  double *reference;           /* (2 U): log pi_ref */
  double *margin;              /* (n): at the last reading of their pairs */

  /* The trained object: one of the two, the other NULL. */
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

  llm_packed some;       /* of the texts, per pass */
  llm_limits limits;     /* limit of tokens */
  void *step_memory;     /* of the arrays below */
  double *found, *slope; /* (limits.tokens): of its log-probabilities */
  dpo_llm_step *history; /* (steps) */
} dpo_llm_learner;

/* Reads the rows' texts, scores them under the reference, and creates the
 * trained parameters.  Call learner_close() even on failure. */
heed_status learner_open(dpo_llm_learner *self, heed_error *error);
void learner_close(dpo_llm_learner *self);

/* Shuffles the pairs in each epoch, writes checkpoints from time to time, and
 * resumes an existing one.  HEED_CANCELLED leaves a checkpoint. */
heed_status learner_run(dpo_llm_learner *self, heed_error *error);

/* The margins of all rows under the current policy. */
heed_status learner_read_margins(dpo_llm_learner *self, heed_error *error);

/* ---- checkpoint.c ---- */

heed_status learner_save(const dpo_llm_learner *self, const char *path,
                         heed_error *error);
/* *found false: no checkpoint, or one of another training. */
heed_status learner_load(dpo_llm_learner *self, const char *path, bool *found,
                         heed_error *error);

#endif
