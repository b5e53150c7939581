/* SPDX-License-Identifier: GPL-3.0-or-later
 * heed generate: makes documentation from the tables of the code. */
#include <stdlib.h>
#include <string.h>

#include "files/output.h"
#include "metrics.h"
#include "wording.h"

typedef void write_page(FILE *file);

static heed_status write_markdown(write_page *page, const char *output,
                                  heed_error *error) {
  char *text = NULL;
  size_t length = 0;
  FILE *file = open_memstream(&text, &length);
  heed_status status = HEED_OK;
  if (file == NULL) return heed_no_memory(error);
  page(file);
  status = fclose(file) == 0 ? output_put(output, text, length, error)
                             : heed_no_memory(error);
  free(text);
  return status;
}

int command_generate(const command_arguments *given) {
  const bool is_man = given->what == GENERATE_MAN;
  write_page *page =
      given->what == GENERATE_METRICS ? metrics_write : markdown_write;
  heed_status status = HEED_OK;
  heed_error error;
  if (is_man && given->output == NULL)
    return command_usage("generate", "missing --output FOLDER");
  if (is_man)
    status = man_write(given->output, &error);
  else if (given->output != NULL)
    status = write_markdown(page, given->output, &error);
  else
    page(stdout);
  return status == HEED_OK ? EXIT_DONE : command_error(&error);
}
