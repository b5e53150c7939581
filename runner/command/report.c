/* SPDX-License-Identifier: GPL-3.0-or-later
 * heed report: makes an HTML page of a result. */
#include "report/report.h"

#include <stdlib.h>
#include <string.h>

#include "command.h"
#include "files/file.h"
#include "spare.h"
#include "standard.h"
#include "tell.h"

/* F.html for F.h5. */
static char *beside(const char *path) {
  const size_t length = strlen(path);
  const bool ends = length > 3 && strcmp(path + length - 3, ".h5") == 0;
  return file_name("%.*s.html", (int)(ends ? length - 3 : length), path);
}

static heed_status write_page(const command_arguments *given,
                              view_result *result, const output_target *output,
                              heed_error *error) {
  const report_options options = {.metrics = given->metrics.texts,
                                  .metric_count = given->metrics.count,
                                  .x = given->x,
                                  .lines = given->lines,
                                  .threshold = given->threshold,
                                  .alpha = given->alpha,
                                  .pseudonyms = given->pseudonyms,
                                  .cell = given->cell};
  if (given->cell != COMMAND_NONE &&
      given->cell >= plan_cell_count(result->plan))
    return heed_fail(error, HEED_INVALID,
                     "%s: unknown cell %zu; expected a number below %zu",
                     result->path, given->cell, plan_cell_count(result->plan));
  char *page = NULL;
  size_t length = 0;
  heed_status status = report_make(result, &options, &page, &length, error);
  if (status == HEED_OK) status = standard_put(output, page, length, error);
  /* The page itself may have gone to standard output. */
  if (status == HEED_OK && output->is_file) printf("%s\n", output->named);
  free(page);
  return status;
}

static heed_status write_beside(const command_arguments *given,
                                view_result *result, heed_error *error) {
  char *own = given->output == NULL ? beside(given->file) : NULL;
  const char *named = given->output == NULL ? own : given->output;
  output_target output;
  heed_status status;
  if (named == NULL) return heed_no_memory(error);
  status = spare_find_text(named, given->file, given->pseudonyms, result->plan,
                           &output, error);
  if (status == HEED_OK) status = write_page(given, result, &output, error);
  output_free(&output);
  free(own);
  return status;
}

int command_report(const command_arguments *given) {
  view_result result;
  heed_error error;
  heed_status status = tell_open(given->file, &result, &error);
  if (status != HEED_OK) return command_error(&error);
  status = write_beside(given, &result, &error);
  view_result_close(&result);
  return status == HEED_OK ? EXIT_DONE : command_error(&error);
}
