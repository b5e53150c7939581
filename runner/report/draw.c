/* SPDX-License-Identifier: GPL-3.0-or-later
 * Drawing: writes a script for gnuplot and runs it once in a temporary folder.
 */
#include "draw.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <math.h>
#include <spawn.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "files/file.h"
#include "view/safe.h"

extern char **environ;

const char *const drawing_colors[CHART_LINES] = {
    "#0072b2", "#d55e00", "#009e73", "#cc79a7",
    "#e69f00", "#56b4e9", "#000000", "#8c8c00"};

enum { PLOT_WIDTH = 440, PLOT_HEIGHT = 300, LETTER = 7 };

/* The range of a chart's values, the same for all its panels. */
typedef struct draw_range {
  double low, high;
} draw_range;

typedef struct draw_sketch {
  report_layout *layout;
  FILE *script;
  size_t width, height;
  bool numbers, logarithmic; /* along x */
} draw_sketch;

/* ---- the script ---- */

/* In single quotes only the quote and `twice` are special to gnuplot; both are
 * doubled. */
static void quote_but(FILE *script, const char *text, char twice) {
  char *shown = safe_line(text);
  (void)fputc('\'', script);
  for (const char *c = shown == NULL ? HEED_OUT_OF_MEMORY : shown; *c != '\0';
       c++) {
    if (*c == '\'' || *c == twice) (void)fputc(*c, script);
    (void)fputc(*c, script);
  }
  (void)fputc('\'', script);
  free(shown);
}

static void quote(FILE *script, const char *text) {
  quote_but(script, text, '\'');
}

/* gnuplot takes names along an axis for formats. */
static void quote_name(FILE *script, const char *text) {
  quote_but(script, text, '%');
}

static void widen(draw_range *self, double value) {
  if (isnan(value)) return;
  if (isnan(self->low) || value < self->low) self->low = value;
  if (isnan(self->high) || value > self->high) self->high = value;
}

static draw_range find_range(report_layout *layout, const report_chart *drawn) {
  draw_range found = {NAN, NAN};
  for (size_t panel = 0; panel < layout->panel_count; panel++)
    for (size_t line = 0; line < layout->line_count; line++)
      for (size_t x = 0; x < layout->x_count; x++) {
        const view_estimate summary =
            layout_summary(layout, drawn, panel, line, x);
        widen(&found, summary.value);
        widen(&found, summary.low);
        widen(&found, summary.high);
      }
  if (isnan(found.low)) return (draw_range){0, 1};
  const double wide = found.high - found.low;
  const double margin = wide > 0 ? 0.04 * wide : 0.5 * fabs(found.high) + 1e-12;
  return (draw_range){found.low - margin, found.high + margin};
}

/* The step for about five tics: 1, 2 or 5 times a power of ten. */
static double tic_step(draw_range range) {
  const double step = (range.high - range.low) / 5;
  const double power = pow(10, floor(log10(step))), factor = step / power;
  return power * (factor < 1.5 ? 1 : factor < 3.5 ? 2 : factor < 7.5 ? 5 : 10);
}

/* Whether the numbers are above 0 and grow by factors. */
static bool grows_by_factors(const plan_coordinate *axis) {
  double least = HUGE_VAL, most = 0;
  for (size_t i = 0; i < axis->count; i++) {
    if (!(axis->numbers[i] > 0)) return false;
    least = fmin(least, axis->numbers[i]);
    most = fmax(most, axis->numbers[i]);
  }
  return most / least >= 50;
}

/* Offset of a line's marks from their place on a scale of names. */
static double dodge(const draw_sketch *self, size_t line) {
  const double lines = (double)self->layout->line_count;
  return 0.6 * (((double)line + 0.5) / lines - 0.5);
}

static void write_data(const draw_sketch *self, const report_chart *drawn,
                       size_t panel) {
  report_layout *layout = self->layout;
  const plan_coordinate *x_axis = layout_axis(layout, layout->x);
  for (size_t line = 0; line < layout->line_count; line++) {
    fprintf(self->script, "$d%zu << EOD\n", line);
    for (size_t x = 0; x < layout->x_count; x++) {
      const view_estimate summary =
          layout_summary(layout, drawn, panel, line, x);
      if (isnan(summary.value)) continue;
      const double place =
          self->numbers ? x_axis->numbers[x] : -(double)x - dodge(self, line);
      fprintf(self->script, "%.10g %.10g %.10g %.10g\n", place, summary.value,
              isnan(summary.low) ? summary.value : summary.low,
              isnan(summary.high) ? summary.value : summary.high);
    }
    /* gnuplot refuses a block without rows. */
    fprintf(self->script, "NaN NaN NaN NaN\nEOD\n");
  }
}

static void write_names(const draw_sketch *self) {
  const plan_coordinate *axis = layout_axis(self->layout, self->layout->x);
  fprintf(self->script, "set ytics (");
  for (size_t x = 0; x < self->layout->x_count; x++) {
    char label[LABEL_SIZE] = "all";
    if (axis != NULL) view_label(axis, x, label);
    if (x > 0) fputs(", ", self->script);
    quote_name(self->script, label);
    fprintf(self->script, " %d", -(int)x);
  }
  fprintf(self->script, ")\nset yrange [%g:0.6]\n",
          -(double)self->layout->x_count + 0.4);
}

static void write_lines(const draw_sketch *self) {
  const size_t lines = self->layout->line_count;
  fprintf(self->script, "plot ");
  for (size_t line = 0; self->numbers && line < lines; line++)
    fprintf(self->script,
            "$d%zu using 1:3:4 with filledcurves lc rgb '%s' fs transparent "
            "solid 0.16 noborder notitle, ",
            line, drawing_colors[line]);
  for (size_t line = 0; line < lines; line++)
    fprintf(self->script,
            self->numbers
                ? "$d%zu using 1:2 with linespoints lw 2 pt 7 ps 0.55 lc rgb "
                  "'%s' notitle%s"
                : "$d%zu using 2:1:3:4 with xerrorbars lw 1.5 pt 7 ps 0.6 lc "
                  "rgb '%s' notitle%s",
            line, drawing_colors[line], line + 1 < lines ? ", " : "\n");
}

static void write_panel(const draw_sketch *self, const report_chart *drawn,
                        size_t panel, draw_range values, size_t number) {
  char text[4 * LABEL_SIZE];
  const char *along = self->numbers ? "y" : "x";
  fprintf(self->script, "set output '%zu.svg'\n", number);
  layout_panel_title(self->layout, panel, text, sizeof text);
  fprintf(self->script, "set title ");
  quote(self->script, text);
  chart_label(drawn, text, sizeof text);
  fprintf(self->script,
          "\nset %srange [%.10g:%.10g]\nset %stics %.10g\nset %slabel ", along,
          values.low, values.high, along, tic_step(values), along);
  quote(self->script, text);
  *text = '\0';
  if (self->layout->x != SIZE_MAX)
    axis_label(layout_axis(self->layout, self->layout->x), text, sizeof text);
  fprintf(self->script, "\nset %slabel ", self->numbers ? "x" : "y");
  quote(self->script, text);
  fputc('\n', self->script);
  if (!self->numbers) write_names(self);
  write_data(self, drawn, panel);
  write_lines(self);
  fprintf(self->script, "unset output\n");
}

/* From the first value to the last, with a small margin. */
static void write_x_range(const draw_sketch *self) {
  const plan_coordinate *axis = layout_axis(self->layout, self->layout->x);
  draw_range along = {NAN, NAN};
  for (size_t i = 0; i < axis->count; i++) widen(&along, axis->numbers[i]);
  const double more = self->logarithmic ? pow(along.high / along.low, 0.04)
                                        : 0.04 * (along.high - along.low);
  fprintf(self->script, "set xrange [%.10g:%.10g]\n",
          self->logarithmic ? along.low / more : along.low - more,
          self->logarithmic ? along.high * more : along.high + more);
}

static void write_head(const draw_sketch *self) {
  fprintf(self->script,
          "set encoding utf8\n"
          "set terminal svg size %zu,%zu noenhanced font "
          "'Helvetica,Arial,sans-serif,13' background '#ffffff'\n"
          "set border 3 lc rgb '#444444'\nset tics nomirror\n"
          "set grid %s lc rgb '#dddddd' lt 1\nset title noenhanced\n"
          "unset key\n",
          self->width, self->height, self->numbers ? "ytics" : "xtics ytics");
  if (self->logarithmic) fprintf(self->script, "set logscale x\n");
  if (self->numbers) write_x_range(self);
}

static size_t longest_name(const report_layout *layout) {
  const plan_coordinate *axis = layout_axis(layout, layout->x);
  size_t most = 0;
  for (size_t x = 0; axis != NULL && x < axis->count; x++) {
    char label[LABEL_SIZE];
    size_t letters = 0;
    view_label(axis, x, label);
    for (const char *c = label; *c != '\0'; c++)
      letters += ((unsigned char)*c & 0xc0) != 0x80;
    if (letters > most) most = letters;
  }
  return most;
}

static void measure(draw_sketch *self) {
  const plan_coordinate *x = layout_axis(self->layout, self->layout->x);
  const size_t row = 13 + 7 * self->layout->line_count;
  self->numbers = x != NULL && x->numbers != NULL;
  self->logarithmic = self->numbers && grows_by_factors(x);
  self->width = PLOT_WIDTH;
  self->height = PLOT_HEIGHT;
  if (self->numbers) return;
  self->width += LETTER * longest_name(self->layout);
  self->height = 110 + row * self->layout->x_count;
}

/* ---- gnuplot ---- */

static heed_status explain(const char *folder, int wait_status,
                           heed_error *error) {
  char *path = file_name("%s/errors", folder), line[400] = "";
  FILE *errors = path == NULL ? NULL : fopen(path, "r");
  while (errors != NULL && fgets(line, sizeof line, errors) != NULL)
    if (strspn(line, " ^\n") != strlen(line)) break;
  line[strcspn(line, "\n")] = '\0';
  if (errors != NULL) (void)fclose(errors);
  free(path);
  return heed_fail(error, HEED_INTERNAL, "gnuplot failed (%d): %s", wait_status,
                   line);
}

/* Runs gnuplot in the folder of the script. */
static heed_status run_gnuplot(const char *folder, heed_error *error) {
  char program[] = "gnuplot", script[] = "script";
  char option[] = "-d"; /* ignore the user's settings */
  char *arguments[] = {program, option, script, NULL};
  posix_spawn_file_actions_t actions;
  pid_t pid;
  int failed, wait_status = 0;
  (void)posix_spawn_file_actions_init(&actions);
  (void)posix_spawn_file_actions_addchdir_np(&actions, folder);
  (void)posix_spawn_file_actions_addopen(&actions, STDERR_FILENO, "errors",
                                         O_WRONLY | O_CREAT | O_TRUNC, 0600);
  (void)posix_spawn_file_actions_addopen(&actions, STDIN_FILENO, "/dev/null",
                                         O_RDONLY, 0);
  failed = posix_spawnp(&pid, program, &actions, NULL, arguments, environ);
  (void)posix_spawn_file_actions_destroy(&actions);
  if (failed != 0)
    return heed_fail(error, HEED_UNSUPPORTED,
                     "cannot start gnuplot, which draws the figures (%s); "
                     "install it (Debian package gnuplot-nox)",
                     strerror(failed));
  while (waitpid(pid, &wait_status, 0) < 0)
    if (errno != EINTR)
      return heed_fail(error, HEED_IO, "gnuplot: %s", strerror(errno));
  return wait_status == 0 ? HEED_OK : explain(folder, wait_status, error);
}

static char *read_text(const char *path) {
  FILE *file = fopen(path, "r");
  char *text = NULL;
  size_t length = 0;
  if (file == NULL) return NULL;
  if (getdelim(&text, &length, '\0', file) < 0) {
    free(text);
    text = NULL;
  }
  (void)fclose(file);
  return text;
}

static heed_status read_all(const char *folder, report_drawing *made,
                            heed_error *error) {
  for (size_t i = 0; i < made->count; i++) {
    char *path = file_name("%s/%zu.svg", folder, i);
    if (path == NULL) return heed_no_memory(error);
    made->svg[i] = read_text(path);
    free(path);
    if (made->svg[i] == NULL)
      return heed_fail(error, HEED_IO, "gnuplot did not draw figure %zu", i);
  }
  return HEED_OK;
}

static void remove_folder(const char *folder) {
  DIR *listing = opendir(folder);
  const struct dirent *entry;
  while (listing != NULL && (entry = readdir(listing)) != NULL)
    if (*entry->d_name != '.') (void)unlinkat(dirfd(listing), entry->d_name, 0);
  if (listing != NULL) (void)closedir(listing);
  (void)rmdir(folder);
}

static heed_status write_script(report_layout *layout,
                                const report_chart *charts, size_t chart_count,
                                const char *folder, heed_error *error) {
  char *path = file_name("%s/script", folder);
  draw_sketch self = {.layout = layout};
  bool bad;
  if (path == NULL) return heed_no_memory(error);
  self.script = fopen(path, "w");
  free(path);
  if (self.script == NULL)
    return heed_fail(error, HEED_IO, "%s: %s", folder, strerror(errno));
  measure(&self);
  write_head(&self);
  for (size_t c = 0; c < chart_count; c++) {
    const draw_range values = find_range(layout, &charts[c]);
    for (size_t panel = 0; panel < layout->panel_count; panel++)
      write_panel(&self, &charts[c], panel, values,
                  c * layout->panel_count + panel);
  }
  bad = ferror(self.script) != 0;
  bad = fclose(self.script) != 0 || bad;
  return bad ? heed_fail(error, HEED_IO, "%s: cannot write", folder) : HEED_OK;
}

heed_status drawing_make(report_layout *layout, const report_chart *charts,
                         size_t chart_count, report_drawing *made,
                         heed_error *error) {
  const char *where = getenv("TMPDIR");
  char *folder =
      file_name("%s/heed-report-XXXXXX", where == NULL ? "/tmp" : where);
  heed_status status;
  *made = (report_drawing){.count = chart_count * layout->panel_count};
  if (folder == NULL) return heed_no_memory(error);
  made->svg = calloc(made->count + 1, sizeof *made->svg);
  if (made->svg == NULL) {
    free(folder);
    return heed_no_memory(error);
  }
  if (mkdtemp(folder) == NULL) {
    status = heed_fail(error, HEED_IO, "%s: %s", folder, strerror(errno));
    free(folder);
    return status;
  }
  status = write_script(layout, charts, chart_count, folder, error);
  if (status == HEED_OK && chart_count > 0) status = run_gnuplot(folder, error);
  if (status == HEED_OK) status = read_all(folder, made, error);
  remove_folder(folder);
  free(folder);
  return status;
}

void drawing_free(report_drawing *self) {
  for (size_t i = 0; self->svg != NULL && i < self->count; i++)
    free(self->svg[i]);
  free(self->svg);
  *self = (report_drawing){0};
}
