/* SPDX-License-Identifier: GPL-3.0-or-later
 * What the steps of reading a log share: its files, and the memory of a
 * reading. */
#include "sources/log/reading.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

heed_status log_row_fault(log_reading *self, const char *format, ...) {
  char what[HEED_MESSAGE_SIZE];
  va_list arguments;
  va_start(arguments, format);
  (void)vsnprintf(what, sizeof what, format, arguments);
  va_end(arguments);
  return log_fault(&self->faults, self->job.path, self->line, self->error, "%s",
                   what);
}

/* Those that are read. */
static size_t file_count(const log_reading *self) {
  return self->is_packed ? 0 : self->settings->values[PATH].count;
}

size_t log_file_count(const log_reading *self) {
  return self->packed_file_count + file_count(self);
}

const char *log_path(const log_reading *self, size_t file) {
  if (file < self->packed_file_count) return self->packed_files[file];
  return self->settings->values[PATH]
      .items[file - self->packed_file_count]
      .text;
}

size_t log_file_of(const log_reading *self, size_t annotation) {
  size_t file = 0;
  while (file + 1 < log_file_count(self) && self->begin[file + 1] <= annotation)
    file++;
  return file;
}

/* ---- memory ---- */

/* What is wanted of each row: the columns, the differences, the covariates, the
 * columns of omissions. */
static void want(log_reading *self) {
  const log_settings *settings = self->settings;
  const heed_value *differences = &settings->values[DIFFERENCE];
  log_wanted *next = self->wanted;
  for (size_t i = 0; i < COLUMN_COUNT; i++)
    *next++ = (log_wanted){
        .name = settings->column[i],
        .use = i == P || i == TIME ? LOG_AS_NUMBER
               : i == PROMPT || i == LEFT_TEXT || i == RIGHT_TEXT ? LOG_AS_TEXT
                                                                  : LOG_AS_ID};
  for (size_t i = 0; i < differences->count; i++)
    *next++ =
        (log_wanted){.name = differences->items[i].text, .use = LOG_AS_NUMBER};
  for (size_t i = 0; i < settings->covariate_count; i++)
    *next++ = (log_wanted){.name = settings->covariates[i].column,
                           .use = LOG_AS_NUMBER,
                           .optional = true};
  for (size_t i = 0; i < settings->omission_count; i++)
    *next++ = (log_wanted){.name = settings->omissions[i].column,
                           .use = LOG_AS_ID,
                           .optional = true};
}

heed_status log_open_reading(log_reading *self) {
  const log_settings *settings = self->settings;
  heed_memory memory = {self->host, false};
  self->features = settings->values[DIFFERENCE].count;
  self->width = COLUMN_COUNT + self->features + settings->covariate_count +
                settings->omission_count;
  self->wanted = heed_scratch(&memory, self->width, sizeof *self->wanted);
  self->begin = heed_scratch_sizes(&memory, file_count(self) + 1);
  self->has_words = heed_scratch(&memory, settings->covariate_count, 1);
  self->pool.memory = memory;
  log_hash_open(&self->hash);
  log_names_open(&self->everyone, &self->pool);
  log_names_open(&self->models, &self->pool);
  log_names_open(&self->topics, &self->pool);
  log_names_open(&self->prompts, &self->pool);
  log_names_open(&self->words, &self->pool);
  log_names_open(&self->pairs.names, &self->pool);
  if (memory.refused) return heed_no_memory(self->error);
  want(self);
  return HEED_OK;
}

void log_close_reading(log_reading *self) {
  log_annotations *all = &self->all;
  log_pairs *pairs = &self->pairs;
  void *arrays[] = {all->user,
                    all->pair,
                    all->line,
                    all->row,
                    all->choice,
                    all->left,
                    all->p,
                    all->time,
                    all->covariate,
                    all->word,
                    pairs->model_a,
                    pairs->model_b,
                    pairs->topic,
                    pairs->line,
                    pairs->file,
                    pairs->gold,
                    pairs->difference,
                    pairs->hash,
                    (void *)pairs->text,
                    pairs->text_row,
                    pairs->prompt,
                    pairs->text_turned,
                    pairs->messages,
                    self->order,
                    self->user_number,
                    self->turn};
  for (size_t i = 0; i < sizeof arrays / sizeof *arrays; i++) free(arrays[i]);
  log_names_close(&self->everyone);
  log_names_close(&self->models);
  log_names_close(&self->topics);
  log_names_close(&self->prompts);
  log_names_close(&self->words);
  log_names_close(&pairs->names);
}

static uint64_t bytes_of_names(const log_names *names) {
  return names->room * sizeof *names->text +
         (names->mask + 1) * sizeof *names->slots;
}

uint64_t log_bytes(const log_reading *self) {
  const log_annotations *all = &self->all;
  const log_pairs *pairs = &self->pairs;
  const size_t covariates = self->settings->covariate_count;
  size_t annotation = sizeof *all->user + sizeof *all->pair +
                      sizeof *all->line + sizeof *all->choice +
                      sizeof *all->left;
  size_t pair = sizeof *pairs->line + self->features * sizeof(double);
  if (all->p != NULL) annotation += sizeof *all->p;
  if (all->time != NULL) annotation += sizeof *all->time;
  annotation += covariates * (sizeof *all->covariate + sizeof *all->word);
  if (pairs->file != NULL) pair += sizeof *pairs->file;
  if (pairs->model_a != NULL) pair += 2 * sizeof *pairs->model_a;
  if (pairs->topic != NULL) pair += sizeof *pairs->topic;
  if (pairs->gold != NULL) pair += sizeof *pairs->gold;
  if (pairs->hash != NULL)
    pair += TEXT_COUNT * sizeof *pairs->hash + sizeof *pairs->text_row + 2;
  return all->room * annotation + pairs->room * pair + self->pool.taken +
         (pairs->names.pool == &self->pool ? 0 : pairs->names.pool->taken) +
         bytes_of_names(&self->everyone) + bytes_of_names(&pairs->names) +
         bytes_of_names(&self->models) + bytes_of_names(&self->topics) +
         bytes_of_names(&self->words);
}

/* ---- files ---- */

static log_job job_of(const log_reading *self, size_t file) {
  return (log_job){.host = self->host,
                   .path = self->settings->values[PATH].items[file].text,
                   .wanted = self->wanted,
                   .width = self->width,
                   .most = self->most,
                   .preset = self->settings->preset,
                   .error = self->error};
}

heed_status log_read_again(const log_reading *self, log_sink sink) {
  heed_status status = HEED_OK;
  log_faults faults = {.host = self->host, .silent = true};
  for (size_t i = 0; status == HEED_OK && i < file_count(self); i++) {
    log_job job = job_of(self, i);
    job.faults = &faults;
    job.sink = sink;
    status = log_read(&job, &self->settings->read);
  }
  return status;
}

static size_t next_row(const log_reading *self) {
  return self->divert != NULL ? (size_t)(self->row + 1) : self->all.count;
}

heed_status log_read_files(log_reading *self, log_sink sink) {
  heed_status status = HEED_OK;
  for (size_t i = 0; status == HEED_OK && i < file_count(self); i++) {
    self->file = self->packed_file_count + i;
    self->begin[self->file] = next_row(self);
    self->job = job_of(self, i);
    self->job.faults = &self->faults;
    self->job.sink = sink;
    self->job.asides = &self->asides;
    status = log_read(&self->job, &self->settings->read);
    self->is_part = self->is_part || log_is_part(&self->job);
  }
  self->begin[log_file_count(self)] = next_row(self);
  return status;
}
