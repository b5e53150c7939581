/* SPDX-License-Identifier: GPL-3.0-or-later
 * Stage 2: belief propagation (Pearl 1988) between pairs and users.  For each
 * annotation n of user j on pair i, with P its table (K, M):
 *
 *   c_n(k) ~ q_i(k) / lambda_n(k)         the pair without the annotation
 *   mu_n(m) = sum_k c_n(k) P[k][m]        message to the user
 *   r_j(m) ~ pi_m prod_n mu_n(m)
 *   d_n(m) ~ r_j(m) / mu_n(m)             the user without the annotation
 *   lambda_n(k) = sum_m d_n(m) P[k][m]    message to the pair
 *   z_n = sum_k c_n(k) lambda_n(k)        P(n | all others)
 *
 * and Bethe's log evidence (Yedidia, Freeman, Weiss 2005, IEEE Trans. Inf.
 * Theory 51, 2282-2312)
 *
 *   sum_i log Z_i + sum_j log Z_j - sum_n log z_n,
 *
 * Z_i and Z_j the normalisers of q and r: exact without cycles.
 *
 * Only lambda is kept.  A user's messages are computed in chunks, with one
 * matrix product per code.  Invariant: c and d are normalised, so that mu and
 * lambda are at least PEOPLE_LEAST. */
#include <gsl/gsl_cblas.h>
#include <math.h>
#include <string.h>

#include "estimators/people/fit.h"
#include "estimators/people/response.h"
#include "support/numeric/threads.h"

/* Annotations of one user that are treated at once. */
enum { CHUNK = 128 };
/* Messages whose product cannot underflow: PEOPLE_LEAST^40 is 1e-240. */
enum { FACTORS = 40 };

/* The rooms of a part. */
typedef struct chunk_rooms {
  double *table;   /* (C K, M): of the nodes of one user */
  double *r;       /* (M) */
  double *product; /* (M) */
  double *cavity;  /* (CHUNK, K) */
  double *to_user; /* (CHUNK, M): mu, then d */
  uint32_t *node;  /* (M) */
} chunk_rooms;

static size_t rooms_size(const people_fit *self) {
  const size_t users = self->nodes.users, rows = people_table_rows(self);
  return (rows + 3 + CHUNK) * users + CHUNK * self->nodes.pairs;
}

static chunk_rooms rooms_of(const people_fit *self, size_t part) {
  const size_t users = self->nodes.users, rows = people_table_rows(self);
  double *room = self->room + part * self->room_each;
  chunk_rooms rooms = {.table = room, .r = room + rows * users};
  rooms.product = rooms.r + users;
  rooms.cavity = rooms.product + users;
  rooms.to_user = rooms.cavity + CHUNK * self->nodes.pairs;
  rooms.node = (uint32_t *)(void *)(rooms.to_user + CHUNK * users);
  return rooms;
}

heed_status people_propagate_open(people_fit *self, heed_error *error) {
  const crowd_annotations *annotations = self->annotations;
  const size_t width = self->nodes.pairs;
  heed_memory memory = {self->host, false};
  self->message = heed_scratch_doubles(&memory, annotations->count * width);
  self->room_each = rooms_size(self);
  self->room = heed_scratch_doubles(&memory, PEOPLE_PARTS * self->room_each);
  if (memory.refused) return heed_no_memory(error);
  self->effects.integrates = true;
  for (size_t n = 0; n < annotations->count; n++)
    self->vector->exp(width, self->said + annotations->key[n] * width,
                      self->message + n * width);
  return HEED_OK;
}

static bool is_active(const people_fit *self, size_t user, size_t m) {
  return self->active == NULL ||
         (self->active[user * self->words + m / 64] >> m % 64 & 1) != 0;
}

double people_sweep_work(const people_fit *self) {
  const crowd_annotations *annotations = self->annotations;
  const size_t codes = annotations->codes;
  double work = 0;
  for (size_t j = 0; j < annotations->users; j++) {
    size_t nodes = 0;
    for (size_t m = 0; m < self->nodes.users; m++)
      nodes += is_active(self, j, m);
    work += (double)nodes * (double)(annotations->first[(j + 1) * codes] -
                                     annotations->first[j * codes]);
  }
  return work * (double)self->nodes.pairs;
}

/* ---- pairs ---- */

/* sum += log of the product of `count` rows; room: (width). */
static void add_logs(const people_fit *self, size_t width, double *room,
                     double *sum) {
  self->vector->log(width, room, room);
  for (size_t k = 0; k < width; k++) sum[k] += room[k];
}

static void gather_part(void *context, size_t part) {
  const people_fit *self = context;
  const crowd_annotations *annotations = self->annotations;
  const size_t pairs = annotations->pairs, width = self->nodes.pairs;
  const threads_range range = threads_share(pairs, part, people_parts(pairs));
  double *product = self->room + part * self->room_each;
  for (size_t i = range.first; i < range.end; i++) {
    const size_t first = annotations->first_of_pair[i];
    const size_t end = annotations->first_of_pair[i + 1];
    double *support = self->support + i * width;
    memset(support, 0, width * sizeof *support);
    people_add_gold(self, i, support);
    for (size_t start = first; start < end; start += FACTORS) {
      for (size_t k = 0; k < width; k++) product[k] = 1;
      for (size_t n = start; n < end && n < start + FACTORS; n++) {
        const double *message = self->message + annotations->place[n] * width;
        for (size_t k = 0; k < width; k++) product[k] *= message[k];
      }
      add_logs(self, width, product, support);
    }
  }
}

/* ---- users ---- */

/* The user's nodes and their table. */
static people_seen open_user(const people_fit *self, size_t user,
                             const chunk_rooms *rooms) {
  const size_t users = self->nodes.users, rows = people_table_rows(self);
  people_seen seen = {
      .user = user, .node = rooms->node, .r = rooms->r, .table = self->table};
  for (size_t m = 0; m < users; m++)
    if (is_active(self, user, m)) rooms->node[seen.nodes++] = (uint32_t)m;
  if (seen.nodes == users) return seen;
  seen.table = rooms->table;
  for (size_t c = 0; c < rows; c++)
    for (size_t m = 0; m < seen.nodes; m++)
      rooms->table[c * seen.nodes + m] =
          self->table[c * users + rooms->node[m]];
  return seen;
}

static void find_cavities(const people_fit *self, const people_seen *seen,
                          double *cavity) {
  const size_t width = self->nodes.pairs;
  for (size_t n = 0; n < seen->count; n++) {
    const size_t place = seen->first + n;
    const double *q = self->q + self->annotations->pair[place] * width;
    const double *message = self->message + place * width;
    double *c = cavity + n * width, sum = 0;
    for (size_t k = 0; k < width; k++) sum += c[k] = q[k] / message[k];
    for (size_t k = 0; k < width; k++) c[k] /= sum;
  }
}

/* The end of the run of annotations from n with its code; their table. */
static size_t run_of_code(const people_fit *self, const people_seen *seen,
                          size_t n, const double **table) {
  const uint32_t *key = self->annotations->key + seen->first;
  const size_t code = key[n] % self->annotations->codes;
  size_t end = n;
  while (end < seen->count && key[end] == key[n]) end++;
  *table = seen->table + code * self->nodes.pairs * seen->nodes;
  return end;
}

/* Cavities, and messages to the user. */
static void find_messages(const people_fit *self, const people_seen *seen,
                          const chunk_rooms *rooms) {
  const size_t width = self->nodes.pairs, nodes = seen->nodes;
  find_cavities(self, seen, rooms->cavity);
  for (size_t n = 0, end; n < seen->count; n = end) {
    const double *table;
    end = run_of_code(self, seen, n, &table);
    cblas_dgemm(CblasRowMajor, CblasNoTrans, CblasNoTrans, (int)(end - n),
                (int)nodes, (int)width, 1, rooms->cavity + n * width,
                (int)width, table, (int)nodes, 0, rooms->to_user + n * nodes,
                (int)nodes);
  }
}

/* r += the logarithms of the chunk's messages. */
static void add_messages(const people_fit *self, const people_seen *seen,
                         const chunk_rooms *rooms) {
  const size_t nodes = seen->nodes;
  for (size_t start = 0; start < seen->count; start += FACTORS) {
    for (size_t m = 0; m < nodes; m++) rooms->product[m] = 1;
    for (size_t n = start; n < seen->count && n < start + FACTORS; n++)
      for (size_t m = 0; m < nodes; m++)
        rooms->product[m] *= rooms->to_user[n * nodes + m];
    add_logs(self, nodes, rooms->product, rooms->r);
  }
}

/* to_user: in, mu; out, d. */
static void leave_out(const people_seen *seen, double *to_user) {
  for (size_t n = 0; n < seen->count; n++) {
    double *d = to_user + n * seen->nodes, sum = 0;
    for (size_t m = 0; m < seen->nodes; m++) sum += d[m] = seen->r[m] / d[m];
    for (size_t m = 0; m < seen->nodes; m++) d[m] /= sum;
  }
}

/* Messages to the pairs, and z. */
static void answer(people_fit *self, const people_seen *seen,
                   const chunk_rooms *rooms, people_sums *sums) {
  const size_t width = self->nodes.pairs, nodes = seen->nodes;
  const crowd_annotations *annotations = self->annotations;
  double *message = self->message + seen->first * width;
  for (size_t n = 0, end; n < seen->count; n = end) {
    const double *table;
    end = run_of_code(self, seen, n, &table);
    cblas_dgemm(CblasRowMajor, CblasNoTrans, CblasTrans, (int)(end - n),
                (int)width, (int)nodes, 1, rooms->to_user + n * nodes,
                (int)nodes, table, (int)nodes, 0, message + n * width,
                (int)width);
  }
  for (size_t n = 0; n < seen->count; n++) {
    const size_t code = annotations->key[seen->first + n] % annotations->codes;
    double z = 0;
    for (size_t k = 0; k < width; k++)
      z += rooms->cavity[n * width + k] * message[n * width + k];
    const double ratio = log(z) - self->coin[code % annotations->choices];
    sums->log_messages += log(z);
    sums->loss += ratio;
    sums->loss_squares += ratio * ratio;
  }
}

/* Chunk by chunk: first r, then what follows from it. */
static void sweep_user(people_fit *self, size_t user, size_t part,
                       people_see *see, void *context) {
  const size_t codes = self->annotations->codes;
  const size_t first = self->annotations->first[user * codes];
  const size_t end = self->annotations->first[(user + 1) * codes];
  const chunk_rooms rooms = rooms_of(self, part);
  people_seen seen = open_user(self, user, &rooms);
  people_sums *sums = &self->part[part];
  seen.cavity = rooms.cavity;
  seen.without = rooms.to_user;
  for (size_t m = 0; m < seen.nodes; m++)
    rooms.r[m] = self->user_prior[rooms.node[m]];
  for (seen.first = first; seen.first < end; seen.first += CHUNK) {
    seen.count = end - seen.first < CHUNK ? end - seen.first : CHUNK;
    find_messages(self, &seen, &rooms);
    add_messages(self, &seen, &rooms);
  }
  const double log_z = self->vector->softmax(seen.nodes, rooms.r, rooms.r);
  seen.first = first;
  if (first == end && see != NULL) see(context, part, &seen);
  if (first == end) return;
  sums->log_z += log_z;
  sums->count++;
  for (size_t m = 0; m < seen.nodes; m++)
    sums->mass[rooms.node[m]] += rooms.r[m];
  for (; seen.first < end; seen.first += CHUNK) {
    seen.count = end - seen.first < CHUNK ? end - seen.first : CHUNK;
    if (end - first > CHUNK) find_messages(self, &seen, &rooms);
    leave_out(&seen, rooms.to_user);
    answer(self, &seen, &rooms, sums);
    if (see != NULL) see(context, part, &seen);
  }
}

typedef struct sweep_work {
  people_fit *self;
  people_see *see;
  void *context;
} sweep_work;

static void sweep_part(void *context, size_t part) {
  const sweep_work *work = context;
  people_fit *self = work->self;
  const size_t users = self->annotations->users;
  const threads_range range = threads_share(users, part, people_parts(users));
  double *mass = self->part[part].mass;
  self->part[part] = (people_sums){.mass = mass};
  memset(mass, 0, self->nodes.users * sizeof *mass);
  for (size_t j = range.first; j < range.end; j++)
    sweep_user(self, j, part, work->see, work->context);
}

double people_sweep(people_fit *self, people_see *see, void *context) {
  const size_t users = people_parts(self->annotations->users);
  sweep_work work = {self, see, context};
  threads_run(self->threads, people_parts(self->annotations->pairs),
              gather_part, self);
  people_believe_pairs(self);
  threads_run(self->threads, users, sweep_part, &work);
  people_add_parts(self, users, self->nodes.users, &self->of_users);
  const double pairs = self->kind == PEOPLE_STRENGTHS ? self->effects.evidence
                                                      : self->of_pairs.log_z;
  return pairs + self->of_users.log_z - self->of_users.log_messages +
         people_log_hyperprior(self);
}

static double sweep(people_fit *self) {
  return people_sweep(self, NULL, NULL);
}

heed_status people_propagate(people_fit *self, people_course *course,
                             heed_error *error) {
  course->settles = true;
  return people_run(self, sweep, "evidence", course, error);
}
