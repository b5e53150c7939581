/* SPDX-License-Identifier: GPL-3.0-or-later
 * Pieces of HTML. */
#include "html.h"

#include <math.h>
#include <stdlib.h>

#include "heed/status.h"
#include "view/safe.h"

void html_text(FILE *file, const char *text) {
  char *shown = safe_lines(text);
  for (const char *c = shown == NULL ? HEED_OUT_OF_MEMORY : shown; *c != '\0';
       c++)
    switch (*c) {
      case '&':
        (void)fputs("&amp;", file);
        break;
      case '<':
        (void)fputs("&lt;", file);
        break;
      case '>':
        (void)fputs("&gt;", file);
        break;
      case '"':
        (void)fputs("&quot;", file);
        break;
      default:
        (void)fputc(*c, file);
    }
  free(shown);
}

void html_element(FILE *file, const char *name, const char *text) {
  fprintf(file, "<%s>", name);
  html_text(file, text);
  fprintf(file, "</%s>", name);
}

void html_row(FILE *file, const char *name, const char *value) {
  if (value == NULL) return;
  (void)fputs("<tr>", file);
  html_element(file, "th", name);
  html_element(file, "td", value);
  (void)fputs("</tr>\n", file);
}

void html_number(FILE *file, double number) {
  if (isnan(number))
    (void)fputs("<td class=n>–</td>", file);
  else
    fprintf(file, "<td class=n>%.5g</td>", number);
}
