/* SPDX-License-Identifier: GPL-3.0-or-later
 * The verdict in a few sentences, which link to the parts below. */
#include "html.h"
#include "verdict_pieces.h"

/* Models that could be the best are named if there are no more. */
enum { MOST_NAMED = 6 };
/* Above this share of dropped ties, the verdict mentions them. */
static const double MANY_TIES = 0.2;

static void put_model(const verdict_page *self, size_t model) {
  (void)fputs("<b>", self->file);
  html_text(self->file, verdict_model(&self->log->board, model));
  (void)fputs("</b>", self->file);
}

/* ---- users ---- */

static void define_attentiveness(const verdict_page *self) {
  fprintf(self->file,
          " Attentiveness is 1 for a user who chooses the better answer as "
          "often as the %s, and 0 for a user who chooses by chance. A user "
          "whose taste differs from that of the others looks careless, too.",
          has_board(&self->log->board) ? "strengths of the models predict"
                                       : "fit expects of an attentive user");
}

static void say_attention(const verdict_page *self) {
  const verdict_log *log = self->log;
  const verdict_share *share = &log->share;
  if (log->users.count == 0) return;
  fprintf(self->file, "<li>");
  if (!log->users.identified)
    fprintf(self->file,
            "<b>These annotations do not show who pays attention.</b> The "
            "figures about users below rest on assumptions more than on the "
            "annotations, and heed calls nobody careless or trustworthy.");
  else if (isnan(share->value))
    fprintf(self->file,
            "The estimator gives users no standard error, so nobody is called "
            "careless or trustworthy.");
  else
    fprintf(self->file,
            "<b>About %.0f" PERCENT
            "</b> of %zu user%s <a href=\"#attention\">"
            "pay attention</a> (95" PERCENT " interval: %.0f" PERCENT
            " to %.0f" PERCENT "%s): their attentiveness is %g or more.",
            percent(share->value), log->users.count, plural(log->users.count),
            percent(share->low), percent(share->high),
            share->of_fit ? "" : ", if the fitted model is exact",
            log->question.threshold);
  define_attentiveness(self);
  fprintf(self->file, "</li>\n");
}

/* A mistake is a user who is on a list and should not be. */
static void put_mistakes(FILE *file, size_t count, double error) {
  const double mistakes = error * (double)count;
  if (mistakes >= 1)
    fprintf(file, "about %.0f of the %zu", mistakes, count);
  else if (count > 1)
    fprintf(file, "less than 1 of the %zu", count);
  else
    fprintf(file, "less than 1");
}

static void say_mistakes(const verdict_page *self) {
  const verdict_users *users = &self->log->users;
  const bool doubted = users->careless_count > 0;
  const bool trusted = users->trusted_count > 0;
  if (!doubted && !trusted) return;
  fprintf(self->file, " Expected mistakes: ");
  if (doubted)
    put_mistakes(self->file, users->careless_count, users->careless_error);
  if (doubted && trusted) fprintf(self->file, " and ");
  if (trusted)
    put_mistakes(self->file, users->trusted_count, users->trusted_error);
  fprintf(self->file,
          " (at most %.3g" PERCENT
          " of %s). This holds for %s as a whole, not for each user.",
          percent(self->log->question.alpha),
          doubted && trusted ? "each list" : "the list",
          doubted && trusted ? "each list" : "the list");
}

static void say_calls(const verdict_page *self) {
  const verdict_users *users = &self->log->users;
  if (!has_lists(users)) return;
  fprintf(self->file,
          "<li><b>Doubt <a href=\"#doubt\">%zu user%s</a>, trust <a "
          "href=\"#trust\">%zu</a>.</b>",
          users->careless_count, plural(users->careless_count),
          users->trusted_count);
  say_mistakes(self);
  fprintf(self->file, "</li>\n");
}

/* Why fewer users are named than are expected to be careless. */
static void say_rest(const verdict_page *self) {
  const verdict_users *users = &self->log->users;
  const verdict_share *share = &self->log->share;
  const double count = (double)users->count;
  const double careless = round(count * (1 - share->value));
  const size_t rest =
      users->count - users->careless_count - users->trusted_count;
  if (!has_lists(users) || rest == 0) return;
  fprintf(
      self->file,
      "<li>About %.0f user%s (%.0f to %.0f) %s expected to be careless. The "
      "annotations show ",
      careless, careless == 1 ? "" : "s", count * (1 - share->high),
      count * (1 - share->low), careless == 1 ? "is" : "are");
  if (users->careless_count == 0)
    fprintf(self->file, "none");
  else
    fprintf(self->file, "%zu", users->careless_count);
  fprintf(self->file,
          " of them; heed is unsure about <a href=\"#unsure\">%zu user%s</a>"
          ".</li>\n",
          rest, plural(rest));
}

/* ---- models ---- */

static size_t count_possible_best(const verdict_board *board) {
  const verdict_standing *by = best_standings(board);
  size_t count = 0;
  for (size_t m = 0; m < board->models; m++) count += by[m].best == 1;
  return count;
}

static void name_possible_best(const verdict_page *self) {
  const verdict_board *board = &self->log->board;
  for (size_t i = 0, told = 0; i < board->models; i++) {
    if (best_standings(board)[board->order[i]].best != 1) continue;
    fprintf(self->file, "%s", told++ == 0 ? ": " : ", ");
    html_text(self->file, verdict_model(board, board->order[i]));
  }
}

static void say_best(const verdict_page *self) {
  const verdict_board *board = &self->log->board;
  if (!has_board(board)) return;
  const size_t possible = count_possible_best(board);
  fprintf(self->file, "<li>");
  if (has_intervals(board) && possible > 1) {
    fprintf(self->file, "<b>No clear best model:</b> ");
    put_model(self, board->order[0]);
    fprintf(self->file,
            " has the highest strength, but <a href=\"#models\">%zu of %zu "
            "models</a> could be the best, at 95" PERCENT " confidence",
            possible, board->models);
    if (possible <= MOST_NAMED) name_possible_best(self);
  } else if (has_intervals(board)) {
    fprintf(self->file, "The best <a href=\"#models\">model</a> is ");
    put_model(self, board->order[0]);
    fprintf(self->file, ", at 95" PERCENT " confidence");
  } else {
    put_model(self, board->order[0]);
    fprintf(self->file,
            " has the highest <a href=\"#models\">strength</a>. How sure this "
            "is, is unknown: the sweep has no bootstrap");
  }
  fprintf(self->file, ".</li>\n");
}

static size_t moved_by(const verdict_board *board, size_t m) {
  const size_t one = board->raw[m].rank, other = board->attended[m].rank;
  return one > other ? one - other : other - one;
}

/* Whether the raw rank lies outside the range of ranks. */
static bool moved_beyond_chance(const verdict_board *board, size_t m) {
  return board->raw[m].rank < board->attended[m].best ||
         board->raw[m].rank > board->attended[m].worst;
}

typedef struct headline_moves {
  size_t ranks; /* that change */
  size_t sure;  /* beyond chance; 0 without intervals */
  size_t most;  /* the model that moves most, of those or else of all */
} headline_moves;

static headline_moves find_moves(const verdict_board *board) {
  headline_moves moves = {0};
  const bool intervals = has_intervals(board);
  for (size_t m = 0; m < board->models; m++) {
    const bool sure = intervals && moved_beyond_chance(board, m);
    moves.ranks += moved_by(board, m) > 0;
    moves.sure += sure;
    if ((sure && moves.sure == 1) ||
        ((sure || moves.sure == 0) &&
         moved_by(board, m) > moved_by(board, moves.most)))
      moves.most = m;
  }
  return moves;
}

static void say_moves(const verdict_page *self) {
  const verdict_board *board = &self->log->board;
  if (!has_board(board) || !has_both(board)) return;
  const headline_moves moves = find_moves(board);
  fprintf(self->file, "<li>");
  if (moves.ranks == 0) {
    fprintf(self->file, "Taking inattention out changes no rank.</li>\n");
    return;
  }
  if (has_intervals(board) && moves.sure == 0) {
    fprintf(self->file,
            "Taking inattention out changes no rank beyond chance: every "
            "model's raw rank lies within its range of ranks.</li>\n");
    return;
  }
  fprintf(self->file, "Taking inattention out changes %zu of %zu ranks",
          moves.ranks, board->models);
  if (has_intervals(board))
    fprintf(self->file,
            ", %zu of them beyond chance: the raw rank lies outside the range "
            "of ranks",
            moves.sure);
  fprintf(self->file, ". ");
  put_model(self, moves.most);
  fprintf(self->file, " moves most%s, from %zu to %zu.</li>\n",
          moves.sure > 1 ? " of these" : "", board->raw[moves.most].rank,
          board->attended[moves.most].rank);
}

/* ---- what limits the verdict ---- */

static void say_ties(const verdict_page *self) {
  const double ties = verdict_page_dropped_ties(self->result, self->log->point);
  if (!(ties > MANY_TIES)) return;
  fprintf(self->file,
          "<li><b>%.0f" PERCENT
          "</b> of the answers are ties. The fit uses "
          "only the other %.0f" PERCENT
          ", and so does this page where it "
          "counts annotations.</li>\n",
          percent(ties), 100 - round(percent(ties)));
}

static void put_failed(const verdict_page *self, size_t count) {
  verdict_check check;
  char finding[VERDICT_FINDING_SIZE];
  for (size_t i = 0, told = 0; i < count; i++) {
    if (!verdict_find_check(self->result, self->log->point, i, &check) ||
        check.passes)
      continue;
    verdict_check_finding(&check, finding);
    fprintf(self->file, "%s", told++ == 0 ? " " : "; ");
    html_text(self->file, finding);
  }
}

static void say_checks(const verdict_page *self) {
  const size_t count = verdict_check_count(self->result);
  size_t known = 0, failed = 0;
  for (size_t i = 0; i < count; i++) {
    verdict_check check;
    if (!verdict_find_check(self->result, self->log->point, i, &check))
      continue;
    known++;
    failed += !check.passes;
  }
  if (failed == 0) return;
  fprintf(self->file, "<li><b>The fit fails <a href=\"#checks\">");
  if (known == 1)
    fprintf(self->file, "its only check");
  else
    fprintf(self->file, "%zu of %zu checks", failed, known);
  fprintf(self->file, "</a>:</b>");
  put_failed(self, count);
  fprintf(
      self->file,
      " than the fit expects. The intervals%s hold only if the model "
      "behind the fit is right.",
      has_lists(&self->log->users) ? " and the error rates of the lists" : "");
  if (has_lists(&self->log->users))
    fprintf(self->file,
            " The first users of each list are the safest; be careful with "
            "the last.");
  fprintf(self->file, "</li>\n");
}

void verdict_page_put_headlines(const verdict_page *self) {
  fprintf(self->file, "<h2 id=verdict>The verdict</h2>\n<ul class=says>\n");
  say_attention(self);
  say_calls(self);
  say_rest(self);
  say_best(self);
  say_moves(self);
  say_ties(self);
  say_checks(self);
  fprintf(self->file, "</ul>\n");
  if (self->log->others > 0)
    fprintf(self->file,
            "<p class=note>The sweep has %zu other fit%s; <code>--cell</code> "
            "chooses one.</p>\n",
            self->log->others, plural(self->log->others));
}
