/* SPDX-License-Identifier: GPL-3.0-or-later
 * The host of a trial: guards, inputs and reports. */
#include "watch.h"

#include <stdlib.h>

#define GUARD ((size_t)64) /* bytes per side; keeps arena alignment */
#define GUARD_BYTE 0xA5
#define UNSET_BYTE 0x5A

/* A value that no computation is likely to return. */
static const uint64_t unset_bits = 0x5A5A5A5A5A5A5A5A;

static contract_trial *trial_of(const heed_host *host) {
  return host->context;
}

/* ---- blocks ---- */

static bool grow(void **array, size_t count, size_t *room, size_t size) {
  void *more;
  if (count < *room) return true;
  more = realloc(*array, (2 * *room + 64) * size);
  if (more == NULL) return false;
  *array = more;
  *room = 2 * *room + 64;
  return true;
}

static bool remember(contract_trial *self, contract_block block) {
  void *blocks = self->blocks;
  if (!grow(&blocks, self->block_count, &self->block_room, sizeof block))
    return false;
  self->blocks = blocks;
  self->blocks[self->block_count++] = block;
  return true;
}

/* Allocates count x size bytes with a guard before and after. */
static void *guarded(contract_trial *self, host_arena *memory,
                     contract_block block) {
  const size_t most = SIZE_MAX / 4;
  unsigned char *whole;
  size_t bytes;
  if (block.size != 0 && block.count > most / block.size) return NULL;
  bytes = block.count * block.size;
  whole = arena_allocate(memory, 1, bytes + 2 * GUARD);
  if (whole == NULL) return NULL;
  memset(whole, GUARD_BYTE, GUARD);
  memset(whole + GUARD + bytes, GUARD_BYTE, GUARD);
  block.start = whole + GUARD;
  return remember(self, block) ? block.start : NULL;
}

static bool is_intact(const unsigned char *guard) {
  for (size_t i = 0; i < GUARD; i++)
    if (guard[i] != GUARD_BYTE) return false;
  return true;
}

static const char *name_of(const contract_trial *self,
                           const contract_block *block) {
  if (block->name != NULL) return block->name;
  for (size_t i = 0; i < self->place_count; i++) {
    const void *pointer;
    memcpy(&pointer, self->places[i].pointer, sizeof pointer);
    if (pointer == block->start) return self->places[i].name;
  }
  return block->scratch ? "a block of scratch memory"
                        : "a block of host memory";
}

static void check_guards(const contract_trial *self,
                         const contract_block *block) {
  const size_t bytes = block->count * block->size;
  const bool earlier = is_intact(block->start - GUARD);
  if (earlier && is_intact(block->start + bytes)) return;
  trial_fail(self, "wrote %s of %s, expected at most %zu value%s of %zu byte%s",
             earlier ? "past the end" : "before the start",
             name_of(self, block), block->count, heed_plural(block->count),
             block->size, heed_plural(block->size));
}

/* ---- allocations ---- */

static void check_thread(const contract_trial *self, const char *function) {
  if (!pthread_equal(self->thread, pthread_self()))
    trial_fail(
        self,
        "called host->%s() from another thread, expected the thread that "
        "called the plugin",
        function);
}

static void *allocate(const heed_host *host, size_t count, size_t size) {
  contract_trial *self = trial_of(host);
  check_thread(self, "allocate");
  return guarded(
      self, self->host.output,
      (contract_block){.count = count, .size = size, .lasting = self->opening});
}

static void *scratch(const heed_host *host, size_t count, size_t size) {
  contract_trial *self = trial_of(host);
  check_thread(self, "scratch");
  return guarded(
      self, self->scratch,
      (contract_block){.count = count, .size = size, .scratch = true});
}

/* Makes the column and names its memory block after it. */
static void *column(const heed_host *host, heed_table *table, const char *name,
                    heed_column_type type, size_t width) {
  contract_trial *self = trial_of(host);
  void *data = self->make_column(host, table, name, type, width);
  char full[2 * BOARD_NAME];
  (void)snprintf(full, sizeof full, "%s.%s", table->name, name);
  for (size_t i = 0; data != NULL && i < self->block_count; i++)
    if (self->blocks[i].start == data)
      self->blocks[i].name = arena_copy(self->host.output, full);
  return data;
}

void *trial_room(contract_trial *self, const char *name, size_t count,
                 size_t size) {
  void *room =
      guarded(self, self->memory,
              (contract_block){.name = name, .count = count, .size = size});
  if (room == NULL)
    trial_skip(self, HEED_OUT_OF_MEMORY);
  else
    memset(room, UNSET_BYTE, count * size);
  return room;
}

double *trial_doubles(contract_trial *self, const char *name, size_t count) {
  return trial_room(self, name, count, sizeof(double));
}

void trial_filled(const contract_trial *self, const char *name,
                  const double *values, size_t count) {
  for (size_t i = 0; i < count; i++)
    if (trial_bits(values[i]) == unset_bits)
      trial_fail(self, "did not set %s[%zu], expected %zu value%s", name, i,
                 count, heed_plural(count));
}

void trial_name(contract_trial *self, const char *name, const void *pointer) {
  const size_t most = sizeof self->places / sizeof *self->places;
  if (self->place_count < most)
    self->places[self->place_count++] = (contract_place){name, pointer};
}

static const contract_block *block_with(const contract_trial *self,
                                        const void *pointer) {
  const uintptr_t place = (uintptr_t)pointer;
  for (size_t i = self->block_count; i-- > 0;) {
    const contract_block *block = &self->blocks[i];
    const uintptr_t start = (uintptr_t)block->start;
    if (place >= start && place <= start + block->count * block->size)
      return block;
  }
  return NULL;
}

/* Returns how many values fit between the pointer and the end of its block. */
static size_t room_after(const contract_block *block, const void *pointer,
                         size_t size) {
  const uintptr_t end = (uintptr_t)block->start + block->count * block->size;
  return (end - (uintptr_t)pointer) / size;
}

void trial_holds(const contract_trial *self, const char *name,
                 const void *pointer, size_t count, size_t size,
                 const char *each) {
  const contract_block *block = block_with(self, pointer);
  if (count == 0) return;
  if (pointer == NULL)
    trial_fail(self, "%s is missing, expected %zu value%s, %s", name, count,
               heed_plural(count), each);
  else if (block == NULL)
    trial_fail(self,
               "%s is not in memory of the host, expected %zu value%s "
               "from host->allocate()",
               name, count, heed_plural(count));
  else if (block->scratch)
    trial_fail(self,
               "%s is in memory of host->scratch(), which ends with the call, "
               "expected host->allocate()",
               name);
  else if (room_after(block, pointer, size) < count)
    trial_fail(self, "%s has room for %zu value%s, expected %zu, %s", name,
               room_after(block, pointer, size),
               heed_plural(room_after(block, pointer, size)), count, each);
}

void watch_forget(contract_trial *self, bool lasting) {
  size_t kept = 0;
  for (size_t i = 0; i < self->block_count; i++)
    if (self->blocks[i].lasting != lasting)
      self->blocks[kept++] = self->blocks[i];
  self->block_count = kept;
  if (!lasting) self->input_count = self->scene_inputs;
}

/* ---- inputs ---- */

/* The arena for copies of inputs; copies of the scene are permanent. */
static host_arena *copies(const contract_trial *self) {
  return self->scene_inputs == 0 ? self->scene.host.output : self->memory;
}

void trial_watch(contract_trial *self, const char *name, const void *data,
                 size_t count, size_t size) {
  void *inputs = self->inputs;
  unsigned char *copy;
  if (data == NULL || count == 0) return;
  copy = arena_allocate(copies(self), count, size);
  if (copy != NULL && grow(&inputs, self->input_count, &self->input_room,
                           sizeof(contract_input))) {
    self->inputs = inputs;
    memcpy(copy, data, count * size);
    self->inputs[self->input_count++] =
        (contract_input){name, data, copy, count, size};
  } else {
    trial_skip(self, HEED_OUT_OF_MEMORY);
  }
}

void trial_watch_table(contract_trial *self, const heed_table *table) {
  if (table == NULL) return;
  trial_watch(self, table->name, table, 1, sizeof *table);
  for (size_t i = 0; i < table->column_count; i++) {
    const heed_column *column = &table->columns[i];
    char name[2 * BOARD_NAME];
    (void)snprintf(name, sizeof name, "%s.%s", table->name, column->name);
    const char *copy = arena_copy(copies(self), name);
    trial_watch(self, copy == NULL ? column->name : copy, column->data,
                table->rows * column->width, heed_type_size(column->type));
  }
}

static void check_input(const contract_trial *self,
                        const contract_input *input) {
  for (size_t i = 0; i < input->count; i++)
    if (memcmp(input->data + i * input->size, input->copy + i * input->size,
               input->size) != 0)
      trial_fail(self,
                 "changed its input %s[%zu], expected inputs to stay unchanged",
                 input->name, i);
}

void trial_watch_posterior(contract_trial *self,
                           const heed_posterior *posterior) {
  const size_t units = posterior->units;
  trial_watch(self, "posterior", posterior, 1, sizeof *posterior);
  trial_watch(self, "posterior.mean", posterior->mean, units, sizeof(double));
  trial_watch(self, "posterior.sd", posterior->sd, units, sizeof(double));
  trial_watch(self, "posterior.nodes", posterior->nodes, posterior->node_count,
              sizeof(double));
  trial_watch(self, "posterior.mass", posterior->mass,
              posterior->row_count * posterior->node_count, sizeof(double));
}

void watch_scene(contract_trial *self) {
  const contract_scene *scene = &self->scene;
  trial_watch(self, "world", &scene->world, 1, sizeof scene->world);
  trial_watch_table(self, scene->world.pairs);
  trial_watch_table(self, scene->world.prompts);
  trial_watch_table(self, scene->crowd.users);
  trial_watch_table(self, scene->with_eta.users);
  trial_watch_table(self, scene->crowd.annotations);
  trial_watch_table(self, scene->held_out.annotations);
  trial_watch(self, "crowd", &scene->crowd, 1, sizeof scene->crowd);
  trial_watch(self, "crowd.first", scene->crowd.first, SCENE_USERS + 1,
              sizeof *scene->crowd.first);
  trial_watch_posterior(self, &scene->posterior);
  self->scene_inputs = self->input_count;
}

/* ---- a call ---- */

void watch_begin(contract_trial *self) {
  size_t kept = 0;
  for (size_t i = 0; i < self->block_count; i++)
    if (!self->blocks[i].gone) self->blocks[kept++] = self->blocks[i];
  self->block_count = kept;
}

/* Overwrites scratch memory, so that later reads of it fail a check. */
static void take_scratch(contract_trial *self) {
  for (size_t i = 0; i < self->block_count; i++) {
    contract_block *block = &self->blocks[i];
    if (!block->scratch || block->gone) continue;
    memset(block->start, UNSET_BYTE, block->count * block->size);
    block->gone = true;
  }
  arena_clear(self->scratch);
}

void watch_end(contract_trial *self) {
  for (size_t i = 0; i < self->block_count; i++)
    if (!self->blocks[i].gone) check_guards(self, &self->blocks[i]);
  for (size_t i = 0; i < self->input_count; i++)
    check_input(self, &self->inputs[i]);
  take_scratch(self);
  self->place_count = 0;
}

/* ---- reports ---- */

/* Labels of a dimension: the items of a list, or the keys of a map. */
static size_t label_count(const contract_trial *self, const char *dimension) {
  const heed_plugin *plugin = self->plugin;
  for (size_t i = 0; i < plugin->dimension_count; i++) {
    const json_t *labels =
        json_object_get(self->parameters, plugin->dimensions[i].parameter);
    if (strcmp(plugin->dimensions[i].name, dimension) == 0)
      return json_is_array(labels) ? json_array_size(labels)
                                   : json_object_size(labels);
  }
  return 0;
}

static size_t expected_count(const contract_trial *self,
                             const heed_output *output) {
  size_t count = 1;
  for (size_t i = 0;
       output->dimensions != NULL && output->dimensions[i] != NULL; i++)
    count *= label_count(self, output->dimensions[i]);
  return count;
}

static void report_output(void *context, const heed_plugin *plugin,
                          size_t index, const double *values, size_t count) {
  contract_trial *self = context;
  const heed_output *output;
  if (plugin != self->plugin) return;
  if (index >= plugin->output_count)
    trial_fail(self, "reported output %zu, but its descriptor has %zu", index,
               plugin->output_count);
  output = &plugin->outputs[index];
  if (count != expected_count(self, output))
    trial_fail(self, "reported %zu value%s of output %s, expected %zu", count,
               heed_plural(count), output->name, expected_count(self, output));
  if (index < 64 && (self->reported >> index & 1) != 0)
    trial_fail(self, "reported output %s twice in one call, expected once",
               output->name);
  if (index < 64) self->reported |= (uint64_t)1 << index;
  for (size_t i = 0; i < count; i++)
    if (isinf(values[i]) ||
        (isnan(values[i]) && (output->flags & HEED_MAY_BE_NAN) == 0))
      trial_fail(self, "reported %g for output %s, expected a finite number%s",
                 values[i], output->name,
                 isnan(values[i]) ? " (or the flag HEED_MAY_BE_NAN)" : "");
  trial_take(self, output->name, values, count);
}

static void report_trace(void *context, const char *series, uint64_t step,
                         double value) {
  (void)step;
  if (series == NULL) trial_fail(context, "traced a series without a name");
  trial_take_number(context, "trace", value);
}

static void report_warning(void *context, const char *plugin, const char *code,
                           const char *message) {
  (void)plugin, (void)message;
  if (code == NULL || *code == '\0')
    trial_fail(context, "warned without a code");
}

static void report_progress(void *context, double done, const char *what) {
  (void)what;
  if (!(done >= 0 && done <= 1))
    trial_fail(context, "reported progress of %g, expected 0 to 1", done);
}

void watch_serve(contract_trial *self) {
  self->sink = (host_sink){.context = self,
                           .output = report_output,
                           .trace = report_trace,
                           .warn = report_warning,
                           .progress = report_progress};
  service_open(&self->host);
  self->host.host.context = self;
  self->host.host.allocate = allocate;
  self->host.host.scratch = scratch;
  self->make_column = self->host.host.column;
  self->host.host.column = column;
  self->host.output = self->memory;
  self->host.scratch = self->scratch;
  self->threads.count = 1;
  self->host.threads = &self->threads;
  self->host.stage = "contract";
  self->host.seed = 1;
  self->host.sink = &self->sink;
}
