/* SPDX-License-Identifier: GPL-3.0-or-later
 * heed pack: writes the log of a sweep as one packed file.  The source of the
 * sweep knows the form of the file; this command only gives it a file, and a
 * name to that file once it is complete. */
#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "execution/execution.h"
#include "files/file.h"
#include "heed/source.h"
#include "host/host.h"
#include "spare.h"
#include "sweep_plan.h"
#include "view/safe.h"

#define MEMORY ((uint64_t)2 << 30)

/* ---- a run that a user stops ---- */

static atomic_bool stopped;

static void stop(int signal) {
  (void)signal;
  atomic_store(&stopped, true);
}

/* The file under its temporary name is removed before the command ends. */
static void heed_signals(void) {
  const struct sigaction action = {.sa_handler = stop,
                                   .sa_flags = (int)SA_RESETHAND};
  static const int all[] = {SIGINT, SIGTERM, SIGHUP};
  for (size_t i = 0; i < sizeof all / sizeof *all; i++)
    (void)sigaction(all[i], &action, NULL);
}

/* ---- the source ---- */

/* The one source of the sweep. */
static heed_status find_source(const heed_plan *plan, const char *sweep,
                               size_t *node, heed_error *error) {
  size_t count = 0;
  for (size_t i = 0; i < plan->node_count; i++) {
    if (plan->nodes[i].stage != PLAN_WORLD) continue;
    count++;
    *node = i;
  }
  if (count == 1) return HEED_OK;
  return heed_fail(error, HEED_INVALID,
                   "%s: has %zu sources, expected one: give each axis of the "
                   "source one value with --set",
                   sweep, count);
}

static void print_log(void *context, const char *plugin, const char *line) {
  (void)context, (void)plugin;
  safe_put(stderr, line);
  fputc('\n', stderr);
}

static void print_warning(void *context, const char *plugin, const char *code,
                          const char *message) {
  (void)context, (void)code;
  fprintf(stderr, "heed: warning: %s: ", plugin);
  safe_put(stderr, message);
  fputc('\n', stderr);
}

static heed_status call_pack(const heed_instance *instance,
                             host_service *service, const heed_packing *packing,
                             heed_error *error) {
  const heed_source_functions *functions = instance->plugin->functions;
  heed_status status;
  if (functions->pack == NULL)
    return heed_fail(error, HEED_UNSUPPORTED,
                     "the source %s has no log to pack",
                     instance->plugin->name);
  service_calls(service, instance->plugin);
  status = functions->pack(instance->self, &service->host, packing, error);
  service_settle(service);
  return status;
}

static heed_status pack_with(const host_registry *plugins, const json_t *spec,
                             const heed_packing *packing, heed_error *error) {
  const host_sink sink = {.log = print_log, .warn = print_warning};
  host_service service = {
      .sink = &sink, .stage = plan_stage_name(PLAN_WORLD), .cancel = &stopped};
  const heed_instance *instance = NULL;
  heed_status status = HEED_OK;
  service.output = arena_create();
  service.scratch = arena_create();
  service_open(&service);
  if (service.output == NULL || service.scratch == NULL)
    status = heed_no_memory(error);
  if (status == HEED_OK)
    status = instance_open(plugins, spec, &service, &instance, error);
  if (status == HEED_OK) status = call_pack(instance, &service, packing, error);
  if (instance != NULL) instance_close(instance);
  arena_free(service.output);
  arena_free(service.scratch);
  return status;
}

/* ---- the file ---- */

/* The packed log is none of the files that heed reads. */
static heed_status find_target(const command_arguments *given,
                               const heed_plan *plan, output_target *target,
                               heed_error *error) {
  heed_status status = spare_find_result(given->output, plan, target, error);
  if (status == HEED_OK && given->append != NULL)
    status = output_spare(target, given->append,
                          "the packed log that heed reads", error);
  return status == HEED_OK ? output_spare_result(target, error) : status;
}

/* Removes what a killed heed pack left here. */
static void clean(const char *path) {
  char *folder = file_folder(path);
  const char *slash = strrchr(path, '/');
  char *prefix = file_name("%s.tmp-", slash == NULL ? path : slash + 1);
  if (folder != NULL && prefix != NULL) file_clean(folder, prefix);
  free(folder);
  free(prefix);
}

static heed_status pack_into(const command_arguments *given,
                             const heed_plan *plan, size_t node,
                             heed_packing *packing, heed_error *error) {
  host_registry *plugins = NULL;
  heed_status status = execution_load(plan, given->common.allow_unsafe, NULL,
                                      NULL, &plugins, error);
  if (status == HEED_OK)
    status = pack_with(plugins, plan->nodes[node].spec, packing, error);
  if (status == HEED_OK && atomic_load(&stopped))
    status = heed_fail(error, HEED_CANCELLED, "interrupted");
  registry_free(plugins);
  return status;
}

static heed_status write_file(const command_arguments *given,
                              const heed_plan *plan, size_t node,
                              const output_target *target, heed_error *error) {
  char *temporary = file_temporary(target->path);
  char *folder = file_folder(target->path);
  heed_packing packing = {.size = sizeof packing,
                          .folder = folder,
                          .earlier = given->append,
                          .memory = given->memory > 0 ? given->memory : MEMORY,
                          .drop = given->drops.texts,
                          .drop_count = given->drops.count};
  heed_status status =
      temporary == NULL || folder == NULL ? heed_no_memory(error) : HEED_OK;
  if (status == HEED_OK) {
    clean(target->path);
    packing.output = file_create(temporary, target->path);
    if (packing.output < 0)
      status = heed_fail(error, HEED_IO, "%s: cannot create: %s", target->named,
                         strerror(errno));
  }
  if (status == HEED_OK) {
    status = pack_into(given, plan, node, &packing, error);
    if (close(packing.output) != 0 && status == HEED_OK)
      status = heed_fail(error, HEED_IO, "%s: cannot write: %s", target->named,
                         strerror(errno));
    if (status == HEED_OK)
      status = file_commit(temporary, target->path, error);
    else
      (void)file_remove(temporary, NULL);
  }
  free(temporary);
  free(folder);
  return status;
}

/* ---- the command ---- */

static int report(const char *path) {
  struct stat found;
  if (stat(path, &found) == 0)
    printf("%s: %lld bytes\n", path, (long long)found.st_size);
  return EXIT_DONE;
}

int command_pack(const command_arguments *given) {
  heed_error error = {HEED_MEMORY, HEED_OUT_OF_MEMORY};
  output_target target = {0};
  heed_plan *plan = NULL;
  char *text = NULL;
  size_t node = 0;
  heed_status status = sweep_plan(given, 0, given->plan_seconds,
                                  given->plan_memory, &text, &plan, &error);
  if (status == HEED_OK) status = find_source(plan, given->file, &node, &error);
  if (status == HEED_OK) status = find_target(given, plan, &target, &error);
  if (status == HEED_OK) {
    heed_signals();
    status = write_file(given, plan, node, &target, &error);
  }
  plan_free(plan);
  free(text);
  const int exit_status =
      status == HEED_OK ? report(target.path) : command_error(&error);
  output_free(&target);
  return exit_status;
}
