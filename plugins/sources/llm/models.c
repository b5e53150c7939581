/* SPDX-License-Identifier: GPL-3.0-or-later
 * Open language models. */
#include "sources/llm/models.h"

#include <string.h>

bool models_are_one(const char *path, const char *adapter,
                    const char *other_path, const char *other_adapter) {
  if (strcmp(path, other_path) != 0) return false;
  if (adapter == NULL || other_adapter == NULL) return adapter == other_adapter;
  return strcmp(adapter, other_adapter) == 0;
}

/* Index among the open models, or their number. */
static size_t place_of(const llm_source_models *self, const char *path,
                       const char *adapter) {
  size_t i = 0;
  while (
      i < self->count &&
      !models_are_one(self->open[i].path, self->open[i].adapter, path, adapter))
    i++;
  return i;
}

heed_status models_take(llm_source_models *self, const heed_host *host,
                        const language_model_options *options,
                        language_model *view, heed_error *error) {
  const size_t position = place_of(self, options->path, options->adapter);
  language_model_options wanted = *options;
  wanted.chat = self->chat;
  if (position == self->count) {
    language_model *opened = NULL;
    heed_status status;
    if (position == MODELS_MOST)
      return heed_fail(error, HEED_INTERNAL,
                       "too many models, expected at most %d", MODELS_MOST);
    status = language_model_open(&wanted, host, &opened, error);
    if (status != HEED_OK) return status;
    self->open[self->count++] =
        (llm_source_model){options->path, options->adapter, opened};
  }
  *view = *self->open[position].model;
  view->system = options->system;
  view->context = options->context;
  return HEED_OK;
}

void models_drop(llm_source_models *self, const char *path,
                 const char *adapter) {
  const size_t position = place_of(self, path, adapter);
  if (position == self->count) return;
  language_model_close(self->open[position].model);
  self->open[position] = self->open[--self->count];
}

void models_close(llm_source_models *self) {
  for (size_t i = 0; i < self->count; i++)
    language_model_close(self->open[i].model);
  self->count = 0;
}
