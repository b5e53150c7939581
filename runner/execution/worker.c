/* SPDX-License-Identifier: GPL-3.0-or-later
 * A worker: takes cells, announces each stage, writes parts. */
#include <math.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <unistd.h>

#include "channel.h"
#include "execution.h"
#include "stages/stages.h"

#define FLUSH_AFTER 1000000000u /* nanoseconds: at least a part a second */

typedef struct worker {
  const plan *plan;
  work *folder;
  stages *stages;
  slot *slot;
  int socket;
  size_t pending_count;
  record *pending[CHANNEL_CELLS];
  uint64_t flushed; /* when */
} worker;

static void announce(void *context, size_t cell, plan_stage stage) {
  slot *at = ((worker *)context)->slot;
  atomic_store(&at->done, 0);
  atomic_store(&at->stage, (uint64_t)stage);
  atomic_store(&at->start, channel_now());
  atomic_store(&at->cell, cell + 1);
}

static void tell_progress(void *context, double done, const char *what) {
  slot *at = ((worker *)context)->slot;
  (void)what;
  if (done >= 0 && done <= 1)
    atomic_store(&at->done, 1 + (uint64_t)(done * 1e6));
}

static void log_line(void *context, const char *plugin, const char *line) {
  (void)context;
  fprintf(stderr, "%s: %s\n", plugin, line);
}

heed_status execution_load(const plan *of, bool allow_unsafe, registry **result,
                           heed_error *error) {
  registry *self = NULL;
  heed_status status = registry_create(allow_unsafe, &self, error);
  for (size_t i = 0; status == HEED_OK && i < of->plugin_count; i++) {
    const plan_plugin *wanted = &of->plugins[i];
    /* A file may hold several plugins. */
    if (registry_find(self, wanted->kind, wanted->name, NULL) == NULL)
      status = registry_load(self, wanted->file, wanted->sha256, error);
  }
  if (status == HEED_OK)
    *result = self;
  else
    registry_free(self);
  return status;
}

static heed_status flush(worker *self, heed_error *error) {
  message word = {.kind = MESSAGE_RECORDED};
  heed_status status;
  if (self->pending_count == 0) return HEED_OK;
  status = work_write_part(self->folder, self->plan,
                           (const record *const *)self->pending,
                           self->pending_count, error);
  if (status != HEED_OK) return status;
  for (size_t i = 0; i < self->pending_count; i++) {
    word.as.cells[i] = 2 * (uint64_t)self->pending[i]->cell +
                       (self->pending[i]->status != RECORD_DONE);
    record_free(self->pending[i]);
  }
  word.count = self->pending_count;
  self->pending_count = 0;
  self->flushed = channel_now();
  if (!channel_send(self->socket, &word))
    return heed_fail(error, HEED_IO, "the supervisor is gone");
  return HEED_OK;
}

static heed_status run_cell(worker *self, size_t cell, heed_error *error) {
  record *made = record_create(self->plan, cell);
  heed_status status;
  if (made == NULL) return heed_fail(error, HEED_MEMORY, "memory is out");
  status = stages_run(self->stages, cell, made, error);
  atomic_store(&self->slot->cell, 0);
  if (status != HEED_OK) {
    record_free(made);
    return status;
  }
  self->pending[self->pending_count++] = made;
  if (self->pending_count == CHANNEL_CELLS ||
      channel_now() - self->flushed > FLUSH_AFTER)
    return flush(self, error);
  return HEED_OK;
}

static heed_status serve(worker *self, heed_error *error) {
  message word = {.kind = MESSAGE_IDLE};
  heed_status status = HEED_OK;
  bool gone = false;
  while (status == HEED_OK) {
    word.kind = MESSAGE_IDLE;
    word.count = 0;
    if (!channel_send(self->socket, &word)) return HEED_OK;
    if (!channel_receive(self->socket, &word, true, &gone)) return HEED_OK;
    self->flushed = channel_now();
    for (size_t i = 0;
         status == HEED_OK && i < word.count && !atomic_load(&self->slot->stop);
         i++)
      status = run_cell(self, (size_t)word.as.cells[i], error);
    if (status == HEED_OK) status = flush(self, error);
  }
  return status;
}

static heed_status open_worker(worker *self, const char *folder, int slot_file,
                               bool allow_unsafe, plan **of, registry **plugins,
                               heed_error *error) {
  const stages_options options = {.context = self,
                                  .announce = announce,
                                  .progress = tell_progress,
                                  .log = log_line};
  stages_options with_folder = options;
  char path[4096];
  heed_status status;
  self->slot = mmap(NULL, sizeof *self->slot, PROT_READ | PROT_WRITE,
                    MAP_SHARED, slot_file, 0);
  if (self->slot == MAP_FAILED)
    return heed_fail(error, HEED_IO, "the supervisor's slot is not there");
  (void)snprintf(path, sizeof path, "%s/plan.json", folder);
  status = plan_read(path, of, error);
  if (status == HEED_OK) status = work_join(folder, &self->folder, error);
  if (status == HEED_OK)
    status = execution_load(*of, allow_unsafe, plugins, error);
  if (status != HEED_OK) return status;
  self->plan = *of;
  with_folder.work = self->folder;
  return stages_create(*of, *plugins, &with_folder, &self->stages, error);
}

static void tell_error(int socket, heed_status status,
                       const heed_error *error) {
  message word = {.kind = MESSAGE_ERROR, .fatal = (uint64_t)status};
  (void)snprintf(word.as.text, sizeof word.as.text, "%s", error->message);
  (void)channel_send(socket, &word);
}

heed_status execution_work(const char *folder, int socket, int slot_file,
                           bool allow_unsafe, heed_error *error) {
  worker *self = calloc(1, sizeof *self);
  plan *of = NULL;
  registry *plugins = NULL;
  heed_status status;
  (void)prctl(PR_SET_PDEATHSIG, SIGKILL);
  (void)signal(SIGINT, SIG_IGN); /* the supervisor decides */
  (void)signal(SIGTERM, SIG_IGN);
  if (self == NULL) return heed_fail(error, HEED_MEMORY, "memory is out");
  self->socket = socket;
  status =
      open_worker(self, folder, slot_file, allow_unsafe, &of, &plugins, error);
  if (status == HEED_OK) status = serve(self, error);
  if (status != HEED_OK) tell_error(socket, status, error);
  for (size_t i = 0; i < self->pending_count; i++)
    record_free(self->pending[i]);
  stages_free(self->stages);
  if (self->folder != NULL) work_close(self->folder);
  registry_free(plugins);
  plan_free(of);
  free(self);
  return status;
}
