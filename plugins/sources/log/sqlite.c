/* SPDX-License-Identifier: GPL-3.0-or-later
 * The rows of a query to an SQLite database, which stays as it is.  The
 * database and the query may be somebody else's: nothing but reading is
 * allowed, and no function of an extension. */
#include <sqlite3.h>
#include <stdlib.h>

#include "sources/log/formats.h"
#include "sources/log/names.h"

typedef struct sqlite_reader {
  log_job *job;
  sqlite3 *database;
  sqlite3_stmt *query;
  int *position; /* column of each wanted name */
  log_text *cells;
  char (*numbers)[LOG_NUMBER_SIZE];
} sqlite_reader;

static heed_status fails(const sqlite_reader *self, const char *what) {
  return log_fail(self->job->error, HEED_INVALID, "%s: %s: %s", self->job->path,
                  what,
                  self->database == NULL ? "out of memory"
                                         : sqlite3_errmsg(self->database));
}

static int allow(void *context, int action, const char *one, const char *two,
                 const char *three, const char *four) {
  (void)context;
  (void)one;
  (void)three;
  (void)four;
  if (action == SQLITE_FUNCTION)
    return strcmp(two, "load_extension") == 0 ? SQLITE_DENY : SQLITE_OK;
  return action == SQLITE_SELECT || action == SQLITE_READ ||
                 action == SQLITE_RECURSIVE
             ? SQLITE_OK
             : SQLITE_DENY;
}

static int is_cancelled(void *context) {
  const heed_host *host = context;
  return host->cancelled(host);
}

/* The path as a URI: only so a database opens without a write to its folder.
 */
static char *uri_of(const char *path, const char *options) {
  const size_t length = strlen(path);
  char *uri = malloc(3 * length + strlen(options) + 16), *at = uri;
  if (uri == NULL) return NULL;
  at += sprintf(at, "file:");
  for (size_t i = 0; i < length; i++)
    at += strchr("%?#", path[i]) == NULL ? sprintf(at, "%c", path[i])
                                         : sprintf(at, "%%%02X", path[i]);
  (void)sprintf(at, "?%s", options);
  return uri;
}

/* A database with a write-ahead log needs a second file beside it; where that
 * cannot be made, it is read as if nothing would change it. */
static heed_status open_database(sqlite_reader *self) {
  static const char *const options[] = {"mode=ro", "mode=ro&immutable=1"};
  int code = SQLITE_ERROR;
  for (size_t i = 0; i < 2 && code != SQLITE_OK; i++) {
    char *uri = uri_of(self->job->path, options[i]);
    if (uri == NULL) return heed_no_memory(self->job->error);
    (void)sqlite3_close(self->database);
    code = sqlite3_open_v2(
        uri, &self->database,
        SQLITE_OPEN_READONLY | SQLITE_OPEN_URI | SQLITE_OPEN_PRIVATECACHE,
        NULL);
    free(uri);
    if (code == SQLITE_OK)
      code = sqlite3_exec(self->database, "PRAGMA schema_version", NULL, NULL,
                          NULL);
  }
  if (code != SQLITE_OK) return fails(self, "cannot read the database");
  (void)sqlite3_db_config(self->database, SQLITE_DBCONFIG_DEFENSIVE, 1, NULL);
  (void)sqlite3_db_config(self->database, SQLITE_DBCONFIG_TRUSTED_SCHEMA, 0,
                          NULL);
  (void)sqlite3_set_authorizer(self->database, allow, NULL);
  sqlite3_progress_handler(self->database, 10000, is_cancelled,
                           (void *)(uintptr_t)self->job->host);
  return HEED_OK;
}

static heed_status prepare(sqlite_reader *self, const char *query) {
  const char *rest = NULL;
  if (sqlite3_prepare_v2(self->database, query, -1, &self->query, &rest) !=
      SQLITE_OK)
    return fails(self, "source.query");
  if (self->query == NULL || !log_is_blank(log_text_of(rest)))
    return log_fail(self->job->error, HEED_INVALID,
                    "%s: source.query: expected one SELECT", self->job->path);
  if (sqlite3_stmt_readonly(self->query) == 0)
    return log_fail(self->job->error, HEED_INVALID,
                    "%s: source.query: expected a SELECT, which changes "
                    "nothing",
                    self->job->path);
  return HEED_OK;
}

static heed_status find_columns(sqlite_reader *self) {
  heed_memory memory = {self->job->host, false};
  const size_t count = (size_t)sqlite3_column_count(self->query);
  const char **names = heed_scratch(&memory, count, sizeof *names);
  if (memory.refused) return heed_no_memory(self->job->error);
  for (size_t i = 0; i < count; i++) {
    names[i] = sqlite3_column_name(self->query, (int)i);
    if (names[i] == NULL) return heed_no_memory(self->job->error);
  }
  if (self->job->choose != NULL) {
    const heed_status status = self->job->choose(self->job, names, count);
    if (status != HEED_OK) return status;
  }
  self->position =
      heed_scratch(&memory, self->job->width, sizeof *self->position);
  self->cells = heed_scratch(&memory, self->job->width, sizeof *self->cells);
  self->numbers =
      heed_scratch(&memory, self->job->width, sizeof *self->numbers);
  if (memory.refused) return heed_no_memory(self->job->error);
  for (size_t i = 0; i < self->job->width; i++) {
    const char *name = self->job->wanted[i].name;
    size_t found = 0;
    if (name == NULL) continue;
    while (found < count && strcmp(names[found], name) != 0) found++;
    if (found == count)
      return log_no_column(self->job->path, name, names, count,
                           self->job->error);
    self->position[i] = (int)found;
  }
  return HEED_OK;
}

HEED_PRINTF(3, 4)
static heed_status fault(const sqlite_reader *self, size_t row,
                         const char *format, ...) {
  char what[HEED_MESSAGE_SIZE];
  va_list arguments;
  va_start(arguments, format);
  (void)vsnprintf(what, sizeof what, format, arguments);
  va_end(arguments);
  return log_fault(self->job->faults, self->job->path, row, self->job->error,
                   "%s", what);
}

static void take_cell(sqlite_reader *self, size_t column) {
  const int at = self->position[column];
  log_text *cell = &self->cells[column];
  char *number = self->numbers[column];
  *cell = (log_text){NULL, 0, false};
  switch (sqlite3_column_type(self->query, at)) {
    case SQLITE_NULL:
      break;
    case SQLITE_FLOAT:
      log_number_text(sqlite3_column_double(self->query, at), false, number);
      *cell = log_text_of(number);
      break;
    default:
      cell->bytes = (const char *)sqlite3_column_text(self->query, at);
      cell->length = (size_t)sqlite3_column_bytes(self->query, at);
      if (cell->bytes == NULL) cell->bytes = "";
      break;
  }
}

static heed_status take_row(sqlite_reader *self, size_t row) {
  const log_wanted *wanted = self->job->wanted;
  for (size_t i = 0; i < self->job->width; i++) {
    self->cells[i] = (log_text){NULL, 0, false};
    if (wanted[i].name == NULL) continue;
    take_cell(self, i);
    if (sqlite3_errcode(self->database) == SQLITE_NOMEM)
      return heed_no_memory(self->job->error);
    if (log_not_utf8(self->cells[i].bytes, self->cells[i].length) <
        self->cells[i].length)
      return fault(self, row,
                   "column \"%s\": the text holds a NUL or is not "
                   "UTF-8",
                   wanted[i].name);
  }
  return log_send(self->job, self->cells, row);
}

static heed_status take_rows(sqlite_reader *self) {
  heed_status status = HEED_OK;
  int code = SQLITE_ROW;
  for (size_t row = 1; status == HEED_OK && !log_has_enough(self->job); row++) {
    code = sqlite3_step(self->query);
    if (code != SQLITE_ROW) break;
    status = take_row(self, row);
  }
  self->job->cut = code == SQLITE_ROW;
  if (code == SQLITE_INTERRUPT)
    return heed_fail(self->job->error, HEED_CANCELLED, "cancelled");
  if (code != SQLITE_ROW && code != SQLITE_DONE)
    return fails(self, "source.query");
  return status;
}

heed_status log_read_sqlite(log_job *job, const char *query) {
  sqlite_reader self = {.job = job};
  heed_status status;
  job->unit = "row";
  if (query == NULL)
    return heed_fail(job->error, HEED_INVALID,
                     "%s: an SQLite database needs source.query, a SELECT "
                     "whose columns are those of the log",
                     job->path);
  status = open_database(&self);
  if (status == HEED_OK) status = prepare(&self, query);
  if (status == HEED_OK) status = find_columns(&self);
  if (status == HEED_OK) status = take_rows(&self);
  (void)sqlite3_finalize(self.query);
  (void)sqlite3_close(self.database);
  return status;
}
