/* SPDX-License-Identifier: GPL-3.0-or-later
 * Metadata of model files that changes what a model computes.
 *
 * heed computes the plain Llama model.  A key that asks for another computation
 * is refused; an unknown key is reported, because it may ask for one. */
#ifndef HEED_SUPPORT_LLM_METADATA_H
#define HEED_SUPPORT_LLM_METADATA_H

#include "heed/host.h"
#include "support/llm/gguf.h"
#include "support/llm/model.h"

/* Refuses the metadata of a model that is not plain. */
heed_status metadata_check(const gguf_file *file, const llm_shape *shape,
                           heed_error *error);

/* Warns of a missing rule for splitting text, and of unknown keys. */
void metadata_warn(const gguf_file *file, const heed_host *host);

#endif
