/* SPDX-License-Identifier: GPL-3.0-or-later
 * The loops over nodes of the joint loss, P = c + eta (g - c), eight lanes at a
 * time.  The same source is compiled for every processor and, on x86-64, again
 * for AVX2 and AVX-512.  All give the same bits, because no sum runs over
 * lanes. */
#ifndef HEED_SUPPORT_PREFERENCE_JOINT_KERNELS_H
#define HEED_SUPPORT_PREFERENCE_JOINT_KERNELS_H

#include <stddef.h>

enum { JOINT_LANES = 8 };

/* Lower bound of P and of 1 - P, so that a product of eight does not
 * underflow. */
#define JOINT_LEAST 1e-37

typedef struct joint_kernels {
  /* product[k] = prod_i P(choice i | node[k]) over `count` choices, at most
   * eight; gain[i] = g - c. */
  void (*product)(size_t count, const double *c, const double *gain,
                  size_t nodes, const double *node, double *product);

  /* For each of JOINT_LANES choices: first = E[eta / P] and second =
   * E[eta^2 / (P (1 - P))].  part[k] is the mass of node k times node[k]. */
  void (*moments)(size_t nodes, const double *node, const double *part,
                  const double *g, const double *c, double *first,
                  double *second);
} joint_kernels;

const joint_kernels *joint_kernels_plain(void);
/* NULL if this processor cannot run them. */
const joint_kernels *joint_kernels_avx2(void);
const joint_kernels *joint_kernels_avx512(void);
/* The fastest. */
const joint_kernels *joint_kernels_best(void);

#endif
