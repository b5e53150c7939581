/* SPDX-License-Identifier: GPL-3.0-or-later
 * The planner's child: loads plugins, plans, and reports each step on a pipe
 * before it takes the step. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/uio.h>

#include "planner/planner.h"
#include "planner/protocol.h"
#include "sweep/sweep.h"

typedef struct serve_reporter {
  int pipe;
  bool broken; /* the reader has gone */
} serve_reporter;

/* One call for a line: a sweep of many points reports millions, and each wakes
 * the supervisor. */
static void write_line(serve_reporter *reporter, const char *word, char *text) {
  char head[16];
  const int length = snprintf(head, sizeof head, "%s ", word);
  struct iovec rest[3] = {
      {head, (size_t)length}, {text, strlen(text)}, {(char[]){'\n'}, 1}};
  for (size_t i = 0; i < 3 && !reporter->broken;) {
    const ssize_t result = writev(reporter->pipe, rest + i, 3 - (int)i);
    size_t written = result < 0 ? 0 : (size_t)result;
    reporter->broken = result < 0 && errno != EINTR;
    for (; i < 3 && written >= rest[i].iov_len; i++) written -= rest[i].iov_len;
    if (i == 3) return;
    rest[i].iov_base = (char *)rest[i].iov_base + written;
    rest[i].iov_len -= written;
  }
}

/* Takes over the value. */
static bool report_value(serve_reporter *reporter, const char *word,
                         json_t *value) {
  char *text = json_dumps(value, JSON_COMPACT | JSON_ENCODE_ANY);
  json_decref(value);
  if (text == NULL) return false;
  write_line(reporter, word, text);
  free(text);
  return !reporter->broken;
}

/* A message may quote bytes that are not UTF-8; they become '?'. */
static json_t *any_text(const char *text) {
  json_t *value = json_string(text);
  char *plain;
  if (value != NULL) return value;
  plain = strdup(text);
  for (char *position = plain; position != NULL && *position != '\0';
       position++)
    if ((unsigned char)*position >= 0x80) *position = '?';
  value = json_string(plain == NULL ? "" : plain);
  free(plain);
  return value;
}

static void report(serve_reporter *reporter, const char *word,
                   const char *text) {
  (void)report_value(reporter, word, any_text(text));
}

static void on_file(void *context, const char *file,
                    const heed_error *refusal) {
  if (refusal == NULL)
    report(context, PROTOCOL_OPEN, file);
  else
    report(context, PROTOCOL_REFUSE, refusal->message);
}

static void on_notice(void *context, planner_notice notice, const char *text) {
  static const char *const words[] = {PROTOCOL_PRINT, PROTOCOL_WARN,
                                      PROTOCOL_MAKE};
  report(context, words[notice], text);
}

bool sweep_serve(const planner_options *options, const char *const *skip,
                 int pipe) {
  serve_reporter reporter = {pipe, false};
  planner_options inner = *options;
  host_registry *plugins = NULL;
  json_t *plan = NULL;
  heed_error error = {HEED_OK, ""};
  heed_status status = registry_create(options->allow_unsafe, &plugins, &error);
  inner.context = &reporter;
  inner.notice = on_notice;
  if (status == HEED_OK)
    status = registry_scan(plugins, options->plugin_path, skip, &reporter,
                           on_file, &error);
  report(&reporter, PROTOCOL_LOADED, "");
  if (status == HEED_OK)
    status = sweep_make_plan(plugins, &inner, &plan, &error);
  if (status == HEED_OK && !report_value(&reporter, PROTOCOL_PLAN, plan))
    status = HEED_MEMORY;
  if (status == HEED_MEMORY)
    (void)heed_fail(&error, HEED_MEMORY, "%s", PROTOCOL_OUT_OF_MEMORY);
  if (status != HEED_OK)
    (void)report_value(&reporter, PROTOCOL_FAIL,
                       json_pack("{s:i, s:o}", "status", (int)status, "message",
                                 any_text(error.message)));
  registry_free(plugins);
  return status == HEED_OK;
}
