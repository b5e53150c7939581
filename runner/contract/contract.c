/* SPDX-License-Identifier: GPL-3.0-or-later
 * The parent process: runs one child per check and reports the results. */
#include "contract/contract.h"

#include <stdlib.h>
#include <string.h>

#include "child.h"
#include "trial.h"

/* One check of one plugin; check NULL: only loads the file. */
typedef struct contract_task {
  const contract_options *options;
  contract_board *board;
  const contract_plugin *plugin;
  const contract_check *check;
} contract_task;

#define MOST_FINDINGS 64

typedef struct contract_finding {
  char function[BOARD_NAME], message[HEED_MESSAGE_SIZE];
} contract_finding;

typedef struct contract_parent {
  contract_options options;
  contract_limits limits;
  contract_board *board;
  contract_finding *findings; /* MOST_FINDINGS, of the current plugin */
  size_t finding_count;
} contract_parent;

static const contract_kind *kind_checks(heed_kind kind) {
  static const contract_kind *const kinds[HEED_KIND_COUNT] = {
      [HEED_SOURCE] = &contract_source,
      [HEED_DISTRIBUTION] = &contract_distribution,
      [HEED_USER_MODEL] = &contract_user_model,
      [HEED_ESTIMATOR] = &contract_estimator,
      [HEED_FILTER] = &contract_filter,
      [HEED_TRAINER] = &contract_trainer};
  return kinds[kind];
}

/* ---- in the child ---- */

static void list_plugins(const contract_trial *self) {
  for (size_t i = 0; i < self->board->plugin_count; i++) {
    const heed_plugin *plugin = registry_at(self->plugins, i, NULL);
    contract_plugin *listed = &self->board->plugins[i];
    listed->kind = plugin->kind;
    (void)snprintf(listed->name, sizeof listed->name, "%s", plugin->name);
  }
}

static void work(void *context) {
  const contract_task *given = context;
  contract_trial self;
  trial_open(&self, given->options, given->board);
  if (given->check == NULL) {
    list_plugins(&self);
    return;
  }
  trial_choose(&self, given->plugin, kind_checks(given->plugin->kind));
  if ((given->check->flags & CHECK_BARE) == 0)
    (void)trial_instance(&self, NULL);
  given->check->run(&self);
}

/* ---- in the parent ---- */

/* Reports an early end of the child as a failure of the current call. */
static void take_end(contract_board *found, const char *end) {
  found->outcome = CONTRACT_FAILED;
  if (found->function[0] == '\0')
    (void)snprintf(found->message, sizeof found->message,
                   "%s while it was loaded, expected it to load", end);
  else if (found->returned)
    (void)snprintf(found->message, sizeof found->message,
                   "its output cannot be read: %s", end);
  else
    (void)snprintf(found->message, sizeof found->message,
                   "%s, expected it to return", end);
  if (found->function[0] != '\0' && !found->returned)
    board_bury(found, found->function);
}

/* Returns true if the texts are equal except for numbers. */
static bool is_alike(const char *a, const char *b) {
  static const char digits[] = "0123456789.+-";
  for (;; a++, b++) {
    a += strspn(a, digits);
    b += strspn(b, digits);
    if (*a != *b) return false;
    if (*a == '\0') return true;
  }
}

/* One fault can fail many checks: only the first failure is reported. */
static bool is_known(contract_parent *self) {
  const contract_board *found = self->board;
  contract_finding *made;
  for (size_t i = 0; i < self->finding_count; i++)
    if (strcmp(self->findings[i].function, found->function) == 0 &&
        is_alike(self->findings[i].message, found->message))
      return true;
  if (self->finding_count == MOST_FINDINGS) return false;
  made = &self->findings[self->finding_count++];
  memcpy(made->function, found->function, sizeof made->function);
  memcpy(made->message, found->message, sizeof made->message);
  return false;
}

static void forget_known(contract_board *found) {
  found->outcome = CONTRACT_NOT_TRIED;
  (void)snprintf(found->message, sizeof found->message,
                 "%s%s failed in the same way in an earlier check",
                 found->function, found->function[0] == '\0' ? "it" : "()");
}

static void tell(contract_parent *self, const char *plugin, const char *check) {
  contract_board *found = self->board;
  char message[HEED_MESSAGE_SIZE + BOARD_TEXT + 16];
  bool varied;
  /* The child may have written anything. */
  found->function[BOARD_NAME - 1] = '\0';
  found->variant[BOARD_TEXT - 1] = '\0';
  found->message[HEED_MESSAGE_SIZE - 1] = '\0';
  if (found->outcome == CONTRACT_FAILED && is_known(self)) forget_known(found);
  varied = found->outcome == CONTRACT_FAILED && found->variant[0] != '\0';
  (void)snprintf(message, sizeof message, "%s%s%s%s", varied ? "with " : "",
                 varied ? found->variant : "", varied ? ": " : "",
                 found->message);
  const contract_result result = {plugin, check, found->outcome,
                                  found->function, message};
  self->options.tell(self->options.context, &result);
}

static heed_status run_child(const contract_parent *self, contract_task *what,
                             heed_error *error) {
  bool finished;
  char end[CHILD_END];
  heed_status status;
  board_clear(self->board);
  status = child_run(&self->limits, &self->board->pulse, work, what, &finished,
                     end, error);
  if (status != HEED_OK) return status;
  if (!finished) take_end(self->board, end);
  if (self->board->error != HEED_OK)
    return heed_fail(error, self->board->error, "%s", self->board->message);
  return HEED_OK;
}

static heed_status run_table(contract_parent *self,
                             const contract_plugin *plugin,
                             const contract_check *checks, size_t count,
                             heed_error *error) {
  char name[2 * BOARD_NAME];
  (void)snprintf(name, sizeof name, "%s/%s", kind_name(plugin->kind),
                 plugin->name);
  for (size_t i = 0; i < count; i++) {
    contract_task what = {&self->options, self->board, plugin, &checks[i]};
    const heed_status status = run_child(self, &what, error);
    if (status != HEED_OK) return status;
    tell(self, name, checks[i].name);
  }
  return HEED_OK;
}

static heed_status try_plugin(contract_parent *self,
                              const contract_plugin *plugin,
                              heed_error *error) {
  const contract_kind *kind = kind_checks(plugin->kind);
  heed_status status;
  board_forget(self->board);
  self->finding_count = 0;
  status = run_table(self, plugin, contract_first, contract_first_count, error);
  if (status == HEED_OK)
    status = run_table(self, plugin, kind->checks, kind->check_count, error);
  if (status == HEED_OK)
    status = run_table(self, plugin, contract_last, contract_last_count, error);
  return status;
}

static heed_status try_file(contract_parent *self, heed_error *error) {
  contract_task what = {.options = &self->options, .board = self->board};
  heed_status status = run_child(self, &what, error);
  if (status != HEED_OK) return status;
  tell(self, self->options.file, CONTRACT_LOADS);
  if (self->board->outcome != CONTRACT_PASSED) return HEED_OK;
  /* Later children may overwrite the list. */
  const size_t count = self->board->plugin_count;
  contract_plugin plugins[BOARD_PLUGINS];
  memcpy(plugins, self->board->plugins, sizeof plugins);
  for (size_t i = 0; status == HEED_OK && i < count && i < BOARD_PLUGINS; i++)
    if (kind_name(plugins[i].kind) != NULL)
      status = try_plugin(self, &plugins[i], error);
  return status;
}

heed_status contract_try(const contract_options *options, heed_error *error) {
  const bool timed = options->seconds > 0, weighed = options->memory > 0;
  contract_parent self = {
      .options = *options,
      .limits = {.seconds = timed ? options->seconds : CONTRACT_SECONDS,
                 .memory = weighed ? options->memory : CONTRACT_MEMORY},
      .board = board_create(),
      .findings = calloc(MOST_FINDINGS, sizeof(contract_finding))};
  const heed_status status = self.board == NULL || self.findings == NULL
                                 ? heed_no_memory(error)
                                 : try_file(&self, error);
  board_free(self.board);
  free(self.findings);
  return status;
}
