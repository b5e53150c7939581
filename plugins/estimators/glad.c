/* SPDX-License-Identifier: GPL-3.0-or-later
 * GLAD (Whitehill et al. 2009, NIPS 22, 2035-2043): each pair i has a better
 * response z_i, A's with probability `share`, and an easiness beta_i = exp b_i;
 * user j of ability alpha_j names it with probability sigmoid(alpha_j beta_i),
 * else its opposite.  The objective is
 *
 *   sum_i log(share prod_j P(y_ij | A) + (1 - share) prod_j P(y_ij | B))
 *     - sum_j (alpha_j - ability)^2 / 2 - sum_i (b_i - easiness)^2 / 2,
 *
 * with i over annotated pairs.  E-step: q_i = P(z_i = A | all choices on the
 * pair). The M-step has no closed form: with w = q_i(y_ij), one Newton step in
 * each alpha_j and then in each b_i, halved until it gains, raises sum w log
 * sigmoid(alpha beta) + (1 - w) log sigmoid(-alpha beta) plus the priors.  This
 * is generalised EM: the objective cannot fall.
 *
 * Attentiveness differs from pair to pair: given the others' choices, P(y_ij =
 * A) = eta_ij p_i + (1 - eta_ij) / 2 with eta_ij = 2 sigmoid(alpha_j beta_i) -
 * 1.  A user's eta is its mean over the user's pairs.  sd is that of alpha by
 * curvature, times d eta / d alpha; left_out maximises over alpha without the
 * annotation, all else as fitted: exactly for users of up to EXACT annotations,
 * by one Newton step for others. */
#include <math.h>
#include <string.h>

#include "heed/estimator.h"
#include "heed/memory.h"
#include "heed/vector.h"
#include "support/attention/em_driver.h"
#include "support/attention/parameters.h"
#include "support/crowd/chance.h"
#include "support/crowd/overlap.h"

enum {
  SHARE,
  ABILITY,
  EASINESS,
  NEGATIVE,
  TOLERANCE,
  MOST_STEPS,
  PARAMETER_COUNT
};
enum { OUT_SHARED_PAIRS = EM_OUTPUT_COUNT, OUT_IDENTIFIED };
enum { EXACT = 64 };

static const heed_parameter parameters[] = {
    [SHARE] = {.name = "share",
               .type = HEED_NUMBER,
               .flags = HEED_OPEN_LOW | HEED_OPEN_HIGH,
               .default_value = "0.5",
               .low = 0,
               .high = 1,
               .doc = "share of pairs in which A's response is better"},
    [ABILITY] = {.name = "ability",
                 .type = HEED_NUMBER,
                 .default_value = "1",
                 .low = -10,
                 .high = 10,
                 .doc = "mean of the normal prior of ability, with sd 1"},
    [EASINESS] =
        {.name = "easiness",
         .type = HEED_NUMBER,
         .default_value = "1",
         .low = -10,
         .high = 10,
         .doc = "mean of the normal prior of a pair's log easiness, with sd 1"},
    [NEGATIVE] = ESTIMATOR_NEGATIVE(
        "eta of users of negative ability: clip (to 0) or keep (negative)"),
    [TOLERANCE] = ESTIMATOR_TOLERANCE("1e-9"),
    [MOST_STEPS] = ESTIMATOR_MOST_STEPS("20000", "maximum number of EM steps"),
};

static const heed_output outputs[] = {
    ESTIMATOR_EM_OUTPUTS("maximised objective: includes log-priors",
                         "number of EM steps", "1: EM converged"),
    [OUT_SHARED_PAIRS] = ESTIMATOR_SHARED_PAIRS,
    [OUT_IDENTIFIED] = ESTIMATOR_IDENTIFIED,
};

/* Far outside the range of the priors; prevents overflow in extrapolations. */
static const double most_ability = 100, most_easiness = 12;

/* x: ability of each user, then log easiness of each pair. */
typedef struct glad_fit {
  const heed_value *values;
  const heed_host *host;
  crowd_overlap overlap;
  const int64_t *pair;  /* of rows */
  const int8_t *choice; /* of rows */
  double *given;        /* (N, 2) */
  double *log_odds;     /* (P) */
  double *beta;         /* (P) */
  double *right;        /* rows: w */
  const heed_vector *vector;

  /* (most): m, its slope, w and two functions of m, for the annotations of one
   * user, of one pair or of a block of pairs. */
  double *m, *rate, *w, *softplus, *sigmoid;
} glad_fit;

/* The most annotations in a block of pairs, unless one pair has more. */
enum { BLOCK = 1024 };

/* State for predict(). */
typedef struct glad_fitted {
  double *ability;  /* (J) */
  double *beta;     /* (P) */
  double *log_odds; /* (P) */
} glad_fitted;

/* A function of one value with its derivatives: value, f', -f''. */
typedef struct glad_curve {
  double value, slope, information;
} glad_curve;

static void put_within(const glad_fit *self, double *x) {
  for (size_t j = 0; j < self->overlap.users; j++)
    x[j] = fmin(fmax(x[j], -most_ability), most_ability);
  for (size_t i = self->overlap.users;
       i < self->overlap.users + self->overlap.pairs; i++)
    x[i] = fmin(fmax(x[i], -most_easiness), most_easiness);
}

static bool annotated(const glad_fit *self, size_t pair) {
  return self->overlap.first[pair + 1] > self->overlap.first[pair];
}

static double log_prior(const glad_fit *self, const double *x) {
  const double *b = x + self->overlap.users;
  double sum = 0;
  for (size_t j = 0; j < self->overlap.users; j++)
    sum += pow(x[j] - self->values[ABILITY].number, 2);
  for (size_t i = 0; i < self->overlap.pairs; i++)
    if (annotated(self, i)) sum += pow(b[i] - self->values[EASINESS].number, 2);
  return -sum / 2;
}

/* log P(choice | z) of the annotations first … end - 1, of pairs whose log
 * easiness is known: log sigmoid(m) = - softplus(-m) = m - softplus(m). */
static void find_given(const glad_fit *self, size_t first, size_t end) {
  const crowd_overlap *overlap = &self->overlap;
  self->vector->softplus(end - first, self->m, self->softplus);
  for (size_t n = first; n < end; n++) {
    const double wrong = -self->softplus[n - first];
    const double right = wrong + self->m[n - first];
    self->given[2 * n] = overlap->chose_a[n] ? right : wrong;
    self->given[2 * n + 1] = overlap->chose_a[n] ? wrong : right;
  }
}

/* Log-odds of every pair and w of every row; returns the log-likelihood. */
static double expect(const glad_fit *self, const double *x) {
  const crowd_overlap *overlap = &self->overlap;
  size_t start = 0; /* of the block */
  self->vector->exp(overlap->pairs, x + overlap->users, self->beta);
  for (size_t i = 0; i < overlap->pairs; i++) {
    const size_t first = overlap->first[i], end = overlap->first[i + 1];
    if (end - start > BLOCK && first > start) {
      find_given(self, start, first);
      start = first;
    }
    for (size_t n = first; n < end; n++)
      self->m[n - start] = x[overlap->user[n]] * self->beta[i];
  }
  find_given(self, start, overlap->count);
  const double sum = overlap_log_odds(
      overlap, self->given, self->values[SHARE].number, self->log_odds);
  for (size_t i = 0; i < overlap->pairs; i++) {
    const double q = overlap_sigmoid(self->log_odds[i]);
    for (size_t n = overlap->first[i]; n < overlap->first[i + 1]; n++)
      self->right[overlap->row[n]] = overlap->chose_a[n] ? q : 1 - q;
  }
  return sum;
}

/* ---- the M-step ---- */

/* The sum of w log sigmoid(m) + (1 - w) log sigmoid(-m) = w m - softplus(m)
 * over `count` annotations in m and w, where m is linear in the variable with
 * slope `rate`. */
static glad_curve sum_curve(const glad_fit *self, size_t count) {
  const double *m = self->m, *w = self->w, *rate = self->rate;
  const double *p = self->sigmoid;
  glad_curve curve = {0};
  self->vector->softplus_sigmoid(count, m, self->softplus, self->sigmoid);
  for (size_t n = 0; n < count; n++) {
    curve.value += w[n] * m[n] - self->softplus[n];
    curve.slope += rate[n] * (w[n] - p[n]);
    curve.information += rate[n] * rate[n] * p[n] * (1 - p[n]);
  }
  return curve;
}

static void add_normal(glad_curve *curve, double x, double mean) {
  curve->value -= (x - mean) * (x - mean) / 2;
  curve->slope -= x - mean;
  curve->information += 1;
}

static glad_curve of_ability(const glad_fit *self, size_t user, double alpha) {
  const size_t *first = self->overlap.crowd->first;
  size_t count = 0;
  for (size_t r = first[user]; r < first[user + 1]; r++)
    if (self->choice[r] != HEED_CHOSE_TIE) {
      const double beta = self->beta[self->pair[r]];
      self->m[count] = alpha * beta;
      self->rate[count] = beta;
      self->w[count++] = self->right[r];
    }
  glad_curve curve = sum_curve(self, count);
  add_normal(&curve, alpha, self->values[ABILITY].number);
  return curve;
}

/* m = alpha exp b has slope m in b; its curvature counts as long as the sum
 * stays concave. */
static glad_curve of_easiness(const glad_fit *self, size_t pair,
                              const double *alpha, double b) {
  const crowd_overlap *overlap = &self->overlap;
  const size_t first = overlap->first[pair], end = overlap->first[pair + 1];
  const double beta = exp(b), q = overlap_sigmoid(self->log_odds[pair]);
  for (size_t n = first; n < end; n++) {
    const double m = alpha[overlap->user[n]] * beta;
    self->m[n - first] = self->rate[n - first] = m;
    self->w[n - first] = overlap->chose_a[n] ? q : 1 - q;
  }
  glad_curve curve = sum_curve(self, end - first);
  add_normal(&curve, b, self->values[EASINESS].number);
  return curve;
}

/* One Newton step in one value, halved until it gains. */
static double raised_ability(const glad_fit *self, size_t user, double alpha) {
  const glad_curve here = of_ability(self, user, alpha);
  double step = here.slope / here.information;
  for (int halvings = 0; halvings < 30; halvings++) {
    const double next = fmin(fmax(alpha + step, -most_ability), most_ability);
    if (of_ability(self, user, next).value > here.value) return next;
    if (fabs(step) < 1e-14 * (1 + fabs(alpha))) break;
    step /= 2;
  }
  return alpha;
}

static double raised_easiness(const glad_fit *self, size_t pair,
                              const double *alpha, double b) {
  const glad_curve here = of_easiness(self, pair, alpha, b);
  double step = here.slope / here.information;
  for (int halvings = 0; halvings < 30; halvings++) {
    const double next = fmin(fmax(b + step, -most_easiness), most_easiness);
    if (of_easiness(self, pair, alpha, next).value > here.value) return next;
    if (fabs(step) < 1e-14 * (1 + fabs(b))) break;
    step /= 2;
  }
  return b;
}

static double e_step(void *state, double *x) {
  const glad_fit *self = state;
  put_within(self, x);
  return expect(self, x) + log_prior(self, x);
}

static void m_step(void *state, double *x) {
  const glad_fit *self = state;
  const size_t users = self->overlap.users;
  double *b = x + users;
  for (size_t j = 0; j < users; j++) x[j] = raised_ability(self, j, x[j]);
  for (size_t i = 0; i < self->overlap.pairs; i++)
    b[i] = annotated(self, i) ? raised_easiness(self, i, x, b[i])
                              : self->values[EASINESS].number;
}

/* ---- users ---- */

/* log(s p + (1 - s)(1 - p)) of one choice, s = sigmoid(alpha beta) and p the
 * probability, by the others, that it is right; added with a sign. */
static void add_choice(glad_curve *curve, double alpha, double beta, double p,
                       double sign) {
  const double s = overlap_sigmoid(alpha * beta), d = 2 * p - 1;
  const double chance = 1 - p + s * d;
  const double first = beta * s * (1 - s) * d / chance;
  curve->slope += sign * first;
  curve->information += sign * (first * first - beta * (1 - 2 * s) * first);
}

/* Over the user's annotations except `without`; p of each row from the
 * others. */
static glad_curve of_user(const glad_fit *self, const double *p, size_t user,
                          size_t excluded, double alpha) {
  const size_t *first = self->overlap.crowd->first;
  glad_curve curve = {0};
  for (size_t r = first[user]; r < first[user + 1]; r++)
    if (r != excluded && self->choice[r] != HEED_CHOSE_TIE)
      add_choice(&curve, alpha, self->beta[self->pair[r]], p[r], 1);
  add_normal(&curve, alpha, self->values[ABILITY].number);
  return curve;
}

/* Mean of eta over the user's pairs, and of its derivative by alpha. */
static double eta_of(const glad_fit *self, size_t user, double alpha,
                     double *derivative) {
  const size_t *first = self->overlap.crowd->first;
  double sum = 0, count = 0;
  *derivative = 0;
  for (size_t r = first[user]; r < first[user + 1]; r++) {
    if (self->choice[r] == HEED_CHOSE_TIE) continue;
    const double beta = self->beta[self->pair[r]];
    const double s = overlap_sigmoid(alpha * beta);
    sum += 2 * s - 1;
    *derivative += 2 * beta * s * (1 - s);
    count++;
  }
  if (count == 0) { /* of a pair of average easiness */
    const double beta = exp(self->values[EASINESS].number);
    const double s = overlap_sigmoid(alpha * beta);
    *derivative = 2 * beta * s * (1 - s);
    return 2 * s - 1;
  }
  *derivative /= count;
  return sum / count;
}

/* After a surprising choice the curvature may fall below the prior's; the step
 * then uses the prior's. */
static double newton(glad_curve curve) {
  return fmin(fmax(curve.slope / fmax(curve.information, 1), -1), 1);
}

static double solve(const glad_fit *self, const double *p, size_t user,
                    size_t excluded, double alpha) {
  enum { MOST = 100 };
  for (int i = 0; i < MOST; i++) {
    const double step = newton(of_user(self, p, user, excluded, alpha));
    alpha += step;
    if (fabs(step) < 1e-13) break;
  }
  return alpha;
}

static double clipped(const glad_fit *self, double eta) {
  const bool clips = self->values[NEGATIVE].integer == ESTIMATOR_CLIP;
  return fmin(fmax(eta, clips ? 0 : -1), 1);
}

static void fill_user(const glad_fit *self, const double *p, size_t user,
                      double alpha, heed_posterior *posterior) {
  const size_t start = self->overlap.crowd->first[user];
  const size_t end = self->overlap.crowd->first[user + 1];
  const glad_curve whole = of_user(self, p, user, SIZE_MAX, alpha);
  double rate, unused;
  const double eta = eta_of(self, user, alpha, &rate);
  posterior->mean[user] = clipped(self, eta);
  posterior->sd[user] = rate / sqrt(fmax(whole.information, 1));
  for (size_t r = start; r < end; r++) {
    glad_curve rest = whole;
    if (self->choice[r] == HEED_CHOSE_TIE) {
      posterior->left_out[r] = posterior->mean[user];
    } else if (end - start <= EXACT) {
      const double excluded = solve(self, p, user, r, alpha);
      posterior->left_out[r] =
          clipped(self, eta_of(self, user, excluded, &unused));
    } else {
      add_choice(&rest, alpha, self->beta[self->pair[r]], p[r], -1);
      posterior->left_out[r] = clipped(self, eta + rate * newton(rest));
    }
  }
}

/* ---- the fit ---- */

/* Annotations of one user, of one pair, or of a block. */
static size_t find_most(const crowd_overlap *overlap) {
  const size_t *first = overlap->crowd->first;
  size_t most = BLOCK;
  for (size_t j = 0; j < overlap->users; j++)
    if (first[j + 1] - first[j] > most) most = first[j + 1] - first[j];
  for (size_t i = 0; i < overlap->pairs; i++)
    if (overlap->first[i + 1] - overlap->first[i] > most)
      most = overlap->first[i + 1] - overlap->first[i];
  return most;
}

static heed_status open_rooms(glad_fit *self, heed_error *error) {
  const size_t most = find_most(&self->overlap);
  heed_memory memory = {self->host, false};
  self->given = heed_scratch_doubles(&memory, 2 * self->overlap.count);
  self->log_odds = heed_allocate_doubles(&memory, self->overlap.pairs);
  self->beta = heed_allocate_doubles(&memory, self->overlap.pairs);
  self->right =
      heed_scratch_doubles(&memory, self->overlap.crowd->annotations->rows);
  self->m = heed_scratch_doubles(&memory, most);
  self->rate = heed_scratch_doubles(&memory, most);
  self->w = heed_scratch_doubles(&memory, most);
  self->softplus = heed_scratch_doubles(&memory, most);
  self->sigmoid = heed_scratch_doubles(&memory, most);
  return memory.refused ? heed_no_memory(error) : HEED_OK;
}

static heed_status open_fit(glad_fit *self, const heed_value *values,
                            const heed_host *host, const heed_crowd *crowd,
                            heed_error *error) {
  const heed_status status = overlap_open(host, crowd, &self->overlap, error);
  if (status != HEED_OK) return status;
  const heed_table *said = crowd->annotations;
  self->values = values;
  self->host = host;
  self->pair = heed_table_data(said, "pair", HEED_INT64);
  self->choice = heed_table_data(said, "choice", HEED_INT8);
  self->vector = heed_vector_of(host);
  return open_rooms(self, error);
}

/* Everyone starts able, as the priors expect; an ability of 0 is a saddle. */
static heed_status start_at(void *state, size_t start, double *x,
                            heed_error *error) {
  const glad_fit *self = state;
  const size_t users = self->overlap.users;
  (void)start, (void)error;
  for (size_t j = 0; j < users; j++)
    x[j] = fmax(self->values[ABILITY].number, 0.1);
  for (size_t i = 0; i < self->overlap.pairs; i++)
    x[users + i] = self->values[EASINESS].number;
  return HEED_OK;
}

static const attention_em_steps steps = {
    .start = start_at, .e_step = e_step, .m_step = m_step};

static heed_status fill(const glad_fit *self, const double *x,
                        heed_posterior *posterior, heed_error *error) {
  const crowd_overlap *overlap = &self->overlap;
  const size_t rows = overlap->crowd->annotations->rows;
  heed_memory memory = {self->host, false};
  double *others = heed_scratch_doubles(&memory, rows);
  posterior->unit = HEED_BY_USER;
  posterior->units = overlap->users;
  posterior->mean = heed_allocate_doubles(&memory, overlap->users);
  posterior->sd = heed_allocate_doubles(&memory, overlap->users);
  posterior->left_out = heed_allocate_doubles(&memory, rows);
  posterior->casual = heed_allocate_doubles(&memory, rows);
  posterior->p = heed_allocate_doubles(&memory, rows);
  if (memory.refused) return heed_no_memory(error);
  for (size_t r = 0; r < rows; r++) {
    posterior->casual[r] = self->choice[r] == HEED_CHOSE_TIE ? 1 : 0.5;
    posterior->p[r] = overlap_sigmoid(self->log_odds[self->pair[r]]);
  }
  for (size_t i = 0; i < overlap->pairs; i++)
    for (size_t n = overlap->first[i]; n < overlap->first[i + 1]; n++) {
      const double odds =
          self->log_odds[i] - self->given[2 * n] + self->given[2 * n + 1];
      others[overlap->row[n]] =
          overlap_sigmoid(overlap->chose_a[n] ? odds : -odds);
    }
  for (size_t j = 0; j < overlap->users; j++)
    fill_user(self, others, j, x[j], posterior);
  return HEED_OK;
}

static heed_status keep_fit(const glad_fit *self, const double *x,
                            heed_posterior *posterior, heed_error *error) {
  heed_memory memory = {self->host, false};
  glad_fitted *state = heed_allocate(&memory, 1, sizeof *state);
  double *ability = heed_allocate_doubles(&memory, self->overlap.users);
  if (memory.refused) return heed_no_memory(error);
  *state = (glad_fitted){
      .ability = ability, .beta = self->beta, .log_odds = self->log_odds};
  memcpy(ability, x, self->overlap.users * sizeof *x);
  posterior->state = state;
  return HEED_OK;
}

static void report(const glad_fit *self, const heed_posterior *posterior) {
  const double shared = (double)self->overlap.shared;
  const double identified = posterior->identified;
  em_driver_report(self->host, posterior);
  self->host->output(self->host, OUT_SHARED_PAIRS, &shared, 1);
  self->host->output(self->host, OUT_IDENTIFIED, &identified, 1);
}

static heed_status estimate(void *values, const heed_host *host,
                            const heed_crowd *crowd, heed_posterior *posterior,
                            heed_error *error) {
  glad_fit self;
  heed_status status = open_fit(&self, values, host, crowd, error);
  if (status != HEED_OK) return status;
  attention_em em = {.steps = &steps,
                     .state = &self,
                     .host = host,
                     .count = self.overlap.users + self.overlap.pairs,
                     .starts = 1,
                     .tolerance = self.values[TOLERANCE].number,
                     .most_steps = (uint64_t)self.values[MOST_STEPS].integer};
  status = chance_judge(&self.overlap, host, &posterior->identified, error);
  if (status == HEED_OK) status = em_driver_open(&em, error);
  if (status == HEED_OK) status = em_driver_fit(&em, posterior, error);
  if (status != HEED_OK) return status;
  put_within(&self, em.x);
  posterior->log_likelihood = expect(&self, em.x);
  posterior->objective = posterior->log_likelihood + log_prior(&self, em.x);
  status = fill(&self, em.x, posterior, error);
  if (status == HEED_OK) status = keep_fit(&self, em.x, posterior, error);
  if (status == HEED_OK) report(&self, posterior);
  return status;
}

/* A tie carries no information. */
static heed_status predict(void *self, const heed_host *host,
                           const heed_posterior *posterior,
                           const heed_crowd *held_out, double *probability,
                           heed_error *error) {
  const glad_fitted *state = posterior->state;
  const heed_table *said = held_out->annotations;
  const int64_t *user = heed_table_data(said, "user", HEED_INT64);
  const int64_t *pair = heed_table_data(said, "pair", HEED_INT64);
  const int8_t *choice = heed_table_data(said, "choice", HEED_INT8);
  (void)self, (void)host, (void)error;
  for (size_t r = 0; r < said->rows; r++) {
    const double odds = state->log_odds[pair[r]];
    const double q = overlap_sigmoid(choice[r] == HEED_CHOSE_A ? odds : -odds);
    const double s =
        overlap_sigmoid(state->ability[user[r]] * state->beta[pair[r]]);
    probability[r] =
        choice[r] == HEED_CHOSE_TIE ? 1 : s * q + (1 - s) * (1 - q);
  }
  return HEED_OK;
}

static const heed_estimator_functions functions = {
    .size = sizeof functions,
    .estimate = estimate,
    .predict = predict,
};

static const heed_plugin glad = {
    .size = sizeof glad,
    .abi = HEED_ABI,
    .kind = HEED_ESTIMATOR,
    .name = "glad",
    .version = "1.0",
    .summary = "GLAD: ability of users and easiness of pairs",
    .reference = "Whitehill et al. 2009, NIPS 22, 2035-2043",
    .parameters = parameters,
    .parameter_count = PARAMETER_COUNT,
    .outputs = outputs,
    .output_count = sizeof outputs / sizeof *outputs,
    .functions = &functions,
    .functions_size = sizeof functions,
};

static const heed_plugin *const plugins[] = {&glad};
HEED_PLUGINS(plugins)
