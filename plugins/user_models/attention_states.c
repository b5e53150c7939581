/* SPDX-License-Identifier: GPL-3.0-or-later
 * Users whose attention comes and goes: attention over successive annotations
 * is a two-state Markov chain.  From one annotation to the next the state stays
 * with probability r (persistence), else it is redrawn: attending with
 * probability eta. So eta is the long-run share of attended annotations, r the
 * correlation of attention between neighbours; at r = 0 this is the paper's
 * user, who decides independently for each annotation (arXiv 2510.13830, eq.
 * 2).  Over d turns the correlation is r^d.
 *
 * Likelihoods use the forward algorithm, attention forward-backward (Baum,
 * Petrie, Soules and Weiss 1970, Ann. Math. Stat. 41, 164-171).  Turns are the
 * column `turn` of the annotations, else row numbers.  A tie carries no
 * information. */
#include <math.h>

#include "heed/user_model.h"

enum { PERSISTENCE, PARAMETER_COUNT };
enum { KEPT, PHI_COUNT };

static const char *const words[] = {"fitted", NULL};

static const heed_parameter parameters[] = {
    [PERSISTENCE] = {.name = "persistence",
                     .type = HEED_ENUM_OR_NUMBER,
                     .flags = HEED_OPEN_HIGH,
                     .default_value = "fitted",
                     .low = 0,
                     .high = 1,
                     .choices = words,
                     .doc = "P(attention keeps its state instead of being "
                            "redrawn); \"fitted\" simulates users with 0.5"},
};

static const heed_output outputs[] = {
    {.name = "persistence",
     .doc = "correlation of attention between neighbours, fitted or given"},
};

static void domain(const void *self, heed_domain *domain) {
  (void)self;
  *domain = (heed_domain){
      .dimension = 1, .low = 0, .high = 1, .phi_count = PHI_COUNT};
}

static void phi(const void *self, double *start, double *low, double *high) {
  const heed_value *values = self;
  if (values[PERSISTENCE].text == NULL) {
    start[KEPT] = low[KEPT] = high[KEPT] = values[PERSISTENCE].number;
    return;
  }
  start[KEPT] = 0.5;
  low[KEPT] = 0;
  high[KEPT] = 0.9999;
}

static heed_status check(const void *self, const heed_world *world,
                         const heed_table *annotations, heed_error *error) {
  (void)self;
  (void)annotations;
  /* A host of ABI 4.0 does not know the member. */
  if (!HEED_HAS(world, order_unknown) || !world->order_unknown) return HEED_OK;
  return heed_fail(
      error, HEED_UNSUPPORTED,
      "user_model/attention_states depends on the order of each user's "
      "annotations, which is unknown in this log; name the column of times "
      "(source.columns.time), or, if the rows are in order of time, set "
      "source.order = \"file\"");
}

static double tossed(int8_t choice) {
  return choice == HEED_CHOSE_TIE ? 1 : 0.5;
}

static double attended(int8_t choice, double p) {
  return choice == HEED_CHOSE_TIE ? 1 : choice == HEED_CHOSE_A ? p : 1 - p;
}

/* The correlation of attention between answer i and the previous one. */
static double kept_since(const heed_answers *answers, const int64_t *turn,
                         double persistence, size_t i) {
  const size_t here = answers->row[i], earlier = answers->row[i - 1];
  const double turns = turn == NULL
                           ? (double)here - (double)earlier
                           : (double)turn[here] - (double)turn[earlier];
  return turns == 1 ? persistence : pow(persistence, turns);
}

static const int64_t *turns_of(const heed_answers *answers) {
  return heed_table_data(answers->annotations, "turn", HEED_INT64);
}

/* P(attending) at answer i before its choice is seen, from the previous
 * answer's after its choice was seen. */
static double foreseen(double seen, double kept, double eta) {
  return kept * seen + (1 - kept) * eta;
}

/* P(attending) given the choice; unchanged if the choice is impossible. */
static double seen(double attending, double g, double c) {
  const double both = attending * g + (1 - attending) * c;
  return both > 0 ? attending * g / both : attending;
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
  const int64_t *turn = turns_of(answers);
  (void)self;
  for (size_t k = 0; k < node_count; k++) {
    double attending = nodes[k], product = 1;
    sum[k] = 0;
    for (size_t i = 0; i < answers->count; i++) {
      const double g = attended(answers->choice[i], answers->p[i]);
      const double c = tossed(answers->choice[i]);
      if (i > 0)
        attending = foreseen(
            attending, kept_since(answers, turn, fitted[KEPT], i), nodes[k]);
      product *= attending * g + (1 - attending) * c;
      attending = seen(attending, g, c);
      if (product < 1e-250) { /* far from underflow, and few logarithms */
        sum[k] += log(product);
        product = 1;
      }
    }
    sum[k] += log(product);
  }
}

/* The forward pass writes P(attending at i | earlier choices) into attention;
 * the backward pass carries the ratio of P(choices after i | attending) to P(…
 * | not). */
static void attention_at(const heed_answers *answers, double persistence,
                         double eta, size_t stride, double *attention) {
  const int64_t *turn = turns_of(answers);
  double attending = eta, later = 1, after_not = 1;
  for (size_t i = 0; i < answers->count; i++) {
    if (i > 0)
      attending =
          foreseen(attending, kept_since(answers, turn, persistence, i), eta);
    attention[i * stride] = attending;
    attending = seen(attending, attended(answers->choice[i], answers->p[i]),
                     tossed(answers->choice[i]));
  }
  for (size_t i = answers->count; i-- > 0;) {
    const double earlier = attention[i * stride];
    const double both = earlier * later + (1 - earlier) * after_not;
    const double g = attended(answers->choice[i], answers->p[i]) * later;
    const double c = tossed(answers->choice[i]) * after_not;
    if (both > 0) attention[i * stride] = earlier * later / both;
    if (i == 0) break;
    const double kept = kept_since(answers, turn, persistence, i);
    const double fresh = (1 - kept) * (eta * g + (1 - eta) * c);
    later = kept * g + fresh;
    after_not = kept * c + fresh;
    const double whole = later + after_not; /* only their ratio matters */
    if (!(whole > 0)) later = after_not = 1;
    if (whole > 0) later /= whole, after_not /= whole;
  }
}

static void attention(const void *self, const double *fitted,
                      const heed_answers *answers, size_t node_count,
                      const double *nodes, double *result) {
  (void)self;
  for (size_t k = 0; k < node_count; k++)
    attention_at(answers, fitted[KEPT], nodes[k], node_count, result + k);
}

/* Each choice inverts its probability given the earlier ones, at one uniform:
 * at r = 0 exactly the choices of the paper's users. */
static heed_status simulate(const void *self, const double *fitted,
                            heed_stream *stream, const heed_answers *answers,
                            const double *eta, int8_t *choice,
                            heed_error *error) {
  const int64_t *turn = turns_of(answers);
  double attending = *eta;
  (void)self;
  (void)error;
  for (size_t i = 0; i < answers->count; i++) {
    if (i > 0)
      attending =
          foreseen(attending, kept_since(answers, turn, fitted[KEPT], i), *eta);
    const double of_a = 0.5 + attending * (answers->p[i] - 0.5);
    choice[i] = heed_uniform(stream) < of_a ? HEED_CHOSE_A : HEED_CHOSE_B;
    attending = seen(attending, attended(choice[i], answers->p[i]), 0.5);
  }
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

static const heed_plugin attention_states = {
    .size = sizeof attention_states,
    .abi = HEED_ABI,
    .kind = HEED_USER_MODEL,
    .name = "attention_states",
    .version = "1.0",
    .summary =
        "attention that comes and goes, attending a share eta of the time",
    .reference =
        "Baum, Petrie, Soules and Weiss 1970, Ann. Math. Stat. 41, 164-171",
    .parameters = parameters,
    .parameter_count = PARAMETER_COUNT,
    .outputs = outputs,
    .output_count = PHI_COUNT,
    .functions = &functions,
    .functions_size = sizeof functions,
};

static const heed_plugin *const plugins[] = {&attention_states};
HEED_PLUGINS(plugins)
