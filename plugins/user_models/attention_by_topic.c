/* SPDX-License-Identifier: GPL-3.0-or-later
 * Users who attend to some topics more than to others: in each topic a user of
 * attentiveness eta has a separate attentiveness,
 *
 *   eta_topic ~ Beta with mean eta and variance eta (1 - eta) rho,
 *
 * so rho (spread) is the correlation of attention within a topic beyond eta.
 * At 0 this is the paper's user (arXiv 2510.13830, eq. 2), at 1 attention is
 * all or nothing in each topic; in between, topics are partially pooled.  A tie
 * carries no information.
 *
 * eta_topic is integrated out: with B_m the probability of a topic's n choices
 * summed over the subsets of m attended ones,
 *
 *   P(choices | eta) = sum_m B_m E[eta_topic^m (1 - eta_topic)^(n - m)],
 *
 * where all terms are positive; the moments are those of Polya's urn
 * (Eggenberger and Polya 1923, ZAMM 3, 279-289).  n may reach some 900 in a
 * topic: beyond that, products underflow. */
#include <math.h>
#include <stdlib.h>

#include "heed/user_model.h"

enum { SPREAD, PARAMETER_COUNT };
enum { RHO, PHI_COUNT };

static const char *const words[] = {"fitted", NULL};

static const heed_parameter parameters[] = {
    [SPREAD] =
        {.name = "spread",
         .type = HEED_ENUM_OR_NUMBER,
         .flags = HEED_OPEN_HIGH,
         .default_value = "fitted",
         .low = 0,
         .high = 1,
         .choices = words,
         .doc = "variance of a user's attentiveness over topics, as a share of "
                "eta (1 - eta); \"fitted\" simulates users with 0.2"},
};

static const heed_output outputs[] = {
    {.name = "topic_spread",
     .doc = "variance of attentiveness over topics, as a share of "
            "eta (1 - eta), fitted or given"},
};

static void domain(const void *self, heed_domain *domain) {
  (void)self;
  *domain = (heed_domain){
      .dimension = 1, .low = 0, .high = 1, .phi_count = PHI_COUNT};
}

static void phi(const void *self, double *start, double *low, double *high) {
  const heed_value *spread = &((const heed_value *)self)[SPREAD];
  const bool given = spread->text == NULL;
  start[RHO] = given ? spread->number : 0.2;
  low[RHO] = given ? spread->number : 0;
  high[RHO] = given ? spread->number : 0.99;
}

/* ---- the answers of a topic ---- */

static const int32_t *topics_in(const heed_table *table) {
  return heed_table_data(table, "topic", HEED_INT32);
}

static heed_status check(const void *self, const heed_world *world,
                         const heed_table *annotations, heed_error *error) {
  (void)self;
  if (topics_in(annotations) != NULL || topics_in(world->pairs) != NULL)
    return HEED_OK;
  return heed_fail(error, HEED_UNSUPPORTED,
                   "neither the annotations nor the pairs of this source have "
                   "a column `topic`");
}

/* The annotation's own topic, else its pair's. */
static int32_t topic_of(const heed_answers *answers, size_t i) {
  const int32_t *own = topics_in(answers->annotations);
  return own != NULL ? own[answers->row[i]]
                     : topics_in(answers->pairs)[answers->pair[i]];
}

static bool first_of_topic(const heed_answers *answers, size_t i) {
  const int32_t topic = topic_of(answers, i);
  for (size_t earlier = 0; earlier < i; earlier++)
    if (topic_of(answers, earlier) == topic) return false;
  return true;
}

/* ---- one topic of one user ---- */

static double tossed(int8_t choice) {
  return choice == HEED_CHOSE_TIE ? 1 : 0.5;
}

static double attended(int8_t choice, double p) {
  return choice == HEED_CHOSE_TIE ? 1 : choice == HEED_CHOSE_A ? p : 1 - p;
}

/* B_m, m = 0 … n, of the topic's answers before `end` except `without`, into
 * some[end + 1]; returns n. */
static size_t sum_subsets(const heed_answers *answers, int32_t topic,
                          size_t excluded, size_t end, double *some) {
  size_t n = 0;
  some[0] = 1;
  for (size_t i = 0; i < end; i++) {
    if (i == excluded || topic_of(answers, i) != topic) continue;
    const double g = attended(answers->choice[i], answers->p[i]);
    const double c = tossed(answers->choice[i]);
    some[n + 1] = some[n] * g;
    for (size_t m = n; m > 0; m--) some[m] = some[m] * c + some[m - 1] * g;
    some[0] *= c;
    n++;
  }
  return n;
}

/* E[eta_topic^m (1 - eta_topic)^(n - m)], m = 0 … n, into moments[n + 1]: with
 * T_m = prod_{k < m} ((1 - rho) + k rho) and similar rising products U_m, V_m
 * for eta and 1 - eta, it is U_m V_(n - m) / T_n, computed as (U_m / T_m) (V_(n
 * - m) / T_(n - m)) (T_m T_(n - m) / T_n). */
static void urn_moments(double eta, double rho, size_t n, double *moments) {
  const double all = 1 - rho;
  double up = 1, down = 1, both = 1;
  for (size_t m = 0; m <= n; m++) {
    const double k = (double)m, left = (double)(n - m) - 1;
    moments[m] = up * both;
    up *= (eta * all + k * rho) / (all + k * rho);
    if (m < n) both *= (all + k * rho) / (all + left * rho);
  }
  for (size_t m = n + 1; m-- > 0;) {
    const double k = (double)(n - m);
    moments[m] *= down;
    down *= ((1 - eta) * all + k * rho) / (all + k * rho);
  }
}

static double dot(size_t count, const double *a, const double *b) {
  double sum = 0;
  for (size_t i = 0; i < count; i++) sum += a[i] * b[i];
  return sum;
}

/* P(attending | the topic's n answers in some[n + 1]): one more draw from the
 * urn. */
static double next_attended(double eta, double rho, size_t n,
                            const double *some, double *moments) {
  double attending = 0, sum;
  urn_moments(eta, rho, n, moments);
  sum = dot(n + 1, some, moments);
  for (size_t m = 0; m <= n; m++)
    attending += some[m] * moments[m] * (eta * (1 - rho) + (double)m * rho);
  attending /= (1 - rho) + (double)n * rho;
  return sum > 0 ? attending / sum : eta; /* impossible answers carry no
                                           * information */
}

/* ---- the model ---- */

/* Room for B and for moments; NULL: out of memory.  Most functions of a model
 * return no status: they then return NaN, which estimators refuse. */
static double *open_room(const heed_answers *answers) {
  return malloc(2 * (answers->count + 2) * sizeof(double));
}

static void fill(size_t count, double value, double *values) {
  for (size_t i = 0; i < count; i++) values[i] = value;
}

static void probability(const void *self, const double *fitted,
                        const heed_answers *answers, size_t node_count,
                        const double *nodes, double *of_choice) {
  (void)self;
  (void)fitted;
  for (size_t i = 0; i < answers->count; i++) {
    const double c = tossed(answers->choice[i]);
    const double d = attended(answers->choice[i], answers->p[i]) - c;
    for (size_t k = 0; k < node_count; k++)
      of_choice[i * node_count + k] = c + nodes[k] * d;
  }
}

static void casual(const void *self, const double *fitted,
                   const heed_answers *answers, double *of_choice) {
  (void)self;
  (void)fitted;
  for (size_t i = 0; i < answers->count; i++)
    of_choice[i] = tossed(answers->choice[i]);
}

static void log_likelihood(const void *self, const double *fitted,
                           const heed_answers *answers, size_t node_count,
                           const double *nodes, double *sum) {
  double *some = open_room(answers);
  (void)self;
  fill(node_count, some == NULL ? NAN : 0, sum);
  for (size_t i = 0; some != NULL && i < answers->count; i++) {
    if (!first_of_topic(answers, i)) continue;
    double *moments = some + answers->count + 2;
    const size_t n = sum_subsets(answers, topic_of(answers, i), SIZE_MAX,
                                 answers->count, some);
    for (size_t k = 0; k < node_count; k++) {
      urn_moments(nodes[k], fitted[RHO], n, moments);
      sum[k] += log(dot(n + 1, some, moments));
    }
  }
  free(some);
}

static void attention(const void *self, const double *fitted,
                      const heed_answers *answers, size_t node_count,
                      const double *nodes, double *result) {
  double *some = open_room(answers);
  (void)self;
  fill(answers->count * node_count, NAN, result);
  for (size_t i = 0; some != NULL && i < answers->count; i++) {
    double *moments = some + answers->count + 2;
    const size_t n =
        sum_subsets(answers, topic_of(answers, i), i, answers->count, some);
    for (size_t k = 0; k < node_count; k++)
      result[i * node_count + k] =
          next_attended(nodes[k], fitted[RHO], n, some, moments);
  }
  free(some);
}

/* Each choice inverts its probability given the earlier ones, at one uniform:
 * at rho = 0 exactly the choices of the paper's users. */
static heed_status simulate(const void *self, const double *fitted,
                            heed_stream *stream, const heed_answers *answers,
                            const double *eta, int8_t *choice,
                            heed_error *error) {
  double *some = open_room(answers);
  heed_answers chosen;
  (void)self;
  if (some == NULL) return heed_no_memory(error);
  heed_copy(&chosen, sizeof chosen, answers);
  chosen.choice = choice;
  for (size_t i = 0; i < answers->count; i++) {
    const size_t n =
        sum_subsets(&chosen, topic_of(answers, i), SIZE_MAX, i, some);
    const double attending =
        next_attended(*eta, fitted[RHO], n, some, some + answers->count + 2);
    const double of_a = 0.5 + attending * (answers->p[i] - 0.5);
    choice[i] = heed_uniform(stream) < of_a ? HEED_CHOSE_A : HEED_CHOSE_B;
  }
  free(some);
  return HEED_OK;
}

static const heed_user_model_functions functions = {
    .size = sizeof functions,
    .domain = domain,
    .phi = phi,
    .check = check,
    .probability = probability,
    .log_likelihood = log_likelihood,
    .casual = casual,
    .attention = attention,
    .simulate = simulate,
};

static const heed_plugin attention_by_topic = {
    .size = sizeof attention_by_topic,
    .abi = HEED_ABI,
    .kind = HEED_USER_MODEL,
    .name = "attention_by_topic",
    .version = "1.0",
    .summary = "attention that differs between topics, partially pooled",
    .reference = "Eggenberger and Polya 1923, ZAMM 3, 279-289",
    .parameters = parameters,
    .parameter_count = PARAMETER_COUNT,
    .outputs = outputs,
    .output_count = PHI_COUNT,
    .functions = &functions,
    .functions_size = sizeof functions,
};

static const heed_plugin *const plugins[] = {&attention_by_topic};
HEED_PLUGINS(plugins)
