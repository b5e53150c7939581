/* SPDX-License-Identifier: GPL-3.0-or-later
 * Kernels for a user model that is a mixture, P(choice | eta) = c + eta d with
 * d = g - c (heed/user_model.h): a history of n choices at K nodes takes n K
 * multiplications and no logarithm.
 *
 * The same source is compiled for every processor and, on x86-64, again for
 * AVX2 and AVX-512.  All give the same bits: sums have eight lanes whatever the
 * width of a register, and each fused multiply-add is explicit.
 *
 * K is a multiple of MIXTURE_LANES here: mixture_pad() repeats the last node.
 */
#ifndef HEED_SUPPORT_ATTENTION_MIXTURE_KERNELS_H
#define HEED_SUPPORT_ATTENTION_MIXTURE_KERNELS_H

#include <stddef.h>
#include <stdint.h>

enum { MIXTURE_LANES = 8 };

/* P of one choice. */
typedef struct mixture_ends {
  double c, d;
} mixture_ends;

/* Choices of one user. */
typedef struct mixture_list {
  const mixture_ends *ends; /* of each kind */
  size_t count;
  const uint32_t *kind; /* (count); NULL: 0, 1, 2 ... */
  size_t power_count;   /* further kinds, many choices of each */
  const uint32_t *power_kind;
  const double *power_times; /* whole numbers */
} mixture_list;

typedef struct mixture_kernels {
  const char *name; /* "plain", "avx2" or "avx512" */

  /* prod P = mantissa x 2^exponent at each node: the mantissa is in [1, 2), or
   * 0 if a factor is below 2^-1022.  interval: the product of this many factors
   * is above 2^-1000 (mixture_interval). */
  void (*product)(const mixture_list *list, size_t interval, size_t nodes,
                  const double *node, double *mantissa, int64_t *exponent);

  /* likelihood = mantissa x 2^(exponent - most), where most is the largest
   * exponent of a mantissa other than 0; returns it, or INT64_MIN if all are
   * 0. */
  int64_t (*scale)(size_t nodes, const double *mantissa,
                   const int64_t *exponent, double *likelihood);

  /* Adds r[nodes] to mass[kind x nodes] for each choice. */
  void (*add_mass)(const mixture_list *list, size_t nodes, const double *r,
                   double *mass);

  /* Adds rows[row[i] x nodes] for each of `count` i to mass[nodes]. */
  void (*add_rows)(size_t count, const uint16_t *row, size_t nodes,
                   const double *rows, double *mass);

  /* Adds sum_k r_k node_k (c + d) / P_k to weight[kind] for each choice. */
  void (*add_attended)(const mixture_list *list, size_t nodes,
                       const double *node, const double *r, double *weight);

  /* mean[i] += weight times sum_k node_k r_k / P_k over sum_k r_k / P_k of each
   * of the list's `count` choices, whose P are all above 2^-300: the mean of
   * eta without the choice, r the mass with it.  inverse[kind x nodes]: 1 / P;
   * NULL: unknown.  Powers are ignored. */
  void (*leave_out)(const mixture_list *list, size_t nodes, const double *node,
                    const double *r, const double *inverse, double weight,
                    double *mean);
} mixture_kernels;

/* Always available. */
const mixture_kernels *mixture_kernels_plain(void);
/* NULL if this processor cannot run them. */
const mixture_kernels *mixture_kernels_avx2(void);
const mixture_kernels *mixture_kernels_avx512(void);
/* The fastest. */
const mixture_kernels *mixture_kernels_best(void);

static inline size_t mixture_padded(size_t nodes) {
  return (nodes + MIXTURE_LANES - 1) / MIXTURE_LANES * MIXTURE_LANES;
}

/* The nodes, with the last one repeated, into padded[mixture_padded(nodes)]. */
void mixture_pad(size_t nodes, const double *node, double *padded);

/* The interval of product() for `count` kinds: at least 1. */
size_t mixture_interval(size_t count, const mixture_ends *ends, size_t nodes,
                        const double *node);

#endif
