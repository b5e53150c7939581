/* SPDX-License-Identifier: GPL-3.0-or-later
 * The rate of matrix products without heed. */
#include "gemm.h"

#include <stdio.h>
#include <stdlib.h>

int main(void) {
  const size_t bytes = sizeof(double) * GEMM_SIZE * GEMM_SIZE;
  double *a = malloc(bytes), *b = malloc(bytes), *c = malloc(bytes);
  const int status = a == NULL || b == NULL || c == NULL;
  if (status == 0) printf("%.2f\n", gemm_rate(a, b, c));
  free(a);
  free(b);
  free(c);
  return status;
}
