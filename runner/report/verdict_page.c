/* SPDX-License-Identifier: GPL-3.0-or-later
 * The verdict on a log as a page.  Its figures are SVG and HTML of our own,
 * which scale to a phone. */
#include "verdict_page.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "html.h"

/* Users and models that are shown before "all". */
enum { FIRST_ROWS = 10 };

const char verdict_page_style[] =
    ".says{font-size:1.15rem;line-height:1.45}.says li{margin:.5rem 0}"
    ".hist{display:block;width:100%;max-width:640px}"
    ".strip{display:block;width:100%;min-width:7rem;height:14px}"
    ".board{width:100%;max-width:820px}.board td{vertical-align:middle}"
    ".board .bar{width:45%}.moved{font-weight:600}.pair{display:grid;gap:0 "
    "2rem;"
    "grid-template-columns:repeat(auto-fit,minmax(min(100%,21rem),1fr))}"
    ".dot{display:inline-block;width:.7em;height:.7em;margin:0 .35em 0 .8em;"
    "vertical-align:baseline}@media(max-width:520px){td,th{padding:.2rem .3rem}"
    "table{font-size:.82rem}.says{padding-left:1.1rem;font-size:1.05rem}"
    ".board .bar{width:22%}.strip{min-width:3.4rem}}";

#define BLUE "#0072b2"
#define GREY "#8a8a8a"
#define ORANGE "#d55e00"

typedef struct verdict_page {
  FILE *file;
  view_result *result;
  const verdict_log *log;
  const view_pseudonyms *key;
} verdict_page;

/* ---- words ---- */

static const char *plural(size_t count) {
  return count == 1 ? "" : "s";
}

static double percent(double share) {
  return 100 * share;
}

static void put_model(const verdict_page *self, size_t model) {
  (void)fputs("<b>", self->file);
  html_text(self->file, verdict_model(&self->log->board, model));
  (void)fputs("</b>", self->file);
}

static const verdict_standing *best_standings(const verdict_board *board) {
  return board->attended != NULL ? board->attended : board->raw;
}

static bool has_intervals(const verdict_board *board) {
  return board->models > 0 &&
         !isnan(best_standings(board)[board->order[0]].low);
}

/* ---- headlines ---- */

static void say_attending(const verdict_page *self) {
  const verdict_log *log = self->log;
  const verdict_share *share = &log->share;
  if (log->users.count == 0) return;
  fprintf(self->file, "<li>");
  if (!log->users.identified) {
    fprintf(self->file,
            "<b>These annotations do not show who pays attention.</b> The "
            "figures about users below rest on assumptions more than on the "
            "annotations, and heed calls nobody careless or trustworthy.</li>"
            "\n");
    return;
  }
  if (isnan(share->value)) {
    fprintf(self->file,
            "The estimator gives users no standard error, so nobody is called "
            "careless or trustworthy.</li>\n");
    return;
  }
  fprintf(self->file,
          "<b>About %.0f %%</b> of %zu user%s pay attention, to at least "
          "%.3g %% of the pairs that they judge (95 %% interval: %.0f %% to "
          "%.0f %%%s).</li>\n",
          percent(share->value), log->users.count, plural(log->users.count),
          percent(log->question.threshold), percent(share->low),
          percent(share->high),
          share->of_fit ? "" : ", if the fitted model is exact");
}

static void say_calls(const verdict_page *self) {
  const verdict_users *users = &self->log->users;
  const size_t rest =
      users->count - users->careless_count - users->trusted_count;
  if (users->count == 0 || !users->identified ||
      users->basis == VERDICT_UNKNOWN)
    return;
  fprintf(self->file,
          "<li><b>Doubt %zu user%s, trust %zu.</b> The lists are "
          "below. At most %.3g %% of each list are expected to be "
          "wrong. The annotations do not decide about the other %zu.</li>\n",
          users->careless_count, plural(users->careless_count),
          users->trusted_count, percent(self->log->question.alpha), rest);
}

static size_t count_possible_best(const verdict_board *board) {
  const verdict_standing *by = best_standings(board);
  size_t count = 0;
  for (size_t m = 0; m < board->models; m++) count += by[m].best == 1;
  return count;
}

static void say_best(const verdict_page *self) {
  const verdict_board *board = &self->log->board;
  if (board->models == 0 || best_standings(board) == NULL) return;
  const size_t possible = count_possible_best(board);
  size_t told = 0;
  fprintf(self->file, "<li>The best model is ");
  put_model(self, board->order[0]);
  if (!has_intervals(board)) {
    fprintf(self->file,
            ". How sure this is, is unknown: the sweep has no bootstrap.</li>"
            "\n");
    return;
  }
  if (possible == 1) {
    fprintf(self->file, ". This is sure at 95 %%.</li>\n");
    return;
  }
  fprintf(self->file,
          ", but this is not sure: at 95 %% confidence, the best is "
          "one of %zu models",
          possible);
  for (size_t i = 0; i < board->models && told < 6; i++) {
    if (best_standings(board)[board->order[i]].best != 1) continue;
    fprintf(self->file, "%s", told++ == 0 ? " (" : ", ");
    html_text(self->file, verdict_model(board, board->order[i]));
  }
  fprintf(self->file, "%s).</li>\n", possible > told ? ", …" : "");
}

static size_t moved_by(const verdict_board *board, size_t m) {
  const size_t one = board->raw[m].rank, other = board->attended[m].rank;
  return one > other ? one - other : other - one;
}

/* Models whose raw rank lies outside the range of ranks that is sure. */
static size_t count_sure_moves(const verdict_board *board) {
  size_t count = 0;
  for (size_t m = 0; m < board->models; m++)
    count += board->raw[m].rank < board->attended[m].best ||
             board->raw[m].rank > board->attended[m].worst;
  return count;
}

static void say_sure_moves(const verdict_page *self) {
  const size_t sure = count_sure_moves(&self->log->board);
  if (!has_intervals(&self->log->board)) return;
  if (sure == 0)
    fprintf(self->file,
            " No change is sure: all raw ranks are within the ranges that are "
            "sure.");
  else
    fprintf(self->file, " %zu raw rank%s outside the range that is sure.", sure,
            sure == 1 ? " is" : "s are");
}

static void say_moves(const verdict_page *self) {
  const verdict_board *board = &self->log->board;
  size_t count = 0, most = 0;
  if (board->raw == NULL || board->attended == NULL) return;
  for (size_t m = 0; m < board->models; m++) {
    count += moved_by(board, m) > 0;
    if (moved_by(board, m) > moved_by(board, most)) most = m;
  }
  if (count == 0) {
    fprintf(self->file, "<li>Taking inattention out changes no rank.</li>\n");
    return;
  }
  fprintf(self->file,
          "<li>Taking inattention out changes the rank of %zu of %zu models. ",
          count, board->models);
  if (board->raw[board->order[0]].rank != 1) {
    put_model(self, board->order[0]);
    fprintf(self->file, " is not the first of the raw ranking, but %s%zu. ",
            "number ", board->raw[board->order[0]].rank);
  }
  put_model(self, most);
  fprintf(self->file, " moves most, from %zu to %zu.", board->raw[most].rank,
          board->attended[most].rank);
  say_sure_moves(self);
  fprintf(self->file, "</li>\n");
}

static void put_headlines(const verdict_page *self) {
  fprintf(self->file, "<h2 id=verdict>The verdict</h2>\n<ul class=says>\n");
  say_attending(self);
  say_calls(self);
  say_best(self);
  say_moves(self);
  fprintf(self->file, "</ul>\n");
  if (self->log->others > 0)
    fprintf(self->file,
            "<p class=note>The sweep has %zu other fit%s; <code>--cell</code> "
            "chooses one.</p>\n",
            self->log->others, plural(self->log->others));
}

/* ---- how many attend ---- */

/* The histogram: viewBox of 400 x 230. */
typedef struct verdict_scale {
  double left, width, bottom, height, most;
} verdict_scale;

static double y_of(const verdict_scale *scale, double users) {
  return scale->bottom - scale->height * users / scale->most;
}

static void put_bin(const verdict_page *self, const verdict_scale *scale,
                    const verdict_bin *bin, size_t b) {
  const double wide = scale->width / VERDICT_BINS;
  const double x = scale->left + (double)b * wide;
  const double n = (double)self->log->users.count;
  const double top = y_of(scale, (double)bin->users);
  const bool careless =
      ((double)b + 0.5) / VERDICT_BINS < self->log->question.threshold;
  fprintf(self->file,
          "<rect x=\"%.1f\" y=\"%.1f\" width=\"%.1f\" height=\"%.1f\" "
          "fill=\"%s\" fill-opacity=\".55\"/>",
          x + 1.5, top, wide - 3, scale->bottom - top,
          careless ? ORANGE : BLUE);
  if (isnan(bin->share.value)) return;
  fprintf(self->file,
          "<line x1=\"%.1f\" x2=\"%.1f\" y1=\"%.1f\" y2=\"%.1f\" "
          "stroke=\"#222\" stroke-width=\"1.4\"/><circle cx=\"%.1f\" "
          "cy=\"%.1f\" r=\"3\" fill=\"#222\"/>\n",
          x + wide / 2, x + wide / 2, y_of(scale, n * bin->share.low),
          y_of(scale, n * bin->share.high), x + wide / 2,
          y_of(scale, n * bin->share.value));
}

/* 1, 2 or 5 times a power of ten: about five steps to the most. */
static double step_for(double most) {
  const double power = pow(10, floor(log10(most / 5)));
  const double times = most / 5 / power;
  return power * (times > 5 ? 10 : times > 2 ? 5 : times > 1 ? 2 : 1);
}

static void put_scales(const verdict_page *self, const verdict_scale *scale) {
  const double step = fmax(step_for(scale->most), 1);
  for (int i = 0; i * step <= scale->most; i++)
    fprintf(self->file,
            "<line x1=\"%.1f\" x2=\"%.1f\" y1=\"%.1f\" y2=\"%.1f\" "
            "stroke=\"#ddd\"/><text x=\"%.1f\" y=\"%.1f\" "
            "text-anchor=\"end\">%.0f</text>",
            scale->left, scale->left + scale->width, y_of(scale, i * step),
            y_of(scale, i * step), scale->left - 5, y_of(scale, i * step) + 4,
            i * step);
  for (int i = 0; i <= 4; i++)
    fprintf(self->file,
            "<text x=\"%.1f\" y=\"%.1f\" text-anchor=\"middle\">%g</text>",
            scale->left + scale->width * i / 4, scale->bottom + 15, i / 4.0);
  fprintf(self->file,
          "<text x=\"%.1f\" y=\"%.1f\" text-anchor=\"middle\">attentiveness"
          "</text>\n",
          scale->left + scale->width / 2, scale->bottom + 32);
}

static void put_histogram(const verdict_page *self, const verdict_bin *bins) {
  verdict_scale scale = {36, 356, 190, 176, 1};
  for (size_t b = 0; b < VERDICT_BINS; b++) {
    scale.most = fmax(scale.most, (double)bins[b].users);
    if (!isnan(bins[b].share.high))
      scale.most =
          fmax(scale.most, bins[b].share.high * (double)self->log->users.count);
  }
  fprintf(self->file,
          "<svg class=hist role=img aria-label=\"Histogram of users by "
          "attentiveness\" viewBox=\"0 0 400 230\" font-size=\"12\" "
          "font-family=\"system-ui,sans-serif\" fill=\"#333\">\n");
  put_scales(self, &scale);
  for (size_t b = 0; b < VERDICT_BINS; b++) put_bin(self, &scale, &bins[b], b);
  fprintf(self->file, "</svg>\n");
}

static heed_status put_attending(const verdict_page *self, heed_error *error) {
  verdict_bin bins[VERDICT_BINS];
  if (self->log->users.count == 0) return HEED_OK;
  const heed_status status = verdict_find_bins(self->result, self->log->point,
                                               &self->log->users, bins, error);
  if (status != HEED_OK) return status;
  fprintf(self->file, "<h3>How many users attend?</h3>\n");
  put_histogram(self, bins);
  fprintf(self->file,
          "<p class=note><i class=dot style=\"background:" ORANGE
          ";opacity:.55\"></i>and<i class=dot style=\"background:" BLUE
          ";opacity:.55\"></i>bars: users by their best estimate, below and "
          "above the threshold of %g.",
          self->log->question.threshold);
  if (!isnan(bins[0].share.value))
    fprintf(self->file,
            " Points: the expected number of users whose true attentiveness "
            "lies there; lines: 95 %% intervals%s. Estimates of users with few "
            "annotations stay near the middle of all, so bars and points "
            "differ.",
            bins[0].share.of_fit ? "" : ", if the fitted model is exact");
  fprintf(self->file, "</p>\n");
  return HEED_OK;
}

/* ---- lists of users ---- */

typedef struct verdict_place {
  double key;
  size_t row;
} verdict_place;

static int ascending(const void *a, const void *b) {
  const verdict_place *one = a, *other = b;
  if (one->key != other->key) return one->key < other->key ? -1 : 1;
  return one->row < other->row ? -1 : 1;
}

static void put_user(const verdict_page *self, size_t row) {
  const verdict_users *users = &self->log->users;
  const char *const *names = heed_table_data(users->table, "name", HEED_STRING);
  const double *mean = heed_table_data(users->table, "mean", HEED_FLOAT64);
  const double *sd = heed_table_data(users->table, "sd", HEED_FLOAT64);
  const int64_t *count =
      heed_table_data(users->table, "annotations", HEED_INT64);
  char number[32], hidden[PSEUDONYM_SIZE];
  const char *name = number;
  (void)snprintf(number, sizeof number, "%zu", row);
  if (names != NULL) name = names[row];
  if (self->key != NULL) pseudonym(self->key, name, hidden);
  fprintf(self->file, "<tr>");
  html_element(self->file, "td", self->key == NULL ? name : hidden);
  fprintf(self->file,
          "<td class=n>%.2f ± %.2f</td><td class=n>%lld</td><td class=n>%.1f "
          "%%</td></tr>\n",
          mean == NULL ? NAN : mean[row], sd == NULL ? NAN : sd[row],
          count == NULL ? 0 : (long long)count[row],
          percent(users->careless[row]));
}

static void put_user_table(const verdict_page *self,
                           const verdict_place *places, size_t count) {
  fprintf(self->file,
          "<div class=box><table><tr><th>user<th>attentiveness<th>"
          "annotations<th>careless?</tr>\n");
  for (size_t i = 0; i < count; i++) put_user(self, places[i].row);
  fprintf(self->file, "</table></div>\n");
}

static heed_status put_calls(const verdict_page *self, verdict_call which,
                             const char *title, heed_error *error) {
  enum { MOST_ROWS = 2000 };
  const verdict_users *users = &self->log->users;
  verdict_place *places = calloc(users->count + 1, sizeof *places);
  size_t count = 0;
  if (places == NULL) return heed_no_memory(error);
  for (size_t j = 0; j < users->count; j++)
    if (users->call[j] == which)
      places[count++] = (verdict_place){
          which == VERDICT_CARELESS ? -users->careless[j] : users->careless[j],
          j};
  qsort(places, count, sizeof *places, ascending);
  fprintf(self->file, "<div><h3>%s: %zu</h3>\n", title, count);
  if (count == 0)
    fprintf(self->file, "<p>Nobody at this error rate.</p>\n");
  else
    put_user_table(self, places, count < FIRST_ROWS ? count : FIRST_ROWS);
  if (count > FIRST_ROWS) {
    fprintf(self->file, "<details><summary>all %zu</summary>\n", count);
    put_user_table(self, places, count < MOST_ROWS ? count : MOST_ROWS);
    fprintf(self->file, "%s</details>\n",
            count <= MOST_ROWS
                ? ""
                : "<p class=note>heed users writes all of them</p>");
  }
  fprintf(self->file, "</div>\n");
  free(places);
  return HEED_OK;
}

static heed_status put_lists(const verdict_page *self, heed_error *error) {
  const verdict_users *users = &self->log->users;
  if (users->count == 0 || !users->identified ||
      users->basis == VERDICT_UNKNOWN)
    return HEED_OK;
  fprintf(self->file, "<div class=pair>\n");
  heed_status status =
      put_calls(self, VERDICT_CARELESS, "Users to doubt", error);
  if (status == HEED_OK)
    status = put_calls(self, VERDICT_TRUSTED, "Users to trust", error);
  fprintf(self->file,
          "</div>\n<p class=note>A user is careless if their attentiveness is "
          "below %g. “Careless?” is the probability of that. Each list is as "
          "long as it can be with at most %.3g %% expected errors; the surest "
          "come first%s.</p>\n",
          self->log->question.threshold, percent(self->log->question.alpha),
          users->basis == VERDICT_NORMAL
              ? ". The probabilities are normal approximations"
              : "");
  return status;
}

/* ---- the leaderboard ---- */

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

/* A line for the interval and a mark for the value, in a box of 300 x 14. */
static void put_mark(FILE *file, const verdict_standing *standing, double low,
                     double high, double y, const char *color) {
  const double scale = 296 / (high - low);
  const double x = 2 + scale * (standing->strength - low);
  if (!isnan(standing->low))
    fprintf(file,
            "<rect x=\"%.1f\" y=\"%.1f\" width=\"%.1f\" height=\"1.5\" "
            "fill=\"%s\"/>",
            2 + scale * (standing->low - low), y - 0.75,
            scale * (standing->high - standing->low), color);
  fprintf(file,
          "<rect x=\"%.1f\" y=\"%.1f\" width=\"4\" height=\"6\" fill=\"%s\"/>",
          x - 2, y - 3, color);
}

static void put_ranks(FILE *file, const verdict_standing *standing) {
  if (isnan(standing->low))
    (void)fputs("", file);
  else if (standing->best == standing->worst)
    fprintf(file, "%zu", standing->best);
  else
    fprintf(file, "%zu–%zu", standing->best, standing->worst);
}

static void put_model_row(const verdict_page *self, size_t m, double low,
                          double high) {
  const verdict_board *board = &self->log->board;
  const verdict_standing *by = &best_standings(board)[m];
  const bool both = board->raw != NULL && board->attended != NULL;
  fprintf(self->file, "<tr><td class=n>%zu</td><td class=n>", by->rank);
  put_ranks(self->file, by);
  fprintf(self->file, "</td>");
  html_element(self->file, "td", verdict_model(board, m));
  fprintf(self->file,
          "<td class=n>%.0f</td><td class=bar><svg class=strip "
          "viewBox=\"0 0 300 14\" preserveAspectRatio=none>",
          leaderboard_elo(by->strength));
  put_mark(self->file, by, low, high, both ? 4 : 7, BLUE);
  if (both) put_mark(self->file, &board->raw[m], low, high, 10, GREY);
  fprintf(self->file, "</svg></td>");
  if (both)
    fprintf(self->file, "<td class=\"n%s\">%zu</td>",
            moved_by(board, m) > 0 ? " moved" : "", board->raw[m].rank);
  fprintf(self->file, "</tr>\n");
}

static void put_model_table(const verdict_page *self, size_t count) {
  const verdict_board *board = &self->log->board;
  double low, high;
  find_range(board, &low, &high);
  fprintf(self->file,
          "<div class=box><table class=board><tr><th>#<th>range"
          "<th>model<th>Elo<th>strength%s</tr>\n",
          board->raw != NULL && board->attended != NULL ? "<th>raw #" : "");
  for (size_t i = 0; i < count; i++)
    put_model_row(self, board->order[i], low, high);
  fprintf(self->file, "</table></div>\n");
}

static void put_number_row(const verdict_page *self, size_t m) {
  const verdict_board *board = &self->log->board;
  const verdict_standing *both[] = {board->attended, board->raw};
  fprintf(self->file, "<tr>");
  html_element(self->file, "td", verdict_model(board, m));
  fprintf(self->file, "<td class=n>%lld</td>",
          (long long)verdict_model_annotations(board, m));
  for (size_t i = 0; i < 2; i++) {
    if (both[i] == NULL) continue;
    fprintf(self->file,
            "<td class=n>%.2f [%.2f, %.2f]</td><td class=n>%.0f [%.0f, %.0f]"
            "</td><td class=n>%zu [%zu, %zu]</td>",
            both[i][m].strength, both[i][m].low, both[i][m].high,
            leaderboard_elo(both[i][m].strength),
            leaderboard_elo(both[i][m].low), leaderboard_elo(both[i][m].high),
            both[i][m].rank, both[i][m].best, both[i][m].worst);
  }
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

static void put_board(const verdict_page *self) {
  const verdict_board *board = &self->log->board;
  if (board->models == 0 || best_standings(board) == NULL) return;
  fprintf(self->file, "<h3>Which model is best?</h3>\n");
  put_model_table(
      self, board->models < FIRST_ROWS ? board->models : (size_t)FIRST_ROWS);
  if (board->models > FIRST_ROWS) {
    fprintf(self->file, "<details><summary>all %zu models</summary>\n",
            board->models);
    put_model_table(self, board->models);
    fprintf(self->file, "</details>\n");
  }
  put_numbers(self);
  fprintf(self->file, "<p class=note>");
  if (board->raw != NULL && board->attended != NULL)
    fprintf(self->file,
            "<i class=dot style=\"background:" BLUE
            ";margin-left:0\"></i>inattention taken out<i class=dot "
            "style=\"background:" GREY
            "\"></i>raw: as if everyone attended. Careless clicks make models "
            "look more alike, so raw strengths are closer together. ");
  fprintf(self->file,
          "Elo: the average model has 1000; 400 points more mean odds of ten "
          "to one. ");
  if (has_intervals(board))
    fprintf(
        self->file,
        "Lines and ranges of the rank # hold for all models at once with 95 %% "
        "confidence, from %zu resamples of the users.",
        board->replicates);
  else
    fprintf(self->file,
            "There are no intervals: these need <code>replicates</code> and "
            "<code>users = { bootstrap = \"users\" }</code> in the sweep.");
  fprintf(self->file, "</p>\n");
}

/* ---- what annotations show without a fit ---- */

static const char *alpha_words(double alpha) {
  if (alpha < 0.05) return "no more often than by chance";
  if (alpha < 0.2) return "little more often than by chance";
  if (alpha < 0.667) return "more often than by chance, but far from always";
  if (alpha < 0.8) return "well";
  return "very well";
}

static void put_interval(FILE *file, const view_estimate *found) {
  if (!isnan(found->low))
    fprintf(file, " (95 %% interval: %.2f to %.2f)", found->low, found->high);
}

static void put_shares(const verdict_page *self) {
  const view_estimate left =
      verdict_metric(self->result, self->log->point, "left_share", 0);
  const view_estimate tied =
      verdict_metric(self->result, self->log->point, "tie_share", 0);
  const double ties =
      verdict_metric(self->result, self->log->point, "source_ties", 0).value;
  const double rows =
      verdict_metric(self->result, self->log->point, "source_rows", 0).value;
  if (!isnan(left.value)) {
    fprintf(self->file, "<li>Sides: %.1f %% of choices are the left answer",
            percent(left.value));
    if (!isnan(left.low))
      fprintf(self->file, " (95 %% interval: %.1f %% to %.1f %%)",
              percent(left.low), percent(left.high));
    fprintf(self->file, "%s</li>\n",
            isnan(left.low)   ? "."
            : left.low > 0.5  ? ": users prefer the left."
            : left.high < 0.5 ? ": users prefer the right."
                              : ": no side is clearly preferred.");
  }
  if (ties > 0 && rows > 0 && !(tied.value > 0))
    fprintf(self->file,
            "<li>Ties: %.0f %% of the rows are ties. The fit leaves them out; "
            "careless users rarely say “tie”, so this selects.</li>\n",
            percent(ties / rows));
  else if (!isnan(tied.value))
    fprintf(self->file, "<li>Ties: %.0f %% of annotations.</li>\n",
            percent(tied.value));
}

static void put_drift(const verdict_page *self) {
  const view_estimate drift =
      verdict_metric(self->result, self->log->point, "order_drift", 0);
  if (isnan(drift.value)) {
    fprintf(self->file,
            "<li>Order: unknown, because the log has no times.</li>\n");
    return;
  }
  fprintf(self->file,
          "<li>Order: in the second half of their annotations, users agree "
          "with the fit %.1f points %s often than in the first half",
          fabs(percent(drift.value)), drift.value < 0 ? "less" : "more");
  if (!isnan(drift.low))
    fprintf(self->file, " (95 %% interval: %+.1f to %+.1f)%s",
            percent(drift.low), percent(drift.high),
            drift.low > 0 || drift.high < 0 ? "" : ": no clear change");
  fprintf(self->file, ".</li>\n");
}

static void put_parts(const verdict_page *self) {
  view_estimate parts[VERDICT_PARTS];
  bool intervals = false;
  if (!verdict_find_parts(self->result, self->log->point, parts)) return;
  fprintf(self->file, "<li>Time of day (UTC): attention is ");
  for (int i = 0, told = 0; i < VERDICT_PARTS; i++) {
    if (isnan(parts[i].value)) continue;
    fprintf(self->file, "%s%.2f", told++ == 0 ? "" : ", ", parts[i].value);
    if (!isnan(parts[i].low))
      fprintf(self->file, " [%.2f, %.2f]", parts[i].low, parts[i].high);
    fprintf(self->file, " from %d to %d h", 6 * i, 6 * i + 6);
    intervals = intervals || !isnan(parts[i].low);
  }
  if (intervals)
    fprintf(self->file, " (95 %% intervals): %s",
            verdict_parts_differ(parts)
                ? "it differs. Users at these times may be other people"
                : "no clear difference");
  fprintf(self->file, ".</li>\n");
}

static void put_agreement(const verdict_page *self) {
  const view_estimate alpha =
      verdict_metric(self->result, self->log->point, "label_alpha", 0);
  fprintf(self->file, "<h3>What the annotations show</h3>\n<ul>\n");
  if (isnan(alpha.value)) {
    fprintf(self->file,
            "<li>Agreement: unknown, because no two annotations are of the "
            "same pair.</li>\n");
  } else {
    fprintf(self->file,
            "<li>Agreement: on the same pair, users agree %s. Krippendorff's "
            "alpha is %.2f",
            alpha_words(alpha.value), alpha.value);
    put_interval(self->file, &alpha);
    fprintf(self->file,
            "; 1 is perfect agreement, 0 is chance, and .8 is usual for data "
            "to rely on.</li>\n");
  }
  put_shares(self);
  put_drift(self);
  put_parts(self);
  fprintf(self->file, "</ul>\n");
}

/* ---- what the fit does not predict ---- */

static const char *check_words(const char *check) {
  static const char *const words[][2] = {
      {"left_share", "how often users choose the left answer"},
      {"left_dispersion", "how much users differ in choosing the left answer"},
      {"agreement_dispersion",
       "how much users differ in choosing the stronger model"},
      {"tie_rate", "how often users say “tie”"},
      {"tie_dispersion", "how much users differ in saying “tie”"}};
  for (size_t i = 0; i < sizeof words / sizeof *words; i++)
    if (strcmp(words[i][0], check) == 0) return words[i][1];
  return check;
}

static const plan_metric *metric_ending(const heed_plan *plan,
                                        const char *end) {
  for (size_t i = 0; i < plan->metric_count; i++) {
    const char *name = plan->metrics[i].name;
    const size_t length = strlen(name), tail = strlen(end);
    if (length > tail && strcmp(name + length - tail, end) == 0 &&
        plan->metrics[i].dimension_count == 1)
      return &plan->metrics[i];
  }
  return NULL;
}

static double check_value(const verdict_page *self, const char *end, size_t i) {
  const plan_metric *metric = metric_ending(self->result->plan, end);
  return metric == NULL || i >= metric->count
             ? NAN
             : view_value(self->result, self->log->point, 0,
                          metric->offset + i);
}

static void put_check(const verdict_page *self, const plan_coordinate *checks,
                      size_t i) {
  const double seen = check_value(self, "_check_observed", i);
  const double low = check_value(self, "_check_low", i);
  const double high = check_value(self, "_check_high", i);
  char label[LABEL_SIZE];
  if (isnan(seen) || isnan(low) || isnan(high)) return;
  view_label(checks, i, label);
  const bool foretold = low <= seen && seen <= high;
  fprintf(self->file, "<li>%s ",
          foretold ? "It predicts" : "<b>It does not predict</b>");
  html_text(self->file, check_words(label));
  fprintf(self->file,
          ": it expects %.3g to %.3g, and the log has %.3g.%s</li>\n", low,
          high, seen,
          foretold ? ""
          : strncmp(label, "left", 4) == 0
              ? " Some users may click a side; a user model with a bias "
                "towards a side may fit better."
          : strncmp(label, "tie", 3) == 0
              ? " A user model with a likelihood of ties may fit better."
              : "");
}

static void put_checks(const verdict_page *self) {
  const heed_plan *plan = self->result->plan;
  const plan_metric *observed = metric_ending(plan, "_check_observed");
  fprintf(self->file, "<h3>Does the fit predict the log?</h3>\n");
  if (observed == NULL || observed->count == 0 ||
      isnan(check_value(self, "_check_observed", 0))) {
    fprintf(self->file,
            "<p>Unknown: the sweep asks for no predictive checks "
            "(<code>checks</code> of the estimator).</p>\n");
    return;
  }
  fprintf(self->file,
          "<p>heed simulated new choices of the fitted users and compared them "
          "with the log.</p>\n<ul>\n");
  for (size_t i = 0; i < observed->count; i++)
    put_check(self, &plan->dimensions[observed->dimensions[0]], i);
  fprintf(self->file, "</ul>\n");
}

static void put_reading(const verdict_page *self) {
  fprintf(
      self->file,
      "<details><summary>How to read this</summary>\n<p><b>Attentiveness</b> "
      "is "
      "a number for each user: with 1, the user chooses the better answer as "
      "often as the strengths of the models predict; with 0, the user tosses a "
      "coin. heed infers it from what the user chose, and does not know why a "
      "user chose so. A user with an unusual taste looks like a careless one. "
      "</p><p><b>Strength</b> is a log-odds: a difference of 1 means that an "
      "attentive user prefers the stronger model in 73 %% of pairs.</p>"
      "<p><b>Error rates</b> hold if users behave as the fitted model says; "
      "the "
      "predictive checks show where they do not.</p></details>\n");
}

heed_status verdict_page_put(FILE *file, view_result *result,
                             const verdict_log *log, const view_pseudonyms *key,
                             heed_error *error) {
  const verdict_page self = {file, result, log, key};
  put_headlines(&self);
  heed_status status = put_attending(&self, error);
  if (status != HEED_OK) return status;
  put_board(&self);
  status = put_lists(&self, error);
  if (status != HEED_OK) return status;
  put_agreement(&self);
  put_checks(&self);
  put_reading(&self);
  return HEED_OK;
}
