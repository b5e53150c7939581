/* SPDX-License-Identifier: GPL-3.0-or-later
 * Checks of user models. */
#include "trial.h"

#define NODES ((size_t)5)
#define MOST_DIMENSION 16
#define MOST_PHI 1000
#define CLOSE 1e-9 /* tolerance for equal probabilities */

typedef struct user_model_model {
  const heed_user_model_functions *functions;
  const void *self;
  heed_domain domain;
  double *start, *low, *high; /* phi; NULL: none */
  double *nodes;              /* NODES x dimension */
} user_model_model;

/* The plugin's input, and the arrays that it points to. */
typedef struct user_model_batch {
  heed_answers answers;
  int8_t *choice, *left;
  double *p;
  size_t *row, *pair;
} user_model_batch;

/* ---- the model ---- */

static void read_domain(contract_trial *self, user_model_model *made) {
  heed_domain *domain = &made->domain;
  heed_domain *room = trial_room(self, "domain", 1, sizeof *room);
  *room = (heed_domain){0};
  trial_call(self, "domain");
  made->functions->domain(made->self, room);
  (void)trial_return(self, HEED_OK, NULL);
  *domain = *room;
  if (domain->dimension == 0 || domain->dimension > MOST_DIMENSION)
    trial_fail(self, "declares a dimension of %zu, expected at least 1",
               domain->dimension);
  if (!(domain->low < domain->high))
    trial_fail(self,
               "says that eta is within %g and %g, expected low below "
               "high",
               domain->low, domain->high);
  if (domain->phi_count > MOST_PHI)
    trial_fail(self, "has a phi_count of %zu", domain->phi_count);
  if (domain->phi_count > 0 && made->functions->phi == NULL)
    trial_fail(self,
               "has a phi_count of %zu, but the plugin has "
               "no phi()",
               domain->phi_count);
  if (domain->class_count > 0 &&
      (made->functions->class_of == NULL || made->functions->of_class == NULL))
    trial_fail(self,
               "says that there are %zu classes, but the plugin lacks "
               "class_of() or of_class()",
               domain->class_count);
}

static void read_phi(contract_trial *self, user_model_model *made) {
  const size_t count = made->domain.phi_count;
  if (count == 0) return;
  made->start = trial_doubles(self, "start", count);
  made->low = trial_doubles(self, "low", count);
  made->high = trial_doubles(self, "high", count);
  trial_call(self, "phi");
  made->functions->phi(made->self, made->start, made->low, made->high);
  (void)trial_return(self, HEED_OK, NULL);
  trial_finite(self, "start", made->start, count);
  trial_filled(self, "low", made->low, count);
  trial_filled(self, "high", made->high, count);
  for (size_t i = 0; i < count; i++)
    if (!(made->low[i] <= made->start[i] && made->start[i] <= made->high[i]))
      trial_fail(self,
                 "parameter %zu starts at %g within %g and %g, expected "
                 "low <= start <= high",
                 i, made->start[i], made->low[i], made->high[i]);
}

/* Nodes from the low end of the domain to the high end. */
static void choose_nodes(contract_trial *self, user_model_model *made) {
  const size_t wide = made->domain.dimension;
  const double low = fmax(made->domain.low, -3);
  const double high = fmin(made->domain.high, 3);
  made->nodes = trial_doubles(self, "nodes", NODES * wide);
  for (size_t k = 0; k < NODES; k++)
    for (size_t i = 0; i < wide; i++)
      made->nodes[k * wide + i] =
          low + (high - low) * (double)k / (double)(NODES - 1);
}

/* Returns false if the plugin refuses the scene, which may_refuse permits. */
static bool open_model(contract_trial *self, user_model_model *made) {
  heed_error error = {HEED_OK, ""};
  *made = (user_model_model){.functions = self->plugin->functions,
                             .self = self->instance->self};
  read_domain(self, made);
  read_phi(self, made);
  choose_nodes(self, made);
  if (made->functions->check == NULL) return true;
  trial_call(self, "check");
  const heed_status status = made->functions->check(
      made->self, &self->scene.world, self->scene.crowd.annotations, &error);
  return trial_return(self, status, &error);
}

/* ---- answers ---- */

static void set_choices(user_model_batch *made, int8_t choice) {
  for (size_t i = 0; i < made->answers.count; i++) made->choice[i] = choice;
}

/* Rows first … first + count - 1 of the scene's annotations.  hard: some p are
 * 0, 1 or 1/2, and some sides are unknown. */
static user_model_batch answers_of(contract_trial *self, size_t first,
                                   size_t count, bool hard) {
  static const double hard_p[] = {0, 1, 0.5};
  const contract_scene *scene = &self->scene;
  const heed_table *annotations = scene->crowd.annotations;
  const int64_t *pair = heed_table_data(annotations, "pair", HEED_INT64);
  const int8_t *choice = heed_table_data(annotations, "choice", HEED_INT8);
  const int8_t *left = heed_table_data(annotations, "left", HEED_INT8);
  const double *p = heed_table_data(scene->world.pairs, "p", HEED_FLOAT64);
  user_model_batch made = {
      .choice = trial_room(self, "choice", count, 1),
      .left = trial_room(self, "left", count, 1),
      .p = trial_doubles(self, "p", count),
      .row = trial_room(self, "row", count, sizeof(size_t)),
      .pair = trial_room(self, "pair", count, sizeof(size_t))};
  for (size_t i = 0; i < count; i++) {
    made.row[i] = first + i;
    made.pair[i] = (size_t)pair[first + i];
    made.choice[i] = choice[first + i];
    made.left[i] =
        (int8_t)(hard && i % 5 == 4 ? HEED_LEFT_UNKNOWN : left[first + i]);
    made.p[i] = hard && i % 4 == 3 ? hard_p[i / 4 % 3] : p[made.pair[i]];
  }
  made.answers = (heed_answers){.size = sizeof made.answers,
                                .count = count,
                                .choice = made.choice,
                                .left = made.left,
                                .p = made.p,
                                .annotations = annotations,
                                .pairs = scene->world.pairs,
                                .row = made.row,
                                .pair = made.pair};
  return made;
}

/* Answers of one user with at least three. */
static user_model_batch history(contract_trial *self, size_t count) {
  const size_t *first = self->scene.crowd.first;
  size_t user = 0;
  while (first[user + 1] - first[user] < count) user++;
  return answers_of(self, first[user], count, false);
}

/* ---- calls ---- */

static double *probability(contract_trial *self, const user_model_model *given,
                           const double *phi, const user_model_batch *answers) {
  const size_t count = answers->answers.count * NODES;
  double *result = trial_doubles(self, "probability", count);
  trial_need(self, given->functions->probability, "probability");
  trial_call(self, "probability");
  given->functions->probability(given->self, phi, &answers->answers, NODES,
                                given->nodes, result);
  (void)trial_return(self, HEED_OK, NULL);
  trial_within(self, "probability", result, count, 0, 1 + CLOSE,
               "a probability");
  return result;
}

static double *casual(contract_trial *self, const user_model_model *given,
                      const double *phi, const user_model_batch *answers) {
  const size_t count = answers->answers.count;
  double *result = trial_doubles(self, "probability", count);
  trial_call(self, "casual");
  given->functions->casual(given->self, phi, &answers->answers, result);
  (void)trial_return(self, HEED_OK, NULL);
  trial_within(self, "probability", result, count, 0, 1 + CLOSE,
               "a probability");
  return result;
}

/* Returns exp(log_likelihood) at each node. */
static double *likelihood(contract_trial *self, const user_model_model *given,
                          const double *phi, const user_model_batch *answers) {
  double *result = trial_doubles(self, "log_likelihood", NODES);
  trial_need(self, given->functions->log_likelihood, "log_likelihood");
  trial_call(self, "log_likelihood");
  given->functions->log_likelihood(given->self, phi, &answers->answers, NODES,
                                   given->nodes, result);
  (void)trial_return(self, HEED_OK, NULL);
  trial_filled(self, "log_likelihood", result, NODES);
  for (size_t k = 0; k < NODES; k++) {
    if (isnan(result[k]) || result[k] > CLOSE)
      trial_fail(self,
                 "log_likelihood[%zu] is %g, expected at most 0, as of a "
                 "probability",
                 k, result[k]);
    result[k] = exp(result[k]);
  }
  return result;
}

static double *attention(contract_trial *self, const user_model_model *given,
                         const double *phi, const user_model_batch *answers) {
  const size_t count = answers->answers.count * NODES;
  double *result = trial_doubles(self, "attention", count);
  trial_need(self, given->functions->attention, "attention");
  trial_call(self, "attention");
  given->functions->attention(given->self, phi, &answers->answers, NODES,
                              given->nodes, result);
  (void)trial_return(self, HEED_OK, NULL);
  trial_within(self, "attention", result, count, -CLOSE, 1 + CLOSE,
               "a probability");
  return result;
}

/* Returns false if the plugin refuses. */
static bool simulate(contract_trial *self, const user_model_model *given,
                     uint64_t user, const double *eta,
                     const user_model_batch *answers, int8_t *choice) {
  heed_answers asked = answers->answers;
  heed_stream stream = self->host.host.stream(&self->host.host, "choice", user);
  heed_error error = {HEED_OK, ""};
  asked.choice = NULL;
  memset(choice, 0x5A, asked.count);
  trial_call(self, "simulate");
  const heed_status status = given->functions->simulate(
      given->self, given->start, &stream, &asked, eta, choice, &error);
  if (!trial_return(self, status, &error)) return false;
  for (size_t i = 0; i < asked.count; i++)
    if (choice[i] < HEED_CHOSE_B ||
        choice[i] > (given->domain.ties ? HEED_CHOSE_TIE : HEED_CHOSE_A))
      trial_fail(self, "choice[%zu] is %d, expected 0 (B)%s", i, choice[i],
                 given->domain.ties ? ", 1 (A) or 2 (a tie)" : " or 1 (A)");
  return true;
}

/* ---- checks ---- */

static int8_t choices_of(const user_model_model *given) {
  return given->domain.ties ? 3 : 2;
}

/* The outputs begin with the fitted parameters. */
static void describe(contract_trial *self) {
  const heed_plugin *plugin = self->plugin;
  user_model_model given;
  (void)open_model(self, &given);
  for (size_t i = given.domain.phi_count; i < plugin->output_count; i++)
    if ((plugin->outputs[i].flags & HEED_MAY_BE_NAN) == 0)
      trial_fail(self,
                 "output %s has no fitted parameter, since domain() "
                 "declares %zu; expected the flag HEED_MAY_BE_NAN",
                 plugin->outputs[i].name, given.domain.phi_count);
}

/* Checks that the sums over the choices are 1. */
static void check_sum(const contract_trial *self, const char *name,
                      const double *sum, size_t count, size_t each) {
  for (size_t i = 0; i < count; i++)
    if (!(fabs(sum[i] - 1) <= CLOSE))
      trial_fail(self,
                 "%s of answer %zu sums to %.12g over the choices, "
                 "expected 1",
                 name, i / each, sum[i]);
}

static void sum_choices(contract_trial *self, const user_model_model *given,
                        const double *phi) {
  user_model_batch answers =
      answers_of(self, 0, self->scene.crowd.annotations->rows, true);
  const size_t count = answers.answers.count * NODES;
  double *sum = trial_doubles(self, "sum", count);
  for (size_t i = 0; i < count; i++) sum[i] = 0;
  for (int8_t choice = 0; choice < choices_of(given); choice++) {
    set_choices(&answers, choice);
    const double *each = probability(self, given, phi, &answers);
    for (size_t i = 0; i < count; i++) sum[i] += each[i];
  }
  check_sum(self, "probability", sum, count, NODES);
}

static void be_probable(contract_trial *self) {
  user_model_model given;
  if (!open_model(self, &given)) return;
  trial_need(self, given.functions->probability, "probability");
  sum_choices(self, &given, given.start);
  if (given.start == NULL) return;
  sum_choices(self, &given, given.low);
  sum_choices(self, &given, given.high);
}

static void be_casual(contract_trial *self) {
  user_model_model given;
  if (!open_model(self, &given)) return;
  user_model_batch answers =
      answers_of(self, 0, self->scene.crowd.annotations->rows, true);
  const size_t count = answers.answers.count;
  double *sum = trial_doubles(self, "sum", count);
  for (size_t i = 0; i < count; i++) sum[i] = 0;
  for (int8_t choice = 0; choice < choices_of(&given); choice++) {
    set_choices(&answers, choice);
    const double *each = casual(self, &given, given.start, &answers);
    for (size_t i = 0; i < count; i++) sum[i] += each[i];
  }
  check_sum(self, "probability", sum, count, 1);
}

static void be_alone(contract_trial *self) {
  user_model_model given;
  if (!open_model(self, &given)) return;
  const user_model_batch all = answers_of(self, 0, 12, false);
  const double *together = probability(self, &given, given.start, &all);
  for (size_t i = 0; i < 12; i++) {
    const user_model_batch one = answers_of(self, i, 1, false);
    const double *alone = probability(self, &given, given.start, &one);
    for (size_t k = 0; k < NODES; k++)
      if (!(fabs(alone[k] - together[i * NODES + k]) <= CLOSE))
        trial_fail(self,
                   "answer %zu has probability %.12g alone but %.12g "
                   "among others, expected the same",
                   i, alone[k], together[i * NODES + k]);
  }
}

/* P = eta g + (1 - eta) c: a straight line through the casual user's c. */
static void be_linear(contract_trial *self) {
  user_model_model given;
  if (!open_model(self, &given)) return;
  if (!given.domain.mixture || given.domain.dimension > 1)
    trial_skip(self, "domain() declares no mixture");
  const user_model_batch answers =
      answers_of(self, 0, self->scene.crowd.annotations->rows, true);
  const double *p = probability(self, &given, given.start, &answers);
  const double *c = casual(self, &given, given.start, &answers);
  const double last = given.nodes[NODES - 1];
  trial_about(self, "probability");
  for (size_t i = 0; last > 0 && i < answers.answers.count; i++) {
    const double g = c[i] + (p[i * NODES + NODES - 1] - c[i]) / last;
    for (size_t k = 0; k < NODES; k++) {
      const double eta = given.nodes[k];
      const double line = eta * g + (1 - eta) * c[i];
      if (!(fabs(p[i * NODES + k] - line) <= CLOSE))
        trial_fail(self,
                   "probability of answer %zu is %.9g at eta = %g, "
                   "expected %.9g: domain() declares a mixture",
                   i, p[i * NODES + k], eta, line);
    }
  }
}

/* The next history in order, as a number in base `choices`; false at the end.
 */
static bool next_history(user_model_batch *answers, int8_t choices) {
  for (size_t i = 0; i < answers->answers.count; i++) {
    if (++answers->choice[i] < choices) return true;
    answers->choice[i] = 0;
  }
  return false;
}

static void sum_histories(contract_trial *self) {
  user_model_model given;
  double sum[NODES] = {0};
  if (!open_model(self, &given)) return;
  trial_need(self, given.functions->log_likelihood, "log_likelihood");
  user_model_batch answers = history(self, 4);
  set_choices(&answers, 0);
  do {
    const double *each = likelihood(self, &given, given.start, &answers);
    for (size_t k = 0; k < NODES; k++) sum[k] += each[k];
  } while (next_history(&answers, choices_of(&given)));
  for (size_t k = 0; k < NODES; k++)
    if (!(fabs(sum[k] - 1) <= CLOSE))
      trial_fail(self,
                 "the probabilities of all histories of 4 answers sum to "
                 "%.12g at eta = %g, expected 1",
                 sum[k], given.nodes[k * given.domain.dimension]);
}

static void attend(contract_trial *self) {
  user_model_model given;
  if (!open_model(self, &given)) return;
  const user_model_batch answers = history(self, 6);
  (void)attention(self, &given, given.start, &answers);
}

/* P(history) of two answers at one node. */
static double chance_of(contract_trial *self, const user_model_model *given,
                        const user_model_batch *answers, size_t node) {
  if (given->functions->log_likelihood != NULL)
    return likelihood(self, given, given->start, answers)[node];
  const double *each = probability(self, given, given->start, answers);
  return each[node] * each[NODES + node];
}

/* Compares frequencies of histories of two answers with probabilities. */
static void simulate_alike(contract_trial *self) {
  enum { USERS = 4000, NODE = 3 };
  user_model_model given;
  double times[9] = {0};
  if (!open_model(self, &given)) return;
  trial_need(self, given.functions->simulate, "simulate");
  user_model_batch answers = history(self, 2);
  int8_t *choice = trial_room(self, "choice", 2, 1);
  const double *eta = given.nodes + NODE * given.domain.dimension;
  for (size_t j = 0; j < USERS; j++) {
    if (!simulate(self, &given, j, eta, &answers, choice)) return;
    times[choice[0] + 3 * choice[1]]++;
  }
  set_choices(&answers, 0);
  do {
    const int8_t *made = answers.choice;
    const double p = chance_of(self, &given, &answers, NODE);
    const double share = times[made[0] + 3 * made[1]] / USERS;
    /* Five standard errors, plus the share of one user. */
    const double most = 5 * sqrt(p * (1 - p) / USERS) + 1.0 / USERS;
    trial_about(self, "simulate");
    if (!(fabs(share - p) <= most))
      trial_fail(self,
                 "chooses %d, %d in %.4f of draws, expected their probability, "
                 "%.4f, within %.4f",
                 made[0], made[1], share, p, most);
  } while (next_history(&answers, choices_of(&given)));
}

/* Stores P at each node in of_answer.  All answers have the same p. */
static void chance_at(contract_trial *self, const user_model_model *given,
                      int8_t choice, int8_t left, double of_answer[NODES]) {
  user_model_batch one = answers_of(self, 0, 1, false);
  one.choice[0] = choice;
  one.left[0] = left;
  one.p[0] = 0.7;
  const double *p = probability(self, given, given->start, &one);
  memcpy(of_answer, p, NODES * sizeof *p);
}

static size_t class_of(contract_trial *self, const user_model_model *given,
                       int8_t choice, int8_t left) {
  trial_call(self, "class_of");
  const size_t found = given->functions->class_of(given->self, choice, left);
  (void)trial_return(self, HEED_OK, NULL);
  if (found >= given->domain.class_count)
    trial_fail(self,
               "puts choice %d with left %d into class %zu, expected one "
               "of %zu",
               choice, left, found, given->domain.class_count);
  return found;
}

static void stand_for(contract_trial *self, const user_model_model *given,
                      size_t index, int8_t *choice, int8_t *left) {
  trial_call(self, "of_class");
  given->functions->of_class(given->self, index, choice, left);
  (void)trial_return(self, HEED_OK, NULL);
  if (*choice < HEED_CHOSE_B || *choice > HEED_CHOSE_TIE ||
      *left < HEED_LEFT_UNKNOWN || *left > HEED_CHOSE_A)
    trial_fail(self,
               "gives choice %d with left %d for class %zu, expected a choice "
               "and a side",
               *choice, *left, index);
}

static void reduce(contract_trial *self) {
  user_model_model given;
  if (!open_model(self, &given)) return;
  if (given.domain.class_count == 0)
    trial_skip(self, "domain() declares no classes");
  for (size_t index = 0; index < given.domain.class_count; index++) {
    int8_t choice = 0, left = 0;
    stand_for(self, &given, index, &choice, &left);
    if (class_of(self, &given, choice, left) != index)
      trial_fail(self,
                 "puts choice %d with left %d into class %zu, expected "
                 "%zu, as of_class() says",
                 choice, left, class_of(self, &given, choice, left), index);
  }
  for (int of_choice = HEED_CHOSE_B; of_choice <= HEED_CHOSE_TIE; of_choice++)
    for (int side = HEED_LEFT_UNKNOWN; side <= HEED_CHOSE_A; side++) {
      const int8_t choice = (int8_t)of_choice, left = (int8_t)side;
      double own[NODES], shared[NODES];
      int8_t same = 0, same_left = 0;
      stand_for(self, &given, class_of(self, &given, choice, left), &same,
                &same_left);
      chance_at(self, &given, choice, left, own);
      chance_at(self, &given, same, same_left, shared);
      for (size_t k = 0; k < NODES; k++)
        if (!(fabs(own[k] - shared[k]) <= CLOSE))
          trial_fail(self,
                     "gives %.9g for choice %d with left %d, but %.9g for the "
                     "answer of its class, expected the same",
                     own[k], choice, left, shared[k]);
    }
}

/* ---- keys ---- */

/* Inside the bounds of phi, where phi has an effect. */
static double *middle_of(contract_trial *self, const user_model_model *given) {
  const size_t count = given->domain.phi_count;
  double *phi = count == 0 ? NULL : trial_doubles(self, "phi", count);
  for (size_t i = 0; i < count; i++)
    phi[i] = isfinite(given->low[i]) && isfinite(given->high[i])
                 ? given->low[i] + 0.6 * (given->high[i] - given->low[i])
                 : given->start[i];
  return phi;
}

static uint64_t *keys_of(contract_trial *self, const user_model_model *given,
                         const user_model_batch *answers) {
  uint64_t *keys =
      trial_room(self, "key", answers->answers.count, sizeof *keys);
  trial_call(self, "key");
  given->functions->key(given->self, &answers->answers, keys);
  (void)trial_return(self, HEED_OK, NULL);
  return keys;
}

/* All answers get the same choice, left and p. */
static void share_keys(contract_trial *self) {
  enum { ANSWERS = 40 };
  user_model_model given;
  if (!open_model(self, &given)) return;
  if (given.functions->key == NULL) trial_skip(self, "the plugin has no key()");
  user_model_batch answers = answers_of(self, 0, ANSWERS, false);
  for (size_t i = 0; i < ANSWERS; i++) {
    answers.choice[i] = HEED_CHOSE_A;
    answers.left[i] = HEED_CHOSE_B;
    answers.p[i] = 0.7;
  }
  const uint64_t *keys = keys_of(self, &given, &answers);
  const double *phi = middle_of(self, &given);
  const double *p = probability(self, &given, phi, &answers);
  const double *c = casual(self, &given, phi, &answers);
  for (size_t i = 0; i < ANSWERS; i++)
    for (size_t other = 0; other < i; other++) {
      if (keys[i] != keys[other]) continue;
      bool same = fabs(c[i] - c[other]) <= CLOSE;
      for (size_t k = 0; k < NODES; k++)
        same = same && fabs(p[i * NODES + k] - p[other * NODES + k]) <= CLOSE;
      trial_about(self, "key");
      if (!same)
        trial_fail(self,
                   "gives answers %zu and %zu the same key, %llu, but "
                   "their probabilities differ",
                   other, i, (unsigned long long)keys[i]);
    }
}

/* ---- all functions ---- */

static void exercise(contract_trial *self) {
  user_model_model given;
  int8_t chosen[6];
  if (!open_model(self, &given)) return;
  const user_model_batch answers = answers_of(self, 0, 20, true);
  const user_model_batch own = history(self, 6);
  const double *phi = given.start;
  trial_take(self, "phi", phi, phi == NULL ? 0 : given.domain.phi_count);
  if (given.functions->probability != NULL)
    trial_take(self, "probability", probability(self, &given, phi, &answers),
               20 * NODES);
  trial_take(self, "casual", casual(self, &given, phi, &answers), 20);
  if (given.functions->log_likelihood != NULL)
    trial_take(self, "likelihood", likelihood(self, &given, phi, &own), NODES);
  if (given.functions->attention != NULL)
    trial_take(self, "attention", attention(self, &given, phi, &own),
               6 * NODES);
  if (given.functions->simulate != NULL &&
      simulate(self, &given, 1, given.nodes, &own, chosen))
    for (size_t i = 0; i < 6; i++) trial_take_number(self, "choice", chosen[i]);
}

static const contract_check checks[] = {
    {"domain() and phi() describe the model", describe, CHECK_ENDS},
    {"probability() is in [0, 1] and sums to 1 over the choices", be_probable,
     CHECK_ENDS},
    {"casual() is a probability and sums to 1 over the choices", be_casual,
     CHECK_ENDS},
    {"an answer's probability does not depend on other answers", be_alone, 0},
    {"a mixture is linear in eta", be_linear, CHECK_ENDS},
    {"log_likelihood() sums to 1 over all histories", sum_histories,
     CHECK_ENDS},
    {"attention() is a probability", attend, CHECK_ENDS},
    {"simulate() agrees with the likelihood", simulate_alike, 0},
    {"answers of one class have the same likelihood", reduce, CHECK_ENDS},
    {"answers of one key have the same probability", share_keys, CHECK_ENDS},
};

const contract_kind contract_user_model = {
    .checks = checks,
    .check_count = sizeof checks / sizeof *checks,
    .exercise = exercise,
    .ends = true,
};
