/* SPDX-License-Identifier: GPL-3.0-or-later
 * Services: the functions of heed_host. */
#include <string.h>

#include "heed/draws.h"
#include "host/host.h"
#include "host/process.h"
#include "host/vector.h"

static const host_service *of(const heed_host *host) {
  return (const host_service *)host;
}

static void *allocate(const heed_host *host, size_t count, size_t size) {
  return arena_allocate(of(host)->output, count, size);
}

static void *scratch(const heed_host *host, size_t count, size_t size) {
  return arena_allocate(of(host)->scratch, count, size);
}

static const char *copy(const heed_host *host, const char *text) {
  return arena_copy(of(host)->output, text);
}

/* Makes tables through the host's own function, so that a replacement of that
 * function sees all memory that a plugin gets. */
static heed_table *table(const heed_host *host, const char *name, size_t rows) {
  heed_table *made = host->allocate(host, 1, sizeof *made);
  if (made == NULL) return NULL;
  made->size = sizeof *made;
  made->name = copy(host, name);
  made->rows = rows;
  return made->name == NULL ? NULL : made;
}

static void *column(const heed_host *host, heed_table *table, const char *name,
                    heed_column_type type, size_t width) {
  if (heed_table_column(table, name) != NULL || heed_type_size(type) == 0)
    return NULL;
  if (width != 0 && table->rows > SIZE_MAX / width) return NULL;
  const size_t count = table->rows * width;
  heed_column *made = arena_grow(of(host)->output, table->columns,
                                 table->column_count, sizeof *made);
  if (made == NULL) return NULL;
  table->columns = made;
  made += table->column_count;
  made->name = copy(host, name);
  made->type = type;
  made->width = width;
  made->data = host->allocate(host, count, heed_type_size(type));
  if (made->name == NULL || made->data == NULL) return NULL;
  if (type == HEED_STRING)
    for (size_t i = 0; i < count; i++) ((const char **)made->data)[i] = "";
  table->column_count++;
  return made->data;
}

static heed_stream stream(const heed_host *host, const char *purpose,
                          uint64_t entity) {
  const host_service *self = of(host);
  return stream_open(self->seed, self->replicate, self->stage, purpose, entity);
}

static void output(const heed_host *host, size_t index, const double *values,
                   size_t count) {
  const host_sink *sink = of(host)->sink;
  if (sink != NULL && sink->output != NULL)
    sink->output(sink->context, of(host)->plugin, index, values, count);
}

static void trace(const heed_host *host, const char *series, uint64_t step,
                  double value) {
  const host_sink *sink = of(host)->sink;
  if (sink != NULL && sink->trace != NULL)
    sink->trace(sink->context, series, step, value);
}

static const char *plugin_name(const host_service *self) {
  return self->plugin == NULL ? "" : self->plugin->name;
}

static void log_line(const heed_host *host, const char *format, ...) {
  const host_sink *sink = of(host)->sink;
  if (sink == NULL || sink->log == NULL) return;
  char line[HEED_MESSAGE_SIZE];
  va_list arguments;
  va_start(arguments, format);
  (void)vsnprintf(line, sizeof line, format, arguments);
  va_end(arguments);
  sink->log(sink->context, plugin_name(of(host)), line);
}

static void warn(const heed_host *host, const char *code, const char *format,
                 ...) {
  const host_sink *sink = of(host)->sink;
  if (sink == NULL || sink->warn == NULL) return;
  char message[HEED_MESSAGE_SIZE];
  va_list arguments;
  va_start(arguments, format);
  (void)vsnprintf(message, sizeof message, format, arguments);
  va_end(arguments);
  sink->warn(sink->context, plugin_name(of(host)), code, message);
}

static void progress(const heed_host *host, double done, const char *what) {
  const host_sink *sink = of(host)->sink;
  if (sink != NULL && sink->progress != NULL)
    sink->progress(sink->context, done, what);
}

static bool cancelled(const heed_host *host) {
  const atomic_bool *cancel = of(host)->cancel;
  return cancel != NULL && atomic_load_explicit(cancel, memory_order_relaxed);
}

static const size_t *offer_threads(const host_service *self) {
  if (self->threads == NULL) return NULL;
  self->threads->asked = true;
  return &self->threads->count;
}

static const void *extension(const heed_host *host, const char *name) {
  if (strcmp(name, HEED_TEXTS) == 0) return of(host)->texts;
  if (strcmp(name, HEED_VECTOR) == 0) return vector_best();
  if (strcmp(name, HEED_DRAWS) == 0) return &draws_service;
  if (strcmp(name, HEED_THREADS) == 0) return offer_threads(of(host));
  return strcmp(name, HEED_CHECKPOINT) == 0 ? of(host)->checkpoint : NULL;
}

void service_open(host_service *self) {
  self->host = (heed_host){
      .size = sizeof(heed_host),
      .context = NULL,
      .allocate = allocate,
      .scratch = scratch,
      .copy = copy,
      .table = table,
      .column = column,
      .stream = stream,
      .output = output,
      .trace = trace,
      .log = log_line,
      .warn = warn,
      .progress = progress,
      .cancelled = cancelled,
      .extension = extension,
  };
}

void service_blame(host_service *self, unsigned changes) {
  if (changes == 0) return;
  if (self->blamed != self->plugin) self->blamed_changes = 0;
  self->blamed = self->plugin;
  changes &= ~self->blamed_changes;
  self->blamed_changes |= changes;
  for (unsigned bit = 1; bit < PROCESS_CHANGES; bit <<= 1)
    if ((changes & bit) != 0)
      self->host.warn(&self->host, process_change_code((process_change)bit),
                      "changed %s of the process; heed put it back, because "
                      "other plugins run in the same process",
                      process_change_name((process_change)bit));
}

void service_settle(host_service *self) {
  service_blame(self, process_settle_numbers());
}

void service_calls(host_service *self, const heed_plugin *plugin) {
  service_settle(self);
  self->plugin = plugin;
}
