/* SPDX-License-Identifier: GPL-3.0-or-later
 * An estimator of ABI 4.0: EM with any prior and user model on the prior's
 * nodes, mu known.  It calls other plugins and asks one for an extension. */
#include <heed/distribution.h>
#include <heed/estimator.h>
#include <heed/user_model.h>
#include <math.h>

enum { PRIOR, MODEL, STEPS, PARAMETER_COUNT };
static const heed_parameter parameters[] = {
    [PRIOR] = {.name = "prior",
               .type = HEED_PLUGIN,
               .kind = HEED_DISTRIBUTION,
               .default_value = "frozen",
               .doc = "of attentiveness"},
    [MODEL] = {.name = "model",
               .type = HEED_PLUGIN,
               .kind = HEED_USER_MODEL,
               .default_value = "frozen",
               .doc = "of users"},
    [STEPS] = {.name = "steps",
               .type = HEED_INTEGER,
               .default_value = "20",
               .low = 1,
               .high = 1000,
               .doc = "of EM"},
};

enum { ATOMS, UNKNOWN, OUTPUT_COUNT };
static const heed_output outputs[] = {
    [ATOMS] = {.name = "atoms", .doc = "what the prior's extension says"},
    [UNKNOWN] = {.name = "unknown",
                 .doc = "extensions that nobody should have"},
};

typedef struct fit {
  const heed_host *host;
  const heed_crowd *crowd;
  const heed_instance *prior, *model;
  const heed_distribution_functions *distribution;
  const heed_user_model_functions *user;
  size_t nodes;
  double *eta, *log_weight, *total; /* nodes */
  double *phi;
  double *p; /* annotations */
  size_t *row, *pair;
} fit;

static heed_answers answers_of(const fit *self, size_t first, size_t count) {
  const heed_table *annotations = self->crowd->annotations;
  const int8_t *choice = heed_table_data(annotations, "choice", HEED_INT8);
  const int8_t *left = heed_table_data(annotations, "left", HEED_INT8);
  const heed_answers answers = {.size = sizeof answers,
                                .count = count,
                                .choice = choice + first,
                                .left = left + first,
                                .p = self->p + first,
                                .annotations = annotations,
                                .pairs = self->crowd->world->pairs,
                                .row = self->row + first,
                                .pair = self->pair + first};
  return answers;
}

static heed_status open_fit(fit *self, const heed_value *values,
                            heed_posterior *posterior, heed_error *error) {
  const heed_host *host = self->host;
  const size_t rows = self->crowd->annotations->rows;
  const int64_t *pair =
      heed_table_data(self->crowd->annotations, "pair", HEED_INT64);
  heed_domain domain = {0};
  double low, high;
  self->prior = values[PRIOR].instance;
  self->model = values[MODEL].instance;
  self->distribution = self->prior->plugin->functions;
  self->user = self->model->plugin->functions;
  self->nodes = self->distribution->node_count(self->prior->self, 41);
  self->user->domain(self->model->self, &domain);
  self->eta = host->allocate(host, self->nodes, sizeof(double));
  self->log_weight = host->scratch(host, self->nodes, sizeof(double));
  self->total = host->scratch(host, self->nodes, sizeof(double));
  self->phi = host->allocate(host, domain.phi_count, sizeof(double));
  posterior->theta = host->allocate(
      host, self->distribution->theta_count(self->prior->self), sizeof(double));
  self->p = host->allocate(host, rows, sizeof(double));
  self->row = host->scratch(host, rows, sizeof(size_t));
  self->pair = host->scratch(host, rows, sizeof(size_t));
  if (self->eta == NULL || self->log_weight == NULL || self->total == NULL ||
      self->phi == NULL || posterior->theta == NULL || self->p == NULL ||
      self->row == NULL || self->pair == NULL || domain.phi_count != 1)
    return heed_fail(error, HEED_MEMORY, "out of memory");
  for (size_t i = 0; i < rows; i++) {
    self->p[i] = self->crowd->world->mu;
    self->row[i] = i;
    self->pair[i] = (size_t)pair[i];
  }
  self->user->phi(self->model->self, self->phi, &low, &high);
  self->distribution->start(self->prior->self, 0.5, 0.1, posterior->theta);
  self->distribution->nodes(self->prior->self, posterior->theta, self->nodes,
                            self->eta);
  return self->user->check(self->model->self, self->crowd->world,
                           self->crowd->annotations, error);
}

/* mass[nodes] from logarithms; returns the logarithm of their sum. */
static double normalise(size_t count, double *mass) {
  double highest = -HUGE_VAL, sum = 0;
  for (size_t k = 0; k < count; k++) highest = fmax(highest, mass[k]);
  for (size_t k = 0; k < count; k++) sum += exp(mass[k] - highest);
  for (size_t k = 0; k < count; k++) mass[k] = exp(mass[k] - highest) / sum;
  return highest + log(sum);
}

static double mean_of(const fit *self, const double *mass) {
  double mean = 0;
  for (size_t k = 0; k < self->nodes; k++) mean += mass[k] * self->eta[k];
  return mean;
}

/* The E-step: each user's mass on the nodes. */
static double expect(const fit *self, const double *theta, double *mass) {
  double all = 0;
  self->distribution->log_weights(self->prior->self, theta, self->nodes,
                                  self->eta, self->log_weight);
  for (size_t k = 0; k < self->nodes; k++) self->total[k] = 0;
  for (size_t j = 0; j < self->crowd->users->rows; j++) {
    const size_t first = self->crowd->first[j];
    double *mine = mass + j * self->nodes;
    const heed_answers answers =
        answers_of(self, first, self->crowd->first[j + 1] - first);
    self->user->log_likelihood(self->model->self, self->phi, &answers,
                               self->nodes, self->eta, mine);
    for (size_t k = 0; k < self->nodes; k++) mine[k] += self->log_weight[k];
    all += normalise(self->nodes, mine);
    for (size_t k = 0; k < self->nodes; k++) self->total[k] += mine[k];
  }
  return all;
}

/* Divides each annotation's probability out of its user's mass. */
static void leave_out(const fit *self, size_t user, const double *mass,
                      heed_posterior *posterior) {
  const size_t end = self->crowd->first[user + 1];
  for (size_t i = self->crowd->first[user]; i < end; i++) {
    const heed_answers one = answers_of(self, i, 1);
    double *rest = self->total;
    self->user->probability(self->model->self, self->phi, &one, self->nodes,
                            self->eta, rest);
    for (size_t k = 0; k < self->nodes; k++)
      rest[k] = log(mass[k]) - log(rest[k]);
    (void)normalise(self->nodes, rest);
    posterior->left_out[i] = mean_of(self, rest);
  }
}

static heed_status fill_in(const fit *self, heed_posterior *posterior,
                           heed_error *error) {
  const heed_host *host = self->host;
  const size_t users = self->crowd->users->rows;
  const size_t rows = self->crowd->annotations->rows;
  const heed_answers all = answers_of(self, 0, rows);
  posterior->mean = host->allocate(host, users, sizeof(double));
  posterior->sd = host->allocate(host, users, sizeof(double));
  posterior->row = host->allocate(host, users, sizeof(size_t));
  posterior->left_out = host->allocate(host, rows, sizeof(double));
  posterior->casual = host->allocate(host, rows, sizeof(double));
  if (posterior->mean == NULL || posterior->sd == NULL ||
      posterior->row == NULL || posterior->left_out == NULL ||
      posterior->casual == NULL)
    return heed_fail(error, HEED_MEMORY, "out of memory");
  self->user->casual(self->model->self, self->phi, &all, posterior->casual);
  for (size_t j = 0; j < users; j++) {
    const double *mass = posterior->mass + j * self->nodes;
    double square = 0;
    for (size_t k = 0; k < self->nodes; k++)
      square += mass[k] * self->eta[k] * self->eta[k];
    posterior->row[j] = j;
    posterior->mean[j] = mean_of(self, mass);
    posterior->sd[j] =
        sqrt(fmax(square - posterior->mean[j] * posterior->mean[j], 0));
    leave_out(self, j, mass, posterior);
  }
  posterior->unit = HEED_BY_USER;
  posterior->units = posterior->row_count = users;
  posterior->node_count = self->nodes;
  posterior->nodes = self->eta;
  posterior->p = self->p;
  posterior->mu = self->crowd->world->mu;
  posterior->phi = self->phi;
  posterior->prior = self->prior;
  posterior->model = self->model;
  posterior->state = self->phi;
  return HEED_OK;
}

static void report(const fit *self) {
  const heed_host *host = self->host;
  const heed_plugin *prior = self->prior->plugin;
  const double *atoms =
      prior->extension == NULL ? NULL : prior->extension("frozen.atoms");
  const double unknown =
      (host->extension(host, "frozen.nobody") != NULL) +
      (prior->extension != NULL && prior->extension("frozen.nobody") != NULL);
  if (atoms != NULL) host->output(host, ATOMS, atoms, 1);
  host->output(host, UNKNOWN, &unknown, 1);
}

static heed_status estimate(void *self, const heed_host *host,
                            const heed_crowd *crowd, heed_posterior *posterior,
                            heed_error *error) {
  const heed_value *values = self;
  const uint64_t steps = (uint64_t)values[STEPS].integer;
  fit made = {.host = host, .crowd = crowd};
  heed_status status = open_fit(&made, values, posterior, error);
  if (status != HEED_OK) return status;
  posterior->mass =
      host->allocate(host, crowd->users->rows * made.nodes, sizeof(double));
  if (posterior->mass == NULL)
    return heed_fail(error, HEED_MEMORY, "out of memory");
  for (uint64_t step = 1; status == HEED_OK && step <= steps; step++) {
    posterior->log_likelihood = posterior->objective =
        expect(&made, posterior->theta, posterior->mass);
    host->trace(host, "objective", step, posterior->objective);
    posterior->iterations = step;
    status = made.distribution->refit(made.prior->self, made.nodes, made.eta,
                                      made.total, posterior->theta, error);
  }
  if (status == HEED_OK) status = fill_in(&made, posterior, error);
  posterior->converged = posterior->identified = true;
  report(&made);
  return status;
}

static heed_status predict(void *self, const heed_host *host,
                           const heed_posterior *posterior,
                           const heed_crowd *held_out, double *probability,
                           heed_error *error) {
  const int64_t *user =
      heed_table_data(held_out->annotations, "user", HEED_INT64);
  const int8_t *choice =
      heed_table_data(held_out->annotations, "choice", HEED_INT8);
  const double *coin = posterior->state;
  (void)self, (void)host, (void)error;
  for (size_t i = 0; i < held_out->annotations->rows; i++) {
    const double eta = posterior->mean[user[i]];
    const double of_a = eta * posterior->mu + (1 - eta) * *coin;
    probability[i] = choice[i] == HEED_CHOSE_A ? of_a : 1 - of_a;
  }
  return HEED_OK;
}

static const heed_estimator_functions functions = {
    .size = sizeof functions,
    .estimate = estimate,
    .predict = predict,
};

static const heed_plugin frozen = {
    .size = sizeof frozen,
    .abi = HEED_ABI,
    .kind = HEED_ESTIMATOR,
    .name = "frozen",
    .version = "1.0",
    .summary = "EM on nodes, of ABI 4.0",
    .parameters = parameters,
    .parameter_count = PARAMETER_COUNT,
    .outputs = outputs,
    .output_count = OUTPUT_COUNT,
    .functions = &functions,
    .functions_size = sizeof functions,
};

static const heed_plugin *const plugins[] = {&frozen};
HEED_PLUGINS(plugins)
