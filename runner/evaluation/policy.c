/* SPDX-License-Identifier: GPL-3.0-or-later
 * Compares policies with their reference by enumerating candidates; scores
 * held-out annotations under the reward that a policy implies. */
#include <gsl/gsl_errno.h>
#include <gsl/gsl_math.h>
#include <gsl/gsl_roots.h>
#include <string.h>

#include "evaluation/evaluation.h"

static heed_response *candidates(size_t count, heed_memory *memory) {
  heed_response *all = heed_scratch(memory, count, sizeof *all);
  for (size_t i = 0; all != NULL && i < count; i++)
    all[i].candidate = (int64_t)i;
  return all;
}

static void of_prompt(size_t count, heed_response *all, size_t prompt) {
  for (size_t i = 0; i < count; i++) all[i].prompt = prompt;
}

/* Rewards must be finite, and the reference must give every candidate a
 * probability above 0: else the KL of a policy is undefined. */
static heed_status check_known(size_t count, const double *reward,
                               const double *reference, size_t prompt,
                               heed_error *error) {
  double sum = 0;
  for (size_t y = 0; y < count; y++) {
    if (!isfinite(reward[y]) || !isfinite(reference[y]))
      return heed_fail(error, HEED_NUMERIC,
                       "invalid output: candidate %zu of prompt %zu has "
                       "reward %g and log-probability %g under the reference, "
                       "expected finite numbers",
                       y, prompt, reward[y], reference[y]);
    sum += exp(reference[y]);
  }
  if (fabs(sum - 1) < 1e-6) return HEED_OK;
  return heed_fail(error, HEED_NUMERIC,
                   "invalid output: the reference's probabilities over "
                   "the candidates of prompt %zu sum to %g, expected 1",
                   prompt, sum);
}

/* win[y] = sum over y' of pi_ref(y') evaluation_sigmoid(r(y) - r(y')) */
static void know_wins(size_t count, const double *reward,
                      const double *reference, double *win) {
  for (size_t y = 0; y < count; y++) {
    win[y] = 0;
    for (size_t other = 0; other < count; other++)
      win[y] +=
          exp(reference[other]) * evaluation_sigmoid(reward[y] - reward[other]);
  }
}

static evaluation_prompts *know_nothing(heed_memory *memory, size_t count,
                                        size_t wide) {
  evaluation_prompts *made = heed_allocate(memory, 1, sizeof *made);
  double *reward = heed_allocate_doubles(memory, count * wide);
  double *reference = heed_allocate_doubles(memory, count * wide);
  double *win = heed_allocate_doubles(memory, count * wide);
  if (memory->refused) return NULL;
  *made = (evaluation_prompts){.count = count,
                               .candidates = wide,
                               .reward = reward,
                               .reference = reference,
                               .win = win};
  return made;
}

heed_status prompts_know(const heed_instance *source, const heed_world *world,
                         host_service *host, const evaluation_prompts **result,
                         heed_error *error) {
  const heed_source_functions *functions = source->plugin->functions;
  const size_t count = world->held_out, wide = world->candidates;
  heed_memory memory = {&host->host, false};
  evaluation_prompts *self;
  heed_response *all;
  heed_status status = HEED_OK;
  *result = NULL;
  if (functions->judge == NULL || functions->reference == NULL || count == 0)
    return HEED_OK;
  if (wide == 0) return texts_know(source, world, host, result, error);
  self = know_nothing(&memory, count, wide);
  all = candidates(wide, &memory);
  if (memory.refused) return heed_no_memory(error);
  self->first = world->prompts->rows - count;
  for (size_t i = 0; status == HEED_OK && i < count; i++) {
    of_prompt(wide, all, self->first + i);
    status = functions->judge(source->self, &host->host, world, wide, all,
                              self->reward + i * wide, error);
    if (status == HEED_OK)
      status = functions->reference(source->self, &host->host, world, wide, all,
                                    self->reference + i * wide, error);
    service_settle(host);
    if (status == HEED_OK)
      status = check_known(wide, self->reward + i * wide,
                           self->reference + i * wide, self->first + i, error);
    if (status == HEED_OK)
      know_wins(wide, self->reward + i * wide, self->reference + i * wide,
                self->win + i * wide);
  }
  if (status == HEED_OK) *result = self;
  return status;
}

/* ---- policies on the ray pi_ref x exp(c tilt) ---- */

typedef struct policy_ray {
  const evaluation_prompts *known;
  const double *tilt; /* H x K: log(pi / pi_ref) */
  double level;       /* the requested KL */
} policy_ray;

/* log of the sum over y of pi_ref(y) exp(c tilt(y)), for one prompt. */
static double log_partition(size_t count, const double *reference,
                            const double *tilt, double c) {
  double most = -HUGE_VAL, sum = 0;
  for (size_t y = 0; y < count; y++)
    most = fmax(most, reference[y] + c * tilt[y]);
  for (size_t y = 0; y < count; y++)
    sum += exp(reference[y] + c * tilt[y] - most);
  return most + log(sum);
}

/* Mean over prompts of KL(pi_c || pi_ref) and of the win rate of pi_c. */
static void along(const policy_ray *self, double c, double *kl, double *win) {
  const evaluation_prompts *known = self->known;
  const size_t wide = known->candidates;
  *kl = *win = 0;
  for (size_t i = 0; i < known->count; i++) {
    const double *reference = known->reference + i * wide;
    const double *tilt = self->tilt + i * wide;
    const double all = log_partition(wide, reference, tilt, c);
    for (size_t y = 0; y < wide; y++) {
      /* 0 x -infinity: at c = 0 the ray is at the reference. */
      const double ratio = c > 0 ? c * tilt[y] - all : 0;
      const double pi = exp(reference[y] + ratio);
      if (pi > 0) *kl += pi * ratio;
      *win += pi * known->win[i * wide + y];
    }
  }
  *kl /= (double)known->count;
  *win /= (double)known->count;
}

static double above_level(double c, void *context) {
  const policy_ray *self = context;
  double kl, win;
  along(self, c, &kl, &win);
  return kl - self->level;
}

/* The c between 0 and `high` at which the KL is self->level; NaN: out of
 * memory. */
static double matched(policy_ray *self, double high) {
  enum { MOST_STEPS = 100 };
  gsl_function function = {above_level, self};
  gsl_root_fsolver *solver = gsl_root_fsolver_alloc(gsl_root_fsolver_brent);
  double root = NAN;
  if (solver == NULL) return NAN;
  if (gsl_root_fsolver_set(solver, &function, 0, high) == GSL_SUCCESS) {
    for (int i = 0; i < MOST_STEPS; i++) {
      if (gsl_root_fsolver_iterate(solver) != GSL_SUCCESS ||
          gsl_root_test_interval(gsl_root_fsolver_x_lower(solver),
                                 gsl_root_fsolver_x_upper(solver), 0,
                                 1e-10) == GSL_SUCCESS)
        break;
    }
    root = gsl_root_fsolver_root(solver);
  }
  gsl_root_fsolver_free(solver);
  return root;
}

/* The win rate where the KL is self->level; NaN: no c reaches it, or the KL
 * jumps past it (some candidates have probability 0). */
static double win_rate_at(policy_ray *self) {
  double high = 1, kl = 0, win = NAN;
  while ((kl = above_level(high, self)) < 0 && high < 0x1p40) high *= 2;
  if (!(kl >= 0)) return NAN;
  const double root = matched(self, high);
  if (isnan(root)) return NAN;
  along(self, root, &kl, &win);
  return fabs(kl - self->level) <= 1e-6 * self->level ? win : NAN;
}

/* ---- the metrics ---- */

/* tilt = log(pi / pi_ref): H x K. */
static heed_status read_tilt(const heed_evaluation *self, double *tilt,
                             heed_error *error) {
  const evaluation_prompts *known = self->prompts;
  const heed_trainer_functions *functions = self->trainer->plugin->functions;
  const size_t wide = known->candidates;
  heed_memory memory = {&self->host->host, false};
  heed_response *all = candidates(wide, &memory);
  if (memory.refused) return heed_no_memory(error);
  for (size_t i = 0; i < known->count; i++) {
    double *row = tilt + i * wide, sum = 0;
    of_prompt(wide, all, known->first + i);
    const heed_status status = functions->log_probability(
        self->trainer->self, &self->host->host, self->world, self->policy, wide,
        all, row, error);
    service_settle(self->host);
    if (status != HEED_OK) return status;
    for (size_t y = 0; y < wide; y++) sum += exp(row[y]);
    if (!(fabs(sum - 1) < 1e-6))
      return heed_fail(error, HEED_NUMERIC,
                       "invalid output: the policy's probabilities over "
                       "the candidates of prompt %zu sum to %g, expected 1",
                       known->first + i, sum);
    for (size_t y = 0; y < wide; y++) row[y] -= known->reference[i * wide + y];
  }
  return HEED_OK;
}

static void put(const heed_evaluation *self, evaluation_metric which,
                double value) {
  if (self->target[which] != NULL) *self->target[which] = value;
}

/* E_pi r - E_ref r */
static double reward_score(const evaluation_prompts *known,
                           const double *tilt) {
  double sum = 0;
  for (size_t i = 0; i < known->count * known->candidates; i++)
    sum += (exp(known->reference[i] + tilt[i]) - exp(known->reference[i])) *
           known->reward[i];
  return sum / (double)known->count;
}

/* KL(pi || pi*), pi* = pi_ref exp(r / scale) / Z: the policy that DPO with this
 * beta finds from infinitely many clean labels. */
static double regret(const evaluation_prompts *known, const double *tilt,
                     double scale) {
  const size_t wide = known->candidates;
  double sum = 0;
  for (size_t i = 0; i < known->count; i++) {
    const double *reference = known->reference + i * wide;
    const double *reward = known->reward + i * wide;
    const double all = log_partition(wide, reference, reward, 1 / scale);
    for (size_t y = 0; y < wide; y++) {
      const double ratio = tilt[i * wide + y];
      const double pi = exp(reference[y] + ratio);
      if (pi > 0) sum += pi * (ratio - (reward[y] / scale - all));
    }
  }
  return sum / (double)known->count;
}

/* Compares the implied reward, scale x tilt, with the true one, both centred
 * within prompts under the reference. */
static void put_alignment(const heed_evaluation *self, const double *tilt) {
  const evaluation_prompts *known = self->prompts;
  const size_t wide = known->candidates;
  double cross = 0, implied = 0, truth = 0;
  for (size_t i = 0; i < known->count; i++) {
    const size_t position = i * wide;
    double mean_tilt = 0, mean_reward = 0;
    for (size_t y = position; y < position + wide; y++) {
      mean_tilt += exp(known->reference[y]) * tilt[y];
      mean_reward += exp(known->reference[y]) * known->reward[y];
    }
    for (size_t y = position; y < position + wide; y++) {
      const double weight = exp(known->reference[y]);
      const double a = self->policy->scale * (tilt[y] - mean_tilt);
      const double b = known->reward[y] - mean_reward;
      cross += weight * a * b;
      implied += weight * a * a;
      truth += weight * b * b;
    }
  }
  put(self, METRIC_COSINE,
      implied > 0 && truth > 0 ? cross / sqrt(implied * truth) : NAN);
  put(self, METRIC_CALIBRATION_SLOPE, truth > 0 ? cross / truth : NAN);
}

static heed_status evaluate_candidates(const heed_evaluation *self,
                                       heed_error *error) {
  const evaluation_prompts *known = self->prompts;
  double kl, win;
  heed_memory memory = {&self->host->host, false};
  double *tilt =
      heed_scratch_doubles(&memory, known->count * known->candidates);
  policy_ray ray = {known, tilt, 0};
  heed_status status;
  if (memory.refused) return heed_no_memory(error);
  evaluation_calls(self, self->trainer);
  status = read_tilt(self, tilt, error);
  if (status != HEED_OK) return status;
  evaluation_calls(self, NULL);
  along(&ray, 1, &kl, &win);
  put(self, METRIC_WIN_RATE, win);
  put(self, METRIC_KL, kl);
  put(self, METRIC_REWARD_SCORE, reward_score(known, tilt));
  put(self, METRIC_REGRET, regret(known, tilt, self->policy->scale));
  put_alignment(self, tilt);
  if (self->target[METRIC_WIN_RATE_AT_KL] == NULL) return HEED_OK;
  for (size_t i = 0; i < self->settings.kl_count; i++) {
    ray.level = self->settings.kl[i];
    self->target[METRIC_WIN_RATE_AT_KL][i] = win_rate_at(&ray);
  }
  return HEED_OK;
}

/* ---- held-out annotations under the implied reward ---- */

/* The two responses of a pair: candidates, or texts. */
static void responses_of(const heed_world *world, size_t pair,
                         heed_response both[2]) {
  static const char *const columns[2][3] = {{"response_a", "text_a", "cut_a"},
                                            {"response_b", "text_b", "cut_b"}};
  const int64_t *prompt = heed_table_data(world->pairs, "prompt", HEED_INT64);
  for (size_t i = 0; i < 2; i++) {
    const int64_t *candidate =
        heed_table_data(world->pairs, columns[i][0], HEED_INT64);
    const char *const *text =
        heed_table_data(world->pairs, columns[i][1], HEED_STRING);
    const int8_t *cut = heed_table_data(world->pairs, columns[i][2], HEED_INT8);
    both[i] = (heed_response){.prompt = (size_t)prompt[pair], .candidate = -1};
    if (world->candidates > 0) {
      both[i].candidate = candidate[pair];
    } else {
      both[i].text = text[pair];
      both[i].length = strlen(text[pair]);
      both[i].cut = cut != NULL && cut[pair] != 0;
    }
  }
}

/* scale x (log pi/pi_ref(A's) - log pi/pi_ref(B's)) of a pair. */
static heed_status implied_difference(const heed_evaluation *self, size_t pair,
                                      double *difference, heed_error *error) {
  const heed_trainer_functions *trainer = self->trainer->plugin->functions;
  const heed_source_functions *source = self->source->plugin->functions;
  double policy[2], reference[2];
  heed_status status;
  heed_response both[2];
  responses_of(self->world, pair, both);
  evaluation_calls(self, self->source);
  status = source->reference(self->source->self, &self->host->host, self->world,
                             2, both, reference, error);
  if (status != HEED_OK) return status;
  evaluation_calls(self, self->trainer);
  status = trainer->log_probability(self->trainer->self, &self->host->host,
                                    self->world, self->policy, 2, both, policy,
                                    error);
  if (status != HEED_OK) return status;
  *difference = self->policy->scale *
                ((policy[0] - reference[0]) - (policy[1] - reference[1]));
  if (isnan(*difference))
    return heed_fail(error, HEED_NUMERIC,
                     "invalid output: the responses of pair %zu have "
                     "log-probabilities %g and %g, and %g and %g under the "
                     "reference",
                     pair, policy[0], policy[1], reference[0], reference[1]);
  evaluation_calls(self, NULL);
  return HEED_OK;
}

/* P(this choice) of a casual user for each held-out annotation. */
static heed_status casual_choices(const heed_evaluation *self, double *casual,
                                  heed_error *error) {
  const heed_table *table = self->held_out->annotations;
  const heed_user_model_functions *model;
  heed_memory memory = {&self->host->host, false};
  double *p = heed_scratch_doubles(&memory, table->rows);
  size_t *row = heed_scratch_sizes(&memory, table->rows);
  size_t *pair = heed_scratch_sizes(&memory, table->rows);
  const int64_t *pairs = heed_table_data(table, "pair", HEED_INT64);
  if (memory.refused) return heed_no_memory(error);
  for (size_t i = 0; i < table->rows; i++) {
    p[i] = casual[i] = 0.5;
    row[i] = i;
    pair[i] = (size_t)pairs[i];
  }
  if (self->model == NULL) return HEED_OK;
  model = self->model->plugin->functions;
  const heed_answers answers = {
      .size = sizeof answers,
      .count = table->rows,
      .choice = heed_table_data(table, "choice", HEED_INT8),
      .left = heed_table_data(table, "left", HEED_INT8),
      .p = p,
      .annotations = table,
      .pairs = self->world->pairs,
      .row = row,
      .pair = pair};
  model->casual(self->model->self, self->posterior->phi, &answers, casual);
  service_settle(self->host);
  return HEED_OK;
}

static heed_status evaluate_held_out(const heed_evaluation *self,
                                     heed_error *error) {
  const heed_table *table = self->held_out->annotations;
  const int64_t *user = heed_table_data(table, "user", HEED_INT64);
  const int64_t *pair = heed_table_data(table, "pair", HEED_INT64);
  const int8_t *choice = heed_table_data(table, "choice", HEED_INT8);
  heed_memory memory = {&self->host->host, false};
  const double *eta =
      evaluation_user_means(self->crowd, self->posterior, &memory);
  double *casual = heed_scratch_doubles(&memory, table->rows);
  double loss = 0, right = 0;
  size_t count = 0;
  heed_status status;
  if (memory.refused) return heed_no_memory(error);
  status = casual_choices(self, casual, error);
  for (size_t i = 0; status == HEED_OK && i < table->rows; i++) {
    double z = 0;
    if (choice[i] == HEED_CHOSE_TIE) continue;
    status = implied_difference(self, (size_t)pair[i], &z, error);
    if (choice[i] == HEED_CHOSE_B) z = -z;
    const double weight = fmin(fmax(eta[user[i]], 0), 1);
    loss -= log(fmax(weight * evaluation_sigmoid(z) + (1 - weight) * casual[i],
                     1e-300));
    right += z > 0 ? 1 : z == 0 ? 0.5 : 0;
    count++;
  }
  if (status != HEED_OK || count == 0) return status;
  put(self, METRIC_POLICY_LOG_LOSS, loss / (double)count);
  put(self, METRIC_POLICY_ACCURACY, right / (double)count);
  return HEED_OK;
}

heed_status evaluate_policy(const heed_evaluation *self, heed_error *error) {
  const heed_trainer_functions *trainer;
  heed_status status;
  if (self->policy == NULL || self->prompts == NULL) return HEED_OK;
  trainer = self->trainer->plugin->functions;
  if (trainer->log_probability == NULL) return HEED_OK;
  status = self->prompts->candidates > 0 ? evaluate_candidates(self, error)
                                         : evaluate_texts(self, error);
  if (status == HEED_OK && self->held_out != NULL &&
      self->held_out->annotations->rows > 0)
    status = evaluate_held_out(self, error);
  return status;
}
