/* SPDX-License-Identifier: GPL-3.0-or-later
 * Simulated users: their attentiveness, their pairs, their choices.
 *
 * Every draw comes from a stream keyed by user and purpose: users stay
 * comparable when an axis changes how they are drawn or what they do. */
#include "simulate.h"

#include <gsl/gsl_cdf.h>
#include <math.h>
#include <string.h>

#include "deal.h"
#include "heed/memory.h"
#include "host/promise.h"
#include "users.h"

typedef struct simulate_simulation {
  const heed_world *world;
  const heed_value *values;
  const heed_host *host; /* of the service */
  host_service *service;
  const heed_instance *attentiveness, *model;
  heed_domain domain;
  size_t users, total;
  size_t *first; /* users + 1 */
  double *eta;   /* users x dimension */
  const double *p;
  double *phi;
  int64_t *user, *pair;
  int8_t *choice, *left;
} simulate_simulation;

static heed_status missing(const char *name, heed_error *error) {
  return heed_fail(error, HEED_INVALID,
                   "users.%s: is missing: users are simulated, because the "
                   "source is not a log",
                   name);
}

static heed_status check(simulate_simulation *self, heed_error *error) {
  const heed_value *values = self->values;
  const heed_distribution_functions *distribution;
  const heed_user_model_functions *model;
  size_t dimension;
  if (!values[USERS_COUNT].given) return missing("count", error);
  if (!values[USERS_ANNOTATIONS].given) return missing("annotations", error);
  if (!values[USERS_ATTENTIVENESS].given)
    return missing("attentiveness", error);
  if (!values[USERS_MODEL].given) return missing("model", error);
  if (values[USERS_BOOTSTRAP].integer != BOOTSTRAP_NONE)
    return heed_fail(error, HEED_UNSUPPORTED,
                     "users.bootstrap: only for logs; each replicate of "
                     "simulated users is a new draw");
  if (values[USERS_LAW].integer == LAW_PARETO &&
      values[USERS_SPREAD].number <= 1)
    return heed_fail(
        error, HEED_INVALID,
        "users.spread: found %g, expected an exponent above 1; a "
        "Pareto distribution with exponent 1 or less has no finite mean",
        values[USERS_SPREAD].number);
  self->users = (size_t)values[USERS_COUNT].integer;
  self->attentiveness = values[USERS_ATTENTIVENESS].instance;
  self->model = values[USERS_MODEL].instance;
  distribution = self->attentiveness->plugin->functions;
  model = self->model->plugin->functions;
  model->domain(self->model->self, &self->domain);
  dimension = distribution->dimension == NULL
                  ? 1
                  : distribution->dimension(self->attentiveness->self);
  if (dimension != self->domain.dimension)
    return heed_fail(error, HEED_UNSUPPORTED,
                     "users: the distribution %s draws %zu value%s per user, "
                     "but the user model %s expects %zu",
                     self->attentiveness->plugin->name, dimension,
                     heed_plural(dimension), self->model->plugin->name,
                     self->domain.dimension);
  self->p = heed_table_data(self->world->pairs, "p", HEED_FLOAT64);
  if (self->p == NULL)
    return heed_fail(
        error, HEED_UNSUPPORTED,
        "users: the source's pairs have no p; users cannot be simulated");
  return promise_distribution(self->attentiveness, self->service, error);
}

/* ---- how many annotations ---- */

/* The law's quantile at u, with the requested mean; at least 1. */
static size_t annotations_at(const simulate_simulation *self, double u) {
  const double mean = self->values[USERS_ANNOTATIONS].number;
  const double spread = self->values[USERS_SPREAD].number;
  double count = mean;
  if (self->values[USERS_LAW].integer == LAW_LOGNORMAL)
    count =
        mean * exp(spread * gsl_cdf_ugaussian_Pinv(u) - spread * spread / 2);
  else if (self->values[USERS_LAW].integer == LAW_PARETO)
    count = mean * (spread - 1) / spread * pow(1 - u, -1 / spread);
  return count < 1 ? 1 : (size_t)fmin(count + 0.5, 1e9);
}

static heed_status count_annotations(simulate_simulation *self,
                                     heed_error *error) {
  const bool once = self->values[USERS_ASSIGNMENT].integer == ASSIGN_ONCE;
  const size_t pairs = self->world->pairs->rows;
  self->first =
      self->host->scratch(self->host, self->users + 1, sizeof *self->first);
  if (self->first == NULL) return heed_no_memory(error);
  for (size_t j = 0; j < self->users; j++) {
    heed_stream stream = self->host->stream(self->host, "count", j);
    size_t count = annotations_at(self, heed_uniform(&stream));
    if (!once && count > pairs) count = pairs;
    self->first[j + 1] = self->first[j] + count;
  }
  self->total = self->first[self->users];
  if (once && self->total > pairs)
    return heed_fail(error, HEED_INVALID,
                     "users: %zu user%s need %zu pair%s when each pair goes to "
                     "one user, but the world has %zu; give the source more "
                     "pairs or set assignment = \"overlapping\"",
                     self->users, heed_plural(self->users), self->total,
                     heed_plural(self->total), pairs);
  return HEED_OK;
}

static heed_status make_tables(simulate_simulation *self, heed_table **users,
                               heed_table **annotations, heed_error *error) {
  heed_memory memory = {self->host, false};
  heed_table *table;
  *users = heed_new_table(&memory, "users", self->users);
  *annotations = table = heed_new_table(&memory, "annotations", self->total);
  self->user = heed_new_column(&memory, table, "user", HEED_INT64, 1);
  self->pair = heed_new_column(&memory, table, "pair", HEED_INT64, 1);
  self->choice = heed_new_column(&memory, table, "choice", HEED_INT8, 1);
  self->left = heed_new_column(&memory, table, "left", HEED_INT8, 1);
  return memory.refused ? heed_no_memory(error) : HEED_OK;
}

static heed_status deal(const simulate_simulation *self, heed_error *error) {
  const stages_deal pairs = {.world = self->world,
                             .host = self->host,
                             .users = self->users,
                             .first = self->first,
                             .pair = self->pair};
  return self->values[USERS_ASSIGNMENT].integer == ASSIGN_ONCE
             ? deal_once(&pairs, error)
             : deal_overlapping(&pairs, error);
}

static void show_sides(const simulate_simulation *self) {
  for (size_t j = 0; j < self->users; j++) {
    heed_stream stream = self->host->stream(self->host, "left", j);
    for (size_t i = self->first[j]; i < self->first[j + 1]; i++) {
      self->user[i] = (int64_t)j;
      self->left[i] =
          (int8_t)(heed_bits(&stream) >> 63 ? HEED_CHOSE_A : HEED_CHOSE_B);
    }
  }
}

/* ---- choices ---- */

/* Attributes later errors to this plugin; NULL: to the host. */
static void calling(const simulate_simulation *self,
                    const heed_instance *instance) {
  service_calls(self->service, instance == NULL ? NULL : instance->plugin);
}

static heed_status check_eta(const simulate_simulation *self,
                             heed_error *error) {
  const heed_domain *domain = &self->domain;
  for (size_t i = 0; i < self->users * domain->dimension; i++) {
    if (!isfinite(self->eta[i]))
      return heed_fail(error, HEED_NUMERIC,
                       "invalid output: the attentiveness of user %zu is "
                       "%g, expected a finite number",
                       i / domain->dimension, self->eta[i]);
    /* Rounding may move quantiles out of the domain. */
    if (self->eta[i] < domain->low - 1e-9 || self->eta[i] > domain->high + 1e-9)
      return heed_fail(error, HEED_UNSUPPORTED,
                       "draws attentiveness %g for user %zu, but the user "
                       "model %s expects it within [%g, %g]",
                       self->eta[i], i / domain->dimension,
                       self->model->plugin->name, domain->low, domain->high);
  }
  return HEED_OK;
}

static heed_status draw_eta(simulate_simulation *self, heed_error *error) {
  const heed_distribution_functions *functions =
      self->attentiveness->plugin->functions;
  const size_t wide = self->domain.dimension;
  heed_memory memory = {self->host, false};
  double *u = heed_scratch_doubles(&memory, self->users * wide);
  self->eta = heed_allocate_doubles(&memory, self->users * wide);
  if (memory.refused) return heed_no_memory(error);
  for (size_t j = 0; j < self->users; j++) {
    heed_stream stream = self->host->stream(self->host, "eta", j);
    for (size_t i = 0; i < wide; i++) u[j * wide + i] = heed_uniform(&stream);
  }
  calling(self, self->attentiveness);
  const heed_status status = functions->quantile(
      self->attentiveness->self, self->users, u, self->eta, error);
  service_settle(self->service);
  if (status != HEED_OK || check_eta(self, error) != HEED_OK)
    return status != HEED_OK ? status : error->status;
  calling(self, NULL);
  return HEED_OK;
}

/* If p is known only for the mean, users choose by the mean. */
static heed_status read_p(const simulate_simulation *self, double *p,
                          heed_error *error) {
  for (size_t i = 0; i < self->total; i++) {
    p[i] = self->p[self->pair[i]];
    if (isnan(p[i]))
      return heed_fail(error, HEED_UNSUPPORTED,
                       "users: pair %lld has no p; users cannot be simulated",
                       (long long)self->pair[i]);
  }
  return HEED_OK;
}

static heed_answers answers_of(const simulate_simulation *self, const double *p,
                               const size_t *row, const size_t *pair,
                               const heed_table *annotations, size_t user) {
  const size_t start = self->first[user];
  const heed_answers answers = {.size = sizeof answers,
                                .count = self->first[user + 1] - start,
                                .choice = self->choice + start,
                                .left = self->left + start,
                                .p = p + start,
                                .annotations = annotations,
                                .pairs = self->world->pairs,
                                .row = row + start,
                                .pair = pair + start};
  return answers;
}

/* Inverts probability() at one uniform per annotation: A, B, tie in turn. */
static heed_status choose(const simulate_simulation *self,
                          const heed_answers *answers, size_t user,
                          double *of_a, double *of_b, heed_error *error) {
  const heed_user_model_functions *functions = self->model->plugin->functions;
  const double *eta = self->eta + user * self->domain.dimension;
  int8_t *choice = self->choice + self->first[user];
  heed_stream stream = self->host->stream(self->host, "choice", user);
  memset(choice, HEED_CHOSE_A, answers->count);
  functions->probability(self->model->self, self->phi, answers, 1, eta, of_a);
  memset(choice, HEED_CHOSE_B, answers->count);
  functions->probability(self->model->self, self->phi, answers, 1, eta, of_b);
  service_settle(self->service);
  for (size_t i = 0; i < answers->count; i++) {
    const double u = heed_uniform(&stream), sum = of_a[i] + of_b[i];
    if (!(of_a[i] >= 0 && of_b[i] >= 0 && sum <= 1 + 1e-9))
      return heed_fail(error, HEED_NUMERIC,
                       "invalid output: user %zu has probability %g of A "
                       "and %g of B, expected probabilities",
                       user, of_a[i], of_b[i]);
    const bool tied = self->domain.ties && u >= sum;
    choice[i] = (int8_t)(u < of_a[i] ? HEED_CHOSE_A
                         : tied      ? HEED_CHOSE_TIE
                                     : HEED_CHOSE_B);
  }
  return HEED_OK;
}

static heed_status simulate(const simulate_simulation *self,
                            heed_answers *answers, size_t user,
                            heed_error *error) {
  const heed_user_model_functions *functions = self->model->plugin->functions;
  int8_t *choice = self->choice + self->first[user];
  heed_stream stream = self->host->stream(self->host, "choice", user);
  heed_status status;
  answers->choice = NULL;
  status = functions->simulate(self->model->self, self->phi, &stream, answers,
                               self->eta + user * self->domain.dimension,
                               choice, error);
  for (size_t i = 0; status == HEED_OK && i < answers->count; i++)
    if (choice[i] < HEED_CHOSE_B || choice[i] > HEED_CHOSE_TIE)
      return heed_fail(error, HEED_NUMERIC,
                       "invalid output: choice %zu of user %zu is %d, "
                       "expected 0 (B), 1 (A) or 2 (a tie)",
                       i, user, choice[i]);
  return status;
}

static heed_status answer(const simulate_simulation *self,
                          const heed_table *annotations, heed_error *error) {
  const heed_user_model_functions *functions = self->model->plugin->functions;
  heed_memory memory = {self->host, false};
  double *p = heed_scratch_doubles(&memory, self->total);
  double *of_a = heed_scratch_doubles(&memory, self->total);
  double *of_b = heed_scratch_doubles(&memory, self->total);
  size_t *row = heed_scratch_sizes(&memory, self->total);
  size_t *pair = heed_scratch_sizes(&memory, self->total);
  heed_status status = HEED_OK;
  if (memory.refused) return heed_no_memory(error);
  for (size_t i = 0; i < self->total; i++) {
    row[i] = i;
    pair[i] = (size_t)self->pair[i];
  }
  status = read_p(self, p, error);
  if (status != HEED_OK) return status;
  calling(self, self->model);
  if (functions->check != NULL)
    status =
        functions->check(self->model->self, self->world, annotations, error);
  if (status == HEED_OK && self->users > 0) {
    const heed_answers sample = answers_of(self, p, row, pair, annotations, 0);
    status =
        promise_user_model(self->model, &sample, true, self->service, error);
  }
  for (size_t j = 0; status == HEED_OK && j < self->users; j++) {
    heed_answers answers = answers_of(self, p, row, pair, annotations, j);
    status = functions->simulate == NULL
                 ? choose(self, &answers, j, of_a, of_b, error)
                 : simulate(self, &answers, j, error);
  }
  if (status == HEED_OK) calling(self, NULL);
  return status;
}

static heed_status start_phi(simulate_simulation *self, heed_error *error) {
  const heed_user_model_functions *functions = self->model->plugin->functions;
  const size_t count = self->domain.phi_count;
  double *all;
  if (count == 0) return HEED_OK;
  all = self->host->scratch(self->host, 3 * count, sizeof *all);
  if (all == NULL) return heed_no_memory(error);
  functions->phi(self->model->self, all, all + count, all + 2 * count);
  self->phi = all;
  return HEED_OK;
}

heed_status simulate_users(const heed_world *world, const heed_value *values,
                           host_service *host, heed_table **users,
                           heed_table **annotations, const double **eta,
                           size_t *dimension, heed_error *error) {
  simulate_simulation self = {
      .world = world, .values = values, .host = &host->host, .service = host};
  heed_status status = check(&self, error);
  if (status == HEED_OK) status = count_annotations(&self, error);
  if (status == HEED_OK) status = make_tables(&self, users, annotations, error);
  if (status == HEED_OK) status = deal(&self, error);
  if (status != HEED_OK) return status;
  show_sides(&self);
  status = start_phi(&self, error);
  if (status == HEED_OK) status = draw_eta(&self, error);
  if (status == HEED_OK) status = answer(&self, *annotations, error);
  *eta = self.eta;
  *dimension = self.domain.dimension;
  return status;
}
