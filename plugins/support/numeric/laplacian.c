/* SPDX-License-Identifier: GPL-3.0-or-later
 * Laplacians: a hash table of edges, conjugate gradients, connected parts. */
#include "support/numeric/laplacian.h"

#include <assert.h>
#include <math.h>
#include <string.h>

#define STEPS_MOST 10000

void laplacian_open(heed_memory *memory, size_t count, size_t most,
                    laplacian *self) {
  size_t slots = 16;
  while (slots < 2 * most) slots *= 2;
  *self = (laplacian){.count = count,
                      .most = most,
                      .a = heed_scratch(memory, most, sizeof *self->a),
                      .b = heed_scratch(memory, most, sizeof *self->b),
                      .weight = heed_scratch_doubles(memory, most),
                      .diagonal = heed_scratch_doubles(memory, count),
                      .room = heed_scratch_doubles(memory, 4 * count),
                      .message = heed_scratch_doubles(memory, 2 * most),
                      .slots = heed_scratch(memory, slots, sizeof(uint32_t)),
                      .slot_count = slots};
}

void laplacian_clear(laplacian *self, double d) {
  if (self->edges > 0)
    memset(self->weight, 0, self->edges * sizeof *self->weight);
  for (size_t i = 0; i < self->count; i++) self->diagonal[i] = d;
}

/* Finds or makes the edge between a and b. */
static size_t edge_of(laplacian *self, size_t a, size_t b) {
  const uint64_t key = (uint64_t)a << 32 | b;
  size_t slot = (size_t)(key * 0x9e3779b97f4a7c15u >> 32);
  for (;; slot++) {
    uint32_t *found = &self->slots[slot & (self->slot_count - 1)];
    if (*found == 0) {
      assert(self->edges < self->most);
      self->a[self->edges] = (uint32_t)a;
      self->b[self->edges] = (uint32_t)b;
      *found = (uint32_t)++self->edges;
    }
    const size_t edge = *found - 1;
    if (self->a[edge] == a && self->b[edge] == b) return edge;
  }
}

void laplacian_add(laplacian *self, size_t a, size_t b, double weight) {
  assert(a != b && a < self->count && b < self->count);
  self->weight[a < b ? edge_of(self, a, b) : edge_of(self, b, a)] += weight;
  self->diagonal[a] += weight;
  self->diagonal[b] += weight;
}

void laplacian_shift(laplacian *self, double d) {
  for (size_t i = 0; i < self->count; i++) self->diagonal[i] += d;
}

void laplacian_multiply(const laplacian *self, const double *x, double *y) {
  for (size_t i = 0; i < self->count; i++) y[i] = self->diagonal[i] * x[i];
  for (size_t e = 0; e < self->edges; e++) {
    const size_t a = self->a[e], b = self->b[e];
    y[a] -= self->weight[e] * x[b];
    y[b] -= self->weight[e] * x[a];
  }
}

static double dot(size_t count, const double *x, const double *y) {
  double sum = 0;
  for (size_t i = 0; i < count; i++) sum += x[i] * y[i];
  return sum;
}

/* z = r / diagonal; returns r'z. */
static double precondition(const laplacian *self, const double *r, double *z) {
  for (size_t i = 0; i < self->count; i++) z[i] = r[i] / self->diagonal[i];
  return dot(self->count, r, z);
}

void laplacian_solve(laplacian *self, const double *y, double *x) {
  const size_t n = self->count;
  double *r = self->room, *z = r + n, *p = z + n, *q = p + n;
  memcpy(r, y, n * sizeof *r);
  memset(x, 0, n * sizeof *x);
  double rz = precondition(self, r, z);
  const double enough = LAPLACIAN_RESIDUAL * LAPLACIAN_RESIDUAL * rz;
  memcpy(p, z, n * sizeof *p);
  for (int steps = 0; steps < STEPS_MOST && rz > enough; steps++) {
    laplacian_multiply(self, p, q);
    const double length = rz / dot(n, p, q), earlier = rz;
    if (!(length > 0) || !isfinite(length)) return;
    for (size_t i = 0; i < n; i++) {
      x[i] += length * p[i];
      r[i] -= length * q[i];
    }
    rz = precondition(self, r, z);
    for (size_t i = 0; i < n; i++) p[i] = z[i] + rz / earlier * p[i];
  }
}

/* ---- log det ---- */

/* sum[i]: of the messages to i. */
static void sum_messages(const laplacian *self, double *sum) {
  memset(sum, 0, self->count * sizeof *sum);
  for (size_t e = 0; e < self->edges; e++) {
    sum[self->b[e]] += self->message[2 * e];
    sum[self->a[e]] += self->message[2 * e + 1];
  }
}

/* The message from a to b is w^2 / (A_aa - messages to a, except from b): what
 * b loses if a and all nodes behind it are eliminated.  Returns the largest
 * relative change. */
static double pass_messages(laplacian *self, const double *sum) {
  double change = 0;
  for (size_t e = 0; e < self->edges; e++) {
    const size_t a = self->a[e], b = self->b[e];
    double *m = self->message + 2 * e;
    const double w = self->weight[e];
    const double down = w * w / (self->diagonal[a] - sum[a] + m[1]);
    const double up = w * w / (self->diagonal[b] - sum[b] + m[0]);
    if (!(w > 0)) continue;
    change = fmax(change, fmax(fabs(down - m[0]), fabs(up - m[1])) / w);
    m[0] = down;
    m[1] = up;
  }
  return change;
}

double laplacian_log_determinant(laplacian *self) {
  double *sum = self->room, change = HUGE_VAL, log_det = 0;
  memset(self->message, 0, 2 * self->edges * sizeof *self->message);
  for (int steps = 0; steps < STEPS_MOST && change > 1e-12; steps++) {
    sum_messages(self, sum);
    change = pass_messages(self, sum);
  }
  sum_messages(self, sum);
  for (size_t i = 0; i < self->count; i++)
    log_det += log(self->diagonal[i] - sum[i]);
  for (size_t e = 0; e < self->edges; e++) {
    const double *m = self->message + 2 * e;
    const size_t b = self->b[e];
    log_det -= log1p(-m[0] / (self->diagonal[b] - sum[b] + m[0]));
  }
  return log_det;
}

/* ---- draws ---- */

void laplacian_draw(laplacian *self, double d, heed_stream *stream, double *x) {
  double *y = x;
  for (size_t i = 0; i < self->count; i++) y[i] = sqrt(d) * heed_normal(stream);
  for (size_t e = 0; e < self->edges; e++) {
    const double z = sqrt(self->weight[e]) * heed_normal(stream);
    y[self->a[e]] += z;
    y[self->b[e]] -= z;
  }
  laplacian_solve(self, y, x);
}

/* ---- connected parts ---- */

/* The root of i's part; halves the path to it. */
static size_t root_of(double *parent, size_t i) {
  while (parent[i] != (double)i) {
    parent[i] = parent[(size_t)parent[i]];
    i = (size_t)parent[i];
  }
  return i;
}

size_t laplacian_rank(laplacian *self) {
  double *parent = self->room;
  size_t rank = 0;
  for (size_t i = 0; i < self->count; i++) parent[i] = (double)i;
  for (size_t e = 0; e < self->edges; e++) {
    if (!(self->weight[e] > 0)) continue;
    const size_t a = root_of(parent, self->a[e]);
    const size_t b = root_of(parent, self->b[e]);
    rank += a != b;
    parent[a] = (double)b;
  }
  return rank;
}
