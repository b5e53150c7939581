/* SPDX-License-Identifier: GPL-3.0-or-later
 * Histories: users grouped by the inputs of their likelihood.
 *
 * Two forms.  Not reduced: one group per user, with answers that point into
 * choice, left and p of all annotations.  Reduced: groups with equal counts of
 * classes, found by a hash table, and one set of answers for all of them.
 *
 * Invariants: group_of[j] < group_count; users sums to the number of users; a
 * reduced history has one p for each class, class_p, and no weights. */
#include "support/attention/histories.h"

#include <assert.h>
#include <math.h>
#include <string.h>

#include "heed/memory.h"
#include "support/attention/mixture.h"
#include "support/crowd/pair_column.h"
#include "support/crowd/pair_name.h"
#include "support/numeric/threads.h"

_Static_assert(sizeof(size_t) == sizeof(int64_t), "pairs are read as sizes");

/* Distinct p of gold pairs, above which histories are not reduced. */
enum { GOLD_VALUES_MOST = 8 };

static const heed_user_model_functions *model_of(
    const attention_histories *self) {
  return self->model->plugin->functions;
}

static heed_status no_p(const heed_world *world, size_t pair,
                        heed_error *error) {
  char place[PAIR_NAME_SIZE];
  pair_name(world, pair, place);
  return heed_fail(error, HEED_UNSUPPORTED,
                   "%s has no preference probability p; use a gap mu, which "
                   "all pairs share",
                   place);
}

/* The column, if gold pairs count and were annotated. */
static void find_gold(attention_histories *self, double gold_error) {
  const heed_table *annotations = self->crowd->annotations;
  const double *gold =
      heed_table_data(self->crowd->world->pairs, "gold", HEED_FLOAT64);
  const int64_t *pair = heed_table_data(annotations, "pair", HEED_INT64);
  self->gold_error = gold_error;
  if (gold == NULL || isnan(gold_error)) return;
  for (size_t i = 0; i < annotations->rows; i++)
    if (!isnan(gold[pair[i]])) self->gold_count++;
  if (self->gold_count > 0) self->gold = gold;
}

/* Annotations in parts, each on one thread. */
enum { READ_PARTS = 16, ANNOTATIONS_A_THREAD = 1 << 16 };

typedef struct read_job {
  attention_histories *histories;
  double shared_p;
  const double *own, *of_pair; /* p of annotations and pairs, or NULL */
  size_t without[READ_PARTS];  /* an annotation without p, plus 1 */
} read_job;

/* p of an annotation: that of a gold pair, the shared one, its own, or its
 * pair's. */
static double p_of(const read_job *job, size_t row) {
  const double gold = histories_gold(job->histories, row);
  if (!isnan(gold)) return gold;
  if (!isnan(job->shared_p)) return job->shared_p;
  if (job->own != NULL && !isnan(job->own[row])) return job->own[row];
  return job->of_pair == NULL ? NAN : job->of_pair[job->histories->pair[row]];
}

static void read_part(void *context, size_t part) {
  read_job *job = context;
  attention_histories *self = job->histories;
  const threads_range range =
      threads_share(self->crowd->annotations->rows, part, READ_PARTS);
  for (size_t i = range.first; i < range.end; i++) {
    self->row[i] = i;
    self->p[i] = p_of(job, i);
    if (isnan(self->p[i]) && job->without[part] == 0)
      job->without[part] = i + 1;
  }
}

static heed_status read_p(const heed_host *host, double shared_p,
                          attention_histories *self, heed_error *error) {
  const heed_table *table = self->crowd->annotations;
  heed_memory memory = {host, false};
  read_job job = {
      .histories = self,
      .shared_p = shared_p,
      .own = heed_table_data(table, "p", HEED_FLOAT64),
      .of_pair = heed_table_data(self->crowd->world->pairs, "p", HEED_FLOAT64)};
  self->p = heed_allocate_doubles(&memory, table->rows);
  self->row = heed_allocate(&memory, table->rows, sizeof *self->row);
  if (memory.refused) return heed_no_memory(error);
  threads_run(table->rows < ANNOTATIONS_A_THREAD ? 1 : heed_threads(host),
              READ_PARTS, read_part, &job);
  for (size_t part = 0; part < READ_PARTS; part++)
    if (job.without[part] > 0)
      return no_p(self->crowd->world, self->pair[job.without[part] - 1], error);
  return HEED_OK;
}

static heed_status one_group_a_user(const heed_host *host,
                                    attention_histories *self,
                                    heed_error *error) {
  const heed_crowd *crowd = self->crowd;
  const size_t users = crowd->users->rows;
  self->group_count = users;
  heed_memory memory = {host, false};
  self->answers = heed_allocate(&memory, users, sizeof *self->answers);
  self->users = heed_allocate(&memory, users, sizeof *self->users);
  self->group_of = heed_allocate(&memory, users, sizeof *self->group_of);
  if (memory.refused) return heed_no_memory(error);
  for (size_t j = 0; j < users; j++) {
    const size_t start = crowd->first[j];
    self->users[j] = 1;
    self->group_of[j] = j;
    self->answers[j] = (heed_answers){.size = sizeof(heed_answers),
                                      .count = crowd->first[j + 1] - start,
                                      .choice = self->choice + start,
                                      .left = self->left + start,
                                      .p = self->p + start,
                                      .annotations = crowd->annotations,
                                      .pairs = crowd->world->pairs,
                                      .row = self->row + start,
                                      .pair = self->pair + start};
  }
  return HEED_OK;
}

static uint64_t hash_counts(const double *counts, size_t width) {
  uint64_t hash = 14695981039346656037u;
  for (size_t i = 0; i < width; i++) {
    hash ^= (uint64_t)counts[i];
    hash *= 1099511628211u;
    hash ^= hash >> 29;
  }
  return hash;
}

/* The group with these counts, a new one if needed.  table: open addressing. */
static size_t group_with(attention_histories *self, size_t *table, size_t mask,
                         const double *counts) {
  const size_t width = self->classes.count;
  size_t position = (size_t)hash_counts(counts, width) & mask;
  while (table[position] != 0) {
    const double *known = self->counts + (table[position] - 1) * width;
    if (memcmp(known, counts, width * sizeof *counts) == 0)
      return table[position] - 1;
    position = (position + 1) & mask;
  }
  memcpy(self->counts + self->group_count * width, counts,
         width * sizeof *counts);
  table[position] = ++self->group_count;
  return self->group_count - 1;
}

static size_t gold_value_of(const attention_histories *self, double gold) {
  size_t v = 0;
  while (v < self->gold_value_count && self->gold_values[v] != gold) v++;
  return v;
}

/* Leaves one value too many if there are too many. */
static heed_status find_gold_values(const heed_host *host,
                                    attention_histories *self,
                                    heed_error *error) {
  heed_memory memory = {host, false};
  if (self->gold == NULL) return HEED_OK;
  self->gold_values = heed_allocate_doubles(&memory, GOLD_VALUES_MOST + 1);
  if (memory.refused) return heed_no_memory(error);
  for (size_t i = 0; i < self->crowd->annotations->rows &&
                     self->gold_value_count <= GOLD_VALUES_MOST;
       i++) {
    const double gold = histories_gold(self, i);
    if (isnan(gold)) continue;
    const size_t v = gold_value_of(self, gold);
    if (v == self->gold_value_count)
      self->gold_values[self->gold_value_count++] = gold;
  }
  return HEED_OK;
}

size_t histories_class(const attention_histories *self, size_t row) {
  const double gold = histories_gold(self, row);
  const size_t class = model_of(self)->class_of(
      self->model->self, self->choice[row], self->left[row]);
  assert(self->reduced);
  if (isnan(gold)) return class;
  return class + self->domain.class_count * (1 + gold_value_of(self, gold));
}

static heed_status make_classes(const heed_host *host,
                                attention_histories *self, double shared_p,
                                heed_error *error) {
  const size_t each = self->domain.class_count;
  const size_t width = each * (1 + self->gold_value_count);
  heed_memory memory = {host, false};
  int8_t *choice = heed_allocate(&memory, width, sizeof *choice);
  int8_t *left = heed_allocate(&memory, width, sizeof *left);
  self->class_p = heed_allocate_doubles(&memory, width);
  if (memory.refused) return heed_no_memory(error);
  for (size_t i = 0; i < width; i++) {
    model_of(self)->of_class(self->model->self, i % each, &choice[i], &left[i]);
    self->class_p[i] = i < each ? shared_p : self->gold_values[i / each - 1];
  }
  self->classes = (heed_answers){.size = sizeof(heed_answers),
                                 .count = width,
                                 .choice = choice,
                                 .left = left,
                                 .p = self->class_p};
  return HEED_OK;
}

static heed_status group_users(const heed_host *host, attention_histories *self,
                               double shared_p, heed_error *error) {
  const heed_crowd *crowd = self->crowd;
  const heed_status status = make_classes(host, self, shared_p, error);
  if (status != HEED_OK) return status;
  const size_t users = crowd->users->rows, width = self->classes.count;
  size_t room = 16;
  while (room < 2 * users) room *= 2;
  heed_memory memory = {host, false};
  size_t *table = heed_scratch_sizes(&memory, room);
  double *mine = heed_scratch_doubles(&memory, width);
  self->counts = heed_allocate_doubles(&memory, users * width);
  self->users = heed_allocate(&memory, users, sizeof *self->users);
  self->group_of = heed_allocate(&memory, users, sizeof *self->group_of);
  if (memory.refused) return heed_no_memory(error);
  for (size_t j = 0; j < users; j++) {
    memset(mine, 0, width * sizeof *mine);
    for (size_t i = crowd->first[j]; i < crowd->first[j + 1]; i++)
      mine[histories_class(self, i)] += (double)heed_count_at(self->times, i);
    self->group_of[j] = group_with(self, table, room - 1, mine);
    self->users[self->group_of[j]]++;
  }
  assert(self->group_count <= users);
  return HEED_OK;
}

/* The host blames the estimator: the message names the model. */
static heed_status check_model(const attention_histories *self,
                               heed_error *error) {
  heed_error found;
  const heed_status status = model_of(self)->check(
      self->model->self, self->crowd->world, self->crowd->annotations, &found);
  if (status == HEED_OK) return HEED_OK;
  return heed_fail(error, status, "user_model/%s: %s",
                   self->model->plugin->name, found.message);
}

heed_status histories_need_rows(heed_error *error) {
  return heed_fail(error, HEED_UNSUPPORTED,
                   "counts of equal annotations need one gap for all pairs, "
                   "and a user model that is independent and has classes");
}

heed_status histories_make(const heed_host *host, const heed_crowd *crowd,
                           const heed_instance *model, double shared_p,
                           attention_histories *self, heed_error *error) {
  const histories_terms terms = {.shared_p = shared_p, .gold_error = NAN};
  return histories_open(host, crowd, model, &terms, self, error);
}

heed_status histories_open(const heed_host *host, const heed_crowd *crowd,
                           const heed_instance *model,
                           const histories_terms *terms,
                           attention_histories *self, heed_error *error) {
  heed_status status = HEED_OK;
  memset(self, 0, sizeof *self);
  self->crowd = crowd;
  self->model = model;
  model_of(self)->domain(model->self, &self->domain);
  self->choice = heed_table_data(crowd->annotations, "choice", HEED_INT8);
  self->left = heed_table_data(crowd->annotations, "left", HEED_INT8);
  self->times = heed_table_data(crowd->annotations, "count", HEED_INT64);
  /* Not negative: the same values as sizes. */
  self->pair = heed_table_data(crowd->annotations, "pair", HEED_INT64);
  if (model_of(self)->check != NULL) status = check_model(self, error);
  find_gold(self, terms->gold_error);
  if (status == HEED_OK) status = read_p(host, terms->shared_p, self, error);
  if (status == HEED_OK) status = find_gold_values(host, self, error);
  if (status != HEED_OK) return status;
  self->reduced = !terms->sets_p && !isnan(terms->shared_p) &&
                  self->domain.class_count > 0 &&
                  model_of(self)->log_likelihood == NULL &&
                  self->gold_value_count <= GOLD_VALUES_MOST;
  if (self->times != NULL && !self->reduced && !terms->counts)
    return histories_need_rows(error);
  return self->reduced ? group_users(host, self, terms->shared_p, error)
                       : one_group_a_user(host, self, error);
}

heed_status histories_read_p(attention_histories *self, const char *column,
                             heed_error *error) {
  const heed_table *pairs = self->crowd->world->pairs;
  const double *p = heed_table_data(pairs, column, HEED_FLOAT64);
  assert(!self->reduced);
  if (p == NULL)
    return heed_fail(
        error, HEED_UNSUPPORTED,
        "p: the pairs of this source have no numeric column \"%s\"", column);
  for (size_t i = 0; i < self->crowd->annotations->rows; i++) {
    if (!isnan(histories_gold(self, i))) continue;
    self->p[i] = p[self->pair[i]];
    if (!(self->p[i] >= 0 && self->p[i] <= 1))
      return pair_column_refuse(self->crowd->world, column, self->pair[i],
                                "a probability", error);
  }
  return HEED_OK;
}

static void spread(attention_histories *self, double shared_p) {
  for (size_t i = 0; i < self->crowd->annotations->rows; i++)
    if (isnan(histories_gold(self, i))) self->p[i] = shared_p;
}

void histories_set_p(attention_histories *self, double shared_p) {
  if (!self->reduced) {
    spread(self, shared_p);
    return;
  }
  for (size_t c = 0; c < self->domain.class_count; c++)
    self->class_p[c] = shared_p;
}

void histories_spread_p(attention_histories *self) {
  if (self->reduced) spread(self, self->class_p[0]);
}

heed_status histories_check_nodes(const attention_histories *self,
                                  const heed_instance *prior, size_t node_count,
                                  const double *nodes, heed_error *error) {
  const heed_domain *domain = &self->domain;
  for (size_t k = 0; k < node_count; k++)
    if (!(nodes[k] >= domain->low && nodes[k] <= domain->high))
      return heed_fail(error, HEED_UNSUPPORTED,
                       "the prior %s allows an attentiveness of %.4g, outside "
                       "the %g to %g of the model %s",
                       prior->plugin->name, nodes[k], domain->low, domain->high,
                       self->model->plugin->name);
  return HEED_OK;
}

/* Preallocated: iterations must not allocate. */
static double *room_for(attention_histories *self, const heed_host *host,
                        size_t count) {
  if (count > self->room_count) {
    self->room = host->scratch(host, count, sizeof *self->room);
    self->room_count = self->room == NULL ? 0 : count;
  }
  return self->room;
}

static heed_status reduced_likelihood(attention_histories *self,
                                      const heed_host *host, const double *phi,
                                      size_t node_count, const double *nodes,
                                      double *result, heed_error *error) {
  const size_t width = self->classes.count;
  double *log_p = room_for(self, host, width * node_count);
  if (log_p == NULL) return heed_no_memory(error);
  model_of(self)->probability(self->model->self, phi, &self->classes,
                              node_count, nodes, log_p);
  for (size_t i = 0; i < width * node_count; i++) log_p[i] = log(log_p[i]);
  for (size_t g = 0; g < self->group_count; g++) {
    double *row = result + g * node_count;
    memset(row, 0, node_count * sizeof *row);
    for (size_t c = 0; c < width; c++) {
      const double count = self->counts[g * width + c];
      if (count == 0) continue; /* 0 x log 0 is 0 */
      for (size_t k = 0; k < node_count; k++)
        row[k] += count * log_p[c * node_count + k];
    }
  }
  return HEED_OK;
}

/* ---- mixtures ---- */

static bool is_mixture(const attention_histories *self) {
  return self->domain.mixture && model_of(self)->log_likelihood == NULL;
}

/* Opens the mixture once, because iterations must not allocate. */
static heed_status open_mixture(attention_histories *self,
                                const heed_host *host, size_t node_count,
                                heed_error *error) {
  const heed_crowd *crowd = self->crowd;
  heed_memory memory = {host, false};
  attention_mixture *made = self->mixture;
  if (made != NULL && node_count <= self->mixture_nodes) return HEED_OK;
  if (made == NULL) {
    made = heed_scratch(&memory, 1, sizeof *made);
    mixture_ends *ends =
        heed_scratch(&memory, crowd->annotations->rows, sizeof *ends);
    if (memory.refused) return heed_no_memory(error);
    *made = (attention_mixture){.users = crowd->users->rows,
                                .kinds = crowd->annotations->rows,
                                .first = crowd->first,
                                .ends = ends};
  }
  self->mixture = made;
  self->mixture_nodes = node_count;
  return mixture_open(host, node_count, made, error);
}

static heed_status likelihood_of_mixture(attention_histories *self,
                                         const heed_host *host,
                                         const double *phi, size_t node_count,
                                         const double *nodes, double *result,
                                         heed_error *error) {
  const heed_status status = open_mixture(self, host, node_count, error);
  if (status != HEED_OK) return status;
  attention_mixture *mixture = self->mixture;
  histories_probability(self, phi, 0, mixture->kinds, 2, mixture_both,
                        &mixture->ends->c);
  mixture_subtract(mixture->kinds, mixture->ends);
  mixture_place(mixture, node_count, nodes);
  mixture_likelihood(mixture, result, NULL, NULL);
  return HEED_OK;
}

/* ---- other models ---- */

/* Adds the log of each probability; takes logs of products while they are far
 * from underflow. */
static void add_logs(size_t count, size_t node_count, const double *probability,
                     double *product, double *row) {
  for (size_t k = 0; k < node_count; k++) {
    product[k] = 1;
    row[k] = 0;
  }
  for (size_t i = 0; i < count; i++) {
    const double *p = probability + i * node_count;
    for (size_t k = 0; k < node_count; k++) {
      product[k] *= p[k];
      if (product[k] < 1e-250) {
        row[k] += log(product[k]);
        product[k] = 1;
      }
    }
  }
  for (size_t k = 0; k < node_count; k++) row[k] += log(product[k]);
}

static heed_status likelihood_of_users(attention_histories *self,
                                       const heed_host *host, const double *phi,
                                       size_t node_count, const double *nodes,
                                       double *result, heed_error *error) {
  const heed_user_model_functions *functions = model_of(self);
  size_t most = 0;
  for (size_t g = 0; g < self->group_count; g++)
    if (self->answers[g].count > most) most = self->answers[g].count;
  double *p = room_for(self, host, (most + 1) * node_count);
  if (p == NULL) return heed_no_memory(error);
  for (size_t g = 0; g < self->group_count; g++) {
    const heed_answers *answers = &self->answers[g];
    double *row = result + g * node_count;
    if (functions->log_likelihood != NULL) {
      functions->log_likelihood(self->model->self, phi, answers, node_count,
                                nodes, row);
      continue;
    }
    functions->probability(self->model->self, phi, answers, node_count, nodes,
                           p + node_count);
    add_logs(answers->count, node_count, p + node_count, p, row);
  }
  return HEED_OK;
}

heed_status histories_likelihood(attention_histories *self,
                                 const heed_host *host, const double *phi,
                                 size_t node_count, const double *nodes,
                                 double *result, heed_error *error) {
  if (self->reduced)
    return reduced_likelihood(self, host, phi, node_count, nodes, result,
                              error);
  return is_mixture(self) ? likelihood_of_mixture(self, host, phi, node_count,
                                                  nodes, result, error)
                          : likelihood_of_users(self, host, phi, node_count,
                                                nodes, result, error);
}

heed_answers histories_answers(const attention_histories *self, size_t first,
                               size_t count) {
  const heed_answers answers = {.size = sizeof answers,
                                .count = count,
                                .choice = self->choice + first,
                                .left = self->left + first,
                                .p = self->p + first,
                                .annotations = self->crowd->annotations,
                                .pairs = self->crowd->world->pairs,
                                .row = self->row + first,
                                .pair = self->pair + first};
  assert(first + count <= self->crowd->annotations->rows);
  return answers;
}

void histories_probability(const attention_histories *self, const double *phi,
                           size_t first, size_t count, size_t node_count,
                           const double *nodes, double *probability) {
  const heed_answers answers = histories_answers(self, first, count);
  model_of(self)->probability(self->model->self, phi, &answers, node_count,
                              nodes, probability);
}

bool histories_attends(const attention_histories *self) {
  return model_of(self)->attention != NULL ||
         (self->domain.mixture && self->domain.low >= 0 &&
          model_of(self)->log_likelihood == NULL);
}

void histories_attention(const attention_histories *self, const double *phi,
                         size_t first, size_t count, size_t node_count,
                         const double *nodes, double *attention) {
  const heed_answers answers = histories_answers(self, first, count);
  if (model_of(self)->attention != NULL) {
    model_of(self)->attention(self->model->self, phi, &answers, node_count,
                              nodes, attention);
    return;
  }
  for (size_t i = 0; i < count; i++)
    memcpy(attention + i * node_count, nodes, node_count * sizeof *nodes);
}

void histories_casual_of(const attention_histories *self, const double *phi,
                         size_t first, size_t count, double *probability) {
  const heed_answers answers = histories_answers(self, first, count);
  model_of(self)->casual(self->model->self, phi, &answers, probability);
}

void histories_casual(const attention_histories *self, const double *phi,
                      double *probability) {
  histories_casual_of(self, phi, 0, self->crowd->annotations->rows,
                      probability);
}
