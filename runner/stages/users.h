/* SPDX-License-Identifier: GPL-3.0-or-later
 * The settings of the annotations stage: `users` in a sweep. */
#ifndef HEED_STAGES_USERS_H
#define HEED_STAGES_USERS_H

/* Indices into stages_users, and into the choices of its enums. */
enum {
  USERS_COUNT,
  USERS_ANNOTATIONS,
  USERS_LAW,
  USERS_SPREAD,
  USERS_ASSIGNMENT,
  USERS_ATTENTIVENESS,
  USERS_MODEL,
  USERS_HOLDOUT,
  USERS_BOOTSTRAP
};
enum { LAW_FIXED, LAW_LOGNORMAL, LAW_PARETO };
enum { ASSIGN_ONCE, ASSIGN_OVERLAPPING };
enum { BOOTSTRAP_NONE, BOOTSTRAP_USERS, BOOTSTRAP_USERS_AND_PAIRS };

#endif
