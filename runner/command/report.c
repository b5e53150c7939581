/* SPDX-License-Identifier: GPL-3.0-or-later
 * heed report: a result as a page to read and to hand on. */
#include "report/report.h"

#include <stdlib.h>
#include <string.h>

#include "command.h"
#include "storage/file.h"

static const char help_text[] =
    "heed report F.h5 -o report.html [--metric NAME]… [--x AXIS] "
    "[--lines AXIS]\n\n"
    "Makes one page of HTML that needs nothing else: a figure a metric, the\n"
    "numbers, signatures of failure, failures, warnings, provenance and the\n"
    "sweep. Figures are drawn by gnuplot.\n\n"
    "  -o FILE        where to; without it, beside the result: F.html\n"
    "  --metric NAME  only this one; may be given again. Without it, those of\n"
    "                 evaluation that vary\n"
    "  --x AXIS       what runs along x; without it the longest axis of "
    "numbers,\n"
    "                 or else of names\n"
    "  --lines AXIS   what lines tell apart, 8 values at most\n\n"
    "Further axes make small multiples; beyond 24 of them the longest are\n"
    "averaged over.\n";

typedef struct report_command {
  const char *path, *output;
  report_options page;
} report_command;

static int read_options(report_command *self, int argc, char **argv) {
  for (int i = 1; i < argc; i++) {
    const char **target = strcmp(argv[i], "-o") == 0        ? &self->output
                          : strcmp(argv[i], "--x") == 0     ? &self->page.x
                          : strcmp(argv[i], "--lines") == 0 ? &self->page.lines
                          : strcmp(argv[i], "--metric") == 0
                              ? &self->page.metrics[self->page.metric_count]
                              : NULL;
    if (target != NULL && argv[i + 1] == NULL)
      return command_usage("report", "%s: a name must follow", argv[i]);
    if (target != NULL) {
      self->page.metric_count += argv[i][2] == 'm';
      *target = argv[++i];
    } else if (argv[i][0] == '-') {
      return command_usage("report", "%s: there is no such option", argv[i]);
    } else if (self->path != NULL) {
      return command_usage("report", "%s: only one file at a time", argv[i]);
    } else {
      self->path = argv[i];
    }
  }
  return EXIT_DONE;
}

/* F.h5 gives F.html. */
static char *beside(const char *path) {
  const size_t length = strlen(path);
  const bool ends = length > 3 && strcmp(path + length - 3, ".h5") == 0;
  return file_name("%.*s.html", (int)(ends ? length - 3 : length), path);
}

static heed_status write_page(const report_command *self, view_result *result,
                              heed_error *error) {
  char *own = self->output == NULL ? beside(self->path) : NULL;
  const char *output = self->output == NULL ? own : self->output;
  char *page = NULL;
  size_t length = 0;
  heed_status status =
      output == NULL ? heed_no_memory(error)
                     : report_make(result, &self->page, &page, &length, error);
  if (status == HEED_OK) status = file_write(output, page, length, error);
  if (status == HEED_OK) printf("%s\n", output);
  free(page);
  free(own);
  return status;
}

static int make(const report_command *self) {
  view_result result;
  heed_error error;
  heed_status status = result_open(self->path, &result, &error);
  if (status != HEED_OK) return command_error(&error);
  status = write_page(self, &result, &error);
  result_close(&result);
  return status == HEED_OK ? EXIT_DONE : command_error(&error);
}

int command_report(const command_common *common, int argc, char **argv) {
  report_command self = {0};
  int status = EXIT_FAILED;
  (void)common;
  if (argc == 2 && strcmp(argv[1], "--help") == 0) {
    (void)fputs(help_text, stdout);
    return EXIT_DONE;
  }
  self.page.metrics = calloc((size_t)argc + 1, sizeof *self.page.metrics);
  if (self.page.metrics != NULL) status = read_options(&self, argc, argv);
  if (status == EXIT_DONE)
    status =
        self.path != NULL
            ? make(&self)
            : command_usage("report", "which result file? heed report F.h5");
  free(self.page.metrics);
  return status;
}
