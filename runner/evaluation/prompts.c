/* SPDX-License-Identifier: GPL-3.0-or-later
 * The part of the evaluation that depends only on the world: the candidates of
 * held-out prompts, their rewards, and how often each beats the reference.
 * Made once per world.
 */
#include "evaluation/evaluation.h"
#include "host/vector.h"

void evaluation_candidates(size_t first, size_t prompts, size_t wide,
                           heed_response *all) {
  for (size_t i = 0; i < prompts; i++)
    for (size_t y = 0; y < wide; y++)
      all[i * wide + y] =
          (heed_response){.prompt = first + i, .candidate = (int64_t)y};
}

/* Rewards must be finite, and the reference must give every candidate a
 * probability above 0: else the KL of a policy is undefined. */
static heed_status check_known(const evaluation_prompts *self, size_t prompt,
                               const heed_vector *vector, heed_error *error) {
  const size_t wide = self->candidates, position = prompt * wide;
  const double *reward = self->reward + position;
  const double *reference = self->reference + position;
  const double sum = vector->sum(wide, self->weight + position);
  for (size_t y = 0; y < wide; y++)
    if (!isfinite(reward[y]) || !isfinite(reference[y]))
      return heed_fail(error, HEED_NUMERIC,
                       "invalid output: candidate %zu of prompt %zu has "
                       "reward %g and log-probability %g under the reference, "
                       "expected finite numbers",
                       y, self->first + prompt, reward[y], reference[y]);
  if (fabs(sum - 1) < 1e-6) return HEED_OK;
  return heed_fail(error, HEED_NUMERIC,
                   "invalid output: the reference's probabilities over "
                   "the candidates of prompt %zu sum to %g, expected 1",
                   self->first + prompt, sum);
}

/* The rewards of one prompt, centred under the reference. */
static void know_centred(evaluation_prompts *self, size_t prompt,
                         const heed_vector *vector) {
  const size_t wide = self->candidates, position = prompt * wide;
  const double *weight = self->weight + position;
  double *centred = self->centred + position;
  const double mean = vector->dot(wide, weight, self->reward + position);
  for (size_t y = 0; y < wide; y++)
    centred[y] = self->reward[position + y] - mean;
  self->reward_mean += mean / (double)self->count;
  self->reward_spread += vector->weighted_dot(wide, weight, centred, centred);
}

static evaluation_prompts *know_nothing(heed_memory *memory, size_t count,
                                        size_t wide) {
  evaluation_prompts *made = heed_allocate(memory, 1, sizeof *made);
  double *reward = heed_allocate_doubles(memory, count * wide);
  double *reference = heed_allocate_doubles(memory, count * wide);
  double *weight = heed_allocate_doubles(memory, count * wide);
  double *win = heed_allocate_doubles(memory, count * wide);
  double *centred = heed_allocate_doubles(memory, count * wide);
  if (memory->refused) return NULL;
  *made = (evaluation_prompts){.count = count,
                               .candidates = wide,
                               .reward = reward,
                               .reference = reference,
                               .weight = weight,
                               .win = win,
                               .centred = centred};
  return made;
}

/* Asks the source about one prompt's candidates. */
static heed_status ask(const heed_instance *source, const heed_world *world,
                       host_service *host, const evaluation_prompts *self,
                       size_t prompt, heed_response *all, heed_error *error) {
  const heed_source_functions *functions = source->plugin->functions;
  const size_t wide = self->candidates;
  evaluation_candidates(self->first + prompt, 1, wide, all);
  heed_status status =
      functions->judge(source->self, &host->host, world, wide, all,
                       self->reward + prompt * wide, error);
  if (status == HEED_OK)
    status = functions->reference(source->self, &host->host, world, wide, all,
                                  self->reference + prompt * wide, error);
  service_settle(host);
  return status;
}

heed_status prompts_know(const heed_instance *source, const heed_world *world,
                         host_service *host, const evaluation_prompts **result,
                         heed_error *error) {
  const heed_source_functions *functions = source->plugin->functions;
  const heed_vector *vector = vector_best();
  const size_t count = world->held_out, wide = world->candidates;
  heed_memory memory = {&host->host, false};
  heed_status status = HEED_OK;
  *result = NULL;
  if (functions->judge == NULL || functions->reference == NULL || count == 0)
    return HEED_OK;
  if (wide == 0) return texts_know(source, world, host, result, error);
  evaluation_prompts *self = know_nothing(&memory, count, wide);
  heed_response *all = heed_scratch(&memory, wide, sizeof *all);
  if (memory.refused) return heed_no_memory(error);
  self->first = world->prompts->rows - count;
  for (size_t i = 0; status == HEED_OK && i < count; i++) {
    status = ask(source, world, host, self, i, all, error);
    vector->exp(wide, self->reference + i * wide, self->weight + i * wide);
    if (status == HEED_OK) status = check_known(self, i, vector, error);
    if (status != HEED_OK) break;
    /* win[y] = sum over y' of pi_ref(y') sigmoid(r(y) - r(y')) */
    vector->wins(wide, self->reward + i * wide, 1, self->weight + i * wide,
                 self->win + i * wide);
    know_centred(self, i, vector);
  }
  if (status == HEED_OK) *result = self;
  return status;
}
