/* SPDX-License-Identifier: GPL-3.0-or-later
 * Tables of nodes.  Ties add a dimension, so that the other axes are coarser.
 */
#include "estimators/people/nodes.h"

#include <math.h>

#define AXIS(array) \
  { sizeof(array) / sizeof *(array), (array) }

/* Pairs of easiness up to 6.5, or of strengths: users differ less. */
static const double ability_wide[] = {-3,  -2,  -1.5, -1,  -.5,  -.25, 0,
                                      .25, .5,  .75,  1,   1.25, 1.5,  1.75,
                                      2,   2.5, 3,    3.5, 4,    5};
static const double ability_wide_ties[] = {-3, -1.5, -.5, 0, .5,
                                           1,  1.5,  2,   3, 4};
static const double ability[] = {-1, -.5,  -.25, 0, .25, .5, .75,
                                 1,  1.25, 1.5,  2, 2.5, 3,  4};
static const double ability_ties[] = {-.7, -.25, 0, .25, .5, .75, 1, 1.5, 2, 3};
/* logit of .01, .04, .1, .2, …, .8, .88, .94, .98, .995 */
static const double attends[] = {-4.595119850134590,
                                 -3.178053830347946,
                                 -2.197224577336219,
                                 -1.386294361119891,
                                 -0.847297860387204,
                                 -0.405465108108164,
                                 0,
                                 0.405465108108164,
                                 0.847297860387204,
                                 1.386294361119891,
                                 1.992430164690206,
                                 2.751535313041949,
                                 3.891820298110627,
                                 5.293304824724492};
static const double attends_ties[] = {-4.595119850134590, -2.197224577336219,
                                      -1.386294361119891, -0.405465108108164,
                                      0.405465108108164,  1.386294361119891,
                                      1.992430164690206,  2.751535313041949,
                                      3.891820298110627,  5.293304824724492};
static const double habit_none[] = {0};
static const double habits[] = {-5, -3, -2,  -1.3, -.8, -.4, 0,
                                .4, .8, 1.3, 2,    3,   5};
static const double habits_ties[] = {-4, -2, -1, -.4, 0, .4, 1, 2, 4};
static const double tie_none[] = {-HUGE_VAL}; /* nu = 0 */
static const double tie_habits[] = {-5, -3.5, -2.5, -1.7, -1, -.4,
                                    .2, .8,   1.5,  2.5,  4};

static const double free_x[] = {-6.5, -4, -2.5, -1.6, -1,  -.6, -.3, -.1,
                                .1,   .3, .6,   1,    1.6, 2.5, 4,   6.5};
static const double hard_x[] = {-1, 1};
/* An attentive user has no doubt. */
static const double certain_x[] = {-12, 12};
static const double strengths_x[] = {
    -7, -6.5, -6, -5.5, -5, -4.5, -4, -3.5, -3, -2.5, -2, -1.5, -1, -.5, 0, .5,
    1,  1.5,  2,  2.5,  3,  3.5,  4,  4.5,  5,  5.5,  6,  6.5,  7};

double people_edge_below(const people_axis *axis, size_t k) {
  return k == 0 ? -HUGE_VAL : (axis->value[k - 1] + axis->value[k]) / 2;
}

double people_edge_above(const people_axis *axis, size_t k) {
  return k + 1 == axis->count ? HUGE_VAL
                              : (axis->value[k] + axis->value[k + 1]) / 2;
}

static people_axis quality_axis(people_form form, people_kind kind,
                                bool coarse) {
  const people_axis all[] = {AXIS(ability_wide), AXIS(ability_wide_ties),
                             AXIS(ability),      AXIS(ability_ties),
                             AXIS(attends),      AXIS(attends_ties)};
  const size_t set = form == PEOPLE_ATTEND      ? 4
                     : kind == PEOPLE_STRENGTHS ? 2
                                                : 0;
  return all[set + coarse];
}

static void choose_axes(people_nodes *self, people_kind kind, bool habit,
                        bool ties) {
  const people_axis no_habit = AXIS(habit_none), fine = AXIS(habits);
  const people_axis coarse = AXIS(habits_ties), no_tie = AXIS(tie_none);
  const people_axis tie = AXIS(tie_habits);
  self->axis[PEOPLE_QUALITY] = quality_axis(self->form, kind, habit && ties);
  self->axis[PEOPLE_HABIT] = !habit ? no_habit : ties ? coarse : fine;
  self->axis[PEOPLE_TIE] = ties ? tie : no_tie;
}

static void choose_pairs(people_nodes *self, people_kind kind) {
  const people_axis all[] = {
      [PEOPLE_STRENGTHS] = AXIS(strengths_x),
      [PEOPLE_FREE] = AXIS(free_x),
      [PEOPLE_HARD] = AXIS(hard_x),
  };
  const people_axis certain = AXIS(certain_x);
  const people_axis chosen =
      kind == PEOPLE_HARD && self->form == PEOPLE_ATTEND ? certain : all[kind];
  self->pairs = chosen.count;
  self->x = chosen.value;
}

void people_nodes_open(heed_memory *memory, people_form form, people_kind kind,
                       bool habit, bool ties, people_nodes *self) {
  size_t each = 1; /* nodes of one node of the axis before */
  *self = (people_nodes){.form = form, .users = 1};
  choose_axes(self, kind, habit, ties);
  choose_pairs(self, kind);
  for (size_t d = 0; d < PEOPLE_TRAITS; d++) self->users *= self->axis[d].count;
  for (size_t d = 0; d < PEOPLE_TRAITS; d++)
    self->trait[d] = heed_scratch_doubles(memory, self->users);
  if (memory->refused) return;
  for (size_t d = PEOPLE_TRAITS; d-- > 0;) {
    const people_axis *axis = &self->axis[d];
    for (size_t m = 0; m < self->users; m++)
      self->trait[d][m] = axis->value[m / each % axis->count];
    self->stride[d] = each;
    each *= axis->count;
  }
}
