/* SPDX-License-Identifier: GPL-3.0-or-later
 * Units: the rows of a posterior, as the annotations refer to them. */
#include "support/crowd/units.h"

static heed_status by_topic(const heed_crowd *crowd,
                            const heed_posterior *posterior, size_t *unit,
                            heed_error *error) {
  const heed_table *annotations = crowd->annotations;
  const int64_t *user = heed_table_data(annotations, "user", HEED_INT64);
  const int64_t *pair = heed_table_data(annotations, "pair", HEED_INT64);
  const int32_t *own = heed_table_data(annotations, "topic", HEED_INT32);
  const int32_t *of_pair =
      heed_table_data(crowd->world->pairs, "topic", HEED_INT32);
  if (own == NULL && (of_pair == NULL || pair == NULL))
    return heed_fail(error, HEED_UNSUPPORTED,
                     "the posterior is by user and topic, but neither the "
                     "annotations nor the pairs have a column `topic`");
  for (size_t i = 0; i < annotations->rows; i++) {
    const int32_t topic = own != NULL ? own[i] : of_pair[pair[i]];
    if (topic < 0 || (size_t)topic >= posterior->topics)
      return heed_fail(error, HEED_UNSUPPORTED,
                       "annotation %zu is of topic %d, but the posterior has "
                       "%zu topics",
                       i, (int)topic, posterior->topics);
    unit[i] = (size_t)user[i] * posterior->topics + (size_t)topic;
  }
  return HEED_OK;
}

static size_t units_expected(const heed_crowd *crowd,
                             const heed_posterior *posterior) {
  switch (posterior->unit) {
    case HEED_BY_USER:
      return crowd->users->rows;
    case HEED_BY_USER_TOPIC:
      return crowd->users->rows * posterior->topics;
    case HEED_BY_ANNOTATION:
      return crowd->annotations->rows;
  }
  return 0;
}

heed_status units_of(const heed_crowd *crowd, const heed_posterior *posterior,
                     size_t *unit, heed_error *error) {
  const heed_table *annotations = crowd->annotations;
  const int64_t *user = heed_table_data(annotations, "user", HEED_INT64);
  if (user == NULL)
    return heed_fail(error, HEED_UNSUPPORTED,
                     "the annotations have no column `user`");
  if (posterior->units != units_expected(crowd, posterior))
    return heed_fail(error, HEED_UNSUPPORTED,
                     "the posterior has %zu units, but the crowd has %zu",
                     posterior->units, units_expected(crowd, posterior));
  if (posterior->unit == HEED_BY_USER_TOPIC)
    return by_topic(crowd, posterior, unit, error);
  for (size_t i = 0; i < annotations->rows; i++)
    unit[i] = posterior->unit == HEED_BY_USER ? (size_t)user[i] : i;
  return HEED_OK;
}
