/* SPDX-License-Identifier: GPL-3.0-or-later
 * A worker: takes cells, announces each stage, writes parts. */
#include <fcntl.h>
#include <math.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <unistd.h>

#include "channel.h"
#include "execution/execution.h"
#include "inputs.h"
#include "lifeline.h"
#include "stages/stages.h"

#define FLUSH_AFTER 1000000000u /* nanoseconds between parts, at most */

typedef struct worker {
  heed_plan *plan;
  heed_work *folder;
  host_registry *plugins;
  heed_stages *stages;
  execution_slot *slot;
  int socket;
  execution_lifeline lifeline;
  execution_inputs inputs;
  size_t pending_count;
  heed_record *pending[CHANNEL_CELLS];
  uint64_t flushed; /* when */
  plan_stage stage; /* that was announced last */
  size_t cell;      /* of that stage, + 1; 0: none */
} worker;

static bool is_costly(const worker *self, size_t cell, plan_stage stage) {
  const size_t node =
      plan_node_at(self->plan, cell / self->plan->replicates, stage);
  return node != SIZE_MAX && self->plan->nodes[node].costly;
}

/* The next stage of a cell begins, so the stage before it is done, and saved if
 * it is costly.  If the supervisor is gone, the end of the cell notices it. */
static void tell_made(worker *self, size_t cell) {
  execution_message word = {.kind = MESSAGE_MADE, .count = 2};
  if (self->cell != cell + 1 || !is_costly(self, cell, self->stage)) return;
  word.body.cells[0] = cell;
  word.body.cells[1] = (uint64_t)self->stage;
  (void)channel_send(self->socket, &word);
}

static void announce(void *context, size_t cell, plan_stage stage) {
  worker *self = context;
  slot_announce(self->slot, cell, stage);
  tell_made(self, cell);
  self->cell = cell + 1;
  self->stage = stage;
}

static void announce_close(void *context, size_t cell, plan_stage stage) {
  slot_announce(((worker *)context)->slot, cell, stage);
}

static void tell_progress(void *context, double done, const char *what) {
  slot_tell(((worker *)context)->slot, done, what == NULL ? "" : what);
}

static size_t offer_threads(void *context) {
  return (size_t)atomic_load(&((worker *)context)->slot->threads);
}

static void log_line(void *context, const char *plugin, const char *line) {
  (void)context;
  fprintf(stderr, "%s: %s\n", plugin, line);
}

/* The slot outlives the process: the supervisor reads there why it ended.  The
 * stage is still announced, so that its plugin gets the blame. */
static void check_lifeline(void *context) {
  worker *self = context;
  const char *broken = lifeline_broken(&self->lifeline);
  char text[EXECUTION_WHAT];
  if (broken == NULL) return;
  (void)snprintf(text, sizeof text, "closed or replaced %s of its worker",
                 broken);
  slot_tell(self->slot, NAN, text);
  _exit(CHANNEL_BROKEN);
}

/* The place stays "none": the supervisor shows the file if this takes too long
 * or kills the process. */
static void tell_opening(void *context, const char *file) {
  slot_tell(((worker *)context)->slot, NAN, file);
}

heed_status execution_load(const heed_plan *plan, bool allow_unsafe,
                           void *context,
                           void (*opening)(void *context, const char *file),
                           host_registry **result, heed_error *error) {
  host_registry *self = NULL;
  heed_status status = registry_create(allow_unsafe, &self, error);
  for (size_t i = 0; status == HEED_OK && i < plan->plugin_count; i++) {
    const plan_plugin *wanted = &plan->plugins[i];
    /* A file may hold several plugins. */
    if (registry_find(self, wanted->kind, wanted->name, NULL) != NULL) continue;
    if (opening != NULL) opening(context, wanted->file);
    status = registry_load(self, wanted->file, wanted->sha256, error);
  }
  if (status == HEED_OK)
    *result = self;
  else
    registry_free(self);
  return status;
}

/* ---- reports ---- */

static heed_status supervisor_gone(heed_error *error) {
  return heed_fail(error, HEED_IO, "the supervisor has exited");
}

static heed_status flush(worker *self, heed_error *error) {
  execution_message word = {.kind = MESSAGE_RECORDED};
  heed_status status;
  if (self->pending_count == 0) return HEED_OK;
  status = work_write_part(self->folder, self->plan,
                           (const heed_record *const *)self->pending,
                           self->pending_count, error);
  if (status != HEED_OK) return status;
  for (size_t i = 0; i < self->pending_count; i++) {
    const heed_record *record = self->pending[i];
    word.body.cells[i] =
        2 * (uint64_t)record->cell + (record->status != RECORD_DONE);
    record_free(self->pending[i]);
  }
  word.count = self->pending_count;
  self->pending_count = 0;
  self->flushed = channel_now();
  return channel_send(self->socket, &word) ? HEED_OK : supervisor_gone(error);
}

static void tell_error(int socket, heed_status status,
                       const heed_error *error) {
  execution_message word = {.kind = MESSAGE_ERROR, .status = (uint64_t)status};
  (void)snprintf(word.body.text, sizeof word.body.text, "%s", error->message);
  (void)channel_send(socket, &word);
}

/* ---- running cells ---- */

/* Only this process writes the sums. */
static void add(_Atomic uint64_t *sum, uint64_t amount) {
  const uint64_t earlier = atomic_load_explicit(sum, memory_order_relaxed);
  atomic_store_explicit(sum, earlier + amount, memory_order_relaxed);
}

/* One worker makes a costly stage and the others load it: it does not count. */
static void count_time(const worker *self, const heed_record *record) {
  execution_slot *slot = self->slot;
  double shared = 0, own = 0;
  for (size_t i = 0; i < PLAN_STAGE_COUNT; i++)
    if (record->seconds[i] > 0) {
      if (i > PLAN_POSTERIOR)
        own += record->seconds[i];
      else if (!is_costly(self, record->cell, (plan_stage)i))
        shared += record->seconds[i];
    }
  if (shared > 0) {
    add(&slot->shared_time, (uint64_t)(1e9 * shared));
    add(&slot->shared_runs, 1);
  }
  add(&slot->own_time, (uint64_t)(1e9 * own));
  add(&slot->own_runs, 1);
}

static heed_status run_cell(worker *self, size_t cell, heed_error *error) {
  heed_record *made = record_create(self->plan, cell);
  heed_status status;
  if (made == NULL) return heed_no_memory(error);
  status = stages_run(self->stages, cell, made, error);
  slot_rest(self->slot);
  if (status == HEED_OK) status = inputs_check(&self->inputs, error);
  if (status != HEED_OK) {
    record_free(made);
    return status;
  }
  self->pending[self->pending_count++] = made;
  count_time(self, made);
  if (self->pending_count == CHANNEL_CELLS || made->stream_count > 0 ||
      channel_now() - self->flushed > FLUSH_AFTER)
    status = flush(self, error);
  return status;
}

static heed_status run_batch(worker *self, const execution_message *word,
                             heed_error *error) {
  heed_status status = HEED_OK;
  self->flushed = channel_now();
  for (size_t i = 0;
       status == HEED_OK && i < word->count && !atomic_load(&self->slot->stop);
       i++) {
    atomic_store(&self->slot->left, word->count - i - 1);
    status = run_cell(self, (size_t)word->body.cells[i], error);
  }
  return status == HEED_OK ? flush(self, error) : status;
}

static heed_status serve(worker *self, heed_error *error) {
  heed_status status = HEED_OK;
  while (status == HEED_OK) {
    execution_message word = {.kind = MESSAGE_IDLE};
    if (!channel_send(self->socket, &word) ||
        !channel_receive(self->socket, &word, true))
      return HEED_OK;
    status = run_batch(self, &word, error);
  }
  return status;
}

/* ---- start and end ---- */

/* If memory runs out, the kernel should kill workers before the supervisor.
 * Not every system allows this setting. */
static void offer_first(void) {
  const int file = open("/proc/self/oom_score_adj", O_WRONLY | O_CLOEXEC);
  if (file < 0) return;
  (void)!write(file, "500", 3);
  (void)close(file);
}

static heed_status open_worker(worker *self, const char *folder, int slot_file,
                               bool allow_unsafe, heed_error *error) {
  stages_options options = {.context = self,
                            .announce = announce,
                            .closing = announce_close,
                            .called = check_lifeline,
                            .progress = tell_progress,
                            .threads = offer_threads,
                            .log = log_line};
  heed_status status;
  self->slot = mmap(NULL, sizeof *self->slot, PROT_READ | PROT_WRITE,
                    MAP_SHARED, slot_file, 0);
  (void)close(slot_file);
  if (self->slot == MAP_FAILED)
    return heed_fail(error, HEED_IO, "cannot map the supervisor's slot");
  status = work_join(folder, &self->folder, error);
  if (status == HEED_OK)
    status = work_read_plan(self->folder, &self->plan, error);
  if (status == HEED_OK)
    status = execution_load(self->plan, allow_unsafe, self, tell_opening,
                            &self->plugins, error);
  check_lifeline(self);
  tell_opening(self, "");
  options.work = self->folder;
  if (status == HEED_OK) status = inputs_open(self->plan, &self->inputs, error);
  if (status == HEED_OK)
    status = stages_create(self->plan, self->plugins, &options, &self->stages,
                           error);
  return status;
}

static void close_worker(worker *self) {
  for (size_t i = 0; i < self->pending_count; i++)
    record_free(self->pending[i]);
  stages_free(self->stages);
  inputs_close(&self->inputs);
  work_close(self->folder);
  registry_free(self->plugins);
  plan_free(self->plan);
  free(self);
}

heed_status execution_work(const char *folder, int socket, int slot_file,
                           bool allow_unsafe, heed_error *error) {
  worker *self = calloc(1, sizeof *self);
  heed_status status;
  (void)prctl(PR_SET_PDEATHSIG, SIGKILL);
  (void)prctl(PR_SET_NAME, "heed worker");
  (void)signal(SIGINT, SIG_IGN); /* the supervisor decides */
  (void)signal(SIGTERM, SIG_IGN);
  offer_first();
  if (self == NULL) return heed_no_memory(error);
  self->socket = socket;
  lifeline_know(&self->lifeline, socket);
  status = open_worker(self, folder, slot_file, allow_unsafe, error);
  if (status == HEED_OK) status = serve(self, error);
  if (status != HEED_OK) tell_error(socket, status, error);
  close_worker(self);
  return status;
}
