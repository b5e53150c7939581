/* SPDX-License-Identifier: GPL-3.0-or-later
 * The language models of an instance: opened when they are first asked for,
 * and shared by all who name the same file and adapter. */
#ifndef HEED_SOURCES_LLM_MODELS_H
#define HEED_SOURCES_LLM_MODELS_H

#include "support/llm/language_model.h"

/* A, B, and two judges. */
#define MODELS_MOST 4

typedef struct model_in_use {
  const char *path, *adapter; /* adapter: NULL for none */
  language_model *model;
} model_in_use;

typedef struct models {
  bool chat;
  size_t count;
  model_in_use open[MODELS_MOST];
} models;

/* *view reads prompts as these options say (chat: as `self` does); it is not
 * to be closed, and ends with the model. */
heed_status models_take(models *self, const language_model_options *options,
                        language_model *view, heed_error *error);

/* Closes a model; one that is not open is fine. */
void models_drop(models *self, const char *path, const char *adapter);
void models_close(models *self);

bool models_are_one(const char *path, const char *adapter,
                    const char *other_path, const char *other_adapter);

#endif
