/* SPDX-License-Identifier: GPL-3.0-or-later
 * From beliefs to heed_posterior.  Called by people. */
#ifndef HEED_PEOPLE_FILL_H
#define HEED_PEOPLE_FILL_H

#include "estimators/people/fit.h"

/* State for predict(). */
typedef struct people_fitted {
  crowd_annotations annotations; /* codes; its arrays may be gone */
  size_t width;                  /* K */
  double *q;                     /* (I, K) */
  double *said; /* (J, C K): mean P of a user, by code and pair node */
} people_fitted;

/* Makes the last sweep, and fills in every user's eta and every annotation's
 * numbers from it.  levels: HEED_LIST of quantiles.  clips: eta below 0 counts
 * as 0. */
heed_status people_fill(people_fit *self, const heed_crowd *crowd,
                        const heed_value *levels, bool clips,
                        heed_posterior *posterior, heed_error *error);

#endif
