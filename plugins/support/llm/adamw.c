/* SPDX-License-Identifier: GPL-3.0-or-later
 * AdamW. */
#include "support/llm/adamw.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "support/llm/carving.h"
#include "support/llm/kernels.h"
#include "support/llm/model.h"

/* Members with a slot for their share of a norm. */
#define MOST_MEMBERS 64

static void place(void *object, carving_block *block) {
  llm_adamw *self = object;
  self->m = carve_floats(block, self->count, 1);
  self->v = carve_floats(block, self->count, 1);
  self->stretch = carve(block, self->stretches, sizeof *self->stretch);
}

heed_status adamw_open(size_t count, const llm_adamw_options *options,
                       const llm_adamw_stretch *stretch, size_t stretches,
                       llm_crew *workers, llm_adamw **opened,
                       heed_error *error) {
  const llm_adamw_stretch whole = {0, count, true};
  llm_adamw *self;
  *opened = NULL;
  if (stretch == NULL) {
    stretch = &whole;
    stretches = 1;
  }
  if (!(options->rate >= 0) || !(options->first >= 0 && options->first < 1) ||
      !(options->second >= 0 && options->second < 1) ||
      !(options->epsilon > 0) || !(options->decay >= 0) ||
      !(options->most_norm >= 0))
    return heed_fail(
        error, HEED_INVALID,
        "AdamW with rate %g, moments %g and %g, epsilon %g, decay %g, norm %g: "
        "expected none below 0, moments below 1, epsilon above 0",
        options->rate, options->first, options->second, options->epsilon,
        options->decay, options->most_norm);
  self = calloc(1, sizeof *self);
  if (self == NULL) return heed_no_memory(error);
  self->options = *options;
  self->count = count;
  self->stretches = stretches;
  self->workers = workers;
  self->memory = carving_open(place, self);
  if (self->memory == NULL) {
    adamw_close(self);
    return heed_no_memory(error);
  }
  memcpy(self->stretch, stretch, stretches * sizeof *stretch);
  *opened = self;
  return HEED_OK;
}

void adamw_close(llm_adamw *self) {
  if (self == NULL) return;
  free(self->memory);
  free(self);
}

/* Tensors and weights are in different orders: sorted by offset. */
static int by_first(const void *a, const void *b) {
  const llm_adamw_stretch *left = a, *right = b;
  return (left->first > right->first) - (left->first < right->first);
}

llm_adamw_stretch *adamw_stretches_of(const llm_model *model, size_t *count) {
  const size_t tensors = llm_tensor_count(&model->shape);
  llm_adamw_stretch *stretch = calloc(tensors, sizeof *stretch);
  *count = tensors;
  if (stretch == NULL) return NULL;
  for (size_t i = 0; i < tensors; i++) {
    const llm_tensor tensor = llm_tensor_at(&model->shape, &model->layout, i);
    stretch[i] = (llm_adamw_stretch){
        tensor.offset, tensor.width * (tensor.rows > 0 ? tensor.rows : 1),
        tensor.rows > 0};
  }
  qsort(stretch, tensors, sizeof *stretch, by_first);
  return stretch;
}

double adamw_rate(const llm_adamw *self) {
  const uint64_t step = self->steps + 1;
  return step < self->options.warm_up
             ? self->options.rate * (double)step / (double)self->options.warm_up
             : self->options.rate;
}

typedef struct step_work {
  llm_adamw *self;
  const float *gradient;
  float *parameters;
  llm_adamw_factors factors;
  const llm_kernels *kernel;
  double square[MOST_MEMBERS]; /* by member */
} step_work;

static void norm_work(void *context, size_t index, size_t count) {
  step_work *work = context;
  const llm_crew_part part = crew_share(work->self->count, 1024, index, count);
  const float *source = work->gradient + part.first;
  const double square =
      work->kernel->dot(part.end - part.first, source, source);
  work->square[index] = square;
}

static void update_work(void *context, size_t index, size_t count) {
  step_work *work = context;
  llm_adamw *self = work->self;
  const llm_crew_part mine = crew_share(self->count, 1024, index, count);
  for (size_t i = 0; i < self->stretches; i++) {
    const llm_adamw_stretch *stretch = &self->stretch[i];
    const size_t first =
        stretch->first > mine.first ? stretch->first : mine.first;
    const size_t end = stretch->first + stretch->count < mine.end
                           ? stretch->first + stretch->count
                           : mine.end;
    llm_adamw_factors factors = work->factors;
    if (first >= end) continue;
    if (!stretch->decays) factors.keep = 1;
    work->kernel->adamw(end - first, &factors, work->gradient + first,
                        self->m + first, self->v + first,
                        work->parameters + first);
  }
}

static llm_adamw_factors factors_of(const llm_adamw *self, double scale,
                                    double norm) {
  const llm_adamw_options *options = &self->options;
  const double step = (double)(self->steps + 1), rate = adamw_rate(self);
  const double most = options->most_norm;
  const llm_adamw_factors factors = {
      .scale = (float)(most > 0 && norm > most ? scale * most / norm : scale),
      .first = (float)options->first,
      .second = (float)options->second,
      .rate = (float)(rate / (1 - pow(options->first, step))),
      .second_inverse = (float)(1 / (1 - pow(options->second, step))),
      .epsilon = (float)options->epsilon,
      .keep = (float)(1 - rate * options->decay)};
  return factors;
}

heed_status adamw_step(llm_adamw *self, double scale, const float *gradient,
                       float *parameters, double *norm, heed_error *error) {
  step_work work = {.self = self,
                    .gradient = gradient,
                    .parameters = parameters,
                    .kernel = kernels_best()};
  double square = 0, size;
  if (crew_members(self->workers) > MOST_MEMBERS)
    return heed_fail(error, HEED_INTERNAL,
                     "too many threads for AdamW, expected at most %d",
                     MOST_MEMBERS);
  crew_run(self->workers, norm_work, &work);
  for (size_t i = 0; i < MOST_MEMBERS; i++) square += work.square[i];
  size = fabs(scale) * sqrt(square);
  if (norm != NULL) *norm = size;
  if (!isfinite(size))
    return heed_fail(error, HEED_NUMERIC,
                     "the gradient of step %llu is NaN or infinite",
                     (unsigned long long)self->steps + 1);
  work.factors = factors_of(self, scale, size);
  crew_run(self->workers, update_work, &work);
  self->steps++;
  return HEED_OK;
}
