/* SPDX-License-Identifier: GPL-3.0-or-later
 * Posteriors of estimators that give each user a number: the user model's
 * values for each annotation. */
#include "support/attention/point_posterior.h"

#include <math.h>

#include "heed/memory.h"
#include "support/attention/gap.h"
#include "support/attention/phi.h"

static heed_status fill(const heed_host *host,
                        const attention_histories *histories,
                        heed_posterior *posterior, heed_error *error) {
  const size_t users = histories->crowd->users->rows;
  const size_t annotations = histories->crowd->annotations->rows;
  heed_memory memory = {host, false};
  posterior->unit = HEED_BY_USER;
  posterior->units = users;
  posterior->mean = heed_allocate_doubles(&memory, users);
  posterior->sd = heed_allocate_doubles(&memory, users);
  posterior->left_out = heed_allocate_doubles(&memory, annotations);
  posterior->casual = heed_allocate_doubles(&memory, annotations);
  posterior->p = histories->p;
  posterior->model = histories->model;
  posterior->converged = posterior->identified = true;
  if (memory.refused) return heed_no_memory(error);
  attention_phi phi;
  const heed_status status = phi_open(host, histories->model, &phi, error);
  if (status != HEED_OK) return status;
  posterior->phi = phi.start;
  histories_casual(histories, posterior->phi, posterior->casual);
  return HEED_OK;
}

heed_status point_posterior_open(const heed_host *host, const heed_crowd *crowd,
                                 const heed_instance *model,
                                 const heed_value *mu,
                                 attention_histories *histories,
                                 heed_posterior *posterior, heed_error *error) {
  heed_status status = gap_of(mu, crowd->world, &posterior->mu, error);
  if (status == HEED_OK)
    status =
        histories_make(host, crowd, model, posterior->mu, histories, error);
  return status == HEED_OK ? fill(host, histories, posterior, error) : status;
}

void point_posterior_same(const heed_crowd *crowd, heed_posterior *posterior) {
  const int64_t *user = heed_table_data(crowd->annotations, "user", HEED_INT64);
  for (size_t i = 0; i < crowd->annotations->rows; i++)
    posterior->left_out[i] = posterior->mean[user[i]];
}

heed_status point_posterior_predict(const heed_host *host,
                                    const heed_posterior *posterior,
                                    const heed_instance *model,
                                    const heed_crowd *held_out, double shared_p,
                                    double *probability, heed_error *error) {
  const int64_t *user =
      heed_table_data(held_out->annotations, "user", HEED_INT64);
  attention_histories histories;
  const heed_status status =
      histories_make(host, held_out, model, shared_p, &histories, error);
  if (status != HEED_OK) return status;
  for (size_t i = 0; i < held_out->annotations->rows; i++) {
    const double eta =
        fmin(fmax(posterior->mean[user[i]], histories.domain.low),
             histories.domain.high);
    histories_probability(&histories, posterior->phi, i, 1, 1, &eta,
                          &probability[i]);
  }
  return HEED_OK;
}
