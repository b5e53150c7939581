/* SPDX-License-Identifier: GPL-3.0-or-later
 * The learner of a language model: steps, epochs, and the E-steps between
 * them. */
#include <assert.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "trainers/dpo_llm/learner.h"

/* Seconds between checkpoints; EM iterations in the prior alone. */
#define SAVE_AFTER 60.0
#define PRIOR_TURNS 50

static double seconds_now(void) {
  struct timespec now;
  (void)clock_gettime(CLOCK_MONOTONIC, &now);
  return (double)now.tv_sec + 1e-9 * (double)now.tv_nsec;
}

/* ---- one pass over a few pairs ---- */

typedef struct steps_part {
  const size_t *pair; /* (count) */
  size_t count;
} steps_part;

/* A's text, then B's, of each pair. */
static void gather(dpo_llm_learner *self, const steps_part *part) {
  packed_clear(&self->some);
  for (size_t i = 0; i < part->count; i++)
    for (size_t side = 0; side < 2; side++) {
      const bool added = packed_add(&self->some, 2 * part->pair[i] + side);
      assert(added); /* the batch has room for the longest pairs */
      (void)added;
    }
}

/* Margins of the rows of the pairs in the last pass. */
static void take_margins(dpo_llm_learner *self, const steps_part *part) {
  size_t position = 0;
  for (size_t i = 0; i < part->count; i++) {
    const size_t u = part->pair[i];
    double gain[2]; /* log pi/pi_ref of A's and of B's */
    for (size_t side = 0; side < 2; side++) {
      gain[side] = -self->reference[2 * u + side];
      for (size_t k = spoken_answer(&self->texts, 2 * u + side); k > 0; k--)
        gain[side] += self->found[position++];
    }
    const double difference = self->options->beta * (gain[0] - gain[1]);
    for (size_t r = self->first_row[u]; r < self->first_row[u + 1]; r++)
      self->margin[self->row[r]] =
          self->rows->prefers_a[self->row[r]] ? difference : -difference;
  }
}

/* Value and slope of a row's loss by its margin, at weight 1. */
static preference_term term_of(const dpo_llm_learner *self, size_t row) {
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

/* Adds a row to the step's figures; returns its contribution to the slope by
 * the difference A's minus B's. */
static double take_row(const dpo_llm_learner *self, size_t row,
                       dpo_llm_step *step) {
  const preference_term term = term_of(self, row);
  const double weight = self->rows->weight[row], z = self->margin[row];
  step->weight += weight;
  step->loss += weight * term.value;
  step->margin += weight * z;
  step->accuracy += weight * (z > 0 ? 1 : z == 0 ? 0.5 : 0);
  return weight * (self->rows->prefers_a[row] ? term.slope : -term.slope);
}

/* Slopes by log-probability. */
static void take_slopes(dpo_llm_learner *self, const steps_part *part,
                        dpo_llm_step *step) {
  size_t position = 0;
  for (size_t i = 0; i < part->count; i++) {
    const size_t u = part->pair[i];
    double push = 0;
    for (size_t r = self->first_row[u]; r < self->first_row[u + 1]; r++)
      push += take_row(self, self->row[r], step);
    push *= self->options->beta / self->step_weight;
    for (size_t side = 0; side < 2; side++)
      for (size_t k = spoken_answer(&self->texts, 2 * u + side); k > 0; k--)
        self->slope[position++] = side == 0 ? push : -push;
  }
}

static heed_status read_part(dpo_llm_learner *self, const steps_part *part,
                             heed_error *error) {
  heed_status status;
  gather(self, part);
  status = llm_pass_forward(self->pass, self->adapter, &self->some.batch,
                            self->found, error);
  if (status == HEED_OK) take_margins(self, part);
  return status;
}

/* ---- steps ---- */

static heed_status take_step(dpo_llm_learner *self, const size_t *pair,
                             size_t count, dpo_llm_step *step,
                             heed_error *error) {
  const double began = seconds_now();
  *step = (dpo_llm_step){0};
  memset(self->gradient, 0, self->count * sizeof *self->gradient);
  for (size_t position = 0; position < count;
       position += self->options->together) {
    steps_part part = {.pair = pair + position,
                       .count = self->options->together};
    heed_status status;
    if (part.count > count - position) part.count = count - position;
    status = read_part(self, &part, error);
    if (status != HEED_OK) return status;
    take_slopes(self, &part, step);
    status = llm_pass_backward(self->pass, self->slope, self->gradient, error);
    if (status != HEED_OK) return status;
    step->tokens += (double)self->some.tokens;
  }
  step->loss /= step->weight;
  step->margin /= step->weight;
  step->accuracy /= step->weight;
  const heed_status status = adamw_step(self->optimiser, 1, self->gradient,
                                        self->parameters, NULL, error);
  step->seconds = seconds_now() - began;
  return status;
}

/* Order of the pairs in an epoch: from a separate stream, so a resumed training
 * continues with the same order. */
static void shuffle(dpo_llm_learner *self, size_t epoch) {
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

static void tell(const dpo_llm_learner *self) {
  const size_t done = self->steps_done;
  const dpo_llm_step *last = &self->history[done - 1];
  const size_t start = done > 20 ? done - 20 : 0;
  double seconds = 0, tokens = 0;
  char what[160];
  for (size_t i = start; i < done; i++) {
    seconds += self->history[i].seconds;
    tokens += self->history[i].tokens;
  }
  (void)snprintf(
      what, sizeof what,
      "step %zu of %zu: loss %.4f, margin %.3f, %.0f tokens/s, "
      "%.1f min left",
      done, self->steps, last->loss, last->margin, tokens / seconds,
      seconds / (double)(done - start) * (double)(self->steps - done) / 60);
  self->host->progress(self->host, (double)done / (double)self->steps, what);
}

/* ---- loss = joint ---- */

/* Mass at the current margins, and the prior that fits it. */
static heed_status expect(dpo_llm_learner *self, heed_error *error) {
  joint_fit *fit = self->fit->joint;
  double *slope = malloc((self->rows->count + 1) * sizeof *slope);
  double earlier = -HUGE_VAL;
  heed_status status = HEED_OK;
  if (slope == NULL) return heed_no_memory(error);
  for (int turn = 0; status == HEED_OK && turn < PRIOR_TURNS; turn++) {
    joint_read(&self->problem, fit, self->margin, slope);
    fit->converged = fit->log_likelihood - earlier < 1e-8 * (1 + fabs(earlier));
    earlier = fit->log_likelihood;
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

static heed_status begin_epoch(dpo_llm_learner *self, size_t epoch,
                               bool resumed, heed_error *error) {
  shuffle(self, epoch);
  return self->fit->joint == NULL || resumed ? HEED_OK : expect(self, error);
}

heed_status learner_run(dpo_llm_learner *self, heed_error *error) {
  const char *path = self->host->extension(self->host, HEED_CHECKPOINT);
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
      status = heed_fail(error, HEED_CANCELLED, "training was cancelled");
  }
  return status;
}

heed_status learner_read_margins(dpo_llm_learner *self, heed_error *error) {
  const size_t n = self->pairs;
  heed_status status = HEED_OK;
  for (size_t i = 0; i < n; i++) self->order[i] = i;
  for (size_t position = 0; status == HEED_OK && position < n;
       position += self->options->together) {
    steps_part part = {.pair = self->order + position,
                       .count = self->options->together};
    if (part.count > n - position) part.count = n - position;
    status = read_part(self, &part, error);
    self->host->progress(self->host, (double)position / (double)n,
                         "the policy reads the pairs");
  }
  return status == HEED_OK && self->fit->joint != NULL ? expect(self, error)
                                                       : status;
}
