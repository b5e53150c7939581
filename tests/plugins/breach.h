/* SPDX-License-Identifier: GPL-3.0-or-later
 * An estimator that keeps its contract, for the plugins breach_*.c that break
 * it in one place each.  tests/cli/plugin_tools.bats holds what heed check
 * --plugin says of them. */
#ifndef HEED_TESTS_BREACH_H
#define HEED_TESTS_BREACH_H

#include <stddef.h>

#include "heed/estimator.h"

/* Everyone is half attentive. */
static inline heed_status honest_estimate(const heed_host *host,
                                          const heed_crowd *crowd,
                                          heed_posterior *posterior,
                                          heed_error *error) {
  const size_t users = crowd->users->rows;
  const size_t annotations = crowd->annotations->rows;
  posterior->unit = HEED_BY_USER;
  posterior->units = users;
  posterior->mean = host->allocate(host, users, sizeof(double));
  posterior->sd = host->allocate(host, users, sizeof(double));
  posterior->left_out = host->allocate(host, annotations, sizeof(double));
  posterior->casual = host->allocate(host, annotations, sizeof(double));
  posterior->p = host->allocate(host, annotations, sizeof(double));
  if (posterior->mean == NULL || posterior->sd == NULL ||
      posterior->left_out == NULL || posterior->casual == NULL ||
      posterior->p == NULL)
    return heed_no_memory(error);
  for (size_t j = 0; j < users; j++) posterior->mean[j] = 0.5;
  for (size_t i = 0; i < annotations; i++)
    posterior->left_out[i] = posterior->casual[i] = posterior->p[i] = 0.5;
  posterior->converged = posterior->identified = true;
  return HEED_OK;
}

/* The end of a file: the descriptor of an estimator.  Further members of the
 * descriptor may follow the function. */
#define BREACH_ESTIMATOR(title, function, ...)                                 \
  static const heed_estimator_functions functions = {.size = sizeof functions, \
                                                     .estimate = (function)};  \
  static const heed_plugin plugin = {                                          \
      .size = sizeof plugin,                                                   \
      .abi = HEED_ABI,                                                         \
      .kind = HEED_ESTIMATOR,                                                  \
      .name = (title),                                                         \
      .version = "1.0",                                                        \
      .summary = "breaks its contract",                                        \
      .functions = &functions,                                                 \
      .functions_size = sizeof functions __VA_ARGS__};                         \
  static const heed_plugin *const plugins[] = {&plugin};                       \
  HEED_PLUGINS(plugins)

#endif
