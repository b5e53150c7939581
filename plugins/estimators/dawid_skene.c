/* SPDX-License-Identifier: GPL-3.0-or-later
 * Dawid and Skene 1979, Appl. Stat. 28, 20-28, for two classes: each pair i has
 * a better response z_i, A's with probability `share`; user j names it with an
 * accuracy, else its opposite.  coins = "one": the user has one accuracy a_j
 * (as in Zhang et al. 2016, J. Mach. Learn. Res. 17, 1-44); "per_class": one
 * where A's response is better and one where B's is, a_j(A) and a_j(B): the
 * user's confusion matrix.  Exact EM maximises
 *
 *   sum_i log(share prod_j P(y_ij | A) + (1 - share) prod_j P(y_ij | B))
 *     + sum over accuracies of (alpha - 1) log a + (beta - 1) log(1 - a).
 *
 * E-step: q_i = P(z_i = A | all choices on the pair).  M-step: an accuracy is
 * the mean of q_i(y_ij), weighted by P(z_i) if it belongs to a class, with
 * alpha - 1 and beta - 1 choices more; share is the mean of q_i.
 *
 * Attentiveness is eta = a(A) + a(B) - 1, or 2 a - 1: with p_i = P(z_i = A |
 * the others' choices), P(y_ij = A) = a(A) p_i + (1 - a(B))(1 - p_i) = eta p_i
 * + (1 - eta) h, h = (1 - a(B)) / (1 - eta) the P(A) of the user's casual
 * choices; 1/2 for one coin, the paper's user.  Users who are wrong more often
 * than right have a negative eta; `negative` decides how to report it.  Labels
 * use the accuracies unchanged. */
#include <math.h>
#include <string.h>

#include "dawid_skene/two_coins.h"
#include "heed/estimator.h"
#include "heed/memory.h"
#include "support/attention/em_driver.h"
#include "support/attention/linear_posterior.h"
#include "support/attention/parameters.h"
#include "support/crowd/chance.h"
#include "support/crowd/overlap.h"

enum {
  COINS,
  SHARE,
  ALPHA,
  BETA,
  NEGATIVE,
  TOLERANCE,
  MOST_STEPS,
  PARAMETER_COUNT
};
enum { OUT_SHARED_PAIRS = EM_OUTPUT_COUNT, OUT_SHARE, OUT_IDENTIFIED };

enum { COINS_ONE, COINS_PER_CLASS };
static const char *const coins_words[] = {"one", "per_class", NULL};

/* By default, one more right choice and one more wrong one.  Without them, a
 * user without a mistake has accuracy 1 - least, and a first mistake is nearly
 * impossible. */
#define SHAPE(word, text) ESTIMATOR_SHAPE_FROM(word, "2", text)

static const heed_parameter parameters[] = {
    [COINS] = {.name = "coins",
               .type = HEED_ENUM,
               .default_value = "one",
               .choices = coins_words,
               .doc = "accuracies of a user: one, or one per class: where "
                      "A's response is better and where B's is"},
    [SHARE] = OVERLAP_SHARE("fitted"),
    [ALPHA] = SHAPE("alpha",
                    "first shape of the Beta(alpha, beta) prior of accuracy; "
                    "1 and 1: maximum likelihood"),
    [BETA] = SHAPE("beta", "second shape of that prior"),
    [NEGATIVE] =
        ESTIMATOR_NEGATIVE("eta of users who are wrong more often than right: "
                           "clip (to 0) or keep (negative)"),
    [TOLERANCE] = ESTIMATOR_TOLERANCE("1e-10"),
    [MOST_STEPS] = ESTIMATOR_MOST_STEPS("20000", "maximum number of EM steps"),
};

static const heed_output outputs[] = {
    ESTIMATOR_EM_OUTPUTS("maximised objective: includes log-priors",
                         "number of EM steps", "1: EM converged"),
    [OUT_SHARED_PAIRS] = ESTIMATOR_SHARED_PAIRS,
    [OUT_SHARE] = OVERLAP_SHARE_OUTPUT,
    [OUT_IDENTIFIED] = ESTIMATOR_IDENTIFIED,
};

/* Accuracies and share keep this distance from 0 and 1, so that no choice is
 * impossible. */
static const double least = 1e-10;

/* x: accuracy of each user where A's response is better, then, if per class,
 * where B's is, then the share. */
typedef struct dawid_skene_fit {
  const heed_value *values;
  crowd_overlap overlap;
  bool per_class, fits_share;
  size_t accuracies; /* J or 2 J; the share follows them */
  double share;      /* if not fitted */
  double *log_odds;  /* (P) */

  /* By code (overlap.h): (2 J) */
  double *ratio, *middle, *times, *for_a;
} dawid_skene_fit;

/* State for predict(). */
typedef struct dawid_skene_fitted {
  double *right_a, *right_b; /* (J): accuracies */
  double *log_odds;          /* (P) */
} dawid_skene_fitted;

static const double *where_b_is_better(const dawid_skene_fit *self,
                                       const double *x) {
  return self->per_class ? x + self->overlap.users : x;
}

static void put_within(const dawid_skene_fit *self, double *x) {
  for (size_t i = 0; i <= self->accuracies; i++)
    x[i] = fmin(fmax(x[i], least), 1 - least);
  if (!self->fits_share) x[self->accuracies] = self->share;
}

/* Log-odds of every pair, and expected counts; returns the log-likelihood. */
static double expect(const dawid_skene_fit *self, const double *x) {
  const crowd_overlap *overlap = &self->overlap;
  const double *x_b = where_b_is_better(self, x);
  for (size_t j = 0; j < overlap->users; j++) {
    const double right_a = log(x[j]), wrong_a = log1p(-x[j]);
    const double right_b = self->per_class ? log(x_b[j]) : right_a;
    const double wrong_b = self->per_class ? log1p(-x_b[j]) : wrong_a;
    self->ratio[2 * j] = wrong_a - right_b;
    self->ratio[2 * j + 1] = right_a - wrong_b;
    self->middle[2 * j] = (wrong_a + right_b) / 2;
    self->middle[2 * j + 1] = (right_a + wrong_b) / 2;
  }
  return overlap_expect(overlap, self->ratio, self->middle, self->times,
                        x[self->accuracies], self->log_odds, self->for_a);
}

static double log_prior(const dawid_skene_fit *self, const double *x) {
  const double alpha = self->values[ALPHA].number;
  const double beta = self->values[BETA].number;
  double sum = 0;
  if (alpha == 1 && beta == 1) return 0;
  for (size_t i = 0; i < self->accuracies; i++)
    sum += (alpha - 1) * log(x[i]) + (beta - 1) * log1p(-x[i]);
  return sum;
}

static double e_step(void *state, double *x) {
  const dawid_skene_fit *self = state;
  put_within(self, x);
  return expect(self, x) + log_prior(self, x);
}

/* From expected counts of right choices, and of all. */
static void set_accuracy(const dawid_skene_fit *self, double right, double all,
                         double *accuracy) {
  const double alpha = self->values[ALPHA].number - 1;
  const double beta = self->values[BETA].number - 1;
  if (all + alpha + beta > 0)
    *accuracy = (right + alpha) / (all + alpha + beta);
}

static void m_step(void *state, double *x) {
  const dawid_skene_fit *self = state;
  const size_t users = self->overlap.users;
  for (size_t j = 0; j < users; j++) {
    const double *times = self->times + 2 * j, *for_a = self->for_a + 2 * j;
    const double right_a = for_a[1], right_b = times[0] - for_a[0];
    const double better_a = for_a[0] + for_a[1], all = times[0] + times[1];
    if (self->per_class) {
      set_accuracy(self, right_a, better_a, x + j);
      set_accuracy(self, right_b, all - better_a, x + users + j);
    } else {
      set_accuracy(self, right_a + right_b, all, x + j);
    }
  }
  x[self->accuracies] =
      overlap_mean(&self->overlap, self->log_odds, x[self->accuracies]);
  put_within(self, x);
}

/* ---- the fit ---- */

static heed_status open_fit(dawid_skene_fit *self, const heed_value *values,
                            const heed_host *host, const heed_crowd *crowd,
                            heed_error *error) {
  const heed_status status = overlap_open(host, crowd, &self->overlap, error);
  if (status != HEED_OK) return status;
  const size_t users = self->overlap.users;
  self->values = values;
  self->per_class = values[COINS].integer == COINS_PER_CLASS;
  self->accuracies = self->per_class ? 2 * users : users;
  self->fits_share =
      overlap_share(&self->overlap, &values[SHARE], &self->share);
  heed_memory memory = {host, false};
  self->log_odds = heed_allocate_doubles(&memory, self->overlap.pairs);
  self->ratio = heed_scratch_doubles(&memory, 2 * users);
  self->middle = heed_scratch_doubles(&memory, 2 * users);
  self->times = heed_scratch_doubles(&memory, 2 * users);
  self->for_a = heed_scratch_doubles(&memory, 2 * users);
  if (memory.refused) return heed_no_memory(error);
  overlap_count(&self->overlap, self->times);
  return HEED_OK;
}

/* From agreement with others, and the share of choices of A. */
static heed_status start_at(void *state, size_t start, double *x,
                            heed_error *error) {
  const dawid_skene_fit *self = state;
  const size_t users = self->overlap.users;
  (void)start, (void)error;
  overlap_agreement(&self->overlap, 0.55, self->ratio, x);
  if (self->per_class) memcpy(x + users, x, users * sizeof *x);
  x[self->accuracies] = self->share;
  put_within(self, x);
  return HEED_OK;
}

static const attention_em_steps steps = {
    .start = start_at, .e_step = e_step, .m_step = m_step};

/* Labels of every annotation's pair, and p from the others: others[rows]. */
static heed_status fill_labels(const dawid_skene_fit *self,
                               const heed_host *host, double *others,
                               heed_posterior *posterior, heed_error *error) {
  const crowd_overlap *overlap = &self->overlap;
  const heed_table *said = overlap->crowd->annotations;
  const int64_t *pair = heed_table_data(said, "pair", HEED_INT64);
  heed_memory memory = {host, false};
  posterior->p = heed_allocate_doubles(&memory, said->rows);
  posterior->casual = heed_allocate_doubles(&memory, said->rows);
  if (memory.refused) return heed_no_memory(error);
  for (size_t r = 0; r < said->rows; r++) {
    posterior->p[r] = overlap_sigmoid(self->log_odds[pair[r]]);
    posterior->casual[r] = 1; /* ties */
  }
  for (size_t i = 0; i < overlap->pairs; i++)
    for (size_t n = overlap->first[i]; n < overlap->first[i + 1]; n++)
      others[overlap->row[n]] =
          overlap_sigmoid(self->log_odds[i] - self->ratio[overlap->code[n]]);
  return HEED_OK;
}

/* P(choice) = 1/2 + eta (p(choice) - 1/2). */
static heed_status fill_one(const dawid_skene_fit *self, const heed_host *host,
                            const double *x, const double *others,
                            heed_posterior *posterior, heed_error *error) {
  const heed_crowd *crowd = self->overlap.crowd;
  const int8_t *choice =
      heed_table_data(crowd->annotations, "choice", HEED_INT8);
  const size_t rows = crowd->annotations->rows;
  heed_memory memory = {host, false};
  double *d = heed_scratch_doubles(&memory, rows);
  double *eta = heed_scratch_doubles(&memory, self->overlap.users);
  if (memory.refused) return heed_no_memory(error);
  for (size_t j = 0; j < self->overlap.users; j++) eta[j] = 2 * x[j] - 1;
  for (size_t r = 0; r < rows; r++) {
    if (choice[r] == HEED_CHOSE_TIE) continue;
    posterior->casual[r] = 0.5;
    d[r] = choice[r] == HEED_CHOSE_A ? others[r] - 0.5 : 0.5 - others[r];
  }
  const linear_posterior users = {
      .crowd = crowd,
      .low = -1,
      .high = 1,
      .alpha = self->values[ALPHA].number,
      .beta = self->values[BETA].number,
      .c = posterior->casual,
      .d = d,
      .eta = eta,
      .clip = self->values[NEGATIVE].integer == ESTIMATOR_CLIP};
  return linear_posterior_fill(&users, host, posterior, error);
}

/* P(choice) = eta p(choice) + (1 - eta) h(choice). */
static heed_status fill_per_class(const dawid_skene_fit *self,
                                  const heed_host *host, const double *x,
                                  const double *others,
                                  heed_posterior *posterior,
                                  heed_error *error) {
  const heed_crowd *crowd = self->overlap.crowd;
  const int8_t *choice =
      heed_table_data(crowd->annotations, "choice", HEED_INT8);
  const double *right_b = where_b_is_better(self, x);
  for (size_t j = 0; j < self->overlap.users; j++) {
    const double h = (1 - right_b[j]) / (2 - x[j] - right_b[j]);
    for (size_t r = crowd->first[j]; r < crowd->first[j + 1]; r++)
      if (choice[r] != HEED_CHOSE_TIE)
        posterior->casual[r] = choice[r] == HEED_CHOSE_A ? h : 1 - h;
  }
  const two_coins users = {
      .crowd = crowd,
      .choice = choice,
      .alpha = self->values[ALPHA].number,
      .beta = self->values[BETA].number,
      .least = least,
      .others = others,
      .a = x,
      .b = right_b,
      .clip = self->values[NEGATIVE].integer == ESTIMATOR_CLIP};
  return two_coins_fill(&users, host, posterior, error);
}

static heed_status fill(const dawid_skene_fit *self, const heed_host *host,
                        const double *x, heed_posterior *posterior,
                        heed_error *error) {
  heed_memory memory = {host, false};
  double *others =
      heed_scratch_doubles(&memory, self->overlap.crowd->annotations->rows);
  if (memory.refused) return heed_no_memory(error);
  const heed_status status = fill_labels(self, host, others, posterior, error);
  if (status != HEED_OK) return status;
  return (self->per_class ? fill_per_class : fill_one)(self, host, x, others,
                                                       posterior, error);
}

static void report(const dawid_skene_fit *self, const heed_host *host,
                   const heed_posterior *posterior, double share) {
  const double shared = (double)self->overlap.shared;
  const double identified = posterior->identified;
  em_driver_report(host, posterior);
  host->output(host, OUT_SHARED_PAIRS, &shared, 1);
  host->output(host, OUT_SHARE, &share, 1);
  host->output(host, OUT_IDENTIFIED, &identified, 1);
}

static heed_status keep_fit(const dawid_skene_fit *self, const heed_host *host,
                            const double *x, heed_posterior *posterior,
                            heed_error *error) {
  heed_memory memory = {host, false};
  dawid_skene_fitted *state = heed_allocate(&memory, 1, sizeof *state);
  const size_t users = self->overlap.users;
  double *right_a = heed_allocate_doubles(&memory, users);
  double *right_b = heed_allocate_doubles(&memory, users);
  if (memory.refused) return heed_no_memory(error);
  *state = (dawid_skene_fitted){
      .right_a = right_a, .right_b = right_b, .log_odds = self->log_odds};
  memcpy(right_a, x, users * sizeof *x);
  memcpy(right_b, where_b_is_better(self, x), users * sizeof *x);
  posterior->state = state;
  return HEED_OK;
}

static heed_status estimate(void *values, const heed_host *host,
                            const heed_crowd *crowd, heed_posterior *posterior,
                            heed_error *error) {
  dawid_skene_fit self;
  heed_status status = open_fit(&self, values, host, crowd, error);
  if (status != HEED_OK) return status;
  attention_em em = {.steps = &steps,
                     .state = &self,
                     .host = host,
                     .count = self.accuracies + 1,
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
  status = fill(&self, host, em.x, posterior, error);
  if (status == HEED_OK) status = keep_fit(&self, host, em.x, posterior, error);
  if (status == HEED_OK) report(&self, host, posterior, em.x[self.accuracies]);
  return status;
}

/* A tie carries no information. */
static heed_status predict(void *self, const heed_host *host,
                           const heed_posterior *posterior,
                           const heed_crowd *held_out, double *probability,
                           heed_error *error) {
  const dawid_skene_fitted *state = posterior->state;
  const heed_table *said = held_out->annotations;
  const int64_t *user = heed_table_data(said, "user", HEED_INT64);
  const int64_t *pair = heed_table_data(said, "pair", HEED_INT64);
  const int8_t *choice = heed_table_data(said, "choice", HEED_INT8);
  (void)self, (void)host, (void)error;
  for (size_t r = 0; r < said->rows; r++) {
    const double odds = state->log_odds[pair[r]];
    const double right_a = state->right_a[user[r]];
    const double right_b = state->right_b[user[r]];
    const double a = overlap_sigmoid(odds), b = overlap_sigmoid(-odds);
    probability[r] = choice[r] == HEED_CHOSE_TIE ? 1
                     : choice[r] == HEED_CHOSE_A
                         ? right_a * a + (1 - right_b) * b
                         : (1 - right_a) * a + right_b * b;
  }
  return HEED_OK;
}

static const heed_estimator_functions functions = {
    .size = sizeof functions,
    .estimate = estimate,
    .predict = predict,
};

static const heed_plugin dawid_skene = {
    .size = sizeof dawid_skene,
    .abi = HEED_ABI,
    .kind = HEED_ESTIMATOR,
    .name = "dawid_skene",
    .version = "1.1",
    .summary =
        "Dawid and Skene: accuracy against fitted labels, or one per class",
    .reference = "Dawid and Skene 1979, Appl. Stat. 28, 20-28",
    .parameters = parameters,
    .parameter_count = PARAMETER_COUNT,
    .outputs = outputs,
    .output_count = sizeof outputs / sizeof *outputs,
    .functions = &functions,
    .functions_size = sizeof functions,
};

static const heed_plugin *const plugins[] = {&dawid_skene};
HEED_PLUGINS(plugins)
