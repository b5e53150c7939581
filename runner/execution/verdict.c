/* SPDX-License-Identifier: GPL-3.0-or-later
 * When a worker dies, the cells under its current node fail. */
#include "verdict.h"

#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>

/* ---- messages ---- */

/* The file of a plugin ("estimator/em"), or NULL: of the host's own stages. */
static const char *file_of(const heed_plan *plan, const char *plugin) {
  for (size_t i = 0; i < plan->plugin_count; i++) {
    const char *kind = kind_name(plan->plugins[i].kind);
    const size_t length = strlen(kind);
    if (strncmp(plugin, kind, length) == 0 && plugin[length] == '/' &&
        strcmp(plugin + length + 1, plan->plugins[i].name) == 0)
      return plan->plugins[i].file;
  }
  return NULL;
}

static void explain_death(const execution_child_end *end, char *text,
                          size_t size) {
  const int wait_status = end->wait_status;
  const int signal = WIFSIGNALED(wait_status) ? WTERMSIG(wait_status) : 0;
  if (WIFEXITED(wait_status) && WEXITSTATUS(wait_status) == CHANNEL_BROKEN)
    (void)snprintf(text, size, "%s", end->what);
  else if (signal == SIGKILL)
    (void)snprintf(text, size,
                   "was killed (signal 9) by a user, or by the kernel because "
                   "memory ran out");
  else if (signal != 0)
    (void)snprintf(text, size, "was killed by signal %d (%s)", signal,
                   strsignal(signal));
  else
    (void)snprintf(text, size, "exited the process with status %d",
                   WEXITSTATUS(wait_status));
}

/* What a worker that is in no stage does with a file: it loads it. */
static const char *loaded_file(const execution_child *dead,
                               const execution_child_end *end) {
  return dead->was_at_something || end->what[0] != '/' ? NULL : end->what;
}

void verdict_explain(const execution_parts *run, const execution_child *dead,
                     const execution_child_end *end, char *text, size_t size) {
  const execution_options *options = run->options;
  const char *file = loaded_file(dead, end);
  char why[320];
  if (dead->silent)
    (void)snprintf(why, sizeof why, "did not %s within %g s",
                   file == NULL ? "respond" : "load", options->worker_timeout);
  else if (dead->verdict == RECORD_TIMED_OUT)
    (void)snprintf(why, sizeof why, "took longer than the limit of %g s",
                   options->timeout);
  else if (dead->verdict == RECORD_OUT_OF_MEMORY)
    (void)snprintf(why, sizeof why, "held %.4g MiB, %s %.4g MiB",
                   (double)dead->held / 0x1p20,
                   dead->all_together ? "and all workers together more than"
                                      : "more than the limit of",
                   (double)(dead->all_together ? options->memory_for_all
                                               : options->memory) /
                       0x1p20);
  else
    explain_death(end, why, sizeof why);
  (void)snprintf(
      text, size, "%s%s%s%s%s%s", file == NULL ? "" : file,
      file == NULL ? "" : ": ", why,
      file == NULL || dead->silent ? "" : " while it was loaded",
      end->words[0] == '\0' ? "" : "; last line of its log: ", end->words);
}

/* ---- records ---- */

typedef struct verdict_sentence {
  heed_record_status status;
  plan_stage stage;
  int signal;
  const char *plugin;
  char text[HEED_MESSAGE_SIZE];
} verdict_sentence;

static heed_status add_record(const heed_plan *plan, size_t cell,
                              const verdict_sentence *says,
                              heed_record **result, heed_error *error) {
  *result = record_create(plan, cell);
  if (*result == NULL) return heed_no_memory(error);
  return record_fail(*result, says->status, says->stage, says->plugin,
                     says->signal, says->text, error);
}

static heed_status record_node(const execution_parts *run,
                               const execution_child *dead, size_t node,
                               size_t replicate, const verdict_sentence *says,
                               size_t *count, heed_error *error) {
  const plan_node *dead_node = &run->plan->nodes[node];
  heed_record **records =
      calloc(dead_node->point_count + 1, sizeof(heed_record *));
  heed_status status = HEED_OK;
  *count = 0;
  if (records == NULL) return heed_no_memory(error);
  for (size_t i = 0; status == HEED_OK && i < dead_node->point_count; i++) {
    const size_t cell =
        (dead_node->first_point + i) * run->plan->replicates + replicate;
    const execution_cell_state state = queue_state(run->queue, cell);
    if (state == CELL_QUEUED ||
        (state == CELL_RUNNING && child_has(dead, cell)))
      status = add_record(run->plan, cell, says, &records[(*count)++], error);
  }
  if (status == HEED_OK)
    status =
        work_write_part(run->folder, run->plan,
                        (const heed_record *const *)records, *count, error);
  for (size_t i = 0; i < *count; i++) {
    if (status == HEED_OK) queue_recorded(run->queue, records[i]->cell);
    record_free(records[i]);
  }
  free(records);
  return status;
}

heed_status verdict_pass(const execution_parts *run,
                         const execution_child *dead,
                         const execution_child_end *end,
                         const execution_place *place, heed_error *error) {
  const size_t replicates = run->plan->replicates;
  const size_t node =
      plan_node_at(run->plan, place->cell / replicates, place->stage);
  verdict_sentence says = {.status = dead->verdict, .stage = place->stage};
  const char *file;
  size_t count = 0;
  int length;
  heed_status status;
  if (node == SIZE_MAX) return HEED_OK;
  says.plugin = plan_node_plugin(run->plan, node);
  if (says.status == RECORD_DONE) {
    says.status = RECORD_CRASHED;
    if (WIFSIGNALED(end->wait_status)) says.signal = WTERMSIG(end->wait_status);
  }
  file = file_of(run->plan, says.plugin);
  length = snprintf(says.text, sizeof says.text, "%s%s",
                    file == NULL ? "" : file, file == NULL ? "" : ": ");
  if (length >= 0 && (size_t)length < sizeof says.text)
    verdict_explain(run, dead, end, says.text + length,
                    sizeof says.text - (size_t)length);
  status = record_node(run, dead, node, place->cell % replicates, &says, &count,
                       error);
  if (status != HEED_OK) return status;
  run->state->failed += count;
  return HEED_OK;
}
