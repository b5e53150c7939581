/* SPDX-License-Identifier: GPL-3.0-or-later
 * Masses by kind: users in parts, each part on one thread; parts are added in
 * their order.
 *
 * A choice adds a row of r to the row of its kind.  In the order of users, the
 * rows of kinds would be loaded and stored for each choice, from a table larger
 * than a core's nearest cache.  So the choices of a block of users are sorted
 * by kind, once: a kind's sum stays in registers, and only rows of r are
 * loaded. */
#include <assert.h>
#include <string.h>

#include "support/attention/mixture.h"
#include "support/numeric/threads.h"

/* With many kinds there are fewer parts, because adding the parts must cost
 * less than filling them. */
enum { PARTS_MOST = 16, LEAST_CHOICES = 8 };
/* Values of a block of rows: 64 KiB. */
enum { BLOCK_VALUES = 1 << 13 };
/* With fewer choices of a kind in a block, on average, sorting gains
 * nothing. */
enum { LEAST_SORTED = 4 };

static size_t blocks_between(const attention_mixture *self, size_t part) {
  const size_t users = self->mass_bound[part + 1] - self->mass_bound[part];
  return (users + self->block - 1) / self->block;
}

/* Users of a block of a part. */
static threads_range users_of(const attention_mixture *self, size_t part,
                              size_t block) {
  const size_t first =
      self->mass_bound[part] + (block - self->first_block[part]) * self->block;
  const size_t end = self->mass_bound[part + 1];
  return (threads_range){first,
                         end - first < self->block ? end : first + self->block};
}

/* Counts the choices of each kind, then places them. */
static void sort_block(const attention_mixture *self, size_t block,
                       threads_range users) {
  uint32_t *end = self->kind_end + block * self->kinds, sum = 0;
  uint16_t *sorted = self->sorted + self->first[users.first];
  for (size_t i = self->first[users.first]; i < self->first[users.end]; i++)
    end[self->kind[i]]++;
  for (size_t c = 0; c < self->kinds; c++) {
    const uint32_t count = end[c];
    end[c] = sum;
    sum += count;
  }
  for (size_t j = users.first; j < users.end; j++)
    for (size_t i = self->first[j]; i < self->first[j + 1]; i++)
      sorted[end[self->kind[i]]++] = (uint16_t)(j - users.first);
}

static void sort_part(void *context, size_t part) {
  const attention_mixture *self = context;
  for (size_t b = self->first_block[part]; b < self->first_block[part + 1]; b++)
    sort_block(self, b, users_of(self, part, b));
}

/* Whether the choices of a block are enough for sorting, and few enough for
 * kind_end. */
static bool may_sort(const attention_mixture *self, size_t blocks) {
  const size_t choices = self->first[self->users];
  return choices / LEAST_SORTED / blocks >= self->kinds &&
         choices <= UINT32_MAX;
}

static void sort_choices(heed_memory *memory, attention_mixture *self) {
  const size_t parts = self->mass_parts, values = self->block * self->padded;
  self->first_block = heed_scratch_sizes(memory, parts + 1);
  if (memory->refused) return;
  for (size_t part = 0; part < parts; part++)
    self->first_block[part + 1] =
        self->first_block[part] + blocks_between(self, part);
  const size_t blocks = self->first_block[parts];
  if (blocks == 0 || !may_sort(self, blocks)) return;
  self->kind_end =
      heed_scratch(memory, blocks * self->kinds, sizeof *self->kind_end);
  self->rows = heed_scratch_doubles(memory, parts * values);
  self->sorted =
      heed_scratch(memory, self->first[self->users], sizeof *self->sorted);
  if (!memory->refused) threads_run(self->threads, parts, sort_part, self);
}

void mixture_open_masses(heed_memory *memory, attention_mixture *self) {
  const size_t choices =
      self->first[self->users] +
      (self->power_first == NULL ? 0 : self->power_first[self->users]);
  const size_t some =
      self->kinds == 0 ? 0 : choices / LEAST_CHOICES / self->kinds;
  const size_t most = self->parts < PARTS_MOST ? self->parts : PARTS_MOST;
  assert(self->kind != NULL);
  self->mass_parts = some == 0 ? 1 : some < most ? some : most;
  self->mass_bound = heed_scratch_sizes(memory, self->mass_parts + 1);
  self->sums = heed_scratch_doubles(
      memory, self->mass_parts * self->kinds * self->padded);
  if (memory->refused) return;
  for (size_t part = 0; part <= self->mass_parts; part++)
    self->mass_bound[part] = mixture_bound(self, part, self->mass_parts);
  const size_t rows = BLOCK_VALUES / self->padded;
  self->block = rows < 1 ? 1 : rows < self->users ? rows : self->users;
  sort_choices(memory, self);
}

/* ---- sums ---- */

typedef struct masses_job {
  const attention_mixture *mixture;
  const double *r;
  double *mass;
} masses_job;

static void sum_block(const masses_job *job, size_t part, size_t block,
                      double *mass) {
  const attention_mixture *self = job->mixture;
  const threads_range users = users_of(self, part, block);
  const uint32_t *end = self->kind_end + block * self->kinds;
  const uint16_t *sorted = self->sorted + self->first[users.first];
  double *rows = self->rows + part * self->block * self->padded;
  for (size_t j = users.first; j < users.end; j++)
    memcpy(rows + (j - users.first) * self->padded, job->r + j * self->nodes,
           self->nodes * sizeof *rows);
  for (size_t c = 0, start = 0; c < self->kinds; start = end[c++])
    self->kernels->add_rows(end[c] - start, sorted + start, self->padded, rows,
                            mass + c * self->padded);
}

/* The users' choices or, if these are sorted, their powers. */
static void sum_users(const masses_job *job, size_t part, bool powers,
                      double *mass) {
  const attention_mixture *self = job->mixture;
  for (size_t j = self->mass_bound[part]; j < self->mass_bound[part + 1]; j++) {
    mixture_list list = mixture_choices(self, j);
    if (powers) list.count = 0;
    if (list.count + list.power_count > 0)
      self->kernels->add_mass(&list, self->padded,
                              mixture_row(self, job->r, j, part), mass);
  }
}

static void sum_part(void *context, size_t part) {
  const masses_job *job = context;
  const attention_mixture *self = job->mixture;
  const size_t size = self->kinds * self->padded;
  double *mass = self->sums + part * size;
  memset(mass, 0, size * sizeof *mass);
  if (self->sorted == NULL) {
    sum_users(job, part, false, mass);
    return;
  }
  for (size_t b = self->first_block[part]; b < self->first_block[part + 1]; b++)
    sum_block(job, part, b, mass);
  if (self->power_first != NULL) sum_users(job, part, true, mass);
}

/* Adds the parts, for a share of the values. */
static void add_parts(void *context, size_t share) {
  const masses_job *job = context;
  const attention_mixture *self = job->mixture;
  const size_t size = self->kinds * self->padded;
  const threads_range range = threads_share(size, share, PARTS_MOST);
  if (range.first == range.end) return;
  memcpy(job->mass + range.first, self->sums + range.first,
         (range.end - range.first) * sizeof *job->mass);
  for (size_t part = 1; part < self->mass_parts; part++)
    for (size_t i = range.first; i < range.end; i++)
      job->mass[i] += self->sums[part * size + i];
}

void mixture_masses(const attention_mixture *self, const double *r,
                    double *mass) {
  masses_job job = {self, r, mass};
  assert(self->sums != NULL && self->mass_parts <= self->parts);
  threads_run(self->threads, self->mass_parts, sum_part, &job);
  threads_run(self->threads, PARTS_MOST, add_parts, &job);
}
