/* SPDX-License-Identifier: GPL-3.0-or-later
 * heed check --plugin: checks the plugins of a file against their contract. */
#include <errno.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "command.h"
#include "contract/contract.h"
#include "probe.h"

#define MOST_REASONS 64

/* A reason why checks were not tried. */
typedef struct check_plugin_reason {
  char text[HEED_MESSAGE_SIZE];
  const char *check; /* the first check with this reason */
  size_t count;
} check_plugin_reason;

typedef struct check_plugin_report {
  bool as_json;
  json_t *plugins; /* as_json: printed at the end */
  json_t *last;    /* last of plugins; borrowed */
  char plugin[PATH_MAX];
  size_t passed, failed, not_tried; /* of that plugin */
  check_plugin_reason reasons[MOST_REASONS];
  size_t reason_count;
  bool any_failed;
} check_plugin_report;

/* ---- results ---- */

static void add_reason(check_plugin_report *self,
                       const contract_result *result) {
  check_plugin_reason *made = &self->reasons[self->reason_count];
  for (size_t i = 0; i < self->reason_count; i++)
    if (strcmp(self->reasons[i].text, result->message) == 0) {
      self->reasons[i].count++;
      return;
    }
  if (self->reason_count == MOST_REASONS) return;
  self->reason_count++;
  made->count = 1;
  made->check = result->check;
  (void)snprintf(made->text, sizeof made->text, "%s", result->message);
}

static void print_reasons(const check_plugin_report *self) {
  for (size_t i = 0; i < self->reason_count; i++) {
    const check_plugin_reason *each = &self->reasons[i];
    printf("%s: not tried: ", self->plugin);
    if (each->count > 1)
      printf("%zu checks: %s\n", each->count, each->text);
    else
      printf("%s: %s\n", each->check, each->text);
  }
}

static void print_summary(const check_plugin_report *self) {
  if (self->passed + self->failed + self->not_tried == 0) return;
  print_reasons(self);
  printf("%s: %zu check%s passed", self->plugin, self->passed,
         heed_plural(self->passed));
  if (self->failed > 0) printf(", %zu failed", self->failed);
  if (self->not_tried > 0) printf(", %zu not tried", self->not_tried);
  printf("\n");
  (void)fflush(stdout);
}

static void print_result(const contract_result *result) {
  const bool about = result->function[0] != '\0';
  switch (result->outcome) {
    case CONTRACT_PASSED:
      if (result->message[0] != '\0')
        printf("%s: %s\n", result->plugin, result->message);
      return;
    case CONTRACT_FAILED:
      printf("%s: %s%s%s\n", result->plugin, about ? result->function : "",
             about ? "(): " : "", result->message);
      return;
    case CONTRACT_NOT_TRIED:
      return;
  }
}

static void begin_plugin(check_plugin_report *self, const char *plugin) {
  if (!self->as_json) print_summary(self);
  (void)snprintf(self->plugin, sizeof self->plugin, "%s", plugin);
  self->passed = self->failed = self->not_tried = self->reason_count = 0;
  self->last = json_pack("{s:s, s:[]}", "plugin", plugin, "checks");
  (void)json_array_append_new(self->plugins, self->last);
}

static void add_json(const check_plugin_report *self,
                     const contract_result *result) {
  static const char *const words[] = {"passed", "failed", "not_tried"};
  (void)json_array_append_new(
      json_object_get(self->last, "checks"),
      json_pack("{s:s, s:s, s:s, s:s}", "check", result->check, "outcome",
                words[result->outcome], "function", result->function, "message",
                result->message));
}

/* Reports the check that the file loads only if it fails. */
static void take_result(void *context, const contract_result *result) {
  check_plugin_report *self = context;
  const bool is_file = strcmp(result->check, CONTRACT_LOADS) == 0;
  if (is_file && result->outcome == CONTRACT_PASSED) return;
  if (strcmp(self->plugin, result->plugin) != 0)
    begin_plugin(self, result->plugin);
  self->passed += result->outcome == CONTRACT_PASSED;
  self->failed += result->outcome == CONTRACT_FAILED;
  self->not_tried += result->outcome == CONTRACT_NOT_TRIED;
  self->any_failed |= result->outcome == CONTRACT_FAILED;
  if (result->outcome == CONTRACT_NOT_TRIED) add_reason(self, result);
  if (self->as_json)
    add_json(self, result);
  else
    print_result(result);
}

/* ---- the command ---- */

static int try_file(const command_common *common, contract_options *options,
                    check_plugin_report *told) {
  heed_error error = {HEED_OK, ""};
  command_probe found;
  heed_status status = probe_plugins(common, &found, &error);
  if (status != HEED_OK) return command_error(&error);
  options->skips = (const char *const *)found.culprits;
  status = contract_try(options, &error);
  probe_close(&found);
  if (status != HEED_OK) return command_error(&error);
  if (told->as_json) {
    (void)json_dumpf(told->plugins, stdout, JSON_INDENT(2));
    printf("\n");
  } else {
    print_summary(told);
  }
  return told->any_failed ? EXIT_FAILED : EXIT_DONE;
}

int command_check_plugin(const command_arguments *given) {
  check_plugin_report told = {.as_json = given->json};
  contract_options options = {.file = given->plugin_file,
                              .plugin_path = given->common.plugin_path,
                              .allow_unsafe = given->common.allow_unsafe,
                              .sets = given->sets.texts,
                              .set_count = given->sets.count,
                              .seconds = given->seconds,
                              .memory = given->memory,
                              .context = &told,
                              .tell = take_result};
  int status;
  if (given->file != NULL)
    return command_usage(
        "check", "found %s, expected only options with --plugin", given->file);
  if (access(options.file, R_OK) != 0)
    return command_usage("check", "--plugin %s: %s", options.file,
                         strerror(errno));
  told.plugins = json_array();
  status = try_file(&given->common, &options, &told);
  json_decref(told.plugins);
  return status;
}
