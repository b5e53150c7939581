/* SPDX-License-Identifier: GPL-3.0-or-later
 * A user's eta on a pair is equation (3) of response.h, at the easiness |x| of
 * the pair.  The user's eta is its mean over the user's pairs,
 *
 *   eta_j(m) = sum_k w_j(k) slope[k][m],   w_j the mean of q over the pairs,
 *
 * a function of the user node m, whose distribution is that of m.  What the
 * user says when casual is h(y), with
 *
 *   (1 - eta) h(y) = sum_k w_j(k) (P[y][k] + P[y][-k] - eta [y not tie]) / 2.
 *
 * Each user's numbers are written by one thread. */
#include "estimators/people/fill.h"

#include <gsl/gsl_sort.h>
#include <math.h>
#include <string.h>

#include "estimators/people/response.h"

/* The nodes of eta that the posterior reports are 1 / ETA_STEPS apart. */
enum { ETA_STEPS = 50 };

/* Rooms of a part. */
typedef struct fill_room {
  double *weight;   /* (K): w_j */
  double *eta;      /* (M') */
  double *sorted;   /* (M') */
  double *quantile; /* (M'): middle of the mass of a sorted node */
  double *casual;   /* (C) */
  size_t *order;    /* (M') */
} fill_room;

typedef struct people_fill_work {
  people_fit *self;
  heed_posterior *posterior;
  people_fitted *fitted;
  const double *slope; /* (K, M) */
  const double *crowd; /* (K): mean of q, for users without annotations */
  bool clips;
  fill_room room[PEOPLE_PARTS];
} people_fill_work;

static void find_weight(const people_fill_work *work, size_t user,
                        double *weight) {
  const people_fit *self = work->self;
  const crowd_annotations *annotations = self->annotations;
  const size_t width = self->nodes.pairs, codes = annotations->codes;
  const size_t first = annotations->first[user * codes];
  const size_t end = annotations->first[(user + 1) * codes];
  memcpy(weight, work->crowd, width * sizeof *weight);
  if (first == end) return;
  memset(weight, 0, width * sizeof *weight);
  for (size_t n = first; n < end; n++)
    for (size_t k = 0; k < width; k++)
      weight[k] += self->q[annotations->pair[n] * width + k];
  for (size_t k = 0; k < width; k++) weight[k] /= (double)(end - first);
}

/* Returns E eta, not clipped. */
static double find_eta(const people_fill_work *work, const people_seen *seen,
                       const fill_room *room) {
  const size_t users = work->self->nodes.users;
  double mean = 0;
  for (size_t m = 0; m < seen->nodes; m++) {
    double eta = 0;
    for (size_t k = 0; k < work->self->nodes.pairs; k++)
      eta += room->weight[k] * work->slope[k * users + seen->node[m]];
    mean += seen->r[m] * eta;
    room->eta[m] = fmin(fmax(eta, work->clips ? 0 : -1), 1);
  }
  return mean;
}

/* The value at each level: linear between the middles of the nodes' mass. */
static void fill_quantiles(const people_fill_work *work,
                           const people_seen *seen, const fill_room *room) {
  const heed_posterior *posterior = work->posterior;
  const size_t count = seen->nodes, levels = posterior->level_count;
  double below = 0;
  gsl_sort_index(room->order, room->eta, 1, count);
  for (size_t m = 0; m < count; m++) {
    const double mass = seen->r[room->order[m]];
    room->sorted[m] = room->eta[room->order[m]];
    room->quantile[m] = below + mass / 2;
    below += mass;
  }
  size_t m = 0;
  for (size_t l = 0; l < levels; l++) {
    const double level = posterior->levels[l];
    double *value = &posterior->quantiles[seen->user * levels + l];
    while (m < count && room->quantile[m] < level) m++;
    if (m == 0 || m == count) {
      *value = room->sorted[m == 0 ? 0 : count - 1];
      continue;
    }
    const double gap = room->quantile[m] - room->quantile[m - 1];
    const double share = gap > 0 ? (level - room->quantile[m - 1]) / gap : 1;
    *value =
        room->sorted[m - 1] + share * (room->sorted[m] - room->sorted[m - 1]);
  }
}

/* Mass between two nodes of eta is split so that the mean stays. */
static void fill_mass(const people_fill_work *work, const people_seen *seen,
                      const fill_room *room) {
  heed_posterior *posterior = work->posterior;
  const size_t count = posterior->node_count;
  double *mass = posterior->mass + seen->user * count;
  for (size_t m = 0; m < seen->nodes; m++) {
    const double at = (room->eta[m] - posterior->nodes[0]) * ETA_STEPS;
    const size_t k = fmin(floor(at), (double)(count - 2)) > 0
                         ? (size_t)fmin(floor(at), (double)(count - 2))
                         : 0;
    const double share = fmin(fmax(at - (double)k, 0), 1);
    mass[k] += seen->r[m] * (1 - share);
    mass[k + 1] += seen->r[m] * share;
  }
}

/* Mean P by code and pair node; then what the user says when casual. */
static void fill_choices(const people_fill_work *work, const people_seen *seen,
                         double mean_eta, const fill_room *room) {
  const people_fit *self = work->self;
  const crowd_annotations *annotations = self->annotations;
  const size_t width = self->nodes.pairs, rows = people_table_rows(self);
  double *said = work->fitted->said + seen->user * rows;
  for (size_t c = 0; c < rows; c++) {
    said[c] = 0;
    for (size_t m = 0; m < seen->nodes; m++)
      said[c] += seen->r[m] * seen->table[c * seen->nodes + m];
  }
  for (size_t code = 0; code < annotations->codes; code++) {
    const double *p = said + code * width;
    double sum = code % annotations->choices == ANNOTATED_TIE ? 0 : -mean_eta;
    for (size_t k = 0; k < width; k++)
      sum += room->weight[k] * (p[k] + p[width - 1 - k]);
    room->casual[code] = fmin(fmax(sum / 2 / fmax(1 - mean_eta, 1e-12), 0), 1);
  }
}

static void fill_user(const people_fill_work *work, const people_seen *seen,
                      const fill_room *room) {
  heed_posterior *posterior = work->posterior;
  double mean = 0, square = 0;
  find_weight(work, seen->user, room->weight);
  const double whole = find_eta(work, seen, room);
  for (size_t m = 0; m < seen->nodes; m++) mean += seen->r[m] * room->eta[m];
  for (size_t m = 0; m < seen->nodes; m++)
    square += seen->r[m] * pow(room->eta[m] - mean, 2);
  posterior->mean[seen->user] = mean;
  posterior->sd[seen->user] = sqrt(square);
  fill_quantiles(work, seen, room);
  fill_mass(work, seen, room);
  fill_choices(work, seen, whole, room);
}

/* P(A is better) given the belief of a pair. */
static double better_a(const people_fit *self, const double *belief) {
  double sum = 0;
  for (size_t k = 0; k < self->nodes.pairs; k++) {
    const double x = self->nodes.x[k];
    sum += belief[k] * (x > 0 ? 1 : x < 0 ? 0 : 0.5);
  }
  return fmin(sum, 1);
}

static void see(void *context, size_t part, const people_seen *seen) {
  people_fill_work *work = context;
  const people_fit *self = work->self;
  const crowd_annotations *annotations = self->annotations;
  const fill_room *room = &work->room[part];
  heed_posterior *posterior = work->posterior;
  if (seen->first == annotations->first[seen->user * annotations->codes])
    fill_user(work, seen, room);
  for (size_t n = 0; n < seen->count; n++) {
    const size_t place = seen->first + n, row = annotations->row[place];
    const double *without = seen->without + n * seen->nodes;
    double eta = 0;
    for (size_t m = 0; m < seen->nodes; m++) eta += without[m] * room->eta[m];
    posterior->left_out[row] = eta;
    posterior->casual[row] =
        room->casual[annotations->key[place] % annotations->codes];
    posterior->p[row] = better_a(self, seen->cavity + n * self->nodes.pairs);
  }
}

/* Ties that are left out carry no information. */
static void fill_ties(const people_fit *self, const heed_crowd *crowd,
                      heed_posterior *posterior) {
  const heed_table *said = crowd->annotations;
  const int8_t *choice = heed_table_data(said, "choice", HEED_INT8);
  const int64_t *user = heed_table_data(said, "user", HEED_INT64);
  const int64_t *pair = heed_table_data(said, "pair", HEED_INT64);
  for (size_t r = 0; r < said->rows; r++) {
    if (choice[r] != HEED_CHOSE_TIE || self->annotations->choices == 3)
      continue;
    posterior->left_out[r] = posterior->mean[user[r]];
    posterior->casual[r] = 1;
    posterior->p[r] =
        better_a(self, self->q + (size_t)pair[r] * self->nodes.pairs);
  }
}

/* ---- rooms ---- */

static heed_status open_rooms(people_fill_work *work, heed_error *error) {
  const people_fit *self = work->self;
  const size_t users = self->nodes.users, width = self->nodes.pairs;
  heed_memory memory = {self->host, false};
  double *slope = heed_scratch_doubles(&memory, width * users);
  double *crowd = heed_scratch_doubles(&memory, width);
  for (size_t p = 0; p < PEOPLE_PARTS; p++)
    work->room[p] = (fill_room){
        .weight = heed_scratch_doubles(&memory, width),
        .eta = heed_scratch_doubles(&memory, users),
        .sorted = heed_scratch_doubles(&memory, users),
        .quantile = heed_scratch_doubles(&memory, users),
        .casual = heed_scratch_doubles(&memory, self->annotations->codes),
        .order = heed_scratch_sizes(&memory, users)};
  if (memory.refused) return heed_no_memory(error);
  people_attentiveness(&self->nodes, self->table, slope);
  for (size_t k = 0; k < width; k++)
    crowd[k] = self->of_pairs.count > 0
                   ? self->of_pairs.mass[k] / self->of_pairs.count
                   : 1 / (double)width;
  work->slope = slope;
  work->crowd = crowd;
  return HEED_OK;
}

static heed_status open_posterior(const people_fill_work *work,
                                  const heed_crowd *crowd,
                                  const heed_value *levels, heed_error *error) {
  heed_posterior *posterior = work->posterior;
  heed_memory memory = {work->self->host, false};
  const size_t users = crowd->users->rows, rows = crowd->annotations->rows;
  const size_t nodes = (work->clips ? 1 : 2) * ETA_STEPS + 1;
  posterior->unit = HEED_BY_USER;
  posterior->units = posterior->row_count = users;
  posterior->node_count = nodes;
  posterior->level_count = levels->count;
  posterior->mean = heed_allocate_doubles(&memory, users);
  posterior->sd = heed_allocate_doubles(&memory, users);
  posterior->levels = heed_allocate_doubles(&memory, levels->count);
  posterior->quantiles = heed_allocate_doubles(&memory, users * levels->count);
  posterior->nodes = heed_allocate_doubles(&memory, nodes);
  posterior->mass = heed_allocate_doubles(&memory, users * nodes);
  posterior->row = heed_allocate(&memory, users, sizeof *posterior->row);
  posterior->left_out = heed_allocate_doubles(&memory, rows);
  posterior->casual = heed_allocate_doubles(&memory, rows);
  posterior->p = heed_allocate_doubles(&memory, rows);
  if (memory.refused) return heed_no_memory(error);
  for (size_t j = 0; j < users; j++) posterior->row[j] = j;
  for (size_t l = 0; l < levels->count; l++)
    posterior->levels[l] = levels->items[l].number;
  for (size_t k = 0; k < nodes; k++)
    posterior->nodes[k] =
        (work->clips ? 0 : -1) + (double)k / (double)ETA_STEPS;
  return HEED_OK;
}

heed_status people_fill(people_fit *self, const heed_crowd *crowd,
                        const heed_value *levels, bool clips,
                        heed_posterior *posterior, heed_error *error) {
  heed_memory memory = {self->host, false};
  people_fill_work work = {
      .self = self,
      .posterior = posterior,
      .fitted = heed_allocate(&memory, 1, sizeof *work.fitted),
      .clips = clips};
  if (memory.refused) return heed_no_memory(error);
  *work.fitted = (people_fitted){.annotations = *self->annotations,
                                 .width = self->nodes.pairs,
                                 .q = self->q,
                                 .said = self->said};
  heed_status status = open_posterior(&work, crowd, levels, error);
  if (status == HEED_OK) status = open_rooms(&work, error);
  if (status != HEED_OK) return status;
  posterior->objective = people_sweep(self, see, &work);
  posterior->log_likelihood =
      posterior->objective - people_log_hyperprior(self);
  posterior->strength = self->effects.s;
  posterior->state = work.fitted;
  fill_ties(self, crowd, posterior);
  return HEED_OK;
}
