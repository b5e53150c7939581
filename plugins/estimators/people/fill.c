/* SPDX-License-Identifier: GPL-3.0-or-later
 * A user's eta on a pair is equation (3) of response.h, at the easiness |x| of
 * the pair.  The user's eta is its mean over the user's pairs,
 *
 *   eta_j(m) = sum_k w_j(k) slope[k][m],   w_j the mean of q over the pairs,
 *
 * a function of the user node m.  The pairs' easiness is uncertain, too: given
 * m, eta_j has the variance
 *
 *   v_j(m) = sum_i Var_{q_i} slope[.][m] / n^2
 *
 * over the user's n pairs.  Its distribution is represented by two points for
 * each m, eta_j(m) -+ sqrt v_j(m), which keep mean and variance.
 *
 * Each user's numbers are written by one thread. */
#include "estimators/people/fill.h"

#include <gsl/gsl_cblas.h>
#include <gsl/gsl_sort.h>
#include <math.h>
#include <string.h>

#include "estimators/people/response.h"

/* The nodes of eta that the posterior reports are 1 / ETA_STEPS apart. */
enum { ETA_STEPS = 50 };

/* Annotations of a user that are treated at once. */
enum { BLOCK = 64 };

/* Rooms of a part. */
typedef struct fill_room {
  double *weight;   /* (K): w_j */
  double *slope;    /* (K, M'): of the user's nodes */
  double *beliefs;  /* (BLOCK, K): of pairs */
  double *on_pairs; /* (BLOCK, M'): E_q slope */
  double *variance; /* (M'): v_j */
  double *eta;      /* (M'): clipped */
  double *point;    /* (2 M'): clipped; those of node m are 2 m and 2 m + 1 */
  double *sorted;   /* (2 M') */
  double *middle;   /* (2 M'): of the mass of a sorted point */
  double *casual;   /* (C) */
  size_t *order;    /* (2 M') */
} fill_room;

typedef struct people_fill_work {
  people_fit *self;
  heed_posterior *posterior;
  people_fitted *fitted;
  const double *slope, *spoken; /* (K, M), of people_attentiveness() */
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

static void gather_slope(const people_fill_work *work, const people_seen *seen,
                         double *slope) {
  const size_t users = work->self->nodes.users;
  for (size_t k = 0; k < work->self->nodes.pairs; k++)
    for (size_t m = 0; m < seen->nodes; m++)
      slope[k * seen->nodes + m] = work->slope[k * users + seen->node[m]];
}

/* variance -= the squares of E_q slope over annotations [first, end). */
static void subtract_squares(const people_fit *self, const people_seen *seen,
                             size_t first, size_t end, const fill_room *room) {
  const size_t width = self->nodes.pairs, nodes = seen->nodes;
  for (size_t n = first; n < end; n++)
    memcpy(room->beliefs + (n - first) * width,
           self->q + self->annotations->pair[n] * width,
           width * sizeof *room->beliefs);
  cblas_dgemm(CblasRowMajor, CblasNoTrans, CblasNoTrans, (int)(end - first),
              (int)nodes, (int)width, 1, room->beliefs, (int)width, room->slope,
              (int)nodes, 0, room->on_pairs, (int)nodes);
  for (size_t n = 0; n < end - first; n++)
    for (size_t m = 0; m < nodes; m++)
      room->variance[m] -= pow(room->on_pairs[n * nodes + m], 2);
}

static void find_variance(const people_fill_work *work, const people_seen *seen,
                          const fill_room *room) {
  const people_fit *self = work->self;
  const size_t codes = self->annotations->codes, nodes = seen->nodes;
  const size_t first = self->annotations->first[seen->user * codes];
  const size_t end = self->annotations->first[(seen->user + 1) * codes];
  const double count = (double)(end - first);
  memset(room->variance, 0, nodes * sizeof *room->variance);
  for (size_t k = 0; k < self->nodes.pairs; k++)
    for (size_t m = 0; m < nodes; m++)
      room->variance[m] +=
          count * room->weight[k] * pow(room->slope[k * nodes + m], 2);
  for (size_t n = first; n < end; n += BLOCK)
    subtract_squares(self, seen, n, n + BLOCK < end ? n + BLOCK : end, room);
  for (size_t m = 0; m < nodes; m++)
    room->variance[m] = fmax(room->variance[m], 0) / fmax(count * count, 1);
}

static double clipped(const people_fill_work *work, double eta) {
  return fmin(fmax(eta, work->clips ? 0 : -1), 1);
}

/* Returns E eta, not clipped. */
static double find_eta(const people_fill_work *work, const people_seen *seen,
                       const fill_room *room) {
  double mean = 0;
  gather_slope(work, seen, room->slope);
  find_variance(work, seen, room);
  for (size_t m = 0; m < seen->nodes; m++) {
    const double sd = sqrt(room->variance[m]);
    double eta = 0;
    for (size_t k = 0; k < work->self->nodes.pairs; k++)
      eta += room->weight[k] * room->slope[k * seen->nodes + m];
    mean += seen->r[m] * eta;
    room->point[2 * m] = clipped(work, eta - sd);
    room->point[2 * m + 1] = clipped(work, eta + sd);
    room->eta[m] = (room->point[2 * m] + room->point[2 * m + 1]) / 2;
  }
  return mean;
}

/* The points in order, with the middle of the mass of each. */
static void sort_points(const people_seen *seen, const fill_room *room) {
  double below = 0;
  gsl_sort_index(room->order, room->point, 1, 2 * seen->nodes);
  for (size_t n = 0; n < 2 * seen->nodes; n++) {
    const double mass = seen->r[room->order[n] / 2] / 2;
    room->sorted[n] = room->point[room->order[n]];
    room->middle[n] = below + mass / 2;
    below += mass;
  }
}

/* The value at each level: linear between the middles. */
static void fill_quantiles(const people_fill_work *work,
                           const people_seen *seen, const fill_room *room) {
  const heed_posterior *posterior = work->posterior;
  const size_t count = 2 * seen->nodes, levels = posterior->level_count;
  const double *sorted = room->sorted, *middle = room->middle;
  size_t n = 0;
  sort_points(seen, room);
  for (size_t l = 0; l < levels; l++) {
    const double level = posterior->levels[l];
    double *value = &posterior->quantiles[seen->user * levels + l];
    while (n < count && middle[n] < level) n++;
    *value = sorted[n < count ? n : count - 1];
    if (n > 0 && n < count && middle[n] > middle[n - 1])
      *value = sorted[n - 1] + (level - middle[n - 1]) /
                                   (middle[n] - middle[n - 1]) *
                                   (sorted[n] - sorted[n - 1]);
  }
}

/* Mass between two nodes of eta is split so that the mean stays. */
static void fill_mass(const people_fill_work *work, const people_seen *seen,
                      const fill_room *room) {
  heed_posterior *posterior = work->posterior;
  const size_t count = posterior->node_count;
  double *mass = posterior->mass + seen->user * count;
  for (size_t n = 0; n < 2 * seen->nodes; n++) {
    const double at = (room->point[n] - posterior->nodes[0]) * ETA_STEPS;
    const double most = (double)(count - 2);
    const size_t k = (size_t)fmax(fmin(floor(at), most), 0);
    const double share = fmin(fmax(at - (double)k, 0), 1);
    mass[k] += seen->r[n / 2] / 2 * (1 - share);
    mass[k + 1] += seen->r[n / 2] / 2 * share;
  }
}

/* Mean P by code and pair node. */
static void fill_said(const people_fill_work *work, const people_seen *seen) {
  const size_t rows = people_table_rows(work->self);
  double *said = work->fitted->said + seen->user * rows;
  for (size_t c = 0; c < rows; c++) {
    said[c] = 0;
    for (size_t m = 0; m < seen->nodes; m++)
      said[c] += seen->r[m] * seen->table[c * seen->nodes + m];
  }
}

/* P(A | casual, A first, no tie). */
static double find_casual_a(const people_fill_work *work,
                            const people_seen *seen, double mean_eta,
                            const fill_room *room) {
  const size_t users = work->self->nodes.users;
  double sum = 0;
  for (size_t k = 0; k < work->self->nodes.pairs; k++)
    for (size_t m = 0; m < seen->nodes; m++)
      sum += room->weight[k] * seen->r[m] *
             work->spoken[k * users + seen->node[m]];
  return fmin(fmax(sum / fmax(1 - mean_eta, 1e-12), 0), 1);
}

/* A tie says nothing of attention: its P is the user's mean. */
static void fill_casual(const people_fill_work *work, const people_seen *seen,
                        double mean_eta, const fill_room *room) {
  const people_fit *self = work->self;
  const crowd_annotations *annotations = self->annotations;
  const size_t width = self->nodes.pairs;
  const double *said =
      work->fitted->said + seen->user * people_table_rows(self);
  const double a = find_casual_a(work, seen, mean_eta, room);
  for (size_t code = 0; code < annotations->codes; code++) {
    const size_t side = code / annotations->choices;
    const size_t choice = code % annotations->choices;
    const bool like_a = (side == ANNOTATED_A_FIRST) == (choice == ANNOTATED_A);
    double tie = 0;
    for (size_t k = 0; k < width; k++)
      tie += room->weight[k] * said[code * width + k];
    room->casual[code] = choice == ANNOTATED_TIE     ? fmin(tie, 1)
                         : side == ANNOTATED_UNKNOWN ? 0.5
                         : like_a                    ? a
                                                     : 1 - a;
  }
}

static void fill_user(const people_fill_work *work, const people_seen *seen,
                      const fill_room *room) {
  heed_posterior *posterior = work->posterior;
  double mean = 0, square = 0;
  find_weight(work, seen->user, room->weight);
  const double whole = find_eta(work, seen, room);
  for (size_t m = 0; m < seen->nodes; m++) mean += seen->r[m] * room->eta[m];
  for (size_t n = 0; n < 2 * seen->nodes; n++)
    square += seen->r[n / 2] / 2 * pow(room->point[n] - mean, 2);
  posterior->mean[seen->user] = mean;
  posterior->sd[seen->user] = sqrt(square);
  fill_quantiles(work, seen, room);
  fill_mass(work, seen, room);
  fill_said(work, seen);
  fill_casual(work, seen, whole, room);
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
  double *spoken = heed_scratch_doubles(&memory, width * users);
  double *crowd = heed_scratch_doubles(&memory, width);
  for (size_t p = 0; p < PEOPLE_PARTS; p++)
    work->room[p] = (fill_room){
        .weight = heed_scratch_doubles(&memory, width),
        .slope = heed_scratch_doubles(&memory, width * users),
        .beliefs = heed_scratch_doubles(&memory, BLOCK * width),
        .on_pairs = heed_scratch_doubles(&memory, BLOCK * users),
        .variance = heed_scratch_doubles(&memory, users),
        .eta = heed_scratch_doubles(&memory, users),
        .point = heed_scratch_doubles(&memory, 2 * users),
        .sorted = heed_scratch_doubles(&memory, 2 * users),
        .middle = heed_scratch_doubles(&memory, 2 * users),
        .casual = heed_scratch_doubles(&memory, self->annotations->codes),
        .order = heed_scratch_sizes(&memory, 2 * users)};
  if (memory.refused) return heed_no_memory(error);
  people_attentiveness(&self->nodes, self->table, slope, spoken);
  for (size_t k = 0; k < width; k++)
    crowd[k] = self->of_pairs.count > 0
                   ? self->of_pairs.mass[k] / self->of_pairs.count
                   : 1 / (double)width;
  work->slope = slope;
  work->spoken = spoken;
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
