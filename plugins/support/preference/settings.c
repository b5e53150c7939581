/* SPDX-License-Identifier: GPL-3.0-or-later
 * The parameters that trainers share: reading and checking them. */
#include "support/preference/settings.h"

preference_settings preference_settings_of(const heed_value *values) {
  const heed_value *prior = &values[PREFERENCE_PRIOR];
  return (preference_settings){
      .kind = (preference_kind)values[PREFERENCE_LOSS].integer,
      .labels = (comparisons_labels)values[PREFERENCE_LABELS].integer,
      .own_label = values[PREFERENCE_OWN_LABEL].integer == 1,
      .prior = prior->given ? prior->instance : NULL,
      .fit_prior = values[PREFERENCE_FIT_PRIOR].integer != 0,
      .nodes = (size_t)values[PREFERENCE_NODES].integer,
      .rates = {.smoothing = values[PREFERENCE_SMOOTHING].number,
                .flip_rate = values[PREFERENCE_FLIP_RATE].number,
                .floor = values[PREFERENCE_FLOOR].number}};
}

heed_status preference_settings_check(const heed_value *values,
                                      heed_error *error) {
  const preference_settings settings = preference_settings_of(values);
  const preference_loss *loss = preference_loss_of(settings.kind);
  if (settings.labels != COMPARISONS_OBSERVED &&
      (loss == NULL || loss->models_noise))
    return heed_fail(error, HEED_INVALID,
                     "labels = %s has no noise to model: it goes with loss = "
                     "sigmoid, hinge or ipo, not %s",
                     values[PREFERENCE_LABELS].text,
                     values[PREFERENCE_LOSS].text);
  if (settings.prior != NULL && settings.kind != PREFERENCE_JOINT)
    return heed_fail(error, HEED_INVALID,
                     "prior is read by loss = joint alone, and loss is %s",
                     values[PREFERENCE_LOSS].text);
  return HEED_OK;
}
