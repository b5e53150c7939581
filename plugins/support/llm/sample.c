/* SPDX-License-Identifier: GPL-3.0-or-later
 * Samples a token: temperature, top-k, top-p. */
#include "support/llm/sample.h"

#include <math.h>
#include <stdbool.h>
#include <stdlib.h>

#include "support/llm/kernels.h"

heed_status llm_sampling_check(const llm_sampling *self, heed_error *error) {
  if (!(self->temperature >= 0) || !isfinite(self->temperature))
    return heed_fail(error, HEED_INVALID,
                     "temperature is %g, expected 0 or a positive number",
                     self->temperature);
  if (!(self->top_p > 0 && self->top_p <= 1))
    return heed_fail(error, HEED_INVALID,
                     "top_p is %g, expected more than 0 and at most 1",
                     self->top_p);
  return HEED_OK;
}

static int32_t likeliest(size_t vocabulary, const float *logits) {
  size_t best = 0;
  for (size_t v = 1; v < vocabulary; v++)
    if (logits[v] > logits[best]) best = v;
  return (int32_t)best;
}

/* More likely first. */
static bool before(const llm_candidate *a, const llm_candidate *b) {
  return a->weight > b->weight ||
         (a->weight >= b->weight && a->token < b->token);
}

static int in_order(const void *a, const void *b) {
  return before(b, a) - before(a, b);
}

/* Moves the `most` first of a list to its front (Hoare 1961, FIND). */
static void select_first(llm_candidate *list, size_t count, size_t most) {
  size_t low = 0, high = count - 1;
  while (low < high) {
    const llm_candidate middle = list[low + (high - low) / 2];
    size_t i = low, j = high;
    for (;;) {
      while (before(&list[i], &middle)) i++;
      while (before(&middle, &list[j])) j--;
      if (i >= j) break;
      {
        const llm_candidate held = list[i];
        list[i++] = list[j];
        list[j--] = held;
      }
    }
    /* Candidates differ: everything up to i - 1 precedes the middle. */
    if (most <= j)
      high = j;
    else
      low = j + 1;
  }
}

/* Candidates for the likeliest whose share is top_p: the rest together has less
 * than 1 - top_p of the weight. */
static size_t drop_unlikely(llm_candidate *list, size_t count, double top_p,
                            double total) {
  const double least = (1 - top_p) * total / (double)count;
  size_t kept = 0;
  for (size_t i = 0; i < count; i++)
    if ((double)list[i].weight >= least) list[kept++] = list[i];
  return kept;
}

static double weight_of(const llm_candidate *list, size_t count) {
  double sum = 0;
  for (size_t i = 0; i < count; i++) sum += (double)list[i].weight;
  return sum;
}

/* Sorts the list by likelihood and cuts it to top-k and top-p; returns the
 * number left and their weight. */
static size_t cut(const llm_sampling *self, llm_candidate *list, size_t count,
                  double *total) {
  size_t kept = 0;
  double sum = 0, enough;
  if (self->top_k > 0 && self->top_k < count) {
    select_first(list, count, self->top_k);
    count = self->top_k;
  }
  *total = weight_of(list, count);
  enough = self->top_p * *total;
  if (self->top_p < 1) count = drop_unlikely(list, count, self->top_p, *total);
  qsort(list, count, sizeof *list, in_order);
  if (self->top_p >= 1) return count;
  while (kept < count && sum < enough) sum += (double)list[kept++].weight;
  *total = sum;
  return kept;
}

/* Inverts the distribution function; the last one if rounding would exceed
 * it. */
static int32_t draw(const llm_candidate *list, size_t count, double total,
                    double uniform) {
  double left = uniform * total;
  for (size_t i = 0; i + 1 < count; i++) {
    left -= (double)list[i].weight;
    if (left < 0) return list[i].token;
  }
  return list[count - 1].token;
}

int32_t llm_sample(const llm_sampling *self, size_t vocabulary, float *logits,
                   heed_stream *stream, llm_candidate *room) {
  const llm_kernels *kernel = kernels_best();
  const int32_t best = likeliest(vocabulary, logits);
  const float most = logits[best];
  const float factor = (float)(1 / self->temperature);
  size_t count = vocabulary;
  double total;
  if (!isfinite(most)) return -1;
  if (self->temperature <= 0) return best;
  for (size_t v = 0; v < vocabulary; v++)
    logits[v] = (logits[v] - most) * factor;
  kernel->exponential(vocabulary, logits, logits);
  for (size_t v = 0; v < vocabulary; v++)
    room[v] = (llm_candidate){logits[v], (int32_t)v};
  total = weight_of(room, count);
  if (!isfinite(total)) return -1;
  if ((self->top_k > 0 && self->top_k < vocabulary) || self->top_p < 1)
    count = cut(self, room, vocabulary, &total);
  return draw(room, count, total, heed_uniform(stream));
}
