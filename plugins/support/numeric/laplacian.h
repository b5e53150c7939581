/* SPDX-License-Identifier: GPL-3.0-or-later
 * Sparse positive definite matrices of the form
 *
 *   A = d I + sum_e w_e (u_a - u_b)(u_a - u_b)',   e = {a, b}, w_e >= 0,
 *
 * the Laplacian of a weighted graph plus a diagonal: the information of
 * comparisons on the strengths of many models.  Called by crowd/strengths.h.
 *
 * Comparisons without structure have almost dense factors.  The factor for
 * 4,000 models with two comparisons each has 430,000 elements, for 100,000
 * models 250 million.  So no function here factorises A.  Each takes some
 * dozens of passes over the edges.  The number of passes depends on how well
 * the graph is connected, not on its size. */
#ifndef HEED_SUPPORT_NUMERIC_LAPLACIAN_H
#define HEED_SUPPORT_NUMERIC_LAPLACIAN_H

#include "heed/memory.h"
#include "heed/random.h"

#define LAPLACIAN_RESIDUAL 1e-8

typedef struct laplacian {
  size_t count; /* order of the matrix, N */
  size_t most;  /* edges at most */
  size_t edges; /* distinct a, b; in the order of their first appearance */
  uint32_t *a, *b;
  double *weight;
  double *diagonal; /* (N): of A */
  double *room;     /* (4 N) */
  double *message;  /* (2 most): from a to b, and from b to a */

  uint32_t *slots; /* edges by hash of their ends, each + 1; 0: none */
  size_t slot_count;
} laplacian;

/* most: number of distinct edges at most.  Memory from heed_scratch(). */
void laplacian_open(heed_memory *memory, size_t count, size_t most,
                    laplacian *self);

/* A = d I */
void laplacian_clear(laplacian *self, double d);

/* Adds to the weight of the edge between a and b, which differ. */
void laplacian_add(laplacian *self, size_t a, size_t b, double weight);

/* Adds to the diagonal. */
void laplacian_shift(laplacian *self, double d);

/* y = A x */
void laplacian_multiply(const laplacian *self, const double *x, double *y);

/* x[N] with A x = y[N], by conjugate gradients with the diagonal as
 * preconditioner (Hestenes and Stiefel 1952, J. Res. Natl. Bur. Stand. 49,
 * 409-436).  The residual falls by LAPLACIAN_RESIDUAL in the norm of the
 * preconditioner.  If rounding stops it early, y'x is still positive.  y may be
 * x. */
void laplacian_solve(laplacian *self, const double *y, double *x);

/* log det A by belief propagation (Bethe's approximation: Cseke and Heskes
 * 2011, J. Artif. Intell. Res. 41, 1-24): exact if the graph has no cycles.
 * Long cycles, or a dense graph, cause an error of some nats for any N. */
double laplacian_log_determinant(laplacian *self);

/* x[N] from N(0, A^-1).  d: the diagonal of A beside the edges. */
void laplacian_draw(laplacian *self, double d, heed_stream *stream, double *x);

/* The rank of A without d: N minus the number of parts that no edge of positive
 * weight connects. */
size_t laplacian_rank(laplacian *self);

#endif
