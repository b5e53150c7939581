/* SPDX-License-Identifier: GPL-3.0-or-later
 * Reads a table from a file with the reader of its form. */
#include "sources/log/read.h"

#include <string.h>

#include "sources/log/formats.h"
#include "sources/log/json_rows.h"
#include "sources/log/packed.h"

const char *const log_form_words[] = {
    [LOG_AUTO] = "auto",     [LOG_CSV] = "csv",      [LOG_TSV] = "tsv",
    [LOG_JSONL] = "jsonl",   [LOG_JSON] = "json",    [LOG_HDF5] = "hdf5",
    [LOG_SQLITE] = "sqlite", [LOG_PACKED] = "packed"};

log_form log_form_of(const char *path) {
  static const struct {
    const char *end;
    log_form form;
  } ends[] = {
      {".jsonl", LOG_JSONL},   {".ndjson", LOG_JSONL},   {".json", LOG_JSON},
      {".tsv", LOG_TSV},       {".tab", LOG_TSV},        {".h5", LOG_HDF5},
      {".hdf5", LOG_HDF5},     {".nc", LOG_HDF5},        {".db", LOG_SQLITE},
      {".sqlite", LOG_SQLITE}, {".sqlite3", LOG_SQLITE}, {".heed", LOG_PACKED}};
  static const char *const packed[] = {".gz", ".zst"};
  size_t length = strlen(path);
  for (size_t i = 0; i < sizeof packed / sizeof *packed; i++) {
    const size_t tail = strlen(packed[i]);
    if (length > tail && strcmp(path + length - tail, packed[i]) == 0) {
      length -= tail;
      break;
    }
  }
  for (size_t i = 0; i < sizeof ends / sizeof *ends; i++) {
    const size_t tail = strlen(ends[i].end);
    if (length > tail && strncmp(path + length - tail, ends[i].end, tail) == 0)
      return ends[i].form;
  }
  return LOG_CSV;
}

/* A path with quotes would end those of the line. */
static heed_status refuse_parquet(const log_job *job) {
  const bool fits = strpbrk(job->path, "'\"\\") == NULL;
  const char *path = fits ? job->path : "FILE.parquet";
  return log_fail(job->error, HEED_INVALID,
                  "%s: the file is a Parquet file; convert it to JSON Lines: "
                  "python3 -c 'import duckdb; "
                  "duckdb.sql(\"COPY (FROM \\\"%s\\\") TO \\\"%s.jsonl\\\"\")'",
                  job->path, path, path);
}

/* Names a form of file that often stands in for a text file. */
static heed_status refuse_other_forms(const log_job *job,
                                      const log_input *input) {
  static const struct {
    const char *start, *what;
  } forms[] = {
      {"\xFF\xFE", "UTF-16 text; save it as UTF-8"},
      {"\xFE\xFF", "UTF-16 text; save it as UTF-8"},
      {"PK\x03\x04",
       "a ZIP archive or a spreadsheet; export it as "
       "CSV"},
      {"\x89HDF", "an HDF5 file; set source.format = \"hdf5\""},
      {PACKED_MAGIC, "a packed log; set source.format = \"packed\""},
      {"SQLite format 3",
       "an SQLite database; set source.format = \"sqlite\" and source.query"}};
  for (size_t i = 0; i < sizeof forms / sizeof *forms; i++) {
    const size_t size = strlen(forms[i].start);
    if (input->length >= size &&
        memcmp(input->bytes, forms[i].start, size) == 0)
      return log_fail(job->error, HEED_INVALID, "%s: the file is %s", job->path,
                      forms[i].what);
  }
  if (input->length >= 4 && memcmp(input->bytes, "PAR1", 4) == 0)
    return refuse_parquet(job);
  return HEED_OK;
}

static heed_status read_text(log_job *job, const log_read_options *options,
                             log_form form) {
  log_input input;
  heed_status status = log_input_open(&input, job->path, job->error);
  if (status == HEED_OK && input.length == 0)
    status =
        heed_fail(job->error, HEED_INVALID, "%s: the file is empty", job->path);
  if (status == HEED_OK) status = refuse_other_forms(job, &input);
  if (status == HEED_OK)
    status = form == LOG_CSV   ? log_read_csv(job, &input, ',')
             : form == LOG_TSV ? log_read_csv(job, &input, '\t')
                               : log_read_json(job, &input, options->items);
  log_input_close(&input);
  return status;
}

/* ---- tables whose rows are records ---- */

typedef struct record_reader {
  log_job *job;  /* gets the rows */
  log_job table; /* has the records */
  json_rows rows;
} record_reader;

/* All columns that have a name. */
static heed_status choose_all(log_job *job, const char *const *names,
                              size_t count) {
  heed_memory memory = {job->host, false};
  log_wanted *wanted = heed_scratch(&memory, count, sizeof *wanted);
  if (memory.refused) return heed_no_memory(job->error);
  for (size_t i = 0; i < count; i++)
    if (*names[i] != '\0') wanted[i] = (log_wanted){.name = names[i]};
  job->wanted = wanted;
  job->width = count;
  return HEED_OK;
}

static json_t *cell_of(const record_reader *self, log_text cell) {
  json_t *value = NULL;
  if (cell.bytes == NULL) return json_null();
  /* A database keeps its lists and objects as texts. */
  if (self->table.unit[0] == 'r' && cell.length > 0 &&
      (*cell.bytes == '{' || *cell.bytes == '['))
    value = json_loadb(cell.bytes, cell.length, 0, NULL);
  return value != NULL ? value : json_stringn(cell.bytes, cell.length);
}

static heed_status take_record(void *context, const log_row *row) {
  record_reader *self = context;
  json_t *record = json_object();
  heed_status status = HEED_OK;
  for (size_t i = 0; i < self->table.width && status == HEED_OK; i++)
    if (self->table.wanted[i].name != NULL &&
        json_object_set_new(record, self->table.wanted[i].name,
                            cell_of(self, row->cells[i])) != 0)
      status = heed_no_memory(self->job->error);
  if (status == HEED_OK)
    status = json_take_record(&self->rows, record, row->line);
  json_decref(record);
  return status;
}

static heed_status read_records(log_job *job, const log_read_options *options) {
  record_reader self = {.job = job, .table = *job};
  log_read_options plain = *options;
  heed_status status = json_rows_open(&self.rows, job, NULL);
  if (status != HEED_OK) return status;
  self.table.sample = NULL;
  self.table.preset = NULL;
  self.table.choose = choose_all;
  self.table.sink = (log_sink){take_record, NULL, &self};
  plain.takes_records = false;
  status = log_read(&self.table, &plain);
  job->unit = self.table.unit;
  job->cut = log_is_part(&self.table);
  return status;
}

heed_status log_read(log_job *job, const log_read_options *options) {
  const log_form form =
      options->form == LOG_AUTO ? log_form_of(job->path) : options->form;
  job->count = 0;
  job->cut = false;
  job->unit = "line";
  if (options->takes_records &&
      (form == LOG_CSV || form == LOG_TSV || form == LOG_SQLITE))
    return read_records(job, options);
  if (form == LOG_HDF5) return log_read_hdf5(job);
  if (form == LOG_SQLITE) return log_read_sqlite(job, options->query);
  if (form == LOG_PACKED)
    return heed_fail(job->error, HEED_INVALID,
                     "%s: a packed log, which cannot be one of several files "
                     "or the file of a judge",
                     job->path);
  return read_text(job, options, form);
}
