/* SPDX-License-Identifier: GPL-3.0-or-later
 * The source of real users: an annotation log.
 *
 * A row is one annotation: a user, a pair and a choice.  Choices name a
 * response ("A") or a side ("left"); the position column maps a side to a
 * response. Without it, A is the left response. docs/annotation-logs.md is the
 * guide. */
#include "sources/log/guess.h"
#include "sources/log/packed_save.h"
#include "sources/log/presets.h"
#include "sources/log/reading.h"

/* `set aside 12 records without a comparison: 5 without an answer, …` */
static void report_asides(const log_reading *self) {
  const log_asides *asides = &self->asides;
  const log_shape *shape = self->settings->shape;
  char list[HEED_MESSAGE_SIZE / 2] = "";
  for (size_t i = 0; i < asides->reasons; i++)
    log_add(list, sizeof list, "%s%zu %s", i == 0 ? "" : ", ", asides->count[i],
            asides->reason[i]);
  if (asides->total > 0)
    log_warn(self->host, "rows_set_aside",
             "set aside %zu record%s without a comparison: %s", asides->total,
             heed_plural(asides->total), list);
  if (shape != NULL && shape->warning != NULL)
    self->host->warn(self->host, shape->code, "%s", shape->warning);
}

static int64_t count_annotations(const heed_table *annotations) {
  const int64_t *count = heed_table_data(annotations, "count", HEED_INT64);
  int64_t sum = 0;
  for (size_t i = 0; i < annotations->rows; i++) sum += heed_count_at(count, i);
  return sum;
}

/* One answer does not show who pays attention, whatever a fit makes of it. */
static void report_single_answers(const log_reading *self) {
  const log_settings *settings = self->settings;
  const bool of_rows = settings->users == USERS_ROWS;
  const char *why = "no user has two annotations";
  const bool of_all =
      count_annotations(self->world->annotations) == (int64_t)self->user_count;
  if (self->user_count < 2 || (!of_rows && (self->is_part || !of_all))) return;
  if (of_rows) why = "each row is a user of its own (users = \"rows\")";
  if (of_rows && settings->shape != NULL && settings->shape->nobody != NULL)
    why = settings->shape->nobody;
  log_warn(self->host, "not_identified",
           "%s; one answer does not show who pays attention: eta-hat and "
           "everything computed from it are guesses; raw strengths do not "
           "depend on it",
           why);
}

static void report(const log_reading *self) {
  const double values[] = {
      [OUT_ROWS] = (double)self->row_count,
      [OUT_SKIPPED] = (double)self->faults.count,
      [OUT_OMITTED] = (double)self->omitted_count,
      [OUT_TIES] = (double)self->tie_count,
      [OUT_DUPLICATES] = (double)self->duplicate_count,
      [OUT_USERS] = (double)self->user_count,
      [OUT_PAIRS] = (double)self->pairs.names.count,
      [OUT_MODELS] = (double)self->models.count,
      [OUT_ASIDE] = (double)self->asides.total,
      [OUT_ONLY_TIES] = (double)self->only_ties,
  };
  for (size_t i = 0; i < sizeof values / sizeof *values; i++)
    self->host->output(self->host, i, &values[i], 1);
  report_asides(self);
  report_single_answers(self);
  if (self->faults.count > 0)
    self->host->warn(self->host, "rows_skipped", "skipped %zu malformed row%s",
                     self->faults.count, heed_plural(self->faults.count));
  if (self->only_ties > 0 && !self->is_part)
    self->host->warn(self->host, "users_only_ties",
                     "%zu of %zu users only tie; they are dropped with their "
                     "ties (source.ties = \"keep\" keeps them)",
                     self->only_ties, self->only_ties + self->user_count);
  if (self->duplicate_count == 0) return;
  if (self->settings->duplicates == DUPLICATES_KEEP)
    self->host->warn(
        self->host, "duplicates_kept",
        "kept %zu repeated annotation%s; fits count each as new evidence, so "
        "standard errors are too small if rows were exported twice",
        self->duplicate_count, heed_plural(self->duplicate_count));
  else
    self->host->warn(self->host, "duplicates_dropped",
                     "dropped %zu repeated annotation%s", self->duplicate_count,
                     heed_plural(self->duplicate_count));
}

static heed_status take_counts(log_reading *reading, log_settings *settings,
                               bool is_packed) {
  heed_status status = HEED_OK;
  if (!is_packed)
    return log_fail(reading->error, HEED_UNSUPPORTED,
                    "%s: annotations = \"counts\" needs a packed log, which "
                    "heed pack makes",
                    log_path(reading, 0));
  status = packed_count(reading, settings);
  if (status == HEED_OK) report(reading);
  return status;
}

/* Each step needs the one before. */
static heed_status take_steps(log_reading *reading, log_settings *settings) {
  bool is_packed = false;
  heed_status status = packed_is_source(settings, &is_packed, reading->error);
  if (status == HEED_OK) status = log_open_reading(reading);
  if (status == HEED_OK &&
      settings->values[ANNOTATIONS].integer == ANNOTATIONS_COUNTS)
    return take_counts(reading, settings, is_packed);
  if (status == HEED_OK)
    status =
        is_packed ? packed_load(reading, settings) : log_read_rows(reading);
  if (status == HEED_OK) status = log_order_annotations(reading);
  if (status == HEED_OK) status = log_make_annotations(reading);
  if (status == HEED_OK) status = log_make_pairs(reading);
  if (status == HEED_OK) status = log_make_prompts(reading);
  if (status == HEED_OK) status = log_make_names(reading);
  if (status == HEED_OK) status = log_make_verdicts(reading);
  if (status == HEED_OK) report(reading);
  return status;
}

/* A host that does not say may have stages that read texts. */
static bool loads_texts(const heed_host *host) {
  const bool *wanted = host->extension(host, HEED_TEXTS);
  return wanted == NULL || *wanted;
}

/* With what the preset says of the files. */
static heed_status settle(const heed_value *values, log_reading *reading,
                          log_settings **settings) {
  heed_status status =
      log_settle(reading->host, values, settings, reading->error);
  reading->settings = *settings;
  bool is_packed = false;
  if (status == HEED_OK)
    status = packed_is_source(*settings, &is_packed, reading->error);
  if (status == HEED_OK && is_packed && !values[DUPLICATES].given)
    (*settings)->duplicates = log_preset_duplicates(values);
  if (status == HEED_OK && !is_packed && log_preset_of(values) != PRESET_NONE)
    status = log_settle_preset(reading->host, *settings, reading->error);
  return status == HEED_OK ? log_check_settings(*settings, reading->error)
                           : status;
}

/* Of the first rows of each file; most = SIZE_MAX: of all. */
static heed_status make_of(const heed_value *values, const heed_host *host,
                           size_t most, heed_world *world, heed_error *error) {
  log_reading reading = {
      .host = host,
      .world = world,
      .error = error,
      .most = most,
      .loads_texts = loads_texts(host),
      .faults = {.host = host,
                 .skip = values[MALFORMED].integer == MALFORMED_SKIP}};
  log_settings *settings = NULL;
  heed_status status = settle(values, &reading, &settings);
  if (status == HEED_OK) status = take_steps(&reading, settings);
  log_close_reading(&reading);
  return status;
}

static heed_status make(void *self, const heed_host *host, heed_world *world,
                        heed_error *error) {
  return make_of(self, host, SIZE_MAX, world, error);
}

static heed_status check(void *self, const heed_host *host, size_t rows,
                         heed_error *error) {
  heed_world world = {.size = sizeof world};
  log_settings *settings = NULL;
  bool is_packed = false;
  heed_status status = log_settle(host, self, &settings, error);
  if (status == HEED_OK) status = packed_is_source(settings, &is_packed, error);
  if (status != HEED_OK) return status;
  if (is_packed) {
    bool load = false;
    status = packed_inspect(settings, host, rows, &load, error);
    if (status != HEED_OK || !load) return status;
  }
  return make_of(self, host, rows, &world, error);
}

static heed_status pack(void *self, const heed_host *host,
                        const heed_packing *packing, heed_error *error) {
  return log_pack(self, host, packing, error);
}

static heed_status texts(void *self, const heed_host *host, size_t count,
                         const int64_t *rows, heed_take_texts *take,
                         void *context, heed_error *error) {
  log_reading reading = {.host = host, .error = error, .most = SIZE_MAX};
  log_settings *settings = NULL;
  bool is_packed = false;
  heed_status status = settle(self, &reading, &settings);
  if (status == HEED_OK) status = packed_is_source(settings, &is_packed, error);
  if (status == HEED_OK && is_packed)
    return heed_fail(error, HEED_UNSUPPORTED,
                     "%s: a packed log has no texts; let source.path name the "
                     "log that was packed",
                     log_path(&reading, 0));
  if (status == HEED_OK)
    status = log_read_texts(&reading, count, rows, take, context);
  log_close_reading(&reading);
  return status;
}

static heed_status create(const heed_host *host, const heed_value *values,
                          void **self, heed_error *error) {
  log_settings *settings = NULL;
  const heed_status status = log_settle(host, values, &settings, error);
  if (status != HEED_OK) return status;
  *self = (void *)(uintptr_t)values;
  return HEED_OK;
}

static bool may_be_packed(const heed_value *values) {
  const log_form form = (log_form)values[FORMAT].integer;
  return form == LOG_PACKED ||
         (form == LOG_AUTO && values[PATH].count == 1 &&
          log_form_of(values[PATH].items[0].text) == LOG_PACKED);
}

static void outline(const void *self, heed_outline *outline) {
  const heed_value *values = self;
  const heed_value *named = values[COLUMNS].items;
  /* A packed log has columns that the sweep need not name. */
  const heed_knowledge otherwise =
      may_be_packed(values) || log_preset_of(values) != PRESET_NONE
          ? HEED_UNKNOWN
          : HEED_NO;
  outline->models = named[LEFT_MODEL].given ? HEED_YES : otherwise;
  outline->p = named[P].given          ? HEED_YES
               : may_be_packed(values) ? HEED_UNKNOWN
                                       : HEED_NO;
  outline->gap = HEED_NO;
  if (values[ANNOTATIONS].integer != ANNOTATIONS_COUNTS) return;
  outline->models = named[LEFT_MODEL].given ? HEED_YES : HEED_NO;
  outline->p = HEED_NO;
  outline->counts = HEED_YES;
}

static const heed_source_functions functions = {
    .size = sizeof functions,
    .make = make,
    .outline = outline,
    .check = check,
    .guess = log_guess,
    .texts = texts,
    .pack = pack,
};

static const heed_plugin log_source = {
    .size = sizeof log_source,
    .abi = HEED_ABI,
    .kind = HEED_SOURCE,
    .name = "log",
    .version = "1.0",
    .summary = "annotations of real users, in the files that tools export",
    .flags = HEED_SAME_WORLD,
    .parameters = log_parameters,
    .parameter_count = PARAMETER_COUNT,
    .dimensions = log_dimensions,
    .dimension_count = 1,
    .outputs = log_outputs,
    .output_count = OUTPUT_COUNT,
    .create = create,
    .functions = &functions,
    .functions_size = sizeof functions,
};

static const heed_plugin *const plugins[] = {&log_source};
HEED_PLUGINS(plugins)
