/* SPDX-License-Identifier: GPL-3.0-or-later
 * Walks over the rows of a selection and writes the examples that they make. */
#include "export_walk.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "command.h"
#include "export_labels.h"
#include "heed/world.h"

/* ---- one row ---- */

static heed_status check_number(const export_rows *rows, size_t i,
                                const char *column, double value,
                                heed_error *error) {
  char where[ROWS_WHERE_SIZE];
  if (isfinite(value)) return HEED_OK;
  rows_where(rows, i, column, where);
  return heed_fail(error, HEED_INVALID, "%s: %s is %g, expected a number",
                   rows->result->path, where, value);
}

static heed_status check_row(const export_rows *rows, size_t i,
                             heed_error *error) {
  heed_status status = check_number(rows, i, "weight", rows->weight[i], error);
  return status == HEED_OK
             ? check_number(rows, i, "eta_hat", rows->eta[i], error)
             : status;
}

/* The one place where an export writes the name of a user: under a key, its
 * pseudonym.  NULL: users are numbers. */
static const char *user_of(export_walk *self, size_t i) {
  char number[NUMBER_SIZE];
  const char *name =
      self->has_names && self->rows.name != NULL ? self->rows.name[i] : NULL;
  if (self->key == NULL) return name;
  (void)snprintf(number, sizeof number, "%lld", (long long)self->rows.user[i]);
  pseudonym(self->key, name == NULL ? number : name, self->hidden);
  return self->hidden;
}

/* A pair's weight is how much more likely its label is to be right than wrong.
 */
static export_facts facts_of(export_walk *self, size_t i,
                             const export_pair *label) {
  const export_rows *rows = &self->rows;
  const double probability = label == NULL ? 0 : pairs_probability(label);
  return (export_facts){
      .weight = label == NULL ? rows->weight[i] : 2 * probability - 1,
      .is_pair = label != NULL,
      .probability = probability,
      .annotations = label == NULL ? 0 : label->count,
      .eta = rows->eta[i],
      .user = user_of(self, i),
      .user_number = rows->user[i],
      .pair = self->has_pair_names && rows->pair_name != NULL
                  ? rows->pair_name[i]
                  : NULL};
}

static heed_status write_example(export_walk *self, size_t i,
                                 const export_facts *facts, export_sink *sink,
                                 heed_error *error) {
  char where[ROWS_WHERE_SIZE];
  const char *bad =
      shape_write(self->shape, self->as_messages, &self->example, facts, sink);
  if (bad == NULL) {
    self->tally.lines += shape_lines(self->shape);
    return sink->status;
  }
  rows_where(&self->rows, i, bad, where);
  return heed_fail(error, HEED_INVALID, "%s: %s is not UTF-8",
                   self->rows.result->path, where);
}

/* The example of row i, with the better response first. */
static heed_status read_example(export_walk *self, size_t i,
                                const export_pair *label, heed_error *error) {
  const bool chose_a = label != NULL && self->rows.choice[i] == HEED_CHOSE_A;
  const heed_status status =
      example_read(&self->example, &self->rows, i, error);
  if (status == HEED_OK && label != NULL && label->log_odds != 0 &&
      (label->log_odds > 0) != chose_a)
    example_swap(&self->example);
  return status;
}

static export_fault judge(export_walk *self, const export_pair *label) {
  const export_example *example = &self->example;
  const export_fault fault = shape_fault(self->shape, example);
  export_tally *tally = &self->tally;
  tally->any_prompt = tally->any_prompt || !talk_is_unknown(&example->prompt);
  tally->any_response = tally->any_response ||
                        !talk_is_unknown(&example->chosen) ||
                        !talk_is_unknown(&example->rejected);
  return fault == FAULT_NONE && label != NULL && label->log_odds == 0
             ? FAULT_UNDECIDED
             : fault;
}

/* ---- users ---- */

static heed_status end_user(export_walk *self, heed_error *error) {
  export_tally *tally = &self->tally;
  if (self->user_examples == 0) return HEED_OK;
  if (tally->user_count == tally->user_room) {
    const size_t room = tally->user_room == 0 ? 256 : 2 * tally->user_room;
    double *eta = realloc(tally->user_eta, room * sizeof *eta);
    if (eta == NULL) return heed_no_memory(error);
    tally->user_eta = eta;
    tally->user_room = room;
  }
  tally->user_eta[tally->user_count++] =
      self->user_sum / (double)self->user_examples;
  self->user_examples = 0;
  self->user_sum = 0;
  return HEED_OK;
}

static heed_status count_user(export_walk *self, size_t i, heed_error *error) {
  heed_status status = HEED_OK;
  if (self->user != self->rows.user[i]) status = end_user(self, error);
  self->user = self->rows.user[i];
  self->user_examples++;
  self->user_sum += self->rows.eta[i];
  return status;
}

/* ---- all rows ---- */

static void count_weight(export_tally *self, double weight) {
  self->least = fmin(self->least, weight);
  self->most = fmax(self->most, weight);
}

/* The example of row i; label: of its pair, or NULL.  Sets *written. */
static heed_status take_example(export_walk *self, size_t i,
                                const export_pair *label, bool draws,
                                export_sink *sink, bool *written,
                                heed_error *error) {
  export_facts facts;
  export_fault fault;
  size_t times = 1;
  heed_status status = read_example(self, i, label, error);
  *written = false;
  if (status != HEED_OK) return status;
  fault = judge(self, label);
  self->tally.count[fault]++;
  if (fault != FAULT_NONE) return HEED_OK;
  facts = facts_of(self, i, label);
  if (facts.weight > 0) self->tally.weight += facts.weight;
  if (draws) {
    times = draw_row(&self->draw, facts.weight);
    facts.weight = 1;
  }
  *written = times > 0;
  if (times > 0) count_weight(&self->tally, facts.weight);
  for (; status == HEED_OK && times > 0; times--)
    status = write_example(self, i, &facts, sink, error);
  return status;
}

/* The first row of a pair makes its example, which rests on all its rows. */
static heed_status take_row(export_walk *self, size_t i, bool draws,
                            export_sink *sink, heed_error *error) {
  const export_pair *label =
      self->by_pair ? labels_find(&self->pairs, &self->rows, i) : NULL;
  bool alone = false;
  bool *written =
      label == NULL ? &alone : &self->written[label - self->pairs.slots];
  heed_status status = check_row(&self->rows, i, error);
  if (status == HEED_OK &&
      (label == NULL || label->first == self->rows.start + i))
    status = take_example(self, i, label, draws, sink, written, error);
  return status == HEED_OK && *written ? count_user(self, i, error) : status;
}

static void start_again(export_walk *self) {
  double *user_eta = self->tally.user_eta;
  const size_t room = self->tally.user_room;
  self->tally = (export_tally){.user_eta = user_eta,
                               .user_room = room,
                               .least = INFINITY,
                               .most = -INFINITY};
  self->user = -1;
  self->user_examples = 0;
  self->user_sum = 0;
}

static heed_status walk(export_walk *self, bool draws, export_sink *sink,
                        heed_error *error) {
  const export_wish wish = {
      .texts = true, .names = true, .evidence = self->by_pair};
  heed_status status;
  start_again(self);
  while (rows_next(&self->rows, &wish, &status, error)) {
    for (size_t i = 0; status == HEED_OK && i < self->rows.length; i++)
      status = take_row(self, i, draws, sink, error);
    if (status != HEED_OK) break;
  }
  rows_close(&self->rows);
  if (status == HEED_OK) status = end_user(self, error);
  return status == HEED_OK ? sink_flush(sink) : status;
}

static heed_status no_texts(const export_walk *self, heed_error *error) {
  return heed_fail(error, HEED_INVALID,
                   "%s: the cell has no %s; heed export needs prompts and "
                   "responses (columns prompt, text_a and text_b of the log). "
                   "heed pairs needs no texts",
                   self->rows.result->path,
                   self->tally.any_prompt     ? "responses"
                   : self->tally.any_response ? "prompts"
                                              : "texts");
}

/* What a walk wrote is a data set. */
static heed_status check_tally(const export_walk *self, heed_error *error) {
  char note[WALK_NOTE_SIZE];
  if (!self->tally.any_prompt || !self->tally.any_response)
    return no_texts(self, error);
  if (self->tally.count[FAULT_NONE] > 0) return HEED_OK;
  walk_note(self, note);
  return heed_fail(error, HEED_INVALID, "%s: nothing to export: heed %s",
                   self->rows.result->path, note);
}

heed_status walk_write(export_walk *self, export_sink *sink,
                       heed_error *error) {
  const bool draws = self->draws != COMMAND_NONE;
  const heed_plan *plan = self->rows.result->plan;
  heed_status status;
  if (draws)
    draw_start(&self->draw, plan->seed, self->cell % plan->replicates,
               self->draws, self->tally.weight);
  status = walk(self, draws, sink, error);
  return status == HEED_OK ? check_tally(self, error) : status;
}

heed_status walk_rehearse(export_walk *self, heed_error *error) {
  export_sink *nowhere = malloc(sizeof *nowhere);
  heed_status status;
  if (nowhere == NULL) return heed_no_memory(error);
  sink_open(nowhere, NULL, error);
  status = walk(self, false, nowhere, error);
  free(nowhere);
  return status == HEED_OK ? check_tally(self, error) : status;
}

heed_status walk_open(export_walk *self, view_result *result, size_t cell,
                      heed_error *error) {
  heed_status status = HEED_OK;
  self->cell = cell;
  rows_open(&self->rows, result, cell);
  self->as_messages = rows_holds(&self->rows, "messages", &status, error);
  if (status == HEED_OK)
    self->has_names = rows_holds(&self->rows, "name", &status, error);
  if (status == HEED_OK)
    self->has_pair_names = rows_holds(&self->rows, "pair_name", &status, error);
  if (status == HEED_OK && self->by_pair)
    status = labels_gather(&self->rows, &self->pairs, error);
  if (status == HEED_OK && self->by_pair) {
    self->written = calloc(self->pairs.size + 1, sizeof *self->written);
    if (self->written == NULL) return heed_no_memory(error);
  }
  return status;
}

void walk_close(export_walk *self) {
  pairs_free(&self->pairs);
  free(self->written);
  example_free(&self->example);
  free(self->tally.user_eta);
  rows_close(&self->rows);
}

bool walk_weights_differ(const export_walk *self) {
  return self->tally.least < self->tally.most;
}

void walk_note(const export_walk *self, char note[WALK_NOTE_SIZE]) {
  const size_t *count = self->tally.count;
  const char *gap = ": ";
  size_t all = 0, used;
  *note = '\0';
  for (size_t i = 0; i < FAULT_COUNT; i++) all += count[i];
  if (all == count[FAULT_NONE]) return;
  used = (size_t)snprintf(note, WALK_NOTE_SIZE, "left out %zu of %zu %s",
                          all - count[FAULT_NONE], all,
                          self->by_pair ? "pairs" : "annotations");
  for (size_t i = FAULT_NONE + 1; i < FAULT_COUNT; i++) {
    if (count[i] == 0) continue;
    used += (size_t)snprintf(note + used, WALK_NOTE_SIZE - used, "%s%zu %s",
                             gap, count[i], fault_names[i]);
    gap = ", ";
  }
}
