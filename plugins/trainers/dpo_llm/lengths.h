/* SPDX-License-Identifier: GPL-3.0-or-later
 * Pairs that are longer than the model's context.  Called by dpo_llm.c, before
 * it collects the comparisons. */
#ifndef HEED_DPO_LLM_LENGTHS_H
#define HEED_DPO_LLM_LENGTHS_H

#include "heed/trainer.h"
#include "support/llm/language_model.h"

typedef enum lengths_rule {
  LENGTHS_ERROR, /* an error names the first such pair */
  LENGTHS_SKIP,  /* do not train on such pairs */
  LENGTHS_CUT    /* truncate responses; skip a pair without room for them */
} lengths_rule;

/* Choices of the parameter, in the order of lengths_rule. */
extern const char *const lengths_rule_words[];

/* Both texts of a row of world->pairs, as responses to its prompt.
 * HEED_UNSUPPORTED if the world lacks a column. */
heed_status lengths_responses(const heed_world *world, size_t pair,
                              heed_response response[2], heed_error *error);

/* The prompts' texts; NULL with an error if the world has none. */
const char *const *lengths_prompts(const heed_world *world, heed_error *error);

/* Applies the rule to the pairs of annotations with a positive weight: sets
 * the weight of those not to train on to 0, and warns. */
heed_status lengths_check(const heed_host *host, const language_model *model,
                          const heed_crowd *crowd, lengths_rule rule,
                          heed_selection *selection, heed_error *error);

#endif
