/* SPDX-License-Identifier: GPL-3.0-or-later
 * Assigns topics to prompts. */
#include "sources/synthetic/topics.h"

#include <gsl/gsl_cdf.h>
#include <gsl/gsl_sort.h>
#include <math.h>

/* How well A does on each prompt: the mean of p over its pairs; mean must start
 * at 0. */
static void mean_p(size_t prompts, const heed_table *pairs, const double *p,
                   double *mean) {
  for (size_t i = 0; i < pairs->rows; i++) {
    const size_t prompt = i % prompts;
    const size_t count = (pairs->rows - prompt + prompts - 1) / prompts;
    mean[prompt] += p[i] / (double)count;
  }
}

/* The topic of each prompt: its rank by a score that correlates with its mean
 * of p, cut into equal parts. */
static heed_status rank_prompts(const heed_host *host, size_t prompts,
                                size_t topics, double like,
                                const heed_table *pairs, const double *p,
                                int32_t *topic_of, heed_error *error) {
  heed_memory memory = {host, false};
  double *mean = heed_scratch_doubles(&memory, prompts);
  double *score = heed_scratch_doubles(&memory, prompts);
  size_t *order = heed_scratch_sizes(&memory, prompts);
  if (memory.refused) return heed_no_memory(error);
  mean_p(prompts, pairs, p, mean);
  gsl_sort_index(order, mean, 1, prompts);
  for (size_t rank = 0; rank < prompts; rank++) {
    heed_stream stream = host->stream(host, "topic", order[rank]);
    score[order[rank]] =
        like * gsl_cdf_ugaussian_Pinv(((double)rank + 0.5) / (double)prompts) +
        sqrt(1 - like * like) * heed_normal(&stream);
  }
  gsl_sort_index(order, score, 1, prompts);
  for (size_t rank = 0; rank < prompts; rank++)
    topic_of[order[rank]] = (int32_t)(rank * topics / prompts);
  return HEED_OK;
}

static heed_status fill_gaps(const heed_host *host, size_t topics,
                             heed_table *pairs, const int32_t *topic,
                             const double *p, heed_error *error) {
  heed_memory memory = {host, false};
  double *gap = heed_new_column(&memory, pairs, "mu_topic", HEED_FLOAT64, 1);
  double *sum = heed_scratch_doubles(&memory, topics);
  double *count = heed_scratch_doubles(&memory, topics);
  if (memory.refused) return heed_no_memory(error);
  for (size_t i = 0; i < pairs->rows; i++) {
    sum[topic[i]] += p[i];
    count[topic[i]]++;
  }
  for (size_t i = 0; i < pairs->rows; i++)
    gap[i] = sum[topic[i]] / count[topic[i]];
  return HEED_OK;
}

heed_status topics_fill(const heed_host *host, size_t prompts, size_t topics,
                        double correlation, heed_table *pairs,
                        heed_error *error) {
  const double *p = heed_table_data(pairs, "p", HEED_FLOAT64);
  heed_memory memory = {host, false};
  int32_t *topic = heed_new_column(&memory, pairs, "topic", HEED_INT32, 1);
  int32_t *topic_of = heed_scratch(&memory, prompts, sizeof *topic_of);
  heed_status status;
  if (memory.refused) return heed_no_memory(error);
  status = rank_prompts(host, prompts, topics, correlation, pairs, p, topic_of,
                        error);
  if (status != HEED_OK) return status;
  for (size_t i = 0; i < pairs->rows; i++) topic[i] = topic_of[i % prompts];
  return fill_gaps(host, topics, pairs, topic, p, error);
}
