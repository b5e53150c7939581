/* SPDX-License-Identifier: GPL-3.0-or-later
 * The leaderboard: as the fit has it, and raw. */
#include "html.h"
#include "verdict_pieces.h"

static void widen(double value, double *low, double *high) {
  *low = fmin(*low, value);
  *high = fmax(*high, value);
}

static void find_range(const verdict_board *board, double *low, double *high) {
  const verdict_standing *both[] = {board->raw, board->attended};
  *low = HUGE_VAL;
  *high = -HUGE_VAL;
  for (size_t i = 0; i < 2; i++)
    for (size_t m = 0; both[i] != NULL && m < board->models; m++) {
      widen(both[i][m].strength, low, high);
      widen(both[i][m].low, low, high);
      widen(both[i][m].high, low, high);
    }
  if (!(*high > *low)) *high = *low + 1;
}

/* The axis of strengths: a box of 300 x 14 in each row. */
typedef struct board_scale {
  double low, high; /* log-odds */
} board_scale;

static double x_of(const board_scale *scale, double strength) {
  return 4 + 292 * (strength - scale->low) / (scale->high - scale->low);
}

/* Round numbers of Elo; returns how many. */
enum { MOST_TICKS = 12 };
static size_t find_ticks(const board_scale *scale, double ticks[MOST_TICKS]) {
  const double low = leaderboard_elo(scale->low);
  const double high = leaderboard_elo(scale->high);
  const double step = step_for(high - low);
  const double first = ceil(low / step) * step;
  size_t count = 0;
  while (count < MOST_TICKS && first + (double)count * step <= high) {
    ticks[count] = first + (double)count * step;
    count++;
  }
  return count;
}

static double strength_of(double elo) {
  return (elo - leaderboard_elo(0)) / (leaderboard_elo(1) - leaderboard_elo(0));
}

static void put_tick_line(FILE *file, const board_scale *scale, double elo) {
  const double from_average = fabs(elo - leaderboard_elo(0));
  fprintf(file,
          "<rect x=\"%.1f\" y=\"0\" width=\"1\" height=\"14\" "
          "fill=\"%s\"/>",
          x_of(scale, strength_of(elo)) - 0.5,
          from_average < 1e-6 ? "#777" : "#ddd");
}

static void put_tick_lines(FILE *file, const board_scale *scale) {
  double ticks[MOST_TICKS];
  const size_t count = find_ticks(scale, ticks);
  for (size_t i = 0; i < count; i++) put_tick_line(file, scale, ticks[i]);
  put_tick_line(file, scale, leaderboard_elo(0));
}

static void put_axis(FILE *file, const board_scale *scale) {
  double ticks[MOST_TICKS];
  const size_t count = find_ticks(scale, ticks);
  fprintf(file, "<th class=bar>strength in Elo<div class=axis>");
  for (size_t i = 0; i < count; i++)
    fprintf(file, "<span style=\"left:%.1f%%\">%.0f</span>",
            x_of(scale, strength_of(ticks[i])) / 3, ticks[i]);
  fprintf(file, "</div>");
}

/* A line for the interval and a mark for the value. */
static void put_mark(FILE *file, const verdict_standing *standing,
                     const board_scale *scale, double y, const char *color) {
  if (!isnan(standing->low))
    fprintf(file,
            "<rect x=\"%.1f\" y=\"%.1f\" width=\"%.1f\" height=\"1.5\" "
            "fill=\"%s\"/>",
            x_of(scale, standing->low), y - 0.75,
            x_of(scale, standing->high) - x_of(scale, standing->low), color);
  fprintf(file,
          "<rect x=\"%.1f\" y=\"%.1f\" width=\"4\" height=\"6\" fill=\"%s\"/>",
          x_of(scale, standing->strength) - 2, y - 3, color);
}

static void put_ranks(FILE *file, const verdict_standing *standing) {
  if (isnan(standing->low))
    (void)fputs("", file);
  else if (standing->best == standing->worst)
    fprintf(file, "%zu", standing->best);
  else
    fprintf(file, "%zu–%zu", standing->best, standing->worst);
}

static void put_model_row(const verdict_page *self, size_t m,
                          const board_scale *scale) {
  const verdict_board *board = &self->log->board;
  const verdict_standing *by = &best_standings(board)[m];
  fprintf(self->file, "<tr><td class=n><b>%zu</b></td><td class=n>", by->rank);
  put_ranks(self->file, by);
  fprintf(self->file, "</td>");
  html_element(self->file, "td", verdict_model(board, m));
  fprintf(self->file,
          "<td class=n>%.0f</td><td class=bar><svg class=strip "
          "viewBox=\"0 0 300 14\" preserveAspectRatio=none>",
          leaderboard_elo(by->strength));
  put_tick_lines(self->file, scale);
  put_mark(self->file, by, scale, has_both(board) ? 4 : 7, BLUE);
  if (has_both(board)) put_mark(self->file, &board->raw[m], scale, 10, GREY);
  fprintf(self->file, "</svg></td>");
  if (has_both(board))
    fprintf(self->file, "<td class=n>%zu</td>", board->raw[m].rank);
  fprintf(self->file, "</tr>\n");
}

static void put_model_table(const verdict_page *self, size_t count) {
  const verdict_board *board = &self->log->board;
  board_scale scale;
  find_range(board, &scale.low, &scale.high);
  fprintf(self->file,
          "<div class=box><table class=board><tr><th class=n>rank<th "
          "class=n>%s<th>model<th class=n>Elo",
          has_intervals(board) ? "range" : "");
  put_axis(self->file, &scale);
  fprintf(self->file, "%s</tr>\n",
          has_both(board) ? "<th class=n>raw<span class=bar> rank</span>" : "");
  for (size_t i = 0; i < count; i++)
    put_model_row(self, board->order[i], &scale);
  fprintf(self->file, "</table></div>\n");
}

/* Without a bootstrap there are no intervals. */
static void put_standing(FILE *file, const verdict_standing *by) {
  if (isnan(by->low))
    fprintf(file,
            "<td class=n>%.2f</td><td class=n>%.0f</td><td class=n>%zu</td>",
            by->strength, leaderboard_elo(by->strength), by->rank);
  else
    fprintf(file,
            "<td class=n>%.2f [%.2f, %.2f]</td><td class=n>%.0f [%.0f, %.0f]"
            "</td><td class=n>%zu [%zu, %zu]</td>",
            by->strength, by->low, by->high, leaderboard_elo(by->strength),
            leaderboard_elo(by->low), leaderboard_elo(by->high), by->rank,
            by->best, by->worst);
}

static void put_number_row(const verdict_page *self, size_t m) {
  const verdict_board *board = &self->log->board;
  const verdict_standing *both[] = {board->attended, board->raw};
  fprintf(self->file, "<tr>");
  html_element(self->file, "td", verdict_model(board, m));
  fprintf(self->file, "<td class=n>%lld</td>",
          (long long)verdict_model_annotations(board, m));
  for (size_t i = 0; i < 2; i++)
    if (both[i] != NULL) put_standing(self->file, &both[i][m]);
  fprintf(self->file, "</tr>\n");
}

static void put_numbers(const verdict_page *self) {
  const verdict_board *board = &self->log->board;
  fprintf(self->file,
          "<details><summary>Numbers</summary>\n<div class=box><table><tr><th>"
          "model<th>annotations%s%s</tr>\n",
          board->attended != NULL ? "<th>log-odds<th>Elo<th>rank" : "",
          board->raw != NULL ? "<th>raw log-odds<th>raw Elo<th>raw rank" : "");
  for (size_t i = 0; i < board->models; i++)
    put_number_row(self, board->order[i]);
  fprintf(self->file, "</table></div></details>\n");
}

/* A phone does not show what is of class bar: the figure and its key. */
static void explain(const verdict_page *self) {
  const verdict_board *board = &self->log->board;
  fprintf(self->file,
          "<p class=note>Elo: the average model has 1000<span class=bar>, the "
          "dark vertical line</span>. A lead of 400 points means odds of ten "
          "to one: "
          "attentive users choose that model in 91" PERCENT " of pairs.");
  if (has_both(board))
    fprintf(self->file,
            " Ranks<span class=bar> and " LEGEND(BLUE, "blue lines")
            "</span> have inattention taken out. Raw ranks<span class=bar> and "
            LEGEND(GREY, "grey lines")
            "</span> are as if everyone paid attention.");
  if (has_both(board) && has_intervals(board))
    fprintf(self->file,
            " Careless choices make models look alike, so raw strengths are "
            "closer together. Taking these choices out spreads the strengths "
            "and their intervals. Who is careless is uncertain, which makes "
            "the intervals even wider.");
  if (has_intervals(board))
    fprintf(self->file,
            " Ranges of ranks<span class=bar> and lines of strengths</span> "
            "hold for all models at once with 95" PERCENT
            " confidence, from %zu resamples of the users.",
            board->replicates);
  else
    fprintf(self->file,
            " There are no intervals: these need <code>replicates</code> and "
            "<code>users = { bootstrap = \"users\" }</code> in the sweep.");
  fprintf(self->file, "</p>\n");
}

void verdict_page_put_models(const verdict_page *self) {
  const verdict_board *board = &self->log->board;
  if (!has_board(board)) return;
  fprintf(self->file, "<h3 id=models>Which model is best?</h3>\n");
  explain(self);
  put_model_table(self, board->models < VERDICT_FIRST_ROWS
                            ? board->models
                            : (size_t)VERDICT_FIRST_ROWS);
  if (board->models > VERDICT_FIRST_ROWS) {
    fprintf(self->file, "<details><summary>all %zu models</summary>\n",
            board->models);
    put_model_table(self, board->models);
    fprintf(self->file, "</details>\n");
  }
  put_numbers(self);
}
