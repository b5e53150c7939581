/* SPDX-License-Identifier: GPL-3.0-or-later
 * The loops over nodes of the joint loss, P = c + eta (g - c), eight lanes at a
 * time.  The same source is compiled for every processor and, on x86-64, again
 * for AVX2 and AVX-512.  All give the same bits: no lane adds to another. */
#ifndef HEED_SUPPORT_PREFERENCE_JOINT_KERNELS_H
#define HEED_SUPPORT_PREFERENCE_JOINT_KERNELS_H

#include <stddef.h>

enum { JOINT_LANES = 8 };

/* P and 1 - P count as this if they are below it, so that a product of 8 does
 * not underflow. */
#define JOINT_LEAST 1e-37

typedef struct joint_kernels {
  /* product[k] = prod_i P(choice i | node[k]) over `count` choices; gain[i] = g
   * - c. */
  void (*product)(size_t count, const double *c, const double *gain,
                  size_t nodes, const double *node, double *product);

  /* For each of JOINT_LANES choices: first = E[eta / P], second = E[eta^2 / (P
   * (1 - P))].  part[k] is the mass of a node times the node. */
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
