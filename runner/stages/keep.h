/* SPDX-License-Identifier: GPL-3.0-or-later
 * The tables that a record keeps beside its metrics, chosen by `keep`. */
#ifndef HEED_STAGES_KEEP_H
#define HEED_STAGES_KEEP_H

#include "level.h"

typedef struct stages_keeping {
  const heed_plan *plan;
  const stages_level
      *levels; /* PLAN_STAGE_COUNT: the path of a cell that is done */
  const heed_selection *selection; /* NULL: no PLAN_KEEP_SELECTION */
  const heed_host *host;           /* its scratch() allocates the tables */
} stages_keeping;

heed_status keep_tables(const stages_keeping *keeping, heed_record *record,
                        heed_error *error);

/* The annotations with a weight that are not ties.  Nothing of resampled logs:
 * these measure the uncertainty of metrics.  They are not data sets to export,
 * and their texts are those of replicate 0. */
heed_status keep_selection(const stages_keeping *self, heed_record *record,
                           heed_error *error);

/* Whether the posterior of each user is on nodes, and whether its rows are
 * kept: those of resampled logs are not. */
bool keep_has_nodes(const stages_keeping *self);
bool keep_has_rows(const stages_keeping *self);

/* Nothing, if there are none. */
heed_status keep_eta_nodes(const stages_keeping *self, heed_record *record,
                           heed_error *error);
heed_status keep_eta_posterior(const stages_keeping *self, heed_record *record,
                               heed_error *error);

/* Adds a column for each covariate of the annotations to the kept users.  The
 * caller checks the memory. */
size_t keep_covariate_count(const heed_crowd *crowd);
void keep_covariates(const heed_crowd *crowd, heed_table *table,
                     heed_memory *memory);

#endif
