/* SPDX-License-Identifier: GPL-3.0-or-later
 * Types and functions shared by the files of the source llm. */
#ifndef HEED_SOURCES_LLM_SOURCE_H
#define HEED_SOURCES_LLM_SOURCE_H

#include "heed/source.h"
#include "sources/llm/judge.h"
#include "sources/llm/models.h"

/* A version of a language model. */
typedef struct llm_source_version {
  language_model_options reads; /* chat is that of `models` */
  llm_sampling sampling;
} llm_source_version;

/* An instance: its settings and what it has opened. */
typedef struct llm_source {
  const char *prompts;
  llm_source_version version[2]; /* A, B */
  size_t max_tokens, together, held_out;
  size_t pairs;              /* 0: one per prompt */
  llm_source_judge judge[2]; /* the second may be JUDGE_NONE */
  double mu;                 /* NaN: not given */
  double tau; /* of the first judge; NaN: fitted to mu, or the spread */
  llm_source_models open;
} llm_source;

/* heed_world.state: the divisor of score differences, per judge. */
typedef struct llm_source_rewards {
  double tau[2];
} llm_source_rewards;

/* The source's outputs, in their order. */
enum {
  OUT_TAU,
  OUT_SECOND_TAU,
  OUT_BETTER,
  OUT_SECOND_MU,
  OUT_AGREE,
  OUT_CUT_A,
  OUT_CUT_B,
  OUT_TOKENS,
  OUT_COUNT
};

/* Reads, draws and scores: all of a world except rewards. */
heed_status making_make(llm_source *self, const heed_host *host,
                        heed_world *world, heed_error *error);

/* world->state from the scores in world->pairs. */
heed_status rewards_find(const llm_source *self, const heed_host *host,
                         heed_world *world, heed_error *error);

/* Then the columns p, reward_a and reward_b, world->mu, and their outputs. */
heed_status rewards_put(const llm_source *self, const heed_host *host,
                        heed_world *world, heed_error *error);

#endif
