/* SPDX-License-Identifier: GPL-3.0-or-later
 * Draws that stay from one world to the next. */
#include "heed/draws.h"

#include <stdlib.h>
#include <string.h>

#include "host/host.h"
#include "host/vector.h"

typedef struct draws_matrix {
  struct draws_matrix *next;
  uint64_t seed, replicate;
  const char *stage;
  size_t parts, width;
  heed_draws_part *part;
  double *values;
  bool asked; /* by a stage that may still use it */
  host_arena *memory;
} draws_matrix;

struct host_draws {
  draws_matrix *matrices;
};

host_draws *draws_create(void) {
  return calloc(1, sizeof(host_draws));
}

/* Frees matrices; with `all`, also those that a stage may still use. */
static void drop(host_draws *self, bool all) {
  draws_matrix **place = &self->matrices;
  while (*place != NULL) {
    draws_matrix *matrix = *place;
    if (matrix->asked && !all) {
      place = &matrix->next;
      continue;
    }
    *place = matrix->next;
    arena_free(matrix->memory);
    free(matrix);
  }
}

void draws_free(host_draws *self) {
  if (self == NULL) return;
  drop(self, true);
  free(self);
}

void draws_release(host_draws *self) {
  for (draws_matrix *m = self->matrices; m != NULL; m = m->next)
    m->asked = false;
}

void draws_tidy(host_draws *self) {
  drop(self, false);
}

static const draws_matrix *first_of(const host_draws *self) {
  return self == NULL ? NULL : self->matrices;
}

bool draws_hold(const host_draws *self, const void *place) {
  for (const draws_matrix *m = first_of(self); m != NULL; m = m->next)
    if (arena_holds(m->memory, place)) return true;
  return false;
}

bool draws_are_intact(const host_draws *self) {
  for (const draws_matrix *m = first_of(self); m != NULL; m = m->next)
    if (!arena_is_intact(m->memory)) return false;
  return true;
}

/* ---- a matrix ---- */

static bool is_same(const draws_matrix *matrix, const host_service *host,
                    size_t parts, const heed_draws_part *part, size_t width) {
  if (matrix->seed != host->seed || matrix->replicate != host->replicate ||
      strcmp(matrix->stage, host->stage) != 0 || matrix->parts != parts ||
      matrix->width != width)
    return false;
  for (size_t i = 0; i < parts; i++)
    if (matrix->part[i].rows != part[i].rows ||
        strcmp(matrix->part[i].purpose, part[i].purpose) != 0)
      return false;
  return arena_is_intact(matrix->memory);
}

/* SIZE_MAX: too many values. */
static size_t count_values(size_t parts, const heed_draws_part *part,
                           size_t width) {
  size_t rows = 0;
  for (size_t i = 0; i < parts; i++) {
    if (part[i].rows > SIZE_MAX - rows) return SIZE_MAX;
    rows += part[i].rows;
  }
  return width != 0 && rows > SIZE_MAX / width ? SIZE_MAX : rows * width;
}

static void fill(const host_service *host, size_t parts,
                 const heed_draws_part *part, size_t width, double *row) {
  for (size_t i = 0; i < parts; i++)
    for (size_t j = 0; j < part[i].rows; j++, row += width) {
      heed_stream stream = host->host.stream(&host->host, part[i].purpose, j);
      heed_normals(vector_best(), &stream, width, row);
    }
}

/* A matrix with its numbers, not yet in the list; NULL: out of memory. */
static draws_matrix *make(const host_service *host, size_t parts,
                          const heed_draws_part *part, size_t width,
                          size_t count) {
  draws_matrix *made = calloc(1, sizeof *made);
  if (made == NULL) return NULL;
  made->memory = arena_create();
  made->seed = host->seed;
  made->replicate = host->replicate;
  made->parts = parts;
  made->width = width;
  made->stage = arena_copy(made->memory, host->stage);
  made->part = arena_allocate(made->memory, parts, sizeof *made->part);
  made->values = arena_allocate(made->memory, count, sizeof *made->values);
  for (size_t i = 0; made->part != NULL && i < parts; i++) {
    made->part[i].rows = part[i].rows;
    made->part[i].purpose = arena_copy(made->memory, part[i].purpose);
  }
  if (!arena_refused(made->memory)) {
    fill(host, parts, part, width, made->values);
    arena_seal(made->memory);
    return made;
  }
  arena_free(made->memory);
  free(made);
  return NULL;
}

static double *find(const host_service *host, size_t parts,
                    const heed_draws_part *part, size_t width, size_t count) {
  host_draws *self = host->draws;
  draws_matrix *matrix = self->matrices;
  while (matrix != NULL && !is_same(matrix, host, parts, part, width))
    matrix = matrix->next;
  if (matrix == NULL) {
    draws_tidy(self);
    matrix = make(host, parts, part, width, count);
    if (matrix == NULL) return NULL;
    matrix->next = self->matrices;
    self->matrices = matrix;
  }
  matrix->asked = true;
  return matrix->values;
}

static const double *normals(const heed_host *host, size_t parts,
                             const heed_draws_part *part, size_t width) {
  const host_service *service = (const host_service *)host;
  const size_t count = count_values(parts, part, width);
  if (count == SIZE_MAX) return NULL;
  if (service->draws != NULL) return find(service, parts, part, width, count);
  double *made = host->allocate(host, count, sizeof *made);
  if (made != NULL) fill(service, parts, part, width, made);
  return made;
}

const heed_draws draws_service = {.size = sizeof(heed_draws),
                                  .normals = normals};
