/* SPDX-License-Identifier: GPL-3.0-or-later
 * Users of an independent model that is a mixture, P(choice | eta) = c +
 * eta (g - c) (heed/user_model.h): likelihoods of their histories, and sums
 * over users.  Choices of one kind have the same c and g.  A step costs a few
 * nanoseconds per choice and takes no logarithm of it (mixture_kernels.h).
 *
 * Users are divided into parts.  The number of parts does not depend on the
 * number of threads; sums over users add the parts in order.
 *
 * Called by em_bradley_terry, whose kinds are few, and by histories.c, where
 * each annotation is its own kind. */
#ifndef HEED_SUPPORT_ATTENTION_MIXTURE_H
#define HEED_SUPPORT_ATTENTION_MIXTURE_H

#include "heed/memory.h"
#include "heed/user_model.h"
#include "heed/vector.h"
#include "support/attention/mixture_kernels.h"

/* J users, C kinds, K nodes. */
typedef struct attention_mixture {
  /* Set by the caller. */
  size_t users, kinds;
  mixture_ends *ends;   /* (C); the caller sets them before each call */
  const size_t *first;  /* (J+1): choices of each user */
  const uint32_t *kind; /* of each choice; NULL: choice i is of kind i */
  /* Entries for many choices of one kind by one user: (J+1) bounds by user, and
   * the kind and number of each entry; NULL: none. */
  const size_t *power_first;
  const uint32_t *power_kind;
  const double *power_times;

  /* From mixture_open(). */
  const mixture_kernels *kernels;
  const heed_vector *vector;
  size_t threads;
  size_t nodes, padded; /* K, and the same as a multiple of MIXTURE_LANES */
  double *node;         /* (padded) */
  size_t parts;
  size_t *bound;     /* (parts+1): users of each part */
  double *room;      /* (parts,2,padded) */
  int64_t *exponent; /* (parts,padded) */

  /* From mixture_open_masses(). */
  size_t mass_parts;
  size_t *mass_bound; /* (mass_parts+1): users of each part */
  double *sums;       /* (mass_parts,C,padded) */
  /* Choices in the order of their kinds, by blocks of `block` users whose rows
   * of r fit in a cache; NULL: too many kinds. */
  size_t block;
  size_t *first_block; /* (mass_parts+1): blocks of each part */
  uint32_t *kind_end;  /* (blocks,C): from the block's first choice on */
  uint16_t *sorted;    /* of each choice: its user, from the block's first on */
  double *rows;        /* (mass_parts,block,padded) */
} attention_mixture;

/* Memory from host->scratch().  nodes: the most of mixture_place(). */
heed_status mixture_open(const heed_host *host, size_t nodes,
                         attention_mixture *self, heed_error *error);

/* Room for mixture_masses(), after mixture_open(). */
void mixture_open_masses(heed_memory *memory, attention_mixture *self);

/* Sets the nodes for the calls that follow. */
void mixture_place(attention_mixture *self, size_t nodes, const double *node);

/* To set ends: write P at mixture_both[2] = {0, 1} with the model's
 * probability() to &ends->c, then compute d with mixture_subtract(). */
extern const double mixture_both[2];
void mixture_subtract(size_t count, mixture_ends *ends);

/* For each user: log_likelihood[J x K], log P(history | node).  Unless
 * likelihood is NULL, also likelihood[J x K] = P(history | node) / exp(most)
 * and most[J].  The largest value of a row is between 1 and 2.  If the history
 * is impossible, it is 0 and most is -HUGE_VAL. */
void mixture_likelihood(const attention_mixture *self, double *log_likelihood,
                        double *likelihood, double *most);

/* mass[C x padded]: for each kind, the sum over its choices of r[J x K] of the
 * user.  Needs kinds. */
void mixture_masses(const attention_mixture *self, const double *r,
                    double *mass);

/* attended[C], the sum over choices of sum_k r_k eta_k g / P_k, on one
 * thread unless each choice is its own kind. */
void mixture_attended(const attention_mixture *self, const double *r,
                      double *attended);

/* The part's first user: users are divided by their number of choices. */
size_t mixture_bound(const attention_mixture *self, size_t part, size_t parts);

/* The user's row of r[J x K], in the room of the part, padded with zeros. */
const double *mixture_row(const attention_mixture *self, const double *r,
                          size_t user, size_t part);

/* Choices of one user. */
static inline mixture_list mixture_choices(const attention_mixture *self,
                                           size_t user) {
  const size_t start = self->first[user];
  const size_t power = self->power_first == NULL ? 0 : self->power_first[user];
  return (mixture_list){
      .ends = self->ends + (self->kind == NULL ? start : 0),
      .count = self->first[user + 1] - start,
      .kind = self->kind == NULL ? NULL : self->kind + start,
      .power_count =
          self->power_first == NULL ? 0 : self->power_first[user + 1] - power,
      .power_kind = self->power_first == NULL ? NULL : self->power_kind + power,
      .power_times =
          self->power_first == NULL ? NULL : self->power_times + power};
}

#endif
