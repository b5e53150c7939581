/* SPDX-License-Identifier: GPL-3.0-or-later
 * heed pack: writes the log of a sweep, or a log that a source knows, as one
 * packed file.  The source knows the form of the file; this command only gives
 * it a file, and a name to that file once it is complete. */
#include <errno.h>
#include <glob.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "execution/execution.h"
#include "files/file.h"
#include "heed/source.h"
#include "host/host.h"
#include "look.h"
#include "plugins.h"
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

/* What is packed: the source of a plan, or a log of which only the file is
 * known. */
typedef struct pack_job {
  const command_arguments *given;
  heed_plan *plan; /* NULL: a log */
  size_t node;
  const host_registry *plugins; /* of a log */
  json_t *spec;
} pack_job;

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

static const host_sink messages = {.log = print_log, .warn = print_warning};

/* close_service() always follows. */
static heed_status open_service(host_service *service, heed_error *error) {
  *service = (host_service){.sink = &messages,
                            .stage = plan_stage_name(PLAN_WORLD),
                            .cancel = &stopped,
                            .output = arena_create(),
                            .scratch = arena_create()};
  service_open(service);
  return service->output == NULL || service->scratch == NULL
             ? heed_no_memory(error)
             : HEED_OK;
}

static void close_service(host_service *service) {
  arena_free(service->output);
  arena_free(service->scratch);
}

static heed_status pack_with(const host_registry *plugins, const json_t *spec,
                             const heed_packing *packing, heed_error *error) {
  host_service service;
  const heed_instance *instance = NULL;
  heed_status status = open_service(&service, error);
  if (status == HEED_OK)
    status = instance_open(plugins, spec, &service, &instance, error);
  if (status == HEED_OK) status = call_pack(instance, &service, packing, error);
  if (instance != NULL) instance_close(instance);
  close_service(&service);
  return status;
}

/* ---- the file ---- */

static heed_status find_packed(const command_arguments *given,
                               output_target *target, heed_error *error) {
  glob_t logs;
  heed_status status;
  if (glob(given->file, GLOB_NOCHECK, NULL, &logs) != 0)
    return heed_no_memory(error);
  status = spare_find_packed(given->output, logs.gl_pathv, logs.gl_pathc,
                             target, error);
  globfree(&logs);
  return status;
}

/* The packed log is none of the files that heed reads. */
static heed_status find_target(const pack_job *job, output_target *target,
                               heed_error *error) {
  const command_arguments *given = job->given;
  heed_status status =
      job->plan == NULL
          ? find_packed(given, target, error)
          : spare_find_result(given->output, job->plan, target, error);
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

static heed_status pack_plan(const pack_job *job, heed_packing *packing,
                             heed_error *error) {
  host_registry *plugins = NULL;
  heed_status status = execution_load(
      job->plan, job->given->common.allow_unsafe, NULL, NULL, &plugins, error);
  if (status == HEED_OK)
    status =
        pack_with(plugins, job->plan->nodes[job->node].spec, packing, error);
  registry_free(plugins);
  return status;
}

static heed_status pack_into(const pack_job *job, heed_packing *packing,
                             heed_error *error) {
  const heed_status status =
      job->plan == NULL ? pack_with(job->plugins, job->spec, packing, error)
                        : pack_plan(job, packing, error);
  return status == HEED_OK && atomic_load(&stopped)
             ? heed_fail(error, HEED_CANCELLED, "interrupted")
             : status;
}

static heed_status write_file(const pack_job *job, const output_target *target,
                              heed_error *error) {
  const command_arguments *given = job->given;
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
    status = pack_into(job, &packing, error);
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

static int write_packed(const pack_job *job) {
  heed_error error = {HEED_MEMORY, HEED_OUT_OF_MEMORY};
  output_target target = {0};
  heed_status status = find_target(job, &target, &error);
  int exit_status;
  if (status == HEED_OK) {
    heed_signals();
    status = write_file(job, &target, &error);
  }
  exit_status = status == HEED_OK ? report(target.path) : command_error(&error);
  output_free(&target);
  return exit_status;
}

static int pack_sweep(const command_arguments *given) {
  heed_error error = {HEED_MEMORY, HEED_OUT_OF_MEMORY};
  pack_job job = {.given = given};
  char *text = NULL;
  heed_status status = sweep_plan(given, 0, given->plan_seconds,
                                  given->plan_memory, &text, &job.plan, &error);
  int exit_status;
  if (status == HEED_OK)
    status = find_source(job.plan, given->file, &job.node, &error);
  exit_status = status == HEED_OK ? write_packed(&job) : command_error(&error);
  plan_free(job.plan);
  free(text);
  return exit_status;
}

static heed_status guess_source(const host_registry *plugins, pack_job *job,
                                heed_error *error) {
  host_service service;
  look_reading reading = {.file = job->given->file};
  heed_status status = open_service(&service, error);
  if (status == HEED_OK)
    status = look_guess(plugins, &service, job->given, &reading, error);
  if (status == HEED_OK) {
    safe_put(stderr, reading.file);
    fputs(" seems to be: ", stderr);
    safe_put(stderr, reading.form);
    fputc('\n', stderr);
  }
  if (status == HEED_OK)
    status = look_spec(plugins, &reading, &job->spec, error);
  json_decref(reading.parameters);
  close_service(&service);
  return status;
}

/* What to do with a file that no source knows. */
static int unknown_log(const command_arguments *given,
                       const heed_error *error) {
  const int exit_status = command_error(error);
  if (error->status == HEED_INVALID && given->format == NULL &&
      access(given->file, F_OK) == 0)
    fputs(
        "Give its form with --format and its columns with --set, or name "
        "them in a sweep and pack the sweep\n",
        stderr);
  return exit_status;
}

static int pack_log(const command_arguments *given) {
  heed_error error = {HEED_MEMORY, HEED_OUT_OF_MEMORY};
  host_registry *plugins = NULL;
  pack_job job = {.given = given};
  int exit_status = plugins_load(&given->common, &plugins);
  if (exit_status != EXIT_DONE) return exit_status;
  job.plugins = plugins;
  exit_status = guess_source(plugins, &job, &error) == HEED_OK
                    ? write_packed(&job)
                    : unknown_log(given, &error);
  json_decref(job.spec);
  registry_free(plugins);
  return exit_status;
}

int command_pack(const command_arguments *given) {
  const size_t length = strlen(given->file);
  const char *ending = ".lua";
  const size_t end = strlen(ending);
  return length >= end && strcmp(given->file + length - end, ending) == 0
             ? pack_sweep(given)
             : pack_log(given);
}
