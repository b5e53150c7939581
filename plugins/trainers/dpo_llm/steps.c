/* SPDX-License-Identifier: GPL-3.0-or-later
 * A language model learns: steps, epochs, and the E-steps between them. */
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "trainers/dpo_llm/learner.h"

/* Seconds between checkpoints; turns of EM in the prior alone. */
#define SAVE_AFTER 60.0
#define PRIOR_TURNS 50

static double seconds_now(void) {
  struct timespec now;
  (void)clock_gettime(CLOCK_MONOTONIC, &now);
  return (double)now.tv_sec + 1e-9 * (double)now.tv_nsec;
}

/* ---- one pass over a few pairs ---- */

typedef struct part {
  const size_t *pair; /* (count) */
  size_t count;
} part;

/* A's text, then B's, of each pair.  There is room: the batch was opened for
 * the longest pairs. */
static void gather(learner *self, const part *of) {
  packed_clear(&self->some);
  for (size_t i = 0; i < of->count; i++)
    for (size_t side = 0; side < 2; side++)
      (void)packed_add(&self->some, 2 * of->pair[i] + side);
}

/* Margins of the rows of the pairs that the pass has just read. */
static void take_margins(learner *self, const part *of) {
  size_t at = 0;
  for (size_t i = 0; i < of->count; i++) {
    const size_t u = of->pair[i];
    double gain[2]; /* log pi/pi_ref of A's and of B's */
    for (size_t side = 0; side < 2; side++) {
      gain[side] = -self->reference[2 * u + side];
      for (size_t k = spoken_answer(&self->texts, 2 * u + side); k > 0; k--)
        gain[side] += self->found[at++];
    }
    const double difference = self->options->beta * (gain[0] - gain[1]);
    for (size_t r = self->first_row[u]; r < self->first_row[u + 1]; r++)
      self->margin[self->row[r]] =
          self->rows->prefers_a[self->row[r]] ? difference : -difference;
  }
}

/* Value and slope of a row's loss by its margin, weight 1. */
static preference_term term_of(const learner *self, size_t row) {
  const joint_fit *joint = self->fit->joint;
  const preference_label label = self->rows->label[row];
  const double margin = self->margin[row];
  if (joint == NULL)
    return preference_loss_of(self->fit->kind)->term(margin, label);
  const joint_term term =
      joint_term_at(joint->node_count, joint->nodes,
                    joint->mass + self->rows->unit[row] * joint->node_count,
                    margin, label.casual);
  return (preference_term){.value = -log(term.chance), .slope = term.slope};
}

/* Adds a row to the step's figures; returns what it adds to the slope by the
 * difference A's less B's. */
static double take_row(const learner *self, size_t row, learner_step *into) {
  const preference_term term = term_of(self, row);
  const double weight = self->rows->weight[row], z = self->margin[row];
  into->weight += weight;
  into->loss += weight * term.value;
  into->margin += weight * z;
  into->accuracy += weight * (z > 0 ? 1 : z == 0 ? 0.5 : 0);
  return weight * (self->rows->prefers_a[row] ? term.slope : -term.slope);
}

/* Slopes by log-probability. */
static void take_slopes(learner *self, const part *of, learner_step *into) {
  size_t at = 0;
  for (size_t i = 0; i < of->count; i++) {
    const size_t u = of->pair[i];
    double push = 0;
    for (size_t r = self->first_row[u]; r < self->first_row[u + 1]; r++)
      push += take_row(self, self->row[r], into);
    push *= self->options->beta / self->step_weight;
    for (size_t side = 0; side < 2; side++)
      for (size_t k = spoken_answer(&self->texts, 2 * u + side); k > 0; k--)
        self->slope[at++] = side == 0 ? push : -push;
  }
}

static heed_status read_part(learner *self, const part *of, heed_error *error) {
  heed_status status;
  gather(self, of);
  status = llm_pass_forward(self->pass, self->adapter, &self->some.batch,
                            self->found, error);
  if (status == HEED_OK) take_margins(self, of);
  return status;
}

/* ---- steps ---- */

static heed_status take_step(learner *self, const size_t *pair, size_t count,
                             learner_step *into, heed_error *error) {
  const double began = seconds_now();
  *into = (learner_step){0};
  memset(self->gradient, 0, self->count * sizeof *self->gradient);
  for (size_t at = 0; at < count; at += self->options->together) {
    part of = {.pair = pair + at, .count = self->options->together};
    heed_status status;
    if (of.count > count - at) of.count = count - at;
    status = read_part(self, &of, error);
    if (status != HEED_OK) return status;
    take_slopes(self, &of, into);
    status = llm_pass_backward(self->pass, self->slope, self->gradient, error);
    if (status != HEED_OK) return status;
    into->tokens += (double)self->some.tokens;
  }
  into->loss /= into->weight;
  into->margin /= into->weight;
  into->accuracy /= into->weight;
  const heed_status status = adamw_step(self->optimiser, 1, self->gradient,
                                        self->parameters, NULL, error);
  into->seconds = seconds_now() - began;
  return status;
}

/* Pairs in the order of an epoch: by a stream of its own, so that a resumed
 * training goes on with the same. */
static void shuffle(learner *self, size_t epoch) {
  heed_stream stream = self->host->stream(self->host, "epoch", epoch);
  const size_t n = self->pairs;
  for (size_t i = 0; i < n; i++) self->order[i] = i;
  for (size_t i = n; i > 1; i--) {
    const size_t other = heed_uniform_integer(&stream, i);
    const size_t kept = self->order[i - 1];
    self->order[i - 1] = self->order[other];
    self->order[other] = kept;
  }
}

static void tell(const learner *self) {
  const size_t done = self->steps_done;
  const learner_step *last = &self->history[done - 1];
  const size_t from = done > 20 ? done - 20 : 0;
  double seconds = 0, tokens = 0;
  char what[160];
  for (size_t i = from; i < done; i++) {
    seconds += self->history[i].seconds;
    tokens += self->history[i].tokens;
  }
  (void)snprintf(
      what, sizeof what,
      "step %zu of %zu: loss %.4f, margin %.3f, %.0f tokens/s, "
      "%.1f min left",
      done, self->steps, last->loss, last->margin, tokens / seconds,
      seconds / (double)(done - from) * (double)(self->steps - done) / 60);
  self->host->progress(self->host, (double)done / (double)self->steps, what);
}

/* ---- loss = joint ---- */

/* Mass at the margins as they stand, and the prior that fits it. */
static heed_status expect(learner *self, heed_error *error) {
  joint_fit *fit = self->fit->joint;
  double *slope = malloc((self->rows->count + 1) * sizeof *slope);
  double before = -HUGE_VAL;
  heed_status status = HEED_OK;
  if (slope == NULL)
    return heed_fail(error, HEED_MEMORY, "memory is out for an E-step");
  for (int turn = 0; status == HEED_OK && turn < PRIOR_TURNS; turn++) {
    joint_read(&self->problem, fit, self->margin, slope);
    fit->converged = fit->log_likelihood - before < 1e-8 * (1 + fabs(before));
    before = fit->log_likelihood;
    if (fit->converged || !self->fit->fit_prior) break;
    status = joint_refit(&self->problem, fit, error);
    fit->steps++;
  }
  if (status == HEED_OK) joint_read(&self->problem, fit, self->margin, slope);
  fit->objective = fit->log_likelihood;
  free(slope);
  return status;
}

/* ---- all steps ---- */

static heed_status begin_epoch(learner *self, size_t epoch, bool resumed,
                               heed_error *error) {
  shuffle(self, epoch);
  return self->fit->joint == NULL || resumed ? HEED_OK : expect(self, error);
}

heed_status learner_run(learner *self, heed_error *error) {
  const char *path = self->host->checkpoint(self->host);
  const size_t n = self->pairs, batch = self->options->batch;
  const size_t per_epoch = (n + batch - 1) / batch;
  double saved = seconds_now();
  bool found = false;
  heed_status status = HEED_OK;
  if (path != NULL) status = learner_load(self, path, &found, error);
  if (status == HEED_OK && found && self->steps_done < self->steps)
    status = begin_epoch(self, self->steps_done / per_epoch,
                         self->steps_done % per_epoch > 0, error);
  while (status == HEED_OK && self->steps_done < self->steps) {
    const size_t in_epoch = self->steps_done % per_epoch;
    const size_t first = in_epoch * batch;
    if (in_epoch == 0 && !found)
      status = begin_epoch(self, self->steps_done / per_epoch, false, error);
    found = false;
    if (status == HEED_OK)
      status = take_step(self, self->order + first,
                         n - first < batch ? n - first : batch,
                         &self->history[self->steps_done], error);
    if (status != HEED_OK) break;
    self->steps_done++;
    tell(self);
    const bool stop = self->host->cancelled(self->host);
    if (path != NULL && (stop || seconds_now() - saved > SAVE_AFTER)) {
      status = learner_save(self, path, error);
      saved = seconds_now();
    }
    if (status == HEED_OK && stop)
      status = heed_fail(error, HEED_CANCELLED, "training was stopped");
  }
  return status;
}

heed_status learner_read_margins(learner *self, heed_error *error) {
  const size_t n = self->pairs;
  heed_status status = HEED_OK;
  for (size_t i = 0; i < n; i++) self->order[i] = i;
  for (size_t at = 0; status == HEED_OK && at < n;
       at += self->options->together) {
    part of = {.pair = self->order + at, .count = self->options->together};
    if (of.count > n - at) of.count = n - at;
    status = read_part(self, &of, error);
    self->host->progress(self->host, (double)at / (double)n,
                         "the policy reads the pairs");
  }
  return status == HEED_OK && self->fit->joint != NULL ? expect(self, error)
                                                       : status;
}
