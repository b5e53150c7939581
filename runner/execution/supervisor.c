/* SPDX-License-Identifier: GPL-3.0-or-later
 * The supervisor: starts workers, hands out cells, handles dead workers. */
#include <math.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/signalfd.h>
#include <unistd.h>

#include "offspring.h"
#include "verdict.h"

#define TICK 20           /* milliseconds between checks of the workers */
#define BATCH_SECONDS 0.5 /* desired time of a batch */
#define WORTH_SECONDS 0.1 /* least rest of a batch to take back */
#define REPORT_EVERY 0.2  /* seconds between calls of progress() */
#define MOST_DEATHS 3     /* of workers in a row, without a cell recorded */

typedef struct supervisor {
  execution_parts run;
  size_t child_count;
  execution_child *children;
  execution_child_options worker;
  size_t wanted; /* cells in a batch */
  size_t deaths; /* of workers, since a cell was recorded */
  uint64_t start, reported;
  int signals;
  bool stop_now;
  heed_error *error;
  heed_status status; /* of the run; not HEED_OK: no more cells go out */
} supervisor;

static void fail(supervisor *self, heed_status status, const char *text) {
  if (self->status == HEED_OK)
    self->status = heed_fail(self->error, status, "%s", text);
}

static void say(const supervisor *self, const char *line) {
  if (self->run.options->say != NULL)
    self->run.options->say(self->run.options->context, line);
}

static bool may_go_on(const supervisor *self) {
  return self->status == HEED_OK && !self->run.state->stopping;
}

/* ---- time of cells ---- */

typedef struct supervisor_costs {
  double shared; /* seconds of the stages up to a posterior; NaN: unknown */
  double own;    /* of those after it, per cell; NaN: unknown */
} supervisor_costs;

static supervisor_costs cost_of_cells(const supervisor *self) {
  uint64_t shared_time = 0, shared_runs = 0, own_time = 0, own_runs = 0;
  for (size_t i = 0; i < self->child_count; i++) {
    execution_slot *slot = self->children[i].slot;
    if (self->children[i].pid == 0) continue;
    shared_time += atomic_load(&slot->shared_time);
    shared_runs += atomic_load(&slot->shared_runs);
    own_time += atomic_load(&slot->own_time);
    own_runs += atomic_load(&slot->own_runs);
  }
  return (supervisor_costs){
      shared_runs == 0 ? NAN : 1e-9 * (double)shared_time / (double)shared_runs,
      own_runs == 0 ? NAN : 1e-9 * (double)own_time / (double)own_runs};
}

/* How many cells of a unit take twice as long as its posterior.  If that many
 * remain, two workers are faster than one although both make the posterior. */
static size_t cells_worth(const supervisor *self) {
  const supervisor_costs costs = cost_of_cells(self);
  const double cells = ceil(2 * costs.shared / fmax(costs.own, 1e-9));
  return cells < (double)SIZE_MAX / 2 ? (size_t)fmax(cells, 1) : SIZE_MAX;
}

/* ---- handing out ---- */

static size_t idle_count(const supervisor *self) {
  size_t count = 0;
  for (size_t i = 0; i < self->child_count; i++)
    count += self->children[i].cell_count == 0 &&
             (self->children[i].pid == 0 || self->children[i].idle);
  return count;
}

/* Whether a worker that loads its plugins will find a cell to run. */
static bool will_work(const supervisor *self, const execution_child *child) {
  return child->pid != 0 && !child->idle &&
         queue_has_for(self->run.queue, (uint32_t)child->index);
}

/* Tells workers how many threads a stage may use.  Workers that run cells share
 * the cores: one thread each if all workers run, all cores if only one does. */
static void share_cores(const supervisor *self) {
  size_t threads = self->run.plan->threads, running = 0;
  for (size_t i = 0; threads == 0 && i < self->child_count; i++)
    running +=
        self->children[i].cell_count > 0 || will_work(self, &self->children[i]);
  if (threads == 0 && running > 0) threads = self->run.options->cores / running;
  for (size_t i = 0; i < self->child_count; i++)
    if (self->children[i].pid != 0)
      atomic_store(&self->children[i].slot->threads, threads > 0 ? threads : 1);
}

static void take_batch(supervisor *self, execution_child *child) {
  const execution_batch_wish wish = {.taker = (uint32_t)child->index,
                                     .last = child->last,
                                     .cells = self->wanted,
                                     .most = CHANNEL_CELLS,
                                     .idle = idle_count(self) - 1,
                                     .worth = cells_worth(self)};
  child->cell_count = queue_take(self->run.queue, &wish, child->cells);
  if (child->cell_count > 0)
    child->last = (size_t)child->cells[child->cell_count - 1] + 1;
}

static void send_batch(execution_child *child) {
  execution_message word = {.kind = MESSAGE_RUN, .count = child->cell_count};
  memcpy(word.body.cells, child->cells,
         child->cell_count * sizeof *child->cells);
  child->batch_start = child->alive = channel_now();
  child->idle = false;
  atomic_store(&child->slot->stop, false);
  atomic_store(&child->slot->left, word.count);
  (void)channel_send(child->socket, &word); /* the loop sees its death */
}

/* Assigns all batches before any worker starts, so that the first stage already
 * gets the right number of threads. */
static void hand_out(supervisor *self) {
  for (size_t i = 0; i < self->child_count; i++)
    if (self->children[i].pid != 0 && self->children[i].idle)
      take_batch(self, &self->children[i]);
  share_cores(self);
  for (size_t i = 0; i < self->child_count; i++)
    if (self->children[i].idle && self->children[i].cell_count > 0)
      send_batch(&self->children[i]);
}

/* Sizes the next batch to take about BATCH_SECONDS. */
static void learn_size(supervisor *self, size_t cells, double seconds) {
  const double size = BATCH_SECONDS * (double)cells / fmax(seconds, 1e-6);
  const double most = 4 * (double)self->wanted;
  self->wanted = (size_t)fmax(1, fmin(fmin(size, most), CHANNEL_CELLS));
}

/* Whether it saves time to give an idle worker part of this batch's rest. */
static bool is_worth_sharing(const supervisor *self,
                             const execution_child *child) {
  const size_t left = (size_t)atomic_load(&child->slot->left);
  const supervisor_costs take = cost_of_cells(self);
  if (left == 0 || left >= child->cell_count || isnan(take.own)) return false;
  if (!queue_same_unit(self->run.queue,
                       (size_t)child->cells[child->cell_count - left - 1],
                       (size_t)child->cells[child->cell_count - 1]))
    return take.shared + (double)left * take.own > WORTH_SECONDS;
  return (double)left * take.own > fmax(2 * take.shared, WORTH_SECONDS);
}

/* When a worker finds nothing to take, takes back the rest of the longest
 * batch.
 */
static void take_back(supervisor *self) {
  execution_child *longest = NULL;
  size_t most = 0;
  if (idle_count(self) == 0) return;
  for (size_t i = 0; i < self->child_count; i++) {
    execution_child *child = &self->children[i];
    size_t left;
    if (child->pid == 0 || child->idle || child->cell_count == 0) continue;
    if (atomic_load(&child->slot->stop)) return; /* it is about to share */
    left = (size_t)atomic_load(&child->slot->left);
    if (left <= most || !is_worth_sharing(self, child)) continue;
    longest = child;
    most = left;
  }
  if (longest != NULL) atomic_store(&longest->slot->stop, true);
}

/* ---- messages of workers ---- */

static void take_recorded(supervisor *self, const execution_message *word) {
  for (size_t i = 0; i < word->count; i++) {
    const size_t cell = (size_t)(word->body.cells[i] / 2);
    const bool failed = word->body.cells[i] % 2 != 0;
    if (cell >= self->run.state->total ||
        queue_state(self->run.queue, cell) == CELL_RECORDED)
      continue;
    queue_recorded(self->run.queue, cell);
    if (failed)
      self->run.state->failed++;
    else
      self->run.state->done++;
  }
  self->deaths = 0;
}

static void take_made(supervisor *self, const execution_message *word) {
  const size_t cell = (size_t)word->body.cells[0];
  const uint64_t stage = word->body.cells[1];
  if (word->count == 2 && cell < self->run.state->total &&
      stage < PLAN_STAGE_COUNT)
    queue_made(self->run.queue, cell, (plan_stage)stage);
}

/* Cells that were taken back return to the queue. */
static void take_idle(supervisor *self, execution_child *child) {
  size_t finished = 0;
  for (size_t i = 0; i < child->cell_count; i++)
    if (queue_state(self->run.queue, (size_t)child->cells[i]) == CELL_RECORDED)
      finished++;
    else
      queue_return(self->run.queue, (size_t)child->cells[i]);
  if (finished > 0)
    learn_size(self, finished, channel_seconds_since(child->batch_start));
  child->cell_count = 0;
  child->idle = true;
}

static void listen_to(supervisor *self, execution_child *child) {
  execution_message word;
  while (channel_receive(child->socket, &word, false)) {
    child->alive = channel_now();
    switch (word.kind) {
      case MESSAGE_RECORDED:
        take_recorded(self, &word);
        break;
      case MESSAGE_MADE:
        take_made(self, &word);
        break;
      case MESSAGE_IDLE:
        take_idle(self, child);
        break;
      case MESSAGE_ERROR:
        word.body.text[sizeof word.body.text - 1] = '\0';
        fail(self, (heed_status)word.status, word.body.text);
        break;
      default:
        break;
    }
  }
}

/* ---- verdicts ---- */

/* Records what the worker is doing now: it may move to another stage before the
 * kill takes effect. */
static void condemn(execution_child *child, heed_record_status verdict,
                    const execution_place *place) {
  child->verdict = verdict;
  child->was_at_something = place != NULL;
  if (place != NULL) child->was_at = *place;
  (void)kill(child->pid, SIGKILL);
}

static void enforce(const supervisor *self, execution_child *child) {
  const execution_options *limits = self->run.options;
  execution_place place;
  const bool is_at = slot_look(child->slot, &place);
  if (child->verdict != RECORD_DONE) return; /* it is being killed */
  if (is_at || child->idle) child->alive = channel_now();
  child_trim_log(child);
  child_weigh(child);
  if (is_at && limits->timeout > 0 && place.seconds > limits->timeout)
    condemn(child, RECORD_TIMED_OUT, &place);
  else if (limits->memory > 0 && child->held > limits->memory)
    condemn(child, RECORD_OUT_OF_MEMORY, is_at ? &place : NULL);
  else if (limits->worker_timeout > 0 &&
           channel_seconds_since(child->alive) > limits->worker_timeout) {
    child->silent = true;
    condemn(child, RECORD_TIMED_OUT, NULL);
  }
}

/* If all workers together hold too much, kills the largest. */
static void enforce_together(const supervisor *self) {
  const size_t limit = self->run.options->memory_for_all;
  execution_child *largest = NULL;
  size_t sum = 0;
  execution_place place;
  for (size_t i = 0; i < self->child_count; i++) {
    execution_child *child = &self->children[i];
    if (child->pid == 0) continue;
    if (child->verdict != RECORD_DONE) return; /* one is being killed */
    sum += child->held;
    if (largest == NULL || child->held > largest->held) largest = child;
  }
  if (largest == NULL || limit == 0 || sum <= limit) return;
  largest->all_together = true;
  condemn(largest, RECORD_OUT_OF_MEMORY,
          slot_look(largest->slot, &place) ? &place : NULL);
}

static void count_death(supervisor *self, const execution_child *child,
                        const execution_child_end *end) {
  char text[HEED_MESSAGE_SIZE], why[HEED_MESSAGE_SIZE / 2];
  if (++self->deaths < MOST_DEATHS) return;
  verdict_explain(&self->run, child, end, why, sizeof why);
  (void)snprintf(text, sizeof text,
                 "%d workers in a row died before they recorded a cell: %s",
                 MOST_DEATHS, why);
  fail(self, HEED_INTERNAL, text);
}

static bool is_worker(void *context, pid_t process) {
  const supervisor *self = context;
  for (size_t i = 0; i < self->child_count; i++)
    if (self->children[i].pid == process) return true;
  return false;
}

static void bury(supervisor *self, execution_child *child,
                 const execution_child_end *end) {
  const size_t failed = self->run.state->failed;
  heed_status status = HEED_OK;
  listen_to(self, child);
  if (child->verdict == RECORD_DONE)
    child->was_at_something = slot_last(child->slot, &child->was_at);
  if (child->was_at_something && child->was_at.cell < self->run.state->total &&
      self->status == HEED_OK)
    status = verdict_pass(&self->run, child, end, &child->was_at, self->error);
  if (status != HEED_OK) self->status = status;
  if (self->run.state->failed > failed)
    self->deaths = 0;
  else if (may_go_on(self))
    count_death(self, child, end);
  for (size_t i = 0; i < child->cell_count; i++)
    queue_return(self->run.queue, (size_t)child->cells[i]);
  child_forget(child);
  offspring_kill_orphans(self, is_worker);
}

/* ---- the loop ---- */

static void look_longest(const supervisor *self, execution_state *state) {
  state->stage_seconds = 0;
  for (size_t i = 0; i < self->child_count; i++) {
    const execution_child *child = &self->children[i];
    execution_place place;
    if (child->pid == 0 || !slot_look(child->slot, &place) ||
        place.seconds <= state->stage_seconds)
      continue;
    state->cell = place.cell;
    state->stage = place.stage;
    state->stage_seconds = place.seconds;
    state->stage_done = place.done;
    memcpy(state->stage_what, place.what, sizeof state->stage_what);
  }
}

static void report(supervisor *self, bool at_once) {
  self->run.state->seconds = channel_seconds_since(self->start);
  if (self->run.options->progress == NULL ||
      (!at_once && channel_seconds_since(self->reported) < REPORT_EVERY))
    return;
  self->reported = channel_now();
  look_longest(self, self->run.state);
  self->run.options->progress(self->run.options->context, self->run.state);
}

static void take_signals(supervisor *self) {
  struct signalfd_siginfo signal;
  while (read(self->signals, &signal, sizeof signal) == sizeof signal) {
    if (signal.ssi_signo == SIGCHLD) continue;
    if (self->run.state->stopping) self->stop_now = true;
    self->run.state->stopping = true;
    say(self, self->stop_now ? "stopping at once"
                             : "finishing the running cells; interrupt again "
                               "to stop at once");
  }
}

static void wait_a_moment(const supervisor *self) {
  struct pollfd watched[256];
  nfds_t count = 0;
  watched[count++] = (struct pollfd){self->signals, POLLIN, 0};
  for (size_t i = 0; i < self->child_count && count < 256; i++)
    if (self->children[i].pid != 0)
      watched[count++] = (struct pollfd){self->children[i].socket, POLLIN, 0};
  (void)poll(watched, count, TICK);
}

/* Whether nothing is left to wait for. */
static bool is_over(const supervisor *self) {
  if (self->stop_now) return true;
  for (size_t i = 0; i < self->child_count; i++)
    if (self->children[i].pid != 0 && !self->children[i].idle) return false;
  return !may_go_on(self) || queue_waiting(self->run.queue) == 0;
}

static void attend(supervisor *self, execution_child *child) {
  execution_child_end end;
  if (child_has_ended(child, &end)) bury(self, child, &end);
  if (child->pid == 0 && may_go_on(self) &&
      queue_waiting(self->run.queue) > 0) {
    const heed_status status = child_start(child, &self->worker, self->error);
    if (status != HEED_OK) self->status = status;
  }
  if (child->pid == 0) return;
  listen_to(self, child);
  enforce(self, child);
  if (!may_go_on(self)) atomic_store(&child->slot->stop, true);
}

static void supervise(supervisor *self) {
  while (!is_over(self)) {
    take_signals(self);
    for (size_t i = 0; i < self->child_count; i++)
      attend(self, &self->children[i]);
    if (may_go_on(self)) hand_out(self);
    enforce_together(self);
    take_back(self);
    report(self, false);
    if (!is_over(self)) wait_a_moment(self);
  }
  for (size_t i = 0; i < self->child_count; i++)
    child_dismiss(&self->children[i], self->stop_now);
  offspring_kill_orphans(self, is_worker);
  report(self, true);
}

/* ---- beginning and end ---- */

static bool watch_signals(supervisor *self, sigset_t *earlier) {
  sigset_t mask;
  (void)sigemptyset(&mask);
  (void)sigaddset(&mask, SIGINT);
  (void)sigaddset(&mask, SIGTERM);
  (void)sigaddset(&mask, SIGCHLD);
  (void)sigprocmask(SIG_BLOCK, &mask, earlier);
  self->signals = signalfd(-1, &mask, SFD_NONBLOCK | SFD_CLOEXEC);
  if (self->signals < 0) (void)sigprocmask(SIG_SETMASK, earlier, NULL);
  return self->signals >= 0;
}

static void count_recorded(execution_state *state, const heed_plan *plan,
                           const uint8_t *recorded) {
  memset(state, 0, sizeof *state);
  state->total = plan_cell_count(plan);
  for (size_t i = 0; i < state->total; i++) {
    state->reused += recorded[i] != 0;
    state->reused_failed += recorded[i] == WORK_FAILED;
  }
}

static bool make_room(supervisor *self, const uint8_t *recorded) {
  self->run.queue = queue_create(self->run.plan, recorded);
  self->children = calloc(self->child_count, sizeof *self->children);
  for (size_t i = 0; self->children != NULL && i < self->child_count; i++)
    self->children[i].index = i;
  return self->run.queue != NULL && self->children != NULL;
}

heed_status execution_run(const heed_plan *plan, heed_work *folder,
                          const uint8_t *recorded,
                          const execution_options *options,
                          execution_state *state, heed_error *error) {
  supervisor self = {.run = {.plan = plan,
                             .folder = folder,
                             .options = options,
                             .state = state},
                     .child_count = options->workers,
                     .worker = {.work = folder,
                                .blas_threads = plan->blas_threads,
                                .allow_unsafe = options->allow_unsafe},
                     .wanted = 1,
                     .start = channel_now(),
                     .error = error};
  sigset_t earlier;
  count_recorded(state, plan, recorded);
  if (!make_room(&self, recorded))
    self.status = heed_no_memory(error);
  else if (!watch_signals(&self, &earlier))
    self.status = heed_fail(error, HEED_IO, "cannot watch for signals");
  if (self.status == HEED_OK) {
    const bool adopted = offspring_adopt(true);
    supervise(&self);
    (void)offspring_adopt(adopted);
    (void)close(self.signals);
    (void)sigprocmask(SIG_SETMASK, &earlier, NULL);
  }
  queue_free(self.run.queue);
  free(self.children);
  if (self.status == HEED_OK &&
      state->reused + state->done + state->failed < state->total)
    return heed_fail(error, HEED_CANCELLED, "interrupted");
  return self.status;
}
