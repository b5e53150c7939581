/* SPDX-License-Identifier: MIT-0
 * A trainer: selection to policy.  Its contract is heed/trainer.h.
 *
 * This trainer fits a linear reward w.phi to the choices by logistic
 * regression,
 *
 *   min over w of  sum_i weight_i log(1 + exp(-s_i w.x_i)) + ridge/2 |w|^2,
 *
 * x_i = phi(A) - phi(B), s_i = 1 if the user chose A and -1 if B.
 * The policy is pi = pi_ref exp(w.phi / beta) / Z.  Replace it with yours. */
#include <heed/trainer.h>
#include <math.h>

enum { BETA, RIDGE, STEPS, PARAMETER_COUNT };

static const heed_parameter parameters[] = {
    [BETA] = {.name = "beta",
              .type = HEED_NUMBER,
              .flags = HEED_OPEN_LOW,
              .default_value = "1",
              .low = 0,
              .high = 1000,
              .doc = "price of a nat of KL from the reference"},
    [RIDGE] = {.name = "ridge",
               .type = HEED_NUMBER,
               .flags = HEED_OPEN_LOW,
               .default_value = "1",
               .low = 0,
               .high = 1e6,
               .doc = "precision of the normal prior on each value of w"},
    [STEPS] = {.name = "steps",
               .type = HEED_INTEGER,
               .default_value = "500",
               .low = 1,
               .high = 1e6,
               .doc = "steps of gradient descent"},
};

enum { LOSS, OUTPUT_COUNT };

static const heed_output outputs[] = {
    [LOSS] = {.name = "loss",
              .unit = "nat",
              .doc = "loss per unit of weight, without the ridge"},
};

/* ---- the data ---- */

typedef struct trainer_data {
  size_t rows, features;
  const int8_t *choice;     /* rows */
  const int64_t *pair;      /* rows */
  const double *weight;     /* rows */
  const double *difference; /* pairs x features */
} trainer_data;

static heed_status read_data(const heed_crowd *crowd,
                             const heed_selection *selection,
                             trainer_data *read, heed_error *error) {
  const heed_table *pairs = crowd->world->pairs;
  read->rows = selection->count;
  read->features = crowd->world->features;
  read->weight = selection->weight;
  read->choice = heed_table_data(crowd->annotations, "choice", HEED_INT8);
  read->pair = heed_table_data(crowd->annotations, "pair", HEED_INT64);
  read->difference = heed_table_data(pairs, "difference", HEED_FLOAT64);
  if (read->difference == NULL || read->features == 0)
    return heed_fail(error, HEED_UNSUPPORTED,
                     "the pairs have no column difference, which this trainer "
                     "needs");
  return HEED_OK;
}

static double dot(size_t count, const double *a, const double *b) {
  double sum = 0;
  for (size_t i = 0; i < count; i++) sum += a[i] * b[i];
  return sum;
}

/* log(1 + exp(-x)), without overflow */
static double logistic_loss(double x) {
  return x > 0 ? log1p(exp(-x)) : log1p(exp(x)) - x;
}

/* ---- the fit ---- */

/* Returns the loss at w and adds its gradient to `gradient` (features). */
static double descend(const trainer_data *read, const double *w,
                      double *gradient) {
  double loss = 0;
  for (size_t i = 0; i < read->rows; i++) {
    const double *x = read->difference + (size_t)read->pair[i] * read->features;
    const double sign = read->choice[i] == HEED_CHOSE_A ? 1 : -1;
    if (read->choice[i] == HEED_CHOSE_TIE || read->weight[i] == 0) continue;
    const double margin = sign * dot(read->features, w, x);
    loss += read->weight[i] * logistic_loss(margin);
    const double slope = -read->weight[i] * sign / (1 + exp(margin));
    for (size_t k = 0; k < read->features; k++) gradient[k] += slope * x[k];
  }
  return loss;
}

/* An upper bound of the curvature: steps of 1 / bound converge. */
static double curvature(const trainer_data *read, double ridge, double *total) {
  double sum = ridge;
  *total = 0;
  for (size_t i = 0; i < read->rows; i++) {
    const double *x = read->difference + (size_t)read->pair[i] * read->features;
    if (read->choice[i] == HEED_CHOSE_TIE) continue;
    sum += read->weight[i] * dot(read->features, x, x) / 4;
    *total += read->weight[i];
  }
  return sum;
}

/* Fits w (features), which starts at 0.  Returns the loss per unit of weight.
 */
static double fit(const heed_host *host, const heed_value *values,
                  const trainer_data *read, double *w, double *gradient) {
  const double ridge = values[RIDGE].number;
  double total, loss = 0;
  const double step = 1 / curvature(read, ridge, &total);
  for (int64_t turn = 0; turn < values[STEPS].integer; turn++) {
    for (size_t k = 0; k < read->features; k++) gradient[k] = ridge * w[k];
    loss = descend(read, w, gradient);
    host->trace(host, "loss", (uint64_t)turn, loss);
    for (size_t k = 0; k < read->features; k++) w[k] -= step * gradient[k];
    if (host->cancelled(host)) break;
  }
  return total > 0 ? loss / total : 0;
}

/* ---- the policy ---- */

/* train() makes this state for log_probability(). */
typedef struct trainer_state {
  size_t features;
  double *theta; /* features: w / beta */
} trainer_state;

static heed_status train(void *self, const heed_host *host,
                         const heed_crowd *crowd,
                         const heed_posterior *posterior,
                         const heed_selection *selection, heed_policy *policy,
                         heed_error *error) {
  const heed_value *values = self;
  trainer_data read;
  const heed_status status = read_data(crowd, selection, &read, error);
  (void)posterior;
  if (status != HEED_OK) return status;
  trainer_state *made = host->allocate(host, 1, sizeof *made);
  double *gradient = host->scratch(host, read.features, sizeof *gradient);
  policy->table = host->table(host, "policy", read.features);
  double *w = policy->table == NULL
                  ? NULL
                  : host->column(host, policy->table, "theta", HEED_FLOAT64, 1);
  if (made == NULL || gradient == NULL || w == NULL)
    return heed_no_memory(error);
  const double loss = fit(host, values, &read, w, gradient);
  if (host->cancelled(host))
    return heed_fail(error, HEED_CANCELLED, "cancelled");
  for (size_t k = 0; k < read.features; k++) w[k] /= values[BETA].number;
  *made = (trainer_state){read.features, w};
  policy->state = made;
  policy->scale = values[BETA].number;
  host->output(host, LOSS, &loss, 1);
  return HEED_OK;
}

/* log Z of a prompt: log sum_k pi_ref(k) exp(theta.phi_k) */
static double log_partition(const trainer_state *made, size_t candidates,
                            const double *phi, const double *reference) {
  double highest = -HUGE_VAL, sum = 0;
  for (size_t k = 0; k < candidates; k++)
    highest = fmax(highest, reference[k] + dot(made->features, made->theta,
                                               phi + k * made->features));
  for (size_t k = 0; k < candidates; k++)
    sum += exp(reference[k] +
               dot(made->features, made->theta, phi + k * made->features) -
               highest);
  return highest + log(sum);
}

static heed_status log_probability(void *self, const heed_host *host,
                                   const heed_world *world,
                                   const heed_policy *policy, size_t count,
                                   const heed_response *responses,
                                   double *result, heed_error *error) {
  const trainer_state *made = policy->state;
  const size_t wide = world->candidates;
  const double *features =
      heed_table_data(world->prompts, "features", HEED_FLOAT64);
  const double *reference =
      heed_table_data(world->prompts, "reference", HEED_FLOAT64);
  (void)self, (void)host;
  if (features == NULL || reference == NULL)
    return heed_fail(error, HEED_UNSUPPORTED,
                     "the prompts lack the column features or reference, which "
                     "this trainer needs");
  for (size_t i = 0; i < count; i++) {
    const size_t prompt = responses[i].prompt;
    const size_t candidate = (size_t)responses[i].candidate;
    const double *phi = features + prompt * wide * made->features;
    const double *earlier = reference + prompt * wide;
    result[i] =
        earlier[candidate] +
        dot(made->features, made->theta, phi + candidate * made->features) -
        log_partition(made, wide, phi, earlier);
  }
  return HEED_OK;
}

/* ---- the descriptor ---- */

static const heed_trainer_functions functions = {
    .size = sizeof functions,
    .train = train,
    .log_probability = log_probability,
};

static const heed_plugin plugin = {
    .size = sizeof plugin,
    .abi = HEED_ABI,
    .kind = HEED_TRAINER,
    .name = "template_name",
    .version = "0.1",
    .summary = "A log-linear policy by logistic regression",
    .reference = "Rafailov et al., Direct Preference Optimization, 2023",
    .parameters = parameters,
    .parameter_count = PARAMETER_COUNT,
    .outputs = outputs,
    .output_count = OUTPUT_COUNT,
    .functions = &functions,
    .functions_size = sizeof functions,
};

static const heed_plugin *const plugins[] = {&plugin};
HEED_PLUGINS(plugins)
