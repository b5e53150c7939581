/* SPDX-License-Identifier: MIT-0
 * An estimator: annotations to posterior.  Its contract is heed/estimator.h.
 *
 * This estimator compares each user's choices with those of an attentive user.
 * With y = 1 for A and 0 for B, E[y - 1/2] = eta (p - 1/2).  By least squares,
 *
 *   eta = (sum (y - 1/2) (p - 1/2) + w / 2) / (sum (p - 1/2)^2 + w)
 *
 * where w pulls the estimate towards 1/2.  Replace it with yours. */
#include <heed/estimator.h>
#include <math.h>

enum { SHRINKAGE, PARAMETER_COUNT };

static const heed_parameter parameters[] = {
    [SHRINKAGE] = {.name = "shrinkage",
                   .type = HEED_NUMBER,
                   .default_value = "0.1",
                   .low = 1e-6,
                   .high = 1e6,
                   .doc = "w: how strongly the estimate is pulled to 1/2"},
};

enum { MEAN_ETA, OUTPUT_COUNT };

static const heed_output outputs[] = {
    [MEAN_ETA] = {.name = "mean_eta", .doc = "mean of eta-hat over users"},
};

/* ---- the state of an instance ---- */

typedef struct estimator_state {
  double shrinkage;
} estimator_state;

static heed_status create(const heed_host *host, const heed_value *values,
                          void **self, heed_error *error) {
  estimator_state *made = host->allocate(host, 1, sizeof *made);
  if (made == NULL) return heed_no_memory(error);
  made->shrinkage = values[SHRINKAGE].number;
  *self = made;
  return HEED_OK;
}

/* ---- inputs ---- */

typedef struct estimator_answers {
  const int8_t *choice; /* annotations */
  const int64_t *user;  /* annotations */
  const int64_t *pair;  /* annotations */
  const double *p;      /* pairs: P(A's response is better) */
} estimator_answers;

static heed_status read_answers(const heed_crowd *crowd,
                                estimator_answers *read, heed_error *error) {
  const heed_table *annotations = crowd->annotations;
  read->choice = heed_table_data(annotations, "choice", HEED_INT8);
  read->user = heed_table_data(annotations, "user", HEED_INT64);
  read->pair = heed_table_data(annotations, "pair", HEED_INT64);
  read->p = heed_table_data(crowd->world->pairs, "p", HEED_FLOAT64);
  if (read->p == NULL)
    return heed_fail(error, HEED_UNSUPPORTED,
                     "the pairs have no column p, but this estimator needs it");
  for (size_t i = 0; i < annotations->rows; i++)
    if (isnan(read->p[read->pair[i]]))
      return heed_fail(error, HEED_UNSUPPORTED,
                       "p of pair %lld is unknown, but this estimator "
                       "needs it",
                       (long long)read->pair[i]);
  return HEED_OK;
}

/* ---- the estimate ---- */

typedef struct estimator_sums {
  double chosen;   /* sum (y - 1/2) (p - 1/2) */
  double expected; /* sum (p - 1/2)^2 */
} estimator_sums;

/* sign: 1 adds the annotation, -1 removes it. */
static void add(estimator_sums *total, const estimator_answers *read, size_t i,
                double sign) {
  const double gap = read->p[read->pair[i]] - 0.5;
  if (read->choice[i] == HEED_CHOSE_TIE) return;
  total->chosen += sign * (read->choice[i] == HEED_CHOSE_A ? 0.5 : -0.5) * gap;
  total->expected += sign * gap * gap;
}

static double mean_of(const estimator_state *self,
                      const estimator_sums *total) {
  const double w = self->shrinkage;
  const double eta = (total->chosen + w / 2) / (total->expected + w);
  return fmin(fmax(eta, 0), 1);
}

/* The variance of y is at most 1/4; that of eta, uniform on [0, 1], is 1/12. */
static double sd_of(const estimator_state *self, const estimator_sums *total) {
  const double w = self->shrinkage;
  return sqrt(fmax(total->expected, 0) / 4 + w * w / 12) /
         (total->expected + w);
}

static void fill_user(const estimator_state *self,
                      const estimator_answers *read, size_t first, size_t end,
                      size_t user, heed_posterior *posterior) {
  estimator_sums all = {0, 0};
  for (size_t i = first; i < end; i++) add(&all, read, i, 1);
  posterior->mean[user] = mean_of(self, &all);
  posterior->sd[user] = sd_of(self, &all);
  for (size_t i = first; i < end; i++) {
    estimator_sums others = all;
    add(&others, read, i, -1);
    posterior->left_out[i] = mean_of(self, &others);
    posterior->casual[i] = read->choice[i] == HEED_CHOSE_TIE ? 1 : 0.5;
    posterior->p[i] = read->p[read->pair[i]];
  }
}

static heed_status make_room(const heed_host *host, size_t users,
                             size_t annotations, heed_posterior *posterior,
                             heed_error *error) {
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
  return HEED_OK;
}

static heed_status estimate(void *self, const heed_host *host,
                            const heed_crowd *crowd, heed_posterior *posterior,
                            heed_error *error) {
  const size_t users = crowd->users->rows;
  estimator_answers read;
  double sum = 0;
  heed_status status = read_answers(crowd, &read, error);
  if (status == HEED_OK)
    status = make_room(host, users, crowd->annotations->rows, posterior, error);
  if (status != HEED_OK) return status;
  for (size_t user = 0; user < users; user++) {
    fill_user(self, &read, crowd->first[user], crowd->first[user + 1], user,
              posterior);
    sum += posterior->mean[user];
  }
  sum /= (double)users;
  host->output(host, MEAN_ETA, &sum, 1);
  posterior->mu = crowd->world->mu;
  posterior->converged = posterior->identified = true;
  return HEED_OK;
}

/* For held-out annotations: P = eta p + (1 - eta) / 2. */
static heed_status predict(void *self, const heed_host *host,
                           const heed_posterior *posterior,
                           const heed_crowd *held_out, double *probability,
                           heed_error *error) {
  estimator_answers read;
  const heed_status status = read_answers(held_out, &read, error);
  (void)self, (void)host;
  if (status != HEED_OK) return status;
  for (size_t i = 0; i < held_out->annotations->rows; i++) {
    const double eta = posterior->mean[read.user[i]];
    const double of_a = eta * read.p[read.pair[i]] + (1 - eta) / 2;
    probability[i] = read.choice[i] == HEED_CHOSE_TIE ? 1
                     : read.choice[i] == HEED_CHOSE_A ? of_a
                                                      : 1 - of_a;
  }
  return HEED_OK;
}

/* ---- the descriptor ---- */

static const heed_estimator_functions functions = {
    .size = sizeof functions,
    .estimate = estimate,
    .predict = predict,
};

static const heed_plugin plugin = {
    .size = sizeof plugin,
    .abi = HEED_ABI,
    .kind = HEED_ESTIMATOR,
    .name = "template_name",
    .version = "0.1",
    .summary = "Each user's choices by least squares, pulled to 1/2",
    .parameters = parameters,
    .parameter_count = PARAMETER_COUNT,
    .outputs = outputs,
    .output_count = OUTPUT_COUNT,
    .create = create,
    .functions = &functions,
    .functions_size = sizeof functions,
};

static const heed_plugin *const plugins[] = {&plugin};
HEED_PLUGINS(plugins)
