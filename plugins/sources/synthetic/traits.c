/* SPDX-License-Identifier: GPL-3.0-or-later
 * Computes traits of pairs. */
#include "sources/synthetic/traits.h"

#include <gsl/gsl_cdf.h>
#include <gsl/gsl_sort.h>
#include <math.h>

typedef struct traits_places {
  const int64_t *prompt, *a, *b;
} traits_places;

static double dot(size_t count, const double *a, const double *b) {
  double sum = 0.0;
  for (size_t i = 0; i < count; i++) sum += a[i] * b[i];
  return sum;
}

static void take_away(size_t count, const double *unit, double *source) {
  const double shared = dot(count, unit, source);
  for (size_t i = 0; i < count; i++) source[i] -= shared * unit[i];
}

/* cosine w + sine x, x uniform on the sphere across w and v. */
static double *draw_direction(const synthetic_traits *self, heed_memory *memory,
                              const char *purpose, double cosine) {
  const size_t d = self->features;
  double *made = heed_scratch_doubles(memory, d);
  heed_stream stream = self->host->stream(self->host, purpose, 0);
  if (made == NULL) return NULL;
  for (size_t i = 0; i < d; i++) made[i] = heed_normal(&stream);
  take_away(d, self->reward_direction, made);
  take_away(d, self->aside, made);
  const double length = sqrt(dot(d, made, made));
  const double sine = sqrt(1.0 - cosine * cosine);
  for (size_t i = 0; i < d; i++)
    made[i] = cosine * self->reward_direction[i] + sine * made[i] / length;
  return made;
}

static const double *phi_at(const synthetic_traits *self, int64_t prompt,
                            int64_t candidate) {
  return self->phi + ((size_t)prompt * self->candidates + (size_t)candidate) *
                         self->features;
}

static double sigmoid(double x) {
  return x >= 0 ? 1.0 / (1.0 + exp(-x)) : exp(x) / (1.0 + exp(x));
}

static heed_status fill_minority(const synthetic_traits *self,
                                 const traits_places *places, heed_table *pairs,
                                 heed_error *error) {
  const size_t d = self->features;
  heed_memory memory = {self->host, false};
  double *p = heed_new_column(&memory, pairs, "p_minority", HEED_FLOAT64, 1);
  double *m = draw_direction(self, &memory, "minority", self->minority_cosine);
  if (memory.refused) return heed_no_memory(error);
  for (size_t i = 0; i < pairs->rows; i++)
    p[i] = sigmoid(self->minority_scale *
                   (dot(d, m, phi_at(self, places->prompt[i], places->a[i])) -
                    dot(d, m, phi_at(self, places->prompt[i], places->b[i]))));
  return HEED_OK;
}

static heed_status fill_lengths(const synthetic_traits *self,
                                const traits_places *places, heed_table *pairs,
                                heed_error *error) {
  const size_t d = self->features;
  heed_memory memory = {self->host, false};
  double *both = heed_new_column(&memory, pairs, "length", HEED_FLOAT64, 1);
  double *difference =
      heed_new_column(&memory, pairs, "length_difference", HEED_FLOAT64, 1);
  double *l = draw_direction(self, &memory, "length", self->length_cosine);
  if (memory.refused) return heed_no_memory(error);
  for (size_t i = 0; i < pairs->rows; i++) {
    const double a = dot(d, l, phi_at(self, places->prompt[i], places->a[i]));
    const double b = dot(d, l, phi_at(self, places->prompt[i], places->b[i]));
    both[i] = (a + b) / sqrt(2.0);
    difference[i] = (a - b) / sqrt(2.0);
  }
  return HEED_OK;
}

/* The pair with the r-th largest difference of rewards has the score of rank
 * r. */
static heed_status fill_difficulty(const synthetic_traits *self,
                                   const traits_places *places,
                                   heed_table *pairs, heed_error *error) {
  const heed_host *host = self->host;
  const size_t rows = pairs->rows;
  const double like = self->difficulty_correlation;
  heed_memory memory = {host, false};
  double *difficulty =
      heed_new_column(&memory, pairs, "difficulty", HEED_FLOAT64, 1);
  double *nearness = heed_scratch_doubles(&memory, rows);
  size_t *order = heed_scratch_sizes(&memory, rows);
  if (memory.refused) return heed_no_memory(error);
  for (size_t i = 0; i < rows; i++) {
    const double *reward =
        self->reward + (size_t)places->prompt[i] * self->candidates;
    nearness[i] = -fabs(reward[places->a[i]] - reward[places->b[i]]);
  }
  gsl_sort_index(order, nearness, 1, rows);
  for (size_t rank = 0; rank < rows; rank++) {
    heed_stream stream = host->stream(host, "difficulty", order[rank]);
    const double score =
        gsl_cdf_ugaussian_Pinv(((double)rank + 0.5) / (double)rows);
    difficulty[order[rank]] =
        like * score + sqrt(1.0 - like * like) * heed_normal(&stream);
  }
  return HEED_OK;
}

heed_status traits_fill(const synthetic_traits *self, heed_table *pairs,
                        heed_error *error) {
  const traits_places places = {
      heed_table_data(pairs, "prompt", HEED_INT64),
      heed_table_data(pairs, "response_a", HEED_INT64),
      heed_table_data(pairs, "response_b", HEED_INT64)};
  heed_status status = HEED_OK;
  if (places.prompt == NULL || places.a == NULL || places.b == NULL)
    return heed_fail(error, HEED_INTERNAL, "pairs without responses");
  if (!isnan(self->minority_scale))
    status = fill_minority(self, &places, pairs, error);
  if (status == HEED_OK && !isnan(self->length_cosine))
    status = fill_lengths(self, &places, pairs, error);
  if (status == HEED_OK && !isnan(self->difficulty_correlation))
    status = fill_difficulty(self, &places, pairs, error);
  return status;
}
