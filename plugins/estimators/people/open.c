/* SPDX-License-Identifier: GPL-3.0-or-later
 * Opens the state of a fit: nodes, the table of responses, rooms. */
#include <math.h>

#include "estimators/people/fit.h"
#include "estimators/people/response.h"

static void count_coins(people_fit *self) {
  const crowd_annotations *annotations = self->annotations;
  double ties = 0;
  for (size_t n = 0; n < annotations->count; n++)
    ties += annotations->key[n] % annotations->codes % annotations->choices ==
            ANNOTATED_TIE;
  const double share = ties / fmax((double)annotations->count, 1);
  self->coin[ANNOTATED_A] = self->coin[ANNOTATED_B] = log((1 - share) / 2);
  self->coin[ANNOTATED_TIE] = log(share);
}

static heed_status open_rooms(people_fit *self, heed_error *error) {
  const crowd_annotations *annotations = self->annotations;
  const size_t pairs = self->nodes.pairs, users = self->nodes.users;
  const size_t rows = people_table_rows(self);
  const size_t most = pairs > users ? pairs : users;
  heed_memory memory = {self->host, false};
  self->words = (users + 63) / 64;
  self->room_each = PEOPLE_BLOCK * (rows + users) + 2 * pairs;
  self->table = heed_scratch_doubles(&memory, rows * users);
  self->log_table = heed_scratch_doubles(&memory, rows * users);
  self->user_prior = heed_scratch_doubles(&memory, users);
  self->pair_prior = heed_scratch_doubles(&memory, pairs);
  self->weight = heed_scratch_doubles(&memory, pairs / 2);
  self->support = heed_scratch_doubles(&memory, annotations->pairs * pairs);
  self->q = heed_allocate_doubles(&memory, annotations->pairs * pairs);
  self->said = heed_allocate_doubles(&memory, annotations->users * rows);
  self->active = heed_scratch(&memory, annotations->users * self->words,
                              sizeof *self->active);
  self->room = heed_scratch_doubles(&memory, PEOPLE_PARTS * self->room_each);
  self->of_pairs.mass = heed_scratch_doubles(&memory, pairs);
  self->of_users.mass = heed_scratch_doubles(&memory, users);
  for (size_t p = 0; p < PEOPLE_PARTS; p++)
    self->part[p].mass = heed_scratch_doubles(&memory, most);
  return memory.refused ? heed_no_memory(error) : HEED_OK;
}

heed_status people_open(const heed_host *host, const heed_crowd *crowd,
                        const crowd_annotations *annotations,
                        const people_request *request, people_fit *self,
                        heed_error *error) {
  heed_memory memory = {host, false};
  *self = (people_fit){
      .host = host,
      .vector = heed_vector_of(host),
      .threads = heed_threads(host),
      .annotations = annotations,
      .kind = request->kind,
      .gold = heed_table_data(crowd->world->pairs, "gold", HEED_FLOAT64),
      .gold_error = request->gold_error};
  people_nodes_open(&memory, request->form, request->kind, request->habit,
                    annotations->choices == 3, &self->nodes);
  if (memory.refused) return heed_no_memory(error);
  heed_status status = open_rooms(self, error);
  if (status == HEED_OK) status = people_effects_open(self, crowd, error);
  if (status != HEED_OK) return status;
  people_response(&self->nodes, annotations, self->table, self->log_table);
  count_coins(self);
  people_hyper_open(self);
  people_set_priors(self);
  return HEED_OK;
}

void people_close(people_fit *self) {
  if (self->effects.models > 0) strengths_close(&self->effects.sums);
}
