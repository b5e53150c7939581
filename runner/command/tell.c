/* SPDX-License-Identifier: GPL-3.0-or-later
 * Tells the findings about a result. */
#include "tell.h"

#include <stdlib.h>

#include "view/safe.h"

enum { MOST_LINES = 6 };

heed_status tell_open(const char *path, view_result *result,
                      heed_error *error) {
  const heed_status status = view_result_open(path, result, error);
  if (status == HEED_OK && result->edited)
    fprintf(stderr,
            "heed: warning: %s: another program has written to this file since "
            "heed made it; heed shows what it holds now\n",
            path);
  return status;
}

void tell_findings(FILE *file, const char *path, const diagnosis_finding *found,
                   size_t count) {
  if (count == 0) return;
  (void)fprintf(file, "warnings, the worst first\n");
  for (size_t i = 0; i < count && i < MOST_LINES; i++) {
    char line[FINDING_TEXT];
    diagnosis_line(&found[i], line);
    (void)fputs("  ", file);
    safe_put(file, line);
    (void)fputc('\n', file);
  }
  if (count > MOST_LINES)
    (void)fprintf(file, "  and %zu other kind%s\n", count - MOST_LINES,
                  heed_plural(count - MOST_LINES));
  (void)fprintf(file, "heed show %s has the details\n", path);
}

heed_status tell_all(view_result *result, heed_error *error) {
  diagnosis_finding *found;
  size_t count;
  const heed_status status =
      diagnosis_gather(result, SIZE_MAX, &found, &count, error);
  if (status != HEED_OK) return status;
  tell_findings(stdout, result->path, found, count);
  free(found);
  return HEED_OK;
}

heed_status tell_cell(view_result *result, size_t cell, bool nameless,
                      heed_error *error) {
  diagnosis_finding *found;
  size_t count;
  const heed_status status =
      diagnosis_gather(result, cell, &found, &count, error);
  if (status != HEED_OK) return status;
  if (nameless) diagnosis_leave_out_words(found, count);
  for (size_t i = 0; i < count; i++) {
    char line[FINDING_TEXT];
    diagnosis_line(&found[i], line);
    fprintf(stderr, "heed: warning: ");
    safe_put(stderr, line);
    fputc('\n', stderr);
  }
  if (count > 0)
    fprintf(stderr, "heed show %s has the details\n", result->path);
  free(found);
  return HEED_OK;
}
