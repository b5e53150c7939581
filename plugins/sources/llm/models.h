/* SPDX-License-Identifier: GPL-3.0-or-later
 * The language models of an instance: opened on first use, and shared by all
 * users of the same file and adapter. */
#ifndef HEED_SOURCES_LLM_MODELS_H
#define HEED_SOURCES_LLM_MODELS_H

#include "support/llm/language_model.h"

/* A, B, and two judges. */
#define MODELS_MOST 4

typedef struct llm_source_model {
  const char *path, *adapter; /* adapter: NULL for none */
  language_model *model;
} llm_source_model;

typedef struct llm_source_models {
  bool chat;
  size_t count;
  llm_source_model open[MODELS_MOST];
} llm_source_models;

/* *view reads prompts under these options (chat: as in `self`); do not close
 * it; it ends with the model. */
heed_status models_take(llm_source_models *self, const heed_host *host,
                        const language_model_options *options,
                        language_model *view, heed_error *error);

/* Closes a model; no-op if it is not open. */
void models_drop(llm_source_models *self, const char *path,
                 const char *adapter);
void models_close(llm_source_models *self);

bool models_are_one(const char *path, const char *adapter,
                    const char *other_path, const char *other_adapter);

#endif
